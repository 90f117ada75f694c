/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool bytes_parse(const char *text, uint64_t *out)
{
    static const char units[] = "KMG";
    bool is_hexadecimal = strncmp(text, "0x", 2) == 0;
    unsigned long long value;
    unsigned shift = 0;
    char *end;

    /* strtoull() takes signs and spaces, too. */
    if (is_hexadecimal ? !isxdigit((unsigned char)text[2]) : !isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    value = strtoull(text, &end, is_hexadecimal ? 16 : 10);
    if (!is_hexadecimal) {
        const char *unit = *end != '\0' ? strchr(units, *end++) : NULL;

        if (unit == NULL) {
            return false;
        }
        shift = 10 * (unsigned)(unit - units + 1);
    }
    if (errno != 0 || *end != '\0' || value > UINT64_MAX >> shift) {
        return false;
    }
    *out = (uint64_t)value << shift;
    return true;
}

bool bytes_overlap(uint64_t start, uint64_t size, uint64_t other_start, uint64_t other_size)
{
    return start < other_start + other_size && other_start < start + size;
}
