/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other CPUs: started by PSCI CPU_ON, one after the other, so that one that fails is named.
 */
#include "smp.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/vcpu.h"
#include "context.h"
#include "firmware.h"
#include "gic.h"
#include "irq.h"
#include "mmu.h"
#include "sysreg.h"

/* How long a CPU may take from CPU_ON to secondary_main(). */
#define START_TIMEOUT_MS 1000

extern char secondary_entry[];

/* Req: BH-BOOT-002 */
int smp_start(struct cpu *cpu)
{
    uint64_t give_up = arch_time_now() + arch_time_frequency() * START_TIMEOUT_MS / 1000;
    int64_t answer;
    int err = hyp_root_create(cpu);

    if (err == 0) {
        err = gic_prepare(cpu);
    }
    if (err != 0) {
        return err;
    }
    /* The CPU starts with its caches off: what it reads must be in memory. */
    dsb(sy);
    answer = firmware_call(PSCI_CPU_ON_CALL, cpu->arch.mpidr, image_to_paddr(secondary_entry).a, cpu->arch.root);
    if (answer != 0) {
        log_error("CPU %u: firmware refused to start it (PSCI error %d)", cpu->id, (int)answer);
        return -XEN_ENODEV;
    }
    while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
        if (arch_time_now() > give_up) {
            log_error("CPU %u: started, but has not reported within %u ms", cpu->id, START_TIMEOUT_MS);
            return -XEN_ENODEV;
        }
        __asm__ volatile("yield");
    }
    return 0;
}

/* Called by head.S on the new CPU's own stack. */
NORETURN void secondary_main(struct cpu *cpu)
{
    sysreg_write(tpidr_el2, cpu);
    context_cpu_init();
    if (gic_cpu_init(cpu) != 0) {
        panic("CPU %u: its interrupt controller interface does not work", cpu->id);
    }
    irq_cpu_init();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    enter_guests(cpu);
}
