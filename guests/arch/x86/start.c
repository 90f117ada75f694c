/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VCPUOP_initialise and _up (vcpu.h, hvm/hvm_vcpu.h) of a second vCPU: which states are refused, and that it starts in the
 * one that was given, in 32-bit code and, from a 64-bit guest, in long mode with the tables of the first. With three vCPUs.
 */
#include "xen_guest.h"

#include <xen/hvm/hvm_vcpu.h>

void *memset(void *to, int value, size_t size);

/* What the started vCPU finds in EAX to EDI, and in CR0; the last word is written last. */
uint32_t start_found[10];
extern char start_code_32[], start_code_64[];

/* The same instructions in both: addresses are below 2 GiB, and in 64-bit code sign-extended. */
#define REPORT(suffix)                              \
    "movl %eax, start_found\n"                      \
    "movl %ecx, start_found + 4\n"                  \
    "movl %edx, start_found + 8\n"                  \
    "movl %ebx, start_found + 12\n"                 \
    "movl %esp, start_found + 16\n"                 \
    "movl %ebp, start_found + 20\n"                 \
    "movl %esi, start_found + 24\n"                 \
    "movl %edi, start_found + 28\n"                 \
    "mov %cr0, %" suffix "\n"                       \
    "movl %eax, start_found + 32\n"                 \
    "movl $1, start_found + 36\n"                   \
    "1: cli\n"                                      \
    "hlt\n"                                         \
    "jmp 1b\n"

#ifdef __x86_64__
__asm__(".pushsection .text\n.code32\nstart_code_32:\n" REPORT("eax") ".code64\nstart_code_64:\n" REPORT("rax") ".popsection");
#else
__asm__(".pushsection .text\nstart_code_32:\n" REPORT("eax") ".popsection");
#endif

static struct vcpu_hvm_context flat(void)
{
    struct vcpu_hvm_context c;
    struct vcpu_hvm_x86_32 *r = &c.cpu_regs.x86_32;

    memset(&c, 0, sizeof(c));
    c.mode = VCPU_HVM_MODE_32B;
    r->eax = 0x10; r->ecx = 0x11; r->edx = 0x12; r->ebx = 0x13; r->esp = 0x14; r->ebp = 0x15; r->esi = 0x16; r->edi = 0x17;
    r->eip = (uint32_t)(uintptr_t)start_code_32;
    r->eflags = 2;
    r->cr0 = 1;
    r->cs_limit = r->ds_limit = r->ss_limit = r->es_limit = 0xffffffff;
    r->tr_limit = 0x67;
    r->cs_ar = 0xc9b;
    r->ds_ar = r->ss_ar = r->es_ar = 0xc93;
    r->tr_ar = 0x8b;
    return c;
}

static void refused(void)
{
    static const struct { const char *name; unsigned offset, size; uint32_t value; } wrong[] = {
#define IN_32(field) offsetof(struct vcpu_hvm_context, cpu_regs.x86_32.field), sizeof(((struct vcpu_hvm_x86_32 *)0)->field)
        { "mode 2", offsetof(struct vcpu_hvm_context, mode), 4, 2 },
        { "padding", offsetof(struct vcpu_hvm_context, pad), 4, 1 },
        { "padding before EFER", IN_32(pad1), 1 },
        { "padding at the end", IN_32(pad2[2]), 1 },
        { "no code segment", IN_32(cs_ar), 0 },
        { "no stack segment", IN_32(ss_ar), 0 },
        { "no task", IN_32(tr_ar), 0 },
        { "code that is not present", IN_32(cs_ar), 0xc1b },
        { "code in a data segment", IN_32(cs_ar), 0xc93 },
        { "code in a system segment", IN_32(cs_ar), 0xc8b },
        { "bits of an attribute that there are not", IN_32(cs_ar), 0x1c9b },
        { "a stack that is read-only", IN_32(ss_ar), 0xc91 },
        { "a stack of code", IN_32(ss_ar), 0xc9b },
        { "data of code that is not readable", IN_32(ds_ar), 0xc99 },
        { "data of a system segment", IN_32(es_ar), 0xc83 },
        { "a task of 16 bits", IN_32(tr_ar), 0x83 },
        { "a task of code", IN_32(tr_ar), 0x9b },
        { "a stack of another privilege", IN_32(ss_ar), 0xcf3 },
        { "CR4 with a bit that there is not", IN_32(cr4), 1u << 15 },
        { "EFER with LMA only", IN_32(efer), 1u << 10 },
        { "EFER with a bit that there is not", IN_32(efer), 1u << 1 },
    };
    struct bad_pointer bad;
    struct vcpu_hvm_context c;

    say("up without a state: %ld\n", vcpu_op(VCPUOP_up, 1, NULL));
    for (unsigned i = 0; i < ARRAY_COUNT(wrong); i++) {
        c = flat();
        if (wrong[i].size == 2) {
            *(uint16_t *)((char *)&c + wrong[i].offset) = (uint16_t)wrong[i].value;
        } else {
            *(uint32_t *)((char *)&c + wrong[i].offset) = wrong[i].value;
        }
        say("%s: %ld\n", wrong[i].name, vcpu_op(VCPUOP_initialise, 1, &c));
    }
    c = flat();
    for (unsigned i = 0; (bad = bad_input(i, &c, sizeof(c))).name != NULL; i++) {
        say("structure at %s: %ld\n", bad.name, vcpu_op(VCPUOP_initialise, 1, bad.address));
    }
    c.mode = VCPU_HVM_MODE_64B;
    say("64-bit without paging: %ld\n", vcpu_op(VCPUOP_initialise, 1, &c));
    say("no such vCPU: %ld\n", vcpu_op(VCPUOP_initialise, 7, &c));
    c = flat();
    say("oneself: %ld\n", vcpu_op(VCPUOP_initialise, 0, &c));
}

static void run(unsigned vcpu, struct vcpu_hvm_context *c)
{
    uint64_t end;

    memset(start_found, 0, sizeof(start_found));
    say("is up: %ld\n", vcpu_op(VCPUOP_is_up, vcpu, NULL));
    say("initialise: %ld\n", vcpu_op(VCPUOP_initialise, vcpu, c));
    say("initialise again: %ld\n", vcpu_op(VCPUOP_initialise, vcpu, c));
    say("is up before: %ld\n", vcpu_op(VCPUOP_is_up, vcpu, NULL));
    say("up: %ld\n", vcpu_op(VCPUOP_up, vcpu, NULL));
    end = now() + ticks_from_us(2000000);
    while (*(volatile uint32_t *)&start_found[9] == 0 && now() < end) {
        spin_a_little();
    }
    say("started: %u\n", start_found[9]);
    for (unsigned i = 0; i < 9; i++) {
        say("register %u: 0x%x\n", i, start_found[i]);
    }
    say("up again: %ld\n", vcpu_op(VCPUOP_up, vcpu, NULL));
}

static void run_state(void)
{
    struct vcpu_runstate_info info;
    struct bad_pointer bad;

    memset(&info, 0xff, sizeof(info));
    say("run state: %ld\n", vcpu_op(VCPUOP_get_runstate_info, 0, &info));
    say("state: %d\n", info.state);
    say("time running: %s\n", info.time[RUNSTATE_running] != 0 && info.time[RUNSTATE_running] < 1ull << 50 ? "some" : "none");
    say("run state of one that never ran: %ld, ", vcpu_op(VCPUOP_get_runstate_info, 1, &info));
    say("state: %d\n", info.state);
    for (unsigned i = 0; (bad = bad_input(i, &info, sizeof(info))).name != NULL; i++) {
        say("run state at %s: %ld\n", bad.name, vcpu_op(VCPUOP_get_runstate_info, 0, bad.address));
    }
}

static void interrupt(void)
{
    struct caught c;

    say("NMI with an argument: %ld\n", vcpu_op(VCPUOP_send_nmi, 0, &c));
    say("NMI to no vCPU: %ld\n", vcpu_op(VCPUOP_send_nmi, 7, NULL));
    catch_begin();
    say("NMI: %ld\n", vcpu_op(VCPUOP_send_nmi, 0, NULL));
    delay_us(1000);
    say("taken: %s\n", catch_end(&c) && c.vector == 2 ? "yes" : "no");
}

void guest_main(void)
{
    struct vcpu_hvm_context c = flat();

    run_state();
    refused();
    c.cpu_regs.x86_32.tr_ar = 0x89;
    run(1, &c);
#ifdef __x86_64__
    struct vcpu_hvm_x86_64 *r = &c.cpu_regs.x86_64;

    memset(&c, 0, sizeof(c));
    c.mode = VCPU_HVM_MODE_64B;
    r->rax = 0x20; r->rcx = 0x21; r->rdx = 0x22; r->rbx = 0x23; r->rsp = 0x24; r->rbp = 0x25; r->rsi = 0x26; r->rdi = 0x27;
    r->rip = (uintptr_t)start_code_64;
    r->rflags = 2;
    __asm__ volatile("mov %%cr0, %0" : "=r"(r->cr0));
    __asm__ volatile("mov %%cr3, %0" : "=r"(r->cr3));
    __asm__ volatile("mov %%cr4, %0" : "=r"(r->cr4));
    r->efer = msr_read(0xc0000080);
    run(2, &c);
#endif
    interrupt();
}
