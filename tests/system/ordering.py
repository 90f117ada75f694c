# SPDX-License-Identifier: Apache-2.0
"""Partitions that start when others are ready, on whatever machine: MAKE as in restarting.py."""
from restarting import CHANNEL


def one_starts_when_the_other_says_so(start, make, **options):
    """"second" runs only when "first" has sent it an event, which is pending then."""
    console = start([make("second", "life", "port=20 answer=1",
                          extra='bulkhead,after = "first"; bulkhead,after-timeout = <100>; '
                                'bulkhead,after-action = "halt-board";' + CHANNEL.format(1, 20, 2)),
                     make("first", "life", "port=30", extra="bulkhead,ready = <30>;" + CHANNEL.format(2, 30, 1))],
                    **options)
    console.wait_line("second", "life: new", 60)
    console.wait_line("first", "answer: yes", 30)
    said = [line.removeprefix("(bulkhead) ") for line in console.lines[None]]
    assert said.index("second: starts when first is ready") < said.index("first: ready"), said


def who_waits_in_vain(start, make, action, expected, **options):
    """"first" lives and says nothing."""
    console = start([make("first", "count", "ms=1000 rounds=0", extra="bulkhead,ready = <30>;"),
                     make("second", "hello", extra='bulkhead,after = "first"; bulkhead,after-timeout = <2>; '
                                                   f'bulkhead,after-action = "{action}";')], **options)
    console.wait_line(None, f"second: what it waits for is not ready: {expected}", 60)
    if action == "start":
        console.wait_line("second", "guest: done", 60)
    elif action == "destroy":
        console.wait_line("first", "round 4", 60)
        assert not console.lines["second"]
    else:
        console.wait_end(60)
        assert not console.lines["second"]
