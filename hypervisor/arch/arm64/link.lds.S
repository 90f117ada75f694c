/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image, linked at its virtual address. Sections with different rights start on pages of their own.
 */
#include "layout.h"

OUTPUT_FORMAT("elf64-littleaarch64")
ENTRY(image_start)

SECTIONS
{
    . = IMAGE_VA;
    __text_start = .;
    .text : { *(.head) *(.text .text.*) . = ALIGN(4096); }
    __rodata_start = .;
    .rodata : { *(.rodata .rodata.*) *(.symbols) . = ALIGN(4096); }
    __data_start = .;
    .data : { *(.data .data.*) . = ALIGN(64); }
    __data_end = .;
    .bss : ALIGN(4096) {
        __bss_start = .;
        /* Given back when boot is over. */
        __boot_start = .;
        *(.bss.boot)
        . = ALIGN(4096);
        __boot_end = .;
        *(.bss .bss.*) *(COMMON)
        . = ALIGN(4096);
        __bss_end = .;
    }
    __image_end = .;
    __image_size = . - IMAGE_VA;
    /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) }
}
