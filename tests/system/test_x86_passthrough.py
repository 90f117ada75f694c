# SPDX-License-Identifier: Apache-2.0
"""I/O ports and ISA interrupts of a PC for partitions: its second serial port, whose other end is a socket here."""
import re
import select
import socket
import time

import pytest

import restarting
from console import PATIENCE, WORK
from pc import guest, linux

pytestmark = pytest.mark.bulkhead
COM2 = "bulkhead,ioports = <0x2f8 8>; bulkhead,irqs = <3>; "


class Port:
    """The far end of the PC's second serial port."""

    def __init__(self, name):
        WORK.mkdir(parents=True, exist_ok=True)
        self.path = WORK / f"{name}.socket"
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen(1)
        self.listener.settimeout(30 * PATIENCE)
        self.connection = None
        self.text = ""

    def options(self, irq=None):
        """As COM2; or, with an interrupt that the board has as a level, another port at the same place."""
        device = ("-serial", "chardev:second") if irq is None else (
            "-device", f"isa-serial,chardev=second,iobase=0x2f8,irq={irq}")
        return ("-chardev", f"socket,id=second,path={self.path}", *device)

    def connect(self):
        self.connection, _ = self.listener.accept()

    def send(self, text):
        """No faster than who reads it byte by byte."""
        for at in range(0, len(text), 8):
            self.connection.sendall(text[at:at + 8].encode())
            time.sleep(0.1)

    def read(self):
        while select.select([self.connection], [], [], 0)[0]:
            data = self.connection.recv(65536)
            if not data:
                break
            self.text += data.decode(errors="replace")
        return self.text

    def close(self):
        for end in (self.connection, self.listener):
            if end is not None:
                end.close()


@pytest.fixture
def port(request):
    far = Port(re.sub(r"\W+", "-", request.node.name))
    yield far
    far.close()


def begin(start_pc, port, domains, irq=None, **options):
    console = start_pc(domains, qemu=port.options(irq), **options)
    port.connect()
    return console


# Req: BH-PORT-003, BH-PORT-004, BH-PORT-005, BH-PORT-006
@pytest.mark.parametrize("bits", [64, 32])
def test_both_ways_by_interrupts(start_pc, port, bits):
    console = begin(start_pc, port, [guest("alpha", "serial", bits=bits, extra=COM2), guest("other", "hello", "end=wait")])
    console.wait_line("alpha", "entry: 0x35")
    assert "scratch: 0x5a" in console.lines["alpha"]
    assert "ports of others: 0xff 0xff 0xff" in console.lines["alpha"]
    assert "ioapic: version 0x170011, entry 0x10000 0x0" in console.lines["alpha"]
    console.wait(lambda: "hello\n" in port.read(), 30, "greeting")
    for i in range(5):
        port.send(f"line-{i}\n")
        console.wait_line("alpha", f"typed: line-{i}, by interrupts: yes")
        console.wait(lambda: f"echo line-{i}\n" in port.read(), 30, f"echo {i}")
    port.send("end\n")
    console.wait_line(None, "alpha: powered off")


# Req: BH-PORT-005, BH-PORT-007
def test_a_level(start_pc, port):
    console = begin(start_pc, port, [guest("alpha", "serial", "irq=10 level=1",
                                           extra="bulkhead,ioports = <0x2f8 8>; bulkhead,irqs = <10>;")], irq=10)
    console.wait_line("alpha", "entry: 0x8035")
    for i in range(10):
        port.send(f"line-{i}\n")
        console.wait_line("alpha", f"typed: line-{i}, by interrupts: yes, of levels")
    port.send("end\n")
    console.wait_end()


# Req: BH-PORT-008
def test_it_works_in_each_life(start_pc, port):
    """What comes for one life, and was not read, is no interrupt of the next before that asks."""
    console = begin(start_pc, port, [guest("other", "hello", "end=wait"),
                                     guest("alpha", "serial", "end=reset leave=1", extra=COM2 + restarting.RULES.format("reboot", 3))])
    for life in range(4):
        console.wait(lambda: port.read().count("hello\n") == life + 1, 30, f"greeting {life}")
        port.send(f"life-{life}\n")
        console.wait_line("alpha", f"typed: life-{life}, by interrupts: yes")
        port.send("end\n")
        console.wait(lambda: port.read().count("echo end\n") == life + 1, 30, f"end {life}")
        port.send("x")
        console.wait(lambda: restarting.lives(console, "alpha") == life + 1, 30, f"end {life}")
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("alpha", 3))
    assert console.lines["alpha"].count("ioapic: version 0x170011, entry 0x10000 0x0") == 4
    assert console.lines["alpha"].count("interrupts before it asks: 0") == 4


# Req: BH-PORT-006
def test_one_that_never_stops_asking_costs_others_little(start_pc, port):
    console = begin(start_pc, port, [guest("counter", "count", "ms=20 rounds=0"),
                                     guest("alpha", "serial", "tight=1", extra=COM2)], cpus=1, limit=90)
    console.wait_line("alpha", "entry: 0x35")
    before = restarting.rounds(console, "counter")
    console.wait(lambda: restarting.rounds(console, "counter") >= before + 50, 60, "further counting")
    assert port.read().count(".") > 100


# Req: BH-PORT-001, BH-PORT-002
def test_owners(start_pc):
    bad = {"two": COM2, "three": "bulkhead,ioports = <0x2f0 9>;", "four": "bulkhead,irqs = <3>;",
           "console": "bulkhead,ioports = <0x3f8 8>;", "irq4": "bulkhead,irqs = <4>;", "pci": "bulkhead,ioports = <0xcf0 16>;",
           "power": "bulkhead,ioports = <0x600 4>;"}
    console = start_pc([guest("alpha", "serial", extra=COM2),
                        *(guest(name, "hello", extra=extra) for name, extra in bad.items())])
    console.wait_line(None, r"7 partitions are not started")
    text = "\n".join(console.lines[None])
    for expected in ("ioports: 0x2f8 to 0x2ff for two: alpha has some of them",
                     "ioports: 0x2f0 to 0x2f8 for three: alpha has some of them", "irqs: 3 for four: alpha has it",
                     "ioports: 0x3f8 to 0x3ff for console: the hypervisor's console has some of them",
                     "irqs: 4 for irq4: the hypervisor's console has it",
                     "ioports: 0xcf0 to 0xcff for pci: the configuration of PCI has some of them",
                     "ioports: 0x600 to 0x603 for power: the power management has some of them"):
        assert expected in text, expected


# Req: BH-PORT-004, BH-PORT-005
@pytest.mark.parametrize("vcpus", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_linux_has_a_serial_port(start_pc, port, vcpus):
    console = begin(start_pc, port, [linux("alpha", kernel="linux", vcpus=vcpus, extra=COM2)], limit=150)
    console.wait_text(r"alpha:/root# ", 60)
    console.send("dmesg | grep -i ttyS; stty -F /dev/ttyS1 115200 raw -echo; cat /dev/ttyS1 > /tmp/in &\r")
    console.send("sleep 1; echo out-$((6 * 7)) > /dev/ttyS1\r")
    console.wait(lambda: "out-42\n" in port.read(), 30, "output of ttyS1")
    port.send("in-from-outside\n")
    console.settle(1)
    console.send("cat /tmp/in; grep ttyS /proc/interrupts; echo done-$((6 * 8))\r")
    console.wait_text("done-48", 30)
    assert "in-from-outside" in console.lines["alpha"]
    assert console.find("alpha", r"ttyS1 at I/O 0x2f8 \(irq = \d+")
    taken = console.find("alpha", r"^ *\d+: +([\d ]+) .*IO-APIC +3-edge +ttyS1")
    assert taken and sum(map(int, taken[1].split())) > 0
