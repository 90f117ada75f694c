/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of AMD's extension.
 */
#ifndef BH_X86_SVM_SVM_H
#define BH_X86_SVM_SVM_H

#include "../state.h"
#include "bh/vcpu.h"
#include "vmcb.h"

/* The control block of the vCPU that is loaded on this CPU. In a register, as LOADED_STATE is. */
#define LOADED_VMCB ((struct vmcb *)in_register(LOADED_BLOCK_VA))

/* Called by enter.S: before the first guest, and at each exit. What they leave loaded runs next. */
void svm_first(void);
NORETURN void svm_exit(void);

/* The end of svm_exit(). A jump: there is nothing below on the stack that anybody needs. */
static ALWAYS_INLINE NORETURN void svm_resume(void)
{
    __asm__ volatile("jmp guest_resume" ::: "memory");
    __builtin_unreachable();
}

/* Has this CPU the next instruction's address at exits? [boot] */
extern bool svm_saves_next_rip;

/* Gives V, the current vCPU, whose control block is B, what is pending for it, or asks for an exit when it can take it. */
void svm_inject_pending(struct vcpu *v, struct vmcb *b);
/* Nobody waits any more for the guest to take interrupts. */
void svm_close_window(struct vmcb *b);

/* Gives V, which is loaded on CPU, an ASID that nothing stale is cached for. */
void svm_take_asid(struct vcpu *v, struct cpu *cpu);

#endif
