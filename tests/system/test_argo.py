# SPDX-License-Identifier: Apache-2.0
"""Messages between partitions: within one, refused by silo, and where the boot description allows them."""
import pytest

import links


# Req: BH-ARGO-001, BH-ARGO-008, BH-ARGO-014
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_one_partition_sends_to_itself(start, guest, gic):
    links.one_partition_sends_to_itself(start([guest("alpha", "argo")], gic=gic))


# Req: BH-ARGO-004
@pytest.mark.bulkhead
def test_silo_refuses(start, guest):
    links.silo_refuses(start, guest, guest)


# Req: BH-ARGO-004, BH-ARGO-007
@pytest.mark.bulkhead
def test_allowed_one_way(start, guest):
    links.allowed_one_way(start, guest, guest)
