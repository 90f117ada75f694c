/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts between the vCPUs of a domain (Intel SDM volume 3A, 10.6 and 10.12.9 to 10.12.10): whom the command
 * register of a virtual local APIC names, and what they get.
 */
#include "arch/arch_vlapic.h"
#include "vlapic_internal.h"

#define SHORTHAND_NONE       0u
#define SHORTHAND_SELF       1u
#define SHORTHAND_ALL        2u
#define SHORTHAND_ALL_OTHERS 3u

#define ICR_LOGICAL (1u << 11)
#define ICR_SHORTHAND (3u << 18)
#define ICR_DELIVERY  (7u << 8)
#define ICR_ASSERT  (1u << 14)
#define ICR_LEVEL   (1u << 15)

#define DFR_MODEL(dfr) ((dfr) >> 28)
#define MODEL_FLAT     0xfu
#define MODEL_CLUSTER  0u

struct destination {
    bool is_logical;
    bool is_x2apic; /* as the sender's mode has it: 32 bits, else 8 */
    bool is_broadcast;
    uint32_t id;
    const struct vcpu *except; /* NULL: nobody */
    unsigned first, end;       /* the numbers of the vCPUs that it may be for */
};

/* Whose numbers D can name, so that nobody looks at all vCPUs for one. */
static void destination_narrow(struct destination *d, unsigned vcpu_count)
{
    uint64_t first = d->id, count = 1;

    if (d->is_broadcast || (d->is_logical && !d->is_x2apic)) {
        return;
    }
    if (d->is_logical) {
        first = (uint64_t)(d->id >> 16) * 16;
        count = 16;
    }
    d->first = (unsigned)MIN(first, vcpu_count);
    d->end = (unsigned)MIN(first + count, vcpu_count);
}

/* Req: BH-APIC-012, BH-APIC-013 */
static struct destination destination_of(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint32_t low = (uint32_t)a->icr, high = (uint32_t)(a->icr >> 32);
    struct destination d = { .end = v->domain->vcpu_count };

    d.is_x2apic = vlapic_mode(a) == MODE_X2APIC;
    switch (low >> 18 & 3) {
    case SHORTHAND_SELF:
        d.first = v->id;
        d.end = v->id + 1u;
        d.is_broadcast = true;
        break;
    case SHORTHAND_ALL_OTHERS:
        d.except = v;
        d.is_broadcast = true;
        break;
    case SHORTHAND_ALL:
        d.is_broadcast = true;
        break;
    default:
        d.is_logical = (low & ICR_LOGICAL) != 0;
        d.id = d.is_x2apic ? high : high >> 24;
        d.is_broadcast = d.id == (d.is_x2apic ? UINT32_MAX : XAPIC_ID_ALL);
        destination_narrow(&d, v->domain->vcpu_count);
        break;
    }
    return d;
}

/* Req: BH-APIC-014 */
static bool logical_names(const struct destination *d, const struct vcpu *t)
{
    const struct vlapic *a = &t->arch.vlapic;
    uint32_t ldr, model;

    if (vlapic_mode(a) == MODE_X2APIC) {
        return d->id >> 16 == vlapic_id(t) >> 4 && (d->id >> (vlapic_id(t) & 15) & 1) != 0;
    }
    if (d->id > 0xff) {
        return false;
    }
    ldr = __atomic_load_n(&a->ldr, __ATOMIC_RELAXED) >> 24;
    model = DFR_MODEL(__atomic_load_n(&a->dfr, __ATOMIC_RELAXED));
    if (model == MODEL_FLAT) {
        return (d->id & ldr) != 0;
    }
    /* Cluster 15 is all clusters: SDM 3A 10.6.2.2. */
    return model == MODEL_CLUSTER && (d->id >> 4 == ldr >> 4 || d->id >> 4 == 0xf) && (d->id & ldr & 0xf) != 0;
}

/* Is T there, able to listen, and meant? */
static bool is_named(const struct destination *d, const struct vcpu *t)
{
    return t != NULL && t != d->except && vlapic_mode(&t->arch.vlapic) != 0 &&
           (d->is_broadcast || !d->is_logical || logical_names(d, t));
}

static void deliver(struct vcpu *t, unsigned delivery, uint8_t vector)
{
    switch (delivery) {
    case DELIVERY_FIXED:
        if (__atomic_load_n(&t->arch.vlapic.is_enabled, __ATOMIC_RELAXED)) {
            vlapic_post(t, vector);
        }
        break;
    case DELIVERY_NMI:
        arch_vlapic_nmi(t);
        break;
    case DELIVERY_INIT:
        arch_vlapic_init_signal(t);
        break;
    case DELIVERY_STARTUP:
        arch_vlapic_startup(t, vector);
        break;
    }
}

/* Req: BH-APIC-015 */
/* One of those named gets it, in turns: which of them has the lowest priority nobody can know in time. */
static void deliver_to_one(struct vcpu *v, const struct destination *d, uint8_t vector)
{
    struct vlapic *a = &v->arch.vlapic;
    unsigned count = v->domain->vcpu_count;
    unsigned best_distance = count;
    struct vcpu *best = NULL;

    for (unsigned i = d->first; i < d->end; i++) {
        struct vcpu *t = v->domain->vcpus[i];
        unsigned distance = i >= a->lowest_next ? i - a->lowest_next : i + count - a->lowest_next;

        if (distance < best_distance && is_named(d, t) &&
            __atomic_load_n(&t->arch.vlapic.is_enabled, __ATOMIC_RELAXED)) {
            best = t;
            best_distance = distance;
        }
    }
    if (best != NULL) {
        a->lowest_next = (uint16_t)((best->id + 1u) % count);
        vlapic_post(best, vector);
    }
}

/* Req: BH-PORT-005 */
struct vcpu *vlapic_find_named(const struct domain *d, uint32_t id, bool is_logical, unsigned from)
{
    struct destination to = { .is_logical = is_logical, .is_broadcast = id == XAPIC_ID_ALL, .id = id, .end = d->vcpu_count };
    struct vcpu *found = NULL;

    destination_narrow(&to, d->vcpu_count);
    for (unsigned i = MAX(to.first, from); i < to.end && found == NULL; i++) {
        struct vcpu *t = d->vcpus[i];

        if (is_named(&to, t) && __atomic_load_n(&t->arch.vlapic.is_enabled, __ATOMIC_RELAXED)) {
            found = t;
        }
    }
    return found;
}

/* INIT and STARTUP cannot be sent by a shorthand that includes the sender (SDM 3A table 10-3). */
static bool is_sendable(uint32_t icr)
{
    unsigned shorthand = icr >> 18 & 3, delivery = DELIVERY_OF(icr);
    bool starts = delivery == DELIVERY_INIT || delivery == DELIVERY_STARTUP;
    bool includes_self = shorthand == SHORTHAND_SELF || shorthand == SHORTHAND_ALL;

    /* INIT level de-assert only synchronized arbitration IDs of old processors. */
    return !(starts && includes_self) && !(delivery == DELIVERY_INIT && (icr & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL);
}

/* Nearly always it is a vector for one vCPU by its number; False: or something else. */
static ALWAYS_INLINE bool send_plain(const struct vcpu *v)
{
    const struct vlapic *a = &v->arch.vlapic;
    uint32_t icr = (uint32_t)a->icr, id = (uint32_t)(a->icr >> 32);
    struct vcpu *t;

    if (unlikely((icr & (ICR_SHORTHAND | ICR_LOGICAL | ICR_DELIVERY)) != 0 || (uint8_t)icr < VECTOR_FIRST ||
                 vlapic_mode(a) != MODE_X2APIC || id >= v->domain->vcpu_count)) {
        return false;
    }
    t = v->domain->vcpus[id];
    if (likely(t != NULL && __atomic_load_n(&t->arch.vlapic.is_enabled, __ATOMIC_RELAXED))) {
        vlapic_post(t, (uint8_t)icr);
    }
    return true;
}

static NOINLINE void send_any(struct vcpu *v)
{
    uint32_t icr = (uint32_t)v->arch.vlapic.icr;
    unsigned delivery = DELIVERY_OF(icr);
    uint8_t vector = (uint8_t)icr;
    struct destination d;

    if (delivery <= DELIVERY_LOWEST && vector < VECTOR_FIRST) {
        vlapic_error(v, ERROR_SEND_VECTOR);
        return;
    }
    if (!is_sendable(icr)) {
        return;
    }
    d = destination_of(v);
    if (delivery == DELIVERY_LOWEST) {
        deliver_to_one(v, &d, vector);
        return;
    }
    for (unsigned i = d.first; i < d.end; i++) {
        struct vcpu *t = v->domain->vcpus[i];

        if (is_named(&d, t)) {
            deliver(t, delivery, vector);
        }
    }
}

/* Req: BH-APIC-016 */
void vlapic_send(struct vcpu *v)
{
    if (!send_plain(v)) {
        send_any(v);
    }
}
