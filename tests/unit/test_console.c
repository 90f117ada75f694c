/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/console.c: lines and names, whose input it is, and a UART that does not keep up.
 */
#include "partition.h"

#include "bh/console.h"

static struct domain *a, *b;

static void init(void)
{
    host_board_init(1, 16);
    a = make_domain("alpha", 1, 0, all_cpus(), 0);
    b = make_domain("beta", 1, 0, all_cpus(), 0);
    start_domain(a);
    start_domain(b);
    (void)host_uart_take();
}

static void says(struct domain *d, const char *text)
{
    console_domain_write(d, text, strlen(text));
}

static void expect(const char *text)
{
    assert_string_equal(host_uart_take(), text);
}

static void type(const char *text)
{
    for (; *text != '\0'; text++) {
        console_input(*text);
    }
}

/* Req: BH-BOOT-023 */
static void test_messages(void **state)
{
    char text[400];

    (void)state;
    host_board_init(1, 8);
    log_info("%s is %d", "answer", 42);
    expect("(bulkhead) answer is 42\r\n");
    log_error("bad");
    expect("(bulkhead: error) bad\r\n");
    log_warning("odd");
    expect("(bulkhead: warning) odd\r\n");
    log_debug("detail");
    expect("");
    console_set_level(LOG_DEBUG);
    log_debug("detail");
    expect("(bulkhead) detail\r\n");
    console_set_level(LOG_ERROR);
    log_warning("odd");
    log_info("fine");
    expect("");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_error("%s", text);
    assert_int_equal(strlen(host_uart_take()), strlen("(bulkhead: error) \r\n") + 159);
}

/* Req: BH-CONS-001 */
/* Nobody has the input: whole lines, a name in front of each. */
static void test_lines(void **state)
{
    char text[300];

    (void)state;
    init();
    says(a, "one\ntwo\r\nthr");
    expect("(alpha) one\r\n(alpha) two\r\n");
    says(b, "uno\n");
    expect("(beta) uno\r\n");
    says(a, "ee\n");
    expect("(alpha) three\r\n");
    console_domain_write(a, "a\0b\n", 4);
    expect("(alpha) ab\r\n");
    says(a, "\n");
    expect("(alpha) \r\n");
    /* A line that is too long comes in pieces; if another comes between, its name is said again. */
    memset(text, 'y', sizeof(text));
    console_domain_write(a, text, CONSOLE_LINE_SIZE + 10);
    says(b, "now\n");
    says(a, "end\n");
    {
        const char *out = host_uart_take();

        assert_ptr_equal(strstr(out, "(alpha) yyyy"), out);
        assert_non_null(strstr(out, "yyy\r\n(beta) now\r\n(alpha) yyyyyyyyyyend\r\n"));
    }
}

/* Req: BH-CONS-002, BH-CONS-006, BH-CONS-007 */
static void test_input(void **state)
{
    (void)state;
    init();
    type("lost");
    assert_int_equal(a->arch.input_count + b->arch.input_count, 0);
    console_input_first(a);
    expect("(bulkhead) input to alpha (Ctrl-A three times: the next one)\r\n");
    console_input_first(b); /* only the first */
    expect("");
    type("hi\r");
    assert_memory_equal(a->arch.input, "hi\r", 3);
    assert_int_equal(a->arch.input_count, 3);
    /* Its prompt shows at once. */
    says(a, "login: ");
    expect("(alpha) login: ");
    says(a, "x");
    expect("x");
    says(b, "tick\n");
    expect("\r\n(beta) tick\r\n");
    says(a, "y\n");
    /* The whole line again, so that it can be read in one piece. */
    expect("(alpha) login: xy\r\n");
    says(b, "> ");
    expect("");
    /* One or two Ctrl-A go along with what is typed next; three switch. */
    type("\x01\x01z\x01y");
    assert_int_equal(a->arch.input_count, 8);
    assert_memory_equal(a->arch.input + 3, "\x01\x01z\x01y", 5);
    type("\x01\x01");
    assert_int_equal(a->arch.input_count, 8);
    type("\x01");
    expect("(bulkhead) input to beta (Ctrl-A three times: the next one)\r\n(beta) > ");
    type("\x01\x01\x01");
    expect("\r\n(bulkhead) input to the hypervisor, key h for help (Ctrl-A three times: the next one)\r\n");
    type("hx");
    expect("(bulkhead) debug keys: h (this), m (memory), p (counters), P (resets them), q (domains and their vCPUs)\r\n"
           "(bulkhead) debug key 120 means nothing here: try h\r\n");
    type("Pp");
    expect("(bulkhead) counters: reset\r\n(bulkhead) CPU 0: 0 traps, 0 interrupts, 0 switches of vCPUs\r\n");
    type("\x01\x01\x01");
    expect("(bulkhead) input to alpha (Ctrl-A three times: the next one)\r\n");
    assert_int_equal(a->arch.input_count, 8);
    assert_int_equal(b->arch.input_count, 0);
    type("\x01\x01\x01");
    expect("(bulkhead) input to beta (Ctrl-A three times: the next one)\r\n(beta) > ");
    type("w");
    assert_int_equal(b->arch.input_count, 1);
    assert_int_equal(b->arch.input[0], 'w');
}

static void test_gone(void **state)
{
    (void)state;
    init();
    console_input_first(a);
    says(b, "half");
    says(a, "prompt> ");
    (void)host_uart_take();
    domain_shutdown(a, SHUTDOWN_poweroff);
    type("\x01\x01\x01"); /* not to one that is dying */
    type("q");
    assert_int_equal(b->arch.input_count, 1);
    assert_non_null(strstr(host_uart_take(), "(beta) half"));
    says(a, "last words");
    domain_shutdown(b, SHUTDOWN_poweroff);
    end_all();
    /* What was left of its line is not lost. */
    assert_non_null(strstr(host_uart_take(), "(alpha) prompt> last words\r\n"));
    type("\x01\x01\x01");
    assert_non_null(strstr(host_uart_take(), "input to the hypervisor"));
    type("\x01\x01\x01");
    assert_non_null(strstr(host_uart_take(), "input to nobody"));
    type("a");
}

/* Req: BH-CONS-003 */
static void test_owner_gone(void **state)
{
    (void)state;
    init();
    console_input_first(a);
    says(a, "prompt> ");
    (void)host_uart_take();
    domain_shutdown(a, SHUTDOWN_poweroff);
    host_settle();
    host_run_until(host_now + 100000000);
    assert_non_null(strstr(host_uart_take(), "input to beta"));
    type("q");
    assert_int_equal(b->arch.input_count, 1);
    end_all();
}

/* ---- A slow UART ---- */

static void test_slow(void **state)
{
    (void)state;
    init();
    host_uart_set_room(5);
    says(a, "0123456789\n");
    expect("(alph");
    assert_true(host_uart_wants_room());
    host_uart_set_room(4);
    console_drain();
    expect("a) 0");
    host_uart_set_room(-1);
    console_drain();
    expect("123456789\r\n");
    assert_false(host_uart_wants_room());
    host_uart_set_ready(false);
    says(a, "later\n");
    console_drain();
    console_flush();
    expect("");
    host_uart_set_ready(true);
    console_flush();
    expect("(alpha) later\r\n");
}

/* Req: BH-CONS-005 */
static void test_overrun(void **state)
{
    uint64_t position = 0;
    static char text[20000];
    size_t n;

    (void)state;
    init();
    assert_false(console_is_congested());
    host_uart_set_room(0);
    for (unsigned i = 0; !console_is_congested(); i++) {
        says(a, "a line that is not read by anyone\n");
        assert_true(i < 1000);
    }
    /* What comes all the same pushes out the oldest. */
    for (unsigned i = 0; i < 1000; i++) {
        says(a, "a line that is not read by anyone\n");
    }
    says(b, "the newest\n");
    assert_true(console_is_congested());
    host_uart_set_ready(false);
    assert_false(console_is_congested());
    host_uart_set_ready(true);
    host_uart_set_room(-1);
    console_drain();
    assert_false(console_is_congested());
    {
        const char *out = host_uart_take();
        size_t length = strlen(out);

        assert_int_equal(length, 16384);
        assert_string_equal(out + length - strlen("(beta) the newest\r\n"), "(beta) the newest\r\n");
    }
    /* The ring keeps it for who reads it by position. */
    n = console_read_ring(&position, text, sizeof(text));
    assert_int_equal(n, 16384);
    assert_int_equal(console_read_ring(&position, text, sizeof(text)), 0);
    says(b, "x\n");
    n = console_read_ring(&position, text, 4);
    assert_int_equal(n, 4);
    n = console_read_ring(&position, text + 4, sizeof(text) - 4);
    assert_memory_equal(text, "(beta) x\r\n", 10);
    assert_int_equal(n, 6);
}

/* A UART that never takes anything ends the wait. */
static void test_stuck(void **state)
{
    (void)state;
    init();
    host_uart_set_room(0);
    says(a, "stuck\n");
    console_flush();
    host_uart_set_room(-1);
    console_flush();
    expect("(alpha) stuck\r\n");
}

static void test_emergency(void **state)
{
    (void)state;
    init();
    host_uart_set_room(0);
    says(a, "before\n");
    host_uart_set_room(-1);
    console_emergency_begin();
    console_emergency("pc %x\nlr %x\n", 1, 2);
    expect("(alpha) before\r\npc 1\r\nlr 2\r\n");
}

static void speak(void *text)
{
    log_info("%s", (const char *)text);
}

/* A CPU that was not stopped yet cannot send between the lines of the report: it waits. */
static void test_nobody_else_speaks_in_an_emergency(void **state)
{
    (void)state;
    init();
    console_emergency_begin();
    assert_dies(speak, "late", "deadlock");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages), cmocka_unit_test(test_lines),   cmocka_unit_test(test_input),
        cmocka_unit_test(test_gone),     cmocka_unit_test(test_owner_gone),
        cmocka_unit_test(test_slow),     cmocka_unit_test(test_overrun), cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_emergency), cmocka_unit_test(test_nobody_else_speaks_in_an_emergency),
    };

    return RUN_TESTS_APART(tests);
}
