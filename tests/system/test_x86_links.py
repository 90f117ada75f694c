# SPDX-License-Identifier: Apache-2.0
"""Messages and shared pages between partitions on x86, whose guests are 64-bit, or one of them 32-bit."""
import functools

import pytest

import links
from pc import guest

pytestmark = pytest.mark.bulkhead
WIDTHS = pytest.mark.parametrize("first, second", [(64, 64), (64, 32), (32, 64)])
# What the guest `grant_map` says in its two roles. On arm64 test_conformance.py compares it with Debian's Xen, which
# says the same but for pages that are not there: on a PC they read as ones.
NOTHING = "read 0xff, write ok"
GRANTER = {
    "entry writable, mapped by the other": "access reading writing",
    "entry read-only, mapped by the other": "access read-only reading",
    "entry that is for nobody": "access",
    "written by the other": "0x11",
    "give back what the other has": "1",
    "page given back": NOTHING,
    "entry writable, unmapped": "access",
    "entry read-only, unmapped": "access read-only",
    "entry revoked, unmapped": "invalid",
    "copied by the other": "0xe1 0xe2",
    "guest": "done",
}
MAPPER = {
    "map the other's page": "0, status 0, a handle",
    "map the other's page #2": "0, status -1, no handle",
    "map the other's page #3": "0, status -1, no handle",
    "map the other's page #4": "0, status 0, a handle",
    "map its read-only page to read": "0, status 0, a handle",
    "page of the other": "read 0x10, write ok",
    "page of the other #2": "read 0x11",
    "page of the other #3": NOTHING,
    "page of the other #4": "read 0x13, write ok",
    "page of the other, given back there": "read 0x13, write ok",
    "unmap the other's page": "0, status 0",
    "page unmapped": NOTHING,
    "unmap the other's page #2": "0, status 0",
    "page unmapped #2": NOTHING,
    "page unmapped #3": NOTHING,
    "unmap the other's page #3": "0, status 0",
    "page unmapped #4": NOTHING,
    "map what is revoked": "0, status -1, no handle",
    "copy from the other": "0, status 0, 0x10",
    "copy from its read-only page": "0, status 0, 0x11",
    "copy from what is not ours": "0, status -1, 0x11",
    "copy to the other": "0, status 0, 0x11",
    "copy to its read-only page": "0, status -1, 0x11",
    "size of its table": "0, status -8",
    "its memory": "-1",
    "version of its table": "-1",
    "guest": "done",
}


def partitions(first, second):
    """How the guest of either width is made, and what comes before both: that has the input, whose owner's unfinished
    lines may break those of the others."""
    idle = guest("idle", "hello", "end=wait")
    return functools.partial(guest, bits=first), functools.partial(guest, bits=second), [idle]


# Req: BH-ARGO-001, BH-ARGO-008, BH-ARGO-014
@pytest.mark.parametrize("bits", [64, 32])
def test_one_partition_sends_to_itself(start_pc, bits):
    links.one_partition_sends_to_itself(start_pc([guest("alpha", "argo", bits=bits)]))


# Req: BH-ARGO-004
@pytest.mark.parametrize("first, second", [(64, 64), (64, 32)])
def test_silo_refuses(start_pc, first, second):
    links.silo_refuses(start_pc, *partitions(first, second))


# Req: BH-ARGO-004, BH-ARGO-007
@WIDTHS
def test_allowed_one_way(start_pc, first, second):
    links.allowed_one_way(start_pc, *partitions(first, second))


# Req: BH-GNT-003, BH-GNT-004, BH-GNT-005, BH-GNT-008, BH-POL-002, BH-COMPAT-003
@WIDTHS
def test_pages_are_shared(start_pc, first, second):
    alpha, beta = links.run_pair(start_pc, "grant_map", *partitions(first, second), dts=links.ALLOW_BOTH)
    assert alpha == GRANTER
    assert beta == MAPPER


# Req: BH-POL-001
def test_partitions_do_not_meet_where_they_may_not(start_pc):
    alpha, beta = links.run_pair(start_pc, "grant_map", *partitions(64, 32))
    assert alpha == {"no port to meet at": "-1", "guest": "done"}
    assert beta == {"no peer": "-22", "guest": "done"}
