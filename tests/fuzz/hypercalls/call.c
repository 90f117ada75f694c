/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls as guests make them: with arguments in memory that other vCPUs change under way, stopped and gone on with
 * by the same vCPU or another one, alone or in a multicall; and how many had which result.
 */
#define _GNU_SOURCE
#include "hypercalls.h"

#include <stdio.h>

/* ---- Numbers that a guest would use ---- */

uint16_t own_domid(const struct domain *d, unsigned n)
{
    return once_in(has_control ? 2 : n) ? any_domid(d) : DOMID_SELF;
}

uint64_t any_page(void)
{
    unsigned kind = byte();

    return kind < 200 ? BASE_GFN + kind % (PAGES + 8) : kind < 240 ? PLACE_GFN + kind % PLACES :
           kind < 252 ? (uint64_t)kind << 10 : number();
}

static uint64_t page_that_is(struct domain *d, bool is_ram)
{
    uint64_t at = byte(), g;
    unsigned looks = 0;

    do {
        g = BASE_GFN + ARGUMENT_PAGES + at++ % (PAGES - ARGUMENT_PAGES);
    } while (domain_gfn_is_ram(d, gfn(g)) != is_ram && ++looks < 8);
    return g;
}

uint64_t any_ram(struct domain *d)
{
    return page_that_is(d, true);
}

uint64_t any_hole(struct domain *d)
{
    return page_that_is(d, false);
}

uint64_t any_place(void)
{
    return PLACE_GFN + byte() % PLACES;
}

/* ---- Memory for arguments ---- */

static size_t cursor;

uint64_t room(size_t size)
{
    unsigned kind = byte();
    uint64_t at;

    size = ALIGN_UP(size, 8);
    if (cursor + size > ARGUMENT_PAGES * PAGE_SIZE) {
        cursor = 0;
    }
    at = BASE + cursor;
    cursor += size;
    if (kind < 240) {
        return at;
    }
    switch (kind) {
    case 240: case 241: case 242: case 243:
        return at + kind % 8;
    case 244: case 245: case 246:
        return BASE + (kind % 3 + 1) * PAGE_SIZE - size / 2;
    case 247: case 248:
        return BASE - size / 2;
    case 249: case 250:
        return any_page() << PAGE_SHIFT;
    case 251: case 252:
        return (any_place() << PAGE_SHIFT) + byte() * 8;
    case 253:
        return number();
    default:
        return at;
    }
}

void put(struct vcpu *v, uint64_t at, const void *from, size_t size)
{
    (void)!guest_copy_to(v, guest_handle(at), from, size);
}

uint64_t put_new(struct vcpu *v, const void *from, size_t size)
{
    uint64_t at = room(size);

    put(v, at, from, size);
    return at;
}

/* ---- What other vCPUs do meanwhile ---- */

static uint64_t race_state;
static bool race_memory, race_interrupts;
static uint64_t hot[3]; /* addresses that the call looks at, perhaps */

static uint64_t race_next(void)
{
    race_state ^= race_state << 13;
    race_state ^= race_state >> 7;
    race_state ^= race_state << 17;
    return race_state;
}

/* Memory that guests may write at any time: the caller's own (but for the secret), and grant tables. */
static bool is_writable(mfn_t m)
{
    const struct frame *f = frame_lookup(m);
    const struct domain *d = this_cpu()->current->domain;

    return f != NULL && (f->type == FRAME_SHARED || (f->type == FRAME_RAM && f->owner == d->id && !is_secretive(d)));
}

static void change_bytes(mfn_t m, uint64_t r)
{
    uint64_t at = frame_lookup(m)->type == FRAME_SHARED ? r >> 8 & 0x1ff : hot[(r >> 8) % 3] + (r >> 12) % 48;
    uint8_t *p = (uint8_t *)host_peek(m) + (at & (PAGE_SIZE - 1));

    switch (r >> 20 & 3) {
    case 0: *p = (uint8_t)(r >> 24); break;
    case 1: *p ^= (uint8_t)(1U << (r >> 24 & 7)); break;
    case 2: (*p)++; break;
    default: *p = (r >> 24 & 1) != 0 ? 0xff : 0; break;
    }
    host_peek_end(m);
}

static void window_was_closed(mfn_t m)
{
    uint64_t r = race_next();

    if (race_interrupts) {
        host_interrupt_is_pending = (r >> 40 & 3) == 0;
    }
    if (race_memory && (r & 1) != 0 && is_writable(m)) {
        change_bytes(m, r);
    }
}

static void race_begin(const struct call *c)
{
    unsigned kind = byte();

    race_state = (byte() + 1UL + (byte() << 8) + (byte() << 16)) * 0x9e3779b97f4a7c15UL;
    race_memory = kind % 5 == 0;
    race_interrupts = kind % 3 == 1;
    host_interrupt_is_pending = kind % 3 == 2;
    for (unsigned i = 0; i < ARRAY_COUNT(hot); i++) {
        hot[i] = c->a[i + 1] >= BASE ? c->a[i + 1] : c->a[1];
    }
    host_window_closed = race_memory || race_interrupts ? window_was_closed : NULL;
}

static void race_end(void)
{
    host_window_closed = NULL;
    host_interrupt_is_pending = false;
}

/* ---- Statistics ---- */

#define NUMBERS 64
#define OPERATIONS 96
#define RESULTS 130
enum { DONE, STOPPED, FAILED }; /* and the error number behind it */

uint64_t call_count;
static uint64_t results[NUMBERS][OPERATIONS][FAILED + RESULTS];
static uint64_t statuses[GNTTABOP_cache_flush][16];

static unsigned operation_of(uint64_t number, uint64_t command)
{
    if (number == __HYPERVISOR_multicall) {
        return 0;
    }
    return (unsigned)(number == __HYPERVISOR_memory_op ? command & 63 : MIN(command, OPERATIONS - 1UL));
}

/* What is counted as the operation: of those for control domains it is in memory. */
static uint64_t command_of(struct vcpu *v, const struct call *c)
{
    uint32_t command = 0;

    if (c->number != __HYPERVISOR_domctl && c->number != __HYPERVISOR_sysctl && c->number != __HYPERVISOR_platform_op) {
        return c->a[0];
    }
    (void)!guest_copy_from(v, &command, guest_handle(c->a[0]), sizeof(command));
    return command;
}

static void count_result(uint64_t number, uint64_t command, int64_t result)
{
    unsigned at = result == HYPERCALL_RESTART ? STOPPED : result >= 0 ? DONE
                                                                      : FAILED + (unsigned)MIN(-(uint64_t)result, RESULTS - 1UL);

    call_count++;
    results[MIN(number, NUMBERS - 1UL)][operation_of(number, command)][at]++;
}

static void count_statuses(struct vcpu *v, const struct call *c)
{
    for (unsigned i = 0; c->status_at != 0 && c->a[0] < ARRAY_COUNT(statuses) && i < c->status_count; i++) {
        int16_t status;

        if (guest_copy_from(v, &status, guest_handle(c->status_at + i * c->status_stride), sizeof(status)) == 0 &&
            status <= 0 && status > -16) {
            statuses[c->a[0]][-status]++;
        }
    }
}

static const char *const calls[NUMBERS] = {
    [__HYPERVISOR_memory_op] = "memory", [__HYPERVISOR_multicall] = "multicall", [__HYPERVISOR_xen_version] = "version",
    [__HYPERVISOR_console_io] = "console_io", [__HYPERVISOR_grant_table_op] = "grant",
    [__HYPERVISOR_vm_assist] = "vm_assist", [__HYPERVISOR_vcpu_op] = "vcpu", [__HYPERVISOR_sched_op] = "sched",
    [__HYPERVISOR_event_channel_op] = "event", [__HYPERVISOR_hvm_op] = "hvm", [__HYPERVISOR_argo_op] = "argo",
    [__HYPERVISOR_domctl] = "domctl", [__HYPERVISOR_sysctl] = "sysctl", [__HYPERVISOR_platform_op] = "platform_op",
};

void call_statistics(void)
{
    fprintf(stderr, "%lu hypercalls\n", (unsigned long)call_count);
    for (unsigned n = 0; n < NUMBERS; n++) {
        for (unsigned op = 0; op < OPERATIONS; op++) {
            const uint64_t *r = results[n][op];
            uint64_t all = 0;

            for (unsigned i = 0; i < FAILED + RESULTS; i++) {
                all += r[i];
            }
            /* What is unknown is one line a call. */
            if (all == 0 || (calls[n] == NULL && op != 0) || r[FAILED + XEN_ENOSYS] == all) {
                continue;
            }
            fprintf(stderr, "%-10s %2u: %9lu done, %9lu stopped", calls[n] != NULL ? calls[n] : "other", op,
                    (unsigned long)r[DONE], (unsigned long)r[STOPPED]);
            for (unsigned i = 1; i < RESULTS; i++) {
                if (r[FAILED + i] != 0) {
                    const char *name = strerrorname_np((int)i);

                    fprintf(stderr, ", %s %lu", name != NULL ? name : "?", (unsigned long)r[FAILED + i]);
                }
            }
            fputc('\n', stderr);
        }
    }
    for (unsigned op = 0; op < ARRAY_COUNT(statuses); op++) {
        bool any = false;

        for (unsigned i = 0; i < ARRAY_COUNT(statuses[op]); i++) {
            if (statuses[op][i] != 0) {
                if (!any) {
                    fprintf(stderr, "grant      %2u, status:", op);
                }
                fprintf(stderr, " %lu of -%u", (unsigned long)statuses[op][i], i);
                any = true;
            }
        }
        if (any) {
            fputc('\n', stderr);
        }
    }
}

/* ---- Making them ---- */

#define TRIES 64

/* Calls that were stopped, for anybody to go on with. */
static struct call stopped[4];
static unsigned stopped_count;

void call_forget_stopped(void)
{
    stopped_count = 0;
}

/* A 32-bit caller's registers. */
static void cut_registers(const struct vcpu *v, struct call *c)
{
    for (unsigned i = 0; v->is_narrow && i < ARRAY_COUNT(c->a); i++) {
        c->a[i] = (uint32_t)c->a[i];
    }
}

bool call_make(struct vcpu *v, const struct call *wanted)
{
    struct call c = *wanted;
    bool is_wanted = true;
    int64_t result = HYPERCALL_RESTART;
    uint64_t command;

    if (stopped_count != 0 && once_in(4)) {
        c = stopped[--stopped_count];
        is_wanted = false;
        if (once_in(8)) {
            c.a[byte() % 5] += number();
        }
    }
    cut_registers(v, &c);
    race_begin(&c);
    for (unsigned i = 0; i < TRIES && result == HYPERCALL_RESTART && v->domain->phase == DOMAIN_RUNNING; i++) {
        bool calm = host_window_closed == NULL;
        struct call before = c;

        command = command_of(v, &c);
        call_begins(v, &before, calm);
        result = hypercall_dispatch(v, c.number, c.a);
        call_ends(v, &before, calm, result);
        cut_registers(v, &c);
        count_result(c.number, command, result);
        if (result == HYPERCALL_RESTART && stopped_count < ARRAY_COUNT(stopped) && (race_next() & 7) == 0) {
            stopped[stopped_count++] = c;
            break;
        }
    }
    race_end();
    if (result >= 0) {
        count_statuses(v, &c);
    }
    return is_wanted && result == 0;
}

static void any_operation(struct vcpu *v, struct call *c)
{
    unsigned kind = byte();

    *c = (struct call){ .number = 0 };
    if (has_control && once_in(3)) {
        control_call(v, c);
    } else if (kind < 75) {
        event_call(v, c);
    } else if (kind < 165) {
        grant_call(v, c);
    } else if (kind < 205) {
        memory_call(v, c);
    } else if (kind < 220) {
        argo_call(v, c);
    } else if (kind < 228) {
        vcpu_call(v, c);
    } else if (kind < 240) {
        sched_call(v, c);
    } else {
        small_call(v, c);
    }
    if (once_in(64)) {
        c->a[byte() % 6] = number();
    }
    if (v->is_narrow) {
        narrow_call(v, c);
    }
}

#define ENTRIES 5

static void multicall(struct vcpu *v)
{
    struct multicall_entry e[ENTRIES];
    struct call inner[ENTRIES], c = { .number = __HYPERVISOR_multicall };
    unsigned count = 1 + byte() % ENTRIES;
    uint64_t at = room(sizeof(e));

    memset(e, 0, sizeof(e));
    for (unsigned i = 0; i < count; i++) {
        any_operation(v, &inner[i]);
        e[i].op = once_in(32) ? __HYPERVISOR_multicall : inner[i].number;
        for (unsigned k = 0; k < 6; k++) {
            e[i].args[k] = inner[i].a[k];
        }
    }
    put(v, at, e, count * sizeof(e[0]));
    c.a[0] = at;
    c.a[1] = once_in(32) ? number() : count;
    if (v->is_narrow) {
        narrow_call(v, &c);
    }
    if (call_make(v, &c) && !v->is_narrow && guest_copy_from(v, e, guest_handle(at), count * sizeof(e[0])) == 0) {
        for (unsigned i = 0; i < count; i++) {
            count_result(inner[i].number, inner[i].a[0], (int64_t)e[i].result);
        }
    }
}

void call_any(struct vcpu *v)
{
    struct call c;

    if (once_in(16)) {
        multicall(v);
    } else {
        any_operation(v, &c);
        (void)call_make(v, &c);
    }
}
