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
#include "bh/partition_devices.h"
#include "bh/partition_memory.h"
#include "bh/partition_shared.h"
#include "bh/pv_console.h"
#include "bh/reaper.h"
#include "bh/shared_memory.h"
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
    struct partition_memory memory;
    struct kernel_plan plan;
    unsigned step;
    unsigned at;              /* a step's segment or vCPU; 0 when it begins */
    uint64_t done;            /* bytes of the segment; 0 when it begins */
} building; /* at boot that CPU's only, later [reaper] */
#define GO_ON PARTITION_GO_ON

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
    size_t size = CONFIG_HARDWARE_DOMAIN && b->domain->has_hardware ? arch_hardware_description_max() : DESCRIPTION_MAX;

    /* Nodes of it, and names of theirs. */
    return CONFIG_DEVICES ? size + 2 * ALIGN_UP(b->config->device_tree.size, PAGE_SIZE) : size;
}

/* The partial device tree, which has been checked to be of moderate size, as long as the partition is built. */
static int read_partial(struct building *b)
{
    const struct boot_module *m = &b->config->device_tree;
    char *copy;

    if (!CONFIG_DEVICES || m->size == 0) {
        return 0;
    }
    copy = heap_alloc(m->size, FRAME_NO_DOMAIN);
    if (copy == NULL) {
        return -XEN_ENOMEM;
    }
    read_module(m, 0, copy, m->size);
    b->layout.partial = copy;
    return 0;
}

static void forget_partial(struct building *b)
{
    if (CONFIG_DEVICES && b->layout.partial != NULL) {
        heap_free((void *)(uintptr_t)b->layout.partial, b->config->device_tree.size);
        b->layout.partial = NULL;
    }
}

/* A piece of its devices, which its first life finds in the partial device tree. */
static int add_devices(struct building *b)
{
    int err = 0;

    if (b->at == 0 && b->done == 0 && b->layout.partial != NULL && !partition_devices_are_known(b->domain->id)) {
        err = arch_guest_find_devices(b->domain, &b->layout);
    }
    if (err == 0) {
        err = partition_devices_map(b->domain, &b->at, &b->done);
    }
    if (err == 0) {
        forget_partial(b);
    }
    return err;
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
    return CONFIG_PV_CONSOLE && !b->config->vpl011 && !b->domain->has_hardware ? pv_console_create(b->domain) : 0;
}

/* A piece of what it shares with others. */
static int add_shared(struct building *b)
{
    const struct shared_share *s;
    int err;

    if (b->at == b->config->shared_count) {
        return 0;
    }
    s = shared_memory_share(b->config->shared_first + b->at);
    err = partition_shared_map(b->domain, s, &b->done);
    if (err == 0) {
        b->at++;
        b->done = 0;
    } else if (err < 0) {
        log_error("%s: shared memory %s at 0x%llx: %s", b->config->name, shared_memory_id(s), (unsigned long long)s->gpa,
                  err == -XEN_EEXIST ? "something else is there" : err == -XEN_ENOENT ? "there is none" : "no room");
    }
    return err < 0 ? err : GO_ON;
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
enum step { ADD_MEMORY, PLAN_KERNEL, PLACE, READ_PARTIAL, LOAD_KERNEL, LOAD_RAMDISK, DESCRIBE, ADD_CONSOLE, ADD_DEVICES, ADD_SHARED, ADD_VCPU, STEP_COUNT };

static int take(struct building *b)
{
    switch (b->step) {
    case ADD_MEMORY: return partition_memory_step(&b->memory, b->domain, &b->layout);
    case PLAN_KERNEL: return plan_kernel(b);
    case PLACE: return place(b);
    case READ_PARTIAL: return read_partial(b);
    case LOAD_KERNEL: return load_kernel(b);
    case LOAD_RAMDISK: return load_ramdisk(b);
    case DESCRIBE: return describe(b);
    case ADD_CONSOLE: return add_console(b);
    case ADD_DEVICES: return CONFIG_DEVICES ? add_devices(b) : 0;
    case ADD_SHARED: return CONFIG_SHARED_MEMORY ? add_shared(b) : 0;
    default: return add_vcpu(b);
    }
}

void partition_begin(struct domain *d, const struct boot_domain *config, unsigned order_max)
{
    building = (struct building){
        .config = config, .domain = d, .layout = { .config = config },
    };
    partition_memory_begin(&building.memory, PAGE_HAS_AFFINITY ? page_affinity_order(&config->affinity, order_max) : order_max);
}

int partition_step(void)
{
    int err = take(&building);

    if (err < 0) {
        forget_partial(&building);
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
        while (!reaper_step(d)) {
        }
        return err;
    }
    *out = d;
    return 0;
}
