/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/window.c, and that the host's memory is hidden outside windows.
 */
#include "apart.h"

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/window.h"
#include "hypervisor/arch/host/host.h"

static mfn_t frames[4];

static void init(void)
{
    host_board_init(2, 16);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(frame_alloc_hyp(FRAME_NO_DOMAIN, &frames[i]), 0);
    }
}

static void test_stack(void **state)
{
    char *p[4];

    (void)state;
    init();
    assert_int_equal(window_count(), 0);
    for (unsigned i = 0; i < 4; i++) {
        p[i] = window_open(frames[i]);
        p[i][0] = (char)('a' + i);
        p[i][PAGE_SIZE - 1] = 'z';
        assert_int_equal(window_count(), i + 1);
    }
    /* Windows belong to the CPU that opened them. */
    host_run_on(1);
    assert_int_equal(window_count(), 0);
    host_run_on(0);
    for (unsigned i = 4; i-- > 0;) {
        assert_int_equal(p[i][0], 'a' + i);
        window_close(p[i]);
        assert_int_equal(window_count(), i);
    }
}

static void test_two_on_one_frame(void **state)
{
    const char *read;
    char *write;

    (void)state;
    init();
    write = window_open(frames[0]);
    read = window_open_read(frames[0]);
    write[5] = 'x';
    assert_int_equal(read[5], 'x');
    window_close(read);
    write[6] = 'y';
    window_close(write);
}

static void test_block(void **state)
{
    char *p;
    mfn_t m;

    (void)state;
    init();
    assert_int_equal(frame_alloc_ram(1, ORDER_2M, &m), 0);
    p = window_open_block(m);
    assert_int_equal(window_count(), 1);
    p[0] = 'a';
    p[MIB(2) - 1] = 'b';
    window_close_block(p);
    assert_int_equal(window_count(), 0);
    p = window_open(mfn_add(m, 511));
    assert_int_equal(p[PAGE_SIZE - 1], 'b');
    window_close(p);
}

static void use_after_close(void *x)
{
    volatile char *p = window_open(frames[0]);

    (void)x;
    window_close((const void *)p);
    p[0] = 1;
}

static void reach_beside(void *x)
{
    volatile char *p = window_open(frames[0]);

    (void)x;
    p[PAGE_SIZE] = 1;
}

static void write_through_read(void *x)
{
    volatile char *p = (volatile char *)(uintptr_t)window_open_read(frames[0]);

    (void)x;
    p[0] = 1;
}

static void use_block_after_close(void *x)
{
    volatile char *p = window_open_block(mfn(HOST_RAM_MFN));

    (void)x;
    window_close_block((const void *)p);
    p[MIB(1)] = 1;
}

/* Req: BH-SEC-001 */
/* Memory outside windows fails at the access. */
static void test_hidden(void **state)
{
    (void)state;
    if (!has_address_sanitizer()) {
        skip();
    }
    init();
    assert_dies(use_after_close, NULL, "use-after-poison");
    assert_dies(reach_beside, NULL, "use-after-poison");
    assert_dies(use_block_after_close, NULL, "use-after-poison");
    assert_dies(write_through_read, NULL, "");
}

static void open_many(void *x)
{
    for (unsigned i = 0; i < *(unsigned *)x; i++) {
        (void)window_open(frames[0]);
    }
}

static void open_many_blocks(void *x)
{
    for (unsigned i = 0; i < *(unsigned *)x; i++) {
        (void)window_open_block(frames[0]);
    }
}

static void open_free(void *x)
{
    mfn_t m;

    (void)x;
    assert_int_equal(frame_alloc_hyp(FRAME_NO_DOMAIN, &m), 0);
    frame_put(m);
    (void)window_open(m);
}

/* Req: BH-SEC-007 */
static void test_limits(void **state)
{
    unsigned count = WINDOW_STACK_COUNT;

    (void)state;
    init();
    open_many(&count);
    for (unsigned i = 0; i < count; i++) {
        window_close(NULL);
    }
    count++;
    assert_dies(open_many, &count, "window: more than");
    count = ARCH_BLOCK_WINDOW_COUNT + 1;
    assert_dies(open_many_blocks, &count, "window: more than");
    assert_dies(open_free, NULL, "free frame");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_two_on_one_frame),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_limits),
    };

    return RUN_TESTS_APART(tests);
}
