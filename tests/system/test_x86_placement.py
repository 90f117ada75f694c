# SPDX-License-Identifier: Apache-2.0
"""Memory that the boot description sets apart for partitions of a PC."""
import pytest

import placing
from pc import guest

pytestmark = pytest.mark.bulkhead


# Req: BH-MEM-022, BH-BOOT-044
def test_memory_is_where_the_description_says(start_pc):
    placing.memory_is_where_the_description_says(start_pc, guest, "pc", 0, 0x20000000, 0x1C000000)
