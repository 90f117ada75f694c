/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD SVM: what a CPU needs to run guests, what a vCPU's control block holds, and ASIDs. A vCPU takes a new ASID of its CPU
 * when it comes from another one, when mappings of its domain went away, or when the CPU began its ASIDs anew; nothing is
 * flushed but at that last event.
 */
#include "svm.h"

#include "../cpu_registers.h"
#include "../cpuid_policy.h"
#include "../hvm.h"
#include "../mmu.h"
#include "../msr_policy.h"
#include "../tlb.h"
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/hyp_map.h"
#include "lib/string.h"

#define CPUID_80000001_C_SVM  BIT(2)
#define CPUID_8000000A_D_NP   BIT(0)
#define CPUID_8000000A_D_NRIP BIT(3)
#define CPUID_8000000A_D_PAUSE_FILTER    BIT(10)
#define CPUID_8000000A_D_PAUSE_THRESHOLD BIT(12)

/*
 * So many PAUSEs, none later than so many cycles after the one before, are a wait for somebody else (APM volume 2,
 * 15.14.4); critical sections are shorter.
 */
#define PAUSE_COUNT     3000
#define PAUSE_THRESHOLD 1000

/* APM volume 2, 15.10.1 and 15.11: a bit each port, and one more; two bits an MSR, in four ranges. */
static IMAGE_FIXED uint8_t io_map[3 * PAGE_SIZE] __attribute__((aligned(4096)));  /* [boot] */
static IMAGE_FIXED uint8_t msr_map[2 * PAGE_SIZE] __attribute__((aligned(4096))); /* [boot] */

bool svm_saves_next_rip;
static uint32_t asid_count; /* [boot] 0 is the hypervisor's */
static uint16_t pause_count, pause_threshold; /* [boot] 0: the CPU does not count */

void svm_run(void);

void hvm_allow_msr(uint32_t msr, bool write)
{
    unsigned range = msr < 0x2000 ? 0 : msr >> 16 == 0xc000 ? 1 : 2;
    unsigned bit = range * 0x4000 + (msr & 0x1fff) * 2 + (write ? 1 : 0);

    msr_map[bit / 8] &= (uint8_t)~(1U << bit % 8);
}

/* Req: BH-PC-030 */
int hvm_init(void)
{
    struct cpuid_leaf leaf;

    cpuid_read(0x80000001, 0, &leaf);
    if ((leaf.ecx & CPUID_80000001_C_SVM) == 0) {
        log_error("CPU: no SVM");
        return -XEN_ENODEV;
    }
    if ((msr_read(MSR_VM_CR) & VM_CR_SVMDIS) != 0) {
        log_error("CPU: SVM is disabled by the firmware");
        return -XEN_ENODEV;
    }
    cpuid_read(0x8000000a, 0, &leaf);
    if ((leaf.edx & CPUID_8000000A_D_NP) == 0 || leaf.ebx < 2) {
        log_error("CPU: SVM without nested paging");
        return -XEN_ENODEV;
    }
    svm_saves_next_rip = (leaf.edx & CPUID_8000000A_D_NRIP) != 0;
    pause_count = (leaf.edx & CPUID_8000000A_D_PAUSE_FILTER) != 0 ? PAUSE_COUNT : 0;
    pause_threshold = (leaf.edx & CPUID_8000000A_D_PAUSE_THRESHOLD) != 0 ? PAUSE_THRESHOLD : 0;
    asid_count = leaf.ebx;
    memset(io_map, 0xff, sizeof(io_map));
    memset(msr_map, 0xff, sizeof(msr_map));
    msr_policy_open();
    log_info("SVM: %u ASIDs%s", asid_count, svm_saves_next_rip ? ", next RIP saved" : "");
    return 0;
}

int hvm_prepare(struct cpu *cpu)
{
    mfn_t area, block;

    if (frame_alloc_table(&area) != 0 || frame_alloc_table(&block) != 0) {
        return -XEN_ENOMEM;
    }
    cpu->arch.host_area = mfn_to_paddr(area).a;
    cpu->arch.host_block = mfn_to_paddr(block).a;
    cpu->arch.next_asid = asid_count;
    return 0;
}

void hvm_cpu_init(struct cpu *cpu)
{
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
    msr_write(MSR_VM_HSAVE_PA, cpu->arch.host_area);
    __asm__ volatile("vmsave %0" : : "a"(cpu->arch.host_block) : "memory");
}

NORETURN void enter_guests(struct cpu *cpu)
{
    (void)cpu;
    svm_run();
    __builtin_unreachable();
}

/* ---- A vCPU's control block ---- */

static struct vmcb_segment segment(uint16_t selector, uint16_t attributes, uint64_t base, uint32_t limit)
{
    return (struct vmcb_segment){ .selector = selector, .attributes = attributes, .base = base, .limit = limit };
}

/* As after INIT, at a page of low memory (APM volume 2, 14.1.3). */
static void start_in_real_mode(struct vmcb *b, uint64_t page)
{
    struct vmcb_segment data = segment(0, 0x093, 0, 0xffff);

    b->cs = segment((uint16_t)(page >> 4), 0x09b, page, 0xffff);
    b->ds = b->es = b->fs = b->gs = b->ss = data;
    b->cr0 = CR0_ET | CR0_CD | CR0_NW;
    b->rip = 0;
}

/* 32-bit protected mode without paging, flat segments: Xen, docs/misc/pvh.pandoc. */
static void start_as_pvh(struct vmcb *b, uint64_t entry)
{
    struct vmcb_segment data = segment(0, 0xc93, 0, UINT32_MAX);

    b->cs = segment(0, 0xc9b, 0, UINT32_MAX);
    b->ds = b->es = b->ss = data;
    b->fs = b->gs = data;
    b->cr0 = CR0_PE | CR0_ET;
    b->rip = entry;
}

static struct vmcb_segment segment_of(const struct hvm_segment *s)
{
    return segment(0, s->attributes, s->base, s->limit);
}

static void start_in(struct vmcb *b, struct vcpu_regs *s, const struct hvm_context *c)
{
    memcpy(s->r, c->r, sizeof(c->r));
    b->rax = c->r[RAX];
    b->rsp = c->r[RSP];
    b->rip = c->rip;
    b->rflags = (c->rflags & RFLAGS_KNOWN) | RFLAGS_ONE;
    b->cr0 = c->cr0;
    b->cr3 = c->cr3;
    b->cr4 = c->cr4;
    b->efer = c->efer | EFER_SVME;
    b->cs = segment_of(&c->cs);
    b->ds = segment_of(&c->ds);
    b->ss = segment_of(&c->ss);
    b->es = segment_of(&c->es);
    b->tr = segment_of(&c->tr);
    b->cpl = (uint8_t)(c->ss.attributes >> 5 & 3);
}

/* Req: BH-PC-031, BH-PVH-001 */
void hvm_reset(struct vcpu *v, struct vcpu_regs *s, void *block, const struct hvm_start *start)
{
    struct vmcb *b = block;

    memset(b, 0, sizeof(*b));
    b->intercept_cr = INTERCEPT_CR4_WRITE;
    b->intercept_exceptions = BIT(EXCEPTION_DB) | BIT(EXCEPTION_AC) | BIT(EXCEPTION_UD) | BIT(EXCEPTION_MC);
    b->intercept1 = INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_RDPMC | INTERCEPT_CPUID |
                    INTERCEPT_INVD | INTERCEPT_HLT | INTERCEPT_INVLPGA | INTERCEPT_IO | INTERCEPT_MSR |
                    INTERCEPT_TASK_SWITCH | INTERCEPT_SHUTDOWN;
    b->intercept2 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE | INTERCEPT_STGI |
                    INTERCEPT_CLGI | INTERCEPT_SKINIT | INTERCEPT_ICEBP | INTERCEPT_WBINVD | INTERCEPT_MONITOR |
                    INTERCEPT_MWAIT | INTERCEPT_XSETBV | INTERCEPT_RDPRU;
    if (!v->sched.owns_cpu) {
        /* Whom it waits for may be waiting for this CPU. */
        b->intercept1 |= INTERCEPT_PAUSE;
        b->pause_count = pause_count;
        b->pause_threshold = pause_threshold;
    }
    b->io_map = CONFIG_IOPORTS && v->domain->arch.has_io_map ? mfn_to_paddr(v->domain->arch.io_map).a
                                                             : image_to_paddr(io_map).a;
    b->msr_map = image_to_paddr(msr_map).a;
    b->virtual_interrupt = VIRTUAL_MASKING;
    b->nested_control = NESTED_PAGING;
    b->nested_cr3 = mfn_to_paddr(v->domain->p2m.arch.top).a;
    b->tsc_offset = v->arch.tsc_offset;

    b->gdtr.limit = b->idtr.limit = 0xffff;
    b->ldtr = segment(0, 0x082, 0, 0xffff);
    b->tr = segment(0, 0x08b, 0, start->is_pvh ? 0x67 : 0xffff);
    b->rflags = RFLAGS_ONE;
    b->efer = EFER_SVME;
    b->dr6 = 0xffff0ff0;
    b->dr7 = 0x400;
    b->pat = 0x0007040600070406;
    if (start->context != NULL) {
        start_in(b, s, start->context);
    } else if (start->is_pvh) {
        start_as_pvh(b, start->entry);
        s->r[RBX] = start->argument;
    } else {
        start_in_real_mode(b, start->entry);
    }
}

void hvm_load(struct vcpu *v)
{
    struct vmcb *b = LOADED_VMCB;

    LOADED_STATE->host_block_pa = this_cpu()->arch.host_block;
    hvm_go_on();
    b->clean = 0;
    b->tsc_offset = v->arch.tsc_offset;
    hvm_store_task_priority(v);
    if (v->arch.asid_cpu != this_cpu() || v->arch.asid_round != this_cpu()->arch.asid_round) {
        /* Others took ASIDs meanwhile, here or elsewhere. */
        v->arch.changes_seen = UINT64_MAX;
    }
}

void hvm_unload(struct vcpu *v)
{
    hvm_fetch_task_priority(v);
    hvm_pause();
}

void hvm_pause(void)
{
    __atomic_store_n(&this_cpu()->arch.guest_root, 0, __ATOMIC_RELAXED);
}

void hvm_go_on(void)
{
    __atomic_store_n(&this_cpu()->arch.guest_root, LOADED_VMCB->nested_cr3, __ATOMIC_RELAXED);
}

/* ---- Its registers ---- */

void hvm_fetch_task_priority(struct vcpu *v)
{
    uint8_t class = (uint8_t)(LOADED_VMCB->virtual_interrupt & 0xf);

    if (v->arch.vlapic.tpr >> 4 != class) {
        v->arch.vlapic.tpr = (uint8_t)(class << 4);
    }
}

void hvm_store_task_priority(const struct vcpu *v)
{
    struct vmcb *b = LOADED_VMCB;

    b->virtual_interrupt = (b->virtual_interrupt & ~VIRTUAL_TPR_MASK) | v->arch.vlapic.tpr >> 4;
}

uint64_t hvm_cr0(void)
{
    return LOADED_VMCB->cr0;
}

uint64_t hvm_cr3(void)
{
    return LOADED_VMCB->cr3;
}

uint64_t hvm_cr4(void)
{
    return LOADED_VMCB->cr4;
}

uint64_t hvm_efer(void)
{
    return LOADED_VMCB->efer & ~EFER_SVME;
}

void hvm_set_efer(uint64_t efer)
{
    LOADED_VMCB->efer = efer | EFER_SVME;
}

uint64_t hvm_rflags(void)
{
    return LOADED_VMCB->rflags;
}

unsigned hvm_cpl(void)
{
    return LOADED_VMCB->cpl;
}

bool hvm_is_long_mode(void)
{
    return (LOADED_VMCB->efer & EFER_LMA) != 0;
}

/* CS.L, as the block has attributes: bits 55:52 of the descriptor are 11:8. */
#define ATTRIBUTE_LONG    BIT(9)
#define ATTRIBUTE_DEFAULT BIT(10)

bool hvm_is_64bit_code(void)
{
    return hvm_is_long_mode() && (LOADED_VMCB->cs.attributes & ATTRIBUTE_LONG) != 0;
}

unsigned hvm_code_bits(void)
{
    if (hvm_is_64bit_code()) {
        return 64;
    }
    return (LOADED_VMCB->cs.attributes & ATTRIBUTE_DEFAULT) != 0 ? 32 : 16;
}

uint64_t hvm_register_read(unsigned reg)
{
    return reg == RSP ? LOADED_VMCB->rsp : LOADED_STATE->r[reg];
}

void hvm_register_write(unsigned reg, uint64_t value)
{
    if (reg == RSP) {
        LOADED_VMCB->rsp = value;
    } else {
        LOADED_STATE->r[reg] = value;
    }
}

void hvm_set_rflags(uint64_t rflags)
{
    LOADED_VMCB->rflags = rflags;
}

uint64_t hvm_code_address(void)
{
    const struct vmcb *b = LOADED_VMCB;

    return hvm_is_64bit_code() ? b->rip : (uint32_t)(b->cs.base + b->rip);
}

static uint64_t *lazy_msr(uint32_t msr)
{
    struct vmcb *b = LOADED_VMCB;

    switch (msr) {
    case MSR_PAT:
        return &b->pat;
    case MSR_DEBUGCTL:
        return &b->debugctl;
    case MSR_SYSENTER_CS:
        return &b->sysenter_cs;
    case MSR_SYSENTER_ESP:
        return &b->sysenter_esp;
    case MSR_SYSENTER_EIP:
        return &b->sysenter_eip;
    default:
        return NULL;
    }
}

uint64_t hvm_msr_read(uint32_t msr)
{
    const uint64_t *value = lazy_msr(msr);

    return value != NULL ? *value : 0;
}

void hvm_msr_write(uint32_t msr, uint64_t value)
{
    uint64_t *place = lazy_msr(msr);

    if (place != NULL) {
        *place = value;
    }
}

void hvm_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
    v->arch.tsc_offset = offset;
    LOADED_VMCB->tsc_offset = offset;
}

void hvm_inject(unsigned vector)
{
    LOADED_VMCB->event = EVENT_VALID | EVENT_EXCEPTION << EVENT_TYPE_SHIFT | vector;
}

void hvm_inject_error(unsigned vector, uint32_t error)
{
    LOADED_VMCB->event = EVENT_VALID | EVENT_ERROR | EVENT_EXCEPTION << EVENT_TYPE_SHIFT | vector |
                         (uint64_t)error << EVENT_ERROR_SHIFT;
}

/* Req: BH-PC-020 */
/* Gives V, which is loaded, an ASID that nothing stale is cached for. */
COLD void svm_take_asid(struct vcpu *v, struct cpu *cpu)
{
    struct vmcb *b = LOADED_VMCB;

    b->tlb_control = 0;
    if (cpu->arch.next_asid >= asid_count) {
        cpu->arch.next_asid = 1;
        cpu->arch.asid_round++;
        b->tlb_control = TLB_FLUSH_ALL;
    }
    b->asid = cpu->arch.next_asid++;
    v->arch.asid_cpu = cpu;
    v->arch.asid_round = cpu->arch.asid_round;
}
