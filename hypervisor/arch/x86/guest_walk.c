/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_walk.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/guest_atomic.h"
#include "bh/window.h"
#include "cpu_registers.h"
#include "hvm.h"
#include "lib/string.h"
#include "mmu.h"

/* Rights that every level of a walk must give. */
#define RIGHTS (PTE_W | PTE_U)

/* How tables of a paging mode are laid out. */
struct shape {
    uint8_t levels;
    uint8_t index_bits;  /* of the address, a level */
    bool wide;           /* entries of 8 bytes */
};

static ALWAYS_INLINE struct shape paging_shape(uint64_t cr4)
{
    if ((cr4 & CR4_PAE) == 0) {
        return (struct shape){ .levels = 2, .index_bits = 10 };
    }
    if (hvm_is_long_mode()) {
        return (struct shape){ .levels = (cr4 & CR4_LA57) != 0 ? 5 : 4, .index_bits = 9, .wide = true };
    }
    return (struct shape){ .levels = 3, .index_bits = 9, .wide = true };
}

/* May the access of the kinds ACCESS use a page with the rights in PTE, all levels together? */
static ALWAYS_INLINE bool is_allowed(uint64_t rights, uint64_t no_execute, unsigned access, uint64_t cr4)
{
    bool user_page = (rights & PTE_U) != 0;

    if ((access & WALK_USER) != 0 && !user_page) {
        return false;
    }
    if ((access & WALK_WRITE) != 0 && (rights & PTE_W) == 0 &&
        ((access & WALK_USER) != 0 || (hvm_cr0() & CR0_WP) != 0)) {
        return false;
    }
    if ((access & WALK_FETCH) != 0) {
        if ((no_execute & PTE_NX) != 0 && (hvm_efer() & EFER_NXE) != 0) {
            return false;
        }
        return !user_page || (access & WALK_USER) != 0 || (cr4 & CR4_SMEP) == 0;
    }
    return !user_page || (access & WALK_USER) != 0 || (cr4 & CR4_SMAP) == 0 || (hvm_rflags() & RFLAGS_AC) != 0;
}

/* The entry at GPA, with accessed and, if it is the last one of a write, dirty set. 0: there is no memory. */
static ALWAYS_INLINE uint64_t read_entry(struct vcpu *v, uint64_t gpa, bool wide, bool mark_accessed, bool to_write,
                                         unsigned level) REQUIRES(v->domain->p2m.lock)
{
    mfn_t m = p2m_ram(&v->domain->p2m, gfn(gpa >> PAGE_SHIFT));
    uint64_t entry, mark = PTE_A;
    char *p;

    if (unlikely(!mfn_valid(m))) {
        return 0;
    }
    p = (char *)window_open_leaf(m) + (gpa & (PAGE_SIZE - 1));
    entry = wide ? __atomic_load_n((uint64_t *)p, __ATOMIC_RELAXED) : __atomic_load_n((uint32_t *)p, __ATOMIC_RELAXED);
    if (to_write && (level == 0 || (entry & PTE_PS) != 0) && (entry & PTE_W) != 0) {
        mark |= PTE_D;
    }
    if (mark_accessed && unlikely((entry & (mark | PTE_P)) != (mark | PTE_P)) && (entry & PTE_P) != 0) {
        /* Both widths have the bits in the first byte. */
        uint8_t before;

        (void)guest_atomic_change8((uint8_t *)p, 0xff, (uint8_t)mark, &before);
    }
    window_close_leaf();
    return entry;
}

/* Req: BH-PC-021 */
int guest_walk(struct vcpu *v, uint64_t address, unsigned access, uint64_t *gpa)
{
    uint64_t cr0 = hvm_cr0(), cr4, table, entry, rights = RIGHTS, no_execute = 0;
    struct shape shape;

    if ((cr0 & CR0_PG) == 0) {
        *gpa = (uint32_t)address;
        return 0;
    }
    cr4 = hvm_cr4();
    shape = paging_shape(cr4);
    if (shape.levels >= 4) {
        unsigned unused = 64 - (12 + 9U * shape.levels);

        if (unlikely((uint64_t)((int64_t)(address << unused) >> unused) != address)) {
            return -XEN_EFAULT;
        }
        table = hvm_cr3() & PTE_ADDRESS;
    } else {
        address = (uint32_t)address;
        table = hvm_cr3() & (shape.levels == 3 ? 0xffffffe0UL : 0xfffff000UL);
    }
    for (unsigned level = shape.levels - 1U;; level--) {
        unsigned shift = PAGE_SHIFT + shape.index_bits * level;
        uint64_t index = (address >> shift) & ((1UL << shape.index_bits) - 1);
        /* PAE's first table has four entries without rights or an accessed bit. */
        bool is_pointer = shape.levels == 3 && level == 2;

        entry = read_entry(v, table + index * (shape.wide ? 8 : 4), shape.wide, !is_pointer,
                           (access & WALK_WRITE) != 0, level);
        if (unlikely((entry & PTE_P) == 0)) {
            return -XEN_EFAULT;
        }
        if (!is_pointer) {
            rights &= entry;
            no_execute |= entry;
        }
        if (level == 0) {
            *gpa = (entry & PTE_ADDRESS) | (address & (PAGE_SIZE - 1));
            break;
        }
        if ((entry & PTE_PS) != 0 && !is_pointer && level <= 2 && (shape.wide || (cr4 & CR4_PSE) != 0)) {
            uint64_t base = entry & PTE_ADDRESS;

            if (!shape.wide) {
                /* PSE-36: bits 20:13 are bits 39:32 of the address. */
                base = (entry & 0xffc00000UL) | (entry >> 13 & 0xff) << 32;
            }
            *gpa = ALIGN_DOWN(base, 1UL << shift) | (address & ((1UL << shift) - 1));
            break;
        }
        table = shape.wide ? entry & PTE_ADDRESS : entry & 0xfffff000UL;
    }
    return likely(is_allowed(rights, no_execute, access, cr4)) ? 0 : -XEN_EFAULT;
}

int arch_guest_translate(struct vcpu *v, uint64_t address, bool to_write, uint64_t *gpa)
{
    int err;

    spin_lock(&v->domain->p2m.lock);
    err = guest_walk(v, address, to_write ? WALK_WRITE : 0, gpa);
    spin_unlock(&v->domain->p2m.lock);
    return err;
}

int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory) NO_LOCK_ANALYSIS
{
    enum p2m_type type;
    unsigned order;
    uint64_t gpa;
    int err = guest_walk(v, address, to_write ? WALK_WRITE : 0, &gpa);

    if (likely(err == 0)) {
        err = p2m_lookup(&v->domain->p2m, gfn(gpa >> PAGE_SHIFT), m, &type, &order);
    }
    if (unlikely(err != 0 || !(to_write ? p2m_is_writable(type) : p2m_is_readable(type)))) {
        return -XEN_EFAULT;
    }
    *is_memory = true;
    return 0;
}

/* Bytes of one page. */
static unsigned fetch_piece(struct vcpu *v, uint64_t address, uint8_t *bytes, unsigned size, unsigned access)
{
    struct p2m *p = &v->domain->p2m;
    enum p2m_type type;
    unsigned order, done = 0;
    uint64_t gpa;
    mfn_t m;

    spin_lock(&p->lock);
    if (guest_walk(v, address, access, &gpa) == 0 &&
        p2m_lookup(p, gfn(gpa >> PAGE_SHIFT), &m, &type, &order) == 0 && p2m_is_readable(type)) {
        const uint8_t *from = (const uint8_t *)window_open_leaf(m) + (gpa & (PAGE_SIZE - 1));

        for (done = 0; done < size; done++) {
            bytes[done] = from[done];
        }
        window_close_leaf();
    }
    spin_unlock(&p->lock);
    return done;
}

void guest_fetch(struct vcpu *v, uint64_t address, uint8_t *bytes, unsigned size, unsigned *count)
{
    unsigned access = WALK_FETCH | (hvm_cpl() == 3 ? WALK_USER : 0);
    unsigned first = MIN(size, (unsigned)(PAGE_SIZE - (address & (PAGE_SIZE - 1))));

    *count = fetch_piece(v, address, bytes, first, access);
    if (*count == first && first < size) {
        *count += fetch_piece(v, address + first, bytes + first, size - first, access);
    }
}
