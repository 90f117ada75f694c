/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain's system time, from the time stamp counter and what the shared page says of it (xen.h, vcpu_time_info).
 */
#include "xen_guest.h"

uint64_t system_time(void)
{
    const volatile struct vcpu_time_info *t = &shared->vcpu_info[cpu_id()].time;
    uint32_t version, high, low;
    uint64_t ns, ticks;

    do {
        version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
        ticks = now() - t->tsc_timestamp;
        ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
        high = (uint32_t)(ticks >> 32);
        low = (uint32_t)ticks;
        /* The product has 96 bits, the lowest 32 of which are a fraction. */
        ns = t->system_time + (uint64_t)high * t->tsc_to_system_mul + ((uint64_t)low * t->tsc_to_system_mul >> 32);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((version & 1) != 0 || version != t->version);
    return ns;
}
