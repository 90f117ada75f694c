# SPDX-License-Identifier: Apache-2.0
"""Xilinx' ZCU102 as QEMU emulates it: four Cortex-A53, GICv2 in frames of 64 KiB, Cadence's UART, memory in two places.
Its device tree is Debian's. Where memory is beyond 2 GiB a boot loader of eight instructions is what loads it: QEMU's
own writes one bank of that size into the tree, over the devices."""
import dataclasses
import re
import struct
import subprocess

from board import DEBIAN, MIB, Board

TREE = DEBIAN / "trees" / "zynqmp-zcu102-rev1.0.dtb"
LOW_MEMORY = 2048               # MiB; what is more is at HIGH_BASE
HIGH_BASE = 0x800000000
ENTRY, IMAGE, BLOB, MODULES = 0x100000, 0x200000, 0x8000000, 0xa000000
# x0 = the tree, x1 to x3 = 0, to the image: both addresses follow.
LOADER = struct.pack("<6I", 0x580000c0, 0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3, 0x58000084, 0xd61f0080)


@dataclasses.dataclass
class Zcu102(Board):
    gic: int = 2
    cpus: int = 4
    memory: int = 2560          # MiB
    cpu: str = "cortex-a53"
    module_base: int = MODULES

    def machine(self):
        level = "on" if self.virtualization else "off"
        return ["-M", f"xlnx-zcu102,virtualization={level}", "-smp", str(self.cpus), "-m", str(self.memory)]

    def console_options(self):
        """Its display has a sound card, which is quiet."""
        return [*super().console_options(), "-audiodev", "none,id=quiet"]

    def base_dts(self):
        text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", TREE], check=True, timeout=60,
                              stdout=subprocess.PIPE, text=True).stdout
        banks = [(0, min(self.memory, LOW_MEMORY) * MIB)]
        if self.memory > LOW_MEMORY:
            banks.append((HIGH_BASE, (self.memory - LOW_MEMORY) * MIB))
        cells = " ".join(f"{n >> 32:#x} {n & 0xffffffff:#x}" for bank in banks for n in bank)
        return re.sub(r"(\tmemory@0 \{[^}]*reg = )<[^>]*>", rf"\1<{cells}>", text)

    def loader(self):
        entry = self.work / "entry"
        entry.write_bytes(LOADER + struct.pack("<2Q", BLOB, IMAGE))
        files = [(entry, ENTRY), (self.hypervisor, IMAGE), (self.blob, BLOB)] + [(f, at) for f, at, _ in self.layout]
        options = [f"loader,file={path},addr={at:#x},force-raw=on" for path, at in files]
        options.append(f"loader,addr={ENTRY:#x},cpu-num=0")
        return [word for option in options for word in ("-device", option)]
