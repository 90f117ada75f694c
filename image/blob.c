/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "diag.h"

static const char *fill(int fd, size_t limit, struct blob *out)
{
    struct stat info;
    uint8_t *data;
    size_t size, done = 0;

    if (fstat(fd, &info) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return "is not a regular file";
    }
    if (info.st_size == 0) {
        return "is empty";
    }
    if ((uint64_t)info.st_size > limit) {
        return "is too large";
    }
    size = (size_t)info.st_size;
    data = diag_alloc(size + 1, 1);
    while (done < size) {
        ssize_t got = read(fd, data + done, size - done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            free(data);
            return got < 0 ? strerror(errno) : "shrank while it was read";
        }
        done += (size_t)got;
    }
    out->data = data;
    out->size = size;
    return NULL;
}

const char *blob_read(const char *path, size_t limit, struct blob *out)
{
    /* O_NONBLOCK: opening a named pipe by mistake must not hang. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *why;

    if (fd < 0) {
        return strerror(errno);
    }
    why = fill(fd, limit, out);
    close(fd);
    return why;
}

static const char *put(int fd, const uint8_t *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t put_now = write(fd, data + done, size - done);

        if (put_now < 0 && errno == EINTR) {
            continue;
        }
        if (put_now < 0) {
            return strerror(errno);
        }
        done += (size_t)put_now;
    }
    return NULL;
}

const char *blob_write(const char *path, const void *data, size_t size, unsigned mode)
{
    char *temporary = diag_printf("%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    const char *why = NULL;

    if (fd < 0) {
        why = strerror(errno);
    } else {
        why = put(fd, data, size);
        if (close(fd) != 0 && why == NULL) {
            why = strerror(errno);
        }
        if (why == NULL && rename(temporary, path) != 0) {
            why = strerror(errno);
        }
        if (why != NULL) {
            unlink(temporary);
        }
    }
    free(temporary);
    return why;
}

/* Unpacks member after member; `*out` grows by doubling up to `limit`. */
static const char *inflate_members(z_stream *z, size_t limit, struct blob *out)
{
    size_t room = 0;

    for (;;) {
        int result;

        if (out->size == room) {
            uint8_t *larger;

            if (room >= limit) {
                return "is too large when unpacked";
            }
            room = room == 0 ? (size_t)1 << 22 : room * 2;
            room = room > limit ? limit : room;
            larger = realloc(out->data, room + 1);
            if (larger == NULL) {
                return "is too large for this machine's memory when unpacked";
            }
            out->data = larger;
        }
        z->next_out = out->data + out->size;
        z->avail_out = (uInt)(room - out->size);
        result = inflate(z, Z_NO_FLUSH);
        out->size = room - z->avail_out;
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

const char *blob_gunzip(struct blob *blob, size_t limit)
{
    z_stream z = {.next_in = blob->data, .avail_in = (uInt)blob->size};
    struct blob out = {NULL, 0};
    const char *why;

    if (blob->size < 2 || blob->data[0] != 0x1f || blob->data[1] != 0x8b) {
        return NULL;
    }
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        return "can't be unpacked: zlib failed to start";
    }
    why = inflate_members(&z, limit, &out);
    inflateEnd(&z);
    if (why != NULL) {
        blob_free(&out);
        return why;
    }
    out.data[out.size] = 0;
    blob_free(blob);
    *blob = out;
    return NULL;
}

void blob_free(struct blob *blob)
{
    free(blob->data);
    blob->data = NULL;
    blob->size = 0;
}
