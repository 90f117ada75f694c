/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_shared_memory.h"

#include "arch/arch_types.h"
#include "bh/boot_known.h"
#include "bh/boot_placement.h"
#include "bh/shared_memory.h"
#include "lib/string.h"

/* One node while it is read. */
struct reading {
    const struct fdt *t;
    const struct board *board;
    const struct memory_range *taken;
    unsigned taken_count;
    const struct boot_config *config; /* the partitions before it */
    const struct boot_domain *d;
    const struct fdt_node *node;
};

#define refuse(r, property, ...) (boot_config_report(LOG_ERROR, (r)->t, (r)->node, property, __VA_ARGS__), false)

static bool read_id(const struct reading *r, const char **id)
{
    int err = fdt_text(r->t, r->node, "xen,shm-id", id, NULL);
    size_t length = err == 0 ? strlen(*id) : 0;

    return length > 0 && length < SHARED_ID_SIZE
               ? true : refuse(r, "xen,shm-id", "expected a name of 1 to %u characters", SHARED_ID_SIZE - 1);
}

static bool read_role(const struct reading *r, struct shared_share *s)
{
    const char *role = "borrower";
    struct fdt_property p;
    int err = fdt_text(r->t, r->node, "role", &role, NULL);

    s->is_owner = err == 0 && string_equal(role, "owner");
    if ((err != 0 && err != -XEN_ENOENT) || (!s->is_owner && !string_equal(role, "borrower"))) {
        return refuse(r, "role", "expected \"owner\" or \"borrower\"");
    }
    s->is_read_only = fdt_find_property(r->t, r->node, "bulkhead,read-only", &p);
    err = fdt_number(r->t, r->node, "xen,offset", &s->offset);
    return err == 0 || err == -XEN_ENOENT ? true : refuse(r, "xen,offset", "expected a number of bytes in two cells");
}

/* A number of CELLS cells from cell AT of P on. */
static uint64_t number(const struct fdt_property *p, uint32_t at, unsigned cells)
{
    return cells == 2 ? fdt_cell_pair(p, at) : cells == 1 ? fdt_cell(p, at) : 0;
}

/* "xen,shared-mem": the machine's address, which may be missing, the partition's, and the size. */
static bool read_range(const struct reading *r, uint64_t *place, struct shared_share *s)
{
    struct fdt_node n = *r->node;
    struct fdt_property p;
    unsigned a, z;
    uint32_t count;

    boot_config_cells(r->t, &r->d->node, &r->board->chosen, &n);
    a = n.address_cells;
    z = n.size_cells;
    count = fdt_find_property(r->t, r->node, "xen,shared-mem", &p) ? p.size / sizeof(fdt_cell_t) : 0;
    if (a < 1 || a > 2 || z < 1 || z > 2 || p.size % sizeof(fdt_cell_t) != 0 ||
        (count != a + z && count != 2 * a + z)) {
        return refuse(r, "xen,shared-mem", "expected one or two addresses and a size, in %u and %u cells", a, z);
    }
    *place = count == 2 * a + z ? number(&p, 0, a) : 0;
    s->gpa = number(&p, count - z - a, a);
    s->size = number(&p, count - z, z);
    if (count == 2 * a + z && *place == 0) {
        return refuse(r, "xen,shared-mem", "0x0: not in the board's memory");
    }
    return true;
}

/* Is the whole of what the machine has at START free for a region? */
static bool is_free(const struct reading *r, uint64_t start, uint64_t size)
{
    bool is_used = boot_placement_is_used_by(r->d, start, start + size);
    unsigned own = shared_memory_share(shared_memory_count() - 1)->region;
    const struct shared_region *other;

    for (unsigned i = 0; (other = shared_memory_region(i)) != NULL; i++) {
        is_used = is_used || (i != own && other->is_placed && other->start < start + size &&
                              start < other->start + other->size);
    }
    if (!board_has_memory(r->board, start, size)) {
        return refuse(r, "xen,shared-mem", "0x%llx: not in the board's memory", (unsigned long long)start);
    }
    for (unsigned i = 0; i < r->taken_count; i++) {
        is_used = is_used || (r->taken[i].start < start + size && start < r->taken[i].end);
    }
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        is_used = is_used || boot_placement_is_used_by(&r->config->domain[i], start, start + size);
    }
    return !is_used ? true : refuse(r, "xen,shared-mem", "0x%llx: overlaps the hypervisor, a module, or memory of a "
                                    "partition", (unsigned long long)start);
}

static bool clear_of_devices(const struct reading *r, const struct shared_share *s)
{
    static const struct memory_range fixed[] = ARCH_GUEST_FIXED_RANGES;

    for (unsigned i = 0; i < ARRAY_COUNT(fixed); i++) {
        if (s->gpa < fixed[i].end && fixed[i].start < s->gpa + s->size) {
            return refuse(r, "xen,shared-mem", "0x%llx: the partition has virtual devices there",
                          (unsigned long long)s->gpa);
        }
    }
    return true;
}

/* Req: BH-SHM-001, BH-SHM-006 */
bool boot_shared_memory_read(const struct fdt *t, const struct board *b, const struct memory_range *taken,
                             unsigned count, const struct boot_config *c, struct boot_domain *d,
                             const struct fdt_node *node)
{
    struct reading r = { .t = t, .board = b, .taken = taken, .taken_count = count, .config = c, .d = d, .node = node };
    struct shared_share s = { .offset = 0 };
    const char *id, *problem;
    uint64_t place;

    boot_known_check(t, node, BOOT_KNOWN_SHARED);
    if (!read_id(&r, &id) || !read_role(&r, &s) || !read_range(&r, &place, &s)) {
        return false;
    }
    if (d->shared_count == SHARED_PER_PARTITION) {
        return refuse(&r, NULL, "one share too many; expected at most %u", SHARED_PER_PARTITION);
    }
    problem = shared_memory_add(id, place, &s);
    if (problem != NULL) {
        return refuse(&r, "xen,shared-mem", "%s", problem);
    }
    d->shared_first = d->shared_count == 0 ? (uint16_t)(shared_memory_count() - 1) : d->shared_first;
    d->shared_count++;
    return clear_of_devices(&r, &s) && (place == 0 || is_free(&r, place, s.offset + s.size));
}
