/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void arch_hyp_move_page(uint64_t *entry, paddr_t p, const void *va, void *to)
 *
 * Between the copy and the new entry nothing may write to the page, which may be the stack's: it uses none.
 */
    .text
    .code64
    .global arch_hyp_move_page
arch_hyp_move_page:
    movq    %rdi, %r8
    movq    %rdx, %r9
    movq    (%r8), %rax
    movabsq $0xfff0000000000fff, %r10
    andq    %r10, %rax
    orq     %rsi, %rax              /* struct paddr is passed as its number */
    movq    %rdx, %rsi
    movq    %rcx, %rdi
    movl    $512, %ecx
    rep movsq
    movq    %rax, (%r8)
    invlpg  (%r9)
    ret

    .section .note.GNU-stack, "", @progbits
