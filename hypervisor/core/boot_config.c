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
#include "bh/boot_reading.h"
#include "bh/boot_shared_memory.h"
#include "bh/boot_words.h"
#include "bh/domain.h"
#include "bh/shared_memory.h"
#include "lib/format.h"
#include "lib/string.h"

#define REPORT_SIZE 160

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
static void read_name(struct boot_reading *r)
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
        boot_reading_error(r, node, property, "no name for a partition; expected 1 to %u letters, digits and . _ - +",
                           BOOT_NAME_SIZE - 1);
        return;
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        if (string_equal(r->config->domain[i].name, name)) {
            boot_reading_error(r, node, property, "\"%s\" is another partition's name; expected one of its own", name);
        }
    }
    (void)string_copy(r->d->name, sizeof(r->d->name), name, BOOT_NAME_SIZE);
}

static void read_memory(struct boot_reading *r)
{
    uint64_t limit = MIN(board_memory_size(r->board), ARCH_GUEST_RAM_MAX) >> 10;
    int err = fdt_number(r->t, &r->d->node, "memory", &r->d->memory_kib);

    if (err != 0) {
        boot_reading_error(r, &r->d->node, "memory", "%s; expected a number of KiB in two cells",
                           err == -XEN_ENOENT ? "missing" : "malformed");
    } else if (r->d->memory_kib == 0 || r->d->memory_kib % (PAGE_SIZE >> 10) != 0 || r->d->memory_kib > limit) {
        boot_reading_error(r, &r->d->node, "memory", "%llu KiB; expected a multiple of 4 up to %llu, what the board has",
                           (unsigned long long)r->d->memory_kib, (unsigned long long)limit);
    }
}

static void read_vcpus(struct boot_reading *r)
{
    uint32_t count = 0;
    int err = fdt_u32(r->t, &r->d->node, "cpus", &count);

    if (err != 0) {
        boot_reading_error(r, &r->d->node, "cpus", "%s; expected a number of vCPUs in one cell",
                           err == -XEN_ENOENT ? "missing" : "malformed");
    } else if (count == 0 || count > CONFIG_MAX_VCPUS) {
        boot_reading_error(r, &r->d->node, "cpus", "%u vCPUs; expected 1 to %u", count, CONFIG_MAX_VCPUS);
    } else {
        r->d->vcpu_count = (uint16_t)count;
    }
}

/* The partition before this one that owns physical CPU NUMBER, or NULL. */
static const struct boot_domain *find_owner(const struct boot_reading *r, unsigned number)
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

static void read_cpus(struct boot_reading *r)
{
    struct boot_domain *d = r->d;
    struct fdt_property p;
    uint32_t count;

    if (!fdt_find_property(r->t, &d->node, "bulkhead,cpus", &p)) {
        return;
    }
    count = p.size / sizeof(fdt_cell_t);
    if (count == 0 || p.size % sizeof(fdt_cell_t) != 0 || count > CONFIG_MAX_CPUS) {
        boot_reading_error(r, &d->node, "bulkhead,cpus", "malformed; expected 1 to %u numbers of CPUs", CONFIG_MAX_CPUS);
        return;
    }
    d->cpus = p.value;
    d->cpu_count = (uint16_t)count;
    d->owns_cpus = count == d->vcpu_count;
    for (unsigned i = 0; i < count; i++) {
        const struct boot_domain *owner;
        unsigned cpu = boot_domain_cpu(d, i);

        if (cpu >= r->board->cpu_count) {
            boot_reading_error(r, &d->node, "bulkhead,cpus", "CPU %u; expected 0 to %u, the board's", cpu,
                               r->board->cpu_count - 1);
            return;
        }
        for (unsigned k = 0; k < i; k++) {
            if (boot_domain_cpu(d, k) == cpu) {
                boot_reading_error(r, &d->node, "bulkhead,cpus", "CPU %u twice; expected each once", cpu);
                return;
            }
        }
        owner = d->owns_cpus ? find_owner(r, cpu) : NULL;
        if (owner != NULL) {
            boot_reading_error(r, &d->node, "bulkhead,cpus", "CPU %u is owned by %s; expected one that is free", cpu,
                               owner->name);
            return;
        }
    }
}

static void read_weight(struct boot_reading *r)
{
    uint32_t weight;
    int err = fdt_u32(r->t, &r->d->node, "bulkhead,weight", &weight);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || weight == 0 || weight > BOOT_WEIGHT_MAX) {
        boot_reading_error(r, &r->d->node, "bulkhead,weight", "expected a number from 1 to %u", BOOT_WEIGHT_MAX);
        return;
    }
    r->d->weight = (uint16_t)weight;
}

/* What PROPERTY says is to be done. Req: BH-LIFE-012 */
static void read_action(struct boot_reading *r, const char *property, uint8_t *action)
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
        boot_reading_error(r, &r->d->node, property, "expected \"destroy\", \"restart\" or \"halt-board\"");
    } else {
        *action = (uint8_t)i;
    }
}

/* Req: BH-LIFE-014 */
static void read_restart(struct boot_reading *r)
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
        boot_reading_error(r, &r->d->node, "bulkhead,restart-limit", "expected two cells: 1 to %u times, in 1 to %u seconds",
                           RESTART_LIMIT_MAX, UINT16_MAX);
        return;
    }
    rules->limit = (uint8_t)fdt_cell(&p, 0);
    rules->seconds = (uint16_t)fdt_cell(&p, 1);
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

void boot_config_read_child(struct boot_reading *r, const struct fdt_node *node)
{
    if (boot_modules_read(r, node)) {
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
static void read_capabilities(struct boot_reading *r)
{
    uint32_t bits = 0;
    int err = fdt_u32(r->t, &r->d->node, "capabilities", &bits);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || (bits & ~(DOMAIN_CONTROL | DOMAIN_HARDWARE | DOMAIN_XENSTORE)) != 0) {
        boot_reading_error(r, &r->d->node, "capabilities", "expected a sum of 1 (control), 2 (hardware) and 4 (xenstore)");
        return;
    }
    r->d->capabilities = (uint8_t)bits;
}

/* booting.txt, "xen,enhanced": the value may be missing. Req: BH-BOOT-042 */
static void read_enhanced(struct boot_reading *r)
{
    struct fdt_property p;

    if (!fdt_find_property(r->t, &r->d->node, "xen,enhanced", &p)) {
        return;
    }
    r->d->wants_store = p.size == 0 || fdt_property_has_string(&p, "enabled");
    if (!r->d->wants_store && !fdt_property_has_string(&p, "disabled") && !fdt_property_has_string(&p, "no-xenstore")) {
        boot_reading_error(r, &r->d->node, "xen,enhanced", "expected no value, \"enabled\", \"disabled\" or \"no-xenstore\"");
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
static void read_spis(struct boot_reading *r)
{
    uint32_t count;
    int err = fdt_u32(r->t, &r->d->node, "nr_spis", &count);

    if (err != -XEN_ENOENT && (err != 0 || count > ARCH_GUEST_SPI_COUNT)) {
        boot_reading_error(r, &r->d->node, "nr_spis", "expected a number up to %u", ARCH_GUEST_SPI_COUNT);
    } else if (err == 0) {
        r->d->spi_count = (uint16_t)count;
    }
}

/* Req: BH-WDT-005 */
/* Who has the hardware has the board's addresses, where nothing of ours may be. */
static void read_watchdog(struct boot_reading *r)
{
    const char *text;
    int err = fdt_text(r->t, &r->d->node, "bulkhead,watchdog", &text, NULL);

    if (err == -XEN_ENOENT) {
        return;
    }
    if (err != 0 || !string_equal(text, "sbsa")) {
        boot_reading_error(r, &r->d->node, "bulkhead,watchdog", "expected \"sbsa\"");
    } else if (CONFIG_HARDWARE_DOMAIN && (r->d->capabilities & DOMAIN_HARDWARE) != 0) {
        boot_reading_error(r, &r->d->node, "bulkhead,watchdog", "not for the domain that has the hardware");
    } else {
        r->d->watchdog = true;
    }
}

/* Req: BH-BOOT-007 */
static void read_domain(struct boot_reading *r)
{
    struct fdt_property vpl011;
    struct fdt_node child;

    boot_known_check(r->t, &r->d->node, BOOT_KNOWN_DOMAIN);
    read_name(r);
    read_memory(r);
    read_vcpus(r);
    if (CONFIG_PLACEMENT) {
        r->failed = !boot_placement_read(r) || r->failed;
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
        boot_config_read_child(r, &child);
    }
    if (r->d->kernel.size == 0 && !r->failed) {
        boot_reading_error(r, &r->d->node, NULL, "no kernel; expected a node compatible with \"multiboot,kernel\"");
    }
}

/* The partition that R read counts, or it does not; the number of those that were refused. */
static unsigned settle(struct boot_reading *r)
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

/* Req: BH-BOOT-021 */
/* booting.txt, "Command lines": which of them is the hypervisor's. */
static void read_arguments(const struct fdt *t, const struct fdt_node *chosen, struct boot_config *c)
{
    struct fdt_property p;
    const char *name = "xen,xen-bootargs";

    if (!fdt_find_property(t, chosen, name, &p)) {
        name = "bootargs";
        if (!boot_dom0_has_arguments(t, chosen) || !fdt_find_property(t, chosen, name, &p)) {
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
    c->heap_count = 0;
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
        struct boot_reading r = { .t = t, .board = b, .taken = taken, .taken_count = count, .config = c, .d = d };

        if (boot_dom0_is_module(t, &node)) {
            if (!CONFIG_CONTROL) {
                boot_config_report(LOG_WARNING, t, &node, NULL, "a module for a dom0, which this build cannot start; "
                                   "ignored");
            } else if (!has_dom0) {
                boot_dom0_read(&r);
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
