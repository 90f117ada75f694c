/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_io: a guest's lines on the board's console, without a virtual UART (xen.h, CONSOLEIO_*). Early output of
 * small guests comes this way. Input does for the initial domain only; there is one at most, so the ring is a single one.
 */
#include "bh/console_io.h"

#include "bh/console.h"
#include "bh/domain.h"
#include "bh/evtchn.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

#define PIECE 128

/* Input that was not read yet. */
#define INPUT_SIZE 128
static struct spinlock input_lock = SPINLOCK_INIT(LOCK_PV_CONSOLE);
static char input[INPUT_SIZE];             /* [lock input_lock] */
static uint32_t input_written, input_read; /* [lock input_lock] */

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

/* Req: BH-CONS-012 */
bool console_io_input(struct domain *d, char c)
{
    if (!d->is_initial ||
        (CONFIG_PV_CONSOLE && d->pv_console.is_there && !evtchn_virq_is_bound(d->vcpus[0], VIRQ_CONSOLE))) {
        return false;
    }
    spin_lock(&input_lock);
    if (input_written - input_read < INPUT_SIZE) {
        input[input_written++ % INPUT_SIZE] = c;
    }
    spin_unlock(&input_lock);
    if (CONFIG_EVTCHN) {
        evtchn_virq(d->vcpus[0], VIRQ_CONSOLE);
    }
    return true;
}

/* What fits of it to A[2]: how many characters. */
static int64_t read(struct vcpu *v, const uint64_t *a)
{
    char text[INPUT_SIZE];
    uint32_t count = 0;

    if ((int32_t)a[1] < 0) {
        /* The answer to such a count would not be a number of characters. */
        return -XEN_E2BIG;
    }
    if (!v->domain->is_initial) {
        return 0;
    }
    spin_lock(&input_lock);
    while (count < (uint32_t)a[1] && input_read != input_written) {
        text[count++] = input[input_read++ % INPUT_SIZE];
    }
    spin_unlock(&input_lock);
    return guest_copy_to(v, guest_handle(a[2]), text, count) != 0 ? -XEN_EFAULT : (int64_t)count;
}

int64_t hypercall_console_io(struct vcpu *v, uint64_t *a)
{
    switch ((uint32_t)a[0]) {
    case CONSOLEIO_write:
        return write(v, a);
    case CONSOLEIO_read:
        return read(v, a);
    default:
        return -XEN_ENOSYS;
    }
}
