/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few facts that a guest needs from its device tree. Nodes below the root have two cells of address and two of
 * size, as Xen and QEMU write them; format: Devicetree Specification 0.3, chapter 5.
 */
#include "guest.h"

#define FDT_MAGIC      0xd00dfeedu
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4
#define DEPTH_MAX      8

/* Xen's promises (arch-arm.h), for a guest that was handed no device tree. */
struct board board = {
    .gic_version = 3, .gicd = 0x03001000, .gicc = 0x03002000, .gicr = 0x03020000, .uart = 0x22000000,
    .uart_is_sbsa = true, .cpu_count = 0, .memory_base = 0x40000000, .memory_size = 0, .ptimer_irq = 30, .vtimer_irq = 27,
};

/* What of one node was seen so far. */
struct node { const char *compatible; unsigned compatible_size; const uint8_t *reg; unsigned reg_size;
              const uint8_t *interrupts; unsigned interrupts_size; const char *type; };

static uint32_t be32(const void *p)
{
    const uint8_t *b = p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t be64(const void *p)
{
    return (uint64_t)be32(p) << 32 | be32((const uint8_t *)p + 4);
}

static bool node_is(const struct node *n, const char *name)
{
    const char *at = n->compatible, *end = at + n->compatible_size;

    while (at != NULL && at < end) {
        if (string_compare(at, name) == 0) {
            return true;
        }
        while (at < end && *at != '\0') {
            at++;
        }
        at++;
    }
    return false;
}

static void node_done(const struct node *n)
{
    if (n->type != NULL && string_compare(n->type, "cpu") == 0) {
        board.cpu_count++;
    } else if (n->type != NULL && string_compare(n->type, "memory") == 0 && n->reg_size >= 16) {
        board.memory_base = be64(n->reg);
        board.memory_size = be64(n->reg + 8);
    } else if (node_is(n, "arm,gic-v3") && n->reg_size >= 32) {
        board.gic_version = 3;
        board.gicd = be64(n->reg);
        board.gicr = be64(n->reg + 16);
    } else if ((node_is(n, "arm,gic-400") || node_is(n, "arm,cortex-a15-gic")) && n->reg_size >= 32) {
        board.gic_version = 2;
        board.gicd = be64(n->reg);
        board.gicc = be64(n->reg + 16);
    } else if ((node_is(n, "arm,sbsa-uart") || node_is(n, "arm,pl011")) && n->reg_size >= 16) {
        board.uart = be64(n->reg);
        board.uart_is_sbsa = node_is(n, "arm,sbsa-uart");
    } else if (node_is(n, "arm,armv8-timer") && n->interrupts_size >= 36) {
        board.ptimer_irq = 16 + be32(n->interrupts + 12 + 4);
        board.vtimer_irq = 16 + be32(n->interrupts + 24 + 4);
    } else if (node_is(n, "xen,xen")) {
        board.has_xen = true;
    }
}

void fdt_read(const void *fdt)
{
    const uint8_t *base = fdt, *at;
    const char *strings;
    struct node nodes[DEPTH_MAX] = { 0 };
    unsigned depth = 0;

    if (fdt == NULL || be32(base) != FDT_MAGIC) {
        return;
    }
    board.uart = 0;
    at = base + be32(base + 8);
    strings = (const char *)base + be32(base + 12);
    for (;;) {
        uint32_t token = be32(at);

        at += 4;
        if (token == FDT_BEGIN_NODE) {
            while (*at++ != '\0') {
            }
            at = (const uint8_t *)(((uintptr_t)at + 3) & ~3ul);
            if (depth + 1 < DEPTH_MAX) {
                nodes[depth + 1] = (struct node){ 0 };
            }
            depth++;
        } else if (token == FDT_END_NODE) {
            if (depth < DEPTH_MAX) {
                node_done(&nodes[depth]);
            }
            depth--;
        } else if (token == FDT_PROP) {
            uint32_t size = be32(at);
            const char *name = strings + be32(at + 4);
            const uint8_t *value = at + 8;
            struct node *n = &nodes[depth < DEPTH_MAX ? depth : 0];

            at = value + ((size + 3) & ~3u);
            if (string_compare(name, "compatible") == 0) {
                n->compatible = (const char *)value;
                n->compatible_size = size;
            } else if (string_compare(name, "reg") == 0) {
                n->reg = value;
                n->reg_size = size;
            } else if (string_compare(name, "interrupts") == 0) {
                n->interrupts = value;
                n->interrupts_size = size;
            } else if (string_compare(name, "device_type") == 0) {
                n->type = (const char *)value;
            } else if (string_compare(name, "bootargs") == 0) {
                format_to(board.bootargs, sizeof(board.bootargs), "%s", (const char *)value);
            }
        } else if (token != FDT_NOP) {
            return;
        }
    }
}

void board_say(void) { say("gic: version %u\n", board.gic_version); }
uint64_t board_device(void) { return board.gicd; }
uint32_t board_device_word(void) { return read32(board.gicd + 8); /* GICD_TYPER */ }
