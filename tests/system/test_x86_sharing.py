# SPDX-License-Identifier: Apache-2.0
"""Partitions of a PC that share memory, as the boot description says."""
import functools

import pytest

import sharing
from pc import guest, linux

pytestmark = pytest.mark.bulkhead


# Req: BH-SHM-003, BH-SHM-004
@pytest.mark.parametrize("bits", [64, 32])
def test_messages_reach_the_other_partition(start_pc, bits):
    sharing.messages_reach_the_other_partition(start_pc, functools.partial(guest, bits=bits), write="ignored")


# Req: BH-SHM-002
def test_what_is_shared_is_where_the_description_says(start_pc):
    sharing.what_is_shared_is_where_the_description_says(start_pc, guest, "pc", 0)


# Req: BH-SHM-003, BH-SHM-005
def test_two_linux_partitions(start_pc):
    sharing.two_linux_partitions(start_pc, linux, "grep PRP /proc/iomem", "80000000-800fffff : PRP0001:00")
