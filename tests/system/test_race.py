# SPDX-License-Identifier: Apache-2.0
"""Partitions on boards race with each other: see racing.py."""
import functools

import pytest

import racing
from board import guest

pytestmark = pytest.mark.bulkhead
GIC = pytest.mark.parametrize("gic", [2, 3])


def partition(index, name, program, arguments, **options):
    """The third one has another console, that of PV drivers, which this guest does not have."""
    return guest(name, program, arguments, vpl011=index < 2, **options)


race = functools.partial(racing.race, make=partition, silent=("gamma",))


# Req: BH-SEC-004, BH-SEC-005
@GIC
def test_race(start, gic):
    race(start, seconds=4, seed=gic, gic=gic)


# Req: BH-SEC-004, BH-SEC-005
@GIC
def test_race_against_the_debug_build(start, gic, debug_build):
    race(start, seconds=4, seed=10 + gic, count=3, gic=gic, hypervisor=debug_build)


@pytest.mark.soak
def test_long_race(start, debug_build):
    race(start, seconds=600, seed=77, count=3, gic=3, limit=800, hypervisor=debug_build)
