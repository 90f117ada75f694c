/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grant tables and the physmap for test guests: where the table is seen, and entries of it.
 */
#include "xen_guest.h"

volatile struct grant_entry_v1 *grant_v1;

uint16_t own_domid(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF };
    int64_t port = event_alloc(DOMID_SELF, DOMID_SELF), result;

    if (port < 0) {
        return DOMID_INVALID;
    }
    status.port = (uint32_t)port;
    result = event_op(EVTCHNOP_status, &status);
    event_close((uint32_t)port);
    return result == 0 ? status.u.unbound.dom : DOMID_INVALID;
}

int64_t physmap_add(uint32_t space, uint64_t index, uint64_t gfn)
{
    struct xen_add_to_physmap add = { .domid = DOMID_SELF, .space = space, .idx = index, .gpfn = gfn };

    return memory_op(XENMEM_add_to_physmap, &add);
}

int64_t physmap_remove(uint64_t gfn)
{
    return memory_op(XENMEM_remove_from_physmap,
                     &(struct xen_remove_from_physmap){ .domid = DOMID_SELF, .gpfn = gfn });
}

bool grant_table_map(void)
{
    int64_t result = physmap_add(XENMAPSPACE_grant_table, 0, GRANT_GFN);
    void *at = window_page(GRANT_WINDOW, WINDOW_READ_WRITE, GRANT_GFN);

    if (result != 0) {
        say("no grant table: %ld\n", result);
        return false;
    }
    grant_v1 = at;
    return true;
}

/* As the interface asks: the frame and the domain first, then the flags that make them valid. */
void grant_entry(uint32_t ref, uint16_t flags, uint16_t domid, uint64_t gfn)
{
    grant_v1[ref].flags = 0;
    dsb();
    grant_v1[ref].domid = domid;
    grant_v1[ref].frame = (uint32_t)gfn;
    dsb();
    grant_v1[ref].flags = flags;
    dsb();
}

const char *grant_flags(uint16_t flags)
{
    static const char *const types[] = { "invalid", "access", "transfer", "transitive" };
    static char text[64];

    format_to(text, sizeof(text), "%s%s%s%s%s", types[flags & GTF_type_mask], flags & GTF_readonly ? " read-only" : "",
              flags & GTF_reading ? " reading" : "", flags & GTF_writing ? " writing" : "",
              flags & ~(GTF_type_mask | GTF_readonly | GTF_reading | GTF_writing) ? " and more" : "");
    return text;
}
