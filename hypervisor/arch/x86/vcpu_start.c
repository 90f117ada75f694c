/* SPDX-License-Identifier: Apache-2.0 */
#include "vcpu_start.h"

#include "abi/pvh.h"
#include "bh/domain.h"
#include "context.h"
#include "cpu_registers.h"
#include "cr_policy.h"
#include "msr_policy.h"

/* The attributes of a segment as the public header has them, which are the VMCB's too (APM volume 2, 15.5, 4.7). */
#define TYPE_CODE      BIT(3)
#define TYPE_WRITABLE  BIT(1) /* data; of code: readable */
#define TYPE_MASK      0xfU
#define TYPE_TSS       0x9U /* or with the bit for busy, which TYPE_WRITABLE is there */
#define ATTRIBUTE_S    BIT(4)
#define ATTRIBUTE_DPL(a) ((a) >> 5 & 3)
#define ATTRIBUTE_P    BIT(7)
#define ATTRIBUTE_L    BIT(9)
#define ATTRIBUTE_DB   BIT(10)
#define ATTRIBUTE_UNUSED 0xf000U

enum role { ROLE_CODE, ROLE_STACK, ROLE_DATA, ROLE_TASK };

static bool segment_is_valid(const struct hvm_segment *s, enum role role)
{
    unsigned type = s->attributes & TYPE_MASK;

    if (s->attributes == 0) {
        return role == ROLE_DATA;
    }
    if ((s->attributes & ATTRIBUTE_UNUSED) != 0 || (s->attributes & ATTRIBUTE_P) == 0 ||
        ((s->attributes & ATTRIBUTE_S) == 0) != (role == ROLE_TASK)) {
        return false;
    }
    switch (role) {
    case ROLE_TASK: return (type & ~TYPE_WRITABLE) == TYPE_TSS;
    case ROLE_CODE: return (type & TYPE_CODE) != 0;
    case ROLE_STACK: return (type & TYPE_CODE) == 0 && (type & TYPE_WRITABLE) != 0;
    default: return (type & TYPE_CODE) == 0 || (type & TYPE_WRITABLE) != 0;
    }
}

static bool segments_are_valid(const struct hvm_context *c)
{
    unsigned cpl = ATTRIBUTE_DPL(c->cs.attributes);

    return segment_is_valid(&c->cs, ROLE_CODE) && segment_is_valid(&c->ss, ROLE_STACK) &&
           segment_is_valid(&c->ds, ROLE_DATA) && segment_is_valid(&c->es, ROLE_DATA) &&
           segment_is_valid(&c->tr, ROLE_TASK) && ATTRIBUTE_DPL(c->ss.attributes) == cpl &&
           (c->ds.attributes == 0 || ATTRIBUTE_DPL(c->ds.attributes) >= cpl) &&
           (c->es.attributes == 0 || ATTRIBUTE_DPL(c->es.attributes) >= cpl);
}

#define CR0_KNOWN (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

/* Addresses beyond are reserved in CR3 for every guest: more than CPUID offers any. */
#define CR3_ADDRESS_BITS 52

/* What VMRUN does not refuse, and no guest gets by instructions only (APM volume 2, 15.5.1, "Canonicalization"). */
static bool registers_are_valid(const struct hvm_context *c)
{
    /* First what CPUID offers, then what long mode asks for. Process contexts are part of that. */
    const struct cr_state nothing = { .cr3 = c->cr3 };
    const struct cr_state in_mode = { .cr3 = c->cr3, .cr4 = c->cr4 & ~CR4_PCIDE, .efer = c->efer };
    bool is_paged = (c->cr0 & CR0_PG) != 0, is_long = is_paged && (c->efer & EFER_LME) != 0;

    if ((c->cr0 & ~CR0_KNOWN) != 0 || (is_paged && (c->cr0 & CR0_PE) == 0) ||
        ((c->cr0 & CR0_NW) != 0 && (c->cr0 & CR0_CD) == 0)) {
        return false;
    }
    if ((c->efer & ~msr_policy_efer()) != 0 || ((c->efer & EFER_LMA) != 0) != is_long ||
        !cr_policy_cr4_is_valid(&nothing, in_mode.cr4) || !cr_policy_cr4_is_valid(&in_mode, c->cr4)) {
        return false;
    }
    /* Code in long mode is either 64-bit or of a default size of 32. */
    return !is_long || (c->cr3 >> CR3_ADDRESS_BITS == 0 &&
                        (c->cs.attributes & (ATTRIBUTE_L | ATTRIBUTE_DB)) != (ATTRIBUTE_L | ATTRIBUTE_DB));
}

static int decode_32(const struct vcpu_hvm_x86_32 *a, struct hvm_context *c)
{
    if (a->pad1 != 0 || a->pad2[0] != 0 || a->pad2[1] != 0 || a->pad2[2] != 0) {
        return -XEN_EINVAL;
    }
    *c = (struct hvm_context){
        .r = { a->eax, a->ecx, a->edx, a->ebx, a->esp, a->ebp, a->esi, a->edi },
        .rip = a->eip, .rflags = a->eflags, .cr0 = a->cr0, .cr3 = a->cr3, .cr4 = a->cr4, .efer = a->efer,
        .cs = { a->cs_base, a->cs_limit, a->cs_ar }, .ds = { a->ds_base, a->ds_limit, a->ds_ar },
        .ss = { a->ss_base, a->ss_limit, a->ss_ar }, .es = { a->es_base, a->es_limit, a->es_ar },
        .tr = { a->tr_base, a->tr_limit, a->tr_ar },
    };
    /* A task that runs is busy. */
    c->tr.attributes |= c->tr.attributes != 0 ? TYPE_WRITABLE : 0;
    return 0;
}

static int decode_64(const struct vcpu_hvm_x86_64 *a, struct hvm_context *c)
{
    const struct hvm_segment data = { 0, UINT32_MAX, 0xc93 };

    if ((a->cr0 & CR0_PG) == 0 || (a->efer & EFER_LMA) == 0) {
        return -XEN_EINVAL;
    }
    *c = (struct hvm_context){
        .r = { a->rax, a->rcx, a->rdx, a->rbx, a->rsp, a->rbp, a->rsi, a->rdi },
        .rip = a->rip, .rflags = a->rflags, .cr0 = a->cr0, .cr3 = a->cr3, .cr4 = a->cr4, .efer = a->efer,
        .cs = { 0, UINT32_MAX, 0xa9b }, .ds = data, .ss = data, .es = data, .tr = { 0, 0x67, 0x08b },
    };
    return 0;
}

/* Req: BH-PC-056 */
int64_t vcpu_start_initialise(struct vcpu *v, struct vcpu *target, struct guest_handle arg)
{
    struct vcpu_hvm_context a;
    struct hvm_context c;
    int err = guest_copy_from(v, &a, arg, sizeof(a));

    if (err == 0) {
        err = a.pad != 0                      ? -XEN_EINVAL
              : a.mode == VCPU_HVM_MODE_32B ? decode_32(&a.cpu_regs.x86_32, &c)
              : a.mode == VCPU_HVM_MODE_64B ? decode_64(&a.cpu_regs.x86_64, &c)
                                            : -XEN_EINVAL;
    }
    if (err == 0 && !(segments_are_valid(&c) && registers_are_valid(&c))) {
        err = -XEN_EINVAL;
    }
    if (err != 0) {
        return err;
    }
    spin_lock(&v->domain->lock);
    if (target->arch.has_started) {
        err = -XEN_EEXIST;
    } else {
        context_reset(target, &(struct hvm_start){ .context = &c });
    }
    spin_unlock(&v->domain->lock);
    return err;
}

int64_t vcpu_start_up(struct vcpu *target)
{
    struct domain *d = target->domain;
    int err = 0;

    spin_lock(&d->lock);
    if (!target->arch.has_started || target->arch.waits_for_sipi) {
        err = -XEN_EINVAL;
    } else {
        /* That it is up already is no mistake. One that halted for good goes on behind that. */
        target->arch.is_halted = false;
        (void)!vcpu_online(target);
    }
    spin_unlock(&d->lock);
    return err;
}
