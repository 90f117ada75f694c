/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image, linked at its virtual address and loaded at IMAGE_PADDR. Sections with different rights start on pages of
 * their own.
 */
#include "layout.h"

OUTPUT_FORMAT("elf64-x86-64")
ENTRY(image_start)

SECTIONS
{
    . = IMAGE_VA;
    __text_start = .;
    .text : AT(ADDR(.text) - IMAGE_OFFSET) { *(.head) *(.vectors) *(.text .text.*) . = ALIGN(4096); }
    __rodata_start = .;
    .rodata : AT(ADDR(.rodata) - IMAGE_OFFSET) { *(.rodata .rodata.*) *(.symbols) . = ALIGN(4096); }
    __data_start = .;
    .data : AT(ADDR(.data) - IMAGE_OFFSET) { *(.data .data.*) . = ALIGN(512); }
    __data_end = .;
    .bss : AT(ADDR(.bss) - IMAGE_OFFSET) {
        . = ALIGN(4096);
        __bss_start = .;
        /* Given back when boot is over. */
        __boot_start = .;
        *(.bss.boot)
        . = ALIGN(4096);
        __boot_end = .;
        __fixed_start = .;
        *(.bss.fixed)
        . = ALIGN(4096);
        __fixed_end = .;
        *(.bss .bss.*) *(COMMON)
        . = ALIGN(4096);
        __bss_end = .;
    }
    __image_end = .;
    __image_size = . - IMAGE_VA;
    ASSERT(__image_size <= 0x200000, "the image is larger than what its table maps")
    /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) }
}
