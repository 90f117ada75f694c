/* SPDX-License-Identifier: Apache-2.0 */
#include "devices.h"

#include <string.h>

#include "bytes.h"
#include "config_list.h"
#include "diag.h"

/* What a configuration says of a device behind its path: it is sure that this one has no DMA. */
#define NO_DMA ",dma=none"

static void take_device(void *context, char *text, unsigned line)
{
    struct domain_config *config = context;
    size_t length = strlen(text), end = strlen(NO_DMA);
    bool has_no_dma = length > end && strcmp(text + length - end, NO_DMA) == 0;

    if (has_no_dma) {
        text[length - end] = '\0';
    }
    if (text[0] != '/' || text[1] == '\0') {
        diag_error(config->file, line, "'dtdev': '%s': expected the path of a node of the board's tree", text);
        return;
    }
    config->device[config->device_count++] =
        (struct config_device){ .line = line, .path = diag_strdup(text), .has_no_dma = has_no_dma };
}

static void take_registers(void *context, char *text, unsigned line)
{
    static const uint64_t most = (((uint64_t)1 << 52) / BYTES_PAGE) - 1;
    struct domain_config *config = context;
    char *copy = text, *count_text = strchr(copy, ','), *at_text;
    uint64_t first, count, at;

    if (count_text != NULL) {
        *count_text++ = '\0';
    }
    at_text = count_text != NULL ? strchr(count_text, '@') : NULL;
    if (at_text != NULL) {
        *at_text++ = '\0';
    }
    if (count_text == NULL || !config_list_number(copy, 16, most, &first) ||
        !config_list_number(count_text, 16, most, &count) || count == 0 || count > most - first ||
        !config_list_number(at_text != NULL ? at_text : copy, 16, most - count, &at)) {
        diag_error(config->file, line,
                   "'iomem': expected \"PAGE,PAGES\" or \"PAGE,PAGES@PAGE\", hexadecimal numbers of 4 KiB pages");
        return;
    }
    config->registers[config->registers_count++] =
        (struct config_registers){ line, first * BYTES_PAGE, count * BYTES_PAGE, at * BYTES_PAGE };
}

/* Req: BH-TOOL-022, BH-TOOL-014 */
void devices_read(struct domain_config *config, enum arch arch, const struct config_source *source)
{
    static const enum config_key keys[] = { KEY_DTDEV, KEY_IOMEM };

    for (unsigned i = 0; i < 2; i++) {
        unsigned line = config->line[keys[i]];
        const char *name = i == 0 ? "dtdev" : "iomem";

        if (line != 0 && arch == ARCH_X86_64) {
            diag_error(config->file, line, "'%s' is for arm64: a partition on x86_64 has no registers of the board's",
                       name);
        } else if (line != 0 && config->line[KEY_DEVICE_TREE] != 0) {
            diag_error(config->file, line, "'%s' can't be beside 'device_tree' in %s:%u: that says all of its devices",
                       name, config->file, config->line[KEY_DEVICE_TREE]);
        }
    }
    if (arch == ARCH_X86_64) {
        return;
    }
    config_list_each(source, "dtdev", config->line[KEY_DTDEV], CONFIG_DEVICE_LIMIT, "paths", take_device, config);
    config_list_each(source, "iomem", config->line[KEY_IOMEM], CONFIG_DEVICE_LIMIT, "ranges of pages", take_registers,
                     config);
}
