/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hypfs_op: the hypervisor's file system (hypfs.h), where a control domain reads what it is and how it is set. Nothing
 * in it changes while the board runs, and nothing can be written.
 */
#include "abi/control.h"
#include "bh/console.h"
#include "bh/control.h"
#include "bh/guest_copy.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"
#include "bh/version.h"
#include "lib/string.h"

#define INTERFACE_VERSION 1
#define PATH_MAX_SIZE     1024
/* Xen counts what a domain has mapped by pages of so many. */
#define MAPPINGS_OF_A_PAGE 256

/* What a node has. */
enum content {
    CONTENT_NODES,    /* others */
    CONTENT_NUMBER,
    CONTENT_DECIMAL,  /* a number as text */
    CONTENT_TEXT,
    CONTENT_LEVEL,    /* how important a message has to be */
};

/* Each folder before what is in it, which is in the order of the names. */
static const struct node {
    char name[27];
    uint8_t content; /* enum content */
    uint32_t within; /* place of its folder here */
    uint32_t number;
    const char *text;
} nodes[] = {
    { "", CONTENT_NODES, UINT32_MAX, 0, NULL },
    { "buildinfo", CONTENT_NODES, 0, 0, NULL },
    { "changeset", CONTENT_TEXT, 1, 0, "" },
    { "compileinfo", CONTENT_NODES, 1, 0, NULL },
    { "compile_by", CONTENT_TEXT, 3, 0, "" },
    { "compile_date", CONTENT_TEXT, 3, 0, "" },
    { "compile_domain", CONTENT_TEXT, 3, 0, "" },
    { "compiler", CONTENT_TEXT, 3, 0, VERSION_COMPILER },
    { "version", CONTENT_NODES, 1, 0, NULL },
    { "extra", CONTENT_TEXT, 8, 0, VERSION_EXTRA },
    { "major", CONTENT_NUMBER, 8, VERSION_MAJOR, NULL },
    { "minor", CONTENT_NUMBER, 8, VERSION_MINOR, NULL },
    { "params", CONTENT_NODES, 0, 0, NULL },
    { "conswitch", CONTENT_TEXT, 12, 0, "a" },
    { "gnttab_max_frames", CONTENT_DECIMAL, 12, CONFIG_MAX_GRANT_FRAMES, NULL },
    { "gnttab_max_maptrack_frames", CONTENT_DECIMAL, 12, CONFIG_MAX_GRANT_MAPPINGS / MAPPINGS_OF_A_PAGE, NULL },
    { "loglvl", CONTENT_LEVEL, 12, 0, NULL },
};

/* ---- One node ---- */

static const char *level_name(void)
{
    static const char names[][8] = { "error", "warning", "info", "debug" };

    return names[console_level()];
}

/* N's number as text, at the end of ROOM. */
static const char *decimal(const struct node *n, char room[12])
{
    unsigned at = 11;
    uint32_t left = n->number;

    room[at] = '\0';
    do {
        room[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    return room + at;
}

static const char *text_of(const struct node *n, char room[12])
{
    return n->content == CONTENT_DECIMAL ? decimal(n, room) : n->content == CONTENT_LEVEL ? level_name() : n->text;
}

static uint32_t entry_size(const struct node *n)
{
    return (uint32_t)ALIGN_UP(offsetof(struct xen_hypfs_dirlistentry, name) + strlen(n->name) + 1,
                              _Alignof(struct xen_hypfs_direntry));
}

static bool is_within(const struct node *n, const struct node *folder)
{
    return n->within == (uint32_t)(folder - nodes);
}

static struct xen_hypfs_direntry describe(const struct node *n)
{
    struct xen_hypfs_direntry e = { .type = XEN_HYPFS_TYPE_STRING, .encoding = XEN_HYPFS_ENC_PLAIN };
    char room[12];

    if (n->content == CONTENT_NODES) {
        e.type = XEN_HYPFS_TYPE_DIR;
        for (unsigned i = 0; i < ARRAY_COUNT(nodes); i++) {
            e.content_len += is_within(&nodes[i], n) ? entry_size(&nodes[i]) : 0;
        }
    } else if (n->content == CONTENT_NUMBER) {
        e.type = XEN_HYPFS_TYPE_UINT;
        e.content_len = sizeof(n->number);
    } else {
        e.content_len = (uint32_t)strlen(text_of(n, room)) + 1;
    }
    return e;
}

/* ---- Paths ---- */

/* The node in FOLDER whose name begins PATH, up to a slash or the end; NULL: there is none. */
static const struct node *find_in(const struct node *folder, const char *path, size_t length)
{
    for (unsigned i = 0; i < ARRAY_COUNT(nodes); i++) {
        const struct node *n = &nodes[i];

        if (is_within(n, folder) && strlen(n->name) == length && strncmp(n->name, path, length) == 0) {
            return n;
        }
    }
    return NULL;
}

/* Bound: a look at all nodes for each part of the path. */
static int find(const char *path, const struct node **out)
{
    const struct node *n = &nodes[0];

    if (*path++ != '/') {
        return -XEN_EINVAL;
    }
    while (n != NULL && *path != '\0') {
        size_t length = 0;

        while (path[length] != '\0' && path[length] != '/') {
            length++;
        }
        n = find_in(n, path, length);
        path += length;
        if (*path == '/') {
            path++;
            /* What is followed by a slash is a folder. */
            n = n != NULL && n->content == CONTENT_NODES ? n : NULL;
        }
    }
    if (n == NULL) {
        return -XEN_ENOENT;
    }
    *out = n;
    return 0;
}

static int read_path(struct vcpu *v, const uint64_t *a, const struct node **out)
{
    char path[PATH_MAX_SIZE];
    int err = a[2] > sizeof(path) ? -XEN_EINVAL : guest_copy_from(v, path, guest_handle(a[1]), a[2]);

    if (err == 0 && (a[2] == 0 || strnlen(path, a[2]) != a[2] - 1)) {
        err = -XEN_EINVAL;
    }
    return err != 0 ? err : find(path, out);
}

/* ---- Reading ---- */

/* The nodes of FOLDER, one after the other. */
static int read_folder(struct vcpu *v, const struct node *folder, uint64_t at)
{
    uint32_t left = describe(folder).content_len;
    int err = 0;

    for (unsigned i = 0; i < ARRAY_COUNT(nodes) && err == 0; i++) {
        const struct node *n = &nodes[i];
        union {
            struct xen_hypfs_dirlistentry entry;
            char bytes[offsetof(struct xen_hypfs_dirlistentry, name) + sizeof(n->name) + sizeof(uint32_t)];
        } u;
        uint32_t size = entry_size(n);

        if (is_within(n, folder)) {
            left -= size;
            memset(&u, 0, sizeof(u));
            u.entry.e = describe(n);
            u.entry.off_next = left != 0 ? (uint16_t)size : 0;
            memcpy(u.bytes + offsetof(struct xen_hypfs_dirlistentry, name), n->name, strlen(n->name));
            err = guest_copy_to(v, guest_handle(at), u.bytes, size);
            at += size;
        }
    }
    return err;
}

static int read_content(struct vcpu *v, const struct node *n, uint64_t at, uint32_t size)
{
    char room[12];

    if (n->content == CONTENT_NODES) {
        return read_folder(v, n, at);
    }
    if (n->content == CONTENT_NUMBER) {
        return guest_copy_to(v, guest_handle(at), &n->number, size);
    }
    return guest_copy_to(v, guest_handle(at), text_of(n, room), size);
}

/* Req: BH-CTL-034 */
static int64_t read(struct vcpu *v, const struct node *n, uint64_t at, uint64_t size)
{
    struct xen_hypfs_direntry e = describe(n);
    int err = size < sizeof(e) ? -XEN_EINVAL : guest_copy_to(v, guest_handle(at), &e, sizeof(e));

    if (err == 0 && size < sizeof(e) + e.content_len) {
        err = -XEN_ENOBUFS;
    }
    return err != 0 ? err : read_content(v, n, at + sizeof(e), e.content_len);
}

int64_t hypercall_hypfs_op(struct vcpu *v, uint64_t *a)
{
    const struct node *n;
    int err;

    if (!control_may(v->domain, NULL, CONTROL_BOARD)) {
        return -XEN_EPERM;
    }
    if ((uint32_t)a[0] == XEN_HYPFS_OP_get_version) {
        return a[1] == 0 && a[2] == 0 && a[3] == 0 && a[4] == 0 ? INTERFACE_VERSION : -XEN_EINVAL;
    }
    err = read_path(v, a, &n);
    if (err != 0) {
        return err;
    }
    switch ((uint32_t)a[0]) {
    case XEN_HYPFS_OP_read:
        return read(v, n, a[3], a[4]);
    case XEN_HYPFS_OP_write_contents:
        return -XEN_EACCES;
    default:
        return -XEN_EOPNOTSUPP;
    }
}
