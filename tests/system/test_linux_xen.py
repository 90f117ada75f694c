# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian Linux uses more of Xen than it boots with: PV console, balloon, event channels and grants."""
import fcntl
import re
import shutil
import subprocess

import pytest

import board as boards
from board import TOP, Domain

pytestmark = pytest.mark.bulkhead

LIBRARIES = boards.DEBIAN / "libxen"
PROGRAMS = {
    "xen_share": ["-lxengnttab", "-lxenevtchn"],
    "xen_vchan": ["-lxenvchan", "-lxengnttab", "-lxenevtchn"],
}
DRIVERS = ["xen-evtchn", "xen-gntalloc", "xen-gntdev"]
# "one" and "two" may do to each other what KINDS says.
ALLOW = """/ {{ chosen {{
    there {{ compatible = "bulkhead,allow"; from = "one"; to = "two"; kinds = {kinds}; }};
    back {{ compatible = "bulkhead,allow"; from = "two"; to = "one"; kinds = {kinds}; }};
}}; }};"""
# "store" serves xenstore to both.
SERVE = "".join(f"""/ {{ chosen {{ serve-{name} {{
    compatible = "bulkhead,serve"; server = "store"; client = "{name}"; rings = "xenstore"; }}; }}; }};"""
                for name in ("one", "two"))
# Called by short names, since the virtual UART keeps no more than 32 characters for a guest that is slow to read.
SCRIPTS = {
    "drivers": "for file in /modules/*.ko; do insmod $file || exit 1; done; echo loaded",
    "vserve": "xen_vchan server 2 /local/domain/1/data/v &",
    "vask": "xen_vchan client 1 /local/domain/1/data/v",
    "complaints": "dmesg | grep -ciE 'still in use|deferring|WARNING|BUG|oops'",
}
# Domain ids as the nodes come in the tree.
ONE, TWO = 1, 2


def copy_libraries(overlay, names):
    """Debian's shared libraries, under the names that programs ask for."""
    (overlay / "lib").mkdir()
    for name in names:
        found = [p for p in LIBRARIES.rglob(name) if p.resolve().is_file()]
        shutil.copy(found[0].resolve(), overlay / "lib" / name)


def make_overlay(overlay):
    """Debian's drivers for Xen and its libraries, and our programs linked with them."""
    shutil.rmtree(overlay, ignore_errors=True)
    (overlay / "bin").mkdir(parents=True)
    (overlay / "modules").mkdir()
    for driver in DRIVERS:
        shutil.copy(boards.DEBIAN / "modules" / f"{driver}.ko", overlay / "modules")
    for name, text in SCRIPTS.items():
        (overlay / name).write_text(text + "\n")
    for program, libraries in PROGRAMS.items():
        subprocess.run(["aarch64-linux-gnu-gcc", f"--sysroot={LIBRARIES}", "-std=gnu11", "-O2", "-Wall", "-Wextra",
                        "-Werror", "-Wshadow", f"-Wl,-rpath-link,{LIBRARIES}/usr/lib/aarch64-linux-gnu",
                        TOP / f"guests/linux/{program}.c", *libraries, "-o", overlay / "bin" / program], check=True)
    copy_libraries(overlay, ["ld-linux-aarch64.so.1", "libc.so.6", "libxengnttab.so.1", "libxenevtchn.so.1",
                             "libxentoolcore.so.1", "libxentoollog.so.1", "libxenstore.so.4", "libxenvchan.so.4.17"])


@pytest.fixture(scope="module")
def ramdisk(made):
    """The usual initramfs with all that below it."""
    out, overlay = boards.WORK / "linux-xen.cpio.gz", boards.WORK / "linux-xen"
    with open(boards.WORK / "linux-xen.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([TOP / "scripts/debian-fetch.sh", "modules", "libxen"], check=True)
        make_overlay(overlay)
        subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


class Pair:
    """Two Linux partitions with shells, typed into in turn; "one" has the input at first."""

    def __init__(self, start, linux, ramdisk, kinds='"event", "grant"', store=None):
        domains = [linux(name, ramdisk=ramdisk, memory=160) for name in ("one", "two")]
        dts = ALLOW.format(kinds=kinds) if kinds else ""
        if store is not None:
            domains.append(store)
            dts += SERVE
        self.console = start(domains, dts=dts, limit=100)
        self.names = [d.name for d in domains]
        self.typing = "one"
        for name in ("one", "two"):
            self.console.wait_line(name, "bulkhead-init: up", 40)
        self.console.wait_text("one:/root# ")
        for name in ("one", "two"):
            self.type(name, "sh /drivers")
            self.console.wait_line(name, "^loaded")

    def type(self, name, text):
        while name != self.typing:
            self.console.send("\x01\x01\x01")
            self.typing = self.behind(self.typing)
        self.console.send(text + "\r")

    def behind(self, name):
        return self.names[(self.names.index(name) + 1) % len(self.names)]

    def export(self, mode, count):
        """Begins to export in "one"; (reference, port) of the first page and channel."""
        self.type("one", f"xen_share {mode} {TWO} {count} &")
        return self.console.wait_line("one", rf"exported {count}, reference (\d+) port (\d+)\.").groups()

    def end(self):
        """Both power off, and so does the board."""
        for name in ("one", "two"):
            self.type(name, "poweroff -f")
            self.console.wait_line(None, f"{name}: powered off")
            # The input moves on by itself when its owner ends.
            self.typing = self.behind(name)
            self.names.remove(name)
            self.console.settle(1)
        self.console.wait_end()


# Req: BH-CONS-010, BH-CONS-011
def test_linux_with_a_pv_console_is_typed_into(start):
    domain = Domain("one", boards.LINUX, "console=hvc0 hostname=one", memory=192, vpl011=False,
                    ramdisk=boards.BUILD / "initramfs.cpio.gz")
    console = start([domain])
    console.wait_line("one", r"bulkhead-init: up, Linux .* hypervisor xen")
    assert console.find("one", r"Linux version"), "the kernel's first lines come late, but they come"
    console.wait_text(r"one:/root# ")
    console.send("echo typed-$((6 * 7)) on $(tty)\r")
    console.wait_line("one", "^typed-42 on /dev/hvc0")
    console.send("seq 1 2000 | tail -n 1000 | sed s/^/line-/\r")
    console.wait_line("one", "^line-2000")
    numbers = [int(m[1]) for m in (re.match(r"line-(\d+)$", line) for line in console.lines["one"]) if m]
    assert numbers == list(range(1001, 2001))
    console.send("poweroff -f\r")
    console.wait_end()


# Req: BH-ABI-020, BH-ABI-021
def test_linux_balloons_a_hundred_times(start, linux):
    console = start([linux("one", "selftest=balloon", memory=160)])
    console.wait_line("one", "selftest balloon: exit 0", 40)
    assert console.find("one", "balloon: 100 rounds")
    before, low, after = map(int, console.find("one", r"balloon: MemTotal (\d+), low (\d+), after (\d+)").groups())
    assert (low, after) == (before - 8192, before)
    assert console.find("one", r"Linux version"), "the log of the kernel is there"
    for line in console.lines["one"]:
        assert not re.search(r"(?i)BUG:|WARNING:|Oops|unexpected|failed to|bad page|balloon.*fail", line), line
    console.wait_end()
    for line in console.lines[None]:
        assert not re.search(r"warning|error", line), line


# Req: BH-EVT-001, BH-EVT-004, BH-GNT-001, BH-GNT-003, BH-POL-002
def test_two_linux_partitions_share_a_page(start, linux, ramdisk):
    pair = Pair(start, linux, ramdisk)
    console = pair.console
    reference, port = pair.export("export", 1)
    pair.type("two", f"xen_share use {ONE} {reference} {port}")
    console.wait_line("two", "share: mapped 1, 1 as they should be")
    console.wait_line("one", "share: 1 events, 1 answers")
    console.wait_line("two", "share: told 1 times")
    console.wait_line("two", "share: unmapped")
    console.wait_line("one", "share: no longer exported")
    pair.end()
    assert not console.find(None, "policy")


# Req: BH-EVT-001, BH-GNT-003, BH-BOOT-033
def test_two_linux_partitions_talk_by_libxenvchan(start, linux, ramdisk, guest):
    """The library's ends find each other through xenstore, which a third partition serves to the kernels of both."""
    pair = Pair(start, linux, ramdisk, store=guest("store", "store", "clients=2", memory=16))
    console = pair.console
    console.wait_line("store", "store: 2 clients")
    pair.type("one", ". /vserve")
    console.wait_line("one", "vchan: offered")
    pair.type("two", ". /vask")
    console.wait_line("two", "vchan: 200 of 200 came back")
    console.wait_line("one", "vchan: served 200")
    pair.end()
    for domid in (ONE, TWO):
        requests = int(console.find("store", rf"store: domain {domid}: (\d+) requests")[1])
        assert requests > 5, "the kernel's own alone are more"


# Req: BH-POL-001
def test_libxenvchan_is_refused_between_partitions_that_may_not(start, linux, ramdisk, guest):
    """They have a xenstore in common, and that is all."""
    pair = Pair(start, linux, ramdisk, kinds=None, store=guest("store", "store", "clients=2", memory=16))
    pair.type("one", ". /vserve")
    pair.console.wait_line("one", "vchan: offering: error")
    pair.console.wait_line(None, "warning.*one: policy: no event channel to two")
    pair.end()


# Req: BH-POL-001, BH-POL-003
def test_two_linux_partitions_that_may_not_share_a_page(start, linux, ramdisk):
    pair = Pair(start, linux, ramdisk, kinds=None)
    console = pair.console
    # EPERM; nothing was offered, which is EINVAL with Xen too; the library makes EINVAL of every refused mapping.
    pair.type("two", f"xen_share try {ONE} 9 1")
    console.wait_line("two", "share: offering: 1, binding: 22, mapping: 22")
    console.wait_line(None, "warning.*two: policy: no event channel to one")
    console.wait_line(None, "warning.*one: policy: no grant channel to two")
    # A domain's refusals are logged once a second at most.
    console.settle(1.5)
    pair.type("one", f"xen_share export {TWO} 1")
    console.wait_line("one", r"share: offering a channel: error 1 \(Operation not permitted\)")
    console.wait_line(None, "warning.*one: policy: no event channel to two")
    pair.end()


# Req: BH-CONS-003, BH-EVT-010, BH-GNT-006, BH-LIFE-010
@pytest.mark.parametrize("dies", ["one", "two"])
def test_linux_dies_with_a_thousand_mappings_and_channels(start, linux, ramdisk, dies):
    pair = Pair(start, linux, ramdisk)
    console = pair.console
    reference, port = pair.export("hold", 1000)
    pair.type("two", f"xen_share stay {ONE} {reference} {port} 1000 &")
    console.wait_line("two", "share: mapped 1000, 1000 as they should be")
    console.wait_line("one", "share: 1000 events, 1000 answers")
    console.wait_line("two", "share: told 1000 times")
    pair.type(dies, "poweroff -f")
    console.wait_line(None, f"{dies}: powered off")
    other = pair.typing = "two" if dies == "one" else "one"
    console.settle(1)
    # Its end of all that was shared goes away like any other.
    pair.type(other, "kill %1; wait")
    pair.type(other, "sh /complaints")
    console.wait_line(other, "^0$")
    console.send("poweroff -f\r")
    console.wait_end()
