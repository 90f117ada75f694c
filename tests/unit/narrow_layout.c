/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What 32-bit code of x86 takes Xen's structures for, by a compiler for i386: nothing runs, it compiles or does not
 * (make -f tests/unit/unit.mk narrow-layout). It is compiled for x86-64 as well, for what is the same in both.
 *
 * Req: BH-COMPAT-001
 */
#include "bh/guest_struct_fields.h"
#include "bh/narrow_shared.h"

#ifdef __i386__
/* Each narrow structure is that of the headers, field by field and as a whole. */
#define SAME_FIELD(s, type, name, path) \
    _Static_assert(offsetof(struct s, path) == offsetof(struct narrow_##s, name), #s ", place of " #path); \
    _Static_assert(sizeof(((struct s *)0)->path) == sizeof(type), #s ", size of " #path);
#define SAME_FIELDS(s) STRUCT_FIELDS_##s(SAME_FIELD, s)
GUEST_STRUCTS(SAME_FIELDS)

#define SAME_SIZE(s) _Static_assert(sizeof(struct s) == sizeof(struct narrow_##s) + IGNORED_##s, "size of " #s);
#define IGNORED_guest_long 0
#define IGNORED_multicall_entry 0
#define IGNORED_xen_memory_reservation 0
#define IGNORED_xen_memory_map 0
#define IGNORED_xen_add_to_physmap 0
#define IGNORED_xen_add_to_physmap_batch 0
#define IGNORED_xen_remove_from_physmap 0
#define IGNORED_xen_mem_acquire_resource 0
#define IGNORED_gnttab_setup_table 0
#define IGNORED_gnttab_get_status_frames 0
#define IGNORED_gnttab_copy 0
#define IGNORED_sched_poll 0
#define IGNORED_vcpu_register_runstate_memory_area 4 /* the upper half of a pointer */
#define IGNORED_vcpu_register_time_memory_area 4
#define IGNORED_vcpu_set_singleshot_timer 0
#define IGNORED_vcpu_runstate_info 0
#define IGNORED_xen_argo_iov 0
GUEST_STRUCTS(SAME_SIZE)

/* guest_width.h */
_Static_assert(offsetof(struct shared_info, evtchn_pending) == 2048, "events");
_Static_assert(offsetof(struct shared_info, evtchn_mask) == NARROW_EVTCHN_MASK_AT, "masks");
_Static_assert(EVTCHN_2L_NR_CHANNELS == NARROW_EVTCHN_PORTS, "ports");
_Static_assert(offsetof(struct shared_info, wc_version) == NARROW_WALL_CLOCK_AT, "wall clock");
_Static_assert(offsetof(struct shared_info, arch.wc_sec_hi) == NARROW_WC_SEC_HI_AT, "wall clock");
_Static_assert(offsetof(struct vcpu_info, evtchn_pending_sel) == offsetof(struct narrow_vcpu_info, evtchn_pending_sel),
               "events");
_Static_assert(_Alignof(struct vcpu_info) == NARROW_VCPU_INFO_ALIGNMENT, "alignment of vcpu_info");
#endif

_Static_assert(offsetof(struct shared_info, evtchn_pending) == 2048, "events");
_Static_assert(sizeof(struct vcpu_info) == 64 && offsetof(struct vcpu_info, time) == 32, "layout of vcpu_info");
_Static_assert(offsetof(struct vcpu_info, evtchn_upcall_pending) == 0, "layout of vcpu_info");

/* Those that core copies without asking: their size, and where the last field is. */
#define ONE_LAYOUT(s, last, at, size) \
    _Static_assert(offsetof(s, last) == at && sizeof(s) == size, "one layout of " #s);
ONE_LAYOUT(struct evtchn_alloc_unbound, port, 4, 8)
ONE_LAYOUT(struct evtchn_bind_interdomain, local_port, 8, 12)
ONE_LAYOUT(struct evtchn_bind_virq, port, 8, 12)
ONE_LAYOUT(struct evtchn_bind_pirq, port, 8, 12)
ONE_LAYOUT(struct evtchn_bind_ipi, port, 4, 8)
ONE_LAYOUT(struct evtchn_close, port, 0, 4)
ONE_LAYOUT(struct evtchn_send, port, 0, 4)
ONE_LAYOUT(struct evtchn_status, u, 16, 24)
ONE_LAYOUT(struct evtchn_bind_vcpu, vcpu, 4, 8)
ONE_LAYOUT(struct evtchn_unmask, port, 0, 4)
ONE_LAYOUT(struct evtchn_reset, dom, 0, 2)
ONE_LAYOUT(struct evtchn_init_control, link_bits, 16, 24)
ONE_LAYOUT(struct evtchn_expand_array, array_gfn, 0, 8)
ONE_LAYOUT(struct evtchn_set_priority, priority, 4, 8)
ONE_LAYOUT(struct evtchn_fifo_control_block, head, 8, 72)
ONE_LAYOUT(struct gnttab_map_grant_ref, dev_bus_addr, 24, 32)
ONE_LAYOUT(struct gnttab_unmap_grant_ref, status, 20, 24)
ONE_LAYOUT(struct gnttab_query_size, status, 12, 16)
ONE_LAYOUT(struct gnttab_unmap_and_replace, status, 20, 24)
ONE_LAYOUT(struct gnttab_set_version, version, 0, 4)
ONE_LAYOUT(struct gnttab_get_version, version, 4, 8)
ONE_LAYOUT(struct gnttab_swap_grant_ref, status, 8, 12)
ONE_LAYOUT(struct gnttab_cache_flush, op, 12, 16)
ONE_LAYOUT(struct grant_entry_v1, frame, 4, 8)
ONE_LAYOUT(union grant_entry_v2, full_page.frame, 8, 16)
ONE_LAYOUT(struct sched_shutdown, reason, 0, 4)
ONE_LAYOUT(struct sched_remote_shutdown, reason, 4, 8)
ONE_LAYOUT(struct sched_watchdog, timeout, 4, 8)
ONE_LAYOUT(struct vcpu_register_vcpu_info, rsvd, 12, 16)
ONE_LAYOUT(struct vcpu_set_periodic_timer, period_ns, 0, 8)
ONE_LAYOUT(struct vcpu_time_info, flags, 29, 32)
ONE_LAYOUT(struct xen_hvm_param, value, 8, 16)
ONE_LAYOUT(struct xen_hvm_evtchn_upcall_vector, vector, 4, 8)
ONE_LAYOUT(struct xen_memory_domain, domid, 0, 2)
ONE_LAYOUT(struct xen_feature_info, submap, 4, 8)
ONE_LAYOUT(struct xen_compile_info, compile_date, 112, 144)
ONE_LAYOUT(xen_argo_send_addr_t, dst, 8, 16)
ONE_LAYOUT(xen_argo_register_ring_t, len, 8, 12)
ONE_LAYOUT(xen_argo_unregister_ring_t, pad, 6, 8)
ONE_LAYOUT(xen_argo_ring_data_ent_t, max_message_size, 16, 20)
ONE_LAYOUT(xen_argo_ring_data_t, data, 8, 8)
ONE_LAYOUT(struct xen_argo_ring_message_header, message_type, 12, 16)
