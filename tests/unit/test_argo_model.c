/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/argo*.c against a model: three domains register rings, send, receive and notify at random, and every answer,
 * every place in a ring and every interrupt is what the model says.
 */
#include "argo_domains.h"

#define MODEL_PORTS 2
#define MODEL_STEPS 100000

/* A ring as its owner would see it. */
struct model_ring {
    bool is_live;
    uint32_t length, tx, rx;
    unsigned first;
    uint32_t waiting[3]; /* UINT32_MAX: does not wait */
};
static struct model_ring model[3][MODEL_PORTS][4]; /* owner, port, partner (3: all) */
static bool model_told[3];

static unsigned pick(unsigned count)
{
    return (unsigned)rand() % count;
}

static uint32_t model_room(const struct model_ring *r)
{
    return r->rx > r->tx ? r->rx - r->tx : r->rx + r->length - r->tx;
}

static void model_register(struct domain **d, unsigned owner, unsigned port, unsigned partner)
{
    struct model_ring *r = &model[owner][port][partner];
    uint32_t length = 64 * (1 + pick(100));
    uint64_t flags = pick(2);
    int64_t expected = r->is_live && (flags != 0 || length != r->length) ? -XEN_EEXIST : 0;

    assert_int_equal(enter(d[owner], port, partner == 3 ? ANY : d[partner]->id, length, r->first, flags), expected);
    if (expected == 0 && !r->is_live) {
        uint32_t said[2];

        get(d[owner], ring_at(r->first), said, sizeof(said));
        r->is_live = true;
        r->length = length;
        r->tx = said[1]; /* it is set right in memory, too */
        assert_true(r->tx < length);
        r->rx = said[0] < length ? said[0] : 0;
        memset(r->waiting, 0xff, sizeof(r->waiting));
    }
}

static void model_send(struct domain **d, unsigned from, unsigned to, unsigned port, uint32_t length)
{
    struct model_ring *r = &model[to][port][from];
    int64_t expected = length;
    uint32_t need = 16 + ALIGN_UP(length, 16);

    r = r->is_live ? r : &model[to][port][3];
    if (from == 1 && to == 2) {
        expected = -XEN_EPERM;
    } else if (from == 2 && to == 1) {
        expected = -XEN_EPERM;
    } else if (from == 0 && to == 2) {
        expected = -XEN_EPERM;
    } else if (!r->is_live) {
        expected = -XEN_ECONNREFUSED;
    } else if (need >= r->length) {
        expected = -XEN_EMSGSIZE;
    } else if (need >= model_room(r)) {
        expected = -XEN_EAGAIN;
        r->waiting[from] = r->waiting[from] == UINT32_MAX ? length : MAX(r->waiting[from], length);
    }
    assert_int_equal(send(d[from], d[to], port, length), expected);
    if (expected >= 0) {
        if (length < 64) {
            check_message(d[to], r->first, r->length, r->tx, d[from], length, (uint8_t)from);
        }
        r->tx = (r->tx + need) % r->length;
        model_told[to] = true;
    }
    if (r->is_live) {
        assert_int_equal(tx_of(d[to], r->first), r->tx);
    }
}

static void model_notify(struct domain **d, unsigned owner)
{
    for (unsigned port = 0; port < MODEL_PORTS; port++) {
        for (unsigned partner = 0; partner < 4; partner++) {
            struct model_ring *r = &model[owner][port][partner];

            for (unsigned i = 0; i < 3 && r->is_live; i++) {
                if (r->waiting[i] != UINT32_MAX && 16 + ALIGN_UP(r->waiting[i], 16) < model_room(r)) {
                    r->waiting[i] = UINT32_MAX;
                    model_told[i] = true;
                }
            }
        }
    }
    assert_int_equal(op(d[owner], XEN_ARGO_OP_notify, 0, 0, 0, 0), 0);
}

/* Req: BH-ARGO-001, BH-ARGO-003, BH-ARGO-007, BH-ARGO-008, BH-ARGO-010, BH-ARGO-011 */
static void test_model(void **state)
{
    struct domain *d[3];

    (void)state;
    init();
    srand(2);
    d[0] = one;
    d[1] = two;
    d[2] = three;
    for (unsigned i = 0; i < 3; i++) {
        bind_virq(d[i]);
        fill(d[i], (uint8_t)i);
        for (unsigned k = 0; k < MODEL_PORTS * 4; k++) {
            model[i][k / 4][k % 4] = (struct model_ring){ .first = RINGS + 3 * k };
        }
    }
    for (unsigned step = 0; step < MODEL_STEPS; step++) {
        unsigned who = pick(3), port = pick(MODEL_PORTS), partner = pick(4);
        struct model_ring *r = &model[who][port][partner];

        host_interrupt_is_pending = pick(4) == 0;
        switch (pick(16)) {
        case 0:
            model_register(d, who, port, partner);
            break;
        case 1:
            assert_int_equal(quit(d[who], port, partner == 3 ? ANY : d[partner]->id), r->is_live ? 0 : -XEN_ENOENT);
            r->is_live = false;
            break;
        case 2: case 3: case 4:
            if (r->is_live) {
                r->rx = pick(3) == 0 ? 16 * pick(r->length / 16) : r->tx;
                set_rx(d[who], r->first, r->rx);
            }
            break;
        case 5: case 6:
            model_notify(d, who);
            break;
        default:
            model_send(d, who, pick(3), port, pick(4) == 0 ? pick(7000) : pick(200));
            break;
        }
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(told(d[i]), model_told[i]);
            model_told[i] = false;
        }
    }
    finish();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
    };

    return RUN_TESTS_APART(tests);
}
