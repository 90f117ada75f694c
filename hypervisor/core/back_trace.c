/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/back_trace.h"

#include "arch/arch_types.h"
#include "bh/console.h"

/* Made by scripts/symbols.py at the end of the build: offsets from the image's start, ascending, and names. */
extern const uint32_t symbol_count __attribute__((weak));
extern const uint32_t symbol_offset[] __attribute__((weak));
extern const uint32_t symbol_name[] __attribute__((weak));
extern const char symbol_text[] __attribute__((weak));

#define FRAME_LIMIT 16

void back_trace_address(const char *what, uint64_t address)
{
    uint64_t offset = address - ARCH_IMAGE_VA;

    if (CONFIG_SYMBOLS && &symbol_count != NULL && symbol_count != 0 && offset >= symbol_offset[0] &&
        offset < MIB(2)) {
        unsigned low = 0, high = symbol_count;

        /* Bound: halves the table. */
        while (high - low > 1) {
            unsigned middle = (low + high) / 2;

            if (symbol_offset[middle] <= offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        console_emergency("  %s %lx %s+%lx\n", what, (unsigned long)address, symbol_text + symbol_name[low],
                          (unsigned long)offset - symbol_offset[low]);
    } else {
        console_emergency("  %s %lx\n", what, (unsigned long)address);
    }
}

/* A record is the caller's, and where it goes on: AAPCS64 6.4.6, System V ABI for AMD64 3.2.2. */
void back_trace(uint64_t fp, uint64_t low, uint64_t high)
{
    for (unsigned i = 0; i < FRAME_LIMIT; i++) {
        const uint64_t *record = (const uint64_t *)(uintptr_t)fp;

        if ((fp & 7) != 0 || fp < low || fp > high - 2 * sizeof(*record)) {
            return;
        }
        if (record[1] != 0) {
            back_trace_address("from", record[1] - 4);
        }
        if (record[0] <= fp) {
            return;
        }
        fp = record[0];
    }
}
