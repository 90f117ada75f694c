# SPDX-License-Identifier: Apache-2.0
"""What the tool writes: the device tree by Xen's docs/misc/arm/device-tree/booting.txt, the modules, their places."""
import gzip
import subprocess

import pytest

import fdt
from conftest import MIB, RAM, board, config, elf, image

QEMU_TREE = RAM + 128 * MIB


def ranges(result):
    """{what: (start, end)} of everything that lies in RAM when the hypervisor starts."""
    found = {}
    for name, domain in result.tree["chosen"].children.items():
        for child, module in domain.children.items():
            hi, lo, size_hi, size_lo = module.cells("reg")
            start, size = hi << 32 | lo, size_hi << 32 | size_lo
            assert child == f"module@{start:x}"
            found[f"{name}/{child}"] = (start, start + size)
    return found


def test_domain_node_has_all_that_xen_wants(shop):
    shop.write("rd", b"ramdisk")
    result = shop.make(config(ramdisk='"rd"', extra='"console=ttyAMA0 x=\'1\'"', memory=96, vcpus=3)).good()
    domain = result.tree["chosen/domU1"]
    assert domain.strings("compatible") == ["xen,domain"]
    assert domain.cells("#address-cells") == [2] and domain.cells("#size-cells") == [2]
    assert domain.cells("memory") == [0, 96 * 1024]
    assert domain.cells("cpus") == [3]
    assert domain.props["vpl011"] == b""
    assert domain.string("bulkhead,name") == "alpha"
    assert "bulkhead,cpus" not in domain.props and "bulkhead,weight" not in domain.props
    kernel, ramdisk = domain.children.values()
    assert kernel.strings("compatible") == ["multiboot,kernel", "multiboot,module"]
    assert kernel.string("bootargs") == "console=ttyAMA0 x='1'"
    assert ramdisk.strings("compatible") == ["multiboot,ramdisk", "multiboot,module"]
    assert "bootargs" not in ramdisk.props
    assert kernel.cells("reg")[2:] == [0, 64 << 10] and ramdisk.cells("reg")[2:] == [0, 7]
    assert (result.out / "alpha.kernel").read_bytes() == image()
    assert (result.out / "alpha.ramdisk").read_bytes() == b"ramdisk"


def test_memory_above_4_gib_is_a_64_bit_number(shop):
    shop.write("board.dtb", board(memory=((RAM, 32 << 30),)))
    assert shop.make(config(memory=8 << 10)).good().tree["chosen/domU1"].cells("memory") == [0, 8 << 20]
    shop.write("board.dtb", board(memory=((RAM, 8 << 40),)))
    assert shop.make(config(memory=1000 << 10)).good().tree["chosen/domU1"].cells("memory") == [0, 1000 << 20]


def test_partitions_keep_the_order_of_the_command_line(shop):
    names = [f"p{i}" for i in range(20)]
    result = shop.make(*(config(name=f'"{n}"', memory=16) for n in names)).good()
    domains = list(result.tree["chosen"].children.items())
    assert [n for n, _ in domains] == [f"domU{i + 1}" for i in range(20)]
    assert [d.string("bulkhead,name") for _, d in domains] == names


def test_the_rest_of_the_board_stays_as_it_is(shop):
    before, _ = fdt.read(board())
    after = shop.make(config()).good().tree
    after.children["chosen"].children.clear()

    def flat(node, path=""):
        yield path, node.props
        for name, child in node.children.items():
            yield from flat(child, f"{path}/{name}")

    assert dict(flat(after)) == dict(flat(before))


def test_a_board_without_chosen_gets_one(shop):
    shop.write("board.dtb", board(children={"chosen": None}))
    result = shop.make(config(), options=["--bootargs", "console=dtuart"]).good()
    assert result.tree["chosen"].string("xen,xen-bootargs") == "console=dtuart"
    assert "domU1" in result.tree["chosen"].children


def test_bootargs_replace_the_boards_and_only_if_given(shop):
    shop.write("board.dtb", board(chosen={"xen,xen-bootargs": fdt.string("old")}))
    assert shop.make(config()).good().tree["chosen"].string("xen,xen-bootargs") == "old"
    options = ["--bootargs", "new one"]
    assert shop.make(config(), options=options).good().tree["chosen"].string("xen,xen-bootargs") == "new one"


CPUS = [
    # cpus, vcpus, bulkhead,cpus
    ('"2"', 1, [2]),
    ("2", 1, [2]),
    ('"0-3"', 4, [0, 1, 2, 3]),
    ('"0-3"', 2, [0, 1, 2, 3]),
    ('"1,3"', 2, [1, 3]),
    ('"3,1"', 2, [1, 3]),
    ('"0-3,^1"', 3, [0, 2, 3]),
    ('"0-3,^1-2"', 2, [0, 3]),
    ('"1,1"', 1, [1]),
    ('["3", "1"]', 2, [3, 1]),
    ("[2]", 1, [2]),
    ('"all"', 2, None),
]


# Req: BH-TOOL-010
@pytest.mark.parametrize("cpus, vcpus, expected", CPUS)
def test_cpus_in_xl_syntax(shop, cpus, vcpus, expected):
    domain = shop.make(config(cpus=cpus, vcpus=vcpus)).good().tree["chosen/domU1"]
    assert ("bulkhead,cpus" in domain.props) == (expected is not None)
    assert expected is None or domain.cells("bulkhead,cpus") == expected


def test_weight_and_other_keys(shop):
    domain = shop.make(config(cpu_weight=512, vuart='"sbsa_uart"', cmdline='"whole"')).good().tree["chosen/domU1"]
    assert domain.cells("bulkhead,weight") == [512]
    assert list(domain.children.values())[0].string("bootargs") == "whole"


# Req: BH-TOOL-017
def test_what_follows_an_end(shop):
    domain = shop.make(config()).good().tree["chosen/domU1"]
    assert domain.string("bulkhead,on-reboot") == "restart"
    assert not {"bulkhead,on-poweroff", "bulkhead,on-crash", "bulkhead,on-watchdog", "bulkhead,restart-limit"} & set(domain.props)
    domain = shop.make(config(on_reboot='"destroy"', on_poweroff='"restart"', on_crash='"halt-board"',
                              on_watchdog='"restart"', restart_limit='"5/60"')).good().tree["chosen/domU1"]
    assert "bulkhead,on-reboot" not in domain.props
    assert domain.string("bulkhead,on-poweroff") == "restart"
    assert domain.string("bulkhead,on-crash") == "halt-board"
    assert domain.string("bulkhead,on-watchdog") == "restart"
    assert domain.cells("bulkhead,restart-limit") == [5, 60]


def test_xl_syntax_of_all_kinds(shop):
    text = (
        "# a comment with name = 'x' in it\n"
        "name='alpha'; kernel = \"kernel\" # and bogus = 1\n"
        'extra = "a=\\"1\\" # bogus=1 \' type = 1"\n'
        "extra += ' b'\n"
        "memory = 0x40\n"
        'vcpus = 1\nvcpus = 2\ncpus = [ # vif = 1\n  "1",\n  "2",\n]\n'
        "vuart = 'sbsa_uart' # without a newline behind"
    )
    domain = shop.make(text).good().tree["chosen/domU1"]
    assert domain.cells("cpus") == [2] and domain.cells("memory") == [0, 64 << 10]
    assert list(domain.children.values())[0].string("bootargs") == "a=\"1\" # bogus=1 ' type = 1 b"


# Req: BH-TOOL-006
def test_kernel_kinds(shop):
    packed = gzip.compress(image(200 << 10))
    kinds = {
        "plain": (image(), image()),
        "gzip": (packed, image(200 << 10)),
        "two members": (gzip.compress(image(64 << 10)[:999]) + gzip.compress(image(64 << 10)[999:]), image(64 << 10)),
        "gzip, tail": (packed + b"\0" * 100, image(200 << 10)),
        "old Image": (image(memory=0), image(memory=0)),
        "ELF": (elf(), elf()),
        "ELF, gzip": (gzip.compress(elf()), elf()),
        "ELF, anywhere": (elf(kind=3, address=0), elf(kind=3, address=0)),
    }
    for kind, (given, expected) in kinds.items():
        shop.write("kernel", given)
        result = shop.make(config()).good()
        assert (result.out / "alpha.kernel").read_bytes() == expected, kind
        assert list(ranges(result).values())[0][1] % PLACE == len(expected) % PLACE, kind


PLACE = 2 * MIB


# Req: BH-TOOL-004
@pytest.mark.parametrize("megabytes", [64, 100, 200, 256, 300, 1024, 4096])
@pytest.mark.parametrize("hypervisor", [None, MIB, 5 * MIB, 140 * MIB])
def test_nothing_overlaps(shop, megabytes, hypervisor):
    holes = [(RAM + 20 * MIB, 3 * MIB), (RAM + 41 * MIB + 512, 100)]
    static = fdt.Node(
        {"#address-cells": fdt.u32(1), "#size-cells": fdt.u32(1), "ranges": b""},
        {"buffer@43000000": fdt.Node({"reg": fdt.u32(RAM + 48 * MIB, 4096)}), "pool": fdt.Node({"size": fdt.u32(0, 9)})},
    )
    tree = board(memory=((RAM, megabytes * MIB),), reserved=holes, children={"reserved-memory": static})
    shop.write("board.dtb", tree)
    shop.write("kernel", image(3 * MIB))
    shop.write("rd", b"r" * (MIB + 1))
    shop.write("hv", image(64 << 10, memory=hypervisor or 4096))
    options = [] if hypervisor is None else ["--hypervisor", "hv"]
    configs = [config(name=f'"p{i}"', memory=8, ramdisk='"rd"') for i in range(3)]
    result = shop.make(*configs, options=options)
    if hypervisor == 140 * MIB:
        return result.refused(r"board\.dtb: the hypervisor .* (does not fit|overlaps memory reservation)")
    found = ranges(result.good())
    assert len(found) == 6 and all(start % PLACE == 0 for start, _ in found.values())
    image_end = RAM + (16 * MIB if hypervisor is None else 2 * MIB + hypervisor)
    tree_at = max(RAM + min(megabytes // 2, 128) * MIB, (image_end + PLACE - 1) // PLACE * PLACE)
    found |= {"hypervisor": (RAM, image_end), "tree": (tree_at, tree_at + 2 * (len(tree) + 10000))}
    found |= {f"hole {start:x}": (start, start + size) for start, size in holes + [(RAM + 48 * MIB, 4096)]}
    taken = sorted(found.items(), key=lambda item: item[1])
    for (left, (_, end)), (right, (start, _)) in zip(taken, taken[1:]):
        assert end <= start, f"{left} runs into {right}"
    assert taken[-1][1][1] <= RAM + megabytes * MIB


def test_modules_may_go_to_a_later_bank(shop):
    shop.write("board.dtb", board(memory=((RAM, 24 * MIB), (1 << 33, 256 * MIB))))
    shop.write("kernel", image(30 * MIB))
    result = shop.make(config(), options=["--hypervisor", "kernel"])
    result.refused("board.dtb: the hypervisor")
    shop.write("hv", image(MIB))
    found = ranges(shop.make(config(), options=["--hypervisor", "hv"]).good())
    assert list(found.values()) == [(1 << 33, (1 << 33) + 30 * MIB)]


def test_32_bit_cells(shop):
    memory = fdt.Node({"device_type": fdt.string("memory"), "reg": fdt.u32(RAM, 512 * MIB)})
    root = {"#address-cells": fdt.u32(1), "#size-cells": fdt.u32(1)}
    shop.write("board.dtb", board(memory=(), root=root, children={"memory@40000000": memory}))
    assert "512 MiB" in shop.make(config()).good().stdout


def test_a_shared_file_is_written_once_and_placed_twice(shop):
    result = shop.make(config(), config(name='"beta"')).good()
    assert sorted(p.name for p in result.out.iterdir()) == ["alpha.kernel", "boot.cmd", "bulkhead.dtb", "map.svg", "map.txt"]
    assert len({start for start, _ in ranges(result).values()}) == 2


# Req: BH-TOOL-007
def test_same_input_same_bytes(shop):
    def files():
        return {p.name: p.read_bytes() for p in shop.make(config(extra='"x"')).good().out.iterdir()}

    assert files() == files()


def test_an_older_result_is_replaced_and_other_files_stay(shop):
    (shop.folder / "out").mkdir()
    shop.write("out/alpha.kernel", b"old")
    shop.write("out/mine", b"mine")
    result = shop.make(config()).good()
    assert (result.out / "alpha.kernel").read_bytes() == image() and (result.out / "mine").read_bytes() == b"mine"


def test_output_may_be_the_source(shop):
    (shop.folder / "out").mkdir()
    shop.write("out/alpha.kernel", gzip.compress(image()))
    result = shop.make(config(kernel='"out/alpha.kernel"')).good()
    assert (result.out / "alpha.kernel").read_bytes() == image()


def test_dtc_accepts_the_tree(shop):
    shop.write("rd", b"r")
    result = shop.make(config(ramdisk='"rd"', cpus='"1"'), config(name='"b"')).good()
    done = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", result.out / "bulkhead.dtb"], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "domU" in line or "module@" in line]
    assert done.returncode == 0 and not complaints


def test_folders_are_made(shop):
    shop.write("a.cfg", config())
    shop.run("-o", "deep/er/out", "--board", "board.dtb", "a.cfg").good()
    assert (shop.folder / "deep/er/out/bulkhead.dtb").exists()


def test_help_and_version(shop):
    text = shop.run("--help").good().stdout
    for option in "--board --machine --smp --memory --cpu --hypervisor --bootargs --qemu --output".split():
        assert option in text
    assert shop.run("--version").good().stdout.startswith("bulkhead-image (Bulkhead) ")
