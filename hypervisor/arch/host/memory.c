/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: memory. RAM is a file without a name, mapped twice: once for windows that may write, once for those that may
 * only read. Both are poisoned for the address sanitizer except while a window shows a frame, so that a stray access
 * fails at its line. The heap maps frames of the same file.
 */
#define _GNU_SOURCE
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/page_alloc.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_PAGES (1UL << ORDER_2M)

/* A window: the view it is of (0: it may be written; 1: only read), and what it shows. */
struct shown {
    bool is_open;
    unsigned view;
    mfn_t m;
};

static int file = -1;
static uint64_t ram_size;
static char *ram[2];
static uint8_t *open_count[2];  /* windows on each frame */
static struct frame *table;
static char *heap;
static mfn_t heap_frame[ARCH_HEAP_PAGES];
static size_t heap_mapped;
static struct shown window[CONFIG_MAX_CPUS][ARCH_WINDOW_COUNT];
static struct shown block_window[CONFIG_MAX_CPUS][ARCH_BLOCK_WINDOW_COUNT];
static unsigned allocation_count, allocation_fails;

void (*host_window_closed)(mfn_t m);

/* At a multiple of 2 MiB, as blocks are. */
static char *map_aligned(uint64_t size, int protection)
{
    char *p = mmap(NULL, size + MIB(2), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *at = (char *)ALIGN_UP((uintptr_t)p, MIB(2));

    if (p == MAP_FAILED || mmap(at, size, protection, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
        abort();
    }
    return at;
}

void host_memory_init(unsigned ram_mib)
{
    struct memory_range bank;

    if (file >= 0) {
        for (unsigned view = 0; view < 2; view++) {
            UNPOISON(ram[view], ram_size);
            munmap(ram[view], ram_size);
            free(open_count[view]);
        }
        close(file);
        munmap(table, (HOST_RAM_MFN + ram_size / PAGE_SIZE) * sizeof(*table));
    }
    ram_size = MIB(ram_mib);
    file = memfd_create("ram", 0);
    if (file < 0 || ftruncate(file, (off_t)ram_size) != 0) {
        abort();
    }
    for (unsigned view = 0; view < 2; view++) {
        ram[view] = map_aligned(ram_size, view == 0 ? PROT_READ | PROT_WRITE : PROT_READ);
        POISON(ram[view], ram_size);
        open_count[view] = calloc(ram_size / PAGE_SIZE, 1);
    }
    /* Sparse: what is not RAM costs nothing. */
    table = mmap(NULL, (HOST_RAM_MFN + ram_size / PAGE_SIZE) * sizeof(*table), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (heap == NULL) {
        heap = mmap(NULL, ARCH_HEAP_PAGES * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (table == MAP_FAILED || heap == MAP_FAILED || heap_mapped != 0) {
        abort();
    }
    memset(window, 0, sizeof(window));
    memset(block_window, 0, sizeof(block_window));
    host_fail_allocation(0);
    frame_table = table;
    bank = (struct memory_range){ .start = HOST_RAM_MFN * PAGE_SIZE, .end = HOST_RAM_MFN * PAGE_SIZE + ram_size };
    frame_init(&bank, 1);
    page_affinity_reset();
    page_alloc_reset();
    page_alloc_add(HOST_RAM_MFN, HOST_RAM_MFN + ram_size / PAGE_SIZE);
}

uint64_t host_ram_frames(void)
{
    return ram_size / PAGE_SIZE;
}

static uint64_t index_of(mfn_t m)
{
    if (m.n < HOST_RAM_MFN || m.n >= HOST_RAM_MFN + host_ram_frames()) {
        panic("host: frame %lx is not RAM", (unsigned long)m.n);
    }
    return m.n - HOST_RAM_MFN;
}

/* ---- Windows ---- */

/* Is M in a block of the free lists? Its first frame is the only one that says so. */
static bool is_free(mfn_t m)
{
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        const struct frame *f = frame_lookup(mfn(ALIGN_DOWN(m.n, 1UL << order)));

        if (f != NULL && f->type == FRAME_FREE && f->order >= order) {
            return true;
        }
    }
    return false;
}

static void *show(struct shown *s, mfn_t m, uint64_t count, unsigned view)
{
    char *p = ram[view] + index_of(m) * PAGE_SIZE;

    if (s->is_open) {
        panic("host: a window is open already");
    }
    *s = (struct shown){ .is_open = true, .view = view, .m = m };
    for (uint64_t i = 0; i < count; i++) {
        open_count[view][index_of(mfn_add(m, i))]++;
    }
    UNPOISON(p, count * PAGE_SIZE);
    return p;
}

static void hide(struct shown *s, uint64_t count)
{
    if (!s->is_open) {
        panic("host: no window is open there");
    }
    s->is_open = false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t index = index_of(mfn_add(s->m, i));

        if (--open_count[s->view][index] == 0) {
            POISON(ram[s->view] + index * PAGE_SIZE, PAGE_SIZE);
        }
    }
}

void *arch_window_map(unsigned slot, mfn_t m, bool writable)
{
    (void)index_of(m);
    if (is_free(m)) {
        panic("host: window on free frame %lx", (unsigned long)m.n);
    }
    return show(&window[this_cpu()->id][slot], m, 1, writable ? 0 : 1);
}

void arch_window_unmap(unsigned slot)
{
    struct shown *s = &window[this_cpu()->id][slot];

    hide(s, 1);
    if (host_window_closed != NULL) {
        host_window_closed(s->m);
    }
}

bool host_window_is_open(unsigned slot)
{
    return window[this_cpu()->id][slot].is_open;
}

/* The block may hold free frames beside those that the caller is after. */
void *arch_block_window_map(unsigned slot, mfn_t m)
{
    return show(&block_window[this_cpu()->id][slot], mfn(ALIGN_DOWN(m.n, BLOCK_PAGES)), BLOCK_PAGES, 0);
}

void arch_block_window_unmap(unsigned slot)
{
    hide(&block_window[this_cpu()->id][slot], BLOCK_PAGES);
}

void *host_peek(mfn_t m)
{
    uint64_t index = index_of(m);

    open_count[0][index]++;
    UNPOISON(ram[0] + index * PAGE_SIZE, PAGE_SIZE);
    return ram[0] + index * PAGE_SIZE;
}

void host_peek_end(mfn_t m)
{
    uint64_t index = index_of(m);

    if (--open_count[0][index] == 0) {
        POISON(ram[0] + index * PAGE_SIZE, PAGE_SIZE);
    }
}

static unsigned module_order(size_t size)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < size) {
        order++;
    }
    return order;
}

uint64_t host_module_place(const void *data, size_t size)
{
    mfn_t m;

    if (page_alloc_take(module_order(size), &m) != 0) {
        abort();
    }
    for (size_t at = 0; at < size; at += PAGE_SIZE) {
        mfn_t page = mfn_add(m, at >> PAGE_SHIFT);

        memcpy(host_peek(page), (const char *)data + at, MIN(PAGE_SIZE, size - at));
        host_peek_end(page);
    }
    return mfn_to_paddr(m).a;
}

void host_module_remove(uint64_t at, size_t size)
{
    page_alloc_give(paddr_to_mfn(paddr(at)), module_order(size));
}

/* ---- Allocations that fail ---- */

void host_fail_allocation(unsigned n)
{
    allocation_count = 0;
    allocation_fails = n;
}

unsigned host_allocation_count(void)
{
    return allocation_count;
}

static bool allocation_goes_wrong(void)
{
    return ++allocation_count == allocation_fails;
}

/* Programs are linked with --wrap=page_alloc_take_claimed: calls between files come here first. */
int __real_page_alloc_take_claimed(unsigned order, const struct page_affinity *a, struct page_claim *claim, mfn_t *out);
int __wrap_page_alloc_take_claimed(unsigned order, const struct page_affinity *a, struct page_claim *claim, mfn_t *out);

int __wrap_page_alloc_take_claimed(unsigned order, const struct page_affinity *a, struct page_claim *claim, mfn_t *out)
{
    return allocation_goes_wrong() ? -XEN_ENOMEM : __real_page_alloc_take_claimed(order, a, claim, out);
}

/* ---- Heap ---- */

size_t host_heap_mapped(void)
{
    return heap_mapped;
}

void *arch_heap_address(size_t page)
{
    return heap + page * PAGE_SIZE;
}

int arch_heap_map(size_t page, mfn_t m)
{
    char *at = heap + page * PAGE_SIZE;

    if (allocation_goes_wrong()) {
        return -XEN_ENOMEM;
    }
    if (mmap(at, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
             (off_t)(index_of(m) * PAGE_SIZE)) == MAP_FAILED) {
        abort();
    }
    heap_frame[page] = m;
    heap_mapped++;
    UNPOISON(at, PAGE_SIZE);
    return 0;
}

mfn_t arch_heap_unmap(size_t page)
{
    char *at = heap + page * PAGE_SIZE;

    if (mmap(at, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED) {
        abort();
    }
    heap_mapped--;
    POISON(at, PAGE_SIZE);
    return heap_frame[page];
}

void arch_memory_clear(void *p, size_t size)
{
    if (((uintptr_t)p | size) % 64 != 0) {
        panic("host: %zu bytes to be cleared at %p are not aligned", size, p);
    }
    memset(p, 0, size);
}

void arch_memory_publish(const void *p, size_t size)
{
    (void)p;
    (void)size;
}

/* ---- The hypervisor's own tables, for the tests of core/hyp_map.c ---- */

static mfn_t hyp_root;
static bool has_hyp_root;
unsigned host_hyp_forgotten;

mfn_t arch_hyp_root(void)
{
    if (!has_hyp_root) {
        if (frame_alloc_table(&hyp_root) != 0) {
            abort();
        }
        has_hyp_root = true;
    }
    return hyp_root;
}

uint64_t arch_hyp_pte_leaf(paddr_t p, enum hyp_right right, unsigned level)
{
    return p.a | (uint64_t)right << 1 | (uint64_t)level << 4 | 1;
}

uint64_t arch_hyp_pte_table(paddr_t p)
{
    return p.a | 1;
}

bool arch_hyp_pte_is_valid(uint64_t pte)
{
    return (pte & 1) != 0;
}

paddr_t arch_hyp_pte_address(uint64_t pte)
{
    return paddr(pte & PAGE_MASK);
}

bool arch_hyp_pte_is_table(uint64_t pte, unsigned level)
{
    return level < 3 && (pte >> 4 & 3) == 0;
}

void arch_hyp_move_page(uint64_t *entry, paddr_t p, const void *va, void *to)
{
    /* What is at VA is nowhere: there is no machine. */
    (void)va;
    (void)to;
    *entry = (*entry & ~PAGE_MASK) | p.a;
}

bool arch_hyp_pte_is_writable_code(uint64_t pte)
{
    (void)pte;
    return false;
}

void arch_hyp_audit(void)
{
}

bool arch_vcpu_state_is_at(const struct vcpu *v, uint64_t va, mfn_t m)
{
    (void)v;
    (void)va;
    (void)m;
    return true;
}

void arch_hyp_publish(void)
{
}

void arch_hyp_forget(uint64_t va)
{
    (void)va;
    host_hyp_forgotten++;
}
