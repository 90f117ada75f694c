/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures that enter and leave the hypervisor, whatever the width of the caller: 32-bit callers of a 64-bit
 * hypervisor (ARCH_GUEST_HAS_NARROW) have other layouts for some of them. Core works with its own layout, the native
 * one, and says here which structure it is that it copies; where there are no such callers all this is guest_copy_*().
 */
#ifndef BH_GUEST_STRUCT_H
#define BH_GUEST_STRUCT_H

#include "bh/guest_copy.h"
#include "bh/guest_struct_names.h"
#include "bh/guest_width.h"
#include "bh/types.h"

/* ---- Of the narrow layout. S is one of those with two. ---- */

/* The largest of them. */
#define GUEST_STRUCT_NARROW_MAX 48

size_t guest_struct_narrow_size(enum guest_struct s);
/* Where the field is that is at WIDE_AT of the native layout; *SIZE are its bytes. */
size_t guest_struct_narrow_field(enum guest_struct s, size_t wide_at, size_t *size);
/* One into the other. Numbers become wider by zeros; of those that do not fit, the lower half stays. The rest is 0. */
void guest_struct_widen(enum guest_struct s, void *wide, const void *narrow);
void guest_struct_narrow(enum guest_struct s, void *narrow, const void *wide);
/* As the functions below, for a narrow caller. */
MUST_USE int guest_struct_from_narrow(struct vcpu *v, void *to, struct guest_handle h, size_t count,
                                      enum guest_struct s);
MUST_USE int guest_struct_to_narrow(struct vcpu *v, struct guest_handle h, const void *from, size_t count,
                                    enum guest_struct s);

/* ---- For all callers ---- */

/* Bytes of a structure S, SIZE for us, in the memory of V's caller. */
static ALWAYS_INLINE size_t guest_struct_size(const struct vcpu *v, size_t size, enum guest_struct s)
{
    return guest_is_narrow(v) && s != STRUCT_same ? guest_struct_narrow_size(s) : size;
}

/* Element INDEX of the list at ADDRESS. */
static ALWAYS_INLINE struct guest_handle guest_struct_at(const struct vcpu *v, uint64_t address, uint64_t index,
                                                         size_t size, enum guest_struct s)
{
    return guest_handle(address + index * guest_struct_size(v, size, s));
}

/* COUNT structures S, of SIZE bytes each for us, between the current vCPU's memory at H and ours. As guest_copy_*(). */
MUST_USE static ALWAYS_INLINE int guest_structs_from(struct vcpu *v, void *to, struct guest_handle h, size_t count,
                                                     size_t size, enum guest_struct s)
{
    if (guest_is_narrow(v) && s != STRUCT_same) {
        return guest_struct_from_narrow(v, to, h, count, s);
    }
    return guest_copy_from(v, to, h, count * size);
}

MUST_USE static ALWAYS_INLINE int guest_structs_to(struct vcpu *v, struct guest_handle h, const void *from,
                                                   size_t count, size_t size, enum guest_struct s)
{
    if (guest_is_narrow(v) && s != STRUCT_same) {
        return guest_struct_to_narrow(v, h, from, count, s);
    }
    return guest_copy_to(v, h, from, count * size);
}

/* The same for one. */
MUST_USE static ALWAYS_INLINE int guest_struct_from(struct vcpu *v, void *to, struct guest_handle h, size_t size,
                                                    enum guest_struct s)
{
    return guest_structs_from(v, to, h, 1, size, s);
}

MUST_USE static ALWAYS_INLINE int guest_struct_to(struct vcpu *v, struct guest_handle h, const void *from, size_t size,
                                                  enum guest_struct s)
{
    return guest_structs_to(v, h, from, 1, size, s);
}

/* The field of SIZE bytes at AT of the structure S, which is at FROM for us, to the guest's at H. */
MUST_USE static ALWAYS_INLINE int guest_struct_field_to(struct vcpu *v, struct guest_handle h, const void *from,
                                                        size_t at, size_t size, enum guest_struct s)
{
    const char *field = (const char *)from + at;

    if (guest_is_narrow(v) && s != STRUCT_same) {
        at = guest_struct_narrow_field(s, at, &size);
    }
    return guest_copy_to(v, guest_handle(h.address + at), field, size);
}

#endif
