# SPDX-License-Identifier: Apache-2.0
"""Partitions for x86-64: the list of modules, the kernels that are found in files, and what starts the result."""
import gzip
import subprocess

import pytest

import pc
from conftest import MIB, config

QEMU = ["--machine", "q35", "--smp", "2", "--memory", "512"]


@pytest.fixture
def shop(shop):
    shop.write("kernel", pc.elf())
    shop.write("hv", pc.elf(bits=32).ljust(4096, b"\0") + b"\xd6\x50\x52\xe8")
    return shop


# Req: BH-TOOL-011, BH-TOOL-016
def test_modules_have_the_numbers_of_the_list(shop):
    shop.write("rd", b"ramdisk")
    shop.write("other", pc.elf(bits=32))
    result = pc.make(
        shop, config(ramdisk='"rd"', extra='"console=hvc0"', vcpus=2), config(name='"b"', ramdisk='"rd"'),
        config(name='"c"', kernel='"other"'), options=QEMU + ["--hypervisor", "hv", "--bootargs", "loglvl=debug"],
    ).good()
    assert list(result.tree.children) == ["chosen"] and result.tree["chosen"].string("xen,xen-bootargs") == "loglvl=debug"
    domains = result.tree["chosen"].children
    assert [d.string("bulkhead,name") for d in domains.values()] == ["alpha", "b", "c"]
    numbers = [[m.cells("module-index") for m in d.children.values()] for d in domains.values()]
    assert numbers == [[[1], [2]], [[1], [2]], [[3]]]
    alpha = domains["domU1"]
    assert alpha.strings("compatible") == ["xen,domain"] and "vpl011" not in alpha.props
    assert alpha.cells("memory") == [0, 64 * 1024] and alpha.cells("cpus") == [2]
    kernel, ramdisk = alpha.children.values()
    assert kernel.strings("compatible") == ["multiboot,kernel", "multiboot,module"] and "reg" not in kernel.props
    assert kernel.string("bootargs") == "console=hvc0"
    assert ramdisk.strings("compatible") == ["multiboot,ramdisk", "multiboot,module"]
    modules = [f"{result.out}/{n}" for n in ("bulkhead.dtb", "alpha.kernel", "alpha.ramdisk", "c.kernel")]
    assert result.args[result.args.index("-initrd") + 1] == ",".join(modules)
    assert result.args[result.args.index("-kernel") + 1] == str(shop.folder / "hv")
    lines = [line.split()[1] for line in (result.out / "grub.cfg").read_text().splitlines() if "module2" in line]
    paths = [line.split()[-1] for line in (result.out / "grub.cfg").read_text().splitlines() if "module2" in line]
    assert paths == ["/boot/" + m.rsplit("/", 1)[1] for m in modules] and set(lines) == {"--nounzip"}
    assert (result.out / "alpha.ramdisk").read_bytes() == b"ramdisk"


# Req: BH-TOOL-007
def test_same_input_same_bytes(shop):
    shop.write("kernel", pc.bzimage(pc.PACKERS["xz"](pc.elf())))
    first = pc.make(shop, config(), options=QEMU).good()
    before = {p.name: p.read_bytes() for p in first.out.iterdir()}
    second = pc.make(shop, config(), options=QEMU).good()
    assert before == {p.name: p.read_bytes() for p in second.out.iterdir()}


# Req: BH-TOOL-012
@pytest.mark.parametrize("packer", pc.PACKERS)
@pytest.mark.parametrize("size", [0, 9 * MIB])
def test_bzimage_is_unpacked(shop, packer, size):
    kernel = pc.elf() + bytes(range(256)) * (size // 256)
    shop.write("kernel", pc.bzimage(pc.PACKERS[packer](kernel)))
    result = pc.make(shop, config()).good()
    assert (result.out / "alpha.kernel").read_bytes() == kernel


# Req: BH-TOOL-012
@pytest.mark.parametrize("case", ["stored", "no sectors", "gzip'd bzImage", "gzip'd ELF", "lz4 without a size"])
def test_other_ways_to_hold_a_kernel(shop, case):
    files = {
        "stored": pc.bzimage(pc.elf()),
        "no sectors": pc.bzimage(pc.PACKERS["gzip"](pc.elf()), sectors=0),
        "gzip'd bzImage": gzip.compress(pc.bzimage(pc.PACKERS["xz"](pc.elf()))),
        "gzip'd ELF": gzip.compress(pc.elf()),
        "lz4 without a size": pc.bzimage(pc.PACKERS["lz4"](pc.elf())[:-4]),
    }
    shop.write("kernel", files[case])
    result = pc.make(shop, config()).good()
    assert (result.out / "alpha.kernel").read_bytes() == pc.elf()


# Req: BH-TOOL-013
@pytest.mark.parametrize("case", ["32 bits", "8 bytes", "third note", "second segment", "low"])
def test_elf_files_that_can_start(shop, case):
    other = pc.note(name=b"GNU\0", kind=3, size=8)
    files = {
        "32 bits": pc.elf(bits=32),
        "8 bytes": pc.elf(notes=pc.note(size=8)),
        "third note": pc.elf(notes=other + pc.note(kind=6) + pc.note()),
        "second segment": pc.elf(loads=((2 * MIB, 8, 8), (MIB, 16, 16))),
        "low": pc.elf(loads=((0x1000, 16, 0x9F000),), notes=pc.note(0x1000)),
    }
    shop.write("kernel", files[case])
    result = pc.make(shop, config()).good()
    assert (result.out / "alpha.kernel").read_bytes() == files[case]


# Req: BH-TOOL-014
def test_a_console_that_is_not_there_is_worth_a_remark(shop):
    result = pc.make(shop, config(extra='"console=ttyAMA0"'))
    assert result.status == 0 and "a.cfg:4: note: 'console=ttyAMA...': a partition on x86_64 has the PV console only" in result.stderr


def test_commas_are_doubled_for_qemu(shop):
    shop.write("a.cfg", config())
    result = shop.run("-o", "one,two", "--arch", "x86_64", *QEMU, "--hypervisor", "hv", "a.cfg").good()
    args = (shop.folder / "one,two/qemu.args").read_text().splitlines()
    folder = str(shop.folder / "one,,two")
    assert args[args.index("-initrd") + 1] == f"{folder}/bulkhead.dtb,{folder}/alpha.kernel"
    assert "run-qemu.sh boots it" in result.stdout


def test_without_a_machine_there_is_no_command_line(shop):
    shop.write("a.cfg", config(cpus='"200"', memory=4096))
    result = shop.run("-o", "a folder", "--arch", "x86_64", "a.cfg").good()
    written = {p.name for p in (shop.folder / "a folder").iterdir()}
    assert written == {"bulkhead.dtb", "alpha.kernel", "grub.cfg", "map.svg", "map.txt"} and "CPUs and RAM not known" in result.stdout


# Req: BH-TOOL-015
def test_iso_holds_what_the_folder_holds(shop):
    result = pc.make(shop, config(), options=["--hypervisor", "hv", "--iso", "x=y.iso"]).good()
    assert "x=y.iso boots it" in result.stdout
    command = ["xorriso", "-osirrox", "on", "-indev", shop.folder / "x=y.iso", "-extract", "/boot", shop.folder / "iso"]
    subprocess.run(command, check=True, capture_output=True)
    for name in ("bulkhead.dtb", "alpha.kernel"):
        assert (shop.folder / "iso" / name).read_bytes() == (result.out / name).read_bytes()
    assert (shop.folder / "iso/bulkhead").read_bytes() == (shop.folder / "hv").read_bytes()
    assert (shop.folder / "iso/grub/grub.cfg").read_bytes() == (result.out / "grub.cfg").read_bytes()


def test_iso_that_can_not_be_made(shop):
    result = pc.make(shop, config(), options=["--hypervisor", "hv", "--iso", "none/x.iso"])
    assert result.status == 1 and "none/x.iso: can't be made: grub-mkrescue failed, see above" in result.stderr
    result = pc.make(shop, config(), options=["--hypervisor", "hv", "--iso", "x.iso"])
    assert result.status == 0 and not (shop.folder / "x.iso.new").exists()
