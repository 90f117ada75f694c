/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/partition_shared.c: regions in partitions: who sees which bytes, who may write, and what stays when one is gone.
 */
#include "partition.h"

#include "bh/guest_copy.h"
#include "bh/partition.h"
#include "bh/partition_shared.h"
#include "bh/physmap.h"
#include "bh/window.h"

#define IMAGE_SIZE 65536
#define GPA        0x90000000ULL

static char *image;
static uint64_t image_at, free_before;

static void init(void)
{
    host_board_init(4, 128);
    free(image);
    image = malloc(IMAGE_SIZE);
    fill_image(image, IMAGE_SIZE, 7);
    image_at = host_module_place(image, IMAGE_SIZE);
    shared_memory_forget_all();
}

static void share(struct boot_domain *config, const char *id, uint64_t gpa, uint64_t offset, uint64_t size, bool writes)
{
    const struct shared_share s = { .gpa = gpa, .offset = offset, .size = size, .is_read_only = !writes };

    if (config->shared_count++ == 0) {
        config->shared_first = (uint16_t)shared_memory_count();
    }
    assert_null(shared_memory_add(id, 0, &s));
}

static struct boot_domain config_of(const char *name)
{
    struct boot_domain config = { .memory_kib = 4 << 10, .kernel = { image_at, IMAGE_SIZE }, .vcpu_count = 1, .vpl011 = true };

    snprintf(config.name, sizeof(config.name), "%s", name);
    return config;
}

static struct domain *build(const struct boot_domain *config)
{
    struct domain *d;

    assert_int_equal(partition_build(config, &d), 0);
    return d;
}

/* What D sees at GPA. */
static mfn_t seen(struct domain *d, uint64_t gpa, enum p2m_type *type, unsigned *order)
{
    mfn_t m;
    int err;

    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, gfn(gpa >> PAGE_SHIFT), &m, type, order);
    spin_unlock(&d->p2m.lock);
    return err == 0 ? m : MFN_INVALID;
}

static mfn_t seen_frame(struct domain *d, uint64_t gpa)
{
    enum p2m_type type;
    unsigned order;

    return seen(d, gpa, &type, &order);
}

/* Req: BH-SHM-002, BH-SHM-003, BH-SHM-004 */
static void test_two(void **state)
{
    struct boot_domain a, b;
    struct domain *one, *two;
    enum p2m_type type;
    unsigned order;
    uint16_t id;
    mfn_t first;
    char *p;

    (void)state;
    init();
    a = config_of("one");
    b = config_of("two");
    share(&a, "link", GPA, 0, MIB(4) + 8192, true);
    share(&b, "link", GPA + MIB(64) + 4096, MIB(2), MIB(1), false);
    share(&b, "own", GPA, 0, 4096, true);
    partition_shared_make();
    free_before = page_alloc_free_count();
    one = build(&a);
    two = build(&b);
    first = seen(one, GPA, &type, &order);
    assert_true(type == P2M_GRANT && order == ORDER_2M);
    assert_true(seen_frame(one, GPA + MIB(4) + 4096).n == first.n + 1025);
    assert_false(mfn_valid(seen_frame(one, GPA + MIB(4) + 8192)));
    assert_true(seen(two, GPA + MIB(64) + 4096, &type, &order).n == first.n + 512);
    assert_true(type == P2M_GRANT_RO && order == ORDER_4K);
    assert_false(mfn_valid(seen_frame(two, GPA + MIB(64))));
    assert_false(mfn_valid(seen_frame(two, GPA + MIB(65) + 4096)));
    assert_true(seen_frame(two, GPA).n < first.n || seen_frame(two, GPA).n > first.n + 1025);
    assert_true(p2m_permits(&one->p2m, gfn(GPA >> PAGE_SHIFT), P2M_READ | P2M_WRITE));
    assert_false(p2m_permits(&one->p2m, gfn(GPA >> PAGE_SHIFT), P2M_EXECUTE));
    assert_false(p2m_permits(&two->p2m, gfn((GPA + MIB(64) + 4096) >> PAGE_SHIFT), P2M_WRITE));
    /* It is nobody's to give away, or to put something else there. */
    assert_int_equal(physmap_unmap(one, gfn(GPA >> PAGE_SHIFT), PHYSMAP_NOT_GRANTED), -XEN_EPERM);
    assert_int_equal(physmap_map_shared_info(one, gfn(GPA >> PAGE_SHIFT)), -XEN_EBUSY);
    assert_false(domain_gfn_is_ram(one, gfn(GPA >> PAGE_SHIFT)));
    assert_int_equal(frame_map(first, two->id, NULL, false), -XEN_EPERM);
    assert_int_equal(frame_get(first, one->id), -XEN_EPERM);
    /* What one wrote is there when it is gone, and when it is there again. */
    p = host_peek(first);
    assert_int_equal(p[0], 0);
    p[0] = 42;
    host_peek_end(first);
    start_domain(one);
    start_domain(two);
    id = one->id;
    domain_shutdown(one, SHUTDOWN_poweroff);
    host_settle();
    assert_null(domain_get_any(id));
    assert_true(seen_frame(two, GPA + MIB(64) + 4096).n == first.n + 512);
    one = build(&a);
    assert_true(seen_frame(one, GPA).n == first.n);
    p = host_peek(first);
    assert_int_equal(p[0], 42);
    host_peek_end(first);
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Something is there already: the partition is not started, and nothing of it stays. */
static void test_collision(void **state)
{
    struct boot_domain a;
    struct domain *d;

    (void)state;
    init();
    a = config_of("one");
    share(&a, "link", GUEST_RAM0_BASE + MIB(4) - PAGE_SIZE, 0, 2 * PAGE_SIZE, true);
    partition_shared_make();
    free_before = page_alloc_free_count();
    (void)host_uart_take();
    assert_int_equal(partition_build(&a, &d), -XEN_EEXIST);
    assert_non_null(strstr(host_uart_take(), "one: shared memory link at 0x403ff000: something else is there"));
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Each allocation fails once. */
static void test_allocations_fail(void **state)
{
    struct boot_domain a;

    (void)state;
    init();
    a = config_of("one");
    share(&a, "link", GPA + 4096, 0, MIB(2), true);
    partition_shared_make();
    free_before = page_alloc_free_count();
    for (unsigned n = 1;; n++) {
        struct domain *d;
        bool is_built;

        host_fail_allocation(n);
        is_built = partition_build(&a, &d) == 0;
        if (is_built) {
            end_all();
        }
        assert_int_equal(page_alloc_free_count(), free_before);
        if (is_built && host_allocation_count() < n) {
            break;
        }
    }
    host_fail_allocation(0);
}

/* More than there is: a message, and who needs it is not started. */
static void test_too_large(void **state)
{
    struct boot_domain a;
    struct domain *d;

    (void)state;
    init();
    a = config_of("one");
    share(&a, "huge", GPA, 0, MIB(256), true);
    (void)host_uart_take();
    partition_shared_make();
    assert_non_null(strstr(host_uart_take(), "shared memory huge: no block of 262144 KiB is free"));
    free_before = page_alloc_free_count();
    assert_int_equal(partition_build(&a, &d), -XEN_ENOENT);
    assert_non_null(strstr(host_uart_take(), "one: shared memory huge at 0x90000000: there is none"));
    assert_int_equal(page_alloc_free_count(), free_before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two), cmocka_unit_test(test_collision), cmocka_unit_test(test_allocations_fail),
        cmocka_unit_test(test_too_large),
    };

    return RUN_TESTS_APART(tests);
}
