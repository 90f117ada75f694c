/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One life of a partition that starts again. What an earlier life wrote it must not find: a word in the last page of
 * its memory, or at "mark=ADDRESS". With "pages=N" the last N pages have the word, with "tag=N" it is another word.
 * With "port=N", an event channel that the boot description binds, it calls its peer, which answers (the peer has
 * "answer=1" and lives for ever). Then it ends: "end=crash", "end=watchdog", or as every guest does, after "wait=US".
 */
#include "xen_guest.h"

#define MARK         0x7465726365732e61ull
#define ANSWER_US    5000000
#define WATCHDOG_S   1

static void answer(uint32_t port)
{
    for (;;) {
        event_forget();
        event_window();
        if (event_log[0].count != 0) {
            event_send(port);
        } else {
            sched_op(SCHEDOP_yield, NULL);
        }
    }
}

static void call(uint32_t port)
{
    uint64_t end = now() + ticks_from_us(ANSWER_US);

    event_forget();
    while (event_log[0].count == 0 && now() < end) {
        event_send(port);
        delay_us(1000);
        event_window();
    }
    say("answer: %s\n", event_log[0].count != 0 && event_log[0].ports[0] == port ? "yes" : "no");
}

void guest_main(void)
{
    uint64_t last_page = board.memory_base + board.memory_size - PAGE;
    volatile uint64_t *mark = (volatile uint64_t *)(uintptr_t)arg_number("mark", last_page);
    uint32_t port = (uint32_t)arg_number("port", 0);

    say("life: %s\n", *mark == 0 ? "new" : "not new");
    *mark = MARK + arg_number("tag", 0);
    for (uint64_t i = 1; i < arg_number("pages", 1); i++) {
        *(volatile uint64_t *)(uintptr_t)(last_page - i * PAGE) = MARK + arg_number("tag", 0);
    }
    if (port != 0) {
        event_init();
        shared_info_map();
        if (arg_is("answer", "1")) {
            answer(port);
        }
        call(port);
    }
    delay_us(arg_number("wait", 0));
    if (arg_is("end", "crash")) {
        struct sched_shutdown s = { .reason = SHUTDOWN_crash };

        sched_op(SCHEDOP_shutdown, &s);
    }
    if (arg_is("end", "watchdog")) {
        struct sched_watchdog w = { .timeout = WATCHDOG_S };

        sched_op(SCHEDOP_watchdog, &w);
        for (;;) {
            sched_op(SCHEDOP_yield, NULL);
        }
    }
}
