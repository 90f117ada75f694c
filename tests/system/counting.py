# SPDX-License-Identifier: Apache-2.0
"""What the hypervisor counts, on whatever machine: whether a CPU is left alone."""
import re

from console import PINNED

COUNTS = re.compile(r"CPU (\d+): (\d+) traps, (\d+) interrupts, (\d+) switches")


def counts(console, cpus):
    """What debug key p says of each CPU: traps, interrupts, switches."""
    said = len(console.lines[None])
    console.send("p")

    def found():
        return [m for m in map(COUNTS.search, console.lines[None][said:]) if m]

    console.wait(lambda: len(found()) == cpus, 20, "counters")
    return {int(m[1]): tuple(map(int, m.groups()[1:])) for m in found()}


def a_cpu_that_is_owned_is_left_alone(start, make, hypervisor, **options):
    """Its guest computes; the neighbour's sleeps and wakes up, and keys are typed."""
    console = start([make("busy", "count", "ms=60000", extra=PINNED.format(cpu=1)),
                     make("lively", "count", "ms=20 sleep=10 rounds=0", extra=PINNED.format(cpu=0))],
                    hypervisor=hypervisor, cpus=2, limit=100, **options)
    console.wait_line("lively", "round 3", 60)
    console.send("\x01" * 6)
    console.wait_text("input to the hypervisor", 20)
    before = counts(console, 2)
    console.wait_line("lively", "round 50", 60)
    after = counts(console, 2)
    assert after[1] == before[1], (before, after)
    assert after[0][0] > before[0][0] or after[0][1] > before[0][1], (before, after)
    assert any("input to the hypervisor, key h" in line for line in console.lines[None])


DOORBELL = 'b{0}: channel {{ compatible = "xen,evtchn-v1"; xen,evtchn = <7 &b{1}>; }};'
RINGS, ROUNDS = 300, 4


def a_storm_is_between_those_who_share_it(start, make, hypervisor, **options):
    """Doorbells rung without a pause, by one who then starts again without a pause: who shares the channel is taken from
    what it does once a ring at most, and whoever does not, never."""
    console = start([make("busy", "count", "ms=600000", extra=PINNED.format(cpu=3)),
                     make("storm", "storm", f"port=7 count={RINGS} rounds={ROUNDS} end=reset",
                          extra=PINNED.format(cpu=1) + 'bulkhead,on-reboot = "restart";' + DOORBELL.format(1, 2)),
                     make("hears", "storm", "port=7 role=take", extra=PINNED.format(cpu=2) + DOORBELL.format(2, 1)),
                     make("idle", "hello", "end=wait", extra=PINNED.format(cpu=0))],
                    hypervisor=hypervisor, cpus=4, limit=200, **options)

    def rung():
        return sum(line.endswith("rung") for line in console.lines["storm"])

    console.wait(rung, 60, "the storm")
    console.send("\x01" * 12)
    console.wait_text("input to the hypervisor", 20)
    before, least = counts(console, 4), rung()
    console.wait(lambda: console.lines["storm"].count("guest: done") >= 3, 120, "three lives of the storm")
    after, most = counts(console, 4), rung()
    assert after[3] == before[3], (before, after)
    taken = after[2][1] - before[2][1]
    assert 0 < taken <= (most - least + 2) * RINGS, (before, after, least, most)
