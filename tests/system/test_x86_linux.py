# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian kernels as PVH partitions on x86."""
import re

import pytest

import console as consoles
from pc import linux

pytestmark = pytest.mark.bulkhead
COMPLAINTS = r"(?i)unhandled|BUG:|WARNING:|\bOops|unchecked MSR|soft lockup|unexpected|call trace"


# Req: BH-PC-010, BH-PC-031, BH-PC-034, BH-PC-036, BH-PC-037, BH-PC-040, BH-PC-050, BH-PC-051, BH-PC-052, BH-PC-053, BH-PC-054
@pytest.mark.parametrize("kernel, vcpus", [
    ("linux-cloud", 1), pytest.param("linux-cloud", 4, marks=pytest.mark.soak), pytest.param("linux", 2, marks=pytest.mark.soak)])
def test_linux_complains_about_nothing(start_pc, kernel, vcpus):
    console = start_pc([linux("one", "loglevel=7 selftest=interrupts", kernel=kernel, vcpus=vcpus)], cpus=2,
                    memory=1024, limit=120)
    console.wait_line("one", rf"bulkhead-init: up, Linux .* {vcpus} CPUs, .* hypervisor xen", 40)
    console.wait_line("one", "selftest interrupts: exit", 30)
    for line in console.lines["one"]:
        assert not re.search(COMPLAINTS, line), line
    console.wait_text("one: powered off", 30)
    console.wait_end()


# Req: BH-PVH-002
def test_more_memory_than_linux_maps_early(start_pc):
    console = start_pc([linux("large", "selftest=interrupts", memory=2048)], cpus=1, memory=2560, limit=120)
    console.wait_line("large", "selftest interrupts: exit", 60)


# Req: BH-PC-032
def test_two_under_load(start_pc):
    console = start_pc([linux("one", "selftest=load"), linux("two", "selftest=load", vcpus=2)], cpus=2,
                    memory=1024, limit=120)
    for name in ("one", "two"):
        console.wait_line(name, "selftest load: exit 0", 60)
    uptime = console.find("two", r"load: uptime ([\d.]+), a second later ([\d.]+)")
    assert 0.9 < float(uptime[2]) - float(uptime[1]) < 3 * consoles.PATIENCE


def test_two_shells_typed_into(start_pc):
    console = start_pc([linux("one"), linux("two", vcpus=2)], cpus=2, memory=1024, limit=120)
    console.wait_text(r"one:/root# ", 40)
    console.wait_line("two", r"bulkhead-init: up", 40)
    console.send("echo first-$((6 * 7))-$(nproc)\r")
    console.wait_text("first-42-1")
    console.send("\x01\x01\x01")
    console.send("\r")
    console.wait_text(r"two:/root# ")
    console.send("echo second-$((6 * 7))-$(nproc)\r")
    console.wait_text("second-42-2")
    console.send("poweroff -f\r")
    console.wait_text("two: powered off")


# Req: BH-CONS-012
@pytest.mark.parametrize("kernel", ["linux-cloud", "linux"])
def test_single_partition_is_typed_into(start_pc, kernel):
    """Started without a description. Only the generic kernel knows itself to be Xen's dom0, with another console."""
    console = start_pc([linux("one", kernel=kernel)], described=False, cpus=2, memory=1024, limit=120)
    console.wait_text(r"one:/root# ", 60)
    console.send("echo typed-$((6 * 7))-$(nproc)\r")
    console.wait_text("typed-42-2")
    console.send("poweroff -f\r")
    console.wait_text("domain: powered off")


# Req: BH-PC-020
def test_balloon(start_pc):
    console = start_pc([linux("one", "selftest=balloon")], memory=1024, limit=120)
    console.wait_line("one", "selftest balloon: exit 0", 60)


@pytest.mark.soak
@pytest.mark.parametrize("vcpus", [64, 128, 256])
def test_many_vcpus(start_pc, vcpus):
    """On one CPU, where time is that of instructions: as many as an emulator is able to give their ticks of 4 ms."""
    console = start_pc([linux("many", "loglevel=7", vcpus=vcpus, memory=1024)], cpus=1, memory=2048, icount=True,
                       limit=2500)
    console.wait_line("many", f"bulkhead-init: up, Linux .* {vcpus} CPUs", 2400)
    for line in console.lines["many"]:
        assert not re.search(COMPLAINTS, line), line


@pytest.mark.soak
def test_eight_linux_partitions(start_pc):
    console = start_pc([linux(f"l{i}", "selftest=load", vcpus=2, memory=192) for i in range(8)], cpus=4,
                    memory=3072, limit=900)
    for i in range(8):
        console.wait_line(f"l{i}", "selftest load: exit 0", 300)
