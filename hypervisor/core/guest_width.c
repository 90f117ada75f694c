/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What 32-bit guests need beside other layouts: the width of a domain, and hypercalls that stop and go on. The latter
 * keep how far they came in the upper half of an argument, which a 32-bit register does not have. So it stays in the
 * domain until a call with the same number and the same lower halves comes: the same instruction, executed again, by
 * whatever vCPU. A guest that makes two such calls, the same in all registers, at the same time confuses itself alone:
 * each try checks again what it is told.
 */
#include "bh/guest_width.h"

#include "abi/xen.h"
#include "arch/arch.h"
#include "bh/hypercall.h"

_Static_assert(offsetof(struct narrow_vcpu_info, evtchn_pending_sel) == 4, "layout of vcpu_info");

/* Req: BH-COMPAT-006 */
void domain_set_width(struct domain *d, bool narrow)
{
    if (__atomic_exchange_n(&d->is_narrow, narrow, __ATOMIC_SEQ_CST) != narrow) {
        arch_domain_width_changed(d);
    }
}

static bool is_same_call(const struct narrow_restart *r, uint64_t number, const uint64_t *a)
{
    bool same = r->high != 0 && r->number == number;

    for (unsigned i = 0; i < ARRAY_COUNT(r->low); i++) {
        same = same && r->low[i] == (uint32_t)a[i];
    }
    return same;
}

/* Req: BH-COMPAT-004 */
void guest_width_resume(struct domain *d, uint64_t number, uint64_t *a)
{
    spin_lock(&d->lock);
    for (unsigned i = 0; i < ARRAY_COUNT(d->narrow_restarts); i++) {
        struct narrow_restart *r = &d->narrow_restarts[i];

        if (is_same_call(r, number, a)) {
            a[r->argument] |= (uint64_t)r->high << 32;
            r->high = 0;
            break;
        }
    }
    spin_unlock(&d->lock);
}

void guest_width_keep(struct domain *d, uint64_t number, const uint64_t *a)
{
    struct narrow_restart r = { .number = (uint32_t)number };

    for (unsigned i = 0; i < ARRAY_COUNT(r.low); i++) {
        r.low[i] = (uint32_t)a[i];
        if (a[i] >> 32 != 0) {
            r.high = (uint32_t)(a[i] >> 32);
            r.argument = (uint8_t)i;
        }
    }
    if (r.high == 0) {
        return;
    }
    spin_lock(&d->lock);
    d->narrow_restarts[d->narrow_restart_next] = r;
    d->narrow_restart_next = (uint8_t)((d->narrow_restart_next + 1u) % ARRAY_COUNT(d->narrow_restarts));
    spin_unlock(&d->lock);
}
