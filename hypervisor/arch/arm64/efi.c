/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start as an EFI program: loads the files that the device tree's modules name, completes the tree by EFI's memory
 * map, leaves EFI's boot services, and goes on at the image's entry as a boot loader would (head.S), in a copy of the
 * image: what loaded this one decided where it is.
 *
 * Runs on EFI's stack with EFI's page tables, wherever the image was loaded. So only PC-relative addresses are used, no
 * pointer stored in the image is followed, and nothing is written to .data and .bss. Device tree, file names and what
 * the firmware answers are checked; an error before the boot services are left gives the firmware or boot loader its
 * control back, one that concerns a single file costs the partition that wanted it.
 */
#include "efi.h"

#include "efi_tree.h"
#include "layout.h"
#include "lib/fdt.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sysreg.h"

#define MESSAGE_SIZE 256
/* Parts of the path to a file. */
#define PATH_PARTS_MAX 64
/* Characters of a file's path. */
#define PATH_SIZE 512
/* Descriptors by which the memory map may grow between two looks at it. */
#define MAP_SLACK 64
#define MAP_SIZE_MAX MIB(4)
/* The firmware may change the map while it is asked to leave; it does so once, by the specification (7.4.6). */
#define LEAVE_TRIES 8
#define CACHE_LINE 64
/* The image must not be at addresses that head.S and early.c use for something else: see early_tables(). */
#define IMAGE_ADDRESS_LIMIT FRAME_TABLE_VA
/* SCTLR_EL2 with its RES1 bits alone: MMU and caches off, little endian. */
#define SCTLR_OFF 0x30c50830

extern char image_start[], __data_end[], __image_end[];

/* Called by the firmware: the image's entry as a PE file. */
efi_status_t efi_main(efi_handle_t image, struct efi_system_table *system);

struct start {
    efi_handle_t image;
    struct efi_system_table *system;
    struct efi_boot_services *boot;
    struct fdt tree;
    struct efi_file *root;              /* of the file system that modules come from; NULL: there is none */
    efi_char_t path[PATH_SIZE];         /* the folder that file names start from, and room for them behind it */
    unsigned folder_length;
    unsigned module_count;
    struct efi_module modules[EFI_MODULE_COUNT];
};

/* One line on the firmware's console. */
static void say(struct efi_system_table *system, const char *format, ...) PRINTF_LIKE(2, 3);
static void say(struct efi_system_table *system, const char *format, ...)
{
    static const char prefix[] = "Bulkhead: ", end[] = "\r\n";
    efi_char_t wide[sizeof(prefix) + MESSAGE_SIZE + sizeof(end)];
    char text[MESSAGE_SIZE];
    unsigned count = 0;
    va_list args;

    va_start(args, format);
    (void)format_string(text, sizeof(text), format, args);
    va_end(args);
    for (const char *p = prefix; *p != '\0'; p++) {
        wide[count++] = (uint8_t)*p;
    }
    for (const char *p = text; *p != '\0'; p++) {
        wide[count++] = *p >= ' ' && *p <= '~' ? (uint8_t)*p : '?';
    }
    for (const char *p = end; *p != '\0'; p++) {
        wide[count++] = (uint8_t)*p;
    }
    wide[count] = 0;
    if (system->output != NULL) {
        (void)system->output->output_string(system->output, wide);
    }
}

static bool guid_equal(const struct efi_guid *a, const struct efi_guid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* ADDRESS_LIMIT: the first one that is too high. NULL: there is no such memory. */
static void *allocate(struct start *s, uint32_t type, uint64_t size, uint64_t address_limit)
{
    uint64_t address = address_limit - 1;

    if (address_limit == 0 || size == 0 || size > address_limit ||
        s->boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, type, ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT, &address) !=
            EFI_SUCCESS) {
        return NULL;
    }
    return (void *)address;
}

static void release(struct start *s, uint64_t address, uint64_t size)
{
    (void)s->boot->free_pages(address, ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT);
}

/* ---- The device tree ---- */

static const char *open_tree(struct start *s)
{
    const struct efi_guid guid = EFI_DEVICE_TREE_GUID;
    const fdt_cell_t *blob = NULL;

    for (uint64_t i = 0; i < s->system->table_count; i++) {
        if (guid_equal(&s->system->tables[i].guid, &guid)) {
            blob = s->system->tables[i].table;
        }
    }
    if (blob == NULL) {
        return "there is none; expected one of the firmware, or of GRUB's command devicetree";
    }
    if (((uintptr_t)blob & 7) != 0) {
        return "its address is not a multiple of 8";
    }
    return fdt_open(&s->tree, blob, __builtin_bswap32(blob[1])) != 0 ? s->tree.problem : NULL;
}

/* ---- Files ---- */

static struct efi_loaded_image *loaded_image(struct start *s, efi_handle_t handle)
{
    const struct efi_guid guid = EFI_LOADED_IMAGE_GUID;
    void *interface = NULL;

    if (handle == NULL || s->boot->handle_protocol(handle, &guid, &interface) != EFI_SUCCESS) {
        return NULL;
    }
    return interface;
}

/* Opens the file system that IMAGE was loaded from. */
static struct efi_file *open_root(struct start *s, const struct efi_loaded_image *image)
{
    const struct efi_guid guid = EFI_FILE_SYSTEM_GUID;
    struct efi_file *root = NULL;
    void *interface = NULL;

    if (image == NULL || image->device == NULL ||
        s->boot->handle_protocol(image->device, &guid, &interface) != EFI_SUCCESS || interface == NULL) {
        return NULL;
    }
    return ((struct efi_file_system *)interface)->open_volume(interface, &root) == EFI_SUCCESS ? root : NULL;
}

/* Puts the folder of the file at PATH, or no folder if the path is none that can be read, to S->path. */
static void take_folder(struct start *s, const struct efi_device_path *path)
{
    unsigned count = 0, length = 0;

    /* A path may give the file's in several parts. */
    for (unsigned part = 0; path != NULL && part < PATH_PARTS_MAX && path->type != EFI_PATH_END;
         part++, path = (const void *)((const uint8_t *)path + length)) {
        const uint8_t *text = (const uint8_t *)(path + 1);

        length = path->length[0] | (unsigned)path->length[1] << 8;
        if (length < sizeof(*path)) {
            break;
        }
        if (path->type != EFI_PATH_MEDIA || path->subtype != EFI_PATH_MEDIA_FILE) {
            continue;
        }
        if (count > 0 && count < PATH_SIZE && s->path[count - 1] != '\\') {
            s->path[count++] = '\\';
        }
        for (unsigned i = 0; i + 1 < length - sizeof(*path) && count < PATH_SIZE; i += 2) {
            efi_char_t c = (efi_char_t)(text[i] | text[i + 1] << 8);

            if (c == 0) {
                break;
            }
            s->path[count++] = c;
        }
    }
    while (count > 0 && (count == PATH_SIZE || s->path[count - 1] != '\\')) {
        count--;
    }
    s->folder_length = count;
}

/*
 * Files are where this program was loaded from, or else, if a boot loader had it in memory, where that was loaded from.
 */
static void find_files(struct start *s)
{
    const struct efi_loaded_image *image = loaded_image(s, s->image);

    s->root = open_root(s, image);
    if (s->root == NULL && image != NULL) {
        image = loaded_image(s, image->parent);
        s->root = open_root(s, image);
    }
    if (s->root != NULL) {
        take_folder(s, image->file_path);
    }
}

/* Completes S->path by NAME; false: it is too long. */
static bool complete_path(struct start *s, const char *name)
{
    unsigned count = *name == '/' || *name == '\\' ? 0 : s->folder_length;

    if (count == 0) {
        name += *name == '/' || *name == '\\';
        s->path[count++] = '\\';
    }
    for (; *name != '\0'; name++) {
        if (count >= PATH_SIZE - 1) {
            return false;
        }
        s->path[count++] = *name == '/' ? '\\' : (uint8_t)*name;
    }
    s->path[count] = 0;
    return true;
}

/* Reads FILE into memory; what is wrong, or NULL. */
static const char *read_file(struct start *s, struct efi_file *file, struct efi_module *m)
{
    uint64_t size = 0, limit = efi_tree_address_limit(m), at = 0;
    uint8_t *memory;

    if (file->set_position(file, EFI_FILE_END) != EFI_SUCCESS || file->get_position(file, &size) != EFI_SUCCESS ||
        file->set_position(file, 0) != EFI_SUCCESS) {
        return "it is no file";
    }
    if (size == 0) {
        return "it is empty";
    }
    if (limit == 0 || size >= limit || (m->node.size_cells == 1 && size >= GIB(4))) {
        return "#address-cells and #size-cells cannot hold its address and size";
    }
    memory = allocate(s, EFI_LOADER_DATA, size, limit);
    if (memory == NULL) {
        return "no memory for it";
    }
    while (at < size) {
        uint64_t part = size - at;

        if (file->read(file, &part, memory + at) != EFI_SUCCESS || part == 0 || part > size - at) {
            release(s, (uint64_t)memory, size);
            return "it cannot be read";
        }
        at += part;
    }
    m->start = (uint64_t)memory;
    m->size = size;
    return NULL;
}

static const char *load_file(struct start *s, struct efi_module *m)
{
    const char *problem = "there is no such file";
    struct efi_file *file = NULL;

    if (s->root == NULL) {
        return "this program and its boot loader were not started from a file system that the firmware reads";
    }
    if (!complete_path(s, m->file)) {
        return "its path is too long";
    }
    if (s->root->open(s->root, &file, s->path, EFI_FILE_MODE_READ, 0) == EFI_SUCCESS && file != NULL) {
        problem = read_file(s, file, m);
        (void)file->close(file);
    }
    return problem;
}

/* Partitions may share a file; it is loaded once. */
static bool share_file(struct start *s, unsigned i)
{
    struct efi_module *m = &s->modules[i];

    for (unsigned k = 0; k < i; k++) {
        const struct efi_module *other = &s->modules[k];

        if (other->size != 0 && other->start + other->size <= efi_tree_address_limit(m) &&
            (m->node.size_cells == 2 || other->size < GIB(4)) && string_equal(other->file, m->file)) {
            m->start = other->start;
            m->size = other->size;
            return true;
        }
    }
    return false;
}

/* Req: BH-BOOT-027 */
static void load_modules(struct start *s)
{
    unsigned count = efi_tree_modules(&s->tree, s->modules, EFI_MODULE_COUNT);

    s->module_count = MIN(count, (unsigned)EFI_MODULE_COUNT);
    if (count > s->module_count) {
        say(s->system, "device tree: %u modules name files; expected at most %u", count, EFI_MODULE_COUNT);
    }
    if (count > 0) {
        find_files(s);
    }
    for (unsigned i = 0; i < s->module_count; i++) {
        const char *problem = share_file(s, i) ? NULL : load_file(s, &s->modules[i]);

        if (problem != NULL) {
            char path[FDT_PATH_SIZE];

            fdt_node_path(&s->tree, &s->modules[i].node, path, sizeof(path));
            say(s->system, "device tree: %s: " BOOT_FILE_PROPERTY ": %s: %s", path, s->modules[i].file, problem);
        }
    }
    if (s->root != NULL) {
        (void)s->root->close(s->root);
    }
}

static void release_modules(struct start *s)
{
    for (unsigned i = 0; i < s->module_count; i++) {
        bool shared = false;

        for (unsigned k = 0; k < i; k++) {
            shared |= s->modules[k].start == s->modules[i].start;
        }
        if (s->modules[i].size != 0 && !shared) {
            release(s, s->modules[i].start, s->modules[i].size);
        }
    }
}

/* ---- Leaving ---- */

static void clean(const void *start, uint64_t size)
{
    for (uint64_t p = ALIGN_DOWN((uint64_t)start, CACHE_LINE); p < (uint64_t)start + size; p += CACHE_LINE) {
        __asm__ volatile("dc civac, %0" : : "r"(p) : "memory");
    }
}

/*
 * Turns MMU and caches off and enters the image at COPY. What is read before they are on again must be in memory: the
 * image, the tree, and the code here, in the image that the firmware loaded.
 */
static NORETURN void enter_image(void *copy, void *tree, uint64_t tree_size)
{
    __asm__ volatile("msr daifset, #0xf" ::: "memory");
    clean(image_start, (uint64_t)(__data_end - image_start));
    clean(copy, (uint64_t)(__image_end - image_start));
    clean(tree, tree_size);
    __asm__ volatile("dsb sy\n\t"
                     "mov x0, %0\n\t"
                     "msr sctlr_el2, %1\n\t"
                     "isb\n\t"
                     "ic iallu\n\t"
                     "dsb sy\n\t"
                     "isb\n\t"
                     "mov x1, xzr\n\t"
                     "mov x2, xzr\n\t"
                     "mov x3, xzr\n\t"
                     "br %2"
                     : : "r"(tree), "r"((uint64_t)SCTLR_OFF), "r"(copy) : "x0", "x1", "x2", "x3", "memory");
    __builtin_unreachable();
}

/*
 * Makes the tree from the memory map and leaves the boot services; both must be of the same map. Returns only on an
 * error.
 */
static efi_status_t leave(struct start *s, void *copy)
{
    struct efi_memory_map map = { .size = 0, .descriptor_size = 0 };
    uint64_t map_room, tree_room, key = 0;
    efi_status_t status;
    uint32_t version = 0;
    uint8_t *buffer;
    void *tree;
    int err;

    status = s->boot->get_memory_map(&map.size, NULL, &key, &map.descriptor_size, &version);
    if (status != EFI_BUFFER_TOO_SMALL || map.descriptor_size < sizeof(struct efi_memory_descriptor) ||
        map.descriptor_size > PAGE_SIZE || map.size > MAP_SIZE_MAX) {
        say(s->system, "the firmware has no memory map");
        return EFI_LOAD_ERROR;
    }
    map_room = map.size + MAP_SLACK * map.descriptor_size;
    tree_room = efi_tree_room(&s->tree, s->module_count, map_room / map.descriptor_size);
    buffer = allocate(s, EFI_LOADER_DATA, ALIGN_UP(tree_room, PAGE_SIZE) + map_room, BOARD_MEMORY_LIMIT);
    if (buffer == NULL) {
        say(s->system, "no memory for the device tree");
        return EFI_LOAD_ERROR;
    }
    tree = buffer;
    map.descriptors = buffer + ALIGN_UP(tree_room, PAGE_SIZE);
    for (unsigned tries = 0; tries < LEAVE_TRIES; tries++) {
        map.size = map_room;
        status = s->boot->get_memory_map(&map.size, (void *)map.descriptors, &key, &map.descriptor_size, &version);
        if (status != EFI_SUCCESS) {
            break;
        }
        err = map.descriptor_size < sizeof(struct efi_memory_descriptor) || map.size > map_room
                  ? -XEN_EINVAL
                  : efi_tree_write(&s->tree, s->modules, s->module_count, &map, tree, tree_room);
        if (err != 0) {
            /* After a try to leave, the firmware's console may be gone. */
            if (tries == 0) {
                say(s->system, "device tree: it cannot be completed; expected a root with 1 or 2 #address-cells and "
                               "#size-cells");
            }
            status = EFI_LOAD_ERROR;
            break;
        }
        status = s->boot->exit_boot_services(s->image, key);
        if (status == EFI_SUCCESS) {
            enter_image(copy, tree, tree_room);
        }
    }
    release(s, (uint64_t)buffer, ALIGN_UP(tree_room, PAGE_SIZE) + map_room);
    return status;
}

/* Req: BH-BOOT-025, BH-BOOT-028 */
efi_status_t efi_main(efi_handle_t image, struct efi_system_table *system)
{
    struct start s;
    efi_status_t status;
    const char *problem;
    void *copy;

    if (sysreg_read(CurrentEL) != 2 << 2) {
        say(system, "started at EL1, but a hypervisor needs EL2. Enable virtualization in the firmware "
                    "(QEMU: -M virt,virtualization=on).");
        return EFI_UNSUPPORTED;
    }
    s.image = image;
    s.system = system;
    s.boot = system->boot_services;
    s.root = NULL;
    s.folder_length = 0;
    problem = open_tree(&s);
    if (problem != NULL) {
        say(system, "device tree: %s", problem);
        return EFI_LOAD_ERROR;
    }
    copy = allocate(&s, EFI_LOADER_CODE, (uint64_t)(__image_end - image_start), IMAGE_ADDRESS_LIMIT);
    if (copy == NULL) {
        say(system, "no memory for the image");
        return EFI_LOAD_ERROR;
    }
    memcpy(copy, image_start, (size_t)(__data_end - image_start));
    load_modules(&s);
    status = leave(&s, copy);
    release_modules(&s);
    release(&s, (uint64_t)copy, (uint64_t)(__image_end - image_start));
    return status;
}
