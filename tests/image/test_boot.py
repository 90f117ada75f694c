# SPDX-License-Identifier: Apache-2.0
"""What the tool writes boots Debian's own Xen 4.17: it is the dom0less binding, not a dialect of it."""
import subprocess

import pexpect
import pytest

from conftest import BUILD, TOP, Workshop, wait_prompt

SETUP = ["scripts/debian-fetch.sh", "linux", "busybox", "xen"]


@pytest.fixture(scope="module")
def debian():
    subprocess.run(SETUP, cwd=TOP, check=True)
    initramfs = BUILD / "initramfs.cpio.gz"
    if not initramfs.exists():
        subprocess.run(["scripts/initramfs.sh", initramfs], cwd=TOP, check=True)
    return {"linux": BUILD / "debian/arm64/linux", "xen": BUILD / "debian/arm64/xen", "ramdisk": initramfs}


# Req: BH-TOOL-008
@pytest.mark.parametrize("gic", [2, 3])
def test_linux_partitions_on_debians_xen(tmp_path, program, debian, gic):
    shop = Workshop(tmp_path, program)
    configs = [
        f"name = '{name}'\nkernel = '{debian['linux']}'\nramdisk = '{debian['ramdisk']}'\nmemory = {memory}\n"
        f"vcpus = {vcpus}\nextra = 'console=ttyAMA0 quiet hostname={name}'\n"
        for name, vcpus, memory in (("alpha", 1, 192), ("beta", 2, 256))
    ]
    options = ["--machine", f"virt,gic-version={gic}", "--hypervisor", debian["xen"], "--bootargs", "console=dtuart"]
    result = shop.make(*configs, options=options).good()
    console = pexpect.spawn(str(result.out / "run-qemu.sh"), timeout=120, encoding="utf-8", codec_errors="replace")
    try:
        console.logfile_read = open(tmp_path / "console", "w")
        console.expect(r"LOADING DOMU cpus=1 memory=30000KB")
        console.expect(r"LOADING DOMU cpus=2 memory=40000KB")
        up = {}
        for _ in range(2):
            console.expect(r"DOM(\d): bulkhead-init: up, Linux \S+, (\d) CPUs")
            up[console.match[1]] = console.match[2]
        assert up == {"1": "1", "2": "2"}
        # Control-A is the hypervisor's, not QEMU's: three of them reach the first, then the second shell.
        for name in ("alpha", "beta"):
            console.send("\x01\x01\x01")
            console.expect("Serial input to DOM")
            wait_prompt(console, name)
            console.send("uname -n | tr a-z A-Z\r")
            console.expect(name.upper())
        console.send("\x1dx")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)
