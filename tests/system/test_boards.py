# SPDX-License-Identifier: Apache-2.0
"""The same image on other boards than QEMU's own: docs/boards.md."""
import functools
import shutil
import subprocess

import pytest

import placing
import restarting
import sharing
from board import DEBIAN, TOP, WORK
from other_boards import HIGH_BASE, Versal, Zcu102
from test_passthrough import partial_tree

pytestmark = pytest.mark.bulkhead


@pytest.fixture(params=[Zcu102, Versal], ids=["zcu102", "versal"])
def kind(request):
    return request.param


@pytest.fixture
def start_board(kind, start):
    """The same as START, on one of the boards."""
    return functools.partial(start, kind=kind)


# Req: BH-BOOT-001, BH-BOOT-002, BH-GIC-022
def test_every_cpu_and_every_interrupt(kind, start_board, guest):
    """All CPUs are there; the interrupt controller of a partition is whole, as its own test says."""
    console = start_board([guest("alpha", "hello", "end=wait", vcpus=kind.cpus), guest("beta", "vgic", vcpus=2),
                           guest("gamma", "timer", vcpus=2)], limit=90)
    assert console.wait_line(None, rf"; {kind.cpus} CPUs$")
    console.wait_line("alpha", rf"cpus reported: {kind.cpus}$")
    assert console.find("alpha", f"gic: version {kind.gic}")
    for name in ("beta", "gamma"):
        console.wait_line(name, "guest: done", 60)


# Req: BH-CONS-002, BH-BOOT-034
def test_console_both_ways(start_board, guest):
    console = start_board([guest("alpha", "vpl011", "input=1"), guest("beta", "vpl011", "input=1")])
    for name in ("alpha", "beta"):
        console.wait_line(name, "type a line")
    for name in ("alpha", "beta"):
        console.settle(1)
        console.send(f"hello, {name}\r")
        console.wait_line(name, rf"length \d+ typed: hello, {name}$", 20)
        console.wait_line(name, "by interrupts: yes", 20)
        console.send("\x01\x01\x01")
    # Behind the last partition is the hypervisor. Then more at once than a guest's reader takes at a time.
    console.send("\x01\x01\x01")
    console.settle(1)
    console.process.stdin.write(b"x" * 20 + b"\r")
    console.process.stdin.flush()
    console.wait_line("alpha", r"length 20 typed: x+$", 20)


def test_a_link_between_partitions(start_board, guest):
    sharing.messages_reach_the_other_partition(start_board, guest, messages=2000)


def test_one_starts_again_while_another_counts_on(start_board, guest):
    restarting.starts_again_while_another_counts_on(start_board, guest, times=2)


@pytest.mark.parametrize("kind", [Zcu102, pytest.param(Versal, marks=pytest.mark.soak)], ids=["zcu102", "versal"], indirect=True)
def test_linux_at_a_shell_beside_another(start_board, guest, linux):
    """Restarted, too."""
    restarting.linux_is_rebooted_at_its_shell(start_board, guest, functools.partial(linux, vcpus=2))


# Req: BH-BOOT-003
def test_started_at_el1_it_says_so(start, guest):
    console = start([guest("alpha", "hello")], kind=Zcu102, virtualization=False, limit=20)
    console.wait_text("Bulkhead: started at EL1, but a hypervisor needs EL2", 20)


def test_memory_in_two_places(start_board, guest):
    """RAM is at 0 and at 32 GiB: each is a partition's, by its place."""
    place = "xen,static-mem = <{:#x} {:#x} 0 0x1000000>;"
    console = start_board([guest("low", "pattern", "rounds=2", extra=place.format(0, 0x40000000)),
                     guest("high", "pattern", "rounds=2", extra=place.format(HIGH_BASE >> 32, 0x1000000)),
                     guest("large", "hello", memory=2100)], limit=60)
    assert console.wait_line(None, r"2560 MiB of memory")
    console.wait_guests()
    console.wait_end()


CARD = r"""#!/bin/sh
for file in /modules/*.ko; do insmod $file; done
for i in $(seq 50); do [ -b /dev/mmcblk0 ] && break; sleep 0.2; done
echo "card: $(head -c 16 /dev/mmcblk0)"
grep mmc /proc/interrupts | sed 's/^/interrupt: /'
"""
CARD_REGISTERS, CARD_LINE = 0xf1040000, 126


@pytest.fixture(scope="module")
def card_initramfs():
    """The usual initramfs, with Debian's drivers for SD cards, and a self-test of one."""
    out, overlay = WORK / "card.cpio.gz", WORK / "card"
    shutil.rmtree(overlay, ignore_errors=True)
    subprocess.run([TOP / "scripts/debian-fetch.sh", "cards"], check=True)
    shutil.copytree(DEBIAN / "cards", overlay / "modules")
    (overlay / "selftest").mkdir()
    (overlay / "selftest" / "card").write_text(CARD)
    (overlay / "selftest" / "card").chmod(0o755)
    subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


# Req: BH-GIC-023, BH-DEV-015
def test_a_device_of_versal_whose_interrupt_has_a_high_number(start, linux, card_initramfs):
    """The reader of SD cards, by its interrupt 158, which is beyond what each partition has, and by DMA."""
    disk = WORK / "versal-card.img"
    disk.write_bytes(b"bulkhead-on-card" + bytes((4 << 20) - 16))
    at = CARD_REGISTERS
    tree = partial_tree("card", "clk: clk { compatible = \"fixed-clock\"; #clock-cells = <0>; clock-frequency = <25000000>; };"
                        f"mmc@{at:x} {{ compatible = \"arasan,sdhci-8.9a\"; reg = <0 {at:#x} 0 0x10000>; dma-coherent;"
                        f"interrupt-parent = <&gic>; interrupts = <0 {CARD_LINE} 4>; clocks = <&clk &clk>;"
                        f"clock-names = \"clk_xin\", \"clk_ahb\"; xen,reg = <0 {at:#x} 0 0x10000 0 {at:#x}>;"
                        f"xen,path = \"/sdhci@{at:x}\"; xen,force-assign-without-iommu; }};")
    console = start([linux("alpha", "selftest=card", devices=tree, ramdisk=card_initramfs,
                           extra=placing.static_memory((0x60000000, 192 << 20)) + " direct-map;")],
                    kind=Versal, limit=150, qemu=("-drive", f"file={disk},if=sd,index=0,format=raw"))
    console.wait_line("alpha", "card: bulkhead-on-card", 90)
    console.wait_line("alpha", rf"interrupt: .*GICv3 +{32 + CARD_LINE} ", 10)
