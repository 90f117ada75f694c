/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for QEMU's emulator (docs/devel/tcg-plugins of QEMU; its interface, version 1, declared here as far as it is
 * used): counts the instructions that are executed in ranges of virtual addresses, and all others. Counts are written at
 * marks elsewhere: when somebody executes "hint #N" on arm64 (DDI 0487, C6.2, HINT), or on x86 a NOP whose operand is at
 * N(%rax) (AMD APM volume 3, NOP), N from 64 to 127, which do nothing; and when an arm64 kernel begins (its first
 * instruction, by which EFI knows it, at the beginning of a page).
 *
 * -plugin FILE,from=HEX,to=HEX[,from=HEX,to=HEX...],out=FILE
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct {
    const char *target_name;
    struct { int min, cur; } version;
    bool system_emulation;
} qemu_info_t;
enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };
typedef void tb_trans_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void vcpu_cb(unsigned vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb *cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_cb *cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *counter, uint64_t add);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments);

int qemu_plugin_version = 1;

#define MARK_FIRST   64
#define HINT_MASK    0xfffff01fU
#define HINT         0xd503201fU
#define KERNEL_BEGIN 0x5a4dU /* "MZ", in the lower half of its first instruction */
#define NOP_MASK     0x80ffffffU
#define NOP          0x00401f0fU

static bool is_x86;

#define RANGE_COUNT 8
static struct { uint64_t from, to; } range[RANGE_COUNT];
static unsigned range_count; /* "to" ends one */
static uint64_t inside, outside;
static FILE *out;

static void mark(unsigned vcpu, void *data)
{
    (void)vcpu;
    fprintf(out, "%s%d %" PRIu64 " %" PRIu64 "\n", data == NULL ? "kernel" : "mark", (int)(intptr_t)data, inside, outside);
    fflush(out);
}

static bool is_in_range(uint64_t at)
{
    for (unsigned i = 0; i < range_count; i++) {
        if (at >= range[i].from && at < range[i].to) {
            return true;
        }
    }
    return false;
}

/* The number of the mark that the instruction WORD is, or 0. */
static int number_of(uint32_t word)
{
    uint32_t number = 0;

    if (is_x86 && (word & NOP_MASK) == NOP) {
        number = word >> 24;
    } else if (!is_x86 && (word & HINT_MASK) == HINT) {
        number = word >> 5 & 0x7f;
    }
    return number >= MARK_FIRST ? (int)number : 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t at = qemu_plugin_insn_vaddr(insn);
        bool is_inside = is_in_range(at);
        uint32_t word = 0;
        int number;

        if (qemu_plugin_insn_size(insn) == sizeof(word)) {
            memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
        }
        number = number_of(word);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, is_inside ? &inside : &outside, 1);
        if (!is_inside && number != 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS, (void *)(intptr_t)number);
        } else if (!is_inside && !is_x86 && (word & 0xffff) == KERNEL_BEGIN && at % 4096 == 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS, NULL);
        }
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count, char **arguments)
{
    is_x86 = strcmp(info->target_name, "x86_64") == 0;
    for (int i = 0; i < count; i++) {
        if (range_count < RANGE_COUNT && strncmp(arguments[i], "from=", 5) == 0) {
            range[range_count].from = strtoull(arguments[i] + 5, NULL, 16);
        } else if (range_count < RANGE_COUNT && strncmp(arguments[i], "to=", 3) == 0) {
            range[range_count].to = strtoull(arguments[i] + 3, NULL, 16);
            if (range[range_count].from >= range[range_count].to) {
                return -1;
            }
            range_count++;
        } else if (strncmp(arguments[i], "out=", 4) == 0) {
            out = fopen(arguments[i] + 4, "w");
        }
    }
    if (out == NULL || range_count == 0) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
