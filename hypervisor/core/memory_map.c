/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/memory_map.h"

static void sort(struct memory_range *r, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        struct memory_range x = r[i];
        unsigned k = i;

        while (k > 0 && r[k - 1].start > x.start) {
            r[k] = r[k - 1];
            k--;
        }
        r[k] = x;
    }
}

/* Appends the whole pages of [START, END). */
static unsigned append(struct memory_range *out, unsigned count, unsigned limit, uint64_t start, uint64_t end)
{
    start = ALIGN_UP(start, PAGE_SIZE);
    end = ALIGN_DOWN(end, PAGE_SIZE);
    if (start >= end || count == limit) {
        return count;
    }
    out[count] = (struct memory_range){ .start = start, .end = end };
    return count + 1;
}

unsigned memory_gaps(const struct memory_range *banks, unsigned bank_count, struct memory_range *taken,
                     unsigned taken_count, struct memory_range *out, unsigned limit)
{
    unsigned count = 0;

    sort(taken, taken_count);
    for (unsigned i = 0; i < bank_count; i++) {
        uint64_t at = banks[i].start;

        for (unsigned k = 0; k < taken_count; k++) {
            if (taken[k].end <= at || taken[k].start >= banks[i].end) {
                continue;
            }
            if (taken[k].start > at) {
                count = append(out, count, limit, at, taken[k].start);
            }
            at = MAX(at, taken[k].end);
        }
        if (at < banks[i].end) {
            count = append(out, count, limit, at, banks[i].end);
        }
    }
    sort(out, count);
    return count;
}

unsigned memory_merge(struct memory_range *ranges, unsigned count)
{
    unsigned left = 0;

    sort(ranges, count);
    for (unsigned i = 0; i < count; i++) {
        if (left > 0 && ranges[i].start <= ranges[left - 1].end) {
            ranges[left - 1].end = MAX(ranges[left - 1].end, ranges[i].end);
        } else {
            ranges[left++] = ranges[i];
        }
    }
    return left;
}

bool memory_carve(struct memory_range *ranges, unsigned *count, unsigned limit, uint64_t size, uint64_t align,
                  uint64_t *at)
{
    for (unsigned i = 0; i < *count; i++) {
        uint64_t start = ALIGN_UP(ranges[i].start, align);
        struct memory_range behind = { .start = start + size, .end = ranges[i].end };

        if (start < ranges[i].start || start > ranges[i].end || ranges[i].end - start < size) {
            continue;
        }
        ranges[i].end = start;
        if (behind.start < behind.end && *count < limit) {
            for (unsigned k = (*count)++; k > i + 1; k--) {
                ranges[k] = ranges[k - 1];
            }
            ranges[i + 1] = behind;
        }
        *at = start;
        return true;
    }
    return false;
}
