# SPDX-License-Identifier: Apache-2.0
"""Partitions end cleanly while others run on, and what they leave behind cannot be read by anyone."""
import pytest


def rounds(console, name):
    """The last "round N" that the partition reported."""
    numbers = [line.split()[1].rstrip(":") for line in console.lines[name] if line.startswith("round ")]
    return int(numbers[-1]) if numbers else 0


# Req: BH-PSCI-008, BH-LIFE-001
@pytest.mark.static_too
@pytest.mark.parametrize("end", ["off", "reset"])
def test_one_ends_while_another_counts_on(start, guest, end):
    console = start([guest("first", "hello", "end=wait"), guest("counter", "count", "ms=50 rounds=0"),
                     guest("leaver", "count", f"ms=100 rounds=5 end={end}", vcpus=2)], cpus=2)
    console.wait_line("leaver", "guest: done")
    before = rounds(console, "counter")
    assert before > 0
    console.wait(lambda: rounds(console, "counter") >= before + 20, 30, "further counting")


# Req: BH-LIFE-001
def test_linux_powers_off_while_another_counts_on(start, guest, linux):
    console = start([guest("counter", "count", "ms=50 rounds=0 sleep=10"), linux("leaver", "selftest=load")], cpus=2,
                    limit=120)
    console.wait_line("leaver", "selftest load: exit 0", 60)
    console.settle(2)
    before = rounds(console, "counter")
    console.wait(lambda: rounds(console, "counter") >= before + 20, 30, "further counting")


# Req: BH-LIFE-007
@pytest.mark.static_too
def test_a_crashed_guest_harms_nobody(start, guest):
    """The third one faults for ever: it has no vectors where it jumps to."""
    console = start([guest("first", "hello", "end=wait"), guest("counter", "count", "ms=50 rounds=20"),
                     guest("spinner", "hello", "end=spin")], cpus=1)
    console.wait_line("counter", "guest: done", 60)


# Req: BH-SEC-003
@pytest.mark.static_too
def test_memory_holds_nothing_of_others(start, guest):
    console = start([guest("first", "hello", "end=wait"), guest("one", "pattern", "seed=1 rounds=2", memory=96),
                     guest("two", "pattern", "seed=2 rounds=2", memory=96),
                     guest("three", "pattern", "seed=3 rounds=2", memory=96)], cpus=2, limit=90)
    for name in ("one", "two", "three"):
        console.wait_line(name, "guest: done", 60)
        found = console.results(name)
        assert found["not zero at start"] == "little"
        assert found["of other partitions"] == "0"
        assert found["round 2"] == "intact"


# Req: BH-SEC-001, BH-SEC-002
@pytest.mark.bulkhead
def test_audit_finds_no_memory_of_others_mapped(start, guest, debug_build):
    """The debug build walks the live EL2 tables at traps while partitions with known patterns run; it stops the
    board when it finds a frame of a partition that is not current, or one of the current one outside a window."""
    console = start([guest("first", "traps"), guest("one", "pattern", "seed=1 rounds=2 kib=512"),
                     guest("two", "pattern", "seed=2 rounds=2 kib=512", vcpus=2), guest("three", "psci", vcpus=2)],
                    cpus=2, hypervisor=debug_build, limit=120)
    for name in ("first", "one", "two", "three"):
        console.wait_line(name, "guest: done", 100)
    assert not [line for line in console.lines[None] if "panic" in line.lower()]
