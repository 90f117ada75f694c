/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short list of who has an affinity. It changes when a partition is built for the first time and when one is gone for
 * good; who allocates for a domain is its builder or the domain itself, so that nobody reads an entry while it changes.
 */
#include "bh/page_affinity.h"

#include "bh/frame.h"

static unsigned colour_count = 1;  /* [boot] */
static struct {
    uint64_t start, end;
    unsigned node;
} range[PAGE_NODE_RANGE_COUNT];    /* [boot] frames of other nodes than 0 */
static unsigned range_count;       /* [boot] */
static struct {
    bool is_used;                  /* [atomic] last when it comes, first when it goes */
    uint16_t domid;
    struct page_affinity affinity;
} entry[PAGE_HAS_AFFINITY ? CONFIG_MAX_DOMAINS + 1 : 1];
static size_t entry_count;         /* [atomic] behind these none was ever used */

void page_affinity_set_colour_count(unsigned count)
{
    colour_count = count;
}

unsigned page_affinity_colour_count(void)
{
    return colour_count;
}

int page_affinity_add_node(uint64_t start, uint64_t end, unsigned node)
{
    if (range_count == ARRAY_COUNT(range) || node >= PAGE_NODE_MAX) {
        return -XEN_ENOSPC;
    }
    range[range_count].start = start;
    range[range_count].end = end;
    range[range_count++].node = node;
    return 0;
}

bool page_affinity_has_nodes(void)
{
    return range_count != 0;
}

unsigned page_affinity_node(mfn_t m)
{
    for (unsigned i = 0; i < range_count; i++) {
        if (m.n >= range[i].start && m.n < range[i].end) {
            return range[i].node;
        }
    }
    return 0;
}

bool page_affinity_is_one_node(mfn_t m, unsigned order)
{
    for (unsigned i = 0; i < range_count; i++) {
        uint64_t start = MAX(m.n, range[i].start), end = MIN(m.n + (1UL << order), range[i].end);

        if (start < end && end - start != 1UL << order) {
            return false;
        }
    }
    return true;
}

/* The place of DOMID, or that of a free entry, or how many there may be. */
static size_t find(uint16_t domid)
{
    size_t count = __atomic_load_n(&entry_count, __ATOMIC_ACQUIRE), unused = count;

    for (size_t i = 0; i < count; i++) {
        if (!__atomic_load_n(&entry[i].is_used, __ATOMIC_ACQUIRE)) {
            unused = MIN(unused, i);
        } else if (entry[i].domid == domid) {
            return i;
        }
    }
    return unused;
}

int page_affinity_set(uint16_t domid, const struct page_affinity *a)
{
    size_t i = find(domid);

    if (i == ARRAY_COUNT(entry)) {
        return a != NULL ? -XEN_ENOSPC : 0;
    }
    __atomic_store_n(&entry[i].is_used, false, __ATOMIC_RELEASE);
    if (a != NULL) {
        entry[i].domid = domid;
        entry[i].affinity = *a;
        __atomic_store_n(&entry[i].is_used, true, __ATOMIC_RELEASE);
        __atomic_store_n(&entry_count, MAX(entry_count, i + 1), __ATOMIC_RELEASE);
    }
    return 0;
}

const struct page_affinity *page_affinity_of(uint16_t domid)
{
    size_t i = PAGE_HAS_AFFINITY ? find(domid) : ARRAY_COUNT(entry);

    return i < ARRAY_COUNT(entry) && __atomic_load_n(&entry[i].is_used, __ATOMIC_ACQUIRE) ? &entry[i].affinity : NULL;
}

void page_affinity_reset(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(entry); i++) {
        entry[i].is_used = false;
    }
    entry_count = 0;
    colour_count = 1;
    range_count = 0;
}

unsigned page_affinity_order(const struct page_affinity *a, unsigned limit)
{
    if (!page_affinity_has_colours(a)) {
        return limit;
    }
    /* An end of a run that is no multiple of a block's size is in a block that is not all of these colours. */
    for (unsigned c = 1; c < PAGE_COLOUR_MAX; c++) {
        if (page_affinity_has_colour(a, c - 1) != page_affinity_has_colour(a, c)) {
            limit = MIN(limit, (unsigned)__builtin_ctz(c));
        }
    }
    return limit;
}

/* A number at TEXT[*AT], which moves behind it. One that has no end is too large for any use. */
static bool read_number(const char *text, size_t size, size_t *at, unsigned *number)
{
    size_t from = *at;

    *number = 0;
    while (*at < size && text[*at] >= '0' && text[*at] <= '9') {
        unsigned next = *number * 10 + (unsigned)(text[*at] - '0');

        *number = MIN(next, 100000U);
        ++*at;
    }
    return *at > from;
}

int page_affinity_read_colours(const char *text, size_t size, unsigned count, struct page_affinity *a)
{
    unsigned first, last, next = 0;
    size_t at = 0;

    for (size_t i = 0; i < ARRAY_COUNT(a->colours); i++) {
        a->colours[i] = 0;
    }
    do {
        /* Behind a comma, but for the first time. */
        at += at != 0;
        if (!read_number(text, size, &at, &first)) {
            return -XEN_EINVAL;
        }
        last = first;
        if (at < size && text[at] == '-') {
            at++;
            if (!read_number(text, size, &at, &last)) {
                return -XEN_EINVAL;
            }
        }
        if (first < next || last < first) {
            return -XEN_EINVAL;
        }
        if (last >= MIN(count, (unsigned)PAGE_COLOUR_MAX)) {
            return -XEN_ERANGE;
        }
        for (unsigned c = first; c <= last; c++) {
            a->colours[c / 64] |= BIT(c % 64);
        }
        next = last + 1;
    } while (at < size && text[at] == ',');
    return at == size ? 0 : -XEN_EINVAL;
}
