/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC under a storm: the input says what the vCPUs of a guest write where, what devices do, and which CPU
 * hears of it when. After each step every invariant must hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/support/vgic_board.h"

#define VCPUS     3
#define CPUS      2
#define STEPS_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

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
    const char *wrong = board_audit();

    if (wrong != NULL) {
        fprintf(stderr, "audit: %s\n", wrong);
        abort();
    }
}

/* A vCPU that is loaded, if there is one; then the CPU that has it goes on. */
static bool on_some_vcpu(unsigned choice, unsigned *id)
{
    for (unsigned i = 0; i < VCPUS; i++) {
        *id = (choice + i) % VCPUS;
        if (board_is_loaded(*id)) {
            board_on_vcpu(*id);
            return true;
        }
    }
    return false;
}

static void access_register(struct input *in, unsigned id)
{
    unsigned how = take(in, 1);
    struct mmio_access a = {
        .offset = take(in, 2),
        .size = (uint8_t)(1u << (how & 3)),
        .is_write = (how & 4) != 0,
    };
    int err;

    if ((how & 8) != 0) {
        a.offset |= (uint64_t)(how >> 4) << 16;
    }
    if ((how & 0xc0) == 0) {
        a.offset &= ~7ull; /* else most would be misaligned */
    }
    a.value = take(in, 4);
    if ((how & 16) != 0) {
        a.value |= a.value << 32;
    }
    err = board_access(id, board_domain.arch.vgic.version == 3 && (how & 8) != 0, &a);
    if (err != 0 && err != -XEN_EINVAL && err != -XEN_ENXIO) {
        abort();
    }
}

static void schedule(unsigned id, unsigned cpu)
{
    if (board_is_loaded(id)) {
        if (board_save(id)) {
            abort();
        }
    } else if (board_cpu[cpu].current == NULL) {
        board_load(id, cpu);
    }
}

static void raise_hw(unsigned id, unsigned irq)
{
    bool *active = irq < 32 ? &host_vgic[this_cpu()->id].physical_active[irq] : &host_vgic_physical_active[irq];

    if (!*active) {
        *active = true;
        vgic_raise_hw(&board_vcpu[id], irq, irq);
    }
}

static void device(unsigned what, unsigned id, unsigned irq)
{
    struct vcpu *v = &board_vcpu[id];

    if (irq < 32) {
        what == 0 ? vgic_raise(v, irq) : what == 1 ? vgic_lower(v, irq) : vgic_pulse(v, irq);
    } else if (what == 0) {
        vgic_raise_spi(&board_domain, irq);
    } else if (what == 1) {
        vgic_lower_spi(&board_domain, irq);
    } else {
        vgic_pulse_spi(&board_domain, irq);
    }
}

/* An interrupt of a device: becomes the guest's, or comes, or is taken from it. */
static void line(unsigned what, unsigned irq)
{
    bool is_attached = irq >= 32 && irq - 32 < VGIC_SPI_OWN &&
                       (board_domain.arch.vgic.spi[irq / 32 - 1].lines >> irq % 32 & 1) != 0;

    board_domain.has_lines = true;
    if (!is_attached) {
        (void)!vgic_line_attach(&board_domain, irq);
    } else if (what == 0) {
        (void)!vgic_line_detach(&board_domain, irq, false);
    } else if (!host_vgic_physical_active[irq]) {
        host_vgic_physical_active[irq] = true;
        vgic_line_taken(&board_domain, irq);
    }
}

static void step(struct input *in)
{
    unsigned what = take(in, 1);
    unsigned arg = what >> 4;
    unsigned id;

    what &= 15;
    if (what == 0) {
        schedule(arg % VCPUS, arg / VCPUS % CPUS);
        return;
    }
    if (what <= 3) {
        unsigned irq = 16 + take(in, 1) % (16 + VGIC_SPI_OWN);

        board_on(arg / VCPUS % (CPUS + 1));
        device(what - 1, arg % VCPUS, irq);
        return;
    }
    if (what == 15) {
        board_on(arg / VCPUS % (CPUS + 1));
        line(arg % VCPUS, take(in, 1) % (40 + VGIC_SPI_OWN));
        return;
    }
    if (!on_some_vcpu(arg, &id)) {
        return;
    }
    switch (what) {
    case 4:
        raise_hw(id, 16 + take(in, 1) % (16 + VGIC_SPI_OWN));
        break;
    case 5:
        if (board_domain.arch.vgic.version == 3) {
            vgic_send_sgi(&board_vcpu[id], take(in, 4) | (uint64_t)(arg / VCPUS) << 40);
        }
        break;
    case 6:
    case 7:
        guest_acknowledge(id);
        break;
    case 8:
        guest_end(id);
        break;
    case 9:
        if (board_kicked[id] || host_vgic_maintenance()) {
            board_kicked[id] = false;
            vgic_sync(&board_vcpu[id]);
        }
        break;
    case 10:
        vgic_has_pending(&board_vcpu[id], take(in, 4));
        break;
    default:
        access_register(in, id);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t lrs[4] = { 4, 1, 2, 16 };
    struct input in = { data, size };
    unsigned how = take(&in, 1);

    board_init((how & 1) != 0 ? 2 : 3, VCPUS, lrs[how >> 1 & 3]);
    if ((how & 8) == 0) { /* a guest that is set up, so that not every input has to find out how */
        board_load(0, 0);
        board_load(1, 1);
        dist_write(0, 0, 3);
        for (unsigned word = 0; word < 3; word++) {
            dist_write(0, 0x100 + word * 4, ~0u);
        }
        private_write(0, 0x100, ~0u);
        private_write(1, 0x100, ~0u);
    }
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0; i++) {
        step(&in);
        check();
    }
    if (!board_settle()) {
        fprintf(stderr, "does not settle\n");
        abort();
    }
    check();
    return 0;
}
