# SPDX-License-Identifier: Apache-2.0
"""The control domain on arm64 (part of arm64.py): what the hypervisor executes while Xen's tools make a guest and end it,
and while a guest's network is served. QEMU counts, with a plugin (count.c): the instructions in the hypervisor's
addresses, and all others."""
import os
import shutil
import subprocess

import board as boards
import control
import counts
from board import TOP

# The hypervisors' own addresses: nobody else executes anything there. Bulkhead's: arch/arm64/layout.h, IMAGE_VA.
XEN_TEXT = (0x200000, 0x400000)
BULKHEAD_TEXT = (0x7f00000000, 0x7f40000000)
GRANTS = 100
# Of what Xen executes, at most.
SHARE = 0.7
CROSS = os.environ.get("GUEST_CROSS", "aarch64-linux-gnu-")

# Marks: pairs of numbers around what is measured.
CREATE, INIT, CREATED, NETWORK, GRANT, DESTROY = 64, 65, 66, 67, 69, 71
WORK = f"""
. /selftest/lib.sh
xl create -q -p demo.cfg && xl destroy demo || exit 1
sleep 2
/root/mark {CREATE}
xl create -q demo.cfg || exit 1
/root/mark {CREATED}
sleep 6
until_true 60 is_in_log "root# " || exit 1
on_guest 30 'dd if=/dev/zero of=/tmp/data bs=1M count=4 2> /dev/null; httpd -h /tmp'
wget -q -O /dev/null http://10.0.0.2/data || exit 1
/root/mark {NETWORK}
wget -q -O /dev/null http://10.0.0.2/data
/root/mark {NETWORK + 1}
/root/mark {GRANT} {GRANTS} || exit 1
sleep 1
/root/mark {DESTROY}
xl destroy demo
/root/mark {DESTROY + 1}
"""
GUEST_INIT = f"#!/bin/busybox sh\n/mark {INIT}\nexec /bin/busybox sh /own-init\n"

ROWS = []
for name, what, xen in [
        ("create to kernel", "xl create until the guest's first instruction", 78.8e6),
        ("create to init", "xl create until the guest's init", 89.0e6),
        ("destroy", "xl destroy", 24.5e6),
        ("grant", "a page mapped by gntdev and unmapped", 9997),
        ("network", "4 MiB from a guest's network card", 5.98e6)]:
    ROWS.append((f"control {name}", f"{what}: the hypervisor's", None, xen, None, xen * SHARE, "instructions"))
    ROWS.append((f"control {name}, all", "the same, all", None, None, None, None, "instructions"))


def compile_for_guests(source, out):
    subprocess.run([CROSS + "gcc", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-o", out,
                    TOP / "guests/linux" / source], check=True)


def make_initramfs(work):
    """A control domain's, with the program that marks in it, and in the initramfs of its guest."""
    guest, overlay, out = work / "guest", work / "overlay", work / "control.cpio.gz"
    shutil.rmtree(overlay, ignore_errors=True)
    shutil.rmtree(guest, ignore_errors=True)
    shutil.copytree(boards.DEBIAN / "control/guest-drivers", guest / "drivers")
    compile_for_guests("mark.c", guest / "mark")
    shutil.copy(TOP / "guests/linux/init", guest / "own-init")
    (guest / "init").write_text(GUEST_INIT)
    (guest / "init").chmod(0o755)
    (overlay / "root").mkdir(parents=True)
    (overlay / "selftest").mkdir()
    shutil.copy(guest / "mark", overlay / "root/mark")
    (overlay / "selftest/bench").write_text(WORK)
    subprocess.run([TOP / "scripts/initramfs.sh", overlay / "root/guest.cpio.gz", guest], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([TOP / "scripts/control-domain.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


def part_control(hypervisor):
    work = boards.WORK / f"bench-{hypervisor.name}-control"
    work.mkdir(parents=True, exist_ok=True)
    options, path = counts.plugin(work, [XEN_TEXT if boards.is_xen(hypervisor) else BULKHEAD_TEXT])
    # Two CPUs, as a guest and who serves it have on a board: on one what is executed is mostly switches between them.
    b = control.ControlBoard([], hypervisor=hypervisor, cpus=2, icount=True, control_vcpus=1, memory=1024,
                             initramfs=make_initramfs(work), arguments="selftest=bench",
                             name=f"bench-{hypervisor.name}-control", qemu=options)
    with b.start(limit=400) as console:
        console.wait_line(None, "selftest bench: exit 0", limit=400)
    found = counts.read(path)
    intervals = {"create to kernel": (f"mark{CREATE}", "kernel0"), "create to init": (f"mark{CREATE}", f"mark{INIT}"),
                 "destroy": (f"mark{DESTROY}", f"mark{DESTROY + 1}"), "grant": (f"mark{GRANT}", f"mark{GRANT + 1}"),
                 "network": (f"mark{NETWORK}", f"mark{NETWORK + 1}")}
    results = {}
    for name, (first, last) in intervals.items():
        inside, everything = counts.between(found, first, last)
        times = GRANTS if name == "grant" else 1
        results[f"control {name}"] = inside / times
        results[f"control {name}, all"] = everything / times
    return results
