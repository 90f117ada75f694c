/* SPDX-License-Identifier: Apache-2.0 */
#include "config_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "diag.h"

void config_list_each(const struct config_source *source, const char *name, unsigned line, unsigned limit,
                      const char *what, void (*take)(void *context, char *text, unsigned line), void *context)
{
    XLU_ConfigList *list;
    int entries;

    if (line == 0) {
        return;
    }
    if (xlu_cfg_get_list(source->xlu, name, &list, &entries, 1) != 0 || entries < 1 || (unsigned)entries > limit) {
        diag_error(source->file, line, "'%s' must be a list of 1 to %u %s", name, limit, what);
        return;
    }
    for (int i = 0; i < entries; i++) {
        unsigned at = config_keys_entry_line((const char *)source->text.data, source->text.size, line, (unsigned)i);
        const char *text = xlu_cfg_get_listitem(list, i);
        char *copy;

        if (text == NULL) {
            diag_error(source->file, line, "'%s' must be a list of strings", name);
            return;
        }
        copy = diag_strdup(text);
        take(context, copy, at);
        free(copy);
    }
}

static const struct config_field *find_field(const struct config_field *fields, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

char *config_list_fields(char *text, const struct config_field *fields, unsigned count)
{
    char *item;

    for (unsigned i = 0; i < count; i++) {
        *fields[i].value = NULL;
    }
    /* Not strtok_r(): nothing between two commas is a mistake. */
    while ((item = strsep(&text, ",")) != NULL) {
        char *value = strchr(item, '=');
        const struct config_field *field;

        if (value == NULL) {
            return diag_printf("'%s' is not NAME=VALUE", item);
        }
        *value++ = '\0';
        field = find_field(fields, count, item);
        if (field == NULL) {
            return diag_printf("'%s' is not known here", item);
        }
        if (*field->value != NULL) {
            return diag_printf("'%s' is said twice", item);
        }
        *field->value = value;
    }
    for (unsigned i = 0; i < count; i++) {
        if (fields[i].is_required && *fields[i].value == NULL) {
            return diag_printf("'%s' is missing", fields[i].name);
        }
    }
    return NULL;
}

bool config_list_number(const char *text, unsigned base, uint64_t max, uint64_t *out)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *start = text;
    unsigned long long value;
    char *end;

    if (strncmp(text, "0x", 2) == 0) {
        start += 2;
        base = 16;
    }
    /* Neither signs nor spaces, which strtoull() would take. */
    if (*start == '\0' || memchr(digits, *start, base == 16 ? 22 : 10) == NULL) {
        return false;
    }
    errno = 0;
    value = strtoull(start, &end, (int)base);
    if (*end != '\0' || errno != 0 || value > max) {
        return false;
    }
    *out = value;
    return true;
}

/* "N" or "N-M" */
static const char *read_range(char *text, unsigned limit, bool *chosen)
{
    char *dash = strchr(text, '-');
    uint64_t first, last;

    if (dash != NULL) {
        *dash++ = '\0';
    }
    if (!config_list_number(text, 10, UINT32_MAX, &first) ||
        !config_list_number(dash != NULL ? dash : text, 10, UINT32_MAX, &last)) {
        return "expected numbers and ranges like \"0-3,6\"";
    }
    if (last < first) {
        return "a range runs backwards";
    }
    if (last >= limit) {
        return "a number is too large";
    }
    for (uint64_t i = first; i <= last; i++) {
        if (chosen[i]) {
            return "a number is there twice";
        }
        chosen[i] = true;
    }
    return NULL;
}

const char *config_list_set(const char *text, unsigned limit, bool *chosen)
{
    char *copy = diag_strdup(text), *next = copy, *part;
    const char *why = NULL;

    while (why == NULL && (part = strsep(&next, ",")) != NULL) {
        why = read_range(part, limit, chosen);
    }
    free(copy);
    return why;
}
