/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant_table_op: a guest's operations on its own table and on what others granted to it (grant_table.h). Operations on
 * lists take one element after the other and stop between two when something waits for the CPU.
 */
#include "bh/domain.h"
#include "bh/grant.h"
#include "bh/guest_struct.h"
#include "bh/hypercall.h"
#include "bh/vcpu.h"

/* GNTST_okay: DOMID is the caller. GNTST_bad_domain, GNTST_permission_denied: nobody, somebody else. */
static int check_self(struct vcpu *v, uint16_t domid)
{
    struct domain *other;

    if (domid == DOMID_SELF || domid == v->domain->id) {
        return GNTST_okay;
    }
    other = domain_get(domid);
    if (other == NULL) {
        return GNTST_bad_domain;
    }
    domain_put(other);
    return GNTST_permission_denied;
}

static int64_t setup_table(struct vcpu *v, struct gnttab_setup_table *op)
{
    struct domain *d = v->domain;
    struct grant_table *t = grant_table_of(d);
    uint64_t list[16];
    int status = check_self(v, op->dom);

    op->status = (int16_t)(t == NULL || op->nr_frames > CONFIG_MAX_GRANT_FRAMES ? GNTST_general_error : status);
    if (op->status != GNTST_okay) {
        return 0;
    }
    if (grant_grow(d, t, op->nr_frames) != 0) {
        op->status = GNTST_general_error;
    }
    /* Bound: CONFIG_MAX_GRANT_FRAMES. */
    for (uint32_t i = 0; i < op->nr_frames && op->status == GNTST_okay; i += (uint32_t)ARRAY_COUNT(list)) {
        uint32_t count = MIN(op->nr_frames - i, (uint32_t)ARRAY_COUNT(list));

        for (uint32_t k = 0; k < count; k++) {
            list[k] = __atomic_load_n(&t->frame_gfn[i + k], __ATOMIC_RELAXED);
        }
        if (guest_structs_to(v, guest_struct_at(v, (uint64_t)op->frame_list.p, i, sizeof(list[0]), STRUCT_guest_long),
                             list, count, sizeof(list[0]), STRUCT_guest_long) != 0) {
            op->status = GNTST_bad_virt_addr;
        }
    }
    return 0;
}

static int64_t query_size(struct vcpu *v, struct gnttab_query_size *op)
{
    const struct grant_table *t = grant_table_of(v->domain);
    int status = check_self(v, op->dom);

    op->status = (int16_t)(t == NULL ? GNTST_general_error : status);
    if (op->status == GNTST_okay) {
        op->nr_frames = t->frame_count;
        op->max_nr_frames = CONFIG_MAX_GRANT_FRAMES;
    }
    return 0;
}

static int64_t get_version(struct vcpu *v, struct gnttab_get_version *op)
{
    const struct grant_table *t = grant_table_of(v->domain);
    int status = check_self(v, op->dom);

    if (status != GNTST_okay) {
        return status == GNTST_bad_domain ? -XEN_ESRCH : -XEN_EPERM;
    }
    op->version = t != NULL ? t->version : 1;
    return 0;
}

static int64_t get_status_frames(struct vcpu *v, struct gnttab_get_status_frames *op)
{
    struct domain *d = v->domain;
    struct grant_table *t = grant_table_of(d);
    int status = check_self(v, op->dom);

    op->status = (int16_t)(t == NULL ? GNTST_general_error : status);
    if (op->status == GNTST_okay && op->nr_frames > t->status_count) {
        op->status = GNTST_general_error;
    }
    for (uint32_t i = 0; i < op->nr_frames && op->status == GNTST_okay; i++) {
        uint64_t at = __atomic_load_n(&t->status_gfn[i], __ATOMIC_RELAXED);

        if (guest_copy_to(v, guest_handle((uint64_t)op->frame_list.p + i * sizeof(at)), &at, sizeof(at)) != 0) {
            op->status = GNTST_bad_virt_addr;
        }
    }
    return 0;
}

/* There is no page table of the guest's in which to replace anything, but by nothing. */
static void unmap_and_replace(struct domain *d, struct gnttab_unmap_and_replace *op)
{
    struct gnttab_unmap_grant_ref unmap = { .host_addr = op->host_addr, .handle = op->handle,
                                            .status = GNTST_general_error };

    if (op->new_addr == 0) {
        grant_unmap(d, &unmap);
    }
    op->status = unmap.status;
}

union arguments {
    struct gnttab_map_grant_ref map;
    struct gnttab_unmap_grant_ref unmap;
    struct gnttab_setup_table setup_table;
    struct gnttab_copy copy;
    struct gnttab_query_size query_size;
    struct gnttab_unmap_and_replace unmap_and_replace;
    struct gnttab_set_version set_version;
    struct gnttab_get_status_frames get_status_frames;
    struct gnttab_get_version get_version;
    struct gnttab_swap_grant_ref swap;
    struct gnttab_cache_flush cache_flush;
};

enum count_kind { A_LIST, EXACTLY_ONE, WHATEVER_IT_SAYS_ONE };

#define WHOLE(type, count) { sizeof(type), 0, sizeof(type), count }

/* The arguments of each operation, what of them the guest gets back, and how many it may give. */
static const struct {
    uint8_t size;
    uint8_t result, result_size;
    uint8_t count;
} argument_kind[] = {
    [GNTTABOP_map_grant_ref] = WHOLE(struct gnttab_map_grant_ref, A_LIST),
    [GNTTABOP_unmap_grant_ref] = WHOLE(struct gnttab_unmap_grant_ref, A_LIST),
    [GNTTABOP_setup_table] = WHOLE(struct gnttab_setup_table, EXACTLY_ONE),
    [GNTTABOP_copy] = { sizeof(struct gnttab_copy), offsetof(struct gnttab_copy, status), sizeof(int16_t),
                        A_LIST },
    [GNTTABOP_query_size] = WHOLE(struct gnttab_query_size, EXACTLY_ONE),
    [GNTTABOP_unmap_and_replace] = WHOLE(struct gnttab_unmap_and_replace, A_LIST),
    [GNTTABOP_set_version] = WHOLE(struct gnttab_set_version, WHATEVER_IT_SAYS_ONE),
    [GNTTABOP_get_status_frames] = WHOLE(struct gnttab_get_status_frames, EXACTLY_ONE),
    [GNTTABOP_get_version] = WHOLE(struct gnttab_get_version, WHATEVER_IT_SAYS_ONE),
    [GNTTABOP_swap_grant_ref] = WHOLE(struct gnttab_swap_grant_ref, A_LIST),
    [GNTTABOP_cache_flush] = WHOLE(struct gnttab_cache_flush, A_LIST),
};

/* Which of them has another layout for 32-bit callers. */
static ALWAYS_INLINE enum guest_struct struct_of(uint32_t command)
{
    switch (command) {
    case GNTTABOP_setup_table:
        return STRUCT_gnttab_setup_table;
    case GNTTABOP_copy:
        return STRUCT_gnttab_copy;
    case GNTTABOP_get_status_frames:
        return STRUCT_gnttab_get_status_frames;
    default:
        return STRUCT_same;
    }
}

/* Bits of the command that are not its number. */
#define COMMAND_OPAQUE 0xfffff000u

/* One element. Not 0: that ends the call. */
static ALWAYS_INLINE int64_t perform(struct vcpu *v, uint32_t command, union arguments *a)
{
    struct domain *d = v->domain;

    switch (command) {
    case GNTTABOP_map_grant_ref:
        grant_map(d, &a->map);
        return 0;
    case GNTTABOP_unmap_grant_ref:
        grant_unmap(d, &a->unmap);
        return 0;
    case GNTTABOP_copy:
        grant_copy(d, &a->copy);
        return 0;
    case GNTTABOP_unmap_and_replace:
        unmap_and_replace(d, &a->unmap_and_replace);
        return 0;
    case GNTTABOP_swap_grant_ref:
        grant_swap(d, &a->swap);
        return 0;
    case GNTTABOP_cache_flush:
        return grant_cache_flush(d, &a->cache_flush);
    case GNTTABOP_setup_table:
        return setup_table(v, &a->setup_table);
    case GNTTABOP_query_size:
        return query_size(v, &a->query_size);
    case GNTTABOP_set_version:
        return grant_set_version(d, &a->set_version.version);
    case GNTTABOP_get_status_frames:
        return get_status_frames(v, &a->get_status_frames);
    default:
        return get_version(v, &a->get_version);
    }
}

/* What the guest gets back of A, at H. */
static ALWAYS_INLINE int tell_result(struct vcpu *v, uint32_t command, struct guest_handle h, const union arguments *a)
{
    uint8_t at = argument_kind[command].result, size = argument_kind[command].result_size;

    if (guest_is_narrow(v) && size == argument_kind[command].size) {
        return guest_struct_to(v, h, a, size, struct_of(command));
    }
    return guest_struct_field_to(v, h, a, at, size, struct_of(command));
}

/* Req: BH-GNT-002 */
static ALWAYS_INLINE int64_t perform_all(struct vcpu *v, uint64_t *a, uint32_t command, uint32_t count)
{
    union arguments arguments;
    uint8_t size = argument_kind[command].size;
    int64_t result = 0;

    while (count != 0 && result == 0) {
        if (guest_struct_from(v, &arguments, guest_handle(a[1]), size, struct_of(command)) != 0) {
            return -XEN_EFAULT;
        }
        result = perform(v, command, &arguments);
        if ((result == 0 || command == GNTTABOP_set_version) &&
            tell_result(v, command, guest_handle(a[1]), &arguments) != 0) {
            result = -XEN_EFAULT;
        }
        if (--count != 0 && result == 0) {
            a[1] += guest_struct_size(v, size, struct_of(command));
            a[2] = count;
            if (hypercall_must_yield()) {
                return HYPERCALL_RESTART;
            }
        }
    }
    return result;
}

static COLD int64_t other_operation(struct vcpu *v, uint64_t *a, uint32_t command, uint32_t count)
{
    if ((int32_t)count < 0 || (command & COMMAND_OPAQUE) != 0) {
        return -XEN_EINVAL;
    }
    if (command == GNTTABOP_transfer) {
        /* A page cannot be taken out of a translated address space and put into another that way. */
        return -XEN_EOPNOTSUPP;
    }
    if (command >= ARRAY_COUNT(argument_kind) || argument_kind[command].size == 0) {
        return -XEN_ENOSYS;
    }
    if (argument_kind[command].count == WHATEVER_IT_SAYS_ONE) {
        count = 1;
    } else if (argument_kind[command].count == EXACTLY_ONE && count != 1) {
        return -XEN_EINVAL;
    }
    return perform_all(v, a, command, count);
}

/* GNTTABOP_query_size of the caller's own table, which it has, without copies; false: the long way has the answer. */
static bool query_own_size(struct vcpu *v, struct guest_handle arg)
{
    const struct grant_table *t = __atomic_load_n(&v->domain->grant, __ATOMIC_ACQUIRE);
    struct gnttab_query_size *op = guest_open(v, arg, sizeof(*op));
    uint16_t domid;
    bool is_own;

    if (op == NULL) {
        return false;
    }
    domid = __atomic_load_n(&op->dom, __ATOMIC_RELAXED);
    is_own = t != NULL && (domid == DOMID_SELF || domid == v->domain->id);
    if (is_own) {
        op->nr_frames = t->frame_count;
        op->max_nr_frames = CONFIG_MAX_GRANT_FRAMES;
        op->status = GNTST_okay;
    }
    guest_close(v);
    return is_own;
}

/* Drivers copy for every packet; what is short otherwise gets a short way. */
int64_t hypercall_grant_table_op(struct vcpu *v, uint64_t *a)
{
    uint32_t command = (uint32_t)a[0], count = (uint32_t)a[2];

    if (command == GNTTABOP_copy && (int32_t)count >= 0) {
        return perform_all(v, a, GNTTABOP_copy, count);
    }
    if (command == GNTTABOP_query_size && count == 1 && query_own_size(v, guest_handle(a[1]))) {
        return 0;
    }
    return other_operation(v, a, command, count);
}
