/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that a guest still needs when it has moved home: the interrupt controller and the UART.
 */
#include "xen_home.h"

static void map_pages(uint64_t address, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        home_map(SPACE_HOME, address + i * PAGE, (address >> PAGE_SHIFT) + i, PAGE_WRITE | PAGE_DEVICE);
    }
}

void home_map_devices(void)
{
    map_pages(board.gicd, board.gic_version == 3 ? 16 : 1);
    if (board.gic_version == 3) {
        map_pages(board.gicr, CPU_MAX * 32);
    } else {
        map_pages(board.gicc, 2);
    }
    if (board.uart != 0) {
        map_pages(board.uart, 1);
    }
}
