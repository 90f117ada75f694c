/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs before the MMU is on, at the physical address where the image was loaded. Only PC-relative addresses are
 * used, and no pointer stored in the image may be followed.
 */
#include "early.h"
#include "drivers/uart.h"
#include "lib/fdt.h"
#include "mmu.h"
#include "sysreg.h"

extern char image_start[], __text_start[], __rodata_start[], __data_start[], __bss_start[], __bss_end[], __image_end[];

/* The boot CPU's tables. Each is a page; they are in .bss and so mapped like other data. */
uint64_t boot_root[PT_ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_table2[PT_ENTRIES] __attribute__((aligned(4096)));
static uint64_t image_table3[PT_ENTRIES] __attribute__((aligned(4096)));
static uint64_t cpu_table2[PT_ENTRIES] __attribute__((aligned(4096)));
static uint64_t cpu_table3[PT_ENTRIES] __attribute__((aligned(4096)));
static uint8_t boot_cpu_stack[CPU_PAGE_STACK_COUNT * 4096] __attribute__((aligned(4096)));
static uint8_t boot_cpu_emergency[4096] __attribute__((aligned(4096)));

uint64_t image_paddr;

static void map_section(uint64_t base, const char *from, const char *to, uint64_t pte)
{
    for (uint64_t p = (uint64_t)from; p < (uint64_t)to; p += PAGE_SIZE) {
        image_table3[(p - base) >> PAGE_SHIFT] = p | pte | PTE_TABLE;
    }
}

/* The board's UART as far as it can be told so early. */
struct early_uart {
    enum uart_kind kind;
    uint64_t address;
};

static bool is_uart(const struct fdt *t, const struct fdt_node *node, struct early_uart *uart)
{
    uint64_t size;

    uart->kind = fdt_is_compatible(t, node, "arm,pl011") ? UART_PL011 :
                 CONFIG_CADENCE_UART && fdt_is_compatible(t, node, "cdns,uart-r1p12") ? UART_CADENCE : UART_NONE;
    return uart_is_known(uart->kind) && fdt_is_enabled(t, node) && fdt_reg(t, node, 0, &uart->address, &size) == 0;
}

/* Finds one in the boot loader's device tree: in the root, or Cadence's on a bus whose addresses are the machine's. */
static bool early_uart(uint64_t tree, struct early_uart *uart)
{
    struct fdt fdt;
    const struct { uint32_t magic, size; } *header = (const void *)tree;
    struct fdt_node root, node, child;

    if (tree == 0 || (tree & 7) != 0 || header->magic != __builtin_bswap32(0xd00dfeed) ||
        fdt_open(&fdt, header, __builtin_bswap32(header->size)) != 0 || !fdt_root(&fdt, &root)) {
        return false;
    }
    for (bool more = fdt_first_child(&fdt, &root, &node); more; more = fdt_next_sibling(&fdt, &node, &node)) {
        bool is_bus = CONFIG_CADENCE_UART && fdt_is_compatible(&fdt, &node, "simple-bus");

        if (is_uart(&fdt, &node, uart)) {
            return true;
        }
        for (is_bus = is_bus && fdt_first_child(&fdt, &node, &child); is_bus;
             is_bus = fdt_next_sibling(&fdt, &child, &child)) {
            if (is_uart(&fdt, &child, uart)) {
                return true;
            }
        }
    }
    return false;
}

/* Polled output for those who never get a console of their own. */
static NORETURN void early_stop(uint64_t tree, const char *text)
{
    struct early_uart uart;

    if (early_uart(tree, &uart)) {
        for (; *text != '\0'; text++) {
            uart_early_put(uart.kind, uart.address, *text);
        }
    }
    for (;;) {
        wfi();
    }
}

/* Req: BH-BOOT-003 */
void early_wrong_level(uint64_t tree)
{
    early_stop(tree, "\r\nBulkhead: started at EL1, but a hypervisor needs EL2. "
                     "Enable virtualization in the firmware (QEMU: -M virt,virtualization=on). Stopped.\r\n");
}

uint64_t early_tables(uint64_t tree, uint64_t base)
{
    uint64_t size = (uint64_t)(__image_end - image_start);
    unsigned slot = PT_INDEX(base, 1);
    uint64_t page;

    image_paddr = base;
    if (base >> VA_BITS == 0 && (slot >= PT_INDEX(IMAGE_VA, 1) || slot == PT_INDEX(FRAME_TABLE_VA, 1))) {
        early_stop(tree, "\r\nBulkhead: loaded at an address that it uses for itself. Stopped.\r\n");
    }
    boot_root[PT_INDEX(IMAGE_VA, 1)] = (uint64_t)image_table2 | PTE_VALID | PTE_TABLE;
    image_table2[PT_INDEX(IMAGE_VA, 2)] = (uint64_t)image_table3 | PTE_VALID | PTE_TABLE;
    map_section(base, __text_start, __rodata_start, PTE_RX);
    map_section(base, __rodata_start, __data_start, PTE_R);
    map_section(base, __data_start, __image_end, PTE_RW);

    boot_root[PT_INDEX(CPU_VA, 1)] = (uint64_t)cpu_table2 | PTE_VALID | PTE_TABLE;
    cpu_table2[0] = (uint64_t)cpu_table3 | PTE_VALID | PTE_TABLE;
    page = PTE_RW | PTE_TABLE;
    for (unsigned i = 0; i < CPU_PAGE_STACK_COUNT; i++) {
        cpu_table3[CPU_PAGE_STACK + i] = ((uint64_t)boot_cpu_stack + i * PAGE_SIZE) | page;
    }
    cpu_table3[CPU_PAGE_EMERGENCY] = (uint64_t)boot_cpu_emergency | page;
    cpu_table3[CPU_PAGE_TABLE3] = (uint64_t)cpu_table3 | page;
    cpu_table3[CPU_PAGE_TABLE2] = (uint64_t)cpu_table2 | page;
    cpu_table3[CPU_PAGE_ROOT] = (uint64_t)boot_root | page;

    /* What was written with the caches off must not be hidden by stale lines of them (Arm ARM B2.8). */
    for (uint64_t p = (uint64_t)__data_start; p < base + size; p += 64) {
        __asm__ volatile("dc ivac, %0" : : "r"(p) : "memory");
    }
    dsb(sy);
    return (uint64_t)boot_root;
}
