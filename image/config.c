/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "colours.h"
#include "config_keys.h"
#include "devices.h"
#include "diag.h"
#include "nodes.h"
#include "order.h"
#include "ports.h"
#include "shared_memory.h"
#include "static_memory.h"

#define FILE_LIMIT ((size_t)1 << 20)

/* What xl accepts for Xen's credit schedulers. */
#define WEIGHT_MAX 65535
/* No partition gets more RAM than Xen's guest memory layout has room for: public/arch-arm.h, GUEST_RAM*_SIZE. */
#define MEMORY_MAX_MIB ((long)(3 + 1019) * 1024)

unsigned config_line(const struct domain_config *config, enum config_key key)
{
    return config->line[key] != 0 ? config->line[key] : 1;
}

static void key_found(void *context, const char *name, unsigned line)
{
    struct domain_config *config = context;
    enum config_key key;

    switch (config_key_standing(name, &key)) {
    case STANDING_SUPPORTED:
        config->line[key] = line;
        break;
    case STANDING_XL_ONLY:
        diag_error(config->file, line, "'%s' is known to xl, but this version does not support it", name);
        break;
    case STANDING_UNKNOWN:
        diag_error(config->file, line, "unknown key '%s'", name);
        break;
    }
}

char *config_string(const struct domain_config *config, XLU_Config *xlu, enum config_key key)
{
    const char *value;
    int err;

    if (config->line[key] == 0) {
        return NULL;
    }
    err = xlu_cfg_get_string(xlu, config_key_name(key), &value, 1);
    if (err != 0 || value == NULL) {
        diag_error(config->file, config->line[key], "'%s' must be a string", config_key_name(key));
        return NULL;
    }
    return diag_strdup(value);
}

/* A path or name that must be there and not empty. */
static char *read_required(const struct domain_config *config, XLU_Config *xlu, enum config_key key)
{
    char *value = config_string(config, xlu, key);

    if (config->line[key] == 0) {
        diag_error(config->file, 1, "'%s' is missing", config_key_name(key));
    } else if (value != NULL && value[0] == '\0') {
        diag_error(config->file, config->line[key], "'%s' is empty", config_key_name(key));
    }
    return value;
}

long config_number(const struct domain_config *config, XLU_Config *xlu, enum config_key key, long min, long max,
                   long missing)
{
    long value;
    int err;

    if (config->line[key] == 0) {
        return missing;
    }
    err = xlu_cfg_get_long(xlu, config_key_name(key), &value, 1);
    if (err != 0 && err != ERANGE) {
        diag_error(config->file, config->line[key], "'%s' must be a number", config_key_name(key));
        return missing;
    }
    if (err == ERANGE || value < min || value > max) {
        diag_error(config->file, config->line[key], "'%s' must be from %ld to %ld", config_key_name(key), min, max);
        return missing;
    }
    return value;
}

/* Names appear on the console before every line and in the names of the files written. */
static void check_name(const struct domain_config *config)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
    size_t length = config->name != NULL ? strlen(config->name) : 0;

    if (length > CONFIG_NAME_LENGTH) {
        diag_error(config->file, config->line[KEY_NAME], "name '%s' is longer than %d characters", config->name,
                   CONFIG_NAME_LENGTH);
    } else if (length != 0 && strspn(config->name, allowed) != length) {
        diag_error(config->file, config->line[KEY_NAME],
                   "name '%s' has a character that is neither a letter, a digit nor one of - _ . +", config->name);
    }
}

/* A console that a partition on x86-64 does not have is worth a remark: the kernel would write to nobody. */
static void check_console(const struct domain_config *config, enum arch arch)
{
    static const char *const missing[] = {"console=ttyAMA", "console=ttyS"};
    unsigned i;

    for (i = 0; arch == ARCH_X86_64 && i < sizeof(missing) / sizeof(missing[0]); i++) {
        if (strstr(config->command_line, missing[i]) != NULL) {
            diag_note(config->file, config_line(config, config->line[KEY_CMDLINE] != 0 ? KEY_CMDLINE : KEY_EXTRA),
                      "'%s...': a partition on x86_64 has the PV console only: console=hvc0", missing[i]);
        }
    }
}

static void read_command_line(struct domain_config *config, enum arch arch, XLU_Config *xlu)
{
    char *extra = config_string(config, xlu, KEY_EXTRA);
    char *whole = config_string(config, xlu, KEY_CMDLINE);

    if (config->line[KEY_EXTRA] != 0 && config->line[KEY_CMDLINE] != 0) {
        diag_error(config->file, config->line[KEY_EXTRA], "'extra' has no effect beside 'cmdline' in %s:%u",
                   config->file, config->line[KEY_CMDLINE]);
    }
    if ((extra != NULL && strlen(extra) > CONFIG_COMMAND_LINE_LENGTH) ||
        (whole != NULL && strlen(whole) > CONFIG_COMMAND_LINE_LENGTH)) {
        diag_error(config->file, config_line(config, whole != NULL ? KEY_CMDLINE : KEY_EXTRA),
                   "the kernel's command line is longer than %d characters", CONFIG_COMMAND_LINE_LENGTH);
    }
    config->command_line = whole != NULL ? whole : extra != NULL ? extra : diag_strdup("");
    if (whole != NULL) {
        free(extra);
    }
    check_console(config, arch);
}

/* Req: BH-TOOL-014 */
static void read_vuart(const struct domain_config *config, enum arch arch, XLU_Config *xlu)
{
    char *kind = config_string(config, xlu, KEY_VUART);

    if (kind != NULL && arch == ARCH_X86_64) {
        diag_error(config->file, config->line[KEY_VUART],
                   "'vuart' is for arm64: a partition on x86_64 has the PV console (Linux: hvc0)");
    } else if (kind != NULL && strcmp(kind, "sbsa_uart") != 0) {
        diag_error(config->file, config->line[KEY_VUART], "'vuart' must be \"sbsa_uart\", which is always there");
    }
    free(kind);
}

/* Req: BH-TOOL-014, BH-TOOL-022 */
static void read_watchdog(struct domain_config *config, enum arch arch, XLU_Config *xlu)
{
    char *kind = config_string(config, xlu, KEY_WATCHDOG);

    if (kind != NULL && arch == ARCH_X86_64) {
        diag_error(config->file, config->line[KEY_WATCHDOG],
                   "'watchdog' is for arm64: a partition on x86_64 has Xen's watchdog only");
    } else if (kind != NULL && strcmp(kind, "sbsa") != 0) {
        diag_error(config->file, config->line[KEY_WATCHDOG], "'watchdog' must be \"sbsa\"");
    }
    config->has_watchdog = kind != NULL;
    free(kind);
}

/* A path that need not be there, and is not empty. */
static char *read_optional(const struct domain_config *config, XLU_Config *xlu, enum config_key key)
{
    char *value = config_string(config, xlu, key);

    if (value != NULL && value[0] == '\0') {
        diag_error(config->file, config->line[key], "'%s' is empty", config_key_name(key));
    }
    return value;
}

/* Req: BH-TOOL-014 */
static void read_device_tree(struct domain_config *config, enum arch arch, XLU_Config *xlu)
{
    config->device_tree = read_optional(config, xlu, KEY_DEVICE_TREE);
    if (config->device_tree != NULL && arch == ARCH_X86_64) {
        diag_error(config->file, config->line[KEY_DEVICE_TREE],
                   "'device_tree' is for arm64: a partition on x86_64 has no device tree");
    }
}

/* Req: BH-TOOL-017 */
/* What follows an end. Without a key, what xl does: a reboot starts the partition again, all else is its end. */
static void read_actions(struct domain_config *config, XLU_Config *xlu)
{
    static const char *const known[] = { "destroy", "restart", "halt-board" };
    char *limit = config_string(config, xlu, KEY_RESTART_LIMIT);
    unsigned cause, i;

    for (cause = 0; cause < CAUSE_COUNT; cause++) {
        enum config_key key = KEY_ON_POWEROFF + cause;
        char *action = config_string(config, xlu, key);

        config->action[cause] = cause == CAUSE_REBOOT ? "restart" : "destroy";
        for (i = 0; action != NULL && i < 3 && strcmp(action, known[i]) != 0; i++) {
        }
        if (action != NULL && i == 3) {
            diag_error(config->file, config->line[key], "'%s' must be \"destroy\", \"restart\" or \"halt-board\"",
                       config_key_name(key));
        } else if (action != NULL) {
            config->action[cause] = known[i];
        }
        free(action);
    }
    if (limit != NULL) {
        int end = 0;

        if (sscanf(limit, "%5u/%5u%n", &config->restart_limit, &config->restart_seconds, &end) != 2 ||
            limit[end] != '\0' || config->restart_limit == 0 || config->restart_limit > CONFIG_RESTART_LIMIT ||
            config->restart_seconds == 0 || config->restart_seconds > CONFIG_RESTART_SECONDS) {
            diag_error(config->file, config->line[KEY_RESTART_LIMIT],
                       "'restart_limit' must be \"N/S\": at most N restarts, 1 to %d, in S seconds, 1 to %d",
                       CONFIG_RESTART_LIMIT, CONFIG_RESTART_SECONDS);
        }
    }
    free(limit);
}

static void read_values(struct domain_config *config, enum arch arch, const struct config_source *source)
{
    XLU_Config *xlu = source->xlu;

    config->name = read_required(config, xlu, KEY_NAME);
    check_name(config);
    config->kernel = read_required(config, xlu, KEY_KERNEL);
    config->ramdisk = read_optional(config, xlu, KEY_RAMDISK);
    read_device_tree(config, arch, xlu);
    read_command_line(config, arch, xlu);
    if (config->line[KEY_MEMORY] == 0) {
        diag_error(config->file, 1, "'memory' is missing");
    }
    config->memory_mib = (uint64_t)config_number(config, xlu, KEY_MEMORY, 1, MEMORY_MAX_MIB, 0);
    config->vcpu_count = (unsigned)config_number(config, xlu, KEY_VCPUS, 1, CONFIG_VCPU_LIMIT, 1);
    config->weight = (unsigned)config_number(config, xlu, KEY_CPU_WEIGHT, 1, WEIGHT_MAX, 0);
    config_read_cpus(config, xlu);
    read_vuart(config, arch, xlu);
    read_actions(config, xlu);
    config->is_direct = config_number(config, xlu, KEY_DIRECT_MAP, 0, 1, 0) != 0;
    static_memory_read(config, arch, xlu, &source->text);
    shared_memory_read(config, arch, source);
    devices_read(config, arch, source);
    ports_read(config, arch, source);
    colours_read(config, arch, source);
    nodes_read(config, source);
    order_read(config, xlu);
    read_watchdog(config, arch, xlu);
}

/*
 * Passes on what libxlutil reports, as "FILE:LINE: reason" like everything else. Where a line ends too early it counts
 * one line too few.
 */
static void report_syntax(const char *file, char *report)
{
    size_t prefix = strlen(file);
    char *text, *next = NULL;

    for (text = strtok_r(report, "\n", &next); text != NULL; text = strtok_r(NULL, "\n", &next)) {
        unsigned long line;
        char *reason;

        if (strncmp(text, file, prefix) != 0 || text[prefix] != ':') {
            diag_error(file, 0, "%s", text);
            continue;
        }
        line = strtoul(text + prefix + 1, &reason, 10);
        line += strstr(reason, "unexpected NEWLINE") != NULL ? 1 : 0;
        diag_error(file, (unsigned)line, "%s", reason + strspn(reason, ": "));
    }
}

/* Parses `text`, which ends in a newline. NULL after reporting what is wrong. */
static XLU_Config *parse(const char *file, const struct blob *text)
{
    char *report_text = NULL;
    size_t report_size = 0;
    FILE *report = open_memstream(&report_text, &report_size);
    XLU_Config *xlu = report != NULL ? xlu_cfg_init(report, file) : NULL;
    int err;

    if (xlu == NULL) {
        diag_error(file, 0, "out of memory");
        return NULL;
    }
    err = xlu_cfg_readdata(xlu, (const char *)text->data, (int)text->size);
    /* From here on it has nothing to say: every question is asked with dont_warn. */
    fclose(report);
    if (err != 0) {
        report_syntax(file, report_text);
        diag_error(file, 0, "is not an xl domain configuration");
        xlu_cfg_destroy(xlu);
        xlu = NULL;
    }
    free(report_text);
    return xlu;
}

bool config_open(const char *file, struct config_source *out)
{
    const char *why = blob_read(file, FILE_LIMIT, &out->text);

    out->file = file;
    out->xlu = NULL;
    if (why != NULL) {
        diag_error(file, 0, "%s", why);
        return false;
    }
    if (memchr(out->text.data, '\0', out->text.size) != NULL) {
        diag_error(file, 0, "is not a text file");
    } else {
        /* libxlutil takes a comment only with a newline behind it. */
        out->text.data[out->text.size++] = '\n';
        out->xlu = parse(file, &out->text);
    }
    if (out->xlu == NULL) {
        blob_free(&out->text);
    }
    return out->xlu != NULL;
}

void config_close(struct config_source *source)
{
    xlu_cfg_destroy(source->xlu);
    blob_free(&source->text);
}

/* Req: BH-TOOL-003 */
bool config_read(const char *file, enum arch arch, struct domain_config *out)
{
    unsigned errors_before = diag_error_count();
    struct config_source source;

    memset(out, 0, sizeof(*out));
    out->file = file;
    if (config_open(file, &source)) {
        config_keys_scan((const char *)source.text.data, source.text.size, key_found, out);
        read_values(out, arch, &source);
        config_close(&source);
    }
    return diag_error_count() == errors_before;
}

void config_free(struct domain_config *config)
{
    free(config->name);
    free(config->kernel);
    free(config->ramdisk);
    free(config->device_tree);
    free(config->command_line);
    free(config->after);
    for (unsigned i = 0; i < config->device_count; i++) {
        free(config->device[i].path);
    }
}
