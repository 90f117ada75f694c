# SPDX-License-Identifier: Apache-2.0
"""Partitions whose memory is set apart, on whatever machine. Where it is, the file says that is the machine's RAM: a
guest's own words have to be there. A MAKE(name, program, arguments, **options) makes a partition with a bare-metal
guest."""
import struct

import restarting
from console import WORK

MARK = struct.pack("<Q", 0x7465726365732E61)    # what guests/life.c writes to its last page
PAGE = 4096
MEMORY = 64


def ram_file(name, mib):
    """A file that is RAM, and QEMU's options for that."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{name}.ram"
    path.unlink(missing_ok=True)
    return path, ("-object", f"memory-backend-file,id=ram,size={mib}M,mem-path={path},share=on",
                  "-machine", "memory-backend=ram")


def places_of(path, ram_base):
    """Machine addresses of pages in RAM that begin with the mark."""
    found, data = [], path.read_bytes()
    at = data.find(MARK)
    while at >= 0:
        found += [ram_base + at] if at % PAGE == 0 else []
        at = data.find(MARK, at + 1)
    path.unlink()
    return found


def static_memory(*ranges):
    cells = " ".join(f"0 {start:#x} 0 {size:#x}" for start, size in ranges)
    return f"xen,static-mem = <{cells}>;"


def memory_is_where_the_description_says(start, make, machine, ram_base, first, second, **options):
    """In two ranges of 32 MiB, the higher one first: through three lives the last page is that of the second range."""
    ram, qemu = ram_file(f"placed-{machine}", 1024)
    extra = static_memory((first, 32 << 20), (second, 32 << 20)) + restarting.RULES.format("reboot", 3)
    console = start([make("placed", "life", "end=reset", memory=MEMORY, extra=extra),
                     make("other", "life", "", memory=MEMORY)], memory=1024, qemu=qemu, **options)
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("placed", 3), 60)
    console.wait_end(30)
    assert [line for line in console.lines["placed"] if line.startswith("life:")] == ["life: new"] * 4
    own, others = [], []
    for at in places_of(ram, ram_base):
        (own if second + (31 << 20) < at < second + (32 << 20) else others).append(at)
    assert len(own) == 1 and len(others) == 1, (own, others)
    assert not any(at <= others[0] < at + (32 << 20) for at in (first, second))
