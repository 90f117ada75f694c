# SPDX-License-Identifier: Apache-2.0
"""What can't work is refused: the reason with file and line, exit status 1, nothing written."""
import gzip
import os
import random

import pytest

import fdt
from conftest import MIB, RAM, TOP, board, config, elf, image

# Lines of config(): 1 name, 2 kernel, 3 memory, then what is added.
CONFIGS = {
    "no name": (config(name=None), r"a\.cfg:1: 'name' is missing"),
    "no kernel": (config(kernel=None), r"a\.cfg:1: 'kernel' is missing"),
    "no memory": (config(memory=None), r"a\.cfg:1: 'memory' is missing"),
    "empty name": (config(name='""'), r"a\.cfg:1: 'name' is empty"),
    "empty kernel": (config(kernel='""'), r"a\.cfg:2: 'kernel' is empty"),
    "empty ramdisk": (config(ramdisk='""'), r"a\.cfg:4: 'ramdisk' is empty"),
    "space in name": (config(name='"a b"'), r"a\.cfg:1: name 'a b' has a character"),
    "slash in name": (config(name='"../x"'), r"a\.cfg:1: name '\.\./x' has a character"),
    "long name": (config(name=f'"{"n" * 32}"'), r"a\.cfg:1: name 'n+' is longer than 31"),
    "name is a list": (config(name='["a"]'), r"a\.cfg:1: 'name' must be a string"),
    "kernel is a list": (config(kernel='["kernel"]'), r"a\.cfg:2: 'kernel' must be a string"),
    "ramdisk is a list": (config(ramdisk="[]"), r"a\.cfg:4: 'ramdisk' must be a string"),
    "extra is a list": (config(extra='["a"]'), r"a\.cfg:4: 'extra' must be a string"),
    "long extra": (config(extra=f'"{"e" * 4096}"'), r"a\.cfg:4: .*longer than 4095"),
    "extra and cmdline": (config(extra='"a"', cmdline='"b"'), r"a\.cfg:4: 'extra' has no effect .* a\.cfg:5"),
    "missing kernel": (config(kernel='"none"'), r"a\.cfg:2: kernel 'none' can't be read: No such file"),
    "missing ramdisk": (config(ramdisk='"none"'), r"a\.cfg:4: ramdisk 'none' can't be read: No such file"),
    "kernel is a folder": (config(kernel='"/"'), r"a\.cfg:2: kernel '/' is not a regular file"),
    "kernel is a device": (config(kernel='"/dev/zero"'), r"a\.cfg:2: kernel '/dev/zero' is not a regular file"),
    "empty kernel file": (config(kernel='"/dev/null"'), r"a\.cfg:2: kernel '/dev/null' is not a regular file"),
    "kernel is text": (config(kernel='"a.cfg"'), r"a\.cfg:2: kernel 'a\.cfg' is neither an arm64 Image nor an ELF"),
    "no memory at all": (config(memory=0), r"a\.cfg:3: 'memory' must be from 1 to"),
    "negative memory": (config(memory='"-1"'), r"a\.cfg:3: 'memory' must be from 1 to"),
    "memory is text": (config(memory='"much"'), r"a\.cfg:3: 'memory' must be a number"),
    "memory with a unit": (config(memory='"64M"'), r"a\.cfg:3: 'memory' must be a number"),
    "memory is empty": (config(memory='""'), r"a\.cfg:3: 'memory' must be"),
    "memory is a list": (config(memory="[64]"), r"a\.cfg:3: 'memory' must be a number"),
    "memory overflows": (config(memory="99999999999999999999"), r"a\.cfg:3: 'memory' must be from 1 to"),
    "memory beyond any guest": (config(memory=1 << 21), r"a\.cfg:3: 'memory' must be from 1 to"),
    "memory beyond the board": (config(memory=1024), r"a\.cfg:3: 1024 MiB of memory do not fit in the board"),
    "memory below the kernel": (config(memory=1, kernel='"big"'), r"a\.cfg:3: 1 MiB of memory are not enough"),
    "no vcpus": (config(vcpus=0), r"a\.cfg:4: 'vcpus' must be from 1 to 1024"),
    "too many vcpus": (config(vcpus=1025), r"a\.cfg:4: 'vcpus' must be from 1 to 1024"),
    "vcpus is a list": (config(vcpus='["1"]'), r"a\.cfg:4: 'vcpus' must be a number"),
    "vcpus is text": (config(vcpus='"two"'), r"a\.cfg:4: 'vcpus' must be a number"),
    "weight 0": (config(cpu_weight=0), r"a\.cfg:4: 'cpu_weight' must be from 1 to 65535"),
    "weight too large": (config(cpu_weight=65536), r"a\.cfg:4: 'cpu_weight' must be from 1 to 65535"),
    "an action of xl's": (config(on_crash='"preserve"'),
                          r"a\.cfg:4: 'on_crash' must be \"destroy\", \"restart\" or \"halt-board\""),
    "restart limit of one number": (config(restart_limit='"5"'), r"a\.cfg:4: 'restart_limit' must be \"N/S\""),
    "restart limit 0": (config(restart_limit='"0/5"'), r"a\.cfg:4: 'restart_limit' must be"),
    "restart limit with more": (config(restart_limit='"1/5s"'), r"a\.cfg:4: 'restart_limit' must be"),
    "restart limit 33": (config(restart_limit='"33/5"'), r"a\.cfg:4: 'restart_limit' must be"),
    "restart limit in no time": (config(restart_limit='"3/0"'), r"a\.cfg:4: 'restart_limit' must be"),
    "cpu beyond the board": (config(cpus='"4"'), r"a\.cfg:4: CPU 4 is not there: the board's CPUs are 0 to 3"),
    "range beyond the board": (config(cpus='"2-5"'), r"a\.cfg:4: CPU 4 is not there"),
    "cpu beyond all": (config(cpus='"99999999999999999999"'), r"a\.cfg:4: 'cpus': "),
    "cpu range beyond all": (config(cpus='"0-4000000000"'), r"a\.cfg:4: 'cpus': a CPU number is too large"),
    "backwards": (config(cpus='"3-1"'), r"a\.cfg:4: 'cpus': the range of CPUs runs backwards"),
    "no cpu": (config(cpus='""'), r"a\.cfg:4: 'cpus': no CPU is left"),
    "no cpu left": (config(cpus='"1,^1"'), r"a\.cfg:4: 'cpus': no CPU is left"),
    "not all": (config(cpus='"^all"'), r"a\.cfg:4: 'cpus': '\^all' leaves no CPU"),
    "all and more": (config(cpus='"all,^1"'), r"a\.cfg:4: 'cpus': 'all' can't be combined"),
    "cpus is text": (config(cpus='"one"'), r"a\.cfg:4: 'cpus': expected a CPU number"),
    "cpus with a sign": (config(cpus='"-1"'), r"a\.cfg:4: 'cpus': expected a CPU number"),
    "open range": (config(cpus='"1-"'), r"a\.cfg:4: 'cpus': expected a CPU number behind"),
    "cpus by node": (config(cpus='"nodes:0"'), r"a\.cfg:4: 'cpus': NUMA nodes are not supported"),
    "short list of cpus": (config(cpus='["1"]', vcpus=2), r"a\.cfg:4: 'cpus': the list must have one entry"),
    "sets in a list": (config(cpus='["1-2"]'), r"a\.cfg:4: 'cpus': an entry of a list must name one CPU"),
    "same cpu in a list": (config(cpus='["1", "1"]', vcpus=2), r"a\.cfg:4: 'cpus': two vCPUs share a CPU"),
    "list in a list": (config(cpus='[["1"]]'), r"a\.cfg:4: 'cpus': "),
    "other vuart": (config(vuart='"ns16550"'), r"a\.cfg:4: 'vuart' must be \"sbsa_uart\""),
    "unknown key": (config(kernl='"k"'), r"a\.cfg:4: unknown key 'kernl'"),
    "unknown key, second in a line": (config(vcpus="1; bogus=2"), r"a\.cfg:4: unknown key 'bogus'"),
    "key of a later xl": (config(nr_spis="8"), r"a\.cfg:4: 'nr_spis' is known to xl, but this version"),
    "disk": (config(disk='[ "/dev/vg/a,raw,xvda,rw" ]'), r"a\.cfg:4: 'disk' is known to xl, but this version"),
    "vif": (config(vif="['mac=00:16:3e:00:00:01']"), r"a\.cfg:4: 'vif' is known to xl, but this version"),
    "type": (config(type='"pvh"'), r"a\.cfg:4: 'type' is known to xl, but this version"),
    "on_soft_reset": (config(on_soft_reset='"restart"'), r"a\.cfg:4: 'on_soft_reset' is known to xl, but this version"),
    "maxmem": (config(maxmem=64), r"a\.cfg:4: 'maxmem' is known to xl, but this version"),
    "unterminated string": ('name = "alpha\n', r"a\.cfg:1: config parsing error"),
    "no value": ("name =\n", r"a\.cfg:1: config parsing error"),
    "no value in line 4": (config(vcpus=""), r"a\.cfg:4: config parsing error"),
    "no equals sign": ("name alpha\n", r"a\.cfg:1: config parsing error"),
    "open list": ("name = 'a'\nvif = [\n", r"a\.cfg:\d: config parsing error"),
    "Python": ("import os\n", r"a\.cfg:1: config parsing error"),
    "upper case": ("NAME = 'a'\n", r"a\.cfg:1: config parsing error"),
    "binary": ("name = 'a'\0\n", r"a\.cfg: is not a text file"),
    "empty file": ("", r"a\.cfg: is empty"),
}


# Req: BH-TOOL-001, BH-TOOL-002
@pytest.mark.parametrize("case", CONFIGS)
def test_configuration(shop, case):
    text, expected = CONFIGS[case]
    shop.write("big", image(2 * MIB))
    shop.make(text).refused(expected)


# Req: BH-TOOL-003
def test_every_error_is_named_at_once(shop):
    result = shop.make(config(vcpus=0, bogus=1, disk="[]", cpus='"x"'), config(name='"b"', memory=0))
    for expected in (r"a\.cfg:4: ", r"a\.cfg:5: ", r"a\.cfg:6: ", r"a\.cfg:7: ", r"b\.cfg:3: "):
        result.refused(expected)


GZIP = gzip.compress(image())

KERNELS = {
    "short": (b"MZ", "is neither"),
    "zboot": (b"MZ\0\0zimg".ljust(4096, b"\0"), "is an EFI zboot file"),
    "32-bit zImage": (b"\0" * 36 + b"\x18\x28\x6f\x01" + b"\0" * 100, "is neither"),
    "big-endian": (image(flags=0xB), "is a big-endian Image"),
    "huge header": (image(memory=1 << 63), "is an Image with a damaged header"),
    "huge offset": (image(offset=1 << 62), "is an Image with a damaged header"),
    "damaged gzip": (GZIP[:-8] + bytes(8), "is a damaged gzip file"),
    "truncated gzip": (gzip.compress(os.urandom(999))[:-9], "is a (damaged|truncated) gzip file"),
    "gzip of text": (gzip.compress(b"hello" * 99), "is neither"),
    "gzip of gzip": (gzip.compress(gzip.compress(image())), "is neither"),
    "gzip header": (b"\x1f\x8b", "is a (damaged|truncated) gzip file"),
    "truncated ELF": (elf()[:40], "is a truncated ELF file"),
    "ELF for x86-64": (elf(machine=62), "is an ELF file, but not for 64-bit little-endian Arm"),
    "32-bit ELF": (elf(bits=1), "is an ELF file, but not for 64-bit little-endian Arm"),
    "big-endian ELF": (elf(order=2), "is an ELF file, but not for 64-bit little-endian Arm"),
    "object file": (elf(kind=1), "is an ELF file, but not an executable"),
    "interpreter": (elf(segment_type=3), "is an ELF file that wants an interpreter"),
    "no segments": (elf(segments=0), "is an ELF file with a damaged or too long table"),
    "many segments": (elf(segments=17), "is an ELF file with a damaged or too long table"),
    "odd segments": (elf(entry_size=32), "is an ELF file with a damaged or too long table"),
    "far table": (elf(table=8192), "is an ELF file whose table of segments is not in its first"),
    "table beyond the end": (elf()[:70], "is an ELF file whose table of segments lies beyond"),
    "segment beyond the end": (elf(offset=1 << 40), "is an ELF file with a segment beyond its end"),
    "segment too long": (elf(file_size=4000), "is an ELF file with a segment beyond its end"),
    "segment shrinks": (elf(file_size=17, memory=16), "is an ELF file with a segment beyond its end"),
    "segment wraps": (elf(address=(1 << 64) - 4096, memory=8192), "is an ELF file with a segment beyond the end of memory"),
    "nothing to load": (elf(segment_type=4), "is an ELF file without anything to load"),
    "stray entry": (elf(entry=RAM - 4), "is an ELF file whose entry point is in none"),
    "address below RAM": (elf(address=RAM - 4096), "wants addresses from 0x3ffff000 to 0x3fffffff"),
    "address behind RAM": (elf(address=RAM + 64 * MIB), "wants addresses from 0x44000000"),
}


@pytest.mark.parametrize("case", KERNELS)
def test_kernel(shop, case):
    data, expected = KERNELS[case]
    shop.write("kernel", data)
    shop.make(config()).refused(rf"a\.cfg:2: kernel 'kernel' {expected}")


def test_gzip_bomb(shop):
    shop.write("kernel", gzip.compress(b"\0" * (1 << 20), 9) * 1100)
    shop.make(config()).refused(r"a\.cfg:2: kernel 'kernel' is too large when unpacked")


def test_each_user_of_a_bad_file_is_named(shop):
    shop.write("kernel", b"text")
    result = shop.make(config(), config(name='"b"'))
    result.refused(r"a\.cfg:2: kernel 'kernel' is neither")
    result.refused(r"b\.cfg:2: kernel 'kernel' is neither")


PAIRS = {
    "same name": ({}, {}, r"b\.cfg:1: name 'alpha' is already taken in a\.cfg:1"),
    "same cpu": ({"cpus": '"1"'}, {"cpus": '"1"', "name": '"b"'}, r"b\.cfg:4: CPU 1 belongs to 'alpha' already, see a\.cfg:4"),
    "cpus of another": (
        {"cpus": '"1-2"', "vcpus": 2},
        {"cpus": '"1-2"', "vcpus": 3, "name": '"b"'},
        r"b\.cfg:4: no CPU is left for it: each one belongs to another partition, as to 'alpha' in a\.cfg:4",
    ),
    "all cpus": ({"cpus": '"0-3"', "vcpus": 4}, {"name": '"b"'}, r"b\.cfg:1: no CPU is left for it"),
    "memory of both": ({"memory": 600}, {"memory": 600, "name": '"b"'}, r"b\.cfg:3: 600 MiB .* of its 1024 MiB, \d+ MiB are left"),
}


@pytest.mark.parametrize("case", PAIRS)
def test_two_partitions(shop, case):
    first, second, expected = PAIRS[case]
    shop.make(config(**first), config(**second)).refused(expected)


def cpu_node(**props):
    return fdt.Node({"device_type": fdt.string("cpu")} | props)


def memory_node(**props):
    return fdt.Node({"device_type": fdt.string("memory")} | props)


BOARDS = {
    "text": (b"hello", "not a device tree"),
    "truncated": (board()[:200], "not a device tree, or a damaged one"),
    "empty": (b"", "is empty"),
    "too large": (b"\0" * (3 * MIB), "is too large"),
    "no memory": (board(memory=()), "no RAM"),
    "empty memory": (board(memory=((RAM, 0),)), "no RAM"),
    "half a page": (board(memory=((RAM + 1, 4096),)), "no RAM"),
    "a length below zero": ((TOP / "tests/fuzz/seeds/board_tree/negative-length").read_bytes(),
                            "not a device tree, or a damaged one: a property's length is beyond it"),
    "a version of old": (board()[:20] + fdt.u32(15, 2) + board()[28:], "not a device tree, or a damaged one: it is of a version before 16"),
    "memory overlaps": (board(memory=((RAM, 64 * MIB), (RAM + MIB, 64 * MIB))), "/memory@40100000: reg: .* two banks"),
    "memory wraps": (board(memory=((RAM, (1 << 64) - 4096),)), "/memory@40000000: reg: .* beyond any physical"),
    "odd reg": (board(memory=(), children={"memory@0": memory_node(reg=fdt.u32(1, 2, 3))}), "/memory@0: reg must be a list"),
    "no reg": (board(memory=(), children={"memory@0": memory_node()}), "/memory@0: reg must be a list"),
    "wide cells": (board(root={"#address-cells": fdt.u32(3)}), "/: #address-cells and #size-cells must be 1 or 2"),
    "zero cells": (board(root={"#size-cells": fdt.u32(0)}), "/: #address-cells and #size-cells must be 1 or 2"),
    "no cpus": (board(cpus=0), "/cpus: no node"),
    "no /cpus": (board(children={"cpus": None}), "/cpus: no node"),
    "cpus off": (board(children={"cpus": fdt.Node({}, {"cpu@0": cpu_node(status=fdt.string("disabled"))})}), "/cpus: no node"),
    "other interrupt controller": (board(gic="test,pic"), "no interrupt controller"),
    "partition": (
        board(children={"chosen": fdt.Node({}, {"d": fdt.Node({"compatible": fdt.string("xen,domain")})})}),
        "/chosen/d: the board's tree holds a partition",
    ),
    "module": (
        board(children={"chosen": fdt.Node({}, {"m": fdt.Node({"compatible": fdt.string("multiboot,kernel", "multiboot,module")})})}),
        "/chosen/m: the board's tree holds a partition or a module",
    ),
    "reserved start": (board(reserved=((RAM, 4096),)), "the hypervisor .* overlaps memory reservation 0"),
    "reserved tree": (board(reserved=((RAM + 129 * MIB, 4096),)), "the device tree .* overlaps memory reservation 0"),
    "reserved wraps": (board(reserved=((RAM, (1 << 64) - 1),)), "memory reservation 0: damaged"),
    "small": (board(memory=((RAM, 8 * MIB),)), "the hypervisor .* does not fit"),
    "too many banks": (board(memory=[(i << 24, 4096) for i in range(300)]), "/memory@.*: reg: more than 256 ranges"),
}


@pytest.mark.parametrize("case", BOARDS)
def test_board(shop, case):
    data, expected = BOARDS[case]
    shop.write("board.dtb", data)
    shop.make(config()).refused(rf"board\.dtb: {expected}")


def test_gicv2_has_room_for_eight_vcpus(shop):
    shop.write("board.dtb", board(gic="arm,cortex-a15-gic"))
    shop.make(config(vcpus=8)).good()
    (shop.folder / "out").rename(shop.folder / "before")
    shop.make(config(vcpus=9)).refused(r"a\.cfg:4: 9 vCPUs are too many: GICv2 has room for 8")


# Req: BH-TOOL-005
def test_modules_do_not_fit(shop):
    shop.write("board.dtb", board(memory=((RAM, 64 * MIB),)))
    shop.write("rd", b"\0" * (40 * MIB))
    shop.make(config(memory=4, kernel='"kernel"')).good()
    (shop.folder / "out").rename(shop.folder / "before")
    shop.make(config(memory=50, ramdisk='"rd"')).refused(r"a\.cfg:4: 'rd' \(40960 KiB\) does not fit in the board's RAM")


COMMANDS = {
    "nothing": ([], "bulkhead-image: no output folder"),
    "no board": (["-o", "out", "a.cfg"], "bulkhead-image: no board"),
    "no domains": (["-o", "out", "-b", "board.dtb"], "bulkhead-image: no domain configuration"),
    "no such option": (["--bogus"], ".*unrecognized option"),
    "no value": (["-o"], ".*requires an argument"),
    "smp with a board": (["-o", "out", "-b", "board.dtb", "--smp", "2", "a.cfg"], "bulkhead-image: --smp and --memory"),
    "missing domain": (["-o", "out", "-b", "board.dtb", "none.cfg"], "none.cfg: No such file"),
    "missing board": (["-o", "out", "-b", "none.dtb", "a.cfg"], "none.dtb: No such file"),
    "missing hypervisor": (["-o", "out", "-b", "board.dtb", "--hypervisor", "none", "a.cfg"], "none: hypervisor: No such"),
    "odd hypervisor": (["-o", "out", "-b", "board.dtb", "--hypervisor", "a.cfg", "a.cfg"], "a.cfg: hypervisor: is neither"),
    "ELF hypervisor": (["-o", "out", "-b", "board.dtb", "--hypervisor", "elf", "a.cfg"], "elf: hypervisor: is no arm64 Image"),
    "output is a file": (["-o", "kernel/out", "-b", "board.dtb", "a.cfg"], "kernel/?.*: can't be made"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_command_line(shop, case):
    args, expected = COMMANDS[case]
    shop.write("a.cfg", config())
    shop.write("elf", elf())
    shop.run(*args).refused(expected)


def test_output_that_can_not_be_written(shop):
    (shop.folder / "out/bulkhead.dtb.new").mkdir(parents=True)
    result = shop.make(config())
    assert result.status == 1 and "out/bulkhead.dtb: can't be written: Is a directory" in result.stderr


def damaged(data, seed):
    """`data` with a few bytes, or a stretch, changed: the same for the same seed."""
    source = random.Random(seed)
    out = bytearray(data)
    for _ in range(source.choice((1, 2, 8, 30))):
        at = source.randrange(len(out) or 1)
        if not out:
            break
        if source.random() < 0.1:
            del out[at : at + source.randrange(1, 40)]
        else:
            out[at] = source.choice((0, 1, 0x7F, 0xFF, source.randrange(256)))
    return bytes(out)


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(20))
def test_damaged_boards_do_no_harm(shop, seed):
    shop.write("board.dtb", damaged(board(reserved=((RAM + 64 * MIB, 4096),)), seed))
    shop.make(config(cpus='"1"'))


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(20))
def test_damaged_configurations_do_no_harm(shop, seed):
    text = config(cpus='["1", "2"]', vcpus=2, extra="'a=1'", ramdisk='"kernel"') * 3
    shop.make(damaged(text.encode(), seed))


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(15))
def test_damaged_kernels_do_no_harm(shop, seed):
    shop.write("kernel", damaged((elf() + elf(), image(256), gzip.compress(image(4096)))[seed % 3][:256], seed))
    shop.make(config())
