# SPDX-License-Identifier: Apache-2.0
"""Tests of bulkhead-image. They build it with address and undefined-behaviour sanitizers and run it as users do.

Environment: BUILD, the build folder; IMAGE_TOOL, a tool to test instead.
"""
import os
import pathlib
import re
import struct
import subprocess

import pexpect
import pytest

import fdt

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
MIB = 1 << 20
RAM = 0x40000000

# What a sanitizer finds must not look like the tool's own "refused" (1).
os.environ["ASAN_OPTIONS"] = "exitcode=99:detect_leaks=1"
os.environ["UBSAN_OPTIONS"] = "halt_on_error=1:exitcode=99:print_stacktrace=1"


def image(size=64 << 10, *, memory=None, offset=0, flags=0xA):
    """An arm64 Image of `size` bytes that covers `memory` bytes (Linux, Documentation/arm64/booting.rst)."""
    header = struct.pack("<IIQQQ", 0x14000010, 0, offset, size if memory is None else memory, flags)
    return (header.ljust(56, b"\0") + b"ARM\x64").ljust(size, b"\xaa")


def elf(*, machine=183, kind=2, bits=2, order=1, address=RAM, memory=4096, entry=None, segments=1, segment_type=1,
        file_size=16, offset=None, table=64, entry_size=56):
    """A 64-bit ELF file with one kind of segment."""
    offset = table + segments * 56 if offset is None else offset
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", bits, order, 1, 0, kind, machine, 1,
                       address if entry is None else entry, table, 0, 0, 64, entry_size, segments, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", segment_type, 5, offset, address, address, file_size, memory, 4096)
    return head.ljust(table, b"\0") + segment * segments + b"\0" * 16


def board(*, cpus=4, memory=((RAM, 1 << 30),), gic="arm,gic-v3", chosen=None, root=None, children=None, reserved=()):
    """A board's tree; `children` are laid over it, None takes a node out."""
    tree = fdt.Node({"compatible": fdt.string("test,board"), "#address-cells": fdt.u32(2), "#size-cells": fdt.u32(2)})
    tree.props.update(root or {})
    nodes = {
        "intc@8000000": fdt.Node({"compatible": fdt.string(gic), "interrupt-controller": b""}),
        "cpus": fdt.Node({"#address-cells": fdt.u32(1), "#size-cells": fdt.u32(0)}),
        "chosen": fdt.Node({"stdout-path": fdt.string("/serial")} | (chosen or {})),
    }
    for start, size in memory:
        nodes[f"memory@{start:x}"] = fdt.Node({"device_type": fdt.string("memory"), "reg": fdt.u64(start, size)})
    for i in range(cpus):
        nodes["cpus"].children[f"cpu@{i}"] = fdt.Node(
            {"device_type": fdt.string("cpu"), "compatible": fdt.string("arm,cortex-a57"), "reg": fdt.u32(i)}
        )
    nodes.update(children or {})
    tree.children = {name: node for name, node in nodes.items() if node is not None}
    return fdt.write(tree, reserved)


GOOD = {"name": '"alpha"', "kernel": '"kernel"', "memory": "64"}


def config(**keys):
    """The text of a configuration that works, with keys changed, added, or taken out by None; one a line."""
    return "".join(f"{k} = {v}\n" for k, v in (GOOD | keys).items() if v is not None)


class Result:
    def __init__(self, done, out):
        self.status, self.stdout, self.stderr, self.out = done.returncode, done.stdout, done.stderr, out
        self.text = done.stdout + done.stderr

    def refused(self, expected):
        """Exit status 1, `expected` (a pattern) at the start of a line of stderr, and nothing written."""
        assert self.status == 1, self.text
        assert re.search("^" + expected, self.stderr, re.MULTILINE), f"no line matches {expected!r}:\n{self.stderr}"
        assert not self.out.exists() or not list(self.out.iterdir()), "refused, and still something was written"

    def good(self):
        assert self.status == 0 and self.stderr == "", self.text
        return self

    @property
    def tree(self):
        return fdt.read((self.out / "bulkhead.dtb").read_bytes())[0]

    @property
    def args(self):
        return (self.out / "qemu.args").read_text().splitlines()


class Workshop:
    """A folder with a board ("board.dtb") and a kernel ("kernel"), and the tool to try on it."""

    def __init__(self, folder, program):
        self.folder, self.program = folder, program
        self.write("board.dtb", board())
        self.write("kernel", image())

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, (bytes, bytearray)) else data.encode())
        return path

    def run(self, *args, env=None):
        done = subprocess.run(
            [self.program, *map(str, args)], cwd=self.folder, capture_output=True, text=True, errors="replace",
            timeout=60, stdin=subprocess.DEVNULL, env=os.environ | (env or {}),
        )
        assert done.returncode in (0, 1), f"exit status {done.returncode}\n{done.stderr}"
        assert "runtime error" not in done.stderr and "Sanitizer" not in done.stderr, done.stderr
        return Result(done, self.folder / "out")

    def make(self, *configs, options=()):
        """Runs the tool for texts (a.cfg, b.cfg, ...) on board.dtb."""
        names = []
        for i, text in enumerate(configs):
            names.append(f"{chr(ord('a') + i)}.cfg" if i < 26 else f"c{i}.cfg")
            self.write(names[-1], text)
        chosen = [] if any(o in ("--board", "--machine") for o in options) else ["--board", "board.dtb"]
        return self.run("-o", "out", *chosen, *options, *names)


@pytest.fixture(scope="session")
def program():
    if "IMAGE_TOOL" in os.environ:
        return pathlib.Path(os.environ["IMAGE_TOOL"]).resolve()
    subprocess.run(["make", "-s", "-f", "image/image.mk", "image-test"], cwd=TOP, check=True)
    return BUILD / "image-test/bulkhead-image"


@pytest.fixture
def shop(tmp_path, program):
    return Workshop(tmp_path, program)


def wait_prompt(console, name):
    """A shell that is only starting throws away what was typed before: an empty line, until one is answered."""
    for _ in range(30):
        console.send("\r")
        if console.expect([rf"{name}:/root# ", pexpect.TIMEOUT], timeout=5) == 0:
            return
    pytest.fail(f"no prompt of {name}")
