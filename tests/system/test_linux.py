# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian Linux in partitions: under load on several CPUs, at a shell, switched between on one console."""
import re

import pytest

import board as boards


# Req: BH-BOOT-018
@pytest.mark.static_too
@pytest.mark.parametrize("gic", [2, 3])
def test_smp_linux_under_load_beside_another(start, linux, gic):
    console = start([linux("one", "selftest=load"), linux("two", "selftest=load", vcpus=2)], gic=gic, cpus=4,
                    limit=120)
    console.wait_line("two", r"bulkhead-init: up, Linux .* 2 CPUs", 30)
    console.wait_line("one", "selftest load: exit 0", 30)
    console.wait_line("two", "selftest load: exit 0", 30)
    assert console.find("two", "load: 4 of 4 sums agree")
    uptime = console.find("two", r"load: uptime ([\d.]+), a second later ([\d.]+)")
    assert 0.9 < float(uptime[2]) - float(uptime[1]) < 3 * boards.PATIENCE


@pytest.mark.bulkhead  # Xen 4.17 does not get through it under this emulator
def test_more_virtual_cpus_than_real_ones(start, linux):
    console = start([linux("one", "selftest=load", vcpus=3)], cpus=2, limit=120)
    console.wait_line("one", r"6 of 6 sums agree", 40)
    console.wait_line("one", "selftest load: exit 0")


# Req: BH-ABI-014
@pytest.mark.bulkhead
def test_linux_sees_xen_and_complains_about_nothing(start, linux):
    console = start([linux("quiet"), linux("one", "selftest=interrupts")], cpus=2, limit=120)
    console.wait_line("one", "selftest interrupts: exit", 30)
    lines = console.lines["one"]
    assert console.find("one", "hypervisor xen")
    assert any("arch_timer" in line for line in lines)
    for line in lines:
        assert not re.search(r"(?i)unhandled|BUG:|WARNING:|Oops|unexpected|failed to", line), line


# Req: BH-CONS-002, BH-CONS-003, BH-CONS-004
@pytest.mark.static_too
@pytest.mark.bulkhead
def test_two_shells_typed_into(start, linux):
    console = start([linux("one"), linux("two", vcpus=2)], cpus=4, limit=120)
    console.wait_text(r"one:/root# ", 30)
    console.wait_line("two", r"bulkhead-init: up", 30)
    console.send("echo first-$((6 * 7))-$(nproc)\r")
    console.wait_text("first-42-1")
    console.send("\x01\x01\x01")
    console.send("\r")
    console.wait_text(r"two:/root# ")
    console.send("echo second-$((6 * 7))-$(nproc)\r")
    console.wait_text("second-42-2")
    # Job control: Ctrl-C reaches the program, not the shell.
    console.send("sleep 1000\r")
    console.settle(2)
    console.send("\x03")
    console.send("echo status-$?\r")
    console.wait_text("status-130")
    console.send("poweroff -f\r")
    console.wait_text("Power down")
    # The input moves on by itself when its partition ends.
    console.settle(2)
    console.send("\r")
    console.settle(2)
    console.send("echo third-$((6 * 9))\r")
    console.wait_text("third-54")
    console.send("poweroff -f\r")
    console.wait_end()


# Req: BH-SCHED-013
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic, cpus, vcpus", [
    pytest.param(3, 8, 2, marks=pytest.mark.soak), pytest.param(2, 8, 2, marks=pytest.mark.soak), pytest.param(3, 4, 1, marks=pytest.mark.soak),
    pytest.param(2, 1, 1, marks=pytest.mark.soak), pytest.param(3, 3, 3, marks=pytest.mark.soak)])
def test_eight_linux_partitions_under_load(start, linux, gic, cpus, vcpus):
    names = [f"part{i}" for i in range(8)]
    console = start([linux(n, "selftest=load", vcpus=vcpus) for n in names], gic=gic, cpus=cpus, memory=3072,
                    limit=150)
    for name in names[1:]:
        console.wait_line(name, "selftest load: exit 0", 150)
