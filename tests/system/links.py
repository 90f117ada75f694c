# SPDX-License-Identifier: Apache-2.0
"""Two partitions with a bare-metal guest that has two roles, and messages between them by Argo."""

ALLOW_ARGO = """/ {{ chosen {{ argo-{0} {{
    compatible = "bulkhead,allow"; from = "{0}"; to = "{1}"; kinds = "argo";
}}; }}; }};
"""
ALLOW_BOTH = "".join(f"""/ {{ chosen {{ allow-{a} {{
    compatible = "bulkhead,allow"; from = "{a}"; to = "{b}"; kinds = "event", "grant";
}}; }}; }};
""" for a, b in (("alpha", "beta"), ("beta", "alpha")))


def run_pair(start, program, alpha, beta, before=(), dts=""):
    """The results of "alpha", which has role 1, and of "beta", which has role 2. ALPHA and BETA each make a partition
    as board.guest() does; BEFORE are others, which come first."""
    first = 1 + len(before)
    console = start([*before, alpha("alpha", program, f"role=1 peer={first + 1} end=wait"),
                     beta("beta", program, f"role=2 peer={first} end=wait")], cpus=2, dts=dts, limit=90)
    for name in ("alpha", "beta"):
        console.wait_line(name, "guest: done", 80)
    return console.results("alpha"), console.results("beta")


def one_partition_sends_to_itself(console):
    """Its CONSOLE, where the guest `argo` runs alone as "alpha"."""
    console.wait_line("alpha", "guest: done", 50)
    found = console.results("alpha")
    assert found["send 20 bytes"] == "20", console.tail()
    assert found["the virq"] == "came"
    assert found["unregister"] == "0"
    assert not [line for line in console.lines["alpha"] if "expected" in line]


def silo_refuses(start, alpha, beta, before=()):
    received, sent = run_pair(start, "argo", alpha, beta, before)
    assert sent["send to the peer"] == "-1"
    assert sent["sent"].startswith("0,")
    assert received["received"] == "0, wrong 0"


def allowed_one_way(start, alpha, beta, before=()):
    received, sent = run_pair(start, "argo", alpha, beta, before, ALLOW_ARGO.format("beta", "alpha"))
    assert received["received"] == "300, wrong 0", (received, sent)
    assert sent["sent"] == "300, was told of room each time: yes"
    assert sent["the ring was full"] == "yes"
    assert received["send to the peer"] == "-1"
