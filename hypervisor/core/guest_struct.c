/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the layouts of 32-bit callers and our own, by a table made from guest_struct_fields.h. Little-endian on both
 * sides: the lower half of a number comes first.
 */
#include "bh/guest_struct.h"

#include "bh/guest_struct_fields.h"
#include "lib/string.h"

struct field {
    uint8_t wide_at, wide_size;
    uint8_t narrow_at, narrow_size;
};

/* Req: BH-COMPAT-001 */
#define FIELD(s, type, name, path) { \
    offsetof(struct s, path), sizeof(((struct s *)0)->path), offsetof(struct narrow_##s, name), sizeof(type), \
},
#define FIELDS(s) static const struct field fields_##s[] = { STRUCT_FIELDS_##s(FIELD, s) };
GUEST_STRUCTS(FIELDS)

static const struct {
    const struct field *field;
    uint8_t count;
    uint8_t wide_size, narrow_size;
} structs[STRUCT_COUNT] = {
#define STRUCT(s) \
    [STRUCT_##s] = { fields_##s, ARRAY_COUNT(fields_##s), sizeof(struct s), sizeof(struct narrow_##s) },
    GUEST_STRUCTS(STRUCT)
};

#define SMALL(s) \
    _Static_assert(sizeof(struct narrow_##s) <= GUEST_STRUCT_NARROW_MAX && sizeof(struct s) <= UINT8_MAX, "table");
GUEST_STRUCTS(SMALL)

size_t guest_struct_narrow_size(enum guest_struct s)
{
    return structs[s].narrow_size;
}

size_t guest_struct_narrow_field(enum guest_struct s, size_t wide_at, size_t *size)
{
    const struct field *f = structs[s].field, *end = f + structs[s].count - 1;

    while (f != end && f->wide_at != wide_at) {
        f++;
    }
    *size = f->narrow_size;
    return f->narrow_at;
}

void guest_struct_widen(enum guest_struct s, void *wide, const void *narrow)
{
    memset(wide, 0, structs[s].wide_size);
    for (unsigned i = 0; i < structs[s].count; i++) {
        const struct field *f = &structs[s].field[i];

        memcpy((char *)wide + f->wide_at, (const char *)narrow + f->narrow_at, f->narrow_size);
    }
}

/* Req: BH-COMPAT-002 */
void guest_struct_narrow(enum guest_struct s, void *narrow, const void *wide)
{
    memset(narrow, 0, structs[s].narrow_size);
    for (unsigned i = 0; i < structs[s].count; i++) {
        const struct field *f = &structs[s].field[i];

        memcpy((char *)narrow + f->narrow_at, (const char *)wide + f->wide_at, f->narrow_size);
    }
}

int guest_struct_from_narrow(struct vcpu *v, void *to, struct guest_handle h, size_t count, enum guest_struct s)
{
    char narrow[GUEST_STRUCT_NARROW_MAX];
    int err = 0;

    for (size_t i = 0; i < count && err == 0; i++) {
        err = guest_copy_from(v, narrow, guest_handle(h.address + i * structs[s].narrow_size), structs[s].narrow_size);
        if (err == 0) {
            guest_struct_widen(s, (char *)to + i * structs[s].wide_size, narrow);
        }
    }
    return err;
}

int guest_struct_to_narrow(struct vcpu *v, struct guest_handle h, const void *from, size_t count, enum guest_struct s)
{
    char narrow[GUEST_STRUCT_NARROW_MAX];
    int err = 0;

    for (size_t i = 0; i < count && err == 0; i++) {
        guest_struct_narrow(s, narrow, (const char *)from + i * structs[s].wide_size);
        err = guest_copy_to(v, guest_handle(h.address + i * structs[s].narrow_size), narrow, structs[s].narrow_size);
    }
    return err;
}
