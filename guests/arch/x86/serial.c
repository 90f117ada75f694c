/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port of the board, a 16550 at "port=" with interrupt "irq=" on the pin of that number: what the I/O APIC is
 * after a reset, ports of others, and then a line that is sent and lines that are received by interrupts and sent back.
 * "end" ends the guest; with "leave=1" it first waits for one character more, whose interrupt it does not take. With
 * "level=1" the pin is programmed as a level. With "tight=1" its handler keeps the transmitter asking for more, for ever.
 */
#include "guest.h"

#define IOAPIC        0xfec00000u
#define IOAPIC_WINDOW 0x10u
#define ENTRY(pin)    (0x10u + 2 * (pin))

#define ENTRY_LEVEL   (1u << 15)

#define DATA 0
#define IER  1
#define FCR  2
#define LCR  3
#define MCR  4
#define LSR  5
#define SCRATCH 7
#define IER_RX 1u
#define IER_TX 2u
#define LSR_RX 0x01u
#define LSR_TX 0x20u
#define MCR_OUT2 0x0bu
#define OUR_IRQ 5

static uint16_t base;
static volatile char typed[64];
static volatile unsigned typed_count, interrupts, levels;
static bool tight;

static uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static uint32_t ioapic_read(unsigned index)
{
    write32(IOAPIC, index);
    return read32(IOAPIC + IOAPIC_WINDOW);
}

static void ioapic_write(unsigned index, uint32_t value)
{
    write32(IOAPIC, index);
    write32(IOAPIC + IOAPIC_WINDOW, value);
}

static void transmit(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((in8(base + LSR) & LSR_TX) == 0) {
            spin_a_little();
        }
        out8(base + DATA, (uint8_t)*text);
    }
}

static void taken(unsigned irq)
{
    (void)irq;
    interrupts++;
    (void)in8(base + FCR);
    levels |= apic_read(APIC_TMR + IRQ_VECTOR(OUR_IRQ) / 32 * 16) >> IRQ_VECTOR(OUR_IRQ) % 32 & 1;
    if (tight) {
        out8(base + DATA, '.');
        return;
    }
    while ((in8(base + LSR) & LSR_RX) != 0) {
        char c = (char)in8(base + DATA);

        if (typed_count < sizeof(typed) - 1) {
            typed[typed_count] = c;
            typed_count++;
        }
    }
}

static void echo(void)
{
    char line[80];

    for (;;) {
        if (typed_count > 0 && typed[typed_count - 1] == '\n') {
            typed[typed_count - 1] = '\0';
            say("typed: %s, by interrupts: %s\n", (const char *)typed,
                interrupts == 0 ? "no" : levels != 0 ? "yes, of levels" : "yes");
            format_to(line, sizeof(line), "echo %s\n", (const char *)typed);
            transmit(line);
            if (string_compare((const char *)typed, "end") == 0) {
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
    unsigned pin = (unsigned)arg_number("irq", 3);
    uint32_t entry;

    base = (uint16_t)arg_number("port", 0x2f8);
    tight = arg_number("tight", 0) != 0;
    out8(base + SCRATCH, 0x5a);
    say("scratch: 0x%x\n", in8(base + SCRATCH));
    say("ports of others: 0x%x 0x%x 0x%x\n", in8(0x3fd), in8(0x64), in8((uint16_t)(base + 8)));
    say("ioapic: version 0x%x, entry 0x%x 0x%x\n", ioapic_read(1), ioapic_read(ENTRY(pin)), ioapic_read(ENTRY(pin) + 1));
    out8(base + IER, 0);
    out8(base + LCR, 0x83);
    out8(base + DATA, 1);
    out8(base + IER, 0);
    out8(base + LCR, 0x03);
    out8(base + FCR, 0x07);
    out8(base + MCR, MCR_OUT2);
    irq_init();
    irq_handle(OUR_IRQ, taken);
    irq_on();
    delay_us(10000);
    irq_off();
    say("interrupts before it asks: %u\n", interrupts);
    ioapic_write(ENTRY(pin) + 1, (uint32_t)board.apic_ids[0] << 24);
    ioapic_write(ENTRY(pin), IRQ_VECTOR(OUR_IRQ) | (arg_number("level", 0) != 0 ? ENTRY_LEVEL : 0));
    entry = ioapic_read(ENTRY(pin));
    say("entry: 0x%x\n", entry);
    transmit("hello\n");
    out8(base + IER, tight ? IER_TX : IER_RX);
    echo();
    while (arg_number("leave", 0) != 0 && (in8(base + LSR) & LSR_RX) == 0) {
        spin_a_little();
    }
}
