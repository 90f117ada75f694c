# SPDX-License-Identifier: Apache-2.0
"""Two partitions fill their memory with patterns of their own while a debug build walks the live page tables of the CPU
at every trap: it panics if a frame of a partition, or another vCPU's registers, are mapped outside a window, or a page is
writable and executable. That it does is shown by faults that the debug build plants on request."""
import pytest

from board import BUILD, GUESTS, Board, Domain

DEBUG = BUILD / "arm64-debug" / "bulkhead"


@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("cpus", [1, 2])
def test_no_partition_memory_is_mapped_at_a_trap(gic, cpus):
    """Req: BH-SEC-001, BH-SEC-008"""
    board = Board([Domain("red", GUESTS / "pattern"), Domain("blue", GUESTS / "pattern")], hypervisor=DEBUG, gic=gic,
                  cpus=cpus, name=f"secret-free-gic{gic}-cpus{cpus}")
    with board.start(limit=90) as console:
        console.wait_guests(limit=80)
        text = "\n".join(line for _, line in console.all_lines)
    assert "audit" not in text and "panic" not in text
    for name in ("red", "blue"):
        assert "of other partitions: 0" in console.lines[name]


AUDITED = {
    "window": r"panic\) audit: 1 windows are open at a trap",
    "stale": r"panic\) audit: window 5 is not closed",
    "frame": r"panic\) audit: 7f90000000 maps frame [0-9a-f]+ of domain [12]",
    "state": r"panic\) audit: 7f90000000 maps a vCPU's state",
    "executable": r"panic\) audit: 7f90000000 is writable and executable",
}


def plant(fault, gic):
    board = Board([Domain("red", GUESTS / "pattern"), Domain("blue", GUESTS / "pattern")], hypervisor=DEBUG, gic=gic,
                  bootargs=f"plant={fault}", name=f"planted-{fault}-gic{gic}")
    return board.start(limit=60)


@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("fault", AUDITED)
def test_audit_finds_a_planted_fault(fault, gic):
    """Req: BH-SEC-001, BH-SEC-002, BH-SEC-008"""
    with plant(fault, gic) as console:
        console.wait_line(None, AUDITED[fault], 30)
        console.wait_line(None, "The board stops here", 10)


@pytest.mark.bulkhead
def test_a_panic_stops_all_cpus():
    """Req: BH-SEC-010"""
    board = Board([Domain("red", GUESTS / "pattern"), Domain("blue", GUESTS / "count", "ms=50 rounds=0", vcpus=3)],
                  hypervisor=DEBUG, cpus=4, bootargs="plant=window", name="panic-stops")
    with board.start(limit=60) as console:
        console.wait_line(None, "The board stops here", 30)
        console.settle(1)
        count = len(console.all_lines)
        console.settle(3)
        assert len(console.all_lines) == count, console.tail()


@pytest.mark.bulkhead
@pytest.mark.parametrize("fault, esr, far", [("access", "9[67][0-9a-f]{4}47", "7f90000000"),
                                             ("stack", "9[67][0-9a-f]{4}47", "7fc0000")])
def test_fault_of_the_hypervisor_is_reported(fault, esr, far):
    """Req: BH-SEC-009"""
    with plant(fault, 3) as console:
        console.wait_line(None, "fault of the hypervisor on CPU 0: synchronous exception", 30)
        console.wait_line(None, f"ESR {esr} FAR {far}", 10)
        console.wait_line(None, r"x0  [0-9a-f]+ +x1  [0-9a-f]+", 10)
        console.wait_line(None, r"at +[0-9a-f]+ plant_now\+", 10)
        console.wait_line(None, r"from [0-9a-f]+ trap_\w+\+", 10)
        console.wait_line(None, "The board stops here", 10)
