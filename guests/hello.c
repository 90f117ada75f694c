/* SPDX-License-Identifier: Apache-2.0 */
/* Says what it finds, on every CPU, and ends. */
#include "guest.h"

static unsigned reported;

static void other(void *argument)
{
    (void)argument;
    say("cpu %u: up\n", cpu_id());
    __atomic_add_fetch(&reported, 1, __ATOMIC_RELEASE);
    cpu_notify();
}

void guest_main(void)
{
    say("hello: %s\n", board.bootargs);
    board_say();
    say("memory: 0x%lx + 0x%lx\n", board.memory_base, board.memory_size);
    say("image: memory + 0x%lx\n", (uint64_t)(uintptr_t)_head - board.memory_base);
    say("cpus: %u\n", board.cpu_count);
    for (unsigned cpu = 1; cpu < board.cpu_count && cpu < CPU_MAX; cpu++) {
        int64_t result = cpu_on(cpu, other, NULL);

        if (result != 0) {
            say("cpu %u: CPU_ON failed: %ld\n", cpu, result);
            continue;
        }
        while (__atomic_load_n(&reported, __ATOMIC_ACQUIRE) < cpu) {
            cpu_await();
        }
    }
    say("cpus reported: %u\n", reported + 1);
}
