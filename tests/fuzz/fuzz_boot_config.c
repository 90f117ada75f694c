/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board and its partitions, from any device tree: whatever is accepted keeps the promises that the rest of the
 * hypervisor builds on. The guest's tree is generated from it, too.
 */
#include "support/fuzz.h"

#include "bh/board.h"
#include "bh/boot_config.h"
#include "bh/boot_schedule.h"
#include "bh/cpu.h"
#include "bh/device.h"
#include "guest_tree.h"
#include "hardware_tree.h"
#include "board_arm.h"
#include "lib/fdt.h"

static const struct memory_range taken[] = { { 0x40000000, 0x40100000 } };
static uint8_t buffer[GUEST_TREE_SIZE_MAX] __attribute__((aligned(8)));

static bool overlaps(uint64_t start, uint64_t size, const struct memory_range *r)
{
    return start < r->end && r->start < start + size;
}

static void check_board(const struct board *b)
{
    CHECK(b->memory_count >= 1 && b->memory_count <= FRAME_BANK_COUNT);
    for (unsigned i = 0; i < b->memory_count; i++) {
        CHECK(b->memory[i].start < b->memory[i].end && b->memory[i].end <= BOARD_MEMORY_LIMIT);
        CHECK(((b->memory[i].start | b->memory[i].end) & ~PAGE_MASK) == 0);
        CHECK(i == 0 || b->memory[i - 1].end < b->memory[i].start);
    }
    CHECK(b->reserved_count <= BOARD_RESERVED_COUNT);
    for (unsigned i = 0; i < b->reserved_count; i++) {
        CHECK(b->reserved[i].start < b->reserved[i].end && b->reserved[i].end <= BOARD_MEMORY_LIMIT);
    }
    CHECK(b->cpu_count >= 1 && b->cpu_count <= CONFIG_MAX_CPUS && b->cpu_id[0] == 0);
    for (unsigned i = 0; i < b->cpu_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            CHECK(b->cpu_id[i] != b->cpu_id[k]);
        }
    }
}

static void check_arm(const struct board_arm *arm)
{
    CHECK(arm->gic_version == 0 || arm->gic_version == 2 || arm->gic_version == 3);
    CHECK(arm->gicr_count <= BOARD_GICR_COUNT);
    CHECK(arm->gic_version != 2 || (arm->gicc.size != 0 && arm->gich.size != 0 && arm->gicv.size != 0));
    CHECK(arm->gic_version != 3 || arm->gicr_count != 0);
    CHECK(arm->uart_kind == UART_NONE || arm->uart.size != 0);
    CHECK(arm->timer_virtual.intid < 1020 && arm->maintenance.intid < 1020 && arm->uart_interrupt.intid < 1020);
}

static void check_module(const struct board *b, const struct boot_module *m)
{
    CHECK(m->size != 0 && board_has_memory(b, m->start, m->size) && !overlaps(m->start, m->size, &taken[0]));
}

static void check_domain(const struct board *b, const struct boot_config *c, const struct boot_domain *d)
{
    struct guest_tree g = {
        .vcpu_count = d->vcpu_count, .gic_version = 2 + (d->memory_kib >> 2 & 1), .bootargs = d->bootargs,
        .bootargs_size = d->bootargs_size,
        .has_vpl011 = d->vpl011, .has_watchdog = d->watchdog, .has_xen = true,
        .memory = { { 0x40000000, 0x40000000 + (d->memory_kib << 10) } }, .ramdisk_end = d->ramdisk.size,
    };
    struct fdt t;
    size_t size;

    CHECK(memchr(d->name, '\0', sizeof(d->name)) != NULL && d->name[0] != '\0');
    CHECK(d->memory_kib != 0 && d->memory_kib << 10 <= board_memory_size(b));
    CHECK(d->vcpu_count >= 1 && d->vcpu_count <= CONFIG_MAX_VCPUS);
    CHECK(d->bootargs == NULL || strlen(d->bootargs) == d->bootargs_size);
    check_module(b, &d->kernel);
    if (d->ramdisk.size != 0) {
        check_module(b, &d->ramdisk);
    }
    for (unsigned i = 0; i < d->cpu_count; i++) {
        CHECK(boot_domain_cpu(d, i) < b->cpu_count);
        for (const struct boot_domain *other = c->domain; d->owns_cpus && other < d; other++) {
            for (unsigned k = 0; other->owns_cpus && k < other->cpu_count; k++) {
                CHECK(boot_domain_cpu(other, k) != boot_domain_cpu(d, i));
            }
        }
    }
    CHECK(guest_tree_write(&g, buffer, sizeof(buffer), &size) == 0);
    CHECK(fdt_open(&t, buffer, size) == 0);
}

/* What is a stranger's partial tree can be put into a partition's tree. */
static void check_partial(const struct fdt *partial)
{
    static uint8_t large[FDT_SIZE_MAX] __attribute__((aligned(8)));
    const struct guest_tree g = {
        .vcpu_count = 1, .gic_version = 3, .memory = { { 0x40000000, 0x44000000 } }, .has_xen = true, .partial = partial,
    };
    struct fdt t;
    size_t size;

    if (guest_tree_write(&g, large, sizeof(large), &size) == 0) {
        CHECK(fdt_open(&t, large, size) == 0);
    }
}

/* The tree of who has the hardware is one, however odd the board's is, or cannot be written. */
static void check_hardware(const struct fdt *board_tree, const struct board *b, const struct board_arm *arm)
{
    static uint8_t large[FDT_SIZE_MAX] __attribute__((aligned(8)));
    struct memory_range memory = b->memory[0];
    struct hardware_tree h = {
        .board = board_tree, .arm = arm, .memory = &memory, .memory_count = 1,
        .guest = { .vcpu_count = 2, .bootargs = "a b", .bootargs_size = 3, .has_xen = true },
    };
    struct fdt t;
    size_t size;

    hardware_devices_read(board_tree, b, arm, 96);
    check_partial(board_tree);
    memory.end = memory.start + ALIGN_DOWN((memory.end - memory.start) / 2, PAGE_SIZE);
    if (memory.start != memory.end && hardware_tree_find_regions(b, &h) == 0) {
        for (unsigned i = 0; i < h.region_count; i++) {
            const struct memory_range *r = &h.region[i];

            CHECK(board_has_memory(b, r->start, r->end - r->start) && !overlaps(r->start, r->end - r->start, &memory));
        }
        if (hardware_tree_write(&h, large, hardware_tree_size_max(board_tree), &size) == 0) {
            CHECK(fdt_open(&t, large, size) == 0);
        }
    }
}

/* Schedules: windows in their order and within the frame, CPUs that nobody else has, and places that lead somewhere. */
static void check_schedules(const struct board *b, const struct boot_config *c, const struct boot_schedule *schedule)
{
    uint64_t taken_cpus[CONFIG_MAX_CPUS / 64 + 1] = { 0 };

    for (unsigned i = 0; i < SCHEDULES_MAX; i++) {
        const struct boot_schedule *s = &schedule[i];
        uint64_t end = 0;

        for (unsigned k = 0; k < s->cpu_count; k++) {
            CHECK(s->cpu[k] < b->cpu_count && (taken_cpus[s->cpu[k] / 64] & BIT(s->cpu[k] % 64)) == 0);
            taken_cpus[s->cpu[k] / 64] |= BIT(s->cpu[k] % 64);
        }
        for (unsigned k = 0; k < s->window_count && s->cpu_count != 0; k++) {
            const struct boot_window *w = &s->window[k];

            CHECK(w->offset >= end && w->duration >= SCHEDULE_WINDOW_MIN_US && w->place != 0 &&
                  w->place <= SCHEDULE_WINDOWS_MAX);
            end = (uint64_t)w->offset + w->duration;
            CHECK(end <= s->frame && s->frame <= SCHEDULE_FRAME_MAX_US);
        }
        CHECK(s->cpu_count == 0 || s->window_count != 0);
    }
    for (unsigned i = 0; i < c->domain_count; i++) {
        const struct boot_domain *d = &c->domain[i];

        CHECK(d->schedule <= SCHEDULES_MAX && (d->schedule == 0 || schedule[d->schedule - 1].cpu_count != 0));
        CHECK((d->schedule == 0) == (d->schedule_place == 0) && (d->schedule == 0 || d->cpu_count == 0));
        for (unsigned k = 0; k < d->cpu_count && d->owns_cpus; k++) {
            CHECK((taken_cpus[boot_domain_cpu(d, k) / 64] & BIT(boot_domain_cpu(d, k) % 64)) == 0);
        }
        for (unsigned k = 0; k < i; k++) {
            CHECK(d->schedule == 0 || d->schedule != c->domain[k].schedule || d->schedule_place != c->domain[k].schedule_place);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board board;
    static struct board_arm arm;
    static struct boot_config config;
    static struct boot_schedule schedule[SCHEDULES_MAX];
    static struct cpu cpu;
    struct fdt t;
    void *blob = malloc(size);

    host_this_cpu = &cpu;
    memcpy(blob, data, size);
    if (fdt_open(&t, blob, size) == 0 && board_read(&t, 0, &board) == 0) {
        check_board(&board);
        board_arm_read(&t, &board, &arm);
        check_arm(&arm);
        check_hardware(&t, &board, &arm);
        (void)boot_config_read(&t, &board, taken, 1, &config);
        (void)boot_schedule_read(&t, &board, &config, schedule);
        check_schedules(&board, &config, schedule);
        CHECK(config.domain_count <= CONFIG_MAX_DOMAINS);
        for (unsigned i = 0; i < config.domain_count; i++) {
            check_domain(&board, &config, &config.domain[i]);
        }
    }
    free(blob);
    return 0;
}
