/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes are for the domain that has the hardware, and which registers and interrupts there are in them. Nodes are
 * sorted as Xen does for its dom0 (docs/misc/arm/passthrough.txt for "xen,passthrough"). A page of registers in which
 * there is anything of the hypervisor's is nobody's. What the board reserves of its memory by nodes of /reserved-memory is
 * the domain's, too: its drivers share it with firmware, or with other processors.
 */
#include "hardware_devices.h"

#include "bh/device.h"
#include "lib/string.h"

/* ---- What is whose ---- */

/* Nodes that are written anew, by "compatible"; a name that begins with '-' is an end of it. */
static const char hidden[][20] = {
    "arm,psci", "arm,psci-0.2", "arm,psci-1.0", "arm,armv7-timer", "arm,armv8-timer", "arm,armv8-pmuv3", "-pmu",
    "xen,xen", "multiboot,module",
};
/* ... and by their names in the root. */
static const char hidden_names[][16] = { "chosen", "cpus", "memory", "hypervisor", "psci" };

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && string_equal(text + length - end_length, end);
}

static bool is_written_anew(const struct fdt *t, const struct fdt_node *node)
{
    struct fdt_property p;
    const char *text;

    for (unsigned i = 0; node->depth == 2 && i < ARRAY_COUNT(hidden_names); i++) {
        if (fdt_node_is(t, node, hidden_names[i])) {
            return true;
        }
    }
    if (fdt_find_property(t, node, "device_type", &p) && fdt_property_has_string(&p, "memory")) {
        return true;
    }
    if (!fdt_find_property(t, node, "compatible", &p)) {
        return false;
    }
    for (uint32_t k = 0; (text = fdt_property_string_at(&p, k)) != NULL; k++) {
        for (unsigned i = 0; i < ARRAY_COUNT(hidden); i++) {
            if (hidden[i][0] == '-' ? ends_with(text, hidden[i]) : string_equal(text, hidden[i])) {
                return true;
            }
        }
    }
    return false;
}

/* Req: BH-DEV-002 */
static enum hardware_use use_of(const struct fdt *t, const struct board_arm *arm, const struct fdt_node *node)
{
    struct fdt_property p;

    if (node->depth == 1) {
        return HARDWARE_GIVEN;
    }
    if (arm->gic_cell != 0 && node->cell == arm->gic_cell) {
        return HARDWARE_GIC;
    }
    /* An IOMMU is out of the way as firmware left it: addresses of devices are machine addresses. */
    if ((arm->uart_cell != 0 && node->cell == arm->uart_cell) || fdt_find_property(t, node, "#iommu-cells", &p) ||
        is_written_anew(t, node)) {
        return HARDWARE_HIDDEN;
    }
    return fdt_find_property(t, node, "xen,passthrough", &p) ? HARDWARE_APART : HARDWARE_GIVEN;
}

static void settle(const struct fdt *t, const struct board_arm *arm, struct hardware_walk *h)
{
    if (h->inner_depth == 0 || h->w.node.depth <= h->inner_depth) {
        h->use = use_of(t, arm, &h->w.node);
        h->inner_depth = h->use == HARDWARE_GIVEN ? 0 : h->w.node.depth;
    }
    h->is_enabled = true;
    for (unsigned depth = 1; depth <= h->w.node.depth; depth++) {
        h->is_enabled = h->is_enabled && fdt_is_enabled(t, &h->w.path[depth]);
    }
}

void hardware_walk_begin(const struct fdt *t, const struct board_arm *arm, struct hardware_walk *h)
{
    *h = (struct hardware_walk){ .inner_depth = 0 };
    fdt_walk_begin(t, &h->w);
    settle(t, arm, h);
}

bool hardware_walk_next(const struct fdt *t, const struct board_arm *arm, struct hardware_walk *h)
{
    if (!fdt_walk_next(t, &h->w)) {
        return false;
    }
    settle(t, arm, h);
    return true;
}

/* What is taken if the GIC's node has no phandle: no compiler counts so far. */
#define PHANDLE_FIRST 0xfff00000

uint32_t hardware_gic_phandle(const struct fdt *t, const struct board_arm *arm)
{
    struct fdt_walk w;
    struct fdt_node other;
    uint32_t handle = 0;

    fdt_walk_begin(t, &w);
    do {
        if (w.node.cell == arm->gic_cell && fdt_u32(t, &w.node, "phandle", &handle) != 0) {
            (void)fdt_u32(t, &w.node, "linux,phandle", &handle);
        }
    } while (fdt_walk_next(t, &w));
    if (handle != 0) {
        return handle;
    }
    /* Bound: each walk finds a node that has the one before. */
    for (handle = PHANDLE_FIRST; handle < PHANDLE_FIRST + 16 && fdt_find_phandle(t, handle, &other); handle++) {
    }
    return handle;
}

/* ---- Registers ---- */

/* Entries of a node's "reg" or "ranges" that are looked at: translation takes as many steps as its buses have ranges. */
#define ENTRY_LIMIT 64
#define RESERVED_MEMORY "/reserved-memory"

/* What is done with a range that is found. */
enum action { ADD, ADD_APART, REMOVE };

static void act(enum action action, uint64_t start, uint64_t size)
{
    uint64_t end = size > UINT64_MAX - start ? UINT64_MAX : start + size;

    if (size == 0) {
        return;
    }
    if (action == ADD) {
        device_add(start, end);
    } else if (action == ADD_APART) {
        device_add_apart(start, end);
    } else {
        device_remove(start, end);
    }
}

/* ADDRESS, as the node that W stands at writes it for its parent, as CPUs see it; false: they do not. */
static bool to_machine(const struct fdt *t, const struct fdt_walk *w, uint64_t *address, uint64_t size)
{
    int err = 0;

    for (unsigned depth = w->node.depth; err == 0 && depth > 2; depth--) {
        err = fdt_translate(t, &w->path[depth - 1], &w->path[depth], address, size);
    }
    return err == 0;
}

static void read_reg(const struct fdt *t, const struct fdt_walk *w, enum action action)
{
    uint64_t address, size;

    for (uint32_t i = 0; i < ENTRY_LIMIT && fdt_reg(t, &w->node, i, &address, &size) == 0; i++) {
        if (to_machine(t, w, &address, size)) {
            act(action, address, size);
        }
    }
}

/* The windows of a PCI host bridge: IEEE 1275's binding for PCI, "ranges" with addresses of three cells. */
static void read_windows(const struct fdt *t, const struct fdt_walk *w, enum action action)
{
    unsigned parent = w->node.address_cells, each;
    uint32_t own_address, own_size;
    struct fdt_property p;

    if (!fdt_find_property(t, &w->node, "device_type", &p) || !fdt_property_has_string(&p, "pci") ||
        fdt_u32(t, &w->node, "#address-cells", &own_address) != 0 || own_address != 3 ||
        fdt_u32(t, &w->node, "#size-cells", &own_size) != 0 || own_size != 2 || parent < 1 || parent > 2 ||
        !fdt_find_property(t, &w->node, "ranges", &p)) {
        return;
    }
    each = 3 + parent + 2;
    for (uint32_t at = 0; at + each <= p.size / sizeof(fdt_cell_t) && at < ENTRY_LIMIT * each; at += each) {
        uint64_t address = parent == 2 ? fdt_cell_pair(&p, at + 3) : fdt_cell(&p, at + 3);
        uint64_t size = fdt_cell_pair(&p, at + 3 + parent);

        if (to_machine(t, w, &address, size)) {
            act(action, address, size);
        }
    }
}

/* All nodes of USE, which are enabled or to be removed whether or not. */
static void read_nodes(const struct fdt *t, const struct board_arm *arm, enum hardware_use use, enum action action)
{
    struct hardware_walk h;

    hardware_walk_begin(t, arm, &h);
    do {
        if (h.use == use && (h.is_enabled || action == REMOVE)) {
            read_reg(t, &h.w, action);
            read_windows(t, &h.w, action);
        }
    } while (hardware_walk_next(t, arm, &h));
}

/* Req: BH-DEV-017 */
bool hardware_next_reserved(const struct fdt *t, struct hardware_reserved *r)
{
    struct fdt_node parent;
    struct fdt_property p;
    uint64_t address, size;

    if (!r->has_begun) {
        r->is_at_node = fdt_find_path(t, RESERVED_MEMORY, strlen(RESERVED_MEMORY), &parent) &&
                        fdt_first_child(t, &parent, &r->node);
        r->has_begun = true;
    }
    while (r->is_at_node) {
        if (fdt_is_enabled(t, &r->node) && !fdt_find_property(t, &r->node, "xen,passthrough", &p) &&
            r->entry < ENTRY_LIMIT && fdt_reg(t, &r->node, r->entry, &address, &size) == 0) {
            r->entry++;
            if (size != 0 && size <= UINT64_MAX - address) {
                r->range = (struct memory_range){ .start = address, .end = address + size };
                return true;
            }
        } else {
            r->is_at_node = fdt_next_sibling(t, &r->node, &r->node);
            r->entry = 0;
        }
    }
    return false;
}

static void remove_registers(const struct board_registers *r)
{
    act(REMOVE, r->address, r->size);
}

/* ---- Interrupts ---- */

/* Is the GIC what the interrupts of the node that W stands at go to? */
static bool goes_to_gic(const struct fdt *t, const struct fdt_walk *w, uint32_t gic)
{
    uint32_t parent = gic;
    int err = -XEN_ENOENT;

    for (unsigned depth = w->node.depth; err != 0 && depth > 0; depth--) {
        err = fdt_u32(t, &w->path[depth], "interrupt-parent", &parent);
    }
    return parent == gic;
}

/*
 * The next shared interrupt of the node that W stands at, from cell *AT of its property on, which goes behind it. False:
 * there is none.
 */
static bool next_line(const struct fdt *t, const struct fdt_walk *w, uint32_t gic, unsigned cells, uint32_t *at,
                      unsigned *line)
{
    struct fdt_property p;
    bool is_extended = fdt_find_property(t, &w->node, "interrupts-extended", &p);
    uint32_t count;

    if (!is_extended && (!fdt_find_property(t, &w->node, "interrupts", &p) || !goes_to_gic(t, w, gic))) {
        return false;
    }
    count = p.size / sizeof(fdt_cell_t);
    while (cells >= 2 && *at + is_extended + cells <= count && (!is_extended || fdt_cell(&p, *at) == gic)) {
        uint32_t kind = fdt_cell(&p, *at + is_extended), number = fdt_cell(&p, *at + is_extended + 1);

        *at += is_extended + cells;
        if (kind == 0 && number < DEVICE_LINE_COUNT - DEVICE_LINE_FIRST) {
            *line = DEVICE_LINE_FIRST + number;
            return true;
        }
    }
    return false;
}

bool hardware_next_line(const struct fdt *t, const struct board_arm *arm, const struct fdt_node *node, uint32_t *at,
                        unsigned *line)
{
    struct fdt_walk w;

    fdt_walk_begin(t, &w);
    do {
        if (w.node.cell == node->cell) {
            return next_line(t, &w, hardware_gic_phandle(t, arm), arm->gic_cells, at, line);
        }
    } while (fdt_walk_next(t, &w));
    return false;
}

static void read_lines(const struct fdt *t, const struct board_arm *arm, unsigned count)
{
    uint32_t gic = hardware_gic_phandle(t, arm);
    struct hardware_walk h;

    /* Which of the others have a device only that knows: one that nobody enables costs nothing. */
    for (unsigned i = DEVICE_LINE_FIRST; i < count; i++) {
        device_line_add(i);
    }
    hardware_walk_begin(t, arm, &h);
    do {
        uint32_t at = 0;
        unsigned line;

        while (h.use == HARDWARE_APART && h.is_enabled && next_line(t, &h.w, gic, arm->gic_cells, &at, &line)) {
            device_line_set_apart(line);
        }
    } while (hardware_walk_next(t, arm, &h));
    device_line_remove(arm->uart_interrupt.intid);
}

void hardware_devices_read(const struct fdt *t, const struct board *b, const struct board_arm *arm, unsigned count)
{
    struct hardware_reserved reserved = { .has_begun = false };

    device_forget_all();
    read_nodes(t, arm, HARDWARE_GIVEN, ADD);
    read_nodes(t, arm, HARDWARE_APART, ADD_APART);
    read_nodes(t, arm, HARDWARE_HIDDEN, REMOVE);
    read_nodes(t, arm, HARDWARE_GIC, REMOVE);
    for (unsigned i = 0; i < b->memory_count; i++) {
        act(REMOVE, b->memory[i].start, b->memory[i].end - b->memory[i].start);
    }
    for (unsigned i = 0; i < b->reserved_count; i++) {
        act(REMOVE, b->reserved[i].start, b->reserved[i].end - b->reserved[i].start);
    }
    while (hardware_next_reserved(t, &reserved)) {
        device_add(reserved.range.start, reserved.range.end);
    }
    remove_registers(&arm->gicd);
    remove_registers(&arm->gicc);
    remove_registers(&arm->gich);
    remove_registers(&arm->gicv);
    for (unsigned i = 0; i < arm->gicr_count; i++) {
        remove_registers(&arm->gicr[i]);
    }
    remove_registers(&arm->uart);
    read_lines(t, arm, count);
}

/* What is looked through when somebody needs a device. */
static struct {
    const struct fdt *tree;        /* NULL: there is none any more */
    const struct board *board;
    const struct board_arm *arm;
    struct memory_range image;
    bool is_read;
} boot; /* [boot] */

void hardware_devices_begin(const struct fdt *t, const struct board *b, const struct board_arm *a,
                            struct memory_range image)
{
    boot.image = image;
    boot.tree = t;
    boot.board = b;
    boot.arm = a;
    boot.is_read = false;
}

void hardware_devices_end(void)
{
    boot.tree = NULL;
}

const struct fdt *hardware_devices_find(unsigned line_count)
{
    if (boot.tree != NULL && !boot.is_read) {
        hardware_devices_read(boot.tree, boot.board, boot.arm, line_count);
        act(REMOVE, boot.image.start, boot.image.end - boot.image.start);
        boot.is_read = true;
    }
    return boot.tree;
}

const struct board *hardware_devices_board(void)
{
    return boot.board;
}

const struct board_arm *hardware_devices_arm(void)
{
    return boot.arm;
}
