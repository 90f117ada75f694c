# SPDX-License-Identifier: Apache-2.0
"""The same guests on Debian's Xen 4.17, as its PVH dom0, and on Bulkhead say the same, or differences_x86.py says why
not."""
import dataclasses

import pytest

import pc
from differences_x86 import DIFFERENCES
from pc import guest

pytestmark = pytest.mark.bulkhead


@dataclasses.dataclass(frozen=True)
class Row:
    """A guest to compare, in the widths BITS. OPTIONS are the guest's own."""
    program: str
    cpus: int = 1
    options: str = ""
    bits: int = 64

    def __str__(self):
        return f"{self.program}-{self.bits}"


ROWS = [Row("hello", 2), Row("xenabi"), Row("apic", 2, "held=0"), Row("msr"), Row("cpuid"), Row("modes", options="pae=0")]
used, ran = set(), set()


def explained(row, key, ours):
    for difference in DIFFERENCES:
        if difference.covers(row.program, None, key, ours):
            used.add(difference)
            return True
    return False


def answers(start, row, hypervisor):
    """What the guest says. Xen halts when its dom0 powers off, so the guest ends by a restart."""
    is_xen = hypervisor == pc.XEN
    console = start([guest("domain", row.program, f"end=reset {row.options}".strip(), bits=row.bits, vcpus=row.cpus)],
                    described=False, cpus=row.cpus, memory=1024 if is_xen else 512, hypervisor=hypervisor, limit=60)
    console.wait_guests(limit=60)
    found = console.results("domain")
    console.close()
    return found


# Req: BH-MSR-001, BH-PC-021, BH-PC-035, BH-PC-038, BH-PC-039, BH-PC-041
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_guest_says_the_same_on_both(start_pc, row):
    theirs, ours = answers(start_pc, row, pc.XEN), answers(start_pc, row, pc.hypervisor_path())
    ran.add(row)
    bad = [f"{key}\n    Xen:      {theirs.get(key)}\n    Bulkhead: {ours.get(key)}"
           for key in list(theirs) + [k for k in ours if k not in theirs]
           if theirs.get(key) != ours.get(key) and not explained(row, key, ours.get(key))]
    assert not bad, f"{len(bad)} unexplained differences of {row}:\n" + "\n".join(bad)


def test_every_explanation_is_used():
    if len(ran) < len(ROWS):
        pytest.skip("not all guests were compared in this run")
    stale = [row for row in DIFFERENCES if row not in used]
    assert not stale, "differences that are gone:\n" + "\n".join(f"{r.guest}: {r.key}: {r.reason}" for r in stale)
