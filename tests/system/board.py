# SPDX-License-Identifier: Apache-2.0
"""An emulated board with partitions on it: builds the device tree that Xen's dom0less describes (Xen's
docs/misc/arm/device-tree/booting.txt), places the modules in memory, starts QEMU, and reads and types on its console.

    board = Board(domains=[Domain("alpha", GUESTS / "hello")])
    with board.start() as console:
        console.wait_line("alpha", "guest: done")

The hypervisor is Bulkhead or, equally, Debian's own Xen: environment variable BULKHEAD, or Board(hypervisor=...).
"""
import dataclasses
import os
import pathlib
import subprocess

from console import BUILD, MIB, PATIENCE, PINNED, SWITCHING, TOP, WORK, Console, Domain, Machine, is_xen

__all__ = ["BUILD", "MIB", "PATIENCE", "PINNED", "TOP", "WORK", "Board", "Console", "Domain", "guest", "is_xen",
           "linux"]
GUESTS = BUILD / "guests" / "arm64"
DEBIAN = BUILD / "debian" / "arm64"
XEN = DEBIAN / "xen"
LINUX = DEBIAN / "linux"

RAM_BASE = 0x40000000
# QEMU puts the hypervisor at +2 MiB and the device tree at +128 MiB; the modules come behind both.
MODULE_BASE = RAM_BASE + 0x0A000000


def hypervisor_path():
    return pathlib.Path(os.environ.get("BULKHEAD", BUILD / "arm64" / "bulkhead"))


@dataclasses.dataclass
class Board(Machine):
    domains: list
    hypervisor: object = None
    gic: int = 3
    cpus: int = 2
    memory: int = 1024              # MiB
    bootargs: str = ""              # added to xen,xen-bootargs
    dts: str = ""                   # device-tree source appended to the tree: "/ { ... };"
    icount: bool = False            # one virtual ns an instruction, the same in every run
    cpu: str = "cortex-a57"
    virtualization: bool = True     # False: the hypervisor is started at EL1
    switching: bool = False         # with ICOUNT: CPUs that spin do not starve the others (guests that spin need it)
    qemu: tuple = ()                # further QEMU options
    edit: object = None             # function(dts text) -> dts text, for damaged trees
    name: str = "board"             # of the folder for files and logs
    module_base: int = MODULE_BASE
    layout: list = dataclasses.field(default_factory=list)

    emulator = "qemu-system-aarch64"
    default_hypervisor = staticmethod(hypervisor_path)

    def machine(self):
        level = "on" if self.virtualization else "off"
        return ["-M", f"virt,gic-version={self.gic},virtualization={level}", "-cpu", self.cpu, "-smp", str(self.cpus),
                "-m", str(self.memory)]

    def base_dts(self):
        """QEMU's own device tree as source. The same machine is asked only once."""
        WORK.mkdir(parents=True, exist_ok=True)
        key = f"{self.cpu}-gic{self.gic}-cpus{self.cpus}-mem{self.memory}" + ("" if self.virtualization else "-el1")
        path = WORK / f"{key}.dts"
        if not path.exists():
            blob = WORK / f"{key}.{os.getpid()}.dtb"
            machine = self.machine()
            machine[1] += f",dumpdtb={blob}"
            subprocess.run([self.emulator, *machine, "-nodefaults", "-display", "none"], check=True, timeout=60,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], check=True, timeout=60,
                                  stdout=subprocess.PIPE, text=True).stdout
            blob.unlink()
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_text(text)
            partial.replace(path)
        return path.read_text()

    def place(self, path):
        """Address for a module of this file; remembered for QEMU's loader."""
        at = self.layout[-1][2] if self.layout else self.module_base
        size = os.path.getsize(path)
        self.layout.append((path, at, (at + size + 2 * MIB - 1) // (2 * MIB) * (2 * MIB)))
        return at, size

    def module(self, kind, path, bootargs=""):
        at, size = self.place(path)
        arguments = f'bootargs = "{bootargs}";' if bootargs else ""
        return (f'module@{at:x} {{ compatible = "multiboot,{kind}", "multiboot,module"; '
                f'reg = <0 {at:#x} 0 {size:#x}>; {arguments} }};\n')

    def domain_node(self, number, domain):
        text = self.domain_text(number, domain)
        if domain.vpl011:
            text += "vpl011;\n"
        text += domain.extra + "\n"
        if domain.kernel is not None:
            text += self.module("kernel", domain.kernel, domain.bootargs)
        if domain.ramdisk is not None:
            text += self.module("ramdisk", domain.ramdisk)
        if domain.devices is not None:
            text += self.module("device-tree", domain.devices)
        return text + "};\n"

    def all_bootargs(self):
        return (("console=dtuart " if is_xen(self.hypervisor) else "") + self.bootargs).strip()

    def chosen(self):
        """What stands under /chosen for the domains."""
        return "".join(self.domain_node(i + 1, d) for i, d in enumerate(self.domains))

    def build(self):
        """Writes the device tree; returns QEMU's command line."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.layout = []
        nodes = self.chosen()
        text = self.base_dts() + (f'/ {{ chosen {{ #address-cells = <2>; #size-cells = <2>;\n'
                                  f'xen,xen-bootargs = "{self.all_bootargs()}";\n{nodes} }}; }};\n{self.dts}\n')
        if self.edit is not None:
            text = self.edit(text)
        self.blob = self.compile_tree(text)
        command = [self.emulator, *self.machine(), *self.console_options(), *self.loader()]
        if self.icount:
            command += ["-icount", "shift=0,sleep=off"]
            if (self.switching or is_xen(self.hypervisor)) and self.cpus > 1:
                command += SWITCHING
        return command + list(self.qemu)

    def loader(self):
        """QEMU's options for who loads the hypervisor, the tree and the modules: QEMU itself."""
        options = ["-kernel", str(self.hypervisor), "-dtb", str(self.blob)]
        for path, at, _ in self.layout:
            options += ["-device", f"loader,file={path},addr={at:#x},force-raw=on"]
        return options

    def names(self):
        """What each hypervisor puts in front of a partition's lines."""
        if is_xen(self.hypervisor):
            return {f"DOM{i + 1}": d.name for i, d in enumerate(self.domains)}
        return super().names()


def guest(name, program, arguments="", **options):
    """A partition with one of the bare-metal guests."""
    return Domain(name, GUESTS / program, arguments, **{"memory": 16, **options})


def linux(name, arguments="", **options):
    """A Debian Linux partition with the usual initramfs."""
    return Domain(name, LINUX, f"console=ttyAMA0 quiet hostname={name} {arguments}".strip(),
                  **{"memory": 192, "ramdisk": BUILD / "initramfs.cpio.gz", **options})
