#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Build and boot the options of Kconfig in all pairs.

usage: pairs.py          configurations in which every two options have every two values that can occur together: each
                         must build without a warning, and a guest must run on it to its end. Then how many bytes each
                         option adds to an image with most of them: if none, it removes nothing when it is off
       pairs.py list     print the configurations

They are made anew from Kconfig each time, the same ones for the same Kconfig, in build/pairs/.
"""
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import subprocess
import sys

import kconfiglib

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "system"))
import board as boards  # noqa: E402

FOLDER = TOP / "build" / "pairs"
FIXED = {"ARM64": True, "HOST": False}
# Options that make the image smaller when they are on.
REDUCES = {"SIZE"}
# Options that are off where sizes are compared: those, and what makes the linker work three times more.
OFF_IN_SIZES = REDUCES | {"SYMBOLS"}
# Sets of values to choose from. Two values of a pair occur together in one in sixteen of them or more often.
SAMPLES = 1000


class Options:
    """What Kconfig offers: the names of its switches, and what becomes of values that a user gives them."""

    def __init__(self):
        self.kconf = kconfiglib.Kconfig(str(TOP / "Kconfig"), warn_to_stderr=False)
        self.names = [s.name for s in self.kconf.unique_defined_syms
                      if s.type == kconfiglib.BOOL and s.name not in FIXED]

    def settle(self, wanted):
        """WANTED as Kconfig lets it be, as a tuple of values in the order of self.names."""
        self.kconf.unset_values()
        for name, value in {**FIXED, **wanted}.items():
            if value or name not in FIXED:
                self.kconf.syms[name].set_value(2 if value else 0)
        return tuple(self.kconf.syms[name].tri_value == 2 for name in self.names)

    def write(self, values, path):
        """The configuration file that says VALUES."""
        wanted = dict(zip(self.names, values))
        assert self.settle(wanted) == tuple(values)
        text = "".join(f"CONFIG_{n}=y\n" if wanted[n] else f"# CONFIG_{n} is not set\n" for n in self.names
                       if self.kconf.syms[n].visibility)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "CONFIG_ARM64=y\n" + text
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def pairs_of(values):
    return {(i, values[i], j, values[j]) for i, j in itertools.combinations(range(len(values)), 2)}


def cover(options):
    """Few sets of values in which all pairs occur: each time the one with the most new pairs."""
    source = random.Random(1)
    found = sorted({options.settle({n: source.random() < 0.5 for n in options.names}) for _ in range(SAMPLES)})
    pairs = {values: pairs_of(values) for values in found}
    left = set().union(*pairs.values())
    chosen = []
    while left:
        best = max(found, key=lambda values: len(pairs[values] & left))
        chosen.append(best)
        left -= pairs[best]
    return chosen


def build(config, name):
    """(error or None, bytes of all functions and data)"""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CONFIG")}
    result = subprocess.run(["make", "-s", "hypervisor", f"CONFIG=pairs/{name}", f"HYP_CONFIG={config}"], cwd=TOP,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = re.sub(r"(?m)^  (CC|AS|LD) .*\n", "", result.stdout)
    if result.returncode != 0 or said:
        return f"does not build without a warning:\n{said}", 0
    # Sections are in whole pages: they hide what is small.
    text = subprocess.run(["aarch64-linux-gnu-nm", "-S", FOLDER / name / "bulkhead.elf"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return None, sum(int(words[1], 16) for words in map(str.split, text.splitlines()) if len(words) == 4)


def boot(name, value, gic):
    """What went wrong, or None. VALUE: {option: bool}."""
    mute = not (value["PL011"] and value["VPL011"])
    kernel = boards.GUESTS / ("hello.elf" if value["LOADER_ELF"] else "hello")
    domain = boards.Domain("alpha", kernel, "semihosting=1" if mute else "", memory=16, vcpus=2, vpl011=value["VPL011"],
                           ramdisk=TOP / "LICENSE" if value["RAMDISK"] else None,
                           extra="" if value["SCHED_FAIR"] else boards.PINNED.format(cpu="0 1"))
    board = boards.Board([domain], hypervisor=FOLDER / name / "bulkhead", gic=gic, name=f"pairs-{name}-gic{gic}",
                         qemu=("-semihosting-config", "enable=on,target=native"))
    with board.start(limit=30) as console:
        try:
            console.wait_end(limit=20)
        except AssertionError as e:
            return str(e)
        lines = [text for _, text in console.all_lines]
        for wanted in ("guest: done", "cpus reported: 2", f"gic: version {gic}"):
            if not any(line.endswith(wanted) for line in lines):
                return f"GICv{gic}: no line \"{wanted}\"\n{console.tail()}"
    return None


def check_set(options, number, values):
    name = str(number)
    config = FOLDER / f"{name}.config"
    value = dict(zip(options.names, values))
    error, _ = build(config, name)
    for gic in (2, 3):
        if error is None and value[f"GICV{gic}"]:
            error = boot(name, value, gic)
    return error


def check_sizes(options, pool):
    """Lines of the table of what each option adds, and the number of those that do not do what they are for."""
    base = {n: n not in OFF_IN_SIZES for n in options.names}
    jobs = {}
    for name in [None] + options.names:
        label = "most" if name is None else f"most-without-{name}" if base[name] else f"most-with-{name}"
        values = options.settle(base if name is None else {**base, name: not base[name]})
        options.write(values, FOLDER / f"{label}.config")
        jobs[name] = pool.submit(build, FOLDER / f"{label}.config", label)
    error, most = jobs.pop(None).result()
    failed, lines = 0, [error or f"most: {most} bytes, of which"]
    for name, job in jobs.items():
        error, size = job.result()
        adds = most - size if base[name] else size - most
        bad = error or ("" if adds < 0 and name in REDUCES or adds > 0 and name not in REDUCES else "changes nothing")
        failed += bad != ""
        lines.append(f"  {name:16} {adds:+7}  {bad}".rstrip())
    return lines, failed


def main(argv):
    options = Options()
    sets = cover(options)
    for number, values in enumerate(sets):
        options.write(values, FOLDER / f"{number}.config")
        print(f"{number:2}: " + " ".join(n if v else "-" * len(n) for n, v in zip(options.names, values)))
    if argv[1:] == ["list"]:
        return 0
    if argv[1:]:
        sys.exit(__doc__)
    failed = 0
    boards.Board([], gic=2).base_dts()
    boards.Board([], gic=3).base_dts()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [pool.submit(check_set, options, number, values) for number, values in enumerate(sets)]
        for number, job in enumerate(jobs):
            if job.result() is not None:
                failed += 1
                print(f"pairs: set {number}: {job.result()}")
        lines, useless = check_sizes(options, pool)
    print("\n".join(lines))
    print(f"pairs: {len(sets)} sets, {failed} failed; {useless} of {len(options.names)} options failed")
    return 1 if failed or useless else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
