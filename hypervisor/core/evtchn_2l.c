/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 2-level ABI (event_channel.h, xen.h: struct shared_info): a bit for each port in the shared info page, and above
 * it, in the vCPU's own area, a bit for each word of them. A word is a long of the guest's. For 32-bit guests it is
 * half as wide, which little-endian bits do not show; but there are fewer ports, so that the masks begin earlier.
 */
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_atomic.h"
#include "bh/guest_width.h"
#include "bh/vcpu.h"
#include "bh/window.h"

#define WORD_BITS EVTCHN_2L_WORD

uint32_t evtchn_2l_port_limit(const struct domain *d)
{
    return domain_is_narrow(d) ? NARROW_EVTCHN_PORTS : EVTCHN_2L_NR_CHANNELS;
}

/* There is no bit for PORT: it was made before the domain said that it has fewer. */
static ALWAYS_INLINE bool is_beyond(const struct domain *d, uint32_t port)
{
    return unlikely(port >= NARROW_EVTCHN_PORTS) && domain_is_narrow(d);
}

static ALWAYS_INLINE xen_ulong_t *masks(const struct domain *d, struct shared_info *s)
{
    return domain_is_narrow(d) ? (xen_ulong_t *)((char *)s + NARROW_EVTCHN_MASK_AT) : s->evtchn_mask;
}

/* Whether the bit was set before. */
static bool bit_set(xen_ulong_t *words, uint32_t bit)
{
    return guest_atomic_set_bit(&words[bit / WORD_BITS], bit % WORD_BITS);
}

static bool bit_clear(xen_ulong_t *words, uint32_t bit)
{
    return guest_atomic_clear_bit(&words[bit / WORD_BITS], bit % WORD_BITS);
}

static bool bit_is_set(const xen_ulong_t *words, uint32_t bit)
{
    return (__atomic_load_n(&words[bit / WORD_BITS], __ATOMIC_SEQ_CST) >> bit % WORD_BITS & 1) != 0;
}

/* Req: BH-COMPAT-007 */
static COLD bool select_narrow(struct narrow_vcpu_info *info, uint32_t port)
{
    uint32_t mask = 1U << port / 32, before;

    (void)guest_atomic_change32(&info->evtchn_pending_sel, ~0U, mask, &before);
    return (before & mask) != 0;
}

/* Whether the bit of PORT's word was set before in INFO of a vCPU of D. */
static ALWAYS_INLINE bool select(const struct domain *d, struct vcpu_info *info, uint32_t port)
{
    /* One that was registered when the domain was narrow may not be aligned for the other. */
    if (domain_is_narrow(d) || (ARCH_GUEST_HAS_NARROW && (uintptr_t)info % sizeof(xen_ulong_t) != 0)) {
        return port < NARROW_EVTCHN_PORTS ? select_narrow((struct narrow_vcpu_info *)info, port) : true;
    }
    return bit_set(&info->evtchn_pending_sel, port / WORD_BITS);
}

/* Sets the port's bit in V's area; the interrupt follows if that is new. */
static ALWAYS_INLINE void tell(struct vcpu *v, uint32_t port)
{
    struct vcpu_info *info = evtchn_open_info(v);
    bool raise;

    if (info == NULL) {
        return;
    }
    raise = !select(v->domain, info, port) && evtchn_mark_upcall(info);
    window_close_leaf();
    if (raise) {
        arch_vcpu_upcall(v);
    }
}

/* Req: BH-EVT-002 */
bool evtchn_2l_set_pending(struct domain *d, uint32_t port, const struct evtchn *c)
{
    struct shared_info *s;
    bool is_masked;

    if (is_beyond(d, port)) {
        return false;
    }
    s = window_open_leaf(d->shared_info);
    if (bit_set(s->evtchn_pending, port)) {
        window_close_leaf();
        return false;
    }
    is_masked = bit_is_set(masks(d, s), port);
    window_close_leaf();
    if (!is_masked) {
        tell(d->vcpus[c->vcpu], port);
    }
    return true;
}

void evtchn_2l_clear_pending(struct domain *d, uint32_t port)
{
    struct shared_info *s;

    if (is_beyond(d, port)) {
        return;
    }
    s = window_open_leaf(d->shared_info);
    (void)bit_clear(s->evtchn_pending, port);
    window_close_leaf();
}

void evtchn_2l_unmask(struct domain *d, uint32_t port, const struct evtchn *c)
{
    struct shared_info *s;
    bool pending;

    if (is_beyond(d, port)) {
        return;
    }
    s = window_open_leaf(d->shared_info);
    pending = bit_clear(masks(d, s), port) && bit_is_set(s->evtchn_pending, port);
    window_close_leaf();
    if (pending) {
        tell(d->vcpus[c->vcpu], port);
    }
}

bool evtchn_2l_is_pending(struct domain *d, uint32_t port)
{
    const struct shared_info *s;
    bool pending;

    if (is_beyond(d, port)) {
        return false;
    }
    s = window_open_leaf(d->shared_info);
    pending = bit_is_set(s->evtchn_pending, port);
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

void evtchn_2l_select_all(const struct domain *d, struct vcpu_info *info)
{
    if (domain_is_narrow(d)) {
        ((struct narrow_vcpu_info *)info)->evtchn_pending_sel = ~0U;
    } else {
        info->evtchn_pending_sel = ~(xen_ulong_t)0;
    }
}
