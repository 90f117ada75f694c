/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_affinity.h"

#include "arch/arch.h"
#include "bh/boot_words.h"
#include "bh/console.h"
#include "bh/page_affinity.h"
#include "lib/string.h"

static struct {
    bool is_on, has_colours;           /* llc-coloring; xen-llc-colors */
    uint64_t size_kib, way_count;      /* llc-size, llc-nr-ways; 0: what the CPU says */
    struct page_affinity colours;      /* xen-llc-colors */
} options;                             /* [boot] */

/* Req: BH-MEM-026 */
bool boot_affinity_option(const char *name, const char *value)
{
    size_t size = strlen(value);

    if (!CONFIG_CACHE_COLOURS) {
        return false;
    }
    if (string_equal(name, "llc-coloring")) {
        options.is_on = !boot_words_is_false(value);
    } else if (string_equal(name, "llc-size")) {
        if (!boot_words_read_size(value, &options.size_kib)) {
            log_warning("command line: llc-size=%s: expected a size", value);
        }
    } else if (string_equal(name, "llc-nr-ways")) {
        if (!boot_words_read_number(value, &options.way_count)) {
            log_warning("command line: llc-nr-ways=%s: expected a number", value);
        }
    } else if (string_equal(name, "xen-llc-colors")) {
        options.has_colours = page_affinity_read_colours(value, size, PAGE_COLOUR_MAX, &options.colours) == 0;
        if (!options.has_colours) {
            log_warning("command line: xen-llc-colors=%s: expected colours, as 0-3,8", value);
        }
    } else {
        return false;
    }
    return true;
}

/* How many colours there are: a power of two. Half of them, each of two, are as far apart from each other as all. */
static unsigned count_colours(void)
{
    uint64_t way = arch_cache_way_size();
    unsigned count = 1;

    if (options.size_kib != 0 && options.way_count != 0) {
        way = (options.size_kib << 10) / options.way_count;
    }
    while (count < PAGE_COLOUR_MAX && way >= 2 * count * PAGE_SIZE && way % (2 * count * PAGE_SIZE) == 0) {
        count *= 2;
    }
    return count;
}

/* Are all of A's colours below COUNT? */
static bool has_only_colours_below(const struct page_affinity *a, unsigned count)
{
    for (unsigned c = count; c < PAGE_COLOUR_MAX; c++) {
        if (page_affinity_has_colour(a, c)) {
            return false;
        }
    }
    return true;
}

static void settle_colours(void)
{
    unsigned count = count_colours();

    if (count == 1) {
        log_error("cache: its size tells of no colours; expected llc-size and llc-nr-ways");
        return;
    }
    if (!options.has_colours) {
        options.colours = (struct page_affinity){ .colours[0] = 1 };
    }
    page_affinity_set_colour_count(count);
    if (has_only_colours_below(&options.colours, count)) {
        /* It is the first: there is room. */
        (void)!page_affinity_set(FRAME_NO_DOMAIN, &options.colours);
    } else {
        log_error("command line: xen-llc-colors: there are %u colours; the hypervisor has no own", count);
    }
    log_info("cache: %u colours", count);
}

void boot_affinity_settle(const struct board *b)
{
    if (CONFIG_CACHE_COLOURS && options.is_on) {
        settle_colours();
    }
    for (unsigned i = 0; CONFIG_NUMA && i < b->node_range_count; i++) {
        const struct board_node_range *r = &b->node_range[i];

        if (page_affinity_add_node(r->start >> PAGE_SHIFT, r->end >> PAGE_SHIFT, r->node) != 0) {
            log_warning("memory of node %u at 0x%lx: taken for node 0's", r->node, (unsigned long)r->start);
        }
    }
}

/* Stage-2 tables begin with a block of frames: is there one of these colours? */
static bool has_root(const struct page_affinity *a)
{
    const unsigned size = 1U << ARCH_P2M_ROOT_ORDER;

    for (unsigned c = 0; c < PAGE_COLOUR_MAX; c += size) {
        bool has = true;

        for (unsigned i = 0; i < size && c + i < PAGE_COLOUR_MAX; i++) {
            has = has && page_affinity_has_colour(a, c + i);
        }
        if (has) {
            return true;
        }
    }
    return false;
}

/* Req: BH-BOOT-060 */
static bool read_colours(const struct fdt *t, struct boot_domain *d)
{
    const char *text;
    uint32_t size;
    int err = fdt_text(t, &d->node, "llc-colors", &text, &size);

    if (err == -XEN_ENOENT) {
        return true;
    }
    if (err != 0 || page_affinity_read_colours(text, size, PAGE_COLOUR_MAX, &d->affinity) != 0) {
        boot_config_report(LOG_ERROR, t, &d->node, "llc-colors", "expected colours below %u, ascending, as \"0-3,8\"",
                           PAGE_COLOUR_MAX);
        return false;
    }
    if (!has_root(&d->affinity)) {
        boot_config_report(LOG_ERROR, t, &d->node, "llc-colors", "expected an even colour and the next one among them");
        return false;
    }
    if (CONFIG_PLACEMENT && d->place_count != 0) {
        boot_config_report(LOG_ERROR, t, &d->node, "llc-colors", "memory with \"xen,static-mem\" has the colours it has");
        return false;
    }
    return true;
}

/* Req: BH-BOOT-061 */
static bool read_nodes(const struct fdt *t, struct boot_domain *d)
{
    struct fdt_property p;

    if (!fdt_find_property(t, &d->node, "bulkhead,nodes", &p)) {
        return true;
    }
    for (uint32_t i = 0; i < p.size / sizeof(fdt_cell_t); i++) {
        uint32_t node = __builtin_bswap32(p.value[i]);

        if (node >= PAGE_NODE_MAX) {
            boot_config_report(LOG_ERROR, t, &d->node, "bulkhead,nodes", "%u: expected numbers below %u", node,
                               PAGE_NODE_MAX);
            return false;
        }
        d->affinity.nodes |= 1U << node;
    }
    if (d->affinity.nodes == 0 || p.size % sizeof(fdt_cell_t) != 0) {
        boot_config_report(LOG_ERROR, t, &d->node, "bulkhead,nodes", "expected the numbers of nodes");
        return false;
    }
    return true;
}

bool boot_affinity_read(const struct fdt *t, struct boot_domain *d)
{
    return (!CONFIG_CACHE_COLOURS || read_colours(t, d)) && (!CONFIG_NUMA || read_nodes(t, d));
}

int boot_affinity_apply(uint16_t domid, const struct boot_domain *d)
{
    unsigned count = page_affinity_colour_count();

    if (page_affinity_has_colours(&d->affinity) && (count == 1 || !has_only_colours_below(&d->affinity, count))) {
        if (count == 1) {
            log_error("%s: llc-colors: expected llc-coloring=on on the hypervisor's command line", d->name);
        } else {
            log_error("%s: llc-colors: there are %u colours", d->name, count);
        }
        return -XEN_EINVAL;
    }
    return page_affinity_has_colours(&d->affinity) || d->affinity.nodes != 0 ? page_affinity_set(domid, &d->affinity) : 0;
}
