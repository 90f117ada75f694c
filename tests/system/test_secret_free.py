# SPDX-License-Identifier: Apache-2.0
"""Two partitions fill their memory with patterns of their own while a debug build walks the live page tables of the CPU
at every trap: it panics if a frame of a partition, or another vCPU's registers, are mapped outside a window."""
import pytest

from board import BUILD, GUESTS, Board, Domain

DEBUG = BUILD / "arm64-debug" / "bulkhead"


@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("cpus", [1, 2])
def test_no_partition_memory_is_mapped_at_a_trap(gic, cpus):
    """Req: BH-SEC-001"""
    board = Board([Domain("red", GUESTS / "pattern"), Domain("blue", GUESTS / "pattern")], hypervisor=DEBUG, gic=gic,
                  cpus=cpus, name=f"secret-free-gic{gic}-cpus{cpus}")
    with board.start(limit=90) as console:
        console.wait_guests(limit=80)
        text = "\n".join(line for _, line in console.all_lines)
    assert "audit" not in text and "panic" not in text
    for name in ("red", "blue"):
        assert "of other partitions: 0" in console.lines[name]
