/* SPDX-License-Identifier: Apache-2.0 */
#include "nodes.h"

#include <string.h>

#include "diag.h"

#define MIB ((uint64_t)1 << 20)

/* Req: BH-TOOL-025 */
void nodes_read(struct domain_config *config, const struct config_source *source)
{
    unsigned line = config->line[KEY_NODES];
    XLU_ConfigList *list;
    const char *text, *why = NULL;
    int entries;

    if (line == 0) {
        return;
    }
    if (xlu_cfg_get_list(source->xlu, "nodes", &list, &entries, 1) == 0) {
        for (int i = 0; i < entries && why == NULL; i++) {
            text = xlu_cfg_get_listitem(list, i);
            why = text == NULL ? "expected a string" : config_list_set(text, CONFIG_NODE_LIMIT, config->node);
        }
        why = entries < 1 ? "expected numbers and ranges like \"0-3,6\"" : why;
    } else if (xlu_cfg_get_string(source->xlu, "nodes", &text, 1) == 0) {
        why = config_list_set(text, CONFIG_NODE_LIMIT, config->node);
    } else {
        why = "expected a string like \"0-1\"";
    }
    if (why != NULL) {
        diag_error(config->file, line, "'nodes': %s", why);
    } else if (config->line[KEY_STATIC_MEMORY] != 0) {
        diag_error(config->file, line, "'nodes' can't be chosen beside 'static_memory' in %s:%u, which is where it is",
                   config->file, config->line[KEY_STATIC_MEMORY]);
    } else {
        config->has_nodes = true;
    }
}

/* Bytes of RAM of a node; 0: it is not there, or has none. */
static uint64_t ram_of(const struct board *board, unsigned node)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < board->ram_count; i++) {
        sum += board->ram[i].node == node ? board->ram[i].size : 0;
    }
    return sum;
}

/* Req: BH-TOOL-025 */
void nodes_check(const struct board *board, const struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < count && board->ram_count != 0; i++) {
        const struct domain_config *config = &partitions[i].config;
        uint64_t sum = 0;
        bool good = config->has_nodes;

        for (unsigned k = 0; k < CONFIG_NODE_LIMIT && good; k++) {
            uint64_t size = config->node[k] ? ram_of(board, k) : 1;

            if (size == 0) {
                diag_error(config->file, config_line(config, KEY_NODES), "node %u has no memory on this board, see %s",
                           k, board->file);
                good = false;
            }
            sum += config->node[k] ? size : 0;
        }
        if (good && config->memory_mib * MIB > sum) {
            diag_error(config->file, config_line(config, KEY_NODES),
                       "these nodes have %llu MiB of memory (%s): 'memory' in %s:%u says %llu MiB",
                       (unsigned long long)(sum / MIB), board->file, config->file, config_line(config, KEY_MEMORY),
                       (unsigned long long)config->memory_mib);
        }
    }
}
