/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may reach whom: one table of questions, asked in one place each. The default is silo: a domain reaches itself
 * and control domains, nobody else; what control domains make is open to what else they make (bh/control.h). The boot
 * description allows named pairs, for named kinds of channel, in a named direction (docs/boot.md, "bulkhead,allow").
 * docs/security.md lists each question with the hypercalls that ask it.
 */
#ifndef BH_POLICY_H
#define BH_POLICY_H

#include "bh/types.h"

struct domain;

enum policy_question {
    POLICY_EVENT,   /* may A bind a channel to B, or offer it one? */
    POLICY_GRANT,   /* may A let B map or copy its memory? */
    POLICY_ARGO,    /* may A send messages to B? */
    POLICY_MEMORY,  /* may A share memory with B, as the boot description says? */
    POLICY_QUESTION_COUNT,
};

#define POLICY_WORDS ((CONFIG_MAX_DOMAINS + 63) / 64)
struct policy_set {
    uint64_t to[POLICY_QUESTION_COUNT][POLICY_WORDS]; /* [boot] by domain.slot; cleared [atomic] when that one ends */
    uint32_t refused[POLICY_QUESTION_COUNT];          /* [atomic] how often the answer was no */
    uint64_t log_after;                               /* [atomic] ticks: no refusal is logged before */
};

/* What a question is called in the boot description: "event", "grant", "argo", "memory". */
const char *policy_question_name(enum policy_question question);
/* From now on A may do what QUESTION asks to B. Before they run. */
void policy_allow(struct domain *a, const struct domain *b, enum policy_question question);
/* B is about to leave its place in the table: what others may do to it is not for who gets the place. LOCK_DOMLIST. */
void policy_forget(const struct domain *b);
/* The question. A no is counted, and logged at most once a second for each domain. */
MUST_USE bool policy_ask(struct domain *a, const struct domain *b, enum policy_question question);

#endif
