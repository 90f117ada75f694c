# SPDX-License-Identifier: Apache-2.0
"""On a PC: a damaged description, module or kernel is reported, that partition is not started, and the others are."""
import random
import re
import struct

import pytest

import pc as pcs
from board import Domain
from pc import guest
from test_bad_input import replaced

HELLO = pcs.GUESTS[64] / "hello"
PHYS32_ENTRY = 18
BASE = 0x100000

# name: (edit of the node's text, what the console must say about it)
NODES = {
    "memory-missing": (replaced(r"memory = [^;]*;", ""), r"bad.*memory.*expected"),
    "memory-too-much": (replaced(r"memory = [^;]*;", "memory = <0 0x4000000>;"), r"bad.*memory"),
    "memory-not-free": (replaced(r"memory = [^;]*;", "memory = <0 0xfc000>;"), r"bad.*memory.*free"),
    "memory-absurd": (replaced(r"memory = [^;]*;", "memory = <0xffffffff 0xffffffff>;"), r"bad.*memory.*expected"),
    "memory-smaller-than-kernel": (replaced(r"memory = [^;]*;", "memory = <0 0x40>;"), r"bad.*(memory|kernel)"),
    "cpus-zero": (replaced(r"cpus = [^;]*;", "cpus = <0>;"), r"bad.*cpus.*expected"),
    "cpus-too-many": (replaced(r"cpus = [^;]*;", "cpus = <100000>;"), r"bad.*cpus.*expected"),
    "owned-cpu-not-there": (replaced(r"(cpus = [^;]*;)", r"\1 bulkhead,cpus = <77>;"), r"bad.*bulkhead,cpus.*expected"),
    "weight-zero": (replaced(r"(cpus = [^;]*;)", r"\1 bulkhead,weight = <0>;"), r"bad.*bulkhead,weight.*expected"),
    "index-out-of-range": (replaced(r"module-index = [^;]*;", "module-index = <9>;"), r"bad.*module-index.*below"),
    "index-huge": (replaced(r"module-index = [^;]*;", "module-index = <0xffffffff>;"), r"bad.*module-index.*below"),
    "index-two-cells": (replaced(r"module-index = [^;]*;", "module-index = <0 1>;"), r"bad.*module-index.*expected"),
    "index-of-the-tree": (replaced(r"module-index = [^;]*;", "module-index = <0>;"), r"bad.*overlaps.*expected"),
    "index-missing": (replaced(r"module-index = [^;]*;", ""), r"bad.*reg.*expected"),
    "reg-outside-memory": (replaced(r"module-index = [^;]*;", "reg = <0x7f 0 0 0x1000>;"), r"bad.*reg.*expected"),
    "reg-on-the-hypervisor": (replaced(r"module-index = [^;]*;", "reg = <0 0x200000 0 0x1000>;"), r"bad.*reg.*expected"),
    "kernel-missing": (replaced(r"(?s)kernel \{.*?};", ""), r"bad.*kernel.*expected"),
    "bootargs-endless": (replaced(r"bootargs = [^;]*;", f'bootargs = "{"x" * 5000}";'), r"bad.*bootargs.*expected"),
}


def start_with_bad(start_pc, edit=None, kernel=HELLO, **options):
    """Boots a healthy partition, a bad one and one more healthy one; waits for the healthy ones."""
    def edit_tree(text):
        begin = text.index("\nbad {") + 1
        end = text.index("\nbehind {")
        return text[:begin] + edit(text[begin:end]) + text[end:]

    console = start_pc([guest("before", "hello", "end=wait"), Domain("bad", kernel, "some=text", memory=16, **options),
                        guest("behind", "hello", "b=1")], edit=edit_tree if edit else None)
    console.wait_guests("before", "behind")
    return console


# Req: BH-BOOT-007, BH-BOOT-008, BH-BOOT-011, BH-LIFE-006
@pytest.mark.parametrize("case", NODES)
def test_bad_node(start_pc, case):
    edit, message = NODES[case]
    console = start_with_bad(start_pc, edit)
    assert console.find(None, message), f"nothing like /{message}/ in\n{console.tail()}"
    assert not console.lines["bad"]


def note(kind=PHYS32_ENTRY, name=b"Xen\0", descriptor=struct.pack("<I", BASE), **sizes):
    """A note of an ELF file; SIZES: what its header says instead of what is true."""
    header = struct.pack("<III", sizes.get("name_size", len(name)), sizes.get("size", len(descriptor)), kind)
    return header + name.ljust((len(name) + 3) & ~3, b"\0") + descriptor.ljust((len(descriptor) + 3) & ~3, b"\0")


def elf(notes=b"", address=BASE, file_size=0x1000, memory_size=0x1000, machine=62, note_at=0xb0, note_size=None):
    """An ELF file of 64 bits with one segment and one of notes."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, BASE, 64, 0, 0, 64, 56, 2,
                                                             0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, address, address, file_size, memory_size, 0x1000)
    size = len(notes) if note_size is None else note_size
    return (header + load + struct.pack("<IIQQQQQQ", 4, 4, note_at, 0, 0, size, size, 4) + notes).ljust(0x2000, b"\xf4")


KERNELS = {
    "garbage": lambda: random.Random(1).randbytes(40000),
    "one-byte": lambda: b"\x7f",
    "cut-inside-the-header": lambda: HELLO.read_bytes()[:40],
    "cut-inside-a-segment": lambda: HELLO.read_bytes()[:5000],
    "bzimage": lambda: (pcs.DEBIAN / "linux-cloud").read_bytes()[:100000],
    "for-another-machine": lambda: elf(note(), machine=183),
    "no-notes": lambda: elf(),
    "no-such-note": lambda: elf(note(kind=1)),
    "note-of-another-name": lambda: elf(note(name=b"Xem\0")),
    "note-without-an-address": lambda: elf(note(descriptor=b"")),
    "note-beyond-its-segment": lambda: elf(note(size=100)),
    "note-with-a-huge-name": lambda: elf(note(name_size=0xffffffff)),
    "notes-outside-the-file": lambda: elf(note(), note_at=1 << 62),
    "notes-without-end": lambda: elf(note(), note_size=1 << 63),
    "entry-nowhere": lambda: elf(note(descriptor=struct.pack("<I", 0x40000000))),
    "segment-nowhere": lambda: elf(note(), address=0xffffffff80000000),
    "segment-in-the-roms": lambda: elf(note(), address=0xa0000),
    "segment-that-is-huge": lambda: elf(note(), memory_size=1 << 60),
    "segment-beyond-its-end": lambda: elf(note(), file_size=1 << 40, memory_size=1 << 40),
    "segment-that-wraps": lambda: elf(note(), memory_size=(1 << 64) - 1),
}


# Req: BH-PVH-003, BH-BOOT-014
@pytest.mark.parametrize("case", KERNELS)
def test_bad_kernel(start_pc, tmp_path, case):
    path = tmp_path / "kernel"
    path.write_bytes(KERNELS[case]())
    console = start_with_bad(start_pc, kernel=path)
    assert console.find(None, r"error.*bad.*(kernel|memory)"), console.tail()
    assert not console.lines["bad"]


# Req: BH-PVH-002
def test_kernel_and_ramdisk_that_do_not_fit(start_pc, tmp_path):
    path = tmp_path / "ramdisk"
    path.write_bytes(bytes(17 << 20))
    console = start_with_bad(start_pc, ramdisk=path)
    assert console.find(None, r"bad.*(fit|memory|ramdisk)"), console.tail()


def test_no_module_at_all(start_pc):
    console = start_pc([], described=False)
    console.wait_line(None, "no module; expected")


def test_no_partition_at_all(start_pc):
    console = start_pc([])
    console.wait_text(r"(?i)error.*no domain|nothing to do")


NOTHINGS = {"one-byte": b"x", "zeros": bytes(4096), "a-tree-of-ones": b"\xd0\x0d\xfe\xed" + b"\xff" * 4096}


@pytest.mark.parametrize("case", NOTHINGS)
def test_a_first_module_that_is_nothing(start_pc, tmp_path, case):
    path = tmp_path / "nothing"
    path.write_bytes(NOTHINGS[case])
    console = start_pc([Domain("domain", path)], described=False)
    console.wait_line(None, "error|panic|not started|boot description")
    assert not console.lines["domain"]


# Req: BH-BOOT-020
@pytest.mark.parametrize("cut", [7, 40, 100, 300])
def test_a_description_cut_short(start_pc, cut):
    console = start_pc([guest("alpha", "hello")], edit_blob=lambda data: data[:cut])
    console.wait_line(None, "boot description|kernel: |panic")
    assert not console.lines["alpha"]


def damaged(seed):
    """Some bytes of the compiled tree, from its structure on, replaced by random ones."""
    def edit(data):
        chance, data = random.Random(seed), bytearray(data)
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(8, len(data))] = chance.choice((0, 1, 0x7f, 0xff, chance.randrange(256)))
        return bytes(data)
    return edit


def check_damaged(start_pc, seed):
    """It may mean anything: partitions with other names or sizes, or none. But it never makes an exception."""
    console = start_pc([guest(n, "hello", "end=off") for n in ("one", "two", "three")], edit_blob=damaged(seed), limit=10)
    console.settle(3)
    text = console.tail(200)
    # A tree that is malformed as a whole is the only reason to stop.
    assert not re.search(r"(?i)exception|assert", text) and ("panic" not in text or "boot description" in text), text
    assert console.find(None, "Bulkhead"), "not a word on the console"


@pytest.mark.parametrize("seed", range(4))
def test_randomly_damaged_trees(start_pc, seed):
    check_damaged(start_pc, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_randomly_damaged_trees(start_pc, seed):
    check_damaged(start_pc, seed)
