/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One partition is built at a time, before its first vCPU runs: nobody else sees it. At boot that is done at once; when
 * one starts again (restart.c), others run in between, and a step moves at most 2 MiB. Modules are read where the boot
 * loader put them, through windows, and each byte once.
 */
#include "bh/partition.h"

#include "arch/arch.h"
#include "bh/console.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/frame.h"
#include "bh/heap.h"
#include "bh/page_alloc.h"
#include "bh/pv_console.h"
#include "bh/vcpu.h"
#include "bh/window.h"
#include "lib/string.h"

/* Bytes of the guest's description of its machine, at most. */
#define DESCRIPTION_MAX ARCH_GUEST_DESCRIPTION_MAX
/* Bytes that one step copies or clears, at most. */
#define PIECE MIB(2)

/* The partition that is built. A step is done as often as it says GO_ON; what it needs for that is here. */
static struct building {
    const struct boot_domain *config;
    struct domain *domain;
    struct partition_layout layout;
    struct kernel_plan plan;
    unsigned step;
    unsigned at;              /* a step's bank, segment or vCPU; 0 when it begins */
    uint64_t done;            /* pages of the bank, bytes of the segment; 0 when it begins */
    unsigned order;           /* of the next block of memory */
    unsigned order_max;
} building; /* at boot that CPU's only, later [reaper] */
#define GO_ON PARTITION_GO_ON

/* Maps 2^ORDER new frames at G. On an error those that found no place go back at once, the others with the tables. */
static int map_new(struct domain *d, gfn_t g, mfn_t m, unsigned order)
{
    int err = p2m_map_range(&d->p2m, g, m, 1UL << order, P2M_RAM);

    for (uint64_t i = 0; i < 1UL << order && err != 0; i++) {
        enum p2m_type type;
        unsigned there_order;
        mfn_t there;

        spin_lock(&d->p2m.lock);
        if (p2m_lookup(&d->p2m, gfn_add(g, i), &there, &type, &there_order) != 0) {
            (void)frame_unmap(mfn_add(m, i));
        }
        spin_unlock(&d->p2m.lock);
    }
    return err;
}

/* Req: BH-MEM-001, BH-MEM-012, BH-MEM-013 */
/* A block of up to LEFT pages, 2^*ORDER of them. GO_ON: there was none of the size tried; the next try is for less. */
static int take_block(struct building *b, uint64_t left, unsigned *order, mfn_t *m)
{
    int err;

    *order = b->order;
    while (left < 1UL << *order) {
        (*order)--;
    }
    err = frame_alloc_ram(b->domain->id, *order, m);
    if (err != 0 && *order > 0) {
        b->order = *order - 1;
        return GO_ON;
    }
    return err;
}

/* Gives the domain one block of memory: as large a one as there is and as the guest's addresses allow. */
static int add_memory(struct building *b)
{
    static const uint64_t base[] = ARCH_GUEST_RAM_BASES, size[] = ARCH_GUEST_RAM_SIZES;
    struct domain *d = b->domain;
    struct memory_range *bank = &b->layout.ram[b->at];
    uint64_t left = d->page_limit - d->page_count;
    unsigned order;
    mfn_t m;
    int err;

    if (left == 0) {
        return 0;
    }
    if (b->at == ARCH_GUEST_RAM_BANKS) {
        return -XEN_ENOMEM;
    }
    left = MIN(left, (size[b->at] >> PAGE_SHIFT) - b->done);
    if (left == 0) {
        b->at++;
        b->done = 0;
        b->order = b->order_max;
        return GO_ON;
    }
    err = take_block(b, left, &order, &m);
    if (err == 0) {
        err = map_new(d, gfn((base[b->at] >> PAGE_SHIFT) + b->done), m, order);
    }
    if (err != 0) {
        return err;
    }
    d->page_count += 1UL << order;
    b->done += 1UL << order;
    *bank = (struct memory_range){ .start = base[b->at], .end = base[b->at] + (b->done << PAGE_SHIFT) };
    return GO_ON;
}

/* Block M of D's is one more piece, or part of one that it adjoins. Pieces begin at whole blocks of 2 MiB if they can. */
static int add_piece(struct domain *d, mfn_t m, unsigned order)
{
    struct memory_range block = { .start = m.n << PAGE_SHIFT, .end = (m.n + (1UL << order)) << PAGE_SHIFT };

    for (unsigned i = 0; i < d->direct_count; i++) {
        struct memory_range *piece = &d->direct[i];

        if (piece->end == block.start) {
            piece->end = block.end;
            return 0;
        }
        if (piece->start == block.end && order >= ORDER_2M) {
            piece->start = block.start;
            return 0;
        }
    }
    if (d->direct_count == DOMAIN_DIRECT_COUNT) {
        return -XEN_ENOSPC;
    }
    d->direct[d->direct_count++] = block;
    return 0;
}

/* The largest piece, which kernel and ramdisk go to, comes first. */
static void lay_out(struct building *b)
{
    struct domain *d = b->domain;
    unsigned largest = 0;

    for (unsigned i = 0; i < d->direct_count; i++) {
        b->layout.ram[i] = d->direct[i];
        if (d->direct[i].end - d->direct[i].start > d->direct[largest].end - d->direct[largest].start) {
            largest = i;
        }
    }
    b->layout.ram[0] = d->direct[largest];
    b->layout.ram[largest] = d->direct[0];
}

/* Req: BH-DEV-009 */
/* Gives the domain one block of memory, as large as there is, at its machine address. */
static int add_direct_memory(struct building *b)
{
    struct domain *d = b->domain;
    uint64_t left = d->page_limit - d->page_count;
    unsigned order;
    mfn_t m;
    int err;

    if (left == 0) {
        lay_out(b);
        return 0;
    }
    err = take_block(b, left, &order, &m);
    if (err == 0) {
        err = map_new(d, gfn(m.n), m, order);
    }
    if (err == 0) {
        d->page_count += 1UL << order;
        err = add_piece(d, m, order);
    }
    if (err == -XEN_ENOSPC) {
        log_error("%s: the memory that is free is in more than %u pieces", b->config->name, DOMAIN_DIRECT_COUNT);
    }
    return err != 0 ? err : GO_ON;
}

static int add_memory_or_complain(struct building *b)
{
    int err = CONFIG_HARDWARE_DOMAIN && b->domain->is_direct ? add_direct_memory(b) : add_memory(b);

    if (err < 0) {
        log_error("%s: %lu KiB of memory: only %lu KiB are free", b->config->name, b->config->memory_kib,
                  (page_alloc_free_count() + b->domain->page_count) << (PAGE_SHIFT - 10));
    }
    return err;
}

/*
 * A window on D's memory at GPA, as large as the mapping allows; *SIZE is how many bytes from GPA on it shows. The
 * caller closes it by close_guest().
 */
static char *open_guest(struct domain *d, uint64_t gpa, uint64_t *size, bool *is_block)
{
    enum p2m_type type;
    unsigned order;
    uint64_t span;
    mfn_t m;
    int err;
    char *p;

    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, gfn(gpa >> PAGE_SHIFT), &m, &type, &order);
    spin_unlock(&d->p2m.lock);
    if (err != 0 || type != P2M_RAM) {
        return NULL;
    }
    *is_block = order >= ORDER_2M;
    span = *is_block ? MIB(2) : PAGE_SIZE;
    p = *is_block ? window_open_block(m) : window_open(m);
    *size = span - (gpa & (span - 1));
    return p + (gpa & (span - 1));
}

static void close_guest(const char *p, bool is_block)
{
    if (is_block) {
        window_close_block(p);
    } else {
        window_close(p);
    }
}

/* Copies SIZE bytes to D's memory at GPA: from our own FROM, or, if that is NULL, from the board's memory at SOURCE. */
static int copy_in(struct domain *d, uint64_t gpa, const char *from, uint64_t source, uint64_t size)
{
    while (size != 0) {
        uint64_t piece;
        bool is_block;
        char *to = open_guest(d, gpa, &piece, &is_block);

        if (to == NULL) {
            return -XEN_EINVAL;
        }
        piece = MIN(piece, size);
        if (from != NULL) {
            memcpy(to, from, piece);
            from += piece;
        } else {
            const char *block;

            piece = MIN(piece, MIB(2) - (source & (MIB(2) - 1)));
            block = window_open_block(paddr_to_mfn(paddr(ALIGN_DOWN(source, MIB(2)))));
            memcpy(to, block + (source & (MIB(2) - 1)), piece);
            window_close_block(block);
            source += piece;
        }
        arch_memory_publish(to, piece);
        close_guest(to, is_block);
        gpa += piece;
        size -= piece;
    }
    return 0;
}

static int clear_in(struct domain *d, uint64_t gpa, uint64_t size)
{
    while (size != 0) {
        uint64_t piece;
        bool is_block;
        char *to = open_guest(d, gpa, &piece, &is_block);

        if (to == NULL) {
            return -XEN_EINVAL;
        }
        piece = MIN(piece, size);
        memset(to, 0, piece);
        arch_memory_publish(to, piece);
        close_guest(to, is_block);
        gpa += piece;
        size -= piece;
    }
    return 0;
}

/* Copies SIZE bytes of module M, which has them, from OFFSET on to our own TO. */
static void read_module(const struct boot_module *m, uint64_t offset, char *to, uint64_t size)
{
    uint64_t at = m->start + offset;

    while (size != 0) {
        uint64_t piece = MIN(size, PAGE_SIZE - (at & (PAGE_SIZE - 1)));
        const char *p = window_open_read(paddr_to_mfn(paddr(at)));

        memcpy(to, p + (at & (PAGE_SIZE - 1)), piece);
        window_close(p);
        to += piece;
        at += piece;
        size -= piece;
    }
}

/* Reads the notes of the kernel, until one of them says where its entry is. */
static int read_notes(const struct boot_module *k, struct kernel_plan *plan, const char **problem)
{
    int err = -XEN_ENOENT;

    for (unsigned i = 0; i < plan->notes_count && err == -XEN_ENOENT; i++) {
        const struct kernel_notes *n = &plan->notes[i];
        char *bytes = heap_alloc(n->size, FRAME_NO_DOMAIN);

        if (bytes == NULL) {
            *problem = "no memory for its notes";
            return -XEN_ENOMEM;
        }
        read_module(k, n->source, bytes, n->size);
        err = kernel_load_notes(plan, i, bytes, problem);
        heap_free(bytes, n->size);
    }
    return err == -XEN_ENOENT ? -XEN_EINVAL : err;
}

/* Reads the head of the kernel module and plans its loading. */
static int plan_kernel(struct building *b)
{
    const struct boot_module *k = &b->config->kernel;
    size_t head_size = MIN(k->size, (uint64_t)KERNEL_HEAD_SIZE);
    const char *problem = NULL;
    char *head = heap_alloc(KERNEL_HEAD_SIZE, FRAME_NO_DOMAIN);
    int err;

    if (head == NULL) {
        log_error("%s: kernel: no memory to read it", b->config->name);
        return -XEN_ENOMEM;
    }
    read_module(k, 0, head, head_size);
    err = kernel_load_plan(ARCH_KERNEL_RULES, head, head_size, k->size, b->layout.ram, PARTITION_BANKS, &b->plan,
                           &problem);
    if (err == 0 && b->plan.notes_count != 0) {
        err = read_notes(k, &b->plan, &problem);
    }
    if (err != 0) {
        log_error("%s: kernel: %s", b->config->name, problem);
    }
    heap_free(head, KERNEL_HEAD_SIZE);
    return err;
}

static size_t description_max(const struct building *b)
{
    return CONFIG_HARDWARE_DOMAIN && b->domain->is_direct ? arch_hardware_description_max() : DESCRIPTION_MAX;
}

static int place(struct building *b)
{
    struct partition_layout *l = &b->layout;
    int err = kernel_load_place(ARCH_KERNEL_RULES, &b->plan, l->ram, PARTITION_BANKS, b->config->ramdisk.size,
                                description_max(b), &l->ramdisk_start, &l->description);

    if (err != 0) {
        log_error("%s: kernel and ramdisk do not fit its %lu KiB of memory", b->config->name, b->config->memory_kib);
        return err;
    }
    l->entry = b->plan.entry;
    l->ramdisk_end = l->ramdisk_start + b->config->ramdisk.size;
    return 0;
}

/* A piece of a segment of the kernel: of its file, and then of the zeros behind that. */
static int load_kernel(struct building *b)
{
    const struct kernel_segment *s;
    uint64_t piece, cleared_to;
    int err;

    if (b->at == b->plan.segment_count) {
        return 0;
    }
    s = &b->plan.segment[b->at];
    cleared_to = b->plan.kind == KERNEL_ELF ? MAX(s->memory_size, s->file_size) : s->file_size;
    if (b->done == cleared_to) {
        b->at++;
        b->done = 0;
        return GO_ON;
    }
    if (b->done < s->file_size) {
        piece = MIN(s->file_size - b->done, PIECE);
        err = copy_in(b->domain, s->address + b->done, NULL, b->config->kernel.start + s->source + b->done, piece);
    } else {
        piece = MIN(cleared_to - b->done, PIECE);
        err = clear_in(b->domain, s->address + b->done, piece);
    }
    b->done += piece;
    return err != 0 ? err : GO_ON;
}

static int load_ramdisk(struct building *b)
{
    const struct boot_module *r = &b->config->ramdisk;
    uint64_t piece = MIN(r->size - b->done, PIECE);
    int err;

    if (!CONFIG_RAMDISK || piece == 0) {
        return 0;
    }
    err = copy_in(b->domain, b->layout.ramdisk_start + b->done, NULL, r->start + b->done, piece);
    b->done += piece;
    return err != 0 ? err : GO_ON;
}

static int describe(struct building *b)
{
    size_t size_max = description_max(b), size;
    char *buffer = heap_alloc(size_max, FRAME_NO_DOMAIN);
    int err;

    if (buffer == NULL) {
        return -XEN_ENOMEM;
    }
    err = arch_guest_describe(b->domain, &b->layout, buffer, size_max, &size);
    if (err == 0) {
        err = copy_in(b->domain, b->layout.description, buffer, 0, size);
    }
    heap_free(buffer, size_max);
    return err;
}

static int add_console(struct building *b)
{
    /* Where its page would be there are devices, and who has them is told of input otherwise. */
    return CONFIG_PV_CONSOLE && !b->config->vpl011 && !b->domain->is_direct ? pv_console_create(b->domain) : 0;
}

static int add_vcpu(struct building *b)
{
    const struct boot_domain *config = b->config;
    cpuset_t any = { { 0 } };
    struct cpu *own = NULL;
    struct vcpu *v;
    int err;

    for (unsigned i = 0; i < config->cpu_count; i++) {
        cpuset_add(&any, boot_domain_cpu(config, i));
    }
    for (unsigned i = 0; i < cpu_count && config->cpu_count == 0; i++) {
        cpuset_add(&any, i);
    }
    if (config->owns_cpus) {
        own = cpu_table[boot_domain_cpu(config, b->at)];
        if (own == NULL || !own->online) {
            return -XEN_EINVAL;
        }
    }
    err = vcpu_create(b->domain, b->at, own, &any, &v);
    if (err == 0 && ++b->at < config->vcpu_count) {
        return GO_ON;
    }
    return err;
}

/* One after the other. Those up to PLACE say themselves what is wrong. */
enum step { ADD_MEMORY, PLAN_KERNEL, PLACE, LOAD_KERNEL, LOAD_RAMDISK, DESCRIBE, ADD_CONSOLE, ADD_VCPU, STEP_COUNT };

static int take(struct building *b)
{
    switch (b->step) {
    case ADD_MEMORY: return add_memory_or_complain(b);
    case PLAN_KERNEL: return plan_kernel(b);
    case PLACE: return place(b);
    case LOAD_KERNEL: return load_kernel(b);
    case LOAD_RAMDISK: return load_ramdisk(b);
    case DESCRIBE: return describe(b);
    case ADD_CONSOLE: return add_console(b);
    default: return add_vcpu(b);
    }
}

void partition_begin(struct domain *d, const struct boot_domain *config, unsigned order_max)
{
    building = (struct building){
        .config = config, .domain = d, .layout = { .config = config }, .order = order_max, .order_max = order_max,
    };
}

int partition_step(void)
{
    int err = take(&building);

    if (err < 0) {
        if (building.step > PLACE) {
            log_error("%s: cannot be built (error %d)", building.config->name, -err);
        }
        return err;
    }
    if (err == 0) {
        building.step++;
        building.at = 0;
        building.done = 0;
    }
    if (building.step < STEP_COUNT) {
        return PARTITION_GO_ON;
    }
    arch_guest_start(building.domain, &building.layout);
    return 0;
}

int partition_build(const struct boot_domain *config, struct domain **out)
{
    struct domain *d;
    int err = domain_create(config, &d);

    if (err != 0) {
        log_error("%s: cannot be created (error %d)", config->name, -err);
        return err;
    }
    partition_begin(d, config, PAGE_ORDER_MAX);
    do {
        err = partition_step();
    } while (err == PARTITION_GO_ON);
    if (err != 0) {
        /* Nothing of it has run: the reaper's steps, all at once. */
        while (!domain_reap_step(d)) {
        }
        return err;
    }
    *out = d;
    return 0;
}
