/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structures of Xen's interface that have other layouts for 32-bit callers of x86: longs, pointers and frame
 * numbers have 4 bytes there, and numbers of 8 bytes are aligned to 4 (System V ABI, Intel386 supplement, "Fundamental
 * Types"). Each is described once, by its fields: from that come the narrow structures below, which the compiler lays
 * out, and the table of guest_struct.c. A compiler for i386 says whether they are those of Xen's headers
 * (tests/unit/narrow_layout.c). All others that are copied are the same for both; that is looked at there too.
 */
#ifndef BH_GUEST_STRUCT_FIELDS_H
#define BH_GUEST_STRUCT_FIELDS_H

#include "abi/xen.h"
#include "bh/guest_struct_names.h"

/* As 32-bit code aligns it. */
typedef uint64_t narrow_uint64 __attribute__((aligned(4)));
/* Elements of lists: frame numbers, indices. */
struct guest_long { xen_ulong_t value; };

/* F: structure, type in the narrow one, name there, field of the native one. */

#define STRUCT_FIELDS_guest_long(F, s) F(s, uint32_t, value, value)

#define STRUCT_FIELDS_multicall_entry(F, s) \
    F(s, uint32_t, op, op) \
    F(s, uint32_t, result, result) \
    F(s, uint32_t, argument0, args[0]) \
    F(s, uint32_t, argument1, args[1]) \
    F(s, uint32_t, argument2, args[2]) \
    F(s, uint32_t, argument3, args[3]) \
    F(s, uint32_t, argument4, args[4]) \
    F(s, uint32_t, argument5, args[5])

#define STRUCT_FIELDS_xen_memory_reservation(F, s) \
    F(s, uint32_t, extent_start, extent_start) \
    F(s, uint32_t, nr_extents, nr_extents) \
    F(s, uint32_t, extent_order, extent_order) \
    F(s, uint32_t, mem_flags, mem_flags) \
    F(s, uint16_t, domid, domid)

#define STRUCT_FIELDS_xen_memory_map(F, s) \
    F(s, uint32_t, nr_entries, nr_entries) \
    F(s, uint32_t, buffer, buffer)

#define STRUCT_FIELDS_xen_add_to_physmap(F, s) \
    F(s, uint16_t, domid, domid) \
    F(s, uint16_t, size, size) \
    F(s, uint32_t, space, space) \
    F(s, uint32_t, idx, idx) \
    F(s, uint32_t, gpfn, gpfn)

#define STRUCT_FIELDS_xen_add_to_physmap_batch(F, s) \
    F(s, uint16_t, domid, domid) \
    F(s, uint16_t, space, space) \
    F(s, uint16_t, size, size) \
    F(s, uint16_t, foreign_domid, u.foreign_domid) \
    F(s, uint32_t, idxs, idxs) \
    F(s, uint32_t, gpfns, gpfns) \
    F(s, uint32_t, errs, errs)

#define STRUCT_FIELDS_xen_remove_from_physmap(F, s) \
    F(s, uint16_t, domid, domid) \
    F(s, uint32_t, gpfn, gpfn)

#define STRUCT_FIELDS_xen_mem_acquire_resource(F, s) \
    F(s, uint16_t, domid, domid) \
    F(s, uint16_t, type, type) \
    F(s, uint32_t, id, id) \
    F(s, uint32_t, nr_frames, nr_frames) \
    F(s, uint32_t, pad, pad) \
    F(s, narrow_uint64, frame, frame) \
    F(s, uint32_t, frame_list, frame_list)

#define STRUCT_FIELDS_gnttab_setup_table(F, s) \
    F(s, uint16_t, dom, dom) \
    F(s, uint32_t, nr_frames, nr_frames) \
    F(s, int16_t, status, status) \
    F(s, uint32_t, frame_list, frame_list)

#define STRUCT_FIELDS_gnttab_get_status_frames(F, s) \
    F(s, uint32_t, nr_frames, nr_frames) \
    F(s, uint16_t, dom, dom) \
    F(s, int16_t, status, status) \
    F(s, uint32_t, frame_list, frame_list)

#define STRUCT_FIELDS_gnttab_copy(F, s) \
    F(s, uint32_t, source_page, source.u.gmfn) \
    F(s, uint16_t, source_domid, source.domid) \
    F(s, uint16_t, source_offset, source.offset) \
    F(s, uint32_t, dest_page, dest.u.gmfn) \
    F(s, uint16_t, dest_domid, dest.domid) \
    F(s, uint16_t, dest_offset, dest.offset) \
    F(s, uint16_t, len, len) \
    F(s, uint16_t, flags, flags) \
    F(s, int16_t, status, status)

#define STRUCT_FIELDS_sched_poll(F, s) \
    F(s, uint32_t, ports, ports) \
    F(s, uint32_t, nr_ports, nr_ports) \
    F(s, narrow_uint64, timeout, timeout)

/* The pointer is in a union with a number of 8 bytes, whose upper half means nothing: as Xen, nobody looks at it. */
#define STRUCT_FIELDS_vcpu_register_runstate_memory_area(F, s) \
    F(s, uint32_t, address, addr.h)

#define STRUCT_FIELDS_vcpu_register_time_memory_area(F, s) \
    F(s, uint32_t, address, addr.h)

#define STRUCT_FIELDS_vcpu_set_singleshot_timer(F, s) \
    F(s, narrow_uint64, timeout_abs_ns, timeout_abs_ns) \
    F(s, uint32_t, flags, flags)

#define STRUCT_FIELDS_vcpu_runstate_info(F, s) \
    F(s, int32_t, state, state) \
    F(s, narrow_uint64, state_entry_time, state_entry_time) \
    F(s, narrow_uint64, time0, time[0]) \
    F(s, narrow_uint64, time1, time[1]) \
    F(s, narrow_uint64, time2, time[2]) \
    F(s, narrow_uint64, time3, time[3])

#define STRUCT_FIELDS_xen_argo_iov(F, s) \
    F(s, uint32_t, iov_hnd, iov_hnd) \
    F(s, uint32_t, iov_len, iov_len) \
    F(s, uint32_t, pad, pad)

#define STRUCT_NARROW_MEMBER(s, type, name, field) type name;
#define STRUCT_NARROW(s) struct narrow_##s { STRUCT_FIELDS_##s(STRUCT_NARROW_MEMBER, s) };
GUEST_STRUCTS(STRUCT_NARROW)
#undef STRUCT_NARROW
#undef STRUCT_NARROW_MEMBER

#endif
