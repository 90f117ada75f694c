/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First instructions of every guest. It is entered as PVH says (Xen's docs/misc/pvh.pandoc: 32-bit protected mode, flat
 * segments, paging off, ebx the start info), and turns paging on: an identity map of 4 GiB without page 0 and the last
 * block. 64-bit guests use 64-bit mode, 32-bit ones the tables of two levels: QEMU 7.2 marks pointers of PAE's first
 * level as accessed, where these bits are reserved, and a hypervisor that walks such tables by software finds them
 * wrong. Further CPUs come from a SIPI in real mode and go the same way.
 */
#define STACK_SHIFT 14
#define CPU_MAX 8

#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18

#define CR0_PE 0x00000001
#define CR0_PAGING 0x80010021 /* PG, WP, NE, PE */
#ifdef __x86_64__
#define CR4_PAGING 0x20 /* PAE */
#define ENTRY_SIZE 8
#define BLOCK_SHIFT 21
#define BLOCKS 2048
#else
#define CR4_PAGING 0x10 /* PSE */
#define ENTRY_SIZE 4
#define BLOCK_SHIFT 22
#define BLOCKS 1024
#endif
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100

#define ENTRY_TABLE 0x07
#define ENTRY_PAGE 0x03
#define ENTRY_BLOCK 0x83
#define ENTRY_DEVICE 0x18 /* PWT, PCD: the last GiB */

    .section .note.Xen, "a", @note
    .balign 4
    .long   4, 4, 18                /* name, 32 bits, XEN_ELFNOTE_PHYS32_ENTRY (elfnote.h) */
    .asciz  "Xen"
    .long   _head

    .section .head, "ax"
    .code32
    .globl  _head
_head:
    nopl    65(%eax)                /* a life begins, for who counts (bench/count.c) */
    cli
    cld
    movl    $bss_start, %edi
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx
    xorl    %eax, %eax
    rep stosl
    movl    %ebx, start_info
    rdtsc
    movl    %eax, boot_counter
    movl    %edx, boot_counter + 4

    /* Blocks, the last GiB of them for devices. At 0xc0000000 is the window, and behind it what is never there. */
    xorl    %ecx, %ecx
1:  movl    %ecx, %eax
    shll    $BLOCK_SHIFT, %eax
    orl     $ENTRY_BLOCK, %eax
    cmpl    $BLOCKS / 4 * 3, %ecx
    jb      2f
    orl     $ENTRY_DEVICE, %eax
2:  movl    %eax, page_directories(, %ecx, ENTRY_SIZE)
    incl    %ecx
    cmpl    $BLOCKS, %ecx
    jb      1b
    movl    $0, page_directories + (BLOCKS - 1) * ENTRY_SIZE
    movl    $0, page_directories + (BLOCKS / 4 * 3) * ENTRY_SIZE
    movl    $0, page_directories + (BLOCKS / 4 * 3 + 1) * ENTRY_SIZE
    /* The first block by pages, without the first. */
    movl    $1, %ecx
3:  movl    %ecx, %eax
    shll    $12, %eax
    orl     $ENTRY_PAGE, %eax
    movl    %eax, page_table_low(, %ecx, ENTRY_SIZE)
    incl    %ecx
    cmpl    $4096 / ENTRY_SIZE, %ecx
    jb      3b
    movl    $page_table_low + ENTRY_TABLE, page_directories
#ifdef __x86_64__
    movl    $page_directories + ENTRY_TABLE, page_pointers
    movl    $page_directories + 0x1000 + ENTRY_TABLE, page_pointers + 8
    movl    $page_directories + 0x2000 + ENTRY_TABLE, page_pointers + 16
    movl    $page_directories + 0x3000 + ENTRY_TABLE, page_pointers + 24
    movl    $page_pointers + ENTRY_TABLE, page_root
#endif

    movl    $stacks + (1 << STACK_SHIFT), %esp
    lgdt    gdt_pointer
    ljmp    $CODE32, $4f
4:  call    enter_paging
#ifdef __x86_64__
    .code64
#endif
    call    guest_start
5:  cli
    hlt
    jmp     5b

    /* Paging goes on, and 64-bit mode; the segments are ours. Returns to 64-bit code there. */
    .code32
enter_paging:
    movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %cr4, %eax
    orl     $CR4_PAGING, %eax
    movl    %eax, %cr4
#ifdef __x86_64__
    movl    $page_root, %eax
    movl    %eax, %cr3
    movl    $MSR_EFER, %ecx
    rdmsr
    orl     $EFER_LME, %eax
    wrmsr
    movl    $CR0_PAGING, %eax
    movl    %eax, %cr0
    popl    %ebx
    ljmp    $CODE64, $1f
    .code64
1:  movl    %esp, %esp              /* what is above 32 bits is undefined until it is written */
    movl    %ebx, %ebx
    jmp     *%rbx
    .code32
#else
    movl    $page_directories, %eax
    movl    %eax, %cr3
    movl    $CR0_PAGING, %eax
    movl    %eax, %cr0
    ret
#endif

    /* A further CPU, in protected mode; cpu.c says which it is. */
    .globl  secondary_start
secondary_start:
    movl    starting_cpu, %eax
    incl    %eax
    shll    $STACK_SHIFT, %eax
    leal    stacks(%eax), %esp
    call    enter_paging
#ifdef __x86_64__
    .code64
#endif
    call    secondary_main
1:  cli
    hlt
    jmp     1b

    /* Copied to TRAMPOLINE (cpu.c), where a SIPI enters it in real mode. */
    .section .rodata
    .code16
    .globl  trampoline_start, trampoline_end
trampoline_start:
    cli
    xorw    %ax, %ax
    movw    %ax, %ds
    lgdtl   0x8000 + (trampoline_gdt - trampoline_start)
    movl    %cr0, %eax
    orl     $CR0_PE, %eax
    movl    %eax, %cr0
    ljmpl   $CODE32, $0x8000 + (1f - trampoline_start)
    .code32
1:  movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    $secondary_start, %eax
    jmp     *%eax
    .balign 4
trampoline_gdt:
    .word   4 * 8 - 1
    .long   gdt
trampoline_end:

    .balign 8
    .globl  gdt
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff      /* CODE32 */
    .quad   0x00cf93000000ffff      /* DATA */
    .quad   0x00af9b000000ffff      /* CODE64 */
gdt_pointer:
    .word   4 * 8 - 1
    .long   gdt, 0

    /* One stub a vector, each of 16 bytes; those for exceptions without an error code push a zero. */
    .text
#ifdef __x86_64__
    .code64
#else
    .code32
#endif
    .balign 16
    .globl  vector_stubs
vector_stubs:
    .set    vector, 0
    .rept   256
    .balign 16
    .if     !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || \
              vector == 30)
    push    $0
    .endif
    push    $vector
    jmp     vector_common
    .set    vector, vector + 1
    .endr

vector_common:
    cld
#ifdef __x86_64__
    .irp    register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    push    %\register
    .endr
    mov     %rsp, %rdi
    call    exception_taken
    .irp    register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
    pop     %\register
    .endr
    add     $16, %rsp
    iretq
#else
    pusha
    push    %esp
    call    exception_taken
    add     $4, %esp
    popa
    add     $8, %esp
    iret
#endif

    .globl  vmcall_stub, vmmcall_stub
vmcall_stub:
    vmcall
    ret
vmmcall_stub:
    vmmcall
    /* Where a call that failed goes on: behind it. */
    .globl  just_return
just_return:
    ret

    .bss
    .balign 4096
    .globl  page_root, page_directories, stacks, hypercall_page
page_root:
    .skip   4096
page_pointers:
    .skip   4096
page_directories:
    .skip   4 * 4096
page_table_low:
    .skip   4096
hypercall_page:
    .skip   4096
stacks:
    .skip   CPU_MAX * (1 << STACK_SHIFT)
