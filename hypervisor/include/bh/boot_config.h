/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions to start: Xen's bindings for a dom0 and for dom0less (Xen, docs/misc/arm/device-tree/booting.txt,
 * and of Xen 4.21 "capabilities"), and our own additions,
 * read from the board's device tree into plain structures. The tree is a stranger's: whatever is wrong is reported with
 * node, property and what was expected, and costs the partition it belongs to, no other.
 *
 * Ours, below a "xen,domain" node:
 *   bulkhead,name    string: the partition's name; otherwise it is the node's
 *   bulkhead,cpus    cells: physical CPUs, by their number in struct board; as many as vCPUs: vCPU i owns the i-th of
 *                    them, nobody else uses it; otherwise the vCPUs share them
 *   bulkhead,weight  cell: share of CPU time, 1 to 65535, 256 being normal
 *   bulkhead,on-poweroff, on-reboot, on-crash, on-watchdog
 *                    string: what follows such an end: "destroy" (if not given), "restart", "halt-board"
 *   bulkhead,restart-limit
 *                    two cells: so many restarts at most, up to RESTART_LIMIT_MAX, in so many seconds; after that "destroy"
 *   bulkhead,watchdog
 *                    string: the watchdog device that the partition has; "sbsa"
 */
#ifndef BH_BOOT_CONFIG_H
#define BH_BOOT_CONFIG_H

#include "bh/board.h"
#include "bh/console.h"
#include "bh/frame.h"
#include "bh/page_affinity.h"
#include "bh/restart.h"
#include "bh/start_order.h"
#include "bh/types.h"
#include "lib/fdt.h"

/* Bytes of a partial device tree. */
#define BOOT_PARTIAL_TREE_MAX (64U << 10)
/* Bytes of a partition's name, terminator included: DOMAIN_NAME_SIZE. */
#define BOOT_NAME_SIZE 32
#define BOOT_WEIGHT_MAX 65535
/* Characters of a guest's command line, terminator included. */
#define BOOT_ARGS_SIZE 4096
/* Of a module, in the place of "reg": which one of those that the boot loader numbers (Xen's hyperlaunch). */
#define BOOT_INDEX_PROPERTY "module-index"
/* Of a module: the name of its file, for an EFI program that loads it and writes "reg". */
#define BOOT_FILE_PROPERTY "xen,uefi-binary"

/* A file that the boot loader placed in memory. SIZE 0: there is none. */
struct boot_module {
    uint64_t start, size;
};

/* Ranges of memory that are set apart for a partition. */
#define BOOT_PLACE_COUNT 8

/* Ranges of "xen,static-heap". */
#define BOOT_HEAP_COUNT 8

/* COUNT I/O ports from FIRST on. */
struct boot_port_range {
    uint16_t first;
    uint32_t count;
};
#define BOOT_PORT_RANGES 8

struct boot_domain {
    char name[BOOT_NAME_SIZE];     /* letters, digits and . _ - + ; of no other partition */
    uint64_t memory_kib;           /* a multiple of 4 */
    struct boot_module kernel, ramdisk;
    struct boot_module device_tree; /* a partial one: what of the board's devices it has */
    const char *bootargs;          /* in the tree, terminated; NULL: none */
    const fdt_cell_t *cpus;        /* in the tree: see boot_domain_cpu() */
    struct fdt_node node;          /* for messages */
    uint32_t bootargs_size;        /* characters, without the terminator */
    struct restart_rules restart;
    unsigned place_count;          /* of these; 0: any memory that is free */
    struct memory_range place[CONFIG_PLACEMENT ? BOOT_PLACE_COUNT : 1]; /* the board's memory that it gets, in this order */
    struct page_affinity affinity; /* bh/boot_affinity.h; zeros: any memory will do */
    uint16_t irqs;                 /* bh/boot_ports.h: ISA interrupts, a bit for each */
    uint8_t port_count;            /* of these */
    struct boot_port_range ports[CONFIG_IOPORTS ? BOOT_PORT_RANGES : 1];
    bool is_direct;                /* at its machine addresses */
    uint16_t shared_first;         /* bh/shared_memory.h: its shares, from this one on */
    uint16_t shared_count;
    uint16_t vcpu_count;
    uint16_t spi_count;            /* arm64: shared interrupts that it needs; it may have more */
    uint16_t cpu_count;            /* of CPUS; 0: any */
    uint16_t weight;               /* 0: the default */
    bool owns_cpus;                /* vCPU i owns boot_domain_cpu(d, i), which no other partition names as its own */
    bool vpl011;
    bool watchdog;                 /* bh/sbsa_watchdog.h */
    bool is_initial;               /* it is what Xen calls dom0, as far as guests see: the only one */
    bool wants_store;              /* the domain with the store is to serve it, when it is ready */
    uint8_t capabilities;          /* DOMAIN_* */
    struct start_rules start;      /* bh/start_order.h; zeros if nobody has read them */
    uint8_t schedule;              /* bh/boot_schedule.h: the number of its schedule, from 1; 0: it is in none */
    uint8_t schedule_place;        /* its place in that, from 1 */
    uint16_t wanted_id;            /* the number it is to have; 0: any */
};

struct boot_config {
    const char *bootargs;          /* the hypervisor's command line, terminated; NULL: none */
    uint32_t bootargs_size;        /* characters, without the terminator */
    unsigned domain_count;
    unsigned heap_count;           /* of these; 0: any memory that is free is given out */
    struct memory_range heap[CONFIG_PLACEMENT ? BOOT_HEAP_COUNT : 1];
    bool has_channels;             /* there is something for boot_channels_make() */
    struct boot_domain domain[CONFIG_MAX_DOMAINS]; /* those without an error, in the order of the tree */
};

/* The I-th file that D has; NULL: that was the last one. One of SIZE 0 is not there. */
static inline const struct boot_module *boot_domain_module(const struct boot_domain *d, unsigned i)
{
    return i == 0 ? &d->kernel : i == 1 ? &d->ramdisk : i == 2 && CONFIG_DEVICES ? &d->device_tree : NULL;
}

/* Does one of them lie between START and END? */
static inline bool boot_domain_uses(const struct boot_domain *d, uint64_t start, uint64_t end)
{
    const struct boot_module *m;
    bool uses = false;

    for (unsigned i = 0; (m = boot_domain_module(d, i)) != NULL; i++) {
        uses = uses || (m->start < end && start < m->start + m->size);
    }
    return uses;
}

/* Entry I < D->cpu_count of bulkhead,cpus: a number below board.cpu_count. */
static inline unsigned boot_domain_cpu(const struct boot_domain *d, unsigned i)
{
    return __builtin_bswap32(d->cpus[i]);
}

/*
 * Reads the chosen node of T into C. Modules must be in the board's memory and clear of the COUNT ranges at TAKEN (the
 * tree itself, the image). Returns the number of partitions that were refused.
 * Bound: the nodes in /chosen, and for each module those of all partitions before it.
 */
unsigned boot_config_read(const struct fdt *t, const struct board *b, const struct memory_range *taken, unsigned count,
                          struct boot_config *c);

/*
 * The cell counts of the "reg" of MODULE, a node in DOMAIN. As Xen does, and unlike the specification, those of CHOSEN
 * and of the root count where DOMAIN has none. No pointer stored in the image is followed: also for the MMU off.
 */
void boot_config_cells(const struct fdt *t, const struct fdt_node *domain, const struct fdt_node *chosen,
                       struct fdt_node *module);

/*
 * Says that something is wrong with NODE, or with PROPERTY of it unless that is NULL: one line, "device tree: PATH:
 * PROPERTY: what". Formats as lib/format.h.
 */
void boot_config_report(enum log_level level, const struct fdt *t, const struct fdt_node *node, const char *property,
                        const char *format, ...) PRINTF_LIKE(5, 6);

#endif
