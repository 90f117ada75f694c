# SPDX-License-Identifier: Apache-2.0
"""The image starts by U-Boot and by GRUB as well as by QEMU, and as an EFI program alone."""
import dataclasses
import pathlib
import re
import struct
import subprocess

import pytest

import board as boards
from board import Board, Domain

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
EDK2 = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
GRUB = boards.DEBIAN / "grub"
IMAGE_AT, TREE_AT = 0x44000000, 0x43000000

pytestmark = pytest.mark.bulkhead


@dataclasses.dataclass
class DiskBoard(Board):
    """A board whose firmware finds everything on a FAT disk: hypervisor, tree and modules beside each other."""
    firmware: str = EDK2
    folder: str = ""                # of the disk; the hypervisor is "bulkhead" in it
    program: object = None          # what the firmware starts by itself, instead of the hypervisor
    files: dict = dataclasses.field(default_factory=dict)   # further ones, by name: text or paths

    def loader(self):
        disk = self.work / "disk.img"
        files = {"bulkhead": self.hypervisor, "board.dtb": self.blob, **self.files}
        files.update((pathlib.Path(path).name, path) for d in self.domains for path in (d.kernel, d.ramdisk) if path)
        with open(disk, "wb") as f:
            f.truncate(128 << 20)
        self.run("mformat", "-i", disk, "-F", "::")
        for folder in dict.fromkeys(["/EFI", "/EFI/BOOT", self.folder or "/EFI"]):
            self.run("mmd", "-i", disk, f"::{folder}")
        for name, content in files.items():
            if isinstance(content, str) and "\n" in content:
                (self.work / name).write_text(content)
                content = self.work / name
            self.run("mcopy", "-i", disk, content, f"::{self.folder}/{name}")
        if self.firmware == EDK2:
            self.run("mcopy", "-i", disk, self.program or self.hypervisor, "::/EFI/BOOT/BOOTAA64.EFI")
        return ["-bios", self.firmware, "-drive", f"if=none,id=disk,file={disk},format=raw,readonly=on",
                "-device", "virtio-blk-device,drive=disk"]

    @staticmethod
    def run(*command):
        subprocess.run([str(word) for word in command], check=True, timeout=60)


@dataclasses.dataclass
class EfiBoard(DiskBoard):
    """Its tree names the modules' files; nobody knows where they will be."""
    prefix: str = ""                # in front of the names

    def module(self, kind, path, bootargs=""):
        self.layout.append(path)
        return (f'module@{len(self.layout)} {{ compatible = "multiboot,{kind}", "multiboot,module"; '
                f'xen,uefi-binary = "{self.prefix}{pathlib.Path(path).name}"; bootargs = "{bootargs}"; }};\n')


@dataclasses.dataclass
class GrubBoard(EfiBoard):
    """GRUB is what the firmware starts; its commands are the first value of FILES."""

    def loader(self):
        self.program = self.work / "grub.efi"
        self.run("grub-mkimage", "-d", GRUB, "-O", "arm64-efi", "-p", "/EFI/BOOT", "-o", self.program, "fat", "normal",
                 "configfile", "fdt", "linux", "xen_boot", "boot")
        return super().loader()


@dataclasses.dataclass
class FirmwareTreeBoard(EfiBoard):
    """QEMU gives the tree to the firmware, and the firmware hands it on: without ACPI only."""

    def machine(self):
        machine = super().machine()
        machine[1] += ",acpi=off"
        return machine

    def loader(self):
        return super().loader() + ["-dtb", str(self.blob)]


def uboot(console, *commands):
    console.wait_text("Hit any key to stop autoboot")
    console.send("\n")
    console.wait_text(r"=> $")
    console.send(" && ".join(commands) + "\n")


# Req: BH-BOOT-024
@pytest.mark.parametrize("gic", [2, 3])
def test_uboot_booti(start, guest, gic):
    console = start([guest("alpha", "hello", "one two=3", vcpus=2)], kind=DiskBoard, firmware=UBOOT, gic=gic)
    at = console.board.layout[0][1]
    uboot(console, f"load virtio 0 {at:#x} hello", f"load virtio 0 {TREE_AT:#x} board.dtb",
          f"load virtio 0 {IMAGE_AT:#x} bulkhead", f"booti {IMAGE_AT:#x} - {TREE_AT:#x}")
    console.wait_guests()
    assert console.results("alpha")["hello"] == "one two=3"
    assert console.results("alpha")["cpus reported"] == "2"
    console.wait_end()


# Req: BH-BOOT-025, BH-BOOT-026
def test_uboot_bootefi(start, guest):
    """U-Boot is an EFI firmware too; it loads no more of the image than its headers say."""
    console = start([guest("alpha", "hello", "one two=3")], kind=EfiBoard, firmware=UBOOT)
    uboot(console, f"load virtio 0 {TREE_AT:#x} board.dtb", f"load virtio 0 {IMAGE_AT:#x} bulkhead",
          f"bootefi {IMAGE_AT:#x} {TREE_AT:#x}")
    console.wait_guests()
    assert console.results("alpha")["hello"] == "one two=3"
    console.wait_end()


# Req: BH-BOOT-025, BH-BOOT-026, BH-BOOT-027
@pytest.mark.parametrize("command", ["xen_hypervisor", "linux"])
def test_grub(start, guest, command):
    """Modules are beside GRUB, where names start from. GRUB 2.06 itself crashes without an argument."""
    commands = f"devicetree /EFI/BOOT/board.dtb\n{command} /EFI/BOOT/bulkhead placeholder\nboot\n"
    console = start([guest("alpha", "hello", "one two=3"), guest("beta", "hello", "me=beta", vcpus=2)],
                    kind=GrubBoard, folder="/EFI/BOOT", files={"grub.cfg": commands})
    console.wait_guests()
    assert console.results("alpha")["hello"] == "one two=3"
    assert console.results("beta")["cpus reported"] == "2"
    console.wait_end()


# Req: BH-BOOT-025, BH-BOOT-026, BH-BOOT-027
@pytest.mark.parametrize("gic", [2, 3])
def test_efi_program(start, guest, gic):
    """With names from the root of the disk."""
    console = start([guest("alpha", "pattern", "rounds=1", memory=64, vcpus=2)], kind=FirmwareTreeBoard, gic=gic,
                    folder="/partitions", prefix="/partitions/")
    console.wait_guests()
    match = console.find(None, r"(\d+) MiB of memory, (\d+) MiB free; 2 CPUs")
    assert int(match[1]) == 1024
    assert 1024 - 64 < int(match[2]) < 1024
    console.wait_end()


# Req: BH-BOOT-027
def test_efi_program_starts_linux(start, linux):
    console = start([linux("alpha")], kind=FirmwareTreeBoard, folder="/EFI/BOOT")
    console.wait_line("alpha", r"bulkhead-init: up, Linux", limit=40)


# Req: BH-BOOT-007, BH-BOOT-027
def test_missing_file_costs_its_partition_only(start, guest):
    def edit(text):
        return text.replace('binary = "hello"', 'binary = "nothing"', 1)

    console = start([guest("alpha", "hello"), guest("beta", "hello", "me=beta")], kind=FirmwareTreeBoard, edit=edit,
                    folder="/EFI/BOOT")
    console.wait_guests("beta")
    assert console.find(None, r"/chosen/alpha/module@1: xen,uefi-binary: nothing: there is no such file")
    assert console.find(None, r"alpha: this partition is not started")
    console.wait_end()


# Req: BH-BOOT-028
def test_efi_program_without_a_device_tree(start, guest):
    """The firmware has ACPI tables instead. It gets its control back."""
    console = start([guest("alpha", "hello")], kind=EfiBoard)
    console.wait_text("Bulkhead: device tree: there is none")
    console.wait_text("failed to start .*Load Error")


# Req: BH-BOOT-003, BH-BOOT-028
def test_efi_program_at_el1(start, guest):
    console = start([guest("alpha", "hello")], kind=FirmwareTreeBoard, virtualization=False)
    console.wait_text("Bulkhead: started at EL1, but a hypervisor needs EL2")
    console.wait_text("failed to start .*Unsupported")


@dataclasses.dataclass
class MadeBoard(Board):
    """What bulkhead-image makes for U-Boot, on the first partition of a disk."""
    summary: str = ""               # what the tool says

    def loader(self):
        """The tree and the modules are the tool's: it knows the machine and the partitions, and nothing else."""
        out, disk, start = self.work / "out", self.work / "disk.img", 2048
        configs = []
        for domain in self.domains:
            configs.append(self.work / f"{domain.name}.cfg")
            configs[-1].write_text(f'name = "{domain.name}"\nkernel = "{domain.kernel}"\nmemory = {domain.memory}\n'
                                   f'vcpus = {domain.vcpus}\nextra = "{domain.bootargs}"\n')
        machine = self.machine()
        done = subprocess.run(
            [boards.BUILD / "image/bulkhead-image", "-o", out, "--machine", machine[1], "--smp", str(self.cpus),
             "--memory", str(self.memory), "--hypervisor", self.hypervisor, "--uboot-script", out / "boot.scr",
             "--fit", out / "all.itb", *configs], check=True, timeout=60, capture_output=True, text=True)
        self.summary = done.stdout
        with open(disk, "wb") as f:
            f.truncate(64 << 20)
            f.seek(446)
            f.write(struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 12, b"\xfe\xff\xff", start, (64 << 11) - start))
            f.seek(510)
            f.write(b"\x55\xaa")
        where = f"{disk}@@{start * 512}"
        DiskBoard.run("mformat", "-i", where, "-F", "-T", (64 << 11) - start, "-h", 255, "-s", 63, "::")
        DiskBoard.run("mcopy", "-i", where, self.hypervisor, "::/bulkhead")
        DiskBoard.run("mcopy", "-i", where, *(p for p in out.iterdir() if p.suffix not in (".svg", ".txt")), "::/")
        return ["-bios", UBOOT, "-drive", f"if=none,id=disk,file={disk},format=raw,readonly=on",
                "-device", "virtio-blk-device,drive=disk"]


def check_made(console):
    console.wait_guests()
    assert console.results("alpha")["hello"] == "one two=3"
    assert console.results("beta")["cpus reported"] == "2"
    console.wait_end()


# Req: BH-TOOL-034
@pytest.mark.parametrize("gic", [2, 3])
def test_uboot_finds_the_script(start, guest, gic):
    """Nobody types anything: U-Boot's own search finds boot.scr."""
    check_made(start([guest("alpha", "hello", "one two=3"), guest("beta", "hello", "me=beta", vcpus=2)], kind=MadeBoard,
                     gic=gic))


# Req: BH-TOOL-034
def test_uboot_fit(start, guest):
    console = start([guest("alpha", "hello", "one two=3"), guest("beta", "hello", "me=beta", vcpus=2)], kind=MadeBoard)
    at = re.search(r"load it to (0x\w+), (setenv .*), and (bootm .*)", console.board.summary)
    uboot(console, f"load virtio 0:1 {at[1]} all.itb", at[2], at[3])
    check_made(console)
