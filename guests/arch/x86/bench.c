/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions per operation, as the guest sees them, its own few included. Meant for QEMU's -icount shift=0, where an
 * instruction is a virtual nanosecond and one tick of the TSC. "what=traps|interrupts|sleep|calls|pair|spin|crowd|boot" picks a part.
 *
 * Nothing here spins where another CPU must get on: under -icount one CPU runs at a time.
 */
#include "guest.h"
#include "xen_guest.h"

#ifndef ROUNDS
#define ROUNDS 1000
#endif
/* Of one's own: from the local APIC, and for events. */
#define VECTOR_BENCH 0x60
#define VECTOR_EVENT 0x62
#define LVT_MASKED   0x10000u
/* ICR: the destination is whoever writes. */
#define TO_SELF      0x40000u
/* ... and others are told to begin, at a page of low memory. */
#define COMMAND_INIT  0x4500u
#define COMMAND_START 0x4600u

#ifdef __x86_64__
#define RETURN "iretq"
#else
#define RETURN "iretl"
#endif

/* Interrupt entries of its own: the first instruction reads the TSC. They note when, and end the interrupt. */
extern char bench_x2apic[], bench_xapic[], bench_event[];
volatile uint32_t bench_when[2];
volatile uint8_t *bench_upcall;
/* What they push and pop, in either mode. */
#ifdef __x86_64__
#define SAVE    "push %rax\npush %rcx\npush %rdx\n"
#define RESTORE "pop %rdx\npop %rcx\npop %rax\n"
#define AT_AX   "(%rax)"
#define UPCALL  "mov bench_upcall, %rax\nmovb $0, (%rax)\n"
#else
#define SAVE    "push %eax\npush %ecx\npush %edx\n"
#define RESTORE "pop %edx\npop %ecx\npop %eax\n"
#define AT_AX   "(%eax)"
#define UPCALL  "mov bench_upcall, %eax\nmovb $0, (%eax)\n"
#endif
#define NOTE "rdtsc\nmovl %eax, bench_when\nmovl %edx, bench_when + 4\n"
__asm__(".text\n"
        "bench_x2apic:\n" SAVE NOTE "movl $0x80b, %ecx\nxorl %eax, %eax\nxorl %edx, %edx\nwrmsr\n" RESTORE RETURN "\n"
        "bench_xapic:\n" SAVE NOTE "movl $0xfee000b0, %eax\nmovl $0, " AT_AX "\n" RESTORE RETURN "\n"
        "bench_event:\n" SAVE NOTE UPCALL RESTORE RETURN "\n");

static void take_note(unsigned vector, const char *entry)
{
    struct { uint16_t limit; uintptr_t base; } __attribute__((packed)) idt;
    uintptr_t address = (uintptr_t)entry;
    volatile uint32_t *gate;

    __asm__ volatile("sidt %0" : "=m"(idt));
    gate = (volatile uint32_t *)(idt.base + vector * (sizeof(uintptr_t) == 8 ? 16 : 8));
    gate[0] = (gate[0] & 0xffff0000u) | (address & 0xffff);
    gate[1] = (uint32_t)(address & 0xffff0000u) | 0x8e00;
}

static uint64_t when(void)
{
    return (uint64_t)bench_when[1] << 32 | bench_when[0];
}

static void forget(void)
{
    bench_when[0] = 0;
    bench_when[1] = 0;
}

static void result(const char *name, uint64_t sum)
{
    say("%s: %lu.%lu\n", name, sum * 10 / ROUNDS / 10, sum * 10 / ROUNDS % 10);
}

#define TIME(name, body) do { \
    uint64_t start_ = now(); \
    for (unsigned i_ = 0; i_ < ROUNDS; i_++) { body; } \
    result(name, now() - start_); \
} while (0)

/* A hypercall through its stub, as a kernel makes one. */
static inline __attribute__((always_inline)) long call(unsigned number, unsigned long a, unsigned long b, unsigned long c)
{
    long answer;

#ifdef __x86_64__
    __asm__ volatile("call hypercall_page + %c[offset]"
                     : "=a"(answer), "+D"(a), "+S"(b), "+d"(c) : [offset] "i"(number * 32) : "r10", "r8", "memory");
#else
    __asm__ volatile("call hypercall_page + %c[offset]"
                     : "=a"(answer), "+b"(a), "+c"(b), "+d"(c) : [offset] "i"(number * 32) : "memory");
#endif
    return answer;
}

static void traps(void)
{
    TIME("empty loop", __asm__ volatile("" ::: "memory"));
    TIME("null hypercall", (void)call(__HYPERVISOR_xen_version, XENVER_version, 0, 0));
    TIME("unknown hypercall", (void)call(100, 0, 0, 0));
    TIME("cpuid", (void)cpuid_read(1, 0));
    TIME("rdmsr", (void)msr_read(MSR_APIC_BASE));
    TIME("port read", {
        uint32_t value;

        __asm__ volatile("inl %%dx, %0" : "=a"(value) : "d"(0xcf8));
    });
    apic_prefers_x2 = true;
    apic_enable();
    TIME("x2apic id", (void)msr_read(MSR_X2APIC(APIC_ID)));
}

static void traps_xapic(void)
{
    apic_prefers_x2 = false;
    apic_enable();
    TIME("xapic id", (void)*(volatile uint32_t *)(uintptr_t)(APIC_ADDRESS + APIC_ID));
}

/* Registers of the local APIC without the question which form it has, which is an exit of its own. */
static inline void write_apic(unsigned offset, uint32_t high, uint32_t low)
{
    if (apic_prefers_x2) {
        msr_write(MSR_X2APIC(offset), (uint64_t)high << 32 | low);
    } else {
        write32(APIC_ADDRESS + offset, low);
    }
}

/* Until the handler has run, with interrupts on; what it noted. */
static uint64_t await(void)
{
    while (*(volatile uint32_t *)&bench_when[0] == 0 && *(volatile uint32_t *)&bench_when[1] == 0) {
    }
    return when();
}

static void self_ipi(const char *name)
{
    uint64_t sum = 0;

    irq_on();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start;

        forget();
        start = now();
        write_apic(APIC_ICR, 0, TO_SELF | VECTOR_BENCH);
        sum += await() - start;
    }
    irq_off();
    result(name, sum);
}

/* How late the handler runs after the timer's US, busy or asleep. */
static void apic_timer(const char *name, uint64_t us, bool asleep)
{
    uint64_t sum = 0, counts = (uint64_t)apic_timer_khz() * us / 1000, ticks = ticks_from_us(us);

    apic_write(APIC_TIMER_DIVIDE, 0xb);
    apic_write(APIC_LVT_TIMER, VECTOR_BENCH);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start;

        forget();
        start = now();
        write_apic(APIC_TIMER_START, 0, (uint32_t)counts);
        while (asleep && when() == 0) {
            wfi();
        }
        irq_on();
        sum += await() - start - ticks;
        irq_off();
    }
    apic_write(APIC_LVT_TIMER, LVT_MASKED);
    result(name, sum);
}

static void interrupts(bool x2)
{
    apic_prefers_x2 = x2;
    apic_enable();
    take_note(VECTOR_BENCH, x2 ? bench_x2apic : bench_xapic);
    self_ipi(x2 ? "self-IPI, x2apic" : "self-IPI, xapic");
    if (x2) {
        apic_timer("apic timer, busy", 50, false);
        apic_timer("apic timer, after 1 ms of hlt", 1000, true);
    }
}

static void connect_events(void)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
                               .value = 2ull << 56 | VECTOR_EVENT };

    shared_info_map();
    bench_upcall = &shared->vcpu_info[0].evtchn_upcall_pending;
    take_note(VECTOR_EVENT, bench_event);
    (void)hvm_op(HVMOP_set_param, &p);
}

static void singleshot(const char *name, uint64_t us)
{
    uint64_t sum = 0;
    int64_t port = event_bind_virq(VIRQ_TIMER, 0);
    const volatile struct vcpu_time_info *time = &shared->vcpu_info[0].time;

    irq_off();
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct vcpu_set_singleshot_timer t = { .flags = 0 };
        uint64_t start, ns;

        bit_clear(shared->evtchn_pending, (unsigned)port);
        shared->vcpu_info[0].evtchn_pending_sel = 0;
        forget();
        /* Under -icount a tick is a nanosecond, as the clock has it. */
        start = now();
        ns = time->system_time + (start - time->tsc_timestamp);
        t.timeout_abs_ns = ns + us * 1000;
        (void)vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
        while (when() == 0) {
            wfi();
        }
        sum += when() - start - us * 1000;
    }
    (void)event_close((uint32_t)port);
    result(name, sum);
}

static void event_self(void)
{
    int64_t port = event_bind_ipi(0);
    struct evtchn_send send = { .port = (uint32_t)port };
    uint64_t flag = 0, handler = 0;

    irq_off();
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start;

        *bench_upcall = 0;
        bit_clear(shared->evtchn_pending, (unsigned)port);
        shared->vcpu_info[0].evtchn_pending_sel = 0;
        start = now();
        (void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0);
        while (*bench_upcall == 0) {
        }
        flag += now() - start;
        forget();
        irq_on();
        (void)await();
        irq_off();
    }
    result("event to self, flag", flag);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t start;

        bit_clear(shared->evtchn_pending, (unsigned)port);
        shared->vcpu_info[0].evtchn_pending_sel = 0;
        forget();
        irq_on();
        start = now();
        (void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0);
        handler += await() - start;
        irq_off();
    }
    result("event to self, handler", handler);
    TIME("event to self, already pending",
         (void)call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uintptr_t)&send, 0));
}

static uint8_t source[4096] PAGES, target[4096] PAGES;

static void copy(const char *name, uint16_t length)
{
    struct gnttab_copy c = {
        .source = { .u.gmfn = gfn_of(source), .domid = DOMID_SELF },
        .dest = { .u.gmfn = gfn_of(target), .domid = DOMID_SELF },
        .len = length,
    };

    TIME(name, (void)call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, (uintptr_t)&c, 1));
    if (c.status != GNTST_okay) {
        say("%s failed: %d\n", name, c.status);
    }
}

static void calls(void)
{
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    xen_pfn_t page = gfn_of(target);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    event_self();
    TIME("grant query_size", (void)call(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, (uintptr_t)&q, 1));
    copy("grant copy, 4 KiB", 4096);
    copy("grant copy, 64 bytes", 64);
    set_xen_guest_handle(r.extent_start, &page);
    TIME("decrease and populate", {
        (void)call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, (uintptr_t)&r, 0);
        (void)call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uintptr_t)&r, 0);
    });
    TIME("yield", (void)call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0));
}

/* Where the vCPUs of crowd() begin, apart from the library's page for that; and in it, what they count up. */
#define CROWD_PAGE  0x9000u
#define CROWD_COUNT 0x100u
#define TO_OTHERS   0xc0000u

/* Sends COMMAND by START, to all others at once or to one after the other, and waits for each to count. */
static void crowd_starts(const char *name, unsigned others, bool at_once)
{
    volatile uint16_t *count = (volatile uint16_t *)(uintptr_t)(CROWD_PAGE + CROWD_COUNT);
    uint64_t start = now();

    *count = 0;
    for (unsigned id = 1; id <= others; id = at_once ? others + 1 : id + 1) {
        uint32_t all = at_once ? TO_OTHERS : 0;

        write_apic(APIC_ICR, id, all | COMMAND_INIT);
        write_apic(APIC_ICR, id, all | COMMAND_START | CROWD_PAGE >> 12);
        while (*count != (at_once ? others : id)) {
            cpu_yield();
        }
    }
    start = now() - start;
    say("%s: %lu.%lu\n", name, start / others, start * 10 / others % 10);
}

static void pair(void);

/* All vCPUs that there are, on one CPU: the last one is the other of the pair. */
static void crowd(void)
{
    static const uint8_t code[] = {
        0x2e, 0xf0, 0xff, 0x06, CROWD_COUNT & 0xff, CROWD_COUNT >> 8, /* lock incw %cs:CROWD_COUNT */
        0xfa, 0xf4, 0xeb, 0xfd,                                       /* cli; again: hlt; jmp again */
    };
    unsigned others = cpuid_read(0xb, 1).b - 1;

    for (unsigned i = 0; i < sizeof(code); i++) {
        ((volatile uint8_t *)(uintptr_t)CROWD_PAGE)[i] = code[i];
    }
    apic_prefers_x2 = true;
    apic_enable();
    crowd_starts("start, each", others, false);
    crowd_starts("start, all at once", others, true);
    TIME("IPI that nobody takes", write_apic(APIC_ICR, 0, TO_OTHERS | VECTOR_BENCH));
    board.apic_ids[1] = others;
    pair();
}

/* Interrupts of the two vCPUs of pair(), counted. */
volatile uint32_t bench_pings, bench_pongs;
extern char bench_ping[], bench_pong[];
#define COUNT(name, counter) \
    name ":\n" SAVE "lock incl " counter "\nmovl $0x80b, %ecx\nxorl %eax, %eax\nxorl %edx, %edx\nwrmsr\n" RESTORE RETURN "\n"
__asm__(".text\n" COUNT("bench_ping", "bench_pings") COUNT("bench_pong", "bench_pongs"));

static void take_pings(void)
{
    apic_prefers_x2 = true;
    apic_enable();
    irq_off();
    take_note(VECTOR_BENCH, bench_ping);
    take_note(VECTOR_BENCH + 1, bench_pong);
}

/* The other vCPU, whose start has set the table of interrupts anew: sends back each that it gets, and sleeps. */
static void answer(void *unused)
{
    (void)unused;
    take_pings();
    for (uint32_t seen = 0;; seen++) {
        write_apic(APIC_ICR, board.apic_ids[0], VECTOR_BENCH + 1);
        while (bench_pings == seen) {
            wfi();
        }
    }
}

static void pair(void)
{
    uint64_t start;

    take_pings();
    (void)cpu_on(1, answer, NULL);
    while (bench_pongs == 0) {
        wfi();
    }
    start = now();
    for (unsigned i = 1; i <= ROUNDS; i++) {
        write_apic(APIC_ICR, board.apic_ids[1], VECTOR_BENCH);
        while (bench_pongs == i) {
            wfi();
        }
    }
    result("IPI to another vCPU and back", now() - start);
}

/* A word that two vCPUs write in turns, and wait for by PAUSE. */
static volatile uint32_t word;

static void give_back(void *unused)
{
    (void)unused;
    for (;;) {
        while (word % 2 == 0) {
            cpu_yield();
        }
        word++;
    }
}

static void spin(void)
{
    uint64_t start;

    (void)cpu_on(1, give_back, NULL);
    start = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        word++;
        while (word % 2 != 0) {
            cpu_yield();
        }
    }
    result("word to another vCPU and back", now() - start);
}

/* Who counts sees a mark at the end of a life (bench/count.c), as at the beginning of the next one. */
static void restart(void)
{
    __asm__ volatile(".byte 0x0f, 0x1f, 0x40, 64"); /* a NOP */
    machine_end(true);
}

static bool wants(const char *what)
{
    return arg_is("what", what);
}

void guest_main(void)
{
    if (wants("traps")) {
        traps();
    } else if (wants("xapic")) {
        traps_xapic();
        interrupts(false);
    } else if (wants("interrupts")) {
        interrupts(true);
    } else if (wants("sleep")) {
        connect_events();
        singleshot("singleshot timer, after 1 ms of hlt", 1000);
        singleshot("singleshot timer, asked for 20 us", 20);
    } else if (wants("calls")) {
        connect_events();
        calls();
    } else if (wants("pair")) {
        pair();
    } else if (wants("spin")) {
        spin();
    } else if (wants("crowd")) {
        crowd();
    } else if (wants("restart")) {
        restart();
    } else if (wants("boot")) {
        say("first instruction: %lu\n", boot_counter);
    }
}
