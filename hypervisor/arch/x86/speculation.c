/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Issue                                  What is done
 * ------------------------------------- ------------------------------------------------------------------------------
 * Bounds check bypass (Spectre v1)       Nothing of another domain's is mapped where a mispredicted index could lead:
 *                                        there is no map of memory, and one vCPU's state.
 * Branch target injection (Spectre v2)   Between domains: a barrier of the branch predictor (IBPB), where there is one.
 *                                        Guest registers are zeroed at each exit (enter.S); function pointers are only
 *                                        called out of constant tables.
 * Rogue data cache load (Meltdown),      Guests do not share the hypervisor's page tables.
 * L1 terminal fault
 * Store bypass, sampling of buffers      Between domains only what IBPB or microcode does with it; SSBD, STIBP and IBRS
 *                                        are not offered to guests as long as SPEC_CTRL is not switched.
 * Simultaneous threads                   Which vCPUs share a core is the integrator's: bulkhead,cpus.
 */
#include "speculation.h"

#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"

#define CPUID_80000008_B_IBPB BIT(12)
#define CPUID_7_D_IBRS_IBPB   BIT(26)
#define PRED_CMD_IBPB         1

static bool has_ibpb; /* [boot] */

void speculation_init(void)
{
    struct cpuid_leaf leaf;

    cpuid_read(0x80000000, 0, &leaf);
    if (leaf.eax >= 0x80000008) {
        cpuid_read(0x80000008, 0, &leaf);
        has_ibpb = (leaf.ebx & CPUID_80000008_B_IBPB) != 0;
    }
    cpuid_read(0, 0, &leaf);
    if (leaf.eax >= 7) {
        cpuid_read(7, 0, &leaf);
        has_ibpb = has_ibpb || (leaf.edx & CPUID_7_D_IBRS_IBPB) != 0;
    }
    log_info("speculation: %s", has_ibpb ? "IBPB between domains" : "the CPU has no IBPB");
}

void speculation_switch(const struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    if (has_ibpb && cpu->arch.last_domain != v->domain->id) {
        msr_write(MSR_PRED_CMD, PRED_CMD_IBPB);
    }
    cpu->arch.last_domain = v->domain->id;
}
