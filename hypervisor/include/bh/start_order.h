/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions that start when another one is ready. Ours, below a "xen,domain" node:
 *
 *   bulkhead,ready            cell: a port of this partition; its first event there says that it is ready
 *   bulkhead,after            string: the partition that must be ready first
 *   bulkhead,after-timeout    cell: seconds, 1 to 65535, that this one waits for that at most; without it, for ever
 *   bulkhead,after-action     string: what follows then: "start" (if not given), "destroy", "halt-board"
 *
 * That is for the start of the board. A partition that starts again waits for nobody.
 */
#ifndef BH_START_ORDER_H
#define BH_START_ORDER_H

#include "bh/types.h"
#include "lib/fdt.h"

struct boot_config;
struct boot_domain;
struct domain;

enum start_action { START_ANYWAY, START_NEVER, START_HALT_BOARD, START_ACTION_COUNT };

/* What the boot description says; of a domain: what is left of it. */
struct start_rules {
    char after[32];       /* [boot] a name, not in the tree, which is gone when partitions start; "": nobody's */
    uint32_t ready_port;  /* [atomic] 0: it need not say that it is ready, or has said so */
    uint16_t timeout;     /* [boot] seconds; 0: none */
    uint8_t action;       /* [boot] enum start_action */
};

/*
 * Reads these keys for all partitions of C. Those for whom no start is possible, as they wait for themselves or for one
 * that is not there, are not in C any more; returns how many. Bound: for each partition all others, as often as one was
 * refused.
 */
unsigned start_order_read(const struct fdt *t, struct boot_config *c);

/* D, built of CONFIG, is not started yet, but when AFTER is ready; NULL: that could not be built, and never is. At boot. */
void start_order_wait(struct domain *d, const struct boot_domain *config, const struct domain *after);
/* D is ready: who waits for that starts. No lock is held. Bound: all domains. */
void start_order_ready(struct domain *d);
/* D has waited long enough. */
void start_order_expired(struct domain *d);

#endif
