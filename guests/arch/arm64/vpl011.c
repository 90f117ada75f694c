/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual UART: every register, every access size, its interrupts. With "input=1" it then echoes what is typed. */
#include "guest.h"

#define UART_DR   0x00
#define UART_FR   0x18
#define UART_IMSC 0x38
#define UART_RIS  0x3c
#define UART_MIS  0x40
#define UART_ICR  0x44
#define FR_RXFE   (1u << 4)
#define RX_INTERRUPTS 0x50 /* receive, receive time-out */
#define UART_IRQ 32

static volatile unsigned interrupts;
static char typed[64];
static volatile unsigned typed_count;

static void receive(unsigned irq)
{
    (void)irq;
    interrupts++;
    /* First: what comes after the last look at the FIFO has to be told. */
    write32(board.uart + UART_ICR, 0x7ff);
    while ((read32(board.uart + UART_FR) & FR_RXFE) == 0) {
        char c = (char)read32(board.uart + UART_DR);

        if (typed_count < sizeof(typed) - 1) {
            typed[typed_count] = c;
            typed_count++;
        }
    }
}

static void echo(void)
{
    say("type a line\n");
    irq_init();
    irq_handle(UART_IRQ, receive);
    irq_priority(UART_IRQ, 0x80);
    irq_route(UART_IRQ, 0);
    irq_enable(UART_IRQ);
    write32(board.uart + UART_IMSC, RX_INTERRUPTS);
    for (;;) {
        if (typed_count > 0 && (typed[typed_count - 1] == '\r' || typed[typed_count - 1] == '\n')) {
            typed[typed_count - 1] = '\0';
            say("length %u typed: %s\n", typed_count - 1, typed);
            say("by interrupts: %s\n", interrupts > 0 ? "yes" : "no");
            if (string_compare(typed, "end") == 0) {
                return;
            }
            typed_count = 0;
        }
        wfi();
        irq_on();
        irq_off();
    }
}

void guest_main(void)
{
    static const struct { const char *name; uint32_t load, store; } kinds[] = {
        { "8", 0x39400020, 0x39000020 }, { "16", 0x79400020, 0x79000020 }, { "32", 0xb9400020, 0xb9000020 },
        { "64", 0xf9400020, 0xf9000020 },
    };
    struct caught c, d;

    for (unsigned at = 0; at < 0x100; at += 4) {
        uint64_t value = at == UART_DR ? 0 : run_instruction(0xb9400020, 0, board.uart + at, &c);

        say("uart 0x%x: %s 0x%lx\n", at, caught_name(&c), c.taken ? 0 : value);
        if (at == UART_DR) {
            continue;
        }
        run_instruction(0xb9000020, 0, board.uart + at, &c);
        say("uart 0x%x write: %s\n", at, caught_name(&c));
    }
    for (unsigned at = 0xfd0; at < 0x1000; at += 4) {
        uint64_t value = run_instruction(0xb9400020, 0, board.uart + at, &c);

        say("uart 0x%x: %s 0x%lx\n", at, caught_name(&c), c.taken ? 0 : value);
    }
    for (unsigned i = 0; i < 4; i++) {
        run_instruction(kinds[i].load, 0, board.uart + UART_FR, &c);
        run_instruction(kinds[i].store, 0, board.uart + UART_ICR, &d);
        say("uart size %s: read %s, write %s\n", kinds[i].name, caught_name(&c), caught_name(&d));
        run_instruction(kinds[i].load, 0, board.uart + UART_FR + 1, &c);
        say("uart size %s at an odd address: %s\n", kinds[i].name, caught_name(&c));
    }
    write32(board.uart + UART_IMSC, 0xffffffff);
    say("mask keeps: 0x%x\n", read32(board.uart + UART_IMSC));
    write32(board.uart + UART_IMSC, 0);
    say("raw status: 0x%x\n", read32(board.uart + UART_RIS));
    say("masked status: 0x%x\n", read32(board.uart + UART_MIS));
    write32(board.uart + UART_ICR, 0xffffffff);
    say("raw status after a clear: 0x%x\n", read32(board.uart + UART_RIS));
    if (arg_number("input", 0) != 0) {
        echo();
    }
}
