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
        char *window = window_open(m);

        if (to_guest) {
            memmove(window + (gpa & (PAGE_SIZE - 1)), ours, size);
        } else {
            /* OURS may be in a window on the same page. */
            memmove(ours, window + (gpa & (PAGE_SIZE - 1)), size);
        }
        window_close(window);
    }
    spin_unlock(&d->p2m.lock);
    return err;
}

/* Is M memory of some guest's, and not a device's registers or anything that is ours alone? */
static bool is_guest_memory(mfn_t m)
{
    const struct frame *f = frame_lookup(m);

    return f != NULL && (f->type == FRAME_RAM || f->type == FRAME_SHARED);
}

/* One piece, within a page, at the current vCPU's virtual ADDRESS: the hardware walks both tables at once. */
static int copy_virtual(struct vcpu *v, uint64_t address, void *ours, size_t size, bool to_guest)
{
    struct p2m *p = &v->domain->p2m;
    mfn_t m;
    int err;

    spin_lock(&p->lock);
    err = arch_guest_frame(v, address, to_guest, &m);
    if (err == 0 && unlikely(!is_guest_memory(m))) {
        err = -XEN_EFAULT;
    }
    if (err == 0) {
        char *window = window_open(m);

        /* OURS may be a window on the same frame: a guest that sends to itself. */
        if (to_guest) {
            memmove(window + (address & (PAGE_SIZE - 1)), ours, size);
        } else {
            memmove(ours, window + (address & (PAGE_SIZE - 1)), size);
        }
        window_close(window);
    }
    spin_unlock(&p->lock);
    return err;
}

/* Req: BH-SEC-006, BH-ABI-007 */
static int copy(struct vcpu *v, char *ours, uint64_t address, size_t size, bool to_guest)
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

int guest_copy_from(struct vcpu *v, void *to, struct guest_handle h, size_t size)
{
    return copy(v, to, h.address, size, false);
}

int guest_copy_to(struct vcpu *v, struct guest_handle h, const void *from, size_t size)
{
    return copy(v, (char *)(uintptr_t)from, h.address, size, true);
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
