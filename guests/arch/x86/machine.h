/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an x86 test guest has beyond guest.h: model-specific registers, CPUID, the local APIC, ports. The same sources
 * are built for 64-bit mode and for protected mode.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the start info, the ACPI tables and CPUID said. */
struct board {
    bool has_xen;
    uint32_t xen_leaf;          /* Xen's first CPUID leaf */
    unsigned cpu_count;
    uint32_t apic_ids[8];       /* CPU_MAX */
    uint64_t memory_base, memory_size; /* the region of RAM that the image is in */
    uint64_t tsc_khz;
    char bootargs[256];
};

/* The TSC at the first instruction. */
extern uint64_t boot_counter;

/* An exception that catch_begin() let happen. */
struct caught {
    bool taken;
    unsigned vector;
    uint32_t error;
    uintptr_t address, at; /* CR2, and the instruction */
};

/* What the stubs of start.S save, from the top of the stack. */
struct frame {
#ifdef __x86_64__
    unsigned long r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, bx, dx, cx, ax;
#else
    unsigned long di, si, bp, unused, bx, dx, cx, ax;
#endif
    unsigned long vector, error, ip, cs, flags;
};

/*
 * An instruction that may fail: FIXUP(instruction) notes where the exception returns to, which is behind it. Its result
 * is then what it was before.
 */
#define FIXUP(instruction) \
    "1: " instruction "\n2:\n.pushsection .fixup, \"a\"\n.long 1b, 2b\n.popsection\n"

/* One vCPU's stack is this large, and aligned as a row of them: where the stack is says which CPU it is. */
#define STACK_SHIFT 14
extern char stacks[];
static inline unsigned cpu_id(void)
{
    return (unsigned)(((uintptr_t)__builtin_frame_address(0) - (uintptr_t)stacks) >> STACK_SHIFT);
}

static inline void irq_on(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void irq_off(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void cpu_yield(void) { __asm__ volatile("pause" ::: "memory"); }
/* Interrupts are masked: until one is pending, which is left pending. */
static inline void wfi(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }
static inline void dsb(void) { __asm__ volatile("lock; addl $0, (%0)" :: "r"(__builtin_frame_address(0)) : "memory"); }
static inline void isb(void) { __asm__ volatile("" ::: "memory"); }

/* Time, in ticks of the time stamp counter. */
static inline uint64_t counter_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) :: "memory");
    return (uint64_t)high << 32 | low;
}
static inline uint64_t now(void) { return counter_read(); }
uint64_t ticks_from_us(uint64_t us);
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
    uint32_t v = 0;

    __asm__ volatile(FIXUP("movl (%1), %0") : "+r"(v) : "r"((uintptr_t)a) : "memory");
    return v;
}
static inline uint8_t read8(uint64_t a)
{
    uint32_t v = 0;

    __asm__ volatile(FIXUP("movzbl (%1), %0") : "+r"(v) : "r"((uintptr_t)a) : "memory");
    return (uint8_t)v;
}
static inline uint64_t read64(uint64_t a) { return (uint64_t)read32(a + 4) << 32 | read32(a); }
static inline void write32(uint64_t a, uint32_t v)
{
    __asm__ volatile(FIXUP("movl %0, (%1)") :: "r"(v), "r"((uintptr_t)a) : "memory");
}
static inline void write64(uint64_t a, uint64_t v)
{
    write32(a, (uint32_t)v);
    write32(a + 4, (uint32_t)(v >> 32));
}
static inline void write16(uint64_t a, uint16_t v)
{
    __asm__ volatile(FIXUP("movw %w0, (%1)") :: "r"(v), "r"((uintptr_t)a) : "memory");
}
static inline void write8(uint64_t a, uint8_t v)
{
    __asm__ volatile(FIXUP("movb %b0, (%1)") :: "q"(v), "r"((uintptr_t)a) : "memory");
}

/* Model-specific registers and CPUID. The first two take part in what catch_begin() lets happen. */
static inline uint64_t msr_read(uint32_t index)
{
    uint32_t low = 0, high = 0;

    __asm__ volatile(FIXUP("rdmsr") : "+a"(low), "+d"(high) : "c"(index) : "memory");
    return (uint64_t)high << 32 | low;
}
static inline void msr_write(uint32_t index, uint64_t value)
{
    __asm__ volatile(FIXUP("wrmsr") :: "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(index) : "memory");
}
struct cpuid { uint32_t a, b, c, d; };
static inline struct cpuid cpuid_read(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}
#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC(offset) (0x800u + (offset) / 16)

/* The local APIC: registers by their offsets (Intel SDM, volume 3, table "Local APIC Register Address Map"). */
#define APIC_ID       0x020
#define APIC_VERSION  0x030
#define APIC_TPR      0x080
#define APIC_PPR      0x0a0
#define APIC_EOI      0x0b0
#define APIC_LDR      0x0d0
#define APIC_DFR      0x0e0
#define APIC_SVR      0x0f0
#define APIC_ISR      0x100
#define APIC_TMR      0x180
#define APIC_IRR      0x200
#define APIC_ESR      0x280
#define APIC_ICR      0x300
#define APIC_ICR_HIGH 0x310
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_ERROR 0x370
#define APIC_TIMER_START 0x380
#define APIC_TIMER_NOW   0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_SELF_IPI 0x3f0
#define APIC_ADDRESS 0xfee00000u
uint32_t apic_read(unsigned offset);
void apic_write(unsigned offset, uint32_t value);
bool apic_is_x2(void);
/* An interprocessor interrupt: COMMAND is the lower half of the ICR. */
void apic_send(uint32_t apic_id, uint32_t command);
/* Software-enabled, as an x2APIC if there is one and it is preferred. */
extern bool apic_prefers_x2;
void apic_enable(void);
/* True if the timer's interrupt came before its deadline, an earlier one's or measured wrongly: it is set anew. */
bool timer_goes_on(void);
/* Counts of the APIC's timer (divided by one) in a millisecond. */
uint32_t apic_timer_khz(void);

/* The vector of interrupt IRQ. A handler of a vector that needs no end of interrupt says so. */
#define IRQ_MAX 128u
#define IRQ_VECTOR(irq) (0x30u + (irq))
void irq_needs_no_end(unsigned irq);
/* What is done with a vector that has no handler, and with exceptions: the guest's own test. True if it is settled. */
extern bool (*vector_taken)(struct frame *f);
void exception_taken(struct frame *f);
void machine_tables_load(void);

/*
 * Translation tables, as xen_home.c makes them: one table a page, pages of 4 KiB, levels from the root. In protected
 * mode without PAE there are two levels.
 */
#ifdef __x86_64__
typedef uint64_t table_entry_t;
#define TABLE_LEVELS 4
#define TABLE_BITS 9
#else
typedef uint32_t table_entry_t;
#define TABLE_LEVELS 2
#define TABLE_BITS 10
#endif
#define TABLE_ADDRESS (~0xfffull)
enum page_rights { PAGE_READ = 0, PAGE_WRITE = 1, PAGE_EXECUTE = 2, PAGE_DEVICE = 4 };
static inline table_entry_t table_entry(uint64_t address) { return (table_entry_t)address | 0x7; }
static inline table_entry_t page_entry(uint64_t address, unsigned rights)
{
    return (table_entry_t)address | 0x1 | ((rights & PAGE_WRITE) != 0 ? 0x2 : 0) |
           ((rights & PAGE_DEVICE) != 0 ? 0x18 : 0);
}
static inline uint64_t space_root(unsigned space, uint64_t address) { return space < 2 ? address : 0; }
static inline void space_enter(uint64_t root)
{
    __asm__ volatile("mov %0, %%cr3" :: "r"((uintptr_t)root) : "memory");
}
static inline void code_written(const void *at) { (void)at; }

/*
 * Xen. BEYOND_TABLES is an address that nothing is at, EMPTY_GFN a page of the guest's where no memory is, BEYOND_GFN
 * one that no address reaches.
 */
#define BEYOND_GFN (sizeof(void *) == 8 ? 1ull << 36 : 1ull << 31)
#define EMPTY_GFN (sizeof(void *) == 8 ? 0xf00000u : 0xe0000u)
#define BEYOND_TABLES (sizeof(void *) == 8 ? 0x0000100000000000ull : 0xc0400000ull)
/* HVM_PARAM_VM86_TSS_SIZED. */
#define DEADLY_PARAMETER 37u
/* Xen 4.17 ends a partition that maps a grant over another one's mapping. */
#define DEADLY_MAP_OVER true
/* The operations before this one start and stop vCPUs. */
#define HARMLESS_VCPU_OPERATION 3u
/* A low page that is no memory: one of the hole below the local APIC. */
#define LOW_GFN 0xe0001u
#define DEVICE_GFN (APIC_ADDRESS >> 12)
/* Puts a function at AT, where a page begins, that returns 42. */
static inline void code_write(uint64_t at)
{
    static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */

    for (unsigned i = 0; i < sizeof(code); i++) {
        ((volatile uint8_t *)(uintptr_t)at)[i] = code[i];
    }
}
/* A page that may be written to at random, where a device could be: there is none but the local APIC. */
#define HARMLESS_DEVICE_GFN LOW_GFN
extern uint8_t hypercall_page[];
#define HYPERCALL_COUNT 128u
#define HYPERCALL_SIZE 32u
int64_t hypercall5(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
static inline int64_t hypercall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return hypercall5(number, a, b, c, d, 0);
}

#endif
