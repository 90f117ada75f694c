/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills all its memory behind the image with a pattern of its own ("seed=N"), first looking whether anything but
 * zeros was there, then verifies it again and again ("rounds=N", 0: forever). Only this test's own text is spared.
 */
#include "guest.h"

static uint64_t pattern(uint64_t address, uint64_t seed)
{
    return (address ^ seed << 48) * 0x9e3779b97f4a7c15ull | 1;
}

void guest_main(void)
{
    uint64_t seed = arg_number("seed", 1), rounds = arg_number("rounds", 3);
    uint64_t first = ((uint64_t)image_end + 0xfff) & ~0xfffull;
    uint64_t last = board.memory_base + board.memory_size;
    uint64_t limit = arg_number("kib", 0) << 10;
    uint64_t found = 0, bad = 0;

    if (limit != 0 && first + limit < last) {
        last = first + limit;
    }
    /* The hypervisor put the device tree in here; a word that isn't zero elsewhere leaked from someone. */
    for (uint64_t at = first; at < last; at += 8) {
        uint64_t value = *(volatile uint64_t *)at;

        if (value != 0) {
            found++;
            if (value == pattern(at, 1) || value == pattern(at, 2) || value == pattern(at, 3)) {
                bad++;
            }
        }
        *(volatile uint64_t *)at = pattern(at, seed);
    }
    say("not zero at start: %s\n", found * 8 < 0x10000 ? "little" : "much");
    say("of other partitions: %lu\n", bad);
    for (uint64_t round = 1; rounds == 0 || round <= rounds; round++) {
        for (uint64_t at = first; at < last; at += 8) {
            if (*(volatile uint64_t *)at != pattern(at, seed)) {
                say("damaged: 0x%lx holds 0x%lx in round %lu\n", at, *(volatile uint64_t *)at, round);
                say("guest: failed\n");
                for (;;) {
                    wfi();
                }
            }
        }
        say("round %lu: intact\n", round);
    }
}
