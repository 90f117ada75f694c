/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

static const char *const kind_names[] = { "event", "grant", "argo", "memory", NULL };
static const char *const ring_names[] = { "console", "xenstore", NULL };

const char *policy_kind_name(unsigned i)
{
    return i < 4 ? kind_names[i] : NULL;
}

const char *policy_ring_name(unsigned i)
{
    return i < 2 ? ring_names[i] : NULL;
}

/* The three lists, and what their parts are called. */
struct form {
    const char *key, *from, *to, *kinds;
    const char *const *names;
    bool may_be_any;
};
static const struct form forms[] = {
    { "allow", "from", "to", "kinds", kind_names, false },
    { "serve", "server", "client", "rings", ring_names, false },
    { "forbid", "from", "to", "kinds", kind_names, true },
};

/* What entries are read into. */
struct reading {
    const struct form *form;
    struct policy_rules *out;
    const char *file;
};

/* "event+grant"; NULL, or the word that is none of them. */
static const char *read_kinds(char *text, const char *const *names, unsigned *out)
{
    char *word;

    *out = 0;
    while ((word = strsep(&text, "+")) != NULL) {
        unsigned i = 0;

        while (names[i] != NULL && strcmp(names[i], word) != 0) {
            i++;
        }
        if (names[i] == NULL) {
            return word;
        }
        *out |= 1u << i;
    }
    return NULL;
}

/* Req: BH-TOOL-028 */
static void take_rule(void *context, char *text, unsigned line)
{
    struct reading *r = context;
    const char *from, *to, *kinds, *bad = NULL;
    const struct config_field fields[] = { { r->form->from, &from, true }, { r->form->to, &to, true },
                                           { r->form->kinds, &kinds, !r->form->may_be_any } };
    struct policy_rule rule = { .file = r->file, .line = line, .kinds = POLICY_ALL };
    char *why = config_list_fields(text, fields, 3);

    if (why != NULL) {
        diag_error(r->file, line, "'%s': %s: expected \"%s=NAME,%s=NAME,%s=%s+...\"", r->form->key, why, r->form->from,
                   r->form->to, r->form->kinds, r->form->names[0]);
        free(why);
        return;
    }
    if (kinds != NULL) {
        bad = read_kinds((char *)kinds, r->form->names, &rule.kinds);
    }
    if (bad != NULL) {
        diag_error(r->file, line, "'%s': '%s' is none of the %s: %s, %s%s", r->form->key, bad, r->form->kinds,
                   r->form->names[0], r->form->names[1], r->form->names[2] != NULL ? ", argo, memory" : "");
    } else if (strlen(from) > CONFIG_NAME_LENGTH || strlen(to) > CONFIG_NAME_LENGTH) {
        diag_error(r->file, line, "'%s': a name is longer than %d characters", r->form->key, CONFIG_NAME_LENGTH);
    } else if (r->out->count == POLICY_LIMIT) {
        diag_error(r->file, line, "'%s': more than %d rules", r->form->key, POLICY_LIMIT);
    } else {
        strcpy(rule.from, from);
        strcpy(rule.to, to);
        r->out->rule[r->out->count++] = rule;
    }
}

void policy_read(struct policy *policy, const struct config_source *source, unsigned allow_line, unsigned serve_line,
                 unsigned forbid_line)
{
    struct reading allow = { &forms[0], &policy->allow, source->file };
    struct reading serve = { &forms[1], &policy->serve, source->file };
    struct reading forbid = { &forms[2], &policy->forbid, source->file };

    config_list_each(source, "allow", allow_line, POLICY_LIMIT, "rules", take_rule, &allow);
    config_list_each(source, "serve", serve_line, POLICY_LIMIT, "services", take_rule, &serve);
    config_list_each(source, "forbid", forbid_line, POLICY_LIMIT, "rules", take_rule, &forbid);
}
