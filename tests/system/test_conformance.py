# SPDX-License-Identifier: Apache-2.0
"""The same guests on Debian's Xen 4.17 and on Bulkhead say the same, or differences.py says why not."""
import pytest

import board as boards
from differences import DIFFERENCES

GUESTS = [("hello", 2), ("traps", 1), ("psci", 2), ("vgic", 2), ("timer", 1), ("vpl011", 1), ("xenabi", 1),
          ("evtchn", 2), ("evtchn_fifo", 2), ("vcpu", 2), ("calls", 1)]
# Guests of hypercalls that are not all there yet: they run to their end on both, and are not compared. A row moves to
# GUESTS when they are. PAIR: as two partitions, which know each other's number. OPTIONS: what Xen's command line needs.
NOT_YET = [
    # program, vcpus, pair, options
    ("grant", 1, False, ""),
    ("grant_map", 1, False, ""),
    ("grant_map", 1, True, "xsm=dummy"),
    ("memory", 1, False, ""),
    ("argo", 1, False, "argo=1"),
]
used, ran = set(), set()


def explained(guest, gic, key, ours):
    """True if a row of the table covers this difference."""
    for row in DIFFERENCES:
        if row.covers(guest, gic, key, ours):
            used.add(row)
            return True
    return False


# Req: BH-ABI-001
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("program,vcpus", GUESTS)
def test_guest_says_the_same_on_both(start, guest, gic, program, vcpus):
    found = []
    for hypervisor in (boards.XEN, boards.hypervisor_path()):
        console = start([guest("alpha", program, vcpus=vcpus, memory=64)], gic=gic, cpus=vcpus,
                        hypervisor=hypervisor, icount=True)
        console.wait_guests(limit=40)
        found.append(console.results("alpha"))
        console.close()
    theirs, ours = found
    ran.add((program, gic))
    bad = []
    for key in list(theirs) + [k for k in ours if k not in theirs]:
        a, b = theirs.get(key), ours.get(key)
        if a != b and not explained(program, gic, key, b):
            bad.append(f"{key}\n    Xen:      {a}\n    Bulkhead: {b}")
    assert not bad, f"{len(bad)} unexplained differences of {program} with GICv{gic}:\n" + "\n".join(bad)


@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("program,vcpus,pair,options", NOT_YET, ids=lambda value: str(value) or "none")
def test_guest_of_what_is_not_there_yet_ends(start, guest, gic, program, vcpus, pair, options):
    for hypervisor in (boards.XEN, boards.hypervisor_path()):
        roles = [("alpha", "role=1 peer=2"), ("beta", "role=2 peer=1")] if pair else [("alpha", "")]
        console = start([guest(name, program, arguments, vcpus=vcpus, memory=64) for name, arguments in roles], gic=gic,
                        cpus=max(vcpus, len(roles)), hypervisor=hypervisor, icount=True, switching=True,
                        bootargs=options if boards.is_xen(hypervisor) else "")
        console.wait_guests(limit=60)
        for name, _ in roles:
            assert console.results(name), console.tail()
        console.close()


@pytest.mark.bulkhead
def test_every_explanation_is_used():
    if len(ran) < 2 * len(GUESTS):
        pytest.skip("not all guests were compared in this run")
    stale = [row for row in DIFFERENCES if row not in used]
    assert not stale, "differences that are gone:\n" + "\n".join(f"{r.guest}: {r.key}: {r.reason}" for r in stale)


# Req: BH-TRAP-004
@pytest.mark.bulkhead
def test_calls_that_xen_ends_a_partition_for(start, guest):
    """An HVC immediate that nobody defined is an undefined instruction to the guest, not its end."""
    console = start([guest("alpha", "traps", "harsh=1", memory=64)])
    console.wait_guests()
    found = console.results("alpha")
    for call in ("hvc 1", "hvc 0xea0", "hvc 0xea2", "hvc 0xffff"):
        assert found[call].startswith("undefined"), (call, found[call])
