/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: a ring of what the hypervisor and the domains said, drained to the board's UART by line, and the
 * input switch between domains (three Ctrl-A).
 */
#ifndef BH_CONSOLE_H
#define BH_CONSOLE_H

#include "bh/types.h"

struct domain;

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

#define CONSOLE_LINE_SIZE 128
/* Output of one domain since its last line end. */
struct console_line {
    uint8_t length;
    uint8_t shown; /* of them, how many are on the screen, if the line is */
    char text[CONSOLE_LINE_SIZE];
};

/* Messages less important than LEVEL are not printed from now on (boot option loglvl). */
void console_set_level(enum log_level level);
enum log_level console_level(void);

/* Formats as lib/format.h says. A call below the build's CONFIG_LOG_LEVEL costs nothing. Takes LOCK_CONSOLE. */
void log_message(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...)   log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) do { if (CONFIG_LOG_LEVEL >= 1) { log_message(LOG_WARNING, __VA_ARGS__); } } while (0)
#define log_info(...)    do { if (CONFIG_LOG_LEVEL >= 2) { log_message(LOG_INFO, __VA_ARGS__); } } while (0)
#define log_debug(...)   do { if (CONFIG_LOG_LEVEL >= 3) { log_message(LOG_DEBUG, __VA_ARGS__); } } while (0)

/* Output of domain D. Whole lines go to the ring with D's name in front; a part of a line waits in D->console. */
void console_domain_write(struct domain *d, const char *text, size_t size);
/* True while the ring has little room, and a UART to empty it: a virtual UART then reports a full transmit FIFO. */
bool console_is_congested(void);
/* A character arrived at the board's UART. */
void console_input(char c);
/* D gets the input if nobody has it yet. */
void console_input_first(struct domain *d);
/* D will say nothing more: its unfinished line is flushed, and the input moves on if it was D's. */
void console_domain_gone(struct domain *d);

/* The UART can take more, or interrupts for that are on: sends what waits, as much as fits. */
void console_drain(void);
/* Waits until all is sent; before the board stops. Bound: the ring, and a limit of tries for each character. */
void console_flush(void);
/*
 * Copies up to SIZE bytes of what was said, from position *POSITION on (0: the oldest kept); moves *POSITION behind
 * what it copied. Returns how many.
 */
size_t console_read_ring(uint64_t *position, char *buffer, size_t size);
/* Where to begin: behind what console_forget_ring() was called for last; or where a reader stopped who knows 32 bits. */
uint64_t console_ring_start(void);
uint64_t console_ring_position(uint32_t low);
void console_forget_ring(void);

/*
 * For reports of our own death, straight to the UART. console_emergency_begin() stops the other CPUs, takes the console
 * from them for good, and sends first what waits. Only the first caller goes on; a second one, a fault in the report,
 * stops.
 */
void console_emergency_begin(void);
/* The board stops: a CPU that is kicked asks, and does too. */
bool console_emergency_has_begun(void);
void console_emergency(const char *format, ...) PRINTF_LIKE(1, 2);

/* Invariant broken: prints everything pending and the message, then a back trace; stops the board. */
NORETURN void panic(const char *format, ...) PRINTF_LIKE(1, 2);
/* Debug builds only; never for anything that a guest, a device or a file can cause. */
#define ASSERT(x) do { if (CONFIG_DEBUG && unlikely(!(x))) { panic("%s:%d: %s", __FILE__, __LINE__, #x); } } while (0)

#endif
