/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_walk.h"

#include "arch/arch.h"
#include "bh/domain.h"
#include "bh/window.h"
#include "cpu_registers.h"
#include "hvm.h"
#include "lib/string.h"
#include "mmu.h"
#include "state.h"

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

/*
 * Sets MARK in the entry at P if it is still ENTRY, as a CPU does: one that the guest has changed meanwhile is left alone.
 * One try, since then the walk has used what is gone.
 */
static COLD void mark_entry(void *p, uint64_t entry, bool wide, uint64_t mark)
{
    uint32_t low = (uint32_t)entry;

    if (wide) {
        (void)__atomic_compare_exchange_n((uint64_t *)p, &entry, entry | mark, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    } else {
        (void)__atomic_compare_exchange_n((uint32_t *)p, &low, low | (uint32_t)mark, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED);
    }
}

/* The entry at GPA, in frame *M; the bits of MARK are set in it if it is present. 0: there is no memory. */
static ALWAYS_INLINE uint64_t read_entry(struct p2m *p2m, uint64_t gpa, bool wide, uint64_t mark, mfn_t *m)
    REQUIRES(p2m->lock)
{
    uint64_t entry;
    char *p;

    *m = p2m_ram_again(p2m, gfn(gpa >> PAGE_SHIFT));
    if (unlikely(!mfn_valid(*m))) {
        return 0;
    }
    p = (char *)window_open_leaf(*m) + (gpa & (PAGE_SIZE - 1));
    entry = wide ? __atomic_load_n((uint64_t *)p, __ATOMIC_RELAXED) : __atomic_load_n((uint32_t *)p, __ATOMIC_RELAXED);
    if (unlikely((entry & (mark | PTE_P)) != (mark | PTE_P)) && (entry & PTE_P) != 0) {
        mark_entry(p, entry, wide, mark);
    }
    window_close_leaf();
    return entry;
}

/* Sets the dirty bit of the entry at GPA, which was found to be the last one of a write. */
static COLD void mark_dirty(struct p2m *p2m, uint64_t gpa, bool wide) REQUIRES(p2m->lock)
{
    mfn_t m;

    (void)read_entry(p2m, gpa, wide, PTE_A | PTE_D, &m);
}

/* What is other now than it was in the entry that W met at level I. */
static ALWAYS_INLINE uint64_t level_difference(const struct walk_memo *w, unsigned i)
{
    return leaf_peek(w->level[i].window, w->level[i].at) ^ w->level[i].entry;
}

/* Are the entries that W met what they were? There are two at least, and nearly always four. */
static ALWAYS_INLINE bool is_as_before(const struct walk_memo *w)
{
    uint64_t difference = level_difference(w, 0) | level_difference(w, 1);

    if (likely(w->level_count > 2)) {
        difference |= level_difference(w, 2);
    }
    if (likely(w->level_count > 3)) {
        difference |= level_difference(w, 3);
    }
    if (unlikely(w->level_count > 4)) {
        difference |= level_difference(w, 4);
    }
    return difference == 0;
}

static ALWAYS_INLINE struct walk_memo *memo_of(uint64_t address)
{
    return &LOADED_STATE->walk[address >> PAGE_SHIFT & (WALK_MEMO_COUNT - 1)];
}

/* Pages whose numbers end in the same bits share one: at worst walks are made anew that need not be. */
static uint64_t *walked_word(struct p2m *p2m, gfn_t g, uint64_t *bit)
{
    *bit = BIT(g.n % 64);
    return &p2m->arch.walked[g.n % WALKED_PAGES / 64];
}

static void note_walked(struct p2m *p2m, uint64_t gpa) REQUIRES(p2m->lock)
{
    uint64_t bit, *word = walked_word(p2m, gfn(gpa >> PAGE_SHIFT), &bit);

    *word |= bit;
}

void guest_walk_page_changes(struct p2m *p2m, gfn_t g, unsigned order)
{
    uint64_t bit, *word = walked_word(p2m, g, &bit);

    if (order == ORDER_4K && (*word & bit) == 0) {
        return;
    }
    p2m->arch.walk_changes++;
    memset(p2m->arch.walked, 0, sizeof(p2m->arch.walked));
}

/* Is W, of the loaded vCPU, which is in long mode, the walk for ADDRESS as it would be made now? */
static ALWAYS_INLINE bool is_current(const struct walk_memo *w, const struct p2m *p2m, uint64_t address)
    REQUIRES(p2m->lock)
{
    return likely(((w->page ^ (1 + (address >> PAGE_SHIFT))) | (w->cr3 ^ hvm_cr3()) |
                   (w->changes ^ p2m->arch.walk_changes)) == 0) &&
           likely(is_as_before(w));
}

/* The frame of ADDRESS, nearly always: a kernel's own page, that it came by before. False: walk for it. */
static ALWAYS_INLINE bool frame_again(const struct p2m *p2m, uint64_t address, unsigned access, mfn_t *m)
    REQUIRES(p2m->lock)
{
    const struct walk_memo *w = memo_of(address);

    if (unlikely((access & ~w->plain) != 0 || !hvm_is_long_mode()) || !is_current(w, p2m, address)) {
        return false;
    }
    *m = w->m;
    return true;
}

/* The accesses to W's page that is_allowed() allows a kernel without a look at any register. */
static uint32_t plain_accesses(const struct walk_memo *w, uint64_t last_entry)
{
    if (!mfn_valid(w->m) || (w->rights & PTE_U) != 0) {
        return 0;
    }
    return WALK_READ | ((w->rights & PTE_W) != 0 && (last_entry & PTE_D) != 0 ? WALK_WRITE : 0) |
           ((w->no_execute & PTE_NX) == 0 ? WALK_FETCH : 0);
}

/* Makes W the walk for ADDRESS. On an error it is none. */
static NOINLINE int walk_anew(struct p2m *p2m, uint64_t address, unsigned access, uint64_t cr4, struct walk_memo *w)
    REQUIRES(p2m->lock)
{
    unsigned shift = (cr4 & CR4_LA57) != 0 ? 48 : 39, unused = 64 - 9 - shift, i = 0;
    uint64_t table = hvm_cr3() & PTE_ADDRESS, at, entry, rights = ~0UL, no_execute = 0;

    w->page = 0;
    w->plain = 0;
    if (unlikely((uint64_t)((int64_t)(address << unused) >> unused) != address)) {
        return -XEN_EFAULT;
    }
    for (;; shift -= 9, i++) {
        mfn_t m;

        at = table + (address >> (shift - 3) & 0xff8);
        entry = read_entry(p2m, at, true, PTE_A, &m);
        if (unlikely((entry & PTE_P) == 0)) {
            return -XEN_EFAULT;
        }
        note_walked(p2m, at);
        rights &= entry;
        no_execute |= entry;
        /* With the mark that is there now; if the guest was quicker, the next walk sees the difference. */
        w->level[i].window = mfn_to_paddr(m).a | PTE_R;
        w->level[i].at = (const uint64_t *)(LEAF_VA + (at & (PAGE_SIZE - 1)));
        w->level[i].entry = entry | PTE_A;
        /* PS is reserved above 1 GiB, and an attribute of pages. */
        if (shift == PAGE_SHIFT || ((entry & PTE_PS) != 0 && shift <= 30)) {
            break;
        }
        table = entry & PTE_ADDRESS;
    }
    if ((access & WALK_WRITE) != 0 && (entry & PTE_D) == 0 && (rights & PTE_W) != 0) {
        mark_dirty(p2m, at, true);
        w->level[i].entry |= PTE_D;
    }
    w->level_count = i + 1;
    w->rights = rights;
    w->no_execute = no_execute;
    w->gpa = ((entry & PTE_ADDRESS & ~((1UL << shift) - 1)) | (address & ((1UL << shift) - 1))) & ~(PAGE_SIZE - 1);
    note_walked(p2m, w->gpa);
    w->m = p2m_ram_again(p2m, gfn(w->gpa >> PAGE_SHIFT));
    w->plain = plain_accesses(w, w->level[i].entry);
    w->cr3 = hvm_cr3();
    w->changes = p2m->arch.walk_changes;
    w->page = 1 + (address >> PAGE_SHIFT);
    return 0;
}

/* Long mode: AMD APM volume 2, 5.3. The frame goes to *M if it is known to be plain RAM. */
static ALWAYS_INLINE int walk_long(struct p2m *p2m, uint64_t address, unsigned access, uint64_t cr4, uint64_t *gpa, mfn_t *m)
    REQUIRES(p2m->lock)
{
    struct walk_memo *w = memo_of(address);

    if (!is_current(w, p2m, address) ||
        ((access & WALK_WRITE) != 0 && (w->level[w->level_count - 1].entry & PTE_D) == 0)) {
        int err = walk_anew(p2m, address, access, cr4, w);

        if (err != 0) {
            return err;
        }
    }
    *gpa = w->gpa | (address & (PAGE_SIZE - 1));
    *m = w->m;
    return is_allowed(w->rights, w->no_execute, access, cr4) ? 0 : -XEN_EFAULT;
}

void guest_walk_forget(void)
{
    for (unsigned i = 0; i < WALK_MEMO_COUNT; i++) {
        LOADED_STATE->walk[i].page = 0;
        LOADED_STATE->walk[i].plain = 0;
    }
}

/* Protected mode with PAE or without: AMD APM volume 2, 5.2. */
static NOINLINE int walk_legacy(struct p2m *p2m, uint64_t address, unsigned access, uint64_t cr4, uint64_t *gpa)
    REQUIRES(p2m->lock)
{
    bool wide = (cr4 & CR4_PAE) != 0;
    unsigned bits = wide ? 9 : 10, shift = wide ? 30 : 22;
    uint64_t table = hvm_cr3() & (wide ? 0xffffffe0UL : 0xfffff000UL), rights = ~0UL, no_execute = 0, at, entry;
    mfn_t m;

    address = (uint32_t)address;
    for (;; shift -= bits) {
        uint64_t index = (address >> shift) & ((1UL << bits) - 1);
        /* PAE's first table has four entries without rights or an accessed bit. */
        bool is_pointer = shift == 30;

        at = table + index * (wide ? 8 : 4);
        entry = read_entry(p2m, at, wide, is_pointer ? 0 : PTE_A, &m);
        if ((entry & PTE_P) == 0) {
            return -XEN_EFAULT;
        }
        if (!is_pointer) {
            rights &= entry;
            no_execute |= entry;
        }
        if (shift == PAGE_SHIFT || ((entry & PTE_PS) != 0 && !is_pointer && (wide || (cr4 & CR4_PSE) != 0))) {
            break;
        }
        table = entry & (wide ? PTE_ADDRESS : 0xfffff000UL);
    }
    if ((access & WALK_WRITE) != 0 && (entry & PTE_D) == 0 && (rights & PTE_W) != 0) {
        mark_dirty(p2m, at, wide);
    }
    *gpa = (entry & (wide ? PTE_ADDRESS : 0xfffff000UL) & ~((1UL << shift) - 1)) | (address & ((1UL << shift) - 1));
    if (!wide && shift == 22) {
        /* PSE-36: bits 20:13 are bits 39:32 of the address. */
        *gpa = (*gpa & UINT32_MAX) | (entry >> 13 & 0xff) << 32;
    }
    return is_allowed(rights, no_execute, access, cr4) ? 0 : -XEN_EFAULT;
}

static ALWAYS_INLINE int walk(struct p2m *p2m, uint64_t address, unsigned access, uint64_t *gpa, mfn_t *m)
    REQUIRES(p2m->lock)
{
    if (hvm_is_long_mode()) {
        return walk_long(p2m, address, access, hvm_cr4(), gpa, m);
    }
    *m = MFN_INVALID;
    if ((hvm_cr0() & CR0_PG) == 0) {
        *gpa = (uint32_t)address;
        return 0;
    }
    return walk_legacy(p2m, address, access, hvm_cr4(), gpa);
}

/* Req: BH-PC-021 */
int guest_walk(struct vcpu *v, uint64_t address, unsigned access, uint64_t *gpa)
{
    mfn_t m;

    return walk(&v->domain->p2m, address, access, gpa, &m);
}

int arch_guest_translate(struct vcpu *v, uint64_t address, bool to_write, uint64_t *gpa)
{
    int err;

    spin_lock(&v->domain->p2m.lock);
    err = guest_walk(v, address, to_write ? WALK_WRITE : WALK_READ, gpa);
    spin_unlock(&v->domain->p2m.lock);
    return err;
}

/* Memory at GPA that is no plain RAM of the domain's: granted, shared, or to read only. */
static COLD int other_frame(struct p2m *p2m, uint64_t gpa, bool to_write, mfn_t *m) REQUIRES(p2m->lock)
{
    enum p2m_type type;
    unsigned order;
    int err = p2m_lookup(p2m, gfn(gpa >> PAGE_SHIFT), m, &type, &order);

    return err == 0 && (to_write ? p2m_is_writable(type) : p2m_is_readable(type)) ? 0 : -XEN_EFAULT;
}

/* The frame of ADDRESS, for an access of the kinds ACCESS, by a walk. */
static NOINLINE int frame_by_walk(struct p2m *p2m, uint64_t address, unsigned access, mfn_t *m) REQUIRES(p2m->lock)
{
    uint64_t gpa;
    int err = walk(p2m, address, access, &gpa, m);

    if (err != 0) {
        return err;
    }
    if (!mfn_valid(*m)) {
        *m = p2m_ram_again(p2m, gfn(gpa >> PAGE_SHIFT));
    }
    return mfn_valid(*m) ? 0 : other_frame(p2m, gpa, (access & WALK_WRITE) != 0, m);
}

int arch_guest_frame(struct vcpu *v, uint64_t address, bool to_write, mfn_t *m, bool *is_memory) NO_LOCK_ANALYSIS
{
    struct p2m *p2m = &v->domain->p2m;
    unsigned access = to_write ? WALK_WRITE : WALK_READ;
    mfn_t found;

    if (unlikely(!frame_again(p2m, address, access, m))) {
        /* One of its own, so that the other need not be in memory on the short way. */
        int err = frame_by_walk(p2m, address, access, &found);

        if (err != 0) {
            return err;
        }
        *m = found;
    }
    *is_memory = true;
    return 0;
}

/* ---- Code ---- */

/* Bytes of one page; how many, 0 if there are none. */
static COLD unsigned fetch_piece(struct vcpu *v, uint64_t address, uint8_t *bytes, unsigned size, unsigned access)
{
    struct p2m *p2m = &v->domain->p2m;
    mfn_t m;

    spin_lock(&p2m->lock);
    if (frame_by_walk(p2m, address, access, &m) != 0) {
        size = 0;
    } else {
        memcpy(bytes, (const char *)window_open_leaf(m) + (address & (PAGE_SIZE - 1)), size);
        window_close_leaf();
    }
    spin_unlock(&p2m->lock);
    return size;
}

/* GUEST_FETCH_SIZE bytes of one page, where the CPU came by before. False: they are to be looked for. */
static ALWAYS_INLINE bool fetch_again(struct vcpu *v, uint64_t address, uint8_t *bytes, unsigned access)
{
    struct p2m *p2m = &v->domain->p2m;
    bool is_there;
    mfn_t m;

    spin_lock(&p2m->lock);
    is_there = frame_again(p2m, address, access, &m);
    if (likely(is_there)) {
        __builtin_memcpy(bytes, (const char *)window_open_leaf(m) + (address & (PAGE_SIZE - 1)), GUEST_FETCH_SIZE);
        window_close_leaf();
    }
    spin_unlock(&p2m->lock);
    return is_there;
}

static COLD unsigned fetch_pages(struct vcpu *v, uint64_t address, uint8_t *bytes, unsigned access)
{
    unsigned first = (unsigned)MIN(PAGE_SIZE - (address & (PAGE_SIZE - 1)), (uint64_t)GUEST_FETCH_SIZE);
    unsigned count = fetch_piece(v, address, bytes, first, access);

    return count == first && first < GUEST_FETCH_SIZE
               ? count + fetch_piece(v, address + first, bytes + first, GUEST_FETCH_SIZE - first, access)
               : count;
}

unsigned guest_fetch(struct vcpu *v, uint64_t address, uint8_t *bytes)
{
    unsigned access = WALK_FETCH | (hvm_cpl() == 3 ? WALK_USER : 0);

    if (likely((address & (PAGE_SIZE - 1)) <= PAGE_SIZE - GUEST_FETCH_SIZE && fetch_again(v, address, bytes, access))) {
        return GUEST_FETCH_SIZE;
    }
    return fetch_pages(v, address, bytes, access);
}
