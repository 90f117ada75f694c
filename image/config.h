/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions as users write them: xl domain configuration files, xl.cfg(5). libxlutil parses; this checks.
 */
#ifndef BH_IMAGE_CONFIG_H
#define BH_IMAGE_CONFIG_H

#include <libxlutil.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "blob.h"
#include "config_list.h"

#define CONFIG_DOMAIN_LIMIT 250
#define CONFIG_VCPU_LIMIT   1024
#define CONFIG_CPU_LIMIT    256
#define CONFIG_NAME_LENGTH  31
/* Characters of a kernel's command line that the hypervisor hands on. */
#define CONFIG_COMMAND_LINE_LENGTH 4095

/* Why a partition ends, and so often and in so many seconds it starts again at most. */
enum config_cause { CAUSE_POWEROFF, CAUSE_REBOOT, CAUSE_CRASH, CAUSE_WATCHDOG, CAUSE_COUNT };
#define CONFIG_RESTART_LIMIT   32
#define CONFIG_RESTART_SECONDS 65535

/* The keys of xl.cfg(5) that this version turns into something. */
enum config_key {
    KEY_NAME,
    KEY_KERNEL,
    KEY_RAMDISK,
    KEY_DEVICE_TREE,
    KEY_EXTRA,
    KEY_CMDLINE,
    KEY_MEMORY,
    KEY_VCPUS,
    KEY_CPUS,
    KEY_CPU_WEIGHT,
    KEY_VUART,
    KEY_ON_POWEROFF, /* these four in this order: enum config_cause */
    KEY_ON_REBOOT,
    KEY_ON_CRASH,
    KEY_ON_WATCHDOG,
    /* not xl's: */
    KEY_RESTART_LIMIT,
    KEY_STATIC_MEMORY,
    KEY_DIRECT_MAP,
    KEY_SHARED_MEMORY,
    KEY_WATCHDOG,
    KEY_READY,
    KEY_AFTER,
    KEY_AFTER_TIMEOUT,
    KEY_AFTER_ACTION,
    /* xl's: */
    KEY_DTDEV,
    KEY_IOMEM,
    KEY_IOPORTS,
    KEY_IRQS,
    KEY_LLC_COLORS,
    KEY_NODES,
    KEY_COUNT,
};

/* Memory of the board that is set apart for a partition, in whole pages. The hypervisor's limit (bh/boot_config.h). */
#define CONFIG_PLACE_LIMIT 8
struct config_place {
    unsigned line;
    uint64_t start, size;
};

/* What a partition sees of memory that it shares with others, in whole pages (shared_memory.h). */
#define CONFIG_SHARE_LIMIT     16
#define CONFIG_SHARE_ID_LENGTH 19
struct config_share {
    const char *file; /* the partition's own, or a system file */
    unsigned line;
    char id[CONFIG_SHARE_ID_LENGTH + 1]; /* of the region */
    uint64_t at, size;                   /* in the partition's addresses */
    uint64_t offset;                     /* in the region */
    uint64_t place;                      /* the region's machine address */
    bool has_place, is_owner, is_read_only;
};

/* A device of the board's tree (devices.h). */
#define CONFIG_DEVICE_LIMIT 16
struct config_device {
    unsigned line;
    char *path;
    bool has_no_dma; /* says its configuration */
};

/* Registers of the board, in whole pages (devices.h). */
struct config_registers {
    unsigned line;
    uint64_t start, size;
    uint64_t at; /* where the partition sees them */
};

/* Ports and interrupts of a PC (ports.h). */
struct config_ports {
    unsigned line;
    unsigned first, count;
};

/* The most colours that a cache has, and nodes: the hypervisor's limits. */
#define CONFIG_COLOUR_LIMIT 128
#define CONFIG_NODE_LIMIT   8

struct domain_config {
    const char *file;         /* as named on the command line */
    unsigned line[KEY_COUNT]; /* where each key is set, from 1; 0: not set */
    char *name;
    char *kernel;       /* path, relative to the working directory as with xl */
    char *ramdisk;      /* the same, or NULL */
    char *device_tree;  /* a partial one; the same, or NULL */
    char *command_line; /* of the kernel; "" if none */
    uint64_t memory_mib;
    unsigned vcpu_count;
    unsigned weight;                 /* 0: not set */
    unsigned schedule;               /* number of its schedule, from 1 (schedule.h); 0: none */
    const char *action[CAUSE_COUNT]; /* "destroy", "restart" or "halt-board" */
    unsigned restart_limit;          /* 0: none */
    unsigned restart_seconds;
    unsigned cpu_count;              /* entries of `cpus`; 0: any CPU */
    unsigned place_count;            /* 0: its memory is anywhere */
    struct config_place place[CONFIG_PLACE_LIMIT];
    bool is_direct;                  /* that memory is at its machine addresses */
    unsigned share_count;
    struct config_share share[CONFIG_SHARE_LIMIT];
    unsigned device_count;
    struct config_device device[CONFIG_DEVICE_LIMIT];
    unsigned registers_count;
    struct config_registers registers[CONFIG_DEVICE_LIMIT];
    unsigned port_count;
    struct config_ports port[CONFIG_DEVICE_LIMIT];
    unsigned irq_count;
    struct config_ports irq[CONFIG_DEVICE_LIMIT]; /* one each */
    bool has_colours, colour[CONFIG_COLOUR_LIMIT];
    bool has_nodes, node[CONFIG_NODE_LIMIT];
    bool has_watchdog;               /* an SBSA one */
    unsigned ready_port;             /* 0: none */
    char *after;                     /* the partition it waits for, or NULL */
    unsigned after_timeout;          /* seconds; 0: for ever */
    const char *after_action;        /* "start", "destroy" or "halt-board" */
    uint16_t cpus[CONFIG_CPU_LIMIT]; /* physical CPUs; with an xl list, entry i is the CPU of vCPU i */
};

/*
 * Reads and checks `file`, which describes a partition on `arch`. Everything wrong is reported through diag.h, all at
 * once. Returns true if there was nothing; only then `*out` is complete. config_free() in either case.
 */
bool config_read(const char *file, enum arch arch, struct domain_config *out);
void config_free(struct domain_config *config);

/* Reads `file`, which is in xl's syntax; it ends with a newline then. False after reporting what is wrong. */
bool config_open(const char *file, struct config_source *out);
void config_close(struct config_source *source);

/* The value of a string key, copied; NULL if it is not set or wrong (then reported). */
char *config_string(const struct domain_config *config, XLU_Config *xlu, enum config_key key);
/* A number from `min` to `max`, or `missing` if the key is not set or wrong (then reported). */
long config_number(const struct domain_config *config, XLU_Config *xlu, enum config_key key, long min, long max,
                   long missing);

/*
 * Parses xl's syntax for a set of CPUs ("2", "0-3", "1,3", "0-7,^4", "all") into `cpus`, ascending, at most
 * CONFIG_CPU_LIMIT. Returns NULL or what is wrong; `*count` 0 means "all".
 */
const char *config_parse_cpus(const char *text, uint16_t cpus[CONFIG_CPU_LIMIT], unsigned *count);

/* Reads the key "cpus" of `config`, whose vCPUs are known already. Reports through diag.h. */
void config_read_cpus(struct domain_config *config, XLU_Config *xlu);

/* The line that sets `key`, or 1 for a file that does not. */
unsigned config_line(const struct domain_config *config, enum config_key key);

#endif
