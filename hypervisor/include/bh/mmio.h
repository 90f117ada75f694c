/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated device registers: which addresses of a domain belong to which device model, and the way there.
 */
#ifndef BH_MMIO_H
#define BH_MMIO_H

#include "bh/types.h"

struct vcpu;

enum mmio_device {
    MMIO_NONE,
    MMIO_VGIC_DIST,    /* GICD of either version */
    MMIO_VGIC_REDIST,  /* GICR frames, one pair a vCPU */
    MMIO_VPL011,
    MMIO_WATCHDOG_REFRESH, /* of the SBSA watchdog */
    MMIO_WATCHDOG_CONTROL,
    MMIO_DEVICE_COUNT,
};

/* One decoded access. SIZE is 1, 2, 4 or 8 bytes; VALUE is what is written, or receives what is read. */
struct mmio_access {
    uint64_t offset; /* from the start of the region */
    uint64_t value;  /* read: no bit beyond SIZE set; written: those bits are not defined */
    uint8_t size;
    bool is_write;
};

#define MMIO_REGION_COUNT 8
struct mmio_map {
    struct mmio_region { uint64_t base, size, device; } region[MMIO_REGION_COUNT]; /* DEVICE: enum mmio_device */
    uint8_t count;
};

/* -XEN_ENOSPC: no room. -XEN_EINVAL: overlaps a region that is there. Before the domain runs only. */
MUST_USE int mmio_add(struct mmio_map *map, uint64_t base, uint64_t size, enum mmio_device device);

/*
 * Performs the access of V at guest physical address GPA by the device model there (A->offset is filled in).
 * -XEN_ENXIO: no device there. -XEN_EINVAL: the device does not take an access of this size or alignment.
 * Either way the guest gets a synchronous external abort.
 */
MUST_USE int mmio_dispatch(struct vcpu *v, uint64_t gpa, struct mmio_access *a);

#endif
