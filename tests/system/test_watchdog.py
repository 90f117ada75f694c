# SPDX-License-Identifier: Apache-2.0
"""The virtual watchdog of a partition: its signals, and what its boot description says follows the second one."""
import shutil
import subprocess

import pytest

import restarting
from board import BUILD, TOP, WORK

pytestmark = pytest.mark.bulkhead
WATCHDOG = 'bulkhead,watchdog = "sbsa"; '
LIFE = ["life: status 0x0, offset 0x0, version 1", "write of a byte: data-abort", "time left: plausible",
        "refreshed for a while: 0 signals", "first signal: status 0x3", "refreshed: status 0x1",
        "time to the signal: plausible", "first signal: status 0x3"]


def lives(console, name):
    """The lines of each life, in the order of their kinds: the end of a wait and an interrupt meet as they like."""
    found = []
    for line in console.lines[name]:
        if line.startswith("life:"):
            found.append([])
        found[-1].append(line)
    return found


# Req: BH-WDT-001, BH-WDT-002, BH-WDT-003, BH-WDT-004, BH-WDT-005, BH-WDT-006
@pytest.mark.parametrize("gic", [2, 3])
def test_signals_and_restart(start, guest, gic):
    console = start([guest("idle", "hello", "end=wait"),
                     guest("dog", "sbsa_watchdog", extra=WATCHDOG + restarting.RULES.format("watchdog", 2))], gic=gic,
                    icount=True, switching=True)  # times that no load of the host makes longer
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("dog", 2), 60)
    assert len([line for line in console.lines[None] if "dog: watchdog expired" in line]) == 3
    for life in lives(console, "dog"):
        assert sorted(life) == sorted(LIFE)


# Req: BH-WDT-005
def test_none_without_the_key(start, guest):
    console = start([guest("dog", "sbsa_watchdog", extra=restarting.RULES.format("crash", 2))])
    console.wait_end(30)
    assert not any("status" in line for line in console.lines["dog"])


SELFTEST = r"""#!/bin/sh
insmod /modules/*.ko timeout=3 nowayout=1
echo "watchdog: $(cat /sys/class/watchdog/watchdog0/identity), $(cat /sys/class/watchdog/watchdog0/bootstatus)"
exec 3> /dev/watchdog
for i in 1 2 3 4 5 6; do echo >&3; sleep 1; done
echo "left: $(cat /sys/class/watchdog/watchdog0/timeleft) s"
exec 3>&-
echo "no more"
sleep 60
"""


@pytest.fixture(scope="module")
def watched():
    """The usual initramfs, with Debian's driver for the watchdog and a self-test that does not care for it in the end."""
    out, overlay = WORK / "watchdog.cpio.gz", WORK / "watchdog"
    shutil.rmtree(overlay, ignore_errors=True)
    (overlay / "modules").mkdir(parents=True)
    (overlay / "selftest").mkdir()
    (overlay / "selftest" / "watchdog").write_text(SELFTEST)
    subprocess.run([TOP / "scripts/debian-fetch.sh", "watchdog"], check=True)
    shutil.copy(BUILD / "debian/arm64/watchdog/40-sbsa_gwdt.ko", overlay / "modules")
    subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


# Req: BH-WDT-004, BH-WDT-005
@pytest.mark.soak
def test_linux_that_does_not_care(start, guest, linux, watched):
    console = start([linux("alpha", "selftest=watchdog", ramdisk=watched,
                           extra=WATCHDOG + restarting.RULES.format("watchdog", 1)),
                     guest("counter", "count", "ms=20 rounds=0")], limit=200)
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("alpha", 1), 150)
    lines = console.lines["alpha"]
    assert lines.count("watchdog: SBSA Generic Watchdog, 0") == 2
    assert lines.count("no more") == 2
    assert all(line in ("left: 1 s", "left: 2 s") for line in lines if line.startswith("left:"))
    before = restarting.rounds(console, "counter")
    console.wait(lambda: restarting.rounds(console, "counter") >= before + 20, 30, "further counting")
