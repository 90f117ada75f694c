/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a partition from its boot description: memory, kernel, ramdisk, the guest's description of its machine,
 * vCPUs.
 */
#ifndef BH_PARTITION_H
#define BH_PARTITION_H

#include "arch/arch_types.h"
#include "bh/boot_config.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/kernel_load.h"
#include "bh/types.h"

struct domain;

#define PARTITION_BANKS MAX(ARCH_GUEST_RAM_BANKS, DOMAIN_PLACE_COUNT)

/* Where things are in a partition's memory, for arch_guest_describe(). */
struct partition_layout {
    const struct boot_domain *config;
    struct memory_range ram[PARTITION_BANKS]; /* guest physical; an empty one ends the list */
    uint64_t ramdisk_start, ramdisk_end;      /* the same: there is none */
    uint64_t entry;                           /* of the kernel */
    uint64_t description;                     /* address of what arch_guest_describe() wrote */
    const void *partial;                      /* a copy of the partial device tree; NULL: there is none */
};

/*
 * Builds CONFIG's partition, ready for domain_start(). On an error nothing of it is left and a message has said what
 * was wrong. -XEN_ENOMEM, -XEN_EINVAL: as the message says.
 */
MUST_USE int partition_build(const struct boot_domain *config, struct domain **out);

/*
 * The same in steps for D, which is as domain_create() made it: begun, with blocks of memory of at most 2^ORDER_MAX
 * pages, then a step at a time until it does not say PARTITION_GO_ON any more. 0: it is ready. On an error what is there
 * of it stays for the reaper. Bound of a step: such a block, 2 MiB to copy, or KERNEL_NOTES_SIZE_MAX of notes.
 */
#define PARTITION_GO_ON 1
void partition_begin(struct domain *d, const struct boot_domain *config, unsigned order_max);
MUST_USE int partition_step(void);

#endif
