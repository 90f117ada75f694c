/* SPDX-License-Identifier: Apache-2.0 */
#include "hypercall_x86.h"

#include "bh/domain.h"
#include "bh/guest_copy.h"
#include "bh/guest_width.h"
#include "bh/hypercall.h"
#include "hvm.h"
#include "lib/string.h"

/* arch-x86/cpuid.h: leaf 2 names it. The page number is in the upper bits; what is below is which page, 0. */
#define MSR_HYPERCALL_PAGE 0x40000000

/* Req: BH-PC-050 */
bool hypercall_x86(struct vcpu *v, struct vcpu_regs *s)
{
    bool is_wide = hvm_is_64bit_code();
    int64_t answer;

    if (unlikely(hvm_cpl() != 0)) {
        s->r[RAX] = is_wide ? (uint64_t)-XEN_EPERM : (uint32_t)-XEN_EPERM;
        return true;
    }
    if (is_wide) {
        return hypercall_from_64bit(v, s);
    }
    uint64_t a[5] = { (uint32_t)s->r[RBX], (uint32_t)s->r[RCX], (uint32_t)s->r[RDX], (uint32_t)s->r[RSI],
                      (uint32_t)s->r[RDI] };

    v->is_narrow = true;
    answer = hypercall_dispatch(v, (uint32_t)s->r[RAX], a);
    v->is_narrow = false;
    if (answer == HYPERCALL_RESTART) {
        s->r[RBX] = (uint32_t)a[0];
        s->r[RCX] = (uint32_t)a[1];
        s->r[RDX] = (uint32_t)a[2];
        s->r[RSI] = (uint32_t)a[3];
        s->r[RDI] = (uint32_t)a[4];
        return false;
    }
    s->r[RAX] = (uint32_t)answer;
    return true;
}

int hypercall_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    (void)v;
    if (msr != MSR_HYPERCALL_PAGE) {
        return -XEN_EINVAL;
    }
    *value = 0;
    return 0;
}

/* A stub of 32 bytes for each number: mov $NUMBER, %eax; vmmcall; ret. */
static void write_stub(uint8_t *stub, uint32_t number)
{
    static const uint8_t rest[] = { 0x0f, 0x01, 0xd9, 0xc3 };

    memset(stub, 0xcc, 32);
    stub[0] = 0xb8;
    memcpy(stub + 1, &number, sizeof(number));
    memcpy(stub + 5, rest, sizeof(rest));
}

/* Req: BH-PC-051, BH-COMPAT-006 */
int hypercall_msr_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint8_t stubs[256];

    if (msr != MSR_HYPERCALL_PAGE || (value & (PAGE_SIZE - 1)) != 0) {
        return -XEN_EINVAL;
    }
    for (unsigned at = 0; at < PAGE_SIZE; at += sizeof(stubs)) {
        for (unsigned i = 0; i < sizeof(stubs) / 32; i++) {
            write_stub(stubs + i * 32, at / 32 + i);
        }
        if (guest_copy_to_gpa(v->domain, value + at, stubs, sizeof(stubs)) != 0) {
            return -XEN_EINVAL;
        }
    }
    domain_set_width(v->domain, !hvm_is_64bit_code());
    return 0;
}
