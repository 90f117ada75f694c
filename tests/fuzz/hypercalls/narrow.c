/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vCPU that is a 32-bit caller: what the others write as 64-bit code does is rewritten for it. Its lists of numbers
 * are not; every second one is 0.
 */
#include "hypercalls.h"

#include "bh/guest_struct.h"
#include "bh/guest_struct_fields.h"

/* For a look at the wide ones. */
static const size_t wide_size[STRUCT_COUNT] = {
#define WIDE_SIZE(s) [STRUCT_##s] = sizeof(struct s),
    GUEST_STRUCTS(WIDE_SIZE)
};

static enum guest_struct memory_struct(uint64_t command)
{
    switch (command & 63) {
    case XENMEM_increase_reservation: case XENMEM_decrease_reservation: case XENMEM_populate_physmap:
        return STRUCT_xen_memory_reservation;
    case XENMEM_add_to_physmap:
        return STRUCT_xen_add_to_physmap;
    case XENMEM_add_to_physmap_batch:
        return STRUCT_xen_add_to_physmap_batch;
    case XENMEM_remove_from_physmap:
        return STRUCT_xen_remove_from_physmap;
    case XENMEM_acquire_resource:
        return STRUCT_xen_mem_acquire_resource;
    default:
        return STRUCT_same;
    }
}

static enum guest_struct grant_struct(uint64_t command)
{
    return command == GNTTABOP_setup_table ? STRUCT_gnttab_setup_table
           : command == GNTTABOP_copy ? STRUCT_gnttab_copy
           : command == GNTTABOP_get_status_frames ? STRUCT_gnttab_get_status_frames : STRUCT_same;
}

/* COUNT structures S at AT, in their place. */
static void rewrite(struct vcpu *v, uint64_t at, enum guest_struct s, size_t count)
{
    char narrow[GUEST_STRUCT_NARROW_MAX], wide[128];

    for (size_t i = 0; s != STRUCT_same && i < MIN(count, (size_t)16); i++) {
        if (guest_copy_from(v, wide, guest_handle(at + i * wide_size[s]), wide_size[s]) != 0) {
            return;
        }
        guest_struct_narrow(s, narrow, wide);
        put(v, at + i * guest_struct_narrow_size(s), narrow, guest_struct_narrow_size(s));
    }
}

void narrow_call(struct vcpu *v, struct call *c)
{
    switch (c->number) {
    case __HYPERVISOR_memory_op:
        rewrite(v, c->a[1], memory_struct(c->a[0]), 1);
        break;
    case __HYPERVISOR_grant_table_op:
        rewrite(v, c->a[1], grant_struct(c->a[0]), c->a[2]);
        break;
    case __HYPERVISOR_argo_op:
        if (c->a[0] == XEN_ARGO_OP_sendv) {
            rewrite(v, c->a[2], STRUCT_xen_argo_iov, c->a[3]);
        }
        break;
    case __HYPERVISOR_sched_op:
        if (c->a[0] == SCHEDOP_poll) {
            rewrite(v, c->a[1], STRUCT_sched_poll, 1);
        }
        break;
    case __HYPERVISOR_multicall:
        rewrite(v, c->a[0], STRUCT_multicall_entry, c->a[1]);
        break;
    default:
        break;
    }
    c->status_at = 0;
}
