/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the interrupts of devices are. One lock for all: it is held while an interrupt finds its domain's controller, so
 * that the domain is there as long.
 */
#include "bh/device.h"

#include "bh/domain.h"
#include "bh/spinlock.h"
#include "bh/vgic.h"

static struct spinlock lock = SPINLOCK_INIT(LOCK_DEVICE_LINE);
static struct line {
    struct domain *user;    /* NULL: nobody */
    bool is_there;          /* it is a device's */
    bool is_apart;          /* not for the domain with the hardware itself */
    bool is_bound;          /* the user gets it */
    uint16_t home;          /* domid that has it for good; 0: nobody. Not the domain with the hardware, which is 0 */
} lines[DEVICE_LINE_COUNT]; /* [boot], then [lock lock] */

/* ---- Boot ---- */

void device_line_add(unsigned n)
{
    if (n >= DEVICE_LINE_FIRST && n < DEVICE_LINE_COUNT) {
        lines[n] = (struct line){ .is_there = true };
    }
}

void device_line_set_apart(unsigned n)
{
    if (n < DEVICE_LINE_COUNT) {
        lines[n].is_apart = true;
    }
}

void device_line_remove(unsigned n)
{
    if (n < DEVICE_LINE_COUNT) {
        lines[n] = (struct line){ .user = NULL };
    }
}

/* Req: BH-DEV-013 */
int device_line_assign(struct domain *d, unsigned n)
{
    int err;

    if (n >= DEVICE_LINE_COUNT || !lines[n].is_there) {
        return -XEN_EPERM;
    }
    spin_lock(&lock);
    if (lines[n].is_bound || (lines[n].home != 0 && lines[n].home != d->id)) {
        err = lines[n].user == d && lines[n].home == d->id ? 0 : -XEN_EBUSY;
    } else {
        err = vgic_line_attach(d, n);
    }
    if (err == 0) {
        lines[n].user = d;
        lines[n].is_bound = true;
        lines[n].home = d->id;
        d->has_lines = true;
    }
    spin_unlock(&lock);
    return err;
}

void device_line_release(uint16_t id)
{
    spin_lock(&lock);
    for (unsigned n = DEVICE_LINE_FIRST; n < DEVICE_LINE_COUNT; n++) {
        if (lines[n].home == id) {
            lines[n].home = 0;
        }
    }
    spin_unlock(&lock);
}

/* ---- Later ---- */

bool device_line_take(unsigned n)
{
    bool is_taken = false;

    if (n >= DEVICE_LINE_FIRST && n < DEVICE_LINE_COUNT) {
        spin_lock(&lock);
        is_taken = lines[n].is_bound;
        if (is_taken) {
            vgic_line_taken(lines[n].user, n);
        }
        spin_unlock(&lock);
    }
    return is_taken;
}

/* May BY do something with line N for D? */
static int check(const struct domain *by, const struct domain *d, unsigned n, bool for_itself)
{
    const struct domain *owner = device_owner();

    if (owner == NULL || by != owner || n >= DEVICE_LINE_COUNT || !lines[n].is_there) {
        return -XEN_EPERM;
    }
    return d == owner && (!for_itself || lines[n].is_apart) ? -XEN_EINVAL : 0;
}

/* Req: BH-DEV-004 */
int device_line_permit(struct domain *by, struct domain *d, unsigned n, bool allow)
{
    int err = check(by, d, n, false);

    if (err != 0) {
        return err;
    }
    spin_lock(&lock);
    if ((lines[n].user != NULL && lines[n].user != d) || (lines[n].home != 0 && lines[n].home != d->id)) {
        err = allow ? -XEN_EBUSY : 0;
    } else if (allow) {
        lines[n].user = d;
        d->has_lines = true;
    } else if (lines[n].is_bound) {
        err = -XEN_EBUSY;
    } else {
        lines[n].user = NULL;
    }
    spin_unlock(&lock);
    return err;
}

/* Req: BH-DEV-006 */
int device_line_bind(struct domain *by, struct domain *d, unsigned n)
{
    int err = check(by, d, n, true);

    if (err != 0) {
        return err;
    }
    spin_lock(&lock);
    if (lines[n].is_bound || (lines[n].user != NULL && lines[n].user != d) ||
        (lines[n].home != 0 && lines[n].home != d->id)) {
        err = -XEN_EBUSY;
    } else {
        err = vgic_line_attach(d, n);
    }
    if (err == 0) {
        lines[n].user = d;
        lines[n].is_bound = true;
        d->has_lines = true;
    }
    spin_unlock(&lock);
    return err;
}

int device_line_unbind(struct domain *by, struct domain *d, unsigned n)
{
    int err = check(by, d, n, false);

    if (err != 0) {
        return err;
    }
    spin_lock(&lock);
    err = lines[n].is_bound && lines[n].user == d ? vgic_line_detach(d, n, false) : -XEN_EINVAL;
    if (err == 0) {
        lines[n].is_bound = false;
        lines[n].user = NULL;
    }
    spin_unlock(&lock);
    return err;
}

/* Req: BH-GIC-021 */
/* Bound: the lines there are. */
void device_line_end(struct domain *d)
{
    spin_lock(&lock);
    for (unsigned n = DEVICE_LINE_FIRST; n < DEVICE_LINE_COUNT; n++) {
        if (lines[n].user == d) {
            if (lines[n].is_bound) {
                (void)!vgic_line_detach(d, n, true);
            }
            lines[n].is_bound = false;
            lines[n].user = NULL;
        }
    }
    d->has_lines = false;
    spin_unlock(&lock);
}
