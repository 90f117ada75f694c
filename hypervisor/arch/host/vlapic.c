/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC's contract: a time-stamp counter of 3 GHz, and signals that are counted.
 */
#include "arch/arch_vioapic.h"
#include "arch/arch_vlapic.h"

#include "arch/arch_inline.h"
#include "bh/vcpu.h"
#include "host.h"

#define TSC_PER_TICK 3

bool host_line_is_open[24];

uint64_t arch_vlapic_tsc(const struct vcpu *v)
{
    return host_now * TSC_PER_TICK + v->arch.tsc_offset;
}

uint64_t arch_vlapic_time_of_tsc(const struct vcpu *v, uint64_t tsc)
{
    uint64_t left = tsc - v->arch.tsc_offset;

    if (tsc < v->arch.tsc_offset) {
        return 0;
    }
    return left / TSC_PER_TICK + (left % TSC_PER_TICK != 0 ? 1 : 0);
}

void arch_vlapic_nmi(struct vcpu *v)
{
    v->arch.nmis++;
}

void arch_vlapic_init_signal(struct vcpu *v)
{
    v->arch.inits++;
}

void arch_vlapic_startup(struct vcpu *v, uint8_t vector)
{
    v->arch.startups++;
    v->arch.startup_vector = vector;
}

void arch_vioapic_watch(struct vcpu *v, bool watch)
{
    v->arch.is_watched = watch;
}

void arch_vioapic_open(unsigned pin, bool open)
{
    host_line_is_open[pin] = open;
}
