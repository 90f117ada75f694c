/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree for a start as an EFI program: from any device tree, and any memory map (what is behind the tree), a tree is
 * made that can be opened, in the room that was said to suffice.
 */
#include "support/fuzz.h"

#include "efi_tree.h"

#define MODULE_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct efi_memory_map map = { .descriptor_size = sizeof(struct efi_memory_descriptor) };
    struct efi_module modules[MODULE_MAX];
    struct fdt t, made;
    void *blob = malloc(size);

    memcpy(blob, data, size);
    if (fdt_open(&t, blob, size) == 0) {
        uint64_t count = MIN((size - t.size) / map.descriptor_size, 256), room;
        unsigned module_count = MIN(efi_tree_modules(&t, modules, MODULE_MAX), (unsigned)MODULE_MAX);
        uint8_t *out;
        int err;

        map.descriptors = data + t.size;
        map.size = count * map.descriptor_size;
        for (unsigned i = 0; i < module_count; i++) {
            modules[i].start = 0x48000000;
            modules[i].size = efi_tree_address_limit(&modules[i]) != 0 ? i : 0;
        }
        room = efi_tree_room(&t, module_count, count);
        out = aligned_alloc(8, room);
        err = efi_tree_write(&t, modules, module_count, &map, out, room);
        CHECK(err == 0 || err == -XEN_EINVAL || err == -XEN_ENOSPC);
        CHECK(err != 0 || room > FDT_SIZE_MAX || fdt_open(&made, out, room) == 0);
        free(out);
    }
    free(blob);
    return 0;
}
