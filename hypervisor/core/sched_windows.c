/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each CPU of a schedule goes through its windows on its own, by its timer: the clock alone says which one it is. Time
 * between windows is a window that is nobody's, so that the windows of a frame leave no gap.
 *
 * The vCPUs of a partition are a list, in the schedule; they keep their CPU for life. Several on one CPU take turns in
 * their window: the one that was there last waits longest.
 */
#include "bh/sched_windows.h"

#include "arch/arch.h"
#include "bh/boot_schedule.h"
#include "bh/cpu.h"
#include "bh/domain.h"
#include "bh/heap.h"
#include "bh/sched.h"
#include "bh/vcpu.h"

#define TURN_US 5000
/* What a step of the reaper may take: it begins with as much of a window left. */
#define STEP_US 500

struct window {
    uint64_t end;  /* ticks from the beginning of the frame */
    uint8_t place; /* whose; 0: nobody's */
};

/* A CPU's part. */
struct scheduled_cpu {
    struct cpu *cpu;
    struct schedule *schedule;
    unsigned window;      /* [lock sched] the present one, */
    uint64_t window_end;  /* [lock sched] and when it ends */
    uint64_t frame_start; /* [lock sched] ticks */
    struct timer timer;   /* [cpu] ends the window, or a vCPU's turn in it */
};

struct schedule {
    uint64_t frame; /* ticks */
    struct window window[2 * SCHEDULE_WINDOWS_MAX + 1]; /* the last one ends with the frame */
    struct vcpu *first[SCHEDULE_WINDOWS_MAX + 1];       /* [lock sched] of each place: all its vCPUs, by sched.next */
    unsigned cpu_count;
    struct scheduled_cpu cpu[];
};

static struct schedule *schedules[SCHEDULES_MAX]; /* [boot] */
static uint64_t turn;                             /* [boot] ticks */

static uint64_t ticks(uint64_t us)
{
    return us * arch_time_frequency() / 1000000;
}

static void add_window(struct schedule *s, unsigned *count, uint64_t end, unsigned place)
{
    uint64_t begin = *count == 0 ? 0 : s->window[*count - 1].end;

    if (end > begin) {
        s->window[(*count)++] = (struct window){ .end = end, .place = (uint8_t)place };
    }
}

int sched_windows_make(unsigned number, const struct boot_schedule *b)
{
    struct schedule *s = heap_alloc(sizeof(*s) + b->cpu_count * sizeof(s->cpu[0]), FRAME_NO_DOMAIN);
    unsigned count = 0;

    if (s == NULL) {
        return -XEN_ENOMEM;
    }
    turn = ticks(TURN_US);
    s->frame = ticks(b->frame);
    for (unsigned i = 0; i < b->window_count; i++) {
        const struct boot_window *w = &b->window[i];

        add_window(s, &count, ticks(w->offset), 0);
        add_window(s, &count, ticks(w->offset + w->duration), w->place);
    }
    add_window(s, &count, s->frame, 0);
    s->cpu_count = b->cpu_count;
    for (unsigned i = 0; i < b->cpu_count; i++) {
        struct cpu *cpu = cpu_table[b->cpu[i]];

        s->cpu[i].cpu = cpu;
        s->cpu[i].schedule = s;
        timer_init(&s->cpu[i].timer, TIMER_WINDOW, cpu);
        cpu->sched.schedule = &s->cpu[i];
        cpu->sched.is_apart = true;
        /* It sleeps, perhaps, and must begin to follow the clock: nothing wakes it for a vCPU out of its window. */
        cpu_request(cpu, WORK_RESCHED);
    }
    schedules[number - 1] = s;
    return 0;
}

/* Req: BH-SCHED-016 */
int sched_windows_join(struct vcpu *v)
{
    struct schedule *s = schedules[v->domain->schedule - 1];

    if (s == NULL) {
        return -XEN_EINVAL;
    }
    v->sched.cpu = s->cpu[v->id % s->cpu_count].cpu;
    v->sched.affinity = (cpuset_t){ { 0 } };
    cpuset_add(&v->sched.affinity, v->sched.cpu->id);
    v->sched.asked = v->sched.preferred = v->sched.affinity;
    v->sched.place = v->domain->schedule_place;
    v->sched.is_apart = true;
    v->sched.next = s->first[v->sched.place];
    s->first[v->sched.place] = v;
    return 0;
}

void sched_windows_leave(struct vcpu *v)
{
    struct vcpu **at = &v->sched.cpu->sched.schedule->schedule->first[v->sched.place];

    while (*at != v) {
        at = &(*at)->sched.next;
    }
    *at = v->sched.next;
}

/* The vCPUs of the partition whose window it is on C; NULL: it is nobody's, or has none. */
static struct vcpu *first_of(const struct scheduled_cpu *c) REQUIRES(sched_lock)
{
    return c->schedule->first[c->cpu->sched.open_place];
}

/* May a step of the reaper begin on C now? */
static bool is_free(const struct scheduled_cpu *c, uint64_t now) REQUIRES(sched_lock)
{
    const struct vcpu *v = first_of(c);

    return (v == NULL || v->domain->phase != DOMAIN_RUNNING) && now + ticks(STEP_US) <= c->window_end;
}

/* Req: BH-SCHED-017 */
/* The window that it is time for is C's from now on. Bound: the windows of a frame. */
static void open_window(struct scheduled_cpu *c, uint64_t now) REQUIRES(sched_lock)
{
    const struct schedule *s = c->schedule;

    if (now < c->window_end) {
        return;
    }
    if (now - c->frame_start >= s->frame) {
        c->frame_start = now - now % s->frame;
        c->window = 0;
    }
    while (c->frame_start + s->window[c->window].end <= now) {
        c->window++;
    }
    c->cpu->sched.open_place = s->window[c->window].place;
    c->window_end = c->frame_start + s->window[c->window].end;
    if (is_free(c, now)) {
        c->cpu->work |= WORK_REAP;
    }
}

/* Req: BH-SCHED-015 */
struct vcpu *sched_windows_pick(struct cpu *cpu, struct vcpu *old, bool old_goes_on, uint64_t now)
{
    struct scheduled_cpu *c = cpu->sched.schedule;
    struct vcpu *next, *waiting = NULL;
    unsigned wanting;
    uint64_t end;

    open_window(c, now);
    next = old_goes_on && old->sched.place == cpu->sched.open_place ? old : NULL;
    wanting = next != NULL;
    for (struct vcpu *v = first_of(c); v != NULL; v = v->sched.next) {
        if (v->sched.cpu == cpu && v != old && v->state == VCPU_RUNNABLE && domain_may_run(v->domain)) {
            wanting++;
            if (waiting == NULL || v->sched.started < waiting->sched.started) {
                waiting = v;
            }
        }
    }
    if (next == NULL || (waiting != NULL && (old->sched.intent == INTENT_YIELD || now >= old->sched.started + turn))) {
        next = waiting;
    }
    end = c->window_end;
    if (wanting > 1) {
        end = MIN(end, (next == old ? old->sched.started : now) + turn);
    }
    if (c->timer.deadline != end) {
        timer_set(&c->timer, end);
    }
    return next;
}

void sched_windows_expired(struct cpu *cpu)
{
    struct scheduled_cpu *c = cpu->sched.schedule;
    uint64_t end;

    spin_lock(&sched_lock);
    /* Here, so that what has waited for this window is fired with it. */
    open_window(c, arch_time_now());
    end = c->window_end;
    spin_unlock(&sched_lock);
    timer_set(&c->timer, end);
    cpu->work |= WORK_RESCHED;
}

/* Req: BH-SCHED-019 */
bool sched_windows_is_free(const struct cpu *cpu)
{
    bool is;

    spin_lock(&sched_lock);
    is = is_free(cpu->sched.schedule, arch_time_now());
    spin_unlock(&sched_lock);
    return is;
}
