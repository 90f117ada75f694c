/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/heap.c: whole pages of the hypervisor's own.
 */
#include "apart.h"

#include <string.h>

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/page_alloc.h"
#include "hypervisor/arch/host/host.h"

static bool is_zero(const char *p, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_zeroed_and_returned(void **state)
{
    static const size_t sizes[] = { 1, 4095, 4096, 4097, 20000 };
    uint64_t free_before;

    (void)state;
    host_board_init(1, 8);
    free_before = page_alloc_free_count();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 5; i++) {
            size_t pages = (sizes[i] + PAGE_SIZE - 1) / PAGE_SIZE;
            char *p = heap_alloc(sizes[i], 5);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % PAGE_SIZE, 0);
            assert_true(is_zero(p, pages * PAGE_SIZE));
            assert_int_equal(page_alloc_free_count(), free_before - pages);
            assert_int_equal(host_heap_mapped(), pages);
            memset(p, 0xff, pages * PAGE_SIZE);
            heap_free(p, sizes[i]);
            assert_int_equal(page_alloc_free_count(), free_before);
        }
    }
    heap_free(NULL, 100);
    page_alloc_audit();
}

/* Frames of an object are charged to whom it is for, and owned by nobody. */
static void test_charge(void **state)
{
    unsigned found = 0;
    char *p;

    (void)state;
    host_board_init(1, 8);
    p = heap_alloc(3 * PAGE_SIZE, 9);
    for (uint64_t n = HOST_RAM_MFN; n < HOST_RAM_MFN + host_ram_frames(); n++) {
        if (frame_table[n].type == FRAME_HYP) {
            assert_int_equal(frame_table[n].charge, 9);
            assert_int_equal(frame_table[n].owner, FRAME_NO_DOMAIN);
            found++;
        }
    }
    assert_int_equal(found, 3);
    heap_free(p, 3 * PAGE_SIZE);
}

/* Every allocation on the way fails once: NULL, and nothing is lost. */
static void test_failures(void **state)
{
    uint64_t free_before;

    (void)state;
    host_board_init(1, 8);
    free_before = page_alloc_free_count();
    for (unsigned n = 1; n <= 10; n++) {
        void *p;

        host_fail_allocation(n);
        assert_null(heap_alloc(5 * PAGE_SIZE, 1));
        host_fail_allocation(0);
        assert_int_equal(page_alloc_free_count(), free_before);
        assert_int_equal(host_heap_mapped(), 0);
        p = heap_alloc(5 * PAGE_SIZE, 1);
        assert_ptr_equal(p, arch_heap_address(0));
        heap_free(p, 5 * PAGE_SIZE);
    }
    host_fail_allocation(11);
    assert_non_null(heap_alloc(5 * PAGE_SIZE, 1));
}

static void test_random(void **state)
{
    struct { char *p; size_t size; char mark; } held[64];
    unsigned count = 0;
    uint64_t free_before;

    (void)state;
    srand(3);
    host_board_init(1, 8);
    free_before = page_alloc_free_count();
    for (unsigned step = 0; step < 4000; step++) {
        if (count < 64 && rand() % 2 == 0) {
            size_t size = 1 + (size_t)rand() % (8 * PAGE_SIZE);
            char *p = heap_alloc(size, 1);

            assert_non_null(p);
            assert_true(is_zero(p, size));
            held[count].p = p;
            held[count].size = size;
            held[count].mark = (char)(1 + step % 100);
            memset(p, held[count].mark, size);
            count++;
        } else if (count != 0) {
            unsigned i = (unsigned)rand() % count;

            assert_int_equal(held[i].p[0], held[i].mark);
            assert_int_equal(held[i].p[held[i].size - 1], held[i].mark);
            heap_free(held[i].p, held[i].size);
            held[i] = held[--count];
        }
    }
    while (count != 0) {
        count--;
        heap_free(held[count].p, held[count].size);
    }
    assert_int_equal(page_alloc_free_count(), free_before);
    assert_int_equal(host_heap_mapped(), 0);
}

static void test_full(void **state)
{
    char *p, *q;

    (void)state;
    host_board_init(1, 128);
    frame_scrub_at_boot(true);
    assert_null(heap_alloc((ARCH_HEAP_PAGES + 1) * PAGE_SIZE, 1));
    p = heap_alloc((ARCH_HEAP_PAGES - 1) * PAGE_SIZE, 1);
    assert_non_null(p);
    assert_null(heap_alloc(2 * PAGE_SIZE, 1));
    q = heap_alloc(PAGE_SIZE, 1);
    assert_ptr_equal(q, arch_heap_address(ARCH_HEAP_PAGES - 1));
    assert_null(heap_alloc(1, 1));
    heap_free(p, (ARCH_HEAP_PAGES - 1) * PAGE_SIZE);
    heap_free(q, PAGE_SIZE);
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

static void test_huge(void **state)
{
    (void)state;
    host_board_init(1, 8);
    assert_null(heap_alloc(SIZE_MAX, 1));
    assert_null(heap_alloc(0, 1));
    assert_int_equal(page_alloc_free_count(), host_ram_frames());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_and_returned),
        cmocka_unit_test(test_charge),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_huge),
    };

    return RUN_TESTS_APART(tests);
}
