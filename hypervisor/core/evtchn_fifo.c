/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FIFO ABI (event_channel.h; Xen's design document "Event Channels FIFO"): a word for each port in pages of the
 * guest's own, linked into one queue for each vCPU and priority. The words are the guest's to write at any time, so
 * each is read once and changed by compare-and-exchange, a bounded number of times; a guest that spoils its queues
 * loses its own events.
 *
 * Linking takes LOCK_EVTCHN_FIFO of the domain that is told.
 */
#include "arch/arch.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/frame.h"
#include "bh/guest_atomic.h"
#include "bh/heap.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define WORDS_PER_PAGE EVTCHN_FIFO_WORDS
#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED  (1U << EVTCHN_FIFO_MASKED)
#define LINKED  (1U << EVTCHN_FIFO_LINKED)
#define BUSY    (1U << EVTCHN_FIFO_BUSY)

/* Tries to change a word that the guest changes at the same time, before it is asked to leave it alone. */
#define LINK_TRIES 4

static struct evtchn_fifo *fifo_of(const struct domain *d)
{
    return __atomic_load_n(&d->evtchn.fifo, __ATOMIC_ACQUIRE);
}

/* A window on PORT's word, or NULL: the guest has given no page for it. */
static event_word_t *open_word(const struct evtchn_fifo *f, uint32_t port)
{
    if (port / WORDS_PER_PAGE >= __atomic_load_n(&f->page_count, __ATOMIC_ACQUIRE)) {
        return NULL;
    }
    return (event_word_t *)window_open(f->array[port / WORDS_PER_PAGE]) + port % WORDS_PER_PAGE;
}

/* What the word was before. */
static uint32_t bits_set(event_word_t *w, uint32_t bits)
{
    uint32_t before;

    (void)guest_atomic_change32(w, ~0u, bits, &before);
    return before;
}

static uint32_t bits_clear(event_word_t *w, uint32_t bits)
{
    uint32_t before;

    (void)guest_atomic_change32(w, ~bits, 0, &before);
    return before;
}

/*
 * Links PORT behind the event at W, the last of its queue. False: that one is not linked any more, the queue is empty
 * (or the guest keeps changing the word: then it takes what it gets).
 */
static bool link_behind(event_word_t *w, uint32_t port)
{
    event_word_t seen = __atomic_load_n(w, __ATOMIC_SEQ_CST);

    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES && (seen & LINKED) != 0; i++) {
        if (i == LINK_TRIES) {
            seen = bits_set(w, BUSY) | BUSY;
        }
        if (__atomic_compare_exchange_n(w, &seen, (seen & ~(BUSY | EVTCHN_FIFO_LINK_MASK)) | port, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            return true;
        }
    }
    (void)bits_clear(w, BUSY);
    return false;
}

/* PORT is the first of V's queue Q, and the vCPU is told if it was not told of the queue before. */
static bool start_queue(struct vcpu *v, uint32_t port, unsigned q)
{
    uint64_t at = __atomic_load_n(&v->evtchn.fifo_control, __ATOMIC_ACQUIRE);
    struct evtchn_fifo_control_block *c;
    bool was_ready;

    c = (struct evtchn_fifo_control_block *)((char *)window_open_leaf(paddr_to_mfn(paddr(at))) + (at & (PAGE_SIZE - 1)));
    __atomic_store_n(&c->head[q], port, __ATOMIC_RELEASE);
    was_ready = (bits_set(&c->ready, 1U << q) & 1U << q) != 0;
    window_close_leaf();
    return !was_ready;
}

/* Links PORT, whose word W is marked as linked now, into its queue; true: the vCPU is to be told. */
static bool enqueue(struct domain *d, const struct evtchn_fifo *f, struct vcpu *v, uint32_t port, struct evtchn *c)
{
    uint32_t *old_tail = &d->vcpus[c->fifo_vcpu]->evtchn.fifo_tail[c->fifo_priority];
    uint32_t *tail = &v->evtchn.fifo_tail[c->priority];
    bool linked = false;

    if (*old_tail == port) {
        *old_tail = 0;
    }
    c->fifo_vcpu = v->id;
    c->fifo_priority = c->priority;
    if (*tail != 0) {
        event_word_t *last = open_word(f, *tail);

        linked = link_behind(last, port);
        window_close(last);
    }
    *tail = port;
    return !linked && start_queue(v, port, c->priority);
}

static void tell(struct vcpu *v)
{
    struct vcpu_info *info = evtchn_open_info(v);
    bool raise;

    if (info == NULL) {
        return;
    }
    raise = evtchn_mark_upcall(info);
    window_close_leaf();
    if (raise) {
        arch_vcpu_upcall(v);
    }
}

/* Req: BH-EVT-003 */
/* PORT's word, W, says pending: links it unless it is masked or linked already. */
static void link(struct domain *d, struct evtchn_fifo *f, event_word_t *w, uint32_t port, struct evtchn *c)
{
    struct vcpu *v = d->vcpus[c->vcpu];
    event_word_t seen = __atomic_load_n(w, __ATOMIC_SEQ_CST);
    bool is_ours = false, raise = false;

    if (__atomic_load_n(&v->evtchn.fifo_control, __ATOMIC_ACQUIRE) == 0) {
        return;
    }
    spin_lock(&f->lock);
    for (unsigned i = 0; i < GUEST_ATOMIC_TRIES && !is_ours && (seen & (PENDING | MASKED | LINKED)) == PENDING; i++) {
        is_ours = __atomic_compare_exchange_n(w, &seen, (seen & ~EVTCHN_FIFO_LINK_MASK) | LINKED, true,
                                              __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    if (is_ours) {
        raise = enqueue(d, f, v, port, c);
    }
    spin_unlock(&f->lock);
    if (raise) {
        tell(v);
    }
}

void evtchn_fifo_set_pending(struct domain *d, uint32_t port, struct evtchn *c)
{
    struct evtchn_fifo *f = fifo_of(d);
    event_word_t *w = open_word(f, port);

    if (w == NULL) {
        __atomic_store_n(&c->pending, true, __ATOMIC_RELAXED);
        return;
    }
    if ((bits_set(w, PENDING) & (PENDING | MASKED | LINKED)) != (PENDING | LINKED)) {
        link(d, f, w, port, c);
    }
    window_close(w);
}

void evtchn_fifo_clear_pending(struct domain *d, uint32_t port)
{
    event_word_t *w = open_word(fifo_of(d), port);

    /* It may stay linked: the guest takes it off its queue. */
    if (w != NULL) {
        (void)bits_clear(w, PENDING);
        window_close(w);
    }
}

void evtchn_fifo_unmask(struct domain *d, uint32_t port, struct evtchn *c)
{
    struct evtchn_fifo *f = fifo_of(d);
    event_word_t *w = open_word(f, port);

    if (w == NULL) {
        return;
    }
    if ((bits_clear(w, MASKED) & PENDING) != 0) {
        link(d, f, w, port, c);
    }
    window_close(w);
}

static bool has_bit(struct domain *d, uint32_t port, uint32_t bit)
{
    event_word_t *w = open_word(fifo_of(d), port);
    bool is_set;

    if (w == NULL) {
        return false;
    }
    is_set = (__atomic_load_n(w, __ATOMIC_SEQ_CST) & bit) != 0;
    window_close(w);
    return is_set;
}

bool evtchn_fifo_is_pending(struct domain *d, uint32_t port)
{
    return has_bit(d, port, PENDING);
}

/* A reference to the frame of D's page G. -XEN_EINVAL: it is not D's RAM. */
static int take_page(struct domain *d, gfn_t g, mfn_t *m)
{
    return domain_get_page(d, g, m) == 0 ? 0 : -XEN_EINVAL;
}

/* The first control block turns the domain to this ABI; evtchn_fifo_adopt() follows. */
static int switch_to_fifo(struct domain *d) REQUIRES(d->evtchn.lock)
{
    struct evtchn_fifo *f = heap_alloc(sizeof(*f), d->id);

    if (f == NULL) {
        return -XEN_ENOMEM;
    }
    spinlock_init(&f->lock, LOCK_EVTCHN_FIFO);
    for (uint32_t port = 1; port < d->evtchn.port_count; port++) {
        struct evtchn *c = evtchn_at(&d->evtchn, port);

        c->pending = false;
        c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    }
    __atomic_store_n(&d->evtchn.fifo, f, __ATOMIC_SEQ_CST);
    return 0;
}

void evtchn_fifo_adopt(struct domain *d)
{
    uint32_t count = MIN(d->evtchn.port_count, evtchn_2l_port_limit(d));
    const struct evtchn_fifo *f = d->evtchn.fifo;

    for (uint32_t from = 0; from < count && f != NULL; from += EVTCHN_2L_WORD) {
        xen_ulong_t bits = evtchn_2l_pending_word(d, from);

        while (bits != 0) {
            uint32_t port = from + (uint32_t)__builtin_ctzl(bits);
            struct evtchn *c = evtchn_at(&d->evtchn, port);

            bits &= bits - 1;
            if (c == NULL || c->state == EVTCHN_FREE) {
                continue;
            }
            if (f->page_count == 0) {
                __atomic_store_n(&c->pending, true, __ATOMIC_RELAXED);
            } else {
                evtchn_fifo_set_pending(d, port, c);
            }
        }
    }
}

/* Req: BH-EVT-003 */
int evtchn_fifo_init_control(struct domain *d, struct evtchn_init_control *a)
{
    struct vcpu *v;
    mfn_t m;
    int err;

    a->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (a->vcpu >= d->vcpu_count || d->vcpus[a->vcpu] == NULL) {
        return -XEN_ENOENT;
    }
    v = d->vcpus[a->vcpu];
    /* The block lies within one page, aligned to 8 bytes. */
    if (a->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || (a->offset & 7) != 0) {
        return -XEN_EINVAL;
    }
    if (v->evtchn.fifo_control != 0) {
        return -XEN_EINVAL;
    }
    err = take_page(d, gfn(a->control_gfn), &m);
    if (err == 0 && d->evtchn.fifo == NULL) {
        err = switch_to_fifo(d);
        if (err != 0) {
            domain_put_page(d, m);
        }
    }
    if (err == 0) {
        __atomic_store_n(&v->evtchn.fifo_control, mfn_to_paddr(m).a + a->offset, __ATOMIC_RELEASE);
    }
    return err;
}

/* Has every event that came before there was a place for it been looked at? */
static bool all_are_adopted(const struct evtchn_fifo *f)
{
    return f->adopted == f->page_count * (uint32_t)WORDS_PER_PAGE;
}

/* Looks at ports that have a place now, until EVTCHN_CLOSE_STEP of them were pending. */
static void adopt_some(struct domain *d, struct evtchn_fifo *f) REQUIRES(d->evtchn.lock)
{
    uint32_t end = f->page_count * (uint32_t)WORDS_PER_PAGE;

    for (unsigned told = 0; f->adopted < MIN(end, d->evtchn.port_count) && told < EVTCHN_CLOSE_STEP; f->adopted++) {
        struct evtchn *c = evtchn_at(&d->evtchn, f->adopted);

        if (__atomic_exchange_n(&c->pending, false, __ATOMIC_RELAXED) && c->state != EVTCHN_FREE) {
            evtchn_set_pending(d, f->adopted, c);
            told++;
        }
    }
    if (f->adopted >= d->evtchn.port_count) {
        f->adopted = end;
    }
}

int evtchn_fifo_expand_array(struct domain *d, const struct evtchn_expand_array *a)
{
    struct evtchn_fifo *f = d->evtchn.fifo;
    bool goes_on;
    uint32_t count;
    mfn_t m;
    int err;

    if (f == NULL) {
        return -XEN_EOPNOTSUPP;
    }
    goes_on = !all_are_adopted(f);
    if (goes_on) {
        adopt_some(d, f);
        if (!all_are_adopted(f)) {
            return EVTCHN_GO_ON;
        }
    }
    count = f->page_count;
    err = take_page(d, gfn(a->array_gfn), &m);
    if (err == 0 && goes_on && m.n == f->array[count - 1].n) {
        /* This is the call that brought the page. */
        domain_put_page(d, m);
        return 0;
    }
    if (count == ARRAY_COUNT(f->array)) {
        if (err == 0) {
            domain_put_page(d, m);
        }
        return -XEN_ENOSPC;
    }
    if (err != 0) {
        return err;
    }
    f->array[count] = m;
    __atomic_store_n(&f->page_count, count + 1, __ATOMIC_RELEASE);
    adopt_some(d, f);
    return all_are_adopted(f) ? 0 : EVTCHN_GO_ON;
}

/* Bound: a look at each port, and a window on each page of words. */
uint32_t evtchn_fifo_find_free(const struct domain *d, uint32_t from)
{
    const struct evtchn_fifo *f = d->evtchn.fifo;
    uint32_t at = from;

    while (at < d->evtchn.port_count) {
        uint32_t index = at / (uint32_t)WORDS_PER_PAGE;
        uint32_t first = index * (uint32_t)WORDS_PER_PAGE;
        uint32_t end = MIN(d->evtchn.port_count, first + (uint32_t)WORDS_PER_PAGE);
        const event_word_t *w = index < f->page_count ? window_open_read(f->array[index]) : NULL;

        while (at < end && !(evtchn_at(&d->evtchn, at)->state == EVTCHN_FREE &&
                             (w == NULL || (__atomic_load_n(&w[at - first], __ATOMIC_SEQ_CST) & LINKED) == 0))) {
            at++;
        }
        if (w != NULL) {
            window_close(w);
        }
        if (at < end) {
            return at;
        }
    }
    return at;
}

void evtchn_fifo_reset(struct domain *d)
{
    struct evtchn_fifo *f = d->evtchn.fifo;

    if (f == NULL) {
        return;
    }
    __atomic_store_n(&d->evtchn.fifo, NULL, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpus[i];

        if (v != NULL && v->evtchn.fifo_control != 0) {
            domain_put_page(d, paddr_to_mfn(paddr(v->evtchn.fifo_control)));
            v->evtchn.fifo_control = 0;
        }
        for (unsigned q = 0; v != NULL && q < ARRAY_COUNT(v->evtchn.fifo_tail); q++) {
            v->evtchn.fifo_tail[q] = 0;
        }
    }
    for (uint32_t i = 0; i < f->page_count; i++) {
        domain_put_page(d, f->array[i]);
    }
    heap_free(f, sizeof(*f));
}
