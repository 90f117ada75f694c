/* SPDX-License-Identifier: Apache-2.0 */
/* From 32-bit protected mode to the compatibility mode of long mode (AMD APM volume 2, 14.6). */
#ifndef BH_X86_LONG_MODE_H
#define BH_X86_LONG_MODE_H

#include "layout.h"

/* The link address of SYMBOL as a physical one. */
#define PHYS(symbol) ((symbol) - IMAGE_OFFSET)

#ifdef __ASSEMBLER__
/* On the tables of the trampoline, which map low memory at its own address. Changes EAX, ECX and EDX. */
    .macro enter_long_mode
    mov     $0x20, %eax            /* CR4.PAE */
    mov     %eax, %cr4
    mov     $PHYS(trampoline_root), %eax
    mov     %eax, %cr3
    mov     $0xc0000080, %ecx      /* EFER: long mode, NX */
    rdmsr
    or      $0x900, %eax
    wrmsr
    mov     $0x80010033, %eax      /* CR0: PG, WP, NE, ET, MP, PE */
    mov     %eax, %cr0
    .endm
#endif

#endif
