/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes of a board whose memory is in several places (NUMA): a partition's `nodes = "0-1"` is where its memory is from.
 */
#ifndef BH_IMAGE_NODES_H
#define BH_IMAGE_NODES_H

#include "board.h"
#include "config_list.h"
#include "module.h"

/* Reads that key of `config`. Reports through diag.h. */
void nodes_read(struct domain_config *config, const struct config_source *source);

/* Checks that the nodes are there, where that is known, and that their memory suffices. Reports through diag.h. */
void nodes_check(const struct board *board, const struct partition *partitions, unsigned count);

#endif
