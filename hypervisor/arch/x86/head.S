/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry from the boot loader, in 32-bit protected mode without paging: Multiboot 1 (specification 0.6.96), Multiboot 2
 * (2.0) and Xen's PVH entry (start_info.h). Makes the tables that layout.h describes for the boot CPU, and goes to
 * boot_main(magic, information) on its stack.
 */
#include "long_mode.h"

#define MB1_MAGIC  0x1badb002
#define MB1_FLAGS  0x00000003      /* modules on pages, and a memory map */
#define MB2_MAGIC  0xe85250d6
/* What boot_main() is told when PVH's entry was taken: that of the structure itself. */
#define PVH_MAGIC  0x336ec578

#define PTE_P      0x001
#define PTE_RW     0x003
#define PTE_AD     0x060
#define PTE_PS     0x080
#define PTE_NX     0x80000000      /* in the upper half */

    .section .head, "ax"
    .code32
    .global image_start
image_start:
    jmp     start32
    .org    image_start + 8        /* named by the note of the file */
    jmp     start32_pvh
    .balign 8
    .long   MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
    .balign 8
mb2_header:
    .long   MB2_MAGIC, 0, mb2_end - mb2_header
    .long   0x100000000 - (MB2_MAGIC + (mb2_end - mb2_header))
    .balign 8
    .short  1, 0                   /* information that is wanted: command line, modules, memory map, both RSDPs */
    .long   8 + 5 * 4
    .long   1, 3, 6, 14, 15
    .balign 8
    .short  6, 0                   /* modules on pages */
    .long   8
    .balign 8
    .short  0, 0
    .long   8
mb2_end:

start32_pvh:
    mov     $PVH_MAGIC, %eax
start32:
    cli
    cld
    mov     %eax, %ebp
    mov     %ebx, %esi
    mov     $PHYS(__bss_start), %edi
    mov     $PHYS(__bss_end), %ecx
    sub     %edi, %ecx
    shr     $2, %ecx
    xor     %eax, %eax
    rep stosl
    mov     $PHYS(boot_stack_top), %esp

    mov     $0x80000000, %eax
    cpuid
    cmp     $0x80000001, %eax
    jb      no_long_mode
    mov     $0x80000001, %eax
    cpuid
    and     $0x20100000, %edx      /* long mode, NX */
    cmp     $0x20100000, %edx
    jne     no_long_mode

    /* A table: entry INDEX of it is another table. */
    .macro link_table table, index, to
    movl    $(PHYS(\to) + PTE_RW + PTE_AD), PHYS(\table) + 8 * (\index)
    .endm
    link_table boot_root, ROOT_SLOT_IMAGE, image_table1
    link_table image_table1, 510, image_table2
    link_table image_table2, 1, image_table3
    link_table boot_root, ROOT_SLOT_CPU, cpu_table1
    link_table cpu_table1, 0, cpu_table2
    link_table cpu_table2, 0, cpu_table3
    /* What runs until the image is reached at its own addresses; the other CPUs come the same way. */
    link_table trampoline_root, 0, identity_table1
    link_table trampoline_root, ROOT_SLOT_IMAGE, image_table1
    link_table identity_table1, 0, identity_table2
    movl    $(PTE_RW + PTE_AD + PTE_PS), PHYS(identity_table2)
    movl    $(0x200000 + PTE_RW + PTE_AD + PTE_PS), PHYS(identity_table2) + 8

    /* The image, each part with its rights. */
    .macro map_image from, to, low, high
    mov     $PHYS(\from), %eax
    mov     $PHYS(\to), %ecx
    mov     $(\low), %edx
    mov     $(\high), %ebx
    call    map_image_pages
    .endm
    map_image __text_start, __rodata_start, PTE_P + PTE_AD, 0
    map_image __rodata_start, __data_start, PTE_P + PTE_AD, PTE_NX
    map_image __data_start, __image_end, PTE_RW + PTE_AD, PTE_NX

    /* This CPU's own pages. */
    .macro map_own page, symbol
    movl    $(PHYS(\symbol) + PTE_RW + PTE_AD), PHYS(cpu_table3) + 8 * (\page)
    movl    $PTE_NX, PHYS(cpu_table3) + 8 * (\page) + 4
    .endm
    map_own CPU_PAGE_STACK, boot_cpu_pages
    map_own CPU_PAGE_STACK + 1, boot_cpu_pages + 0x1000
    map_own CPU_PAGE_FAULT, boot_cpu_pages + 0x2000
    map_own CPU_PAGE_NMI, boot_cpu_pages + 0x3000
    map_own CPU_PAGE_MACHINE_CHECK, boot_cpu_pages + 0x4000
    map_own CPU_PAGE_OWN, boot_cpu_pages + 0x5000
    map_own CPU_PAGE_TABLE3, cpu_table3
    map_own CPU_PAGE_TABLE2, cpu_table2
    map_own CPU_PAGE_ROOT, boot_root

    enter_long_mode
    lgdt    PHYS(boot_gdt_pointer)
    ljmp    $SELECTOR_CODE, $PHYS(start64)

    /* Maps physical EAX to ECX at the image's addresses, with EBX:EDX as the other bits of the entries. */
map_image_pages:
    cmp     %ecx, %eax
    jae     1f
    mov     %eax, %edi
    shr     $(12 - 3), %edi
    and     $(511 << 3), %edi
    add     $PHYS(image_table3), %edi
    push    %eax
    or      %edx, %eax
    mov     %eax, (%edi)
    mov     %ebx, 4(%edi)
    pop     %eax
    add     $4096, %eax
    jmp     map_image_pages
1:  ret

no_long_mode:
    mov     $PHYS(no_long_mode_text), %esi
    mov     $0x3f8, %edx
1:  lodsb
    test    %al, %al
    jz      2f
    outb    %al, %dx
    jmp     1b
2:  hlt
    jmp     2b
no_long_mode_text:
    .asciz  "\r\nBulkhead: this CPU has no 64-bit mode, or no execute protection. Stopped.\r\n"

    .code64
start64:
    movabs  $start_high, %rax
    jmp     *%rax
start_high:
    mov     $SELECTOR_DATA, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    mov     $PHYS(boot_root), %eax
    mov     %rax, %cr3
    movabs  $CPU_STACK_TOP, %rsp
    mov     %ebp, %edi
    mov     %esi, %esi
    xor     %ebp, %ebp
    call    boot_main
    ud2

    /* Another CPU, from trampoline.S, still with the tables of trampoline_root. */
    .global secondary_high
secondary_high:
    mov     $SELECTOR_DATA, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    mov     secondary_root(%rip), %rax
    mov     %rax, %cr3
    movabs  $CPU_STACK_TOP, %rsp
    mov     secondary_cpu(%rip), %rdi
    xor     %ebp, %ebp
    call    secondary_main
    ud2

    .balign 8
boot_gdt:
    .quad   0
    .quad   0x00af9b000000ffff     /* SELECTOR_CODE: 64-bit */
    .quad   0x00cf93000000ffff     /* SELECTOR_DATA */
boot_gdt_pointer:
    .short  . - boot_gdt - 1
    .long   PHYS(boot_gdt)

    .section .bss
    .balign 4096
    .macro page symbol
    .global \symbol
\symbol:
    .space  4096
    .endm
    page    boot_root
    page    trampoline_root
    page    identity_table1
    page    identity_table2
    page    image_table1
    page    image_table2
    page    image_table3
    page    cpu_table1
    page    cpu_table2
    page    cpu_table3
boot_cpu_pages:
    .space  6 * 4096

    .section .bss.boot, "aw", @nobits
    .balign 16
    .space  1024
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
