/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when a partition has ended: it is gone for good, it starts again, or the board halts; for each cause
 * what the boot description says.
 *
 * A partition that starts again is the same domain: it keeps its number, its name, what policy says of it and the
 * channels that the boot description gave it. All else is new: the reaper takes the old one apart to its last page, and
 * its steps build the new one, from the modules, which are kept and which no guest can reach. Others see its channels
 * close, and those of the boot description open again. It waits for pages of its old life that others still have mapped.
 */
#ifndef BH_RESTART_H
#define BH_RESTART_H

#include "bh/types.h"

struct boot_domain;
struct domain;
enum pv_ring;

enum restart_cause { RESTART_POWEROFF, RESTART_REBOOT, RESTART_CRASH, RESTART_WATCHDOG, RESTART_CAUSE_COUNT };
enum restart_action { RESTART_DESTROY, RESTART_AGAIN, RESTART_HALT_BOARD, RESTART_ACTION_COUNT };

#define RESTART_LIMIT_MAX 32

/* What the boot description says. */
struct restart_rules {
    uint8_t action[RESTART_CAUSE_COUNT]; /* enum restart_action */
    uint8_t limit;                       /* so many times at most, up to RESTART_LIMIT_MAX; 0: no limit */
    uint16_t seconds;                    /* in as much time */
};

/* A domain's part. */
struct restart {
    struct restart_rules rules;          /* [boot] */
    const struct boot_domain *config;    /* [boot] what it is built from; NULL: it never starts again */
    uint8_t action;                      /* [lock domain] enum restart_action: what was decided when it ended */
    uint32_t count;                      /* [lock domain] how often it has started again */
    uint64_t at[CONFIG_RESTART ? RESTART_LIMIT_MAX : 1]; /* [lock domain] when, the N-th time at N % RESTART_LIMIT_MAX */
};

/* Do RULES say of anything that something else follows than the domain's end? */
static inline bool restart_has_rules(const struct restart_rules *rules)
{
    bool has = false;

    for (unsigned i = 0; i < RESTART_CAUSE_COUNT; i++) {
        has = has || rules->action[i] != RESTART_DESTROY;
    }
    return has;
}

/* ---- At boot ---- */

/* CONFIG of D is kept, if it may start again. -XEN_ENOMEM. */
MUST_USE int restart_keep(struct domain *d, const struct boot_domain *config);
/* Is some of the module from START to END kept for later? */
bool restart_needs(uint64_t start, uint64_t end);
/* The channel between A's PORT_A and B's PORT_B is made anew when one of them starts again. -XEN_ENOMEM. */
MUST_USE int restart_keep_evtchn(const struct domain *a, uint32_t port_a, const struct domain *b, uint32_t port_b);
/* The ring of CLIENT that SERVER serves is made anew when CLIENT starts again. -XEN_ENOMEM. */
MUST_USE int restart_keep_ring(const struct domain *client, const struct domain *server, enum pv_ring ring);

/* ---- When partitions run ---- */

/* D has just ended, for REASON (SHUTDOWN_*): decides what is next, and says so if that is not its end. D's lock is held. */
void restart_decide(struct domain *d, unsigned reason);
/* Is D, which has ended or is being built, to run again? */
bool restart_is_wanted(const struct domain *d);
/* D is gone for good. Its modules stay where they are. */
void restart_forget(struct domain *d);
/* Takes one bounded step to build a domain that is taken apart; false: there is nothing to do. One CPU at a time. */
bool restart_step(void);

#endif
