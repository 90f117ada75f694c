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
    """A guest to compare, in a width of BITS. OPTIONS are the guest's own, XEN_OPTIONS those on Xen alone. ICOUNT: what
    it says depends on time, which then is the same in every run, but slow."""
    program: str
    cpus: int = 1
    options: str = ""
    xen_options: str = ""
    icount: bool = False
    bits: int = 64

    def __str__(self):
        return f"{self.program}-{self.bits}"


# On Xen, which has no PV console for its domain 0, "hold=1" keeps that one's event channel free.
ROWS = [Row("hello", 2), Row("xenabi"), Row("calls"), Row("vcpu", 2, icount=True), Row("memory"),
        Row("evtchn", 2, xen_options="hold=1", icount=True), Row("evtchn_fifo", 2, xen_options="hold=1", icount=True),
        Row("grant"), Row("grant_map"), Row("apic", 2, "held=0"), Row("msr"), Row("cpuid", 2),
        Row("modes", options="pae=0"), Row("walk"), Row("start", 3), Row("width")]
# Of these, the ones that are compared as 32-bit guests, too.
ROWS_32 = ["hello", "msr", "cpuid", "modes", "walk", "start", "width"]
ROWS += [dataclasses.replace(row, bits=32) for row in ROWS if row.program in ROWS_32]
# What the guest was told, on one of the two only.
TOLD = {"hello"}
used, ran = set(), set()


def explained(row, key, ours):
    for difference in DIFFERENCES:
        if difference.covers(row.program, None, key, ours):
            used.add(difference)
            return True
    return False


def answers(start, row, hypervisor, tries=3):
    """What the guest says. Xen halts when its dom0 powers off, so the guest ends by a restart. In one run of ten Xen does
    not start its second vCPU where QEMU's CPUs really run at once: then it is started again, up to TRIES times."""
    is_xen = hypervisor == pc.XEN
    options = f"end=reset {row.options} {row.xen_options if is_xen else ''}".strip()
    console = start([guest("domain", row.program, options, bits=row.bits, vcpus=row.cpus)], described=False, cpus=row.cpus,
                    memory=1024, hypervisor=hypervisor, icount=row.icount, limit=60)
    try:
        console.wait_guests(limit=20 if is_xen and row.cpus > 1 and tries > 1 and not row.icount else 60)
    except AssertionError:
        if not is_xen or row.cpus == 1 or tries == 1:
            raise
        console.close()
        return answers(start, row, hypervisor, tries - 1)
    found = console.results("domain")
    console.close()
    return {key: value for key, value in found.items() if key not in TOLD}


# Req: BH-PC-056, BH-MSR-001, BH-PC-021, BH-PC-055, BH-PC-035, BH-PC-038, BH-PC-039, BH-PC-041
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
    stale = [row for row in DIFFERENCES if row not in used and not row.sometimes]
    assert not stale, "differences that are gone:\n" + "\n".join(f"{r.guest}: {r.key}: {r.reason}" for r in stale)
