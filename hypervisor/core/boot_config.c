/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions to start, from /chosen of the board's device tree. A partition is read as a whole before it counts;
 * an error anywhere in it leaves it out.
 */
#include "bh/boot_config.h"

#include "arch/arch_types.h"
#include "bh/boot.h"
#include "bh/boot_affinity.h"
#include "bh/boot_known.h"
#include "bh/boot_placement.h"
#include "bh/boot_ports.h"
#include "bh/boot_shared_memory.h"
#include "bh/boot_words.h"
#include "bh/domain.h"
#include "bh/shared_memory.h"
#include "lib/format.h"
#include "lib/string.h"

#define REPORT_SIZE 160

/* One "xen,domain" node while it is read. */
struct reading {
    const struct fdt *t;
    const struct board *board;
    const struct memory_range *taken;
    unsigned taken_count;
    struct boot_config *config; /* the partitions before it */
    bool failed;
    struct boot_domain *d;
};

/* What may be in a "xen,domain" node beside its modules, or in /chosen beside that. */
static const char unsupported_nodes[][32] = {
    "xen,vcpu", "multiboot,device-tree", "xen,domain-shared-memory-v1", "bulkhead,schedule", /* the last three: by this build */
};

/* Req: BH-BOOT-008 */
void boot_config_report(enum log_level level, const struct fdt *t, const struct fdt_node *node, const char *property,
                        const char *format, ...)
{
    char path[FDT_PATH_SIZE], text[REPORT_SIZE];
    va_list args;

    if ((int)level > CONFIG_LOG_LEVEL) {
        return;
    }
    fdt_node_path(t, node, path, sizeof(path));
    va_start(args, format);
    format_string(text, sizeof(text), format, args);
    va_end(args);
    log_message(level, "device tree: %s: %s%s%s", path, property != NULL ? property : "", property != NULL ? ": " : "",
                text);
}

/* Reports an error that keeps the partition from starting. */
#define domain_error(r, node, property, ...)                                          \
    do {                                                                              \
        (r)->failed = true;                                                           \
        boot_config_report(LOG_ERROR, (r)->t, node, property, __VA_ARGS__);           \
    } while (0)

static bool name_is_good(const char *name)
{
    size_t n = 0;

    for (; name[n] != '\0'; n++) {
        char c = name[n];

        if (n == BOOT_NAME_SIZE - 1 || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                         c == '.' || c == '_' || c == '-' || c == '+')) {
            return false;
        }
    }
    return n > 0;
}

/* Req: BH-BOOT-009, BH-BOOT-010 */
static void read_name(struct reading *r)
{
    const struct fdt_node *node = &r->d->node;
    const char *name = fdt_node_name(r->t, node);
    const char *property = NULL;
    const char *given;
    int err = fdt_text(r->t, node, "bulkhead,name", &given, NULL);

    if (err != -XEN_ENOENT) {
        property = "bulkhead,name";
        name = err == 0 ? given : "";
    }
    if (!name_is_good(name)) {
        domain_error(r, node, property, "no name for a partition; expected 1 to %u letters, digits and . _ - +",
                     BOOT_NAME_SIZE - 1);
        return;
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        if (string_equal(r->config->domain[i].name, name)) {
            domain_error(r, node, property, "\"%s\" is another partition's name; expected one of its own", name);
        }
    }
    (void)string_copy(r->d->name, sizeof(r->d->name), name, BOOT_NAME_SIZE);
}

static void read_memory(struct reading *r)
{
    uint64_t limit = MIN(board_memory_size(r->board), ARCH_GUEST_RAM_MAX) >> 10;
    int err = fdt_number(r->t, &r->d->node, "memory", &r->d->memory_kib);

    if (err != 0) {
        domain_error(r, &r->d->node, "memory", "%s; expected a number of KiB in two cells",
                     err == -XEN_ENOENT ? "missing" : "malformed");
    } else if (r->d->memory_kib == 0 || r->d->memory_kib % (PAGE_SIZE >> 10) != 0 || r->d->memory_kib > limit) {
        domain_error(r, &r->d->node, "memory", "%llu KiB; expected a multiple of 4 up to %llu, what the board has",
                     (unsigned long long)r->d->memory_kib, (unsigned long long)limit);
    }
}

static void read_vcpus(struct reading *r)
{
    uint32_t count = 0;
    int err = fdt_u32(r->t, &r->d->node, "cpus", &count);

    if (err != 0) {
        domain_error(r, &r->d->node, "cpus", "%s; expected a number of vCPUs in one cell",
                     err == -XEN_ENOENT ? "missing" : "malformed");
    } else if (count == 0 || count > CONFIG_MAX_VCPUS) {
        domain_error(r, &r->d->node, "cpus", "%u vCPUs; expected 1 to %u", count, CONFIG_MAX_VCPUS);
    } else {
        r->d->vcpu_count = (uint16_t)count;
    }
}

/* The partition before this one that owns physical CPU NUMBER, or NULL. */
static const struct boot_domain *find_owner(const struct reading *r, unsigned number)
{
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        const struct boot_domain *d = &r->config->domain[i];

        for (unsigned k = 0; d->owns_cpus && k < d->cpu_count; k++) {
            if (boot_domain_cpu(d, k) == number) {
                return d;
            }
        }
    }
    return NULL;
}

static void read_cpus(struct reading *r)
{
    struct boot_domain *d = r->d;
    struct fdt_property p;
    uint32_t count;

    if (!fdt_find_property(r->t, &d->node, "bulkhead,cpus", &p)) {
        return;
    }
    count = p.size / sizeof(fdt_cell_t);
    if (count == 0 || p.size % sizeof(fdt_cell_t) != 0 || count > CONFIG_MAX_CPUS) {
        domain_error(r, &d->node, "bulkhead,cpus", "malformed; expected 1 to %u numbers of CPUs", CONFIG_MAX_CPUS);
        return;
    }
    d->cpus = p.value;
    d->cpu_count = (uint16_t)count;
    d->owns_cpus = count == d->vcpu_count;
    for (unsigned i = 0; i < count; i++) {
        const struct boot_domain *owner;
        unsigned cpu = boot_domain_cpu(d, i);

        if (cpu >= r->board->cpu_count) {
            domain_error(r, &d->node, "bulkhead,cpus", "CPU %u; expected 0 to %u, the board's", cpu,
                         r->board->cpu_count - 1);
            return;
        }
        for (unsigned k = 0; k < i; k++) {
            if (boot_domain_cpu(d, k) == cpu) {
                domain_error(r, &d->node, "bulkhead,cpus", "CPU %u twice; expected each once", cpu);
                return;
            }
        }
        owner = d->owns_cpus ? find_owner(r, cpu) : NULL;
        if (owner != NULL) {
            domain_error(r, &d->node, "bulkhead,cpus", "CPU %u is owned by %s; expected one that is free", cpu,
                         owner->name);
            return;
        }
    }
}

static void read_weight(struct reading *r)
{
    uint32_t weight;
    int err = fdt_u32(r->t, &r->d->node, "bulkhead,weight", &weight);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || weight == 0 || weight > BOOT_WEIGHT_MAX) {
        domain_error(r, &r->d->node, "bulkhead,weight", "expected a number from 1 to %u", BOOT_WEIGHT_MAX);
        return;
    }
    r->d->weight = (uint16_t)weight;
}

/* What PROPERTY says is to be done. Req: BH-LIFE-012 */
static void read_action(struct reading *r, const char *property, uint8_t *action)
{
    static const char names[RESTART_ACTION_COUNT][12] = {
        [RESTART_DESTROY] = "destroy", [RESTART_AGAIN] = "restart", [RESTART_HALT_BOARD] = "halt-board",
    };
    const char *text;
    int err = fdt_text(r->t, &r->d->node, property, &text, NULL);
    unsigned i = 0;

    if (err == -XEN_ENOENT) {
        return;
    }
    while (err == 0 && i < ARRAY_COUNT(names) && !string_equal(text, names[i])) {
        i++;
    }
    if (err != 0 || i == ARRAY_COUNT(names)) {
        domain_error(r, &r->d->node, property, "expected \"destroy\", \"restart\" or \"halt-board\"");
    } else {
        *action = (uint8_t)i;
    }
}

/* Req: BH-LIFE-014 */
static void read_restart(struct reading *r)
{
    struct restart_rules *rules = &r->d->restart;
    struct fdt_property p;

    read_action(r, "bulkhead,on-poweroff", &rules->action[RESTART_POWEROFF]);
    read_action(r, "bulkhead,on-reboot", &rules->action[RESTART_REBOOT]);
    read_action(r, "bulkhead,on-crash", &rules->action[RESTART_CRASH]);
    read_action(r, "bulkhead,on-watchdog", &rules->action[RESTART_WATCHDOG]);
    if (!fdt_find_property(r->t, &r->d->node, "bulkhead,restart-limit", &p)) {
        return;
    }
    if (p.size != 2 * sizeof(fdt_cell_t) || fdt_cell(&p, 0) == 0 || fdt_cell(&p, 0) > RESTART_LIMIT_MAX ||
        fdt_cell(&p, 1) == 0 || fdt_cell(&p, 1) > UINT16_MAX) {
        domain_error(r, &r->d->node, "bulkhead,restart-limit", "expected two cells: 1 to %u times, in 1 to %u seconds",
                     RESTART_LIMIT_MAX, UINT16_MAX);
        return;
    }
    rules->limit = (uint8_t)fdt_cell(&p, 0);
    rules->seconds = (uint16_t)fdt_cell(&p, 1);
}

static bool ranges_overlap(const struct boot_module *m, uint64_t start, uint64_t size)
{
    return m->start < start + size && start < m->start + m->size;
}

/* True if a module at START collides with one of D, or its memory. Partitions may share a file, but only the whole of it. */
static bool collides(const struct boot_domain *d, uint64_t start, uint64_t size)
{
    const struct boot_module *m;

    for (unsigned i = 0; (m = boot_domain_module(d, i)) != NULL; i++) {
        if (ranges_overlap(m, start, size) && !(m->start == start && m->size == size)) {
            return true;
        }
    }
    return boot_placement_overlaps(d, start, start + size);
}

/* What "reg" of NODE says, or which of the boot loader's modules it names; false: that cannot be read. */
static bool read_range(struct reading *r, const struct fdt_node *node, uint64_t *start, uint64_t *size)
{
    struct fdt_node n = *node;
    struct fdt_property p;
    uint32_t index;

    if (r->board->module_count != 0 && fdt_find_property(r->t, node, BOOT_INDEX_PROPERTY, &p)) {
        if (fdt_property_u32(&p, &index) != 0 || index >= r->board->module_count) {
            domain_error(r, node, BOOT_INDEX_PROPERTY, "expected a number below %u, how many modules there are",
                         r->board->module_count);
            return false;
        }
        *start = r->board->module[index].start;
        *size = r->board->module[index].end - *start;
        return true;
    }
    boot_config_cells(r->t, &r->d->node, &r->board->chosen, &n);
    if (fdt_find_property(r->t, node, BOOT_FILE_PROPERTY, &p) && !fdt_find_property(r->t, node, "reg", &p)) {
        domain_error(r, node, BOOT_FILE_PROPERTY, "the file is not loaded; expected a start as an EFI program that "
                     "finds it, or \"reg\"");
        return false;
    }
    if (!fdt_find_property(r->t, &n, "reg", &p) || fdt_property_reg(&p, &n, 0, start, size) != 0 ||
        p.size != (n.address_cells + (uint32_t)n.size_cells) * sizeof(fdt_cell_t) || *size == 0) {
        domain_error(r, node, "reg", "expected one address and a size that is not 0, in %u and %u cells",
                     n.address_cells, n.size_cells);
        return false;
    }
    return true;
}

/* Req: BH-BOOT-011 */
/* Where the module of NODE is; false: nowhere it can be. */
static BOOT_CODE_MORE bool read_place(struct reading *r, const struct fdt_node *node, struct boot_module *out)
{
    uint64_t start, size;

    if (!read_range(r, node, &start, &size)) {
        return false;
    }
    if (!board_has_memory(r->board, start, size)) {
        domain_error(r, node, "reg", "0x%llx, 0x%llx bytes; expected a range in the board's memory",
                     (unsigned long long)start, (unsigned long long)size);
        return false;
    }
    for (unsigned i = 0; i < r->taken_count; i++) {
        if (r->taken[i].start < start + size && start < r->taken[i].end) {
            domain_error(r, node, "reg", "overlaps the hypervisor or the device tree; expected a range of its own");
            return false;
        }
    }
    if (CONFIG_SHARED_MEMORY && shared_memory_overlaps(start, start + size)) {
        domain_error(r, node, "reg", "overlaps memory that partitions share; expected a range of its own");
        return false;
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        if (collides(&r->config->domain[i], start, size)) {
            domain_error(r, node, "reg", "overlaps a module or memory of %s; expected a range of its own",
                         r->config->domain[i].name);
            return false;
        }
    }
    if (boot_domain_uses(r->d, start, start + size) || boot_placement_overlaps(r->d, start, start + size)) {
        domain_error(r, node, "reg", "overlaps another module, or its memory; expected a range of its own");
        return false;
    }
    *out = (struct boot_module){ .start = start, .size = size };
    return true;
}

static void read_kernel(struct reading *r, const struct fdt_node *node)
{
    struct boot_domain *d = r->d;
    int err;

    if (d->kernel.size != 0) {
        domain_error(r, node, NULL, "a second kernel; expected one");
        return;
    }
    (void)read_place(r, node, &d->kernel);
    err = fdt_text(r->t, node, "bootargs", &d->bootargs, &d->bootargs_size);
    if (err != -XEN_ENOENT && (err != 0 || d->bootargs_size >= BOOT_ARGS_SIZE)) {
        domain_error(r, node, "bootargs", "expected one terminated string of less than %u characters", BOOT_ARGS_SIZE);
    }
}

static void read_ramdisk(struct reading *r, const struct fdt_node *node)
{
    if (!CONFIG_RAMDISK) {
        domain_error(r, node, NULL, "this build has no support for ramdisks");
    } else if (r->d->ramdisk.size != 0) {
        domain_error(r, node, NULL, "a second ramdisk; expected one at most");
    } else {
        (void)read_place(r, node, &r->d->ramdisk);
    }
}

/* Req: BH-BOOT-046 */
static void read_device_tree(struct reading *r, const struct fdt_node *node)
{
    if (r->d->device_tree.size != 0) {
        domain_error(r, node, NULL, "a second device tree; expected one at most");
    } else if (read_place(r, node, &r->d->device_tree) && r->d->device_tree.size > BOOT_PARTIAL_TREE_MAX) {
        domain_error(r, node, "reg", "expected at most %u bytes", BOOT_PARTIAL_TREE_MAX);
    }
}

/* Is NODE of a kind that this build does not know what to do with? Says so. */
static bool is_unsupported(const struct fdt *t, const struct fdt_node *node)
{
    for (unsigned i = 0; i < ARRAY_COUNT(unsupported_nodes); i++) {
        if (fdt_is_compatible(t, node, unsupported_nodes[i])) {
            boot_config_report(LOG_WARNING, t, node, NULL, "\"%s\" is not supported yet, ignored",
                               unsupported_nodes[i]);
            return true;
        }
    }
    return false;
}

static void read_child(struct reading *r, const struct fdt_node *node)
{
    bool is_kernel = fdt_is_compatible(r->t, node, "multiboot,kernel") ||
                     fdt_is_compatible(r->t, node, "xen,linux-zimage");
    bool is_ramdisk = fdt_is_compatible(r->t, node, "multiboot,ramdisk") ||
                      fdt_is_compatible(r->t, node, "xen,linux-initrd");

    if (is_kernel || is_ramdisk) {
        boot_known_check(r->t, node, BOOT_KNOWN_MODULE);
        if (is_kernel) {
            read_kernel(r, node);
        } else {
            read_ramdisk(r, node);
        }
        return;
    }
    if (CONFIG_DEVICES && fdt_is_compatible(r->t, node, "multiboot,device-tree")) {
        boot_known_check(r->t, node, BOOT_KNOWN_MODULE);
        read_device_tree(r, node);
        return;
    }
    if (CONFIG_EVTCHN && fdt_is_compatible(r->t, node, "xen,evtchn-v1")) {
        /* Read when all partitions are there: bh/boot_channels.h. */
        r->config->has_channels = true;
        return;
    }
    if (CONFIG_SHARED_MEMORY && fdt_is_compatible(r->t, node, "xen,domain-shared-memory-v1")) {
        r->failed = !boot_shared_memory_read(r->t, r->board, r->taken, r->taken_count, r->config, r->d, node) || r->failed;
        return;
    }
    if (!is_unsupported(r->t, node)) {
        boot_config_report(LOG_WARNING, r->t, node, NULL, "unknown, ignored; expected a \"multiboot,kernel\" or "
                           "\"multiboot,ramdisk\"");
    }
}

/* Req: BH-CTL-002 */
static void read_capabilities(struct reading *r)
{
    uint32_t bits = 0;
    int err = fdt_u32(r->t, &r->d->node, "capabilities", &bits);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || (bits & ~(DOMAIN_CONTROL | DOMAIN_HARDWARE | DOMAIN_XENSTORE)) != 0) {
        domain_error(r, &r->d->node, "capabilities", "expected a sum of 1 (control), 2 (hardware) and 4 (xenstore)");
        return;
    }
    r->d->capabilities = (uint8_t)bits;
}

/* booting.txt, "xen,enhanced": the value may be missing. Req: BH-BOOT-042 */
static void read_enhanced(struct reading *r)
{
    struct fdt_property p;

    if (!fdt_find_property(r->t, &r->d->node, "xen,enhanced", &p)) {
        return;
    }
    r->d->wants_store = p.size == 0 || fdt_property_has_string(&p, "enabled");
    if (!r->d->wants_store && !fdt_property_has_string(&p, "disabled") && !fdt_property_has_string(&p, "no-xenstore")) {
        domain_error(r, &r->d->node, "xen,enhanced", "expected no value, \"enabled\", \"disabled\" or \"no-xenstore\"");
    }
}

/* The value of NAME in the first of the COUNT nodes that has it. */
static uint8_t inherited_cells(const struct fdt *t, const struct fdt_node *const nodes[], unsigned count,
                               const char *name, uint8_t fallback)
{
    uint32_t value;
    int err = -XEN_ENOENT;

    for (unsigned i = 0; i < count && err == -XEN_ENOENT; i++) {
        err = fdt_u32(t, nodes[i], name, &value);
    }
    return err == -XEN_ENOENT ? fallback : err == 0 && value < FDT_CELLS_BAD ? (uint8_t)value : FDT_CELLS_BAD;
}

void boot_config_cells(const struct fdt *t, const struct fdt_node *domain, const struct fdt_node *chosen,
                       struct fdt_node *module)
{
    struct fdt_node root;
    const struct fdt_node *const nodes[] = { domain, chosen, &root };

    fdt_root(t, &root);
    module->address_cells = inherited_cells(t, nodes, ARRAY_COUNT(nodes), "#address-cells", 2);
    module->size_cells = inherited_cells(t, nodes, ARRAY_COUNT(nodes), "#size-cells", 1);
}

/* Req: BH-GIC-023 */
static void read_spis(struct reading *r)
{
    uint32_t count;
    int err = fdt_u32(r->t, &r->d->node, "nr_spis", &count);

    if (err != -XEN_ENOENT && (err != 0 || count > ARCH_GUEST_SPI_COUNT)) {
        domain_error(r, &r->d->node, "nr_spis", "expected a number up to %u", ARCH_GUEST_SPI_COUNT);
    } else if (err == 0) {
        r->d->spi_count = (uint16_t)count;
    }
}

/* Req: BH-WDT-005 */
/* Who has the hardware has the board's addresses, where nothing of ours may be. */
static void read_watchdog(struct reading *r)
{
    const char *text;
    int err = fdt_text(r->t, &r->d->node, "bulkhead,watchdog", &text, NULL);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || !string_equal(text, "sbsa")) {
        domain_error(r, &r->d->node, "bulkhead,watchdog", "expected \"sbsa\"");
    } else if (CONFIG_HARDWARE_DOMAIN && (r->d->capabilities & DOMAIN_HARDWARE) != 0) {
        domain_error(r, &r->d->node, "bulkhead,watchdog", "not for the domain that has the hardware");
    } else {
        r->d->watchdog = true;
    }
}

/* Req: BH-BOOT-007 */
static void read_domain(struct reading *r)
{
    struct fdt_property vpl011;
    struct fdt_node child;

    boot_known_check(r->t, &r->d->node, BOOT_KNOWN_DOMAIN);
    read_name(r);
    read_memory(r);
    read_vcpus(r);
    if (CONFIG_PLACEMENT) {
        r->failed = !boot_placement_read(r->t, r->board, r->taken, r->taken_count, r->config, r->d) || r->failed;
    }
    if (PAGE_HAS_AFFINITY) {
        r->failed = !boot_affinity_read(r->t, r->d) || r->failed;
    }
    read_cpus(r);
    read_weight(r);
    read_spis(r);
    if (CONFIG_RESTART) {
        read_restart(r);
    }
    if (CONFIG_CONTROL) {
        read_capabilities(r);
        read_enhanced(r);
    }
    if (CONFIG_SBSA_WATCHDOG) {
        read_watchdog(r);
    }
    if (CONFIG_IOPORTS) {
        r->failed = !boot_ports_read(r->t, r->config, r->d) || r->failed;
    }
    r->d->vpl011 = CONFIG_VPL011 && fdt_find_property(r->t, &r->d->node, "vpl011", &vpl011);
    for (bool more = fdt_first_child(r->t, &r->d->node, &child); more; more = fdt_next_sibling(r->t, &child, &child)) {
        read_child(r, &child);
    }
    if (r->d->kernel.size == 0 && !r->failed) {
        domain_error(r, &r->d->node, NULL, "no kernel; expected a node compatible with \"multiboot,kernel\"");
    }
}

/* ---- dom0: its modules are in /chosen itself, the rest is on the hypervisor's command line ---- */

#define DOM0_MEMORY_KIB (512U << 10) /* if the command line says nothing: as Xen */

static bool is_dom0_module(const struct fdt *t, const struct fdt_node *node)
{
    return fdt_is_compatible(t, node, "multiboot,module") || fdt_is_compatible(t, node, "xen,multiboot-module");
}

/* Req: BH-BOOT-041 */
/* booting.txt, "Command lines": dom0's is in /chosen, or with its kernel. */
static void read_dom0_arguments(struct reading *r)
{
    struct boot_domain *d = r->d;
    const char *name = "xen,dom0-bootargs", *text;
    uint32_t size;
    int err = fdt_text(r->t, &r->board->chosen, name, &text, &size);

    if (err == -XEN_ENOENT && d->bootargs == NULL) {
        struct fdt_property p;

        /* What is the hypervisor's if it has no property of its own. */
        name = "bootargs";
        err = fdt_find_property(r->t, &r->board->chosen, "xen,xen-bootargs", &p)
                  ? fdt_text(r->t, &r->board->chosen, name, &text, &size) : -XEN_ENOENT;
    }
    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || size >= BOOT_ARGS_SIZE) {
        domain_error(r, &r->board->chosen, name, "expected one terminated string of less than %u characters",
                     BOOT_ARGS_SIZE);
        return;
    }
    d->bootargs = text;
    d->bootargs_size = size;
}

/* Req: BH-BOOT-041 */
static void read_dom0(struct reading *r)
{
    struct boot_domain *d = r->d;
    struct fdt_node child;
    uint64_t vcpus = 0;

    *d = (struct boot_domain){
        .name = "dom0", .node = r->board->chosen, .is_initial = true, .memory_kib = DOM0_MEMORY_KIB,
        .capabilities = DOMAIN_CONTROL | DOMAIN_HARDWARE | DOMAIN_XENSTORE,
    };
    for (bool more = fdt_first_child(r->t, &d->node, &child); more; more = fdt_next_sibling(r->t, &child, &child)) {
        if (is_dom0_module(r->t, &child)) {
            read_child(r, &child);
        }
    }
    read_dom0_arguments(r);
    if (!boot_words_size(r->config->bootargs, r->config->bootargs_size, "dom0_mem", &d->memory_kib)) {
        boot_config_report(LOG_WARNING, r->t, &d->node, NULL, "no dom0_mem=SIZE for the hypervisor: dom0 gets %u MiB",
                           DOM0_MEMORY_KIB >> 10);
    }
    d->memory_kib = ALIGN_DOWN(d->memory_kib, PAGE_SIZE >> 10);
    if (d->memory_kib == 0 || d->memory_kib > MIN(board_memory_size(r->board), ARCH_GUEST_RAM_MAX) >> 10) {
        domain_error(r, &d->node, NULL, "dom0_mem: more than the board has, or nothing");
    }
    if (boot_words_number(r->config->bootargs, r->config->bootargs_size, "dom0_max_vcpus", &vcpus) && vcpus == 0) {
        domain_error(r, &d->node, NULL, "dom0_max_vcpus: expected a number from 1");
    }
    d->vcpu_count = (uint16_t)MIN(vcpus != 0 ? vcpus : r->board->cpu_count, (uint64_t)CONFIG_MAX_VCPUS);
    if (d->kernel.size == 0 && !r->failed) {
        domain_error(r, &d->node, NULL, "a module for a dom0, but no kernel");
    }
}

/* The partition that R read counts, or it does not; the number of those that were refused. */
static unsigned settle(struct reading *r)
{
    if (r->failed) {
        if (CONFIG_SHARED_MEMORY) {
            shared_memory_drop(shared_memory_count() - r->d->shared_count);
        }
        boot_config_report(LOG_ERROR, r->t, &r->d->node, NULL, "this partition is not started");
        return 1;
    }
    r->config->domain_count++;
    return 0;
}

/* Has dom0 a command line of its own, so that "bootargs" is not its but the hypervisor's? */
static bool dom0_has_arguments(const struct fdt *t, const struct fdt_node *chosen)
{
    struct fdt_property p;
    struct fdt_node node;
    bool has = fdt_find_property(t, chosen, "xen,dom0-bootargs", &p);

    for (bool more = fdt_first_child(t, chosen, &node); more && !has && CONFIG_CONTROL;
         more = fdt_next_sibling(t, &node, &node)) {
        has = is_dom0_module(t, &node) && fdt_find_property(t, &node, "bootargs", &p) && p.size > 1;
    }
    return has;
}

/* Req: BH-BOOT-021 */
/* booting.txt, "Command lines": which of them is the hypervisor's. */
static void read_arguments(const struct fdt *t, const struct fdt_node *chosen, struct boot_config *c)
{
    struct fdt_property p;
    const char *name = "xen,xen-bootargs";

    if (!fdt_find_property(t, chosen, name, &p)) {
        name = "bootargs";
        if (!dom0_has_arguments(t, chosen) || !fdt_find_property(t, chosen, name, &p)) {
            return;
        }
    }
    if (fdt_property_string(&p, &c->bootargs, &c->bootargs_size) != 0) {
        boot_config_report(LOG_ERROR, t, chosen, name, "expected one terminated string");
    }
}

/* Req: BH-BOOT-004 */
unsigned boot_config_read(const struct fdt *t, const struct board *b, const struct memory_range *taken, unsigned count,
                          struct boot_config *c)
{
    struct fdt_node node;
    unsigned refused = 0;
    bool has_dom0 = false;

    c->bootargs = NULL;
    c->bootargs_size = 0;
    c->domain_count = 0;
    c->has_channels = false;
    if (CONFIG_SHARED_MEMORY) {
        shared_memory_forget_all();
    }
    if (!b->has_chosen) {
        return 0;
    }
    read_arguments(t, &b->chosen, c);
    if (CONFIG_PLACEMENT) {
        boot_placement_read_heap(t, b, c);
    }
    boot_known_check(t, &b->chosen, BOOT_KNOWN_CHOSEN);
    for (bool more = fdt_first_child(t, &b->chosen, &node); more; more = fdt_next_sibling(t, &node, &node)) {
        struct boot_domain *d = &c->domain[c->domain_count];
        struct reading r = { .t = t, .board = b, .taken = taken, .taken_count = count, .config = c, .d = d };

        if (is_dom0_module(t, &node)) {
            if (!CONFIG_CONTROL) {
                boot_config_report(LOG_WARNING, t, &node, NULL, "a module for a dom0, which this build cannot start; "
                                   "ignored");
            } else if (!has_dom0) {
                read_dom0(&r);
                refused += settle(&r);
            }
            has_dom0 = true;
            continue;
        }
        if (!fdt_is_compatible(t, &node, "xen,domain")) {
            c->has_channels = c->has_channels || fdt_is_compatible(t, &node, "bulkhead,allow") ||
                              fdt_is_compatible(t, &node, "bulkhead,serve");
            (void)(!CONFIG_TIME_WINDOWS && is_unsupported(t, &node));
            continue;
        }
        if (c->domain_count == CONFIG_MAX_DOMAINS) {
            boot_config_report(LOG_ERROR, t, &node, NULL, "one partition too many; expected at most %u",
                               CONFIG_MAX_DOMAINS);
            refused++;
            continue;
        }
        *d = (struct boot_domain){ .node = node };
        read_domain(&r);
        refused += settle(&r);
    }
    return refused;
}
