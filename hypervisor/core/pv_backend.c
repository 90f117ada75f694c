/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/pv_backend.h"

#include "arch/arch_types.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/grant.h"
#include "bh/physmap.h"
#include "bh/policy.h"

/* Which page of the area for such pages, and which reserved entry grants it. */
static const struct {
    const char *name;
    uint32_t page, reference;
} rings[PV_RING_COUNT] = {
    [PV_RING_CONSOLE] = { "console", 0, GNTTAB_RESERVED_CONSOLE },
    [PV_RING_XENSTORE] = { "xenstore", 1, GNTTAB_RESERVED_XENSTORE },
};

const char *pv_ring_name(enum pv_ring ring)
{
    return rings[ring].name;
}

/* Req: BH-BOOT-033 */
int pv_backend_offer(struct domain *client, struct domain *server, enum pv_ring ring, uint32_t *port)
{
    bool is_console = ring == PV_RING_CONSOLE;
    uint64_t *pfn = is_console ? &client->parameter.console_pfn : &client->parameter.store_pfn;
    uint64_t *evtchn = is_console ? &client->parameter.console_evtchn : &client->parameter.store_evtchn;
    gfn_t g = gfn((ARCH_GUEST_PV_PAGES >> PAGE_SHIFT) + rings[ring].page);
    bool has_page = *pfn != 0;
    int err = 0;

    if (has_page && (!is_console || !client->pv_console.is_there)) {
        return -XEN_EBUSY;
    }
    if (!has_page) {
        client->page_limit++;
        err = physmap_add(client, g, ORDER_4K);
    }
    if (err == 0) {
        err = grant_reserved(client, rings[ring].reference, server->id, g);
    }
    if (err == 0) {
        *port = (uint32_t)*evtchn;
        err = evtchn_offer(client, port, server->id);
    }
    if (err != 0) {
        /* Half a ring is none: the client is not told of it, and the entry grants a page that is not there. */
        if (!has_page) {
            (void)!physmap_unmap(client, g, 1u << P2M_RAM);
            client->page_limit--;
        }
        return err;
    }
    *pfn = g.n;
    *evtchn = *port;
    client->pv_console.is_there = client->pv_console.is_there && !is_console;
    policy_allow(server, client, POLICY_EVENT);
    policy_allow(client, server, POLICY_GRANT);
    return 0;
}
