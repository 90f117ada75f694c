# SPDX-License-Identifier: Apache-2.0
"""Bulkhead on an emulated PC: how it is loaded, and what it makes of descriptions and kernels, good and bad."""
import re

import pytest

import pc
from pc import Pc, guest

pytestmark = pytest.mark.bulkhead


@pytest.fixture(autouse=True)
def pieces(x86):
    """What these tests boot is there."""


# Req: BH-PC-001, BH-PC-002, BH-PC-003, BH-PC-010, BH-PC-011, BH-PC-031, BH-PC-034
@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_single_partition_without_a_description(start, cpus):
    console = start([guest("one", "hello")], kind=Pc, single=True, cpus=cpus)
    console.wait_guests()
    assert console.results("one")["cpus reported"] == str(cpus)
    console.wait_text("the last domain has ended")
    console.wait_end()


# Req: BH-PC-001
def test_pvh_entry(start, tmp_path):
    """QEMU takes it where it finds no Multiboot header."""
    image = bytearray(pc.HYPERVISOR.read_bytes())
    at = image.index(b"\x02\xb0\xad\x1b")
    image[at] = 0
    spoiled = tmp_path / "bulkhead"
    spoiled.write_bytes(image)
    console = start([guest("one", "hello")], kind=Pc, single=True, hypervisor=spoiled)
    console.wait_guests()


@pytest.mark.parametrize("memory", [64, 1024, 6144])
def test_sizes_of_memory(start, memory):
    console = start([guest("one", "hello", memory=32), guest("two", "hello", memory=8)], kind=Pc, memory=memory)
    console.wait_guests()
    console.wait_end()


# Req: BH-PC-036, BH-PC-050
def test_partitions_of_a_description(start):
    console = start([guest("one", "hello", vcpus=2), guest("two", "hello", extra="bulkhead,weight = <512>;"),
                     guest("three", "hello", "end=wait", extra="bulkhead,cpus = <2>;")], kind=Pc, cpus=3)
    console.wait_guests()
    assert console.results("one")["cpus reported"] == "2"
    console.wait_text("one: powered off")
    console.wait_text("two: powered off")
    assert console.find(None, "three: powered off") is None


@pytest.mark.parametrize("bits", [64, 32])
def test_either_width(start, bits):
    console = start([guest("one", "hello", folder=pc.GUESTS if bits == 64 else pc.GUESTS_32)], kind=Pc)
    console.wait_guests()


BAD_KERNELS = {
    "empty": (b"", r"module.*|kernel"),
    "short": (b"\x7fELF", "too short"),
    "text": (b"#!/bin/sh\n" * 100, "neither|no ELF|not an ELF|ELF"),
    "zeros": (bytes(8192), "ELF"),
    "cut": (None, "outside the file"),
    "arm64": (None, "x86|machine"),
}


@pytest.mark.parametrize("kind", BAD_KERNELS)
def test_bad_kernels(start, tmp_path, kind):
    """The partition is not started, a message says why, and the other one runs."""
    data, message = BAD_KERNELS[kind]
    if kind == "cut":
        data = (pc.GUESTS / "hello").read_bytes()[:6000]
    elif kind == "arm64":
        data = bytearray((pc.GUESTS / "hello").read_bytes())
        data[18:20] = (183).to_bytes(2, "little")
    bad = tmp_path / "kernel"
    bad.write_bytes(data)
    console = start([pc.Domain("bad", bad, memory=16), guest("good", "hello")], kind=Pc)
    console.wait_guests("good")
    assert any(re.search(r"bad", line) and re.search(message, line) for line in console.lines[None]), console.tail()
    console.wait_end()


def test_kernel_without_a_note(start, tmp_path):
    data = bytearray((pc.GUESTS / "hello").read_bytes())
    at = data.index(b"\x04\0\0\0\x04\0\0\0\x12\0\0\0Xen\0") if b"\x04\0\0\0\x04\0\0\0\x12\0\0\0Xen\0" in data else \
        data.index(b"\x12\0\0\0Xen\0") - 8
    data[at + 8] = 99
    bad = tmp_path / "kernel"
    bad.write_bytes(data)
    console = start([pc.Domain("bad", bad, memory=16), guest("good", "hello")], kind=Pc)
    console.wait_guests("good")
    assert console.find(None, r"bad: kernel: .*PHYS32_ENTRY"), console.tail()


@pytest.mark.parametrize("change, message", [
    (("module-index = <1>", "module-index = <99>"), "module-index: expected a number below"),
    (("memory = <0 0x4000>", "memory = <0 0xfffffff0>"), "KiB; expected a multiple of 4"),
    (("cpus = <1>", "cpus = <5000>"), "5000 vCPUs"),
    (("module-index = <1>;", ""), "expected one address and a size"),
])
def test_bad_descriptions(start, change, message):
    """Of the first partition; the second one runs."""
    console = start([guest("bad", "hello"), guest("good", "hello")], kind=Pc,
                    edit=lambda text: text.replace(*change, 1))
    console.wait_guests("good")
    assert console.find(None, message), console.tail()


# Req: BH-PC-030
def test_cpu_without_svm(start):
    console = start([guest("one", "hello")], kind=Pc, single=True, cpu="max,x-force-features=on,-svm")
    console.wait_text("CPU: no SVM")
    console.wait_text("no hardware virtualization")


def test_nothing_to_start(start):
    console = start([], kind=Pc)
    console.wait_text("no domain was started")
    console.wait_end()


# Req: BH-PC-020, BH-PC-032, BH-PC-033, BH-PC-042
def test_live_page_tables_show_nothing_of_partitions(start):
    """The debug build looks at every exit, while two partitions write all of their memory and look for the other's."""
    console = start([guest("red", "pattern", "rounds=2 mark=red", memory=8),
                     guest("blue", "pattern", "rounds=2 mark=blue", memory=8)], kind=Pc, cpus=2, hypervisor=pc.DEBUG)
    console.wait_guests(limit=90)
