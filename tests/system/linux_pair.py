# SPDX-License-Identifier: Apache-2.0
"""Two unmodified Debian Linux partitions, with Debian's drivers for Xen and its libraries, and what they do with each
other by event channels, grants and a xenstore. The tests of an architecture are in a module of their own."""
import dataclasses
import fcntl
import shutil
import subprocess

import board as boards
import pc
from board import BUILD, TOP, WORK

PROGRAMS = {
    "xen_share": ["-lxengnttab", "-lxenevtchn"],
    "xen_vchan": ["-lxenvchan", "-lxengnttab", "-lxenevtchn"],
}
DRIVERS = ["xen-evtchn", "xen-gntalloc", "xen-gntdev"]
SHARED = ["libc.so.6", "libxengnttab.so.1", "libxenevtchn.so.1", "libxentoolcore.so.1", "libxentoollog.so.1",
          "libxenstore.so.4", "libxenvchan.so.4.17"]
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
    "complaints": "dmesg | grep -ciE 'still in use|deferring|WARNING:|BUG:|oops'",
}
# Domain ids as the nodes come in the tree.
ONE, TWO = 1, 2


@dataclasses.dataclass(frozen=True)
class Arch:
    """An architecture as Debian has it, and how partitions are made there."""
    name: str                       # Debian's
    triplet: str                    # of its compiler and of the folders of its libraries
    loader: str                     # of programs, in their root
    linux: object                   # linux(name, ...): a partition
    guest: object                   # guest(name, program, arguments, ...): another one
    store_port: int                 # of a client: behind that of its PV console, if it has one
    linux_options: dict = dataclasses.field(default_factory=dict)

    @property
    def debian(self):
        return BUILD / "debian" / self.name


ARM64 = Arch("arm64", "aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1", boards.linux, boards.guest, store_port=1,
             linux_options={"memory": 160})
# The modules are those of Debian's kernel for all machines.
AMD64 = Arch("amd64", "x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2", pc.linux, pc.guest, store_port=2,
             linux_options={"kernel": "linux"})


def copy_libraries(arch, overlay):
    """Debian's shared libraries, under the names that programs ask for."""
    root = arch.debian / "libxen"
    (overlay / arch.loader).parent.mkdir()
    shutil.copy((root / arch.loader).resolve(), overlay / arch.loader)
    (overlay / "lib").mkdir(exist_ok=True)
    for name in SHARED:
        found = [p for p in root.rglob(name) if p.resolve().is_file()]
        shutil.copy(found[0].resolve(), overlay / "lib" / name)


def make_overlay(arch, overlay):
    """Debian's drivers for Xen and its libraries, and our programs linked with them."""
    root = arch.debian / "libxen"
    shutil.rmtree(overlay, ignore_errors=True)
    (overlay / "bin").mkdir(parents=True)
    (overlay / "modules").mkdir()
    for driver in DRIVERS:
        shutil.copy(arch.debian / "modules" / f"{driver}.ko", overlay / "modules")
    for name, text in SCRIPTS.items():
        (overlay / name).write_text(text + "\n")
    for program, libraries in PROGRAMS.items():
        subprocess.run([f"{arch.triplet}-gcc", f"--sysroot={root}", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
                        "-Wshadow", f"-Wl,-rpath-link,{root}/usr/lib/{arch.triplet}",
                        TOP / f"guests/linux/{program}.c", *libraries, "-o", overlay / "bin" / program], check=True)
    copy_libraries(arch, overlay)


def make_ramdisk(arch):
    """The usual initramfs with all that below it; its path."""
    out, overlay = WORK / f"linux-xen-{arch.name}.cpio.gz", WORK / f"linux-xen-{arch.name}"
    with open(WORK / f"linux-xen-{arch.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([TOP / "scripts/debian-fetch.sh", "--arch", arch.name, "modules", "libxen"], check=True)
        make_overlay(arch, overlay)
        subprocess.run([TOP / "scripts/initramfs.sh", "--arch", arch.name, out, overlay], check=True,
                       stdout=subprocess.DEVNULL)
    return out


class Pair:
    """Two Linux partitions with shells, typed into in turn; "one" has the input at first. With HAS_STORE a third one
    serves xenstore to both."""

    def __init__(self, start, arch, ramdisk, kinds='"event", "grant"', has_store=False):
        domains = [arch.linux(name, ramdisk=ramdisk, **arch.linux_options) for name in ("one", "two")]
        dts = ALLOW.format(kinds=kinds) if kinds else ""
        if has_store:
            arguments = f"clients=2 port1={arch.store_port} port2={arch.store_port}"
            domains.append(arch.guest("store", "store", arguments))
            dts += SERVE
        self.console = start(domains, dts=dts, limit=100)
        # Behind the last one the input is the hypervisor's own.
        self.names = [d.name for d in domains] + [None]
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


# What tests of both architectures do; PAIR(...) makes the two partitions.


def share_a_page(pair):
    two = pair()
    console = two.console
    reference, port = two.export("export", 1)
    two.type("two", f"xen_share use {ONE} {reference} {port}")
    console.wait_line("two", "share: mapped 1, 1 as they should be")
    console.wait_line("one", "share: 1 events, 1 answers")
    console.wait_line("two", "share: told 1 times")
    console.wait_line("two", "share: unmapped")
    console.wait_line("one", "share: no longer exported")
    two.end()
    assert not console.find(None, "policy")


def talk_by_libxenvchan(pair):
    """The library's ends find each other through xenstore, which a third partition serves to the kernels of both."""
    two = pair(has_store=True)
    console = two.console
    console.wait_line("store", "store: 2 clients")
    two.type("one", ". /vserve")
    console.wait_line("one", "vchan: offered")
    two.type("two", ". /vask")
    console.wait_line("two", "vchan: 200 of 200 came back")
    console.wait_line("one", "vchan: served 200")
    two.end()
    for domid in (ONE, TWO):
        requests = int(console.find("store", rf"store: domain {domid}: (\d+) requests")[1])
        assert requests > 5, "the kernel's own alone are more"


def talk_by_libxenvchan_is_refused(pair):
    """They have a xenstore in common, and that is all."""
    two = pair(kinds=None, has_store=True)
    two.type("one", ". /vserve")
    two.console.wait_line("one", "vchan: offering: error")
    two.console.wait_line(None, "warning.*one: policy: no event channel to two")
    two.end()


def share_a_page_is_refused(pair):
    two = pair(kinds=None)
    console = two.console
    # EPERM; nothing was offered, which is EINVAL with Xen too; the library makes EINVAL of every refused mapping.
    two.type("two", f"xen_share try {ONE} 9 1")
    console.wait_line("two", "share: offering: 1, binding: 22, mapping: 22")
    console.wait_line(None, "warning.*two: policy: no event channel to one")
    console.wait_line(None, "warning.*one: policy: no grant channel to two")
    # A domain's refusals are logged once a second at most.
    console.settle(1.5)
    two.type("one", f"xen_share export {TWO} 1")
    console.wait_line("one", r"share: offering a channel: error 1 \(Operation not permitted\)")
    console.wait_line(None, "warning.*one: policy: no event channel to two")
    two.end()


def die_with_a_thousand_mappings_and_channels(pair, dies):
    two = pair()
    console = two.console
    reference, port = two.export("hold", 1000)
    two.type("two", f"xen_share stay {ONE} {reference} {port} 1000 &")
    console.wait_line("two", "share: mapped 1000, 1000 as they should be")
    console.wait_line("one", "share: 1000 events, 1000 answers")
    console.wait_line("two", "share: told 1000 times")
    two.type(dies, "poweroff -f")
    console.wait_line(None, f"{dies}: powered off")
    other = two.typing = "two" if dies == "one" else "one"
    console.settle(1)
    # Its end of all that was shared goes away like any other.
    two.type(other, "kill %1; wait")
    two.type(other, "sh /complaints")
    console.wait_line(other, "^0$")
    console.send("poweroff -f\r")
    console.wait_end()
