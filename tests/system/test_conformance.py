# SPDX-License-Identifier: Apache-2.0
"""The same guests on Debian's Xen 4.17 and on Bulkhead say the same, or differences.py says why not."""
import dataclasses

import pytest

import board as boards
from differences import DIFFERENCES


@dataclasses.dataclass(frozen=True)
class Row:
    """A guest to compare. PAIR: as two partitions, which know each other's number, and may do to each other what the
    guest does; OPTIONS is what Xen's command line needs for that. CPUS: how many there are, 0: one for each vCPU. CPU:
    what QEMU calls it."""
    program: str
    vcpus: int = 1
    pair: bool = False
    options: str = ""
    cpus: int = 0
    cpu: str = "cortex-a57"

    def __str__(self):
        return f"{self.program}-{'pair' if self.pair else self.vcpus}-{self.cpu}"


GUESTS = [Row("hello", 2), Row("traps"), Row("user"), Row("psci", 2), Row("vgic", 2), Row("timer"), Row("vpl011"),
          Row("xenabi"), Row("evtchn", 2), Row("evtchn_fifo", 2), Row("vcpu", 2), Row("calls"), Row("grant"),
          Row("grant_map"), Row("grant_map", pair=True, options="xsm=dummy"), Row("memory"),
          Row("state", 2, cpus=1), Row("state", 2, cpus=1, cpu="max"), Row("state", pair=True, cpus=1, cpu="max")]
ALLOW = "".join(f"""/ {{ chosen {{ allow-{a} {{
    compatible = "bulkhead,allow"; from = "{a}"; to = "{b}"; kinds = "event", "grant";
}}; }}; }};
""" for a, b in (("alpha", "beta"), ("beta", "alpha")))
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
@pytest.mark.parametrize("row", GUESTS, ids=str)
def test_guest_says_the_same_on_both(start, guest, gic, row):
    found = []
    roles = [("alpha", "role=1 peer=2"), ("beta", "role=2 peer=1")] if row.pair else [("alpha", "")]
    for hypervisor in (boards.XEN, boards.hypervisor_path()):
        is_xen = boards.is_xen(hypervisor)
        console = start([guest(name, row.program, arguments, vcpus=row.vcpus, memory=64) for name, arguments in roles],
                        gic=gic, cpus=row.cpus or max(row.vcpus, len(roles)), cpu=row.cpu, hypervisor=hypervisor,
                        icount=True, switching=row.pair, bootargs=row.options if is_xen else "",
                        dts="" if is_xen or not row.pair else ALLOW)
        console.wait_guests(limit=60)
        found.append({(name, key): value for name, _ in roles for key, value in console.results(name).items()})
        console.close()
    theirs, ours = found
    ran.add((row, gic))
    bad = []
    for name, key in list(theirs) + [k for k in ours if k not in theirs]:
        a, b = theirs.get((name, key)), ours.get((name, key))
        if a != b and not explained(row.program, gic, key, b):
            bad.append(f"{name}: {key}\n    Xen:      {a}\n    Bulkhead: {b}")
    assert not bad, f"{len(bad)} unexplained differences of {row} with GICv{gic}:\n" + "\n".join(bad)


def test_there_is_no_argo_to_compare_with(start, guest):
    """Debian's Xen is built without Argo. When that changes the guest becomes a row above."""
    console = start([guest("alpha", "argo", memory=64)], hypervisor=boards.XEN, bootargs="argo=1")
    console.wait_guests()
    assert console.results("alpha")["argo"] == "-38"


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
