/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptors.h"

_Static_assert(ARCH_CPU_OWN_VA == CPU_OWN_VA, "arch_this_cpu()");
_Static_assert(sizeof(struct task_state) == 104, "task state segment");
_Static_assert(sizeof(struct cpu_own) <= PAGE_SIZE, "a page");

/* A gate: AMD APM volume 2, 4.8.4. */
struct gate {
    uint16_t offset_low, selector;
    uint8_t stack; /* IST */
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e

#define VECTOR_COUNT 256
#define STUB_SIZE    16

/* Stacks by IST number. */
#define STACK_FAULT         1
#define STACK_NMI           2
#define STACK_MACHINE_CHECK 3

extern const char vector_stubs[];

static struct gate vectors[VECTOR_COUNT] __attribute__((aligned(16))); /* [boot] */

void descriptors_init(void)
{
    static const uint8_t stack[VECTOR_COUNT] = { [2] = STACK_NMI, [8] = STACK_FAULT, [18] = STACK_MACHINE_CHECK };

    for (unsigned i = 0; i < VECTOR_COUNT; i++) {
        uint64_t stub = (uint64_t)vector_stubs + i * STUB_SIZE;

        vectors[i] = (struct gate){
            .offset_low = (uint16_t)stub, .offset_middle = (uint16_t)(stub >> 16), .offset_high = (uint32_t)(stub >> 32),
            .selector = SELECTOR_CODE, .stack = stack[i], .type = GATE_INTERRUPT,
        };
    }
}

void descriptors_load(struct cpu *cpu)
{
    struct cpu_own *own = CPU_OWN;
    uint64_t task = (uint64_t)&own->task;
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) pointer;

    own->cpu = cpu;
    own->task = (struct task_state){ .io_map = sizeof(own->task) };
    own->task.stack[STACK_FAULT - 1] = CPU_PAGE_VA(CPU_PAGE_FAULT + 1);
    own->task.stack[STACK_NMI - 1] = CPU_PAGE_VA(CPU_PAGE_NMI + 1);
    own->task.stack[STACK_MACHINE_CHECK - 1] = CPU_PAGE_VA(CPU_PAGE_MACHINE_CHECK + 1);
    own->gdt[SELECTOR_CODE / 8] = 0x00af9b000000ffff;
    own->gdt[SELECTOR_DATA / 8] = 0x00cf93000000ffff;
    own->gdt[SELECTOR_TASK / 8] = (sizeof(own->task) - 1) | (task & 0xffffff) << 16 | 0x89ULL << 40 |
                                  (task >> 24 & 0xff) << 56;
    own->gdt[SELECTOR_TASK / 8 + 1] = task >> 32;
    pointer.limit = sizeof(own->gdt) - 1;
    pointer.base = (uint64_t)own->gdt;
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    pointer.limit = sizeof(vectors) - 1;
    pointer.base = (uint64_t)vectors;
    __asm__ volatile("lidt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK));
    /* CS is that of the boot loader's table until it is loaded anew. */
    __asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:"
                     : : "i"(SELECTOR_CODE) : "rax", "memory");
}
