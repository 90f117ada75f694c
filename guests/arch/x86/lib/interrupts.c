/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions and interrupts: one table for all CPUs. Interrupt N of guest.h has vector 0x30 + N.
 */
#include "guest.h"

#define GATE_INTERRUPT 0x8e00u
#define STUB_SIZE 16
#define FIRST_INTERRUPT 32
#define VECTOR_NMI 2

#ifdef __x86_64__
#define CODE_SELECTOR 0x18u
struct gate { uint16_t low, selector, kind, middle; uint32_t high, unused; };
#else
#define CODE_SELECTOR 0x08u
struct gate { uint16_t low, selector, kind, middle; };
#endif
struct table_pointer { uint16_t limit; uintptr_t base; } __attribute__((packed));

extern const char vector_stubs[], just_return[], vmcall_stub[];
extern const struct { uint32_t at, next; } fixup_start[], fixup_end[];

static struct gate gates[256] __attribute__((aligned(16)));
static void (*handlers[IRQ_MAX])(unsigned irq);
static bool needs_no_end[IRQ_MAX];
/* Per CPU: is an exception expected, and the last one. */
static struct { bool armed; struct caught caught; } catching[CPU_MAX];
bool (*vector_taken)(struct frame *f);

void machine_tables_load(void)
{
    struct table_pointer pointer = { sizeof(gates) - 1, (uintptr_t)gates };

    for (unsigned vector = 0; vector < 256; vector++) {
        uintptr_t stub = (uintptr_t)vector_stubs + vector * STUB_SIZE;

        gates[vector] = (struct gate){ .low = (uint16_t)stub, .selector = CODE_SELECTOR, .kind = GATE_INTERRUPT,
                                       .middle = (uint16_t)(stub >> 16) };
    }
    __asm__ volatile("lidt %0" :: "m"(pointer));
}

void catch_begin(void)
{
    catching[cpu_id()].caught = (struct caught){ 0 };
    catching[cpu_id()].armed = true;
    __asm__ volatile("" ::: "memory");
}

bool catch_end(struct caught *c)
{
    __asm__ volatile("" ::: "memory");
    catching[cpu_id()].armed = false;
    *c = catching[cpu_id()].caught;
    return c->taken;
}

const char *caught_name(const struct caught *c)
{
    static const char *const names[] = { "divide", "debug", "nmi", "breakpoint", "overflow", "bound", "undefined",
                                         "no-fpu", "double-fault", "9", "invalid-tss", "not-present", "stack-fault",
                                         "general-protection", "page-fault", "15", "fpu", "alignment" };

    if (!c->taken) {
        return "ok";
    }
    return c->vector < sizeof(names) / sizeof(names[0]) ? names[c->vector] : "other-exception";
}

void irq_handle(unsigned irq, void (*handler)(unsigned irq))
{
    if (irq < IRQ_MAX) {
        handlers[irq] = handler;
    }
}

void irq_needs_no_end(unsigned irq)
{
    needs_no_end[irq] = true;
}

/* A CPU's own interrupts have no mask of their own but the timer's, which is not set before it is wanted. */
void irq_enable(unsigned irq) { (void)irq; }
void irq_disable(unsigned irq) { irq_handle(irq, NULL); }

static void interrupt_taken(unsigned vector)
{
    unsigned irq = vector - IRQ_VECTOR(0);

    if (irq < IRQ_MAX && handlers[irq] != NULL && !(irq == timer_irq() && timer_goes_on())) {
        handlers[irq](irq);
    }
    /* 0xff is the spurious vector, which is never in service. */
    if (vector != 0xff && (irq >= IRQ_MAX || !needs_no_end[irq])) {
        apic_write(APIC_EOI, 0);
    }
}

/* Where the code that was interrupted at AT goes on after an exception; 0 if it did not expect one. */
static uintptr_t next_after(uintptr_t at)
{
    for (unsigned i = 0; &fixup_start[i] < fixup_end; i++) {
        if (fixup_start[i].at == at) {
            return fixup_start[i].next;
        }
    }
    if (at - (uintptr_t)hypercall_page < 4096 ||
        (at >= (uintptr_t)vmcall_stub && at < (uintptr_t)just_return)) {
        return (uintptr_t)just_return;
    }
    return 0;
}

void exception_taken(struct frame *f)
{
    unsigned cpu = cpu_id();
    uintptr_t address, next;

    if (vector_taken != NULL && vector_taken(f)) {
        return;
    }
    /* An NMI is another CPU's or the hypervisor's doing, who is told that it was accepted; nothing depends on it. */
    if (f->vector == VECTOR_NMI) {
        return;
    }
    if (f->vector >= FIRST_INTERRUPT) {
        interrupt_taken((unsigned)f->vector);
        return;
    }
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    next = next_after(f->ip);
    if (cpu < CPU_MAX && catching[cpu].armed && next != 0) {
        catching[cpu].caught = (struct caught){ true, (unsigned)f->vector, (uint32_t)f->error, address, f->ip };
        f->ip = next;
        return;
    }
    say("exception: vector %u error 0x%x cpu %u ip 0x%lx address 0x%lx\n", (unsigned)f->vector, (unsigned)f->error,
        cpu, (uint64_t)f->ip, (uint64_t)address);
    say("guest: failed\n");
    machine_end(arg_is("end", "reset"));
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

void guest_lock(struct guest_lock *l)
{
    while (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE) != 0) {
        cpu_yield();
    }
}

void guest_unlock(struct guest_lock *l)
{
    __atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}
