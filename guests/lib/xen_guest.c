/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls by name, and pointers that a hypervisor must not take.
 */
#include "xen_guest.h"

/* The windows that the bad pointers use; a guest has those below. */
#define WINDOW_BAD 480

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

static uint8_t bad_pages[4][PAGE] PAGES;

static const struct {
    const char *name;
    unsigned size_before_end; /* 0: at the start of the page */
} bad_names[] = {
    { "null", 0 }, { "beyond the tables", 0 }, { "unmapped", 0 }, { "no memory", 0 }, { "a device", 0 },
    { "into an unmapped page", 1 }, { "the top", 0 },
};

const struct named_domid foreign_domids[] = {
    { DOMID_UNUSED, "unused" }, { 0x7fef, "0x7fef" }, { DOMID_IO, "DOMID_IO" }, { DOMID_XEN, "DOMID_XEN" },
    { DOMID_COW, "DOMID_COW" }, { DOMID_INVALID, "DOMID_INVALID" }, { DOMID_IDLE, "DOMID_IDLE" },
    { 0x8000, "0x8000" }, { 0xffff, "0xffff" },
};
const unsigned foreign_domid_count = ARRAY_COUNT(foreign_domids);

int64_t event_op(unsigned op, void *argument)
{
    return hypercall(__HYPERVISOR_event_channel_op, op, (uint64_t)argument, 0, 0);
}

int64_t memory_op(unsigned op, void *argument)
{
    return hypercall(__HYPERVISOR_memory_op, op, (uint64_t)argument, 0, 0);
}

int64_t grant_op(unsigned op, void *argument, uint64_t count)
{
    return hypercall(__HYPERVISOR_grant_table_op, op, (uint64_t)argument, count, 0);
}

int64_t vcpu_op(unsigned op, uint64_t vcpu, void *argument)
{
    return hypercall(__HYPERVISOR_vcpu_op, op, vcpu, (uint64_t)argument, 0);
}

int64_t sched_op(unsigned op, void *argument)
{
    return hypercall(__HYPERVISOR_sched_op, op, (uint64_t)argument, 0, 0);
}

int64_t hvm_op(unsigned op, void *argument)
{
    return hypercall(__HYPERVISOR_hvm_op, op, (uint64_t)argument, 0, 0);
}

struct bad_pointer bad_input(unsigned index, const void *contents, unsigned size)
{
    uint8_t *page;

    if (index >= ARRAY_COUNT(bad_names)) {
        return (struct bad_pointer){ NULL, NULL };
    }
    switch (index) {
    case 0: page = NULL; break;
    case 1: page = (void *)(uintptr_t)BEYOND_TABLES; break;
    case 2: page = window_page(WINDOW_BAD, WINDOW_NONE, 0); break;
    case 3: page = window_page(WINDOW_BAD + 1, WINDOW_READ_WRITE, EMPTY_GFN); break;
    case 4: page = window_page(WINDOW_BAD + 2, WINDOW_DEVICE, board_device() >> PAGE_SHIFT); break;
    case 5:
        page = window_page(WINDOW_BAD + 3, WINDOW_READ_WRITE, gfn_of(bad_pages[0]));
        window_page(WINDOW_BAD + 4, WINDOW_NONE, 0);
        page += PAGE - size / 2;
        memcpy(page, contents, size / 2);
        break;
    default: page = (void *)(~(uintptr_t)0 - size + 1); break;
    }
    return (struct bad_pointer){ bad_names[index].name, page };
}

void *read_only_copy(const void *contents, unsigned size)
{
    memcpy(bad_pages[1], contents, size);
    return window_page(WINDOW_BAD + 5, WINDOW_READ_ONLY, gfn_of(bad_pages[1]));
}

void *crossing_copy(const void *contents, unsigned size)
{
    uint8_t *at = window_page(WINDOW_BAD + 6, WINDOW_READ_WRITE, gfn_of(bad_pages[3]));

    window_page(WINDOW_BAD + 7, WINDOW_READ_WRITE, gfn_of(bad_pages[2]));
    at += PAGE - size / 2;
    memcpy(at, contents, size);
    return at;
}

bool bit_is_set(const volatile void *bits, unsigned bit)
{
    return (((const volatile uint32_t *)bits)[bit / 32] >> bit % 32 & 1) != 0;
}

void bit_set(volatile void *bits, unsigned bit)
{
    __atomic_fetch_or(&((volatile uint32_t *)bits)[bit / 32], 1u << bit % 32, __ATOMIC_SEQ_CST);
}

void bit_clear(volatile void *bits, unsigned bit)
{
    __atomic_fetch_and(&((volatile uint32_t *)bits)[bit / 32], ~(1u << bit % 32), __ATOMIC_SEQ_CST);
}
