/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual GIC against a model without list registers: three vCPUs on two CPUs do random things. In one run the
 * vCPUs hear of every change at once, and then every answer must be the model's; in the other they hear of it late,
 * and then nothing may be lost and every invariant holds.
 */
#include "test.h"

#include "vgic_board.h"

#define VCPUS     3
#define IRQS      96
#define STEPS     60000

/* One interrupt as the architecture describes it; private ones once a vCPU. */
struct model_irq {
    bool enabled, group1, edge, level, latched, active, hw;
    uint8_t priority;
    int target;        /* shared: a vCPU, or -1 */
    int holder;        /* of the active state */
    uint8_t sources;   /* GICv2 SGI: who sent it; then latched is not used */
};

static struct model_irq private_irq[VCPUS][32];
static struct model_irq shared_irq[IRQS];
static unsigned group_enable;
static bool is_v2;
static uint32_t seed;

/* Interrupts that the guest leaves enabled in the runs with late news: each time they are sent, they must come. */
#define TRACED_SGI 15
#define TRACED_SPI 95
static bool traced;
static bool owed_sgi[VCPUS];
static bool owed_spi;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static struct model_irq *model(unsigned id, unsigned irq)
{
    return irq < 32 ? &private_irq[id][irq] : &shared_irq[irq];
}

static bool is_v2_sgi(unsigned irq)
{
    return is_v2 && irq < 16;
}

static bool model_pending(const struct model_irq *m)
{
    return m->latched || m->sources != 0 || (!m->edge && m->level);
}

static bool model_ready(unsigned id, unsigned irq)
{
    const struct model_irq *m = model(id, irq);

    return model_pending(m) && m->enabled && (group_enable >> (m->group1 ? 1 : 0) & 1) != 0 && !m->active &&
           (irq < 32 || m->target == (int)id);
}

static void model_init(void)
{
    memset(private_irq, 0, sizeof(private_irq));
    memset(shared_irq, 0, sizeof(shared_irq));
    group_enable = 0;
    for (unsigned id = 0; id < VCPUS; id++) {
        for (unsigned irq = 0; irq < 32; irq++) {
            private_irq[id][irq].edge = irq < 16;
            private_irq[id][irq].group1 = !is_v2;
            private_irq[id][irq].enabled = is_v2_sgi(irq);
        }
    }
    for (unsigned irq = 32; irq < IRQS; irq++) {
        shared_irq[irq].group1 = !is_v2;
    }
}

/* The physical interrupt behind IRQ of vCPU ID. */
static bool physical_is_active(unsigned id, unsigned irq)
{
    return irq < 32 ? host_vgic[board_vcpu[id].arch.vgic.loaded_on->id].physical_active[irq]
                    : host_vgic_physical_active[irq];
}

/* After anything that may end an interrupt: no longer pending nor active, it stands for nothing any more. */
static void model_settle(struct model_irq *m)
{
    if (!m->latched && !m->active) {
        m->hw = false;
    }
}

/* ---- Steps: each does one thing to the model and to the virtual GIC ---- */

/* A vCPU that is loaded, or -1. */
static int loaded_vcpu(void)
{
    unsigned first = rnd(VCPUS);

    for (unsigned i = 0; i < VCPUS; i++) {
        if (board_is_loaded((first + i) % VCPUS)) {
            return (int)((first + i) % VCPUS);
        }
    }
    return -1;
}

static void step_schedule(void)
{
    unsigned id = rnd(VCPUS);

    if (board_is_loaded(id)) {
        assert_false(board_save(id));
        return;
    }
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        if (board_cpu[cpu].current == NULL) {
            board_load(id, cpu);
            return;
        }
    }
}

/* Which interrupts the words of registers are about: the bank of vCPU ID, or a shared one. */
static struct model_irq *bank_irq(unsigned id, unsigned bank, unsigned n)
{
    return model(id, bank * 32 + n);
}

static void bits_write(unsigned reader, unsigned owner, unsigned bank, unsigned kind, uint32_t value)
{
    if (bank == 0 && !is_v2) {
        board_write_sized(reader, true, owner * 0x20000 + 0x10000 + kind * 0x80, value, 4);
    } else {
        dist_write(reader, kind * 0x80 + bank * 4, value);
    }
}

static uint32_t bits_read(unsigned reader, unsigned owner, unsigned bank, unsigned kind)
{
    if (bank == 0 && !is_v2) {
        return (uint32_t)board_read_sized(reader, true, owner * 0x20000 + 0x10000 + kind * 0x80, 4);
    }
    return dist_read(reader, kind * 0x80 + bank * 4);
}

/* Is the interrupt among those that vCPU ID acknowledged and has not ended? */
static bool is_being_handled(unsigned irq)
{
    for (unsigned id = 0; id < VCPUS; id++) {
        for (unsigned i = 0; i < board_guest[id].depth; i++) {
            if ((board_guest[id].irq[i] & 0x3ff) == irq) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Active states by software are for some runs only, and not for GICv2 SGIs, which end only with their sender.
 */
static void step_bits(bool may_touch_active)
{
    int reader = loaded_vcpu();
    unsigned bank = rnd(3);
    unsigned kind = 1 + rnd(may_touch_active ? 7 : 5);
    uint32_t value = 1u << rnd(32);
    unsigned owner;

    if (reader < 0) {
        return;
    }
    owner = is_v2 ? (unsigned)reader : rnd(VCPUS);
    if (rnd(4) == 0) {
        value |= 1u << rnd(32) | 1u << rnd(32);
    }
    if (kind == 1 || kind == 3) {
        value &= 0x11111111u << rnd(4); /* else everything would be off most of the time */
    }
    if (kind >= 6 && bank == 0 && is_v2) {
        value &= 0xffff0000;
    }
    if (traced && bank != 1) {
        value &= bank == 0 ? ~(1u << TRACED_SGI) : ~(1u << TRACED_SPI % 32);
    }
    if (kind == 1) {
        value = bits_read((unsigned)reader, owner, bank, 1) ^ value;
    }
    bits_write((unsigned)reader, owner, bank, kind, value);
    for (unsigned n = 0; n < 32; n++) {
        struct model_irq *m = bank_irq(owner, bank, n);
        bool is_fixed = is_v2_sgi(bank * 32 + n);

        if (kind == 1) {
            m->group1 = (value >> n & 1) != 0;
        }
        if ((value >> n & 1) == 0) {
            continue;
        }
        switch (kind) {
        case 2:
            m->enabled = true;
            break;
        case 3:
            m->enabled = is_fixed;
            break;
        case 4:
            m->latched = m->latched || !is_fixed;
            break;
        case 5:
            m->latched = false;
            break;
        case 6:
            if (!m->active) {
                m->active = true;
                m->holder = bank == 0 ? (int)owner : m->target;
            }
            break;
        case 7:
            m->active = false;
            break;
        }
        model_settle(m);
    }
}

static void step_priority(void)
{
    int reader = loaded_vcpu();
    unsigned irq = rnd(IRQS);
    uint8_t priority = (uint8_t)(rnd(8) << 4);

    if (reader < 0 || is_being_handled(irq)) {
        return;
    }
    if (irq < 32 && !is_v2) {
        board_write_sized((unsigned)reader, true, (unsigned)reader * 0x20000 + 0x10400 + irq, priority | 7, 1);
    } else {
        board_write_sized((unsigned)reader, false, 0x400 + irq, priority | 7, 1);
    }
    model((unsigned)reader, irq)->priority = priority;
}

static void step_config(void)
{
    int reader = loaded_vcpu();
    unsigned word = 1 + rnd(IRQS / 16 - 1);
    uint32_t value = rnd(0x10000) << 16 | rnd(0x10000);

    if (reader < 0) {
        return;
    }
    if (word == 1 && !is_v2) {
        private_write((unsigned)reader, 0xc04, value);
    } else {
        dist_write((unsigned)reader, 0xc00 + word * 4, value);
    }
    for (unsigned i = 0; i < 16; i++) {
        model((unsigned)reader, word * 16 + i)->edge = (value >> (i * 2 + 1) & 1) != 0;
    }
}

static void step_route(void)
{
    int reader = loaded_vcpu();
    unsigned irq = 32 + rnd(IRQS - 32);
    unsigned target = rnd(VCPUS + 1);

    if (reader < 0) {
        return;
    }
    shared_irq[irq].target = target < VCPUS ? (int)target : -1;
    if (is_v2) {
        board_write_sized((unsigned)reader, false, 0x800 + irq, target < VCPUS ? 0xf8u | 1u << target : 0xf8, 1);
    } else {
        board_write_sized((unsigned)reader, false, 0x6000 + irq * 8, target < VCPUS ? target : 0x1234, 8);
    }
}

/* An interrupt that may stand for a physical one has no line that we drive. */
static bool may_be_hw(unsigned irq)
{
    return irq == 27 || (irq >= 90 && irq < 94);
}

static void step_line(void)
{
    unsigned id = rnd(VCPUS);
    unsigned irq = 16 + rnd(IRQS - 16);
    struct model_irq *m = model(id, irq);
    bool up = rnd(2) == 0;

    if (may_be_hw(irq)) {
        return;
    }
    board_on(rnd(3));
    if (up) {
        m->latched = m->latched || (m->edge && !m->level);
        if (irq < 32) {
            vgic_raise(&board_vcpu[id], irq);
        } else {
            vgic_raise_spi(&board_domain, irq);
        }
    } else if (irq < 32) {
        vgic_lower(&board_vcpu[id], irq);
    } else {
        vgic_lower_spi(&board_domain, irq);
    }
    m->level = up;
}

static void step_pulse(void)
{
    unsigned id = rnd(VCPUS);
    unsigned irq = 16 + rnd(IRQS - 16);

    board_on(rnd(3));
    model(id, irq)->latched = true;
    if (irq < 32) {
        vgic_pulse(&board_vcpu[id], irq);
    } else {
        vgic_pulse_spi(&board_domain, irq);
    }
}

static void step_hw(void)
{
    int id = loaded_vcpu();
    unsigned irq = rnd(2) == 0 ? 27 : 90 + rnd(4);
    struct model_irq *m;

    if (id < 0 || physical_is_active((unsigned)id, irq)) {
        return;
    }
    m = model((unsigned)id, irq);
    if (irq < 32) {
        board_on_vcpu((unsigned)id);
        host_vgic[this_cpu()->id].physical_active[irq] = true;
    } else {
        board_on(rnd(3));
        host_vgic_physical_active[irq] = true;
    }
    m->hw = true;
    m->latched = true;
    vgic_raise_hw(&board_vcpu[id], irq, irq);
}

static void step_sgi(void)
{
    int sender = loaded_vcpu();
    unsigned irq = rnd(16);
    uint32_t mask = rnd(3) == 0 && sender >= 0 ? 1u << sender : rnd(16);
    unsigned filter = rnd(4);

    if (sender < 0) {
        return;
    }
    board_on_vcpu((unsigned)sender);
    if (filter == 1) {
        mask = ((1u << VCPUS) - 1) & ~(1u << sender);
    } else if (filter == 2 && is_v2) {
        mask = 1u << sender;
    } else if (filter == 3 && is_v2) {
        mask = 0;
    }
    for (unsigned id = 0; id < VCPUS; id++) {
        if ((mask >> id & 1) != 0 && is_v2) {
            private_irq[id][irq].sources |= (uint8_t)(1u << sender);
        } else if ((mask >> id & 1) != 0) {
            private_irq[id][irq].latched = true;
        }
    }
    if (is_v2) {
        dist_write((unsigned)sender, 0xf00, filter << 24 | mask << 16 | irq);
    } else if (filter == 1) {
        vgic_send_sgi(&board_vcpu[sender], BIT(40) | (uint64_t)irq << 24);
    } else {
        vgic_send_sgi(&board_vcpu[sender], (uint64_t)irq << 24 | mask);
    }
}

static void step_sgi_pending(void)
{
    int id = loaded_vcpu();
    unsigned irq = rnd(16);
    bool set = rnd(2) == 0;
    uint8_t sources = (uint8_t)(rnd(8));

    if (!is_v2 || id < 0 || (traced && irq == TRACED_SGI)) {
        return;
    }
    board_write_sized((unsigned)id, false, (set ? 0xf20 : 0xf10) + irq, sources, 1);
    if (set) {
        private_irq[id][irq].sources |= sources;
    } else {
        private_irq[id][irq].sources &= (uint8_t)~sources;
    }
}

static void step_control(void)
{
    int id = loaded_vcpu();

    if (id >= 0) {
        group_enable = rnd(4) == 0 ? rnd(4) : 3;
        dist_write((unsigned)id, 0, group_enable);
    }
}

/*
 * Would the end of IRQ, which vCPU ID handles, be told from that of others? Hardware only counts the ends of what is in
 * no list register; they are taken for those of the highest priority, which is right while software sets no active
 * states by hand.
 */
static bool end_is_unclear(unsigned id, unsigned irq)
{
    struct vgic_cpu *vc = &board_vcpu[id].arch.vgic;
    struct vgic_bank *b = irq < 32 ? &vc->bank : &board_domain.arch.vgic.spi[irq / 32 - 1].bank;
    const struct model_irq *m = model(id, irq);

    if ((vc->slow & VGIC_SLOW_SPILLED) == 0) {
        return false;
    }
    if (!m->active || m->holder != (int)id) {
        return true;
    }
    if ((b->listed >> irq % 32 & 1) != 0) {
        return false;
    }
    for (unsigned other = 0; other < IRQS; other++) {
        const struct model_irq *o = model(id, other);

        if (other != irq && o->active && o->holder == (int)id &&
            (o->priority < m->priority || (o->priority == m->priority && other < irq))) {
            return true;
        }
    }
    return false;
}

static void step_end(bool compare)
{
    int id = loaded_vcpu();
    struct model_irq *m;
    unsigned irq;

    if (id < 0 || board_guest[id].depth == 0) {
        return;
    }
    irq = board_guest[id].irq[board_guest[id].depth - 1] & 0x3ff;
    if (compare && end_is_unclear((unsigned)id, irq)) {
        return;
    }
    guest_end((unsigned)id);
    if (compare) {
        m = model((unsigned)id, irq);
        m->active = m->active && m->holder != id;
        model_settle(m);
    }
}

/* The highest priority that could be signalled to vCPU ID, 0xff if there is nothing. */
static unsigned best_priority(unsigned id)
{
    unsigned best = 0xff;

    for (unsigned irq = 0; irq < IRQS; irq++) {
        if (model_ready(id, irq)) {
            best = MIN(best, model(id, irq)->priority);
        }
    }
    return best;
}

static void step_acknowledge(bool compare)
{
    int id = loaded_vcpu();
    unsigned best;
    unsigned running;
    unsigned value;
    unsigned irq;
    struct model_irq *m;

    if (id < 0) {
        return;
    }
    running = board_guest[id].depth == 0 ? 0xff : board_guest[id].priority[board_guest[id].depth - 1];
    best = best_priority((unsigned)id);
    value = guest_acknowledge((unsigned)id);
    if (!compare) {
        owed_sgi[id] = owed_sgi[id] && (value & 0x3ff) != TRACED_SGI;
        owed_spi = owed_spi && value != TRACED_SPI;
        return;
    }
    if (value == HOST_VGIC_SPURIOUS) {
        assert_true(best >= running);
        return;
    }
    irq = value & 0x3ff;
    assert_true(irq < IRQS);
    m = model((unsigned)id, irq);
    assert_true(model_ready((unsigned)id, irq));
    assert_int_equal(m->priority, best);
    assert_true(best < running);
    if (is_v2_sgi(irq)) {
        assert_true((m->sources >> (value >> 10) & 1) != 0);
        m->sources &= (uint8_t)~(1u << (value >> 10));
    } else {
        assert_int_equal(value >> 10, 0);
    }
    m->latched = false;
    m->active = true;
    m->holder = id;
}

/* ---- What must agree ---- */

static void compare_registers(void)
{
    int reader = loaded_vcpu();
    unsigned bank = rnd(3);
    unsigned owner;
    uint32_t expected[8] = { 0 };

    if (reader < 0) {
        return;
    }
    owner = is_v2 ? (unsigned)reader : rnd(VCPUS);
    for (unsigned n = 0; n < 32; n++) {
        const struct model_irq *m = bank_irq(owner, bank, n);

        expected[1] |= (uint32_t)m->group1 << n;
        expected[2] |= (uint32_t)m->enabled << n;
        expected[4] |= (uint32_t)model_pending(m) << n;
        expected[6] |= (uint32_t)m->active << n;
    }
    for (unsigned kind = 1; kind <= 6; kind++) {
        uint32_t value = bits_read((unsigned)reader, owner, bank, kind);

        if (kind == 3 || kind == 5) {
            assert_int_equal(value, expected[kind - 1]);
            continue;
        }
        if ((kind == 4 || kind == 6) && value != expected[kind]) {
            /* Not an answer yet: conservative, and the CPU that knows has been asked. */
            assert_int_equal(expected[kind] & ~value, 0);
            assert_true(board_settle());
            value = bits_read((unsigned)reader, owner, bank, kind);
        }
        assert_int_equal(value, expected[kind]);
    }
    if (is_v2) {
        unsigned irq = rnd(16);

        assert_int_equal(board_read_sized((unsigned)reader, false, 0xf10 + irq, 1), private_irq[reader][irq].sources);
    }
}

static void compare_physical(void)
{
    for (unsigned id = 0; id < VCPUS; id++) {
        if (board_is_loaded(id)) {
            assert_int_equal(physical_is_active(id, 27), private_irq[id][27].hw);
        }
    }
    for (unsigned irq = 90; irq < 94; irq++) {
        assert_int_equal(host_vgic_physical_active[irq], shared_irq[irq].hw);
    }
}

static void compare_wakeup(void)
{
    for (unsigned id = 0; id < VCPUS; id++) {
        unsigned priority = 8 << rnd(5);
        uint32_t vmcr = priority << 24 | 3;
        bool expected = best_priority(id) < priority;

        board_on(board_is_loaded(id) ? board_vcpu[id].arch.vgic.loaded_on->id : 3);
        assert_int_equal(vgic_has_pending(&board_vcpu[id], vmcr), expected);
        assert_false(vgic_has_pending(&board_vcpu[id], vmcr & ~3u));
    }
}

static void step(bool may_touch_active, bool compare)
{
    switch (rnd(18)) {
    case 0:
        step_schedule();
        break;
    case 1:
    case 2:
        step_bits(may_touch_active);
        break;
    case 3:
        step_priority();
        break;
    case 4:
        step_config();
        break;
    case 5:
        step_route();
        break;
    case 6:
    case 7:
        step_line();
        break;
    case 8:
        step_pulse();
        break;
    case 9:
        step_hw();
        break;
    case 10:
    case 11:
        step_sgi();
        break;
    case 12:
        step_sgi_pending();
        break;
    case 13:
        step_control();
        break;
    case 14:
    case 15:
        step_acknowledge(compare);
        break;
    default:
        step_end(compare);
        break;
    }
}

static void check_audit(unsigned round)
{
    const char *wrong = board_audit();

    if (wrong != NULL) {
        fail_msg("step %u: %s", round, wrong);
    }
}

static void run_exact(unsigned version, unsigned lrs, uint32_t first_seed)
{
    is_v2 = version == 2;
    seed = first_seed;
    model_init();
    board_init(version, VCPUS, lrs);
    for (unsigned i = 0; i < STEPS; i++) {
        step(lrs == HOST_VGIC_LRS && i < STEPS / 2, true);
        assert_true(board_settle());
        check_audit(i);
        compare_registers();
        compare_physical();
        compare_wakeup();
    }
}

/* Req: BH-GIC-003 */
static void test_v3_exact(void **state)
{
    static const unsigned lrs[] = { 1, 2, 4, 16 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(lrs); i++) {
        run_exact(3, lrs[i], 0x1234567 + i);
    }
}

/* Req: BH-GIC-003 */
static void test_v2_exact(void **state)
{
    static const unsigned lrs[] = { 1, 2, 4, 16 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(lrs); i++) {
        run_exact(2, lrs[i], 0x7654321 + i);
    }
}

/* Sends a traced interrupt from any CPU. */
static void step_traced(void)
{
    unsigned id = rnd(VCPUS);
    int sender = loaded_vcpu();

    if (rnd(2) == 0 || sender < 0) {
        board_on(rnd(3));
        vgic_pulse_spi(&board_domain, TRACED_SPI);
        owed_spi = true;
        return;
    }
    board_on_vcpu((unsigned)sender);
    if (is_v2) {
        dist_write((unsigned)sender, 0xf00, 1u << (16 + id) | TRACED_SGI);
    } else {
        vgic_send_sgi(&board_vcpu[sender], (uint64_t)TRACED_SGI << 24 | 1u << id);
    }
    owed_sgi[id] = true;
}

/* One of the CPUs notices what it was told, if anything. */
static void step_notice(void)
{
    unsigned id = rnd(VCPUS);

    if (board_is_loaded(id)) {
        board_on_vcpu(id);
        if (board_kicked[id] || host_vgic_maintenance()) {
            board_kicked[id] = false;
            vgic_sync(&board_vcpu[id]);
        }
    }
}

/* Ends all handlers and takes everything, vCPU after vCPU. */
static void take_everything(void)
{
    board_on(2);
    vgic_lower_spi(&board_domain, TRACED_SPI);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned id = 0; id < VCPUS; id++) {
            for (unsigned other = 0; other < VCPUS; other++) {
                if (board_is_loaded(other) && other != id) {
                    assert_false(board_save(other));
                }
            }
            if (!board_is_loaded(id)) {
                board_load(id, 0);
            }
            dist_write(id, 0, 3);
            for (unsigned bank = 0; bank < 3; bank++) { /* bogus active states and lines would go on for ever */
                uint32_t keep = bank == 0 ? 1u << TRACED_SGI : bank == 2 ? 1u << TRACED_SPI % 32 : 0;

                bits_write(id, id, bank, 7, ~0u);
                bits_write(id, id, bank, 3, ~keep);
            }
            dist_write(id, is_v2 ? 0x800 + 92 : 0x6000 + TRACED_SPI * 8, is_v2 ? 0x01010101u << id : id);
            while (board_guest[id].depth != 0) {
                guest_end(id);
            }
            assert_true(board_settle());
            for (unsigned i = 0; i < 64; i++) {
                unsigned value = guest_acknowledge(id);

                if (value == HOST_VGIC_SPURIOUS) {
                    break;
                }
                owed_sgi[id] = owed_sgi[id] && (value & 0x3ff) != TRACED_SGI;
                owed_spi = owed_spi && value != TRACED_SPI;
                guest_end(id);
                assert_true(board_settle());
            }
            assert_false(owed_sgi[id]);
        }
        assert_false(owed_spi);
    }
}

static void run_late(unsigned version, unsigned lrs, uint32_t first_seed)
{
    is_v2 = version == 2;
    seed = first_seed;
    traced = true;
    memset(owed_sgi, 0, sizeof(owed_sgi));
    owed_spi = false;
    for (unsigned round = 0; round < 200; round++) {
        model_init();
        board_init(version, VCPUS, lrs);
        for (unsigned id = 0; id < VCPUS; id++) {
            board_load(id, 0);
            dist_write(id, 0, 3);
            bits_write(id, id, 0, 2, 1u << TRACED_SGI);
            dist_write(id, 0x108, 1u << TRACED_SPI % 32);
            assert_false(board_save(id));
        }
        for (unsigned i = 0; i < 300; i++) {
            if (rnd(3) == 0) {
                step_notice();
            } else if (rnd(8) == 0) {
                step_traced();
            } else {
                step(true, false);
            }
            check_audit(i);
        }
        take_everything();
    }
    traced = false;
}

static void test_late_news(void **state)
{
    static const unsigned lrs[] = { 1, 2, 4, 16 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(lrs); i++) {
        run_late(3, lrs[i], 0xabcdef + i);
        run_late(2, lrs[i], 0xfedcba + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v3_exact),
        cmocka_unit_test(test_v2_exact),
        cmocka_unit_test(test_late_news),
    };

    return RUN_TESTS(tests);
}
