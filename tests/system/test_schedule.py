# SPDX-License-Identifier: Apache-2.0
"""Partitions in a schedule have their windows and nothing else, to the microsecond, whatever their neighbours do. The
guest watches its counter (guests/windows.c); under -icount that is exact."""
import pytest

from console import BUILD, schedule

FRAME = 10000
ALPHA, BETA = ("alpha", 0, 4000), ("beta", 4000, 6000)
WINDOWS = 60
# No window begins or ends later than the longest run of a hypercall and a switch; in nanoseconds.
LATE = 60000


def expect_windows(console, length, count=WINDOWS, late=LATE, name="alpha"):
    console.wait_line(name, "guest: done", 60)
    found = {key: int(value) for key, value in console.results(name).items() if value.isdigit()}
    assert found["windows"] == found["frames"] == count, found
    assert found["longest"] <= length * 1000 and found["shortest"] >= length * 1000 - late, found
    assert found["beginnings apart"] <= late, found
    return found


# Req: BH-SCHED-015, BH-SCHED-017
@pytest.mark.parametrize("hog", ["none", "memory", "timer"])
def test_a_neighbour_that_never_sleeps_takes_no_time_of_a_window(start, guest, hog):
    console = start([guest("alpha", "windows", f"windows={WINDOWS}"), guest("beta", "windows", f"windows=0 hog={hog}")],
                    cpus=1, icount=True, dts=schedule(0, FRAME, [ALPHA, BETA]))
    expect_windows(console, 4000, late=LATE if hog == "memory" else 3000)


def test_time_between_windows_is_nobodys(start, guest):
    """What beta's last call takes too long then costs the gap behind its window, and not alpha."""
    console = start([guest("alpha", "windows", f"windows={WINDOWS}"),
                     guest("beta", "windows", "windows=0 hog=memory")],
                    cpus=1, icount=True, dts=schedule(0, FRAME, [ALPHA, ("beta", 4000, 5900)]))
    expect_windows(console, 4000, late=3000)


# Req: BH-SCHED-016
def test_who_is_in_no_schedule_has_the_other_cpu(start, guest):
    """In real time, with wide margins: under -icount the emulator's CPUs stand still by turns."""
    console = start([guest("alpha", "windows", f"windows={WINDOWS} gap=1000"), guest("beta", "windows", "windows=0"),
                     guest("gamma", "count", "ms=1000 rounds=0")], cpus=2, dts=schedule(1, FRAME, [ALPHA, BETA]))
    console.wait_line("alpha", "guest: done", 60)
    found = {key: int(value) for key, value in console.results("alpha").items() if value.isdigit()}
    assert 0.1 < found["all"] / (found["frames"] * FRAME * 1000) < 0.55, found
    console.wait_line("gamma", "round 2")


# Req: BH-SCHED-019
def test_a_neighbour_that_starts_again_does_so_in_its_own_windows(start, guest):
    beta = guest("beta", "hello", "end=reset", extra='bulkhead,on-reboot = "restart";', memory=64)
    console = start([guest("alpha", "windows", f"windows={2 * WINDOWS}"), beta], cpus=1, icount=True,
                    dts=schedule(0, FRAME, [ALPHA, BETA]))
    expect_windows(console, 4000, 2 * WINDOWS, late=10000)
    assert sum("beta: started again" in line for line in console.lines[None]) >= 2, console.lines[None]


# Req: BH-SCHED-020
def test_a_schedule_with_a_mistake_is_refused_as_a_whole(start, guest):
    console = start([guest("alpha", "hello"), guest("beta", "hello"), guest("gamma", "hello")], cpus=2,
                    dts=schedule(1, FRAME, [("alpha", 0, 4001), BETA]))
    console.wait_line("gamma", "guest: done")
    console.wait_line(None, "/chosen/schedule/w1: offset: overlaps the window of alpha at 0 us")
    console.wait_line(None, "/chosen/beta: its schedule is not used: this partition is not started")
    console.wait_line(None, "2 partitions are not started")
    assert not console.lines["alpha"] and not console.lines["beta"]


def test_linux_in_a_schedule(start, guest, linux):
    """It boots and ends in its windows, beside one that never sleeps."""
    console = start([linux("alpha", "selftest=load"), guest("beta", "windows", "windows=0 hog=memory")], cpus=1,
                    dts=schedule(0, FRAME, [("alpha", 0, 7000), ("beta", 7000, 3000)]), limit=180)
    console.wait_line(None, "alpha: powered off", 180)


def test_the_smallest_build_with_schedules(start, guest):
    """Without the fair scheduler, sealed: configs/arm64-windows.config."""
    console = start([guest("alpha", "windows", f"windows={WINDOWS}"), guest("beta", "windows", "windows=0")], cpus=1,
                    icount=True, hypervisor=BUILD / "arm64-windows" / "bulkhead", dts=schedule(0, FRAME, [ALPHA, BETA]))
    expect_windows(console, 4000, late=3000)
