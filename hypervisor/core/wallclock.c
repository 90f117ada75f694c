/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/wallclock.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/runstate.h"
#include "bh/window.h"

#define NS 1000000000UL

static uint64_t epoch; /* [atomic] nanoseconds from 1970 to when the board's clock said 0; 0: not known */

void wallclock_tell(struct domain *d)
{
    uint64_t at = __atomic_load_n(&epoch, __ATOMIC_RELAXED);
    struct shared_info *s;

    if (ARCH_GUEST_HAS_CLOCK || at == 0) {
        return;
    }
    at += runstate_ticks_to_ns(arch_time_of_domain(d, 0));
    at += (uint64_t)d->time_offset * NS;
    s = window_open(d->shared_info);
    /* Readers try again while the version is odd, or another one than before. */
    __atomic_store_n(&s->wc_version, s->wc_version | 1, __ATOMIC_RELAXED);
    arch_full_barrier();
    s->wc_sec = (uint32_t)(at / NS);
    s->wc_sec_hi = (uint32_t)(at / NS >> 32);
    s->wc_nsec = (uint32_t)(at % NS);
    arch_full_barrier();
    __atomic_store_n(&s->wc_version, (s->wc_version | 1) + 1, __ATOMIC_RELAXED);
    window_close(s);
}

/* Req: BH-CTL-023 */
void wallclock_set(uint64_t seconds, uint32_t nanoseconds, uint64_t system_ns)
{
    struct domain *d = domain_get_next(0);

    __atomic_store_n(&epoch, seconds * NS + nanoseconds - system_ns, __ATOMIC_RELAXED);
    while (d != NULL) {
        uint32_t next = d->id + 1U;

        spin_lock(&d->lock);
        if (d->phase == DOMAIN_RUNNING) {
            wallclock_tell(d);
        }
        spin_unlock(&d->lock);
        domain_put(d);
        d = domain_get_next((uint16_t)next);
    }
}
