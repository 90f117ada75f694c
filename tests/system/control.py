# SPDX-License-Identifier: Apache-2.0
"""A board whose first domain is a control domain: Debian's Linux with Xen's tools (scripts/control-domain.sh), which
creates the other ones. Its self-tests (guests/linux/control/selftest) say facts, "control: NAME: VALUE"."""
import dataclasses
import os
import re
import shutil
import subprocess
import tempfile

import board as boards
from board import GUESTS, TOP, Board
from console import WORK, making

INITRAMFS = WORK / "control.cpio.gz"
# With the former in it, for a guest that is a driver domain.
DRIVER_INITRAMFS = WORK / "control-driver.cpio.gz"
# With libvirt in it.
LIBVIRT_INITRAMFS = WORK / "control-libvirt.cpio.gz"
# Of a partition beside it that gets PV devices.
PARTITION_INITRAMFS = WORK / "control-partition.cpio.gz"


def make_initramfs():
    sources = [TOP / "scripts/control-domain.sh", TOP / "scripts/initramfs.sh", TOP / "scripts/cpio.py",
               *(TOP / "guests/linux").rglob("*")]
    newest = max(os.path.getmtime(s) for s in sources)
    with making(), tempfile.TemporaryDirectory() as folder:
        if not INITRAMFS.exists() or newest > os.path.getmtime(INITRAMFS):
            os.mkdir(f"{folder}/root")
            shutil.copy(GUESTS / "hello", f"{folder}/root/small")
            subprocess.run([os.environ.get("GUEST_CROSS", "aarch64-linux-gnu-") + "gcc", "-O2", "-static", "-nostdlib",
                            "-ffreestanding", "-fno-stack-protector", "-o", f"{folder}/root/hypercall",
                            TOP / "guests/linux/hypercall.c"], check=True)
            subprocess.run([TOP / "scripts/control-domain.sh", INITRAMFS, folder], check=True)
            shutil.copy(INITRAMFS, f"{folder}/root/driver.cpio.gz")
            subprocess.run([TOP / "scripts/control-domain.sh", DRIVER_INITRAMFS, folder], check=True)
            shutil.rmtree(f"{folder}/root")
        if not PARTITION_INITRAMFS.exists() or newest > os.path.getmtime(PARTITION_INITRAMFS):
            shutil.copytree(boards.DEBIAN / "control/guest-drivers", f"{folder}/drivers")
            subprocess.run([TOP / "scripts/initramfs.sh", PARTITION_INITRAMFS, folder], check=True)


def make_libvirt_initramfs():
    """Large, and for one test alone."""
    with making():
        if not LIBVIRT_INITRAMFS.exists() or os.path.getmtime(INITRAMFS) > os.path.getmtime(LIBVIRT_INITRAMFS):
            subprocess.run([TOP / "scripts/debian-fetch.sh", "libvirt"], check=True)
            subprocess.run([TOP / "scripts/control-domain.sh", LIBVIRT_INITRAMFS, boards.DEBIAN / "libvirt"], check=True)


@dataclasses.dataclass
class ControlBoard(Board):
    """DOMAINS are those beside it: what the control domain creates has its console there, not on the board's line."""
    domains: list = dataclasses.field(default_factory=list)
    arguments: str = ""             # added to the control domain's kernel command line
    control_memory: int = 384       # MiB
    control_vcpus: int = 2
    initramfs: object = INITRAMFS

    def focus(self):
        return None

    def all_bootargs(self):
        own = f"dom0_mem={self.control_memory}M dom0_max_vcpus={self.control_vcpus}"
        return f"{super().all_bootargs()} {own}".strip()

    def chosen(self):
        return (self.module("kernel", boards.LINUX, f"console=hvc0 quiet {self.arguments}".strip())
                + self.module("ramdisk", self.initramfs) + super().chosen())


def facts(console):
    """[(name, value)] of all facts, in order."""
    found = [re.search(r"(?:^|[:)] )control: (.+?): (.*)$", line) for line in console.lines[None]]
    return [(match[1], match[2].strip()) for match in found if match]


def run(start, test, hypervisor, limit=120, domains=(), **options):
    """({name: value} of what this self-test says, where values of one name are joined by newlines; the console)."""
    console = start(domains, limit=limit, kind=ControlBoard, hypervisor=hypervisor,
                    **{**options, "arguments": f"selftest={test} {options.get('arguments', '')}".strip()})
    ended = console.wait_line(None, rf"selftest {test}: (.*)", limit)
    console.wait_end()
    found = {}
    for name, value in facts(console):
        found[name] = f"{found[name]}\n{value}" if name in found else value
    assert ended[1] == "exit 0", f"{test} ended with {ended[1]}\n{console.tail()}"
    for line in console.lines[None]:
        assert not re.search(r"control-init: failed|BUG:|Oops|Kernel panic", line), line
    return found, console


def fields(text):
    """{name: value} of lines of "name : value" (xl info), "path = value   (permissions)" (xenstore-ls) or '"name":
    value,' (xl list -l); names that come again are numbered. One UUID is as good as another."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    found = {}
    for line in text.split("\n"):
        match = re.match(r'\s*"?([^":=]+?)"?\s*[:=]\s*(.*?),?\s*$', line)
        if match:
            name, again = match[1], 2
            while name in found:
                name, again = f"{match[1]} #{again}", again + 1
            found[name] = match[2]
    return found
