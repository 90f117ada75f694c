/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/policy.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/domain.h"

static const char question_name[POLICY_QUESTION_COUNT][8] = {
    [POLICY_EVENT] = "event", [POLICY_GRANT] = "grant", [POLICY_ARGO] = "argo", [POLICY_MEMORY] = "memory",
};

const char *policy_question_name(enum policy_question question)
{
    return question_name[question];
}

/* Req: BH-POL-002 */
void policy_allow(struct domain *a, const struct domain *b, enum policy_question question)
{
    __atomic_fetch_or(&a->policy.to[question][b->slot / 64], BIT(b->slot % 64), __ATOMIC_RELAXED);
}

/* Req: BH-POL-004 */
void policy_forget(const struct domain *b)
{
    for (unsigned i = 0; i < CONFIG_MAX_DOMAINS; i++) {
        struct domain *a = domain_table[i];

        for (unsigned question = 0; question < POLICY_QUESTION_COUNT && a != NULL; question++) {
            __atomic_fetch_and(&a->policy.to[question][b->slot / 64], ~BIT(b->slot % 64), __ATOMIC_RELAXED);
        }
    }
}

/* Req: BH-POL-003 */
static COLD void refuse(struct domain *a, const struct domain *b, enum policy_question question)
{
    uint32_t count = __atomic_add_fetch(&a->policy.refused[question], 1, __ATOMIC_RELAXED);
    uint64_t now = arch_time_now();

    if (now >= __atomic_load_n(&a->policy.log_after, __ATOMIC_RELAXED)) {
        __atomic_store_n(&a->policy.log_after, now + arch_time_frequency(), __ATOMIC_RELAXED);
        log_warning("%s: policy: no %s channel to %s (refused %u times)", a->name, question_name[question], b->name,
                    count);
    }
}

/* Req: BH-POL-001 */
bool policy_ask(struct domain *a, const struct domain *b, enum policy_question question)
{
    uint64_t allowed = __atomic_load_n(&a->policy.to[question][b->slot / 64], __ATOMIC_RELAXED);

    if (a == b || (allowed & BIT(b->slot % 64)) != 0) {
        return true;
    }
    refuse(a, b, question);
    return false;
}
