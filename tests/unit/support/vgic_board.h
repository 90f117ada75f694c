/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board for tests of the virtual GIC: a domain whose vCPUs are loaded on CPUs as the test says, with the interfaces
 * of arch/host_vgic.h. Kicks are remembered until the test lets the kicked CPU look.
 */
#ifndef BH_TEST_VGIC_BOARD_H
#define BH_TEST_VGIC_BOARD_H

#include <string.h>

#include "arch/host_vgic.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"

#define BOARD_CPUS  4
#define BOARD_VCPUS 8
#define VMCR_OPEN   0xff000003u /* all priorities, both groups */

static struct cpu board_cpu[BOARD_CPUS];
static struct domain board_domain;
static struct vcpu board_vcpu[BOARD_VCPUS];
static struct host_vgic_guest board_guest[BOARD_VCPUS];
static bool board_kicked[BOARD_VCPUS];
static unsigned board_kick_count;

void vcpu_kick(struct vcpu *v)
{
    board_kicked[v->id] = true;
    board_kick_count++;
}

/* What follows happens on CPU number ID. */
static inline void board_on(unsigned id)
{
    host_this_cpu = &board_cpu[id];
}

static inline bool board_is_loaded(unsigned id)
{
    return board_vcpu[id].arch.vgic.loaded_on != NULL;
}

/* What follows happens on the CPU that has vCPU number ID loaded. */
static inline struct vcpu *board_on_vcpu(unsigned id)
{
    host_this_cpu = board_vcpu[id].arch.vgic.loaded_on;
    return &board_vcpu[id];
}

/* Loads vCPU ID on CPU CPU, as an architecture does. */
static inline void board_load(unsigned id, unsigned cpu)
{
    uint32_t held = vgic_hw_private(&board_vcpu[id].arch.vgic);

    board_on(cpu);
    for (unsigned i = 0; i < 32; i++) {
        if ((held >> i & 1) != 0) {
            host_vgic[cpu].physical_active[board_vcpu[id].arch.vgic.bank.pirq[i]] = true;
        }
    }
    board_cpu[cpu].current = &board_vcpu[id];
    vgic_load(&board_vcpu[id]);
}

/* True: a list register is left in use, which must not be. */
static inline bool board_save(unsigned id)
{
    struct vcpu *v = board_on_vcpu(id);
    struct host_vgic *h = &host_vgic[this_cpu()->id];
    bool left = false;

    vgic_save(v);
    this_cpu()->current = NULL;
    board_kicked[id] = false;
    for (unsigned i = 0; i < 32; i++) {
        h->physical_active[i] = false;
    }
    for (unsigned i = 0; i < HOST_VGIC_LRS; i++) {
        left = left || h->lr[i] != 0;
    }
    return left;
}

/* Lets all kicked CPUs look, and takes their maintenance interrupts, until nothing is left. False: it does not end. */
static inline bool board_settle(void)
{
    struct cpu *before = this_cpu();

    for (unsigned round = 0; round < 64; round++) {
        bool quiet = true;

        for (unsigned id = 0; id < BOARD_VCPUS; id++) {
            if (!board_is_loaded(id)) {
                board_kicked[id] = false;
                continue;
            }
            board_on_vcpu(id);
            if (board_kicked[id] || host_vgic_maintenance()) {
                board_kicked[id] = false;
                quiet = false;
                vgic_sync(&board_vcpu[id]);
            }
        }
        if (quiet) {
            host_this_cpu = before;
            return true;
        }
    }
    host_this_cpu = before;
    return false;
}

/* Shared interrupts that the next domain is made with; more than each has anyway take a block of the heap. */
static unsigned board_spi_count;

/* A new domain of COUNT vCPUs; its GIC is of VERSION, over interfaces with LRS list registers. */
static inline void board_init(unsigned version, unsigned count, unsigned lrs)
{
    memset(board_cpu, 0, sizeof(board_cpu));
    memset(&board_domain, 0, sizeof(board_domain));
    memset(board_vcpu, 0, sizeof(board_vcpu));
    memset(board_guest, 0, sizeof(board_guest));
    memset(board_kicked, 0, sizeof(board_kicked));
    board_kick_count = 0;
    for (unsigned i = 0; i < BOARD_CPUS; i++) {
        board_cpu[i].id = (uint16_t)i;
    }
    board_on(0);
    host_vgic_reset(lrs);
    board_domain.vcpu_count = (uint16_t)count;
    if (vgic_domain_init(&board_domain, version, board_spi_count) != 0) {
        abort();
    }
    for (unsigned i = 0; i < count; i++) {
        board_vcpu[i].domain = &board_domain;
        board_vcpu[i].id = (uint16_t)i;
        board_domain.vcpus[i] = &board_vcpu[i];
        if (vgic_vcpu_init(&board_vcpu[i]) != 0) {
            abort();
        }
    }
}

/* NULL, or what is wrong on any CPU. */
static inline const char *board_audit(void)
{
    struct cpu *before = this_cpu();
    const char *wrong = NULL;

    for (unsigned i = 0; i < BOARD_CPUS && wrong == NULL; i++) {
        board_on(i);
        wrong = vgic_audit(&board_domain);
    }
    host_this_cpu = before;
    return wrong;
}

/* Register accesses by vCPU ID, which must be loaded; the calling CPU is not changed. */
static inline int board_access(unsigned id, bool is_redist, struct mmio_access *a)
{
    struct cpu *before = this_cpu();
    int err;

    board_on_vcpu(id);
    err = is_redist ? vgic_redist_access(&board_vcpu[id], a) : vgic_dist_access(&board_vcpu[id], a);
    host_this_cpu = before;
    return err;
}

static inline uint64_t board_read_sized(unsigned id, bool is_redist, uint64_t offset, unsigned size)
{
    struct mmio_access a = { .offset = offset, .size = (uint8_t)size };

    if (board_access(id, is_redist, &a) != 0) {
        abort();
    }
    return a.value;
}

static inline void board_write_sized(unsigned id, bool is_redist, uint64_t offset, uint64_t value, unsigned size)
{
    struct mmio_access a = { .offset = offset, .value = value, .size = (uint8_t)size, .is_write = true };

    if (board_access(id, is_redist, &a) != 0) {
        abort();
    }
}

static inline uint32_t dist_read(unsigned id, uint64_t offset)
{
    return (uint32_t)board_read_sized(id, false, offset, 4);
}

static inline void dist_write(unsigned id, uint64_t offset, uint32_t value)
{
    board_write_sized(id, false, offset, value, 4);
}

/* Where the registers of private interrupts are: GICR of the vCPU itself, or GICD. */
static inline uint32_t private_read(unsigned id, uint64_t offset)
{
    bool is_v2 = board_domain.arch.vgic.version == 2;

    return (uint32_t)board_read_sized(id, !is_v2, is_v2 ? offset : id * 0x20000u + 0x10000u + offset, 4);
}

static inline void private_write(unsigned id, uint64_t offset, uint32_t value)
{
    bool is_v2 = board_domain.arch.vgic.version == 2;

    board_write_sized(id, !is_v2, is_v2 ? offset : id * 0x20000u + 0x10000u + offset, value, 4);
}

/* Guest actions of vCPU ID. */
static inline unsigned guest_acknowledge(unsigned id)
{
    board_on_vcpu(id);
    return host_vgic_acknowledge(&board_guest[id]);
}

static inline void guest_end(unsigned id)
{
    board_on_vcpu(id);
    host_vgic_end(&board_guest[id]);
}

#endif
