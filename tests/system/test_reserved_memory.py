# SPDX-License-Identifier: Apache-2.0
"""Memory that the board's tree reserves: no partition's, but for the domain that has the hardware, whose drivers share it
with firmware."""
import shutil
import subprocess

import pytest

import control
from board import TOP, WORK

pytestmark = pytest.mark.bulkhead

MAIL, SIZE = 0x7c000000, 0x4000
NODE = f"""/ {{ reserved-memory {{ #address-cells = <2>; #size-cells = <2>; ranges;
    mail@{MAIL:x} {{ compatible = "a,mailbox"; no-map; reg = <0 {MAIL:#x} 0 {SIZE:#x}>; }}; }}; }};
"""
READ = rf"""#!/bin/sh
echo "nodes: $(ls -d /proc/device-tree/reserved-memory/*@*)"
echo "compatible: $(tr '\0' ' ' < /proc/device-tree/reserved-memory/mail@{MAIL:x}/compatible)"
echo "first: $(devmem {MAIL:#x} 32)"
devmem {MAIL + SIZE - 4:#x} 32 0x600df00d
echo "last: $(devmem {MAIL + SIZE - 4:#x} 32)"
"""


@pytest.fixture(scope="module")
def reader():
    """The usual initramfs with a self-test that looks."""
    out, overlay = WORK / "reserved.cpio.gz", WORK / "reserved"
    shutil.rmtree(overlay, ignore_errors=True)
    (overlay / "selftest").mkdir(parents=True)
    (overlay / "selftest" / "reserved").write_text(READ)
    (overlay / "selftest" / "reserved").chmod(0o755)
    subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


# Req: BH-BOOT-019, BH-DEV-017
@pytest.mark.parametrize("gic", [2, 3])
def test_what_firmware_left_is_found(start, guest, reader, gic):
    """Nobody had it before: partitions' memory is zeroed."""
    WORK.mkdir(parents=True, exist_ok=True)
    mail = WORK / "mail"
    mail.write_bytes(b"mail" * (SIZE // 4))
    # Each line of the domain's is a line without a partition in front, as it has the board's console.
    console = start([guest("large", "hello", "end=wait", memory=640)], kind=control.ControlBoard, gic=gic, dts=NODE,
                    limit=150, control_memory=192, control_vcpus=1, initramfs=reader, arguments="selftest=reserved",
                    qemu=("-device", f"loader,file={mail},addr={MAIL:#x},force-raw=on"))
    console.wait_line("large", "guest: done", 30)
    console.wait_text("last: 0x600DF00D", 90)
    console.wait_text(f"nodes: /proc/device-tree/reserved-memory/mail@{MAIL:x}\\r?\n", 5)
    console.wait_text("compatible: a,mailbox", 5)
    console.wait_text(f"first: 0x{int.from_bytes(b'mail', 'little'):X}", 5)
