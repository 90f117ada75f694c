/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions per operation, as the guest sees them, its own few included. Meant for QEMU's -icount shift=0, where
 * an instruction is a virtual nanosecond; the counter runs at 62.5 MHz, so a tick is 16 instructions and only sums
 * over many operations are exact. "what=traps|timer|sleep|pair|boot|calls|channel" picks a part; the number of vCPUs and where
 * they run is the board's business.
 *
 * Nothing here spins where another CPU must get on: under -icount one CPU runs at a time.
 */
#include "guest.h"
#include "xen_guest.h"

#define ROUNDS 1000
#define SGI_PING 1
#define SGI_PONG 2

/* Interrupt entry of its own: the first instruction of the handler reads the counter. */
extern char bench_vectors[];
__asm__(".text\n.balign 0x800\n.global bench_vectors\nbench_vectors:\n"
        ".rept 5\nb .\n.balign 0x80\n.endr\n" /* 0x000 to 0x200: nothing is expected there */
        /* 0x280: IRQ at EL1. x18: when; x19..x28 are the interrupted code's, x9..x17 are declared lost. */
        "mrs x18, cntvct_el0\n"
        "mrs x17, S3_0_C12_C12_0\n" /* ICC_IAR1_EL1 */
        "msr cntv_ctl_el0, xzr\n"
        "msr S3_0_C12_C12_1, x17\n" /* ICC_EOIR1_EL1 */
        "eret\n.balign 0x80\n"
        ".rept 10\nb .\n.balign 0x80\n.endr\n");

/* The same for an interrupt that stays active until device_end(): its line is still up when the handler returns. */
extern char device_vectors[];
__asm__(".text\n.balign 0x800\n.global device_vectors\ndevice_vectors:\n"
        ".rept 5\nb .\n.balign 0x80\n.endr\n"
        "mrs x18, cntvct_el0\n"
        "mrs x17, S3_0_C12_C12_0\n"
        "eret\n.balign 0x80\n"
        ".rept 10\nb .\n.balign 0x80\n.endr\n");

static uint64_t per_operation(uint64_t ticks)
{
    return ticks * 16 * 10 / ROUNDS; /* tenths of an instruction */
}

static void result(const char *name, uint64_t tenths)
{
    say("%s: %lu.%lu\n", name, tenths / 10, tenths % 10);
}

#define TIME(name, setup, body) do { \
    uint64_t start_, end_; \
    setup; \
    start_ = now(); \
    for (unsigned i_ = 0; i_ < ROUNDS; i_++) { body; } \
    end_ = READ_SYSREG(cntvct_el0); \
    result(name, per_operation(end_ - start_)); \
} while (0)

static void traps(void)
{
    uint64_t gicd = board.gicd, uart = board.uart;

    TIME("empty loop", , __asm__ volatile("" ::: "memory"));
    TIME("null hypercall", , {
        register uint64_t x0 __asm__("x0") = 0;
        register uint64_t x1 __asm__("x1") = 0;
        register uint64_t x16 __asm__("x16") = 17;

        __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x16) :: "x2", "x3", "x4", "memory");
    });
    TIME("unknown hypercall", , {
        register uint64_t x0 __asm__("x0") = 0;
        register uint64_t x16 __asm__("x16") = 1000;

        __asm__ volatile("hvc #0xea1" : "+r"(x0), "+r"(x16) :: "x1", "x2", "x3", "x4", "memory");
    });
    TIME("read of GICD_TYPER", , (void)read32(gicd + 4));
    TIME("read of the vpl011 flag register", , (void)read32(uart + 0x18));
    TIME("PSCI_VERSION", , {
        register uint64_t x0 __asm__("x0") = PSCI_VERSION;

        __asm__ volatile("hvc #0" : "+r"(x0) :: "x1", "x2", "x3", "memory");
    });
}

static void use_vectors(const char *vectors)
{
    WRITE_SYSREG(vbar_el1, vectors);
    isb();
}

static void use_bench_vectors(void)
{
    use_vectors(bench_vectors);
}

static void use_guest_vectors(void)
{
    extern char vectors[];

    use_vectors(vectors);
}

/* From the write of the SGI register to the first instruction of the handler. */
static void sgi_self(void)
{
    uint64_t sum = 0;

    irq_enable(SGI_PING);
    irq_priority(SGI_PING, 0x80);
    use_bench_vectors();
    irq_on();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start, end;

        __asm__ volatile("mov x18, #0\n"
                         "isb\n"
                         "mrs %0, cntvct_el0\n"
                         "msr S3_0_C12_C11_5, %2\n" /* ICC_SGI1R_EL1 */
                         "1: cbz x18, 1b\n"
                         "mov %1, x18\n"
                         : "=&r"(start), "=&r"(end) : "r"((uint64_t)SGI_PING << 24 | 1)
                         : "x17", "x18", "memory");
        sum += end - start;
    }
    irq_off();
    use_guest_vectors();
    result("SGI to self", per_operation(sum));
}

/* How late the handler runs, after US of waiting, busy or asleep. */
static void timer(const char *name, uint64_t us, bool asleep)
{
    uint64_t sum = 0, largest = 0;

    irq_enable(board.vtimer_irq);
    irq_priority(board.vtimer_irq, 0x80);
    use_bench_vectors();
    irq_on();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t deadline = now() + ticks_from_us(us), late, at;

        WRITE_SYSREG(cntv_cval_el0, deadline);
        /* A sleeper may be woken early, or by something else: it sleeps again. The test comes before WFI with
         * interrupts masked, so that no wake-up is lost; WFI returns for a masked one. */
        if (asleep) {
            __asm__ volatile("mov x18, #0\n"
                             "msr daifset, #2\n"
                             "msr cntv_ctl_el0, %1\n"
                             "isb\n"
                             "1: wfi\n"
                             "msr daifclr, #2\n"
                             "msr daifset, #2\n"
                             "cbz x18, 1b\n"
                             "msr daifclr, #2\n"
                             "mov %0, x18\n"
                             : "=&r"(at) : "r"(1ul) : "x17", "x18", "memory");
        } else {
            __asm__ volatile("mov x18, #0\n"
                             "msr cntv_ctl_el0, %1\n"
                             "isb\n"
                             "1: cbz x18, 1b\n"
                             "mov %0, x18\n"
                             : "=&r"(at) : "r"(1ul) : "x17", "x18", "memory");
        }
        late = at - deadline;
        sum += late;
        largest = late > largest ? late : largest;
    }
    irq_off();
    use_guest_vectors();
    irq_disable(board.vtimer_irq);
    result(name, per_operation(sum));
    say("%s, largest: %lu\n", name, largest * 16);
}

static void send(unsigned cpu, unsigned sgi)
{
    WRITE_SYSREG(S3_0_C12_C11_5, (uint64_t)sgi << 24 | 1u << cpu); /* ICC_SGI1R_EL1 */
}

/* Sleeps until the handler has run once: it leaves the time in x18, which is never 0. */
static void sleep_until_interrupt(void)
{
    __asm__ volatile("mov x18, #0\n"
                     "1: wfi\n"
                     "msr daifclr, #2\n"
                     "msr daifset, #2\n"
                     "cbz x18, 1b\n" ::: "x17", "x18", "memory");
}

static void other(void *argument)
{
    (void)argument;
    irq_init_cpu();
    irq_priority(SGI_PING, 0x80);
    irq_enable(SGI_PING);
    use_bench_vectors();
    for (;;) {
        send(0, SGI_PONG);
        sleep_until_interrupt();
    }
}

static void pair(const char *name)
{
    uint64_t start, end;

    irq_priority(SGI_PONG, 0x80);
    irq_enable(SGI_PONG);
    use_bench_vectors();
    if (cpu_on(1, other, NULL) != 0) {
        say("%s: no second CPU\n", name);
        return;
    }
    sleep_until_interrupt();
    for (unsigned i = 0; i < 10; i++) { /* both have been asleep once */
        send(1, SGI_PING);
        sleep_until_interrupt();
    }
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        send(1, SGI_PING);
        sleep_until_interrupt();
    }
    end = now();
    use_guest_vectors();
    result(name, per_operation(end - start));
}

/* ---- Events, grants, memory ---- */

/* Takes what came on PORT, as a guest's handler does. */
static void event_clear(uint32_t port)
{
    shared->evtchn_pending[port / 64] = 0;
    vcpu_info[0]->evtchn_pending_sel = 0;
    vcpu_info[0]->evtchn_upcall_pending = 0;
    __asm__ volatile("dmb ish" ::: "memory");
}

/* A channel to oneself: until its bit is seen, and until the interrupt's handler runs. */
static void event_self(void)
{
    struct evtchn_bind_ipi ipi = { .vcpu = 0 };
    struct evtchn_send send_op;
    uint64_t sum = 0;

    event_op(EVTCHNOP_bind_ipi, &ipi);
    send_op.port = ipi.port;
    TIME("event to self, pending", , {
        event_op(EVTCHNOP_send, &send_op);
        while ((*(volatile xen_ulong_t *)&shared->evtchn_pending[ipi.port / 64] & 1ul << ipi.port % 64) == 0) {
        }
        event_clear(ipi.port);
    });
    irq_priority(EVENT_IRQ, 0x80);
    irq_enable(EVENT_IRQ);
    use_bench_vectors();
    irq_on();
    for (unsigned i = 0; i < ROUNDS + 1; i++) {
        uint64_t start, end;

        __asm__ volatile("mov x18, #0\n" ::: "x18");
        start = now();
        event_op(EVTCHNOP_send, &send_op);
        __asm__ volatile("1: cbz x18, 1b\n\tmov %0, x18" : "=r"(end) :: "memory");
        event_clear(ipi.port);
        sum += i == 0 ? 0 : end - start; /* the first one came while interrupts were off */
    }
    irq_off();
    use_guest_vectors();
    result("event to self, handler", per_operation(sum));
}

static uint8_t from_page[4096] PAGES, to_page[4096] PAGES, balloon_page[4096] PAGES, grant_page[4096] PAGES;

static void copies(void)
{
    struct gnttab_copy copy = { .source = { .u.gmfn = gfn_of(from_page), .domid = DOMID_SELF },
                                .dest = { .u.gmfn = gfn_of(to_page), .domid = DOMID_SELF } };

    copy.len = 4096;
    TIME("grant copy, 4 KiB", , grant_op(GNTTABOP_copy, &copy, 1));
    copy.len = 64;
    TIME("grant copy, 64 bytes", , grant_op(GNTTABOP_copy, &copy, 1));
    say("copy status: %d\n", copy.status);
}

#define MAPS_MAX 256
/* Somewhere in the address space where nothing is. */
#define MAPS_GFN 0x100000ul

/* A pair of map and unmap of one's own pages, in batches. */
static void maps(unsigned batch, const char *name)
{
    static struct gnttab_map_grant_ref map[MAPS_MAX];
    static struct gnttab_unmap_grant_ref unmap[MAPS_MAX];
    struct xen_add_to_physmap place = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .gpfn = 0x38000 };
    struct grant_entry_v1 *entries = window_page(0, WINDOW_READ_WRITE, 0x38000);
    uint64_t start, ticks = 0;

    memory_op(XENMEM_add_to_physmap, &place);
    for (unsigned i = 0; i < batch; i++) {
        entries[16 + i] = (struct grant_entry_v1){ .flags = GTF_permit_access, .domid = (domid_t)arg_number("me", 1),
                                                   .frame = (uint32_t)gfn_of(grant_page) };
        map[i] = (struct gnttab_map_grant_ref){ .host_addr = (MAPS_GFN + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
                                                .ref = 16 + i, .dom = (domid_t)arg_number("me", 1) };
    }
    for (unsigned round = 0; round < ROUNDS / batch + 2; round++) {
        start = now();
        grant_op(GNTTABOP_map_grant_ref, map, batch);
        for (unsigned i = 0; i < batch; i++) {
            unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr, .handle = map[i].handle };
        }
        grant_op(GNTTABOP_unmap_grant_ref, unmap, batch);
        /* The first round makes tables. */
        ticks += round == 0 ? 0 : now() - start;
    }
    say("%s: %lu\n", name, ticks * 16 / ((ROUNDS / batch + 1) * batch));
    say("%s, status: %d %d\n", name, map[batch - 1].status, unmap[batch - 1].status);
}

static void calls(void)
{
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    xen_pfn_t page = gfn_of(balloon_page);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    if (shared_info_map() == NULL) {
        return;
    }
    vcpu_info_register(0);
    event_clear(1);
    event_self();
    TIME("grant query_size", grant_op(GNTTABOP_query_size, &size, 1), grant_op(GNTTABOP_query_size, &size, 1));
    copies();
    *(uint64_t *)&r.extent_start = (uint64_t)&page;
    TIME("decrease and populate", , { memory_op(XENMEM_decrease_reservation, &r); memory_op(XENMEM_populate_physmap, &r); });
    TIME("yield", , sched_op(SCHEDOP_yield, NULL));
    maps(1, "grant map and unmap, 1 a batch");
    maps(16, "grant map and unmap, 16 a batch");
    maps(256, "grant map and unmap, 256 a batch");
}

/* A round trip over a channel that the boot description bound: port 10 on either side. "first" begins. */
static void channel(const char *name)
{
    struct evtchn_send there = { .port = 10 };
    bool begins = arg_is("role", "first");
    uint64_t start = 0;

    if (shared_info_map() == NULL) {
        return;
    }
    vcpu_info_register(0);
    irq_priority(EVENT_IRQ, 0x80);
    irq_enable(EVENT_IRQ);
    event_clear(10);
    use_bench_vectors();
    if (!begins) {
        for (;;) {
            event_op(EVTCHNOP_send, &there);
            sleep_until_interrupt();
            event_clear(10);
        }
    }
    for (unsigned i = 0; i < ROUNDS + 10; i++) {
        start = i == 10 ? now() : start;
        event_op(EVTCHNOP_send, &there);
        sleep_until_interrupt();
        event_clear(10);
    }
    result(name, per_operation(now() - start));
    use_guest_vectors();
}

/* QEMU's PL031 (ARM DDI 0224), which the partition has: its alarm comes a second after it was set, to the nanosecond. */
#define RTC        0x09010000UL
#define RTC_DATA   (RTC + 0x00)
#define RTC_MATCH  (RTC + 0x04)
#define RTC_MASK   (RTC + 0x10)
#define RTC_CLEAR  (RTC + 0x1c)
#define RTC_IRQ    34
#define RTC_ROUNDS 3

/* From the moment when the device raises its line to the first instruction of the handler. */
static void device(void)
{
    uint64_t sum = 0;

    write32(board.gicd + 0x80 + RTC_IRQ / 32 * 4, 0xffffffff); /* GICD_IGROUPR */
    irq_priority(RTC_IRQ, 0x80);
    irq_route(RTC_IRQ, 0);
    irq_enable(RTC_IRQ);
    use_vectors(device_vectors);
    write32(RTC_MASK, 1);
    irq_on();
    for (unsigned i = 0; i < RTC_ROUNDS; i++) {
        uint32_t next = read32(RTC_DATA) + 1;
        uint64_t start, at;

        __asm__ volatile("mov x18, #0\n"
                         "isb\n"
                         "mrs %0, cntvct_el0\n"
                         "str %w2, [%3]\n"
                         "1: cbz x18, 1b\n"
                         "mov %1, x18\n"
                         : "=&r"(start), "=&r"(at) : "r"(next), "r"(RTC_MATCH) : "x17", "x18", "memory");
        sum += at - start - ticks_from_us(1000000);
        write32(RTC_CLEAR, 1);
        WRITE_SYSREG(S3_0_C12_C12_1, (uint64_t)RTC_IRQ); /* ICC_EOIR1_EL1 */
        isb();
    }
    irq_off();
    use_guest_vectors();
    result("device interrupt", sum * 16 * 10 / RTC_ROUNDS);
}

/* Who counts sees a mark at the end of a life (bench/count.c), as at the beginning of the next one. */
static void restart(void)
{
    __asm__ volatile("hint #64");
    (void)psci(PSCI_SYSTEM_RESET, 0, 0, 0);
}

void guest_main(void)
{
    if (arg_is("what", "restart")) {
        restart();
    }
    say("first instruction: %lu\n", boot_counter * 16);
    if (arg_is("what", "boot")) {
        return;
    }
    irq_init();
    if (arg_is("what", "traps")) {
        traps();
        sgi_self();
        timer("virtual timer, busy", 10, false);
    } else if (arg_is("what", "sleep")) {
        timer("virtual timer, after 1 ms of WFI", 1000, true);
        timer("virtual timer, asked to sleep 20 us", 20, true);
    } else if (arg_is("what", "pair")) {
        pair("SGI to another vCPU and back");
    } else if (arg_is("what", "calls")) {
        calls();
    } else if (arg_is("what", "channel")) {
        channel("channel there and back");
    } else if (arg_is("what", "device")) {
        device();
    }
}
