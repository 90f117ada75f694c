/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which structures have a layout for 32-bit callers (guest_struct.h).
 */
#ifndef BH_GUEST_STRUCT_NAMES_H
#define BH_GUEST_STRUCT_NAMES_H

/* Those with two layouts, by their names in Xen's headers; guest_struct_fields.h has their fields. */
#define GUEST_STRUCTS(S) \
    S(guest_long) /* an element of a list: a frame number, an index */ \
    S(multicall_entry) \
    S(xen_memory_reservation) \
    S(xen_add_to_physmap) \
    S(xen_add_to_physmap_batch) \
    S(xen_remove_from_physmap) \
    S(xen_mem_acquire_resource) \
    S(xen_memory_map) \
    S(gnttab_setup_table) \
    S(gnttab_get_status_frames) \
    S(gnttab_copy) \
    S(sched_poll) \
    S(vcpu_register_runstate_memory_area) \
    S(vcpu_register_time_memory_area) \
    S(vcpu_set_singleshot_timer) \
    S(vcpu_runstate_info) \
    S(xen_argo_iov)

enum guest_struct {
    STRUCT_same, /* it has one layout */
#define STRUCT_NUMBER(s) STRUCT_##s,
    GUEST_STRUCTS(STRUCT_NUMBER)
#undef STRUCT_NUMBER
    STRUCT_COUNT
};

#endif
