/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual watchdog of a domain: the Generic Watchdog of Arm's Base System Architecture (DEN 0094, "Generic
 * Watchdog"), revision 1. Two frames of registers, and two signals: the first one is an interrupt of the domain's, the
 * second one its end, with the shutdown code of a watchdog.
 */
#ifndef BH_SBSA_WATCHDOG_H
#define BH_SBSA_WATCHDOG_H

#include "bh/spinlock.h"
#include "bh/timer.h"
#include "bh/types.h"

struct domain;
struct mmio_access;
struct vcpu;

/* Where Xen's layout for guests has nothing; each frame in 64 KiB of its own. */
#define SBSA_WATCHDOG_REFRESH_BASE 0x22010000ull
#define SBSA_WATCHDOG_CONTROL_BASE 0x22020000ull
#define SBSA_WATCHDOG_FRAME_SIZE   0x1000ull
/* The last interrupt that a domain has: boards number theirs from below. */
#define SBSA_WATCHDOG_SPI          95

struct sbsa_watchdog {
    struct spinlock lock;  /* LOCK_VUART */
    bool is_there;         /* [boot] */
    uint8_t status;        /* [lock lock] WCS: enabled, and the two signals */
    bool line_is_up;       /* [lock lock] what the virtual GIC was told last */
    uint64_t offset;       /* [lock lock] WOR: ticks to each signal */
    uint64_t compare;      /* [lock lock] WCV: the next signal is when the domain's counter is beyond it */
    uint64_t origin;       /* [boot] what our counter showed when the domain's was 0 */
    struct timer timer;    /* [lock lock] waits for that */
};

/* D has one, in reset state. Before D runs. */
void sbsa_watchdog_init(struct domain *d);
/* D's counter is 0 at ORIGIN of ours. Before D runs. */
void sbsa_watchdog_start(struct domain *d, uint64_t origin);
/* D, no vCPU of which runs any more, has none from now on. */
void sbsa_watchdog_stop(struct domain *d);
/* Its timer is due. */
void sbsa_watchdog_expired(struct domain *d);
/* A register access, see bh/mmio.h. -XEN_EINVAL: misaligned, or of another width than 32 or 64 bits. */
MUST_USE int sbsa_watchdog_refresh_access(struct vcpu *v, struct mmio_access *a);
MUST_USE int sbsa_watchdog_control_access(struct vcpu *v, struct mmio_access *a);

#endif
