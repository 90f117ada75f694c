# SPDX-License-Identifier: Apache-2.0
"""The same as test_blocks.py on PCs."""
import functools

import pytest

from pc import guest
from test_blocks import nobody_notices

pytestmark = pytest.mark.bulkhead


# Req: BH-MEM-019
@pytest.mark.parametrize("bits", [64, 32])
def test_nobody_notices_that_a_block_is_taken_apart(start_pc, bits):
    nobody_notices(start_pc, functools.partial(guest, bits=bits))
