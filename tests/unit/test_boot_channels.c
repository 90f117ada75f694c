/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/boot_channels.c: event channels and policy of the boot description, and what can be wrong with them.
 */
#include "partition.h"

#include "abi/arm_layout.h"
#include "bh/boot_channels.h"
#include "bh/evtchn.h"
#include "bh/grant.h"
#include "bh/policy.h"
#include "bh/pv_backend.h"
#include "bh/pv_console.h"

static struct domain *built[3];
static const char *said;

/* Partitions "one", "two" and "three", the last of which is not built, with CHANNELS in the nodes; then MORE in /chosen. */
static void make(const char *one, const char *two, const char *three, const char *more)
{
    static const struct memory_range none;
    static struct boot_config config;
    static char source[1 << 16];
    static struct board board;
    static struct fdt tree;
    const char *in[] = { one, two, three }, *names[] = { "one", "two", "three" };
    char nodes[1 << 14];
    size_t size, used = 0;
    void *blob;

    for (unsigned i = 0; i < 3; i++) {
        used += (size_t)snprintf(nodes + used, sizeof(nodes) - used,
                                 "%s { compatible = \"xen,domain\"; #address-cells = <2>; #size-cells = <1>; memory = <0 64>;"
                                 "cpus = <1>; module@%u { compatible = \"multiboot,kernel\", \"multiboot,module\";"
                                 "reg = <0 0x%x 0x1000>; }; %s };\n", names[i], i, 0x4a000000 + i * 0x1000, in[i]);
    }
    snprintf(source, sizeof(source),
             "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>;\n"
             "memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x40000000>; };\n"
             "cpus { #address-cells = <1>; #size-cells = <0>; a { device_type = \"cpu\"; reg = <0>; }; };\n"
             "chosen { %s %s }; };", nodes, more);
    blob = tree_compile(source, &size);
    assert_int_equal(fdt_open(&tree, blob, size), 0);
    assert_int_equal(board_read(&tree, 0, &board), 0);
    assert_int_equal(boot_config_read(&tree, &board, &none, 0, &config), 0);
    host_board_init(1, 16);
    for (unsigned i = 0; i < 2; i++) {
        built[i] = make_domain(names[i], 1, 0, all_cpus(), 1);
    }
    (void)host_uart_take();
    boot_channels_make(&tree, &board, &config, built);
    said = host_uart_take();
    free(blob);
}

static void expect(const char *text)
{
    if (strstr(said, text) == NULL) {
        fail_msg("not said: %s\nbut:\n%s", text, said);
    }
}

/* Req: BH-BOOT-030 */
static void test_event_channels(void **state)
{
    const struct evtchn *c;

    (void)state;
    /* As Xen's booting.txt has it; the third one leads to a partition that could not be built. */
    make("a: e@1 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xa &b>; };"
         "c: e@2 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xc &d>; };"
         "x: e@3 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xd &y>; };",
         "b: e@1 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xb &a>; };"
         "d: e@2 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xa &c>; };",
         "y: e@1 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <1 &x>; };", "");
    assert_string_equal(said, "");
    c = evtchn_at(&built[0]->evtchn, 0xa);
    assert_int_equal(c->state, EVTCHN_INTERDOMAIN);
    assert_ptr_equal(c->remote, built[1]);
    assert_int_equal(c->remote_port, 0xb);
    c = evtchn_at(&built[1]->evtchn, 0xa);
    assert_ptr_equal(c->remote, built[0]);
    assert_int_equal(c->remote_port, 0xc);
    assert_int_equal(evtchn_at(&built[0]->evtchn, 0xd)->state, EVTCHN_FREE);
    end_all();
}

static void test_bad_event_channels(void **state)
{
    (void)state;
    make("a: e@1 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xa &b>; };"
         "e@2 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xc 999>; };"
         "e@3 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xc>; };"
         "e@4 { compatible = \"xen,evtchn-v1\"; };"
         "f: e@5 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0 &g>; };"
         "h: e@6 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xffffffff &i>; };"
         "k: e@7 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <7 &l>; };"
         "m: e@8 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <7 &n>; };",
         "b: e@1 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <0xb &b>; };"
         "g: e@2 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <5 &f>; };"
         "i: e@3 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <5 &h>; };"
         "l: e@4 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <7 &k>; };"
         "n: e@5 { compatible = \"xen,evtchn-v1\"; xen,evtchn = <8 &m>; };", "", "");
    expect("/chosen/two/e@1: xen,evtchn: its handle does not lead back");
    expect("/chosen/one/e@2: xen,evtchn: the handle is no event channel");
    expect("/chosen/one/e@3: xen,evtchn: expected two cells");
    expect("/chosen/one/e@4: xen,evtchn: expected two cells");
    expect("/chosen/one/e@5: xen,evtchn: the ports cannot be bound");
    expect("/chosen/one/e@6: xen,evtchn: the ports cannot be bound");
    expect("/chosen/one/e@8: xen,evtchn: one of the ports is in use");
    assert_int_equal(evtchn_at(&built[0]->evtchn, 7)->remote_port, 7);
    end_all();
}

/* Req: BH-BOOT-031 */
static void test_allow(void **state)
{
    (void)state;
    make("", "", "", "a { compatible = \"bulkhead,allow\"; from = \"one\"; to = \"two\"; kinds = \"event\", \"argo\"; };"
                     "b { compatible = \"bulkhead,allow\"; from = \"two\"; to = \"one\"; kinds = \"grant\"; };");
    assert_string_equal(said, "");
    for (unsigned q = 0; q < POLICY_QUESTION_COUNT; q++) {
        assert_int_equal(policy_ask(built[0], built[1], q), q == POLICY_EVENT || q == POLICY_ARGO);
        assert_int_equal(policy_ask(built[1], built[0], q), q == POLICY_GRANT);
    }
    end_all();
}

static void test_bad_allow(void **state)
{
    (void)state;
    make("", "", "", "a { compatible = \"bulkhead,allow\"; from = \"one\"; to = \"four\"; kinds = \"event\"; };"
                     "b { compatible = \"bulkhead,allow\"; to = \"one\"; kinds = \"grant\"; };"
                     "c { compatible = \"bulkhead,allow\"; from = \"one\"; to = \"two\"; };"
                     "d { compatible = \"bulkhead,allow\"; from = \"one\"; to = \"two\"; kinds = \"grant\", \"all\"; };"
                     "e { compatible = \"bulkhead,allow\"; from = \"one\"; to = <1 2>; kinds = \"grant\"; };"
                     "f { compatible = \"bulkhead,allow\"; from = \"one\"; to = \"three\"; kinds = \"grant\"; };");
    expect("/chosen/a: to: no partition of that name");
    expect("/chosen/b: from: expected the name");
    expect("/chosen/c: kinds: expected a list");
    expect("/chosen/d: kinds: expected \"event\"");
    expect("/chosen/e: to: expected the name");
    assert_true(policy_ask(built[0], built[1], POLICY_GRANT));
    assert_false(policy_ask(built[0], built[1], POLICY_EVENT));
    end_all();
}

/* Req: BH-BOOT-033 */
static void test_serve(void **state)
{
    const struct grant_entry_v1 *entries;
    const struct evtchn *c;

    (void)state;
    make("", "", "", "a { compatible = \"bulkhead,serve\"; server = \"two\"; client = \"one\"; rings = \"xenstore\", \"console\"; };");
    expect("one: xenstore by two: domain 1, port 1");
    expect("one: console by two: domain 1, port 2");
    assert_int_equal(built[0]->parameter.store_pfn, (GUEST_MAGIC_BASE >> PAGE_SHIFT) + 1);
    assert_int_equal(built[0]->parameter.console_pfn, GUEST_MAGIC_BASE >> PAGE_SHIFT);
    assert_int_equal(built[0]->parameter.store_evtchn, 1);
    assert_int_equal(built[0]->parameter.console_evtchn, 2);
    for (uint32_t port = 1; port <= 2; port++) {
        c = evtchn_at(&built[0]->evtchn, port);
        assert_int_equal(c->state, EVTCHN_UNBOUND);
        assert_int_equal(c->remote_id, built[1]->id);
    }
    entries = host_peek(built[0]->grant->frame[0]);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(entries[i].flags, GTF_permit_access);
        assert_int_equal(entries[i].domid, built[1]->id);
        assert_int_equal(entries[i].frame, (GUEST_MAGIC_BASE >> PAGE_SHIFT) + i);
    }
    host_peek_end(built[0]->grant->frame[0]);
    assert_true(domain_gfn_is_ram(built[0], gfn((GUEST_MAGIC_BASE >> PAGE_SHIFT) + 1)));
    assert_true(policy_ask(built[1], built[0], POLICY_EVENT) && policy_ask(built[0], built[1], POLICY_GRANT));
    assert_false(policy_ask(built[0], built[1], POLICY_EVENT) || policy_ask(built[1], built[0], POLICY_GRANT));
    end_all();
}

/* The hypervisor's console lets go of the ring that it served. */
static void test_serve_the_console(void **state)
{
    uint32_t port;

    (void)state;
    make("", "", "", "");
    assert_int_equal(pv_console_create(built[0]), 0);
    assert_int_equal(pv_backend_offer(built[0], built[1], PV_RING_CONSOLE, &port), 0);
    assert_int_equal(port, built[0]->parameter.console_evtchn);
    assert_int_equal(evtchn_at(&built[0]->evtchn, port)->state, EVTCHN_UNBOUND);
    assert_false(built[0]->pv_console.is_there);
    assert_int_equal(pv_backend_offer(built[0], built[1], PV_RING_CONSOLE, &port), -XEN_EBUSY);
    end_all();
}

static void test_bad_serve(void **state)
{
    (void)state;
    make("", "", "", "a { compatible = \"bulkhead,serve\"; server = \"four\"; client = \"one\"; rings = \"console\"; };"
                     "b { compatible = \"bulkhead,serve\"; server = \"one\"; rings = \"console\"; };"
                     "c { compatible = \"bulkhead,serve\"; server = \"one\"; client = \"two\"; };"
                     "d { compatible = \"bulkhead,serve\"; server = \"one\"; client = \"one\"; rings = \"console\"; };"
                     "e { compatible = \"bulkhead,serve\"; server = \"one\"; client = \"two\"; rings = \"disk\", \"xenstore\"; };"
                     "f { compatible = \"bulkhead,serve\"; server = \"one\"; client = \"two\"; rings = \"xenstore\"; };");
    expect("/chosen/a: server: no partition of that name");
    expect("/chosen/b: client: expected the name");
    expect("/chosen/c: rings: expected a list");
    expect("/chosen/d: client: expected another partition");
    expect("/chosen/e: rings: expected \"console\" or \"xenstore\"");
    expect("two: xenstore by one: domain 2, port 1");
    expect("/chosen/f: rings: \"xenstore\" is served already");
    end_all();
}

static void test_serve_without_memory(void **state)
{
    uint32_t port;

    (void)state;
    /* Each allocation fails once: an error, and nothing is lost in the end. */
    for (unsigned n = 1;; n++) {
        int err;

        make("", "", "", "");
        host_fail_allocation(n);
        err = pv_backend_offer(built[0], built[1], PV_RING_XENSTORE, &port);
        host_fail_allocation(0);
        /* The client is told of all of it or of nothing. */
        assert_int_equal(built[0]->parameter.store_pfn != 0, err == 0);
        assert_int_equal(built[0]->parameter.store_evtchn != 0, err == 0);
        assert_int_equal(domain_gfn_is_ram(built[0], gfn((GUEST_MAGIC_BASE >> PAGE_SHIFT) + 1)), err == 0);
        end_all();
        if (err == 0) {
            assert_true(n > 2);
            return;
        }
        assert_int_equal(err, -XEN_ENOMEM);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serve),
        cmocka_unit_test(test_serve_the_console),
        cmocka_unit_test(test_bad_serve),
        cmocka_unit_test(test_serve_without_memory),
        cmocka_unit_test(test_event_channels), cmocka_unit_test(test_bad_event_channels),
        cmocka_unit_test(test_allow),          cmocka_unit_test(test_bad_allow),
    };

    return RUN_TESTS_APART(tests);
}
