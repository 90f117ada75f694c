# SPDX-License-Identifier: Apache-2.0
"""Two unmodified Debian Linux partitions on x86 use event channels, grants and a xenstore with each other."""
import functools

import pytest

import linux_pair

pytestmark = pytest.mark.bulkhead


@pytest.fixture(scope="module")
def ramdisk(made_x86):
    return linux_pair.make_ramdisk(linux_pair.AMD64)


@pytest.fixture
def pair(start_pc, ramdisk):
    return functools.partial(linux_pair.Pair, start_pc, linux_pair.AMD64, ramdisk)


# Req: BH-EVT-001, BH-EVT-004, BH-GNT-001, BH-GNT-003, BH-POL-002
def test_two_linux_partitions_share_a_page(pair):
    linux_pair.share_a_page(pair)


# Req: BH-EVT-001, BH-GNT-003, BH-BOOT-033
def test_two_linux_partitions_talk_by_libxenvchan(pair):
    linux_pair.talk_by_libxenvchan(pair)


# Req: BH-POL-001, BH-POL-003
def test_two_linux_partitions_that_may_not_share_a_page(pair):
    linux_pair.share_a_page_is_refused(pair)


# Req: BH-CONS-003, BH-EVT-010, BH-GNT-006, BH-LIFE-010
@pytest.mark.parametrize("dies", [pytest.param("one", marks=pytest.mark.soak), "two"])
def test_linux_dies_with_a_thousand_mappings_and_channels(pair, dies):
    linux_pair.die_with_a_thousand_mappings_and_channels(pair, dies)
