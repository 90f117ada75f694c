/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual I/O APIC of a domain that has interrupts of the board's: an Intel 82093AA (order number 290566) with 24
 * pins. A pin that is wired stands for a line of the board; nothing ever comes at the others.
 *
 * A line is open, which means that the board may interrupt for it, only while the guest has its pin unmasked and has
 * ended what came before. So whatever the device does, it interrupts a CPU twice at most for each end of interrupt: a level
 * is closed when it comes, and may be on its way once more; of an edge the second one is kept for the guest, and then the
 * line is closed, too.
 *
 * One lock a domain, LOCK_VGIC. With it held local APICs are posted to, vCPUs kicked and lines opened and closed.
 */
#ifndef BH_VIOAPIC_H
#define BH_VIOAPIC_H

#include "bh/spinlock.h"
#include "bh/types.h"

struct domain;
struct vcpu;

#define VIOAPIC_ADDRESS   0xfec00000u
#define VIOAPIC_PIN_COUNT 24

struct vioapic_pin {
    uint64_t entry;      /* [lock lock] of the redirection table, without what can only be read */
    bool is_wired;       /* [boot] */
    bool is_level;       /* [boot] the board's line is */
    bool is_open;        /* [lock lock] the board's line is */
    bool is_stuck;       /* [lock lock] nobody could be interrupted: until the guest writes the entry */
    bool in_flight;      /* [lock lock] VECTOR was posted to vCPU TARGET, which has not ended it */
    bool again;          /* [lock lock] an edge: it came once more since */
    uint8_t vector;      /* [lock lock] */
    uint16_t target;     /* [lock lock] */
};

struct vioapic {
    struct spinlock lock;
    bool is_there;       /* [boot] */
    uint8_t id, select;  /* [lock lock] */
    struct vioapic_pin pin[VIOAPIC_PIN_COUNT];
};

/* D has one, in reset state. Before D runs. */
void vioapic_init(struct domain *d);
/* PIN is the board's line of that number, which is closed. Before D runs. */
void vioapic_wire(struct domain *d, unsigned pin, bool is_level);
/* All lines are closed, and stay so. D's vCPUs do not run any more. */
void vioapic_end(struct domain *d);

/* The line of PIN came, which is wired. Any CPU. */
void vioapic_came(struct domain *d, unsigned pin);
/* V, on its own CPU, may have ended what was posted to it: after arch_vioapic_watch(). Bound: the pins. */
void vioapic_settle(struct vcpu *v);

/*
 * V accesses the register at OFFSET of the page, 32 bits. What is no register reads as zero and ignores writes.
 * -XEN_EINVAL: OFFSET is no multiple of 4.
 */
MUST_USE int vioapic_read(struct vcpu *v, unsigned offset, uint32_t *value);
MUST_USE int vioapic_write(struct vcpu *v, unsigned offset, uint32_t value);
/* The vectors 32 * WORD to 32 * WORD + 31 that D's guest has as levels: what TMR says of them. */
uint32_t vioapic_levels(struct domain *d, unsigned word);

#endif
