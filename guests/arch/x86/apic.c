/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC as xAPIC and as x2APIC: registers after reset and what they keep, interrupts to oneself and to a
 * second vCPU, priorities, the timer in its modes, errors, and the ways between the modes. What is right is said by
 * Intel's SDM, volume 3, "Advanced Programmable Interrupt Controller", and AMD's APM, volume 2, chapter 16.
 *
 * "held=0" has no interrupt wait for a lower priority of the CPU: with Xen 4.17, which hands such a one to the
 * processor (V_IRQ with its priority), QEMU 7.2 gets no further.
 */
#include "xen_guest.h"

#define IRQ_LOW 3
#define IRQ_HIGH 40
#define IRQ_OTHER 5
#define BASE_BSP (1ull << 8)
#define BASE_X2 (1ull << 10)
#define BASE_ON (1ull << 11)
#define COMMAND_SELF (1u << 18)
#define COMMAND_OTHERS (3u << 18)
#define COMMAND_ALL (2u << 18)
#define COMMAND_LOWEST (1u << 8)
#define TIMER_PERIODIC (1u << 17)
#define MASKED (1u << 16)
#define MS_COUNT 100u

static volatile unsigned taken[IRQ_MAX], order[8], order_count, other_taken, ppr_inside, isr_inside;

static void taken_here(unsigned irq)
{
    taken[irq]++;
    if (order_count < ARRAY_COUNT(order)) {
        order[order_count++] = irq;
    }
    ppr_inside = apic_read(APIC_PPR);
    isr_inside = apic_read(APIC_ISR + IRQ_VECTOR(irq) / 32 * 16) >> IRQ_VECTOR(irq) % 32 & 1;
}

static void taken_there(unsigned irq)
{
    (void)irq;
    __atomic_add_fetch(&other_taken, 1, __ATOMIC_SEQ_CST);
}

static void forget(void)
{
    for (unsigned i = 0; i < IRQ_MAX; i++) {
        taken[i] = 0;
    }
    order_count = 0;
}

/* Interrupts on for a while. */
static void window(uint64_t us)
{
    irq_on();
    delay_us(us);
    irq_off();
}

static unsigned is_requested(unsigned irq)
{
    return apic_read(APIC_IRR + IRQ_VECTOR(irq) / 32 * 16) >> IRQ_VECTOR(irq) % 32 & 1;
}

static void send_self(unsigned irq)
{
    apic_send(0, COMMAND_SELF | IRQ_VECTOR(irq));
}

static void registers(const char *mode)
{
    static const struct { unsigned offset; const char *name; uint32_t value; } list[] = {
        { APIC_TPR, "tpr", 0x5a }, { APIC_SVR, "svr", 0x1ff }, { APIC_LVT_TIMER, "lvt timer", 0x300ff },
        { 0x330, "lvt thermal", 0x100fe }, { 0x340, "lvt performance", 0x100fe },
        { APIC_LVT_LINT0, "lvt lint0", 0x1a7fe }, { 0x360, "lvt lint1", 0x1a7fe },
        { APIC_LVT_ERROR, "lvt error", 0x100fe }, { APIC_TIMER_DIVIDE, "divide", 0xb },
        { APIC_TIMER_START, "timer start", 0 },
    };
    struct caught c;
    uint32_t version = apic_read(APIC_VERSION);

    say("%s id: 0x%x\n", mode, apic_read(APIC_ID));
    say("%s version: 0x%x, last lvt %u, eoi suppression %u\n", mode, version & 0xff, version >> 16 & 0xff,
        version >> 24 & 1);
    say("%s ldr: 0x%x\n", mode, apic_read(APIC_LDR));
    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        uint32_t before, after = 0;
        bool is_bad;

        catch_begin();
        before = apic_read(list[i].offset);
        if (!catch_end(&c)) {
            catch_begin();
            apic_write(list[i].offset, list[i].value);
            is_bad = catch_end(&c);
            after = apic_read(list[i].offset);
            say("%s %s: 0x%x, takes 0x%x as 0x%x%s\n", mode, list[i].name, before, list[i].value, after,
                is_bad ? ", refused" : "");
            apic_write(list[i].offset, before);
        } else {
            say("%s %s: %s\n", mode, list[i].name, caught_name(&c));
        }
    }
}

static void priorities(const char *mode)
{
    apic_write(APIC_SVR, 0x1ff);
    apic_write(APIC_TPR, 0);
    forget();
    send_self(IRQ_LOW);
    say("%s to oneself, masked: requested %u, taken %u\n", mode, is_requested(IRQ_LOW), taken[IRQ_LOW]);
    window(200);
    say("%s to oneself: requested %u, taken %u, in service inside %u, ppr inside 0x%x, ppr then 0x%x\n", mode,
        is_requested(IRQ_LOW), taken[IRQ_LOW], isr_inside, ppr_inside, apic_read(APIC_PPR));
    forget();
    send_self(IRQ_LOW);
    send_self(IRQ_LOW);
    send_self(IRQ_HIGH);
    window(200);
    say("%s two of one, then a higher: taken %u and %u, the first %s\n", mode, taken[IRQ_LOW], taken[IRQ_HIGH],
        order[0] == IRQ_HIGH ? "the higher" : "the lower");
    forget();
    apic_write(APIC_TPR, IRQ_VECTOR(IRQ_LOW) | 0xf);
    say("%s ppr under a tpr of 0x%x: 0x%x\n", mode, IRQ_VECTOR(IRQ_LOW) | 0xf, apic_read(APIC_PPR));
    if (!arg_is("held", "0")) {
        send_self(IRQ_LOW);
    }
    send_self(IRQ_HIGH);
    window(200);
    say("%s under that tpr: lower %u, higher %u\n", mode, taken[IRQ_LOW], taken[IRQ_HIGH]);
    apic_write(APIC_TPR, 0);
    window(200);
    say("%s with a tpr of 0: lower %u\n", mode, taken[IRQ_LOW]);
#ifdef __x86_64__
    __asm__ volatile("mov %0, %%cr8" :: "r"(5ull));
    say("%s cr8 of 5: tpr 0x%x\n", mode, apic_read(APIC_TPR));
    __asm__ volatile("mov %0, %%cr8" :: "r"(0ull));
#endif
}

static void errors(const char *mode)
{
    apic_write(APIC_ESR, 0);
    apic_send(board.apic_ids[0], 5);
    apic_write(APIC_ESR, 0);
    say("%s vector 5 sent: error 0x%x\n", mode, apic_read(APIC_ESR));
    apic_write(APIC_LVT_ERROR, 5);
    apic_write(APIC_ESR, 0);
    say("%s vector 5 in an lvt: error 0x%x\n", mode, apic_read(APIC_ESR));
    apic_write(APIC_LVT_ERROR, MASKED);
    apic_write(APIC_ESR, 0);
}

static void timers(const char *mode)
{
    uint32_t khz = apic_timer_khz(), last, at;
    unsigned irq = timer_irq();

    say("%s timer runs: %s\n", mode, khz != 0 ? "yes" : "no");
    forget();
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_LVT_TIMER, IRQ_VECTOR(irq));
    apic_write(APIC_TIMER_START, khz * 1000);
    last = apic_read(APIC_TIMER_NOW);
    delay_us(200);
    at = apic_read(APIC_TIMER_NOW);
    say("%s one-shot counts down: %s\n", mode, at < last && last <= khz * 1000 ? "yes" : "no");
    apic_write(APIC_TIMER_START, khz * 2);
    window(50000);
    say("%s one-shot: taken %u, now %u\n", mode, taken[irq], apic_read(APIC_TIMER_NOW));
    forget();
    apic_write(APIC_LVT_TIMER, IRQ_VECTOR(irq) | MASKED);
    apic_write(APIC_TIMER_START, khz);
    window(3000);
    say("%s masked: taken %u\n", mode, taken[irq]);
    forget();
    apic_write(APIC_LVT_TIMER, IRQ_VECTOR(irq) | TIMER_PERIODIC);
    apic_write(APIC_TIMER_START, khz * 2);
    window(MS_COUNT * 1000);
    apic_write(APIC_TIMER_START, 0);
    /* What came due since the last window waits still. */
    window(100);
    say("%s periodic: more than a quarter of what is due %s, no more than twice %s\n", mode,
        taken[irq] > MS_COUNT / 8 ? "yes" : "no", taken[irq] <= MS_COUNT ? "yes" : "no");
    forget();
    window(5000);
    say("%s stopped: taken %u\n", mode, taken[irq]);
    forget();
    apic_write(APIC_TIMER_DIVIDE, 0x3); /* by 16 */
    apic_write(APIC_LVT_TIMER, IRQ_VECTOR(irq));
    apic_write(APIC_TIMER_START, khz * 40 / 16);
    window(1000);
    say("%s divided by 16: taken too early %u\n", mode, taken[irq]);
    window(100000);
    say("%s divided by 16: taken %u\n", mode, taken[irq]);
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    if ((cpuid_read(1, 0).c >> 24 & 1) == 0) {
        say("%s tsc deadline: none\n", mode);
        return;
    }
    forget();
    timer_set(now() + ticks_from_us(20000));
    window(1000);
    say("%s tsc deadline: taken too early %u, armed %s\n", mode, taken[irq], msr_read(0x6e0) != 0 ? "yes" : "no");
    window(50000);
    say("%s tsc deadline: taken %u, armed %s\n", mode, taken[irq], msr_read(0x6e0) != 0 ? "yes" : "no");
}

static volatile bool other_ends, other_is_x2;

static void other(void *argument)
{
    (void)argument;
    irq_init_cpu();
    other_is_x2 = apic_is_x2();
    irq_on();
    while (!other_ends) {
        cpu_yield();
    }
}

static void wait_there(const char *mode, const char *name, unsigned expected)
{
    uint64_t end = now() + ticks_from_us(expected != 0 ? 1000000 : 3000);

    while (now() < end && (expected == 0 || other_taken < expected)) {
        spin_a_little();
    }
    say("%s %s: there %u, here %u\n", mode, name, other_taken, taken[IRQ_OTHER]);
    other_taken = 0;
    forget();
}

static void here_and_there(unsigned irq)
{
    if (cpu_id() == 0) {
        taken_here(irq);
    } else {
        taken_there(irq);
    }
}

static void second(const char *mode)
{
    if (board.cpu_count < 2) {
        return;
    }
    other_ends = false;
    irq_handle(IRQ_OTHER, here_and_there);
    if (cpu_on(1, other, NULL) != 0) {
        say("%s second vCPU: none\n", mode);
        return;
    }
    delay_us(5000);
    forget();
    other_taken = 0;
    say("%s second vCPU has an x2apic: %s\n", mode, other_is_x2 ? "yes" : "no");
    apic_send(board.apic_ids[1], IRQ_VECTOR(IRQ_OTHER));
    wait_there(mode, "by id", 1);
    apic_send(0, COMMAND_OTHERS | IRQ_VECTOR(IRQ_OTHER));
    wait_there(mode, "to all others", 1);
    apic_send(0, COMMAND_ALL | IRQ_VECTOR(IRQ_OTHER));
    window(1000);
    wait_there(mode, "to all", 1);
    apic_send(board.apic_ids[1], COMMAND_LOWEST | IRQ_VECTOR(IRQ_OTHER));
    wait_there(mode, "lowest priority of one", 1);
    apic_send(0x7e, IRQ_VECTOR(IRQ_OTHER));
    wait_there(mode, "to nobody", 0);
    other_ends = true;
    while (cpu_is_on(1)) {
        cpu_yield();
    }
}

static void base_say(const char *name, uint64_t value)
{
    struct caught c;

    catch_begin();
    msr_write(MSR_APIC_BASE, value);
    catch_end(&c);
    say("base %s: %s, then 0x%lx\n", name, caught_name(&c), msr_read(MSR_APIC_BASE));
}

/* What x2APIC's registers refuse (SDM, table "x2APIC Register Address Map" and what follows it). */
static void refusals(void)
{
    static const struct { const char *name; uint32_t index; bool is_write; uint64_t value; } list[] = {
        { "read id", 0x802, false, 0 }, { "write id", 0x802, true, 0 }, { "write version", 0x803, true, 0 },
        { "read eoi", 0x80b, false, 0 }, { "write eoi", 0x80b, true, 0 }, { "write eoi of 1", 0x80b, true, 1 },
        { "read apr", 0x809, false, 0 }, { "read rrd", 0x80c, false, 0 }, { "write ldr", 0x80d, true, 0 },
        { "read dfr", 0x80e, false, 0 }, { "write dfr", 0x80e, true, 0xffffffff }, { "read svr", 0x80f, false, 0 },
        { "write svr, bit 13", 0x80f, true, 0x21ff }, { "write ppr", 0x80a, true, 0 }, { "write isr", 0x810, true, 0 },
        { "write irr", 0x820, true, 0 }, { "write esr of 0", 0x828, true, 0 }, { "write esr of 1", 0x828, true, 1 },
        { "read cmci", 0x82f, false, 0 }, { "read icr", 0x830, false, 0 }, { "read icr's upper half", 0x831, false, 0 },
        { "write tpr of 0x100", 0x808, true, 0x100 }, { "write tpr, bit 32", 0x808, true, 1ull << 32 },
        { "write timer now", 0x839, true, 0 }, { "write divide, bit 2", 0x83e, true, 0x4 },
        { "read self", 0x83f, false, 0 }, { "write self of 0x130", 0x83f, true, 0x130 },
        { "write lvt timer, bit 20", 0x832, true, 1u << 20 | MASKED }, { "read 0x800", 0x800, false, 0 },
        { "read 0x840", 0x840, false, 0 }, { "read 0x8ff", 0x8ff, false, 0 }, { "read 0x80c", 0x80c, false, 0 },
    };
    struct caught c;

    for (unsigned i = 0; i < ARRAY_COUNT(list); i++) {
        catch_begin();
        if (list[i].is_write) {
            msr_write(list[i].index, list[i].value);
        } else {
            msr_read(list[i].index);
        }
        catch_end(&c);
        say("x2apic %s: %s\n", list[i].name, caught_name(&c));
    }
    apic_write(APIC_TPR, 0);
    apic_write(APIC_SVR, 0x1ff);
    forget();
    catch_begin();
    msr_write(MSR_X2APIC(APIC_SELF_IPI), IRQ_VECTOR(IRQ_LOW));
    catch_end(&c);
    window(200);
    say("x2apic self ipi: %s, taken %u\n", caught_name(&c), taken[IRQ_LOW]);
}

void guest_main(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    bool has_x2 = (cpuid_read(1, 0).c >> 21 & 1) != 0;

    irq_handle(IRQ_LOW, taken_here);
    irq_handle(IRQ_HIGH, taken_here);
    irq_handle(timer_irq(), taken_here);
    say("base at first: 0x%lx\n", base);
    say("svr at first: 0x%x\n", apic_read(APIC_SVR));
    apic_prefers_x2 = false;
    irq_init();
    registers("xapic");
    say("xapic dfr: 0x%x\n", apic_read(APIC_DFR));
    priorities("xapic");
    errors("xapic");
    timers("xapic");
    second("xapic");
    if (!has_x2) {
        say("x2apic: none\n");
        return;
    }
    base = msr_read(MSR_APIC_BASE) & ~(BASE_X2 | BASE_ON);
    base_say("off", base);
    base_say("from off to x2apic", base | BASE_X2 | BASE_ON);
    base_say("x2apic without on", base | BASE_X2);
    base_say("on", base | BASE_ON);
    base_say("x2apic", base | BASE_X2 | BASE_ON);
    base_say("back to xapic", base | BASE_ON);
    base_say("off from x2apic", base);
    base_say("on again", base | BASE_ON);
    base_say("x2apic again", base | BASE_X2 | BASE_ON);
    base_say("reserved bit 9", base | BASE_X2 | BASE_ON | 1ull << 9);
    apic_prefers_x2 = true;
    irq_init();
    registers("x2apic");
    priorities("x2apic");
    errors("x2apic");
    timers("x2apic");
    refusals();
    second("x2apic");
}
