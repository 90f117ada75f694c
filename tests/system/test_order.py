# SPDX-License-Identifier: Apache-2.0
"""The order in which partitions start, as the boot description says."""
import pytest

import ordering

pytestmark = pytest.mark.bulkhead


# Req: BH-LIFE-017
def test_one_starts_when_the_other_says_so(start, guest):
    ordering.one_starts_when_the_other_says_so(start, guest)


# Req: BH-LIFE-018
@pytest.mark.parametrize("action,expected", [("start", "it starts all the same"), ("destroy", "it does not start"),
                                             ("halt-board", "the board halts")])
def test_who_waits_in_vain(start, guest, action, expected):
    ordering.who_waits_in_vain(start, guest, action, expected)
