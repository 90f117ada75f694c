/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexes in the ring are the guest's to spoil: each is read once, and what is taken is never more than a ring.
 * d->pv_console.lock keeps two CPUs from taking the same characters.
 */
#include "bh/pv_console.h"

#include "arch/arch_types.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/physmap.h"

#define RING(member) offsetof(struct xencons_interface, member)
#define OUT_SIZE sizeof(((struct xencons_interface *)0)->out)
#define IN_SIZE  sizeof(((struct xencons_interface *)0)->in)
#define PIECE 256

/* Which page of the area for such pages. */
#define CONSOLE_PAGE 0

static uint64_t ring_at(size_t offset)
{
    return ARCH_GUEST_PV_PAGES + CONSOLE_PAGE * PAGE_SIZE + offset;
}

int pv_console_create(struct domain *d)
{
    uint32_t port = 0;
    int err;

    spinlock_init(&d->pv_console.lock, LOCK_PV_CONSOLE);
    d->page_limit++;
    err = physmap_add(d, gfn(ring_at(0) >> PAGE_SHIFT), ORDER_4K);
    if (err == 0) {
        err = evtchn_bind_consumer(d, CONSUMER_CONSOLE, &port);
    }
    if (err == 0) {
        d->parameter.console_pfn = ring_at(0) >> PAGE_SHIFT;
        d->parameter.console_evtchn = port;
        d->pv_console.is_there = true;
    }
    return err;
}

/* Req: BH-CONS-010 */
void pv_console_notified(struct domain *d)
{
    XENCONS_RING_IDX index[2]; /* out_cons, out_prod */
    uint32_t left;
    bool taken = false;

    _Static_assert(RING(out_prod) == RING(out_cons) + sizeof(index[0]), "both in one copy");
    spin_lock(&d->pv_console.lock);
    if (guest_copy_from_gpa(d, ring_at(RING(out_cons)), index, sizeof(index)) == 0) {
        left = index[1] - index[0];
        left = left > OUT_SIZE ? 0 : left;
        while (left != 0) {
            uint32_t at = index[0] % OUT_SIZE;
            uint32_t size = MIN(MIN(left, (uint32_t)PIECE), (uint32_t)(OUT_SIZE - at));
            char text[PIECE];

            if (guest_copy_from_gpa(d, ring_at(RING(out) + at), text, size) != 0) {
                break;
            }
            console_domain_write(d, text, size);
            index[0] += size;
            left -= size;
            taken = true;
        }
        if (taken && guest_copy_to_gpa(d, ring_at(RING(out_cons)), &index[0], sizeof(index[0])) != 0) {
            taken = false;
        }
    }
    spin_unlock(&d->pv_console.lock);
    if (taken) {
        evtchn_notify(d, (uint32_t)d->parameter.console_evtchn);
    }
}

/* Req: BH-CONS-011 */
void pv_console_input(struct domain *d, char c)
{
    XENCONS_RING_IDX index[2]; /* in_cons, in_prod */
    bool put = false;

    _Static_assert(RING(in_prod) == RING(in_cons) + sizeof(index[0]), "both in one copy");
    spin_lock(&d->pv_console.lock);
    if (guest_copy_from_gpa(d, ring_at(RING(in_cons)), index, sizeof(index)) == 0 && index[1] - index[0] < IN_SIZE &&
        guest_copy_to_gpa(d, ring_at(RING(in) + index[1] % IN_SIZE), &c, 1) == 0) {
        index[1]++;
        put = guest_copy_to_gpa(d, ring_at(RING(in_prod)), &index[1], sizeof(index[1])) == 0;
    }
    spin_unlock(&d->pv_console.lock);
    if (put) {
        evtchn_notify(d, (uint32_t)d->parameter.console_evtchn);
    }
}
