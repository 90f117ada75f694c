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
    .text : {
        /* A page that is given back when boot is over. Both vectors are aligned to 2 KiB: boot code fills the gaps. */
        *(.head)
        *(.text.boot)
        *(.head.vectors)
        *(.text.boot_more)
        *(.vectors)
        *(EXCLUDE_FILE(*/efi.o */efi_tree.o) .text EXCLUDE_FILE(*/efi.o */efi_tree.o) .text.*)
        . = ALIGN(4096);
    }
    __rodata_start = .;
    .rodata : {
        *(EXCLUDE_FILE(*/efi.o */efi_tree.o) .rodata EXCLUDE_FILE(*/efi.o */efi_tree.o) .rodata.*)
        *(.symbols)
        . = ALIGN(4096);
    }
    /* Run by the firmware before the image's entry; mapped as data until it is given back when boot is over. */
    __efi_start = .;
    .efi : { *(.text .text.* .rodata .rodata.*) . = ALIGN(4096); }
    __efi_end = .;
    __data_start = .;
    .data : { *(.data .data.*) . = ALIGN(512); }
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
    /* For the PE header: the first page is the header itself, what is only read goes with the code. */
    __pe_text_size = __data_start - IMAGE_VA - 4096;
    __pe_data_start = __data_start - IMAGE_VA;
    __pe_data_size = __data_end - __data_start;
    __pe_bss_size = __image_end - __data_end;
    __pe_data_memory_size = __image_end - __data_start;
    /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) }
}
