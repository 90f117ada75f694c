/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC: four vCPUs on two CPUs read and write registers in any mode, interrupts come, time passes.
 * After each step what must always hold is checked on all of them, by plain loops over the state.
 */
#include "support/fuzz.h"

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/vcpu.h"
#include "bh/vlapic.h"
#include "hypervisor/arch/host/host.h"

#define VCPUS     4
#define CPUS      2
#define STEPS_MAX 512
#define LVT_MASKED 0x10000u

static struct domain domain;
static struct vcpu vcpus[VCPUS];

struct input {
    const uint8_t *data;
    size_t size;
};

void vcpu_kick(struct vcpu *v)
{
    CHECK(v >= vcpus && v < vcpus + VCPUS);
}

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && in->size > 0; i++) {
        value |= (uint64_t)*in->data++ << (i * 8);
        in->size--;
    }
    return value;
}

static int highest(const uint32_t *words)
{
    for (int i = 255; i >= 0; i--) {
        if ((words[i / 32] >> (i % 32) & 1) != 0) {
            return i;
        }
    }
    return -1;
}

static void check_vectors(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    int irr = highest(a->irr), isr = highest(a->isr);
    int priority = MAX(a->tpr & 0xf0, isr < 0 ? 0 : isr & 0xf0);
    bool is_enabled = (a->base & 0x800) != 0 && (a->svr & 0x100) != 0;

    for (unsigned i = 0; i < 8; i++) {
        CHECK(a->irr[i] == 0 || (a->irr_words >> i & 1) != 0);
        CHECK((a->isr[i] != 0) == (a->isr_words >> i & 1));
    }
    CHECK(((a->irr[0] | a->isr[0]) & 0xffff) == 0);
    CHECK(a->is_enabled == is_enabled);
    CHECK(vlapic_pending(v) == (is_enabled && irr >= 0 && (irr & 0xf0) > priority ? irr : -1));
}

static void check_registers(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    unsigned mode = (unsigned)(a->base >> 10) & 3;

    CHECK((a->base & ~0xc00ull) == (0xfee00000 | (v->id == 0 ? 0x100 : 0)) && mode != 1);
    CHECK((a->esr & ~0xe0u) == 0 && (a->errors & ~0xe0u) == 0);
    CHECK((a->ldr & 0xffffff) == 0 && (a->dfr & 0xfffffff) == 0xfffffff);
    for (unsigned i = 0; i < VLAPIC_LVT_COUNT; i++) {
        CHECK((a->svr & 0x100) != 0 || (a->lvt[i] & LVT_MASKED) != 0);
    }
    CHECK(!a->timer_is_taken);
    /* A timer that runs is armed for its deadline, a stopped one is not. */
    CHECK((a->timer_deadline == TIMER_NEVER) == (a->timer.queue == NULL));
    CHECK(a->timer.queue == NULL || a->timer.deadline == a->timer_deadline);
    CHECK(a->timer_tsc_deadline == 0 || (a->lvt[VLAPIC_LVT_TIMER] >> 17 & 3) == 2);
}

/* Registers that there are, more often than others. */
static unsigned register_offset(struct input *in)
{
    static const uint16_t offsets[] = { 0x80, 0xb0, 0xd0, 0xe0, 0xf0, 0x280, 0x300, 0x310, 0x320, 0x370, 0x380, 0x390,
                                        0x3e0, 0x3f0, 0xa0, 0x20 };
    unsigned choice = (unsigned)take(in, 1);

    return choice < 0x80 ? offsets[choice % ARRAY_COUNT(offsets)] : (unsigned)take(in, 2) & 0x1fff;
}

static void access_register(struct input *in, struct vcpu *v, bool is_write, bool is_msr)
{
    unsigned offset = register_offset(in);
    uint32_t word = 0;
    uint64_t value = 0;
    int err;

    if (is_msr && is_write) {
        err = vlapic_msr_write(v, 0x800 + offset / 16, take(in, 8));
    } else if (is_msr) {
        err = vlapic_msr_read(v, 0x800 + offset / 16, &value);
    } else if (is_write) {
        err = vlapic_write(v, offset, (uint32_t)take(in, 4));
    } else {
        err = vlapic_read(v, offset, &word);
    }
    CHECK(err == 0 || err == -XEN_EINVAL);
    if (err == 0 && !is_write && offset == 0x390) {
        CHECK(MAX(word, value) <= v->arch.vlapic.timer_initial);
    }
}

static void step(struct input *in)
{
    unsigned what = (unsigned)take(in, 1);
    struct vcpu *v = &vcpus[what >> 4 & 3];
    uint64_t value;
    int vector;

    host_run_on(what >> 6 & 1);
    switch (what & 15) {
    case 0:
        vlapic_post(v, (uint8_t)take(in, 1));
        break;
    case 1:
        vector = vlapic_pending(v);
        if (vector >= 0) {
            vlapic_accept(v, (uint8_t)vector);
        }
        break;
    case 2:
        value = take(in, 1);
        (void)!vlapic_msr_write(v, 0x1b, 0xfee00000 | (value & 0xf) << 8);
        break;
    case 3:
        (void)!vlapic_msr_write(v, 0x6e0, host_now * 3 + take(in, 3));
        break;
    case 4:
        (void)!vlapic_msr_write(v, 0x6e0, take(in, 8));
        break;
    case 5:
        host_run_until(host_now + take(in, 2));
        break;
    case 6: /* late */
        host_advance(take(in, 3));
        timer_expire(this_cpu());
        break;
    case 7:
        (void)!vlapic_msr_write(v, 0x1b, take(in, 8));
        break;
    case 8:
        (take(in, 1) & 1) != 0 ? vlapic_reset(v) : vlapic_reset_by_init(v);
        break;
    case 9:
        CHECK(vlapic_msr_read(v, 0x6e0, &value) == 0 && vlapic_msr_read(v, 0x1b, &value) == 0);
        break;
    default:
        access_register(in, v, (what & 1) != 0 || (what & 15) == 10, (v->arch.vlapic.base >> 10 & 1) != 0);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    unsigned how = (unsigned)take(&in, 1);

    static bool is_ready;

    if (!is_ready) {
        host_board_init(CPUS, 8);
        is_ready = true;
    }
    host_now = 1000000;
    memset(&domain, 0, sizeof(domain));
    memset(vcpus, 0, sizeof(vcpus));
    domain.vcpu_count = VCPUS;
    for (unsigned i = 0; i < VCPUS; i++) {
        vcpus[i].domain = &domain;
        vcpus[i].id = (uint16_t)i;
        domain.vcpus[i] = &vcpus[i];
        vcpus[i].arch.tsc_offset = i;
        vlapic_init(&vcpus[i]);
        if ((how & 1) != 0) { /* set up, so that not every input has to find out how */
            CHECK(vlapic_write(&vcpus[i], 0xf0, 0x1ff) == 0);
            CHECK(vlapic_write(&vcpus[i], 0xd0, 1u << (24 + i)) == 0);
        }
        if ((how & 2) != 0) {
            CHECK(vlapic_msr_write(&vcpus[i], 0x1b, 0xfee00c00) == 0);
        }
    }
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0; i++) {
        step(&in);
        for (unsigned k = 0; k < VCPUS; k++) {
            check_vectors(&vcpus[k]);
            check_registers(&vcpus[k]);
        }
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        vlapic_stop(&vcpus[i]);
        CHECK(vcpus[i].arch.vlapic.timer.queue == NULL);
    }
    return 0;
}
