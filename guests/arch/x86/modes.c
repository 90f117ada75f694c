/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls from each of the modes of a kernel: 32 bits without paging (as PVH enters it), with 4 MiB pages, with PAE,
 * and the mode that this guest is built for. "pae=0" leaves PAE out: Xen 4.17 on a processor without next-RIP walks the
 * tables by software, and QEMU 7.2's have reserved bits set (lib/start.S).
 */
#include "xen_guest.h"

#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define CR0_PG 0x80000000u

/* What mode_run() goes to, and what it calls there. */
uint32_t mode_cr3, mode_cr4, mode_cr0, mode_entry, mode_first, mode_second, mode_result;
/* How it comes back. */
unsigned long mode_stack;

void mode_run(void);

#ifdef __x86_64__
__asm__(".text\n.code64\n.globl mode_run\nmode_run:\n"
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n mov %rsp, mode_stack\n"
        "pushq $0x08\n pushq $1f\n lretq\n"
        ".code32\n1: mov $0x10, %eax\n mov %eax, %ds\n mov %eax, %es\n mov %eax, %ss\n"
        "mov %cr0, %eax\n and $0x7fffffff, %eax\n mov %eax, %cr0\n"
        "mov $0xc0000080, %ecx\n rdmsr\n and $0xfffffeff, %eax\n wrmsr\n");
#else
__asm__(".text\n.code32\n.globl mode_run\nmode_run:\n"
        "push %ebx\n push %ebp\n push %esi\n push %edi\n mov %esp, mode_stack\n"
        "mov %cr0, %eax\n and $0x7fffffff, %eax\n mov %eax, %cr0\n");
#endif
__asm__("mov mode_cr4, %eax\n mov %eax, %cr4\n mov mode_cr3, %eax\n mov %eax, %cr3\n"
        "mov %cr0, %eax\n or mode_cr0, %eax\n mov %eax, %cr0\n"
        "mov mode_first, %ebx\n mov mode_second, %ecx\n call *mode_entry\n mov %eax, mode_result\n"
        "mov %cr0, %eax\n and $0x7fffffff, %eax\n mov %eax, %cr0\n");
#ifdef __x86_64__
__asm__("mov $0x20, %eax\n mov %eax, %cr4\n mov $page_root, %eax\n mov %eax, %cr3\n"
        "mov $0xc0000080, %ecx\n rdmsr\n or $0x100, %eax\n wrmsr\n"
        "mov %cr0, %eax\n or $0x80000000, %eax\n mov %eax, %cr0\n ljmp $0x18, $2f\n"
        ".code64\n2: mov mode_stack, %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");
#else
__asm__("mov $0x10, %eax\n mov %eax, %cr4\n mov $page_directories, %eax\n mov %eax, %cr3\n"
        "mov %cr0, %eax\n or $0x80000000, %eax\n mov %eax, %cr0\n mov mode_stack, %esp\n"
        "pop %edi\n pop %esi\n pop %ebp\n pop %ebx\n ret\n");
#endif

static uint32_t directory[1024] PAGES;
static uint64_t pointers[4] PAGES, blocks[4 * 512] PAGES;
static char text[PAGE] PAGES;

static int32_t call_in_mode(unsigned number, uint32_t first, uint32_t second)
{
    mode_entry = (uint32_t)(uintptr_t)hypercall_page + number * HYPERCALL_SIZE;
    mode_first = first;
    mode_second = second;
    mode_run();
    return (int32_t)mode_result;
}

static void mode_say(const char *name, uint32_t cr4, uint32_t cr3, uint32_t cr0)
{
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    int32_t result;

    mode_cr4 = cr4;
    mode_cr3 = cr3;
    mode_cr0 = cr0;
    result = call_in_mode(__HYPERVISOR_xen_version, XENVER_version, 0);
    say("%s: version %d.%d\n", name, result >> 16, result & 0xffff);
    text[0] = '\0';
    result = call_in_mode(__HYPERVISOR_xen_version, XENVER_capabilities, (uint32_t)(uintptr_t)text);
    say("%s: capabilities %d, %s\n", name, result, text);
    result = call_in_mode(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uint32_t)(uintptr_t)&alloc);
    say("%s: alloc_unbound %d, port is there %s\n", name, result, alloc.port != 0 ? "yes" : "no");
    event_close(alloc.port);
    say("%s: xen_version 99: %d\n", name, call_in_mode(__HYPERVISOR_xen_version, 99, 0));
    say("%s: no hypercall: %d\n", name, call_in_mode(63, 0, 0));
}

void guest_main(void)
{
    for (uint32_t i = 0; i < 1024; i++) {
        directory[i] = i << 22 | 0x83;
    }
    for (uint32_t i = 0; i < 4 * 512; i++) {
        blocks[i] = (uint64_t)i << 21 | 0x83;
    }
    for (uint32_t i = 0; i < 4; i++) {
        pointers[i] = (uintptr_t)&blocks[i * 512] | 1;
    }
    say("built for: %u bits\n", (unsigned)sizeof(void *) * 8);
    mode_say("no paging", 0, 0, 0);
    mode_say("4 MiB pages", CR4_PSE, (uint32_t)(uintptr_t)directory, CR0_PG);
    if (!arg_is("pae", "0")) {
        mode_say("pae", CR4_PAE, (uint32_t)(uintptr_t)pointers, CR0_PG);
    }
    say("own mode: version %ld\n", hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0) >> 16);
    say("own mode: no hypercall: %ld\n", hypercall(63, 0, 0, 0, 0));
}
