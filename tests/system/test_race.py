# SPDX-License-Identifier: Apache-2.0
"""Partitions that policy allows everything with each other make hypercalls at random from several vCPUs, while other
vCPUs write over the arguments. All of them come to their end, the board goes off, and the memory is back: as much is
free as after partitions of the same size that did nothing."""
import pytest

ALLOW = """/ {{ chosen {{ allow-{0}-{1} {{
    compatible = "bulkhead,allow"; from = "{0}"; to = "{1}"; kinds = "event", "grant", "argo";
}}; }}; }};
"""
NAMES = ("alpha", "beta", "gamma")
# What a table of the hypervisor's own address space may have taken more, in KiB.
SLACK = 64


def free_at_the_end(console, limit):
    console.wait_end(limit)
    return int(console.wait_line(None, r"the last domain has ended, (\d+) KiB are free", 1)[1])


def race(start, guest, seconds, seed, count=2, limit=60, **options):
    dts = "".join(ALLOW.format(a, b) for a in NAMES[:count] for b in NAMES[:count] if a != b)
    vcpus = {"alpha": 3, "beta": 2, "gamma": 2}

    def run(program, arguments):
        return start([guest(name, program, arguments.format(i), vcpus=vcpus[name], vpl011=name != "gamma")
                      for i, name in enumerate(NAMES[:count])], dts=dts, cpus=2, limit=limit, **options)

    idle = free_at_the_end(run("hello", ""), 30)
    console = run("race", f"seconds={seconds} peers={count} seed={seed}{{}}")
    free = free_at_the_end(console, limit)
    text = "\n".join(line for _, line in console.all_lines)
    assert "panic" not in text and "audit" not in text and "fault of the hypervisor" not in text, console.tail()
    ends = []
    for name in NAMES[:2]:
        found = console.results(name)
        ends.append(found.get("guest"))
        assert ends[-1] != "done" or int(found["succeeded"]) > 100 * seconds, found
    # In a long time one may have found a way to give up its own code.
    assert ends.count("done") >= (2 if seconds < 60 else 1), console.tail()
    assert idle - SLACK <= free <= idle, (idle, free)
    return console


# Req: BH-SEC-004, BH-SEC-005
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_race(start, guest, gic):
    race(start, guest, 4, gic, gic=gic)


# Req: BH-SEC-004, BH-SEC-005
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_race_against_the_debug_build(start, guest, gic, debug_build):
    race(start, guest, 4, 10 + gic, count=3, gic=gic, hypervisor=debug_build)


@pytest.mark.soak
@pytest.mark.bulkhead
def test_long_race(start, guest, debug_build):
    race(start, guest, 600, 77, count=3, gic=3, limit=800, hypervisor=debug_build)
