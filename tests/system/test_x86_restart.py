# SPDX-License-Identifier: Apache-2.0
"""The same as test_restart.py on PCs."""
import functools

import pytest

import restarting
from pc import guest, linux

pytestmark = pytest.mark.bulkhead


# Req: BH-LIFE-012, BH-LIFE-014
def test_one_starts_again_while_another_counts_on(start_pc):
    restarting.starts_again_while_another_counts_on(start_pc, guest)


# Req: BH-LIFE-013
@pytest.mark.parametrize("bits", [64, 32])
def test_all_memory_comes_back(start_pc, bits):
    restarting.all_memory_comes_back(start_pc, functools.partial(guest, bits=bits))


# Req: BH-LIFE-012
@pytest.mark.parametrize("cause", ["crash", "watchdog"])
def test_a_crash_or_a_watchdog_starts_it_again(start_pc, cause):
    restarting.a_crash_or_a_watchdog_starts_it_again(start_pc, guest, cause, f"end={cause}")


# Req: BH-LIFE-012
def test_power_off_is_the_end_all_the_same(start_pc):
    restarting.power_off_is_the_end_all_the_same(start_pc, guest)


# Req: BH-LIFE-016
def test_an_end_halts_the_board(start_pc):
    restarting.an_end_halts_the_board(start_pc, guest)


# Req: BH-LIFE-013, BH-LIFE-015
def test_its_event_channel_is_bound_again(start_pc, debug_build_x86):
    restarting.its_event_channel_is_bound_again(start_pc, guest, hypervisor=debug_build_x86)


# Req: BH-LIFE-012, BH-CONS-003
@pytest.mark.soak
def test_linux_is_rebooted_at_its_shell(start_pc):
    restarting.linux_is_rebooted_at_its_shell(start_pc, guest, linux, cpus=2)


# Req: BH-LIFE-013, BH-SCHED-005
@pytest.mark.parametrize("times", [10, pytest.param(1000, marks=pytest.mark.soak)])
def test_many_restarts_take_nothing_from_a_neighbour(start_pc, debug_build_x86, times):
    restarting.many_restarts_take_nothing(start_pc, guest, debug_build_x86, times)
