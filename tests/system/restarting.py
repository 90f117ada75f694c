# SPDX-License-Identifier: Apache-2.0
"""Partitions that start again, on whatever machine: a MAKE(name, program, arguments, **options) makes a partition with
a bare-metal guest, as board.guest() and pc.guest() do."""
import re

import counting
from console import PINNED

RULES = 'bulkhead,on-{} = "restart"; bulkhead,restart-limit = <{} 1000>;'
CHANNEL = 'a{0}: channel {{ compatible = "xen,evtchn-v1"; xen,evtchn = <{1} &a{2}>; }};'
DOES_SO_NO_MORE = r"{}: started again {} times in 1000 s, and does so no more"


def lives(console, name):
    """How often the guest NAME came to its end."""
    return len([line for line in console.lines[name] if line == "guest: done"])


def rounds(console, name):
    """The last "round N" that the guest NAME reported."""
    return max((int(m[1]) for m in (re.match(r"round (\d+):", line) for line in console.lines[name]) if m), default=0)


def starts_again_while_another_counts_on(start, make, times=4, **options):
    console = start([make("counter", "count", "ms=20 rounds=0"),
                     make("again", "hello", "end=reset", vcpus=2, extra=RULES.format("reboot", times))], **options)
    console.wait_line(None, DOES_SO_NO_MORE.format("again", times), 60)
    before = rounds(console, "counter")
    assert before > 0
    assert lives(console, "again") == times + 1
    console.wait(lambda: rounds(console, "counter") >= before + 20, 30, "further counting")


def all_memory_comes_back(start, make, **options):
    """As much is free at the end after many lives as after two."""
    free = []
    for times in (1, 30):
        console = start([make("again", "hello", "end=reset", vcpus=2, extra=RULES.format("reboot", times))], **options)
        console.wait_end(60)
        assert lives(console, "again") == times + 1
        free.append(console.wait_line(None, r"the last domain has ended, (\d+) KiB are free", 1)[1])
    assert free[0] == free[1]


def a_crash_or_a_watchdog_starts_it_again(start, make, cause, arguments, **options):
    console = start([make("idle", "hello", "end=wait"),
                     make("again", "life", arguments, extra=RULES.format(cause, 3))], **options)
    console.wait_line(None, DOES_SO_NO_MORE.format("again", 3), 60)
    assert [line for line in console.lines["again"] if line.startswith("life:")] == ["life: new"] * 4


def power_off_is_the_end_all_the_same(start, make, **options):
    console = start([make("idle", "hello", "end=wait"),
                     make("again", "hello", "", extra=RULES.format("reboot", 3))], **options)
    console.wait_line(None, "again: powered off")
    console.settle(1)
    assert lives(console, "again") == 1


def an_end_halts_the_board(start, make, **options):
    console = start([make("idle", "hello", "end=wait"),
                     make("vital", "hello", "", extra='bulkhead,on-poweroff = "halt-board";')], **options)
    console.wait_end(30)
    assert any("vital has ended: the board halts" in line for line in console.lines[None])


def its_event_channel_is_bound_again(start, make, **options):
    """The peer's end was open all the time, and its guest noticed nothing."""
    console = start([make("peer", "life", "port=20 answer=1", extra=CHANNEL.format(1, 20, 2)),
                     make("again", "life", "port=30 end=reset",
                          extra=RULES.format("reboot", 3) + CHANNEL.format(2, 30, 1))], **options)
    console.wait_line(None, DOES_SO_NO_MORE.format("again", 3), 60)
    assert [line for line in console.lines["again"] if line.startswith("answer:")] == ["answer: yes"] * 4
    assert [line for line in console.lines["again"] if line.startswith("life:")] == ["life: new"] * 4


def linux_is_rebooted_at_its_shell(start, make, linux, **options):
    """The input stays with it, and the other one counts on meanwhile."""
    console = start([linux("shell", extra='bulkhead,on-reboot = "restart";'),
                     make("counter", "count", "ms=20 rounds=0")], limit=150, **options)
    for life in range(3):
        console.wait(lambda: len([line for line in console.lines["shell"] if "bulkhead-init: up" in line]) > life, 60,
                     f"life {life}")
        console.settle(1)
        before = rounds(console, "counter")
        console.send(f"echo life-{life}-$((6 * 7))\r")
        console.wait_text(f"life-{life}-42")
        console.send("reboot -f\r" if life < 2 else "poweroff -f\r")
        console.wait(lambda: rounds(console, "counter") > before + 10, 30, "further counting")
    console.wait_line(None, "shell: powered off")


def free_pages(console):
    """What debug key m says."""
    said = len(console.lines[None])
    console.send("m")

    def found():
        return [m for m in (re.search(r"memory: (\d+) of", line) for line in console.lines[None][said:]) if m]

    console.wait(found, 20, "free memory")
    return int(found()[0][1])


def many_restarts_take_nothing(start, make, hypervisor, times, **options):
    """One starts again and again; its neighbour owns its CPU and computes: that is left alone all the time, so that it
    computes as if the other were not there. No page is lost."""
    console = start([make("again", "life", "end=reset wait=30000", memory=16, extra='bulkhead,on-reboot = "restart";' +
                          PINNED.format(cpu=0)),
                     make("busy", "count", "ms=1000000", memory=16, extra=PINNED.format(cpu=1))],
                    hypervisor=hypervisor, cpus=2, limit=60 + times, **options)

    def lived(count):
        console.wait(lambda: console.lines["again"].count("life: new") >= count, 30 + times, f"{count} lives")

    lived(3)
    console.send("\x01" * 6)
    console.wait_text("input to the hypervisor", 20)
    # Most of the time it runs: then the least is free.
    free = min(free_pages(console) for _ in range(20))
    before = counting.counts(console, 2)
    lived(times + 3)
    after = counting.counts(console, 2)
    assert after[1] == before[1], (before, after)
    assert min(free_pages(console) for _ in range(20)) == free
    assert "life: not new" not in console.lines["again"]
