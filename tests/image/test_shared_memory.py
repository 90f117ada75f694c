# SPDX-License-Identifier: Apache-2.0
"""Memory that partitions share: nodes of the device tree as the configurations say, or refused with both sides."""
import pytest

import pc
from conftest import MIB, RAM, board, config
from test_refused import damaged


def shares(*given, **more):
    """A configuration of 64 MiB; each share has a line of its own, from 5 on."""
    return config(shared_memory="[\n" + "".join(f'  "{g}",\n' for g in given) + "]", **more)


def nodes(domain):
    return [n for n in domain.children.values() if n.strings("compatible") == ["xen,domain-shared-memory-v1"]]


LINK = "id=link,at=0x80000000,size=1M"


# Req: BH-TOOL-021
def test_they_are_in_the_tree(shop):
    tree = shop.make(
        shares("id=link,at=0x80000000,size=1M,role=owner,place=0x60000000", "id=log,at=5G,size=64K", vuart='"sbsa_uart"'),
        shares("readonly,place=1536M,size=4K,at=0x90000000,offset=0xff000,id=link,role=borrower", name='"b"'),
    ).good().tree
    link, log = nodes(tree["chosen/domU1"])
    assert list(tree["chosen/domU1"].children)[1:] == ["shared-memory-1", "shared-memory-2"]
    assert link.string("xen,shm-id") == "link" and link.string("role") == "owner"
    assert link.cells("xen,shared-mem") == [0, 0x60000000, 0, 0x80000000, 0, MIB]
    assert not {"xen,offset", "bulkhead,read-only"} & set(link.props)
    assert log.string("xen,shm-id") == "log" and log.string("role") == "borrower"
    assert log.cells("xen,shared-mem") == [1, 0x40000000, 0, 64 << 10]
    (other,) = nodes(tree["chosen/domU2"])
    assert other.string("xen,shm-id") == "link" and other.string("role") == "borrower"
    assert other.cells("xen,shared-mem") == [0, 0x60000000, 0, 0x90000000, 0, 4096]
    assert other.cells("xen,offset") == [0, 0xFF000] and other.props["bulkhead,read-only"] == b""


def test_as_many_as_there_may_be(shop):
    texts = [f"id={'r' * 17}{i:02},at={0x80000000 + (i << 20):#x},size=4K,offset=4K,readonly" for i in range(16)]
    tree = shop.make(*(shares(*texts, name=f'"p{i}"', memory=16) for i in range(4))).good().tree
    assert [len(nodes(d)) for d in tree["chosen"].children.values()] == [16] * 4
    (shop.folder / "out").rename(shop.folder / "before")
    shop.make(*(shares(*texts, name=f'"p{i}"', memory=16) for i in range(4)), shares(LINK)).refused(
        r"e\.cfg:5: 'shared_memory': one share too many: 64 are the most")
    shop.make(shares(*texts), shares(LINK, name='"b"')).refused(
        r"b\.cfg:5: region 'link' of shared memory is one too many: 16 are the most")


# Req: BH-TOOL-004, BH-TOOL-021
def test_modules_are_placed_elsewhere(shop):
    low = RAM + 16 * MIB
    domain = shop.make(shares(f"{LINK},place={low:#x}")).good().tree["chosen/domU1"]
    assert list(domain.children.values())[0].cells("reg")[1] == low + 2 * MIB


# Req: BH-TOOL-021
@pytest.mark.parametrize("place", ["", ",place=0x60000000"])
def test_a_region_counts_once(shop, place):
    texts = [shares(f"id=link,at=0x100000000,size=400M{place}", name=f'"{n}"', memory=256) for n in "ab"]
    shop.make(*texts).good()
    (shop.folder / "out").rename(shop.folder / "before")
    texts[1] = texts[1].replace("memory = 256", "memory = 512")
    shop.make(*texts).refused(r"b\.cfg:3: 512 MiB of memory do not fit in the board")


def one(text):
    return shares(f"{LINK},{text}")


AT = r"a\.cfg:5: 'shared_memory': "
REFUSED = {
    "not a list": (config(shared_memory=f'"{LINK}"'), r"a\.cfg:4: 'shared_memory' must be a list of 1 to 16 shares"),
    "empty": (config(shared_memory="[]"), r"a\.cfg:4: 'shared_memory' must be a list of 1 to 16 shares"),
    "seventeen": (shares(*[LINK] * 17), r"a\.cfg:4: 'shared_memory' must be a list of 1 to 16 shares"),
    "list in a list": (config(shared_memory='[["id=x"]]'), r"a\.cfg:4: 'shared_memory' must be a list of strings"),
    "no id": (shares("at=2G,size=1M"), AT + "'at=2G,size=1M': id, at or size is missing"),
    "no address": (shares("id=link,size=1M"), AT + ".*: id, at or size is missing"),
    "no size": (shares("id=link,at=2G"), AT + ".*: id, at or size is missing"),
    "empty id": (shares("id=,at=2G,size=1M"), AT + ".*: expected a name of 1 to 19 characters"),
    "long id": (shares(f"id={'x' * 20},at=2G,size=1M"), AT + ".*: expected a name of 1 to 19 characters"),
    "unknown item": (one("colour=red"), AT + ".*: expected \"id=NAME"),
    "unknown word": (one("writable"), AT + ".*: expected \"id=NAME"),
    "nothing between commas": (one(",readonly"), AT + ".*: expected \"id=NAME"),
    "comma at the end": (one(""), AT + ".*: expected \"id=NAME"),
    "space": (one(" readonly"), AT + ".*: expected \"id=NAME"),
    "unknown role": (one("role=tenant"), AT + ".*: expected owner or borrower"),
    "said twice": (one("size=1M"), AT + ".*: said twice"),
    "id twice": (one("id=other"), AT + ".*: said twice"),
    "readonly twice": (one("readonly,readonly"), AT + ".*: said twice"),
    "role twice": (one("role=owner,role=borrower"), AT + ".*: said twice"),
    "no unit": (one("offset=4096"), AT + ".*: expected 0x and hexadecimal bytes, or a number with K, M or G"),
    "empty number": (one("offset="), AT + ".*: expected 0x"),
    "half a page": (shares("id=link,at=2G,size=0x1800"), AT + ".*: expected whole pages of 4 KiB"),
    "address in a page": (shares("id=link,at=0x80000800,size=4K"), AT + ".*: expected whole pages of 4 KiB"),
    "offset in a page": (one("offset=0x10"), AT + ".*: expected whole pages of 4 KiB"),
    "place in a page": (one("place=0x60000001"), AT + ".*: expected whole pages of 4 KiB"),
    "no page": (shares("id=link,at=2G,size=0x0"), AT + ".*: expected whole pages of 4 KiB, one or more"),
    "beyond a partition": (shares("id=link,at=1023G,size=2G"), AT + ".*: beyond all addresses"),
    "huge": (shares("id=link,at=2G,size=0xfffffffffffff000"), AT + ".*: beyond all addresses"),
    "huge offset": (one("offset=0xfffffffffffff000"), AT + ".*: beyond all addresses"),
    "huge place": (one("place=0xfffffffffff00000"), AT + ".*: beyond all addresses"),
    "place 0": (one("place=0x0"), AT + ".*: place=0x0 is not in the board's memory"),
    "offset of an owner": (one("role=owner,offset=4K"), AT + ".*: an owner sees all of its region"),
    "on a GIC": (shares("id=link,at=0x3010000,size=4K"), AT + "0x3010000 to 0x3010fff: .* virtual devices from 0x3001000 to"),
    "on a UART": (shares("id=link,at=544M,size=4K"), AT + "0x22000000 to 0x22000fff: .* virtual devices from 0x22000000"),
    "on its memory": (shares("id=link,at=0x43fff000,size=4K"),
                      AT + r"0x43fff000 to 0x43ffffff: the partition has its memory there, see a\.cfg:3"),
    "on its memory further up": (shares("id=link,at=8G,size=4K", memory=3073), AT + r".*: the partition has its memory there"),
    "on its direct memory": (shares("id=link,at=0x62000000,size=4K", static_memory='["0x60000000,64M"]', direct_map=1),
                             AT + r".*: the partition has its memory there, see a\.cfg:7"),
    "twice the same": (shares(LINK, "id=other,at=0x800ff000,size=8K"),
                       r"a\.cfg:6: 'shared_memory': 0x800ff000 to 0x80100fff overlaps 0x80000000 to 0x800fffff in a\.cfg:5"),
    "no place for a large one": (shares("id=link,at=4G,size=1025M"),
                                 r"a\.cfg:5: region 'link' of shared memory is larger than 1 GiB: it needs a 'place'"),
    "beyond the board": (one("place=0x7ff01000"), r"a\.cfg:5: 0x7ff01000 to 0x80000fff is not in the board's memory, see board\.dtb"),
    "offset beyond the board": (one("place=0x7fe00000,offset=0x101000"), r"a\.cfg:5: 0x7fe00000 to 0x80000fff is not in the"),
    "on the hypervisor": (one("place=1G"), r"a\.cfg:5: 0x40000000 to 0x400fffff overlaps the hypervisor, 0x40000000 to"),
    "on the tree": (one("place=1151M,offset=1M"), r"a\.cfg:5: 0x47f00000 to 0x480fffff overlaps the device tree, 0x48000000 to"),
    "on a reservation": (one("place=0x6ff01000"), r"a\.cfg:5: 0x6ff01000 to 0x70000fff overlaps memory reservation 0, 0x70000000"),
    "on set apart memory": (shares(f"{LINK},place=1600M", static_memory='["1537M,64M"]'),
                            r"a\.cfg:5: 0x64000000 to 0x640fffff overlaps 0x60100000 to 0x640fffff in a\.cfg:7"),
}


# Req: BH-TOOL-021
@pytest.mark.parametrize("text,expected", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(shop, text, expected):
    shop.write("board.dtb", board(reserved=((0x70000000, 4096),)))
    shop.make(text).refused(expected)


PAIRS = {
    "two owners": (["role=owner"], ["role=owner"], r"b\.cfg:5: region 'link' of shared memory has an owner already, see a\.cfg:5"),
    "two places": (["place=0x60000000"], ["place=0x60100000"],
                   r"b\.cfg:5: region 'link' of shared memory has another 'place' here than in a\.cfg:5"),
    "a place and none": (["place=0x60000000"], [], r"b\.cfg:5: .* has another 'place' here than in a\.cfg:5"),
    "none and a place": ([], ["place=0x60000000"], r"b\.cfg:5: .* has another 'place' here than in a\.cfg:5"),
    "more than its owner": (["role=owner"], ["offset=4K"],
                            r"b\.cfg:5: up to byte 0x100fff of region 'link' is more than its owner has, 0x100000 bytes in a\.cfg:5"),
    "more than a later owner": (["offset=4K"], ["role=owner"],
                                r"a\.cfg:5: up to byte 0x100fff of region 'link' is more than its owner has, .* b\.cfg:5"),
}


# Req: BH-TOOL-021
@pytest.mark.parametrize("case", PAIRS)
@pytest.mark.parametrize("arch", ["arm64", "x86_64"])
def test_what_contradicts_is_refused(shop, arch, case):
    first, second, expected = PAIRS[case]
    texts = [shares(",".join([LINK, *first])), shares(",".join([LINK, *second]), name='"b"')]
    if arch == "x86_64":
        shop.write("kernel", pc.elf())
        pc.make(shop, *texts).refused(expected)
    else:
        shop.make(*texts).refused(expected)


# Req: BH-TOOL-021
def test_regions_do_not_overlap(shop):
    shop.make(shares(f"{LINK},place=0x60000000"), shares("id=log,at=2G,size=8K,place=0x600ff000", name='"b"')).refused(
        r"b\.cfg:5: 0x600ff000 to 0x60100fff overlaps 0x60000000 to 0x600fffff in a\.cfg:5")
    shop.make(shares(f"{LINK},place=0x60000000"), config(name='"b"', static_memory='["0x60000000,64M"]')).refused(
        r"a\.cfg:5: 0x60000000 to 0x600fffff overlaps 0x60000000 to 0x63ffffff in b\.cfg:4")


# Req: BH-TOOL-014, BH-TOOL-021
def test_on_x86(shop):
    shop.write("kernel", pc.elf())
    (share,) = nodes(pc.make(shop, shares(f"{LINK},readonly")).good().tree["chosen/domU1"])
    assert share.cells("xen,shared-mem") == [0, 0x80000000, 0, MIB] and "bulkhead,read-only" in share.props
    pc.make(shop, shares("id=link,at=0x43fff000,size=4K", memory=1087)).good()
    (shop.folder / "out").rename(shop.folder / "before")
    pc.make(shop, shares("id=link,at=0x43fff000,size=4K", memory=1088)).refused(AT + r".*: the partition has its memory there")
    pc.make(shop, shares("id=link,at=0x0,size=4K")).refused(AT + ".*: a partition has virtual devices from 0x0 to 0xfffff")
    pc.make(shop, shares("id=link,at=0xf0000000,size=4K")).refused(AT + ".* devices from 0xf0000000 to 0xffffffff")
    pc.make(shop, shares("id=link,at=0x100000000,size=300M", memory=150),
            options=["--machine", "q35", "--memory", "400"]).refused(r"a\.cfg:3: 150 MiB of memory do not fit in the board")


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(20))
def test_damaged_lists_do_no_harm(shop, seed):
    text = shares("id=link,at=2G,size=1M,place=1600M", "id=log,at=3G,size=0x1000,offset=4K,readonly",
                  static_memory='[ "1536M,32M", "0x70000000,32M" ]', direct_map=1)
    shop.make(damaged(text.encode(), seed))
