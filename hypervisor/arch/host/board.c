/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: CPUs, time and the UART. Nothing happens by itself: a test lets time pass and says which CPU runs.
 */
#include "host.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/kernel_load.h"
#include "bh/uart.h"
#include "bh/vcpu.h"
#include "bh/window.h"

struct cpu *host_this_cpu;
uint64_t host_now;
unsigned host_kernel_rules = KERNEL_RULES_ARM64;
bool host_moves_pages;

static struct cpu cpus[CONFIG_MAX_CPUS];
static jmp_buf *sleeper; /* where host_leave() goes on when the CPU sleeps */
static char sent[1U << 18];
static size_t sent_count;
static int room = -1;
static bool is_ready = true, wants_room;

void host_board_init(unsigned cpu_count_wanted, unsigned ram_mib)
{
    memset(cpus, 0, sizeof(cpus));
    memset(cpu_table, 0, sizeof(cpu_table));
    cpu_count = 0;
    host_now = 1000000;
    host_kernel_rules = KERNEL_RULES_ARM64;
    host_moves_pages = false;
    for (unsigned i = 0; i < cpu_count_wanted; i++) {
        host_this_cpu = &cpus[i];
        cpu_init(&cpus[i], i);
        cpus[i].online = true;
        cpus[i].arch.timer = TIMER_NEVER;
    }
    host_this_cpu = &cpus[0];
    host_memory_init(ram_mib);
    room = -1;
    sent_count = 0;
    is_ready = true;
}

void host_run_on(unsigned n)
{
    host_this_cpu = &cpus[n];
}

void host_advance(uint64_t ticks)
{
    host_now += ticks;
}

/* Nothing of a sleeping CPU's is on its stack: its way out begins anew with whatever wakes it. */
bool host_leave(void)
{
    jmp_buf here, *before = sleeper;
    volatile bool runs = false;

    sleeper = &here;
    if (setjmp(here) == 0) {
        vcpu_leave_slow(host_this_cpu);
        runs = true;
    }
    sleeper = before;
    if (host_this_cpu->window_count + host_this_cpu->block_window_count + host_this_cpu->held_count != 0 ||
        host_window_is_open(WINDOW_LEAF) || host_window_is_open(WINDOW_SECOND_LEAF)) {
        panic("host: CPU %u leaves with a window or a lock", host_this_cpu->id);
    }
    return runs;
}

void arch_cpu_wait(void)
{
    if (host_this_cpu->requests != 0) {
        return;
    }
    if (host_this_cpu->current != NULL || host_this_cpu->work != 0 || sleeper == NULL) {
        panic("host: CPU %u may not sleep", host_this_cpu->id);
    }
    longjmp(*sleeper, 1);
}

/* As many CPUs as there are may wake each other once for each vCPU; more is a circle. */
#define SETTLE_LIMIT 1000000

void host_settle(void)
{
    struct cpu *before = host_this_cpu;
    unsigned turns = 0;
    bool quiet;

    do {
        quiet = true;
        for (unsigned i = 0; i < cpu_count; i++) {
            if ((cpus[i].requests | cpus[i].work) != 0 && cpus[i].online) {
                host_run_on(i);
                (void)host_leave();
                if (++turns == SETTLE_LIMIT) {
                    panic("host: the CPUs do not come to rest");
                }
            }
        }
        /* What a CPU puts off behind its guest (work) is taken up at its next trap. */
        for (unsigned i = 0; i < cpu_count; i++) {
            quiet = quiet && (cpus[i].requests == 0 || !cpus[i].online);
        }
    } while (!quiet);
    host_this_cpu = before;
}

void host_run_until(uint64_t ticks)
{
    struct cpu *before = host_this_cpu;

    for (;;) {
        struct cpu *first = NULL;

        host_settle();
        for (unsigned i = 0; i < cpu_count; i++) {
            if (cpus[i].arch.timer <= ticks && (first == NULL || cpus[i].arch.timer < first->arch.timer)) {
                first = &cpus[i];
            }
        }
        if (first == NULL) {
            break;
        }
        host_now = MAX(host_now, first->arch.timer);
        host_this_cpu = first;
        timer_expire(first);
    }
    host_now = MAX(host_now, ticks);
    host_this_cpu = before;
}

/* ---- The contract: CPUs and time ---- */

uint64_t arch_time_frequency(void)
{
    return 1000000000;
}

void arch_timer_program(uint64_t deadline)
{
    host_this_cpu->arch.timer = deadline;
}

void arch_cpu_kick(const struct cpu *cpu)
{
    cpus[cpu->id].arch.kicks++;
}

void arch_relax(void)
{
    panic("host: waits for another CPU, and there is none");
}

void arch_spin_wait(const uint16_t *owner, uint16_t ticket)
{
    (void)owner;
    panic("host: deadlock on ticket %u", ticket);
}

/* The board ends: what it said last goes to whoever watches. */
void arch_power_off(void)
{
    fprintf(stderr, "%s", host_uart_take());
    panic("host: power off");
}

void arch_power_reset(void)
{
    panic("host: reset");
}

void arch_stop(void)
{
    abort();
}

void arch_panic(void)
{
    fprintf(stderr, "%s", host_uart_take());
    abort();
}

/* ---- UART ---- */

bool uart_is_ready(void)
{
    return is_ready;
}

bool uart_put(char c)
{
    if (room == 0) {
        return false;
    }
    room -= room > 0;
    if (sent_count == sizeof(sent) - 1) {
        /* Nobody looks: the older half goes. */
        memmove(sent, sent + sizeof(sent) / 2, sizeof(sent) / 2);
        sent_count -= sizeof(sent) / 2;
    }
    sent[sent_count++] = c;
    return true;
}

void uart_want_room(bool wanted)
{
    wants_room = wanted;
}

const char *host_uart_take(void)
{
    sent[sent_count] = '\0';
    sent_count = 0;
    return sent;
}

void host_uart_set_room(int characters)
{
    room = characters;
}

void host_uart_set_ready(bool ready)
{
    is_ready = ready;
}

bool host_uart_wants_room(void)
{
    return wants_room;
}
