# SPDX-License-Identifier: Apache-2.0
"""The static configuration, which allocates nothing once guests run: they ask for everything, and end."""
import pytest

from board import BUILD, PINNED


def run(start, guest, program, vcpus):
    """The results of PROGRAM beside another partition; then both have ended, and the board with them."""
    cpus = " ".join(map(str, range(vcpus)))
    console = start([guest("alpha", program, vcpus=vcpus, memory=64, extra=PINNED.format(cpu=cpus)),
                     guest("beta", "hello", extra=PINNED.format(cpu=vcpus))], cpus=vcpus + 1, icount=True,
                    switching=True, hypervisor=BUILD / "arm64-static" / "bulkhead")
    console.wait_guests()
    console.wait_end()
    assert not [line for line in console.lines[None] if "panic" in line.lower()]
    return console.results("alpha")


# Req: BH-MEM-009, BH-MEM-018
@pytest.mark.bulkhead
@pytest.mark.parametrize("program,vcpus", [("calls", 1), ("memory", 1), ("vcpu", 2), ("psci", 2)])
def test_guest_asks_for_everything_and_ends(start, guest, program, vcpus):
    assert run(start, guest, program, vcpus)


# Req: BH-MEM-018
@pytest.mark.bulkhead
def test_shared_page_has_its_tables_and_no_more(start, guest):
    found = run(start, guest, "xenabi", 1)
    assert found["shared info over own memory"] == "0"
    assert found["it can be written"] == "yes"
    # There is no other place to get a table from than the reserve.
    assert 1 <= int(found["shared info in far places"].split()[0]) < 12, found
    assert found["shared info where it was"] == "0"
