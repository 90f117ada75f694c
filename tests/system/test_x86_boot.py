# SPDX-License-Identifier: Apache-2.0
"""One image boots on PCs of different sizes, by Multiboot and by PVH, with one partition or with those of a tree."""
import subprocess

import pytest

import pc as pcs
from pc import guest


# Req: BH-PC-001, BH-PC-003, BH-PVH-001, BH-PVH-004, BH-PVH-005, BH-ACPI-002, BH-BOOT-017
@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_every_cpu_count(start_pc, cpus):
    console = start_pc([guest("alpha", "hello", "one two=3", vcpus=cpus)], cpus=cpus)
    console.wait_guests()
    found = console.results("alpha")
    assert found["hello"] == "one two=3"
    assert found["cpus reported"] == str(cpus)
    assert console.find(None, rf"{cpus} CPUs?$"), console.tail()


def test_as_many_cpus_as_have_a_short_id(start_pc):
    console = start_pc([guest("alpha", "hello")], cpus=255, memory=2048, limit=150)
    console.wait_line("alpha", "guest: done", 140)
    assert console.find(None, r"255 CPUs$"), console.tail()
    console.wait_end()


# Req: BH-PC-001, BH-PC-002, BH-PC-011
@pytest.mark.parametrize("bits", [32, 64])
def test_one_partition_without_a_description_gets_all_there_is(start_pc, bits):
    console = start_pc([guest("domain", "hello", "me=first, me=second", bits=bits)], cpus=2, described=False)
    console.wait_guests()
    found = console.results("domain")
    assert found["hello"] == "me=first, me=second"
    assert found["cpus reported"] == "2"
    assert int(found["memory"].split(" + ")[1], 16) > 950 << 20
    console.wait_end()
    assert console.find(None, "domain: powered off")


# Req: BH-PC-042
def test_who_waits_by_pause_gives_its_turn_away(start_pc):
    """Each of two vCPUs on one CPU waits for the other: a turn that went on to its end would take five million."""
    console = start_pc([guest("alpha", "bench", "what=spin", vcpus=2)], cpus=1, icount=True)
    console.wait_guests("alpha")
    assert float(console.results("alpha")["word to another vCPU and back"]) < 10000


# Req: BH-PC-001
def test_entered_as_pvh_says(start_pc):
    """As from another hypervisor, or a loader that knows no Multiboot. QEMU hands one module over, without words."""
    console = start_pc([guest("domain", "hello")], described=False, pvh=True, bootargs="no-such-word=1")
    console.wait_guests()
    assert console.results("domain")["cpus reported"] == "2"
    assert console.find(None, "command line: no-such-word means nothing here"), console.tail()
    console.wait_end()


# Req: BH-MEM-001, BH-LIFE-003
@pytest.mark.parametrize("memory, size", [(64, 16), (128, 64), (3072, 1024), (5120, 64), (5120, 3700)])
def test_machines_of_different_memory(start_pc, memory, size):
    """From what a small machine has, to memory on both sides of the hole below 4 GiB, on the machine and in it."""
    console = start_pc([guest("alpha", "pattern", "rounds=1", memory=min(size, 64)),
                        *([guest("large", "hello", memory=size)] if size > 64 else [])], memory=memory)
    console.wait_guests(limit=60)
    shown = int(console.find(None, r"(\d+) MiB of memory")[1])
    assert memory - 8 < shown <= memory
    console.wait_end()
    # All that partitions had is free again.
    free = int(console.find(None, r"the last domain has ended, (\d+) KiB are free")[1])
    assert free > (int(console.find(None, r"(\d+) MiB free")[1]) << 10) - 1024


# Req: BH-BOOT-004, BH-CONS-001
@pytest.mark.parametrize("count", [2, 5, 8])
def test_several_partitions(start_pc, count):
    """The first one stays: it has the input, and only the lines of the others are never broken by each other."""
    names = [f"part{i}" for i in range(1, count + 1)]
    console = start_pc([guest(n, "hello", f"me={n} end={'off' if i else 'wait'}", vcpus=1 + i % 3,
                              bits=64 if i % 2 else 32) for i, n in enumerate(names)])
    console.wait_guests()
    for i, name in list(enumerate(names))[1:]:
        assert console.results(name)["hello"].startswith(f"me={name} ")
        assert console.results(name)["cpus reported"] == str(1 + i % 3)


# Req: BH-BOOT-009, BH-BOOT-010, BH-SCHED-005, BH-SCHED-007
def test_names_and_cpus_of_the_description(start_pc):
    extra = 'bulkhead,name = "{}"; bulkhead,cpus = <{}>;'
    console = start_pc([guest(None, "hello", extra=extra.format("first", 1)),
                        guest("second", "hello", vcpus=2, extra="bulkhead,cpus = <2 3>;"),
                        guest("third", "hello", extra='bulkhead,name = "first";'),
                        guest("fourth", "hello", extra="bulkhead,cpus = <1>;")], cpus=4)
    console.wait(lambda: console.find(None, "the last domain has ended"), 30, "end of all")
    text = console.tail(200)
    assert "(first) cpus reported: 1" in text and console.results("second")["cpus reported"] == "2", text
    assert console.find(None, 'third.*"first" is another partition\'s name'), text
    assert console.find(None, "fourth.*CPU 1 is owned by first"), text
    assert console.find(None, "2 partitions are not started"), text


# Req: BH-SCHED-002
@pytest.mark.parametrize("weight", [1024])
def test_weights_of_the_description(start_pc, weight):
    """Shares of one CPU; 256 is the weight of those that name none. In real time, so the margins are wide."""
    console = start_pc([guest("heavy", "count", "ms=1500", extra=f"bulkhead,weight = <{weight}>;"),
                        guest("light", "count", "ms=1500")], cpus=1)
    console.wait_guests()
    heavy, light = (int(console.results(name)["count"]) for name in ("heavy", "light"))
    assert 2 < heavy / light < 8, (heavy, light)


# Req: BH-LIFE-001, BH-LIFE-002, BH-LIFE-005
def test_power_off_after_the_last_partition(start_pc):
    console = start_pc([guest("alpha", "hello"), guest("beta", "hello"), guest("gamma", "hello", bits=32)])
    console.wait_end()
    for name in ("alpha", "beta", "gamma"):
        assert console.find(None, f"{name}: powered off")


# Req: BH-LIFE-011
def test_the_initial_partition_resets_the_machine(start_pc):
    console = start_pc([guest("domain", "hello", "end=reset")], described=False, qemu=("-action", "reboot=reset"))
    console.wait(lambda: sum("domain: reboot" in text for text in console.lines[None]) > 1, 30, "second end")


# Req: BH-PC-030
def test_a_cpu_without_svm_is_named(start_pc):
    console = start_pc([guest("alpha", "hello")], cpu="qemu64,-svm")
    console.wait_line(None, "error.*no SVM")
    console.wait_line(None, "no hardware virtualization that can be used")
    assert not console.lines["alpha"]


def test_debug_build(start_pc, debug_build_x86):
    """Assertions, lock order and the audits hold where partitions start, run on several CPUs and end."""
    console = start_pc([guest("alpha", "grant_map"), guest("beta", "evtchn", vcpus=2), guest("gamma", "apic", vcpus=2)],
                       hypervisor=debug_build_x86)
    console.wait_guests(limit=60)
    console.wait_end()
    assert console.find(None, "the last domain has ended"), console.tail()


# Req: BH-PC-002
def test_the_file_is_what_loaders_look_for():
    """An ELF file of 32 bits with the headers of Multiboot 1 and 2 and a note of Xen's."""
    data = pcs.hypervisor_path().read_bytes()
    assert data[:6] == b"\x7fELF\x01\x01"
    start = data[:8192]
    assert pcs.MULTIBOOT_MAGIC in start and bytes.fromhex("d65052e8") in data[:32768]
    notes = subprocess.run(["readelf", "-n", pcs.hypervisor_path()], check=True, stdout=subprocess.PIPE, text=True)
    assert "Xen" in notes.stdout
