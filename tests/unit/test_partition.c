/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/partition.c: good and bad boot descriptions, and every allocation of a build failing once.
 */
#include "partition.h"

#include <elf.h>

#include "arch/arch.h"
#include "bh/device.h"
#include "bh/partition.h"
#include "bh/physmap.h"
#include "bh/reaper.h"
#include "bh/window.h"

#define IMAGE_SIZE (MIB(2) + 12345)

static uint64_t free_before;
static char *image;
static uint64_t image_at, ramdisk_at;
static char ramdisk[70000];

static void init(unsigned ram_mib)
{
    host_board_init(4, ram_mib);
    free(image);
    image = malloc(IMAGE_SIZE);
    fill_image(image, IMAGE_SIZE, 13);
    for (unsigned i = 0; i < sizeof(ramdisk); i++) {
        ramdisk[i] = (char)(i / 100 + i);
    }
    image_at = host_module_place(image, IMAGE_SIZE);
    ramdisk_at = host_module_place(ramdisk, sizeof(ramdisk));
    free_before = page_alloc_free_count();
}

static struct boot_domain good(void)
{
    return (struct boot_domain){
        .name = "p", .memory_kib = 16 << 10, .kernel = { image_at, IMAGE_SIZE },
        .ramdisk = { ramdisk_at, sizeof(ramdisk) }, .vcpu_count = 2, .vpl011 = true,
    };
}

static void expect_refused(const struct boot_domain *config, int error, const char *text)
{
    struct domain *d;

    (void)host_uart_take();
    assert_int_equal(partition_build(config, &d), error);
    if (strstr(host_uart_take(), text) == NULL) {
        fail_msg("no '%s'", text);
    }
    assert_int_equal(page_alloc_free_count(), free_before);
    assert_int_equal(window_count(), 0);
    page_alloc_audit();
}

/* What a domain's memory holds at guest physical address AT. */
static void peek_guest(struct domain *d, uint64_t at, void *to, size_t size)
{
    while (size != 0) {
        size_t piece = MIN(size, PAGE_SIZE - at % PAGE_SIZE);
        enum p2m_type type;
        unsigned order;
        mfn_t m;

        spin_lock(&d->p2m.lock);
        assert_int_equal(p2m_lookup(&d->p2m, gfn(at >> PAGE_SHIFT), &m, &type, &order), 0);
        spin_unlock(&d->p2m.lock);
        memcpy(to, (char *)host_peek(m) + at % PAGE_SIZE, piece);
        host_peek_end(m);
        to = (char *)to + piece;
        at += piece;
        size -= piece;
    }
}

static void test_build(void **state)
{
    static char there[IMAGE_SIZE];
    struct boot_domain config;
    struct domain *d;

    (void)state;
    init(64);
    config = good();
    assert_int_equal(partition_build(&config, &d), 0);
    assert_int_equal(d->page_count, 4096);
    assert_int_equal(d->vcpus[0]->arch.entry, GUEST_RAM0_BASE);
    assert_int_equal(d->vcpus[0]->state, VCPU_OFFLINE);
    assert_non_null(d->vcpus[1]);
    peek_guest(d, GUEST_RAM0_BASE, there, IMAGE_SIZE);
    assert_memory_equal(there, image, IMAGE_SIZE);
    peek_guest(d, d->vcpus[0]->arch.argument, there, 8);
    assert_memory_equal(there, "describe", 8);
    peek_guest(d, ALIGN_UP(d->vcpus[0]->arch.argument + ARCH_GUEST_DESCRIPTION_MAX, MIB(2)), there, sizeof(ramdisk));
    assert_memory_equal(there, ramdisk, sizeof(ramdisk));
    assert_true(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 4095)));
    assert_false(domain_gfn_is_ram(d, gfn(TEST_RAM_GFN + 4096)));
    start_domain(d);
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Req: BH-DEV-009 */
/* The memory of who has the hardware is where it is for devices, in few pieces, of which the largest comes first. */
static void test_direct(void **state)
{
    static char there[IMAGE_SIZE];
    struct boot_domain config;
    uint64_t pages = 0;
    struct domain *d;

    (void)state;
    init(64);
    device_forget_all();
    config = good();
    config.vpl011 = false;
    config.memory_kib = (16 << 10) + 12;
    config.capabilities = DOMAIN_HARDWARE;
    assert_int_equal(partition_build(&config, &d), 0);
    assert_true(d->is_direct);
    assert_true(d->place_count >= 1 && d->place_count <= 3);
    for (unsigned i = 0; i < d->place_count; i++) {
        for (uint64_t g = d->place[i].g.n; g < d->place[i].g.n + d->place[i].count; g++) {
            enum p2m_type type;
            unsigned order;
            mfn_t m;

            spin_lock(&d->p2m.lock);
            assert_int_equal(p2m_lookup(&d->p2m, gfn(g), &m, &type, &order), 0);
            spin_unlock(&d->p2m.lock);
            assert_true(m.n == g && type == P2M_RAM);
            pages++;
        }
    }
    assert_int_equal(pages, config.memory_kib / 4);
    peek_guest(d, d->vcpus[0]->arch.entry, there, IMAGE_SIZE);
    assert_memory_equal(there, image, IMAGE_SIZE);
    assert_false(d->pv_console.is_there);
    while (!reaper_step(d)) {
    }
    assert_null(device_owner());
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* 2^ORDER frames that the board's description sets apart. */
static struct memory_range set_apart(unsigned order)
{
    mfn_t m;

    assert_int_equal(page_alloc_take(order, &m), 0);
    assert_int_equal(page_alloc_set_apart(m.n, m.n + (1UL << order)), 0);
    return (struct memory_range){ m.n << PAGE_SHIFT, (m.n + (1UL << order)) << PAGE_SHIFT };
}

static mfn_t frame_of(struct domain *d, uint64_t g)
{
    enum p2m_type type;
    unsigned order;
    mfn_t m;
    int err;

    spin_lock(&d->p2m.lock);
    err = p2m_lookup(&d->p2m, gfn(g), &m, &type, &order);
    spin_unlock(&d->p2m.lock);
    return err == 0 && type == P2M_RAM ? m : MFN_INVALID;
}

/* Two ranges of 8 MiB, the higher one first. */
static struct boot_domain placed(void)
{
    struct boot_domain config = good();
    struct memory_range a = set_apart(11), b = set_apart(11);

    config.place[0] = a.start > b.start ? a : b;
    config.place[1] = a.start > b.start ? b : a;
    config.place_count = 2;
    free_before = page_alloc_free_count();
    return config;
}

/* Req: BH-MEM-022, BH-MEM-023 */
/* What is set apart is given in order; what the guest gives back stays its own, and all of it for the next life. */
static void test_placed(void **state)
{
    static char there[IMAGE_SIZE];
    struct boot_domain config;
    const uint64_t base = GUEST_RAM0_BASE >> PAGE_SHIFT;

    (void)state;
    init(64);
    config = placed();
    for (unsigned life = 0; life < 3; life++) {
        struct domain *d;

        assert_int_equal(partition_build(&config, &d), 0);
        assert_false(d->is_direct);
        for (unsigned i = 0; i < 4096; i++) {
            assert_true(frame_of(d, base + i).n == (config.place[i / 2048].start >> PAGE_SHIFT) + i % 2048);
        }
        peek_guest(d, GUEST_RAM0_BASE, there, IMAGE_SIZE);
        assert_memory_equal(there, image, IMAGE_SIZE);
        start_domain(d);
        for (unsigned i = 3; i < 4096; i += 1000) {
            assert_int_equal(physmap_unmap(d, gfn(base + i), 1u << P2M_RAM), 0);
        }
        assert_int_equal(d->page_count, 4096);
        assert_int_equal(d->kept_count, 5);
        assert_int_equal(physmap_populate(d, gfn(base + 1003), ORDER_4K), 0);
        assert_true(frame_of(d, base + 1003).n == (config.place[0].start >> PAGE_SHIFT) + 1003);
        assert_int_equal(physmap_populate(d, gfn(base + 1003), ORDER_4K), -XEN_EEXIST);
        assert_int_equal(physmap_populate(d, gfn(base + 4096), ORDER_4K), -XEN_EINVAL);
        assert_int_equal(d->kept_count, 4);
        /* One of a pair is there: neither changes. */
        assert_int_equal(physmap_populate(d, gfn(base + 2), 1), -XEN_EEXIST);
        assert_int_equal(d->kept_count, 4);
        end_all();
        assert_int_equal(page_alloc_free_count(), free_before);
        page_alloc_audit();
    }
}

/* Req: BH-MEM-022 */
static void test_placed_in_use(void **state)
{
    struct boot_domain config;
    struct domain *d;
    mfn_t m;

    (void)state;
    init(64);
    config = placed();
    assert_int_equal(partition_build(&config, &d), 0);
    m = mfn(config.place[1].start >> PAGE_SHIFT);
    assert_int_equal(frame_get(m, d->id), 0);
    end_all();
    expect_refused(&config, -XEN_EBUSY, "p: memory that is set apart for it is in use");
    assert_true(frame_put(m));
    assert_int_equal(partition_build(&config, &d), 0);
    end_all();
    /* Not set apart. */
    config.place[0].end += PAGE_SIZE;
    expect_refused(&config, -XEN_EINVAL, "p: ");
}

/* Req: BH-MEM-024 */
static void test_placed_direct(void **state)
{
    static char there[IMAGE_SIZE];
    struct boot_domain config;
    struct domain *d;

    (void)state;
    init(64);
    config = placed();
    config.is_direct = true;
    assert_int_equal(partition_build(&config, &d), 0);
    assert_true(d->is_direct);
    assert_false(d->has_hardware);
    for (unsigned i = 0; i < 2; i++) {
        for (uint64_t g = config.place[i].start >> PAGE_SHIFT; g < config.place[i].end >> PAGE_SHIFT; g++) {
            assert_true(frame_of(d, g).n == g);
        }
    }
    peek_guest(d, d->vcpus[0]->arch.entry, there, IMAGE_SIZE);
    assert_memory_equal(there, image, IMAGE_SIZE);
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Req: BH-MEM-013 */
/* Memory in small pieces: the guest's address space is whole all the same. */
static void test_fragmented(void **state)
{
    static char there[IMAGE_SIZE];
    static mfn_t taken[16384];
    struct boot_domain config;
    unsigned count = 0;
    struct domain *d;
    mfn_t m;

    (void)state;
    init(64);
    while (frame_alloc_hyp(FRAME_NO_DOMAIN, &m) == 0) {
        taken[count++] = m;
    }
    for (unsigned i = 0; i < count; i++) {
        if (taken[i].n % 4 < 2) {
            frame_put(taken[i]); /* pairs: a root table needs one */
        }
    }
    free_before = page_alloc_free_count();
    config = good();
    config.kernel.size = IMAGE_SIZE;
    assert_int_equal(partition_build(&config, &d), 0);
    peek_guest(d, GUEST_RAM0_BASE, there, IMAGE_SIZE);
    assert_memory_equal(there, image, IMAGE_SIZE);
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Req: BH-MEM-012 */
/* More than the first bank's 3 GiB goes on in the second. */
static void test_two_banks(void **state)
{
    struct boot_domain config;
    struct domain *d;

    (void)state;
    init(3104);
    frame_scrub_at_boot(false);
    config = good();
    config.memory_kib = (3 << 20) + 8192;
    assert_int_equal(partition_build(&config, &d), 0);
    assert_true(domain_gfn_is_ram(d, gfn((GUEST_RAM0_BASE + GUEST_RAM0_SIZE) / PAGE_SIZE - 1)));
    assert_false(domain_gfn_is_ram(d, gfn((GUEST_RAM0_BASE + GUEST_RAM0_SIZE) / PAGE_SIZE)));
    assert_true(domain_gfn_is_ram(d, gfn(GUEST_RAM1_BASE / PAGE_SIZE + 2047)));
    assert_false(domain_gfn_is_ram(d, gfn(GUEST_RAM1_BASE / PAGE_SIZE + 2048)));
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

static void test_bad(void **state)
{
    fdt_cell_t cpus[2] = { __builtin_bswap32(2), __builtin_bswap32(2) };
    struct boot_domain config;
    struct domain *d;

    (void)state;
    init(64);
    config = good();
    config.memory_kib = 128 << 10;
    expect_refused(&config, -XEN_ENOMEM, "KiB of memory: only");
    config = good();
    config.memory_kib = 1 << 10; /* smaller than the kernel */
    expect_refused(&config, -XEN_EINVAL, "p: kernel: ");
    config = good();
    config.memory_kib = 2108; /* the kernel fits, the rest does not */
    expect_refused(&config, -XEN_ENOMEM, "do not fit");
    config = good();
    config.kernel.start += 4; /* no header there */
    config.kernel.size -= 4;
    expect_refused(&config, -XEN_EINVAL, "p: kernel: ");
    config = good();
    config.kernel.size = 1;
    expect_refused(&config, -XEN_EINVAL, "p: kernel: ");
    config = good();
    config.memory_kib = 0;
    expect_refused(&config, -XEN_EINVAL, "p: kernel: ");
    /* CPUs: one owned twice, one that is not there. */
    config = good();
    config.cpus = cpus;
    config.cpu_count = 2;
    config.owns_cpus = true;
    expect_refused(&config, -XEN_EBUSY, "cannot be built");
    cpus[1] = __builtin_bswap32(9);
    expect_refused(&config, -XEN_EINVAL, "cannot be built");
    /* One that is there, but that firmware did not start. */
    cpus[1] = __builtin_bswap32(3);
    cpu_table[3]->online = false;
    expect_refused(&config, -XEN_EINVAL, "cannot be built");
    cpu_table[3]->online = true;
    assert_int_equal(partition_build(&config, &d), 0);
    assert_ptr_equal(cpu_table[3]->sched.owner, d->vcpus[1]);
    end_all();
    config.owns_cpus = false;
    assert_int_equal(partition_build(&config, &d), 0);
    assert_false(cpuset_has(&d->vcpus[0]->sched.affinity, 0));
    assert_true(cpuset_has(&d->vcpus[0]->sched.affinity, 3));
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* Req: BH-LIFE-006 */
static void test_allocations_fail(void **state)
{
    struct boot_domain config;
    struct domain *d;
    unsigned refused = 0;
    int err;

    (void)state;
    init(64);
    config = good();
    config.vcpu_count = 1;
    for (unsigned n = 1;; n++) {
        host_fail_allocation(n);
        err = partition_build(&config, &d);
        if (host_allocation_count() < n) {
            break;
        }
        /* A smaller block may do instead of the one that was refused. */
        refused += err != 0;
        if (err == 0) {
            host_fail_allocation(0);
            end_all();
        }
        host_fail_allocation(0);
        assert_int_equal(page_alloc_free_count(), free_before);
        assert_int_equal(window_count(), 0);
    }
    assert_int_equal(err, 0);
    assert_true(refused > 10);
    end_all();
    assert_int_equal(page_alloc_free_count(), free_before);
}

/* An ELF file's zeroed part is zero, whatever the memory held. */
static void test_elf(void **state)
{
    static char file[3 * PAGE_SIZE], there[5 * PAGE_SIZE];
    struct boot_domain config;
    struct domain *d;
    Elf64_Ehdr e = { .e_type = ET_EXEC, .e_machine = EM_AARCH64, .e_version = 1, .e_entry = GUEST_RAM0_BASE + 0x1000,
                     .e_phoff = 64, .e_ehsize = 64, .e_phentsize = 56, .e_phnum = 1 };
    Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = 7, .p_offset = PAGE_SIZE, .p_vaddr = GUEST_RAM0_BASE + 0x1000,
                     .p_paddr = GUEST_RAM0_BASE + 0x1000, .p_filesz = PAGE_SIZE + 100, .p_memsz = 4 * PAGE_SIZE,
                     .p_align = PAGE_SIZE };
    mfn_t dirty;

    (void)state;
    init(64);
    frame_scrub_at_boot(false);
    memcpy(e.e_ident, ELFMAG, 4);
    e.e_ident[EI_CLASS] = ELFCLASS64;
    e.e_ident[EI_DATA] = ELFDATA2LSB;
    e.e_ident[EI_VERSION] = 1;
    memset(file, 'f', sizeof(file));
    memcpy(file, &e, sizeof(e));
    memcpy(file + 64, &p, sizeof(p));
    config = good();
    config.ramdisk.size = 0;
    config.kernel.start = host_module_place(file, sizeof(file));
    config.kernel.size = sizeof(file);
    for (unsigned i = 0; i < 16 && frame_alloc_ram(1, ORDER_2M, &dirty) == 0; i++) {
        char *w = window_open_block(dirty);

        memset(w, 'd', MIB(2));
        window_close_block(w);
    }
    for (uint64_t n = HOST_RAM_MFN; n < HOST_RAM_MFN + host_ram_frames(); n += 512) {
        if (frame_table[n].type == FRAME_RAM) {
            (void)frame_unmap_block(mfn(n), ORDER_2M);
        }
    }
    assert_int_equal(partition_build(&config, &d), 0);
    peek_guest(d, GUEST_RAM0_BASE, there, sizeof(there));
    for (unsigned i = PAGE_SIZE; i < sizeof(there); i++) {
        assert_int_equal(there[i], i < 2 * PAGE_SIZE + 100 ? 'f' : 0);
    }
    end_all();
}

/* As many segments as a plan has room for: nothing behind the last one is looked at. */
static void test_many_segments(void **state)
{
    static char file[2 * PAGE_SIZE], there[KERNEL_SEGMENT_COUNT * PAGE_SIZE];
    struct boot_domain config;
    struct domain *d;
    Elf64_Ehdr e = { .e_type = ET_EXEC, .e_machine = EM_AARCH64, .e_version = 1, .e_entry = GUEST_RAM0_BASE + 0x1000,
                     .e_phoff = 64, .e_ehsize = 64, .e_phentsize = 56, .e_phnum = KERNEL_SEGMENT_COUNT };

    (void)state;
    init(64);
    memcpy(e.e_ident, ELFMAG, 4);
    e.e_ident[EI_CLASS] = ELFCLASS64;
    e.e_ident[EI_DATA] = ELFDATA2LSB;
    e.e_ident[EI_VERSION] = 1;
    memcpy(file, &e, sizeof(e));
    for (unsigned i = 0; i < KERNEL_SEGMENT_COUNT; i++) {
        Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = 7, .p_offset = PAGE_SIZE + i, .p_filesz = 1, .p_memsz = 2,
                         .p_vaddr = GUEST_RAM0_BASE + 0x1000 * (i + 1UL), .p_align = 1 };

        p.p_paddr = p.p_vaddr;
        memcpy(file + 64 + i * sizeof(p), &p, sizeof(p));
        file[PAGE_SIZE + i] = (char)(i + 1);
    }
    config = good();
    config.ramdisk.size = 0;
    config.kernel.start = host_module_place(file, sizeof(file));
    config.kernel.size = sizeof(file);
    assert_int_equal(partition_build(&config, &d), 0);
    peek_guest(d, GUEST_RAM0_BASE + 0x1000, there, sizeof(there));
    for (unsigned i = 0; i < KERNEL_SEGMENT_COUNT; i++) {
        assert_int_equal(there[i * PAGE_SIZE], i + 1);
        assert_int_equal(there[i * PAGE_SIZE + 1], 0);
    }
    end_all();
}

/* Req: BH-PVH-001 */
/* A kernel for a PC: its note is far into the file, across pages, and behind other notes. */
static void test_notes(void **state)
{
    static char file[5 * PAGE_SIZE];
    const size_t notes = 3 * PAGE_SIZE - 24;
    struct boot_domain config;
    struct domain *d;
    uint32_t note[2][7] = { { 4, 4, 6, 0, 0, 0, 0 }, { 4, 8, 18, 0, GUEST_RAM0_BASE + MIB(2) + 0x850, 0, 0 } };
    Elf64_Ehdr e = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1, .e_phoff = 64, .e_ehsize = 64,
                     .e_phentsize = 56, .e_phnum = 2 };
    Elf64_Phdr p[2] = { { .p_type = PT_LOAD, .p_flags = 7, .p_offset = PAGE_SIZE, .p_filesz = 4 * PAGE_SIZE,
                          .p_paddr = GUEST_RAM0_BASE + MIB(2), .p_memsz = 4 * PAGE_SIZE, .p_align = PAGE_SIZE },
                        { .p_type = PT_NOTE, .p_offset = notes, .p_filesz = 20 + 24, .p_align = 4 } };

    (void)state;
    init(64);
    host_kernel_rules = KERNEL_RULES_PVH;
    memcpy(e.e_ident, ELFMAG, 4);
    e.e_ident[EI_CLASS] = ELFCLASS64;
    e.e_ident[EI_DATA] = ELFDATA2LSB;
    e.e_ident[EI_VERSION] = 1;
    memcpy(&note[0][3], "Xen", 4);
    memcpy(&note[1][3], "Xen", 4);
    memcpy(file, &e, sizeof(e));
    memcpy(file + 64, p, sizeof(p));
    memcpy(file + notes, note[0], 20);
    memcpy(file + notes + 20, note[1], 24);
    config = good();
    config.kernel.start = host_module_place(file, sizeof(file));
    config.kernel.size = sizeof(file);
    free_before = page_alloc_free_count();
    assert_int_equal(partition_build(&config, &d), 0);
    assert_true(d->vcpus[0]->arch.entry == GUEST_RAM0_BASE + MIB(2) + 0x850);
    assert_true(d->vcpus[0]->arch.argument == GUEST_RAM0_BASE + MIB(16) - ARCH_GUEST_DESCRIPTION_MAX);
    end_all();
    /* No memory for the notes. */
    for (unsigned n = 1;; n++) {
        host_fail_allocation(n);
        if (partition_build(&config, &d) == 0) {
            end_all();
        }
        if (host_allocation_count() < n) {
            break;
        }
    }
    host_fail_allocation(0);
    assert_int_equal(page_alloc_free_count(), free_before);
    /* The note is wrong; it is not there. */
    note[1][4] = GUEST_RAM0_BASE;
    memcpy(file + notes + 20, note[1], 24);
    config.kernel.start = host_module_place(file, sizeof(file));
    free_before = page_alloc_free_count();
    expect_refused(&config, -XEN_EINVAL, "p: kernel: the address in the note");
    file[notes + 28]++;
    config.kernel.start = host_module_place(file, sizeof(file));
    free_before = page_alloc_free_count();
    expect_refused(&config, -XEN_EINVAL, "p: kernel: an ELF file without that note");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direct), cmocka_unit_test(test_placed), cmocka_unit_test(test_placed_in_use),
        cmocka_unit_test(test_placed_direct),
        cmocka_unit_test(test_build),    cmocka_unit_test(test_fragmented), cmocka_unit_test(test_two_banks),
        cmocka_unit_test(test_bad),      cmocka_unit_test(test_allocations_fail), cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_elf),      cmocka_unit_test(test_notes),
    };

    return RUN_TESTS_APART(tests);
}
