/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the boot loader and ACPI say to running partitions, on the boot CPU: what core/boot.c leaves to the machine.
 */
#include "acpi.h"
#include "apic.h"
#include "arch/arch.h"
#include "bh/board.h"
#include "bh/boot.h"
#include "bh/boot_options.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/sched.h"
#include "bh/uart.h"
#include "board_ports.h"
#include "clock.h"
#include "context.h"
#include "cpuid_policy.h"
#include "descriptors.h"
#include "drivers/ns16550.h"
#include "hvm.h"
#include "ioapic.h"
#include "irq.h"
#include "isa_line.h"
#include "layout.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "loader.h"
#include "mmu.h"
#include "partition_x86.h"
#include "power.h"
#include "smp.h"
#include "speculation.h"

extern char image_start[], __image_end[], __boot_start[], __boot_end[];

/* Below is firmware's data, the boot loader's, and where other CPUs start. */
#define LOW_MEMORY MIB(1)
#define EBDA_POINTER 0x40e /* segment of the extended BIOS data area */
#define BIOS_START   0xe0000

uint64_t image_paddr = IMAGE_PADDR; /* [boot] */

static struct cpu boot_cpu;
static struct board board;       /* [boot] */
static struct acpi_board acpi;   /* [boot] */
static BOOT_ONLY struct loader loader;
static struct fdt tree;          /* [boot] */

void boot_main(uint32_t magic, uint64_t information);

const void *acpi_map(uint64_t address, size_t size)
{
    return loader_view(address, size);
}

void acpi_unmap(const void *p)
{
    loader_view_end(p);
}

void arch_plant_fault(const char *name)
{
    log_warning("no fault %s is known here", name);
}

/* Firmware's tables where a boot loader does not say where they are. */
static uint64_t find_rsdp(void)
{
    const uint16_t *segment = loader_view(EBDA_POINTER, sizeof(*segment));
    uint64_t ebda = segment != NULL ? (uint64_t)*segment << 4 : 0, at = 0;
    const void *p;

    if (ebda >= 0x400 && ebda < BIOS_START) {
        p = loader_view(ebda, 1024);
        at = p != NULL ? acpi_find_rsdp(p, 1024, ebda) : 0;
    }
    if (at == 0) {
        p = loader_view(BIOS_START, LOW_MEMORY - BIOS_START);
        at = p != NULL ? acpi_find_rsdp(p, LOW_MEMORY - BIOS_START, BIOS_START) : 0;
    }
    return at;
}

/* The CPUs that the firmware names, this one first; without its tables, this one. */
static void find_cpus(void)
{
    board.cpu_id[0] = boot_cpu.arch.apic_id;
    board.cpu_count = 1;
    for (unsigned i = 0; i < acpi.cpu_count && board.cpu_count < CONFIG_MAX_CPUS; i++) {
        if (acpi.cpu[i].enabled && acpi.cpu[i].apic_id != boot_cpu.arch.apic_id) {
            board.cpu_id[board.cpu_count++] = acpi.cpu[i].apic_id;
        }
    }
}

/* Req: BH-BOOT-032 */
static void start_cpus(void)
{
    smp_init();
    for (unsigned i = 1; i < board.cpu_count; i++) {
        struct cpu *cpu = cpu_create(i);

        if (cpu == NULL) {
            log_error("CPU %u: no memory for it", i);
            return;
        }
        cpu->arch.apic_id = (uint32_t)board.cpu_id[i];
        if (smp_start(cpu) != 0) {
            log_error("CPU %u (APIC id %x) is not used", i, cpu->arch.apic_id);
        }
    }
}

/* The boot description, if the first module is one; true then. */
static bool open_tree(void)
{
    const struct memory_range *m = &board.module[0];
    uint64_t size = m->end - m->start;
    const uint32_t *head;

    if (board.module_count == 0 || size < 8 || (head = loader_view(m->start, 8)) == NULL ||
        head[0] != __builtin_bswap32(0xd00dfeed)) {
        return false;
    }
    loader_view_end(head);
    head = size <= FDT_SIZE_MAX ? loader_view(m->start, size) : NULL;
    if (head == NULL || fdt_open(&tree, head, size) != 0) {
        panic("boot description: %s", head != NULL && tree.problem != NULL ? tree.problem : "it is too large");
    }
    board_find_chosen(&tree, &board);
    return true;
}

/*
 * Without a description: the first module is a kernel, the second its ramdisk, and all that is left is theirs. Each of
 * its vCPUs owns a CPU.
 */
static void configure_one(void)
{
    static fdt_cell_t cpus[MIN(CONFIG_MAX_CPUS, CONFIG_MAX_VCPUS)];
    struct boot_domain d = { .name = "domain", .is_initial = true, .owns_cpus = true, .cpus = cpus };

    if (board.module_count == 0) {
        panic("boot loader: no module; expected a boot description, or a kernel and a ramdisk");
    }
    d.kernel = (struct boot_module){ .start = board.module[0].start,
                                     .size = board.module[0].end - board.module[0].start };
    if (board.module_count > 1 && CONFIG_RAMDISK) {
        d.ramdisk = (struct boot_module){ .start = board.module[1].start,
                                          .size = board.module[1].end - board.module[1].start };
    }
    d.memory_kib = partition_default_memory(&board) >> 10;
    d.bootargs = loader.first_arguments;
    d.bootargs_size = (uint32_t)strnlen(loader.first_arguments, LOADER_TEXT_SIZE);
    d.vcpu_count = (uint16_t)MIN(board.cpu_count, ARRAY_COUNT(cpus));
    d.cpu_count = d.vcpu_count;
    for (unsigned i = 0; i < d.cpu_count; i++) {
        cpus[i] = __builtin_bswap32(i);
    }
    boot_set_partition(&d, loader.arguments, strnlen(loader.arguments, sizeof(loader.arguments)));
}

static void start_console(void)
{
    if (CONFIG_NS16550) {
        ns16550_init(COM1_PORT);
        console_drain();
    }
}

static void start_devices(void)
{
    if (apic_init() != 0) {
        panic("no local APIC");
    }
    ioapic_silence_8259(&acpi);
    apic_cpu_init();
    boot_cpu.arch.apic_id = apic_id();
    clock_init(&acpi);
    clock_cpu_init();
    if (CONFIG_SCHED_FAIR) {
        /* Turns are so many ticks, which nobody knew when the boot CPU was made. */
        sched_fair_init();
    }
    ioapic_init(&acpi);
    power_init(&acpi);
    if (CONFIG_IOPORTS) {
        isa_line_init(&acpi);
    }
}

/* Req: BH-PC-001, BH-PC-002 */
void boot_main(uint32_t magic, uint64_t information)
{
    bool has_tree;
    int err;

    descriptors_init();
    CPU_OWN->cpu = &boot_cpu;
    cpu_init(&boot_cpu, 0);
    boot_cpu.online = true;
    boot_cpu.arch.root = image_to_paddr((const void *)IMAGE_VA).a;
    cpu_setup(&boot_cpu);
    log_info("Bulkhead");
    start_console();
    err = loader_read(magic, information, &board, &loader);
    if (err != 0) {
        panic("boot loader (%x): %s", magic, err == -XEN_ENODEV ? "it names no memory" : "it is none that is known");
    }
    loader.rsdp = loader.rsdp != 0 ? loader.rsdp : find_rsdp();
    if (loader.rsdp == 0 || acpi_read(loader.rsdp, &acpi) != 0) {
        log_warning("no ACPI tables: one CPU, and no interrupts of devices");
    }
    start_devices();
    cpuid_platform.tsc_khz = (uint32_t)(arch_time_frequency() / 1000);
    cpuid_policy_init();
    speculation_init();
    find_cpus();
    err = hvm_init();
    if (err != 0) {
        panic("no hardware virtualization that can be used");
    }

    loader_raise_modules(&board, LOW_MEMORY, IMAGE_PADDR, IMAGE_PADDR + (uint64_t)(__image_end - image_start));
    boot_begin(&board);
    boot_take(0, LOW_MEMORY);
    for (unsigned i = 0; CONFIG_NUMA && i < acpi.memory_count; i++) {
        board_add_node(&board, acpi.memory[i].start, acpi.memory[i].end, acpi.memory[i].proximity);
    }
    boot_take(IMAGE_PADDR, IMAGE_PADDR + (uint64_t)(__image_end - image_start));
    has_tree = open_tree();
    if (has_tree) {
        boot_take(board.module[0].start, board.module[0].end);
        boot_read_config(&tree);
        boot_options_apply(loader.arguments, strnlen(loader.arguments, sizeof(loader.arguments)));
    } else {
        configure_one();
    }
    boot_make_memory();
    if (CONFIG_CACHE_COLOURS && page_affinity_of(FRAME_NO_DOMAIN) != NULL) {
        image_move();
    }
    context_init();
    if (hvm_prepare(&boot_cpu) != 0) {
        panic("no memory for the boot CPU");
    }
    hvm_cpu_init(&boot_cpu);
    start_cpus();
    if (CONFIG_NS16550 && uart_is_ready() && ioapic_route_isa(&acpi, COM1_IRQ, VECTOR_UART, boot_cpu.arch.apic_id) == 0) {
        ns16550_enable_input();
    }
    boot_build_partitions(has_tree ? &tree : NULL);
    loader_view_end(NULL);
    if (has_tree) {
        boot_give_back(board.module[0].start, board.module[0].end);
    } else {
        boot_give_back(0, 0);
    }
    boot_start_partitions((uint64_t)(__boot_end - __boot_start));
    hyp_give_back(__boot_start, (size_t)(__boot_end - __boot_start));
    hyp_give_back_tables();
    boot_cpu.work |= WORK_RESCHED;
    enter_guests(&boot_cpu);
}
