/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs before the MMU is on, at the physical address where the image was loaded. Only PC-relative addresses are
 * used, and no pointer stored in the image may be followed.
 */
#include "early.h"
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

/* Polled output for those who never get a console of their own. */
static void early_print(uint64_t uart, const char *text)
{
    for (; *text != '\0'; text++) {
        for (unsigned tries = 0; tries < 1000000; tries++) {
            if ((*(volatile uint32_t *)(uart + 0x18) & BIT(5)) == 0) {
                break;
            }
        }
        *(volatile uint32_t *)uart = (uint8_t)*text;
    }
}

/* Finds a PL011 in the boot loader's device tree; 0: none. */
static uint64_t early_uart(uint64_t tree)
{
    struct fdt fdt;
    const struct { uint32_t magic, size; } *header = (const void *)tree;
    struct fdt_node root, node;
    uint64_t address, size;

    if (tree == 0 || (tree & 7) != 0 || header->magic != __builtin_bswap32(0xd00dfeed) ||
        fdt_open(&fdt, header, __builtin_bswap32(header->size)) != 0 || !fdt_root(&fdt, &root)) {
        return 0;
    }
    for (bool more = fdt_first_child(&fdt, &root, &node); more; more = fdt_next_sibling(&fdt, &node, &node)) {
        if (fdt_is_compatible(&fdt, &node, "arm,pl011") && fdt_reg(&fdt, &node, 0, &address, &size) == 0) {
            return address;
        }
    }
    return 0;
}

/* Req: BH-BOOT-003 */
void early_wrong_level(uint64_t tree)
{
    uint64_t uart = early_uart(tree);

    if (uart != 0) {
        early_print(uart, "\r\nBulkhead: started at EL1, but a hypervisor needs EL2. "
                          "Enable virtualization in the firmware (QEMU: -M virt,virtualization=on). Stopped.\r\n");
    }
    for (;;) {
        wfi();
    }
}

uint64_t early_tables(uint64_t tree, uint64_t base)
{
    uint64_t size = (uint64_t)(__image_end - image_start);
    unsigned slot = PT_INDEX(base, 1);
    uint64_t page;

    image_paddr = base;
    if (base >> VA_BITS == 0 && (slot >= PT_INDEX(IMAGE_VA, 1) || slot == PT_INDEX(FRAME_TABLE_VA, 1))) {
        uint64_t uart = early_uart(tree);

        if (uart != 0) {
            early_print(uart, "\r\nBulkhead: loaded at an address that it uses for itself. Stopped.\r\n");
        }
        for (;;) {
            wfi();
        }
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
