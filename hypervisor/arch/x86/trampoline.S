/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the other CPUs begin, in real mode, at TRAMPOLINE_PADDR, to which this is copied: to 64-bit mode and
 * secondary_high() of head.S.
 */
#include "long_mode.h"

/* Where something of this file is in the copy. */
#define HERE(symbol) ((symbol) - trampoline_start + TRAMPOLINE_PADDR)

    .section .rodata
    .code16
    .global trampoline_start, trampoline_end
trampoline_start:
    cli
    xor     %ax, %ax
    mov     %ax, %ds
    lgdtl   HERE(trampoline_gdt_pointer)
    mov     %cr0, %eax
    or      $1, %al
    mov     %eax, %cr0
    ljmpl   $0x18, $HERE(trampoline32)

    .code32
trampoline32:
    mov     $SELECTOR_DATA, %eax
    mov     %eax, %ds
    mov     %eax, %ss
    enter_long_mode
    ljmp    $SELECTOR_CODE, $HERE(trampoline64)

    .code64
trampoline64:
    movabs  $secondary_high, %rax
    jmp     *%rax

    .balign 8
trampoline_gdt:
    .quad   0
    .quad   0x00af9b000000ffff     /* SELECTOR_CODE */
    .quad   0x00cf93000000ffff     /* SELECTOR_DATA */
    .quad   0x00cf9b000000ffff     /* 32-bit code */
trampoline_gdt_pointer:
    .short  . - trampoline_gdt - 1
    .long   HERE(trampoline_gdt)
trampoline_end:

    .section .note.GNU-stack, "", @progbits
