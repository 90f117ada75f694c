/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What depends on the width of a guest's code, where the other tests of hypercalls do not show it: the wall clock's
 * place, how many bytes of a structure are written, lists of hypercalls, a large extent that is interrupted on the way.
 */
#include "xen_guest.h"

#define YEAR (365ull * 24 * 3600)
#define BLOCK_ORDER 9

static struct multicall_entry calls[4];
static xen_pfn_t list[2];
static uint8_t bytes[32];

/* Req: BH-COMPAT-008 */
static void wall_clock(void)
{
#ifdef __i386__
    uint32_t high = shared->arch.wc_sec_hi;
#else
    uint32_t high = shared->wc_sec_hi;
#endif

    say("wall clock, version: %s\n", shared->wc_version != 0 && shared->wc_version % 2 == 0 ? "even" : "none");
    say("wall clock, year is from 2020 to 2100: %s\n",
        shared->wc_sec > 50 * YEAR && shared->wc_sec < 130 * YEAR ? "yes" : "no");
    say("wall clock, nanoseconds: %s, upper half: %u\n",
        shared->wc_nsec < 1000000000 ? "less than a second" : "too many", high);
}

/* Req: BH-COMPAT-002 */
static void written_bytes(void)
{
    unsigned count = 0;
    int64_t result;

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0x5a;
    }
    dsb();
    result = hypercall(__HYPERVISOR_xen_version, XENVER_platform_parameters, (uintptr_t)bytes, 0, 0);
    dsb();
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        count += bytes[i] != 0x5a;
    }
    say("platform parameters: %ld, a long is written: %s\n", result, count <= sizeof(long) ? "yes" : "no");
}

/* Req: BH-COMPAT-003, BH-COMPAT-004 */
static void lists(uint64_t nowhere)
{
    static struct xen_memory_reservation r;
    int64_t result;

    list[0] = (xen_pfn_t)nowhere;
    r = (struct xen_memory_reservation){ .nr_extents = 1, .extent_order = BLOCK_ORDER, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, list);
    calls[0] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
    calls[1] = (struct multicall_entry){ .op = __HYPERVISOR_memory_op,
                                         .args = { XENMEM_decrease_reservation, (uintptr_t)&r } };
    calls[2] = (struct multicall_entry){ .op = __HYPERVISOR_memory_op,
                                         .args = { XENMEM_populate_physmap, (uintptr_t)&r } };
    calls[3] = (struct multicall_entry){ .op = 4096 };
    dsb();
    result = hypercall(__HYPERVISOR_multicall, (uintptr_t)calls, ARRAY_COUNT(calls), 0, 0);
    dsb();
    say("multicall: %ld, version %lx, out %ld, in %ld, unknown %ld\n", result, (int64_t)calls[0].result,
        (int64_t)(long)calls[1].result, (int64_t)(long)calls[2].result, (int64_t)(long)calls[3].result);
    dsb();
    say("block out again: %ld\n", memory_op(XENMEM_decrease_reservation, &r));
    say("and in: %ld\n", memory_op(XENMEM_populate_physmap, &r));
}

static void timers(void)
{
    struct sched_poll p = { .nr_ports = 0, .timeout = 1 };
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future };

    dsb();
    say("poll until long ago: %ld\n", sched_op(SCHEDOP_poll, &p));
    say("single-shot timer of long ago: %ld\n", vcpu_op(VCPUOP_set_singleshot_timer, 0, &t));
}

void guest_main(void)
{
    if (shared_info_map() != NULL) {
        wall_clock();
    }
    written_bytes();
    lists(((board.memory_base + board.memory_size / 2) >> PAGE_SHIFT) & ~((1ull << BLOCK_ORDER) - 1));
    timers();
}
