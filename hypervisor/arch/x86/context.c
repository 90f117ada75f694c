/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual CPUs on x86: creation, start, and the switch of what belongs to a guest. Extended state (x87, SSE, AVX...) is
 * switched eagerly, so that nothing of another guest's is ever in the registers of one that runs.
 */
#include "context.h"

#include "arch/arch.h"
#include "arch/arch_vlapic.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/window.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"
#include "lib/string.h"
#include "mmu.h"
#include "speculation.h"
#include "state.h"
#include "vcpu_op_x86.h"

#define CPUID_1_C_XSAVE         BIT(26)
#define CPUID_80000001_D_RDTSCP BIT(27)
#define MTRR_DEFAULT_TYPE       0x806UL

/* FXSAVE's image and XSAVE's header, of an area whose state is all initial (APM volume 2, 11.5). */
#define EXTENDED_FCW   0x37f
#define EXTENDED_MXCSR 0x1f80
#define EXTENDED_MXCSR_AT 24

static uint64_t host_xcr0;   /* [boot] 0: no XSAVE */
static bool has_tsc_aux;     /* [boot] */

/* Req: BH-PC-032 */
void context_init(void)
{
    struct cpuid_leaf leaf;

    cpuid_read(0x80000001, 0, &leaf);
    has_tsc_aux = (leaf.edx & CPUID_80000001_D_RDTSCP) != 0;
    cpuid_read(1, 0, &leaf);
    host_xcr0 = (leaf.ecx & CPUID_1_C_XSAVE) != 0 ? cpuid_policy_xcr0() : 0;
}

uint64_t context_xcr0(void)
{
    return host_xcr0;
}

int arch_vcpu_create(struct vcpu *v)
{
    int err = 0;

    for (unsigned i = 0; i < ARCH_STATE_FRAMES && err == 0; i++) {
        err = frame_alloc_state(v->domain->id, &v->arch.state[i]);
        if (err != 0) {
            while (i-- > 0) {
                (void)frame_put(v->arch.state[i]);
            }
        }
    }
    if (err == 0) {
        v->arch.waits_for_sipi = true;
        vlapic_init(v);
        vcpu_timers_init(v);
    }
    return err;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    vlapic_stop(v);
    vcpu_timers_stop(v);
    for (unsigned i = 0; i < ARCH_STATE_FRAMES; i++) {
        (void)frame_put(v->arch.state[i]);
    }
}

void context_reset(struct vcpu *v, const struct hvm_start *start)
{
    struct vcpu_regs *s = window_open(v->arch.state[0]);
    void *block = window_open(v->arch.state[1]);
    uint8_t *extended = window_open(v->arch.state[2]);

    memset(s, 0, sizeof(*s));
    s->block_pa = mfn_to_paddr(v->arch.state[1]).a;
    s->xcr0 = XCR0_X87;
    s->mtrr_def_type = MTRR_DEFAULT_TYPE;
    memset(extended, 0, PAGE_SIZE);
    *(uint16_t *)extended = EXTENDED_FCW;
    *(uint32_t *)(extended + EXTENDED_MXCSR_AT) = EXTENDED_MXCSR;
    hvm_reset(v, s, block, start);
    window_close(extended);
    window_close(block);
    window_close(s);
    v->arch.asid_cpu = NULL;
    __atomic_fetch_and(&v->arch.events, ~(ARCH_EVENT_NMI | ARCH_EVENT_INIT), __ATOMIC_SEQ_CST);
    v->arch.is_halted = false;
    v->arch.has_started = true;
    v->arch.waits_for_sipi = false;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t argument)
{
    spin_lock(&v->domain->lock);
    context_reset(v, &(struct hvm_start){ .is_pvh = true, .entry = entry, .argument = argument });
    vlapic_reset(v);
    spin_unlock(&v->domain->lock);
}

/* ---- The switch ---- */

uint64_t context_guest_xcr0(void)
{
    uint32_t low = 0, high = 0;

    if (host_xcr0 != 0) {
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    }
    return (uint64_t)high << 32 | low;
}

static void extended_save(void *area)
{
    if (host_xcr0 != 0) {
        xcr0_write(host_xcr0);
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
    }
}

static void extended_load(const void *area)
{
    if (host_xcr0 != 0) {
        xcr0_write(host_xcr0);
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
        xcr0_write(LOADED_STATE->xcr0);
    } else {
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
    }
}

static void debug_save(uint64_t *dr)
{
    __asm__ volatile("mov %%db0, %0\n\tmov %%db1, %1\n\tmov %%db2, %2\n\tmov %%db3, %3"
                     : "=r"(dr[0]), "=r"(dr[1]), "=r"(dr[2]), "=r"(dr[3]));
}

static void debug_load(const uint64_t *dr)
{
    __asm__ volatile("mov %0, %%db0\n\tmov %1, %%db1\n\tmov %2, %%db2\n\tmov %3, %%db3"
                     : : "r"(dr[0]), "r"(dr[1]), "r"(dr[2]), "r"(dr[3]));
}

void arch_vcpu_unload(struct vcpu *v)
{
    struct vcpu_regs *s = LOADED_STATE;

    s->xcr0 = context_guest_xcr0();
    extended_save((void *)LOADED_EXTENDED_VA);
    debug_save(s->dr);
    hvm_unload(v);
    state_unmap();
}

/* Req: BH-PC-032 */
void arch_vcpu_load(struct vcpu *v)
{
    state_map(v->arch.state);
    speculation_switch(v);
    extended_load((const void *)LOADED_EXTENDED_VA);
    debug_load(LOADED_STATE->dr);
    if (has_tsc_aux) {
        msr_write(MSR_TSC_AUX, LOADED_STATE->tsc_aux);
    }
    hvm_load(v);
}

void arch_vcpu_sync(struct vcpu *v)
{
    /* What was posted is found before the guest is entered. */
    (void)v;
}

/* ---- Events ---- */

bool arch_vcpu_has_event(struct vcpu *v)
{
    if (this_cpu()->current == v) {
        hvm_fetch_task_priority(v);
    }
    return (__atomic_load_n(&v->arch.events, __ATOMIC_RELAXED) & ~ARCH_EVENT_END) != 0 || vlapic_pending(v) >= 0;
}

/* hvm/params.h, HVM_PARAM_CALLBACK_IRQ: type 2 in the uppermost byte is a vector for all vCPUs. */
#define CALLBACK_TYPE_SHIFT 56
#define CALLBACK_VECTOR     2

/* Req: BH-EVT-009 */
void arch_vcpu_upcall(struct vcpu *v)
{
    uint8_t own = __atomic_load_n(&v->arch.upcall_vector, __ATOMIC_RELAXED);

    if (own != 0) {
        vlapic_post(v, own);
        return;
    }
    if (__atomic_load_n(&v->domain->parameter.callback_irq, __ATOMIC_RELAXED) >> CALLBACK_TYPE_SHIFT ==
        CALLBACK_VECTOR) {
        __atomic_fetch_or(&v->arch.events, ARCH_EVENT_UPCALL, __ATOMIC_SEQ_CST);
    }
    vcpu_kick(v);
}

void arch_vcpu_timer_expired(struct vcpu *v, enum timer_kind kind)
{
    if (kind == TIMER_VLAPIC) {
        vlapic_timer_expired(v);
    } else {
        vcpu_timer_expired(v, kind);
    }
}

/* ---- What the virtual local APIC asks for ---- */

uint64_t arch_vlapic_tsc(const struct vcpu *v)
{
    return arch_time_now() + v->arch.tsc_offset;
}

uint64_t arch_vlapic_time_of_tsc(const struct vcpu *v, uint64_t tsc)
{
    uint64_t now = arch_time_now(), guest = now + v->arch.tsc_offset;

    if (tsc <= guest) {
        return now;
    }
    return tsc - guest >= TIMER_NEVER - now ? TIMER_NEVER : now + (tsc - guest);
}

void arch_vlapic_nmi(struct vcpu *v)
{
    __atomic_fetch_or(&v->arch.events, ARCH_EVENT_NMI, __ATOMIC_SEQ_CST);
    vcpu_kick(v);
}

void arch_vlapic_init_signal(struct vcpu *v)
{
    struct domain *d = v->domain;
    bool is_offline;

    spin_lock(&d->lock);
    is_offline = __atomic_load_n(&v->state, __ATOMIC_ACQUIRE) == VCPU_OFFLINE;
    if (is_offline) {
        /* One that never ran keeps what was posted to it, as Xen has it: guests set up events before they start a CPU. */
        if (v->arch.has_started && !v->arch.waits_for_sipi) {
            vlapic_reset_by_init(v);
        }
        v->arch.waits_for_sipi = true;
    }
    spin_unlock(&d->lock);
    if (!is_offline) {
        __atomic_fetch_or(&v->arch.events, ARCH_EVENT_INIT, __ATOMIC_SEQ_CST);
        vcpu_kick(v);
    }
}

/* Req: BH-PC-037 */
void context_halt(struct vcpu *v)
{
    struct domain *d = v->domain;
    bool is_last = true;

    spin_lock(&d->lock);
    v->arch.is_halted = true;
    for (unsigned i = 0; i < d->vcpu_count && is_last; i++) {
        const struct vcpu *other = d->vcpus[i];

        is_last = other == NULL || other->arch.is_halted ||
                  __atomic_load_n(&other->state, __ATOMIC_ACQUIRE) == VCPU_OFFLINE;
    }
    spin_unlock(&d->lock);
    vcpu_offline_current();
    if (is_last) {
        domain_shutdown(d, SHUTDOWN_poweroff);
    }
}

void context_take_init(struct vcpu *v)
{
    __atomic_fetch_and(&v->arch.events, ~ARCH_EVENT_INIT, __ATOMIC_SEQ_CST);
    vlapic_reset_by_init(v);
    vcpu_offline_current();
    spin_lock(&v->domain->lock);
    v->arch.waits_for_sipi = true;
    spin_unlock(&v->domain->lock);
}

/* Req: BH-PC-034 */
void arch_vlapic_startup(struct vcpu *v, uint8_t vector)
{
    struct domain *d = v->domain;

    spin_lock(&d->lock);
    if (__atomic_load_n(&v->state, __ATOMIC_ACQUIRE) == VCPU_OFFLINE && v->arch.waits_for_sipi) {
        context_reset(v, &(struct hvm_start){ .entry = (uint64_t)vector << PAGE_SHIFT });
        /* If it has not quite stopped: as if the STARTUP had come too early. */
        v->arch.waits_for_sipi = vcpu_online(v) != 0;
    }
    spin_unlock(&d->lock);
}
