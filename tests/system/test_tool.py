# SPDX-License-Identifier: Apache-2.0
"""Systems that bulkhead-image describes do what their files say: devices, channels, order, rules, a schedule."""
import pytest

from board import WORK
from test_passthrough import SLOTS, drivers  # noqa: F401 (a fixture)
from tool import ToolBoard

pytestmark = pytest.mark.bulkhead


def no_complaints(console, but=()):
    """The hypervisor finds nothing to say against the description."""
    complaints = [line for line in console.lines[None] if ": error)" in line or ": warning)" in line]
    assert [line for line in complaints if not any(word in line for word in but)] == []


# Req: BH-TOOL-022
@pytest.mark.parametrize("gic", [2, 3])
def test_a_clock_by_its_path(start, linux, drivers, gic):  # noqa: F811
    """The partial tree is the tool's: the guest's driver finds registers, interrupt and clock."""
    console = start([linux("alpha", "selftest=clock", ramdisk=drivers)], kind=ToolBoard, gic=gic, limit=150,
                    keys={"alpha": 'dtdev = [ "/pl031@9010000" ]\n'})
    console.wait_line("alpha", "clock: rtc-pl031 9010000.pl031", 90)
    console.wait_line("alpha", "alarms: 1", 30)
    no_complaints(console)


# Req: BH-TOOL-022, BH-TOOL-020
def test_a_disk_by_its_path(start, linux, drivers):  # noqa: F811
    """All slots of a page of virtio's, in a partition at its machine addresses."""
    disk = WORK / "tool-disk.img"
    WORK.mkdir(parents=True, exist_ok=True)
    disk.write_bytes(b"bulkhead-on-disk" + bytes((1 << 20) - 16))
    slots = ", ".join(f'"/virtio_mmio@{SLOTS + 0x200 * i:x}"' for i in range(8))
    console = start([linux("alpha", "selftest=disk", ramdisk=drivers)], kind=ToolBoard, limit=200, keys={
        "alpha": f'dtdev = [ {slots} ]\nstatic_memory = [ "0x60000000,192M" ]\ndirect_map = 1\n'},
        qemu=("-drive", f"file={disk},if=none,id=d,format=raw", "-device", "virtio-blk-device,drive=d"))
    console.wait_end(150)
    assert "disk: bulkhead-on-disk" in console.lines["alpha"]
    assert disk.read_bytes()[512 * 8:].startswith(b"mark\0")
    no_complaints(console)


# Req: BH-TOOL-018, BH-TOOL-026, BH-TOOL-027, BH-TOOL-028
def test_channels_order_and_a_schedule(start, guest):
    """One waits for the event that the other sends through the channel of the system file."""
    console = start([guest("second", "life", "port=20 answer=1"), guest("first", "life", "port=30"),
                     guest("third", "hello")], kind=ToolBoard, cpus=4, limit=90, keys={
        "second": 'after = "first"\nafter_timeout = 100\nafter_action = "halt-board"\n', "first": "ready = 30\n"},
        system='channels = [ "second:20,first:30", "third:2,third:3" ]\n'
               'allow = [ "from=first,to=third,kinds=event+grant+argo+memory" ]\n'
               'serve = [ "server=first,client=third,rings=xenstore" ]\n'
               'schedule_cpus = "3"\nschedule_frame = 10000\nschedule = [ "third,offset=1000,duration=5000" ]\n')
    console.wait_line("second", "life: new", 60)
    console.wait_line("first", "answer: yes", 30)
    console.wait_line("third", "guest: done", 30)
    said = [line.removeprefix("(bulkhead) ") for line in console.lines[None]]
    assert said.index("second: starts when first is ready") < said.index("first: ready"), said
    assert any("xenstore by first" in line for line in said)
    no_complaints(console)


# Req: BH-TOOL-024
def test_colours(start, guest):
    """The hypervisor finds as many colours as the system file says, and gives each partition its own."""
    console = start([guest("one", "pattern", "rounds=1"), guest("two", "hello")], kind=ToolBoard, keys={
        "one": 'llc_colors = "2-7"\n', "two": 'llc_colors = "8-9,12"\n'},
        system='llc_size = "1M"\nllc_ways = 16\nxen_llc_colors = "0-1"\n')
    console.wait_line(None, "cache: 16 colours", 30)
    console.wait_guests()
    no_complaints(console)
