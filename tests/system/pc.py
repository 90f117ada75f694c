# SPDX-License-Identifier: Apache-2.0
"""An emulated PC with partitions on it. QEMU loads the hypervisor as Multiboot says, with the boot description, a
device tree, as the first module and all kernels and ramdisks behind it; or without a description, with a kernel and
a ramdisk for one partition, which gets what there is.

    pc = Pc(domains=[guest("alpha", "hello")])
    with pc.start() as console:
        console.wait_line("alpha", "guest: done")

The hypervisor is Bulkhead (environment variable BULKHEAD_X86, or Pc(hypervisor=...)) or, with one partition as its
domain 0, Debian's own Xen.
"""
import dataclasses
import os
import pathlib
import subprocess

from console import BUILD, SWITCHING, WORK, Domain, Machine, is_xen

GUESTS = {bits: BUILD / "guests" / f"x86_{bits}" for bits in (32, 64)}
DEBIAN = BUILD / "debian" / "amd64"
XEN = DEBIAN / "xen"
INITRAMFS = WORK / "initramfs-amd64.cpio.gz"
# All that the emulator has. A TSC that never changes its speed it only has by force, with a warning.
CPU = "max,x-force-features=on,invtsc=on"
# Xen as it runs its domain 0 here: without an IOMMU, which this machine has not.
XEN_ARGUMENTS = "dom0=pvh dom0-iommu=none iommu=no console=com1 com1=115200 dom0_mem=256M dom0_max_vcpus={vcpus}"
MULTIBOOT_MAGIC = bytes.fromhex("02b0ad1b")


def hypervisor_path():
    return pathlib.Path(os.environ.get("BULKHEAD_X86", BUILD / "x86_64" / "bulkhead"))


@dataclasses.dataclass
class Pc(Machine):
    domains: list
    hypervisor: object = None
    cpus: int = 2
    memory: int = 1024              # MiB
    bootargs: str = ""              # the hypervisor's
    dts: str = ""                   # device-tree source appended to the tree: "/ { ... };"
    machine: str = "q35"            # QEMU's
    cpu: str = CPU
    described: bool = True          # False: no tree, one partition
    pvh: bool = False               # QEMU enters the hypervisor as PVH says; it then takes one module only
    icount: bool = False            # one virtual ns an instruction, the same in every run
    qemu: tuple = ()                # further QEMU options
    edit: object = None             # function(dts text) -> dts text, for damaged trees
    edit_blob: object = None        # function(bytes) -> bytes, the same after it was compiled
    name: str = "pc"                # of the folder for files and logs
    modules: list = dataclasses.field(default_factory=list)

    emulator = "qemu-system-x86_64"
    # Where CPUs really run at once QEMU 7.2 sometimes enters a guest, or leaves it, with half of the other's state
    # (docs/x86.md); no such case was seen with its threads on one host CPU.
    takes_turns = True
    default_hypervisor = staticmethod(hypervisor_path)

    def module(self, kind, path, bootargs=""):
        """A file that several partitions have is loaded once."""
        if path not in self.modules:
            self.modules.append(path)
        arguments = f'bootargs = "{bootargs}";' if bootargs else ""
        return (f'{kind} {{ compatible = "multiboot,{kind}", "multiboot,module"; '
                f'module-index = <{1 + self.modules.index(path)}>; {arguments} }};\n')

    def domain_node(self, number, domain):
        text = self.domain_text(number, domain) + domain.extra + "\n"
        if domain.kernel is not None:
            text += self.module("kernel", domain.kernel, domain.bootargs)
        if domain.ramdisk is not None:
            text += self.module("ramdisk", domain.ramdisk)
        return text + "};\n"

    def tree(self):
        nodes = "".join(self.domain_node(i + 1, d) for i, d in enumerate(self.domains))
        text = (f'/dts-v1/;\n/ {{ #address-cells = <2>; #size-cells = <2>; chosen {{\n'
                f'xen,xen-bootargs = "{self.bootargs}";\n{nodes} }}; }};\n{self.dts}\n')
        blob = self.compile_tree(self.edit(text) if self.edit is not None else text)
        if self.edit_blob is not None:
            blob.write_bytes(self.edit_blob(blob.read_bytes()))
        return blob

    def image(self):
        """The hypervisor's file; for a start by PVH without the Multiboot header, which QEMU would prefer."""
        if not self.pvh:
            return self.hypervisor
        data = self.hypervisor.read_bytes()
        assert data[:8192].count(MULTIBOOT_MAGIC) == 1
        spoiled = self.work / "bulkhead-pvh"
        spoiled.write_bytes(data.replace(MULTIBOOT_MAGIC, bytes(4), 1))
        return spoiled

    def build(self):
        """Writes the device tree; returns QEMU's command line."""
        self.work.mkdir(parents=True, exist_ok=True)
        self.modules = []
        arguments = self.bootargs
        if is_xen(self.hypervisor):
            arguments = f"{XEN_ARGUMENTS.format(vcpus=self.domains[0].vcpus)} {arguments}".strip()
        if self.described and not is_xen(self.hypervisor):
            modules, arguments = [(self.tree(), ""), *((path, "") for path in self.modules)], ""
        else:
            modules = [(d.kernel, d.bootargs) for d in self.domains] + \
                [(d.ramdisk, "") for d in self.domains if d.ramdisk is not None]
        # A comma ends a module, a space its file's name.
        words = ",".join(f"{path} {text}".strip().replace(",", ",,") for path, text in modules)
        return [self.emulator, "-M", self.machine, "-cpu", self.cpu, "-smp", str(self.cpus), "-m", str(self.memory),
                *self.console_options(), "-kernel", str(self.image()), *(["-initrd", words] if words else []),
                *(["-append", arguments] if arguments else []), *self.counting(), *self.qemu]

    def counting(self):
        """Options of a run whose time is that of instructions; CPUs that spin do not starve the others."""
        if not self.icount:
            return []
        return ["-icount", "shift=0,sleep=off", *(SWITCHING if self.cpus > 1 else [])]


def guest(name, program, arguments="", bits=64, **options):
    """A partition with one of the bare-metal guests."""
    return Domain(name, GUESTS[bits] / program, arguments, **{"memory": 16, **options})


def linux(name, arguments="", kernel="linux-cloud", **options):
    """A Debian Linux partition with the usual initramfs: KERNEL is linux-cloud or linux."""
    return Domain(name, vmlinux(kernel), f"console=hvc0 quiet hostname={name} {arguments}".strip(),
                  **{"memory": 192, "ramdisk": INITRAMFS, **options})


def vmlinux(kernel):
    """The ELF file in Debian's bzImage (Linux, Documentation/arch/x86/boot.rst: payload_offset, payload_length)."""
    source, out = DEBIAN / kernel, WORK / f"vm{kernel}"
    if not out.exists() or os.path.getmtime(out) < os.path.getmtime(source):
        data = source.read_bytes()
        start = (data[0x1f1] + 1) * 512 + int.from_bytes(data[0x248:0x24c], "little")
        payload = data[start:start + int.from_bytes(data[0x24c:0x250], "little")]
        # The last four bytes say how long it is unpacked, which xz has in its own format.
        tool, payload = (["xz", "-dc"], payload) if payload.startswith(b"\xfd7zXZ") else (["lz4", "-dc"], payload[:-4])
        elf = subprocess.run([*tool, "--single-stream"] if tool[0] == "xz" else tool, input=payload, timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
        assert elf.startswith(b"\x7fELF"), f"{source}: nothing that {tool[0]} unpacks"
        partial = out.with_suffix(f".{os.getpid()}")
        partial.write_bytes(elf)
        partial.replace(out)
    return out
