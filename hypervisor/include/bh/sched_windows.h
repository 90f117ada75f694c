/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUs whose time is divided by the clock alone, as ARINC 653 has it. A schedule has a frame, which repeats for ever,
 * windows in it, and CPUs. In a window the CPUs are one partition's: its vCPUs run there and nowhere else, vCPU i on CPU
 * i modulo how many they are. Time of a window that its partition does not use, and time between windows, is idle.
 *
 * Frames begin at multiples of their length on the system counter, so that all CPUs, and all schedules of one frame,
 * agree without a word.
 */
#ifndef BH_SCHED_WINDOWS_H
#define BH_SCHED_WINDOWS_H

#include "bh/types.h"

struct boot_schedule;
struct cpu;
struct vcpu;

#define SCHEDULES_MAX          (CONFIG_MAX_CPUS < 8 ? CONFIG_MAX_CPUS : 8)
#define SCHEDULE_WINDOWS_MAX   64
#define SCHEDULE_WINDOW_MIN_US 1000
#define SCHEDULE_FRAME_MAX_US  60000000

/*
 * Makes schedule NUMBER, from 1, of S, which boot_schedule_read() made; its CPUs are nobody else's from now on. Boot
 * only. -XEN_ENOMEM.
 */
MUST_USE int sched_windows_make(unsigned number, const struct boot_schedule *s);

/* Each with the scheduler's lock held: */

/* New vCPU V of a domain that is in a schedule: it is told its CPU. -XEN_EINVAL: there is no such schedule. */
MUST_USE int sched_windows_join(struct vcpu *v);
/* V, which did, is to be freed. Bound: its domain's vCPUs. */
void sched_windows_leave(struct vcpu *v);
/*
 * What runs next on CPU, which is in a schedule: of its window's partition the vCPU that waited longest, unless OLD,
 * which runs there, may go on (OLD_GOES_ON) and its turn is not over. Bound: a look at each vCPU of that partition.
 */
struct vcpu *sched_windows_pick(struct cpu *cpu, struct vcpu *old, bool old_goes_on, uint64_t now);

/* CPU's timer for windows: the present one ends, or a turn in it. */
void sched_windows_expired(struct cpu *cpu);
/*
 * May CPU, which is in a schedule, take a step for a partition that dies or starts again? In time that is nobody's:
 * between windows, or in one of a partition that does not run, where half a millisecond is left.
 */
bool sched_windows_is_free(const struct cpu *cpu);

#endif
