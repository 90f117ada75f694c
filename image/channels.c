/* SPDX-License-Identifier: Apache-2.0 */
#include "channels.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* What entries are read into. */
struct reading {
    struct channels *out;
    const char *file;
};

/* "NAME:PORT" */
static bool read_end(char *text, struct channel_end *end)
{
    char *colon = strchr(text, ':');
    uint64_t port;

    if (colon == NULL || colon == text || colon - text > CONFIG_NAME_LENGTH) {
        return false;
    }
    *colon = '\0';
    strcpy(end->name, text);
    if (!config_list_number(colon + 1, 10, UINT32_MAX, &port)) {
        return false;
    }
    end->port = (unsigned)port;
    return true;
}

/* Req: BH-TOOL-027 */
static void take_channel(void *context, char *text, unsigned line)
{
    struct reading *r = context;
    struct channel c = { .file = r->file, .line = line };
    char *comma = strchr(text, ',');

    if (comma != NULL) {
        *comma = '\0';
    }
    if (comma == NULL || !read_end(text, &c.end[0]) || !read_end(comma + 1, &c.end[1])) {
        diag_error(r->file, line, "an entry of 'channels' must be \"NAME:PORT,NAME:PORT\"");
    } else if (r->out->count == CHANNEL_LIMIT) {
        diag_error(r->file, line, "more than %d channels", CHANNEL_LIMIT);
    } else {
        r->out->channel[r->out->count++] = c;
    }
}

void channels_read(struct channels *channels, const struct config_source *source, unsigned line)
{
    struct reading r = { channels, source->file };

    config_list_each(source, "channels", line, CHANNEL_LIMIT, "channels", take_channel, &r);
}

static unsigned port_max(const struct domain_config *config)
{
    return config->vcpu_count > 128 && 8 * config->vcpu_count - 1 > CHANNEL_PORT_MAX ? 8 * config->vcpu_count - 1
                                                                                     : CHANNEL_PORT_MAX;
}

/* Who has a port before end `k` of number `i`. */
static const struct channel *find_port(const struct channels *channels, unsigned i, unsigned k)
{
    const struct channel_end *mine = &channels->channel[i].end[k];

    for (unsigned j = 0; j <= i; j++) {
        for (unsigned m = 0; m < (j == i ? k : 2); m++) {
            const struct channel_end *its = &channels->channel[j].end[m];

            if (its->port == mine->port && strcmp(its->name, mine->name) == 0) {
                return &channels->channel[j];
            }
        }
    }
    return NULL;
}

static void check_end(struct channels *channels, unsigned i, unsigned k, enum arch arch,
                      const struct partition *partitions, unsigned count)
{
    struct channel *c = &channels->channel[i];
    struct channel_end *end = &c->end[k];
    const struct channel *other = find_port(channels, i, k);

    end->config = partition_find(partitions, count, end->name);
    if (end->config == NULL) {
        diag_error(c->file, c->line, "'channels': there is no partition '%s'", end->name);
    } else if (end->port == 0 || end->port > port_max(end->config)) {
        diag_error(c->file, c->line, "'channels': '%s' (%s:%u) has ports 1 to %u: there is none %u", end->name,
                   end->config->file, config_line(end->config, KEY_NAME), port_max(end->config), end->port);
    } else if (arch == ARCH_X86_64 && end->port == 1) {
        diag_error(c->file, c->line, "'channels': port 1 of '%s' (%s:%u) is its PV console's", end->name,
                   end->config->file, config_line(end->config, KEY_NAME));
    } else if (other != NULL) {
        diag_error(c->file, c->line, "'channels': port %u of '%s' is another channel's, see %s:%u", end->port, end->name,
                   other->file, other->line);
    }
}

/* A port by which nobody can say anything to anybody never makes its partition ready. */
static void note_ready(const struct channels *channels, const struct domain_config *config)
{
    for (unsigned i = 0; i < channels->count; i++) {
        for (unsigned k = 0; k < 2; k++) {
            if (channels->channel[i].end[k].config == config && channels->channel[i].end[k].port == config->ready_port) {
                return;
            }
        }
    }
    diag_note(config->file, config_line(config, KEY_READY),
              "port %u is no channel's of a system file: the partition is ready only if it makes one there itself",
              config->ready_port);
}

static void check_ready(const struct channels *channels, const struct domain_config *config)
{
    if (config->ready_port > port_max(config)) {
        diag_error(config->file, config_line(config, KEY_READY), "'ready': '%s' has ports 1 to %u: there is none %u",
                   config->name, port_max(config), config->ready_port);
    } else {
        note_ready(channels, config);
    }
}

/* Req: BH-TOOL-027 */
void channels_check(struct channels *channels, enum arch arch, const struct partition *partitions, unsigned count)
{
    for (unsigned i = 0; i < channels->count; i++) {
        check_end(channels, i, 0, arch, partitions, count);
        check_end(channels, i, 1, arch, partitions, count);
    }
    for (unsigned i = 0; i < count; i++) {
        if (partitions[i].config.ready_port != 0) {
            check_ready(channels, &partitions[i].config);
        }
    }
}
