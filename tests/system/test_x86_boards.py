# SPDX-License-Identifier: Apache-2.0
"""The same image on other PCs than q35, and on a machine that has little of a PC: docs/boards.md."""
import functools

import pytest

import restarting
import sharing
from pc import guest, linux

pytestmark = pytest.mark.bulkhead

# pc: PIIX3 with ACPI's PM timer and PCI. microvm: a hardware-reduced ACPI, no PCI, no HPET, no PM timer, no PIT's gate.
MACHINES = ["pc", "microvm", "microvm,pit=off"]


@pytest.fixture(params=MACHINES[:2])
def start_machine(request, start_pc):
    """The same as START_PC, on one of the machines."""
    return functools.partial(start_pc, machine=request.param)


# Req: BH-PC-001, BH-PC-003, BH-PC-011
@pytest.mark.parametrize("cpus", [1, 4])
def test_every_cpu(start_machine, cpus):
    console = start_machine([guest("alpha", "hello", vcpus=cpus), guest("beta", "hello", bits=32)], cpus=cpus)
    console.wait_guests()
    assert console.results("alpha")["cpus reported"] == str(cpus)
    assert console.find(None, rf"{cpus} CPUs?$")
    console.wait_end()
    assert not console.find(None, "can be switched off now")


def test_a_link_between_partitions(start_machine):
    sharing.messages_reach_the_other_partition(start_machine, guest, messages=2000, write="ignored")


def test_one_starts_again_while_another_counts_on(start_machine):
    restarting.starts_again_while_another_counts_on(start_machine, guest, times=2)


# Req: BH-CONS-002
@pytest.mark.parametrize("start_machine", [pytest.param("pc", marks=pytest.mark.soak), "microvm"], indirect=True)
def test_linux_at_a_shell_beside_another(start_machine):
    """Typed into, and restarted."""
    restarting.linux_is_rebooted_at_its_shell(start_machine, guest, functools.partial(linux, vcpus=2), cpus=2)


# Req: BH-PC-010
def test_every_clock_says_the_same(start_pc):
    """By the HPET, by the PM timer, by the PIT, and by the RTC, which takes seconds and is the least exact."""
    rates = []
    for machine in ["q35", *MACHINES]:
        console = start_pc([guest("alpha", "hello")], machine=machine)
        rates.append(int(console.wait_line(None, r"TSC (\d+) kHz", 30)[1]))
        console.wait_end()
    assert max(rates) < 1.1 * min(rates), rates


# Req: BH-PC-010
def test_without_any_clock_it_says_so(start_pc):
    console = start_pc([guest("alpha", "hello")], machine="microvm,pit=off,pic=off,rtc=off", limit=20)
    console.wait_text(r"panic\) clock: no HPET, ACPI timer, PIT or RTC", 20)


def test_without_acpi_one_cpu_is_used(start_pc):
    console = start_pc([guest("alpha", "hello"), guest("beta", "hello", vcpus=2)], machine="microvm,acpi=off", cpus=2)
    console.wait_guests()
    assert console.find(None, "no ACPI tables: one CPU, and no interrupts of devices")
    console.wait_text("the machine can be switched off now")


@pytest.mark.parametrize("machine", ["pc", "microvm", "microvm,acpi=off"])
def test_the_initial_partition_resets_the_machine(start_pc, machine):
    """By ACPI's register, or else by a shutdown of the CPU."""
    console = start_pc([guest("domain", "hello", "end=reset")], described=False, machine=machine)
    console.wait_guests()
    console.wait_end()
