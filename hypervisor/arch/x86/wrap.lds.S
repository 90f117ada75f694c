/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

OUTPUT_FORMAT("elf32-i386")
ENTRY(wrapped_start)
PHDRS
{
    image PT_LOAD FLAGS(7);
    note PT_NOTE FLAGS(4);
}
SECTIONS
{
    . = IMAGE_PADDR - 0x1000;
    .note : { *(.note) } :image :note
    . = IMAGE_PADDR;
    wrapped_start = .;
    .image : { *(.image) } :image
    .bss : { . += wrapped_size - SIZEOF(.image); } :image
    /DISCARD/ : { *(.text) *(.data) *(.comment) *(.note.*) }
}
