# SPDX-License-Identifier: Apache-2.0
"""Partial device trees: one more module of a partition on arm64, which has to be one."""
import pytest

import fdt
import pc
from conftest import board, config
from test_output import ranges
from test_refused import damaged


def partial(size=0, **children):
    """A partial device tree with `size` bytes of something in it; `children` of its root."""
    nodes = {"passthrough": fdt.Node({"ranges": b"", "filler": b"\0" * size})} | children
    return fdt.write(fdt.Node({}, {name: node for name, node in nodes.items() if node is not None}))


ROOM = ((64 << 10) - len(partial())) & ~3


# Req: BH-TOOL-019
def test_it_is_a_module(shop):
    shop.write("rd", b"ramdisk")
    shop.write("part.dtb", partial())
    result = shop.make(config(ramdisk='"rd"', device_tree='"part.dtb"'), config(name='"b"', device_tree='"part.dtb"')).good()
    *_, tree = result.tree["chosen/domU1"].children.values()
    assert tree.strings("compatible") == ["multiboot,device-tree", "multiboot,module"] and "bootargs" not in tree.props
    assert tree.cells("reg")[2:] == [0, len(partial())]
    assert (result.out / "alpha.device_tree").read_bytes() == partial() and not (result.out / "b.device_tree").exists()
    assert len({start for start, _ in ranges(result).values()}) == 5
    shop.write("board.dtb", board(root={"compatible": fdt.string("linux,dummy-virt")}))
    loaders = [a for a in shop.make(config(device_tree='"part.dtb"')).good().args if "alpha.device_tree" in a]
    assert len(loaders) == 1 and loaders[0].startswith("loader,file=")


def test_64_kib_are_as_much_as_there_may_be(shop):
    shop.write("part.dtb", partial(ROOM))
    shop.make(config(device_tree='"part.dtb"')).good()


REFUSED = {
    "no file": (None, "can't be read: No such file"),
    "empty": (b"", "is empty"),
    "text": (b"/dts-v1/;", "is not a device tree, or a damaged one"),
    "truncated": (partial()[:-1], "is not a device tree, or a damaged one"),
    "too large": (partial(ROOM + 4), "is larger than 64 KiB"),
    "no devices": (partial(passthrough=None), "is a device tree without a node /passthrough"),
    "devices further down": (partial(passthrough=None, x=fdt.Node({}, {"passthrough": fdt.Node()})),
                             "is a device tree without a node /passthrough"),
}


# Req: BH-TOOL-019
@pytest.mark.parametrize("data,expected", REFUSED.values(), ids=REFUSED)
def test_what_is_none_is_refused(shop, data, expected):
    if data is not None:
        shop.write("part.dtb", data)
    shop.make(config(device_tree='"part.dtb"')).refused(rf"a\.cfg:4: device_tree 'part\.dtb' {expected}")


# Req: BH-TOOL-019
@pytest.mark.parametrize("value,expected", [('""', "'device_tree' is empty"), ("[]", "'device_tree' must be a string")])
def test_the_key_is_a_path(shop, value, expected):
    shop.make(config(device_tree=value)).refused(r"a\.cfg:4: " + expected)


# Req: BH-TOOL-014, BH-TOOL-019
def test_x86_has_none(shop):
    shop.write("kernel", pc.elf())
    shop.write("part.dtb", partial())
    pc.make(shop, config(device_tree='"part.dtb"')).refused(r"a\.cfg:4: 'device_tree' is for arm64")


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(10))
def test_damaged_trees_do_no_harm(shop, seed):
    shop.write("part.dtb", damaged(partial(aliases=fdt.Node({"a": fdt.string("/passthrough")})), seed))
    shop.make(config(device_tree='"part.dtb"'))
