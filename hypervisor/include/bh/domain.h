/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains (partitions): what one is, and its life from creation to the return of its last frame.
 */
#ifndef BH_DOMAIN_H
#define BH_DOMAIN_H

#include "arch/arch_types.h"
#include "bh/console.h"
#include "bh/mmio.h"
#include "bh/p2m.h"
#include "bh/spinlock.h"
#include "bh/types.h"

struct vcpu;

#define DOMAIN_NAME_SIZE 32

enum domain_phase {
    DOMAIN_BUILDING, /* not started: only its builder touches it */
    DOMAIN_RUNNING,
    DOMAIN_DYING,    /* shut down: its vCPUs stop, then the reaper takes it apart in bounded steps */
};

struct domain {
    uint16_t id;                   /* [boot] domid */
    uint16_t vcpu_count;           /* [boot] */
    uint8_t phase;                 /* [lock lock] enum domain_phase, read [atomic] */
    uint8_t shutdown_reason;       /* [lock lock] SHUTDOWN_*, once dying */
    char name[DOMAIN_NAME_SIZE];   /* [boot] */
    struct spinlock lock;          /* LOCK_DOMAIN */
    struct vcpu *vcpus[CONFIG_MAX_VCPUS]; /* [boot] */
    uint16_t weight;               /* [boot] share of CPU time; 256 is normal */
    uint32_t vcpus_loaded;         /* [atomic] vCPUs whose state a CPU holds */
    uint64_t page_count;           /* [atomic] frames charged to the domain */
    uint64_t page_limit;           /* [boot] */
    struct p2m p2m;                /* [lock p2m.lock] */
    struct mmio_map mmio;          /* [boot] emulated device regions */
    struct console_line console;   /* [lock console] output of the current line */
    struct arch_domain arch;
};

#endif
