# SPDX-License-Identifier: Apache-2.0
"""Memory that is mapped in large blocks, which are taken apart while other vCPUs use them."""
import pytest

pytestmark = pytest.mark.bulkhead


def nobody_notices(start, make, **options):
    console = start([make("idle", "hello", "end=wait"), make("alpha", "split", memory=256, vcpus=3)], cpus=3, **options)
    console.wait_line("alpha", "guest: done", 60)
    found = console.results("alpha")
    assert found["taken apart"] == "all"
    for cpu in (1, 2):
        assert found[f"cpu {cpu}"] == "0 wrong, 0 lost, 0 strange, 0 exceptions"


# Req: BH-MEM-019
@pytest.mark.parametrize("gic", [2, 3])
def test_nobody_notices_that_a_block_is_taken_apart(start, guest, gic):
    nobody_notices(start, guest, gic=gic)
