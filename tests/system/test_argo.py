# SPDX-License-Identifier: Apache-2.0
"""Messages between partitions: within one, refused by silo, and where the boot description allows them."""
import pytest

ALLOW = """/ {{ chosen {{ argo-{0} {{
    compatible = "bulkhead,allow"; from = "{0}"; to = "{1}"; kinds = "argo";
}}; }}; }};
"""


def pair(start, guest, dts=""):
    console = start([guest("alpha", "argo", "role=1 peer=2"), guest("beta", "argo", "role=2 peer=1 end=wait")], cpus=2,
                    dts=dts, limit=90)
    for name in ("alpha", "beta"):
        console.wait_line(name, "guest: done", 80)
    return console.results("alpha"), console.results("beta")


# Req: BH-ARGO-001, BH-ARGO-008, BH-ARGO-014
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_one_partition_sends_to_itself(start, guest, gic):
    console = start([guest("alpha", "argo")], gic=gic)
    console.wait_line("alpha", "guest: done", 50)
    found = console.results("alpha")
    assert found["send 20 bytes"] == "20", console.tail()
    assert found["the virq"] == "came"
    assert found["unregister"] == "0"
    assert not [line for line in console.lines["alpha"] if "expected" in line]


# Req: BH-ARGO-004
@pytest.mark.bulkhead
def test_silo_refuses(start, guest):
    alpha, beta = pair(start, guest)
    assert beta["send to the peer"] == "-1"
    assert beta["sent"].startswith("0,")
    assert alpha["received"] == "0, wrong 0"


# Req: BH-ARGO-004, BH-ARGO-007
@pytest.mark.bulkhead
def test_allowed_one_way(start, guest):
    alpha, beta = pair(start, guest, ALLOW.format("beta", "alpha"))
    assert alpha["received"] == "300, wrong 0", (alpha, beta)
    assert beta["sent"] == "300, was told of room each time: yes"
    assert beta["the ring was full"] == "yes"
    assert alpha["send to the peer"] == "-1"
