/* SPDX-License-Identifier: Apache-2.0 */
#include "msr_policy.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/vlapic.h"
#include "cpu_registers.h"
#include "cpuid_policy.h"
#include "hvm.h"
#include "hypercall_x86.h"
#include "state.h"

/* What an MSR is to a guest. */
enum kind {
    MSR_DIRECT,       /* the guest's own, in hardware: VMRUN, VMLOAD and VMSAVE switch it */
    MSR_BLOCK,        /* in the control block; a page attribute is checked */
    MSR_LAPIC,        /* the virtual local APIC's */
    MSR_CONSTANT,     /* reads as VALUE; writes are ignored */
    MSR_READ_ONLY,    /* the same; writes are #GP */
    MSR_SPECIAL,      /* in the functions below */
};

struct rule {
    uint32_t first, last;
    uint8_t kind;
    uint64_t value;
};

/* MTRRcap: write combining, no fixed and no variable ranges. Default type: write-back, enabled. */
#define MTRR_CAP          0x400UL
#define MTRR_DEFAULT_TYPE 0x806UL
#define MTRR_DEFAULT_BITS 0xcffUL

/* In ascending order. */
static const struct rule rules[] = {
    { 0x00000000, 0x00000001, MSR_READ_ONLY, 0 },      /* P5 machine check address and type */
    { MSR_TSC, MSR_TSC, MSR_SPECIAL, 0 },
    { MSR_APIC_BASE, MSR_APIC_BASE, MSR_LAPIC, 0 },
    { MSR_PATCH_LEVEL, MSR_PATCH_LEVEL, MSR_READ_ONLY, 0 },
    { MSR_MTRR_CAP, MSR_MTRR_CAP, MSR_READ_ONLY, MTRR_CAP },
    { MSR_SYSENTER_CS, MSR_SYSENTER_EIP, MSR_DIRECT, 0 },
    { MSR_MCG_CAP, MSR_MCG_CAP, MSR_READ_ONLY, 0 },
    { MSR_MCG_STATUS, MSR_MCG_STATUS, MSR_CONSTANT, 0 },
    { MSR_DEBUGCTL, MSR_DEBUGCTL, MSR_CONSTANT, 0 },
    { MSR_PAT, MSR_PAT, MSR_BLOCK, 0 },
    { MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, MSR_SPECIAL, 0 },
    { MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, MSR_LAPIC, 0 },
    { MSR_X2APIC, MSR_X2APIC + 0xff, MSR_LAPIC, 0 },
    { 0x40000000, 0x400000ff, MSR_SPECIAL, 0 },        /* Xen's: the hypercall page */
    { MSR_EFER, MSR_EFER, MSR_SPECIAL, 0 },
    { MSR_STAR, MSR_SFMASK, MSR_DIRECT, 0 },
    { MSR_FS_BASE, MSR_KERNEL_GS_BASE, MSR_DIRECT, 0 },
    { MSR_TSC_AUX, MSR_TSC_AUX, MSR_SPECIAL, 0 },
    { 0xc0010000, 0xc0010007, MSR_CONSTANT, 0 },       /* performance counters: none count */
    { MSR_SYSCFG, MSR_SYSCFG, MSR_CONSTANT, 0 },
    { MSR_HWCR, MSR_HWCR, MSR_CONSTANT, BIT(24) },     /* the TSC does not change its speed */
    { MSR_NB_CFG, MSR_NB_CFG, MSR_CONSTANT, 0 },
    { 0xc0010055, 0xc0010055, MSR_READ_ONLY, 0 },       /* interrupt pending message: C1E is off */
};

static const struct rule *find(uint32_t msr)
{
    unsigned low = 0, high = ARRAY_COUNT(rules);

    /* Bound: halves the table. The last rule that begins at MSR or before. */
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;

        if (rules[middle].first <= msr) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return msr <= rules[low].last ? &rules[low] : NULL;
}

void msr_policy_open(void)
{
    for (unsigned i = 0; i < ARRAY_COUNT(rules); i++) {
        for (uint32_t msr = rules[i].first; rules[i].kind == MSR_DIRECT && msr <= rules[i].last; msr++) {
            hvm_allow_msr(msr, false);
            hvm_allow_msr(msr, true);
        }
    }
    hvm_allow_msr(MSR_TSC, false);
}

/* Memory types of a page attribute table: 2 and 3 are none, nor is what is above 7. */
static bool is_pat(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t type = (uint8_t)(value >> 8 * i);

        if (type > 7 || type == 2 || type == 3) {
            return false;
        }
    }
    return true;
}

#define CPUID_80000001_D_FFXSR 25

/* What CPUID does not offer would make the CPU refuse the guest's whole state. */
uint64_t msr_policy_efer(void)
{
    return EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE |
           (cpuid_policy_has(CPUID_80000001_EDX, CPUID_80000001_D_FFXSR) ? EFER_FFXSR : 0);
}

/* APM volume 2, 3.1.7. What the CPU does for the guest is LMA; it may not change LME while paging is on. */
static int write_efer(uint64_t value)
{
    uint64_t now = hvm_efer();

    if ((value & ~msr_policy_efer()) != 0 || (((now ^ value) & EFER_LME) != 0 && (hvm_cr0() & CR0_PG) != 0)) {
        return -XEN_EINVAL;
    }
    hvm_set_efer((value & ~EFER_LMA) | (now & EFER_LMA));
    return 0;
}

static int read_special(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct vcpu_regs *s = LOADED_STATE;

    switch (msr) {
    case MSR_TSC:
        *value = arch_time_now() + v->arch.tsc_offset;
        return 0;
    case MSR_MTRR_DEF_TYPE:
        *value = s->mtrr_def_type;
        return 0;
    case MSR_EFER:
        *value = hvm_efer();
        return 0;
    case MSR_TSC_AUX:
        *value = s->tsc_aux;
        return 0;
    default:
        return hypercall_msr_read(v, msr, value);
    }
}

static int write_special(struct vcpu *v, uint32_t msr, uint64_t value)
{
    struct vcpu_regs *s = LOADED_STATE;

    switch (msr) {
    case MSR_TSC:
        hvm_set_tsc_offset(v, value - arch_time_now());
        return 0;
    case MSR_MTRR_DEF_TYPE:
        /* The same types as in a PAT, but for UC-. */
        if ((value & ~MTRR_DEFAULT_BITS) != 0 || !is_pat(value & 0xff) || (value & 0xff) == 7) {
            return -XEN_EINVAL;
        }
        s->mtrr_def_type = value;
        return 0;
    case MSR_EFER:
        return write_efer(value);
    case MSR_TSC_AUX:
        if (value >> 32 != 0) {
            return -XEN_EINVAL;
        }
        s->tsc_aux = value;
        msr_write(MSR_TSC_AUX, value);
        return 0;
    default:
        return hypercall_msr_write(v, msr, value);
    }
}

static int read_lapic(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    hvm_fetch_task_priority(v);
    return vlapic_msr_read(v, msr, value);
}

static int write_lapic(struct vcpu *v, uint32_t msr, uint64_t value)
{
    int err;

    hvm_fetch_task_priority(v);
    err = vlapic_msr_write(v, msr, value);
    hvm_store_task_priority(v);
    return err;
}

/* By far the most frequent ones. */
static ALWAYS_INLINE bool is_x2apic(uint32_t msr)
{
    return likely(msr - MSR_X2APIC <= 0xff);
}

/* Of them the most frequent: the end of an interrupt, and one for another CPU. The task priority means nothing to them. */
static ALWAYS_INLINE bool is_plain_write(uint32_t msr)
{
    return likely(msr == VLAPIC_MSR_EOI || msr == VLAPIC_MSR_ICR);
}

static NOINLINE int read_by_rule(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    const struct rule *r = find(msr);

    if (r == NULL) {
        return -XEN_EINVAL;
    }
    switch ((enum kind)r->kind) {
    case MSR_LAPIC:
        return read_lapic(v, msr, value);
    case MSR_CONSTANT:
    case MSR_READ_ONLY:
        *value = r->value;
        return 0;
    case MSR_SPECIAL:
        return read_special(v, msr, value);
    case MSR_DIRECT:
    case MSR_BLOCK:
        break;
    }
    *value = hvm_msr_read(msr);
    return 0;
}

static NOINLINE int write_by_rule(struct vcpu *v, uint32_t msr, uint64_t value)
{
    const struct rule *r = find(msr);

    if (r == NULL) {
        return -XEN_EINVAL;
    }
    switch ((enum kind)r->kind) {
    case MSR_LAPIC:
        return write_lapic(v, msr, value);
    case MSR_CONSTANT:
        return 0;
    case MSR_READ_ONLY:
        return -XEN_EINVAL;
    case MSR_SPECIAL:
        return write_special(v, msr, value);
    case MSR_DIRECT:
    case MSR_BLOCK:
        break;
    }
    if (msr == MSR_PAT && !is_pat(value)) {
        return -XEN_EINVAL;
    }
    hvm_msr_write(msr, value);
    return 0;
}

/* Req: BH-MSR-001 */
int msr_policy_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    return is_x2apic(msr) ? read_lapic(v, msr, value) : read_by_rule(v, msr, value);
}

int msr_policy_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
    if (is_plain_write(msr)) {
        return vlapic_msr_write(v, msr, value);
    }
    return is_x2apic(msr) ? write_lapic(v, msr, value) : write_by_rule(v, msr, value);
}
