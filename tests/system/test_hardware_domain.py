# SPDX-License-Identifier: Apache-2.0
"""The board's devices in the hands of Debian's Linux as dom0: disks and a network card of the emulator by their own DMA
and interrupts, the clock and the switches; and the clock handed on to a guest. All of it on Debian's Xen as well."""
import hashlib
import re

import pytest

import control
from test_control_domain import NOTHING, ON_BOTH, check, initramfs, path  # noqa: F401 (a fixture)

GIC = pytest.mark.parametrize("gic", [pytest.param(2, marks=pytest.mark.soak), 3])
DISK_SIZE = 2 << 20
HARDWARE = {
    "disk, mmio, size": str(DISK_SIZE // 512), "disk, mmio, written": "same", "disk, mmio, interrupts": "more",
    "disk, pci, size": str(DISK_SIZE // 512), "disk, pci, written": "same", "disk, pci, interrupts": "more",
    "network": "answers", "clock": "rtc-pl031 now", "clock, alarm": "1", "switches": "9030000.pl061",
    "console": "hidden"}
GUEST = {"create": "ok", "create, up": "yes", "disk of the guest, read": "same", "disk of the guest, written": "same",
         "xl destroy": "ok", **NOTHING, "end, free memory": "0"}
PASSTHROUGH = {
    "own clocks": "0", "create": "ok", "create, up": "yes", "clock": "rtc-pl031", "clock, now": "yes", "alarm": "1",
    "second": "refused", "second, why": "failed give domain access to irq 34", "foreign page": "refused",
    "xl destroy": "ok", "again": "ok", "again, up": "yes", "again, alarm": "1", "again, xl destroy": "ok",
    **NOTHING, "end, free memory": "0"}


def devices(folder):
    """QEMU's options for two disks, on a slot of the board's and on PCI, and a network card; the disks' files."""
    disks = []
    for number, seed in enumerate((b"first", b"second")):
        disks.append(folder / f"disk{number}")
        disks[-1].write_bytes(hashlib.shake_256(seed).digest(DISK_SIZE))
    return ("-drive", f"file={disks[0]},if=none,format=raw,id=d0", "-device", "virtio-blk-device,drive=d0",
            "-netdev", "user,id=hw0", "-device", "virtio-net-device,netdev=hw0",
            "-drive", f"file={disks[1]},if=none,format=raw,id=d1", "-device", "virtio-blk-pci,drive=d1"), disks


# Req: BH-DEV-001, BH-DEV-002, BH-DEV-008, BH-DEV-009, BH-DEV-012, BH-GIC-019, BH-GIC-020
@ON_BOTH
@GIC
def test_devices_work(start, tmp_path, hypervisor, gic):
    options, disks = devices(tmp_path)
    sums = [hashlib.sha256(disk.read_bytes()).hexdigest() for disk in disks]
    guest = "guest=yes" if gic == 3 else ""
    found, _ = control.run(start, "hardware", path(hypervisor), limit=100, gic=gic, qemu=options, arguments=guest)
    check(found, {**HARDWARE, "disk, mmio, read": sums[0], "disk, pci, read": sums[1], **(GUEST if guest else {})})
    # Written through to the emulator's own files.
    assert all(hashlib.sha256(disk.read_bytes()).hexdigest() != old for disk, old in zip(disks, sums))
    assert re.search(r"0a003e00-0a003fff : .*virtio_mmio", found["addresses"])
    assert not re.search(r"^0*9000000-", found["addresses"], re.MULTILINE)


# Req: BH-CTL-027, BH-CTL-028, BH-DEV-003, BH-DEV-004, BH-DEV-005, BH-DEV-006, BH-GIC-021
@ON_BOTH
@pytest.mark.soak
@pytest.mark.parametrize("gic", [2, 3])
def test_a_device_is_handed_on(start, hypervisor, gic):
    check(control.run(start, "passthrough", path(hypervisor), limit=150, gic=gic,
                      dts="/ { pl031@9010000 { xen,passthrough; }; };")[0], PASSTHROUGH)
