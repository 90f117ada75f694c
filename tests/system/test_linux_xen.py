# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian Linux uses more of Xen than it boots with: PV console, balloon, event channels and grants."""
import functools
import re

import pytest

import board as boards
import linux_pair
from board import Domain

pytestmark = pytest.mark.bulkhead


@pytest.fixture(scope="module")
def ramdisk(made):
    return linux_pair.make_ramdisk(linux_pair.ARM64)


@pytest.fixture
def pair(start, ramdisk):
    return functools.partial(linux_pair.Pair, start, linux_pair.ARM64, ramdisk)


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
@pytest.mark.soak
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
def test_two_linux_partitions_share_a_page(pair):
    linux_pair.share_a_page(pair)


# Req: BH-EVT-001, BH-GNT-003, BH-BOOT-033
def test_two_linux_partitions_talk_by_libxenvchan(pair):
    linux_pair.talk_by_libxenvchan(pair)


# Req: BH-POL-001
def test_libxenvchan_is_refused_between_partitions_that_may_not(pair):
    linux_pair.talk_by_libxenvchan_is_refused(pair)


# Req: BH-POL-001, BH-POL-003
def test_two_linux_partitions_that_may_not_share_a_page(pair):
    linux_pair.share_a_page_is_refused(pair)


# Req: BH-CONS-003, BH-EVT-010, BH-GNT-006, BH-LIFE-010
@pytest.mark.parametrize("dies", [pytest.param("one", marks=pytest.mark.soak), "two"])
def test_linux_dies_with_a_thousand_mappings_and_channels(pair, dies):
    linux_pair.die_with_a_thousand_mappings_and_channels(pair, dies)
