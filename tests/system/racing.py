# SPDX-License-Identifier: Apache-2.0
"""Partitions that policy allows everything with each other make hypercalls at random from several vCPUs, while other
vCPUs write over the arguments (guests/race.c). All of them come to their end, the machine goes off, and the memory is
back: as much is free as after partitions of the same size that did nothing."""
import re

ALLOW = """/ {{ chosen {{ allow-{0}-{1} {{
    compatible = "bulkhead,allow"; from = "{0}"; to = "{1}"; kinds = "event", "grant", "argo";
}}; }}; }};
"""
NAMES = ("alpha", "beta", "gamma")
VCPUS = dict(zip(NAMES, (3, 2, 2)))
# What a table of the hypervisor's own address space may have taken more, in KiB.
SLACK = 64


def free_at_the_end(console, limit):
    console.wait_end(limit)
    return int(console.wait_line(None, r"the last domain has ended, (\d+) KiB are free", 1)[1])


def race(start, make, seconds, seed, count=2, limit=60, silent=(), least=100, **options):
    """The race of COUNT partitions. MAKE(index, name, program, arguments, ...): one of them; START(domains, ...): the
    machine. Nothing is heard of those that are SILENT; of the others LEAST calls a second succeed."""
    names = NAMES[:count]
    dts = "".join(ALLOW.format(a, b) for a in names for b in names if a != b)

    def run(program, arguments):
        return start([make(i, name, program, arguments, vcpus=VCPUS[name]) for i, name in enumerate(names)], dts=dts,
                     cpus=2, limit=limit, **options)

    idle = free_at_the_end(run("hello", ""), 30)
    console = run("race", f"seconds={seconds} peers={count} seed={seed}")
    free = free_at_the_end(console, limit)
    text = "\n".join(line for _, line in console.all_lines)
    assert not re.search("panic|audit|fault of the hypervisor", text), console.tail()
    for name in names:
        if name not in silent:
            found = console.results(name)
            assert found.get("guest") == "done", console.tail()
            assert int(found["succeeded"]) > least * seconds, found
            assert found["vCPUs that came to their end"] == f"{VCPUS[name]} of {VCPUS[name]}", found
    assert idle - SLACK <= free <= idle, (idle, free)
    return console
