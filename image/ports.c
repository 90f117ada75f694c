/* SPDX-License-Identifier: Apache-2.0 */
#include "ports.h"

#include <string.h>

#include "bytes.h"
#include "diag.h"

/* What nobody gets of a PC: the hypervisor uses it, or who has it has the board. Registers of ACPI's are not known here. */
static const struct {
    unsigned first, last;
    const char *what;
} taken_ports[] = {
    { 0x000, 0x01f, "the DMA controller" },
    { 0x020, 0x021, "the interrupt controller" },
    { 0x02e, 0x02f, "the configuration of the board's ports" },
    { 0x040, 0x043, "the interval timer" },
    { 0x04e, 0x04f, "the configuration of the board's ports" },
    { 0x061, 0x061, "the interval timer" },
    { 0x064, 0x064, "the reset of the board" },
    { 0x070, 0x077, "the clock" },
    { 0x081, 0x08f, "the DMA controller" },
    { 0x092, 0x092, "the reset of the board" },
    { 0x0a0, 0x0a1, "the interrupt controller" },
    { 0x0b2, 0x0b3, "the firmware" },
    { 0x0c0, 0x0df, "the DMA controller" },
    { 0x3f8, 0x3ff, "the hypervisor's console" },
    { 0x4d0, 0x4d1, "the interrupt controller" },
    { 0xcf8, 0xcff, "the configuration of PCI" },
};
static const struct {
    unsigned number;
    const char *what;
} taken_irqs[] = {
    { 0, "the interval timer" }, { 2, "the interrupt controller" }, { 4, "the hypervisor's console" }, { 8, "the clock" },
};

static void take_ports(void *context, char *text, unsigned line)
{
    struct domain_config *config = context;
    char *dash = strchr(text, '-');
    uint64_t first, last;

    if (dash != NULL) {
        *dash++ = '\0';
    }
    if (!config_list_number(text, 16, PORT_COUNT - 1, &first) ||
        !config_list_number(dash != NULL ? dash : text, 16, PORT_COUNT - 1, &last) || last < first) {
        diag_error(config->file, line, "'ioports': expected a port or a range of them, hexadecimal, like \"2f8-2ff\"");
        return;
    }
    for (unsigned i = 0; i < sizeof(taken_ports) / sizeof(taken_ports[0]); i++) {
        if (first <= taken_ports[i].last && taken_ports[i].first <= last) {
            diag_error(config->file, line, "'ioports': %llx to %llx: no partition gets %x to %x, %s",
                       (unsigned long long)first, (unsigned long long)last, taken_ports[i].first, taken_ports[i].last,
                       taken_ports[i].what);
            return;
        }
    }
    config->port[config->port_count++] = (struct config_ports){ line, (unsigned)first, (unsigned)(last - first + 1) };
}

static void take_irq(void *context, char *text, unsigned line)
{
    struct domain_config *config = context;
    uint64_t number;

    if (!config_list_number(text, 10, IRQ_COUNT - 1, &number)) {
        diag_error(config->file, line, "'irqs': '%s': expected the number of an ISA interrupt, 0 to %u", text,
                   IRQ_COUNT - 1);
        return;
    }
    for (unsigned i = 0; i < sizeof(taken_irqs) / sizeof(taken_irqs[0]); i++) {
        if (number == taken_irqs[i].number) {
            diag_error(config->file, line, "'irqs': no partition gets %u, %s", taken_irqs[i].number,
                       taken_irqs[i].what);
            return;
        }
    }
    config->irq[config->irq_count++] = (struct config_ports){ line, (unsigned)number, 1 };
}

/* Req: BH-TOOL-023 */
void ports_read(struct domain_config *config, enum arch arch, const struct config_source *source)
{
    if (arch == ARCH_ARM64) {
        if (config->line[KEY_IOPORTS] != 0) {
            diag_error(config->file, config->line[KEY_IOPORTS], "'ioports' is for x86_64: arm64 has no I/O ports");
        }
        if (config->line[KEY_IRQS] != 0) {
            diag_error(config->file, config->line[KEY_IRQS],
                       "'irqs' is for x86_64: on arm64 interrupts come with their device, see 'dtdev'");
        }
        return;
    }
    config_list_each(source, "ioports", config->line[KEY_IOPORTS], PORT_RANGE_LIMIT, "ranges of ports", take_ports,
                     config);
    config_list_each(source, "irqs", config->line[KEY_IRQS], CONFIG_DEVICE_LIMIT, "interrupts", take_irq, config);
}

/* Checks number `k` of one list against those before it in all lists. */
static void check_one(const struct partition *partitions, unsigned i, unsigned k, bool is_irq)
{
    const struct domain_config *config = &partitions[i].config;
    const struct config_ports *mine = is_irq ? &config->irq[k] : &config->port[k];

    for (unsigned j = 0; j <= i; j++) {
        const struct domain_config *other = &partitions[j].config;
        unsigned end = j == i ? k : is_irq ? other->irq_count : other->port_count;

        for (unsigned m = 0; m < end; m++) {
            const struct config_ports *its = is_irq ? &other->irq[m] : &other->port[m];

            if (!bytes_overlap(mine->first, mine->count, its->first, its->count)) {
                continue;
            }
            if (is_irq) {
                diag_error(config->file, mine->line, "interrupt %u belongs to '%s' already, see %s:%u", mine->first,
                           other->name, other->file, its->line);
            } else {
                diag_error(config->file, mine->line, "ports %x to %x overlap %x to %x, which belong to '%s', see %s:%u",
                           mine->first, mine->first + mine->count - 1, its->first, its->first + its->count - 1,
                           other->name, other->file, its->line);
            }
            return;
        }
    }
}

/* Req: BH-TOOL-023 */
void ports_check(const struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < partitions[i].config.port_count; k++) {
            check_one(partitions, i, k, false);
        }
        for (unsigned k = 0; k < partitions[i].config.irq_count; k++) {
            check_one(partitions, i, k, true);
        }
    }
}
