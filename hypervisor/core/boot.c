/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot.h"

#include "arch/arch.h"
#include "bh/boot_affinity.h"
#include "bh/boot_channels.h"
#include "bh/boot_options.h"
#include "bh/boot_schedule.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/hyp_map.h"
#include "bh/memory_map.h"
#include "bh/page_alloc.h"
#include "bh/partition.h"
#include "bh/partition_shared.h"
#include "bh/restart.h"
#include "bh/sched_windows.h"
#include "bh/shared_memory.h"
#include "bh/start_order.h"
#include "bh/vcpu.h"
#include "lib/string.h"

/* Room for the ranges that boot finds taken: reserved ones, those of boot_take(), modules of partitions, and what is apart. */
#define TAKE_LIMIT  4
#define TAKEN_COUNT (BOARD_RESERVED_COUNT + TAKE_LIMIT + (2 + CONFIG_DEVICES) * CONFIG_MAX_DOMAINS + PAGE_ALLOC_APART_COUNT + \
                     SHARED_REGION_COUNT)
#define FREE_COUNT  (TAKEN_COUNT + FRAME_BANK_COUNT)

static const struct board *board; /* [boot] */

static BOOT_ONLY struct boot_space {
    struct memory_range taken[TAKEN_COUNT], free[FREE_COUNT];
    unsigned taken_count, free_count;
    struct boot_config config;
    struct boot_schedule schedule[CONFIG_TIME_WINDOWS ? SCHEDULES_MAX : 1];
    struct domain *built[CONFIG_MAX_DOMAINS]; /* NULL: it could not be */
} space;

void boot_take(uint64_t start, uint64_t end)
{
    space.taken[space.taken_count++] =
        (struct memory_range){ .start = ALIGN_DOWN(start, PAGE_SIZE), .end = ALIGN_UP(end, PAGE_SIZE) };
}

void boot_begin(const struct board *b)
{
    board = b;
    for (unsigned i = 0; i < b->reserved_count; i++) {
        boot_take(b->reserved[i].start, b->reserved[i].end);
    }
}

/* START up to END is not the allocator's, then or later. */
static void set_apart(const char *name, uint64_t start, uint64_t end)
{
    if (page_alloc_set_apart(start >> PAGE_SHIFT, end >> PAGE_SHIFT) == 0) {
        boot_take(start, end);
    } else {
        log_error("%s: memory is set apart in more than %u ranges", name, PAGE_ALLOC_APART_COUNT);
    }
}

/* All memory but the heap that the description names is nobody's. */
static void confine_heap(struct boot_config *c)
{
    unsigned count = memory_gaps(board->memory, board->memory_count, c->heap, c->heap_count, space.free, FREE_COUNT);

    for (unsigned i = 0; i < count; i++) {
        set_apart("xen,static-heap", space.free[i].start, space.free[i].end);
    }
}

/* What was read is in the configuration. */
static void take_modules(void)
{
    struct boot_config *c = &space.config;
    const struct boot_module *m;
    uint64_t start, end;
    unsigned region = 0;

    if (CONFIG_PLACEMENT && c->heap_count != 0) {
        confine_heap(c);
    }
    while (CONFIG_SHARED_MEMORY && shared_memory_place(&region, &start, &end)) {
        boot_take(start, end);
    }
    if (c->bootargs != NULL) {
        boot_options_apply(c->bootargs, c->bootargs_size);
    }
    for (unsigned i = 0; i < c->domain_count; i++) {
        for (unsigned k = 0; (m = boot_domain_module(&c->domain[i], k)) != NULL; k++) {
            boot_take(m->start, m->start + m->size);
        }
        for (unsigned k = 0; CONFIG_PLACEMENT && k < c->domain[i].place_count; k++) {
            set_apart(c->domain[i].name, c->domain[i].place[k].start, c->domain[i].place[k].end);
        }
    }
}

void boot_read_config(const struct fdt *t)
{
    unsigned refused = boot_config_read(t, board, space.taken, space.taken_count, &space.config);

    if (CONFIG_TIME_WINDOWS) {
        refused += boot_schedule_read(t, board, &space.config, space.schedule);
    }
    if (CONFIG_START_ORDER) {
        refused += start_order_read(t, &space.config);
    }
    if (refused != 0) {
        log_error("%u partition%s not started", refused, refused == 1 ? " is" : "s are");
    }
    take_modules();
}

void boot_set_partition(const struct boot_domain *d, const char *arguments, size_t size)
{
    space.config.bootargs = arguments;
    space.config.bootargs_size = (uint32_t)size;
    space.config.domain[0] = *d;
    space.config.domain_count = 1;
    take_modules();
}

/* Frame table for all banks, in memory of its own. */
static void make_frame_table(void)
{
    for (unsigned i = 0; i < board->memory_count; i++) {
        uint64_t from = ALIGN_DOWN((board->memory[i].start >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);
        uint64_t to = ALIGN_UP((board->memory[i].end >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);
        uint64_t va = ARCH_FRAME_TABLE_VA + from, at;

        if (i > 0) {
            /* Two banks may meet in one page of the table: it exists already. */
            uint64_t before = ALIGN_UP((board->memory[i - 1].end >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);

            va = MAX(va, ARCH_FRAME_TABLE_VA + before);
        }
        to += ARCH_FRAME_TABLE_VA;
        if (va >= to) {
            continue;
        }
        if (!memory_carve(space.free, &space.free_count, FREE_COUNT, to - va, to - va >= MIB(2) ? MIB(2) : PAGE_SIZE,
                          &at) ||
            hyp_map(va, at, to - va, HYP_RW) != 0) {
            panic("memory: no room for the frame table (%lu KiB)", (unsigned long)(to - va) >> 10);
        }
        arch_memory_clear((void *)(uintptr_t)va, to - va);
    }
    frame_table = (struct frame *)(uintptr_t)ARCH_FRAME_TABLE_VA;
    frame_init(board->memory, board->memory_count);
}

void boot_make_memory(void)
{
    space.free_count = memory_gaps(board->memory, board->memory_count, space.taken, space.taken_count, space.free,
                                   FREE_COUNT);
    if (PAGE_HAS_AFFINITY) {
        boot_affinity_settle(board);
    }
    make_frame_table();
    for (unsigned i = 0; i < space.free_count; i++) {
        page_alloc_add(space.free[i].start >> PAGE_SHIFT, space.free[i].end >> PAGE_SHIFT);
    }
    if (CONFIG_SHARED_MEMORY) {
        partition_shared_make();
    }
    log_info("%lu MiB of memory, %lu MiB free; %u CPU%s", (unsigned long)(board_memory_size(board) >> 20),
             (unsigned long)(page_alloc_free_count() >> (20 - PAGE_SHIFT)), board->cpu_count,
             board->cpu_count == 1 ? "" : "s");
}

static void make_schedules(void)
{
    for (unsigned i = 0; i < SCHEDULES_MAX; i++) {
        if (space.schedule[i].cpu_count != 0 && sched_windows_make(i + 1, &space.schedule[i]) != 0) {
            log_error("schedule: no memory");
        }
    }
}

void boot_build_partitions(const struct fdt *t)
{
    const struct boot_config *c = &space.config;
    struct domain *first = NULL;
    bool is_controlled = false;

    if (CONFIG_TIME_WINDOWS) {
        make_schedules();
    }
    for (unsigned i = 0; i < c->domain_count && CONFIG_CONTROL; i++) {
        is_controlled = is_controlled || (c->domain[i].capabilities & DOMAIN_CONTROL) != 0;
    }
    for (unsigned i = 0; i < c->domain_count; i++) {
        struct domain *d;

        if (partition_build(&c->domain[i], &d) == 0) {
            log_info("%s: %lu KiB, %u vCPU%s", d->name, (unsigned long)c->domain[i].memory_kib, d->vcpu_count,
                     d->vcpu_count == 1 ? "" : "s");
            space.built[i] = d;
            /* Unless it says itself what follows its end: a control domain does. */
            d->is_managed = CONFIG_CONTROL && is_controlled && (d->capabilities & DOMAIN_CONTROL) == 0 &&
                            !restart_has_rules(&c->domain[i].restart);
            if (CONFIG_RESTART && restart_keep(d, &c->domain[i]) != 0) {
                log_error("%s: no memory to keep what it starts again from; it will not", d->name);
            }
            first = first != NULL ? first : d;
        }
    }
    for (unsigned i = 0; i < c->domain_count && is_controlled; i++) {
        if (space.built[i] != NULL) {
            space.built[i]->is_open = c->domain[i].wants_store;
            control_join(space.built[i]);
        }
    }
    for (unsigned i = 0; i < c->domain_count && CONFIG_CONTROL; i++) {
        if (space.built[i] != NULL && c->domain[i].wants_store && control_promise_store(space.built[i]) != 0) {
            log_error("%s: it wants a xenstore, but no other domain has one", space.built[i]->name);
        }
    }
    if (first != NULL) {
        console_input_first(first);
    }
    frame_scrub_always();
    if (CONFIG_EVTCHN && t != NULL && c->has_channels) {
        boot_channels_make(t, board, c, space.built);
    }
}

/* The board says that it needs some of R for itself (U-Boot reserves the modules that it loads, too). */
static bool is_reserved(const struct memory_range *r)
{
    for (unsigned i = 0; i < board->reserved_count; i++) {
        if (r->start < board->reserved[i].end && board->reserved[i].start < r->end) {
            return true;
        }
    }
    return false;
}

/* Appends the modules that are needed later, or those that are not, to the COUNT ranges in space.taken; merges them. */
static unsigned find_modules(unsigned count, bool needed)
{
    for (unsigned i = 0; i < space.config.domain_count; i++) {
        const struct boot_module *m;

        for (unsigned k = 0; (m = boot_domain_module(&space.config.domain[i], k)) != NULL; k++) {
            uint64_t from = m->start, to = from + m->size;

            if ((CONFIG_RESTART && restart_needs(from, to)) == needed) {
                space.taken[count++] = (struct memory_range){ .start = from, .end = to };
            }
        }
    }
    return memory_merge(space.taken, count);
}

void boot_give_back(uint64_t start, uint64_t end)
{
    unsigned count;

    space.taken[0] = (struct memory_range){ .start = start, .end = end };
    count = find_modules(1, false);
    for (unsigned i = 0; i < count; i++) {
        uint64_t from = ALIGN_UP(space.taken[i].start, PAGE_SIZE) >> PAGE_SHIFT, to = space.taken[i].end >> PAGE_SHIFT;

        if (is_reserved(&space.taken[i])) {
            continue;
        }
        if (!CONFIG_PLACEMENT || space.config.heap_count == 0) {
            page_alloc_add(from, to);
            continue;
        }
        /* One page may be of the heap that the description names, and the next one not. */
        for (; from < to; from++) {
            page_alloc_add(from, from + 1);
        }
    }
}

/* Bytes of modules from which partitions start again, but for what the board reserves anyway. */
static uint64_t kept_memory(void)
{
    unsigned count = find_modules(0, true);
    uint64_t bytes = 0;

    for (unsigned i = 0; i < count; i++) {
        bytes += is_reserved(&space.taken[i]) ? 0 : space.taken[i].end - space.taken[i].start;
    }
    return bytes;
}

/* Memory that is neither free nor a partition's, now or when it starts again. */
static uint64_t own_memory(void)
{
    uint64_t bytes = board_memory_size(board) - (page_alloc_free_count() << PAGE_SHIFT) - kept_memory();

    for (unsigned i = 0; i < space.config.domain_count; i++) {
        bytes -= space.built[i] != NULL ? space.built[i]->page_count << PAGE_SHIFT : 0;
    }
    for (unsigned i = 0; i < board->reserved_count; i++) {
        bytes -= board->reserved[i].end - board->reserved[i].start;
    }
    return bytes;
}

/* Starts partition number I, unless it has to wait for another. */
static void start(unsigned i)
{
    const char *after = space.config.domain[i].start.after;
    unsigned k = 0;

    if (!CONFIG_START_ORDER || after[0] == '\0') {
        domain_start(space.built[i]);
        return;
    }
    /* start_order_read() saw to it that there is one. */
    while (!string_equal(space.config.domain[k].name, after)) {
        k++;
    }
    start_order_wait(space.built[i], &space.config.domain[i], space.built[k]);
}

void boot_start_partitions(uint64_t uncounted)
{
    if (CONFIG_RESTART && kept_memory() != 0) {
        log_info("%lu KiB are kept to start partitions again", (unsigned long)(kept_memory() >> 10));
    }
    log_info("own memory: %lu KiB; partitions start %lu us after reset", (unsigned long)((own_memory() - uncounted) >> 10),
             (unsigned long)(arch_time_now() * 1000 / (arch_time_frequency() / 1000)));
    if (CONFIG_SEAL) {
        page_alloc_seal();
    }
    for (unsigned i = 0; i < space.config.domain_count; i++) {
        struct domain *d = space.built[i];

        for (unsigned k = 0; d != NULL && k < d->vcpu_count; k++) {
            if (!sched_can_run(d->vcpus[k])) {
                log_error("%s: vCPU %u will never run: others own all CPUs that it may use", d->name, k);
            }
        }
        if (d != NULL) {
            start(i);
        }
    }
    domain_watch_last();
}
