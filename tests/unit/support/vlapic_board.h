/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vCPUs with virtual local APICs for tests of those: their registers by offset and as MSRs, and what they are told.
 */
#ifndef BH_TEST_VLAPIC_BOARD_H
#define BH_TEST_VLAPIC_BOARD_H

#include "apart.h"

#include <string.h>

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/vcpu.h"
#include "bh/vlapic.h"
#include "hypervisor/arch/host/host.h"

#define VCPUS 40
#define EINVAL_ERR (-XEN_EINVAL)
#define BASE_XAPIC  0xfee00800u
#define BASE_X2APIC 0xfee00c00u

static struct domain domain;
static struct vcpu vcpus[VCPUS];
static unsigned kicks[VCPUS];

void vcpu_kick(struct vcpu *v)
{
    __atomic_fetch_add(&kicks[v->id], 1, __ATOMIC_RELAXED);
}

/* COUNT vCPUs after reset, on a board with two CPUs. */
static inline void board(unsigned count)
{
    host_board_init(2, 8);
    memset(vcpus, 0, sizeof(vcpus));
    memset(kicks, 0, sizeof(kicks));
    memset(&domain, 0, sizeof(domain));
    domain.vcpu_count = (uint16_t)count;
    for (unsigned i = 0; i < count; i++) {
        vcpus[i].domain = &domain;
        vcpus[i].id = (uint16_t)i;
        domain.vcpus[i] = &vcpus[i];
        vlapic_init(&vcpus[i]);
    }
}

static inline uint32_t get(unsigned id, unsigned offset)
{
    uint32_t value = 0xdeadbeef;

    assert_int_equal(vlapic_read(&vcpus[id], offset, &value), 0);
    return value;
}

static inline void set(unsigned id, unsigned offset, uint32_t value)
{
    assert_int_equal(vlapic_write(&vcpus[id], offset, value), 0);
}

static inline uint64_t get_msr(unsigned id, uint32_t msr)
{
    uint64_t value = 0xdeadbeef;

    assert_int_equal(vlapic_msr_read(&vcpus[id], msr, &value), 0);
    return value;
}

static inline void set_msr(unsigned id, uint32_t msr, uint64_t value)
{
    assert_int_equal(vlapic_msr_write(&vcpus[id], msr, value), 0);
}

/* Enabled by software, all vectors open. */
static inline void enable(unsigned id)
{
    set(id, 0xf0, 0x1ff);
}

static inline void enter_x2apic(unsigned id)
{
    set_msr(id, 0x1b, BASE_X2APIC);
    set_msr(id, 0x80f, 0x1ff);
}

static inline int pending(unsigned id)
{
    return vlapic_pending(&vcpus[id]);
}

/* vCPU ID takes its next interrupt and ends it. -1: there was none. */
static inline int take(unsigned id)
{
    int vector = pending(id);

    if (vector >= 0) {
        vlapic_accept(&vcpus[id], (uint8_t)vector);
        if ((get_msr(id, 0x1b) & 0x400) != 0) {
            set_msr(id, 0x80b, 0);
        } else {
            set(id, 0xb0, 0);
        }
    }
    return vector;
}

#endif
