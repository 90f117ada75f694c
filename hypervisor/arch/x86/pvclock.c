/* SPDX-License-Identifier: Apache-2.0 */
#include "pvclock.h"

#include "arch/arch.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "clock.h"

#define VERSION 2 /* even: it is not being changed */

/* Req: BH-PC-053 */
/* Nanoseconds are (TSC << shift) * mul >> 32, or with a negative shift to the right (Xen's xen.h). */
void pvclock_fill(const struct domain *d, struct vcpu_time_info *info)
{
    uint64_t frequency = arch_time_frequency();
    int8_t shift = 0;

    (void)d;
    /* The frequency after the shift is between 1 and 2 GHz, so that the factor has all its bits. */
    while (frequency >= 2000000000) {
        frequency >>= 1;
        shift--;
    }
    while (frequency < 1000000000) {
        frequency <<= 1;
        shift++;
    }
    *info = (struct vcpu_time_info){
        .version = VERSION,
        /* 2^32 itself, of 1 GHz, does not fit: what is next to it is wrong by 1 in 4 billion. */
        .tsc_to_system_mul = (uint32_t)MIN((1000000000UL << 32) / frequency, UINT32_MAX),
        .tsc_shift = shift,
        .flags = XEN_PVCLOCK_TSC_STABLE_BIT,
    };
}

void pvclock_publish(struct domain *d)
{
    struct shared_info *s = window_open(d->shared_info);
    uint64_t wall = clock_wall_seconds() * arch_time_frequency() + d->arch.tsc_start;
    struct vcpu_time_info info;

    pvclock_fill(d, &info);
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS && i < d->vcpu_count; i++) {
        s->vcpu_info[i].time = info;
    }
    s->wc_version = VERSION;
    s->wc_sec = (uint32_t)(wall / arch_time_frequency());
    s->wc_nsec = (uint32_t)(wall % arch_time_frequency() * 1000000000 / arch_time_frequency());
    window_close(s);
}
