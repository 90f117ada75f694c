/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors of EL2. At a trap from a guest SP_EL2 points to the top of this CPU's stack, where the page with the
 * vCPU's registers begins: they are saved above, the stack grows below. ELR_EL2 and SPSR_EL2 stay where they are;
 * arch_vcpu_unload() saves them when another vCPU gets the CPU.
 */
#include "layout.h"

    .macro save_guest
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    .endm

    /* No value of a guest stays where a mispredicted path of ours could use it as an address. */
    .macro scrub
    .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29
    mov     x\n, xzr
    .endr
    .endm

    .macro from_guest, function
    save_guest
    mrs     x0, esr_el2
    scrub
    bl      \function
    b       guest_resume
    .endm

    .macro from_self, kind
    msr     tpidrro_el0, x0         /* the guest's value was saved or is lost: there is no way back */
    ldr     x0, =CPU_EMERGENCY_TOP
    b       self_fault_\kind
    .endm

    .section .vectors, "ax"
    .balign 2048
    .global hypervisor_vectors
hypervisor_vectors:
    .balign 128
    from_self 0                     /* EL2 with SP_EL0: never used */
    .balign 128
    from_self 0
    .balign 128
    from_self 0
    .balign 128
    from_self 0
    .balign 128
    from_self 0                     /* EL2: synchronous */
    .balign 128
    from_self 1                     /* interrupts are masked in EL2 */
    .balign 128
    from_self 2
    .balign 128
    from_self 3                     /* SError */
    .balign 128
    b       guest_sync
    .balign 128
    b       guest_irq
    .balign 128
    b       guest_fiq
    .balign 128
    b       guest_serror
    .balign 128
    b       guest_sync              /* AArch32 EL0 */
    .balign 128
    b       guest_irq
    .balign 128
    b       guest_fiq
    .balign 128
    b       guest_serror
    .balign 128

guest_sync:
    from_guest trap_sync
guest_irq:
    from_guest trap_irq
guest_fiq:
    from_guest trap_fiq
guest_serror:
    from_guest trap_serror

    /* void enter_guests(struct cpu *cpu): boot is over. */
    .global enter_guests
enter_guests:
    ldr     x1, =CPU_STACK_TOP
    mov     sp, x1
    mov     x29, xzr
    bl      vcpu_leave_slow

guest_resume:
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    ldr     x30, [sp, #240]
    ldp     x0, x1, [sp, #0]
    eret
    dsb     nsh                     /* nothing behind an ERET is executed speculatively */
    isb

    .macro self_fault, kind
self_fault_\kind:
    sub     x0, x0, #(33 * 8)
    stp     x1, x2, [x0, #8]
    stp     x3, x4, [x0, #24]
    stp     x5, x6, [x0, #40]
    stp     x7, x8, [x0, #56]
    stp     x9, x10, [x0, #72]
    stp     x11, x12, [x0, #88]
    stp     x13, x14, [x0, #104]
    stp     x15, x16, [x0, #120]
    stp     x17, x18, [x0, #136]
    stp     x19, x20, [x0, #152]
    stp     x21, x22, [x0, #168]
    stp     x23, x24, [x0, #184]
    stp     x25, x26, [x0, #200]
    stp     x27, x28, [x0, #216]
    stp     x29, x30, [x0, #232]
    mrs     x1, tpidrro_el0
    str     x1, [x0]
    mov     x1, sp
    str     x1, [x0, #248]
    and     x2, x0, #~0xf
    mov     sp, x2
    mov     x1, #\kind
    b       report_fault
    .endm

    self_fault 0
    self_fault 1
    self_fault 2
    self_fault 3

    /* void fp_save(uint64_t *q); void fp_load(const uint64_t *q): all 32 Q registers; FPCR and FPSR apart. */
    .arch_extension fp
    .global fp_save
fp_save:
    stp     q0, q1, [x0, #0]
    stp     q2, q3, [x0, #32]
    stp     q4, q5, [x0, #64]
    stp     q6, q7, [x0, #96]
    stp     q8, q9, [x0, #128]
    stp     q10, q11, [x0, #160]
    stp     q12, q13, [x0, #192]
    stp     q14, q15, [x0, #224]
    stp     q16, q17, [x0, #256]
    stp     q18, q19, [x0, #288]
    stp     q20, q21, [x0, #320]
    stp     q22, q23, [x0, #352]
    stp     q24, q25, [x0, #384]
    stp     q26, q27, [x0, #416]
    stp     q28, q29, [x0, #448]
    stp     q30, q31, [x0, #480]
    ret

    .global fp_load
fp_load:
    ldp     q0, q1, [x0, #0]
    ldp     q2, q3, [x0, #32]
    ldp     q4, q5, [x0, #64]
    ldp     q6, q7, [x0, #96]
    ldp     q8, q9, [x0, #128]
    ldp     q10, q11, [x0, #160]
    ldp     q12, q13, [x0, #192]
    ldp     q14, q15, [x0, #224]
    ldp     q16, q17, [x0, #256]
    ldp     q18, q19, [x0, #288]
    ldp     q20, q21, [x0, #320]
    ldp     q22, q23, [x0, #352]
    ldp     q24, q25, [x0, #384]
    ldp     q26, q27, [x0, #416]
    ldp     q28, q29, [x0, #448]
    ldp     q30, q31, [x0, #480]
    ret
