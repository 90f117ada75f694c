/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other CPUs: started by INIT and STARTUP, one after the other, so that one that fails is named.
 */
#include "smp.h"

#include "apic.h"
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "clock.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"
#include "descriptors.h"
#include "hvm.h"
#include "lib/string.h"
#include "mmu.h"

/* How long a CPU may take from STARTUP to secondary_main(). */
#define START_TIMEOUT_US 1000000

#define CPUID_1_C_XSAVE BIT(26)
#define CPUID_7_B_SMEP  BIT(7)
#define CPUID_7_B_SMAP  BIT(20)
#define CPUID_7_C_UMIP  BIT(2)

extern const char trampoline_start[], trampoline_end[];

/* For head.S: of the CPU that is being started. */
uint64_t secondary_root;
struct cpu *secondary_cpu;

void secondary_main(struct cpu *cpu);

void smp_init(void)
{
    char *p = window_open(paddr_to_mfn(paddr(TRAMPOLINE_PADDR)));

    memcpy(p, trampoline_start, (size_t)(trampoline_end - trampoline_start));
    window_close(p);
}

/* Req: BH-PC-003 */
void cpu_setup(struct cpu *cpu)
{
    uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_MCE;
    struct cpuid_leaf leaf;

    descriptors_load(cpu);
    cpuid_read(1, 0, &leaf);
    cr4 |= (leaf.ecx & CPUID_1_C_XSAVE) != 0 ? CR4_OSXSAVE : 0;
    cpuid_read(0, 0, &leaf);
    if (leaf.eax >= 7) {
        cpuid_read(7, 0, &leaf);
        cr4 |= (leaf.ebx & CPUID_7_B_SMEP) != 0 ? CR4_SMEP : 0;
        cr4 |= (leaf.ebx & CPUID_7_B_SMAP) != 0 ? CR4_SMAP : 0;
        cr4 |= (leaf.ecx & CPUID_7_C_UMIP) != 0 ? CR4_UMIP : 0;
    }
    cr4_write(cr4);
    msr_write(MSR_EFER, msr_read(MSR_EFER) & ~EFER_SCE);
}

int smp_start(struct cpu *cpu)
{
    int err = hyp_root_create(cpu);

    if (err == 0) {
        err = hvm_prepare(cpu);
    }
    if (err != 0) {
        return err;
    }
    secondary_root = cpu->arch.root;
    secondary_cpu = cpu;
    apic_start_cpu(cpu->arch.apic_id, TRAMPOLINE_PADDR);
    for (unsigned us = 0; !__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE); us += 10) {
        if (us >= START_TIMEOUT_US) {
            log_error("CPU %u: started, but has not reported within %u ms", cpu->id, START_TIMEOUT_US / 1000);
            return -XEN_ENODEV;
        }
        clock_wait_us(10);
    }
    return 0;
}

void cpuid_read(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
    __asm__ volatile("cpuid" : "=a"(out->eax), "=b"(out->ebx), "=c"(out->ecx), "=d"(out->edx)
                     : "a"(leaf), "c"(subleaf));
}

/* Called by head.S on the new CPU's own stack. */
NORETURN void secondary_main(struct cpu *cpu)
{
    cpu_setup(cpu);
    apic_cpu_init();
    clock_cpu_init();
    hvm_cpu_init(cpu);
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    enter_guests(cpu);
}
