# SPDX-License-Identifier: Apache-2.0
"""--check names every conflict, both sides with file and line. The cases are in check_cases.txt:

    == NAME
    board KIND        one of boards() below, if not the plain one; or x86_64
    -- FILE           what follows are the file's lines; a partition's begin with its name, kernel and memory, up to line 3
    => LINE           what the tool says, all of it, in any order
"""
import pathlib

import pytest

import fdt
import pc
from conftest import MIB, RAM, board, elf, image
from devices import ETHERNET, GIC, RTC, device, devices_board, numa_board

CASES = pathlib.Path(__file__).with_name("check_cases.txt")


def read_cases():
    """{name: (kind, {file: lines}, [expected])}"""
    cases, files, expected, lines = {}, None, None, None
    for text in CASES.read_text().splitlines():
        mark, rest = text[:2], text[3:]
        if mark == "==":
            assert rest not in cases, f"two cases of one name: {rest}"
            files, expected, lines = {}, [], None
            cases[rest] = kind = ["", files, expected]
        elif mark == "--":
            lines = files.setdefault(rest, [])
            if rest not in ("system.cfg", "second.cfg"):
                lines += [f'name = "{rest[0]}"', 'kernel = "kernel"', "memory = 64"]
        elif mark == "=>":
            expected.append(rest)
            lines = None
        elif text.startswith("#"):
            continue
        elif text and lines is not None:
            lines.append(text)
        elif text:
            kind[0] = text.removeprefix("board ")
    return cases


def boards():
    pool = fdt.Node({"#address-cells": fdt.u32(2), "#size-cells": fdt.u32(2), "ranges": b""},
                    {"pool@68000000": fdt.Node({"reg": fdt.u64(0x68000000, 4096)})})
    return {
        "": board(), "gic2": board(gic="arm,gic-400"), "small": board(memory=((RAM, 64 * MIB),)),
        "reserved": board(reserved=((0x70000000, 4096),), children={"reserved-memory": pool}),
        "devices": devices_board(), "numa": numa_board(),
        "large": board(children={"fat@a700000": device("arm,pl031", 0xA700000, words=b"x" * (65 << 10)),
                                 "wide@20000000": device("arm,pl031", 0x20000000, 0x20000000)}),
    }


def partial(path, *sets, forced=True, cells=fdt.u64):
    """A partial tree of one device."""
    device = {"compatible": fdt.string("any"), "xen,path": fdt.string(path), "xen,reg": cells(*sets)}
    if forced:
        device["xen,force-assign-without-iommu"] = b""
    top = fdt.Node({"compatible": fdt.string("simple-bus"), "#address-cells": fdt.u32(2), "#size-cells": fdt.u32(2),
                    "ranges": b""}, {"device@1": fdt.Node(device)})
    return fdt.write(fdt.Node({}, {"gic": fdt.Node({"phandle": fdt.u32(GIC)}), "passthrough": top}))


FILES = {
    "elf": lambda: elf(address=RAM), "high": lambda: elf(address=RAM + 512 * MIB), "big": lambda: image(4 * MIB),
    "huge": lambda: b"r" * (48 * MIB),
    "rtc.dtb": lambda: partial(RTC, 0x9010000, 4096, 0x10000000),
    "rtc2.dtb": lambda: partial(RTC, 0x9010000, 4096, 0x11000000),
    "ethernet.dtb": lambda: partial(ETHERNET, 0xA100000, 8192, 0x10000000),
    "unforced.dtb": lambda: partial(RTC, 0x9010000, 4096, 0x10000000, forced=False),
    "nowhere.dtb": lambda: partial("/nowhere", 0x9010000, 4096, 0x10000000),
    "half.dtb": lambda: partial(RTC, 0x9010000, 2048, 0x10000000),
    "cells.dtb": lambda: partial(RTC, 1, 2, 3, cells=fdt.u32),
    "over.dtb": lambda: partial(RTC, 0x9010000, 4096, 0x40000000),
}


def run(shop, kind, files):
    """Runs the tool on a case; what it writes would be in shop.folder / "out"."""
    text = "\n".join(line for lines in files.values() for line in lines)
    for name, make in FILES.items():
        if f'"{name}"' in text:
            shop.write(name, make())
    options = ["--check"]
    if kind == "x86_64":
        shop.write("kernel", pc.elf())
        options += ["--arch", "x86_64"]
    else:
        shop.write("board.dtb", boards()[kind])
        options += ["--board", "board.dtb"]
    for name, lines in files.items():
        shop.write(name, "\n".join(lines) + "\n")
    for name in ("system.cfg", "second.cfg"):
        options += ["--system", name] if name in files else []
    names = [name for name in ("a.cfg", "b.cfg", "c.cfg") if name in files]
    return shop.run(*options, *(names or ["a.cfg"]))


ALL = read_cases()


# Req: BH-TOOL-001, BH-TOOL-002, BH-TOOL-003, BH-TOOL-030
@pytest.mark.parametrize("name", ALL)
def test_check(shop, name):
    kind, files, expected = ALL[name]
    result = run(shop, kind, files)
    assert sorted(result.stderr.splitlines()) == sorted(expected)
    assert result.status == 1 and result.stdout == ""
    assert not (shop.folder / "out").exists()


# Req: BH-TOOL-030
def test_there_are_cases_of_all_kinds():
    assert len(ALL) >= 150


# Req: BH-TOOL-030
def test_nothing_is_wrong(shop):
    shop.write("a.cfg", 'name = "a"\nkernel = "kernel"\nmemory = 64\n')
    result = shop.run("--check", "--board", "board.dtb", "a.cfg").good()
    assert result.stdout == "1 partition for board.dtb: nothing is wrong\n"
    assert not result.out.exists()


# Req: BH-TOOL-030
def test_it_may_be_written_too(shop):
    shop.write("a.cfg", 'name = "a"\nkernel = "kernel"\nmemory = 64\n')
    shop.run("--check", "-o", "out", "--board", "board.dtb", "a.cfg").good()
    assert (shop.folder / "out/bulkhead.dtb").exists()
