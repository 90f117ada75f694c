# SPDX-License-Identifier: Apache-2.0
"""A control domain that makes domains and destroys them at random, from two vCPUs at once (guests/arch/arm64/control.c),
comes to its end, and so does the board, with its memory back."""
import re

import pytest

import racing

pytestmark = pytest.mark.bulkhead
GIC = pytest.mark.parametrize("gic", [2, 3])
# Pages: what the second round needed of the caller's own tables, channels and table of grants that the first one did not.
OWN = 16


def run(start, guest, seconds, seed, limit=60, **options):
    domain = guest("control", "control", f"seconds={seconds} seed={seed}", vcpus=2, extra="capabilities = <1>;")
    console = start([domain], cpus=2, memory=256, limit=limit, **options)
    found_end = racing.free_at_the_end(console, limit)
    text = "\n".join(line for _, line in console.all_lines)
    assert not re.search("panic|audit|fault of the hypervisor", text), console.tail()
    found = console.results("control")
    assert found.get("guest") == "done", console.tail()
    assert found["vCPUs that came to their end"] == "2 of 2", found
    assert found["second"].startswith("domains left 0,"), found
    assert int(found["succeeded"]) > 20 * seconds, found
    assert abs(int(found["pages lost"])) <= OWN, found
    return found_end


def idle(start, guest, **options):
    domain = guest("idle", "hello", vcpus=2, extra="capabilities = <1>;")
    return racing.free_at_the_end(start([domain], cpus=2, memory=256, limit=30, **options), 30)


# Req: BH-CTL-012, BH-SEC-004
@GIC
def test_control_race(start, guest, gic):
    free, before = run(start, guest, seconds=3, seed=gic, gic=gic), idle(start, guest, gic=gic)
    assert before - racing.SLACK <= free <= before, (before, free)


# Req: BH-CTL-012, BH-SEC-005
def test_control_race_against_the_debug_build(start, guest, debug_build):
    run(start, guest, seconds=3, seed=33, gic=3, hypervisor=debug_build)


@pytest.mark.soak
@GIC
def test_long_control_race(start, guest, gic, debug_build):
    run(start, guest, seconds=600, seed=100 + gic, limit=1000, gic=gic, hypervisor=debug_build)
