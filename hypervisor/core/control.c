/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/control.h"

#include "abi/xen.h"
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

#define RIGHT(r) (1U << CONTROL_##r)
#define EVERY_RIGHT (RIGHT(SEE) | RIGHT(LIFE) | RIGHT(CPU) | RIGHT(MEMORY) | RIGHT(PLUMB) | RIGHT(BOARD))

/* Why a domain has rights. */
enum role { ROLE_CONTROL, ROLE_XENSTORE, ROLE_TARGET, ROLE_COUNT };

/* Req: BH-CTL-001 */
static const uint8_t rights[ROLE_COUNT] = {
    [ROLE_CONTROL] = EVERY_RIGHT,
    [ROLE_XENSTORE] = RIGHT(SEE),
    [ROLE_TARGET] = RIGHT(MEMORY) | RIGHT(PLUMB), /* of its target only: a device model's */
};

bool control_may(const struct domain *who, const struct domain *whom, enum control_right right)
{
    unsigned mine = 0;

    if (!CONFIG_CONTROL) {
        return false;
    }
    if ((who->capabilities & DOMAIN_CONTROL) != 0) {
        mine |= rights[ROLE_CONTROL];
    }
    if ((who->capabilities & DOMAIN_XENSTORE) != 0) {
        mine |= rights[ROLE_XENSTORE];
    }
    if (whom != NULL && __atomic_load_n(&who->target, __ATOMIC_RELAXED) == whom->id) {
        mine |= rights[ROLE_TARGET];
    }
    return (mine >> right & 1) != 0;
}

bool control_is_any(const struct domain *who)
{
    return (who->capabilities & (DOMAIN_CONTROL | DOMAIN_XENSTORE)) != 0 ||
           __atomic_load_n(&who->target, __ATOMIC_RELAXED) != FRAME_NO_DOMAIN;
}

/* One that dies can be looked at, and its end waited for, but nothing else is done to it. */
static int get(uint16_t id, enum control_right right, struct domain **out)
{
    *out = CONFIG_CONTROL && (right == CONTROL_SEE || right == CONTROL_LIFE) ? domain_get_any(id) : domain_get(id);
    return *out != NULL ? 0 : -XEN_ESRCH;
}

static int get_other(struct vcpu *v, uint16_t id, enum control_right right, struct domain **out)
{
    int err = get(id, right, out);

    if (err == 0 && !control_may(v->domain, *out, right)) {
        domain_put(*out);
        err = -XEN_EPERM;
    }
    return err;
}

int control_get(struct vcpu *v, uint16_t id, enum control_right right, struct domain **out)
{
    return control_is_any(v->domain) ? get_other(v, id == DOMID_SELF ? v->domain->id : id, right, out) : -XEN_EPERM;
}

int control_get_or_self(struct vcpu *v, uint16_t id, enum control_right right, struct domain **out)
{
    if (id == DOMID_SELF || id == v->domain->id) {
        *out = v->domain;
        return 0;
    }
    return get_other(v, id, right, out);
}

static bool is_silo; /* [boot] */

void control_set_silo(void)
{
    is_silo = true;
}

static bool may_meet(const struct domain *a, const struct domain *b, unsigned question)
{
    return ((a->capabilities | b->capabilities) & (DOMAIN_CONTROL | DOMAIN_XENSTORE)) != 0 ||
           (a->is_open && b->is_open && !is_silo && question != POLICY_MEMORY);
}

/* Req: BH-CTL-008 */
void control_join(struct domain *d)
{
    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *other = domain_table[i];

        for (unsigned question = 0; question < POLICY_QUESTION_COUNT && other != NULL && other != d; question++) {
            if (may_meet(d, other, question)) {
                policy_allow(other, d, question);
                policy_allow(d, other, question);
            }
        }
    }
    domain_list_unlock();
}

/* Who has the store: who says so, or else controls. FRAME_NO_DOMAIN: nobody but D. */
static uint16_t find_store(const struct domain *d)
{
    uint16_t found = FRAME_NO_DOMAIN;
    unsigned best = 0;

    domain_list_lock();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        const struct domain *other = domain_table[i];
        unsigned has = other == NULL || other == d ? 0 : other->capabilities & (DOMAIN_XENSTORE | DOMAIN_CONTROL);

        if (has > best) {
            best = has;
            found = other->id;
        }
    }
    domain_list_unlock();
    return found;
}

/* Req: BH-BOOT-042 */
int control_promise_store(struct domain *d)
{
    uint16_t server = find_store(d);
    uint32_t port = 0;
    int err = server == FRAME_NO_DOMAIN ? -XEN_ENOENT : evtchn_offer(d, &port, server);

    if (err == 0) {
        d->parameter.store_evtchn = port;
        d->parameter.store_pfn = ~0ULL;
    }
    return err;
}

static uint16_t handlers[NR_VIRQS]; /* [atomic] number of the domain that takes it; dom0 until somebody else does */

/* Req: BH-CTL-025 */
void control_forget(const struct domain *gone)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && __atomic_load_n(&d->target, __ATOMIC_RELAXED) == gone->id) {
            __atomic_store_n(&d->target, FRAME_NO_DOMAIN, __ATOMIC_RELAXED);
        }
    }
    for (unsigned virq = 0; virq < NR_VIRQS; virq++) {
        uint16_t id = gone->id;

        (void)__atomic_compare_exchange_n(&handlers[virq], &id, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
}

/* ---- One after the other ---- */

static bool busy; /* [atomic] an operation goes on */

bool control_begin(void)
{
    return !__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE);
}

void control_end(void)
{
    __atomic_store_n(&busy, false, __ATOMIC_RELEASE);
}

/* ---- Waiting ---- */

/* In the upper half of the second argument, so that what a guest has there by chance is not taken for it. */
#define WAITS 0x62756c6bULL

static uint64_t cookie(uint64_t what)
{
    return WAITS << 32 | (what & 0xffffffffU);
}

int64_t control_wait(struct vcpu *v, uint64_t *arguments, uint64_t what)
{
    (void)v;
    arguments[1] = cookie(what);
    return HYPERCALL_RESTART;
}

bool control_has_waited(struct vcpu *v, const uint64_t *arguments, uint64_t what)
{
    (void)v;
    return arguments[1] == cookie(what);
}

void control_wait_end(uint64_t *arguments)
{
    if (arguments[1] >> 32 == WAITS) {
        arguments[1] = 0;
    }
}

/* ---- Global virtual interrupts ---- */

/* Req: BH-CTL-003 */
void control_virq(unsigned virq)
{
    struct domain *d = domain_get(__atomic_load_n(&handlers[virq], __ATOMIC_RELAXED));

    if (d == NULL) {
        return;
    }
    if (d->vcpus[0] != NULL) {
        evtchn_virq(d->vcpus[0], virq);
    }
    domain_put(d);
}

int control_set_virq_handler(const struct domain *d, unsigned virq)
{
    struct domain *before;
    bool is_bound;

    if (virq >= NR_VIRQS || !evtchn_virq_is_global(virq)) {
        return -XEN_EINVAL;
    }
    before = domain_get(__atomic_load_n(&handlers[virq], __ATOMIC_RELAXED));
    is_bound = before != NULL && before != d && before->vcpus[0] != NULL && evtchn_virq_is_bound(before->vcpus[0], virq);
    if (before != NULL) {
        domain_put(before);
    }
    if (is_bound) {
        return -XEN_EBUSY;
    }
    __atomic_store_n(&handlers[virq], d->id, __ATOMIC_RELAXED);
    return 0;
}
