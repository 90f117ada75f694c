# SPDX-License-Identifier: Apache-2.0
"""Schedules on a PC: as test_schedule.py has them for arm64."""
import pytest

import pc
from console import schedule
from test_schedule import ALPHA, BETA, FRAME, LATE, WINDOWS, expect_windows


# Req: BH-SCHED-015, BH-SCHED-017
@pytest.mark.parametrize("hog", ["none", "memory", "timer"])
def test_a_neighbour_that_never_sleeps_takes_no_time_of_a_window(start_pc, hog):
    console = start_pc([pc.guest("alpha", "windows", f"windows={WINDOWS}"),
                        pc.guest("beta", "windows", f"windows=0 hog={hog}")],
                       cpus=1, icount=True, dts=schedule(0, FRAME, [ALPHA, BETA]))
    expect_windows(console, 4000, late=LATE if hog == "memory" else 5000)


# Req: BH-SCHED-019
def test_a_neighbour_that_starts_again_does_so_in_its_own_windows(start_pc):
    beta = pc.guest("beta", "hello", "end=reset", extra='bulkhead,on-reboot = "restart";', memory=64)
    console = start_pc([pc.guest("alpha", "windows", f"windows={2 * WINDOWS}"), beta], cpus=1, icount=True,
                       dts=schedule(0, FRAME, [ALPHA, BETA]))
    expect_windows(console, 4000, 2 * WINDOWS, late=10000)
    assert sum("beta: started again" in line for line in console.lines[None]) >= 2, console.lines[None]
