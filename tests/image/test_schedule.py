# SPDX-License-Identifier: Apache-2.0
"""Schedules: system files become nodes of the device tree, and what can't work is refused with file and line."""
import pytest

from conftest import config

CPUS, FRAME = 'schedule_cpus = "2-3"\n', "schedule_frame = 10000\n"
WINDOWS = 'schedule = [\n  "a,offset=0,duration=4000",   # "not this"\n  "b,offset=4000,duration=6000",\n]\n'
GOOD = CPUS + FRAME + WINDOWS


def make(shop, system, *more, a=None, b=None):
    shop.write("system.cfg", system.encode())
    return shop.make(a or config(name='"a"', vcpus=2), b or config(name='"b"'), options=["--system", "system.cfg", *more])


# Req: BH-TOOL-018
def test_a_schedule_is_in_the_tree(shop):
    schedule = make(shop, GOOD).good().tree["chosen/schedule-1"]
    assert schedule.string("compatible") == "bulkhead,schedule"
    assert schedule.cells("cpus") == [2, 3] and schedule.cells("frame") == [10000]
    windows = [(w.string("partition"), *w.cells("offset"), *w.cells("duration")) for w in schedule.children.values()]
    assert windows == [("a", 0, 4000), ("b", 4000, 6000)]


def test_two_schedules(shop):
    shop.write("second.cfg", b'schedule_cpus = "0"\nschedule_frame = 1000\nschedule = ["b,offset=0,duration=1000"]\n')
    tree = make(shop, GOOD.replace('"b,offset=4000,duration=6000"', '"a,offset=4000,duration=6000"'), "--system",
                "second.cfg").good().tree
    assert tree["chosen/schedule-2"].cells("cpus") == [0]


# Lines: 1 CPUs, 2 frame, 3 list, 4 and 5 windows.
REFUSED = {
    "no cpus": (FRAME + WINDOWS, r"system\.cfg:1: 'schedule_cpus' is missing"),
    "no frame": (CPUS + WINDOWS, r"system\.cfg:1: 'schedule_frame' is missing"),
    "no windows": (CPUS + FRAME, r"system\.cfg:1: 'schedule' is missing"),
    "empty list": (CPUS + FRAME + "schedule = []\n", r"system\.cfg:3: 'schedule' must be a list of 1 to 64 windows"),
    "unknown key": (GOOD + "name = \"x\"\n", r"system\.cfg:7: unknown key 'name'"),
    "all cpus": (GOOD.replace("2-3", "all"), r"system\.cfg:1: 'schedule_cpus': expected CPU numbers"),
    "bad cpus": (GOOD.replace("2-3", "x"), r"system\.cfg:1: 'schedule_cpus': expected a CPU number"),
    "cpu beyond the board": (GOOD.replace("2-3", "4"), r"system\.cfg:1: CPU 4 is not there: the board's CPUs are 0 to 3"),
    "short frame": (GOOD.replace("10000", "999"), r"system\.cfg:2: 'schedule_frame' must be a number of microseconds from"),
    "frame is text": (GOOD.replace("= 10000", '= "x"'), r"system\.cfg:2: 'schedule_frame' must be"),
    "beyond the frame": (GOOD.replace("duration=6000", "duration=6001"),
                         r"system\.cfg:5: the window of 'b' ends at 10001 us, beyond the frame's 10000"),
    "overlap": (GOOD.replace("offset=4000", "offset=3999"),
                r"system\.cfg:5: the window of 'b' overlaps that of 'a' in system\.cfg:4"),
    "short window": (GOOD.replace("duration=4000", "duration=999"), r"system\.cfg:4: the window of 'a' lasts 999 us"),
    "unknown partition": (GOOD.replace("b,offset", "c,offset"), r"system\.cfg:5: there is no partition 'c'"),
    "negative offset": (GOOD.replace("offset=0", "offset=-1"), r"system\.cfg:4: a window of 'schedule' must be"),
    "no numbers": (GOOD.replace(",offset=0,duration=4000", ""), r"system\.cfg:4: a window of 'schedule' must be"),
    "more behind": (GOOD.replace("4000\"", "4000us\""), r"system\.cfg:4: a window of 'schedule' must be"),
    "syntax": ("schedule = [", r"system\.cfg:"),
    "no file": ("\0", r"system\.cfg: is not a text file"),
}


# Req: BH-TOOL-018
@pytest.mark.parametrize("system,expected", REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused(shop, system, expected):
    make(shop, system).refused(expected)


def test_partitions_in_a_schedule_have_no_cpus(shop):
    make(shop, GOOD, b=config(name='"b"', cpus='"0"')).refused(
        r"system\.cfg:5: 'b' has CPUs of its own: it can't be in a schedule beside 'cpus' in b\.cfg:4")


def test_owned_cpus_are_not_a_schedules(shop):
    shop.write("c.cfg", config(name='"c"', cpus='"3"').encode())
    make(shop, GOOD, "c.cfg").refused(r"system\.cfg:1: CPU 3 is taken already, see c\.cfg")


def test_nobody_is_left_without_a_cpu(shop):
    shop.write("c.cfg", config(name='"c"').encode())
    make(shop, GOOD.replace("2-3", "0-3"), "c.cfg").refused(r"c\.cfg:1: no CPU is left for it: .*as in system\.cfg")


def test_a_partition_is_in_one_schedule(shop):
    shop.write("second.cfg", GOOD.replace("2-3", "0").encode())
    make(shop, GOOD, "--system", "second.cfg").refused(r"second\.cfg:4: 'a' is in another schedule")
    shop.write("second.cfg", GOOD.encode())
    make(shop, GOOD, "--system", "second.cfg").refused(r"second\.cfg:1: CPU 2 is taken already, see system\.cfg")
