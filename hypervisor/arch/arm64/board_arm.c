/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as its device tree describes it, Arm's part. Bindings: Linux, Documentation/devicetree/bindings,
 * interrupt-controller/arm,gic.yaml and arm,gic-v3.yaml, timer/arm,arch_timer.yaml, arm/psci.yaml, serial/pl011.yaml,
 * serial/arm,sbsa-uart.yaml, serial/cdns,uart.yaml.
 */
#include "board_arm.h"

#include "bh/boot_config.h"
#include "lib/string.h"

/* arm,gic.yaml: interrupt specifiers of three cells, and more for what we do not use. */
#define SPECIFIER_CELLS 3
#define SPI_FIRST       32
#define SPI_COUNT       988
#define PPI_FIRST       16
#define PPI_COUNT       16
#define TRIGGER_EDGE    3

/* The highest address of device registers that the hypervisor maps. */
#define ADDRESS_LIMIT (1ULL << 48)

enum kind { KIND_NONE, KIND_GICV2, KIND_GICV3, KIND_TIMER, KIND_PSCI, KIND_PSCI_0_1, KIND_PL011, KIND_CADENCE };

static const struct {
    char compatible[20];
    uint8_t kind;
} kinds[] = {
    { "arm,gic-v3", KIND_GICV3 },
    { "arm,gic-400", KIND_GICV2 },
    { "arm,cortex-a15-gic", KIND_GICV2 },
    { "arm,cortex-a7-gic", KIND_GICV2 },
    { "arm,cortex-a9-gic", KIND_GICV2 },
    { "arm,armv8-timer", KIND_TIMER },
    { "arm,psci-1.0", KIND_PSCI },
    { "arm,psci-0.2", KIND_PSCI },
    { "arm,psci", KIND_PSCI_0_1 },
    { "arm,pl011", KIND_PL011 },
    { "arm,sbsa-uart", KIND_PL011 }, /* has those of its registers that are used */
    { "xlnx,xuartps", KIND_CADENCE },
    { "cdns,uart-r1p8", KIND_CADENCE },
    { "cdns,uart-r1p12", KIND_CADENCE },
};

/* What the first string of "compatible" that we know says. */
static enum kind classify(const struct fdt *t, const struct fdt_node *node)
{
    struct fdt_property p;
    const char *text, *end;

    if (!fdt_find_property(t, node, "compatible", &p)) {
        return KIND_NONE;
    }
    text = (const char *)p.value;
    end = text + p.size;
    while (text < end) {
        size_t length = strnlen(text, (size_t)(end - text));

        for (unsigned k = 0; text + length < end && k < ARRAY_COUNT(kinds); k++) {
            if (text[0] == kinds[k].compatible[0] && string_equal(text, kinds[k].compatible)) {
                return kinds[k].kind;
            }
        }
        text += length + 1;
    }
    return KIND_NONE;
}

/* Is the node that W stands at in use, and all the buses above it? */
static bool is_enabled(const struct fdt *t, const struct fdt_walk *w)
{
    for (unsigned depth = 1; depth <= w->node.depth; depth++) {
        if (!fdt_is_enabled(t, &w->path[depth])) {
            return false;
        }
    }
    return true;
}

/*
 * Entry INDEX of the reg of the node that W stands at, as physical addresses; at least MINIMUM bytes. False: there is
 * none; what is wrong with one was reported.
 */
static bool read_registers(const struct fdt *t, const struct fdt_walk *w, unsigned index, uint64_t minimum,
                           struct board_registers *out)
{
    uint64_t address, size;
    int err = fdt_reg(t, &w->node, index, &address, &size);

    if (err == -XEN_ENOENT) {
        return false;
    }
    for (unsigned depth = w->node.depth; err == 0 && depth > 2; depth--) {
        err = fdt_translate(t, &w->path[depth - 1], &w->path[depth], &address, size);
    }
    if (err != 0 || size < minimum || address > ADDRESS_LIMIT || size > ADDRESS_LIMIT - address) {
        boot_config_report(LOG_ERROR, t, &w->node, "reg", "entry %u is not usable; expected 0x%llx bytes or more below "
                           "2^48, translated by the ranges of all buses above", index, (unsigned long long)minimum);
        return false;
    }
    *out = (struct board_registers){ .address = address, .size = size };
    return true;
}

/* Interrupt INDEX of NODE; false: there are fewer, or it is none of the GIC's that can be used. */
static bool read_interrupt(const struct fdt *t, const struct fdt_node *node, unsigned index, unsigned cells,
                           struct board_interrupt *out)
{
    const char *name = "interrupts";
    struct fdt_property p;
    uint32_t type, number, at = index * cells;

    if (!fdt_find_property(t, node, name, &p)) {
        /* The same with a phandle ahead of each; there is one interrupt controller that they can mean. */
        name = "interrupts-extended";
        at = index * (cells + 1) + 1;
        if (!fdt_find_property(t, node, name, &p)) {
            return false;
        }
    }
    if (p.size / sizeof(fdt_cell_t) < at + cells) {
        return false;
    }
    type = fdt_cell(&p, at);
    number = fdt_cell(&p, at + 1);
    if (type > 1 || number >= (type == 0 ? SPI_COUNT : PPI_COUNT)) {
        boot_config_report(LOG_WARNING, t, node, name, "entry %u is not usable; expected a GIC's SPI or PPI", index);
        return false;
    }
    out->intid = (uint16_t)(number + (type == 0 ? SPI_FIRST : PPI_FIRST));
    out->is_edge = (fdt_cell(&p, at + 2) & TRIGGER_EDGE) != 0;
    return true;
}

/* The same by its name in "interrupt-names"; without such a property, or if the name is not there, entry INDEX. */
static void read_named_interrupt(const struct fdt *t, const struct fdt_node *node, const char *name, unsigned index,
                                 unsigned cells, struct board_interrupt *out)
{
    struct fdt_property p;
    const char *text;

    if (fdt_find_property(t, node, "interrupt-names", &p)) {
        for (unsigned i = 0; (text = fdt_property_string_at(&p, i)) != NULL; i++) {
            if (string_equal(text, name)) {
                (void)read_interrupt(t, node, i, cells, out);
                return;
            }
        }
        return;
    }
    (void)read_interrupt(t, node, index, cells, out);
}

static void read_gicv2(const struct fdt *t, const struct fdt_walk *w, struct board_arm *arm)
{
    if (!read_registers(t, w, 0, 0x1000, &arm->gicd) || !read_registers(t, w, 1, 0x1000, &arm->gicc) ||
        !read_registers(t, w, 2, 0x200, &arm->gich) || !read_registers(t, w, 3, 0x1000, &arm->gicv)) {
        boot_config_report(LOG_ERROR, t, &w->node, "reg", "expected four: distributor, CPU interface, and the two of the "
                           "virtualization extensions");
        return;
    }
    arm->gic_version = 2;
}

static void read_gicv3(const struct fdt *t, const struct fdt_walk *w, struct board_arm *arm)
{
    uint32_t regions = 1, read = 0;

    if (fdt_u32(t, &w->node, "#redistributor-regions", &regions) == -XEN_EINVAL || regions == 0) {
        boot_config_report(LOG_ERROR, t, &w->node, "#redistributor-regions", "expected a number from 1");
        return;
    }
    if (fdt_number(t, &w->node, "redistributor-stride", &arm->gicr_stride) == -XEN_EINVAL ||
        arm->gicr_stride % 0x10000 != 0 || arm->gicr_stride > GIB(1)) {
        boot_config_report(LOG_ERROR, t, &w->node, "redistributor-stride", "expected a multiple of 0x10000");
        return;
    }
    if (!read_registers(t, w, 0, 0x10000, &arm->gicd)) {
        boot_config_report(LOG_ERROR, t, &w->node, "reg", "expected a distributor");
        return;
    }
    while (read < regions && read < BOARD_GICR_COUNT && read_registers(t, w, 1 + read, 0x20000, &arm->gicr[read])) {
        read++;
    }
    if (read < regions) {
        boot_config_report(read == 0 ? LOG_ERROR : LOG_WARNING, t, &w->node, "reg", "%u regions of redistributors are "
                           "used; expected %u, and at most %u", read, regions, BOARD_GICR_COUNT);
    }
    if (read == 0) {
        return;
    }
    /* Only for guests that use GICv2's interface. */
    if (regions <= BOARD_GICR_COUNT && read_registers(t, w, 1 + regions, 1, &arm->gicc) &&
        read_registers(t, w, 2 + regions, 1, &arm->gich)) {
        (void)read_registers(t, w, 3 + regions, 1, &arm->gicv);
    }
    arm->gicr_count = (uint8_t)read;
    arm->gic_version = 3;
}

static void read_psci(const struct fdt *t, const struct fdt_node *node, bool is_0_1, struct board_arm *arm)
{
    const char *method;

    if (fdt_text(t, node, "method", &method, NULL) != 0 ||
        (!string_equal(method, "smc") && !string_equal(method, "hvc"))) {
        boot_config_report(LOG_ERROR, t, node, "method", "expected \"smc\" or \"hvc\"");
        return;
    }
    if (is_0_1) {
        if (fdt_u32(t, node, "cpu_on", &arm->psci_cpu_on) != 0) {
            boot_config_report(LOG_ERROR, t, node, "cpu_on", "expected a number of a function");
            return;
        }
        (void)fdt_u32(t, node, "cpu_off", &arm->psci_cpu_off);
    }
    arm->psci_is_0_1 = is_0_1;
    arm->psci_conduit = string_equal(method, "smc") ? CONDUIT_SMC : CONDUIT_HVC;
}

static void read_timer(const struct fdt *t, const struct fdt_node *node, unsigned cells, struct board_arm *arm)
{
    /* arm,arch_timer.yaml: secure, physical, virtual, hypervisor. */
    read_named_interrupt(t, node, "phys", 1, cells, &arm->timer_physical);
    read_named_interrupt(t, node, "virt", 2, cells, &arm->timer_virtual);
    read_named_interrupt(t, node, "hyp-phys", 3, cells, &arm->timer_hypervisor);
    (void)fdt_u32(t, node, "clock-frequency", &arm->timer_frequency);
    if (arm->timer_virtual.intid == 0 || arm->timer_hypervisor.intid == 0) {
        boot_config_report(LOG_ERROR, t, node, "interrupts", "expected those of the virtual and the hypervisor's timer");
    }
}

void board_arm_read(const struct fdt *t, const struct board *b, struct board_arm *arm)
{
    struct fdt_node gic, timer, uart;
    bool has_gic = false, has_timer = false, has_psci = false;
    uint32_t cells = SPECIFIER_CELLS;
    struct fdt_walk w;

    *arm = (struct board_arm){ .gic_version = 0 };
    fdt_walk_begin(t, &w);
    do {
        enum kind kind = classify(t, &w.node);
        bool is_stdout = b->has_stdout && b->stdout_node.cell == w.node.cell;

        if (kind == KIND_NONE || !is_enabled(t, &w)) {
            continue;
        }
        if ((kind == KIND_GICV2 || kind == KIND_GICV3) && !has_gic) {
            has_gic = true;
            gic = w.node;
            arm->gic_cell = gic.cell;
            if (kind == KIND_GICV2) {
                read_gicv2(t, &w, arm);
            } else {
                read_gicv3(t, &w, arm);
            }
        } else if (kind == KIND_TIMER && !has_timer) {
            has_timer = true;
            timer = w.node;
        } else if ((kind == KIND_PSCI || kind == KIND_PSCI_0_1) && !has_psci) {
            has_psci = true;
            read_psci(t, &w.node, kind == KIND_PSCI_0_1, arm);
        } else if ((kind == KIND_PL011 || kind == KIND_CADENCE) && (arm->uart_kind == UART_NONE || is_stdout)) {
            if (read_registers(t, &w, 0, 0x48, &arm->uart)) {
                arm->uart_kind = kind == KIND_PL011 ? UART_PL011 : UART_CADENCE;
                uart = w.node;
                arm->uart_cell = uart.cell;
            }
        }
    } while (fdt_walk_next(t, &w));
    if (has_gic && (fdt_u32(t, &gic, "#interrupt-cells", &cells) != 0 || cells < SPECIFIER_CELLS || cells > 4)) {
        boot_config_report(LOG_ERROR, t, &gic, "#interrupt-cells", "expected 3 or 4");
        cells = SPECIFIER_CELLS;
    }
    arm->gic_cells = (uint8_t)cells;
    if (has_gic) {
        (void)read_interrupt(t, &gic, 0, cells, &arm->maintenance);
    }
    if (has_timer) {
        read_timer(t, &timer, cells, arm);
    }
    if (arm->uart_kind != UART_NONE) {
        (void)read_interrupt(t, &uart, 0, cells, &arm->uart_interrupt);
    }
}
