/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <string.h>

#include "bytes.h"
#include "diag.h"
#include "layout.h"
#include "static_memory.h"

typedef unsigned long long number; /* for printf() */

/* Prints "0x... to 0x..." as two arguments. */
#define SPAN(c) (number)(c)->start, (number)((c)->start + (c)->size - 1)
#define SEEN(c) (number)(c)->at, (number)((c)->at + (c)->size - 1)

/* Another claim that has the same: whose, and where it says so. */
static void check_others(const struct claims *claims, unsigned i)
{
    const struct claim *mine = &claims->claim[i];

    for (unsigned k = 0; k < i; k++) {
        const struct claim *its = &claims->claim[k];
        bool is_same = mine->is_line == its->is_line &&
                       (mine->is_line ? mine->number == its->number
                                      : bytes_overlap(mine->start, mine->size, its->start, its->size));

        /* Two devices of one partition may share an interrupt or a page; one is named once. */
        if (!is_same || (mine->config == its->config &&
                         (mine->key != KEY_DTDEV || mine->device != its->device || mine->number != its->number))) {
            continue;
        }
        if (mine->device != NULL && mine->device == its->device && (mine->is_line || mine->number != 0) &&
            mine->device->reg_count != 0) {
            return; /* its first registers have said it */
        }
        if (mine->device != NULL && mine->device == its->device) {
            diag_error(mine->config->file, mine->line, "device '%s' belongs to '%s' already, see %s:%u",
                       mine->device->path, its->config->name, its->config->file, its->line);
        } else if (mine->is_line) {
            diag_error(mine->config->file, mine->line, "interrupt %u (of '%s') belongs to '%s' already, see %s:%u",
                       mine->number, mine->device->path, its->config->name, its->config->file, its->line);
        } else {
            diag_error(mine->config->file, mine->line,
                       "registers 0x%llx to 0x%llx overlap 0x%llx to 0x%llx, which belong to '%s', see %s:%u",
                       SPAN(mine), SPAN(its), its->config->name, its->config->file, its->line);
        }
        return;
    }
}

/* Does one partition claim all of the device, by any key? */
static bool has_device(const struct claims *claims, const struct domain_config *config, const struct board_device *d)
{
    for (unsigned i = 0; i < claims->count; i++) {
        if (claims->claim[i].config == config && claims->claim[i].device == d) {
            return true;
        }
    }
    return false;
}

static bool touches(const struct board_device *d, const struct claim *c)
{
    for (unsigned k = 0; k < d->reg_count; k++) {
        if (bytes_overlap(d->reg[k].start, d->reg[k].size, c->start, c->size)) {
            return true;
        }
    }
    return false;
}

/* Are they registers of a device, none of them the hypervisor's? */
static void check_registers(const struct board *board, const struct board_devices *devices,
                            const struct claims *claims, const struct claim *c)
{
    uint64_t covered = c->start;
    bool again = true;

    for (unsigned i = 0; i < devices->count; i++) {
        const struct board_device *d = &devices->device[i];

        if (!touches(d, c)) {
            continue;
        }
        if (d->hypervisors != NULL) {
            diag_error(c->config->file, c->line, "registers 0x%llx to 0x%llx: '%s' is the hypervisor's %s, see %s",
                       SPAN(c), d->path, d->hypervisors, board->file);
            return;
        }
        if (c->key == KEY_DTDEV && d != c->device && d->is_enabled && !has_device(claims, c->config, d)) {
            diag_error(c->config->file, c->line,
                       "registers of '%s' share the page at 0x%llx with '%s' (%s), which '%s' does not have",
                       c->device->path, (number)c->start, d->path, board->file, c->config->name);
            return;
        }
    }
    /* Every step covers more, or ends it. */
    while (again && covered < c->start + c->size) {
        again = false;
        for (unsigned i = 0; i < devices->count; i++) {
            for (unsigned k = 0; k < devices->device[i].reg_count && devices->device[i].is_enabled; k++) {
                uint64_t start = devices->device[i].reg[k].start & ~(uint64_t)(BYTES_PAGE - 1);
                uint64_t end = devices->device[i].reg[k].start + devices->device[i].reg[k].size;

                end = (end + BYTES_PAGE - 1) & ~(uint64_t)(BYTES_PAGE - 1);
                if (start <= covered && covered < end) {
                    covered = end;
                    again = true;
                }
            }
        }
    }
    if (covered < c->start + c->size) {
        diag_error(c->config->file, c->line, "registers 0x%llx to 0x%llx: the board has no device at 0x%llx, see %s",
                   SPAN(c), (number)covered, board->file);
    }
}

/* Is there room for them where the partition sees them? */
static void check_address(const struct claims *claims, unsigned i)
{
    const struct claim *c = &claims->claim[i];
    const struct domain_config *config = c->config;
    const struct layout_range *device = layout_find_device(ARCH_ARM64, c->at, c->size);

    if (device != NULL) {
        diag_error(config->file, c->line,
                   "registers at 0x%llx to 0x%llx: a partition has virtual devices from 0x%llx to 0x%llx", SEEN(c),
                   (number)device->start, (number)(device->start + device->size - 1));
        return;
    }
    if (layout_has_memory(ARCH_ARM64, config, c->at, c->size)) {
        diag_error(config->file, c->line, "registers at 0x%llx to 0x%llx: the partition has its memory there, see %s:%u",
                   SEEN(c), config->file, config_line(config, config->is_direct ? KEY_STATIC_MEMORY : KEY_MEMORY));
        return;
    }
    for (unsigned k = 0; k < config->share_count; k++) {
        const struct config_share *s = &config->share[k];

        if (bytes_overlap(s->at, s->size, c->at, c->size)) {
            diag_error(config->file, c->line, "registers at 0x%llx to 0x%llx: the partition sees shared memory there, "
                       "see %s:%u", SEEN(c), s->file, s->line);
            return;
        }
    }
    for (unsigned k = 0; k < i; k++) {
        const struct claim *o = &claims->claim[k];

        if (o->config == config && !o->is_line && bytes_overlap(c->at, c->size, o->at, o->size) &&
            (o->start - o->at != c->start - c->at)) {
            diag_error(config->file, c->line, "registers at 0x%llx to 0x%llx: the partition sees others there, see %s:%u",
                       SEEN(c), config->file, o->line);
            return;
        }
    }
}

static const struct range *find_ram(const struct board *board, const struct claim *c)
{
    for (unsigned i = 0; i < board->ram_count; i++) {
        if (bytes_overlap(board->ram[i].start, board->ram[i].size, c->start, c->size)) {
            return &board->ram[i];
        }
    }
    return NULL;
}

/* Req: BH-TOOL-022 */
void claims_check(const struct board *board, const struct board_devices *devices, const struct claims *claims)
{
    for (unsigned i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->claim[i];

        check_others(claims, i);
        if (c->is_line && c->number == BOARD_LINE_WATCHDOG && c->config->has_watchdog) {
            diag_error(c->config->file, c->line, "interrupt %u of '%s' (%s) is the virtual watchdog's, see %s:%u", c->number,
                       c->device->path, board->file, c->config->file, config_line(c->config, KEY_WATCHDOG));
        } else if (c->is_line && c->number > BOARD_LINE_MAX) {
            diag_error(c->config->file, c->line, "interrupt %u of '%s' (%s) is beyond %u, the last one that a partition "
                       "has", c->number, c->device->path, board->file, BOARD_LINE_MAX);
        } else if (!c->is_line) {
            const struct range *bank = find_ram(board, c);

            if (bank != NULL) {
                diag_error(c->config->file, c->line, "registers 0x%llx to 0x%llx are memory, see %s of %s", SPAN(c),
                           bank->what, board->file);
            } else {
                check_registers(board, devices, claims, c);
            }
            check_address(claims, i);
        }
    }
}
