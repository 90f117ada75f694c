/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of code that is seen from home and away (xen_home.h). Where it comes back to is in registers.
 */
    .section .text.gate, "ax"
    .balign 4096
    .globl  home_gate, home_gate_call
home_gate:
    /* x0: number and arguments, x1: roots of the tables. Hypercalls leave x9 to x11 alone. */
home_gate_call:
    mov     x9, x0
    ldr     x10, [x1]
    mrs     x11, ttbr0_el1
    ldr     x16, [x9]
    ldp     x0, x1, [x9, #8]
    ldp     x2, x3, [x9, #24]
    ldr     x4, [x9, #40]
    msr     ttbr0_el1, x10
    isb
    hvc     #0xea1
    msr     ttbr0_el1, x11
    isb
    ret
    .balign 4096
