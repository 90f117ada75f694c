/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_placement.h"

#include "arch/arch_types.h"
#include "bh/boot_reading.h"
#include "bh/shared_memory.h"

static bool refuse(const struct boot_reading *r, const char *property, uint64_t start, const char *why)
{
    boot_config_report(LOG_ERROR, r->t, &r->d->node, property, "0x%llx: %s", (unsigned long long)start, why);
    return false;
}

/* Req: BH-BOOT-044 */
static bool is_free(const struct boot_reading *r, uint64_t start, uint64_t size)
{
    uint64_t end = start + size;

    if (size == 0 || (start | size) % PAGE_SIZE != 0 || end < start) {
        return refuse(r, "xen,static-mem", start, "expected whole pages, one or more");
    }
    if (!board_has_memory(r->board, start, size)) {
        return refuse(r, "xen,static-mem", start, "not in the board's memory");
    }
    for (unsigned i = 0; i < r->taken_count; i++) {
        if (r->taken[i].start < end && start < r->taken[i].end) {
            return refuse(r, "xen,static-mem", start, "overlaps the hypervisor, the device tree, or what is reserved");
        }
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        if (boot_placement_is_used_by(&r->config->domain[i], start, end)) {
            boot_config_report(LOG_ERROR, r->t, &r->d->node, "xen,static-mem", "0x%llx: overlaps a module or memory of %s",
                               (unsigned long long)start, r->config->domain[i].name);
            return false;
        }
    }
    if (CONFIG_SHARED_MEMORY && shared_memory_overlaps(start, end)) {
        return refuse(r, "xen,static-mem", start, "overlaps memory that partitions share");
    }
    return boot_placement_overlaps(r->d, start, end) ? refuse(r, "xen,static-mem", start, "named twice") : true;
}

/* Req: BH-BOOT-044 */
static bool read_ranges(const struct boot_reading *r)
{
    struct boot_domain *d = r->d;
    struct fdt_node n = d->node;
    struct fdt_property p;
    uint64_t sum = 0;
    uint32_t each;

    if (!fdt_find_property(r->t, &d->node, "xen,static-mem", &p)) {
        return true;
    }
    boot_config_cells(r->t, &d->node, &r->board->chosen, &n);
    each = (n.address_cells + (uint32_t)n.size_cells) * sizeof(fdt_cell_t);
    if (each == 0 || p.size == 0 || p.size % each != 0 || p.size / each > BOOT_PLACE_COUNT) {
        boot_config_report(LOG_ERROR, r->t, &d->node, "xen,static-mem",
                           "expected 1 to %u addresses and sizes, in %u and %u cells", BOOT_PLACE_COUNT, n.address_cells,
                           n.size_cells);
        return false;
    }
    for (uint32_t i = 0; i < p.size / each; i++) {
        uint64_t start = 0, size = 0;

        /* What cannot be read stays nothing, and is refused as that. */
        (void)!fdt_property_reg(&p, &n, i, &start, &size);
        if (!is_free(r, start, size)) {
            return false;
        }
        d->place[d->place_count++] = (struct memory_range){ .start = start, .end = start + size };
        sum += size;
    }
    if (sum >> 10 != d->memory_kib) {
        boot_config_report(LOG_ERROR, r->t, &d->node, "xen,static-mem",
                           "%llu KiB in all; expected as much as \"memory\" says, %llu KiB",
                           (unsigned long long)(sum >> 10), (unsigned long long)d->memory_kib);
        return false;
    }
    return true;
}

/* Req: BH-BOOT-045 */
static bool read_direct(const struct boot_reading *r)
{
    static const struct memory_range fixed[] = ARCH_GUEST_FIXED_RANGES;
    struct boot_domain *d = r->d;
    struct fdt_property p;

    if (!fdt_find_property(r->t, &d->node, "direct-map", &p)) {
        return true;
    }
    if (!ARCH_GUEST_CAN_BE_DIRECT || d->place_count == 0) {
        boot_config_report(LOG_ERROR, r->t, &d->node, "direct-map", ARCH_GUEST_CAN_BE_DIRECT
                           ? "expected \"xen,static-mem\" beside it" : "not on this architecture");
        return false;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
        if (boot_placement_overlaps(d, fixed[i].start, fixed[i].end)) {
            return refuse(r, "direct-map", fixed[i].start, "a virtual device is there in the partition's addresses");
        }
    }
    d->is_direct = true;
    return true;
}

/* Req: BH-BOOT-062 */
void boot_placement_read_heap(const struct fdt *t, const struct board *b, struct boot_config *c)
{
    const char *name = "xen,static-heap";
    struct fdt_node n = b->chosen;
    struct fdt_property p;
    uint64_t start, size;

    if (!fdt_find_property(t, &b->chosen, name, &p)) {
        return;
    }
    boot_config_cells(t, &b->chosen, &b->chosen, &n);
    for (uint32_t i = 0; fdt_property_reg(&p, &n, i, &start, &size) == 0; i++) {
        uint64_t end = start + size;

        if (size == 0 || (start | size) % PAGE_SIZE != 0 || end < start || !board_has_memory(b, start, size)) {
            boot_config_report(LOG_ERROR, t, &b->chosen, name, "0x%llx: expected whole pages of the board's memory",
                               (unsigned long long)start);
        } else if (c->heap_count == BOOT_HEAP_COUNT) {
            boot_config_report(LOG_ERROR, t, &b->chosen, name, "expected at most %u ranges", BOOT_HEAP_COUNT);
        } else {
            c->heap[c->heap_count++] = (struct memory_range){ .start = start, .end = end };
        }
    }
    if (c->heap_count == 0) {
        boot_config_report(LOG_ERROR, t, &b->chosen, name, "expected addresses and sizes; not used");
    }
}

bool boot_placement_read(const struct boot_reading *r)
{
    return read_ranges(r) && read_direct(r);
}
