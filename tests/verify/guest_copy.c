/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of the usual sizes from and to any address of a guest: the hardware answers as it likes, a window is a page, and
 * nothing but it and our own object is touched.
 */
#include "bh/guest_copy.h"

#include "__fc_builtin.h"
#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/vcpu.h"
#include "bh/window.h"

static char page[PAGE_SIZE] __attribute__((aligned(4096)));
static char ours[GUEST_COPY_MAX] __attribute__((aligned(8)));
static struct frame frame;
static struct domain domain;
static struct vcpu vcpu;

void *arch_window_map(unsigned slot, mfn_t m, bool writable)
{
    (void)slot;
    (void)m;
    (void)writable;
    return page;
}

void arch_window_unmap(unsigned slot)
{
    (void)slot;
}

int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory)
{
    (void)v;
    (void)address;
    (void)to_write;
    if (Frama_C_interval(0, 1) != 0) {
        return -XEN_EFAULT;
    }
    *m = mfn(Frama_C_unsigned_long_interval(0, UINT64_MAX));
    *is_memory = Frama_C_interval(0, 1) != 0;
    return 0;
}

struct frame *frame_lookup(mfn_t m)
{
    (void)m;
    frame.type = (uint8_t)Frama_C_interval(0, FRAME_TYPE_COUNT - 1);
    return Frama_C_interval(0, 1) != 0 ? &frame : NULL;
}

void *memmove(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

int p2m_lookup(struct p2m *p, gfn_t g, mfn_t *m, enum p2m_type *type, unsigned *order)
{
    (void)p;
    (void)g;
    if (Frama_C_interval(0, 1) != 0) {
        return -XEN_ENOENT;
    }
    *m = mfn(Frama_C_unsigned_long_interval(0, UINT64_MAX));
    *type = (enum p2m_type)Frama_C_interval(0, P2M_TYPE_COUNT - 1);
    *order = ORDER_4K;
    return 0;
}

/* The sizes of what hypercalls take and give, and some that are no whole words. */
static const size_t sizes[] = { 1, 2, 3, 4, 7, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64, 72, 128 };

int main(void)
{
    int err = 0;

    vcpu.domain = &domain;
    Frama_C_make_unknown(page, sizeof(page));
    //@ loop unroll 20;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t address = Frama_C_unsigned_long_interval(0, UINT64_MAX);

        err |= guest_copy_from(&vcpu, ours, guest_handle(address), sizes[i]);
        err |= guest_copy_to(&vcpu, guest_handle(address), ours, sizes[i]);
        err |= guest_copy_from_gpa(&domain, address, ours, sizes[i]);
        err |= guest_copy_to_gpa(&domain, address, ours, sizes[i]);
    }
    return err;
}
