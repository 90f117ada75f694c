/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything counted again: who owns which frame, how many references keep it, and from where; that channels, grants
 * and rings are between domains that may reach each other; that the free lists hold the rest, and no window is open.
 */
#define _GNU_SOURCE
#include "hypercalls.h"

#include "arch/arch.h"
#include "bh/page_alloc.h"
#include "bh/physmap.h"
#include "bh/window.h"

static struct {
    uint16_t mapped;  /* how often the tables say so */
    uint16_t foreign; /* of them, as a grant */
    uint16_t lent;    /* of them, as another's that needs no grant */
    uint16_t shared;  /* of them, as the domain's own shared frame */
    uint16_t held;    /* references that are no mappings: pins, event areas, grant tables, rings */
    uint16_t handles; /* mappings of grants, by the handles of those who made them */
} seen[FRAMES];

static uint64_t pages[CONFIG_MAX_DOMAINS]; /* RAM that each owns */
static unsigned lent[CONFIG_MAX_DOMAINS];  /* mappings of each one's pages as LENT */

static unsigned index_of(mfn_t m)
{
    CHECK(m.n >= HOST_RAM_MFN && m.n < HOST_RAM_MFN + FRAMES);
    return (unsigned)(m.n - HOST_RAM_MFN);
}

static void hold(mfn_t m)
{
    seen[index_of(m)].held++;
}

/* ---- Stage-2 tables ---- */

/* Others have mapped frame M. What it is of stays as long. */
static void count_lent(mfn_t m)
{
    const struct domain *d = domain_by_id(frame_table[m.n].charge);

    CHECK(d != NULL);
    lent[d->slot]++;
}

unsigned audit_lent(const struct domain *d)
{
    return lent[d->slot];
}

static void count_table(mfn_t t, unsigned level, unsigned *tables)
{
    const uint64_t *entry = host_peek(t);
    const struct frame *f = &frame_table[t.n];

    CHECK(f->type == FRAME_P2M && f->references == 1);
    (*tables)++;
    for (unsigned i = 0; i < 512; i++) {
        uint64_t pte = entry[i];
        mfn_t m;

        if (pte == 0) {
            continue;
        }
        m = arch_pte_mfn(pte);
        CHECK(arch_pte_is_valid(pte));
        if (arch_pte_is_table(pte, level)) {
            count_table(m, level + 1, tables);
        } else if (p2m_is_counted(arch_pte_type(pte))) {
            enum p2m_type type = arch_pte_type(pte);
            unsigned at = index_of(m);

            for (uint64_t k = 0; k < 1UL << (9 * (3 - level)); k++) {
                seen[at + k].mapped++;
                seen[at + k].foreign += type == P2M_GRANT || type == P2M_GRANT_RO;
                seen[at + k].lent += type == P2M_FOREIGN;
                seen[at + k].shared += type == P2M_SHARED;
            }
            if (type == P2M_FOREIGN) {
                CHECK(level == 3);
                count_lent(m);
            }
        }
    }
    host_peek_end(t);
}

/* ---- Event channels ---- */

static void check_ports(const struct domain *d)
{
    const struct evtchn_domain *e = &d->evtchn;

    CHECK(e->port_count <= CONFIG_MAX_EVTCHN_PORT + 1);
    for (uint32_t port = 0; port < e->port_count; port++) {
        const struct evtchn *c = evtchn_at(e, port);

        if (c->state == EVTCHN_FREE) {
            CHECK(port == 0 || port >= e->free_from);
            CHECK(c->remote == NULL);
            continue;
        }
        CHECK(port != 0 && d->vcpus[c->vcpu] != NULL);
        if (c->state == EVTCHN_INTERDOMAIN) {
            const struct evtchn *r = evtchn_at(&c->remote->evtchn, c->remote_port);

            /* Bound channels name each other, and may. */
            CHECK(r != NULL && r->state == EVTCHN_INTERDOMAIN && r->remote == d && r->remote_port == port);
            CHECK(are_peers(d, c->remote));
            /* Of a channel one end at most is the hypervisor's. */
            CHECK(!c->is_ours || (!r->is_ours && d->vuart.is_there && d->vuart.port == port));
        } else if (c->state == EVTCHN_VIRQ) {
            bool is_bound = false;

            for (unsigned i = 0; i < d->vcpu_count; i++) {
                is_bound = is_bound || (d->vcpus[i] != NULL && d->vcpus[i]->evtchn.virq_port[c->virq] == port);
            }
            CHECK(is_bound);
        }
        if (e->fifo != NULL) {
            CHECK(c->priority < 16 && c->fifo_priority < 16 && c->fifo_vcpu < d->vcpu_count);
        } else {
            CHECK(port < EVTCHN_2L_NR_CHANNELS);
        }
    }
}

static void count_events(const struct domain *d)
{
    const struct evtchn_fifo *f = d->evtchn.fifo;
    unsigned pollers = 0;

    for (unsigned i = 0; i < d->vcpu_count; i++) {
        const struct vcpu *v = d->vcpus[i];

        if (v == NULL) {
            continue;
        }
        if (v->evtchn.info_registered) {
            hold(paddr_to_mfn(paddr(v->evtchn.info)));
            CHECK((v->evtchn.info & (PAGE_SIZE - 1)) + sizeof(struct vcpu_info) <= PAGE_SIZE);
        }
        if (v->evtchn.fifo_control != 0) {
            hold(paddr_to_mfn(paddr(v->evtchn.fifo_control)));
            CHECK(f != NULL && v->evtchn.fifo_control % 8 == 0);
        }
        /* The last of a queue has a word. */
        for (unsigned q = 0; q < ARRAY_COUNT(v->evtchn.fifo_tail); q++) {
            uint32_t tail = v->evtchn.fifo_tail[q];

            CHECK(tail == 0 || (f != NULL && tail < d->evtchn.port_count && tail / EVTCHN_FIFO_WORDS < f->page_count &&
                                v->evtchn.fifo_control != 0));
        }
        for (unsigned virq = 0; virq < ARRAY_COUNT(v->evtchn.virq_port); virq++) {
            uint32_t port = v->evtchn.virq_port[virq];
            const struct evtchn *c = port != 0 ? evtchn_at(&d->evtchn, port) : NULL;

            CHECK(port == 0 || (c != NULL && c->state == EVTCHN_VIRQ && c->virq == virq));
        }
        pollers += v->evtchn.poll_port != 0;
    }
    CHECK(d->phase != DOMAIN_RUNNING || pollers == d->evtchn.pollers);
    CHECK(f == NULL || f->adopted <= f->page_count * EVTCHN_FIFO_WORDS);
    for (uint32_t i = 0; f != NULL && i < f->page_count; i++) {
        hold(f->array[i]);
    }
    check_ports(d);
}

/* ---- Grants ---- */

/* Uses of each entry of D's table, by the handles of all; so many domains are never there. */
static void count_handles(const struct domain *d)
{
    const struct grant_table *t = d->grant;
    uint32_t free = 0, used = 0;

    for (uint32_t next = t->free_mapping; next != 0; free++) {
        uint32_t handle = next - 1;

        CHECK(handle < t->mapping_count && free < t->mapping_count);
        next = t->mapping[handle / GRANT_MAPPING_PER_PAGE][handle % GRANT_MAPPING_PER_PAGE].reference;
    }
    for (uint32_t handle = 0; handle < t->mapping_count; handle++) {
        const struct grant_mapping *m = &t->mapping[handle / GRANT_MAPPING_PER_PAGE][handle % GRANT_MAPPING_PER_PAGE];
        const struct domain *owner;
        const struct grant_active *a;

        if (m->flags == 0) {
            continue;
        }
        used++;
        CHECK((m->flags & ~(GNTMAP_host_map | GNTMAP_readonly)) == 0);
        owner = domain_by_id(m->domid);
        CHECK(owner != NULL && owner->grant != NULL && are_peers(d, owner));
        a = &owner->grant->active[m->reference / GRANT_ACTIVE_PER_PAGE][m->reference % GRANT_ACTIVE_PER_PAGE];
        CHECK(a->pin.uses != 0 && a->pin.grantee == d->id && (a->pin.writes != 0 || (m->flags & GNTMAP_readonly) != 0));
        seen[index_of(mfn(a->frame))].handles++;
    }
    CHECK(free + used == t->mapping_count);
}

/* What a domain's grant table keeps, and lets others map. */
static void count_grants(const struct domain *d)
{
    const struct grant_table *t = d->grant;
    uint32_t live = 0;

    if (t == NULL) {
        return;
    }
    CHECK(t->version == 1 ? t->status_count == 0 : t->version == 2);
    CHECK(t->version == 1 || t->status_count * GRANT_STATUS_PER_FRAME >= t->frame_count * GRANT_V2_PER_FRAME);
    for (uint32_t i = 0; i < t->frame_count; i++) {
        hold(t->frame[i]);
        CHECK(frame_table[t->frame[i].n].type == FRAME_SHARED && frame_table[t->frame[i].n].mapper == d->id);
    }
    for (uint32_t i = 0; i < t->status_count; i++) {
        hold(t->status[i]);
    }
    for (unsigned i = 0; i < GRANT_ACTIVE_PAGES; i++) {
        for (unsigned k = 0; t->active[i] != NULL && k < GRANT_ACTIVE_PER_PAGE; k++) {
            const struct grant_active *a = &t->active[i][k];

            CHECK(a->pin.writes <= a->pin.uses);
            if (a->pin.uses != 0) {
                const struct domain *grantee = domain_by_id(a->pin.grantee);

                live++;
                hold(mfn(a->frame));
                CHECK(frame_table[a->frame].owner == d->id);
                CHECK(grantee != NULL);
                CHECK(are_peers(d, grantee));
            }
        }
    }
    CHECK(live == t->live);
    count_handles(d);
}

/* Where the domain is said to have its own shared frames, it has them. */
static void check_places(struct domain *d)
{
    const struct grant_table *t = d->grant;
    enum p2m_type type;
    unsigned order;
    mfn_t m;

    if (d->phase != DOMAIN_RUNNING) {
        return;
    }
    spin_lock(&d->p2m.lock);
    CHECK(d->shared_info_place == PHYSMAP_NOWHERE || (p2m_lookup(&d->p2m, gfn(d->shared_info_place), &m, &type, &order) == 0 &&
                                     type == P2M_SHARED && m.n == d->shared_info.n));
    for (uint32_t i = 0; t != NULL && i < t->frame_count; i++) {
        CHECK(t->frame_gfn[i] == PHYSMAP_NOWHERE || (p2m_lookup(&d->p2m, gfn(t->frame_gfn[i]), &m, &type, &order) == 0 &&
                                                type == P2M_SHARED && m.n == t->frame[i].n));
    }
    for (uint32_t i = 0; t != NULL && i < t->status_count; i++) {
        CHECK(t->status_gfn[i] == PHYSMAP_NOWHERE || (p2m_lookup(&d->p2m, gfn(t->status_gfn[i]), &m, &type, &order) == 0 &&
                                                 type == P2M_SHARED && m.n == t->status[i].n));
    }
    spin_unlock(&d->p2m.lock);
}

/* ---- Argo ---- */

static void count_rings(const struct domain *d)
{
    const struct argo_domain *a = d->argo;

    for (uint32_t i = 0; a != NULL && i < CONFIG_MAX_ARGO_RINGS; i++) {
        const struct argo_ring *r = a->slot[i].ring;

        if (r == NULL) {
            continue;
        }
        CHECK(i < a->slot_end && r->page_count <= r->page_limit && r->waiting_count <= ARGO_WAITING_MAX);
        CHECK(a->slot[i].state != ARGO_LIVE || r->page_count == r->page_limit);
        CHECK(r->tx < r->length && r->tx % XEN_ARGO_MSG_SLOT_SIZE == 0);
        CHECK(r->partial.done <= r->partial.length);
        for (uint32_t k = 0; k < r->page_count; k++) {
            hold(mfn(r->page[k]));
        }
        for (unsigned k = 0; k < r->waiting_count; k++) {
            const struct domain *waits = domain_by_id(r->waiting[k].domid);

            /* Nobody who is gone, or who may not send. */
            CHECK(waits != NULL && are_peers(d, waits));
        }
    }
}

/* ---- Frames ---- */

/* What must be true of frame I; if not, what it is. */
#define CHECK_FRAME(i, x)                                                                                            \
    do {                                                                                                             \
        if (!(x)) {                                                                                                  \
            say_frame(i);                                                                                            \
        }                                                                                                            \
        CHECK(x);                                                                                                    \
    } while (0)

static void say_frame(unsigned i)
{
    const struct frame *f = &frame_table[HOST_RAM_MFN + i];

    fprintf(stderr, "frame %u: type %u, owner %u, charge %u, mapper %u, references %u, mappings %u; seen: mapped %u, "
            "foreign %u, lent %u, shared %u, held %u, handles %u\n", i, f->type, f->owner, f->charge, f->mapper, f->references,
            f->mappings, seen[i].mapped, seen[i].foreign, seen[i].lent, seen[i].shared, seen[i].held, seen[i].handles);
    for (unsigned k = 0; k < CONFIG_MAX_DOMAINS; k++) {
        const struct domain *d = domain_table[k];

        if (d != NULL) {
            fprintf(stderr, "place %u: domain %u, %s, phase %u, %lu pages\n", k, d->id, d->name, d->phase,
                    (unsigned long)d->page_count);
        }
    }
}

static void check_frames(void)
{
    uint64_t used = 0, heap = 0;

    memset(pages, 0, sizeof(pages));
    for (unsigned i = 0; i < FRAMES; i++) {
        const struct frame *f = &frame_table[HOST_RAM_MFN + i];

        if (f->type == FRAME_NONE || f->type == FRAME_FREE) {
            CHECK_FRAME(i, seen[i].mapped == 0 && seen[i].held == 0);
            continue;
        }
        used++;
        CHECK_FRAME(i, f->mappings == seen[i].mapped);
        /* Nobody has another's page but by a handle for a grant that it uses. */
        CHECK_FRAME(i, seen[i].foreign == seen[i].handles);
        if (f->type == FRAME_RAM) {
            const struct domain *d = domain_by_id(f->owner);

            CHECK_FRAME(i, d != NULL);
            CHECK_FRAME(i, seen[i].mapped - seen[i].foreign - seen[i].lent <= 1 && seen[i].shared == 0);
            CHECK_FRAME(i, f->references == seen[i].mapped + seen[i].held);
            pages[d->slot]++;
        } else if (f->type == FRAME_SHARED) {
            CHECK_FRAME(i, f->owner == FRAME_NO_DOMAIN && seen[i].mapped - seen[i].lent <= 1 &&
                               seen[i].shared == seen[i].mapped - seen[i].lent);
            CHECK_FRAME(i, f->references == seen[i].mapped + seen[i].held);
        } else {
            CHECK_FRAME(i, seen[i].mapped == 0 && seen[i].held == 0 && f->references == 1);
            heap += f->type == FRAME_HYP;
        }
    }
    CHECK(used + page_alloc_free_count() == FRAMES);
    CHECK(heap == host_heap_mapped());
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        const struct domain *d = domain_table[i];

        CHECK(d == NULL || d->phase != DOMAIN_RUNNING || pages[i] == d->page_count);
        CHECK(d == NULL || d->phase != DOMAIN_RUNNING || has_control || pages[i] <= d->page_limit);
        CHECK(d == NULL || lent[i] == d->lent);
    }
}

void audit(void)
{
    struct cpu *before = this_cpu();

    page_alloc_audit();
    for (unsigned i = 0; i < CPUS; i++) {
        host_run_on(i);
        CHECK(window_count() == 0 && this_cpu()->held_count == 0);
        CHECK(!host_window_is_open(WINDOW_LEAF) && !host_window_is_open(WINDOW_SECOND_LEAF));
    }
    host_this_cpu = before;
    memset(seen, 0, sizeof(seen));
    memset(lent, 0, sizeof(lent));
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];
        unsigned tables = 0;

        if (d == NULL) {
            continue;
        }
        count_events(d);
        count_grants(d);
        count_rings(d);
        if (d->has_shared_info) {
            hold(d->shared_info);
        }
        if (d->has_p2m) {
            for (unsigned k = 0; k < 1U << ARCH_P2M_ROOT_ORDER; k++) {
                count_table(mfn_add(d->p2m.root, k), 1, &tables);
            }
            CHECK(tables == d->p2m.table_count && tables <= d->p2m.table_limit);
            check_places(d);
        }
    }
    check_frames();
    audit_more();
}

void audit_secret(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        const struct frame *f = &frame_table[HOST_RAM_MFN + i];
        const struct domain *d = f->type == FRAME_RAM ? domain_by_id(f->owner) : NULL;

        if (d != NULL && !is_secretive(d)) {
            CHECK(memmem(host_peek(mfn(HOST_RAM_MFN + i)), PAGE_SIZE, secret, sizeof(secret)) == NULL);
            host_peek_end(mfn(HOST_RAM_MFN + i));
        }
    }
}
