/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole common core: sequences of hypercalls, sleeps, wake-ups, allocations that fail and ends, by three domains
 * with several vCPUs on three CPUs. "first" and "second" may reach each other by every kind of channel; "third" is
 * nobody's peer. After each step everything is counted again; in the end all memory is back. FUZZ_STATISTICS in the
 * environment: how often each operation succeeded, when the program ends.
 */
#include "hypercalls/hypercalls.h"

enum { FIRST, SECOND, THIRD };
const struct role roles[] = {
    [FIRST] = { .name = "first", .vcpu_count = 3, .last_is_narrow = true },
    [SECOND] = { .name = "second", .vcpu_count = 2, .has_console = true },
    [THIRD] = { .name = "third", .vcpu_count = 1, .has_console = true },
};
const unsigned role_count = ARRAY_COUNT(roles);
const bool has_control = false;

bool are_peers(const struct domain *a, const struct domain *b)
{
    return role_of(a) == role_of(b) || (role_of(a) != THIRD && role_of(b) != THIRD);
}

bool is_secretive(const struct domain *d)
{
    return role_of(d) == THIRD;
}

uint16_t any_domid(const struct domain *d)
{
    unsigned kind = byte(), role = role_of(d);
    const struct domain *other = domain_of(kind < 160 ? (role == THIRD ? kind % role_count : 1 - role)
                                                      : kind % role_count);

    if (kind >= 250) {
        return (uint16_t)number();
    }
    if (kind >= 210 || other == NULL) {
        return kind < 230 ? d->id : DOMID_SELF;
    }
    return other->id;
}

void call_begins(struct vcpu *v, const struct call *c, bool calm)
{
    (void)v;
    (void)c;
    (void)calm;
}

void call_ends(struct vcpu *v, const struct call *c, bool calm, int64_t result)
{
    (void)v;
    (void)c;
    (void)calm;
    (void)result;
}

void audit_more(void)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    steps(data, size);
    audit_secret();
    board_finish();
    return 0;
}
