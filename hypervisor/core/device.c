/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the registers of devices are: ranges of frames, ascending and apart from each other, none of them RAM but what the
 * board reserves. A range is divided where part of it changes hands, and joined when that part comes back. The domain with
 * the hardware has its own mapped 1:1, page by page as it touches them; another domain's mappings are counted, so that
 * nothing is taken from it that it can still reach.
 */
#include "bh/device.h"

#include "arch/arch_types.h"
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/p2m.h"

static struct spinlock lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct device_range range[DEVICE_RANGE_COUNT]; /* [lock lock] */
static unsigned range_count;                          /* [lock lock] */
static struct domain *owner;                          /* [boot] the domain that has the hardware */

/* As what M is mapped: most are registers; what is RAM is reserved by the board. */
static enum p2m_type type_of(mfn_t m)
{
    return frame_lookup(m) != NULL ? P2M_RESERVED : P2M_MMIO;
}

/* The first range that ends behind FRAME. Bound: the ranges there are. */
static unsigned find(uint64_t frame) REQUIRES(lock)
{
    unsigned i = 0;

    while (i < range_count && range[i].end <= frame) {
        i++;
    }
    return i;
}

static void insert(unsigned at, struct device_range r) REQUIRES(lock)
{
    for (unsigned i = range_count; i > at; i--) {
        range[i] = range[i - 1];
    }
    range[at] = r;
    range_count++;
}

static void erase(unsigned at) REQUIRES(lock)
{
    range_count--;
    for (unsigned i = at; i < range_count; i++) {
        range[i] = range[i + 1];
    }
}

/* No range has FRAME in its midst, unless it is mapped; there is room. */
static void cut(uint64_t frame) REQUIRES(lock)
{
    unsigned i = find(frame);

    if (i < range_count && range[i].start < frame && range[i].mapped == 0) {
        struct device_range behind = range[i];

        behind.start = frame;
        range[i].end = frame;
        insert(i + 1, behind);
    }
}

/* Ranges that adjoin and are the same domains' become one. */
static void join(void) REQUIRES(lock)
{
    unsigned i = 1;

    while (i < range_count) {
        if (range[i - 1].end == range[i].start && range[i - 1].user == range[i].user &&
            range[i - 1].home == range[i].home) {
            range[i - 1].end = range[i].end;
            range[i - 1].mapped += range[i].mapped;
            erase(i);
        } else {
            i++;
        }
    }
}

/* ---- Boot ---- */

void device_forget_all(void) NO_LOCK_ANALYSIS
{
    owner = NULL;
    range_count = 0;
    for (unsigned i = 0; i < DEVICE_LINE_COUNT; i++) {
        device_line_remove(i);
    }
}

/* As a range of whole pages below the end of stage 2; false: nothing is left of it. */
static bool pages_of(uint64_t start, uint64_t end, uint64_t *first, uint64_t *last)
{
    const uint64_t limit = 1ULL << (ARCH_P2M_ADDRESS_BITS - PAGE_SHIFT);

    *first = start >> PAGE_SHIFT;
    *last = (end >> PAGE_SHIFT) + ((end & (PAGE_SIZE - 1)) != 0);
    *last = MIN(*last, limit);
    return *first < *last;
}

static bool has_room(unsigned more) REQUIRES(lock)
{
    return range_count + more <= DEVICE_RANGE_COUNT;
}

static void remove_pages(uint64_t first, uint64_t last) REQUIRES(lock)
{
    cut(first);
    cut(last);
    for (unsigned i = find(first); i < range_count && range[i].start < last;) {
        erase(i);
    }
}

/* HOME 0 stands for the domain that gets the hardware, which is not there yet. */
static void add(uint64_t start, uint64_t end, uint16_t home)
{
    uint64_t first, last;
    bool fits;

    if (!pages_of(start, end, &first, &last)) {
        return;
    }
    spin_lock(&lock);
    fits = has_room(3);
    if (fits) {
        remove_pages(first, last);
        insert(find(first), (struct device_range){ .start = first, .end = last, .user = FRAME_NO_DOMAIN,
                                                   .home = home });
        join();
    }
    spin_unlock(&lock);
    if (!fits) {
        log_warning("devices: too many ranges of registers: %llx to %llx is nobody's", (unsigned long long)start,
                    (unsigned long long)end);
    }
}

void device_add(uint64_t start, uint64_t end)
{
    add(start, end, 0);
}

void device_add_apart(uint64_t start, uint64_t end)
{
    add(start, end, FRAME_NO_DOMAIN);
}

/* Req: BH-DEV-002 */
void device_remove(uint64_t start, uint64_t end)
{
    uint64_t first, last;

    if (!pages_of(start, end, &first, &last)) {
        return;
    }
    spin_lock(&lock);
    if (has_room(2)) {
        remove_pages(first, last);
    } else {
        /* Rather too little than what nobody may have. */
        range_count = 0;
    }
    spin_unlock(&lock);
}

bool device_give(struct domain *d)
{
    if (owner != NULL) {
        return false;
    }
    owner = d;
    d->has_hardware = true;
    d->is_direct = true;
    spin_lock(&lock);
    for (unsigned i = 0; i < range_count; i++) {
        if (range[i].home != FRAME_NO_DOMAIN && range[i].user == FRAME_NO_DOMAIN) {
            range[i].home = d->id;
            range[i].user = d->id;
        }
    }
    spin_unlock(&lock);
    for (unsigned i = DEVICE_LINE_FIRST; i < DEVICE_LINE_COUNT; i++) {
        /* Those set apart are refused. */
        (void)!device_line_bind(d, d, i);
    }
    return true;
}

/* May the frames from FIRST up to END be D's for good? */
static int may_assign(const struct domain *d, uint64_t first, uint64_t end) REQUIRES(lock)
{
    uint64_t at = first;

    for (unsigned i = find(first); at < end; i++) {
        const struct device_range *r = &range[i];

        if (i == range_count || r->start > at) {
            return -XEN_EPERM;
        }
        if (r->user != FRAME_NO_DOMAIN && r->user != d->id) {
            return -XEN_EBUSY;
        }
        at = r->end;
    }
    return has_room(2) ? 0 : -XEN_ENOSPC;
}

/* Req: BH-DEV-013 */
int device_assign(struct domain *d, uint64_t first, uint64_t count)
{
    int err;

    if (count == 0 || count > UINT64_MAX - first) {
        return -XEN_EPERM;
    }
    spin_lock(&lock);
    err = may_assign(d, first, first + count);
    if (err == 0) {
        cut(first);
        cut(first + count);
        for (unsigned i = find(first); i < range_count && range[i].start < first + count; i++) {
            range[i].user = d->id;
            range[i].home = d->id;
        }
        join();
    }
    spin_unlock(&lock);
    return err;
}

void device_release(uint16_t id)
{
    spin_lock(&lock);
    for (unsigned i = 0; i < range_count; i++) {
        if (range[i].home == id) {
            range[i].home = FRAME_NO_DOMAIN;
            range[i].user = FRAME_NO_DOMAIN;
        }
    }
    join();
    spin_unlock(&lock);
}

struct domain *device_owner(void)
{
    return owner;
}

/* ---- Later ---- */

/* Req: BH-DEV-001 */
bool device_fault(struct domain *d, gfn_t g)
{
    unsigned i;
    int err = -XEN_EPERM;

    if (d != owner) {
        return false;
    }
    spin_lock(&lock);
    i = find(g.n);
    if (i < range_count) {
        err = ownership_map_device(&range[i], d->id, g.n);
    }
    if (err == 0) {
        err = p2m_map(&d->p2m, g, mfn(g.n), ORDER_4K, type_of(mfn(g.n)));
    }
    spin_unlock(&lock);
    /* There already: another CPU was faster. */
    return err == 0 || err == -XEN_EEXIST;
}

/* May the frames from FIRST up to END go to D, or back from it? Nothing changes. */
static int may_change(const struct domain *d, uint64_t first, uint64_t end, bool allow) REQUIRES(lock)
{
    uint64_t at = first;

    for (unsigned i = find(first); at < end; i++) {
        const struct device_range *r = &range[i];
        bool is_theirs;

        if (i == range_count || r->start > at) {
            return -XEN_EPERM;
        }
        is_theirs = r->user == d->id;
        if (!is_theirs && r->home != FRAME_NO_DOMAIN && r->home != owner->id) {
            /* A partition's for good. */
            return -XEN_EBUSY;
        }
        if (allow ? !is_theirs && r->user != r->home && r->user != FRAME_NO_DOMAIN : is_theirs && r->mapped != 0) {
            return -XEN_EBUSY;
        }
        at = r->end;
    }
    return has_room(2) ? 0 : -XEN_ENOSPC;
}

/* They do. What is divided for that is not mapped, or not changed. */
static void change(const struct domain *d, uint64_t first, uint64_t end, bool allow) REQUIRES(lock)
{
    cut(first);
    cut(end);
    for (unsigned i = find(first); i < range_count && range[i].start < end; i++) {
        if (allow) {
            range[i].user = d->id;
        } else if (range[i].user == d->id) {
            range[i].user = range[i].home;
        }
    }
    join();
}

/* Req: BH-DEV-004 */
int device_permit(struct domain *by, struct domain *d, uint64_t first, uint64_t count, bool allow)
{
    int err;

    if (owner == NULL || by != owner || count > UINT64_MAX - first) {
        return -XEN_EPERM;
    }
    if (d == owner) {
        return -XEN_EINVAL;
    }
    spin_lock(&lock);
    err = may_change(d, first, first + count, allow);
    if (err == 0) {
        change(d, first, first + count, allow);
    }
    spin_unlock(&lock);
    return err;
}

/* The range of page M, which is D's: BY may map it for him, or take that away. NULL: he may not. */
static struct device_range *find_for(const struct domain *by, const struct domain *d, mfn_t m) REQUIRES(lock)
{
    unsigned i = find(m.n);

    return owner != NULL && by == owner && d != owner && i < range_count &&
           ownership_map_device(&range[i], d->id, m.n) == 0 ? &range[i] : NULL;
}

/* Req: BH-DEV-003 */
int device_map_page(struct domain *by, struct domain *d, gfn_t g, mfn_t m)
{
    struct device_range *r;
    int err = -XEN_EPERM;

    spin_lock(&lock);
    r = find_for(by, d, m);
    if (r != NULL) {
        /* Who handed it on has it mapped no longer. */
        (void)!p2m_unmap_if(&owner->p2m, gfn(m.n), m, type_of(m));
        err = p2m_map(&d->p2m, g, m, ORDER_4K, type_of(m));
    }
    if (err == 0) {
        r->mapped++;
    }
    spin_unlock(&lock);
    return err;
}

static void uncount(const struct domain *d, mfn_t m) REQUIRES(lock)
{
    unsigned i = find(m.n);

    if (i < range_count && range[i].start <= m.n && range[i].user == d->id && range[i].mapped != 0) {
        range[i].mapped--;
    }
}

int device_unmap_page(struct domain *by, struct domain *d, gfn_t g, mfn_t m)
{
    int err = -XEN_EPERM;

    spin_lock(&lock);
    if (find_for(by, d, m) != NULL) {
        err = p2m_unmap_if(&d->p2m, g, m, type_of(m));
    }
    if (err == 0) {
        uncount(d, m);
    }
    spin_unlock(&lock);
    return err;
}

void device_unmapped(struct domain *d, mfn_t m)
{
    spin_lock(&lock);
    uncount(d, m);
    spin_unlock(&lock);
}

/* Req: BH-DEV-005 */
void device_range_end(struct domain *d)
{
    spin_lock(&lock);
    for (unsigned i = 0; i < range_count; i++) {
        if (range[i].user == d->id) {
            range[i].user = range[i].home;
            range[i].mapped = 0;
        }
    }
    join();
    spin_unlock(&lock);
    if (d == owner) {
        owner = NULL;
    }
}
