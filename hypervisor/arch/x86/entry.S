/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt vectors. Exceptions of the hypervisor's own code are its end: they are reported. Interrupts are taken at two
 * places only (hvm.h, interrupt_take and interrupt_wait), which wait for one vector in EAX: a stub puts it there and goes
 * back with interrupts masked, so that exactly one is taken at a time.
 */
#include "layout.h"

    .section .vectors, "ax"
    .balign 16
    .global vector_stubs
vector_stubs:
    .set    vector, 0
    .rept   256
    .balign 16
    .if     vector == 2
    jmp     nmi_entry
    .elseif vector < 32
    .if     vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    .else
    push    $0                     /* in the place of an error code */
    .endif
    push    $vector
    jmp     fault_entry
    .else
    mov     $vector, %eax
    btrl    $9, 16(%rsp)           /* RFLAGS.IF */
    iretq
    .endif
    .set    vector, vector + 1
    .endr

    /* struct fault_registers of report.h */
fault_entry:
    push    %r15
    push    %r14
    push    %r13
    push    %r12
    push    %r11
    push    %r10
    push    %r9
    push    %r8
    push    %rdi
    push    %rsi
    push    %rbp
    push    %rbx
    push    %rdx
    push    %rcx
    push    %rax
    cld
    mov     %rsp, %rdi
    and     $-16, %rsp
    call    report_fault
    ud2

    /* While a CPU sleeps or boots; in guests it is an exit. */
nmi_entry:
    push    %rax
    push    %rcx
    push    %rdx
    push    %rsi
    push    %rdi
    push    %r8
    push    %r9
    push    %r10
    push    %r11
    cld
    call    nmi_taken
    pop     %r11
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rdi
    pop     %rsi
    pop     %rdx
    pop     %rcx
    pop     %rax
    iretq

    .section .note.GNU-stack, "", @progbits
