/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual interrupt controller, version 2 or 3: its registers as software sees them, then its behaviour: order
 * of delivery, priorities and masking, active state, more pending interrupts than any list-register count.
 */
#include "guest.h"

#define SPI_FIRST 40
#define SPI_COUNT 40

static unsigned taken[256], taken_count, nesting, nesting_max;

static void note(unsigned irq)
{
    if (taken_count < 256) {
        taken[taken_count++] = irq;
    }
}

static void registers(const char *name, uint64_t base, unsigned first, unsigned last, unsigned step)
{
    for (unsigned at = first; at < last; at += step) {
        struct caught c;
        uint64_t value = run_instruction(0xb9400020, 0, base + at, &c); /* ldr w0, [x1] */

        if (c.taken) {
            say("%s 0x%x: %s\n", name, at, caught_name(&c));
        } else {
            say("%s 0x%x: 0x%lx\n", name, at, value);
        }
    }
}

static void sizes(const char *name, uint64_t at)
{
    static const struct { const char *name; uint32_t load, store; } kinds[] = {
        { "8", 0x39400020, 0x39000020 }, { "16", 0x79400020, 0x79000020 }, { "32", 0xb9400020, 0xb9000020 },
        { "64", 0xf9400020, 0xf9000020 },
    };

    for (unsigned i = 0; i < 4; i++) {
        struct caught c, d;
        uint64_t value = run_instruction(kinds[i].load, 0, at, &c);

        run_instruction(kinds[i].store, value, at, &d);
        say("%s size %s: read %s, write %s\n", name, kinds[i].name, caught_name(&c), caught_name(&d));
    }
}

/* Written with all ones, then put back: which bits are there. */
static void sticky(const char *name, uint64_t base, unsigned at)
{
    struct caught c;
    uint64_t old = run_instruction(0xb9400020, 0, base + at, &c), value;

    if (c.taken) {
        say("%s 0x%x writable: %s\n", name, at, caught_name(&c));
        return;
    }
    run_instruction(0xb9000020, 0xffffffff, base + at, &c);
    value = run_instruction(0xb9400020, 0, base + at, &c);
    run_instruction(0xb9000020, old, base + at, &c);
    say("%s 0x%x writable: 0x%lx\n", name, at, value);
}

static void look(void)
{
    uint64_t d = board.gicd, r = board.gicr;

    registers("GICD", d, 0x000, 0x010, 4);
    registers("GICD", d, 0x080, 0x088, 4);
    registers("GICD", d, 0x100, 0x108, 4);
    registers("GICD", d, 0x200, 0x208, 4);
    registers("GICD", d, 0x300, 0x308, 4);
    registers("GICD", d, 0x400, 0x404, 4);
    registers("GICD", d, 0x420, 0x424, 4);
    registers("GICD", d, 0x800, 0x804, 4);
    registers("GICD", d, 0x820, 0x824, 4);
    registers("GICD", d, 0xc00, 0xc0c, 4);
    registers("GICD", d, 0xd00, 0xd04, 4);
    registers("GICD", d, 0xe00, 0xe04, 4);
    registers("GICD", d, 0xf00, 0xf04, 4);
    registers("GICD", d, 0xf10, 0xf14, 4);
    registers("GICD", d, 0xfd0, 0x1000, 4);
    sizes("GICD_TYPER", d + 4);
    sizes("GICD_IPRIORITYR8", d + 0x420);
    sizes("GICD_ISENABLER1", d + 0x104);
    sticky("GICD", d, 0x000);
    sticky("GICD", d, 0x004);
    sticky("GICD", d, 0x084);
    sticky("GICD", d, 0x104);
    write32(d + 0x184, 0xffffffff);
    sticky("GICD", d, 0x420);
    sticky("GICD", d, 0xc08);
    sticky("GICD", d, 0xc04);
    sticky("GICD", d, 0xc00);
    if (board.gic_version == 3) {
        registers("GICD", d, 0x6100, 0x6108, 4);
        registers("GICD", d, 0xffd0, 0x10000, 4);
        sizes("GICD_IROUTER", d + 0x6100);
        registers("GICR", r, 0x0000, 0x0018, 4);
        registers("GICR", r, 0x0070, 0x0074, 4);
        registers("GICR", r, 0x0078, 0x007c, 4);
        registers("GICR", r, 0xffd0, 0x10000, 4);
        registers("GICR SGI", r + 0x10000, 0x080, 0x084, 4);
        registers("GICR SGI", r + 0x10000, 0x100, 0x104, 4);
        registers("GICR SGI", r + 0x10000, 0x400, 0x404, 4);
        registers("GICR SGI", r + 0x10000, 0xc00, 0xc08, 4);
        sticky("GICR SGI", r + 0x10000, 0x080);
        sticky("GICR SGI", r + 0x10000, 0x400);
        sticky("GICR SGI", r + 0x10000, 0xc00);
        sizes("GICR_TYPER", r + 8);
        sizes("GICR_WAKER", r + 0x14);
        sizes("GICR_IPRIORITYR0", r + 0x10400);
        registers("GICR behind the last", r + 0x20000 * board.cpu_count, 0, 4, 4);
    } else {
        registers("GICC", board.gicc, 0x000, 0x01c, 4);
        registers("GICC", board.gicc, 0x0d0, 0x0d4, 4);
        registers("GICC", board.gicc, 0x0fc, 0x100, 4);
    }
}

/* Lets everything pending in, bounded by time: nothing here takes 20 ms. */
static void drain(unsigned expected)
{
    uint64_t end = now() + ticks_from_us(1000000);

    irq_on();
    while (taken_count < expected && now() < end) {
        spin_a_little();
    }
    delay_us(200);
    irq_off();
}

/* All of them if they are few. */
static void show_taken(const char *name)
{
    char text[64];
    unsigned used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < taken_count && i < 16; i++) {
        format_to(text + used, sizeof(text) - used, " %u", taken[i]);
        while (text[used] != '\0') {
            used++;
        }
    }
    say("%s: %u taken%s%s\n", name, taken_count, taken_count > 0 && taken_count <= 16 ? ":" : "",
        taken_count <= 16 ? text : "");
    taken_count = 0;
}

/* Whether each SPI came once, and none before one of a higher PRIORITY (a lower number). */
static void show_order(const char *name, const uint8_t *priority)
{
    uint64_t seen = 0;
    unsigned twice = 0, late = 0;

    for (unsigned i = 0; i < taken_count; i++) {
        unsigned n = taken[i] - SPI_FIRST;

        twice += (unsigned)(seen >> n & 1);
        seen |= 1ull << n;
        if (i > 0 && priority[n] < priority[taken[i - 1] - SPI_FIRST]) {
            late++;
        }
    }
    say("%s: %u taken, twice %u\n", name, taken_count, twice);
    say("%s, in order of priority: %s\n", name, late == 0 ? "yes" : "no");
    taken_count = 0;
}

static void sgi_test(void)
{
    for (unsigned irq = 0; irq < 16; irq++) {
        irq_handle(irq, note);
        irq_priority(irq, 0x80);
        irq_enable(irq);
        irq_send(0, irq);
    }
    drain(16);
    show_taken("16 SGIs to self, in order of number");
    for (unsigned irq = 0; irq < 16; irq++) {
        irq_priority(irq, 0xf0 - irq * 8);
        irq_send(0, irq);
    }
    drain(16);
    show_taken("16 SGIs, the last with the highest priority");
    for (unsigned i = 0; i < 3; i++) {
        irq_send(0, 5);
    }
    drain(1);
    show_taken("one SGI sent three times while masked");
    irq_disable(3);
    irq_send(0, 3);
    drain(0);
    show_taken("a disabled SGI");
    say("it is pending: %d\n", irq_is_pending(3));
    irq_enable(3);
    drain(1);
    show_taken("the same, enabled");
}

/* Req: BH-GIC-003 */
static void spi_test(void)
{
    uint8_t priority[SPI_COUNT] = { 0 };

    for (unsigned irq = SPI_FIRST; irq < SPI_FIRST + SPI_COUNT; irq++) {
        irq_handle(irq, note);
        irq_edge(irq, true);
        irq_priority(irq, 0xa0);
        irq_route(irq, 0);
        irq_enable(irq);
        irq_set_pending(irq);
    }
    say("pending bits: 0x%x 0x%x\n", read32(board.gicd + 0x204), read32(board.gicd + 0x208));
    drain(SPI_COUNT);
    show_order("40 SPIs made pending by software", priority);
    say("pending bits after: 0x%x 0x%x\n", read32(board.gicd + 0x204), read32(board.gicd + 0x208));
    for (unsigned irq = SPI_FIRST; irq < SPI_FIRST + SPI_COUNT; irq++) {
        priority[irq - SPI_FIRST] = (uint8_t)((SPI_FIRST + SPI_COUNT - irq) / 8 * 8 + 0x40);
        irq_priority(irq, priority[irq - SPI_FIRST]);
        irq_set_pending(irq);
    }
    drain(SPI_COUNT);
    show_order("40 SPIs of rising priority", priority);
    irq_set_pending(SPI_FIRST);
    irq_clear_pending(SPI_FIRST);
    drain(0);
    show_taken("pending and cleared");
    irq_set_pending(SPI_FIRST + SPI_COUNT);
    say("pending while disabled: %d\n", irq_is_pending(SPI_FIRST + SPI_COUNT));
    irq_clear_pending(SPI_FIRST + SPI_COUNT);
    say("cleared: %d\n", irq_is_pending(SPI_FIRST + SPI_COUNT));
}

static void masked(void)
{
    irq_priority(1, 0x80);
    irq_priority(2, 0x40);
    irq_mask_below(0x60);
    irq_send(0, 1);
    irq_send(0, 2);
    drain(1);
    show_taken("two SGIs, one masked by the priority mask");
    irq_mask_below(0xff);
    drain(1);
    show_taken("the mask is lifted");
}

static void nested(unsigned irq)
{
    nesting++;
    nesting_max = nesting > nesting_max ? nesting : nesting_max;
    note(irq);
    if (irq == 1) {
        irq_send(0, 2); /* higher priority: preempts */
        irq_send(0, 4); /* lower: waits */
        irq_on();
        delay_us(200);
        irq_off();
        note(100 + irq);
    }
    nesting--;
}

/* Req: BH-GIC-015 */
static void preemption(void)
{
    irq_handle(1, nested);
    irq_handle(2, nested);
    irq_handle(4, nested);
    irq_priority(1, 0x80);
    irq_priority(2, 0x40);
    irq_priority(4, 0xc0);
    say("running priority when idle: 0x%x\n", irq_running_priority() & 0xff);
    irq_send(0, 1);
    drain(4);
    show_taken("a higher priority interrupts a handler, a lower one waits");
    say("handlers nested: %u\n", nesting_max);
}

/* Writes the active state by software, which not every virtual controller lets pass. */
static bool may_set_active(unsigned irq)
{
    struct caught c;

    run_instruction(0xb9000020, 1u << irq % 32, board.gicd + 0x300 + irq / 32 * 4, &c); /* str w0, [x1] */
    say("write of the active state: %s\n", caught_name(&c));
    return !c.taken;
}

static void active_state(void)
{
    unsigned value;

    irq_priority(1, 0x80);
    irq_send(0, 1);
    delay_us(50);
    value = irq_acknowledge();
    say("acknowledged by hand: %u\n", value & 0x3ff);
    say("running priority: 0x%x\n", irq_running_priority() & 0xff);
    say("active while handled: %d\n", irq_is_active(1));
    say("pending while handled: %d\n", irq_is_pending(1));
    say("acknowledged again: %u\n", irq_acknowledge() & 0x3ff);
    irq_send(0, 1);
    say("pending and active: %d\n", irq_is_pending(1));
    say("acknowledged while active: %u\n", irq_acknowledge() & 0x3ff);
    irq_end(value);
    delay_us(50);
    say("active after the end: %d\n", irq_is_active(1));
    value = irq_acknowledge();
    say("then the second one: %u\n", value & 0x3ff);
    if ((value & 0x3ff) < 1020) {
        irq_end(value);
    }
    say("nothing left: %u\n", irq_acknowledge() & 0x3ff);
    if (!may_set_active(SPI_FIRST)) {
        return;
    }
    say("made active by software: %d\n", irq_is_active(SPI_FIRST));
    irq_set_pending(SPI_FIRST);
    drain(0);
    show_taken("pending behind an active state set by software");
    irq_clear_active(SPI_FIRST);
    say("made inactive: %d\n", irq_is_active(SPI_FIRST));
    drain(1);
    show_taken("then");
}

static volatile unsigned ready;

static void other(void *argument)
{
    (void)argument;
    irq_init_cpu();
    irq_priority(7, 0x80);
    irq_enable(7);
    ready = 1;
    irq_on();
    for (;;) {
        wfi();
    }
}

static volatile unsigned got[CPU_MAX];

static void count_cpu(unsigned irq)
{
    (void)irq;
    got[cpu_id()]++;
}

/* Req: BH-GIC-011 */
static void other_cpu(void)
{
    uint64_t end;

    irq_handle(7, count_cpu);
    irq_handle(SPI_FIRST + 1, count_cpu);
    if (cpu_on(1, other, NULL) != 0) {
        say("second cpu: no\n");
        return;
    }
    while (ready == 0) {
        delay_us(50);
    }
    irq_send(1, 7);
    irq_route(SPI_FIRST + 1, 1);
    end = now() + ticks_from_us(1000000);
    while (got[1] < 1 && now() < end) {
        delay_us(50);
    }
    say("SGI to the other CPU: %u\n", got[1]);
    irq_set_pending(SPI_FIRST + 1);
    end = now() + ticks_from_us(1000000);
    while (got[1] < 2 && now() < end) {
        delay_us(50);
    }
    say("SPI routed to the other CPU: %u, here %u\n", got[1] - 1, got[0]);
    if (board.gic_version == 3) {
        say("its GICR_TYPER: 0x%x 0x%x\n", read32(board.gicr + 0x20008), read32(board.gicr + 0x2000c));
        WRITE_SYSREG(S3_0_C12_C11_5, (uint64_t)7 << 24 | 1ull << 40); /* all but self */
    } else {
        write32(board.gicd + 0xf00, 1u << 24 | 7);
    }
    isb();
    end = now() + ticks_from_us(1000000);
    while (got[1] < 3 && now() < end) {
        delay_us(50);
    }
    say("SGI to all others: %u, here %u\n", got[1] - 2, got[0]);
}

void guest_main(void)
{
    say("gic: version %u\n", board.gic_version);
    look();
    irq_init();
    sgi_test();
    spi_test();
    masked();
    preemption();
    active_state();
    if (board.cpu_count > 1) {
        other_cpu();
    }
}
