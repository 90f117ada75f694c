# SPDX-License-Identifier: Apache-2.0
"""Memory that is set apart for a partition: in the tree as it was said, clear of everything, or refused."""
import pytest

import pc
from conftest import MIB, RAM, board, config, elf
from test_output import ranges

APART = RAM + 512 * MIB


def places(*given, **more):
    """A configuration of 64 MiB; line 4 begins the list, and each range has a line of its own from 5 on."""
    return config(static_memory="[\n" + "".join(f'  "{g}",\n' for g in given) + "]", **more)


# Req: BH-TOOL-020
def test_it_is_in_the_tree(shop):
    result = shop.make(places("0x60000000,0x3fff000", "1920M,4K", direct_map=1), config(name='"b"')).good()
    domain, other = result.tree["chosen"].children.values()
    assert domain.cells("xen,static-mem") == [0, APART, 0, 64 * MIB - 4096, 0, 1920 * MIB, 0, 4096]
    assert domain.props["direct-map"] == b""
    assert not {"xen,static-mem", "direct-map"} & set(other.props)
    assert "0x0060000000     65532 KiB  memory of alpha" in result.stdout


# Req: BH-TOOL-020
def test_units(shop):
    shop.write("board.dtb", board(memory=((RAM, 2 << 30), (1 << 33, 4 << 30))))
    domain = shop.make(places("8G,1G", memory=1024)).good().tree["chosen/domU1"]
    assert domain.cells("xen,static-mem") == [2, 0, 0, 1 << 30] and "direct-map" not in domain.props
    domain = shop.make(places("2097152K,64M", direct_map=0)).good().tree["chosen/domU1"]
    assert domain.cells("xen,static-mem") == [0, 2 << 30, 0, 64 * MIB] and "direct-map" not in domain.props


# Req: BH-TOOL-004, BH-TOOL-020
def test_modules_are_placed_elsewhere(shop):
    """The lowest gap, behind the hypervisor, is the partition's."""
    shop.write("rd", b"r" * MIB)
    low = (RAM + 16 * MIB, RAM + 80 * MIB)
    found = ranges(shop.make(places(f"{low[0]:#x},64M", ramdisk='"rd"')).good())
    assert len(found) == 2 and all(start >= low[1] for start, _ in found.values())


def test_memory_counts_once(shop):
    """With all of a board's memory set apart that is free, there is enough of it; for one more partition there is not."""
    shop.write("board.dtb", board(memory=((RAM, 256 * MIB),)))
    apart = places(f"{RAM + 16 * MIB:#x},96M", f"{RAM + 144 * MIB:#x},100M", memory=196)
    shop.make(apart).good()
    (shop.folder / "out").rename(shop.folder / "before")
    shop.make(apart, config(name='"b"')).refused(r"b\.cfg:3: 64 MiB of memory do not fit in the board")


def test_banks_that_adjoin_are_one(shop):
    shop.write("board.dtb", board(memory=((RAM, 256 * MIB), (RAM + 256 * MIB, 256 * MIB))))
    shop.make(places(f"{RAM + 224 * MIB:#x},64M")).good()


SYNTAX = r"a\.cfg:5: a range of 'static_memory' must be \"ADDRESS,SIZE\""
REFUSED = {
    "not a list": (config(static_memory='"0x60000000,64M"'), r"a\.cfg:4: 'static_memory' must be a list of 1 to 8 ranges"),
    "empty": (config(static_memory="[]"), r"a\.cfg:4: 'static_memory' must be a list of 1 to 8 ranges"),
    "nine": (places(*(f"{i}G,4K" for i in range(9))), r"a\.cfg:4: 'static_memory' must be a list of 1 to 8 ranges"),
    "list in a list": (config(static_memory='[["0x0"]]'), r"a\.cfg:\d: a range of 'static_memory' must be"),
    "no size": (places("0x60000000"), SYNTAX),
    "no address": (places(",64M"), SYNTAX),
    "no unit": (places("0x60000000,64"), SYNTAX),
    "other unit": (places("0x60000000,64T"), SYNTAX),
    "unit and more": (places("0x60000000,64MB"), SYNTAX),
    "hexadecimal with a unit": (places("0x60000000,0x40M"), SYNTAX),
    "no digits": (places("0x,64M"), SYNTAX),
    "twice 0x": (places("0x0x0,64M"), SYNTAX),
    "sign": (places("-1M,64M"), SYNTAX),
    "space": (places(" 1G,64M"), SYNTAX),
    "three": (places("1G,64M,64M"), SYNTAX),
    "beyond 64 bits": (places("0x10000000000000000,64M"), SYNTAX),
    "unit beyond 64 bits": (places("17179869184G,64M"), SYNTAX),
    "half a page": (places("0x60000800,64M"), r"a\.cfg:5: 'static_memory': '0x60000800,64M' is not whole pages"),
    "size of half a page": (places("1G,0x800"), r"a\.cfg:5: 'static_memory': '1G,0x800' is not whole pages"),
    "nothing": (places("1G,0x0"), r"a\.cfg:5: 'static_memory': '1G,0x0' is not whole pages"),
    "wraps": (places("0xfffffffffffff000,64M"), r"a\.cfg:5: 'static_memory': '0xf+000,64M' is beyond all addresses"),
    "too little": (places("1536M,32M", "1600M,16M"),
                   r"a\.cfg:4: 'static_memory' has 49152 KiB in all, and 'memory' in a\.cfg:3 says 65536 KiB"),
    "too much": (places("1536M,65M"), r"a\.cfg:4: 'static_memory' has 66560 KiB in all"),
    "twice the same": (places("1536M,32M", "1567M,32M"),
                       r"a\.cfg:6: 'static_memory': 0x61f00000 to 0x63efffff overlaps 0x60000000 to 0x61ffffff in a\.cfg:5"),
    "below the board": (places("1023M,64M"), r"a\.cfg:5: 0x3ff00000 to 0x43efffff is not in the board's memory, see board\.dtb"),
    "beyond the board": (places("2047M,64M"), r"a\.cfg:5: 0x7ff00000 to 0x83efffff is not in the board's memory"),
    "elsewhere": (places("1024G,64M"), r"a\.cfg:5: 0x10000000000 to 0x10003ffffff is not in the board's"),
    "on the hypervisor": (places("1038M,64M"), r"a\.cfg:5: 0x40e00000 to 0x44dfffff overlaps the hypervisor, 0x40000000 to"),
    "on the tree": (places("1100M,64M"), r"a\.cfg:5: 0x44c00000 to 0x48bfffff overlaps the device tree, 0x48000000 to"),
    "on a reservation": (places("1791M,64M"),
                         r"a\.cfg:5: 0x6ff00000 to 0x73efffff overlaps memory reservation 0, 0x70000000 to 0x70000fff"),
    "direct map alone": (config(direct_map=1), r"a\.cfg:4: 'direct_map' needs 'static_memory'"),
    "direct map of two": (config(direct_map=2), r"a\.cfg:4: 'direct_map' must be from 0 to 1"),
    "direct map is text": (config(direct_map='"yes"'), r"a\.cfg:4: 'direct_map' must be a number"),
    "direct map on a UART": (places("512M,64M", direct_map=1),
                             r"a\.cfg:5: 0x20000000 to 0x23ffffff can't be at its machine addresses \('direct_map' in a\.cfg:7\): "
                             r".* 0x22000000 to 0x22000fff"),
    "direct map on a GIC": (places("0x4000000,64M", direct_map=1), r"a\.cfg:5: .* virtual devices from 0x3001000 to 0x401ffff"),
    "direct map on Xen's": (places("0x39fff000,64M", direct_map=1), r"a\.cfg:5: .* virtual devices from 0x38000000 to 0x39ffffff"),
}


# Req: BH-TOOL-020
@pytest.mark.parametrize("text,expected", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(shop, text, expected):
    shop.write("board.dtb", board(reserved=((0x70000000, 4096),)))
    shop.make(text).refused(expected)


# Req: BH-TOOL-020
def test_it_is_one_partitions(shop):
    shop.make(places("1536M,64M"), places("1664M,32M", "1599M,32M", name='"b"')).refused(
        r"b\.cfg:6: 0x63f00000 to 0x65efffff overlaps 0x60000000 to 0x63ffffff in a\.cfg:5")


# Req: BH-TOOL-020
def test_a_kernel_of_one_address_is_at_its_machine_address(shop):
    shop.write("kernel", elf(address=APART + MIB))
    shop.make(places(f"{APART:#x},64M", direct_map=1)).good()
    (shop.folder / "out").rename(shop.folder / "before")
    shop.write("kernel", elf(address=RAM))
    shop.make(places(f"{APART:#x},64M", direct_map=1)).refused(
        r"a\.cfg:2: kernel 'kernel' wants addresses from 0x40000000 .* in no range of 'static_memory' in a\.cfg:4")
    shop.make(places(f"{APART:#x},64M")).good()


# Req: BH-TOOL-014, BH-TOOL-020
def test_on_x86(shop):
    shop.write("kernel", pc.elf())
    domain = pc.make(shop, places("256M,64M")).good().tree["chosen/domU1"]
    assert domain.cells("xen,static-mem") == [0, 256 * MIB, 0, 64 * MIB]
    (shop.folder / "out").rename(shop.folder / "before")
    pc.make(shop, places("256M,64M"), places("256M,64M", name='"b"')).refused(r"b\.cfg:5: .* overlaps .* in a\.cfg:5")
    pc.make(shop, places("256M,64M", direct_map=1)).refused(r"a\.cfg:7: 'direct_map' is for arm64")
