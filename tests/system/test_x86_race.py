# SPDX-License-Identifier: Apache-2.0
"""Partitions on PCs, 64-bit and 32-bit, race with each other: see racing.py."""
import pytest

import racing
from pc import guest

pytestmark = pytest.mark.bulkhead
WIDTHS = pytest.mark.parametrize("widths", [(64, 64), (64, 32)], ids=["64", "64-32"])


def race(start_pc, widths, seconds, seed, **options):
    def partition(index, name, program, arguments, **of_guest):
        return guest(name, program, arguments, bits=widths[index], **of_guest)

    return racing.race(start_pc, partition, seconds, seed, count=len(widths), least=5, **options)


# Req: BH-SEC-004, BH-SEC-005
@WIDTHS
def test_race(start_pc, widths):
    race(start_pc, widths, 4, sum(widths))


# Req: BH-SEC-004, BH-SEC-005
@WIDTHS
def test_race_against_the_debug_build(start_pc, debug_build_x86, widths):
    race(start_pc, (*widths, 64), 4, 10 + sum(widths), hypervisor=debug_build_x86)


@pytest.mark.soak
def test_long_race(start_pc, debug_build_x86):
    race(start_pc, (64, 32, 64), 600, 77, limit=800, hypervisor=debug_build_x86)
