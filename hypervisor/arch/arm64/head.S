/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry from the boot loader (Linux Documentation/arm64/booting.rst: MMU off, x0 = device tree) and from PSCI
 * CPU_ON for the other CPUs (x0 = physical address of the CPU's root table).
 *
 * The MMU is turned on without an identity map: VBAR_EL2 holds the virtual address of the next instruction, and
 * the fetch that fails after the switch goes there.
 *
 * With CONFIG_EFI the image is a PE32+ file as well (Microsoft, "PE Format"), whose sections are where the flat image
 * has them. Its headers are the first page, and nothing else is: U-Boot does not load what is behind them there.
 */
#include "bh/config.h"
#include "layout.h"

/* Req: BH-BOOT-024 */
    .section .head, "ax"
    .global image_start
image_start:
#if CONFIG_EFI
    ccmp    x18, #0, #0xd, pl       /* "MZ" in its first bytes, without effect */
    b       primary_entry
#else
    b       primary_entry
    .long   0
#endif
    .quad   0                       /* text_offset */
    .quad   __image_size            /* effective size, with what is only zeroed */
    .quad   0x0a                    /* flags: little endian, 4 KiB pages, anywhere in memory */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
#if CONFIG_EFI
    .long   pe_header - image_start

    .balign 8
pe_header:
    .ascii  "PE\0\0"
    .short  0xaa64                  /* arm64 */
    .short  2                       /* sections */
    .long   0, 0, 0
    .short  section_table - optional_header
    .short  0x206                   /* executable, without line numbers and debug information */
optional_header:
    .short  0x20b                   /* PE32+ */
    .byte   0, 0
    .long   __pe_text_size
    .long   __pe_data_size
    .long   __pe_bss_size
    .long   efi_main - image_start
    .long   4096                    /* where code begins */
    .quad   0                       /* preferred address: none */
    .long   4096                    /* alignment in memory */
    .long   512                     /* alignment in the file */
    .short  0, 0, 0, 0, 0, 0
    .long   0
    .long   __image_size
    .long   4096                    /* the headers */
    .long   0
    .short  10                      /* EFI application */
    .short  0x100                   /* data need not be executable */
    .quad   0, 0, 0, 0
    .long   0
    .long   6                       /* data directories; U-Boot looks at the sixth, relocations, without counting */
    .quad   0, 0, 0, 0, 0, 0
section_table:
    .ascii  ".text\0\0\0"
    .long   __pe_text_size, 4096, __pe_text_size, 4096
    .long   0, 0, 0
    .long   0x60000020              /* code; read, execute */
    .ascii  ".data\0\0\0"
    .long   __pe_data_memory_size, __pe_data_start, __pe_data_size, __pe_data_start
    .long   0, 0, 0
    .long   0xc0000040              /* data; read, write */
    .org    image_start + 4096
#else
    .long   0
#endif

primary_entry:
    msr     daifset, #0xf
    mov     x20, x0
    adrp    x21, image_start
    adrp    x0, boot_stack_top
    add     x0, x0, :lo12:boot_stack_top
    msr     spsel, #1
    mov     sp, x0

    /* Nothing has cleared .bss for us; caches may hold stale lines of it. */
    adrp    x0, __bss_start
    add     x0, x0, :lo12:__bss_start
    adrp    x1, __bss_end
    add     x1, x1, :lo12:__bss_end
1:  stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b

    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    b.eq    2f
    mov     x0, x20
    b       early_wrong_level
2:  mov     x0, x20
    mov     x1, x21
    bl      early_tables            /* returns the physical address of the root table */

enable_mmu:                         /* x0: root; x20, x21 survive into boot_main or are not used */
    msr     ttbr0_el2, x0
    ldr     x1, =MAIR_VALUE
    msr     mair_el2, x1
    mrs     x1, id_aa64mmfr0_el1
    and     x1, x1, #0xf
    mov     x2, #6
    cmp     x1, x2
    csel    x1, x1, x2, lo
    ldr     x2, =(0x80800000 | (64 - VA_BITS) | (1 << 8) | (1 << 10) | (3 << 12))
    orr     x1, x2, x1, lsl #16
    msr     tcr_el2, x1
    ldr     x1, =mmu_vectors
    msr     vbar_el2, x1
    isb
    tlbi    alle2
    tlbi    vmalls12e1
    dsb     nsh
    ic      iallu
    dsb     nsh
    isb
    ldr     x1, =0x30cd183d         /* RES1, M, C, SA, EOS/EIS, I, WXN */
    msr     sctlr_el2, x1
    isb
    /* Not reached: this address is not mapped any more. */
    b       .

    .global secondary_entry
secondary_entry:
    msr     daifset, #0xf
    msr     spsel, #1
    mov     x20, #0
    b       enable_mmu
    .ltorg

    .section .head.vectors, "ax"
    .balign 2048
mmu_vectors:
    .balign 128
    b       .
    .org    mmu_vectors + 0x200
mmu_on:
    ldr     x1, =hypervisor_vectors
    msr     vbar_el2, x1
    isb
    ldr     x1, =CPU_STACK_TOP
    mov     sp, x1
    mov     x29, xzr
    mov     x30, xzr
    cbz     x20, 1f
    mov     x0, x20
    mov     x1, x21
    b       boot_main
1:  ldr     x0, [sp, #-16]
    b       secondary_main
    .ltorg

    .section .bss.boot, "aw", @nobits
    .balign 16
    .space  4096
boot_stack_top:
