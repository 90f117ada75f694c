# SPDX-License-Identifier: Apache-2.0
"""Boards that QEMU emulates beside its own. A boot loader of eight instructions hands over the tree: QEMU's own writes
one bank of all the memory into it, over the devices of a board whose memory is in two places. docs/boards.md."""
import dataclasses
import re
import struct
import subprocess

from board import DEBIAN, MIB, WORK, Board

LOW_MEMORY = 2048               # MiB; what is more is at HIGH_BASE
HIGH_BASE = 0x800000000
IMAGE, BLOB, MODULES = 0x200000, 0x9000000, 0xa000000
# x0 = the tree, x1 to x3 = 0, to the image: both addresses follow.
LOADER = struct.pack("<6I", 0x580000c0, 0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3, 0x58000084, 0xd61f0080)


def source_of(blob):
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], check=True, timeout=60,
                          stdout=subprocess.PIPE, text=True).stdout


@dataclasses.dataclass
class Xilinx(Board):
    """ZynqMP and Versal have memory at 0 and at 32 GiB."""
    memory: int = 2560          # MiB
    module_base: int = MODULES
    machine_name = None
    minimum_cpus = 4            # of QEMU's machine, real-time ones included

    def machine(self):
        level = "on" if self.virtualization else "off"
        return ["-M", self.machine_name.format(level=level), "-smp", str(max(self.cpus, self.minimum_cpus)),
                "-m", str(self.memory)]

    def loader(self):
        entry = self.work / "entry"
        entry.write_bytes(LOADER + struct.pack("<2Q", BLOB, IMAGE))
        files = [(self.hypervisor, IMAGE), (self.blob, BLOB)] + [(f, at) for f, at, _ in self.layout]
        return ["-kernel", str(entry)] + [word for path, at in files for word in
                                          ("-device", f"loader,file={path},addr={at:#x},force-raw=on")]


@dataclasses.dataclass
class Zcu102(Xilinx):
    """Four Cortex-A53, GICv2 whose pages are 64 KiB apart, Cadence's UART; the device tree is Debian's."""
    gic: int = 2
    cpus: int = 4
    machine_name = "xlnx-zcu102,virtualization={level}"

    def console_options(self):
        """Its display has a sound card, which is quiet."""
        return [*super().console_options(), "-audiodev", "none,id=quiet"]

    def base_dts(self):
        banks = [(0, min(self.memory, LOW_MEMORY) * MIB)]
        if self.memory > LOW_MEMORY:
            banks.append((HIGH_BASE, (self.memory - LOW_MEMORY) * MIB))
        cells = " ".join(f"{n >> 32:#x} {n & 0xffffffff:#x}" for bank in banks for n in bank)
        return re.sub(r"(\tmemory@0 \{[^}]*reg = )<[^>]*>", rf"\1<{cells}>",
                      source_of(DEBIAN / "trees" / "zynqmp-zcu102-rev1.0.dtb"))


@dataclasses.dataclass
class Versal(Xilinx):
    """Two Cortex-A72, GICv3, PL011; the device tree is QEMU's."""
    gic: int = 3
    cpus: int = 2
    machine_name = "xlnx-versal-virt"

    def base_dts(self):
        path = WORK / f"versal-mem{self.memory}.dts"
        if not path.exists():
            WORK.mkdir(parents=True, exist_ok=True)
            blob = path.with_suffix(".dtb")
            machine = self.machine()
            machine[1] += f",dumpdtb={blob}"
            # The tree has PSCI only for a machine that is to load a kernel.
            subprocess.run([self.emulator, *machine, "-nodefaults", "-display", "none", "-kernel", self.hypervisor],
                           check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            path.write_text(source_of(blob))
        return path.read_text()
