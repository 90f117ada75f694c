# SPDX-License-Identifier: Apache-2.0
"""An emulated PC with partitions on it, as board.py has it for arm64: the boot description is the first of the boot
loader's modules, kernels and ramdisks the others, and QEMU is the boot loader.

    pc = Pc([Domain("alpha", pc.GUESTS / "hello")])

With `single` there is no description: the only domain's kernel is the first module, its ramdisk the second. That is also
how Debian's Xen starts its PVH dom0, with which guests are compared.
"""
import dataclasses
import pathlib
import re
import subprocess

import board as boards
from board import BUILD, PATIENCE, SWITCHING, WORK, Console, Domain, is_xen  # noqa: F401

GUESTS = BUILD / "guests" / "x86_64"
GUESTS_32 = BUILD / "guests" / "x86_32"
DEBIAN = BUILD / "debian" / "amd64"
XEN = DEBIAN / "xen"
HYPERVISOR = BUILD / "x86_64" / "bulkhead"
DEBUG = BUILD / "x86_64-debug" / "bulkhead"
INITRAMFS = BUILD / "initramfs-amd64.cpio.gz"
TOOL = BUILD / "image" / "bulkhead-image"

XEN_ARGUMENTS = "dom0=pvh dom0-iommu=none iommu=no console=com1 com1=115200 dom0_mem=256M"


@dataclasses.dataclass
class Pc:
    domains: list
    hypervisor: object = None
    cpus: int = 1
    memory: int = 512               # MiB
    bootargs: str = ""              # the hypervisor's own
    single: bool = False
    icount: bool = False
    switching: bool = False
    cpu: str = "max,x-force-features=on"
    qemu: tuple = ()
    modules: tuple = ()             # further files, behind those of the domains
    edit: object = None             # function(dts text) -> dts text, for damaged descriptions
    name: str = "pc"

    def __post_init__(self):
        self.hypervisor = pathlib.Path(self.hypervisor or HYPERVISOR)
        self.work = WORK / re.sub(r"[^\w.-]+", "_", self.name)

    def module(self, kind, path, bootargs=""):
        self.files.append(path)
        arguments = f'bootargs = "{bootargs}";' if bootargs else ""
        return (f'module{len(self.files)} {{ compatible = "multiboot,{kind}", "multiboot,module"; '
                f'module-index = <{len(self.files)}>; {arguments} }};\n')

    def domain_node(self, domain):
        text = f'{domain.name} {{\ncompatible = "xen,domain";\n'
        text += f"memory = {domain.memory_text or f'<0 {domain.memory * 1024:#x}>'};\ncpus = <{domain.vcpus}>;\n"
        text += domain.extra + "\n"
        if domain.kernel is not None:
            text += self.module("kernel", domain.kernel, domain.bootargs)
        if domain.ramdisk is not None:
            text += self.module("ramdisk", domain.ramdisk)
        return text + "};\n"

    def description(self):
        """Writes the boot description; its path."""
        nodes = "".join(self.domain_node(d) for d in self.domains)
        text = f'/dts-v1/;\n/ {{ chosen {{ xen,xen-bootargs = "{self.bootargs}";\n{nodes} }}; }};\n'
        if self.edit is not None:
            text = self.edit(text)
        source, blob = self.work / "description.dts", self.work / "description.dtb"
        source.write_text(text)
        subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", blob, source], check=True, timeout=60)
        return blob

    def build(self):
        """QEMU's command line."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.files, options = [], []
        if self.single:
            domain = self.domains[0]
            modules = [f"{domain.kernel} {domain.bootargs}".strip()]
            modules += [str(domain.ramdisk)] if domain.ramdisk is not None else []
        else:
            modules = [str(self.description()), *map(str, self.files)]
        modules += map(str, self.modules)
        arguments = f"{XEN_ARGUMENTS} {self.bootargs}" if is_xen(self.hypervisor) else self.bootargs
        if arguments and (self.single or is_xen(self.hypervisor)):
            options += ["-append", arguments]
        command = ["qemu-system-x86_64", "-M", "q35", "-cpu", self.cpu, "-smp", str(self.cpus), "-m", str(self.memory),
                   "-display", "none", "-monitor", "none", "-chardev", "stdio,id=console,signal=off", "-serial",
                   "chardev:console", "-no-reboot", "-nodefaults", "-kernel", str(self.hypervisor), *options]
        if modules:
            command += ["-initrd", ",".join(m.replace(",", ",,") for m in modules)]
        if self.icount:
            command += ["-icount", "shift=0,sleep=off"]
            command += SWITCHING if self.switching or (is_xen(self.hypervisor) and self.cpus > 1) else []
        return command + list(self.qemu)

    def names(self):
        """What each hypervisor puts in front of a partition's lines."""
        if self.single and not is_xen(self.hypervisor):
            return {"domain": self.domains[0].name}
        return {d.name: d.name for d in self.domains}

    def start(self, limit=60):
        if not self.hypervisor.exists():
            raise FileNotFoundError(f"{self.hypervisor}: no hypervisor there: run make configs")
        return Console(self, self.build(), limit)


def vmlinux(flavour=""):
    """The ELF kernel in Debian's bzImage ("" or "-cloud"), as bulkhead-image takes it out."""
    out = BUILD / "tests" / f"vmlinux{flavour}"
    source = DEBIAN / f"linux{flavour}"
    if not out.exists() or out.stat().st_mtime < source.stat().st_mtime:
        work = out.parent / f"unpacked{flavour}"
        work.mkdir(parents=True, exist_ok=True)
        config = work / "domain.cfg"
        config.write_text(f'name = "linux"\nmemory = 256\nvcpus = 1\nkernel = "{source}"\n')
        subprocess.run([TOOL, "-o", work, "--arch", "x86_64", config], check=True, stdout=subprocess.DEVNULL)
        (work / "linux.kernel").replace(out)
    return out


def linux(name, arguments="", flavour="-cloud", **options):
    """A Debian Linux partition with the usual initramfs."""
    defaults = {"memory": 256, "ramdisk": INITRAMFS, **options}
    return Domain(name, vmlinux(flavour), f"console=hvc0 quiet hostname={name} {arguments}".strip(), **defaults)


def guest(name, program, arguments="", folder=GUESTS, **options):
    """A partition with one of the bare-metal guests."""
    return Domain(name, folder / program, arguments, **{"memory": 16, **options})
