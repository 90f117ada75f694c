/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One vCPU gives back a page of each 2 MiB of the memory, which takes the large mapping apart, while the others read and
 * write the rest of that block and run code in it: they must notice nothing. With two vCPUs or more.
 */
#include "xen_guest.h"

#define BLOCK (2ul << 20)
#define BLOCKS_MAX 512
#define PATTERN 0x5a17000000000000ull
#define ANSWER 42

static uint64_t first, count;
static volatile bool over;
static volatile unsigned ready, finished;
static struct { uint64_t rounds, wrong, lost, strange, caught; } found[CPU_MAX];

/* The block's own word, one a CPU that it writes to, and its code, each on a page of its own. */
static volatile uint64_t *word(uint64_t block) { return (volatile uint64_t *)(uintptr_t)(first + block * BLOCK + 0x1000); }
static volatile uint64_t *own_word(uint64_t block, unsigned cpu)
{
    return (volatile uint64_t *)(uintptr_t)(first + block * BLOCK + 0x2000) + cpu * 8;
}
static unsigned run(uint64_t block) { return ((unsigned (*)(void))(uintptr_t)(first + block * BLOCK + 0x3000))(); }

static void look(void *argument)
{
    unsigned cpu = cpu_id();
    struct caught c;

    (void)argument;
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    while (!over) {
        uint64_t n = ++found[cpu].rounds;

        for (uint64_t block = 0; block < count; block++) {
            catch_begin();
            found[cpu].wrong += *word(block) != PATTERN + block;
            *own_word(block, cpu) = n;
            found[cpu].lost += *own_word(block, cpu) != n;
            if (catch_end(&c)) {
                found[cpu].caught++;
                continue;
            }
            found[cpu].strange += run(block) != ANSWER;
        }
    }
    __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

static int64_t give_back(uint64_t gfn)
{
    static xen_pfn_t list;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    list = gfn;
    set_xen_guest_handle(r.extent_start, &list);
    return memory_op(XENMEM_decrease_reservation, &r);
}

void guest_main(void)
{
    uint64_t given = 0, end = board.memory_base + board.memory_size;
    unsigned running = 0;

    first = ((uintptr_t)image_end + BLOCK - 1) / BLOCK * BLOCK + BLOCK;
    count = (end - first) / BLOCK;
    count = count > BLOCKS_MAX ? BLOCKS_MAX : count;
    for (uint64_t block = 0; block < count; block++) {
        *word(block) = PATTERN + block;
        code_write(first + block * BLOCK + 0x3000);
    }
    for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        running += cpu_on(cpu, look, NULL) == 0;
    }
    while (ready < running) {
        spin_a_little();
    }
    for (uint64_t block = 0; block < count; block++) {
        given += give_back((first + (block + 1) * BLOCK - PAGE) >> PAGE_SHIFT) == 1;
        delay_us(500);
    }
    over = true;
    while (finished < running) {
        spin_a_little();
    }
    say("taken apart: %s\n", given == count && count > 0 ? "all" : "not all");
    for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        say("cpu %u: %lu wrong, %lu lost, %lu strange, %lu exceptions\n", cpu, found[cpu].wrong, found[cpu].lost,
            found[cpu].strange, found[cpu].caught);
    }
}
