/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_known.h"

#include "bh/boot_config.h"
#include "lib/string.h"

/* How a property that is there but not used is taken. */
struct known_property {
    char name[24];
    bool supported;
    char off[12]; /* the value that asks for nothing, and so needs no warning; "0": a cell of zero */
};

/* booting.txt, "Creating Multiple Domains directly from Xen"; #*-cells and phandles are the format's own. */
static const struct known_property domain_properties[] = {
    { .name = "compatible", .supported = true },
    { .name = "memory", .supported = true },
    { .name = "cpus", .supported = true },
    { .name = "vpl011", .supported = CONFIG_VPL011 },
    { .name = "bulkhead,name", .supported = true },
    { .name = "bulkhead,cpus", .supported = true },
    { .name = "bulkhead,weight", .supported = true },
    { .name = "bulkhead,on-poweroff", .supported = CONFIG_RESTART, .off = "destroy" },
    { .name = "bulkhead,on-reboot", .supported = CONFIG_RESTART, .off = "destroy" },
    { .name = "bulkhead,on-crash", .supported = CONFIG_RESTART, .off = "destroy" },
    { .name = "bulkhead,on-watchdog", .supported = CONFIG_RESTART, .off = "destroy" },
    { .name = "bulkhead,restart-limit", .supported = CONFIG_RESTART },
    { .name = "bulkhead,ioports", .supported = CONFIG_IOPORTS },
    { .name = "bulkhead,irqs", .supported = CONFIG_IOPORTS },
    { .name = "bulkhead,watchdog", .supported = CONFIG_SBSA_WATCHDOG },
    { .name = "bulkhead,ready", .supported = CONFIG_START_ORDER },
    { .name = "bulkhead,after", .supported = CONFIG_START_ORDER },
    { .name = "bulkhead,after-timeout", .supported = CONFIG_START_ORDER },
    { .name = "bulkhead,after-action", .supported = CONFIG_START_ORDER },
    { .name = "#address-cells", .supported = true },
    { .name = "#size-cells", .supported = true },
    { .name = "phandle", .supported = true },
    { .name = "linux,phandle", .supported = true },
    { .name = "nr_spis", .supported = true },
    { .name = "direct-map", .supported = CONFIG_PLACEMENT },
    { .name = "xen,enhanced", .supported = CONFIG_CONTROL, .off = "disabled" },
    { .name = "xen,static-mem", .supported = CONFIG_PLACEMENT },
    { .name = "xen,domain-p2m-mem-mb" },
    { .name = "domain-cpupool" },
    { .name = "colors" },
    { .name = "llc-colors", .supported = CONFIG_CACHE_COLOURS },
    { .name = "bulkhead,nodes", .supported = CONFIG_NUMA },
    { .name = "sve", .off = "0" },
    { .name = "xen,sve" },
    { .name = "max_grant_version" },
    { .name = "max_grant_frames" },
    { .name = "max_maptrack_frames" },
    { .name = "passthrough", .off = "disabled" },
    { .name = "xen,sci_type", .off = "none" },
    { .name = "trap-unmapped-accesses" },
    { .name = "capabilities", .supported = CONFIG_CONTROL, .off = "0" },
    { .name = "v8r_el1_msa" },
};

static const struct known_property module_properties[] = {
    { .name = "compatible", .supported = true },
    { .name = "reg", .supported = true },
    { .name = BOOT_INDEX_PROPERTY, .supported = true },
    { .name = "bootargs", .supported = true },
    { .name = "phandle", .supported = true },
    { .name = "linux,phandle", .supported = true },
    { .name = BOOT_FILE_PROPERTY, .supported = true },
};

static const struct known_property shared_properties[] = {
    { .name = "compatible", .supported = true },
    { .name = "role", .supported = true },
    { .name = "xen,shm-id", .supported = true },
    { .name = "xen,shared-mem", .supported = true },
    { .name = "xen,offset", .supported = true },
    { .name = "bulkhead,read-only", .supported = true },
    { .name = "phandle", .supported = true },
    { .name = "linux,phandle", .supported = true },
};

/* Of /chosen only what is meant for a hypervisor; boot loaders leave much else there. */
static const struct known_property chosen_properties[] = {
    { .name = "xen,xen-bootargs", .supported = true },
    { .name = "xen,dom0-bootargs", .supported = CONFIG_CONTROL },
    { .name = "xen,static-heap", .supported = CONFIG_PLACEMENT },
    { .name = "xen,uefi-cfg-load" },
    { .name = "xen,static-mem" },
};

static bool is_off(const struct fdt_property *p, const char *off)
{
    uint32_t value;

    if (off[0] == '0') {
        return fdt_property_u32(p, &value) == 0 && value == 0;
    }
    return off[0] != '\0' && fdt_property_has_string(p, off);
}

/* Property names come from the tree: what is printed of them is cut, and without control characters. */
static void clean_name(char *out, size_t size, const char *name)
{
    (void)string_copy(out, size, name, size);
    for (; *out != '\0'; out++) {
        if (*out <= ' ' || *out > '~') {
            *out = '?';
        }
    }
}

static const struct {
    const struct known_property *properties;
    unsigned count;
    const char *prefix; /* of unknown ones only those that begin so are worth a word */
} nodes[] = {
    [BOOT_KNOWN_DOMAIN] = { domain_properties, ARRAY_COUNT(domain_properties), "" },
    [BOOT_KNOWN_MODULE] = { module_properties, ARRAY_COUNT(module_properties), "" },
    [BOOT_KNOWN_SHARED] = { shared_properties, ARRAY_COUNT(shared_properties), "" },
    [BOOT_KNOWN_CHOSEN] = { chosen_properties, ARRAY_COUNT(chosen_properties), "xen," },
};

/* Req: BH-BOOT-005, BH-BOOT-006 */
void boot_known_check(const struct fdt *t, const struct fdt_node *node, enum boot_known kind)
{
    const struct known_property *known = nodes[kind].properties;
    struct fdt_property p;
    char name[32];

    for (bool more = fdt_first_property(t, node, &p); more; more = fdt_next_property(t, &p, &p)) {
        unsigned i = 0;

        while (i < nodes[kind].count && !string_equal(p.name, known[i].name)) {
            i++;
        }
        if (i < nodes[kind].count && (known[i].supported || is_off(&p, known[i].off))) {
            continue;
        }
        if (i == nodes[kind].count && strncmp(p.name, nodes[kind].prefix, strlen(nodes[kind].prefix)) != 0) {
            continue;
        }
        clean_name(name, sizeof(name), p.name);
        boot_config_report(LOG_WARNING, t, node, name,
                           i < nodes[kind].count ? "not supported yet, ignored" : "unknown, ignored");
    }
}
