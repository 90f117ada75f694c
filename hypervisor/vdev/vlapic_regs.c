/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of the virtual local APIC, as a page in xAPIC mode and as MSRs in x2APIC mode.
 *
 * Sections are of the Intel SDM, volume 3A.
 */
#include "abi/xen.h"
#include "bh/vioapic.h"
#include "vlapic_internal.h"

/* Offsets in the page; in x2APIC mode a register's MSR is 0x800 + offset / 16 (tables 10-1 and 10-6). */
#define REGISTER_ID       0x020u
#define REGISTER_VERSION  0x030u
#define REGISTER_TPR      0x080u
#define REGISTER_APR      0x090u
#define REGISTER_PPR      0x0a0u
#define REGISTER_EOI      0x0b0u
#define REGISTER_RRD      0x0c0u
#define REGISTER_LDR      0x0d0u
#define REGISTER_DFR      0x0e0u
#define REGISTER_SVR      0x0f0u
#define REGISTER_ISR      0x100u
#define REGISTER_TMR      0x180u
#define REGISTER_IRR      0x200u
#define REGISTER_ESR      0x280u
#define REGISTER_ICR      0x300u
#define REGISTER_ICR_HIGH 0x310u
#define REGISTER_LVT      0x320u
#define REGISTER_LVT_LAST 0x370u
#define REGISTER_INITIAL  0x380u
#define REGISTER_CURRENT  0x390u
#define REGISTER_DIVIDE   0x3e0u
#define REGISTER_SELF_IPI 0x3f0u

#define PAGE_BYTES     0x1000u
#define VERSION        0x00050014u /* six LVT entries, integrated; ends of interrupt are not broadcast (10.4.8) */
#define SVR_BITS       0x3ffu      /* vector, enable, and focus checking, which AMD has */
#define ICR_BITS       0x000ccfffu /* all but the delivery status and what is reserved (10.6.1) */
#define ICR_BITS_X2APIC (UINT64_MAX << 32 | ICR_BITS)
#define DFR_FIXED      0x0fffffffu
#define DIVIDE_BITS    0xbu

/* What software may set in each entry of the LVT (10.5.1). */
static const uint32_t lvt_bits[VLAPIC_LVT_COUNT] = {
    [VLAPIC_LVT_TIMER] = 0x700ff,
    [VLAPIC_LVT_THERMAL] = 0x107ff,
    [VLAPIC_LVT_PERFORMANCE] = 0x107ff,
    [VLAPIC_LVT_LINT0] = 0x1a7ff,
    [VLAPIC_LVT_LINT1] = 0x1a7ff,
    [VLAPIC_LVT_ERROR] = 0x100ff,
};

/* Req: BH-APIC-009 */
static void write_svr(struct vlapic *a, uint32_t value)
{
    a->svr = value & SVR_BITS;
    if ((value & SVR_ENABLE) == 0) {
        for (unsigned i = 0; i < VLAPIC_LVT_COUNT; i++) {
            __atomic_fetch_or(&a->lvt[i], LVT_MASKED, __ATOMIC_RELAXED);
        }
    }
    vlapic_update_enabled(a);
}

/* Req: BH-APIC-009 */
static void write_lvt(struct vcpu *v, unsigned i, uint32_t value)
{
    struct vlapic *a = &v->arch.vlapic;

    value &= lvt_bits[i];
    /* A disabled APIC keeps them masked (10.4.7.2). */
    value |= (a->svr & SVR_ENABLE) == 0 ? LVT_MASKED : 0;
    if (i == VLAPIC_LVT_TIMER) {
        vlapic_timer_set_lvt(v, value);
    } else {
        __atomic_store_n(&a->lvt[i], value, __ATOMIC_RELAXED);
    }
}

static bool is_lvt(unsigned offset)
{
    return offset >= REGISTER_LVT && offset <= REGISTER_LVT_LAST;
}

/* Eight registers of 32 vectors each, three times. */
static bool read_vectors(struct vcpu *v, unsigned offset, uint32_t *value)
{
    const struct vlapic *a = &v->arch.vlapic;
    unsigned i = offset / 16 % 8;

    switch (offset & ~0x70u) {
    case REGISTER_ISR:
        *value = a->isr[i];
        return true;
    case REGISTER_TMR:
        *value = CONFIG_IOPORTS ? vioapic_levels(v->domain, i) : 0;
        return true;
    case REGISTER_IRR:
        *value = __atomic_load_n(&a->irr[i], __ATOMIC_RELAXED);
        return true;
    }
    return false;
}

/* A register that both modes have. False: there is no such register to read. */
static bool read_common(struct vcpu *v, unsigned offset, uint32_t *value)
{
    struct vlapic *a = &v->arch.vlapic;

    switch (offset) {
    case REGISTER_VERSION:
        *value = VERSION;
        return true;
    case REGISTER_TPR:
        *value = a->tpr;
        return true;
    case REGISTER_PPR:
        *value = vlapic_processor_priority(a);
        return true;
    case REGISTER_SVR:
        *value = a->svr;
        return true;
    case REGISTER_ESR:
        *value = a->esr;
        return true;
    case REGISTER_ICR:
        *value = (uint32_t)a->icr;
        return true;
    case REGISTER_INITIAL:
        *value = a->timer_initial;
        return true;
    case REGISTER_CURRENT:
        *value = vlapic_timer_current(v);
        return true;
    case REGISTER_DIVIDE:
        *value = a->timer_divide;
        return true;
    }
    if (is_lvt(offset)) {
        *value = a->lvt[(offset - REGISTER_LVT) / 16];
        return true;
    }
    return read_vectors(v, offset, value);
}

/* The same to write: reserved bits of VALUE do not matter. False: there is no such register to write. */
static bool write_common(struct vcpu *v, unsigned offset, uint32_t value)
{
    struct vlapic *a = &v->arch.vlapic;

    switch (offset) {
    case REGISTER_EOI:
        vlapic_end(a);
        return true;
    case REGISTER_TPR:
        a->tpr = (uint8_t)value;
        return true;
    case REGISTER_SVR:
        write_svr(a, value);
        return true;
    case REGISTER_ESR: /* Req: BH-APIC-011 */
        a->esr = __atomic_exchange_n(&a->errors, 0, __ATOMIC_RELAXED);
        return true;
    case REGISTER_INITIAL:
        vlapic_timer_set_initial(v, value);
        return true;
    case REGISTER_DIVIDE:
        vlapic_timer_set_divide(v, value);
        return true;
    }
    if (is_lvt(offset)) {
        write_lvt(v, (offset - REGISTER_LVT) / 16, value);
        return true;
    }
    return false;
}

static bool is_page_offset(const struct vlapic *a, unsigned offset)
{
    return vlapic_mode(a) == MODE_XAPIC && offset < PAGE_BYTES && offset % 16 == 0;
}

/* Req: BH-APIC-010 */
int vlapic_read(struct vcpu *v, unsigned offset, uint32_t *value)
{
    struct vlapic *a = &v->arch.vlapic;

    if (!is_page_offset(a, offset)) {
        return -XEN_EINVAL;
    }
    switch (offset) {
    case REGISTER_ID:
        *value = vlapic_id(v) << 24;
        return 0;
    case REGISTER_LDR:
        *value = a->ldr;
        return 0;
    case REGISTER_DFR:
        *value = a->dfr;
        return 0;
    case REGISTER_ICR_HIGH:
        *value = (uint32_t)(a->icr >> 32);
        return 0;
    case REGISTER_APR:
    case REGISTER_RRD:
    case REGISTER_EOI:
        *value = 0;
        return 0;
    }
    if (!read_common(v, offset, value)) {
        *value = 0;
        vlapic_error(v, ERROR_REGISTER);
    }
    return 0;
}

/* Req: BH-APIC-010 */
int vlapic_write(struct vcpu *v, unsigned offset, uint32_t value)
{
    struct vlapic *a = &v->arch.vlapic;
    uint32_t ignored;

    if (!is_page_offset(a, offset)) {
        return -XEN_EINVAL;
    }
    switch (offset) {
    case REGISTER_LDR:
        __atomic_store_n(&a->ldr, value & 0xff000000, __ATOMIC_RELAXED);
        return 0;
    case REGISTER_DFR:
        __atomic_store_n(&a->dfr, value | DFR_FIXED, __ATOMIC_RELAXED);
        return 0;
    case REGISTER_ICR:
        a->icr = (a->icr & ~(uint64_t)UINT32_MAX) | (value & ICR_BITS);
        vlapic_send(v);
        return 0;
    case REGISTER_ICR_HIGH:
        a->icr = (uint64_t)(value & 0xff000000) << 32 | (uint32_t)a->icr;
        return 0;
    case REGISTER_ID:
    case REGISTER_APR:
    case REGISTER_RRD:
        return 0;
    }
    /* What can only be read ignores it. */
    if (!write_common(v, offset, value) && !read_common(v, offset, &ignored)) {
        vlapic_error(v, ERROR_REGISTER);
    }
    return 0;
}

/* The bits that a register has in x2APIC mode; writing others is a fault (10.12.1.3). */
static uint64_t x2apic_bits(unsigned offset)
{
    switch (offset) {
    case REGISTER_TPR:
    case REGISTER_SELF_IPI:
        return 0xff;
    case REGISTER_SVR:
        return SVR_BITS;
    case REGISTER_INITIAL:
        return UINT32_MAX;
    case REGISTER_DIVIDE:
        return DIVIDE_BITS;
    }
    return is_lvt(offset) ? lvt_bits[(offset - REGISTER_LVT) / 16] : 0;
}

static uint32_t x2apic_ldr(uint32_t id)
{
    return id >> 4 << 16 | 1u << (id & 15);
}

static int read_x2apic(struct vcpu *v, unsigned offset, uint64_t *value)
{
    uint32_t word;

    switch (offset) {
    case REGISTER_ID:
        *value = vlapic_id(v);
        return 0;
    case REGISTER_LDR:
        *value = x2apic_ldr(vlapic_id(v));
        return 0;
    case REGISTER_ICR:
        *value = v->arch.vlapic.icr;
        return 0;
    }
    if (!read_common(v, offset, &word)) {
        return -XEN_EINVAL;
    }
    *value = word;
    return 0;
}

static NOINLINE int write_x2apic_register(struct vcpu *v, unsigned offset, uint64_t value)
{
    if ((value & ~x2apic_bits(offset)) != 0 ||
        (offset == REGISTER_LVT && (value & LVT_TIMER_MODE) == LVT_TIMER_MODE)) {
        return -XEN_EINVAL;
    }
    if (offset != REGISTER_SELF_IPI) {
        return write_common(v, offset, (uint32_t)value) ? 0 : -XEN_EINVAL;
    }
    if ((uint8_t)value < VECTOR_FIRST) {
        vlapic_error(v, ERROR_SEND_VECTOR);
    } else if (v->arch.vlapic.is_enabled) {
        vlapic_post(v, (uint8_t)value);
    }
    return 0;
}

static ALWAYS_INLINE int write_x2apic(struct vcpu *v, unsigned offset, uint64_t value)
{
    /* Each interrupt needs one, most of those between CPUs the other. */
    if (likely(offset == REGISTER_EOI && value == 0)) {
        vlapic_end(&v->arch.vlapic);
        return 0;
    }
    if (likely(offset == REGISTER_ICR)) {
        if ((value & ~ICR_BITS_X2APIC) != 0) {
            return -XEN_EINVAL;
        }
        v->arch.vlapic.icr = value;
        vlapic_send(v);
        return 0;
    }
    return write_x2apic_register(v, offset, value);
}

/* Req: BH-APIC-010 */
int vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    struct vlapic *a = &v->arch.vlapic;

    if (msr == VLAPIC_MSR_BASE) {
        *value = a->base;
        return 0;
    }
    if (msr == VLAPIC_MSR_TSC_DEADLINE) {
        *value = __atomic_load_n(&a->timer_tsc_deadline, __ATOMIC_RELAXED);
        return 0;
    }
    if (msr < VLAPIC_MSR_X2APIC_FIRST || msr > VLAPIC_MSR_X2APIC_LAST || vlapic_mode(a) != MODE_X2APIC) {
        return -XEN_EINVAL;
    }
    return read_x2apic(v, (msr - VLAPIC_MSR_X2APIC_FIRST) * 16, value);
}

int vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
    if (likely(msr >= VLAPIC_MSR_X2APIC_FIRST && msr <= VLAPIC_MSR_X2APIC_LAST)) {
        return vlapic_mode(&v->arch.vlapic) != MODE_X2APIC
                   ? -XEN_EINVAL
                   : write_x2apic(v, (msr - VLAPIC_MSR_X2APIC_FIRST) * 16, value);
    }
    if (msr == VLAPIC_MSR_TSC_DEADLINE) {
        vlapic_timer_set_deadline(v, value);
        return 0;
    }
    return msr == VLAPIC_MSR_BASE ? vlapic_write_base(v, value) : -XEN_EINVAL;
}
