/* SPDX-License-Identifier: Apache-2.0 */
/* A device in the hands of user space: loads and stores from EL0, with and without a syndrome, and what EL0 may not do. */
#include "guest.h"

#define UART_IMSC 0x38

/* WORD at EL0 with x1 = the mask register, less OFFSET, and x0 = VALUE. */
static void access(const char *name, uint32_t word, uint64_t value, int offset)
{
    uint64_t base = el0_device(board.uart + UART_IMSC) - (uint64_t)(int64_t)offset;
    uint64_t x[2] = { value, base };
    struct caught c;
    uint32_t mask;

    write32(board.uart + UART_IMSC, 0x450);
    run_at_el0(word, x, &c);
    mask = read32(board.uart + UART_IMSC);
    if (c.taken) {
        say("%s: %s\n", name, caught_name(&c));
    } else {
        say("%s: x0 0x%lx, x1 %s0x%lx, the register 0x%x\n", name, x[0], x[1] < base ? "-" : "+",
            x[1] < base ? base - x[1] : x[1] - base, mask);
    }
}

/* Req: BH-TRAP-009 */
void guest_main(void)
{
    static const struct { const char *name; uint32_t word; int offset; } list[] = {
        { "ldr w0, [x1]", 0xb9400020, 0 },         { "str w0, [x1]", 0xb9000020, 0 },
        { "ldrh w0, [x1]", 0x79400020, 0 },        { "strb w0, [x1]", 0x39000020, 0 },
        { "ldtr w0, [x1]", 0xb8400820, 0 },        { "ldr w0, [x1], #4", 0xb8404420, 0 },
        { "str w0, [x1], #4", 0xb8004420, 0 },     { "ldrh w0, [x1], #2", 0x78402420, 0 },
        { "ldrsh x0, [x1], #2", 0x78802420, 0 },   { "str w0, [x1, #4]!", 0xb8004c20, 4 },
        { "ldr w0, [x1, #4]!", 0xb8404c20, 4 },    { "ldrsb x0, [x1, #8]!", 0x38808c20, 8 },
        { "ldr w1, [x1], #4", 0xb8404421, 0 },     { "ldp w0, w2, [x1]", 0x29400820, 0 },
        { "msr vbar_el1, x0", 0xd518c000, 0 },     { "hvc #0xea1", 0xd4001d42, 0 },
        { "smc #0", 0xd4000003, 0 },               { "nothing is there: ldr w0, [x1], #4", 0xb8404420, -0x200000 },
    };

    say("gic: version %u\n", board.gic_version);
    for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        access(list[i].name, list[i].word, 0x5a0, list[i].offset);
    }
}
