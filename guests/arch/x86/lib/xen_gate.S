/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of code that is seen from home and away (xen_home.h). There is no stack away, and nothing to take exceptions
 * and interrupts. What it comes back to is in a register.
 */
    .section .text.gate, "ax"
    .balign 4096
    .globl  home_gate, home_gate_call
home_gate:
#ifdef __x86_64__
    /* rdi: number and arguments, rsi: roots of the tables. */
home_gate_call:
    push    %rbx
    push    %rbp
    mov     (%rsi), %rbx
    mov     %cr3, %rbp
    mov     (%rdi), %rax
    mov     16(%rdi), %rsi
    mov     24(%rdi), %rdx
    mov     32(%rdi), %r10
    mov     40(%rdi), %r8
    mov     8(%rdi), %rdi
    mov     %rbx, %cr3
    vmmcall
    mov     %rbp, %cr3
    pop     %rbp
    pop     %rbx
    ret
#else
home_gate_call:
    push    %ebp
    push    %ebx
    push    %esi
    push    %edi
    mov     20(%esp), %eax          /* number and arguments */
    mov     24(%esp), %ebp          /* roots of the tables, of 64 bits; home's is in the page behind that of away's */
    mov     (%ebp), %ebp
    mov     4(%eax), %ebx
    mov     8(%eax), %ecx
    mov     12(%eax), %edx
    mov     16(%eax), %esi
    mov     20(%eax), %edi
    mov     (%eax), %eax
    mov     %ebp, %cr3
    vmmcall
    lea     0x1000(%ebp), %ebp
    mov     %ebp, %cr3
    pop     %edi
    pop     %esi
    pop     %ebx
    pop     %ebp
    cltd                            /* the result has 64 bits */
    ret
#endif
    .balign 4096
