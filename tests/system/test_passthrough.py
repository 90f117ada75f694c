# SPDX-License-Identifier: Apache-2.0
"""Devices of the board for partitions, by partial device trees, as Xen has them (docs/misc/arm/passthrough.txt)."""
import shutil
import subprocess

import pytest

import counting
import placing
import restarting
from board import BUILD, RAM_BASE, TOP, WORK
from console import PINNED

pytestmark = pytest.mark.bulkhead

# QEMU's virt: its real-time clock, and the last four of 32 slots for virtio devices, which share a page of registers.
RTC, RTC_LINE = 0x09010000, 2
SLOTS, SLOT_LINE = 0x0A003000, 40
DIRECT = placing.static_memory((RAM_BASE + 0x20000000, 192 << 20)) + " direct-map;"


CLOCK = r"""#!/bin/sh
cd /sys/class/rtc/rtc0 || exit 1
echo "clock: $(cat name)"
echo +1 > wakealarm
sleep 3
echo "alarms: $(awk '/pl031/ {print $2}' /proc/interrupts)"
"""


DISK = r"""#!/bin/sh
for file in /modules/*.ko; do insmod $file; done
echo "disk: $(head -c 16 /dev/vda)"
found=$(dd if=/dev/vda bs=512 skip=8 count=1 2> /dev/null | tr -d '\0')
echo "found: ${found:-nothing}"
printf mark | dd of=/dev/vda bs=512 seek=8 conv=notrunc,fsync 2> /dev/null
[ -z "$found" ] && reboot -f
poweroff -f
"""


@pytest.fixture(scope="module")
def drivers():
    """The usual initramfs, with Debian's drivers for the disk, and self-tests of the devices."""
    out, overlay = WORK / "passthrough.cpio.gz", WORK / "passthrough"
    shutil.rmtree(overlay, ignore_errors=True)
    (overlay / "modules").mkdir(parents=True)
    (overlay / "selftest").mkdir()
    for name, text in (("clock", CLOCK), ("disk", DISK)):
        (overlay / "selftest" / name).write_text(text)
        (overlay / "selftest" / name).chmod(0o755)
    subprocess.run([TOP / "scripts/debian-fetch.sh", "devices"], check=True)
    for driver in ("40-virtio_mmio", "41-virtio_blk"):
        shutil.copy(BUILD / "debian/arm64/devices" / f"{driver}.ko", overlay / "modules")
    subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


def partial_tree(name, nodes):
    """A blob with NODES in /passthrough."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{name}.dtb"
    text = ("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; "
            'interrupt-controller; }; passthrough { compatible = "simple-bus"; ranges; #address-cells = <2>; '
            f"#size-cells = <2>; {nodes} }}; }};")
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path], input=text, text=True, check=True, timeout=30)
    return path


def clock(at=RTC):
    return (f"clk: clk {{ compatible = \"fixed-clock\"; #clock-cells = <0>; clock-frequency = <24000000>; }};"
            f"rtc@{at:x} {{ compatible = \"arm,pl031\", \"arm,primecell\"; reg = <0 {at:#x} 0 0x1000>; "
            f"interrupt-parent = <&gic>; interrupts = <0 {RTC_LINE} 4>; clocks = <&clk>; clock-names = \"apb_pclk\"; "
            f"xen,reg = <0 {RTC:#x} 0 0x1000 0 {at:#x}>; xen,path = \"/pl031@9010000\"; "
            "xen,force-assign-without-iommu; };")


def slots():
    """A page with eight slots, of which QEMU uses the last one first."""
    nodes = (f"page {{ xen,reg = <0 {SLOTS:#x} 0 0x1000 0 {SLOTS:#x}>; }};")
    for i in range(8):
        at = SLOTS + 0x200 * i
        nodes += (f"virtio_mmio@{at:x} {{ compatible = \"virtio,mmio\"; dma-coherent; reg = <0 {at:#x} 0 0x200>; "
                  f"interrupt-parent = <&gic>; interrupts = <0 {SLOT_LINE + i} 1>; "
                  f"xen,path = \"/virtio_mmio@{at:x}\"; xen,force-assign-without-iommu; }};")
    return nodes


# Req: BH-DEV-014, BH-DEV-015, BH-DEV-016
@pytest.mark.parametrize("gic", [2, 3])
def test_a_clock_elsewhere(start, linux, drivers, gic):
    """The guest sees it at an address of its own; its alarm is an interrupt of the board's."""
    tree = partial_tree(f"clock-gic{gic}", clock(0x30000000))
    console = start([linux("alpha", "selftest=clock", ramdisk=drivers, devices=tree)], gic=gic, limit=150)
    console.wait_line("alpha", "clock: rtc-pl031 30000000.rtc", 90)
    console.wait_line("alpha", "alarms: 1", 30)


# Req: BH-DEV-013, BH-DEV-015
def test_a_disk_through_restarts(start, linux, drivers):
    """A partition at its machine addresses reads and writes the board's disk by DMA, and its next life does so too."""
    WORK.mkdir(parents=True, exist_ok=True)
    disk = WORK / "passthrough-disk.img"
    disk.write_bytes(b"bulkhead-on-disk" + bytes((1 << 20) - 16))
    console = start([linux("alpha", "selftest=disk", devices=partial_tree("slots", slots()), ramdisk=drivers,
                           extra=DIRECT + 'bulkhead,on-reboot = "restart";')], limit=200, qemu=(
        "-drive", f"file={disk},if=none,id=d,format=raw", "-device", "virtio-blk-device,drive=d"))
    console.wait_end(150)
    assert [line for line in console.lines["alpha"] if line.startswith(("disk:", "found:"))] == [
        "disk: bulkhead-on-disk", "found: nothing", "disk: bulkhead-on-disk", "found: mark"]
    assert disk.read_bytes()[512 * 8:].startswith(b"mark\0")


# Req: BH-SCHED-005, BH-DEV-015
def test_one_whose_interrupt_never_stops_takes_nothing_from_a_cpu_that_is_owned(start, guest, debug_build):
    """With a GICv3: when a guest ends an interrupt, QEMU's GICv2 does not look whether the line is still up."""
    console = start([guest("busy", "count", "ms=600000", extra=PINNED.format(cpu=1)),
                     guest("storm", "alarm", devices=partial_tree("alarm-owned", clock()), extra=PINNED.format(cpu=0))],
                    hypervisor=debug_build, cpus=2, gic=3, limit=100)
    console.wait_line("storm", "alarms: 1000$", 60)
    console.send("\x01" * 6)
    console.wait_text("input to the hypervisor", 20)
    before = counting.counts(console, 2)
    console.wait_line("storm", "alarms: 5000$", 60)
    after = counting.counts(console, 2)
    assert after[1] == before[1], (before, after)
    assert after[0][1] >= before[0][1] + 3000, (before, after)


# Req: BH-SCHED-001, BH-DEV-015
def test_one_whose_interrupt_never_stops_shares_its_cpu(start, guest):
    console = start([guest("counter", "count", "ms=20 rounds=0"), guest("storm", "alarm", devices=partial_tree("alarm", clock()))],
                    cpus=1, gic=3, limit=100)
    console.wait_line("storm", "alarms: 1000$", 60)
    before = restarting.rounds(console, "counter")
    console.wait(lambda: restarting.rounds(console, "counter") >= before + 50, 60, "further counting")
    last = max(int(line.split()[-1]) for line in console.lines["storm"] if line.startswith("alarms: "))
    assert last >= 2000


# Req: BH-DEV-013
def test_a_device_has_one_owner(start, guest):
    console = start([guest("one", "hello", devices=partial_tree("clock-one", clock())),
                     guest("two", "hello", devices=partial_tree("clock-two", clock(0x30000000)))])
    console.wait_line("one", "guest: done", 30)
    console.wait_end(30)
    assert any("two: partial device tree: /passthrough/rtc@30000000: another domain has it (0x9010000)" in line
               for line in console.lines[None])
    assert not console.lines.get("two")
