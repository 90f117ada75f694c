/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void blob_free(struct blob *blob)
{
    free(blob->data);
    blob->data = NULL;
    blob->size = 0;
}
