/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start, exceptions, EL0, PSCI, further CPUs and the end, as arm64 has them.
 */
#include "guest.h"

enum { KIND_SYNC, KIND_IRQ, KIND_FIQ, KIND_SERROR };

uint64_t boot_counter;
/* Per CPU: is an exception expected, and the last one. */
static struct { bool armed; struct caught caught; } catching[CPU_MAX];
static struct cpu_start starts[CPU_MAX];
static uint32_t code[CPU_MAX][16] __attribute__((aligned(64)));
static uint64_t after_el0[CPU_MAX];

void guest_start(const void *fdt);

void guest_start(const void *fdt)
{
    fdt_read(fdt);
    console_init();
    guest_main();
    guest_end();
}

void catch_begin(void)
{
    catching[cpu_id()].caught = (struct caught){ 0 };
    catching[cpu_id()].armed = true;
    __asm__ volatile("" ::: "memory");
}

bool catch_end(struct caught *c)
{
    dsb();
    isb();
    catching[cpu_id()].armed = false;
    *c = catching[cpu_id()].caught;
    return c->taken;
}

const char *caught_name(const struct caught *c)
{
    if (!c->taken) {
        return "ok";
    }
    if (c->kind == KIND_SERROR) {
        return "serror";
    }
    switch (ESR_EC(c->esr)) {
    case 0x00: return "undefined";
    case 0x07: return "fp-trap";
    case 0x0e: return "illegal-state";
    case 0x15: return "svc";
    case 0x16: return "hvc-trap";
    case 0x17: return "smc-trap";
    case 0x18: return "sysreg-trap";
    case 0x19: return "sve-trap";
    case 0x20:
    case 0x21: return "instruction-abort";
    case 0x24:
    case 0x25: return "data-abort";
    case 0x22: return "pc-alignment";
    case 0x26: return "sp-alignment";
    case 0x3c: return "brk";
    default: return "other-exception";
    }
}

uint64_t run_instruction(uint32_t instruction, uint64_t x0, uint64_t x1, struct caught *c)
{
    uint64_t x[2] = { x0, x1 };

    run_instruction_on(instruction, x, c);
    return x[0];
}

void run_instruction_on(uint32_t instruction, uint64_t x[2], struct caught *c)
{
    uint32_t *at = code[cpu_id()];
    register uint64_t r0 __asm__("x0") = x[0];
    register uint64_t r1 __asm__("x1") = x[1];
    register uint32_t *r9 __asm__("x9") = at;

    at[0] = instruction;
    at[1] = 0xd65f03c0; /* ret */
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" :: "r"(at) : "memory");
    catch_begin();
    __asm__ volatile("blr x9" : "+r"(r0), "+r"(r1), "+r"(r9)
                     :: "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
                        "x17", "x30", "cc", "memory");
    catch_end(c);
    c->displaced = c->taken && ESR_EC(c->esr) == 0 ? (int64_t)(c->elr - (uint64_t)at) : 0;
    x[0] = r0;
    x[1] = r1;
}

#define ROOT_INDEX_EL0 4 /* this GiB of addresses and the next show EL0 our memory and the devices */
#define EL0_ALIAS(address) (((uint64_t)(address) & 0x3fffffff) | (uint64_t)ROOT_INDEX_EL0 << 30)
#define ENTRY_FOR_EL0 0x840ull /* AP[1], nG */

uint64_t el0_device(uint64_t address)
{
    return address + ((uint64_t)(ROOT_INDEX_EL0 + 1) << 30);
}

void run_at_el0(uint32_t instruction, uint64_t x[2], struct caught *c)
{
    uint64_t *root = (uint64_t *)(READ_SYSREG(ttbr0_el1) & 0x0000fffffffff000ull);
    uint32_t *at = code[cpu_id()];
    register uint64_t r0 __asm__("x0") = x[0];
    register uint64_t r1 __asm__("x1") = x[1];

    root[ROOT_INDEX_EL0] = root[(uint64_t)at >> 30] | ENTRY_FOR_EL0;
    root[ROOT_INDEX_EL0 + 1] = root[0] | ENTRY_FOR_EL0;
    __asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" ::: "memory");
    at[0] = instruction;
    at[1] = 0xd4000001; /* svc #0 */
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" :: "r"(at) : "memory");
    catch_begin();
    __asm__ volatile("adr x2, 1f\n\tstr x2, [%2]\n\tmsr elr_el1, %3\n\tmsr spsr_el1, %4\n\teret\n1:"
                     : "+r"(r0), "+r"(r1)
                     : "r"(&after_el0[cpu_id()]), "r"(EL0_ALIAS(at)), "r"(0x3c0ull)
                     : "x2", "cc", "memory");
    catch_end(c);
    x[0] = r0;
    x[1] = r1;
}

/* What ended the instruction at EL0: its exception, or the SVC behind it. Back to EL1 with its registers. */
static void end_el0(struct frame *f, unsigned kind, uint64_t esr, uint64_t far)
{
    unsigned cpu = cpu_id();

    if (kind != KIND_SYNC || ESR_EC(esr) != 0x15) { /* SVC */
        catching[cpu].caught = (struct caught){ true, kind, esr, far, f->elr, 0 };
    }
    f->elr = after_el0[cpu];
    f->spsr = 0x3c5;
}

void exception_taken(struct frame *f, unsigned kind)
{
    unsigned cpu = cpu_id();
    uint64_t esr = READ_SYSREG(esr_el1), far = READ_SYSREG(far_el1);

    if ((f->spsr & 0x1f) == 0 && kind % 4 != KIND_IRQ && cpu < CPU_MAX && catching[cpu].armed) {
        end_el0(f, kind % 4, esr, far);
        return;
    }
    if (kind == KIND_IRQ) {
        irq_dispatch();
        return;
    }
    if ((kind == KIND_SYNC || kind == KIND_SERROR) && cpu < CPU_MAX && catching[cpu].armed) {
        catching[cpu].caught = (struct caught){ true, kind, esr, far, f->elr, 0 };
        if (kind == KIND_SERROR) {
            return;
        }
        /* A failed fetch goes back to its caller; after SVC the return address is already the next one. Whatever
         * address came with an exception in run_instruction()'s code, go on with its return. */
        if (ESR_EC(esr) == 0x21 || ESR_EC(esr) == 0x22) {
            f->elr = f->x[30];
        } else if (f->elr - (uint64_t)code[cpu] < sizeof(code[0])) {
            f->elr = (uint64_t)&code[cpu][1];
        } else if (ESR_EC(esr) != 0x15) {
            f->elr += 4;
        }
        return;
    }
    say("exception: kind %u cpu %u esr 0x%lx far 0x%lx elr image+0x%lx spsr 0x%lx\n", kind, cpu, esr, far,
        f->elr - (uint64_t)_head, f->spsr);
    say("guest: failed\n");
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) {
        wfi();
    }
}

struct smccc smccc_hvc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
    register uint64_t r0 __asm__("x0") = x0;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;

    __asm__ volatile("hvc #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     :: "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
                        "memory");
    return (struct smccc){ { r0, r1, r2, r3 } };
}

int64_t psci(uint32_t function, uint64_t a, uint64_t b, uint64_t c)
{
    return (int64_t)smccc_hvc(function, a, b, c).x[0];
}

int64_t cpu_on(unsigned cpu, void (*function)(void *), void *argument)
{
    starts[cpu] = (struct cpu_start){ cpu, function, argument };
    dsb();
    return psci(PSCI_CPU_ON | PSCI_64, cpu, (uint64_t)secondary_start, (uint64_t)&starts[cpu]);
}

void cpu_off(void)
{
    irq_off();
    psci(PSCI_CPU_OFF, 0, 0, 0);
}

bool cpu_is_on(unsigned cpu) { return psci(PSCI_AFFINITY_INFO | PSCI_64, cpu, 0, 0) == 0; }
void cpu_await(void) { __asm__ volatile("wfe"); }
void cpu_notify(void) { __asm__ volatile("dsb sy; sev"); }

void machine_end(bool restart)
{
    psci(restart ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
}

unsigned timer_irq(void) { return board.vtimer_irq; }
bool timer_is_waiting(void) { return READ_SYSREG(cntv_ctl_el0) == 1; }
bool timer_has_fired(void) { return (READ_SYSREG(cntv_ctl_el0) & 4) != 0; }

void timer_set(uint64_t deadline)
{
    WRITE_SYSREG(cntv_cval_el0, deadline);
    WRITE_SYSREG(cntv_ctl_el0, 1);
    isb();
}

void timer_stop(void)
{
    WRITE_SYSREG(cntv_ctl_el0, 0);
    isb();
}

bool hypercall_keeps_registers(void)
{
    struct caught c;
    uint64_t kept[2];

    catch_begin();
    __asm__ volatile("mov x20, #0x1234\n mov x5, #0x5678\n mov x0, #0\n mov x1, #0\n mov x16, #17\n hvc #0xea1\n"
                     "mov %0, x20\n mov %1, x5\n"
                     : "=r"(kept[0]), "=r"(kept[1])
                     :: "x0", "x1", "x2", "x3", "x4", "x5", "x16", "x20", "memory");
    catch_end(&c);
    return kept[0] == 0x1234 && kept[1] == 0x5678;
}
