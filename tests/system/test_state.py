# SPDX-License-Identifier: Apache-2.0
"""A vCPU finds its registers as it left them after others had its CPU: of its own partition, and of another one."""
import pytest

BREAKPOINTS = ("MDSCR_EL1", "DBGBVR0_EL1", "DBGBCR0_EL1", "DBGWVR1_EL1", "DBGWCR1_EL1")


# Req: BH-TRAP-007, BH-TRAP-008, BH-TRAP-010
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("cpu", ["cortex-a57", "max"])
@pytest.mark.parametrize("vcpus,partitions", [(2, 1), (1, 2), (2, 3)])
def test_registers_are_kept(start, guest, vcpus, partitions, cpu, gic):
    domains = [guest(f"part{n}", "state", f"role={n}", vcpus=vcpus) for n in range(1, partitions + 1)]
    console = start(domains, cpus=1, cpu=cpu, gic=gic, icount=True, limit=100)
    console.wait_guests(limit=90)
    for domain in domains:
        found = console.results(domain.name)
        kept = {name: value for name, value in found.items() if name.endswith(" kept")}
        assert len(kept) > 30
        assert set(kept.values()) == {"yes"}, {name: value for name, value in kept.items() if value != "yes"}
        assert found["others ran in half of the rounds"] == "yes"
        assert found["TPIDR_EL0 takes"] == "0xffffffffffffffff"
        assert all(f"{name} kept" in kept for name in BREAKPOINTS)
        assert ("APGAKeyHi_EL1 kept" in kept) == (cpu == "max")
