/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel loader: whatever plan it makes of a file stays inside the file and inside the partition. The input is the
 * size of the partition in pages, those of the file, ramdisk and device tree, and the file's first bytes. The highest
 * bit of the first one: the rules are those of a PC, and there the bytes are the whole file as far as its notes go.
 */
#include "support/fuzz.h"

#include "bh/kernel_load.h"

#define RAM_START 0x40000000ULL

struct fuzz_input {
    uint32_t ram_pages, file_size, ramdisk_size, tree_size;
};

static bool is_in(const struct memory_range *ram, unsigned count, uint64_t start, uint64_t size)
{
    bool found = false;

    for (unsigned i = 0; i < count; i++) {
        found |= start >= ram[i].start && start < ram[i].end && size <= ram[i].end - start;
    }
    return found;
}

static void check_plan(const struct kernel_plan *plan, const struct memory_range *ram, unsigned count,
                       uint64_t file_size)
{
    CHECK(plan->start < plan->end);
    CHECK(plan->segment_count >= 1 && plan->segment_count <= KERNEL_SEGMENT_COUNT);
    for (unsigned i = 0; i < plan->segment_count; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        CHECK(s->file_size <= s->memory_size && s->source <= file_size && s->file_size <= file_size - s->source);
        CHECK(is_in(ram, count, s->address, s->memory_size));
        CHECK(s->address >= plan->start && s->address <= plan->end && s->memory_size <= plan->end - s->address);
        for (unsigned k = 0; k < i; k++) {
            const struct kernel_segment *o = &plan->segment[k];

            CHECK(s->address + s->memory_size <= o->address || o->address + o->memory_size <= s->address);
        }
    }
}

/* A kernel for an arm64 partition of one range of memory. */
static void try_arm64(const void *head, size_t head_size, const struct fuzz_input *in)
{
    struct memory_range ram = { .start = RAM_START };
    struct kernel_plan plan;
    const char *problem = NULL;
    uint64_t ramdisk, tree;

    ram.end = RAM_START + ((uint64_t)(in->ram_pages & 0xffffff) + 1) * PAGE_SIZE;
    if (kernel_load_plan(KERNEL_RULES_ARM64, head, head_size, in->file_size, &ram, 1, &plan, &problem) != 0) {
        CHECK(problem != NULL);
        return;
    }
    check_plan(&plan, &ram, 1, in->file_size);
    CHECK(plan.start >= ram.start && plan.end <= ram.end && plan.notes_count == 0);
    CHECK(plan.entry >= plan.start && plan.entry < plan.end && (plan.entry & 3) == 0);
    if (kernel_load_place(KERNEL_RULES_ARM64, &plan, &ram, 1, in->ramdisk_size, in->tree_size, &ramdisk, &tree) == 0) {
        CHECK(tree >= ram.start && tree + in->tree_size <= ramdisk && ramdisk + in->ramdisk_size <= ram.end);
        CHECK(ramdisk + in->ramdisk_size <= plan.start || tree >= plan.end);
    }
}

/* A file of SIZE bytes for a PC; beyond what is there its notes are zeros. */
static void try_pc(const uint8_t *file, size_t size, const struct fuzz_input *in)
{
    struct memory_range ram[] = { { 0, 0xa0000 }, { MIB(1), MIB(1) }, { GIB(4), GIB(4) + MIB(16) } };
    size_t head_size = size < KERNEL_HEAD_SIZE ? size : KERNEL_HEAD_SIZE;
    struct kernel_plan plan;
    const char *problem = NULL;
    uint64_t ramdisk, description, pages = in->ram_pages & 0xfffff;
    int err;

    head_size = head_size < in->file_size ? head_size : in->file_size;
    ram[1].end += (pages < 0xefeff ? pages : 0xefeff) * PAGE_SIZE;
    if (kernel_load_plan(KERNEL_RULES_PVH, file, head_size, in->file_size, ram, 3, &plan, &problem) != 0) {
        CHECK(problem != NULL);
        return;
    }
    check_plan(&plan, ram, 3, in->file_size);
    CHECK(plan.notes_count >= 1 && plan.notes_count <= KERNEL_NOTES_COUNT && plan.entry == 0);
    err = -XEN_ENOENT;
    for (unsigned i = 0; i < plan.notes_count && err == -XEN_ENOENT; i++) {
        const struct kernel_notes *n = &plan.notes[i];
        uint8_t *bytes;

        CHECK(n->size >= 1 && n->size <= KERNEL_NOTES_SIZE_MAX);
        CHECK(n->source <= in->file_size && n->size <= in->file_size - n->source);
        bytes = calloc(1, n->size);
        if (n->source < size) {
            memcpy(bytes, file + n->source, n->size < size - n->source ? n->size : size - n->source);
        }
        err = kernel_load_notes(&plan, i, bytes, &problem);
        free(bytes);
    }
    CHECK(err == 0 || problem != NULL);
    CHECK((err == 0) == (plan.entry != 0) || plan.start == 0);
    CHECK(err != 0 || (plan.entry >= plan.start && plan.entry < plan.end && plan.entry <= UINT32_MAX));
    if (kernel_load_place(KERNEL_RULES_PVH, &plan, ram, 3, in->ramdisk_size, in->tree_size, &ramdisk,
                          &description) == 0) {
        CHECK(ramdisk >= MIB(1) && ramdisk + in->ramdisk_size <= description);
        CHECK(description + in->tree_size <= ram[1].end && (ramdisk | description) % PAGE_SIZE == 0);
        CHECK(description + in->tree_size <= plan.start || ramdisk >= plan.end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    size_t head_size;
    void *head;

    if (size < sizeof(in)) {
        return 0;
    }
    memcpy(&in, data, sizeof(in));
    if ((in.ram_pages & 0x80000000) != 0) {
        try_pc(data + sizeof(in), size - sizeof(in), &in);
        return 0;
    }
    head_size = size - sizeof(in);
    head_size = head_size < KERNEL_HEAD_SIZE ? head_size : KERNEL_HEAD_SIZE;
    head_size = head_size < in.file_size ? head_size : in.file_size;
    head = malloc(head_size);
    memcpy(head, data + sizeof(in), head_size);
    try_arm64(head, head_size, &in);
    free(head);
    return 0;
}
