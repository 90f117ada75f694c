/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <string.h>

#include "diag.h"

#define ANY "*"

/* What is read, for every function here. */
struct checking {
    const struct policy *policy;
    const struct partition *partitions;
    unsigned count;
};

/* ---- The rules themselves ---- */

static bool is_known(const struct checking *c, const struct policy_rule *rule, const char *key, const char *name,
                     bool may_be_any)
{
    if ((may_be_any && strcmp(name, ANY) == 0) || partition_find(c->partitions, c->count, name) != NULL) {
        return true;
    }
    diag_error(rule->file, rule->line, "'%s': there is no partition '%s'", key, name);
    return false;
}

/* Names, and what is said twice. */
static void check_rules(const struct checking *c, const struct policy_rules *rules, const char *key, bool may_be_any)
{
    for (unsigned i = 0; i < rules->count; i++) {
        const struct policy_rule *rule = &rules->rule[i];

        if (!is_known(c, rule, key, rule->from, may_be_any) || !is_known(c, rule, key, rule->to, may_be_any)) {
            continue;
        }
        if (strcmp(rule->from, rule->to) == 0 && strcmp(rule->from, ANY) != 0) {
            diag_error(rule->file, rule->line, "'%s': '%s' twice: expected two partitions", key, rule->from);
        }
        for (unsigned k = 0; k < i && !may_be_any; k++) {
            const struct policy_rule *other = &rules->rule[k];

            if (strcmp(rule->from, other->from) == 0 && strcmp(rule->to, other->to) == 0 &&
                (rule->kinds & other->kinds) != 0) {
                diag_error(rule->file, rule->line, "'%s': from '%s' to '%s': said already, see %s:%u", key, rule->from,
                           rule->to, other->file, other->line);
            }
        }
    }
}

/* A ring has one server. */
static void check_servers(const struct policy_rules *serve)
{
    for (unsigned i = 0; i < serve->count; i++) {
        for (unsigned k = 0; k < i; k++) {
            const struct policy_rule *rule = &serve->rule[i], *other = &serve->rule[k];

            if (strcmp(rule->to, other->to) == 0 && strcmp(rule->from, other->from) != 0 &&
                (rule->kinds & other->kinds) != 0) {
                diag_error(rule->file, rule->line, "'serve': a ring of '%s' is served by '%s' already, see %s:%u",
                           rule->to, other->from, other->file, other->line);
            }
        }
    }
}

/* One whose store comes from a partition that waits for it. */
static void check_waiting(const struct checking *c, const struct policy_rule *rule)
{
    const struct domain_config *server = partition_find(c->partitions, c->count, rule->from);

    if (server != NULL && server->after != NULL && strcmp(server->after, rule->to) == 0 &&
        (rule->kinds & RING_XENSTORE) != 0 && server->after_timeout == 0) {
        diag_error(rule->file, rule->line, "'serve': '%s' waits for '%s' in %s:%u, which waits for its xenstore",
                   rule->from, rule->to, server->file, config_line(server, KEY_AFTER));
    }
}

/* ---- What is forbidden ---- */

/* The rule by which `from` may never reach `to` so, or NULL. */
static const struct policy_rule *find_forbidden(const struct policy *policy, const char *from, const char *to,
                                                unsigned kinds)
{
    for (unsigned i = 0; i < policy->forbid.count; i++) {
        const struct policy_rule *rule = &policy->forbid.rule[i];

        if ((rule->kinds & kinds) != 0 && (strcmp(rule->from, ANY) == 0 || strcmp(rule->from, from) == 0) &&
            (strcmp(rule->to, ANY) == 0 || strcmp(rule->to, to) == 0)) {
            return rule;
        }
    }
    return NULL;
}

static void check_way(const struct policy *policy, const char *file, unsigned line, const char *what, const char *from,
                      const char *to, unsigned kinds)
{
    const struct policy_rule *rule = strcmp(from, to) != 0 ? find_forbidden(policy, from, to, kinds) : NULL;

    if (rule != NULL) {
        diag_error(file, line, "%s lets '%s' reach '%s', which is forbidden, see %s:%u", what, from, to, rule->file,
                   rule->line);
    }
}

/* One who writes to a region reaches all who see it. */
static void check_shares(const struct checking *c, const struct domain_config *from)
{
    for (unsigned k = 0; k < from->share_count; k++) {
        const struct config_share *s = &from->share[k];

        for (unsigned i = 0; i < c->count && !s->is_read_only; i++) {
            const struct domain_config *to = &c->partitions[i].config;

            for (unsigned m = 0; m < to->share_count && to->name != NULL && from->name != NULL; m++) {
                if (strcmp(to->share[m].id, s->id) == 0) {
                    check_way(c->policy, s->file, s->line, "shared memory", from->name, to->name, POLICY_MEMORY);
                }
            }
        }
    }
}

/* Req: BH-TOOL-028 */
void policy_check(const struct policy *policy, const struct channels *channels, const struct partition *partitions,
                  unsigned count)
{
    struct checking c = { policy, partitions, count };
    unsigned i;

    check_rules(&c, &policy->allow, "allow", false);
    check_rules(&c, &policy->serve, "serve", false);
    check_rules(&c, &policy->forbid, "forbid", true);
    check_servers(&policy->serve);
    for (i = 0; i < policy->allow.count; i++) {
        const struct policy_rule *rule = &policy->allow.rule[i];

        check_way(policy, rule->file, rule->line, "'allow'", rule->from, rule->to, rule->kinds);
    }
    for (i = 0; i < policy->serve.count; i++) {
        const struct policy_rule *rule = &policy->serve.rule[i];

        check_waiting(&c, rule);
        check_way(policy, rule->file, rule->line, "'serve'", rule->from, rule->to, POLICY_EVENT);
        check_way(policy, rule->file, rule->line, "'serve'", rule->to, rule->from, POLICY_EVENT | POLICY_GRANT);
    }
    for (i = 0; i < channels->count; i++) {
        const struct channel *ch = &channels->channel[i];

        check_way(policy, ch->file, ch->line, "this channel", ch->end[0].name, ch->end[1].name, POLICY_EVENT);
        check_way(policy, ch->file, ch->line, "this channel", ch->end[1].name, ch->end[0].name, POLICY_EVENT);
    }
    for (i = 0; i < count; i++) {
        check_shares(&c, &partitions[i].config);
    }
}
