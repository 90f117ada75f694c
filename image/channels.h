/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels that are bound when partitions start (Xen, docs/misc/arm/device-tree/booting.txt, "xen,evtchn-v1"). A
 * system file's key:
 *
 *   channels = [ "alpha:10,beta:12" ]      # port 10 of alpha is joined to port 12 of beta
 */
#ifndef BH_IMAGE_CHANNELS_H
#define BH_IMAGE_CHANNELS_H

#include "config_list.h"
#include "module.h"

#define CHANNEL_LIMIT    256
#define CHANNEL_PORT_MAX 1023 /* the hypervisor's CONFIG_MAX_EVTCHN_PORT, if nobody changed it */
/* With many vCPUs, which have eight each, there are more; and no more than this. */
#define CHANNEL_PORT_MOST (8 * CONFIG_VCPU_LIMIT - 1)

struct channel_end {
    char name[CONFIG_NAME_LENGTH + 1];
    unsigned port;
    const struct domain_config *config; /* once checked */
};

struct channel {
    const char *file;
    unsigned line;
    struct channel_end end[2];
};

struct channels {
    struct channel channel[CHANNEL_LIMIT];
    unsigned count;
};

/* Reads that key, which is in line `line` (0: not there). Reports through diag.h. */
void channels_read(struct channels *channels, const struct config_source *source, unsigned line);

/* Checks that each end is a partition's, at a port of its own. Reports through diag.h. */
void channels_check(struct channels *channels, enum arch arch, const struct partition *partitions, unsigned count);

#endif
