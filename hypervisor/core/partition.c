/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs at boot, on one CPU, before the domain's first vCPU: nobody else sees the domain. Modules are read where the
 * boot loader put them, through windows, and each byte once.
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
/* Gives D its memory: blocks as large as there are and as the guest's addresses allow. */
static int add_memory(struct domain *d, struct memory_range *ram)
{
    static const uint64_t base[] = ARCH_GUEST_RAM_BASES, size[] = ARCH_GUEST_RAM_SIZES;
    uint64_t left = d->page_limit;

    for (unsigned i = 0; i < ARCH_GUEST_RAM_BANKS && left != 0; i++) {
        uint64_t count = MIN(left, size[i] >> PAGE_SHIFT);
        gfn_t g = gfn(base[i] >> PAGE_SHIFT);

        ram[i] = (struct memory_range){ .start = base[i], .end = base[i] + (count << PAGE_SHIFT) };
        left -= count;
        /* Bound: the pages asked for; each turn maps a block or makes the blocks smaller. */
        for (unsigned order = PAGE_ORDER_MAX; count != 0;) {
            mfn_t m;
            int err;

            while (count < 1UL << order) {
                order--;
            }
            err = frame_alloc_ram(d->id, order, &m);
            if (err != 0 && order > 0) {
                order--;
                continue;
            }
            if (err == 0) {
                err = map_new(d, g, m, order);
            }
            if (err != 0) {
                return err;
            }
            d->page_count += 1UL << order;
            g = gfn_add(g, 1UL << order);
            count -= 1UL << order;
        }
    }
    return left == 0 ? 0 : -XEN_ENOMEM;
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
static int plan_kernel(const struct boot_domain *config, const struct memory_range *ram, struct kernel_plan *plan)
{
    const struct boot_module *k = &config->kernel;
    size_t head_size = MIN(k->size, (uint64_t)KERNEL_HEAD_SIZE);
    const char *problem = NULL;
    char *head = heap_alloc(KERNEL_HEAD_SIZE, FRAME_NO_DOMAIN);
    int err;

    if (head == NULL) {
        return -XEN_ENOMEM;
    }
    read_module(k, 0, head, head_size);
    err = kernel_load_plan(ARCH_KERNEL_RULES, head, head_size, k->size, ram, ARCH_GUEST_RAM_BANKS, plan, &problem);
    if (err == 0 && plan->notes_count != 0) {
        err = read_notes(k, plan, &problem);
    }
    if (err != 0) {
        log_error("%s: kernel: %s", config->name, problem);
    }
    heap_free(head, KERNEL_HEAD_SIZE);
    return err;
}

static int load_kernel(struct domain *d, const struct boot_domain *config, const struct kernel_plan *plan)
{
    int err = 0;

    for (unsigned i = 0; i < plan->segment_count && err == 0; i++) {
        const struct kernel_segment *s = &plan->segment[i];

        err = copy_in(d, s->address, NULL, config->kernel.start + s->source, s->file_size);
        if (err == 0 && s->memory_size > s->file_size && plan->kind == KERNEL_ELF) {
            err = clear_in(d, s->address + s->file_size, s->memory_size - s->file_size);
        }
    }
    return err;
}

static int describe(struct domain *d, const struct partition_layout *layout)
{
    char *buffer = heap_alloc(DESCRIPTION_MAX, FRAME_NO_DOMAIN);
    size_t size;
    int err;

    if (buffer == NULL) {
        return -XEN_ENOMEM;
    }
    err = arch_guest_describe(d, layout, buffer, DESCRIPTION_MAX, &size);
    if (err == 0) {
        err = copy_in(d, layout->description, buffer, 0, size);
    }
    heap_free(buffer, DESCRIPTION_MAX);
    return err;
}

static int add_vcpus(struct domain *d, const struct boot_domain *config)
{
    cpuset_t any = { { 0 } };
    int err = 0;

    for (unsigned i = 0; i < config->cpu_count; i++) {
        cpuset_add(&any, boot_domain_cpu(config, i));
    }
    for (unsigned i = 0; i < cpu_count && config->cpu_count == 0; i++) {
        cpuset_add(&any, i);
    }
    for (unsigned i = 0; i < config->vcpu_count && err == 0; i++) {
        struct cpu *own = config->owns_cpus ? cpu_table[boot_domain_cpu(config, i)] : NULL;
        struct vcpu *v;

        err = config->owns_cpus && (own == NULL || !own->online) ? -XEN_EINVAL : vcpu_create(d, i, own, &any, &v);
    }
    return err;
}

/* Everything but the creation of D. Says what is wrong. */
static int fill(struct domain *d, const struct boot_domain *config)
{
    struct partition_layout layout = { .config = config };
    struct kernel_plan plan;
    int err = add_memory(d, layout.ram);

    if (err != 0) {
        log_error("%s: %lu KiB of memory: only %lu KiB are free", config->name, config->memory_kib,
                  (page_alloc_free_count() + d->page_count) << (PAGE_SHIFT - 10));
        return err;
    }
    err = plan_kernel(config, layout.ram, &plan);
    if (err != 0) {
        return err;
    }
    layout.entry = plan.entry;
    err = kernel_load_place(ARCH_KERNEL_RULES, &plan, layout.ram, ARCH_GUEST_RAM_BANKS, config->ramdisk.size,
                            DESCRIPTION_MAX, &layout.ramdisk_start, &layout.description);
    if (err != 0) {
        log_error("%s: kernel and ramdisk do not fit its %lu KiB of memory", config->name, config->memory_kib);
        return err;
    }
    layout.ramdisk_end = layout.ramdisk_start + config->ramdisk.size;
    err = load_kernel(d, config, &plan);
    if (err == 0 && CONFIG_RAMDISK && config->ramdisk.size != 0) {
        err = copy_in(d, layout.ramdisk_start, NULL, config->ramdisk.start, config->ramdisk.size);
    }
    if (err == 0) {
        err = describe(d, &layout);
    }
    if (err == 0 && CONFIG_PV_CONSOLE && !config->vpl011) {
        err = pv_console_create(d);
    }
    if (err == 0) {
        err = add_vcpus(d, config);
    }
    if (err == 0) {
        arch_guest_start(d, &layout);
    } else {
        log_error("%s: cannot be built (error %d)", config->name, -err);
    }
    return err;
}

int partition_build(const struct boot_domain *config, struct domain **out)
{
    struct domain *d;
    int err = domain_create(config, &d);

    if (err != 0) {
        log_error("%s: cannot be created (error %d)", config->name, -err);
        return err;
    }
    err = fill(d, config);
    if (err != 0) {
        /* Nothing of it has run: the reaper's steps, all at once. */
        while (!domain_reap_step(d)) {
        }
        return err;
    }
    *out = d;
    return 0;
}
