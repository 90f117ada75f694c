# SPDX-License-Identifier: Apache-2.0
"""Partitions that start again after their end, as the boot description says."""
import pytest

import restarting

pytestmark = pytest.mark.bulkhead


# Req: BH-LIFE-012, BH-LIFE-014
def test_one_starts_again_while_another_counts_on(start, guest):
    restarting.starts_again_while_another_counts_on(start, guest)


# Req: BH-LIFE-013
@pytest.mark.parametrize("gic", [2, 3])
def test_all_memory_comes_back(start, guest, gic):
    restarting.all_memory_comes_back(start, guest, gic=gic)


# Req: BH-LIFE-012
@pytest.mark.parametrize("cause", ["crash", "watchdog"])
def test_a_crash_or_a_watchdog_starts_it_again(start, guest, cause):
    restarting.a_crash_or_a_watchdog_starts_it_again(start, guest, cause, f"end={cause}")


# Req: BH-LIFE-012
def test_power_off_is_the_end_all_the_same(start, guest):
    restarting.power_off_is_the_end_all_the_same(start, guest)


# Req: BH-LIFE-016
def test_an_end_halts_the_board(start, guest):
    restarting.an_end_halts_the_board(start, guest)


# Req: BH-LIFE-013, BH-LIFE-015
def test_its_event_channel_is_bound_again(start, guest, debug_build):
    restarting.its_event_channel_is_bound_again(start, guest, hypervisor=debug_build)


# Req: BH-LIFE-012, BH-CONS-003
def test_linux_is_rebooted_at_its_shell(start, guest, linux):
    restarting.linux_is_rebooted_at_its_shell(start, guest, linux, cpus=2)


# Req: BH-LIFE-013, BH-SCHED-005
@pytest.mark.parametrize("times", [10, pytest.param(1000, marks=pytest.mark.soak)])
def test_many_restarts_take_nothing_from_a_neighbour(start, guest, debug_build, times):
    restarting.many_restarts_take_nothing(start, guest, debug_build, times)
