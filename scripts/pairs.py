#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Build and boot the options of Kconfig in all pairs.

usage: pairs.py boot [N] for each architecture configurations in which every two options have every two values that can
                         occur together: each must build without a warning, and a guest must run on it to its end.
                         With N: only the N in which most pairs occur
       pairs.py sizes    how many bytes each option adds to an image with most of them: if none, it removes nothing
                         when it is off
       pairs.py list     print the configurations of the first

They are made anew from Kconfig each time, the same ones for the same Kconfig, in build/pairs/.
"""
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import time

import kconfiglib

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "system"))
import board as boards  # noqa: E402
import pc as pcs  # noqa: E402

FOLDER = TOP / "build" / "pairs"
# The options that name an architecture, those for which hypervisors are built, and who reads the symbols of theirs.
ARCHITECTURES = ("ARM64", "X86", "HOST")
NM = {"ARM64": "aarch64-linux-gnu-nm", "X86": "nm"}
# Options that make the image smaller when they are on: SEAL takes control domains along, which make others at run time.
REDUCES = {"SIZE", "SEAL"}
# Options that are off where sizes are compared: those, and what makes the linker work three times more.
OFF_IN_SIZES = REDUCES | {"SYMBOLS"}
# For sizes that depend on the options alone: optimized as a whole.
WHOLE = "HYP_LTO=-flto=auto -flto-partition=one"
# Sets of values to choose from, half of them with most options on: some options need many others.
SAMPLES = 1000
CHANCES = (0.5, 0.85)


class Options:
    """What Kconfig offers on an architecture: its sets of values, the names of the switches that take two, and what
    becomes of values that a user gives them."""

    def __init__(self, arch):
        self.arch = arch
        self.kconf = kconfiglib.Kconfig(str(TOP / "Kconfig"), warn_to_stderr=False)
        self.names = [s.name for s in self.kconf.unique_defined_syms
                      if s.type == kconfiglib.BOOL and s.name not in ARCHITECTURES]
        source = random.Random(1)
        sets = [self.settle({n: source.random() < CHANCES[i % len(CHANCES)] for n in self.names})
                for i in range(SAMPLES)]
        varied = [i for i in range(len(self.names)) if len({values[i] for values in sets}) == 2]
        self.names = [self.names[i] for i in varied]
        self.sets = sorted({tuple(values[i] for i in varied) for values in sets})

    def settle(self, wanted):
        """WANTED as Kconfig lets it be, as a tuple of values in the order of self.names."""
        self.kconf.unset_values()
        for name, value in {self.arch: True, **wanted}.items():
            self.kconf.syms[name].set_value(2 if value else 0)
        return tuple(self.kconf.syms[name].tri_value == 2 for name in self.names)

    def write(self, values, path):
        """The configuration file that says VALUES."""
        wanted = dict(zip(self.names, values))
        assert self.settle(wanted) == tuple(values)
        text = f"CONFIG_{self.arch}=y\n"
        text += "".join(f"CONFIG_{n}=y\n" if wanted[n] else f"# CONFIG_{n} is not set\n" for n in self.names
                        if self.kconf.syms[n].visibility)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def pairs_of(values):
    return {(i, values[i], j, values[j]) for i, j in itertools.combinations(range(len(values)), 2)}


def cover(options, most):
    """Few sets of values in which all pairs occur, but MOST of them at most: each time the one with the most new pairs.
    And what share of the pairs occurs in them."""
    pairs = {values: pairs_of(values) for values in options.sets}
    left = set().union(*pairs.values())
    count, chosen = len(left), []
    while left and len(chosen) < most:
        best = max(options.sets, key=lambda values: len(pairs[values] & left))
        chosen.append(best)
        left -= pairs[best]
    return chosen, 1 - len(left) / count


def build(arch, name, *variables):
    """(error or None, bytes of all functions and data)"""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CONFIG")}
    result = subprocess.run(["make", "-s", "hypervisor", f"CONFIG=pairs/{name}", f"HYP_CONFIG={FOLDER / name}.config",
                             *variables], cwd=TOP,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = re.sub(r"(?m)^  (CC|AS|LD) .*\n", "", result.stdout)
    if result.returncode != 0 or said:
        return f"does not build without a warning:\n{said}", 0
    # Sections are in whole pages: they hide what is small.
    text = subprocess.run([NM[arch], "-S", FOLDER / name / "bulkhead.elf"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return None, sum(int(words[1], 16) for words in map(str.split, text.splitlines()) if len(words) == 4)


def watch(machine, limit, wanted):
    """Boots it: what went wrong, or None. It must power itself off, having said WANTED."""
    with machine.start(limit) as console:
        try:
            console.wait_end(limit=limit)
        except AssertionError as e:
            return str(e)
        lines = [text for _, text in console.all_lines]
        for line in wanted:
            if not any(text.endswith(line) for text in lines):
                return f"{machine.name}: no line \"{line}\"\n{console.tail()}"
    return None


def boot_board(name, value, gic):
    mute = not (value["PL011"] and value["VPL011"])
    kernel = boards.GUESTS / ("hello.elf" if value["LOADER_ELF"] else "hello")
    domain = boards.Domain("alpha", kernel, "semihosting=1" if mute else "", memory=16, vcpus=2, vpl011=value["VPL011"],
                           ramdisk=TOP / "LICENSE" if value["RAMDISK"] else None,
                           extra="" if value["SCHED_FAIR"] else boards.PINNED.format(cpu="0 1"))
    board = boards.Board([domain], hypervisor=FOLDER / name / "bulkhead", gic=gic, name=f"pairs-{name}-gic{gic}",
                         qemu=("-semihosting-config", "enable=on,target=native"))
    return watch(board, 20, ("guest: done", "cpus reported: 2", f"gic: version {gic}"))


def watch_mute(machine, limit, image, function):
    """Boots it: None once a CPU was seen in FUNCTION of IMAGE, by its instruction pointer."""
    symbols = subprocess.run(["nm", "-S", image], check=True, stdout=subprocess.PIPE, text=True).stdout
    start, size = (int(n, 16) for n in re.search(rf"(?m)^(\w+) (\w+) T {function}$", symbols).groups())
    machine.qemu = ("-chardev", f"socket,id=monitor,path={FOLDER}/{machine.name}.socket,server=on,wait=off",
                    "-mon", "chardev=monitor")
    with machine.start(limit) as console, socket.socket(socket.AF_UNIX) as monitor:
        console.settle(1)
        monitor.connect(f"{FOLDER}/{machine.name}.socket")
        text, end = "", time.monotonic() + limit * boards.PATIENCE
        while time.monotonic() < end and console.pump(0.05):
            monitor.send(b"info registers -a\n")
            text = text[-8000:] + monitor.recv(65536).decode(errors="replace")
            if any(start <= int(at, 16) < start + size for at in re.findall(r"RIP=(\w{16})", text)):
                return None
    return f"{machine.name}: no CPU is seen in {function} of {image}\n{text}"


def boot_pc(name, value):
    """A partition of a boot description has the PV console only; the single one without has Xen's console_io."""
    described = value["PV_CONSOLE"]
    domain = pcs.guest("alpha", "hello", "" if value["NS16550"] else "end=spin", vcpus=2,
                       ramdisk=TOP / "LICENSE" if value["RAMDISK"] else None,
                       extra="" if value["SCHED_FAIR"] else boards.PINNED.format(cpu="0 1"))
    pc = pcs.Pc([domain], hypervisor=FOLDER / name / "bulkhead", described=described, name=f"pairs-{name}")
    if value["NS16550"]:
        return watch(pc, 20, ("guest: done", "cpus reported: 2"))
    return watch_mute(pc, 20, domain.kernel, "guest_end")


def check_set(options, name, values):
    value = dict(zip(options.names, values))
    error, _ = build(options.arch, name)
    if options.arch == "X86":
        return error or boot_pc(name, value)
    for gic in (2, 3):
        if error is None and value[f"GICV{gic}"]:
            error = boot_board(name, value, gic)
    return error


def compare_sizes(options, pool):
    """Lines of the table of what each option adds, and the number of those that do not do what they are for."""
    base = {n: n not in OFF_IN_SIZES for n in options.names}
    jobs = {}
    for name in [None] + options.names:
        label = "most" if name is None else f"most-without-{name}" if base[name] else f"most-with-{name}"
        label = f"{options.arch}-{label}"
        values = options.settle(base if name is None else {**base, name: not base[name]})
        options.write(values, FOLDER / f"{label}.config")
        jobs[name] = pool.submit(build, options.arch, label, WHOLE)
    error, most = jobs.pop(None).result()
    failed, lines = 0, [error or f"{options.arch}: {most} bytes with most, of which"]
    for name, job in jobs.items():
        error, size = job.result()
        adds = most - size if base[name] else size - most
        bad = error or ("" if adds < 0 and name in REDUCES or adds > 0 and name not in REDUCES else "changes nothing")
        failed += bad != ""
        lines.append(f"  {name:16} {adds:+7}  {bad}".rstrip())
    return lines, failed


def check_sets(options, sets, pool):
    """How many of the sets failed."""
    jobs = {name: pool.submit(check_set, options, name, values) for name, values in sets.items()}
    failed = 0
    for name, job in jobs.items():
        if job.result() is not None:
            failed += 1
            print(f"pairs: set {name}: {job.result()}")
    print(f"pairs: {options.arch}: {len(sets)} sets, {failed} failed")
    return failed


def check_sizes(options, pool):
    """How many options failed."""
    lines, failed = compare_sizes(options, pool)
    print("\n".join(lines))
    print(f"pairs: {options.arch}: {failed} of {len(options.names)} options failed")
    return failed


def main(argv):
    if argv[1:] not in (["boot"], ["sizes"], ["list"]) and not (len(argv) == 3 and argv[1] == "boot" and argv[2].isdigit()):
        sys.exit(__doc__)
    most = int(argv[2]) if len(argv) == 3 else SAMPLES
    architectures = [Options(arch) for arch in NM]
    if argv[1] == "sizes":
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            return 1 if sum(check_sizes(options, pool) for options in architectures) else 0
    work = []
    for options in architectures:
        chosen, share = cover(options, most)
        sets = {f"{options.arch}-{number}": values for number, values in enumerate(chosen)}
        for name, values in sets.items():
            options.write(values, FOLDER / f"{name}.config")
            print(f"{name:8} " + " ".join(n if v else "-" * len(n) for n, v in zip(options.names, values)))
        print(f"pairs: {options.arch}: {share:.1%} of all pairs")
        work.append((options, sets))
    if argv[1] == "list":
        return 0
    boards.Board([], gic=2).base_dts()
    boards.Board([], gic=3).base_dts()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return 1 if sum(check_sets(options, sets, pool) for options, sets in work) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
