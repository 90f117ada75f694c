/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that boot loaders take: the image as one segment of a 32-bit ELF executable, which is what Multiboot loaders
 * accept, and the note of PVH's entry (Xen's elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY).
 */
#include "layout.h"

    .section .image, "awx"
    .incbin WRAPPED_IMAGE

    .section .note, "a", @note
    .balign 4
    .long   4, 4, 18
    .asciz  "Xen"
    .long   IMAGE_PADDR + 8

    .section .note.GNU-stack, "", @progbits
