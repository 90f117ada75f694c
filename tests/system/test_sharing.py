# SPDX-License-Identifier: Apache-2.0
"""Partitions that share memory, as the boot description says."""
import pytest

import sharing
from board import RAM_BASE

pytestmark = pytest.mark.bulkhead


# Req: BH-SHM-003, BH-SHM-004
@pytest.mark.parametrize("gic", [2, 3])
def test_messages_reach_the_other_partition(start, guest, gic):
    sharing.messages_reach_the_other_partition(start, guest, gic=gic)


# Req: BH-SHM-004
def test_messages_under_the_debug_build(start, guest, debug_build):
    sharing.messages_reach_the_other_partition(start, guest, messages=3000, hypervisor=debug_build)


# Req: BH-SHM-002
def test_what_is_shared_is_where_the_description_says(start, guest):
    sharing.what_is_shared_is_where_the_description_says(start, guest, "virt", RAM_BASE)


# Req: BH-SHM-001
def test_a_region_that_is_elsewhere_for_another_is_refused(start, guest):
    sharing.a_region_that_is_elsewhere_for_another_is_refused(start, guest)


# Req: BH-SHM-003, BH-SHM-005
def test_two_linux_partitions(start, linux):
    sharing.two_linux_partitions(start, linux, "tr '\\0' '!' < /proc/device-tree/reserved-memory/xen-shmem@80000000/xen,id",
                                 "link!")
