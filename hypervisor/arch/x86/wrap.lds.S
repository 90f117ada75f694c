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
    . = IMAGE_PADDR;
    wrapped_start = .;
    /* First, since Multiboot's header is within the first 8 KiB of the file; the note lies where memory is zeroed. */
    .image : { *(.image) } :image
    .note : { *(.note) } :image :note
    .bss : { . += wrapped_size - SIZEOF(.image); } :image
    /DISCARD/ : { *(.text) *(.data) *(.comment) *(.note.*) }
}
