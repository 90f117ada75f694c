/* SPDX-License-Identifier: Apache-2.0 */
/* What of Xen's hypercall interface is there: version and features, shared pages, what is refused and how. */
#include "xen_guest.h"

/* Numbers of the public headers: xen.h. */
#define HC_memory_op     12
#define HC_xen_version   17
#define HC_console_io    18
#define HC_grant_table   20
#define HC_vm_assist     21
#define HC_vcpu_op       24
#define HC_sched_op      29
#define HC_event_channel 32
#define HC_physdev_op    33
#define HC_hvm_op        34
#define INVALID_POINTER BEYOND_TABLES /* mapped by nobody's tables */

static uint8_t buffer[4096] __attribute__((aligned(4096)));
static uint8_t shared_page[4096] __attribute__((aligned(4096)));
static uint8_t place_page[4096] __attribute__((aligned(4096)));
static volatile struct vcpu_runstate_info runstate __attribute__((aligned(64)));

static void version(void)
{
    for (unsigned op = 0; op < 14; op++) {
        struct caught c;

        for (unsigned i = 0; i < sizeof(buffer); i++) {
            buffer[i] = 0;
        }
        catch_begin();
        int64_t r = hypercall(HC_xen_version, op, (uint64_t)buffer, 0, 0);
        catch_end(&c);
        say("xen_version %u: %s\n", op, c.taken ? caught_name(&c) : r >= 0 ? "ok" : "refused");
        if (r < 0) {
            say("xen_version %u error: %ld\n", op, r);
        }
        if (op == 3 && r == 0) {
            say("capabilities: %s\n", (char *)buffer);
        }
        if (op == 5 && r == 0) {
            say("platform parameters: 0x%lx\n", *(uint64_t *)buffer);
        }
        if (op == 7) {
            say("page size: %ld\n", r);
        }
    }
    say("xen_version major: %ld\n", hypercall(HC_xen_version, 0, 0, 0, 0) >> 16);
    for (uint32_t index = 0; index < 3; index++) {
        uint32_t info[2] = { index, 0x55555555 };
        int64_t r = hypercall(HC_xen_version, 6, (uint64_t)info, 0, 0);

        say("features %u: %ld 0x%x\n", index, r, info[1]);
    }
    say("xen_version 1 into nowhere: %ld\n", hypercall(HC_xen_version, 1, INVALID_POINTER, 0, 0));
    say("xen_version 1 into null: %ld\n", hypercall(HC_xen_version, 1, 0, 0, 0));
    say("xen_version 99: %ld\n", hypercall(HC_xen_version, 99, (uint64_t)buffer, 0, 0));
}

static void unknown(void)
{
    static const uint64_t numbers[] = { 10, 11, 19, 22, 30, 31, 43, 44, 45, 47, 50, 55, 57, 63, 64, 100, 1000, 0x7fffffff,
                                        0xffffffff, 0x100000011, ~0ull };
    static const uint64_t traps[] = { 0, 1, 2, 3, 4, 5, 6, 8, 9, 14, 15, 16, 23, 25, 26, 28 };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        say("hypercall 0x%lx: %ld\n", numbers[i], hypercall(numbers[i], 0, 0, 0, 0));
    }
    for (unsigned i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
        say("hypercall of x86 0x%lx: %ld\n", traps[i], hypercall(traps[i], 0, 0, 0, 0));
    }
}

static int64_t add_to_physmap(uint32_t space, uint64_t index, uint64_t gpfn, uint16_t domid)
{
    struct xen_add_to_physmap p = { domid, 0, space, (xen_ulong_t)index, (xen_pfn_t)gpfn };

    dsb();
    return hypercall(HC_memory_op, XENMEM_add_to_physmap, (uint64_t)&p, 0, 0);
}

static void shared_infos(void)
{
    uint64_t gpfn = (uint64_t)shared_page >> 12;
    unsigned places = 0;
    bool zero = true;

    shared_page[0] = 0xaa;
    say("shared info, other domain: %ld\n", add_to_physmap(0, 0, gpfn, 1234));
    say("shared info, index 1: %ld\n", add_to_physmap(0, 1, gpfn, DOMID_SELF));
    say("shared info, beyond addresses: %ld\n", add_to_physmap(0, 0, sizeof(void *) == 8 ? 1ull << 40 : 1ull << 31, DOMID_SELF));
    say("space 99: %ld\n", add_to_physmap(99, 0, gpfn, DOMID_SELF));
    say("structure nowhere: %ld\n", hypercall(HC_memory_op, XENMEM_add_to_physmap, INVALID_POINTER, 0, 0));
    say("shared info over own memory: %ld\n", add_to_physmap(0, 0, gpfn, DOMID_SELF));
    dsb();
    isb();
    for (unsigned i = 0; i < 64; i++) {
        zero = zero && (shared_page[i] == 0 || shared_page[i] == 0xff);
    }
    say("shared info is mapped: %s\n", shared_page[0] == 0xaa ? "no" : "yes");
    shared_page[0x800] = 0x77;
    say("it can be written: %s\n", shared_page[0x800] == 0x77 ? "yes" : "no");
    say("again elsewhere: %ld\n", add_to_physmap(0, 0, 0x38000, DOMID_SELF));
    say("remove: %ld\n", hypercall(HC_memory_op, XENMEM_remove_from_physmap,
        (uint64_t)&(struct xen_remove_from_physmap){ DOMID_SELF, 0x38000 }, 0, 0));
    hypercall(HC_memory_op, XENMEM_remove_from_physmap, (uint64_t)&(struct xen_remove_from_physmap){ DOMID_SELF, gpfn },
              0, 0);
    for (unsigned i = 0; i < 12; i++) {
        /* A GiB apart: each place takes tables of its own. */
        uint64_t far = (uint64_t)(20 + i) << 18;

        places += add_to_physmap(0, 0, far, DOMID_SELF) == 0;
        hypercall(HC_memory_op, XENMEM_remove_from_physmap,
                  (uint64_t)&(struct xen_remove_from_physmap){ DOMID_SELF, far }, 0, 0);
    }
    say("shared info in far places: %u of 12\n", places);
    say("shared info where it was: %ld\n", add_to_physmap(0, 0, gpfn, DOMID_SELF));
    say("memory_op 99: %ld\n", hypercall(HC_memory_op, 99, (uint64_t)buffer, 0, 0));
    say("memory_map: %ld\n", hypercall(HC_memory_op, XENMEM_memory_map, (uint64_t)buffer, 0, 0));
}

static int64_t register_vcpu_info(uint64_t vcpu, uint64_t gfn, uint32_t offset)
{
    struct { uint64_t mfn; uint32_t offset, reserved; } arg = { gfn, offset, 0 };

    dsb();
    return hypercall(HC_vcpu_op, VCPUOP_register_vcpu_info, vcpu, (uint64_t)&arg, 0);
}

static void vcpu_ops(void)
{
    uint64_t gfn = (uint64_t)place_page >> 12, area = (uint64_t)&runstate;
    uint64_t first;

    say("vcpu_info across a page end: %ld\n", register_vcpu_info(0, gfn, 4090));
    say("vcpu_info unaligned: %ld\n", register_vcpu_info(0, gfn, 4));
    say("vcpu_info outside memory: %ld\n", register_vcpu_info(0, 0x10, 0));
    say("vcpu_info of no vCPU: %ld\n", register_vcpu_info(77, gfn, 0));
    say("vcpu_info: %ld\n", register_vcpu_info(0, gfn, 64));
    say("vcpu_info again: %ld\n", register_vcpu_info(0, gfn, 128));
    say("runstate of no vCPU: %ld\n", hypercall(HC_vcpu_op, VCPUOP_register_runstate_memory_area, 77, (uint64_t)&area, 0));
    say("runstate, structure nowhere: %ld\n", hypercall(HC_vcpu_op, VCPUOP_register_runstate_memory_area, 0, INVALID_POINTER, 0));
    say("runstate: %ld\n", hypercall(HC_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&area, 0));
    say("runstate says running: %s\n", runstate.state == RUNSTATE_running && runstate.state_entry_time != 0 ? "yes" : "no");
    first = runstate.time[0];
    delay_us(2000);
    irq_off();
    hypercall(HC_sched_op, 0, 0, 0, 0); /* yield */
    say("runstate times never shrink: %s\n", runstate.time[0] >= first ? "yes" : "no");
    area = 0;
    say("runstate taken back: %ld\n", hypercall(HC_vcpu_op, VCPUOP_register_runstate_memory_area, 0, (uint64_t)&area, 0));
    say("vcpu_op is_up: %ld\n", hypercall(HC_vcpu_op, VCPUOP_is_up, 0, 0, 0));
    say("vcpu_op 0: %ld\n", hypercall(HC_vcpu_op, 0, 0, 0, 0));
    say("vcpu_op 99: %ld\n", hypercall(HC_vcpu_op, 99, 0, 0, 0));
}

/* Req: BH-ABI-012 */
static void others(void)
{
    struct { uint16_t domid; uint16_t pad; uint32_t index; uint64_t value; } param = { DOMID_SELF, 0, 1, 0 };

    say("sched_op yield: %ld\n", hypercall(HC_sched_op, 0, 0, 0, 0));
    say("sched_op 99: %ld\n", hypercall(HC_sched_op, 99, 0, 0, 0));
    say("sched_op shutdown, structure nowhere: %ld\n", hypercall(HC_sched_op, 2, INVALID_POINTER, 0, 0));
    say("vm_assist 99: %ld\n", hypercall(HC_vm_assist, 0, 99, 0, 0));
    say("vm_assist runstate_update_flag: %ld\n", hypercall(HC_vm_assist, 0, 5, 0, 0));
    for (uint32_t index = 1; index < 5; index++) {
        param.index = index;
        dsb();
        say("hvm_param %u: %ld\n", index, hypercall(HC_hvm_op, 1, (uint64_t)&param, 0, 0));
    }
    say("hvm_op 99: %ld\n", hypercall(HC_hvm_op, 99, (uint64_t)&param, 0, 0));
    say("event channel 99: %ld\n", hypercall(HC_event_channel, 99, (uint64_t)&param, 0, 0));
    say("physdev_op 99: %ld\n", hypercall(HC_physdev_op, 99, (uint64_t)&param, 0, 0));
    say("grant table 99: %ld\n", hypercall(HC_grant_table, 99, (uint64_t)&param, 1, 0));
    say("console write, nowhere: %ld\n", hypercall(HC_console_io, 0, 4, INVALID_POINTER, 0));
    say("domctl: %ld\n", hypercall(36, (uint64_t)buffer, 0, 0, 0));
    say("sysctl: %ld\n", hypercall(35, (uint64_t)buffer, 0, 0, 0));
    say("platform_op: %ld\n", hypercall(7, (uint64_t)buffer, 0, 0, 0));
    say("registers kept: %s\n", hypercall_keeps_registers() ? "yes" : "no");
}

void guest_main(void)
{
    say("hypervisor node: %s\n", board.has_xen ? "yes" : "no");
    version();
    unknown();
    shared_infos();
    vcpu_ops();
    others();
}
