/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/vioapic.h"

#include "abi/xen.h"
#include "arch/arch_vioapic.h"
#include "bh/domain.h"
#include "bh/vcpu.h"
#include "vlapic_internal.h"

/* 82093AA, 3.1 and 3.2: where registers are seen, and which there are. */
#define OFFSET_SELECT    0x00u
#define OFFSET_WINDOW    0x10u
#define REGISTER_ID      0x00u
#define REGISTER_VERSION 0x01u
#define REGISTER_ARBITRATION 0x02u
#define REGISTER_ENTRIES 0x10u

#define VERSION  (0x11u | (VIOAPIC_PIN_COUNT - 1) << 16)
#define ID_SHIFT 24
#define ID_BITS  0xfu

/* 3.2.4: an entry. Delivery status reads as idle: what comes is delivered at once. */
#define ENTRY_LOGICAL   BIT(11)
#define ENTRY_REMOTE    BIT(14)
#define ENTRY_LEVEL     BIT(15)
#define ENTRY_MASKED    BIT(16)
#define ENTRY_LOW_BITS  0x0001afffu
/* Of the destination bits 63:56; 55:49 are further ones of an id, as Xen has them (XEN_HVM_CPUID_EXT_DEST_ID). */
#define ENTRY_HIGH_BITS 0xfffe0000u
#define DESTINATION(e)  ((uint32_t)((e) >> 56) | ((uint32_t)((e) >> 49) & 0x7f) << 8)

void vioapic_init(struct domain *d)
{
    d->arch.vioapic = (struct vioapic){ .is_there = true };
    spinlock_init(&d->arch.vioapic.lock, LOCK_VGIC);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        d->arch.vioapic.pin[i].entry = ENTRY_MASKED;
    }
}

void vioapic_wire(struct domain *d, unsigned pin, bool is_level)
{
    d->arch.vioapic.pin[pin].is_wired = true;
    d->arch.vioapic.pin[pin].is_level = is_level;
}

/* Req: BH-PORT-006, BH-PORT-007 */
/* Opens or closes the line of pin N, as it is now. */
static void update(struct vioapic *io, unsigned n) REQUIRES(io->lock)
{
    struct vioapic_pin *p = &io->pin[n];
    bool open = p->is_wired && (p->entry & ENTRY_MASKED) == 0 && !p->is_stuck &&
                !(p->in_flight && (p->is_level || p->again));

    if (open != p->is_open) {
        p->is_open = open;
        arch_vioapic_open(n, open);
    }
}

/* Req: BH-PORT-005 */
/*
 * Whom P's entry names is interrupted. Of several the first one ends it, or gets it alone if the entry wants one: which
 * of them has the lowest priority nobody can know in time.
 */
static void post(struct domain *d, struct vioapic_pin *p) REQUIRES(d->arch.vioapic.lock)
{
    unsigned delivery = DELIVERY_OF(p->entry);
    bool is_logical = (p->entry & ENTRY_LOGICAL) != 0;
    uint8_t vector = (uint8_t)p->entry;
    struct vcpu *t = NULL;

    if (delivery <= DELIVERY_LOWEST && vector >= VECTOR_FIRST) {
        t = vlapic_find_named(d, DESTINATION(p->entry), is_logical, 0);
    }
    if (t == NULL) {
        p->is_stuck = true;
        return;
    }
    p->in_flight = true;
    p->vector = vector;
    p->target = t->id;
    /* Before it can end it. */
    arch_vioapic_watch(t, true);
    do {
        vlapic_post(t, vector);
        t = delivery == DELIVERY_LOWEST ? NULL : vlapic_find_named(d, DESTINATION(p->entry), is_logical, t->id + 1U);
    } while (t != NULL);
}

void vioapic_came(struct domain *d, unsigned pin)
{
    struct vioapic *io = &d->arch.vioapic;
    struct vioapic_pin *p = &io->pin[pin];

    spin_lock(&io->lock);
    /* One that was on its way when its line was closed is none. */
    if (p->is_open && p->in_flight) {
        p->again = true;
    } else if (p->is_open) {
        post(d, p);
    }
    update(io, pin);
    spin_unlock(&io->lock);
}

/* Req: BH-PORT-006, BH-PORT-007 */
void vioapic_settle(struct vcpu *v)
{
    struct vioapic *io = &v->domain->arch.vioapic;
    bool watch = false;

    spin_lock(&io->lock);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        struct vioapic_pin *p = &io->pin[i];

        if (p->in_flight && p->target == v->id && vlapic_has_ended(v, p->vector)) {
            bool again = p->again;

            p->in_flight = p->again = false;
            /* First: what comes from here on comes once more. */
            update(io, i);
            if (again) {
                post(v->domain, p);
                update(io, i);
            }
        }
        watch = watch || (p->in_flight && p->target == v->id);
    }
    if (!watch) {
        arch_vioapic_watch(v, false);
    }
    spin_unlock(&io->lock);
}

void vioapic_end(struct domain *d)
{
    struct vioapic *io = &d->arch.vioapic;

    if (!io->is_there) {
        return;
    }
    spin_lock(&io->lock);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        io->pin[i].is_stuck = true;
        io->pin[i].in_flight = false;
        update(io, i);
    }
    spin_unlock(&io->lock);
}

/* ---- Registers ---- */

static uint32_t register_read(const struct vioapic *io) REQUIRES(io->lock)
{
    unsigned i = io->select - REGISTER_ENTRIES;
    const struct vioapic_pin *p;

    switch (io->select) {
    case REGISTER_ID:
    case REGISTER_ARBITRATION:
        return (uint32_t)io->id << ID_SHIFT;
    case REGISTER_VERSION:
        return VERSION;
    default:
        break;
    }
    if (i >= 2 * VIOAPIC_PIN_COUNT) {
        return 0;
    }
    p = &io->pin[i / 2];
    if (i % 2 != 0) {
        return (uint32_t)(p->entry >> 32);
    }
    return (uint32_t)p->entry | (p->in_flight && (p->entry & ENTRY_LEVEL) != 0 ? (uint32_t)ENTRY_REMOTE : 0);
}

/* Req: BH-PORT-005 */
static void register_write(struct vioapic *io, uint32_t value) REQUIRES(io->lock)
{
    unsigned i = io->select - REGISTER_ENTRIES;
    struct vioapic_pin *p;
    uint64_t before;

    if (io->select == REGISTER_ID) {
        io->id = value >> ID_SHIFT & ID_BITS;
    }
    if (i >= 2 * VIOAPIC_PIN_COUNT) {
        return;
    }
    p = &io->pin[i / 2];
    before = p->entry;
    if (i % 2 != 0) {
        p->entry = (uint32_t)before | (uint64_t)(value & ENTRY_HIGH_BITS) << 32;
    } else {
        p->entry = (before & ~(uint64_t)UINT32_MAX) | (value & ENTRY_LOW_BITS);
    }
    p->is_stuck = false;
    if (((before ^ p->entry) & ~(uint64_t)ENTRY_MASKED) != 0) {
        /* It is for somebody else from now on. */
        p->in_flight = p->again = false;
    }
    update(io, i / 2);
}

int vioapic_read(struct vcpu *v, unsigned offset, uint32_t *value)
{
    struct vioapic *io = &v->domain->arch.vioapic;

    if (offset % 4 != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&io->lock);
    *value = offset == OFFSET_SELECT ? io->select : offset == OFFSET_WINDOW ? register_read(io) : 0;
    spin_unlock(&io->lock);
    return 0;
}

int vioapic_write(struct vcpu *v, unsigned offset, uint32_t value)
{
    struct vioapic *io = &v->domain->arch.vioapic;

    if (offset % 4 != 0) {
        return -XEN_EINVAL;
    }
    spin_lock(&io->lock);
    if (offset == OFFSET_SELECT) {
        io->select = (uint8_t)value;
    } else if (offset == OFFSET_WINDOW) {
        register_write(io, value);
    }
    spin_unlock(&io->lock);
    return 0;
}

uint32_t vioapic_levels(struct domain *d, unsigned word)
{
    struct vioapic *io = &d->arch.vioapic;
    uint32_t bits = 0;

    if (!io->is_there) {
        return 0;
    }
    spin_lock(&io->lock);
    for (unsigned i = 0; i < VIOAPIC_PIN_COUNT; i++) {
        const struct vioapic_pin *p = &io->pin[i];

        if ((p->entry & ENTRY_LEVEL) != 0 && p->in_flight && p->vector / 32 == word) {
            bits |= 1U << p->vector % 32;
        }
    }
    spin_unlock(&io->lock);
    return bits;
}
