/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test guest has: a console, facts about its board, exceptions it may expect, an interrupt controller,
 * timers, other CPUs, PSCI and Xen's hypercalls. A guest is one file with one function, guest_main().
 *
 * Results are lines "name: value"; the last one is "guest: done". What is compared between two hypervisors must not
 * depend on time.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_MAX 8
#define CONSOLE_LINE_MAX 256

/* What the device tree said, else what Xen's arch-arm.h promises (GUEST_*). */
struct board {
    unsigned gic_version;       /* 2 or 3 */
    uint64_t gicd, gicc, gicr;  /* gicc: version 2 only; gicr: version 3 only */
    uint64_t uart;              /* 0: none */
    bool uart_is_sbsa;
    bool has_xen;               /* there is a node "xen,xen" */
    unsigned cpu_count;
    uint64_t memory_base, memory_size; /* first bank */
    unsigned ptimer_irq, vtimer_irq;
    char bootargs[256];
};
extern struct board board;
/* The physical counter at the first instruction. */
extern uint64_t boot_counter;
extern char _head[], image_end[];

/* The test itself, on CPU 0 with interrupts masked. Returning ends the guest. */
void guest_main(void);
/* Prints "guest: done" and ends as "end=" on the command line says: off (default), reset, wait, spin. */
__attribute__((noreturn)) void guest_end(void);
/* NAME=NUMBER on the command line (decimal or 0x...), else OTHERWISE. */
uint64_t arg_number(const char *name, uint64_t otherwise);
/* True if NAME=VALUE is on the command line. */
bool arg_is(const char *name, const char *value);

/* Console: %d %u %x %lx %lu %s %c, with a width and a leading 0. One call is printed as a whole. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 3, 4))) void format_to(char *out, size_t size, const char *format, ...);
void console_init(void);
int string_compare(const char *a, const char *b);
void fdt_read(const void *fdt);

/* Exceptions: between catch_begin() and catch_end() a synchronous one is noted and its instruction skipped. */
struct caught {
    bool taken;
    unsigned kind;
    uint64_t esr, far, elr;
    int64_t displaced; /* run_instruction(): how far behind an undefined instruction its exception returns; 0 is right */
};
void catch_begin(void);
/* True if there was an exception; *C says which. */
bool catch_end(struct caught *c);
/* "ok", "undefined", "abort"...: a stable word for what happened. */
const char *caught_name(const struct caught *c);
/* Runs one instruction with x0 and x1 as given; x0 afterwards. */
uint64_t run_instruction(uint32_t instruction, uint64_t x0, uint64_t x1, struct caught *c);
/* The same, with both registers afterwards. */
void run_instruction_on(uint32_t instruction, uint64_t x[2], struct caught *c);
/* The same at EL0, which sees our memory somewhere else, and the device at ADDRESS at el0_device(ADDRESS). */
void run_at_el0(uint32_t instruction, uint64_t x[2], struct caught *c);
uint64_t el0_device(uint64_t address);
struct frame { uint64_t x[31], elr, spsr; };
void exception_taken(struct frame *f, unsigned kind);
#define ESR_EC(esr) (((esr) >> 26) & 0x3f)

/* Interrupts. A handler runs after the acknowledge and before the end of interrupt. */
void irq_init(void);            /* the distributor and CPU 0 */
void irq_init_cpu(void);        /* any further CPU, itself */
void irq_handle(unsigned irq, void (*handler)(unsigned irq));
void irq_enable(unsigned irq);
void irq_disable(unsigned irq);
void irq_priority(unsigned irq, unsigned priority);
void irq_edge(unsigned irq, bool is_edge);
void irq_set_pending(unsigned irq);
void irq_clear_pending(unsigned irq);
void irq_set_active(unsigned irq);
void irq_clear_active(unsigned irq);
bool irq_is_pending(unsigned irq);
bool irq_is_active(unsigned irq);
void irq_route(unsigned irq, unsigned cpu);
void irq_send(unsigned cpu, unsigned sgi);
void irq_mask_below(unsigned priority); /* the CPU's priority mask */
unsigned irq_running_priority(void);
unsigned irq_acknowledge(void);
void irq_end(unsigned irq);
void irq_dispatch(void);
uint64_t irq_local_base(void);  /* where this CPU's SGI and PPI registers are, as GICD_* offsets count */
#define IRQ_SPURIOUS 1023
static inline void irq_on(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
static inline void irq_off(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }

/* Other CPUs. cpu_on() returns what PSCI said; FUNCTION's return turns the CPU off. */
struct cpu_start { uint64_t index; void (*function)(void *); void *argument; };
int64_t cpu_on(unsigned cpu, void (*function)(void *), void *argument);
void cpu_off(void);
extern char secondary_start[];
static inline unsigned cpu_id(void)
{
    uint64_t id;

    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(id));
    return (unsigned)id;
}
int64_t psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c);
struct smccc { uint64_t x[4]; };
/* HVC #0 by the SMC calling convention. */
struct smccc smccc_hvc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

#define PSCI_VERSION           0x84000000u
#define PSCI_CPU_SUSPEND       0x84000001u
#define PSCI_CPU_OFF           0x84000002u
#define PSCI_CPU_ON            0x84000003u
#define PSCI_AFFINITY_INFO     0x84000004u
#define PSCI_MIGRATE           0x84000005u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF        0x84000008u
#define PSCI_SYSTEM_RESET      0x84000009u
#define PSCI_FEATURES          0x8400000au
#define PSCI_64                0x40000000u

/* Time, in ticks of the counter. */
#define READ_SYSREG(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_) :: "memory"); v_; })
#define WRITE_SYSREG(name, value) __asm__ volatile("msr " #name ", %0" :: "r"((uint64_t)(value)) : "memory")
static inline void isb(void) { __asm__ volatile("isb" ::: "memory"); }
static inline void dsb(void) { __asm__ volatile("dsb sy" ::: "memory"); }
static inline void wfi(void) { __asm__ volatile("dsb sy; wfi" ::: "memory"); }
static inline void cpu_yield(void) { __asm__ volatile("yield" ::: "memory"); }
static inline uint64_t now(void) { isb(); return READ_SYSREG(cntvct_el0); }
static inline uint64_t ticks_from_us(uint64_t us) { return us * READ_SYSREG(cntfrq_el0) / 1000000; }
/* A few hundred instructions, then others may run: reading the counter in a tight loop is slow under -icount. */
static inline void spin_a_little(void)
{
    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("" ::: "memory");
    }
    cpu_yield();
}
static inline void delay_us(uint64_t us)
{
    uint64_t end = now() + ticks_from_us(us);

    while (now() < end) {
        spin_a_little();
    }
}

/* Device registers. */
static inline uint32_t read32(uint64_t a)
{
    uint32_t v;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
    return v;
}
static inline uint64_t read64(uint64_t a)
{
    uint64_t v;

    __asm__ volatile("ldr %0, [%1]" : "=r"(v) : "r"(a) : "memory");
    return v;
}
static inline uint8_t read8(uint64_t a)
{
    uint32_t v;

    __asm__ volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(a) : "memory");
    return (uint8_t)v;
}
static inline void write32(uint64_t a, uint32_t v) { __asm__ volatile("str %w0, [%1]" :: "r"(v), "r"(a) : "memory"); }
static inline void write64(uint64_t a, uint64_t v) { __asm__ volatile("str %0, [%1]" :: "r"(v), "r"(a) : "memory"); }
static inline void write8(uint64_t a, uint8_t v) { __asm__ volatile("strb %w0, [%1]" :: "r"(v), "r"(a) : "memory"); }

/* Xen. */
static inline int64_t hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x3 __asm__("x3") = d;
    register uint64_t x4 __asm__("x4") = 0;
    register uint64_t x16 __asm__("x16") = number;

    __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16) :: "memory");
    return (int64_t)x0;
}

/* A small, seeded source of numbers (xorshift64*), the same for the same seed. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull;
}

/* The lock that say() uses; for guests on several CPUs. */
struct guest_lock { uint32_t taken; };
void guest_lock(struct guest_lock *l);
void guest_unlock(struct guest_lock *l);

#endif
