/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/hyp_map.h"

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/page_alloc.h"
#include "bh/window.h"

/* Tables for what is mapped before there is a page allocator. */
#define BOOT_TABLE_COUNT (ARCH_HYP_TOP_LEVEL == 0 ? 12 : 8)
static uint64_t boot_table[BOOT_TABLE_COUNT][PT_ENTRIES] __attribute__((aligned(4096)));
static unsigned boot_table_used;
static uint64_t device_next = ARCH_DEVICE_VA;

static int table_alloc(mfn_t *out)
{
    if (boot_table_used < BOOT_TABLE_COUNT) {
        *out = paddr_to_mfn(image_to_paddr(boot_table[boot_table_used++]));
        return 0;
    }
    return frame_alloc_table(out);
}

/* The table that entry INDEX of table T points to, made if it is missing. */
static int next_table(mfn_t t, unsigned index, mfn_t *out)
{
    uint64_t *table = window_open(t);
    uint64_t pte = table[index];
    int err = 0;

    if (arch_hyp_pte_is_valid(pte)) {
        *out = paddr_to_mfn(arch_hyp_pte_address(pte));
    } else {
        err = table_alloc(out);
        if (err == 0) {
            *(volatile uint64_t *)&table[index] = arch_hyp_pte_table(mfn_to_paddr(*out));
        }
    }
    window_close(table);
    return err;
}

/* The table of LEVEL for VA. */
static int find_table(uint64_t va, unsigned level, mfn_t *out)
{
    int err = 0;

    *out = arch_hyp_root();
    for (unsigned at = ARCH_HYP_TOP_LEVEL; at < level && err == 0; at++) {
        err = next_table(*out, PT_INDEX(va, at), out);
    }
    return err;
}

int hyp_map(uint64_t va, uint64_t pa, uint64_t size, enum hyp_right right)
{
    uint64_t end = va + size;
    int err = 0;

    while (va < end && err == 0) {
        bool is_block = ((va | pa) & (MIB(2) - 1)) == 0 && end - va >= MIB(2);
        unsigned level = is_block ? 2 : 3;
        uint64_t step = is_block ? MIB(2) : PAGE_SIZE;
        mfn_t table;

        err = find_table(va, level, &table);
        if (err == 0) {
            uint64_t *t = window_open(table);

            do {
                t[PT_INDEX(va, level)] = arch_hyp_pte_leaf(paddr(pa), right, level);
                va += step;
                pa += step;
            } while (!is_block && va < end && PT_INDEX(va, level) != 0);
            window_close(t);
        }
    }
    arch_hyp_publish();
    return err;
}

paddr_t hyp_unmap_page(uint64_t va)
{
    mfn_t t = arch_hyp_root();
    uint64_t pte = 0;

    for (unsigned level = ARCH_HYP_TOP_LEVEL; level <= 3; level++) {
        uint64_t *table = window_open(t);

        pte = table[PT_INDEX(va, level)];
        if (level == 3) {
            *(volatile uint64_t *)&table[PT_INDEX(va, level)] = 0;
        }
        window_close(table);
        if (!arch_hyp_pte_is_valid(pte)) {
            break;
        }
        t = paddr_to_mfn(arch_hyp_pte_address(pte));
    }
    arch_hyp_forget(va);
    return arch_hyp_pte_address(pte);
}

void hyp_unmap(uint64_t va, uint64_t size)
{
    for (uint64_t end = va + size; va < end; va += PAGE_SIZE) {
        (void)hyp_unmap_page(va);
    }
}

/* Req: BH-MEM-027 */
int hyp_move(uint64_t va, uint64_t size)
{
    int err = 0;

    for (uint64_t end = va + size; va < end && err == 0; va += PAGE_SIZE) {
        mfn_t table, m;

        err = find_table(va, 3, &table);
        if (err == 0) {
            err = frame_alloc_hyp(FRAME_NO_DOMAIN, &m);
        }
        if (err == 0) {
            uint64_t *t = window_open(table);
            void *to = window_open(m);

            arch_hyp_move_page(&t[PT_INDEX(va, 3)], mfn_to_paddr(m), (const void *)(uintptr_t)va, to);
            window_close(to);
            window_close(t);
        }
    }
    return err;
}

void hyp_give_back(void *p, size_t size)
{
    uint64_t va = (uintptr_t)p;

    for (uint64_t end = va + size; va < end; va += PAGE_SIZE) {
        mfn_t m = paddr_to_mfn(hyp_unmap_page(va));

        if (CONFIG_CACHE_COLOURS && frame_table[m.n].type == FRAME_HYP) {
            frame_put(m);
        } else {
            page_alloc_add(m.n, m.n + 1);
        }
    }
}

void hyp_give_back_tables(void)
{
    unsigned used = boot_table_used;

    boot_table_used = BOOT_TABLE_COUNT;
    hyp_give_back(boot_table[used], (BOOT_TABLE_COUNT - used) * PAGE_SIZE);
}

void *device_map(uint64_t pa, uint64_t size)
{
    uint64_t offset = pa & (PAGE_SIZE - 1);
    uint64_t va = device_next;

    size = ALIGN_UP(size + offset, PAGE_SIZE);
    if (size > ARCH_DEVICE_VA_END - va || hyp_map(va, pa - offset, size, HYP_DEVICE) != 0) {
        return NULL;
    }
    device_next += size;
    return (void *)(uintptr_t)(va + offset);
}
