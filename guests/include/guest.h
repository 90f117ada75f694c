/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test guest has: a console, facts about its board, exceptions it may expect, interrupts, a timer, other CPUs
 * and Xen's hypercalls. A guest is one file with one function, guest_main(). What only one architecture has is in its
 * machine.h (guests/arch/), which this header ends with.
 *
 * Results are lines "name: value"; the last one is "guest: done". What is compared between two hypervisors must not
 * depend on time.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_MAX 8
#define CONSOLE_LINE_MAX 256

/* The test itself, on CPU 0 with interrupts masked. Returning ends the guest. */
void guest_main(void);
/* Prints "guest: done" and ends as "end=" on the command line says: off (default), reset, wait, spin. */
__attribute__((noreturn)) void guest_end(void);
/* NAME=NUMBER on the command line (decimal or 0x...), else OTHERWISE. */
uint64_t arg_number(const char *name, uint64_t otherwise);
/* True if NAME=VALUE is on the command line. */
bool arg_is(const char *name, const char *value);

/* Console: %d %u %x %lx %lu %s %c, with a width and a leading 0. One call is printed as a whole. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 3, 4))) void format_to(char *out, size_t size, const char *format, ...);
int string_compare(const char *a, const char *b);

/* A small, seeded source of numbers (xorshift64*), the same for the same seed. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull;
}

/* The lock that say() uses; for guests on several CPUs. */
struct guest_lock { uint32_t taken; };
void guest_lock(struct guest_lock *l);
void guest_unlock(struct guest_lock *l);

/* Where the image begins and ends, and where it is entered in machine.h's words: each architecture's guest.ld. */
extern char _head[], image_end[];

/*
 * machine.h has `struct board` and `struct caught`. Of the first, guests for all architectures use has_xen (there is a
 * hypervisor with Xen's interface), cpu_count, memory_base and memory_size (the memory that the image is in) and
 * bootargs; of the second, `taken`. It also has:
 *
 * - now(), counter_read(), ticks_from_us(), delay_us(), spin_a_little(): time, in ticks of a counter. counter_read()
 *   does not wait for what is before it.
 * - read8() to write64(): device registers, and memory that may not be there.
 * - irq_on(), irq_off(), cpu_id(), cpu_yield(), wfi(); dsb() and isb() order what others see and what is executed.
 * - hypercall() with four arguments, hypercall5() with five; code_write(), which makes a function of one value.
 */
#include "machine.h"

extern struct board board;
/* Prints what there is of interrupt controllers. */
void board_say(void);
/* The address of registers that are a device's, and one of them whose value is always the same. */
uint64_t board_device(void);
uint32_t board_device_word(void);
/* One line goes out. */
void console_write(const char *line);
/* The partition ends: off, or restarts. Returns if the hypervisor does not do it. */
void machine_end(bool restart);

/* Exceptions: between catch_begin() and catch_end() a synchronous one is noted and its instruction skipped. */
void catch_begin(void);
/* True if there was an exception; *C says which. */
bool catch_end(struct caught *c);
/* "ok", "undefined", "abort"...: a stable word for what happened. */
const char *caught_name(const struct caught *c);

/* Interrupts: numbers below 32 are a CPU's own. A handler runs before the end of the interrupt. */
void irq_init(void);            /* for the board, and for CPU 0 */
void irq_init_cpu(void);        /* any further CPU, itself */
void irq_handle(unsigned irq, void (*handler)(unsigned irq));
void irq_enable(unsigned irq);
void irq_disable(unsigned irq);
void irq_send(unsigned cpu, unsigned irq);

/* A timer a CPU, whose interrupt is timer_irq(). It waits from timer_set() to DEADLINE; timer_stop() turns it off. */
unsigned timer_irq(void);
void timer_set(uint64_t deadline);
void timer_stop(void);
bool timer_is_waiting(void);
bool timer_has_fired(void);

/* Other CPUs. cpu_on() is 0, or an error of the machine; FUNCTION's return turns the CPU off. */
int64_t cpu_on(unsigned cpu, void (*function)(void *), void *argument);
void cpu_off(void);
bool cpu_is_on(unsigned cpu);
/* Waits for a cpu_notify(), or for less. */
void cpu_await(void);
void cpu_notify(void);

/* True if a hypercall changes no register but those that its convention names. */
bool hypercall_keeps_registers(void);

#endif
