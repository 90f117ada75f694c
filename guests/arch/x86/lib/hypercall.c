/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Xen's leaves of CPUID (arch-x86/cpuid.h), hypercalls by the page that the hypervisor fills (arch-x86/xen-x86_64.h and
 * xen-x86_32.h say what is passed where), the console and the end.
 */
#include "xen_guest.h"

#include <xen/arch-x86/cpuid.h>

#define LEAF_STEP 0x100u
#define LEAF_LAST 0x40010000u

/* QEMU's PC without a hypervisor: its debugging console, and the register that powers it off with the value for that. */
#define DEBUG_PORT 0xe9
#define PM1_CONTROL_PORT 0x604
#define PM1_OFF 0x2000

extern char vmcall_stub[], vmmcall_stub[];

static const struct xencons_interface *ring;
static uint32_t console_port;
static bool console_is_ring;

void xen_find(void);

void xen_find(void)
{
    for (uint32_t leaf = XEN_CPUID_FIRST_LEAF; leaf < LEAF_LAST; leaf += LEAF_STEP) {
        struct cpuid r = cpuid_read(leaf, 0);

        if (r.b == XEN_CPUID_SIGNATURE_EBX && r.c == XEN_CPUID_SIGNATURE_ECX && r.d == XEN_CPUID_SIGNATURE_EDX) {
            board.xen_leaf = leaf;
            board.tsc_khz = cpuid_read(leaf + 3, 0).c;
            /* Number of pages and the register that takes their address, with the page's index in its low bits. */
            msr_write(cpuid_read(leaf + 2, 0).b, (uintptr_t)hypercall_page);
            board.has_xen = true;
            return;
        }
    }
    board.tsc_khz = 1000000;
}

/*
 * The page has an entry for each number that there can be; others are called by the instruction itself, and so is iret,
 * whose entry is for PV guests.
 */
static const void *entry_of(uint64_t number)
{
    static const void *instruction;

    if (number < HYPERCALL_COUNT && number != __HYPERVISOR_iret) {
        return hypercall_page + number * HYPERCALL_SIZE;
    }
    if (instruction == NULL) {
        instruction = cpuid_read(0, 0).c == 0x444d4163 /* "cAMD" */ ? vmmcall_stub : vmcall_stub;
    }
    return instruction;
}

int64_t hypercall5(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    const void *entry = entry_of(number);

    if (!board.has_xen) {
        return -XEN_ENOSYS;
    }
#ifdef __x86_64__
    {
        register uint64_t r10 __asm__("r10") = d;
        register uint64_t r8 __asm__("r8") = e;

        __asm__ volatile("call *%[entry]" : "+a"(number), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
                         : [entry] "r"(entry) : "rcx", "r9", "r11", "cc", "memory");
        return (int64_t)number;
    }
#else
    {
        uint32_t result = (uint32_t)number, first = (uint32_t)a, second = (uint32_t)b, third = (uint32_t)c;
        uint32_t fourth = (uint32_t)d, fifth = (uint32_t)e;

        __asm__ volatile("call *%[entry]" : "+a"(result), "+b"(first), "+c"(second), "+d"(third), "+S"(fourth),
                         "+D"(fifth) : [entry] "m"(entry) : "cc", "memory");
        return (int32_t)result;
    }
#endif
}

bool hypercall_keeps_registers(void)
{
    const void *entry = entry_of(__HYPERVISOR_xen_version);
    unsigned long kept[2];

#ifdef __x86_64__
    __asm__ volatile("mov $0x1234, %%ebx\n mov $0x5678, %%r12d\n xor %%edi, %%edi\n xor %%esi, %%esi\n call *%[entry]\n"
                     "mov %%rbx, %0\n mov %%r12, %1"
                     : "=&r"(kept[0]), "=&r"(kept[1]) : [entry] "r"(entry)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "cc", "memory");
#else
    __asm__ volatile("mov $0x1234, %%esi\n mov $0x5678, %%edi\n xor %%ebx, %%ebx\n xor %%ecx, %%ecx\n call *%[entry]\n"
                     "mov %%esi, %0\n mov %%edi, %1"
                     : "=m"(kept[0]), "=m"(kept[1]) : [entry] "m"(entry)
                     : "eax", "ebx", "ecx", "edx", "esi", "edi", "cc", "memory");
#endif
    return kept[0] == 0x1234 && kept[1] == 0x5678;
}

static uint64_t parameter(uint32_t index)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };

    return hvm_op(HVMOP_get_param, &p) == 0 ? p.value : 0;
}

/* The ring is its consumer's as well: no more waiting than for a while. */
static void ring_write(const char *line)
{
    struct xencons_interface *to = (struct xencons_interface *)(uintptr_t)ring;

    for (unsigned tries = 0; *line != '\0' && tries < 100000;) {
        uint32_t at = to->out_prod;

        if (at - __atomic_load_n(&to->out_cons, __ATOMIC_ACQUIRE) < sizeof(to->out)) {
            to->out[MASK_XENCONS_IDX(at, to->out)] = *line++;
            __atomic_store_n(&to->out_prod, at + 1, __ATOMIC_RELEASE);
        } else {
            event_send(console_port);
            sched_op(SCHEDOP_yield, NULL);
            tries++;
        }
    }
    event_send(console_port);
}

/* The initial domain may write to the hypervisor's console; others have a ring, and QEMU's bare machine a port. */
void console_write(const char *line)
{
    uint64_t size = 0;

    while (line[size] != '\0') {
        size++;
    }
    if (!board.has_xen) {
        for (const char *c = line; *c != '\0'; c++) {
            __asm__ volatile("outb %b0, %w1" :: "a"(*c), "d"(DEBUG_PORT));
        }
        return;
    }
    if (!console_is_ring) {
        if (hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, size, (uint64_t)line, 0) >= 0) {
            return;
        }
        console_is_ring = true;
        ring = (const struct xencons_interface *)(uintptr_t)(parameter(HVM_PARAM_CONSOLE_PFN) << PAGE_SHIFT);
        console_port = (uint32_t)parameter(HVM_PARAM_CONSOLE_EVTCHN);
    }
    if (ring != NULL) {
        ring_write(line);
    }
}

void machine_end(bool restart)
{
    if (!board.has_xen) {
        __asm__ volatile("outw %w0, %w1" :: "a"(PM1_OFF), "d"(PM1_CONTROL_PORT));
    }
    sched_op(SCHEDOP_shutdown, &(struct sched_shutdown){ .reason = restart ? SHUTDOWN_reboot : SHUTDOWN_poweroff });
}
