# SPDX-License-Identifier: Apache-2.0
"""A guest that hammers every trapped register and MMIO byte, every HVC and SMC immediate and PSCI argument harms
only itself: the neighbour's memory stays intact and its clock goes on."""
import pytest

import board as boards


def hammer_arguments(seed, rounds):
    """Debian's Xen ends a partition for an HVC immediate it does not know, and lets hypercalls block: less for it."""
    return f"seed={seed} rounds={rounds}" + (" xen=1" if boards.is_xen(boards.hypervisor_path()) else "")


# Req: BH-SEC-004
@pytest.mark.static_too
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hammer_beside_a_healthy_partition(start, guest, gic, seed):
    console = start([guest("first", "hello", "end=wait"),
                     guest("hammer", "hammer", hammer_arguments(seed, 20000), vcpus=2),
                     guest("healthy", "pattern", "rounds=3 kib=2048", vcpus=1),
                     guest("counter", "count", "ms=50 rounds=0")], gic=gic, cpus=2, limit=120)
    console.wait_line("hammer", r"guest: done", 90)
    console.wait_line("healthy", r"guest: done", 60)
    assert console.results("healthy")["round 3"] == "intact"
    before = len(console.lines["counter"])
    console.wait(lambda: len(console.lines["counter"]) > before + 5, 30, "further counting")


# Req: BH-SEC-005
@pytest.mark.bulkhead
def test_hammer_against_the_debug_build(start, guest, debug_build):
    console = start([guest("first", "hello", "end=wait"), guest("hammer", "hammer", "seed=77 rounds=10000"),
                     guest("counter", "count", "ms=50 rounds=0")], cpus=2, hypervisor=debug_build, limit=120)
    console.wait_line("hammer", "guest: done", 100)
    before = len(console.lines["counter"])
    console.wait(lambda: len(console.lines["counter"]) > before + 5, 30, "further counting")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_long_hammer(start, guest, seed):
    console = start([guest("first", "hello", "end=wait"),
                     guest("hammer", "hammer", hammer_arguments(seed, 500000), vcpus=2),
                     guest("counter", "count", "ms=50 rounds=0")], gic=2 + seed % 2, cpus=2, limit=300)
    console.wait_line("hammer", "guest: done", 280)
