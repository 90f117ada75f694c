# SPDX-License-Identifier: Apache-2.0
"""The console: each partition's output by line with its name in front; input for one, moved on by three Ctrl-A."""
import re

import pytest


@pytest.mark.bulkhead
def test_every_line_has_its_name_in_front(start, guest):
    console = start([guest("alpha", "hello", "end=wait"), guest("beta", "vpl011"), guest("gamma", "psci")], cpus=2)
    console.wait_line("beta", "guest: done")
    console.wait_line("gamma", "guest: done")
    for name, text in console.all_lines:
        assert name is not None or re.match(r"\(bulkhead|^$|qemu-system", text), text


def type_line(console, name, text, after):
    console.send(text + "\r")
    console.wait_line(name, f"length {len(text)} typed: {text}$", 20, after)


@pytest.mark.static_too
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_input_goes_to_one_partition_and_moves_on(start, guest, gic):
    console = start([guest("alpha", "vpl011", "input=1"), guest("beta", "vpl011", "input=1")], gic=gic, cpus=1)
    console.wait_line("alpha", "type a line")
    console.wait_line("beta", "type a line")
    type_line(console, "alpha", "first", 0)
    console.send("\x01\x01\x01")
    type_line(console, "beta", "second", 0)
    assert not console.find("alpha", "typed: second")
    # Two are not three: the input stays where it is, and they are part of it.
    console.send("\x01\x01x\r")
    console.wait_line("beta", "length 3 typed: \x01\x01x$", 20)
    console.send("\x01y\r")
    console.wait_line("beta", "length 2 typed: \x01y$", 20)
    # When the partition with the input ends, the input moves to the next one.
    type_line(console, "beta", "end", 0)
    console.wait_line("beta", "guest: done")
    console.wait(lambda: sum("input to alpha" in text for _, text in console.all_lines) > 1, 20, "input for alpha again")
    console.send("third\r")
    console.wait_line("alpha", "typed: third", 20)
    console.send("end\r")
    console.wait_end()


def test_uart_registers_by_interrupt(start, guest):
    """The guest gets what was typed by the receive interrupt."""
    console = start([guest("alpha", "vpl011", "input=1")], cpus=1)
    console.wait_line("alpha", "type a line")
    console.send("\x01\x01\x01" if console.names.get("DOM1") else "")
    console.settle(1)
    console.send("hello\r")
    # Xen puts no name, but its own, in front of the partition that has the input.
    console.wait_text("length 5 typed: hello\\r?\n", 20)
    console.wait_text("by interrupts: yes\\r?\n", 20)


# Req: BH-CONS-007
def test_fewer_escapes_than_three_are_input(start, guest):
    """As with Xen: one or two Ctrl-A wait for the next key, and go to the guest before it."""
    console = start([guest("alpha", "vpl011", "input=1")], cpus=1)
    console.wait_line("alpha", "type a line")
    console.send("\x01\x01\x01" if console.names.get("DOM1") else "")
    console.settle(1)
    console.send("\x01\x01x\r")
    console.wait_text("length 3 typed: \x01\x01x\r?\n", 20)
    console.send("\x01y\r")
    console.wait_text("length 2 typed: \x01y\r?\n", 20)
