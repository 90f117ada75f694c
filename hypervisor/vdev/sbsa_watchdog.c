/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual watchdog. A refresh, which is a write to any register but the compare value, begins a new time of WOR
 * ticks and takes both signals back. When it is over the first signal comes and the time begins once more; when that is
 * over, too, the second one.
 *
 * The lock is held while the virtual GIC is told of the line: its changes are in the order of the states they show.
 */
#include "bh/sbsa_watchdog.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"

/* DEN 0094, "Generic Watchdog": registers of the refresh frame, of the control frame, and of both. */
#define REFRESH_WRR     0x000
#define CONTROL_WCS     0x000
#define CONTROL_WOR     0x008
#define CONTROL_WOR_HI  0x00c
#define CONTROL_WCV     0x010
#define CONTROL_WCV_HI  0x014
#define W_IIDR          0xfcc

#define WCS_EN  BIT(0)
#define WCS_WS0 BIT(1)
#define WCS_WS1 BIT(2)

/* Architecture version 1, whose WOR has 48 bits, of no implementer that has a number. */
#define IIDR       (1U << 16)
#define WOR_HI_ALL 0xffffU

void sbsa_watchdog_init(struct domain *d)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;

    *w = (struct sbsa_watchdog){ .is_there = true };
    spinlock_init(&w->lock, LOCK_VUART);
    timer_init(&w->timer, TIMER_SBSA_WATCHDOG, d);
}

void sbsa_watchdog_start(struct domain *d, uint64_t origin)
{
    d->arch.watchdog.origin = origin;
}

void sbsa_watchdog_stop(struct domain *d)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;

    if (!w->is_there) {
        return;
    }
    /* An expiry that runs on another CPU arms the timer no more. */
    spin_lock(&w->lock);
    w->status = 0;
    spin_unlock(&w->lock);
    timer_cancel(&w->timer);
}

/* Req: BH-WDT-003 */
static void line_update(struct domain *d) REQUIRES(d->arch.watchdog.lock)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;
    bool up = (w->status & WCS_WS0) != 0;

    if (up == w->line_is_up) {
        return;
    }
    w->line_is_up = up;
    if (up) {
        vgic_raise_spi(d, SBSA_WATCHDOG_SPI);
    } else {
        vgic_lower_spi(d, SBSA_WATCHDOG_SPI);
    }
}

/* The timer waits for the counter to be beyond the compare value; one that our counter never reaches is none. */
static void timer_update(struct sbsa_watchdog *w) REQUIRES(w->lock)
{
    uint64_t deadline = w->compare + w->origin + 1;
    bool waits = (w->status & WCS_EN) != 0 && (w->status & WCS_WS1) == 0 && w->compare < TIMER_NEVER - 1 - w->origin;

    timer_set(&w->timer, waits ? deadline : TIMER_NEVER);
}

static uint64_t counter(const struct sbsa_watchdog *w)
{
    return arch_time_now() - w->origin;
}

/* Req: BH-WDT-002 */
static void refresh(struct domain *d) REQUIRES(d->arch.watchdog.lock)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;

    w->status &= (uint8_t)~(WCS_WS0 | WCS_WS1);
    w->compare = counter(w) + w->offset;
    timer_update(w);
    line_update(d);
}

/* Req: BH-WDT-003, BH-WDT-004 */
void sbsa_watchdog_expired(struct domain *d)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;
    uint64_t now;
    bool is_end;

    spin_lock(&w->lock);
    now = counter(w);
    /* Another CPU may have begun a new time since the timer was due. */
    if ((w->status & WCS_EN) == 0 || (w->status & WCS_WS1) != 0 || now <= w->compare) {
        spin_unlock(&w->lock);
        return;
    }
    is_end = (w->status & WCS_WS0) != 0;
    if (is_end) {
        w->status |= WCS_WS1;
    } else {
        w->status |= WCS_WS0;
        w->compare = now + w->offset;
    }
    timer_update(w);
    line_update(d);
    spin_unlock(&w->lock);
    if (is_end) {
        domain_watchdog_expired(d);
    }
}

static uint32_t control_read(const struct sbsa_watchdog *w, unsigned reg)
{
    switch (reg) {
    case CONTROL_WCS:
        return w->status;
    case CONTROL_WOR:
        return (uint32_t)w->offset;
    case CONTROL_WOR_HI:
        return (uint32_t)(w->offset >> 32);
    case CONTROL_WCV:
        return (uint32_t)w->compare;
    case CONTROL_WCV_HI:
        return (uint32_t)(w->compare >> 32);
    case W_IIDR:
        return IIDR;
    default:
        return 0;
    }
}

static uint64_t with_low(uint64_t value, uint32_t low)
{
    return (value & ~(uint64_t)UINT32_MAX) | low;
}

static uint64_t with_high(uint64_t value, uint32_t high)
{
    return (uint64_t)high << 32 | (uint32_t)value;
}

/* Req: BH-WDT-001 */
static void control_write(struct domain *d, unsigned reg, uint32_t value) REQUIRES(d->arch.watchdog.lock)
{
    struct sbsa_watchdog *w = &d->arch.watchdog;

    switch (reg) {
    case CONTROL_WCS:
        w->status = (uint8_t)((w->status & ~WCS_EN) | (value & WCS_EN));
        refresh(d);
        break;
    case CONTROL_WOR:
        w->offset = with_low(w->offset, value);
        refresh(d);
        break;
    case CONTROL_WOR_HI:
        w->offset = with_high(w->offset, value & WOR_HI_ALL);
        refresh(d);
        break;
    case CONTROL_WCV:
        w->compare = with_low(w->compare, value);
        timer_update(w);
        break;
    case CONTROL_WCV_HI:
        w->compare = with_high(w->compare, value);
        timer_update(w);
        break;
    default:
        break;
    }
}

/* Req: BH-WDT-006 */
static bool is_accessible(const struct mmio_access *a)
{
    return (a->size == 4 || a->size == 8) && (a->offset & (a->size - 1U)) == 0;
}

int sbsa_watchdog_refresh_access(struct vcpu *v, struct mmio_access *a)
{
    struct sbsa_watchdog *w = &v->domain->arch.watchdog;

    if (!is_accessible(a)) {
        return -XEN_EINVAL;
    }
    if (!a->is_write) {
        a->value = a->offset == W_IIDR ? IIDR : a->offset == ALIGN_DOWN(W_IIDR, 8) && a->size == 8 ? (uint64_t)IIDR << 32 : 0;
    } else if (a->offset == REFRESH_WRR) {
        spin_lock(&w->lock);
        refresh(v->domain);
        spin_unlock(&w->lock);
    }
    return 0;
}

/* 64 bits are two registers, the lower one first. */
int sbsa_watchdog_control_access(struct vcpu *v, struct mmio_access *a)
{
    struct sbsa_watchdog *w = &v->domain->arch.watchdog;
    unsigned reg = (unsigned)a->offset;

    if (!is_accessible(a)) {
        return -XEN_EINVAL;
    }
    spin_lock(&w->lock);
    if (a->is_write) {
        control_write(v->domain, reg, (uint32_t)a->value);
        if (a->size == 8) {
            control_write(v->domain, reg + 4, (uint32_t)(a->value >> 32));
        }
    } else {
        a->value = control_read(w, reg);
        if (a->size == 8) {
            a->value |= (uint64_t)control_read(w, reg + 4) << 32;
        }
    }
    spin_unlock(&w->lock);
    return 0;
}
