/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain's stage-2 tables: guest frame to machine frame, in blocks of 4 KiB, 2 MiB and 1 GiB.
 * The walk is common; what a table entry looks like is the architecture's (arch_pte_*).
 */
#ifndef BH_P2M_H
#define BH_P2M_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;

/* What a mapping is for; the architecture turns it into permissions and memory attributes. */
enum p2m_type {
    P2M_NONE,
    P2M_RAM,       /* read, write, execute; normal write-back */
    P2M_RAM_RO,    /* read, execute */
    P2M_MMIO,      /* device memory, no execution */
    P2M_TYPE_COUNT,
};

struct p2m {
    struct spinlock lock; /* LOCK_P2M */
    mfn_t root;           /* [boot] first of the root table's frames */
    uint32_t table_count; /* [lock lock] frames used as tables */
    struct arch_p2m arch;
};

#endif
