/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small hypercalls: version, assists, parameters, console, many calls in one, what only a privileged domain may
 * do, and every number from 0 to 70.
 */
#include "xen_guest.h"

/* Of Xen 4.17's domctl.h, sysctl.h and platform.h: what a caller has to name before it is looked at. */
#define DOMCTL_VERSION   0x15u
#define SYSCTL_VERSION   0x15u
#define PLATFORM_VERSION 0x03000001u

void *memset(void *to, int value, size_t size);

static uint8_t buffer[PAGE] PAGES;
static struct multicall_entry calls[8] PAGES;
static uint16_t self;

static int64_t version_op(unsigned op, void *argument)
{
    return hypercall(__HYPERVISOR_xen_version, op, (uint64_t)argument, 0, 0);
}

static void version(void)
{
    struct bad_pointer bad;

    for (unsigned op = 1; op < 14; op++) {
        unsigned written = 0;
        int64_t result;

        memset(buffer, 0xaa, sizeof(buffer));
        if (op == XENVER_get_features) {
            *(uint32_t *)buffer = 0;
        }
        result = version_op(op, buffer);
        for (unsigned i = 0; i < sizeof(buffer); i++) {
            written = buffer[i] != 0xaa ? i + 1 : written;
        }
        say("xen_version %u: %ld, bytes written %s\n", op, result, written == 0 ? "none" : "some");
        say("xen_version %u, read-only: %ld\n", op, version_op(op, read_only_copy(buffer, 8)));
        for (unsigned i = 0; (bad = bad_input(i, buffer, 8)).name != NULL; i++) {
            say("xen_version %u at %s: %ld\n", op, bad.name, version_op(op, bad.address));
        }
    }
    memset(buffer, 0xaa, sizeof(buffer));
    version_op(XENVER_commandline, buffer);
    say("command line: %s\n", (char *)buffer);
    for (uint32_t length = 0; length < 40; length += 13) {
        *(uint32_t *)buffer = length;
        say("build_id, length %u: %ld\n", length, version_op(XENVER_build_id, buffer));
    }
    for (uint32_t index = 0; index < 4; index++) {
        struct xen_feature_info f = { .submap_idx = index == 3 ? 0xffffffff : index };
        int64_t result = version_op(XENVER_get_features, &f);

        say("features %u: %ld, 0x%x\n", index, result, f.submap);
    }
    say("xen_version -1: %ld\n", version_op(0xffffffff, buffer));
}

static void assists(void)
{
    for (uint64_t type = 0; type < 66; type++) {
        int64_t on = hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, type, 0, 0);
        int64_t off = hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, type, 0, 0);
        int64_t other = hypercall(__HYPERVISOR_vm_assist, 2, type, 0, 0);

        if (type < 8 || type > 60 || on != -22 || off != -22 || other != -22) {
            say("vm_assist %lu: on %ld, off %ld, command 2 %ld\n", type, on, off, other);
        }
    }
}

/* Xen 4.17 ends a partition that sets one of them to zero, so that is done with "harsh=1" only. */
static void parameters(void)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF };
    struct bad_pointer bad;

    for (uint32_t index = 0; index <= HVM_NR_PARAMS; index++) {
        int64_t get, set;

        p.index = index;
        p.value = 0x5a5a;
        get = hvm_op(HVMOP_get_param, &p);
        say("parameter %u: get %ld, 0x%lx", index, get, p.value);
        p.value = 0;
        set = index == DEADLY_PARAMETER && !arg_is("harsh", "1") ? 0 : hvm_op(HVMOP_set_param, &p);
        say(", set %ld\n", set);
    }
    p.index = 0xffffffff;
    say("parameter -1: get %ld, set %ld\n", hvm_op(HVMOP_get_param, &p), hvm_op(HVMOP_set_param, &p));
    p.index = HVM_PARAM_STORE_PFN;
    p.domid = self;
    say("parameter by number: %ld\n", hvm_op(HVMOP_get_param, &p));
    for (unsigned i = 0; i < foreign_domid_count; i++) {
        p.domid = foreign_domids[i].domid;
        say("parameter of %s: get %ld, set %ld\n", foreign_domids[i].name, hvm_op(HVMOP_get_param, &p),
            hvm_op(HVMOP_set_param, &p));
    }
    p.domid = DOMID_SELF;
    for (unsigned i = 0; (bad = bad_input(i, &p, sizeof(p))).name != NULL; i++) {
        say("parameter at %s: get %ld, set %ld\n", bad.name, hvm_op(HVMOP_get_param, bad.address),
            hvm_op(HVMOP_set_param, bad.address));
    }
    say("parameter, read-only: get %ld\n", hvm_op(HVMOP_get_param, read_only_copy(&p, sizeof(p))));
    memset(buffer, 0, sizeof(buffer));
    for (unsigned op = 2; op < 28; op++) {
        say("hvm_op %u: %ld with zeros, ", op, hvm_op(op, buffer));
        say("%ld at null\n", hvm_op(op, NULL));
    }
}

static void call(unsigned at, uint64_t op, uint64_t a, uint64_t b, uint64_t c)
{
    calls[at] = (struct multicall_entry){ .op = op, .result = 0x5a5a, .args = { a, b, c } };
}

static int64_t multicall(void *list, uint64_t count)
{
    return hypercall(__HYPERVISOR_multicall, (uint64_t)list, count, 0, 0);
}

static void multicalls(void)
{
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct bad_pointer bad;
    struct multicall_entry *last;
    int64_t result;

    say("multicall of nothing: %ld\n", multicall(calls, 0));
    say("multicall of nothing at null: %ld\n", multicall(NULL, 0));
    call(0, __HYPERVISOR_xen_version, XENVER_get_features, 0, 0);
    call(1, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uint64_t)&alloc, 0);
    call(2, 63, 0, 0, 0);
    call(3, __HYPERVISOR_xen_version, 99, 0, 0);
    call(4, __HYPERVISOR_multicall, (uint64_t)&calls[6], 1, 0);
    call(5, __HYPERVISOR_memory_op, 99, 0, 0);
    result = multicall(calls, 6);
    say("multicall of six: %ld, results %ld %ld %ld", result, (int64_t)(long)calls[0].result, (int64_t)(long)calls[1].result,
        (int64_t)(long)calls[2].result);
    say(" %ld %ld %ld\n", (int64_t)(long)calls[3].result, (int64_t)(long)calls[4].result, (int64_t)(long)calls[5].result);
    say("its port is closed: %ld\n", event_close(alloc.port));
    call(0, __HYPERVISOR_xen_version, 99, 0, 0);
    call(1, 1ull << 32 | __HYPERVISOR_xen_version, 99, 0, 0);
    call(2, ~0ull, 0, 0, 0);
    call(3, 0, 0, 0, 0);
    call(4, __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
    call(5, __HYPERVISOR_console_io, 99, 0, 0);
    result = multicall(calls, 6);
    say("multicall of odd numbers: %ld, results %ld %ld %ld", result, (int64_t)(long)calls[0].result,
        (int64_t)(long)calls[1].result, (int64_t)(long)calls[2].result);
    say(" %ld %ld %ld\n", (int64_t)(long)calls[3].result, (int64_t)(long)calls[4].result, (int64_t)(long)calls[5].result);
    call(0, __HYPERVISOR_xen_version, XENVER_version, 0, 0);
    result = multicall(calls, 1ull << 32 | 1);
    say("multicall with a count of 2^32 + 1: %ld, result is positive %s\n", result,
        (int64_t)(long)calls[0].result > 0 ? "yes" : "no");
    for (unsigned i = 0; (bad = bad_input(i, calls, sizeof(calls[0]))).name != NULL; i++) {
        say("multicall at %s: %ld\n", bad.name, multicall(bad.address, 1));
    }
    say("multicall, read-only: %ld\n", multicall(read_only_copy(calls, sizeof(calls[0])), 1));
    window_page(20, WINDOW_READ_WRITE, gfn_of(buffer));
    last = (struct multicall_entry *)((uint8_t *)window_page(21, WINDOW_NONE, 0) - sizeof(calls[0]));
    *last = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .result = 0x5a5a, .args = { 99 } };
    result = multicall(last, 2);
    say("multicall, the second out of reach: %ld, the first %ld\n", result, (int64_t)(long)last->result);
}

static int64_t console(unsigned op, uint64_t count, const void *text)
{
    return hypercall(__HYPERVISOR_console_io, op, count, (uint64_t)text, 0);
}

static void consoles(void)
{
    struct bad_pointer bad;

    say("console write: %ld\n", console(CONSOLEIO_write, 19, "written by the call\n"));
    say("console write of nothing: %ld\n", console(CONSOLEIO_write, 0, NULL));
    say("console read: %ld\n", console(CONSOLEIO_read, 16, buffer));
    say("console read of nothing: %ld\n", console(CONSOLEIO_read, 0, NULL));
    say("console read of 2^31: %ld\n", console(CONSOLEIO_read, 0x80000000, buffer));
    for (unsigned i = 0; (bad = bad_input(i, "four", 4)).name != NULL; i++) {
        say("console at %s: write %ld, read %ld\n", bad.name, console(CONSOLEIO_write, 4, bad.address),
            console(CONSOLEIO_read, 4, bad.address));
    }
    say("console 2: %ld\n", console(2, 4, "four"));
    say("console -1: %ld\n", console(0xffffffff, 4, "four"));
}

/* The first words are the command, the version of the interface, and for a domctl the domain. */
static void control(const char *name, unsigned number, uint32_t right_version)
{
    static const uint32_t commands[] = { 0, 1, 3, 5, 30, 57, 99 };

    say("%s at null: %ld\n", name, hypercall(number, 0, 0, 0, 0));
    for (unsigned i = 0; i < ARRAY_COUNT(commands); i++) {
        int64_t wrong, right, ours;

        memset(buffer, 0, sizeof(buffer));
        ((uint32_t *)buffer)[0] = commands[i];
        ((uint32_t *)buffer)[1] = right_version + 1;
        wrong = hypercall(number, (uint64_t)buffer, 0, 0, 0);
        ((uint32_t *)buffer)[1] = right_version;
        *(uint16_t *)&buffer[8] = DOMID_UNUSED;
        right = hypercall(number, (uint64_t)buffer, 0, 0, 0);
        *(uint16_t *)&buffer[8] = self;
        ours = hypercall(number, (uint64_t)buffer, 0, 0, 0);
        say("%s %u: wrong version %ld, of no domain %ld, of oneself %ld\n", name, commands[i], wrong, right, ours);
    }
}

static void privileged(void)
{
    control("domctl", __HYPERVISOR_domctl, DOMCTL_VERSION);
    control("sysctl", __HYPERVISOR_sysctl, SYSCTL_VERSION);
    control("platform_op", __HYPERVISOR_platform_op, PLATFORM_VERSION);
    memset(buffer, 0, sizeof(buffer));
    for (unsigned op = 0; op < 4; op++) {
        say("hypfs_op %u: %ld\n", op, hypercall(__HYPERVISOR_hypfs_op, op, 0, 0, 0));
        say("xsm_op %u: %ld\n", op, hypercall(__HYPERVISOR_xsm_op, (uint64_t)buffer, op, 0, 0));
        say("dm_op of DOMID_SELF, %u buffers: %ld\n", op,
            hypercall(__HYPERVISOR_dm_op, DOMID_SELF, op, (uint64_t)buffer, 0));
        say("dm_op of oneself, %u buffers: %ld\n", op, hypercall(__HYPERVISOR_dm_op, self, op, (uint64_t)buffer, 0));
        say("argo_op %u: %ld\n", op, hypercall(__HYPERVISOR_argo_op, op, 0, 0, 0));
    }
    say("dm_op at null: %ld\n", hypercall(__HYPERVISOR_dm_op, self, 1, 0, 0));
    say("dm_op of no domain: %ld\n", hypercall(__HYPERVISOR_dm_op, DOMID_UNUSED, 1, (uint64_t)buffer, 0));
    for (unsigned op = 0; op < 36; op++) {
        say("physdev_op %u: %ld with zeros, ", op, hypercall(__HYPERVISOR_physdev_op, op, (uint64_t)buffer, 0, 0));
        say("%ld at null\n", hypercall(__HYPERVISOR_physdev_op, op, 0, 0, 0));
    }
}

static void numbers(void)
{
    for (uint64_t number = 0; number <= 70; number++) {
        /* xen_version answers a number of its own. */
        if (number != __HYPERVISOR_xen_version) {
            say("hypercall %lu: %ld\n", number, hypercall(number, 0, 0, 0, 0));
        }
    }
}

void guest_main(void)
{
    self = own_domid();
    version();
    assists();
    parameters();
    multicalls();
    consoles();
    privileged();
    numbers();
}
