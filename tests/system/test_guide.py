# SPDX-License-Identifier: Apache-2.0
"""The steps of docs/partitions.md: their files boot, and do what the page says."""
import dataclasses
import subprocess

import pytest

from board import BUILD, TOP, Board

pytestmark = pytest.mark.bulkhead

FILES = TOP / "configs/domains"


@dataclasses.dataclass
class GuideBoard(Board):
    """The machine of `make run`; its partitions are those of FILES, what they share that of SYSTEM."""
    files: tuple = ()
    system: str = ""
    cpus: int = 4
    memory: int = 2048              # MiB

    def build(self):
        self.work.mkdir(parents=True, exist_ok=True)
        clock = BUILD / "guide-clock.dtb"
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", clock, FILES / "guide/clock.dts"], check=True)
        out = self.work / "out"
        system = ["--system", FILES / "guide" / f"{self.system}.cfg"] if self.system else []
        subprocess.run([BUILD / "image/bulkhead-image", "-o", out, "--machine", self.machine()[1],
                        "--smp", str(self.cpus), "--cpu", self.cpu, "--memory", str(self.memory),
                        "--hypervisor", self.hypervisor, *system,
                        *(FILES / f"{name}.cfg" for name in self.files)], check=True, cwd=TOP, timeout=60,
                       stdout=subprocess.DEVNULL)
        return [self.emulator, *self.console_options(), *(out / "qemu.args").read_text().splitlines()]


def start_step(start, linux, files, system=""):
    """The partitions' names are those of their files, and all else is in these."""
    domains = [linux(path.split("/")[-1]) for path in files]
    console = start(domains, kind=GuideBoard, files=files, system=system, limit=200)
    for domain in domains:
        console.wait_line(domain.name, "bulkhead-init: up", 100)
    return console


@pytest.mark.soak
@pytest.mark.parametrize("files, system", [
    (("alpha", "beta"), ""), (("alpha", "guide/worker"), ""), (("alpha", "guide/worker"), "windows"),
    (("guide/keeper", "guide/reader"), ""), (("guide/first", "guide/second"), "links")], ids=str)
def test_the_linuxes_of_each_step_are_up(start, linux, files, system):
    start_step(start, linux, files, system)


# Req: BH-WDT-005, BH-BOOT-060
@pytest.mark.soak
def test_three_partitions_with_all_of_it(start, linux):
    """Whose watchdog is started and not fed starts again, with its colours, and the others go on."""
    console = start_step(start, linux, ("guide/drive", "guide/panel", "guide/logger"), "plant")
    assert any("cache: 32 colours" in line for line in console.lines[None])
    console.wait_text("drive:/root# ", 30)
    console.send("cat /sys/class/rtc/rtc0/name\r")
    console.wait_text("rtc-pl031 9010000", 30)
    # WOR, a second of the counter's ticks, and WCS: enabled.
    console.send("devmem 0x22020008 32 62500000\r")
    console.settle(1)
    console.send("devmem 0x22020000 32 1\r")
    console.wait_line(None, "drive: started again", 60)

    def lives(name):
        return sum("bulkhead-init: up" in line for line in console.lines[name])

    console.wait(lambda: lives("drive") == 2, 100, "drive's second life")
    assert lives("panel") == lives("logger") == 1
