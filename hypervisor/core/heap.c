/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap: a bitmap of the pages in use; first fit. Under LOCK_HEAP.
 */
#include "bh/heap.h"

#include "arch/arch.h"
#include "bh/frame.h"
#include "bh/spinlock.h"

static struct spinlock heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static uint64_t used[ARCH_HEAP_PAGES / 64]; /* [lock heap_lock] */
static size_t search_from;                  /* [lock heap_lock] no free page below */

static bool is_used(size_t page) REQUIRES(heap_lock)
{
    return (used[page / 64] & BIT(page % 64)) != 0;
}

/* First run of COUNT free pages, or ARCH_HEAP_PAGES. Bound: one look at each page. */
static size_t find_run(size_t count) REQUIRES(heap_lock)
{
    size_t run = 0;

    while (search_from < ARCH_HEAP_PAGES && is_used(search_from)) {
        search_from++;
    }
    for (size_t page = search_from; page < ARCH_HEAP_PAGES; page++) {
        run = is_used(page) ? 0 : run + 1;
        if (run == count) {
            return page + 1 - count;
        }
    }
    return ARCH_HEAP_PAGES;
}

static void release(size_t first, size_t count) REQUIRES(heap_lock)
{
    for (size_t page = first; page < first + count; page++) {
        frame_put(arch_heap_unmap(page));
        used[page / 64] &= ~BIT(page % 64);
    }
    search_from = MIN(search_from, first);
}

void *heap_alloc(size_t size, uint16_t charge)
{
    size_t count = (size + PAGE_SIZE - 1) >> PAGE_SHIFT, first, done = 0;
    int err = 0;

    spin_lock(&heap_lock);
    first = find_run(count);
    if (first == ARCH_HEAP_PAGES) {
        spin_unlock(&heap_lock);
        return NULL;
    }
    while (done < count && err == 0) {
        mfn_t m;

        err = frame_alloc_hyp(charge, &m);
        if (err == 0) {
            err = arch_heap_map(first + done, m);
            if (err != 0) {
                frame_put(m);
            } else {
                used[(first + done) / 64] |= BIT((first + done) % 64);
                done++;
            }
        }
    }
    if (err != 0) {
        release(first, done);
    }
    spin_unlock(&heap_lock);
    return err == 0 ? arch_heap_address(first) : NULL;
}

void heap_free(void *p, size_t size)
{
    size_t first;

    if (p == NULL) {
        return;
    }
    first = ((size_t)((char *)p - (char *)arch_heap_address(0))) >> PAGE_SHIFT;
    spin_lock(&heap_lock);
    release(first, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    spin_unlock(&heap_lock);
}
