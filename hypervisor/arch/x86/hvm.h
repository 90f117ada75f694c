/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a virtualization extension gives the rest of the port: svm/ implements it for AMD's. Of the vCPU that is loaded on
 * this CPU, unless a function takes a vCPU.
 */
#ifndef BH_X86_HVM_H
#define BH_X86_HVM_H

#include "bh/cpu.h"
#include "bh/types.h"
#include "bh/vcpu.h"

/* Looks whether this CPU can. Boot CPU, once. -XEN_ENODEV, after a message. */
MUST_USE int hvm_init(void);
/* This CPU gets what it needs to enter guests. -XEN_ENOMEM. By the boot CPU; then the CPU itself turns it on. */
MUST_USE int hvm_prepare(struct cpu *cpu);
void hvm_cpu_init(struct cpu *cpu);
/* Boot is over. */
NORETURN void enter_guests(struct cpu *cpu);

/* Guests read, or write, MSR without an exit. Boot only. */
void hvm_allow_msr(uint32_t msr, bool write);

/*
 * Only if CONFIG_IOPORTS. D, no vCPU of which has run yet, accesses COUNT I/O ports from FIRST on without an exit.
 * -XEN_ENOMEM. hvm_close_ports(): D has none any more, and no vCPUs.
 */
MUST_USE int hvm_open_ports(struct domain *d, uint32_t first, uint32_t count);
void hvm_close_ports(struct domain *d);

/*
 * Physical interrupts, which the hypervisor takes here and nowhere else: the vector of one that was pending, or 0.
 * interrupt_wait() sleeps until there is one, or an NMI.
 */
unsigned interrupt_take(void);
unsigned interrupt_wait(void);

/* A state to start in. Attributes are those of a descriptor without the limit's bits (APM volume 2, 4.7). */
struct hvm_segment {
    uint32_t base, limit;
    uint16_t attributes;
};
struct hvm_context {
    uint64_t r[8]; /* RAX to RDI, in the order of their encodings */
    uint64_t rip, rflags, cr0, cr3, cr4, efer;
    struct hvm_segment cs, ds, ss, es, tr;
};

/*
 * Fills a vCPU's control block as after power-up or INIT. It starts in real mode at a page, or as PVH has it, or in the
 * state CONTEXT, which a CPU can be in.
 */
struct hvm_start {
    const struct hvm_context *context; /* NULL: what follows */
    bool is_pvh;
    uint64_t entry;    /* real mode: a page of low memory; PVH: its entry */
    uint64_t argument; /* PVH: address of the start_info */
};
/* S is the vCPU's state, seen through windows: its registers and its control block. */
struct vcpu_regs;
void hvm_reset(struct vcpu *v, struct vcpu_regs *s, void *block, const struct hvm_start *start);
/* The part of arch_vcpu_load() and arch_vcpu_unload() that is the extension's. */
void hvm_load(struct vcpu *v);
void hvm_unload(struct vcpu *v);

/* The loaded vCPU sleeps where it is, so that nobody waits for it to leave its guest; and it goes on. */
void hvm_pause(void);
void hvm_go_on(void);

/*
 * The task priority is in hardware while a guest runs, and in its local APIC for those who look at that: fetched before,
 * and stored after a change. Of the current vCPU.
 */
void hvm_fetch_task_priority(struct vcpu *v);
void hvm_store_task_priority(const struct vcpu *v);

/* Registers that decide what an instruction means. */
uint64_t hvm_cr0(void);
uint64_t hvm_cr3(void);
uint64_t hvm_cr4(void);
uint64_t hvm_efer(void); /* as the guest sees it */
void hvm_set_efer(uint64_t efer);
uint64_t hvm_rflags(void);
unsigned hvm_cpl(void);
/* In 64-bit code; in long mode at all. */
bool hvm_is_64bit_code(void);
bool hvm_is_long_mode(void);
unsigned hvm_code_bits(void); /* 16, 32 or 64 */
/* The MSRs that the control block holds: PAT, DEBUGCTL, SYSENTER_*. */
uint64_t hvm_msr_read(uint32_t msr);
void hvm_msr_write(uint32_t msr, uint64_t value);
/* What is added to the TSC for V, the current vCPU. */
void hvm_set_tsc_offset(struct vcpu *v, uint64_t offset);

/* General registers by their encoding, RSP among them. */
uint64_t hvm_register_read(unsigned reg);
void hvm_register_write(unsigned reg, uint64_t value);
void hvm_set_rflags(uint64_t rflags);
/* The linear address of the instruction that exited; the guest goes on behind its LENGTH bytes. */
uint64_t hvm_code_address(void);
void hvm_skip(unsigned length);

/* The guest takes an exception next, in the place of its instruction. */
void hvm_inject(unsigned vector);
void hvm_inject_error(unsigned vector, uint32_t error);

#endif
