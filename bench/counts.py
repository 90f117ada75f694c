# SPDX-License-Identifier: Apache-2.0
"""Counts of executed instructions by a plugin of QEMU's (count.c), between marks that guests set."""
import os
import re
import subprocess

import board as boards
from board import TOP

# Around what is measured, by guests/*/bench.c: the call to start again, and the next life.
CALLS, LIVES = 64, 65


def plugin(work, ranges):
    """QEMU's option, and the file that the counts go to. RANGES: [(from, to)], virtual addresses of what is counted apart."""
    out, counts = work / "count.so", work / "counts"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", out, TOP / "bench/count.c"], check=True)
    return ("-plugin", f"{out}{''.join(f',from={a:x},to={b:x}' for a, b in ranges)},out={counts}"), counts


def functions(image, *names):
    """The ranges of these functions of IMAGE, an ELF file, as link-time optimization has left them."""
    symbols = subprocess.run(["nm", "-S", image], capture_output=True, text=True, check=True).stdout
    found = [re.search(rf"^(\w+) (\w+) [Tt] {name}(?:\.lto_priv\.\d+)?$", symbols, re.M).groups() for name in names]
    return [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in found]


def read(path):
    """[(mark, (in the ranges, all))]: "kernel0" is an arm64 kernel's first instruction."""
    lines = [line.split() for line in path.read_text().splitlines()]
    return [(name, (int(inside), int(inside) + int(outside))) for name, inside, outside in lines]


def between(counts, first, last):
    """(in the ranges, all) from the mark FIRST to the next LAST."""
    names = [name for name, _ in counts]
    begin = names.index(first)
    a, b = counts[begin][1], counts[names.index(last, begin + 1)][1]
    return b[0] - a[0], b[1] - a[1]


def restart(hypervisor, machine, *scrub):
    """Of a partition of 64 MiB with one CPU, from its call to start again to its next life. MACHINE makes it, given QEMU's
    options. SCRUB, functions that zero memory, clean it from the caches for who reads past them, or copy, are counted apart."""
    work = boards.WORK / f"bench-{hypervisor.name}-{os.path.basename(hypervisor.parent)}-restart"
    work.mkdir(parents=True, exist_ok=True)
    options, counts = plugin(work, functions(f"{hypervisor}.elf", *scrub))
    with machine(options) as console:
        console.wait(lambda: str(console.lines).count("started again") >= 3, 60, "three more lives")
    scrubbing, everything = between(read(counts), f"mark{CALLS}", f"mark{LIVES}")
    return {"restart": everything - scrubbing, "restart, all": everything}
