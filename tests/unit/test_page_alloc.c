/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/page_alloc.c: single steps, and long random sequences against a map of who has what.
 */
#include "apart.h"

#include <string.h>

#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "hypervisor/arch/host/host.h"

#define RAM_FRAMES 4096 /* 16 MiB */

/* An allocator with nothing in it, over 16 MiB of RAM. */
static void empty(void)
{
    host_board_init(1, 16);
    page_alloc_reset();
    memset(&frame_table[HOST_RAM_MFN], 0, RAM_FRAMES * sizeof(struct frame));
}

static void test_whole(void **state)
{
    mfn_t m;

    (void)state;
    host_board_init(1, 16);
    assert_int_equal(page_alloc_free_count(), RAM_FRAMES);
    page_alloc_audit();
    assert_int_equal(page_alloc_take(13, &m), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take(12, &m), 0);
    assert_int_equal(m.n, HOST_RAM_MFN);
    assert_int_equal(page_alloc_free_count(), 0);
    assert_int_equal(page_alloc_take(0, &m), -XEN_ENOMEM);
    page_alloc_audit();
    page_alloc_give(m, 12);
    assert_int_equal(page_alloc_free_count(), RAM_FRAMES);
    page_alloc_audit();
}

static void test_split_and_merge(void **state)
{
    mfn_t m[RAM_FRAMES];

    (void)state;
    host_board_init(1, 16);
    for (unsigned i = 0; i < RAM_FRAMES; i++) {
        assert_int_equal(page_alloc_take(0, &m[i]), 0);
        assert_int_equal(page_alloc_free_count(), RAM_FRAMES - 1 - i);
    }
    /* Every other frame: nothing merges; then the rest: everything does. */
    for (unsigned i = 0; i < RAM_FRAMES; i += 2) {
        page_alloc_give(mfn(HOST_RAM_MFN + i), 0);
    }
    page_alloc_audit();
    assert_int_equal(page_alloc_take(1, &m[0]), -XEN_ENOMEM);
    for (unsigned i = 1; i < RAM_FRAMES; i += 2) {
        page_alloc_give(mfn(HOST_RAM_MFN + i), 0);
    }
    page_alloc_audit();
    assert_int_equal(page_alloc_take(12, &m[0]), 0);
}

static void test_add_unaligned(void **state)
{
    mfn_t m;

    (void)state;
    empty();
    page_alloc_add(HOST_RAM_MFN + 1, HOST_RAM_MFN + 15);
    assert_int_equal(page_alloc_free_count(), 14);
    page_alloc_audit();
    assert_int_equal(page_alloc_take(3, &m), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take(2, &m), 0);
    assert_int_equal(m.n % 4, 0);
    page_alloc_give(m, 2);
    /* The missing ends complete the block. */
    page_alloc_add(HOST_RAM_MFN, HOST_RAM_MFN + 1);
    page_alloc_add(HOST_RAM_MFN + 15, HOST_RAM_MFN + 16);
    page_alloc_audit();
    assert_int_equal(page_alloc_take(4, &m), 0);
    assert_int_equal(m.n, HOST_RAM_MFN);
    page_alloc_add(HOST_RAM_MFN + 20, HOST_RAM_MFN + 20);
    assert_int_equal(page_alloc_free_count(), 0);
}

/* Frame 0 ends the lists, so nobody gets it. */
static void test_frame_zero(void **state)
{
    static const struct memory_range bank = { 0, 16 * PAGE_SIZE };
    bool seen[16] = { false };
    mfn_t m;

    (void)state;
    empty();
    frame_init(&bank, 1);
    page_alloc_add(0, 16);
    assert_int_equal(page_alloc_free_count(), 15);
    page_alloc_audit();
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(page_alloc_take(0, &m), 0);
        assert_true(m.n > 0 && m.n < 16 && !seen[m.n]);
        seen[m.n] = true;
    }
    assert_int_equal(page_alloc_take(0, &m), -XEN_ENOMEM);
}

/* Blocks never reach over the end of a bank, nor into one beside it that is not adjacent. */
static void test_banks(void **state)
{
    static const struct memory_range banks[] = {
        { (HOST_RAM_MFN + 3) * PAGE_SIZE, (HOST_RAM_MFN + 8) * PAGE_SIZE },
        { (HOST_RAM_MFN + 8) * PAGE_SIZE, (HOST_RAM_MFN + 11) * PAGE_SIZE },
        { (HOST_RAM_MFN + 12) * PAGE_SIZE, (HOST_RAM_MFN + 16) * PAGE_SIZE },
    };
    mfn_t m;

    (void)state;
    empty();
    frame_init(banks, 3);
    for (unsigned i = 0; i < 3; i++) {
        page_alloc_add(banks[i].start >> PAGE_SHIFT, banks[i].end >> PAGE_SHIFT);
    }
    assert_int_equal(page_alloc_free_count(), 12);
    page_alloc_audit();
    assert_int_equal(page_alloc_take(3, &m), -XEN_ENOMEM);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(page_alloc_take(2, &m), 0);
        assert_true(m.n == HOST_RAM_MFN + 4 || m.n == HOST_RAM_MFN + 12);
    }
    assert_int_equal(page_alloc_take(2, &m), -XEN_ENOMEM);
}

static void test_largest(void **state)
{
    mfn_t m[2];

    (void)state;
    host_board_init(1, 2048);
    assert_int_equal(page_alloc_take(PAGE_ORDER_MAX + 1, &m[0]), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take(PAGE_ORDER_MAX, &m[0]), 0);
    assert_int_equal(page_alloc_take(PAGE_ORDER_MAX, &m[1]), 0);
    assert_int_equal(m[0].n % (1UL << PAGE_ORDER_MAX), 0);
    page_alloc_give(m[0], PAGE_ORDER_MAX);
    page_alloc_give(m[1], PAGE_ORDER_MAX);
    page_alloc_audit();
    assert_int_equal(page_alloc_free_count(), 2UL << PAGE_ORDER_MAX);
}

/* Req: BH-MEM-009 */
static void test_seal(void **state)
{
    mfn_t m;

    (void)state;
    host_board_init(1, 16);
    assert_int_equal(page_alloc_take(0, &m), 0);
    page_alloc_seal();
    assert_int_equal(page_alloc_take(0, &m), -XEN_ENOMEM);
    page_alloc_give(m, 0);
    assert_int_equal(page_alloc_free_count(), RAM_FRAMES);
}

/*
 * The model: who has each frame. A block that is given out is aligned, inside RAM, nobody else's; a request is refused
 * only when no aligned block of that size is free, which is what a buddy system promises.
 */
static uint16_t holder[RAM_FRAMES];

static bool model_has_block(unsigned order)
{
    for (unsigned at = 0; at < RAM_FRAMES; at += 1U << order) {
        unsigned free = 0;

        while (free < 1U << order && holder[at + free] == 0) {
            free++;
        }
        if (free == 1U << order) {
            return true;
        }
    }
    return false;
}

static void test_random(void **state)
{
    struct { mfn_t m; unsigned order; } held[600];
    unsigned held_count = 0;
    uint64_t free = RAM_FRAMES;

    (void)state;
    srand(42);
    host_board_init(1, 16);
    for (unsigned step = 0; step < 20000; step++) {
        bool grow = (step / 1000) % 2 == 0;

        if (held_count < 600 && (unsigned)rand() % 10 < (grow ? 7 : 3)) {
            unsigned order = (unsigned)rand() % ((unsigned)rand() % 3 == 0 ? 11 : 4);
            mfn_t m;
            int err = page_alloc_take(order, &m);

            if (err != 0) {
                assert_int_equal(err, -XEN_ENOMEM);
                assert_false(model_has_block(order));
                continue;
            }
            assert_true(m.n >= HOST_RAM_MFN && m.n + (1U << order) <= HOST_RAM_MFN + RAM_FRAMES);
            assert_int_equal(m.n % (1U << order), 0);
            for (unsigned i = 0; i < 1U << order; i++) {
                assert_int_equal(holder[m.n - HOST_RAM_MFN + i], 0);
                holder[m.n - HOST_RAM_MFN + i] = 1;
            }
            frame_assign(m, order, FRAME_RAM, 1, 1, 1, false);
            held[held_count].m = m;
            held[held_count++].order = order;
            free -= 1U << order;
        } else if (held_count != 0) {
            unsigned victim = (unsigned)rand() % held_count;
            mfn_t m = held[victim].m;

            for (unsigned i = 0; i < 1U << held[victim].order; i++) {
                holder[m.n - HOST_RAM_MFN + i] = 0;
            }
            free += 1U << held[victim].order;
            frame_put_block(m, held[victim].order);
            held[victim] = held[--held_count];
        }
        assert_int_equal(page_alloc_free_count(), free);
        if (step % 16 == 0) {
            page_alloc_audit();
        }
    }
    while (held_count != 0) {
        held_count--;
        frame_put_block(held[held_count].m, held[held_count].order);
    }
    page_alloc_audit();
    assert_int_equal(page_alloc_take(12, &held[0].m), 0);
}

/* Req: BH-CTL-030 */
static void test_claims(void **state)
{
    struct page_claim one = { 0 }, two = { 0 };
    mfn_t m[8];

    (void)state;
    host_board_init(1, 16);
    assert_int_equal(page_alloc_claim(&one, RAM_FRAMES + 1), -XEN_ENOMEM);
    assert_int_equal(page_alloc_claim(&one, RAM_FRAMES - 4), 0);
    assert_int_equal(page_alloc_claim(&one, 1), -XEN_EINVAL);
    assert_int_equal(page_alloc_claim(&two, 5), -XEN_ENOMEM);
    assert_int_equal(page_alloc_claim(&two, 2), 0);
    assert_int_equal(page_alloc_claimed_count(), RAM_FRAMES - 2);
    assert_int_equal(page_alloc_free_count(), RAM_FRAMES);
    /* Nobody takes what is claimed by others, but what nobody claims. */
    assert_int_equal(page_alloc_take(2, &m[0]), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take(1, &m[0]), 0);
    assert_int_equal(page_alloc_take(0, &m[1]), -XEN_ENOMEM);
    assert_int_equal(page_alloc_take_claimed(2, NULL, &two, &m[1]), -XEN_ENOMEM);
    page_alloc_audit();
    assert_int_equal(page_alloc_take_claimed(0, NULL, &two, &m[1]), 0);
    assert_true(two.count == 1 && page_alloc_claimed_count() == RAM_FRAMES - 3);
    /* One's own claim, and the rest of what nobody claims. */
    page_alloc_give(m[0], 1);
    assert_int_equal(page_alloc_take_claimed(1, NULL, &two, &m[2]), 0);
    assert_int_equal(two.count, 0);
    page_alloc_audit();
    assert_int_equal(page_alloc_take_claimed(0, NULL, &two, &m[3]), 0);
    assert_int_equal(page_alloc_take_claimed(0, NULL, &two, &m[4]), -XEN_ENOMEM);
    /* What is given up is anybody's. */
    assert_int_equal(page_alloc_claim(&one, 0), 0);
    assert_int_equal(page_alloc_claim(&one, 0), 0);
    assert_int_equal(page_alloc_claimed_count(), 0);
    assert_int_equal(page_alloc_take(2, &m[4]), 0);
    page_alloc_audit();
    assert_int_equal(page_alloc_claim(&one, 3), 0);
    page_alloc_reset();
    assert_int_equal(page_alloc_claimed_count(), 0);
}

static void audit(void *x)
{
    (void)x;
    page_alloc_audit();
}

/* The audit finds what it is there for. */
static void test_audit(void **state)
{
    struct frame *f;
    mfn_t m[4];

    (void)state;
    host_board_init(1, 16);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(page_alloc_take(0, &m[i]), 0);
    }
    page_alloc_give(m[0], 0);
    page_alloc_give(m[2], 0);
    page_alloc_audit();
    f = frame_lookup(m[2]);
    f->type = FRAME_RAM;
    assert_dies(audit, NULL, "is not a free block");
    f->type = FRAME_FREE;
    f->order = 1;
    assert_dies(audit, NULL, "is not a free block");
    f->order = 0;
    f->mappings = 0;
    assert_dies(audit, NULL, "on the lists");
    f->mappings = (uint32_t)m[2].n; /* a circle */
    assert_dies(audit, NULL, "page_alloc:");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_split_and_merge),
        cmocka_unit_test(test_add_unaligned),
        cmocka_unit_test(test_frame_zero),
        cmocka_unit_test(test_banks),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_audit),
    };

    return RUN_TESTS_APART(tests);
}
