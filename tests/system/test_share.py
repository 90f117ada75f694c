# SPDX-License-Identifier: Apache-2.0
"""Oversubscribed CPUs are shared fairly, and a busy neighbour starves nobody. Counted work, wide margins.

On one CPU under -icount: what a vCPU gets is then exact and does not depend on the machine that runs the tests. With
more CPUs that would measure QEMU, which under -icount runs one CPU for as long as it does not sleep.
"""
import pytest


def counts(console, names):
    for name in names:
        # Not for the number's own line: another partition's may break it, and half a number is one, too.
        console.wait_line(name, r"^guest: done", 60)
    return [int(console.results(name)["count"]) for name in names]


# Req: BH-SCHED-001
@pytest.mark.parametrize("partitions,cpus", [(2, 1), (4, 1), (3, 2), (8, 2)])
def test_equal_partitions_get_equal_shares(start, guest, partitions, cpus):
    names = [f"part{i}" for i in range(partitions)]
    console = start([guest(n, "count", "ms=400" if cpus == 1 else "ms=2000") for n in names], cpus=cpus,
                    icount=cpus == 1, limit=90)
    found = counts(console, names)
    assert min(found) > (0.7 if cpus == 1 else 0.35) * max(found), found


# Req: BH-SCHED-011
def test_a_partition_with_more_virtual_cpus_gets_more_but_starves_nobody(start, guest):
    console = start([guest("wide", "count", "ms=400", vcpus=4), guest("narrow", "count", "ms=400")], cpus=1,
                    icount=True, limit=90)
    wide, narrow = counts(console, ["wide", "narrow"])
    assert narrow > 0.12 * wide, (wide, narrow)


@pytest.mark.soak
def test_no_cpu_idles_while_someone_could_run(start, guest):
    """One busy partition with two vCPUs beside a sleeping one gets both CPUs. In real time, on two cores of the host:
    under -icount all CPUs together run one instruction a nanosecond."""
    console = start([guest("sleeper", "count", "ms=1 rounds=10 sleep=100"),
                     guest("busy", "count", "ms=2000", vcpus=2)], cpus=2, limit=90)
    both = counts(console, ["busy"])[0]
    alone = start([guest("busy", "count", "ms=2000")], cpus=1, limit=90)
    one = counts(alone, ["busy"])[0]
    assert both > 1.3 * one, (both, one)


# Req: BH-SCHED-008, BH-TIMER-003
def test_a_sleeper_wakes_in_time_beside_busy_neighbours(start, guest):
    console = start([guest("hog1", "count", "ms=3000"), guest("hog2", "count", "ms=3000"),
                     guest("sleeper", "timer")], cpus=1, icount=True, limit=120)
    console.wait_line("sleeper", "guest: done", 90)
    late = [line for line in console.lines["sleeper"] if "within 50 ms no" in line]
    assert not late, late
