# SPDX-License-Identifier: Apache-2.0
"""What the hypervisor counts, and its own keys on the console."""
import pytest

import counting

pytestmark = pytest.mark.bulkhead


# Req: BH-SCHED-005, BH-CONS-013, BH-CONS-014
def test_a_cpu_that_is_owned_is_left_alone(start, guest, debug_build):
    counting.a_cpu_that_is_owned_is_left_alone(start, guest, debug_build)


# Req: BH-SCHED-005, BH-EVT-011
def test_a_storm_is_between_those_who_share_it(start, guest, debug_build):
    counting.a_storm_is_between_those_who_share_it(start, guest, debug_build)
