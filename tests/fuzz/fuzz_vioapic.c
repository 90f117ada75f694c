/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual I/O APIC on the virtual local APICs of four vCPUs: registers are written in any way, lines come whether they
 * are open or not, guests take interrupts and end them. After each step: a line is open only if its pin is not masked and
 * nothing that it waits for is unfinished, and whoever has something to end is watched.
 */
#include "support/fuzz.h"

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/vcpu.h"
#include "bh/vioapic.h"
#include "bh/vlapic.h"
#include "hypervisor/arch/host/host.h"

#define VCPUS     4
#define STEPS_MAX 512

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

static uint32_t take(struct input *in, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes && in->size > 0; i++) {
        value |= (uint32_t)*in->data++ << (i * 8);
        in->size--;
    }
    return value;
}

static void check(void)
{
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        const struct vioapic_pin *p = &domain.arch.vioapic.pin[i];

        CHECK(p->is_open == host_line_is_open[i]);
        CHECK(!p->is_open || (p->is_wired && (p->entry & 0x10000) == 0));
        CHECK(!p->is_open || !p->in_flight || (!p->is_level && !p->again));
        CHECK(!p->again || (p->in_flight && !p->is_level));
        CHECK(!p->in_flight || (p->target < VCPUS && p->vector >= 16 && vcpus[p->target].arch.is_watched));
        CHECK((p->entry & ~0xfffe00000001afffull) == 0);
    }
    CHECK(domain.arch.vioapic.id < 16);
}

static void write_register(struct input *in, struct vcpu *v)
{
    unsigned index = take(in, 1);
    uint32_t value = take(in, 4);

    /* Entries, with short vectors for the vCPUs that there are, more often than others. */
    if ((index & 0x80) != 0) {
        index = 0x10 + index % (2 * VIOAPIC_PIN_COUNT);
        value &= (index & 1) != 0 ? 0x07000000 : 0x1a8ff;
    }
    CHECK(vioapic_write(v, 0, index) == 0);
    CHECK(vioapic_write(v, 0x10, value) == 0);
}

static void step(struct input *in)
{
    unsigned what = take(in, 1), pin, offset;
    struct vcpu *v = &vcpus[what >> 4 & 3];
    uint32_t value;
    int vector;

    switch (what & 15) {
    case 0: case 1: case 2:
        pin = take(in, 1) % VIOAPIC_PIN_COUNT;
        if (domain.arch.vioapic.pin[pin].is_wired) {
            vioapic_came(&domain, pin);
        }
        break;
    case 3: case 4:
        vector = vlapic_pending(v);
        if (vector >= 0) {
            vlapic_accept(v, (uint8_t)vector);
        }
        break;
    case 5: case 6:
        CHECK(vlapic_write(v, 0xb0, 0) == 0);
        if (v->arch.is_watched) {
            vioapic_settle(v);
        }
        break;
    case 7:
        offset = take(in, 2) & 0xfff;
        CHECK(vioapic_write(v, offset, take(in, 4)) == (offset % 4 == 0 ? 0 : -XEN_EINVAL));
        CHECK(vioapic_read(v, offset, &value) == (offset % 4 == 0 ? 0 : -XEN_EINVAL));
        break;
    case 8:
        CHECK(vlapic_write(v, 0xf0, take(in, 2)) == 0);
        break;
    case 9:
        CHECK(vlapic_write(v, 0xd0, take(in, 4)) == 0);
        break;
    case 10:
        CHECK(vlapic_read(v, 0x180 + (take(in, 1) & 7) * 16, &value) == 0);
        break;
    case 11:
        vlapic_reset_by_init(v);
        break;
    default:
        write_register(in, v);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    uint32_t wired = take(&in, 3), levels = take(&in, 3);
    static bool is_ready;

    if (!is_ready) {
        host_board_init(1, 8);
        is_ready = true;
    }
    memset(&domain, 0, sizeof(domain));
    memset(vcpus, 0, sizeof(vcpus));
    memset(host_line_is_open, 0, sizeof(host_line_is_open));
    domain.vcpu_count = VCPUS;
    for (unsigned i = 0; i < VCPUS; i++) {
        vcpus[i].domain = &domain;
        vcpus[i].id = (uint16_t)i;
        domain.vcpus[i] = &vcpus[i];
        vlapic_init(&vcpus[i]);
        CHECK(vlapic_write(&vcpus[i], 0xf0, 0x1ff) == 0);
    }
    vioapic_init(&domain);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        if ((wired >> i & 1) != 0) {
            vioapic_wire(&domain, i, (levels >> i & 1) != 0);
        }
    }
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0; i++) {
        step(&in);
        check();
    }
    vioapic_end(&domain);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        CHECK(!host_line_is_open[i]);
    }
    for (unsigned i = 0; i < VCPUS; i++) {
        vlapic_stop(&vcpus[i]);
    }
    return 0;
}
