/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an input says, step by step: a call, or what guests write, or what happens to the board; and then an audit.
 */
#include "hypercalls.h"

#include <stdlib.h>

#include "bh/console.h"
#include "bh/physmap.h"

/* An audit after so many steps; more than one in soak.c. */
unsigned audit_each = 1;

struct vcpu *run_some(unsigned cpu)
{
    for (unsigned i = 0; i < CPUS; i++) {
        host_run_on((cpu + i) % CPUS);
        if (this_cpu()->current != NULL) {
            break;
        }
    }
    return this_cpu()->current;
}

static struct vcpu *any_vcpu(void)
{
    struct domain *d = has_control ? domain_table[byte() % 16] : domain_of(byte() % role_count);
    unsigned i = byte();

    return d != NULL && d->phase == DOMAIN_RUNNING ? d->vcpus[i % d->vcpu_count] : NULL;
}

void step_repair(struct domain *d)
{
    for (unsigned i = 0; i < ARGUMENT_PAGES; i++) {
        if (!domain_gfn_is_ram(d, gfn(BASE_GFN + i))) {
            (void)!physmap_unmap(d, gfn(BASE_GFN + i), PHYSMAP_NOT_GRANTED);
            (void)!physmap_populate(d, gfn(BASE_GFN + i), ORDER_4K);
        }
    }
}

static void wake(void)
{
    struct vcpu *v = any_vcpu();

    if (v != NULL) {
        v->arch.event = byte() % 2 == 0;
        vcpu_kick(v);
        (void)!vcpu_online(v);
    }
}

/* What happens to the board beside calls; V runs, or is NULL. */
static void happen(struct vcpu *v)
{
    switch (byte() % 16) {
    case 0: case 1: case 2:
        host_run_until(host_now + 1000 * (1 + number() % 20000));
        return;
    case 3: case 4: case 5:
        wake();
        return;
    case 6:
        host_fail_allocation(byte() % 8);
        return;
    case 7:
        console_input((char)byte());
        return;
    case 8:
        board_replace();
        return;
    default:
        break;
    }
    if (v == NULL) {
        board_replace();
        wake();
        return;
    }
    switch (byte() % 8) {
    case 0:
        v->arch.event = false;
        timer_set(&v->arch.timer, host_now + number() % 10000000);
        vcpu_block_current();
        break;
    case 1:
        if (byte() % 16 == 0) {
            domain_crash(v->domain, "fuzz");
        }
        break;
    case 2:
        if (byte() % 2 == 0) {
            vcpu_offline_current();
        }
        break;
    case 3:
        if (byte() % 8 == 0) {
            event_fill(v);
        }
        break;
    default:
        step_repair(v->domain);
        break;
    }
}

/* After all CPUs have looked at what they were asked. Req: BH-CTL-004 */
static void check_paused(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        CHECK(domain_table[i] == NULL || domain_table[i]->pauses == 0 || !sched_domain_is_loaded(domain_table[i]));
    }
}

static void step(void)
{
    unsigned action = byte();
    struct vcpu *v = run_some(byte());

    if (v == NULL || action >= 232) {
        happen(v);
    } else if (has_control && action < 12) {
        control_build(v);
    } else if (action < 24) {
        grant_write(v);
    } else if (action < 40) {
        event_write(v);
    } else if (action < 44) {
        argo_write(v);
    } else if (action < 48) {
        console_write(v);
    } else {
        call_any(v);
    }
    if (this_cpu()->work != 0 || this_cpu()->current == NULL) {
        (void)host_leave();
    }
    /* Now and then the others look later. */
    if (action % 4 != 0) {
        host_settle();
        check_paused();
    }
}

void steps(const uint8_t *data, size_t size)
{
    static bool has_begun;

    if (!has_begun && getenv("FUZZ_STATISTICS") != NULL) {
        has_begun = true;
        (void)atexit(call_statistics);
    }
    input = data;
    input_left = size;
    board_begin();
    for (unsigned i = 1; input_left != 0; i++) {
        step();
        if (i % audit_each == 0) {
            audit();
        }
        (void)host_uart_take();
    }
    audit();
}
