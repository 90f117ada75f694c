/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building a partition from its boot description: memory, kernel, ramdisk, the guest's description of its machine,
 * vCPUs.
 */
#ifndef BH_PARTITION_H
#define BH_PARTITION_H

#include "arch/arch_types.h"
#include "bh/boot_config.h"
#include "bh/frame.h"
#include "bh/kernel_load.h"
#include "bh/types.h"

struct domain;

/* Where things are in a partition's memory, for arch_guest_describe(). */
struct partition_layout {
    const struct boot_domain *config;
    struct memory_range ram[ARCH_GUEST_RAM_BANKS]; /* guest physical; an empty one ends the list */
    uint64_t ramdisk_start, ramdisk_end;      /* the same: there is none */
    uint64_t entry;                           /* of the kernel */
    uint64_t description;                     /* address of what arch_guest_describe() wrote */
};

/*
 * Builds CONFIG's partition, ready for domain_start(). On an error nothing of it is left and a message has said what
 * was wrong. -XEN_ENOMEM, -XEN_EINVAL: as the message says.
 */
MUST_USE int partition_build(const struct boot_domain *config, struct domain **out);

#endif
