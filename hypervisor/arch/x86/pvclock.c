/* SPDX-License-Identifier: Apache-2.0 */
#include "pvclock.h"

#include "arch/arch.h"
#include "bh/guest_width.h"
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

/* xen.h, shared_info: what of the wall clock lies together whatever the width. */
struct wall_clock { uint32_t version, seconds, nanoseconds; };

_Static_assert(offsetof(struct shared_info, wc_nsec) ==
               offsetof(struct shared_info, wc_version) + offsetof(struct wall_clock, nanoseconds), "layout of xen.h");

/* Req: BH-COMPAT-008 */
/* The wall clock, where a guest of D's width looks for it. */
static void publish_wall(const struct domain *d)
{
    bool narrow = domain_is_narrow(d);
    char *s = window_open(d->shared_info);
    struct wall_clock *w = (void *)(s + (narrow ? NARROW_WALL_CLOCK_AT : offsetof(struct shared_info, wc_version)));
    uint32_t *high = (void *)(s + (narrow ? NARROW_WC_SEC_HI_AT : offsetof(struct shared_info, wc_sec_hi)));

    *w = (struct wall_clock){ .version = VERSION, .seconds = (uint32_t)d->arch.wall_seconds,
                              .nanoseconds = d->arch.wall_nanoseconds };
    *high = (uint32_t)(d->arch.wall_seconds >> 32);
    window_close(s);
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
    window_close(s);
    d->arch.wall_seconds = wall / arch_time_frequency();
    d->arch.wall_nanoseconds = (uint32_t)(wall % arch_time_frequency() * 1000000000 / arch_time_frequency());
    publish_wall(d);
}

void arch_domain_width_changed(struct domain *d)
{
    publish_wall(d);
}
