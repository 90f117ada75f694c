/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map of I/O ports for a domain that has some (AMD APM volume 2, 15.10.1): a bit for each port, and three bytes more for
 * accesses that begin at the last ones. An access exits if one of its bytes' bits is set.
 */
#include "../hvm.h"

#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/window.h"
#include "lib/string.h"

#define IO_MAP_PAGES 3
#define IO_MAP_ORDER 2 /* frames behind each other: blocks are powers of two */
#define PORTS_A_PAGE (PAGE_SIZE * 8)

/* Req: BH-PORT-003 */
int hvm_open_ports(struct domain *d, uint32_t first, uint32_t count)
{
    uint32_t end = first + count;

    if (!d->arch.has_io_map) {
        int err = frame_alloc_io_map(d->id, IO_MAP_ORDER, &d->arch.io_map);

        if (err != 0) {
            return err;
        }
        d->arch.has_io_map = true;
        for (unsigned i = 0; i < IO_MAP_PAGES; i++) {
            void *page = window_open(mfn_add(d->arch.io_map, i));

            memset(page, 0xff, PAGE_SIZE);
            window_close(page);
        }
    }
    for (uint32_t at = first; at < end;) {
        uint8_t *page = window_open(mfn_add(d->arch.io_map, at / PORTS_A_PAGE));
        uint32_t page_end = (uint32_t)MIN((uint64_t)end, (at / PORTS_A_PAGE + 1) * PORTS_A_PAGE);

        for (; at < page_end; at++) {
            page[at % PORTS_A_PAGE / 8] &= (uint8_t)~(1U << at % 8);
        }
        window_close(page);
    }
    return 0;
}

void hvm_close_ports(struct domain *d)
{
    if (d->arch.has_io_map) {
        frame_put_block(d->arch.io_map, IO_MAP_ORDER);
        d->arch.has_io_map = false;
    }
}
