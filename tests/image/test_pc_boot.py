# SPDX-License-Identifier: Apache-2.0
"""What the tool writes for x86-64 boots: under QEMU by Multiboot 1, and as an ISO image by GRUB's Multiboot 2."""
import os
import pathlib
import subprocess

import pexpect
import pytest

import pc
from conftest import BUILD, TOP, wait_prompt

OVMF = "/usr/share/ovmf/OVMF.fd"
HYPERVISOR = pathlib.Path(os.environ.get("HYPERVISOR_X86_64", BUILD / "x86_64/bulkhead"))
GUESTS = pathlib.Path(os.environ.get("GUESTS_X86_64", BUILD / "guests/x86_64"))


@pytest.fixture(scope="module")
def built():
    if "HYPERVISOR_X86_64" not in os.environ:
        subprocess.run(["make", "-s", "hypervisor", "CONFIG=x86_64"], cwd=TOP, check=True)
    if "GUESTS_X86_64" not in os.environ:
        subprocess.run(["make", "-s", "guests-x86"], cwd=TOP, check=True)


def make(shop, *options):
    """Two partitions that share a kernel, one with a ramdisk; both say what they find and power off."""
    shop.write("rd", b"ramdisk")
    kernel = GUESTS / "hello"
    text = "name = '{}'\nkernel = '{}'\nmemory = 32\nextra = '{}'\n"
    return pc.make(shop, text.format("alpha", kernel, "one two"), text.format("beta", kernel, "three") + "ramdisk = 'rd'\n",
                   options=["--hypervisor", HYPERVISOR, *options]).good()


def boot(command):
    # QEMU's CPUs take turns: docs/x86.md.
    turns = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    done = subprocess.run([*turns, "timeout", "100", *map(str, command)], capture_output=True, stdin=subprocess.DEVNULL)
    text = done.stdout.decode(errors="replace")
    assert "(alpha) hello: one two" in text and "(beta) hello: three" in text, text
    assert "the last domain has ended" in text and done.returncode == 0, text
    return text


# Req: BH-TOOL-011
def test_qemu_boots_what_is_written(shop, built):
    result = make(shop, "--machine", "q35", "--smp", "2", "--memory", "512", "--bootargs", "loglvl=info")
    text = boot([result.out / "run-qemu.sh", "-no-reboot"])
    assert "(bulkhead) alpha: 32768 KiB, 1 vCPU" in text and "error" not in text


# Req: BH-TOOL-015, BH-BOOT-040
@pytest.mark.parametrize("firmware", ["BIOS", "UEFI"])
def test_iso_boots(shop, built, firmware):
    make(shop, "--iso", "x.iso")
    boot(["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-smp", "2", "-m", "512", "-nodefaults", "-display", "none",
          "-no-reboot", "-serial", "stdio", "-cdrom", shop.folder / "x.iso", *(["-bios", OVMF] if firmware == "UEFI" else [])])


def test_two_linux_partitions(built):
    """scripts/run.sh as `make run ARCH=x86_64` calls it, and its three Ctrl-A."""
    subprocess.run(["make", "-s", "-f", "image/image.mk", "image"], cwd=TOP, check=True)
    env = os.environ | {"ARCH": "x86_64", "HYPERVISOR": str(HYPERVISOR)}
    env.pop("DOMAINS", None)
    console = pexpect.spawn(str(TOP / "scripts/run.sh"), timeout=150, encoding="utf-8", codec_errors="replace", env=env)
    try:
        console.expect("Partitions: alpha beta")
        up = {}
        for _ in range(2):
            console.expect(r"\((\w+)\) bulkhead-init: up, Linux \S+, (\d) CPUs, \d+ KiB, hypervisor xen")
            up[console.match[1]] = console.match[2]
        assert up == {"alpha": "1", "beta": "2"}
        for name, following in (("alpha", "beta"), ("beta", "alpha")):
            wait_prompt(console, name)
            console.send("uname -n | tr a-z A-Z\r")
            console.expect(name.upper())
            console.send("\x01\x01\x01")
            if console.expect([f"input to {following}", "input to the hypervisor"]) == 1:
                console.send("\x01\x01\x01")
                console.expect(f"input to {following}")
        for name in ("alpha", "beta"):
            wait_prompt(console, name)
            console.send("poweroff -f\r")
            console.expect(f"{name}: powered off")
        console.expect("the last domain has ended")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)
