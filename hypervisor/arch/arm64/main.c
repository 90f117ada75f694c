/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the boot loader's device tree to running partitions, on the boot CPU. Each step says what it lacks, if it lacks
 * something, and stops the board; a mistake in one partition's description costs that partition only.
 */
#include "arch/arch.h"
#include "bh/board.h"
#include "bh/boot_channels.h"
#include "bh/boot_config.h"
#include "bh/boot_options.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/memory_map.h"
#include "bh/page_alloc.h"
#include "bh/partition.h"
#include "bh/vcpu.h"
#include "board_arm.h"
#include "context.h"
#include "drivers/pl011.h"
#include "firmware.h"
#include "gic.h"
#include "irq.h"
#include "lib/fdt.h"
#include "main.h"
#include "mmu.h"
#include "smp.h"
#include "sysreg.h"

#define AFFINITY_MASK 0xff00ffffffUL
/* Room for the ranges that boot finds taken: reserved ones, image, device tree, two modules a partition. */
#define TAKEN_COUNT (BOARD_RESERVED_COUNT + 2 + 2 * CONFIG_MAX_DOMAINS)
#define FREE_COUNT  (TAKEN_COUNT + FRAME_BANK_COUNT)

extern char image_start[], __image_end[], __boot_start[], __boot_end[], __efi_start[], __efi_end[];

/* The page of the PE headers; nothing else is in it. */
#define HEADERS_SIZE (CONFIG_EFI ? PAGE_SIZE : 0)
/* Memory of which nothing is needed once the partitions are built. */
#define BOOT_ONLY __attribute__((section(".bss.boot")))

static struct cpu boot_cpu;
static struct board board;         /* [boot] */
static struct board_arm board_arm; /* [boot] */
static struct fdt tree;            /* [boot] */
static uint64_t tree_mapped;       /* [boot] bytes at BOOT_TREE_VA */
static uint64_t frequency;         /* [boot] */

struct boot_space {
    struct memory_range taken[TAKEN_COUNT], free[FREE_COUNT];
    unsigned taken_count, free_count;
    struct boot_config config;
    struct domain *built[CONFIG_MAX_DOMAINS]; /* NULL: it could not be */
};

uint64_t arch_time_frequency(void)
{
    return frequency;
}

void arch_timer_program(uint64_t deadline)
{
    if (deadline == TIMER_NEVER) {
        sysreg_write(cnthp_ctl_el2, 0);
    } else {
        sysreg_write(cnthp_cval_el2, deadline);
        sysreg_write(cnthp_ctl_el2, TIMER_CTL_ENABLE);
    }
    isb();
}

/* Maps the blob at PA for reading; its header says how much there is. */
static int open_tree(uint64_t pa, uint64_t *size)
{
    uint64_t offset = pa & (PAGE_SIZE - 1);
    const fdt_cell_t *header = (const fdt_cell_t *)(BOOT_TREE_VA + offset);
    uint64_t last = 0;
    int err;

    if (pa == 0 || (pa & 7) != 0 || hyp_map(BOOT_TREE_VA, pa - offset, 2 * PAGE_SIZE, PTE_R) != 0) {
        return -XEN_EINVAL;
    }
    if (header[0] != __builtin_bswap32(0xd00dfeed)) {
        return -XEN_EINVAL;
    }
    *size = __builtin_bswap32(header[1]);
    /* A tree's blocks may be much smaller than its whole (QEMU reserves 1 MiB): only they are mapped. */
    last = MAX((uint64_t)__builtin_bswap32(header[2]) + __builtin_bswap32(header[9]),
               (uint64_t)__builtin_bswap32(header[3]) + __builtin_bswap32(header[8]));
    if (*size > FDT_SIZE_MAX || last > *size) {
        return -XEN_EINVAL;
    }
    tree_mapped = ALIGN_UP(last + offset, PAGE_SIZE);
    err = hyp_map(BOOT_TREE_VA, pa - offset, tree_mapped, PTE_R);
    return err != 0 ? err : fdt_open(&tree, header, *size);
}

static void start_console(void)
{
    void *registers;

    if (CONFIG_PL011 && board_arm.uart_kind != UART_NONE) {
        registers = device_map(board_arm.uart.address, PAGE_SIZE);
        if (registers != NULL) {
            pl011_init(registers);
            console_drain();
        }
    }
}

/* Frame table for all banks, in memory of its own. */
static void make_frame_table(struct boot_space *b)
{
    for (unsigned i = 0; i < board.memory_count; i++) {
        uint64_t from = ALIGN_DOWN((board.memory[i].start >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);
        uint64_t to = ALIGN_UP((board.memory[i].end >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);
        uint64_t va = FRAME_TABLE_VA + from, at;

        if (i > 0) {
            /* Two banks may meet in one page of the table: it exists already. */
            uint64_t before = ALIGN_UP((board.memory[i - 1].end >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);

            va = MAX(va, FRAME_TABLE_VA + before);
        }
        to += FRAME_TABLE_VA;
        if (va >= to) {
            continue;
        }
        if (!memory_carve(b->free, &b->free_count, FREE_COUNT, to - va, to - va >= MIB(2) ? MIB(2) : PAGE_SIZE, &at) ||
            hyp_map(va, at, to - va, PTE_RW) != 0) {
            panic("memory: no room for the frame table (%lu KiB)", (to - va) >> 10);
        }
        arch_memory_clear((void *)va, to - va);
    }
    frame_table = (struct frame *)FRAME_TABLE_VA;
    frame_init(board.memory, board.memory_count);
}

static void add_free_memory(const struct boot_space *b)
{
    for (unsigned i = 0; i < b->free_count; i++) {
        page_alloc_add(b->free[i].start >> PAGE_SHIFT, b->free[i].end >> PAGE_SHIFT);
    }
}

static void take(struct boot_space *b, uint64_t start, uint64_t end)
{
    b->taken[b->taken_count++] =
        (struct memory_range){ .start = ALIGN_DOWN(start, PAGE_SIZE), .end = ALIGN_UP(end, PAGE_SIZE) };
}

static void start_gic(void)
{
    struct gic_board g = {
        .version = board_arm.gic_version,
        .dist = board_arm.gicd.address, .dist_size = board_arm.gicd.size,
        .cpu = board_arm.gicc.address, .cpu_size = board_arm.gicc.size,
        .hyp = board_arm.gich.address, .vcpu = board_arm.gicv.address,
        .redist_stride = board_arm.gicr_stride,
        .maintenance = board_arm.maintenance.intid,
    };

    for (unsigned i = 0; i < board_arm.gicr_count && i < ARRAY_COUNT(g.redist); i++) {
        g.redist[i].base = board_arm.gicr[i].address;
        g.redist[i].size = board_arm.gicr[i].size;
        g.redist_count++;
    }
    if (g.version == 0) {
        panic("device tree: no interrupt controller that is known (GICv2 with virtualization, or GICv3)");
    }
    if (g.maintenance == 0 || board_arm.timer_hypervisor.intid == 0 || board_arm.timer_virtual.intid == 0) {
        panic("device tree: the interrupt of the GIC's maintenance, of the virtual or of the EL2 timer is missing");
    }
    if (gic_init(&g) != 0 || gic_prepare(&boot_cpu) != 0 || gic_cpu_init(&boot_cpu) != 0) {
        panic("interrupt controller: it cannot be used");
    }
    irq_init(board_arm.timer_hypervisor.intid, board_arm.timer_virtual.intid);
    irq_cpu_init();
}

/* Req: BH-BOOT-032 */
static void start_cpus(void)
{
    if ((board_arm.psci_conduit != CONDUIT_SMC || board_arm.psci_is_0_1) && board.cpu_count > 1) {
        log_warning("firmware: no PSCI 0.2 or later by SMC: one CPU is used");
        return;
    }
    for (unsigned i = 1; i < board.cpu_count; i++) {
        struct cpu *cpu = cpu_create(i);

        if (cpu == NULL) {
            log_error("CPU %u: no memory for it", i);
            return;
        }
        cpu->arch.mpidr = board.cpu_id[i] & AFFINITY_MASK;
        if (smp_start(cpu) != 0) {
            log_error("CPU %u (MPIDR %lx) is not used", i, cpu->arch.mpidr);
        }
    }
}

/* The board says that it needs some of R for itself (U-Boot reserves the modules that it loads, too). */
static bool is_reserved(const struct memory_range *r)
{
    for (unsigned i = 0; i < board.reserved_count; i++) {
        if (r->start < board.reserved[i].end && board.reserved[i].start < r->end) {
            return true;
        }
    }
    return false;
}

/* What the boot loader left for us to read is memory like any other from here on. */
static void give_back(struct boot_space *b, uint64_t tree_pa, uint64_t tree_size)
{
    unsigned count = 1;

    hyp_unmap(BOOT_TREE_VA, tree_mapped);
    b->taken[0] = (struct memory_range){ .start = tree_pa, .end = tree_pa + tree_size };
    for (unsigned i = 0; i < b->config.domain_count; i++) {
        const struct boot_domain *d = &b->config.domain[i];

        b->taken[count++] = (struct memory_range){ .start = d->kernel.start, .end = d->kernel.start + d->kernel.size };
        b->taken[count++] =
            (struct memory_range){ .start = d->ramdisk.start, .end = d->ramdisk.start + d->ramdisk.size };
    }
    count = memory_merge(b->taken, count);
    for (unsigned i = 0; i < count; i++) {
        if (is_reserved(&b->taken[i])) {
            continue;
        }
        page_alloc_add(ALIGN_UP(b->taken[i].start, PAGE_SIZE) >> PAGE_SHIFT, b->taken[i].end >> PAGE_SHIFT);
    }
}

/* Memory that is neither free nor a partition's. */
static uint64_t own_memory(const struct boot_space *b)
{
    uint64_t bytes = board_memory_size(&board) - (page_alloc_free_count() << PAGE_SHIFT);

    for (unsigned i = 0; i < b->config.domain_count; i++) {
        bytes -= b->built[i] != NULL ? b->built[i]->page_count << PAGE_SHIFT : 0;
    }
    for (unsigned i = 0; i < board.reserved_count; i++) {
        bytes -= board.reserved[i].end - board.reserved[i].start;
    }
    return bytes - (uint64_t)(__boot_end - __boot_start) - (uint64_t)(__efi_end - __efi_start) - HEADERS_SIZE;
}

static void build_partitions(struct boot_space *b)
{
    const struct boot_config *c = &b->config;
    struct domain *first = NULL;

    for (unsigned i = 0; i < c->domain_count; i++) {
        struct domain *d;

        if (partition_build(&c->domain[i], &d) == 0) {
            log_info("%s: %lu KiB, %u vCPU%s", d->name, c->domain[i].memory_kib, d->vcpu_count,
                     d->vcpu_count == 1 ? "" : "s");
            b->built[i] = d;
            first = first != NULL ? first : d;
        }
    }
    if (first != NULL) {
        console_input_first(first);
    }
    frame_scrub_always();
}

static void start_partitions(const struct boot_space *b)
{
    const struct boot_config *c = &b->config;

    for (unsigned i = 0; i < c->domain_count; i++) {
        if (b->built[i] == NULL) {
            continue;
        }
        for (unsigned k = 0; k < b->built[i]->vcpu_count; k++) {
            if (!sched_can_run(b->built[i]->vcpus[k])) {
                log_error("%s: vCPU %u will never run: others own all CPUs that it may use", b->built[i]->name, k);
            }
        }
        domain_start(b->built[i]);
    }
    domain_watch_last();
}

void boot_main(uint64_t tree_pa, uint64_t image_pa)
{
    static BOOT_ONLY struct boot_space space;
    struct boot_space *b = &space;
    uint64_t tree_size = 0;
    unsigned refused, fixed;
    int tree_err;

    sysreg_write(tpidr_el2, &boot_cpu);
    frequency = sysreg_read(cntfrq_el0);
    cpu_init(&boot_cpu, 0);
    boot_cpu.online = true;
    boot_cpu.arch.mpidr = sysreg_read(mpidr_el1) & AFFINITY_MASK;
    context_init();
    context_cpu_init();

    log_info("Bulkhead");
    tree_err = open_tree(tree_pa, &tree_size);
    if (tree_err != 0) {
        panic("device tree at %lx: %s", tree_pa, tree.problem != NULL ? tree.problem : "no readable one is there");
    }
    if (board_read(&tree, boot_cpu.arch.mpidr, &board) != 0) {
        panic("device tree: no memory");
    }
    board_arm_read(&tree, &board, &board_arm);
    start_console();

    for (unsigned i = 0; i < board.reserved_count; i++) {
        take(b, board.reserved[i].start, board.reserved[i].end);
    }
    take(b, image_pa, image_pa + (uint64_t)(__image_end - image_start));
    take(b, tree_pa, tree_pa + tree_size);
    fixed = b->taken_count;
    refused = boot_config_read(&tree, &board, b->taken, fixed, &b->config);
    if (b->config.bootargs != NULL) {
        boot_options_apply(b->config.bootargs, b->config.bootargs_size);
    }
    if (refused != 0) {
        log_error("%u partition%s not started", refused, refused == 1 ? " is" : "s are");
    }
    for (unsigned i = 0; i < b->config.domain_count; i++) {
        const struct boot_domain *d = &b->config.domain[i];

        take(b, d->kernel.start, d->kernel.start + d->kernel.size);
        take(b, d->ramdisk.start, d->ramdisk.start + d->ramdisk.size);
    }
    b->free_count = memory_gaps(board.memory, board.memory_count, b->taken, b->taken_count, b->free, FREE_COUNT);
    make_frame_table(b);
    add_free_memory(b);
    log_info("%lu MiB of memory, %lu MiB free; %u CPU%s", board_memory_size(&board) >> 20,
             page_alloc_free_count() >> (20 - PAGE_SHIFT), board.cpu_count, board.cpu_count == 1 ? "" : "s");

    start_gic();
    start_cpus();
    if (CONFIG_PL011 && board_arm.uart_kind != UART_NONE && board_arm.uart_interrupt.intid != 0) {
        irq_attach_uart(board_arm.uart_interrupt.intid);
        pl011_enable_input();
    }
    build_partitions(b);
    if (CONFIG_EVTCHN && b->config.has_channels) {
        boot_channels_make(&tree, &board, &b->config, b->built);
    }
    give_back(b, tree_pa, tree_size);
    log_info("own memory: %lu KiB", own_memory(b) >> 10);
    if (CONFIG_SEAL) {
        page_alloc_seal();
    }
    start_partitions(b);
    hyp_give_back(__boot_start, (size_t)(__boot_end - __boot_start));
    hyp_give_back(image_start, HEADERS_SIZE);
    hyp_give_back(__efi_start, (size_t)(__efi_end - __efi_start));
    hyp_give_back_tables();
    boot_cpu.work |= WORK_RESCHED;
    enter_guests(&boot_cpu);
}
