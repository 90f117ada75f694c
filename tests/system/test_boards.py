# SPDX-License-Identifier: Apache-2.0
"""The same image on other boards than QEMU's own: docs/boards.md."""
import functools

import pytest

import restarting
import sharing
from other_boards import HIGH_BASE, Versal, Zcu102

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
