# SPDX-License-Identifier: Apache-2.0
"""A damaged device tree, module or kernel: the error names the node, the property and what was expected; that
partition is not started, the others are."""
import gzip
import random
import re
import struct

import pytest

import board as boards
from board import Domain

pytestmark = pytest.mark.bulkhead

HELLO = boards.GUESTS / "hello"


def replaced(old, new):
    """An edit of the partition's node, given as source between "bad {" and the next node."""
    def edit(node):
        assert re.search(old, node), f"{old} is not in\n{node}"
        return re.sub(old, new, node, count=1)
    return edit


# name: (edit of the node's text, what the console must say about it)
NODES = {
    "memory-missing": (replaced(r"memory = [^;]*;", ""), r"bad.*memory.*expected"),
    "memory-three-cells": (replaced(r"memory = [^;]*;", "memory = <0 0 0x4000>;"), r"bad.*memory.*expected"),
    "memory-string": (replaced(r"memory = [^;]*;", 'memory = "much";'), r"bad.*memory.*expected"),
    "memory-zero": (replaced(r"memory = [^;]*;", "memory = <0 0>;"), r"bad.*memory.*expected"),
    "memory-odd": (replaced(r"memory = [^;]*;", "memory = <0 0x4001>;"), r"bad.*memory.*expected"),
    "memory-too-much": (replaced(r"memory = [^;]*;", "memory = <0 0x4000000>;"), r"bad.*memory"),
    "memory-absurd": (replaced(r"memory = [^;]*;", "memory = <0xffffffff 0xffffffff>;"), r"bad.*memory.*expected"),
    "memory-smaller-than-kernel": (replaced(r"memory = [^;]*;", "memory = <0 0x40>;"), r"bad.*(memory|kernel)"),
    "cpus-zero": (replaced(r"cpus = [^;]*;", "cpus = <0>;"), r"bad.*cpus.*expected"),
    "cpus-too-many": (replaced(r"cpus = [^;]*;", "cpus = <100000>;"), r"bad.*cpus.*expected"),
    "cpus-two-cells": (replaced(r"cpus = [^;]*;", "cpus = <1 2>;"), r"bad.*cpus.*expected"),
    "cpus-empty": (replaced(r"cpus = [^;]*;", "cpus;"), r"bad.*cpus.*expected"),
    "owned-cpu-not-there": (replaced(r"vpl011;", "vpl011; bulkhead,cpus = <77>;"), r"bad.*bulkhead,cpus.*expected"),
    "kernel-missing": (replaced(r"(?s)module@.*?};", ""), r"bad.*kernel.*expected"),
    "kernel-twice": (replaced(r"(?s)(module@)(\w+)( .*?};)", r"\1\2\3 \g<1>1\3"), r"bad.*(second kernel|overlaps)"),
    "reg-missing": (replaced(r"reg = <[^;]*;", ""), r"bad.*reg.*expected"),
    "reg-short": (replaced(r"reg = <[^;]*;", "reg = <0 0x4a000000>;"), r"bad.*reg.*expected"),
    "reg-outside-memory": (replaced(r"reg = <[^;]*;", "reg = <0x7f 0 0 0x1000>;"), r"bad.*reg.*expected"),
    "reg-wraps-around": (replaced(r"reg = <[^;]*;", "reg = <0xffffffff 0xfffff000 0 0x2000>;"), r"bad.*reg.*expected"),
    "reg-size-zero": (replaced(r"reg = <([^ ]*) ([^ ]*) [^>]*>;", r"reg = <\1 \2 0 0>;"), r"bad.*reg.*expected"),
    "reg-on-the-hypervisor": (replaced(r"reg = <[^;]*;", "reg = <0 0x40200000 0 0x1000>;"), r"bad.*reg.*expected"),
    "reg-on-another-module": (replaced(r"reg = <[^;]*;", "reg = <0 0x4a000000 0 0x1000>;"),
                              r"reg.*overlaps.*expected"),
    "bootargs-number": (replaced(r"bootargs = [^;]*;", "bootargs = <1 2 3>;"), r"bad.*bootargs.*expected"),
    "bootargs-endless": (replaced(r"bootargs = [^;]*;", f'bootargs = "{"x" * 5000}";'), r"bad.*bootargs.*expected"),
    "name-with-a-newline": (replaced(r"vpl011;", 'vpl011; bulkhead,name = "a\\nb";'), r"bad.*bulkhead,name.*expected"),
    "name-empty": (replaced(r"vpl011;", 'vpl011; bulkhead,name = "";'), r"bad.*bulkhead,name.*expected"),
}


def start_with_bad(start, edit=None, kernel=HELLO, **options):
    """Boots a healthy partition, a bad one and one more healthy one; waits for the healthy ones."""
    def edit_tree(text):
        begin = text.index("\nbad {") + 1
        end = text.index("\nbehind {")
        return text[:begin] + edit(text[begin:end]) + text[end:]

    console = start([Domain("before", HELLO, "end=wait", memory=16), Domain("bad", kernel, "some=text", memory=16,
                                                                           **options),
                     Domain("behind", HELLO, "b=1", memory=16)], edit=edit_tree if edit else None)
    console.wait_line("before", "guest: done")
    console.wait_line("behind", "guest: done")
    return console


@pytest.mark.parametrize("case", NODES)
def test_bad_node(start, case):
    edit, message = NODES[case]
    console = start_with_bad(start, edit)
    assert console.find(None, message), f"nothing like /{message}/ in\n{console.tail()}"
    assert not console.lines["bad"]


def image_with(**fields):
    """The hello guest with other values in its Image header (Linux, Documentation/arm64/booting.rst)."""
    data = bytearray(HELLO.read_bytes())
    for name, (at, kind) in {"text_offset": (8, "<Q"), "image_size": (16, "<Q"), "magic": (56, "<I")}.items():
        if name in fields:
            struct.pack_into(kind, data, at, fields[name])
    return bytes(data)


KERNELS = {
    "garbage": random.Random(1).randbytes(40000),
    "one-byte": b"\x7f",
    "cut-inside-the-header": HELLO.read_bytes()[:40] if HELLO.exists() else b"",
    "wrong-magic": lambda: image_with(magic=0x12345678),
    "size-beyond-memory": lambda: image_with(image_size=1 << 40),
    "size-of-all-ones": lambda: image_with(image_size=(1 << 64) - 1),
    "offset-beyond-memory": lambda: image_with(text_offset=1 << 40),
    "offset-that-wraps": lambda: image_with(text_offset=(1 << 64) - (1 << 21), image_size=1 << 22),
    "gzip": lambda: gzip.compress(HELLO.read_bytes()),
    "elf-cut-short": lambda: HELLO.with_suffix(".elf").read_bytes()[:100],
    "elf-for-another-machine": lambda: b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, 62) + bytes(100),
    "elf-with-segments-nowhere": lambda: elf(0xffff000000000000, 0x1000, 0x1000),
    "elf-with-a-huge-segment": lambda: elf(0x40000000, 0x1000, 1 << 60),
    "elf-with-a-segment-beyond-its-end": lambda: elf(0x40000000, 1 << 40, 1 << 40),
}


def elf(address, file_size, memory_size):
    """An arm64 ELF file with one segment."""
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, address, 64, 0, 0, 64, 56, 1,
                                                             0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 7, 0x1000, address, address, file_size, memory_size, 0x1000) + bytes(0x2000)


@pytest.mark.parametrize("case", KERNELS)
def test_bad_kernel(start, tmp_path, case):
    data = KERNELS[case]
    path = tmp_path / "kernel"
    path.write_bytes(data() if callable(data) else data)
    console = start_with_bad(start, kernel=path)
    assert console.find(None, r"bad.*(kernel|memory)"), console.tail()
    assert not console.lines["bad"]


def test_kernel_and_ramdisk_that_do_not_fit(start, tmp_path):
    path = tmp_path / "ramdisk"
    path.write_bytes(bytes(17 << 20))
    console = start_with_bad(start, ramdisk=path)
    assert console.find(None, r"bad.*(fit|memory|ramdisk)"), console.tail()


def test_properties_known_or_not_are_named_in_a_warning(start):
    extra = "domain-cpupool = <1>; max_grant_frames = <3>; passthrough = \"enabled\"; no-such-property = <1>;"
    console = start([Domain("alpha", HELLO, memory=16, extra=extra)])
    console.wait_guests()
    for name in ("domain-cpupool", "max_grant_frames", "passthrough", "no-such-property"):
        assert console.find(None, f"warning.*{name}"), f"no warning about {name}\n{console.tail()}"


def test_no_partition_at_all(start):
    console = start([])
    console.wait_text(r"(?i)error.*no domain|nothing to do")


def test_more_partitions_than_there_is_room_for(start):
    console = start([Domain("first", HELLO, "end=wait", memory=16)] +
                    [Domain(f"part{i}", HELLO, memory=16) for i in range(40)], memory=2048)
    console.wait_line("first", "guest: done")
    console.wait_line("part3", "guest: done")


def damaged(seed):
    """Values of random properties of the partition nodes replaced by random bytes of random length."""
    chance = random.Random(seed)

    def edit(text):
        begin = text.index("xen,xen-bootargs")
        head, tail = text[:begin], text[begin:]

        def change(match):
            if chance.random() > 0.15 or match[1] in ("#address-cells", "#size-cells") and chance.random() > 0.3:
                return match[0]
            value = " ".join(f"{b:02x}" for b in chance.randbytes(chance.choice((0, 1, 3, 4, 8, 15, 16, 64))))
            return f"{match[1]} = [{value}];" if value else f"{match[1]};"
        return head + re.sub(r"([\w#,-]+) = [^;{}]*;", change, tail)
    return edit


def check_damaged(start, seed):
    console = start([Domain(n, HELLO, "end=off", memory=16) for n in ("one", "two", "three")], edit=damaged(seed),
                    limit=10)
    console.settle(4)
    bad = [text for _, text in console.all_lines if re.search(r"(?i)panic|exception|back ?trace|assert", text)]
    assert not bad, console.tail()
    assert console.all_lines, "not a word on the console"


@pytest.mark.parametrize("seed", range(4))
def test_randomly_damaged_trees(start, seed):
    check_damaged(start, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_randomly_damaged_trees(start, seed):
    check_damaged(start, seed)
