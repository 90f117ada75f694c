/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include "bh/boot.h"
#include "bh/console.h"
#include "bh/hyp_map.h"
#include "bh/memory_map.h"
#include "layout.h"
#include "lib/string.h"

#define VIEW_VA     (BOOT_TREE_VA)
#define VIEW_LIMIT  GIB(1)

/* Room to collect ranges, before they are sorted. */
#define RANGE_LIMIT 128
/* Structures of the loader are below: longer ones are cut. */
#define INFORMATION_MAX KIB(256)

static uint64_t view_next = VIEW_VA;

static void *view(uint64_t pa, uint64_t size, enum hyp_right right)
{
    uint64_t offset = pa & (PAGE_SIZE - 1), va = view_next;

    size = ALIGN_UP(size + offset, PAGE_SIZE);
    if (size > VIEW_VA + VIEW_LIMIT - va || pa > UINT64_MAX - size || hyp_map(va, pa - offset, size, right) != 0) {
        return NULL;
    }
    view_next += size;
    return (void *)(va + offset);
}

const void *loader_view(uint64_t pa, uint64_t size)
{
    return view(pa, size, HYP_R);
}

void loader_view_end(const void *p)
{
    uint64_t from = p != NULL ? ALIGN_DOWN((uint64_t)p, PAGE_SIZE) : VIEW_VA;

    if (from < view_next) {
        hyp_unmap(from, view_next - from);
        view_next = from;
    }
}

/* What is collected, before it is the board's. */
static struct {
    struct memory_range ram[RANGE_LIMIT];
    unsigned ram_count;
    struct memory_range taken[RANGE_LIMIT]; /* of other kinds, which win where they overlap */
    unsigned taken_count;
} found; /* [boot] */

static void add_range(uint64_t start, uint64_t size, bool is_ram)
{
    struct memory_range r = { .start = start, .end = size > UINT64_MAX - start ? UINT64_MAX : start + size };
    unsigned *count = is_ram ? &found.ram_count : &found.taken_count;

    if (size != 0 && *count < RANGE_LIMIT) {
        (is_ram ? found.ram : found.taken)[(*count)++] = r;
    }
}

static void add_module(struct board *b, uint64_t start, uint64_t end)
{
    if (b->module_count == BOARD_MODULE_COUNT) {
        log_warning("boot loader: more than %u modules: the rest is not used", BOARD_MODULE_COUNT);
    } else if (end > start) {
        b->module[b->module_count++] = (struct memory_range){ .start = start, .end = end };
    } else {
        /* It keeps its number. */
        b->module[b->module_count++] = (struct memory_range){ .start = 0, .end = 0 };
    }
}

/* The text at PA, cut to SIZE; without its first word if that is a file's name. */
static void copy_text(char *out, size_t size, uint64_t pa, bool skip_name)
{
    const char *text = pa != 0 ? loader_view(pa, size) : NULL;
    size_t at = 0;

    out[0] = '\0';
    if (text == NULL) {
        return;
    }
    while (at < size - 1 && text[at] == ' ') {
        at++;
    }
    while (skip_name && at < size - 1 && text[at] != '\0' && text[at] != ' ') {
        at++;
    }
    while (at < size - 1 && text[at] == ' ') {
        at++;
    }
    (void)string_copy(out, size, text + at, size - at);
    loader_view_end(text);
}

/* ---- Multiboot 1 ---- */

struct mb1_information {
    uint32_t flags, memory_lower, memory_upper, boot_device, arguments, module_count, modules, symbols[4];
    uint32_t map_size, map, drives_size, drives, configuration, loader_name;
};
#define MB1_HAS_ARGUMENTS BIT(2)
#define MB1_HAS_MODULES   BIT(3)
#define MB1_HAS_MAP       BIT(6)
#define MB1_HAS_NAME      BIT(9)

struct mb1_module {
    uint32_t start, end, arguments, reserved;
};

/* SIZE is of what follows it. */
struct mb1_map_entry {
    uint32_t size;
    uint64_t start, length;
    uint32_t type;
} __attribute__((packed));
#define MEMORY_RAM 1

/* GRUB 2 gives modules their arguments alone; others put the file's name before them. */
static bool names_files(uint64_t name_pa)
{
    char name[16];

    copy_text(name, sizeof(name), name_pa, false);
    return strncmp(name, "GRUB", 4) != 0;
}

static int read_multiboot1(uint64_t information, struct board *b, struct loader *l)
{
    const struct mb1_information *i = loader_view(information, sizeof(*i));
    const struct mb1_module *m;
    const char *map;
    bool skip;

    if (i == NULL || (i->flags & MB1_HAS_MAP) == 0) {
        return -XEN_ENODEV;
    }
    map = loader_view(i->map, MIN(i->map_size, INFORMATION_MAX));
    for (uint64_t at = 0; map != NULL && at + sizeof(struct mb1_map_entry) <= MIN(i->map_size, INFORMATION_MAX);) {
        struct mb1_map_entry e;

        memcpy(&e, map + at, sizeof(e));
        add_range(e.start, e.length, e.type == MEMORY_RAM);
        at += (uint64_t)e.size + sizeof(e.size);
    }
    skip = (i->flags & MB1_HAS_NAME) == 0 || names_files(i->loader_name);
    if ((i->flags & MB1_HAS_ARGUMENTS) != 0) {
        copy_text(l->arguments, sizeof(l->arguments), i->arguments, skip);
    }
    if ((i->flags & MB1_HAS_MODULES) == 0) {
        return 0;
    }
    m = loader_view(i->modules, MIN(i->module_count, BOARD_MODULE_COUNT + 1U) * sizeof(*m));
    for (unsigned k = 0; m != NULL && k < MIN(i->module_count, BOARD_MODULE_COUNT + 1U); k++) {
        add_module(b, m[k].start, m[k].end);
        if (k == 0) {
            copy_text(l->first_arguments, sizeof(l->first_arguments), m[k].arguments, skip);
        }
    }
    return 0;
}

/* ---- Multiboot 2 ---- */

struct mb2_tag {
    uint32_t type, size;
};
enum { MB2_END = 0, MB2_ARGUMENTS = 1, MB2_MODULE = 3, MB2_MAP = 6, MB2_RSDP_OLD = 14, MB2_RSDP_NEW = 15 };
struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
    char arguments[];
};
struct mb2_map {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
};
struct mb2_map_entry {
    uint64_t start, length;
    uint32_t type, reserved;
};

static void read_mb2_map(const struct mb2_map *map)
{
    uint32_t step = map->entry_size;

    if (map->tag.size < sizeof(*map) || step < sizeof(struct mb2_map_entry)) {
        return;
    }
    for (uint64_t at = sizeof(*map); at + step <= map->tag.size; at += step) {
        struct mb2_map_entry e;

        memcpy(&e, (const char *)map + at, sizeof(e));
        add_range(e.start, e.length, e.type == MEMORY_RAM);
    }
}

/* One tag, all of which is there. Its physical address is PA. */
static void read_mb2_tag(const struct mb2_tag *tag, uint64_t pa, struct board *b, struct loader *l)
{
    const struct mb2_module *m = (const struct mb2_module *)tag;

    switch (tag->type) {
    case MB2_ARGUMENTS:
        (void)string_copy(l->arguments, sizeof(l->arguments), (const char *)(tag + 1), tag->size - sizeof(*tag));
        break;
    case MB2_MODULE:
        if (tag->size >= sizeof(*m)) {
            if (b->module_count == 0) {
                (void)string_copy(l->first_arguments, sizeof(l->first_arguments), m->arguments,
                                  tag->size - sizeof(*m));
            }
            add_module(b, m->start, m->end);
        }
        break;
    case MB2_MAP:
        read_mb2_map((const struct mb2_map *)tag);
        break;
    case MB2_RSDP_OLD:
        l->rsdp = l->rsdp != 0 ? l->rsdp : pa + sizeof(*tag);
        break;
    case MB2_RSDP_NEW:
        l->rsdp = pa + sizeof(*tag);
        break;
    default:
        break;
    }
}

static int read_multiboot2(uint64_t information, struct board *b, struct loader *l)
{
    const uint32_t *head = loader_view(information, 8);
    uint64_t size = head != NULL ? MIN(head[0], INFORMATION_MAX) : 0;
    const char *all = loader_view(information, size);

    for (uint64_t at = 8; all != NULL && at + sizeof(struct mb2_tag) <= size;) {
        const struct mb2_tag *tag = (const struct mb2_tag *)(all + at);

        if (tag->type == MB2_END || tag->size < sizeof(*tag) || tag->size > size - at) {
            break;
        }
        read_mb2_tag(tag, information + at, b, l);
        at = ALIGN_UP(at + tag->size, 8);
    }
    return 0;
}

/* ---- PVH ---- */

struct pvh_information {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, arguments, rsdp, map;
    uint32_t map_count, reserved;
};
struct pvh_module {
    uint64_t start, size, arguments, reserved;
};
struct pvh_map_entry {
    uint64_t start, size;
    uint32_t type, reserved;
};

static int read_pvh(uint64_t information, struct board *b, struct loader *l)
{
    const struct pvh_information *i = loader_view(information, sizeof(*i));
    const struct pvh_module *m;
    const struct pvh_map_entry *e;
    uint32_t modules, entries;

    if (i == NULL || i->magic != LOADER_PVH || i->version < 1) {
        return -XEN_EINVAL;
    }
    modules = MIN(i->module_count, BOARD_MODULE_COUNT + 1U);
    entries = MIN(i->map_count, RANGE_LIMIT);
    l->rsdp = i->rsdp;
    copy_text(l->arguments, sizeof(l->arguments), i->arguments, false);
    e = loader_view(i->map, entries * sizeof(*e));
    for (unsigned k = 0; e != NULL && k < entries; k++) {
        add_range(e[k].start, e[k].size, e[k].type == MEMORY_RAM);
    }
    m = loader_view(i->modules, modules * sizeof(*m));
    for (unsigned k = 0; m != NULL && k < modules; k++) {
        add_module(b, m[k].start, m[k].size > UINT64_MAX - m[k].start ? 0 : m[k].start + m[k].size);
        if (k == 0) {
            copy_text(l->first_arguments, sizeof(l->first_arguments), m[k].arguments, false);
        }
    }
    return 0;
}

/* ---- */

/* Firmware's ranges become banks of memory: what is no RAM wins, banks end below BOARD_MEMORY_LIMIT. */
static int make_banks(struct board *b)
{
    struct memory_range banks[FRAME_BANK_COUNT + RANGE_LIMIT];
    unsigned count;

    found.ram_count = memory_merge(found.ram, found.ram_count);
    count = memory_gaps(found.ram, found.ram_count, found.taken, found.taken_count, banks, ARRAY_COUNT(banks));
    for (unsigned i = 0; i < count; i++) {
        banks[i].end = MIN(banks[i].end, BOARD_MEMORY_LIMIT);
        if (banks[i].start >= banks[i].end) {
            continue;
        }
        if (b->memory_count == FRAME_BANK_COUNT) {
            log_warning("memory: more than %u banks: the rest is not used", FRAME_BANK_COUNT);
            break;
        }
        b->memory[b->memory_count++] = banks[i];
    }
    return b->memory_count != 0 ? 0 : -XEN_ENODEV;
}

int loader_read(uint32_t magic, uint64_t information, struct board *b, struct loader *l)
{
    int err;

    switch (magic) {
    case LOADER_MULTIBOOT1:
        l->name = "Multiboot";
        err = read_multiboot1(information, b, l);
        break;
    case LOADER_MULTIBOOT2:
        l->name = "Multiboot 2";
        err = read_multiboot2(information, b, l);
        break;
    case LOADER_PVH:
        l->name = "PVH";
        err = read_pvh(information, b, l);
        break;
    default:
        return -XEN_EINVAL;
    }
    return err != 0 ? err : make_banks(b);
}

/* Where a module can go: room for the image, what is kept and all modules. */
static BOOT_ONLY struct {
    struct memory_range taken[BOARD_MODULE_COUNT + 2];
    struct memory_range free[FRAME_BANK_COUNT + BOARD_MODULE_COUNT + 2];
} room;

/* Copies SIZE bytes at FROM to TO. False: they cannot be seen. */
static bool copy_module(uint64_t from, uint64_t to, uint64_t size)
{
    const void *source = loader_view(from, size);
    void *target = source != NULL ? view(to, size, HYP_RW) : NULL;

    if (target != NULL) {
        memcpy(target, source, size);
    }
    if (source != NULL) {
        loader_view_end(source);
    }
    return target != NULL;
}

/* Req: BH-BOOT-040 */
void loader_raise_modules(struct board *b, uint64_t limit, uint64_t image_start, uint64_t image_end)
{
    for (unsigned i = 0; i < b->module_count; i++) {
        struct memory_range *m = &b->module[i];
        uint64_t size = m->end - m->start, at;
        unsigned count;

        if (size == 0 || m->end > limit) {
            continue;
        }
        memcpy(room.taken, b->module, b->module_count * sizeof(room.taken[0]));
        room.taken[b->module_count] = (struct memory_range){ .start = 0, .end = limit };
        room.taken[b->module_count + 1] = (struct memory_range){ .start = image_start, .end = image_end };
        count = memory_gaps(b->memory, b->memory_count, room.taken, b->module_count + 2, room.free,
                            ARRAY_COUNT(room.free));
        if (memory_carve(room.free, &count, ARRAY_COUNT(room.free), ALIGN_UP(size, PAGE_SIZE), PAGE_SIZE, &at) &&
            copy_module(m->start, at, size)) {
            *m = (struct memory_range){ .start = at, .end = at + size };
        } else {
            log_warning("boot loader: module %u is below %lu KiB, and there is no room above", i,
                        (unsigned long)limit >> 10);
        }
    }
}
