/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boards and partial trees as bulkhead-image reads them: whatever a tree says, its devices are found, or not, and one that
 * all devices of a tree are given to gets a partial tree that is well-formed. The input is the tree.
 */
#include "support/fuzz.h"
#include "tests/fuzz/image/quiet_diag.h"

#include <libfdt.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diag.h"
#include "image/partial_tree.h"

/* Claims what the board has, as a trusted partition may. */
static void claim_all(const struct board *board)
{
    struct partition p = { .config = { .file = "a.cfg", .name = (char *)"a", .memory_mib = 64, .is_direct = true } };
    struct module_file *files = NULL;
    struct board_devices devices;
    struct claims claims = { NULL, 0, 0 };

    board_devices_read(board, &devices);
    for (unsigned i = 0; i < devices.count && i < CONFIG_DEVICE_LIMIT; i++) {
        CHECK(devices.device[i].path != NULL && devices.device[i].path[0] == '/');
        p.config.device[p.config.device_count++] = (struct config_device){ .line = i + 1, .path = devices.device[i].path };
    }
    claims_collect(board, &devices, &p, 1, &claims);
    partial_tree_make(board, &claims, &p, 1, &files);
    CHECK(files == NULL || files->blob.size == 0 || fdt_check_full(files->blob.data, files->blob.size) == 0);
    module_free_all(files);
    claims_free(&claims);
    board_devices_free(&devices);
}

/* The tree as a partial one, for itself as the board. */
static void claim_by_tree(const struct board *board)
{
    struct module_file file = { .blob = board->tree };
    struct partition p = { .config = { .file = "a.cfg", .name = (char *)"a", .device_tree = (char *)"a.dtb" },
                           .module = { [MODULE_DEVICE_TREE] = { .file = &file } } };
    struct board_devices devices;
    struct claims claims = { NULL, 0, 0 };

    p.config.memory_mib = 64;
    board_devices_read(board, &devices);
    claims_collect(board, &devices, &p, 1, &claims);
    claims_free(&claims);
    board_devices_free(&devices);
}

/* Req: BH-TOOL-009 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board board;
    int fd = memfd_create("fuzz", 0);
    char *path = diag_printf("/proc/self/fd/%d", fd);

    quiet_diag_reset();
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    if (board_read(path, "board.dtb", &board)) {
        claim_all(&board);
        claim_by_tree(&board);
    }
    board_free(&board);
    free(path);
    close(fd);
    return 0;
}
