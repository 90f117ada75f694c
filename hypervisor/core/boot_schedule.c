/* SPDX-License-Identifier: Apache-2.0 */
#include "bh/boot_schedule.h"

#include "bh/console.h"
#include "lib/string.h"

/* One schedule while it is read. */
struct reading {
    const struct fdt *t;
    const struct board *board;
    struct boot_config *config;
    const struct boot_schedule *before; /* those before it, */
    unsigned number;                    /* so many */
    struct boot_schedule *s;
    unsigned place_count;               /* partitions that have a place in it */
    bool failed;
    bool named[CONFIG_MAX_DOMAINS];     /* partitions of the configuration that it names */
};

#define schedule_error(r, node, property, ...)                              \
    do {                                                                    \
        (r)->failed = true;                                                 \
        boot_config_report(LOG_ERROR, (r)->t, node, property, __VA_ARGS__); \
    } while (0)

/* What keeps CPU from being this schedule's; NULL: nothing. */
static const char *who_has(const struct reading *r, unsigned cpu)
{
    for (unsigned i = 0; i < r->config->domain_count; i++) {
        const struct boot_domain *d = &r->config->domain[i];

        for (unsigned k = 0; d->owns_cpus && k < d->cpu_count; k++) {
            if (boot_domain_cpu(d, k) == cpu) {
                return d->name;
            }
        }
    }
    for (unsigned i = 0; i < r->number; i++) {
        for (unsigned k = 0; k < r->before[i].cpu_count; k++) {
            if (r->before[i].cpu[k] == cpu) {
                return "another schedule";
            }
        }
    }
    return NULL;
}

static void read_cpus(struct reading *r, const struct fdt_node *node)
{
    struct fdt_property p;
    const char *other;

    if (!fdt_find_property(r->t, node, "cpus", &p) || p.size == 0 || p.size % sizeof(fdt_cell_t) != 0 ||
        p.size / sizeof(fdt_cell_t) > CONFIG_MAX_CPUS) {
        schedule_error(r, node, "cpus", "expected 1 to %u numbers of CPUs", CONFIG_MAX_CPUS);
        return;
    }
    for (uint32_t i = 0; i < p.size / sizeof(fdt_cell_t); i++) {
        uint32_t cpu = fdt_cell(&p, i);

        if (cpu >= r->board->cpu_count) {
            schedule_error(r, node, "cpus", "CPU %u; expected 0 to %u, the board's", cpu, r->board->cpu_count - 1);
            return;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (r->s->cpu[k] == cpu) {
                schedule_error(r, node, "cpus", "CPU %u twice; expected each once", cpu);
                return;
            }
        }
        other = who_has(r, cpu);
        if (other != NULL) {
            schedule_error(r, node, "cpus", "CPU %u is owned by %s; expected one that is free", cpu, other);
            return;
        }
        r->s->cpu[i] = (uint16_t)cpu;
    }
    r->s->cpu_count = p.size / sizeof(fdt_cell_t);
}

static bool read_microseconds(struct reading *r, const struct fdt_node *node, const char *name, uint32_t least,
                              uint32_t *value)
{
    if (fdt_u32(r->t, node, name, value) != 0 || *value < least) {
        schedule_error(r, node, name, "expected a number of microseconds, %u or more", least);
        return false;
    }
    return true;
}

/* Whose window NODE is: the place of a partition in this schedule. */
static bool read_partition(struct reading *r, const struct fdt_node *node, uint8_t *place)
{
    struct boot_domain *d;
    const char *name;
    unsigned i = 0;

    if (fdt_text(r->t, node, "partition", &name, NULL) != 0) {
        schedule_error(r, node, "partition", "expected the name of a partition");
        return false;
    }
    while (i < r->config->domain_count && !string_equal(r->config->domain[i].name, name)) {
        i++;
    }
    if (i == r->config->domain_count) {
        schedule_error(r, node, "partition", "no partition of that name is started");
        return false;
    }
    /* It was not meant to run anywhere else, whatever is wrong. */
    r->named[i] = true;
    d = &r->config->domain[i];
    if (d->cpu_count != 0) {
        schedule_error(r, node, "partition", "%s has \"bulkhead,cpus\"; expected one that has not", name);
        return false;
    }
    if (d->schedule != 0 && d->schedule != r->number + 1) {
        schedule_error(r, node, "partition", "%s is in another schedule; expected one that is in none", name);
        return false;
    }
    if (d->schedule == 0) {
        d->schedule = (uint8_t)(r->number + 1);
        d->schedule_place = (uint8_t)++r->place_count;
    }
    *place = d->schedule_place;
    return true;
}

static const char *name_at(const struct reading *r, unsigned place)
{
    const struct boot_domain *d = r->config->domain;

    while (d->schedule != r->number + 1 || d->schedule_place != place) {
        d++;
    }
    return d->name;
}

/* W takes its place among those that were read, which are in their order. */
static void insert(struct reading *r, const struct fdt_node *node, const struct boot_window *w)
{
    struct boot_schedule *s = r->s;
    unsigned at = s->window_count;

    for (unsigned i = 0; i < s->window_count; i++) {
        const struct boot_window *other = &s->window[i];

        if (other->offset < w->offset + w->duration && w->offset < other->offset + other->duration) {
            schedule_error(r, node, "offset", "overlaps the window of %s at %u us", name_at(r, other->place),
                           other->offset);
            return;
        }
    }
    for (; at > 0 && s->window[at - 1].offset > w->offset; at--) {
        s->window[at] = s->window[at - 1];
    }
    s->window[at] = *w;
    s->window_count++;
}

static void read_window(struct reading *r, const struct fdt_node *node)
{
    struct boot_window w = { .place = 0 };
    bool good = read_partition(r, node, &w.place);

    good = read_microseconds(r, node, "offset", 0, &w.offset) && good;
    good = read_microseconds(r, node, "duration", SCHEDULE_WINDOW_MIN_US, &w.duration) && good;
    if (!good) {
        return;
    }
    if ((uint64_t)w.offset + w.duration > r->s->frame) {
        schedule_error(r, node, "duration", "ends at %llu us; expected an end within the frame of %u us",
                       (unsigned long long)w.offset + w.duration, r->s->frame);
    } else if (r->s->window_count == SCHEDULE_WINDOWS_MAX) {
        schedule_error(r, node, NULL, "one window too many; expected at most %u", SCHEDULE_WINDOWS_MAX);
    } else {
        insert(r, node, &w);
    }
}

static void read_schedule(struct reading *r, const struct fdt_node *node)
{
    struct fdt_node child;

    *r->s = (struct boot_schedule){ .frame = 0 };
    read_cpus(r, node);
    if (read_microseconds(r, node, "frame", SCHEDULE_WINDOW_MIN_US, &r->s->frame) && r->s->frame > SCHEDULE_FRAME_MAX_US) {
        schedule_error(r, node, "frame", "%u us; expected at most %u", r->s->frame, SCHEDULE_FRAME_MAX_US);
    }
    for (bool more = fdt_first_child(r->t, node, &child); more; more = fdt_next_sibling(r->t, &child, &child)) {
        read_window(r, &child);
    }
    if (r->s->window_count == 0 && !r->failed) {
        schedule_error(r, node, NULL, "no window; expected a node for each");
    }
    if (r->failed) {
        r->s->cpu_count = 0;
    }
}

/* One for which there is no place, but its partitions do not run without it. */
static void read_one_too_many(struct reading *r, const struct fdt_node *node)
{
    struct fdt_node child;
    uint8_t place;

    schedule_error(r, node, NULL, "one schedule too many; expected at most %u", SCHEDULES_MAX);
    for (bool more = fdt_first_child(r->t, node, &child); more; more = fdt_next_sibling(r->t, &child, &child)) {
        (void)read_partition(r, &child, &place);
    }
}

/* The partitions that are REFUSED leave the configuration. */
static unsigned remove_refused(const struct fdt *t, struct boot_config *c, const bool *refused)
{
    unsigned kept = 0, all = c->domain_count;

    for (unsigned i = 0; i < all; i++) {
        if (refused[i]) {
            boot_config_report(LOG_ERROR, t, &c->domain[i].node, NULL,
                               "its schedule is not used: this partition is not started");
        } else {
            c->domain[kept++] = c->domain[i];
        }
    }
    c->domain_count = kept;
    return all - kept;
}

/* Req: BH-SCHED-020 */
unsigned boot_schedule_read(const struct fdt *t, const struct board *b, struct boot_config *c, struct boot_schedule *out)
{
    bool refused[CONFIG_MAX_DOMAINS] = { false };
    unsigned count = 0;
    struct fdt_node node;

    for (unsigned i = 0; i < SCHEDULES_MAX; i++) {
        out[i].cpu_count = 0;
    }
    for (bool more = b->has_chosen && fdt_first_child(t, &b->chosen, &node); more;
         more = fdt_next_sibling(t, &node, &node)) {
        struct reading r = { .t = t, .board = b, .config = c, .before = out, .number = count };

        if (!fdt_is_compatible(t, &node, "bulkhead,schedule")) {
            continue;
        }
        if (count < SCHEDULES_MAX) {
            r.s = &out[count++];
            read_schedule(&r, &node);
        } else {
            read_one_too_many(&r, &node);
        }
        for (unsigned i = 0; i < c->domain_count && r.failed; i++) {
            refused[i] = refused[i] || r.named[i];
        }
    }
    return remove_refused(t, c, refused);
}
