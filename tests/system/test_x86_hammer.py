# SPDX-License-Identifier: Apache-2.0
"""A guest on x86 that hammers registers, CPUID, ports, device windows, instructions and calls harms only itself: the
neighbour's memory stays intact and its clock goes on."""
import pytest

from pc import guest

pytestmark = pytest.mark.bulkhead
BITS = pytest.mark.parametrize("bits", [64, 32])


def hammer(start_pc, bits, seed, rounds, limit, **options):
    """The console when the hammer is done, and its neighbours have shown that they go on."""
    console = start_pc([guest("first", "hello", "end=wait"),
                        guest("hammer", "hammer", f"seed={seed} rounds={rounds} end=wait", bits=bits, vcpus=2),
                        guest("healthy", "pattern", "rounds=3 kib=2048"),
                        guest("counter", "count", "ms=50 rounds=0")], cpus=2, limit=limit, **options)
    console.wait_line("hammer", r"guest: done", limit - 30)
    console.wait_line("healthy", r"guest: done", 60)
    assert console.results("healthy")["round 3"] == "intact"
    before = len(console.lines["counter"])
    console.wait(lambda: len(console.lines["counter"]) > before + 5, 30, "further counting")
    return console


# Req: BH-SEC-004
@BITS
@pytest.mark.parametrize("seed", [1, 2])
def test_hammer_beside_a_healthy_partition(start_pc, bits, seed):
    hammer(start_pc, bits, seed, 20000, 120)


# Req: BH-SEC-005
@BITS
def test_hammer_against_the_debug_build(start_pc, debug_build_x86, bits):
    hammer(start_pc, bits, 77, 10000, 120, hypervisor=debug_build_x86)


@pytest.mark.soak
@BITS
@pytest.mark.parametrize("seed", range(100, 109))
def test_long_hammer(start_pc, bits, seed):
    hammer(start_pc, bits, seed, 500000, 300)
