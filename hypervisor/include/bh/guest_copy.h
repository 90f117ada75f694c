/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way that bytes of a guest's memory enter or leave the hypervisor. Bytes are read once, into a copy; what
 * is checked is the copy.
 */
#ifndef BH_GUEST_COPY_H
#define BH_GUEST_COPY_H

#include "bh/types.h"

struct domain;
struct vcpu;

/* A pointer as the guest gave it: an address in its own virtual address space, which cannot be dereferenced. */
struct guest_handle { uint64_t address; };

static inline struct guest_handle guest_handle(uint64_t address)
{
    return (struct guest_handle){ address };
}

/*
 * Copies SIZE bytes between the current vCPU's memory at H and our own. At most GUEST_COPY_MAX bytes, so that the work
 * is bounded. -XEN_EFAULT: some of the range is not mapped by the guest for that access, or is not its RAM; TO may
 * then have been written in part.
 */
#define GUEST_COPY_MAX 8192
MUST_USE int guest_copy_from(struct vcpu *v, void *to, struct guest_handle h, size_t size);
MUST_USE int guest_copy_to(struct vcpu *v, struct guest_handle h, const void *from, size_t size);

/* The word at H, nearly always aligned, as guest_copy_from() copies it. */
MUST_USE int guest_read32(struct vcpu *v, uint32_t *word, struct guest_handle h);

/*
 * The SIZE bytes of the current vCPU's memory at H themselves, in the leaf window, for arguments that are read once and
 * get their result at once; until guest_close() the domain's tables are locked, so nothing can be looked up and no lock
 * before them taken. NULL: they are not aligned to 8 or not in one page, or not surely writable memory; copies tell.
 */
void *guest_open(struct vcpu *v, struct guest_handle h, size_t size);
void guest_close(struct vcpu *v);

/* Reads SIZE bytes of D's memory at guest physical address GPA. -XEN_EFAULT: not all of it is its memory. */
MUST_USE int guest_copy_from_gpa(struct domain *d, uint64_t gpa, void *to, size_t size);
/* Writes SIZE bytes to D's memory at guest physical address GPA. -XEN_EFAULT: not all of it is its writable RAM. */
MUST_USE int guest_copy_to_gpa(struct domain *d, uint64_t gpa, const void *from, size_t size);

#endif
