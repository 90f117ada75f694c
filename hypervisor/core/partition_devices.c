/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By domid, which a partition keeps over its lives. A domain's entries are written at boot, before it runs; they go when
 * it is gone, by the reaper.
 */
#include "bh/partition_devices.h"

#include "bh/device.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/partition.h"

/* No domain of the boot description but a dom0 has number 0, and that one has no entries here. */
#define NOBODY 0

static struct {
    gfn_t g;
    uint64_t first, count; /* frames */
    uint16_t id;           /* NOBODY: free */
} registers[PARTITION_REGISTERS_COUNT]; /* [boot], then [reaper] */
static struct {
    uint16_t id, line;
} lines[PARTITION_LINES_COUNT];         /* [boot], then [reaper] */

int partition_devices_add_registers(struct domain *d, gfn_t g, uint64_t first, uint64_t count)
{
    unsigned i = 0;
    int err;

    while (i < PARTITION_REGISTERS_COUNT && registers[i].id != NOBODY) {
        i++;
    }
    if (i == PARTITION_REGISTERS_COUNT || d->id == NOBODY) {
        return -XEN_ENOSPC;
    }
    err = device_assign(d, first, count);
    if (err == 0) {
        registers[i].g = g;
        registers[i].first = first;
        registers[i].count = count;
        registers[i].id = d->id;
    }
    return err;
}

int partition_devices_add_line(struct domain *d, unsigned line)
{
    unsigned i = 0;
    int err;

    while (i < PARTITION_LINES_COUNT && lines[i].id != NOBODY) {
        i++;
    }
    if (i == PARTITION_LINES_COUNT || d->id == NOBODY) {
        return -XEN_ENOSPC;
    }
    err = device_line_assign(d, line);
    if (err == 0) {
        lines[i].line = (uint16_t)line;
        lines[i].id = d->id;
    }
    return err;
}

bool partition_devices_are_known(uint16_t id)
{
    bool known = false;

    if (id == NOBODY) {
        return false;
    }
    for (unsigned i = 0; i < PARTITION_REGISTERS_COUNT; i++) {
        known = known || registers[i].id == id;
    }
    for (unsigned i = 0; i < PARTITION_LINES_COUNT; i++) {
        known = known || lines[i].id == id;
    }
    return known;
}

static int map_registers(struct domain *d, unsigned n, uint64_t *done)
{
    uint64_t at = registers[n].g.n + *done, left_in_block = (1UL << ORDER_2M) - (at & ((1UL << ORDER_2M) - 1));
    uint64_t count = MIN(registers[n].count - *done, left_in_block);
    mfn_t first = mfn(registers[n].first + *done);
    int err = p2m_map_range(&d->p2m, gfn(at), first, count, frame_lookup(first) != NULL ? P2M_RESERVED : P2M_MMIO);

    *done += count;
    return err;
}

static bool is_of(uint16_t id, unsigned n)
{
    return (n < PARTITION_REGISTERS_COUNT ? registers[n].id : lines[n - PARTITION_REGISTERS_COUNT].id) == id;
}

/* Req: BH-DEV-014, BH-DEV-015 */
int partition_devices_map(struct domain *d, unsigned *at, uint64_t *done)
{
    unsigned n = *at;
    int err;

    while (n < PARTITION_REGISTERS_COUNT + PARTITION_LINES_COUNT && (d->id == NOBODY || !is_of(d->id, n))) {
        n++;
    }
    if (n == PARTITION_REGISTERS_COUNT + PARTITION_LINES_COUNT) {
        return 0;
    }
    *at = n;
    if (n >= PARTITION_REGISTERS_COUNT) {
        err = device_line_assign(d, lines[n - PARTITION_REGISTERS_COUNT].line);
        ++*at;
    } else {
        err = map_registers(d, n, done);
        if (*done == registers[n].count) {
            ++*at;
            *done = 0;
        }
    }
    return err != 0 ? err : PARTITION_GO_ON;
}

void partition_devices_forget(uint16_t id)
{
    if (!partition_devices_are_known(id)) {
        return;
    }
    device_release(id);
    device_line_release(id);
    for (unsigned i = 0; i < PARTITION_REGISTERS_COUNT; i++) {
        registers[i].id = registers[i].id == id ? NOBODY : registers[i].id;
    }
    for (unsigned i = 0; i < PARTITION_LINES_COUNT; i++) {
        lines[i].id = lines[i].id == id ? NOBODY : lines[i].id;
    }
}
