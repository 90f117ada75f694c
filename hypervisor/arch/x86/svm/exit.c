/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a guest left its CPU (AMD APM volume 2, 15.7 to 15.25, appendix C), and what is done. Runs with GIF clear, to
 * completion; what is pending for the vCPU is settled on the way back.
 */
#include "../context.h"
#include "../cpu_registers.h"
#include "../cpuid_policy.h"
#include "../cr_policy.h"
#include "../emulate.h"
#include "../guest_walk.h"
#include "../hvm.h"
#include "../hypercall_x86.h"
#include "../instruction.h"
#include "../irq.h"
#include "../msr_policy.h"
#include "../tlb.h"
#include "svm.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/counters.h"
#include "bh/domain.h"
#include "bh/hyp_audit.h"
#include "bh/vcpu.h"

#define DR6_SINGLE_STEP BIT(14)

/* Ports of the interval timer (Intel 8254). */
#define PIT_COUNTER_0 0x40U
#define PIT_COUNTER_2 0x42U

/* VMMCALL without prefixes, which is what Xen's hypercall page has and what everybody writes. */
#define VMMCALL_LENGTH 3

/* ---- The next instruction ---- */

/* Req: BH-PC-035 */
/* 64-bit code goes on behind its instruction of LENGTH bytes. */
static ALWAYS_INLINE void skip_in_64bit(struct vmcb *b, unsigned length)
{
    b->rip += length;
    b->interrupt_shadow &= ~(uint64_t)SHADOW_INTERRUPT;
    if (unlikely((b->rflags & RFLAGS_TF) != 0)) {
        b->dr6 |= DR6_SINGLE_STEP;
        hvm_inject(EXCEPTION_DB);
    }
}

static void skip(struct vmcb *b, unsigned length)
{
    skip_in_64bit(b, length);
    if (!hvm_is_64bit_code()) {
        b->rip = (uint32_t)b->rip;
    }
}

void hvm_skip(unsigned length)
{
    skip(LOADED_VMCB, length);
}

static ALWAYS_INLINE enum instruction_mode code_mode(void)
{
    unsigned bits = hvm_code_bits();

    return bits == 64 ? INSTRUCTION_64 : bits == 32 ? INSTRUCTION_32 : INSTRUCTION_16;
}

static FLAT NOINLINE unsigned read_length(struct vcpu *v, enum instruction_exit expected)
{
    bool is_64bit = hvm_is_64bit_code();
    enum instruction_mode mode = likely(is_64bit) ? INSTRUCTION_64 : code_mode();
    uint64_t address = likely(is_64bit) ? LOADED_VMCB->rip : hvm_code_address();
    uint8_t bytes[GUEST_FETCH_SIZE];
    unsigned count = guest_fetch(v, address, bytes), length;

    if (unlikely(instruction_length_of(bytes, count, mode, expected, &length) != 0)) {
        hvm_inject(EXCEPTION_UD);
        return 0;
    }
    return length;
}

/*
 * The length of the instruction that the guest exited for, EXPECTED. 0: what is at RIP now is another one, since the
 * guest changed it meanwhile; it gets #UD for that.
 */
static ALWAYS_INLINE unsigned exit_length(struct vcpu *v, const struct vmcb *b, enum instruction_exit expected)
{
    return svm_saves_next_rip ? (unsigned)(b->next_rip - b->rip) & 0xf : read_length(v, expected);
}

static void skip_instruction(struct vcpu *v, struct vmcb *b, enum instruction_exit expected)
{
    unsigned length = exit_length(v, b, expected);

    if (length != 0) {
        skip(b, length);
    }
}

/* ---- Exits ---- */

/* Req: BH-CPUID-001 */
static void cpuid_exit(struct vcpu *v, struct vmcb *b)
{
    unsigned length = exit_length(v, b, INSTRUCTION_CPUID);
    struct vcpu_regs *s = LOADED_STATE;
    struct cpuid_leaf leaf;
    struct cpuid_vcpu who = {
        .apic_id = v->id,
        .vcpu_count = v->domain->vcpu_count,
        .domain_id = v->domain->id,
        .xcr0 = context_guest_xcr0(),
        .cr4 = b->cr4,
        .is_initial = v->domain->is_initial,
    };

    if (length == 0) {
        return;
    }
    cpuid_policy_answer(&who, (uint32_t)s->r[RAX], (uint32_t)s->r[RCX], &leaf);
    s->r[RAX] = leaf.eax;
    s->r[RBX] = leaf.ebx;
    s->r[RCX] = leaf.ecx;
    s->r[RDX] = leaf.edx;
    skip(b, length);
}

static void msr_exit(struct vcpu *v, struct vmcb *b)
{
    bool is_write = b->exit_info1 != 0;
    unsigned length = exit_length(v, b, is_write ? INSTRUCTION_WRMSR : INSTRUCTION_RDMSR);
    struct vcpu_regs *s = LOADED_STATE;
    uint64_t value = (uint32_t)s->r[RAX] | s->r[RDX] << 32;
    int err;

    if (length == 0) {
        return;
    }
    err = is_write ? msr_policy_write(v, (uint32_t)s->r[RCX], value) : msr_policy_read(v, (uint32_t)s->r[RCX], &value);
    if (err != 0) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    if (!is_write) {
        s->r[RAX] = (uint32_t)value;
        s->r[RDX] = value >> 32;
    }
    skip(b, length);
}

/*
 * What a guest reads, of all widths: ones, since nothing is behind any port. But the counters of an absent interval timer
 * stand at zero: Linux, which measures its clock by them before it knows what there is, would wait 100,000 reads long for
 * one of ones to change.
 */
static uint32_t port_value(unsigned port)
{
    return port >= PIT_COUNTER_0 && port <= PIT_COUNTER_2 ? 0 : UINT32_MAX;
}

/* Req: BH-PC-036 */
/* The next instruction's address is in exit_info2. */
static void io_exit(struct vcpu *v, struct vmcb *b)
{
    struct vcpu_regs *s = LOADED_STATE;
    unsigned size = (unsigned)(b->exit_info1 >> IO_SIZE_SHIFT) & 7;

    (void)v;
    if (unlikely((b->exit_info1 & IO_STRING) != 0)) {
        /* INS would write ones to memory; nobody needs that of a port that is not there. */
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    if ((b->exit_info1 & IO_IN) != 0) {
        uint32_t value = port_value((unsigned)(b->exit_info1 >> IO_PORT_SHIFT) & 0xffff);
        uint64_t mask = size == 4 ? UINT64_MAX : size == 2 ? 0xffff : 0xff;

        s->r[RAX] = (s->r[RAX] & ~mask) | (value & mask);
    }
    skip(b, (unsigned)(b->exit_info2 - b->rip) & 0xf);
}

/*
 * V, which owns its CPU, sleeps on it without leaving it, since nobody else would run meanwhile: until there is an
 * interrupt for it. What else the CPU has to do is done while it waits as others do. Bound: the interrupts of the CPU.
 */
static void sleep_in_place(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();

    hvm_pause();
    while (cpu->work == 0 && ((v->arch.vlapic.irr_words | v->arch.events) == 0 || !arch_vcpu_has_event(v))) {
        arch_cpu_wait();
    }
    hvm_go_on();
    if (cpu->work != 0) {
        vcpu_block_current();
    }
}

/* Req: BH-PC-037 */
static void hlt_exit(struct vcpu *v, struct vmcb *b)
{
    unsigned length = exit_length(v, b, INSTRUCTION_HLT);

    if (length == 0) {
        return;
    }
    if (unlikely((b->rflags & RFLAGS_IF) == 0)) {
        context_halt(v);
        return;
    }
    skip(b, length);
    if (v->sched.owns_cpu) {
        sleep_in_place(v);
    } else {
        vcpu_block_current();
    }
}

/* Req: BH-PC-042 */
/* It waits for another vCPU, which may run in its place. */
static void pause_exit(struct vcpu *v, struct vmcb *b)
{
    skip_instruction(v, b, INSTRUCTION_PAUSE);
    vcpu_yield_current();
}

/* Of code that is not 64-bit, or not a kernel's. */
static void vmmcall_exit(struct vcpu *v, struct vmcb *b)
{
    if (hypercall_x86(v, LOADED_STATE)) {
        skip(b, svm_saves_next_rip ? (unsigned)(b->next_rip - b->rip) & 0xf : VMMCALL_LENGTH);
    }
}

/* Req: BH-PC-038 */
/* VMCALL, Intel's, is undefined here: for guests that do not look which one their CPU has, it is a hypercall too. */
static void undefined_exit(struct vcpu *v, struct vmcb *b)
{
    uint8_t bytes[GUEST_FETCH_SIZE];
    unsigned count = guest_fetch(v, hvm_code_address(), bytes), length;

    if (instruction_length_of(bytes, count, code_mode(), INSTRUCTION_VMCALL, &length) != 0) {
        hvm_inject(EXCEPTION_UD);
    } else if (hypercall_x86(v, LOADED_STATE)) {
        skip(b, length);
    }
}

/* Those exceptions that must not be left to the CPU to deliver: it could do so for ever (APM volume 2, 15.12.18). */
static void exception_exit(struct vcpu *v, struct vmcb *b)
{
    unsigned vector = (unsigned)b->exit_code - VMEXIT_EXCEPTION;

    switch (vector) {
    case EXCEPTION_UD:
        undefined_exit(v, b);
        break;
    case EXCEPTION_AC:
        hvm_inject_error(vector, (uint32_t)b->exit_info1);
        break;
    case EXCEPTION_MC:
        panic("CPU %u: machine check while %s ran", this_cpu()->id, v->domain->name);
    default:
        hvm_inject(vector);
        break;
    }
}

static void xsetbv_exit(struct vcpu *v, struct vmcb *b)
{
    struct vcpu_regs *s = LOADED_STATE;
    uint64_t value = (uint32_t)s->r[RAX] | s->r[RDX] << 32;
    unsigned length = exit_length(v, b, INSTRUCTION_XSETBV);

    if (length == 0) {
        return;
    }
    if (b->cpl != 0 || (uint32_t)s->r[RCX] != 0 || !cpuid_policy_xcr0_is_valid(value)) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    xcr0_write(value);
    skip(b, length);
}

/* Req: BH-PC-039, BH-MEM-019 */
static void nested_fault_exit(struct vcpu *v, struct vmcb *b)
{
    uint64_t gpa = b->exit_info2;
    unsigned rights = (b->exit_info1 & NPF_WRITE) != 0 ? P2M_READ | P2M_WRITE : P2M_READ;

    if ((b->exit_info1 & NPF_FETCH) != 0) {
        rights |= P2M_EXECUTE;
    }
    if (!emulate_is_device(v, gpa) && p2m_permits(&v->domain->p2m, gfn(gpa >> PAGE_SHIFT), rights)) {
        return;
    }
    if ((b->exit_info1 & NPF_TABLES) != 0) {
        domain_crash(v->domain, "its page tables are outside its memory");
        return;
    }
    if ((b->exit_info1 & NPF_FETCH) != 0) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    emulate_access(v, gpa, (b->exit_info1 & NPF_WRITE) != 0);
}

/* #MC and the like, whatever the CPU held back while GIF was clear, comes on the way. */
static void interrupt_exit(struct vcpu *v, struct vmcb *b)
{
    (void)v;
    (void)b;
    irq_take(this_cpu());
}

static void undefined(struct vcpu *v, struct vmcb *b)
{
    (void)v;
    (void)b;
    hvm_inject(EXCEPTION_UD);
}

static void protection(struct vcpu *v, struct vmcb *b)
{
    (void)v;
    (void)b;
    hvm_inject_error(EXCEPTION_GP, 0);
}

/* Caches are coherent for all that a guest can tell: nothing to write back. */
static void cache_exit(struct vcpu *v, struct vmcb *b)
{
    skip_instruction(v, b, b->exit_code == VMEXIT_INVD ? INSTRUCTION_INVD : INSTRUCTION_WBINVD);
}

/* The guest takes interrupts now: settle() finds what waited. */
static void window_exit(struct vcpu *v, struct vmcb *b)
{
    (void)v;
    svm_close_window(b);
}

/* The guest's write to control register NUMBER, read again from its code. False: it gets #UD, since that is another one. */
static bool control_write(struct vcpu *v, unsigned number, uint64_t *value, unsigned *length)
{
    uint8_t bytes[GUEST_FETCH_SIZE];
    unsigned count = guest_fetch(v, hvm_code_address(), bytes);
    struct instruction_control i;

    if (instruction_decode_control(bytes, count, code_mode(), &i) != 0 || i.kind != INSTRUCTION_MOV_TO_CR ||
        i.number != number) {
        hvm_inject(EXCEPTION_UD);
        return false;
    }
    *value = hvm_register_read(i.reg);
    if (!hvm_is_64bit_code()) {
        *value = (uint32_t)*value;
    }
    *length = i.length;
    return true;
}

static void cr4_exit(struct vcpu *v, struct vmcb *b)
{
    const struct cr_state now = { .cr3 = b->cr3, .cr4 = b->cr4, .efer = b->efer };
    unsigned length;
    uint64_t value;

    if (!control_write(v, 4, &value, &length)) {
        return;
    }
    if (!cr_policy_cr4_is_valid(&now, value)) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    b->cr4 = value;
    if (cr_policy_cr4_flushes(now.cr4, value)) {
        svm_take_asid(v, this_cpu());
        guest_walk_forget();
    }
    skip(b, length);
}

/* Only while an interrupt waits for a lower task priority. */
static void cr8_exit(struct vcpu *v, struct vmcb *b)
{
    unsigned length;
    uint64_t value;

    if (!control_write(v, 8, &value, &length)) {
        return;
    }
    if (value > 0xf) {
        hvm_inject_error(EXCEPTION_GP, 0);
        return;
    }
    v->arch.vlapic.tpr = (uint8_t)(value << 4);
    hvm_store_task_priority(v);
    skip(b, length);
}

static void nothing(struct vcpu *v, struct vmcb *b)
{
    (void)v;
    (void)b;
}

static void shutdown_exit(struct vcpu *v, struct vmcb *b)
{
    (void)b;
    domain_crash(v->domain, "triple fault");
}

static void task_switch_exit(struct vcpu *v, struct vmcb *b)
{
    (void)b;
    domain_crash(v->domain, "a task switch by hardware, which is not emulated");
}

static void icebp_exit(struct vcpu *v, struct vmcb *b)
{
    unsigned length = exit_length(v, b, INSTRUCTION_ICEBP);

    if (length != 0) {
        skip(b, length);
        hvm_inject(EXCEPTION_DB);
    }
}

typedef void exit_handler(struct vcpu *v, struct vmcb *b);

static exit_handler *const handlers[VMEXIT_COUNT] = {
    [VMEXIT_CR0_WRITE + 4] = cr4_exit,
    [VMEXIT_CR0_WRITE + 8] = cr8_exit,
    [VMEXIT_EXCEPTION ... VMEXIT_EXCEPTION + 31] = exception_exit,
    [VMEXIT_INTR] = interrupt_exit,
    [VMEXIT_NMI] = interrupt_exit,
    [VMEXIT_INIT] = nothing,
    [VMEXIT_VINTR] = window_exit,
    [VMEXIT_RDPMC] = protection,
    [VMEXIT_CPUID] = cpuid_exit,
    [VMEXIT_INVD] = cache_exit,
    [VMEXIT_PAUSE] = pause_exit,
    [VMEXIT_HLT] = hlt_exit,
    [VMEXIT_INVLPGA] = undefined,
    [VMEXIT_IOIO] = io_exit,
    [VMEXIT_MSR] = msr_exit,
    [VMEXIT_TASK_SWITCH] = task_switch_exit,
    [VMEXIT_SHUTDOWN] = shutdown_exit,
    [VMEXIT_VMRUN] = undefined,
    [VMEXIT_VMMCALL] = vmmcall_exit,
    [VMEXIT_VMLOAD ... VMEXIT_SKINIT] = undefined,
    [VMEXIT_ICEBP] = icebp_exit,
    [VMEXIT_WBINVD] = cache_exit,
    [VMEXIT_MONITOR ... VMEXIT_MWAIT_CONDITIONAL] = undefined,
    [VMEXIT_XSETBV] = xsetbv_exit,
    [VMEXIT_RDPRU] = undefined,
};

/* ---- Back to a guest ---- */

/* The current vCPU goes to its guest: with what is pending for it, and an ASID that nothing stale is cached for. */
static ALWAYS_INLINE void settle(struct cpu *cpu)
{
    struct vcpu *v = cpu->current;
    uint64_t changes;

    /* Bound: what stops a vCPU here is an INIT, and another one comes in its place. */
    while (unlikely((v->arch.vlapic.irr_words | v->arch.events) != 0)) {
        svm_inject_pending(v, LOADED_VMCB);
        if (likely(cpu->work == 0)) {
            break;
        }
        vcpu_leave_slow(cpu);
        v = cpu->current;
    }
    tlb_turn_away(cpu);
    changes = __atomic_load_n(&v->domain->p2m.arch.changes, __ATOMIC_RELAXED);
    if (unlikely(v->arch.changes_seen != changes)) {
        v->arch.changes_seen = changes;
        svm_take_asid(v, cpu);
    }
}

void svm_first(void)
{
    struct cpu *cpu = this_cpu();

    vcpu_leave_slow(cpu);
    settle(cpu);
}

/*
 * Is EVENT that of INT, INT3 or INTO? RIP is still at the instruction then, which is executed again (APM volume 2, 15.20);
 * given as an event, it would return to itself.
 */
static bool is_of_an_instruction(uint64_t event)
{
    uint8_t vector = (uint8_t)event;

    return EVENT_TYPE(event) == EVENT_SOFTWARE ||
           (EVENT_TYPE(event) == EVENT_EXCEPTION && (vector == EXCEPTION_BP || vector == EXCEPTION_OF));
}

/* What has no small number. Above all VMEXIT_INVALID: what the guest made of its registers is no state of a CPU. */
static NOINLINE void large_exit(struct vcpu *v, struct vmcb *b, uint64_t injected)
{
    if (b->exit_code == VMEXIT_NPF) {
        nested_fault_exit(v, b);
        return;
    }
    log_error("%s: vCPU %u: exit %lx (%lx, %lx), CR0 %lx CR4 %lx EFER %lx CS %x event %lx", v->domain->name, v->id,
              b->exit_code, b->exit_info1, b->exit_info2, b->cr0, b->cr4, b->efer, b->cs.attributes, injected);
    domain_crash(v->domain, "an exit that nobody asked for");
}

/* All exits but a hypercall of 64-bit code. */
static NOINLINE void other_exit(struct vcpu *v, struct vmcb *b)
{
    uint64_t code = b->exit_code, injected = b->event;

    b->event = 0;
    if (unlikely((b->exit_interrupt & EVENT_VALID) != 0) && !is_of_an_instruction(b->exit_interrupt)) {
        b->event = b->exit_interrupt;
    }
    if (likely(code < VMEXIT_COUNT && handlers[code] != NULL)) {
        handlers[code](v, b);
    } else {
        large_exit(v, b, injected);
    }
}

/* An interrupt that was taken too early, and what is to be settled before a guest goes on. */
static NOINLINE void settle_work(struct cpu *cpu)
{
    if (cpu->arch.latched != 0) {
        irq_take(cpu);
    }
    vcpu_leave(cpu);
}

/* Req: BH-SEC-004 */
NORETURN void svm_exit(void)
{
    struct cpu *cpu = this_cpu();
    struct vmcb *b = LOADED_VMCB;
    struct vcpu_regs *s = LOADED_STATE;

    tlb_turn_back(cpu);
    if (CONFIG_AUDIT) {
        hyp_audit();
    }
    counter_add(cpu, b->exit_code == VMEXIT_INTR ? COUNTER_INTERRUPTS : COUNTER_TRAPS);
    b->tlb_control = 0;
    if (likely(b->exit_code == VMEXIT_VMMCALL && b->cpl == 0 && hvm_is_64bit_code())) {
        b->event = 0;
        if (likely(hypercall_from_64bit(cpu->current, s))) {
            skip_in_64bit(b, svm_saves_next_rip ? (unsigned)(b->next_rip - b->rip) & 0xf : VMMCALL_LENGTH);
        }
    } else {
        other_exit(cpu->current, b);
    }
    if (unlikely((cpu->arch.latched | cpu->work) != 0)) {
        settle_work(cpu);
    }
    settle(cpu);
    svm_resume();
}
