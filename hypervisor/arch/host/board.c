/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: CPUs, time, memory and windows. The bytes of RAM are poisoned for the address sanitizer except while a window
 * shows them, so a stray access fails at its line.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/uart.h"
#include "bh/vcpu.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct cpu *host_this_cpu;
uint64_t host_now;

static struct cpu cpus[CONFIG_MAX_CPUS];
static char *ram;
static uint64_t ram_size;
static struct frame *table;
static char *heap;
static mfn_t heap_frame[ARCH_HEAP_PAGES];
static size_t heap_mapped;
static mfn_t window_frame[CONFIG_MAX_CPUS][ARCH_WINDOW_COUNT];
static mfn_t block_frame[CONFIG_MAX_CPUS][ARCH_BLOCK_WINDOW_COUNT];
static unsigned shown[1U << 20]; /* windows on each frame */
static char sent[1U << 16];
static size_t sent_count;
static int room = -1;

void host_board_init(unsigned cpu_count_wanted, unsigned ram_mib)
{
    struct memory_range bank;

    if (ram != NULL) {
        UNPOISON(ram, ram_size);
        munmap(ram, ram_size);
        free(table);
    }
    ram_size = MIB(ram_mib);
    /* Aligned to 2 MiB as blocks are. */
    ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    table = calloc(HOST_RAM_MFN + ram_size / PAGE_SIZE, sizeof(*table));
    if (heap == NULL) {
        heap = mmap(NULL, ARCH_HEAP_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        POISON(heap, ARCH_HEAP_PAGES * PAGE_SIZE);
    }
    POISON(ram, ram_size);
    memset(shown, 0, sizeof(shown));
    memset(cpus, 0, sizeof(cpus));
    memset(cpu_table, 0, sizeof(cpu_table));
    cpu_count = 0;
    host_now = 1000000;
    for (unsigned i = 0; i < cpu_count_wanted; i++) {
        host_this_cpu = &cpus[i];
        cpu_init(&cpus[i], i);
        cpus[i].online = true;
        cpus[i].arch.timer = TIMER_NEVER;
    }
    host_this_cpu = &cpus[0];
    frame_table = table;
    bank = (struct memory_range){ .start = HOST_RAM_MFN * PAGE_SIZE, .end = HOST_RAM_MFN * PAGE_SIZE + ram_size };
    frame_init(&bank, 1);
    page_alloc_reset();
    page_alloc_add(HOST_RAM_MFN, HOST_RAM_MFN + ram_size / PAGE_SIZE);
    room = -1;
    sent_count = 0;
}

void host_run_on(unsigned n)
{
    host_this_cpu = &cpus[n];
}

void host_advance(uint64_t ticks)
{
    host_now += ticks;
}

uint64_t host_ram_frames(void)
{
    return ram_size / PAGE_SIZE;
}

size_t host_heap_mapped(void)
{
    return heap_mapped;
}

static char *bytes_of(mfn_t m)
{
    if (m.n < HOST_RAM_MFN || m.n >= HOST_RAM_MFN + ram_size / PAGE_SIZE) {
        panic("host: frame %lx is not RAM", (unsigned long)m.n);
    }
    return ram + (m.n - HOST_RAM_MFN) * PAGE_SIZE;
}

void *host_peek(mfn_t m)
{
    char *p = bytes_of(m);

    UNPOISON(p, PAGE_SIZE);
    return p;
}

/* ---- Windows ---- */

static void show(mfn_t m, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        shown[m.n + i - HOST_RAM_MFN]++;
    }
    UNPOISON(bytes_of(m), count * PAGE_SIZE);
}

static void hide(mfn_t m, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (--shown[m.n + i - HOST_RAM_MFN] == 0) {
            POISON(bytes_of(mfn_add(m, i)), PAGE_SIZE);
        }
    }
}

void *arch_window_map(unsigned slot, mfn_t m, bool writable)
{
    (void)writable;
    window_frame[host_this_cpu->id][slot] = m;
    show(m, 1);
    return bytes_of(m);
}

void arch_window_unmap(unsigned slot)
{
    hide(window_frame[host_this_cpu->id][slot], 1);
}

void *arch_block_window_map(unsigned slot, mfn_t m)
{
    m = mfn(ALIGN_DOWN(m.n, 1UL << ORDER_2M));
    block_frame[host_this_cpu->id][slot] = m;
    show(m, 1UL << ORDER_2M);
    return bytes_of(m);
}

void arch_block_window_unmap(unsigned slot)
{
    hide(block_frame[host_this_cpu->id][slot], 1UL << ORDER_2M);
}

/* ---- Heap ---- */

void *arch_heap_address(size_t page)
{
    return heap + page * PAGE_SIZE;
}

int arch_heap_map(size_t page, mfn_t m)
{
    heap_frame[page] = m;
    heap_mapped++;
    UNPOISON(heap + page * PAGE_SIZE, PAGE_SIZE);
    memset(heap + page * PAGE_SIZE, 0, PAGE_SIZE);
    return 0;
}

mfn_t arch_heap_unmap(size_t page)
{
    heap_mapped--;
    POISON(heap + page * PAGE_SIZE, PAGE_SIZE);
    return heap_frame[page];
}

void arch_memory_clear(void *p, size_t size)
{
    memset(p, 0, size);
}

void arch_memory_publish(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

/* ---- CPUs and time: a tick is a nanosecond ---- */

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

void arch_spin_wait(const uint16_t *owner, uint16_t ticket)
{
    (void)owner;
    panic("host: deadlock on ticket %u", ticket);
}

/* Sleeping on the host means that time goes on to this CPU's next timer. */
void arch_cpu_wait(void)
{
    struct cpu *cpu = host_this_cpu;

    if (cpu->requests != 0) {
        return;
    }
    if (cpu->arch.timer == TIMER_NEVER) {
        panic("host: CPU %u sleeps for ever", cpu->id);
    }
    host_now = MAX(host_now, cpu->arch.timer);
    timer_expire(cpu);
}

void arch_power_off(void)
{
    panic("host: power off");
}

void arch_power_reset(void)
{
    panic("host: reset");
}

void arch_panic(void)
{
    abort();
}

/* ---- UART ---- */

bool uart_is_ready(void)
{
    return true;
}

bool uart_put(char c)
{
    if (room == 0 || sent_count == sizeof(sent) - 1) {
        return false;
    }
    room -= room > 0;
    sent[sent_count++] = c;
    return true;
}

void uart_want_room(bool wanted)
{
    (void)wanted;
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
