/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's devices: whose their registers and interrupts are. At boot the board says which there are; the domain
 * that has the hardware gets them, maps registers at their machine addresses when it first touches them, and may hand
 * both on to other domains (Xen's iomem_permission, memory_mapping, irq_permission, bind_pt_irq). What another domain
 * had comes back when it ends. Registers of one page, and an interrupt, are one domain's at a time.
 *
 * Only if CONFIG_DEVICES.
 */
#ifndef BH_DEVICE_H
#define BH_DEVICE_H

#include "bh/ownership.h"
#include "bh/types.h"

struct domain;

/* Ranges of registers, apart from each other. */
#define DEVICE_RANGE_COUNT 512
/* Interrupts of devices are numbered as the board's controller does. */
#define DEVICE_LINE_FIRST  32
#define DEVICE_LINE_COUNT  1020

/* ---- Boot: which there are. Addresses in bytes; what touches a page means all of it ---- */

void device_forget_all(void);
/*
 * COUNT frames of registers from FIRST on are D's for good, whatever becomes of it until device_release(). -XEN_EPERM:
 * some are no device's. -XEN_EBUSY: some are another domain's. -XEN_ENOSPC: too many ranges.
 */
MUST_USE int device_assign(struct domain *d, uint64_t first, uint64_t count);
/* LINE is D's for good, as its interrupt of the same number. Errors as above; -XEN_EINVAL: D has no such interrupt. It may be already. */
MUST_USE int device_line_assign(struct domain *d, unsigned line);
/* What domain ID had for good is nobody's. */
void device_release(uint16_t id);
void device_line_release(uint16_t id);
/* Registers from START up to END. A warning, if there are too many ranges. */
void device_add(uint64_t start, uint64_t end);
/* The same, set apart: the domain with the hardware may hand them on, but does not use them. */
void device_add_apart(uint64_t start, uint64_t end);
/* There are none: RAM, or the hypervisor's. */
void device_remove(uint64_t start, uint64_t end);
void device_line_add(unsigned line);
void device_line_set_apart(unsigned line);
void device_line_remove(unsigned line);

/*
 * D, which is being made and has its interrupt controller, is the domain that has the hardware, and gets all of it.
 * False: another one is.
 */
MUST_USE bool device_give(struct domain *d);
/* The domain that has the hardware, or NULL. */
struct domain *device_owner(void);

/* ---- Registers. LOCK_DEVICE is taken ---- */

/* D touched its page at G, where nothing is mapped. True: it is a device's, and mapped now. */
bool device_fault(struct domain *d, gfn_t g);
/*
 * BY, for D: COUNT frames from FIRST on are D's to map from now on, or, unless ALLOW, not any more. -XEN_EPERM: BY does
 * not have the hardware, or some are no device's. -XEN_EINVAL: D has the hardware itself. -XEN_EBUSY: some are a third
 * domain's, or D has them mapped. -XEN_ENOSPC: too many ranges. Bound: DEVICE_RANGE_COUNT.
 */
MUST_USE int device_permit(struct domain *by, struct domain *d, uint64_t first, uint64_t count, bool allow);
/*
 * Maps frame M at D's page G; where the domain with the hardware had it, it is gone. -XEN_EPERM: BY does not have the
 * hardware, or M is not D's. -XEN_EEXIST, -XEN_EINVAL, -XEN_ENOMEM as p2m_map().
 */
MUST_USE int device_map_page(struct domain *by, struct domain *d, gfn_t g, mfn_t m);
/* Takes that away. -XEN_EPERM as device_map_page(); -XEN_ENOENT: it is not there. */
MUST_USE int device_unmap_page(struct domain *by, struct domain *d, gfn_t g, mfn_t m);
/* A mapping of M is gone that D had. */
void device_unmapped(struct domain *d, mfn_t m);
/* D's tables are gone: what it had is whose it was before. */
void device_range_end(struct domain *d);

/* ---- Interrupts. LOCK_DEVICE_LINE is taken ---- */

/* LINE came and is active: true if it is some domain's, which deactivates it. */
bool device_line_take(unsigned line);
/*
 * BY, for D: LINE is kept for D, or, unless ALLOW, not any more. -XEN_EPERM: BY does not have the hardware, or there is
 * no such line. -XEN_EINVAL: D has the hardware itself. -XEN_EBUSY: it is another domain's, or D gets it.
 */
MUST_USE int device_line_permit(struct domain *by, struct domain *d, unsigned line, bool allow);
/* LINE goes to D as its interrupt of the same number. As device_line_permit(); -XEN_EINVAL also: D has no such one. */
MUST_USE int device_line_bind(struct domain *by, struct domain *d, unsigned line);
/* No more. -XEN_EINVAL: it does not. -XEN_EBUSY: D's guest uses it. */
MUST_USE int device_line_unbind(struct domain *by, struct domain *d, unsigned line);
/* D ends, and no vCPU of it runs any more: its lines are disabled and not active, and nobody's unless they are its for good. */
void device_line_end(struct domain *d);

#endif
