/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest addresses are translated page by page: virtual ones by the hardware, through the guest's own tables and the
 * domain's, physical ones by the domain's alone. The lock of the latter is held until the window is closed, so that the
 * frame cannot go away meanwhile.
 */
#include "bh/guest_copy.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/p2m.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "lib/string.h"

/*
 * Arguments and results are whole words, aligned, and few. OURS may be in a window on the same frame (a guest that
 * sends to itself): whatever that gives, it is the guest's own.
 */
static inline void copy_bytes(void *to, const void *from, size_t size)
{
    size_t both = (uintptr_t)to | (uintptr_t)from | size;

    if (CONFIG_SIZE) {
        memmove(to, from, size);
    } else if (likely(both % sizeof(uint64_t) == 0 && size <= 8 * sizeof(uint64_t))) {
        const uint64_t *f = from;
        uint64_t *t = to, *end = t + size / sizeof(*t);

        if (size % (2 * sizeof(*t)) != 0) {
            *t++ = *f++;
        }
        for (; t != end; t += 2, f += 2) {
            uint64_t first = f[0], second = f[1];

            t[0] = first;
            t[1] = second;
        }
    } else if (both % sizeof(uint32_t) == 0 && size == sizeof(uint32_t)) {
        *(uint32_t *)to = *(const uint32_t *)from;
    } else if (both % sizeof(uint16_t) == 0 && size == sizeof(uint16_t)) {
        *(uint16_t *)to = *(const uint16_t *)from;
    } else {
        memmove(to, from, size);
    }
}

/* Req: BH-MEM-010, BH-MEM-011 */
/* One piece, within a page. TO_GUEST or from it. */
static int copy_piece(struct domain *d, uint64_t gpa, void *ours, size_t size, bool to_guest)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m;
    int err;

    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, gfn(gpa >> PAGE_SHIFT), &m, &type, &order);
    if (err != 0 || !(to_guest ? p2m_is_writable(type) : p2m_is_readable(type))) {
        err = -XEN_EFAULT;
    } else {
        char *window = (char *)window_open_leaf(m) + (gpa & (PAGE_SIZE - 1));

        if (to_guest) {
            copy_bytes(window, ours, size);
        } else {
            copy_bytes(ours, window, size);
        }
        window_close_leaf();
    }
    spin_unlock(&d->p2m.lock);
    return err;
}

/* Is M memory of some guest's, and not a device's registers or anything that is ours alone? */
static COLD bool is_guest_memory(mfn_t m)
{
    const struct frame *f = frame_lookup(m);

    return f != NULL && (f->type == FRAME_RAM || f->type == FRAME_SHARED);
}

/* The frame of the current vCPU's virtual ADDRESS, which is memory: the hardware walks both tables at once. */
static inline int find_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m)
{
    bool is_memory;
    int err = arch_guest_frame(v, address, to_write, m, &is_memory);

    if (unlikely(err == 0 && !is_memory && !is_guest_memory(*m))) {
        err = -XEN_EFAULT;
    }
    return err;
}

/* One piece, within a page. */
static inline int copy_virtual(struct vcpu *v, uint64_t address, void *ours, size_t size, bool to_guest)
{
    struct p2m *p = &v->domain->p2m;
    mfn_t m;
    int err;

    spin_lock(&p->lock);
    err = find_frame(v, address, to_guest, &m);
    if (likely(err == 0)) {
        char *window = (char *)window_open_leaf(m) + (address & (PAGE_SIZE - 1));

        if (to_guest) {
            copy_bytes(window, ours, size);
        } else {
            copy_bytes(ours, window, size);
        }
        window_close_leaf();
    }
    spin_unlock(&p->lock);
    return err;
}

static ALWAYS_INLINE bool is_within_page(uint64_t address, size_t size)
{
    return (address & (PAGE_SIZE - 1)) + size <= PAGE_SIZE;
}

/* Nearly all that guests give is; where size counts more than speed, it takes the long way. */
static ALWAYS_INLINE bool is_short(uint64_t address, size_t size)
{
    return !CONFIG_SIZE && size != 0 && is_within_page(address, size);
}

/* A piece a page. */
static COLD int copy_pages(struct vcpu *v, char *ours, uint64_t address, size_t size, bool to_guest)
{
    int err = size > GUEST_COPY_MAX ? -XEN_EFAULT : 0;

    while (size != 0 && err == 0) {
        size_t piece = MIN(size, PAGE_SIZE - (address & (PAGE_SIZE - 1)));

        err = copy_virtual(v, address, ours, piece, to_guest);
        ours += piece;
        address += piece;
        size -= piece;
    }
    return err;
}

/* Req: BH-SEC-006, BH-ABI-007 */
FLAT int guest_copy_from(struct vcpu *v, void *to, struct guest_handle h, size_t size)
{
    if (likely(is_short(h.address, size))) {
        return copy_virtual(v, h.address, to, size, false);
    }
    return copy_pages(v, to, h.address, size, false);
}

FLAT int guest_copy_to(struct vcpu *v, struct guest_handle h, const void *from, size_t size)
{
    if (likely(is_short(h.address, size))) {
        return copy_virtual(v, h.address, (void *)(uintptr_t)from, size, true);
    }
    return copy_pages(v, (char *)(uintptr_t)from, h.address, size, true);
}

FLAT int guest_read32(struct vcpu *v, uint32_t *word, struct guest_handle h)
{
    struct p2m *p = &v->domain->p2m;
    mfn_t m;
    int err;

    if (CONFIG_SIZE || unlikely(h.address % sizeof(*word) != 0)) {
        return copy_pages(v, (char *)word, h.address, sizeof(*word), false);
    }
    spin_lock(&p->lock);
    err = find_frame(v, h.address, false, &m);
    if (likely(err == 0)) {
        *word = *(const uint32_t *)((const char *)window_open_leaf(m) + (h.address & (PAGE_SIZE - 1)));
        window_close_leaf();
    }
    spin_unlock(&p->lock);
    return err;
}

FLAT void *guest_open(struct vcpu *v, struct guest_handle h, size_t size) NO_LOCK_ANALYSIS
{
    struct p2m *p = &v->domain->p2m;
    bool is_memory = false;
    mfn_t m;

    if (unlikely(!is_within_page(h.address, size) || h.address % sizeof(uint64_t) != 0)) {
        return NULL;
    }
    spin_lock(&p->lock);
    if (unlikely(arch_guest_frame(v, h.address, true, &m, &is_memory) != 0 || !is_memory)) {
        spin_unlock(&p->lock);
        return NULL;
    }
    return (char *)window_open_leaf(m) + (h.address & (PAGE_SIZE - 1));
}

void guest_close(struct vcpu *v) NO_LOCK_ANALYSIS
{
    window_close_leaf();
    spin_unlock(&v->domain->p2m.lock);
}

static int copy_gpa(struct domain *d, uint64_t gpa, char *ours, size_t size, bool to_guest)
{
    int err = 0;

    while (size != 0 && err == 0) {
        size_t piece = MIN(size, PAGE_SIZE - (gpa & (PAGE_SIZE - 1)));

        err = copy_piece(d, gpa, ours, piece, to_guest);
        ours += piece;
        gpa += piece;
        size -= piece;
    }
    return err;
}

int guest_copy_from_gpa(struct domain *d, uint64_t gpa, void *to, size_t size)
{
    return copy_gpa(d, gpa, to, size, false);
}

int guest_copy_to_gpa(struct domain *d, uint64_t gpa, const void *from, size_t size)
{
    return copy_gpa(d, gpa, (char *)(uintptr_t)from, size, true);
}
