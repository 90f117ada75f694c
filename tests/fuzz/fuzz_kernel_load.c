/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel loader: whatever plan it makes of a file stays inside the file and inside the partition. The input is the
 * size of the partition in pages, those of the file, ramdisk and device tree, and the file's first bytes.
 */
#include "support/fuzz.h"

#include "bh/kernel_load.h"

#define RAM_START 0x40000000ULL

static void check_plan(const struct kernel_plan *plan, const struct memory_range *ram, uint64_t file_size)
{
    CHECK(plan->start < plan->end && plan->start >= ram->start && plan->end <= ram->end);
    CHECK(plan->entry >= plan->start && plan->entry < plan->end && (plan->entry & 3) == 0);
    CHECK(plan->segment_count >= 1 && plan->segment_count <= KERNEL_SEGMENT_COUNT);
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        CHECK(s->file_size <= s->memory_size && s->source <= file_size && s->file_size <= file_size - s->source);
        CHECK(s->address >= plan->start && s->address <= plan->end && s->memory_size <= plan->end - s->address);
        for (unsigned k = 0; k < i; k++) {
            const struct kernel_segment *o = &plan->segment[k];

            CHECK(s->address + s->memory_size <= o->address || o->address + o->memory_size <= s->address);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct {
        uint32_t ram_pages, file_size, ramdisk_size, tree_size;
    } in;
    struct memory_range ram = { .start = RAM_START };
    struct kernel_plan plan;
    const char *problem = NULL;
    uint64_t ramdisk, tree;
    size_t head_size;
    void *head;

    if (size < sizeof(in)) {
        return 0;
    }
    memcpy(&in, data, sizeof(in));
    ram.end = RAM_START + ((uint64_t)(in.ram_pages & 0xffffff) + 1) * PAGE_SIZE;
    head_size = size - sizeof(in);
    head_size = head_size < KERNEL_HEAD_SIZE ? head_size : KERNEL_HEAD_SIZE;
    head_size = head_size < in.file_size ? head_size : in.file_size;
    head = malloc(head_size);
    memcpy(head, data + sizeof(in), head_size);
    if (kernel_load_plan(head, head_size, in.file_size, &ram, &plan, &problem) != 0) {
        CHECK(problem != NULL);
    } else {
        check_plan(&plan, &ram, in.file_size);
        if (kernel_load_place(&plan, &ram, in.ramdisk_size, in.tree_size, &ramdisk, &tree) == 0) {
            CHECK(tree >= ram.start && tree + in.tree_size <= ramdisk && ramdisk + in.ramdisk_size <= ram.end);
            CHECK(ramdisk + in.ramdisk_size <= plan.start || tree >= plan.end);
        }
    }
    free(head);
    return 0;
}
