# SPDX-License-Identifier: Apache-2.0
"""Memory that the boot description sets apart for partitions."""
import pytest

import placing
from board import RAM_BASE

pytestmark = pytest.mark.bulkhead

FIRST, SECOND = RAM_BASE + 0x20000000, RAM_BASE + 0x18000000


# Req: BH-MEM-022, BH-BOOT-044
@pytest.mark.parametrize("gic", [2, 3])
def test_memory_is_where_the_description_says(start, guest, gic):
    placing.memory_is_where_the_description_says(start, guest, f"gic{gic}", RAM_BASE, FIRST, SECOND, gic=gic)


# Req: BH-MEM-024, BH-BOOT-045
def test_linux_at_machine_addresses(start, linux):
    extra = placing.static_memory((FIRST, 128 << 20), (SECOND, 64 << 20)) + " direct-map;"
    console = start([linux("direct", extra=extra)], limit=150)
    console.wait_text("direct:/root# ", 60)
    console.send("grep 'System RAM' /proc/iomem\r")
    console.wait_text(f"{SECOND:08x}-{SECOND + (64 << 20) - 1:08x} : System RAM")
    console.wait_text(f"{FIRST:08x}-{FIRST + (128 << 20) - 1:08x} : System RAM")


# Req: BH-MEM-023
def test_linux_gives_back_and_gets_again_what_is_its_own(start, linux):
    extra = placing.static_memory((FIRST, 128 << 20), (SECOND, 64 << 20))
    console = start([linux("placed", "selftest=balloon", extra=extra)], limit=150)
    console.wait_line("placed", "selftest balloon: exit 0", 100)
    console.wait_end(30)


# Req: BH-BOOT-044
def test_memory_that_overlaps_is_refused(start, guest):
    """The one that has it first runs."""
    console = start([guest("one", "hello", memory=32, extra=placing.static_memory((FIRST, 32 << 20))),
                     guest("two", "hello", memory=32, extra=placing.static_memory((FIRST + (16 << 20), 32 << 20)))])
    console.wait_line("one", "guest: done", 30)
    console.wait_end(30)
    assert any("xen,static-mem: 0x61000000: overlaps a module or memory of one" in line for line in console.lines[None])
    assert not console.lines.get("two")
