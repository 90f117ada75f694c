/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the boot loader's device tree to running partitions, on the boot CPU: what core/boot.c leaves to the board.
 */
#include "arch/arch.h"
#include "bh/board.h"
#include "bh/boot.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/uart.h"
#include "board_arm.h"
#include "context.h"
#include "drivers/uart.h"
#include "firmware.h"
#include "gic.h"
#include "hardware_devices.h"
#include "irq.h"
#include "lib/fdt.h"
#include "main.h"
#include "mmu.h"
#include "smp.h"
#include "sysreg.h"

#define AFFINITY_MASK 0xff00ffffffUL
extern char image_start[], __image_end[], __boot_start[], __boot_end[], __efi_start[], __efi_end[];

/* The page of the PE headers; nothing else is in it. */
#define HEADERS_SIZE (CONFIG_EFI ? PAGE_SIZE : 0)
static struct cpu boot_cpu;
static struct board board;         /* [boot] */
static struct board_arm board_arm; /* [boot] */
static struct fdt tree;            /* [boot] */
static uint64_t tree_mapped;       /* [boot] bytes at BOOT_TREE_VA */
static uint64_t frequency;         /* [boot] */

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

    if (pa == 0 || (pa & 7) != 0 || hyp_map(BOOT_TREE_VA, pa - offset, 2 * PAGE_SIZE, HYP_R) != 0) {
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
    err = hyp_map(BOOT_TREE_VA, pa - offset, tree_mapped, HYP_R);
    return err != 0 ? err : fdt_open(&tree, header, *size);
}

static void start_console(void)
{
    void *registers;

    if (uart_is_known(board_arm.uart_kind)) {
        registers = device_map(board_arm.uart.address, PAGE_SIZE);
        if (registers != NULL) {
            uart_init(board_arm.uart_kind, registers);
            console_drain();
        }
    }
}

static BOOT_CODE void start_gic(void)
{
    struct gic_board g = {
        .version = board_arm.gic_version,
        .dist = board_arm.gicd.address, .dist_size = board_arm.gicd.size,
        .cpu = board_arm.gicc.address, .cpu_size = board_arm.gicc.size,
        .hyp = board_arm.gich.address, .vcpu = board_arm.gicv.address,
        .vcpu_size = board_arm.gicv.size,
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
static BOOT_CODE void start_cpus(void)
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

void boot_main(uint64_t tree_pa, uint64_t image_pa)
{
    uint64_t tree_size = 0;
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

    boot_begin(&board);
    boot_take(image_pa, image_pa + (uint64_t)(__image_end - image_start));
    boot_take(tree_pa, tree_pa + tree_size);
    boot_read_config(&tree);
    boot_make_memory();
    if (CONFIG_CACHE_COLOURS && page_affinity_of(FRAME_NO_DOMAIN) != NULL) {
        image_move();
    }
    start_gic();
    start_cpus();
    if (uart_is_ready() && board_arm.uart_interrupt.intid != 0) {
        irq_attach_uart(board_arm.uart_interrupt.intid);
        uart_enable_input();
    }
    if (CONFIG_DEVICES) {
        hardware_devices_begin(&tree, &board, &board_arm, (struct memory_range){
            image_pa, image_pa + (uint64_t)(__image_end - image_start) });
    }
    boot_build_partitions(&tree);
    if (CONFIG_DEVICES) {
        hardware_devices_end();
    }
    hyp_unmap(BOOT_TREE_VA, tree_mapped);
    boot_give_back(tree_pa, tree_pa + tree_size);
    boot_start_partitions((uint64_t)(__boot_end - __boot_start) + (uint64_t)(__efi_end - __efi_start) + HEADERS_SIZE);
    hyp_give_back(__boot_start, (size_t)(__boot_end - __boot_start));
    hyp_give_back(image_start, HEADERS_SIZE);
    hyp_give_back(__efi_start, (size_t)(__efi_end - __efi_start));
    hyp_give_back_tables();
    boot_cpu.work |= WORK_RESCHED;
    enter_guests(&boot_cpu);
}
