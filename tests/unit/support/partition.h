/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains for tests of the core on the host's board: with vCPUs that may run anywhere, and some memory.
 */
#ifndef BH_TEST_PARTITION_H
#define BH_TEST_PARTITION_H

#include "apart.h"

#include <string.h>

#include "abi/arm_layout.h"
#include "bh/boot_config.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/reaper.h"
#include "bh/vcpu.h"
#include "hypervisor/arch/host/host.h"

/* Where the memory of a test's domain begins. */
#define TEST_RAM_GFN (GUEST_RAM0_BASE >> PAGE_SHIFT)

static inline cpuset_t all_cpus(void)
{
    cpuset_t s = { { 0 } };

    for (unsigned i = 0; i < cpu_count; i++) {
        cpuset_add(&s, i);
    }
    return s;
}

static inline cpuset_t one_cpu(unsigned cpu)
{
    cpuset_t s = { { 0 } };

    cpuset_add(&s, cpu);
    return s;
}

/* VCPUS vCPUs with WEIGHT and AFFINITY, all off line; PAGES of memory from TEST_RAM_GFN on. Not started. */
static inline struct domain *make_domain(const char *name, unsigned vcpus, unsigned weight, cpuset_t affinity,
                                         unsigned pages)
{
    struct boot_domain config = { .vcpu_count = (uint16_t)vcpus, .weight = (uint16_t)weight, .memory_kib = pages * 4 };
    struct domain *d;

    snprintf(config.name, sizeof(config.name), "%s", name);
    assert_int_equal(domain_create(&config, &d), 0);
    for (unsigned i = 0; i < vcpus; i++) {
        struct vcpu *v;

        assert_int_equal(vcpu_create(d, i, NULL, &affinity, &v), 0);
    }
    for (unsigned i = 0; i < pages; i++) {
        mfn_t m;

        assert_int_equal(frame_alloc_ram(d->id, 0, &m), 0);
        assert_int_equal(p2m_map(&d->p2m, gfn(TEST_RAM_GFN + i), m, ORDER_4K, P2M_RAM), 0);
        d->page_count++;
    }
    return d;
}

/* Starts all of D's vCPUs. */
static inline void start_domain(struct domain *d)
{
    domain_start(d);
    for (unsigned i = 1; i < d->vcpu_count; i++) {
        assert_int_equal(vcpu_online(d->vcpus[i]), 0);
    }
    host_settle();
}

/* SIZE bytes of a kernel in the format of an arm64 Image, with a pattern of SEED behind its header. */
static inline void fill_image(char *image, uint64_t size, unsigned seed)
{
    const uint32_t magic = 0x644d5241;
    const uint64_t flags = 0xa;

    for (uint64_t i = 0; i < size; i++) {
        image[i] = (char)(i * seed + i / 4096);
    }
    memset(image + 8, 0, 56);
    memcpy(image + 16, &size, 8);
    memcpy(image + 24, &flags, 8);
    memcpy(image + 56, &magic, 4);
}

/* The CPU that V runs on is the one that runs. */
static inline void run_vcpu(struct vcpu *v)
{
    assert_int_equal(v->state, VCPU_RUNNING);
    host_run_on(v->sched.cpu->id);
}

/* Ends all domains and takes them apart. */
static inline void end_all(void)
{
    host_run_on(0);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];

        if (d == NULL) {
            continue;
        }
        if (d->phase == DOMAIN_BUILDING) {
            while (!reaper_step(d)) {
            }
        } else {
            domain_shutdown(d, SHUTDOWN_poweroff);
        }
    }
    for (unsigned i = 0; i < 100000; i++) {
        bool any = false;

        host_settle();
        for (unsigned k = 0; k < CONFIG_MAX_DOMAINS; k++) {
            any = any || domain_table[k] != NULL;
        }
        if (!any) {
            return;
        }
    }
    fail_msg("domains do not go away");
}

#endif
