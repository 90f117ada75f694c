# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian kernels as PVH partitions on x86."""
import re

import pytest

import pc
from pc import Pc, linux

pytestmark = pytest.mark.bulkhead
COMPLAINTS = r"(?i)unhandled|BUG:|WARNING:|\bOops|unchecked MSR|soft lockup|unexpected|call trace"


@pytest.fixture(autouse=True)
def pieces(x86):
    """What these tests boot is there."""


# Req: BH-PC-037, BH-PC-040, BH-PC-051, BH-PC-052, BH-PC-053, BH-PC-054
@pytest.mark.parametrize("flavour, vcpus", [("-cloud", 1), ("-cloud", 4), ("", 2)])
def test_linux_complains_about_nothing(start, flavour, vcpus):
    console = start([linux("one", "loglevel=7 selftest=interrupts", flavour=flavour, vcpus=vcpus)], kind=Pc, cpus=2,
                    memory=1024, limit=120)
    console.wait_line("one", rf"bulkhead-init: up, Linux .* {vcpus} CPUs, .* hypervisor xen", 40)
    console.wait_line("one", "selftest interrupts: exit", 30)
    for line in console.lines["one"]:
        assert not re.search(COMPLAINTS, line), line
    console.wait_text("one: powered off", 30)
    console.wait_end()


def test_two_under_load(start):
    console = start([linux("one", "selftest=load"), linux("two", "selftest=load", vcpus=2)], kind=Pc, cpus=2,
                    memory=1024, limit=120)
    for name in ("one", "two"):
        console.wait_line(name, "selftest load: exit 0", 60)
    uptime = console.find("two", r"load: uptime ([\d.]+), a second later ([\d.]+)")
    assert 0.9 < float(uptime[2]) - float(uptime[1]) < 3 * pc.PATIENCE


def test_two_shells_typed_into(start):
    console = start([linux("one"), linux("two", vcpus=2)], kind=Pc, cpus=2, memory=1024, limit=120)
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


def test_single_partition_is_typed_into(start):
    """Started without a description."""
    console = start([linux("one")], kind=Pc, single=True, cpus=2, memory=1024, limit=120)
    console.wait_text(r"one:/root# ", 60)
    console.send("echo typed-$((6 * 7))-$(nproc)\r")
    console.wait_text("typed-42-2")
    console.send("poweroff -f\r")
    console.wait_text("domain: powered off")


def test_balloon(start):
    console = start([linux("one", "selftest=balloon")], kind=Pc, memory=1024, limit=120)
    console.wait_line("one", "selftest balloon: exit 0", 60)


@pytest.mark.soak
def test_many_vcpus(start):
    console = start([linux("many", "selftest=interrupts loglevel=7", vcpus=64, memory=1024)], kind=Pc, cpus=2,
                    memory=2048, limit=600)
    console.wait_line("many", "bulkhead-init: up, Linux .* 64 CPUs", 200)
    for line in console.lines["many"]:
        assert not re.search(COMPLAINTS, line), line


@pytest.mark.soak
def test_eight_linux_partitions(start):
    console = start([linux(f"l{i}", "selftest=load", vcpus=2, memory=192) for i in range(8)], kind=Pc, cpus=4,
                    memory=3072, limit=900)
    for i in range(8):
        console.wait_line(f"l{i}", "selftest load: exit 0", 300)
