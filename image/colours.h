/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colours of the last-level cache (Xen, docs/misc/cache-coloring.rst): a partition's `llc_colors`, and what system files
 * say of the cache:
 *
 *   llc_size       = "1M"        # the hypervisor's llc-size=
 *   llc_ways       = 16          # llc-nr-ways=
 *   xen_llc_colors = "0"         # xen-llc-colors=
 */
#ifndef BH_IMAGE_COLOURS_H
#define BH_IMAGE_COLOURS_H

#include "board.h"
#include "config_list.h"
#include "module.h"

/* What a system file says; lines are 0 where it says nothing. */
struct colours {
    const char *file;
    unsigned size_line, ways_line, own_line;
    uint64_t size;
    unsigned ways;
    unsigned count; /* of the cache; 0: not known */
    bool own[CONFIG_COLOUR_LIMIT]; /* the hypervisor's; colour 0 if nothing is said */
    bool is_said_elsewhere;        /* the hypervisor's command line is given with all of it */
};

/* Reads that key of `config`. Reports through diag.h. */
void colours_read(struct domain_config *config, enum arch arch, const struct config_source *source);

/* Reads what a system file says; the lines are set. Reports through diag.h. */
void colours_read_system(struct colours *colours, const struct config_source *source);

/* Checks that each colour is there, and one owner's only, and enough of them are. Reports through diag.h. */
void colours_check(const struct board *board, const struct colours *colours, const struct partition *partitions,
                   unsigned count);

/* The colours as the hypervisor reads them, "0-3,6"; to be freed. */
char *colours_text(const bool colour[CONFIG_COLOUR_LIMIT]);

/* The words of the hypervisor's command line, each with a space before it; to be freed. Empty: there are no colours. */
char *colours_options(const struct colours *colours, const struct partition *partitions, unsigned count);

#endif
