/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* What a decoder may take for itself (bytes): more than the largest dictionary that Linux is compressed with. */
#define DECODER_LIMIT ((uint64_t)256 << 20)

#define FIRST_SIZE ((size_t)4 << 20)

/* LZ4's legacy frame: its blocks have this size once unpacked, and the last one may have less. */
#define LZ4_BLOCK_SIZE ((size_t)8 << 20)

/* What was unpacked so far; it has room for more. */
struct output {
    struct blob blob;
    size_t room, limit;
};

static uint32_t read_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Makes room for one byte at least, and for `wanted` within the limit, by doubling. Returns NULL or the reason. */
static const char *grow(struct output *out, size_t wanted)
{
    size_t room = out->room == 0 ? FIRST_SIZE : out->room;
    uint8_t *larger;

    if (out->blob.size >= out->limit) {
        return "is too large when unpacked";
    }
    while (room - out->blob.size < wanted && room < out->limit) {
        room *= 2;
    }
    room = room > out->limit ? out->limit : room;
    if (room == out->room) {
        return NULL;
    }
    larger = realloc(out->blob.data, room + 1);
    if (larger == NULL) {
        return "is too large for this machine's memory when unpacked";
    }
    out->blob.data = larger;
    out->room = room;
    return NULL;
}

/* Member after member. */
static const char *inflate_members(z_stream *z, struct output *out)
{
    for (;;) {
        const char *why = grow(out, 1);
        int result;

        if (why != NULL) {
            return why;
        }
        z->next_out = out->blob.data + out->blob.size;
        z->avail_out = (uInt)(out->room - out->blob.size);
        result = inflate(z, Z_NO_FLUSH);
        out->blob.size = out->room - z->avail_out;
        if (result == Z_STREAM_END) {
            /* gzip(1) too ignores what follows the last member if it is no further one. */
            if (z->avail_in < 2 || z->next_in[0] != 0x1f || z->next_in[1] != 0x8b) {
                return NULL;
            }
            result = inflateReset(z);
        }
        if (result == Z_BUF_ERROR && z->avail_out != 0) {
            return "is a truncated gzip file";
        }
        if (result != Z_OK && result != Z_BUF_ERROR) {
            return "is a damaged gzip file";
        }
    }
}

static const char *unpack_gzip_data(const uint8_t *data, size_t size, struct output *out)
{
    z_stream z = {.next_in = (uint8_t *)data, .avail_in = (uInt)size};
    const char *why;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        return "can't be unpacked: zlib failed to start";
    }
    why = inflate_members(&z, out);
    inflateEnd(&z);
    return why;
}

static const char *unpack_xz_data(const uint8_t *data, size_t size, struct output *out)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result = lzma_stream_decoder(&stream, DECODER_LIMIT, 0);
    const char *why = NULL;

    stream.next_in = data;
    stream.avail_in = size;
    while (result == LZMA_OK && (why = grow(out, 1)) == NULL) {
        stream.next_out = out->blob.data + out->blob.size;
        stream.avail_out = out->room - out->blob.size;
        result = lzma_code(&stream, LZMA_RUN);
        out->blob.size = out->room - stream.avail_out;
    }
    lzma_end(&stream);
    if (why != NULL || result == LZMA_STREAM_END) {
        return why;
    }
    /* Neither input nor progress is left. */
    if (result == LZMA_BUF_ERROR) {
        return "is a truncated xz file";
    }
    return result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR ? "is an xz file that takes too much memory"
                                                                     : "is a damaged xz file";
}

static const char *unpack_zstd_data(const uint8_t *data, size_t size, struct output *out)
{
    ZSTD_inBuffer in = {data, size, 0};
    ZSTD_DStream *stream = ZSTD_createDStream();
    const char *why = stream == NULL ? "can't be unpacked: libzstd failed to start" : NULL;
    size_t result = 1;

    /* Its decoder refuses windows of more than 128 MiB by itself. */
    while (why == NULL && result != 0 && (why = grow(out, 1)) == NULL) {
        ZSTD_outBuffer piece = {out->blob.data, out->room, out->blob.size};

        result = ZSTD_decompressStream(stream, &piece, &in);
        if (ZSTD_isError(result)) {
            why = "is a damaged zstd file";
        } else if (result != 0 && in.pos == in.size && piece.pos < piece.size) {
            why = "is a truncated zstd file";
        }
        out->blob.size = piece.pos;
    }
    ZSTD_freeDStream(stream);
    return why;
}

/*
 * A legacy frame ends with the data. Linux puts the unpacked size behind it (Linux, scripts/Makefile.lib,
 * "size_append"), which is where another block would say its size: four bytes are no block.
 */
static const char *unpack_lz4_data(const uint8_t *data, size_t size, struct output *out)
{
    size_t at = 4;

    while (size - at > 4) {
        uint32_t packed = read_le32(data + at);
        const char *why;
        size_t room;
        int length;

        at += 4;
        if (packed == 0 || packed > size - at) {
            return "is a damaged or truncated lz4 file";
        }
        why = grow(out, LZ4_BLOCK_SIZE);
        if (why != NULL) {
            return why;
        }
        room = out->room - out->blob.size;
        room = room < LZ4_BLOCK_SIZE ? room : LZ4_BLOCK_SIZE;
        length = LZ4_decompress_safe((const char *)data + at, (char *)out->blob.data + out->blob.size, (int)packed,
                                     (int)room);
        if (length < 0) {
            return room < LZ4_BLOCK_SIZE ? "is too large when unpacked" : "is a damaged lz4 file";
        }
        out->blob.size += (size_t)length;
        at += packed;
    }
    return out->blob.data != NULL ? NULL : "is a truncated lz4 file";
}

static const struct format {
    uint8_t magic[6];
    size_t magic_size;
    const char *(*unpack)(const uint8_t *data, size_t size, struct output *out);
} formats[] = {
    {{0x1f, 0x8b}, 2, unpack_gzip_data},
    {{0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz_data},
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd_data},
    {{0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4_data},
};

const char *unpack(const uint8_t *data, size_t size, size_t limit, struct blob *out)
{
    struct output result = {{NULL, 0}, 0, limit};
    const char *why = "is compressed in a way that is not known here; gzip, xz, zstd and lz4 are";
    unsigned i;

    if (size > UINT_MAX) {
        return "is too large";
    }
    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (size >= formats[i].magic_size && memcmp(data, formats[i].magic, formats[i].magic_size) == 0) {
            why = formats[i].unpack(data, size, &result);
            break;
        }
    }
    if (why != NULL) {
        blob_free(&result.blob);
        return why;
    }
    result.blob.data[result.blob.size] = 0;
    *out = result.blob;
    return NULL;
}

const char *unpack_gzip(struct blob *blob, size_t limit)
{
    struct blob out;
    const char *why;

    if (blob->size < 2 || blob->data[0] != 0x1f || blob->data[1] != 0x8b) {
        return NULL;
    }
    why = unpack(blob->data, blob->size, limit, &out);
    if (why == NULL) {
        blob_free(blob);
        *blob = out;
    }
    return why;
}
