# SPDX-License-Identifier: Apache-2.0
"""A guest's virtual timer beside a neighbour that never sleeps, and its counter. Xen masks the timer behind the guest's
back, so that the guest cannot tell a cause there."""
import pytest

pytestmark = pytest.mark.bulkhead


def start_beside_hog(start, guest, arguments):
    console = start([guest("timer", "timer", arguments, memory=64), guest("hog", "count", "ms=600000", memory=64)],
                    cpus=1)
    return console.wait_text(r"fired: (\d+), .*without a cause: (\d+)\s", 40)


# Req: BH-TIMER-009
@pytest.mark.parametrize("by", ["masking", "arming"])
@pytest.mark.parametrize("wait", ["busy", "asleep"])
def test_no_interrupt_without_a_cause(start, guest, by, wait):
    """The handler masks the timer or moves its deadline: without a new one no interrupt follows."""
    found = start_beside_hog(start, guest, f"rounds=2000 by={by} wait={wait}")
    assert (int(found[1]), int(found[2])) == (2000, 0)


# Req: BH-TIMER-009
@pytest.mark.parametrize("by", ["masking", "arming"])
def test_no_interrupt_without_a_cause_behind_a_masked_one(start, guest, by):
    """The same with interrupts masked, acknowledged by hand."""
    found = start_beside_hog(start, guest, f"polled=2000 by={by}")
    assert (int(found[1]), int(found[2])) == (2000, 0)


# Req: BH-TIMER-008
def test_virtual_counter_starts_with_the_partition(start, guest):
    """The second one's memory is cleared first, so that the board's counter has gone on."""
    console = start([guest("first", "timer", "start=1"), guest("second", "timer", "start=1", memory=512)], cpus=2,
                    icount=True)
    console.wait_guests()
    for name in ("first", "second"):
        found = {k: int(v.split()[0]) for k, v in console.results(name).items() if "at start" in k}
        assert found["virtual counter at start"] < 100, found
        assert found["physical counter at start"] > 1000, found
