/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 2-level ABI (event_channel.h, xen.h: struct shared_info): a bit for each port in the shared info page, and above
 * it, in the vCPU's own area, a bit for each word of them.
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_atomic.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define WORD_BITS EVTCHN_2L_WORD

/* Whether the bit was set before. */
static bool bit_set(xen_ulong_t *words, uint32_t bit)
{
    xen_ulong_t mask = (xen_ulong_t)1 << bit % WORD_BITS, before;

    (void)guest_atomic_change64(&words[bit / WORD_BITS], ~(xen_ulong_t)0, mask, &before);
    return (before & mask) != 0;
}

static bool bit_clear(xen_ulong_t *words, uint32_t bit)
{
    xen_ulong_t mask = (xen_ulong_t)1 << bit % WORD_BITS, before;

    (void)guest_atomic_change64(&words[bit / WORD_BITS], ~mask, 0, &before);
    return (before & mask) != 0;
}

static bool bit_is_set(const xen_ulong_t *words, uint32_t bit)
{
    return (__atomic_load_n(&words[bit / WORD_BITS], __ATOMIC_SEQ_CST) >> bit % WORD_BITS & 1) != 0;
}

/* Sets the port's bit in V's area; the interrupt follows if that is new. */
static void tell(struct vcpu *v, uint32_t port)
{
    struct vcpu_info *info = evtchn_open_info(v);
    bool raise;

    if (info == NULL) {
        return;
    }
    raise = !bit_set(&info->evtchn_pending_sel, port / WORD_BITS) && evtchn_mark_upcall(info);
    window_close_leaf();
    if (raise) {
        arch_vcpu_upcall(v);
    }
}

/* Req: BH-EVT-002 */
void evtchn_2l_set_pending(struct domain *d, uint32_t port, const struct evtchn *c)
{
    struct shared_info *s = window_open_leaf(d->shared_info);
    bool is_new = !bit_set(s->evtchn_pending, port) && !bit_is_set(s->evtchn_mask, port);

    window_close_leaf();
    if (is_new) {
        tell(d->vcpus[c->vcpu], port);
    }
}

void evtchn_2l_clear_pending(struct domain *d, uint32_t port)
{
    struct shared_info *s = window_open_leaf(d->shared_info);

    (void)bit_clear(s->evtchn_pending, port);
    window_close_leaf();
}

void evtchn_2l_unmask(struct domain *d, uint32_t port, const struct evtchn *c)
{
    struct shared_info *s = window_open_leaf(d->shared_info);
    bool pending = bit_clear(s->evtchn_mask, port) && bit_is_set(s->evtchn_pending, port);

    window_close_leaf();
    if (pending) {
        tell(d->vcpus[c->vcpu], port);
    }
}

bool evtchn_2l_is_pending(struct domain *d, uint32_t port)
{
    const struct shared_info *s = window_open_leaf(d->shared_info);
    bool pending = bit_is_set(s->evtchn_pending, port);

    window_close_leaf();
    return pending;
}

xen_ulong_t evtchn_2l_pending_word(struct domain *d, uint32_t port)
{
    const struct shared_info *s = window_open_read(d->shared_info);
    xen_ulong_t bits = __atomic_load_n(&s->evtchn_pending[port / WORD_BITS], __ATOMIC_SEQ_CST);

    window_close(s);
    return bits;
}
