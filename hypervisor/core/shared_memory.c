/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of regions and shares. All of it is written at boot and constant then. */
#include "bh/shared_memory.h"

#include "lib/string.h"

static struct shared_region regions[SHARED_REGION_COUNT];
static unsigned region_count;
static struct shared_share shares[SHARED_SHARE_COUNT];
static unsigned share_count;

/* ---- Boot ---- */

void shared_memory_forget_all(void)
{
    region_count = 0;
    share_count = 0;
}

static unsigned find_region(const char *id)
{
    unsigned i = 0;

    while (i < region_count && !string_equal(regions[i].id, id)) {
        i++;
    }
    return i;
}

/* Does share S fit what region R is so far? NULL, or why not. */
static const char *check(const struct shared_region *r, uint64_t place, const struct shared_share *s)
{
    if (s->size == 0 || (s->gpa | s->offset | s->size | place) % PAGE_SIZE != 0) {
        return "expected whole pages, one or more";
    }
    if (s->offset > UINT64_MAX - s->size || s->gpa > UINT64_MAX - s->size ||
        place > UINT64_MAX - s->offset - s->size) {
        return "beyond all addresses";
    }
    if (s->is_owner && (r->has_owner || s->offset != 0)) {
        return r->has_owner ? "another partition owns that region" : "an owner sees all of its region";
    }
    if (r->size == 0) {
        return NULL;
    }
    if ((place != 0) != r->is_placed || (place != 0 && place != r->start)) {
        return "another partition says that the region is elsewhere";
    }
    if (r->has_owner && s->offset + s->size > r->size) {
        return "more than its owner has";
    }
    return s->is_owner && s->size < r->size ? "less than others see of it" : NULL;
}

/* Req: BH-SHM-001 */
const char *shared_memory_add(const char *id, uint64_t place, const struct shared_share *s)
{
    unsigned n = find_region(id);
    struct shared_region *r = &regions[n];
    const char *problem;

    if (n == SHARED_REGION_COUNT || share_count == SHARED_SHARE_COUNT) {
        return n == SHARED_REGION_COUNT ? "too many regions" : "too many shares";
    }
    if (n == region_count) {
        *r = (struct shared_region){ .size = 0 };
    }
    problem = check(r, place, s);
    if (problem != NULL) {
        return problem;
    }
    if (r->size == 0) {
        r->start = place;
        r->is_placed = place != 0;
    }
    if (n == region_count) {
        (void)string_copy(r->id, sizeof(r->id), id, SHARED_ID_SIZE);
        region_count++;
    }
    r->size = MAX(r->size, s->offset + s->size);
    r->has_owner = r->has_owner || s->is_owner;
    shares[share_count] = *s;
    shares[share_count++].region = (uint8_t)n;
    return NULL;
}

unsigned shared_memory_count(void)
{
    return share_count;
}

/* What a partition said that is not started counts for nothing: a region is what the others say. */
void shared_memory_drop(unsigned count)
{
    share_count = count;
    for (unsigned i = 0; i < region_count; i++) {
        regions[i].size = 0;
        regions[i].has_owner = false;
    }
    for (unsigned i = 0; i < share_count; i++) {
        struct shared_region *r = &regions[shares[i].region];

        r->size = MAX(r->size, shares[i].offset + shares[i].size);
        r->has_owner = r->has_owner || shares[i].is_owner;
    }
}

bool shared_memory_place(unsigned *number, uint64_t *start, uint64_t *end)
{
    while (*number < region_count) {
        const struct shared_region *r = &regions[(*number)++];

        if (r->is_placed && r->size != 0) {
            *start = r->start;
            *end = r->start + r->size;
            return true;
        }
    }
    return false;
}

bool shared_memory_overlaps(uint64_t start, uint64_t end)
{
    uint64_t from, to;
    unsigned number = 0;
    bool overlaps = false;

    while (CONFIG_SHARED_MEMORY && shared_memory_place(&number, &from, &to)) {
        overlaps = overlaps || (from < end && start < to);
    }
    return overlaps;
}

struct shared_region *shared_memory_region(unsigned n)
{
    return n < region_count ? &regions[n] : NULL;
}

const struct shared_share *shared_memory_share(unsigned n)
{
    return &shares[n];
}

const char *shared_memory_id(const struct shared_share *s)
{
    return regions[s->region].id;
}
