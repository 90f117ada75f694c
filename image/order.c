/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#include "channels.h"
#include "diag.h"

/* Req: BH-TOOL-026 */
void order_read(struct domain_config *config, XLU_Config *xlu)
{
    static const char *const actions[] = { "start", "destroy", "halt-board" };
    char *action = config_string(config, xlu, KEY_AFTER_ACTION);
    unsigned i = 0;

    config->ready_port = (unsigned)config_number(config, xlu, KEY_READY, 1, CHANNEL_PORT_MOST, 0);
    config->after = config_string(config, xlu, KEY_AFTER);
    config->after_timeout = (unsigned)config_number(config, xlu, KEY_AFTER_TIMEOUT, 1, ORDER_TIMEOUT_MAX, 0);
    config->after_action = actions[0];
    while (action != NULL && i < 3 && strcmp(action, actions[i]) != 0) {
        i++;
    }
    if (action != NULL && i == 3) {
        diag_error(config->file, config->line[KEY_AFTER_ACTION],
                   "'after_action' must be \"start\", \"destroy\" or \"halt-board\"");
    } else if (action != NULL) {
        config->after_action = actions[i];
    }
    free(action);
    if (config->line[KEY_AFTER] == 0 && config->line[KEY_AFTER_TIMEOUT] != 0) {
        diag_error(config->file, config->line[KEY_AFTER_TIMEOUT], "'after_timeout' says nothing without 'after'");
    }
    if (config->line[KEY_AFTER_TIMEOUT] == 0 && config->line[KEY_AFTER_ACTION] != 0) {
        diag_error(config->file, config->line[KEY_AFTER_ACTION], "'after_action' says nothing without 'after_timeout'");
    }
}

/* The chain from `config` back to itself, "'b' in b.cfg:5, 'a' in a.cfg:4"; NULL: there is none. To be freed. */
static char *find_circle(const struct partition *partitions, unsigned count, const struct domain_config *config)
{
    const struct domain_config *at = config;
    char *text = diag_strdup("");

    for (unsigned steps = 0; steps < count; steps++) {
        char *longer;

        at = partition_find(partitions, count, at->after);
        if (at == NULL) {
            break;
        }
        if (at == config) {
            return text;
        }
        longer = diag_printf("%s, which waits for '%s' in %s:%u", text, at->after != NULL ? at->after : "", at->file,
                             config_line(at, KEY_AFTER));
        free(text);
        text = longer;
    }
    free(text);
    return NULL;
}

/* Req: BH-TOOL-026 */
void order_check(const struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct domain_config *config = &partitions[i].config, *other;
        unsigned line = config_line(config, KEY_AFTER);
        char *circle;

        if (config->after == NULL) {
            continue;
        }
        other = partition_find(partitions, count, config->after);
        if (other == NULL) {
            diag_error(config->file, line, "'after': there is no partition '%s'", config->after);
            continue;
        }
        if (other->ready_port == 0) {
            diag_error(config->file, line, "'after': '%s' never says that it is ready: 'ready' is missing in %s:%u",
                       config->after, other->file, config_line(other, KEY_NAME));
        }
        circle = find_circle(partitions, count, config);
        if (circle != NULL) {
            diag_error(config->file, line, "'%s' waits for itself: it waits for '%s'%s", config->name, config->after,
                       circle);
            free(circle);
        }
    }
}
