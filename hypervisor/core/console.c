/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console. Everything said goes into one ring; what the UART has not sent yet waits there, and what was sent
 * stays until it is overwritten, for console_io. Nobody ever waits for the UART: when the ring is nearly full the
 * virtual UARTs report a full FIFO, and what comes all the same pushes out the oldest.
 *
 * A domain's output appears by line, its name in front. Only the domain that has the input is shown character by
 * character, so that prompts and echoes can be seen; if another line comes in between, its line is begun again.
 */
#include "bh/console.h"

#include <stdarg.h>

#include "arch/arch.h"
#include "bh/cpu.h"
#include "bh/console_io.h"
#include "bh/debug_key.h"
#include "bh/domain.h"
#include "bh/spinlock.h"
#include "bh/uart.h"
#include "lib/format.h"
#include "lib/string.h"

#define RING_SIZE 16384
#define CONGESTED (RING_SIZE * 3 / 4)
#define MESSAGE_SIZE 160
#define NO_DOMAIN 0xffff
#define HYPERVISOR 0xfffe /* it has the input itself: no domain has this number */
#define ESCAPE '\x01' /* Ctrl-A */
#define ESCAPE_COUNT 3

static struct spinlock console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static char ring[RING_SIZE];      /* [lock console_lock] */
static uint64_t forgotten;        /* [atomic] what was written before that is told to nobody any more */
static uint64_t written, sent;    /* [lock console_lock] positions since boot; written read [atomic] */
static bool room_wanted;          /* [atomic] a domain was told that there is little room */
static uint64_t lost;             /* [lock console_lock] characters that were never sent */
static uint16_t line_owner = NO_DOMAIN;  /* [lock console_lock] domain whose unfinished line is on the screen, or NO_DOMAIN */
static uint16_t input_owner = NO_DOMAIN; /* [lock console_lock] who gets the input: a domain, HYPERVISOR, or NO_DOMAIN */
static unsigned escapes;          /* [lock console_lock] Ctrl-A in a row */
static bool emergency;            /* [atomic] the board stops */
static enum log_level level_shown = LOG_INFO; /* [boot] */

static void drain(void) REQUIRES(console_lock)
{
    if (!uart_is_ready()) {
        return;
    }
    while (sent < written) {
        if (!uart_put(ring[sent % RING_SIZE])) {
            uart_want_room(true);
            return;
        }
        sent++;
    }
    uart_want_room(false);
}

/* Req: BH-CONS-005 */
static void put(char c) REQUIRES(console_lock)
{
    if (written - sent == RING_SIZE) {
        sent++;
        lost++;
    }
    ring[written % RING_SIZE] = c;
    __atomic_store_n(&written, written + 1, __ATOMIC_RELAXED);
}

static void put_text(const char *text, size_t size) REQUIRES(console_lock)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            put('\r');
        }
        put(text[i]);
    }
}

static void put_string(const char *text) REQUIRES(console_lock)
{
    put_text(text, strlen(text));
}

/* Ends the unfinished line of another domain. */
static void break_line(uint16_t for_domain) REQUIRES(console_lock)
{
    if (line_owner != NO_DOMAIN && line_owner != for_domain) {
        put_string("\n");
        line_owner = NO_DOMAIN;
    }
}

static void put_prefix(const char *name) REQUIRES(console_lock)
{
    put('(');
    put_string(name);
    put_string(") ");
}

void console_set_level(enum log_level level)
{
    level_shown = level;
}

enum log_level console_level(void)
{
    return level_shown;
}

void log_message(enum log_level level, const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list args;
    size_t size;

    if (level > level_shown) {
        return;
    }
    va_start(args, format);
    size = format_string(text, sizeof(text), format, args);
    va_end(args);
    spin_lock(&console_lock);
    break_line(NO_DOMAIN);
    put_prefix(level == LOG_ERROR ? "bulkhead: error" : level == LOG_WARNING ? "bulkhead: warning" : "bulkhead");
    put_text(text, MIN(size, sizeof(text) - 1));
    put_string("\n");
    drain();
    spin_unlock(&console_lock);
}

/*
 * Shows what waits of D's line; all of it, if another line came in between. The line stays open unless ENDS; one that
 * fills its buffer goes on in the next. Req: BH-CONS-001, BH-CONS-004
 */
static void show_line(struct domain *d, bool ends) REQUIRES(console_lock)
{
    struct console_line *line = &d->console;

    break_line(d->id);
    if (line_owner != d->id) {
        put_prefix(d->name);
        line->shown = 0;
    }
    put_text(line->text + line->shown, line->length - line->shown);
    line->shown = line->length;
    if (ends || line->length == CONSOLE_LINE_SIZE) {
        line->length = 0;
        line->shown = 0;
    }
    if (ends) {
        put_string("\n");
    }
    line_owner = ends ? NO_DOMAIN : d->id;
}

void console_domain_write(struct domain *d, const char *text, size_t size)
{
    struct console_line *line = &d->console;

    spin_lock(&console_lock);
    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (c == '\n') {
            show_line(d, true);
        } else if (c != '\r' && c != '\0') {
            line->text[line->length++] = c;
            if (line->length == CONSOLE_LINE_SIZE) {
                show_line(d, false);
            }
        }
    }
    if (d->id == input_owner && line->length != 0) {
        show_line(d, false);
    }
    drain();
    spin_unlock(&console_lock);
}

/* Without a UART there will never be more room: nobody is to wait for it. */
COLD static bool is_congested(void)
{
    if (uart_is_ready()) {
        __atomic_store_n(&room_wanted, true, __ATOMIC_RELAXED);
        return true;
    }
    return false;
}

bool console_is_congested(void)
{
    if (likely(__atomic_load_n(&written, __ATOMIC_RELAXED) - __atomic_load_n(&sent, __ATOMIC_RELAXED) <= CONGESTED)) {
        return false;
    }
    return is_congested();
}

/* The running domain with the lowest id from FROM on; NULL: there is none. */
static struct domain *next_domain(uint32_t from)
{
    struct domain *next = NULL;

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];

        if (d == NULL || d->phase == DOMAIN_DYING) {
            continue;
        }
        if (d->id >= from && (next == NULL || d->id < next->id)) {
            next = d;
        }
    }
    return next;
}

static void say_input(const char *name, const char *more) REQUIRES(console_lock)
{
    break_line(NO_DOMAIN);
    put_prefix("bulkhead");
    put_string("input to ");
    put_string(name);
    put_string(more);
    put_string(" (Ctrl-A three times: the next one)\n");
}

static void give_input(struct domain *d) REQUIRES(console_lock)
{
    input_owner = d != NULL ? d->id : NO_DOMAIN;
    say_input(d != NULL ? d->name : "nobody", "");
    if (d != NULL && d->console.length != 0) {
        show_line(d, false);
    }
}

void console_input_first(struct domain *d)
{
    spin_lock(&console_lock);
    if (input_owner == NO_DOMAIN) {
        give_input(d);
        drain();
    }
    spin_unlock(&console_lock);
}

/* Req: BH-CONS-013 */
/* Three in a row were typed: the input goes on, and behind the last domain to the hypervisor. */
static void switch_input(void)
{
    struct domain *d;

    domain_list_lock();
    spin_lock(&console_lock);
    d = input_owner == NO_DOMAIN || input_owner == HYPERVISOR ? NULL : next_domain(input_owner + 1U);
    if (CONFIG_DEBUG_KEYS && d == NULL && input_owner != HYPERVISOR) {
        input_owner = HYPERVISOR;
        say_input("the hypervisor", ", key h for help");
    } else {
        give_input(d != NULL ? d : next_domain(0));
    }
    drain();
    spin_unlock(&console_lock);
    domain_list_unlock();
}

static void give_character(struct domain *d, char c)
{
    if (!CONFIG_XEN_GUEST || !console_io_input(d, c)) {
        arch_domain_console_input(d, c);
    }
}

/* Req: BH-CONS-002, BH-CONS-006, BH-CONS-007 */
void console_input(char c)
{
    struct domain *d;
    unsigned held;
    uint16_t to;

    spin_lock(&console_lock);
    held = escapes;
    escapes = c == ESCAPE && held + 1 < ESCAPE_COUNT ? held + 1 : 0;
    to = input_owner;
    spin_unlock(&console_lock);
    if (c == ESCAPE) {
        if (held + 1 == ESCAPE_COUNT) {
            switch_input();
        }
        return;
    }
    if (CONFIG_DEBUG_KEYS && to == HYPERVISOR) {
        debug_key(c);
        return;
    }
    d = domain_get(to);
    if (d != NULL) {
        /* Fewer than three were meant for the partition. */
        for (unsigned n = 0; n < held; n++) {
            give_character(d, ESCAPE);
        }
        give_character(d, c);
        domain_put(d);
    }
}

/* Req: BH-CONS-003 */
void console_domain_gone(struct domain *d)
{
    struct domain *next;

    domain_list_lock();
    next = next_domain(d->id + 1U);
    next = next != NULL ? next : next_domain(0);
    spin_lock(&console_lock);
    if (d->console.length != 0 || line_owner == d->id) {
        show_line(d, true);
    }
    /* One that starts again keeps it. */
    if (input_owner == d->id && !(CONFIG_RESTART && restart_is_wanted(d))) {
        input_owner = NO_DOMAIN;
        if (next != NULL && next != d) {
            give_input(next);
        }
    }
    drain();
    spin_unlock(&console_lock);
    domain_list_unlock();
}

void console_drain(void)
{
    bool tell;

    spin_lock(&console_lock);
    drain();
    tell = room_wanted && written - sent <= CONGESTED;
    spin_unlock(&console_lock);
    if (likely(!tell)) {
        return;
    }
    /* Before anyone is told: who finds it congested again meanwhile wants to be told again. */
    __atomic_store_n(&room_wanted, false, __ATOMIC_RELAXED);
    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            arch_domain_console_ready(domain_table[i]);
        }
    }
    domain_list_unlock();
}

/* Tries for one character of a UART that is stuck, and for a lock whose holder may be the CPU that reports its death. */
#define FLUSH_TRIES 1000000
#define SEIZE_TRIES 1000000

static void flush_polled(void) NO_LOCK_ANALYSIS
{
    for (unsigned tries = 0; uart_is_ready() && sent < written && tries < FLUSH_TRIES; tries++) {
        if (uart_put(ring[sent % RING_SIZE])) {
            sent++;
            tries = 0;
        }
    }
}

void console_flush(void)
{
    spin_lock(&console_lock);
    flush_polled();
    spin_unlock(&console_lock);
}

uint64_t console_ring_position(uint32_t low)
{
    uint64_t position;

    spin_lock(&console_lock);
    position = (written & ~(uint64_t)UINT32_MAX) | low;
    if (position > written) {
        position -= position > UINT32_MAX ? 1UL << 32 : position - written;
    }
    spin_unlock(&console_lock);
    return position;
}

uint64_t console_ring_start(void)
{
    return __atomic_load_n(&forgotten, __ATOMIC_RELAXED);
}

void console_forget_ring(void)
{
    spin_lock(&console_lock);
    __atomic_store_n(&forgotten, written, __ATOMIC_RELAXED);
    spin_unlock(&console_lock);
}

size_t console_read_ring(uint64_t *position, char *buffer, size_t size)
{
    size_t count = 0;

    spin_lock(&console_lock);
    if (written - *position > RING_SIZE) {
        *position = written > RING_SIZE ? written - RING_SIZE : 0;
    }
    while (count < size && *position != written) {
        buffer[count++] = ring[(*position)++ % RING_SIZE];
    }
    spin_unlock(&console_lock);
    return count;
}

bool console_emergency_has_begun(void)
{
    return __atomic_load_n(&emergency, __ATOMIC_RELAXED);
}

/* Req: BH-SEC-010 */
void console_emergency_begin(void)
{
    if (__atomic_exchange_n(&emergency, true, __ATOMIC_SEQ_CST)) {
        arch_stop();
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpu_table[i] != NULL && cpu_table[i] != this_cpu() &&
            __atomic_load_n(&cpu_table[i]->online, __ATOMIC_RELAXED)) {
            arch_cpu_kick(cpu_table[i]);
        }
    }
    /* One that does not see the kick yet may be sending: two senders would mix what they send. */
    spin_seize(&console_lock, SEIZE_TRIES);
    flush_polled();
}

static void emergency_text(const char *text) NO_LOCK_ANALYSIS
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            put('\r');
        }
        put(*text);
        flush_polled();
    }
}

void console_emergency(const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    (void)format_string(text, sizeof(text), format, args);
    va_end(args);
    emergency_text(text);
}

void panic(const char *format, ...)
{
    char text[MESSAGE_SIZE];
    va_list args;

    console_emergency_begin();
    va_start(args, format);
    (void)format_string(text, sizeof(text), format, args);
    va_end(args);
    emergency_text("\n(bulkhead: panic) ");
    emergency_text(text);
    emergency_text("\n");
    arch_panic();
}
