/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void arch_hyp_move_page(uint64_t *entry, paddr_t p, const void *va, void *to)
 *
 * Between the copy and the new entry nothing may write to the page, so it uses no stack, and no data but ENTRY and
 * the two pages. What can be written is unmapped in between (Arm ARM D8.16, "Using break-before-make"); code, which may
 * be this, must not be, and need not: both frames have the same contents.
 */
    .text
    .global arch_hyp_move_page
arch_hyp_move_page:
    mov     x5, x2
    add     x6, x2, #4096
1:  ldp     x7, x8, [x5], #16
    stp     x7, x8, [x3], #16
    cmp     x5, x6
    b.ne    1b
    /* The copy is in memory for fetches, by whatever size lines have. */
    sub     x3, x3, #4096
    mov     x5, #4096
2:  sub     x5, x5, #16
    add     x6, x3, x5
    dc      cvau, x6
    cbnz    x5, 2b
    dsb     ish

    ldr     x4, [x0]
    and     x5, x4, #0x0000fffffffff000
    bic     x4, x4, x5
    orr     x4, x4, x1
    lsr     x2, x2, #12
    tbz     x4, #7, 3f              /* AP[2]: it can be written */
    str     x4, [x0]
    b       4f
3:  str     xzr, [x0]
    dsb     ishst
    tlbi    vae2is, x2
    dsb     ish
    str     x4, [x0]
4:  dsb     ishst
    tlbi    vae2is, x2
    dsb     ish
    ic      ialluis
    dsb     ish
    isb
    ret
