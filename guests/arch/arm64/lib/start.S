/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First instructions of every guest: the Image header of the Linux arm64 boot protocol, relocation to wherever the
 * loader put us, an identity map (first GiB device memory, the rest normal), stacks, exception vectors.
 */
#define STACK_SHIFT 14

    .section .head, "ax"
    .globl _head
_head:
    mrs     x21, cntpct_el0         /* code0: the very first instruction tells when it ran */
    b       start
    .quad   0                       /* text_offset */
    .quad   image_size              /* image_size */
    .quad   0xa                     /* little endian, 4 KiB pages, any 2 MiB aligned base */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

    .text
start:
    hint    #65                     /* a life begins, for who counts (bench/count.c) */
    mov     x20, x0                 /* device tree */
    adrp    x24, _head              /* where we are; linked at 0 */
    adr     x0, rela_start
    adr     x1, rela_end
1:  cmp     x0, x1
    b.hs    2f
    ldp     x2, x3, [x0]            /* r_offset, r_info: R_AARCH64_RELATIVE only */
    ldr     x4, [x0, #16]
    add     x0, x0, #24
    cmp     x3, #0x403
    b.ne    1b
    add     x4, x4, x24
    str     x4, [x24, x2]
    b       1b
2:  adrp    x0, bss_start
    add     x0, x0, #:lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, #:lo12:bss_end
3:  cmp     x0, x1
    b.hs    4f
    str     xzr, [x0], #8
    b       3b

    /* 512 entries of 1 GiB: entry 0 device, never executed; the others normal memory, write-back, inner shareable. */
4:  adrp    x0, page_table
    mov     x1, #0
    movz    x2, #0x0060, lsl #48
    movk    x2, #0x0401             /* block, AttrIndx 0, AF, PXN, UXN */
    str     x2, [x0]
    mov     x2, #0x0705             /* block, AttrIndx 1, AF, inner shareable */
5:  add     x1, x1, #1
    cmp     x1, #512
    b.hs    6f
    orr     x3, x2, x1, lsl #30
    str     x3, [x0, x1, lsl #3]
    b       5b
6:  dsb     sy
    mov     x19, #0                 /* CPU index */
    bl      cpu_setup
    adrp    x0, boot_counter
    str     x21, [x0, #:lo12:boot_counter]
    mov     x0, x20
    bl      guest_start
    b       .

    /* A CPU that PSCI turned on: x0 is its struct cpu_start. */
    .globl  secondary_start
secondary_start:
    mov     x20, x0
    ldr     x19, [x20]
    bl      cpu_setup
    ldp     x1, x0, [x20, #8]       /* function, argument */
    blr     x1
    bl      cpu_off
    b       .

    /* x19: CPU index. Turns the MMU and the caches on, gives the CPU its stack and vectors. */
cpu_setup:
    adr     x0, vectors
    msr     vbar_el1, x0
    mov     x0, #0xff04             /* attribute 0: device nGnRE, 1: normal write-back */
    msr     mair_el1, x0
    ldr     x0, =0x0000000200803519 /* 39 bits, 4 KiB, write-back, inner shareable, EPD1, 40 bits of output */
    msr     tcr_el1, x0
    adrp    x0, page_table
    msr     ttbr0_el1, x0
    isb
    tlbi    vmalle1
    dsb     sy
    ldr     x0, =0x30d0180d         /* RES1, I, SA, C, M; nothing of EL0 traps */
    msr     sctlr_el1, x0
    isb
    msr     tpidr_el1, x19
    msr     spsel, #1
    adrp    x0, stacks
    add     x0, x0, #:lo12:stacks
    add     x1, x19, #1
    add     x0, x0, x1, lsl #STACK_SHIFT
    mov     sp, x0
    ret

    .macro vector kind
    .balign 0x80
    sub     sp, sp, #272
    stp     x0, x1, [sp]
    mov     x1, #\kind
    b       vector_common
    .endm

    .balign 0x800
    .globl  vectors
vectors:
    vector  8
    vector  9
    vector  10
    vector  11
    vector  0
    vector  1
    vector  2
    vector  3
    vector  12
    vector  13
    vector  14
    vector  15
    vector  12
    vector  13
    vector  14
    vector  15

vector_common:
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x30, x2, [sp, #240]
    str     x3, [sp, #256]
    mov     x0, sp
    bl      exception_taken
    ldr     x3, [sp, #256]
    ldp     x30, x2, [sp, #240]
    msr     elr_el1, x2
    msr     spsr_el1, x3
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    ldp     x0, x1, [sp]
    add     sp, sp, #272
    eret

    .bss
    .balign 4096
page_table:
    .skip   4096
stacks:
    .skip   8 << STACK_SHIFT
