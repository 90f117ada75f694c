/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC: what is requested, in service and next, reset, and modes. Its registers are in vlapic_regs.c,
 * the timer in vlapic_timer.c, what the command register does in vlapic_ipi.c.
 *
 * Sections are of the Intel SDM, volume 3A.
 */
#include "bh/vlapic.h"

#include "abi/xen.h"
#include "vlapic_internal.h"

uint32_t vlapic_id(const struct vcpu *v)
{
    return v->id;
}

/* ---- Requested, in service, next ---- */

static unsigned highest(uint32_t word)
{
    return 31 ^ (unsigned)__builtin_clz(word);
}

static void request(struct vlapic *a, uint8_t vector)
{
    __atomic_fetch_or(&a->irr[vector / 32], 1u << vector % 32, __ATOMIC_RELAXED);
    /* After it: who finds the word marked finds the bit. */
    __atomic_fetch_or(&a->irr_words, 1u << vector / 32, __ATOMIC_RELEASE);
}

/* Req: BH-APIC-001 */
void vlapic_post(struct vcpu *v, uint8_t vector)
{
    if (unlikely(vector < VECTOR_FIRST)) {
        vlapic_error(v, ERROR_RECEIVE_VECTOR);
        return;
    }
    request(&v->arch.vlapic, vector);
    vcpu_kick(v);
}

/* Req: BH-APIC-011 */
void vlapic_error(struct vcpu *v, uint32_t error)
{
    struct vlapic *a = &v->arch.vlapic;
    uint32_t lvt = __atomic_load_n(&a->lvt[VLAPIC_LVT_ERROR], __ATOMIC_RELAXED);
    uint8_t vector = (uint8_t)lvt;
    bool is_first = __atomic_fetch_or(&a->errors, error, __ATOMIC_RELAXED) == 0;

    if (!is_first || (lvt & LVT_MASKED) != 0) {
        return;
    }
    if (vector < VECTOR_FIRST) {
        __atomic_fetch_or(&a->errors, ERROR_RECEIVE_VECTOR, __ATOMIC_RELAXED);
        return;
    }
    request(a, vector);
    vcpu_kick(v);
}

/* -1: nothing is in service. */
static int in_service(const struct vlapic *a)
{
    unsigned word;

    if (a->isr_words == 0) {
        return -1;
    }
    word = highest(a->isr_words);
    return (int)(word * 32 + highest(a->isr[word]));
}

/* Req: BH-APIC-003 */
uint8_t vlapic_processor_priority(const struct vlapic *a)
{
    int vector = in_service(a);

    return vector < 0 || (vector & 0xf0) <= (a->tpr & 0xf0) ? a->tpr : (uint8_t)(vector & 0xf0);
}

static int requested(const struct vlapic *a, uint32_t words)
{
    /* Bound: eight words. A marked one may be empty, if it was emptied between the two stores of request(). */
    while (words != 0) {
        unsigned word = highest(words);
        uint32_t bits = __atomic_load_n(&a->irr[word], __ATOMIC_RELAXED);

        if (bits != 0) {
            return (int)(word * 32 + highest(bits));
        }
        words ^= 1u << word;
    }
    return -1;
}

/* Req: BH-APIC-002 */
int vlapic_pending(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint32_t words = __atomic_load_n(&a->irr_words, __ATOMIC_ACQUIRE);
    int vector;

    if (likely(words == 0) || !a->is_enabled) {
        return -1;
    }
    vector = requested(a, words);
    return vector >= 0 && (vector & 0xf0) > (vlapic_processor_priority(a) & 0xf0) ? vector : -1;
}

int vlapic_kept_by_task_priority(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint32_t words = __atomic_load_n(&a->irr_words, __ATOMIC_ACQUIRE);
    int vector = words == 0 || !a->is_enabled ? -1 : requested(a, words);

    return vector >= 0 && vector >> 4 > in_service(a) >> 4 && vector >> 4 <= a->tpr >> 4 ? vector : -1;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
    struct vlapic *a = &v->arch.vlapic;
    unsigned word = vector / 32;
    uint32_t bit = 1u << vector % 32;

    if ((__atomic_and_fetch(&a->irr[word], ~bit, __ATOMIC_RELAXED)) == 0) {
        __atomic_fetch_and(&a->irr_words, ~(1u << word), __ATOMIC_ACQ_REL);
        /* Somebody who had marked the word before has set the bit before. */
        if (__atomic_load_n(&a->irr[word], __ATOMIC_RELAXED) != 0) {
            __atomic_fetch_or(&a->irr_words, 1u << word, __ATOMIC_RELEASE);
        }
    }
    a->isr[word] |= bit;
    a->isr_words |= 1u << word;
}

bool vlapic_has_ended(const struct vcpu *v, uint8_t vector)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint32_t bit = 1u << vector % 32;

    return ((__atomic_load_n(&a->irr[vector / 32], __ATOMIC_RELAXED) | a->isr[vector / 32]) & bit) == 0;
}

/* Req: BH-APIC-004 */
void vlapic_end(struct vlapic *a)
{
    unsigned word;

    if (a->isr_words == 0) {
        return;
    }
    word = highest(a->isr_words);
    a->isr[word] &= ~(1u << highest(a->isr[word]));
    if (a->isr[word] == 0) {
        a->isr_words &= ~(1u << word);
    }
}

/* ---- Reset and modes ---- */

void vlapic_update_enabled(struct vlapic *a)
{
    __atomic_store_n(&a->is_enabled, vlapic_mode(a) != 0 && (a->svr & SVR_ENABLE) != 0, __ATOMIC_RELAXED);
}

static void reset_registers(struct vcpu *v)
{
    struct vlapic *a = &v->arch.vlapic;

    /* First, so that an interrupt which comes meanwhile is lost or marked, but not left unmarked. */
    __atomic_store_n(&a->irr_words, 0, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < ARRAY_COUNT(a->irr); i++) {
        __atomic_store_n(&a->irr[i], 0, __ATOMIC_SEQ_CST);
        a->isr[i] = 0;
    }
    a->isr_words = 0;
    a->tpr = 0;
    a->icr = 0;
    a->svr = SVR_RESET;
    a->esr = 0;
    __atomic_store_n(&a->errors, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&a->ldr, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&a->dfr, UINT32_MAX, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < VLAPIC_LVT_COUNT; i++) {
        __atomic_store_n(&a->lvt[i], LVT_MASKED, __ATOMIC_RELAXED);
    }
    vlapic_timer_reset(v);
    vlapic_update_enabled(a);
}

/* Req: BH-APIC-005 */
/* As the firmware of a PC leaves them (SDM 3A 10.12.8.1 has BIOSes do it): kernels find vCPUs with long ids only then. */
void vlapic_reset(struct vcpu *v)
{
    uint64_t mode = v->domain->vcpu_count > XAPIC_ID_ALL ? MODE_X2APIC : MODE_XAPIC;
    uint64_t base = VLAPIC_PAGE_ADDRESS | mode | (v->id == 0 ? BASE_BSP : 0);

    __atomic_store_n(&v->arch.vlapic.base, base, __ATOMIC_RELAXED);
    reset_registers(v);
}

/* Req: BH-APIC-006 */
void vlapic_reset_by_init(struct vcpu *v)
{
    reset_registers(v);
}

/* Req: BH-APIC-007, BH-APIC-008 */
/*
 * Figure 10-27: between disabled, xAPIC and x2APIC every change is allowed, but not from disabled to x2APIC, nor from
 * x2APIC to xAPIC. The page stays where it is, and who is the BSP.
 */
int vlapic_write_base(struct vcpu *v, uint64_t value)
{
    struct vlapic *a = &v->arch.vlapic;
    uint64_t old = a->base & BASE_MODE, mode = value & BASE_MODE;

    if ((value & ~(BASE_MODE | BASE_BSP)) != VLAPIC_PAGE_ADDRESS || mode == BASE_EXTEND ||
        (old == 0 && mode == MODE_X2APIC) || (old == MODE_X2APIC && mode == MODE_XAPIC)) {
        return -XEN_EINVAL;
    }
    __atomic_store_n(&a->base, (a->base & ~(uint64_t)BASE_MODE) | mode, __ATOMIC_RELAXED);
    if (mode == 0 && old != 0) {
        reset_registers(v);
    } else if (mode == MODE_X2APIC && old == MODE_XAPIC) {
        /* What software wrote there is not kept (10.12.5.1). */
        a->icr &= UINT32_MAX;
        __atomic_store_n(&a->ldr, 0, __ATOMIC_RELAXED);
    }
    vlapic_update_enabled(a);
    return 0;
}
