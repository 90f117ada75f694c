/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an arm64 test guest has beyond guest.h: the GIC, system registers, EL0, PSCI.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
/* The physical counter at the first instruction. */
extern uint64_t boot_counter;
void console_init(void);
void fdt_read(const void *fdt);

/* An exception that catch_begin() let happen. */
struct caught {
    bool taken;
    unsigned kind;
    uint64_t esr, far, elr;
    int64_t displaced; /* run_instruction(): how far behind an undefined instruction its exception returns; 0 is right */
};
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

/* Interrupts, as the GIC has them. A handler runs after the acknowledge and before the end of interrupt. */
void irq_priority(unsigned irq, unsigned priority);
void irq_edge(unsigned irq, bool is_edge);
void irq_set_pending(unsigned irq);
void irq_clear_pending(unsigned irq);
void irq_set_active(unsigned irq);
void irq_clear_active(unsigned irq);
bool irq_is_pending(unsigned irq);
bool irq_is_active(unsigned irq);
void irq_route(unsigned irq, unsigned cpu);
void irq_mask_below(unsigned priority); /* the CPU's priority mask */
unsigned irq_running_priority(void);
unsigned irq_acknowledge(void);
void irq_end(unsigned irq);
void irq_dispatch(void);
uint64_t irq_local_base(void);  /* where this CPU's SGI and PPI registers are, as GICD_* offsets count */
#define IRQ_SPURIOUS 1023
static inline void irq_on(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
static inline void irq_off(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }

/* What secondary_start finds at the address that PSCI gives it; cpu_on() returns what PSCI said. */
struct cpu_start { uint64_t index; void (*function)(void *); void *argument; };
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
static inline uint64_t counter_read(void) { return READ_SYSREG(cntvct_el0); }
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
static inline void write16(uint64_t a, uint16_t v) { __asm__ volatile("strh %w0, [%1]" :: "r"(v), "r"(a) : "memory"); }
static inline void write8(uint64_t a, uint8_t v) { __asm__ volatile("strb %w0, [%1]" :: "r"(v), "r"(a) : "memory"); }

/*
 * Translation tables, as xen_home.c makes them: one table a page, pages of 4 KiB, levels from the root (VMSAv8-64 with
 * 39 bits). An entry is for normal memory, inner shareable, not global; each space has an ASID.
 */
typedef uint64_t table_entry_t;
#define TABLE_LEVELS 3
#define TABLE_BITS 9
#define TABLE_ADDRESS 0x0000fffffffff000ull
enum page_rights { PAGE_READ = 0, PAGE_WRITE = 1, PAGE_EXECUTE = 2, PAGE_DEVICE = 4 };
static inline table_entry_t table_entry(uint64_t address) { return address | 0x3; }
static inline table_entry_t page_entry(uint64_t address, unsigned rights)
{
    return address | 0xf03 | ((rights & PAGE_DEVICE) != 0 ? 0 : 1u << 2) | ((rights & PAGE_WRITE) != 0 ? 0 : 1u << 7) |
           ((rights & PAGE_EXECUTE) != 0 ? 1ull << 54 : 3ull << 53);
}
static inline uint64_t space_root(unsigned space, uint64_t address) { return address | (uint64_t)(space + 1) << 48; }
static inline void space_enter(uint64_t root)
{
    __asm__ volatile("msr ttbr0_el1, %0; isb; tlbi vmalle1; dsb ish; isb" :: "r"(root) : "memory");
}
/* The page at AT was written with code in it. */
static inline void code_written(const void *at)
{
    for (unsigned i = 0; i < 4096; i += 16) {
        __asm__ volatile("dc cvau, %0" :: "r"((const char *)at + i) : "memory");
    }
    __asm__ volatile("dsb ish; ic ialluis; dsb ish; isb" ::: "memory");
}

/*
 * Xen. BEYOND_TABLES is an address that the tables have no level for, EMPTY_GFN is behind 60 GiB, where no memory is,
 * BEYOND_GFN behind what addresses reach.
 */
#define EMPTY_GFN 0xf00000u
#define BEYOND_GFN (1ull << 36)
/* A low page that is no memory. */
#define LOW_GFN 0u
/* The distributor of GICv2 (arch-arm.h). */
#define DEVICE_GFN 0x3001u
/* A device's page that may be written to at random. */
#define HARMLESS_DEVICE_GFN DEVICE_GFN
/* No parameter is dangerous to set. */
#define DEADLY_PARAMETER 0xffffffffu
/* A grant may be mapped over another one's mapping, whatever comes of it. */
#define DEADLY_MAP_OVER false
/* All operations on vCPUs may be tried. */
#define HARMLESS_VCPU_OPERATION 0u
#define BEYOND_TABLES 0x0000100000000000ull
/* Puts a function at AT, where a page begins, that returns 42. */
static inline void code_write(uint64_t at)
{
    volatile uint32_t *p = (volatile uint32_t *)at;

    p[0] = 0x52800540; /* mov w0, #42 */
    p[1] = 0xd65f03c0; /* ret */
    code_written((const void *)at);
}
static inline int64_t hypercall5(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    register uint64_t x0 __asm__("x0") = a;
    register uint64_t x1 __asm__("x1") = b;
    register uint64_t x2 __asm__("x2") = c;
    register uint64_t x3 __asm__("x3") = d;
    register uint64_t x4 __asm__("x4") = e;
    register uint64_t x16 __asm__("x16") = number;

    __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16) :: "memory");
    return (int64_t)x0;
}
static inline int64_t hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return hypercall5(number, a, b, c, d, 0);
}

#endif
