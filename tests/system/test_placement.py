# SPDX-License-Identifier: Apache-2.0
"""Memory that the boot description sets apart for partitions."""
import pytest

import placing
from board import RAM_BASE, hypervisor_path

pytestmark = pytest.mark.bulkhead

FIRST, SECOND = RAM_BASE + 0x20000000, RAM_BASE + 0x18000000


# Req: BH-MEM-022, BH-BOOT-044
@pytest.mark.parametrize("gic", [2, 3])
def test_memory_is_where_the_description_says(start, guest, gic):
    placing.memory_is_where_the_description_says(start, guest, f"gic{gic}", RAM_BASE, FIRST, SECOND, gic=gic)


# Req: BH-BOOT-062
def test_all_memory_is_of_the_heap_that_is_named(start, guest):
    """But for memory that is set apart. One that does not fit is not started, though the board has memory."""
    ram, qemu = placing.ram_file("heap-virt", 1024)
    heap = (RAM_BASE + 0x30000000, 160 << 20)
    cells = f"xen,static-heap = <0 {heap[0]:#x} 0 {heap[1]:#x}>;"
    console = start([guest("in", "life", "tag=1 pages=4096", memory=64),
                     guest("apart", "life", "tag=2", memory=32, extra=placing.static_memory((FIRST, 32 << 20))),
                     guest("large", "hello", memory=128)], qemu=qemu, dts=f"/ {{ chosen {{ {cells} }}; }};")
    console.wait_end(60)
    assert any("large: 131072 KiB of memory: only" in line for line in console.lines[None])
    places = [placing.places_of(ram, RAM_BASE, tag) for tag in (1, 2)]
    ram.unlink()
    assert len(places[0]) == 4096 and all(heap[0] <= at < sum(heap) for at in places[0])
    assert len(places[1]) == 1 and FIRST <= places[1][0] < FIRST + (32 << 20)


# Req: BH-MEM-025, BH-MEM-026, BH-MEM-027, BH-BOOT-060
def test_memory_has_the_colours_that_are_named(start, guest):
    code = placing.text_pages(hypervisor_path(), 0x4000, 16)
    placing.memory_has_the_colours_that_are_named(start, guest, "virt", RAM_BASE, code)


# Req: BH-MEM-025, BH-BOOT-060
@pytest.mark.soak
def test_linux_with_colours(start, linux):
    """It gives memory back and gets other of its colours; the hypervisor's default colour is not among them."""
    console = start([linux("coloured", "selftest=balloon", extra='llc-colors = "1-7,12-15";')], limit=150,
                    bootargs="llc-coloring=on")
    console.wait_line("coloured", "selftest balloon: exit 0", 100)
    console.wait_end(30)


# Req: BH-MEM-028, BH-BOOT-061
def test_memory_is_of_the_node_that_is_named(start, guest):
    files, qemu, start_of = [], (), {0: RAM_BASE, 1: RAM_BASE + (512 << 20)}
    for node in start_of:
        path, (_, backend, *_) = placing.ram_file(f"node{node}-virt", 512)
        files.append(path)
        qemu += ("-object", backend.replace("id=ram", f"id=ram{node}"), "-numa", f"node,nodeid={node},memdev=ram{node}")
    nodes = "".join(f'memory@{at:x} {{ device_type = "memory"; reg = <0 {at:#x} 0 0x20000000>; numa-node-id = <{node}>; }};'
                    for node, at in start_of.items())
    placing.memory_is_of_the_node(start, guest, "virt", files, qemu,
                                  dts=f"/ {{ /delete-node/ memory@40000000; {nodes} }};")



# Req: BH-MEM-024, BH-BOOT-045
def test_linux_at_machine_addresses(start, linux):
    extra = placing.static_memory((FIRST, 128 << 20), (SECOND, 64 << 20)) + " direct-map;"
    console = start([linux("direct", extra=extra)], limit=150)
    console.wait_text("direct:/root# ", 60)
    console.send("grep 'System RAM' /proc/iomem\r")
    console.wait_text(f"{SECOND:08x}-{SECOND + (64 << 20) - 1:08x} : System RAM")
    console.wait_text(f"{FIRST:08x}-{FIRST + (128 << 20) - 1:08x} : System RAM")


# Req: BH-MEM-023
@pytest.mark.soak
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
