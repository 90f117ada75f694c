/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest's virtual address means, by the guest's own page tables in every paging mode (AMD APM volume 2, chapter 5),
 * for the loaded vCPU. Hardware has no instruction for that while a guest's tables are not its own.
 */
#ifndef BH_X86_GUEST_WALK_H
#define BH_X86_GUEST_WALK_H

#include "bh/p2m.h"
#include "bh/types.h"
#include "bh/vcpu.h"

#define WALK_READ  BIT(0)
#define WALK_WRITE BIT(1)
#define WALK_FETCH BIT(2)
#define WALK_USER  BIT(3) /* beside one of the others */

/*
 * The guest physical address of ADDRESS for an access of the kinds WALK_*; accessed and dirty bits are set as hardware
 * sets them. -XEN_EFAULT: there is none, or the access is not allowed. The domain's p2m lock is held. Bound: five tables.
 */
MUST_USE int guest_walk(struct vcpu *v, uint64_t address, unsigned access, uint64_t *gpa);

/* The number of levels may be another one from now on. */
void guest_walk_forget(void);

/* What the 2^ORDER pages from G on are mapped to changes. P2M's lock is held. */
void guest_walk_page_changes(struct p2m *p2m, gfn_t g, unsigned order) REQUIRES(p2m->lock);

/*
 * GUEST_FETCH_SIZE bytes of the guest's code from linear ADDRESS on, as the guest would fetch them; returns how many there
 * are, fewer where its memory ends, and 0 if there are none.
 */
#define GUEST_FETCH_SIZE 16
unsigned guest_fetch(struct vcpu *v, uint64_t address, uint8_t *bytes);

#endif
