/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may reach whom at run time, which partition serves whose PV rings, and what must never be. A system file's keys:
 *
 *   allow  = [ "from=alpha,to=beta,kinds=event+grant" ]          # the hypervisor's "bulkhead,allow"
 *   serve  = [ "server=store,client=alpha,rings=xenstore" ]      # "bulkhead,serve"
 *   forbid = [ "from=alpha,to=*", "from=*,to=beta,kinds=memory" ] # for this tool alone: what it refuses to build
 */
#ifndef BH_IMAGE_POLICY_H
#define BH_IMAGE_POLICY_H

#include "channels.h"
#include "shared_memory.h"

#define POLICY_LIMIT 256

enum policy_kind { POLICY_EVENT = 1, POLICY_GRANT = 2, POLICY_ARGO = 4, POLICY_MEMORY = 8, POLICY_ALL = 15 };
enum policy_ring { RING_CONSOLE = 1, RING_XENSTORE = 2 };

struct policy_rule {
    const char *file;
    unsigned line;
    char from[CONFIG_NAME_LENGTH + 1], to[CONFIG_NAME_LENGTH + 1]; /* of a service: server and client */
    unsigned kinds;                                                /* a sum; of a service: of rings */
};

struct policy_rules {
    struct policy_rule rule[POLICY_LIMIT];
    unsigned count;
};

struct policy {
    struct policy_rules allow, serve, forbid;
};

/* Reads these keys, which are in these lines (0: not there). Reports through diag.h. */
void policy_read(struct policy *policy, const struct config_source *source, unsigned allow_line, unsigned serve_line,
                 unsigned forbid_line);

/*
 * Checks the rules against the partitions and each other, and what joins partitions against what is forbidden. Reports
 * through diag.h.
 */
void policy_check(const struct policy *policy, const struct channels *channels, const struct partition *partitions,
                  unsigned count);

/* The names of kind or ring number `i`, from 0; NULL: there are no more. */
const char *policy_kind_name(unsigned i);
const char *policy_ring_name(unsigned i);

#endif
