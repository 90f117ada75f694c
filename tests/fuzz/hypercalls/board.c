/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input, the board, and the lives of its domains.
 */
#include "hypercalls.h"

#include "bh/boot_config.h"
#include "bh/page_alloc.h"
#include "bh/pv_console.h"
#include "bh/reaper.h"

const uint8_t *input;
size_t input_left;
const char secret[16] = "one's own secret";

static uint64_t free_at_start;

unsigned byte(void)
{
    if (input_left == 0) {
        return 0;
    }
    input_left--;
    return *input++;
}

uint64_t number(void)
{
    uint64_t n = 0;
    unsigned size = byte() % 9;

    for (unsigned i = 0; i < size; i++) {
        n = n << 8 | byte();
    }
    return n;
}

bool once_in(unsigned n)
{
    return n <= 256 ? byte() % n == n - 1 : (byte() | byte() << 8) % n == n - 1;
}

/* ---- Domains ---- */

unsigned role_of(const struct domain *d)
{
    unsigned role = 0;

    while (role < role_count && strcmp(d->name, roles[role].name) != 0) {
        role++;
    }
    return role;
}

struct domain *domain_of(unsigned role)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *d = domain_table[i];

        if (d != NULL && d->phase == DOMAIN_RUNNING && role_of(d) == role) {
            return d;
        }
    }
    return NULL;
}

struct domain *domain_by_id(uint16_t id)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL && domain_table[i]->id == id) {
            return domain_table[i];
        }
    }
    return NULL;
}

static int give_memory(struct domain *d)
{
    int err = 0;

    for (unsigned i = 0; i < PAGES && err == 0; i++) {
        mfn_t m;

        err = frame_alloc_ram(d->id, 0, &m);
        if (err != 0) {
            break;
        }
        err = p2m_map(&d->p2m, gfn(BASE_GFN + i), m, ORDER_4K, P2M_RAM);
        if (err != 0) {
            (void)frame_unmap(m);
            break;
        }
        d->page_count++;
        if (is_secretive(d) && i == PAGES - 1) {
            memcpy(host_peek(m), secret, sizeof(secret));
            host_peek_end(m);
        }
    }
    return err;
}

static int give_vcpus(struct domain *d, unsigned count)
{
    cpuset_t all = { { 0 } };
    int err = 0;

    for (unsigned i = 0; i < CPUS; i++) {
        cpuset_add(&all, i);
    }
    for (unsigned i = 0; i < count && err == 0; i++) {
        struct vcpu *v;

        err = vcpu_create(d, i, NULL, &all, &v);
    }
    return err;
}

/* Some more than it has at first, and room for a block. */
static int add_domain(unsigned role)
{
    const struct role *r = &roles[role];
    struct boot_domain config = { .vcpu_count = r->vcpu_count, .memory_kib = (PAGES + 16 + 512) * 4 };
    struct domain *d;
    int err;

    memcpy(config.name, r->name, strlen(r->name));
    config.capabilities = r->capabilities;
    err = domain_create(&config, &d);
    if (err != 0) {
        return err;
    }
    err = give_memory(d);
    if (err == 0 && r->has_console) {
        err = pv_console_create(d);
    }
    if (err == 0) {
        err = give_vcpus(d, r->vcpu_count);
    }
    if (err != 0) {
        while (!reaper_step(d)) {
        }
        return err;
    }
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *other = domain_table[i];

        for (unsigned question = 0; question < POLICY_QUESTION_COUNT && other != NULL && other != d; question++) {
            if (are_peers(d, other)) {
                policy_allow(d, other, question);
                policy_allow(other, d, question);
            }
        }
    }
    d->is_managed = r->is_managed;
    if (r->target != NULL) {
        const struct domain *target = domain_of((unsigned)(r->target - roles));

        d->target = target != NULL ? target->id : FRAME_NO_DOMAIN;
    }
    domain_start(d);
    d->vcpus[r->vcpu_count - 1]->is_narrow = r->last_is_narrow;
    for (unsigned i = 1; i < r->vcpu_count; i++) {
        CHECK(vcpu_online(d->vcpus[i]) == 0);
    }
    return 0;
}

void board_replace(void)
{
    unsigned role = byte() % role_count;

    if (domain_of(role) == NULL) {
        (void)add_domain(role);
    }
}

static bool is_any_left(void)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            return true;
        }
    }
    return false;
}

void board_begin(void)
{
    static bool is_there;

    if (!is_there) {
        is_there = true;
        host_board_init(CPUS, RAM_MIB);
        free_at_start = page_alloc_free_count();
    }
    host_fail_allocation(0);
    host_run_on(0);
    for (unsigned role = 0; role < role_count; role++) {
        CHECK(add_domain(role) == 0);
    }
    call_forget_stopped();
    host_settle();
}

void board_finish(void)
{
    host_fail_allocation(0);
    host_run_on(0);
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        if (domain_table[i] != NULL) {
            domain_table[i]->is_managed = false;
            domain_shutdown(domain_table[i], SHUTDOWN_poweroff);
        }
    }
    for (unsigned i = 0; i < 1000 && is_any_left(); i++) {
        host_settle();
        host_run_until(host_now + 10000000);
    }
    CHECK(!is_any_left());
    CHECK(page_alloc_free_count() == free_at_start && host_heap_mapped() == 0);
    page_alloc_audit();
}
