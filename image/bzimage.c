/* SPDX-License-Identifier: Apache-2.0 */
#include "bzimage.h"

#include <stdio.h>
#include <string.h>

#include "unpack.h"

/* Documentation/x86/boot.rst, "The Real-Mode Kernel Header". */
#define SECTOR_SIZE          512u
#define SETUP_SECTORS        0x1f1
#define SETUP_SECTORS_OLD    4u /* what 0 stands for */
#define BOOT_FLAG            0x1fe
#define BOOT_FLAG_VALUE      0xaa55u
#define MAGIC                0x202
#define VERSION              0x206
#define VERSION_WITH_PAYLOAD 0x208u
#define PAYLOAD_OFFSET       0x248
#define PAYLOAD_LENGTH       0x24c
#define HEADER_END           0x250u

static uint32_t read_le(const uint8_t *p, unsigned bytes)
{
    uint32_t value = 0;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        value |= (uint32_t)p[i] << (8 * i);
    }
    return value;
}

bool bzimage_is_one(const struct blob *blob)
{
    return blob->size >= MAGIC + 4 && memcmp(blob->data + MAGIC, "HdrS", 4) == 0 &&
           read_le(blob->data + BOOT_FLAG, 2) == BOOT_FLAG_VALUE;
}

/* Where the payload is: behind the setup sectors and the boot sector, which is not one of them. */
static const char *find_payload(const struct blob *blob, size_t *start, size_t *size)
{
    uint64_t sectors, offset, length;

    if (blob->size < HEADER_END) {
        return "is a truncated bzImage";
    }
    if (read_le(blob->data + VERSION, 2) < VERSION_WITH_PAYLOAD) {
        return "is a bzImage of a Linux before 2.6.26, which does not say where its payload is";
    }
    sectors = blob->data[SETUP_SECTORS] != 0 ? blob->data[SETUP_SECTORS] : SETUP_SECTORS_OLD;
    offset = (sectors + 1) * SECTOR_SIZE + read_le(blob->data + PAYLOAD_OFFSET, 4);
    length = read_le(blob->data + PAYLOAD_LENGTH, 4);
    if (length == 0) {
        return "is a bzImage without a payload";
    }
    if (offset > blob->size || length > blob->size - offset) {
        return "is a bzImage whose payload lies beyond its end";
    }
    *start = (size_t)offset;
    *size = (size_t)length;
    return NULL;
}

/* Req: BH-TOOL-012 */
const char *bzimage_unpack(struct blob *blob, size_t limit)
{
    static char reason[160];
    struct blob out;
    size_t start, size;
    const char *why = find_payload(blob, &start, &size);

    if (why != NULL) {
        return why;
    }
    /* A payload may be there as it is, too (Linux, CONFIG_KERNEL_UNCOMPRESSED). */
    if (size >= 4 && memcmp(blob->data + start, "\177ELF", 4) == 0) {
        memmove(blob->data, blob->data + start, size);
        blob->size = size;
        blob->data[size] = 0;
        return NULL;
    }
    why = unpack(blob->data + start, size, limit, &out);
    if (why != NULL) {
        snprintf(reason, sizeof(reason), "is a bzImage whose payload %s", why);
        return reason;
    }
    blob_free(blob);
    *blob = out;
    return NULL;
}
