/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_io: a guest's lines on the board's console, without a virtual UART (xen.h, CONSOLEIO_*). Early output of
 * small guests comes this way. Input goes to a guest's UART or PV console, never here.
 */
#include "bh/console.h"
#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

#define PIECE 128

/* Req: BH-ABI-024 */
static int64_t write(struct vcpu *v, uint64_t *a)
{
    uint64_t left = (uint32_t)a[1], at = a[2];

    while (left != 0) {
        char text[PIECE];
        size_t size = MIN(left, (uint64_t)PIECE);

        if (guest_copy_from(v, text, guest_handle(at), size) != 0) {
            return -XEN_EFAULT;
        }
        console_domain_write(v->domain, text, size);
        at += size;
        left -= size;
        if (left != 0 && hypercall_must_yield()) {
            a[1] = left;
            a[2] = at;
            return HYPERCALL_RESTART;
        }
    }
    return 0;
}

int64_t hypercall_console_io(struct vcpu *v, uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case CONSOLEIO_write:
        return write(v, a);
    case CONSOLEIO_read:
        /* The answer to such a count would not be a number of characters. */
        return (int32_t)a[1] < 0 ? -XEN_E2BIG : 0;
    default:
        return -XEN_ENOSYS;
    }
}
