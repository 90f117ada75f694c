/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control domains: the sequences of fuzz_hypercalls.c, and in them every call that is about another domain or the
 * board. "control" may all of it, and makes domains and destroys them; "store" may see others; "model" may do some to
 * one other; "plain" may nothing, and like those that were made is told nothing but that. In the end "control" destroys
 * all others, and all memory is back.
 */
#include "hypercalls/hypercalls.h"

#include "abi/control.h"
#include "bh/reaper.h"

enum { CONTROL, PLAIN, MODEL, STORE };
const struct role roles[] = {
    [CONTROL] = { .name = "control", .vcpu_count = 2, .capabilities = DOMAIN_CONTROL },
    [PLAIN] = { .name = "plain", .vcpu_count = 2, .has_console = true, .is_managed = true },
    [MODEL] = { .name = "model", .vcpu_count = 1, .is_managed = true, .target = &roles[PLAIN] },
    [STORE] = { .name = "store", .vcpu_count = 1, .capabilities = DOMAIN_XENSTORE, .is_managed = true },
};
const unsigned role_count = ARRAY_COUNT(roles);
const bool has_control = true;

/* Req: BH-CTL-008 */
bool are_peers(const struct domain *a, const struct domain *b)
{
    return a == b || ((a->capabilities | b->capabilities) & (DOMAIN_CONTROL | DOMAIN_XENSTORE)) != 0;
}

bool is_secretive(const struct domain *d)
{
    (void)d;
    return false;
}

/* Any that is there, whatever its phase; one that is not; or what stands for something else. */
uint16_t any_domid(const struct domain *d)
{
    static const uint16_t special[] = { DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE,
                                        DOMID_FIRST_RESERVED, DOMID_FIRST_RESERVED - 1 };
    unsigned kind = byte(), from = kind % 16;

    if (kind < 190) {
        while (domain_table[from] == NULL) {
            from = (from + 1) % CONFIG_MAX_DOMAINS;
        }
        return domain_table[from]->id;
    }
    return kind < 215   ? d->id
           : kind < 230 ? kind % 16
           : kind < 250 ? special[kind % ARRAY_COUNT(special)]
                        : (uint16_t)number();
}

/* ---- Who may what ---- */

static bool is_control(const struct domain *d)
{
    return (d->capabilities & DOMAIN_CONTROL) != 0;
}

static bool has_no_right(const struct domain *d)
{
    return (d->capabilities & (DOMAIN_CONTROL | DOMAIN_XENSTORE)) == 0 && d->target == FRAME_NO_DOMAIN;
}

static bool is_control_call(const struct call *c)
{
    return c->number == __HYPERVISOR_domctl || c->number == __HYPERVISOR_sysctl ||
           c->number == __HYPERVISOR_platform_op || c->number == __HYPERVISOR_hypfs_op;
}

/* What one that is no control domain may ask of another one, if it has the store, or if that is its target. */
static bool may_ask(const struct domain *who, const struct xen_domctl *op)
{
    uint16_t id = op->domain == DOMID_SELF ? who->id : op->domain;

    switch (op->cmd) {
    case XEN_DOMCTL_getdomaininfo:
    case XEN_DOMCTL_getvcpuinfo:
        return (who->capabilities & DOMAIN_XENSTORE) != 0;
    case XEN_DOMCTL_max_mem:
    case XEN_DOMCTL_cacheflush:
    case XEN_DOMCTL_set_paging_mempool_size:
    case XEN_DOMCTL_get_paging_mempool_size:
    case XEN_DOMCTL_set_virq_handler:
        return id == who->target;
    default:
        return false;
    }
}

/* ---- What a call may change ---- */

static uint64_t mix(uint64_t sum, const void *from, size_t size)
{
    const uint8_t *p = from;

    for (; size >= sizeof(uint64_t); p += sizeof(uint64_t), size -= sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15UL;
        sum ^= sum >> 29;
    }
    for (; size != 0; p++, size--) {
        sum = (sum ^ *p) * 0x100000001b3UL;
    }
    return sum;
}

#define MIX(sum, field) ((sum) = mix(sum, &(field), sizeof(field)))

/* What only a call of control changes of D. */
static uint64_t sum_of(const struct domain *d)
{
    uint64_t sum = d->id;

    MIX(sum, d->phase);
    MIX(sum, d->capabilities);
    MIX(sum, d->is_shut_down);
    MIX(sum, d->target);
    MIX(sum, d->pauses);
    MIX(sum, d->time_offset);
    MIX(sum, d->handle);
    MIX(sum, d->weight);
    MIX(sum, d->page_limit);
    MIX(sum, d->claim);
    MIX(sum, d->parameter);
    MIX(sum, d->p2m.table_limit);
    MIX(sum, d->p2m.pool);
    MIX(sum, d->p2m.table_count);
    MIX(sum, d->vcpus);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (d->vcpus[i] != NULL) {
            MIX(sum, d->vcpus[i]->sched.affinity);
            MIX(sum, d->vcpus[i]->sched.preferred);
            MIX(sum, d->vcpus[i]->sched.weight);
            MIX(sum, d->vcpus[i]->arch.entry);
        }
    }
    return sum;
}

/* All of the board that V's domain could learn something by, or change. */
static uint64_t sum_of_all(struct vcpu *v)
{
    uint64_t sum = mix(0, &frame_table[HOST_RAM_MFN], FRAMES * sizeof(frame_table[0]));

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        sum = domain_table[i] != NULL ? sum ^ sum_of(domain_table[i]) : sum;
    }
    for (unsigned i = 0; i < ARGUMENT_PAGES; i++) {
        char page[PAGE_SIZE];

        if (guest_copy_from(v, page, guest_handle(BASE + i * PAGE_SIZE), PAGE_SIZE) == 0) {
            MIX(sum, page);
        }
    }
    return sum;
}

static struct {
    uint64_t all, sum[CONFIG_MAX_DOMAINS], pages[CONFIG_MAX_DOMAINS];
    uint32_t lent[CONFIG_MAX_DOMAINS];
    struct xen_domctl op;
    bool has_op, has_no_right;
    uint16_t target;
} before;

/* Req: BH-CTL-001 */
void call_begins(struct vcpu *v, const struct call *c, bool calm)
{
    const struct domain *d = v->domain;

    before.has_no_right = has_no_right(d);
    before.target = d->target;
    before.has_op = c->number == __HYPERVISOR_domctl &&
                    guest_copy_from(v, &before.op, guest_handle(c->a[0]), sizeof(before.op)) == 0;
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        before.pages[i] = domain_table[i] != NULL ? domain_table[i]->page_count : 0;
        before.sum[i] = domain_table[i] != NULL && !is_control(d) ? sum_of(domain_table[i]) : 0;
        before.lent[i] = domain_table[i] != NULL ? domain_table[i]->lent : 0;
    }
    if (before.has_no_right && is_control_call(c) && calm) {
        before.all = sum_of_all(v);
    }
}

/* One that has more than it may has no more than it had. A list of calls may give first and forbid then. */
static void check_pages(const struct call *c)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS && c->number != __HYPERVISOR_multicall; i++) {
        const struct domain *d = domain_table[i];

        CHECK(d == NULL || d->page_count <= d->page_limit || d->page_count <= before.pages[i]);
    }
}

/* Req: BH-CTL-001, BH-CTL-014 */
void call_ends(struct vcpu *v, const struct call *c, bool calm, int64_t result)
{
    const struct domain *d = v->domain;

    check_pages(c);
    if (is_control(d)) {
        return;
    }
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        const struct domain *other = domain_table[i];

        if (other != NULL && other != d && other->id != before.target) {
            CHECK(sum_of(other) == before.sum[i] && other->lent <= before.lent[i]);
        }
    }
    if (!is_control_call(c)) {
        return;
    }
    if (before.has_no_right) {
        CHECK(result == -XEN_EPERM);
        CHECK(!calm || sum_of_all(v) == before.all);
    } else if (calm && c->number == __HYPERVISOR_domctl && (result == 0 || result == HYPERCALL_RESTART)) {
        CHECK(before.has_op && may_ask(d, &before.op));
    } else if (c->number == __HYPERVISOR_platform_op || c->number == __HYPERVISOR_hypfs_op) {
        CHECK(result == -XEN_EPERM);
    }
}

/* ---- What is true after each step ---- */

/* Which of the domains with a number it is: another one each time that it is new in the table. */
static unsigned life[1U << 16];
static uint32_t was_there[CONFIG_MAX_DOMAINS]; /* 1 + number */

static struct {
    unsigned life, target_life;
    uint16_t id, target;
} known[CONFIG_MAX_DOMAINS];

static void count_lives(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        uint32_t is_there = domain_table[i] != NULL ? domain_table[i]->id + 1U : 0;

        if (is_there != 0 && is_there != was_there[i]) {
            life[is_there - 1]++;
        }
        was_there[i] = is_there;
    }
}

/* Req: BH-CTL-001, BH-CTL-025 */
static void check_domain(const struct domain *d)
{
    unsigned i = d->slot;
    bool is_new = known[i].id != d->id || known[i].life != life[d->id];

    if (role_of(d) < role_count) {
        CHECK(d->capabilities == roles[role_of(d)].capabilities);
    } else {
        CHECK((d->capabilities & ~DOMAIN_XENSTORE) == 0);
    }
    /* A right over one domain is none over the next one with its number. */
    if (d->target != FRAME_NO_DOMAIN) {
        if (is_new || known[i].target != d->target) {
            known[i].target_life = life[d->target];
        }
        CHECK(domain_by_id(d->target) != NULL && known[i].target_life == life[d->target]);
    }
    known[i].id = d->id;
    known[i].life = life[d->id];
    known[i].target = d->target;
}

/* Req: BH-CTL-030 */
static void check_claims(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        const struct domain *d = domain_table[i];

        CHECK(d == NULL || d->phase == DOMAIN_RUNNING || d->claim.count == 0);
        sum += d != NULL ? d->claim.count : 0;
    }
    CHECK(sum == page_alloc_claimed_count());
}

void audit_more(void)
{
    check_claims();
    count_lives();
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            check_domain(domain_table[i]);
        }
    }
}

/* ---- The end ---- */

/* A vCPU of the control domain, running, if there is one and it gets to run. */
static struct vcpu *run_control(void)
{
    for (unsigned tries = 0; tries < 200; tries++) {
        struct domain *d = domain_of(CONTROL);

        if (d == NULL) {
            return NULL;
        }
        for (unsigned i = 0; i < CPUS; i++) {
            host_run_on(i);
            if (this_cpu()->current != NULL && this_cpu()->current->domain == d) {
                return this_cpu()->current;
            }
        }
        d->vcpus[0]->arch.event = true;
        vcpu_kick(d->vcpus[0]);
        (void)!vcpu_online(d->vcpus[0]);
        host_settle();
        host_run_until(host_now + 5000000);
    }
    return NULL;
}

/* Req: BH-CTL-012 */
static void destroy(uint16_t id)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    uint64_t a[6] = { BASE };
    int64_t result = HYPERCALL_RESTART;

    op.domain = id;
    for (unsigned tries = 0; tries < 10000 && result == HYPERCALL_RESTART; tries++) {
        struct vcpu *v = run_control();

        if (v == NULL) {
            return;
        }
        /* It may have forbidden itself its own memory. */
        v->domain->page_limit = MAX(v->domain->page_limit, v->domain->page_count + ARGUMENT_PAGES);
        v->domain->p2m.table_limit = MAX(v->domain->p2m.table_limit, v->domain->p2m.table_count + 8);
        step_repair(v->domain);
        if (guest_copy_to(v, guest_handle(BASE), &op, sizeof(op)) != 0) {
            /* Others have all there is. */
            return;
        }
        result = hypercall_dispatch(v, __HYPERVISOR_domctl, a);
        if (this_cpu()->work != 0) {
            (void)host_leave();
        }
        host_settle();
    }
    CHECK(result == 0);
    CHECK(domain_by_id(id) == NULL || reaper_waits_for_others(domain_by_id(id)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    steps(data, size);
    host_fail_allocation(0);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL && domain_table[i] != domain_of(CONTROL)) {
            destroy(domain_table[i]->id);
        }
    }
    audit();
    board_finish();
    audit_more();
    return 0;
}
