# SPDX-License-Identifier: Apache-2.0
"""What the hypervisor counts on a PC."""
import pytest

import counting
from pc import guest

pytestmark = pytest.mark.bulkhead


# Req: BH-SCHED-005, BH-CONS-013, BH-CONS-014
def test_a_cpu_that_is_owned_is_left_alone(start_pc, debug_build_x86):
    counting.a_cpu_that_is_owned_is_left_alone(start_pc, guest, debug_build_x86)


# Req: BH-SCHED-005, BH-EVT-011
def test_a_storm_is_between_those_who_share_it(start_pc, debug_build_x86):
    counting.a_storm_is_between_those_who_share_it(start_pc, guest, debug_build_x86)
