/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into a guest and back by VMRUN. At an exit RSP points to the top of this CPU's stack, below the pages with the vCPU's
 * state: registers are saved above, the stack grows below. As in a function that was called the uppermost word is in use;
 * nobody returns by it, since svm_exit() ends in guest_resume.
 *
 * The hypervisor runs with GIF clear, so that neither interrupts nor NMIs nor machine checks come, and with RFLAGS.IF set,
 * since V_INTR_MASKING makes VMRUN take it for whether physical interrupts end the guest (AMD APM volume 2, 15.21.1).
 */
#include "../layout.h"

#define STATE(offset) 8 + (offset)(%rsp)
#define R(n)       STATE(8 * (n))
#define BLOCK      STATE(8 * 16)
#define HOST_BLOCK STATE(8 * 17)
#define VMCB_RAX   STATE(0x1000 + 0x5f8)

    .text
    .global svm_run
svm_run:
    movabs  $CPU_STACK_TOP, %rsp
    xor     %ebp, %ebp
    clgi
    sti
    call    svm_first

    .balign 16
    .global guest_resume
guest_resume:
    movabs  $CPU_STACK_TOP - 8, %rsp
    mov     R(0), %rcx
    mov     %rcx, VMCB_RAX
    mov     BLOCK, %rax
    vmload  %rax
    mov     R(1), %rcx
    mov     R(2), %rdx
    mov     R(3), %rbx
    mov     R(5), %rbp
    mov     R(6), %rsi
    mov     R(7), %rdi
    mov     R(8), %r8
    mov     R(9), %r9
    mov     R(10), %r10
    mov     R(11), %r11
    mov     R(12), %r12
    mov     R(13), %r13
    mov     R(14), %r14
    mov     R(15), %r15
    vmrun   %rax
    mov     %rcx, R(1)
    mov     %rdx, R(2)
    mov     %rbx, R(3)
    mov     %rbp, R(5)
    mov     %rsi, R(6)
    mov     %rdi, R(7)
    mov     %r8, R(8)
    mov     %r9, R(9)
    mov     %r10, R(10)
    mov     %r11, R(11)
    mov     %r12, R(12)
    mov     %r13, R(13)
    mov     %r14, R(14)
    mov     %r15, R(15)
    vmsave  %rax
    /* Task register and other segments: the stacks of faults are ours again. */
    mov     HOST_BLOCK, %rax
    vmload  %rax
    mov     VMCB_RAX, %rax
    mov     %rax, R(0)
    /* No value of a guest stays where a mispredicted path of ours could use it as an address. */
    xor     %ecx, %ecx
    xor     %edx, %edx
    xor     %ebx, %ebx
    xor     %ebp, %ebp
    xor     %esi, %esi
    xor     %edi, %edi
    xor     %r8d, %r8d
    xor     %r9d, %r9d
    xor     %r10d, %r10d
    xor     %r11d, %r11d
    xor     %r12d, %r12d
    xor     %r13d, %r13d
    xor     %r14d, %r14d
    xor     %r15d, %r15d
    jmp     svm_exit

    /* See hvm.h. A stub of entry.S puts the vector in EAX and masks interrupts. */
    .global interrupt_take
interrupt_take:
    xor     %eax, %eax
    stgi
    nop
    clgi
    sti
    ret

    .global interrupt_wait
interrupt_wait:
    cli
    xor     %eax, %eax
    stgi
    sti
    hlt
    clgi
    sti
    ret

    .section .note.GNU-stack, "", @progbits
