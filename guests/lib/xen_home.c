/* SPDX-License-Identifier: Apache-2.0 */
#include "xen_home.h"

#define WIDE (sizeof(void *) == 8)
#define HOME_GFN (WIDE ? 0x5a5a500ull : 0x5a500ull)
#define HOME_PAGES_MAX 0x100u
#define PRIVATE_AWAY (WIDE ? 0x5a5a5a5000ull : 0x5a5a5000ull)
#define TABLES 20

static table_entry_t tables[TABLES][PAGE / sizeof(table_entry_t)] PAGES;
static unsigned table_count = 2; /* the first two are roots, by enum home_space */
static uint64_t roots[2];
static volatile unsigned waiting, go_on, arrived;
static xen_pfn_t given[OPEN_PAGES + HOME_PAGES_MAX], taken[OPEN_PAGES + HOME_PAGES_MAX];
uint8_t home_private[PAGE] PAGES;
static uint8_t times[PAGE] PAGES;

uint64_t home_harmless(uint64_t value)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        switch (value >> shift & 0xff) {
        case 0x05: case 0x5a: case 0xa3: case 0xa4: case 0xa5: /* home: 0x5a5a5xx, with 0x5a5a3xx before it */
        case 0xed: case 0xee: case 0xef: case 0xfe:            /* the PV console on x86: 0xfeff8 */
        case 0x1e: case 0x1f: case 0x20: case 0x22: case 0x30: /* UART and GICC: 0x22000, 0x3002 */
            value ^= 0x40ull << shift;
            break;
        default:
            break;
        }
    }
    return value;
}

/* ---- Tables ---- */

static unsigned image_pages(void)
{
    return (unsigned)((uintptr_t)(image_end - _head) >> PAGE_SHIFT);
}

/* The frame of what is at P, of this guest's image, when it has moved. */
static uint64_t home_gfn(const volatile void *p)
{
    return HOME_GFN + (((uintptr_t)p - (uintptr_t)_head) >> PAGE_SHIFT);
}

void home_map(enum home_space space, uint64_t address, uint64_t gfn, unsigned rights)
{
    table_entry_t *table = tables[space];

    for (unsigned level = TABLE_LEVELS - 1; level > 0; level--) {
        table_entry_t *e = &table[address >> (PAGE_SHIFT + level * TABLE_BITS) & ((1u << TABLE_BITS) - 1)];

        if (*e == 0) {
            if (table_count == TABLES) {
                say("no table for 0x%lx\n", address);
                return;
            }
            *e = table_entry(home_gfn(tables[table_count++]) << PAGE_SHIFT);
        }
        table = (table_entry_t *)(uintptr_t)(_head + ((*e & TABLE_ADDRESS) - (HOME_GFN << PAGE_SHIFT)));
    }
    table[address >> PAGE_SHIFT & ((1u << TABLE_BITS) - 1)] = page_entry(gfn << PAGE_SHIFT, rights);
}

static void make_spaces(void)
{
    for (unsigned i = 0; i < image_pages(); i++) {
        home_map(SPACE_HOME, (uintptr_t)_head + i * PAGE, HOME_GFN + i, PAGE_WRITE | PAGE_EXECUTE);
    }
    for (uint64_t at = OPEN_BASE; at < OPEN_BASE + OPEN_SIZE; at += PAGE) {
        home_map(SPACE_HOME, at, at >> PAGE_SHIFT, PAGE_WRITE);
        home_map(SPACE_AWAY, at, at >> PAGE_SHIFT, PAGE_WRITE);
    }
    home_map(SPACE_AWAY, (uintptr_t)home_gate, home_gfn(home_gate), PAGE_EXECUTE);
    home_map(SPACE_AWAY, PRIVATE_AWAY, home_gfn(home_private), PAGE_WRITE);
    home_map(SPACE_AWAY, PRIVATE_AWAY + PAGE, home_gfn(times), PAGE_WRITE);
    home_map(SPACE_AWAY, SPECIAL_READ_ONLY, (OPEN_BASE >> PAGE_SHIFT) + OPEN_PAGES - 1, PAGE_READ);
    home_map(SPACE_AWAY, SPECIAL_BEFORE_NOTHING, OPEN_BASE >> PAGE_SHIFT, PAGE_WRITE);
    home_map(SPACE_AWAY, SPECIAL_DEVICE, HARMLESS_DEVICE_GFN, PAGE_WRITE | PAGE_DEVICE);
    home_map_devices();
    for (unsigned space = 0; space < 2; space++) {
        roots[space] = space_root(space, home_gfn(tables[space]) << PAGE_SHIFT);
    }
}

/* ---- Moving ---- */

/* COUNT pages of the memory that is there at first go, as many come. */
static bool exchange(unsigned count)
{
    struct xen_memory_reservation r = { .nr_extents = count, .domid = DOMID_SELF };
    int64_t gone, got;

    for (unsigned i = 0; i < count; i++) {
        given[i] = (xen_pfn_t)((board.memory_base + board.memory_size / 2) >> PAGE_SHIFT) + i;
        taken[i] = (xen_pfn_t)(i < OPEN_PAGES ? (OPEN_BASE >> PAGE_SHIFT) + i : HOME_GFN + i - OPEN_PAGES);
    }
    set_xen_guest_handle(r.extent_start, given);
    gone = memory_op(XENMEM_decrease_reservation, &r);
    set_xen_guest_handle(r.extent_start, taken);
    got = memory_op(XENMEM_populate_physmap, &r);
    if (got != (int64_t)count) {
        say("no home: %ld pages of %ld\n", got, gone);
    }
    return got == (int64_t)count;
}

bool home_prepare(void)
{
    if (image_pages() > HOME_PAGES_MAX || !exchange(OPEN_PAGES + image_pages())) {
        return false;
    }
    make_spaces();
    return true;
}

/*
 * What is on this stack is copied as it is at that moment, and is the same when this returns. The others wait and write
 * nothing. They see GO_ON in the old frames; in the new ones it stays 0.
 */
static __attribute__((noinline)) void copy_and_enter(void)
{
    for (unsigned i = 0; i < image_pages(); i++) {
        volatile unsigned long *to = window_page(0, WINDOW_READ_WRITE, HOME_GFN + i);
        const volatile unsigned long *from = (const volatile unsigned long *)(_head + i * PAGE);

        for (unsigned word = 0; word < PAGE / sizeof(*to); word++) {
            to[word] = from[word];
        }
        code_written((const void *)to);
    }
    __atomic_store_n(&go_on, 1, __ATOMIC_SEQ_CST);
    space_enter(roots[SPACE_HOME]);
}

void home_move(unsigned others)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < others) {
        cpu_yield();
    }
    copy_and_enter();
    while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < others) {
        cpu_yield();
    }
    set_xen_guest_handle(r.extent_start, given);
    for (unsigned i = 0; i < image_pages(); i++) {
        given[0] = (xen_pfn_t)gfn_of(_head) + i;
        (void)memory_op(XENMEM_decrease_reservation, &r);
    }
}

void home_join(void)
{
    __atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&go_on, __ATOMIC_SEQ_CST) == 0) {
        cpu_yield();
    }
    space_enter(roots[SPACE_HOME]);
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
}

/* ---- Calls ---- */

uint64_t home_private_away(const volatile void *at)
{
    return PRIVATE_AWAY + ((uintptr_t)at - (uintptr_t)home_private);
}

uint64_t home_times_away(void)
{
    return PRIVATE_AWAY + PAGE;
}

int64_t home_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    unsigned long registers[] = { (unsigned long)number, (unsigned long)a, (unsigned long)b, (unsigned long)c,
                                  (unsigned long)d, (unsigned long)e };
    int64_t result;

    irq_off();
    result = home_gate_call(registers, roots);
    irq_on();
    return result;
}
