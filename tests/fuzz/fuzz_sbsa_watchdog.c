/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual watchdog: two CPUs read and write registers in any way, time passes. After each step its timer, its
 * interrupt and its end are compared with what a plain model says of the registers.
 */
#include "support/fuzz.h"

#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/mmio.h"
#include "bh/sbsa_watchdog.h"
#include "bh/vcpu.h"
#include "bh/vgic.h"
#include "hypervisor/arch/host/host.h"

#define STEPS_MAX 512

static struct domain domain;
static struct vcpu vcpu;
static bool line_is_up, has_ended;

struct input {
    const uint8_t *data;
    size_t size;
};

void vgic_raise_spi(struct domain *d, unsigned irq)
{
    CHECK(d == &domain && irq == SBSA_WATCHDOG_SPI && !line_is_up);
    line_is_up = true;
}

void vgic_lower_spi(struct domain *d, unsigned irq)
{
    CHECK(d == &domain && irq == SBSA_WATCHDOG_SPI && line_is_up);
    line_is_up = false;
}

void domain_watchdog_expired(struct domain *d)
{
    CHECK(d == &domain && (d->arch.watchdog.status & 7) == 7 && line_is_up);
    has_ended = true;
}

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes && in->size > 0; i++) {
        value |= (uint64_t)*in->data++ << (i * 8);
        in->size--;
    }
    return value;
}

static void check(void)
{
    const struct sbsa_watchdog *w = &domain.arch.watchdog;

    CHECK((w->status & ~7u) == 0 && w->offset >> 48 == 0);
    CHECK(line_is_up == ((w->status & 2) != 0) && w->line_is_up == line_is_up);
    CHECK((w->status & 4) == 0 || (w->status & 2) != 0);
    if (w->timer.queue != NULL) {
        CHECK((w->status & 5) == 1 && w->timer.deadline == w->compare + w->origin + 1);
    } else if ((w->status & 5) == 1) {
        CHECK(w->compare >= TIMER_NEVER - 1 - w->origin);
    }
}

static void access_register(struct input *in, unsigned what)
{
    static const uint16_t offsets[] = { 0, 0, 8, 8, 0xc, 0x10, 0x14, 0xfcc };
    struct mmio_access a = { .size = (uint8_t)(what >> 4 == 15 ? 1 << (take(in, 1) & 3) : what >> 4 & 1 ? 8 : 4),
                             .is_write = (what & 1) != 0 };
    unsigned choice = (unsigned)take(in, 1);
    bool is_refresh = (what & 2) != 0;
    int err;

    a.offset = choice < 0xe0 ? offsets[choice % ARRAY_COUNT(offsets)] : (take(in, 2) & (SBSA_WATCHDOG_FRAME_SIZE - 1));
    a.value = a.is_write ? take(in, choice >> 5 & 1 ? 2 : 8) : ~0ull;
    err = is_refresh ? sbsa_watchdog_refresh_access(&vcpu, &a) : sbsa_watchdog_control_access(&vcpu, &a);
    CHECK(err == (a.size >= 4 && a.offset % a.size == 0 ? 0 : -XEN_EINVAL));
    CHECK(err != 0 || a.is_write || a.size == 8 || a.value >> 32 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    static bool is_ready;

    if (!is_ready) {
        host_board_init(2, 8);
        is_ready = true;
    }
    host_now = 1000000;
    memset(&domain, 0, sizeof(domain));
    vcpu = (struct vcpu){ .domain = &domain };
    line_is_up = has_ended = false;
    sbsa_watchdog_init(&domain);
    sbsa_watchdog_start(&domain, host_now);
    for (unsigned i = 0; i < STEPS_MAX && in.size > 0 && !has_ended; i++) {
        unsigned what = (unsigned)take(&in, 1);

        host_run_on(what >> 3 & 1);
        switch (what & 7) {
        case 4:
            host_run_until(host_now + take(&in, 2));
            break;
        case 5: /* late */
            host_advance(take(&in, 3));
            timer_expire(this_cpu());
            break;
        case 6:
            host_advance(take(&in, 2));
            break;
        case 7:
            sbsa_watchdog_expired(&domain);
            break;
        default:
            access_register(&in, what);
            break;
        }
        check();
    }
    sbsa_watchdog_stop(&domain);
    CHECK(domain.arch.watchdog.timer.queue == NULL);
    return 0;
}
