# SPDX-License-Identifier: Apache-2.0
"""U-Boot: a script that loads everything, and a FIT image that is everything; mkimage makes both."""
import re
import subprocess

import pytest

import pc
from conftest import MIB, RAM, board, config, image
from test_output import ranges


@pytest.fixture
def made(shop):
    """Two partitions, of which one has a ramdisk, in both forms."""
    shop.write("rd", b"r" * (3 * MIB))
    shop.write("hv", image(64 << 10, memory=MIB))
    return shop.make(config(ramdisk='"rd"'), config(name='"beta"'), options=[
        "--hypervisor", "hv", "--uboot-script", "boot.scr", "--fit", "all.itb"]).good()


# Req: BH-TOOL-034
def test_script(shop, made):
    text = (made.out / "boot.cmd").read_text()
    loads = {name: int(at, 16) for at, name in re.findall(r"load \S+ \S+ 0x(\w+) \$\{prefix\}(\S+) &&", text)}
    assert set(loads) == {"alpha.kernel", "alpha.ramdisk", "bulkhead.dtb", "bulkhead"}
    modules = [start for start, _ in ranges(made).values()]
    assert re.findall(r"0x(\w+) \$\{prefix\}alpha", text) == [f"{m:x}" for m in modules]
    assert loads["bulkhead"] == RAM + 2 * MIB and loads["bulkhead.dtb"] == RAM + 128 * MIB
    assert text.rstrip().endswith(f"booti {loads['bulkhead']:#x} - {loads['bulkhead.dtb']:#x}")
    listed = subprocess.run(["mkimage", "-l", shop.folder / "boot.scr"], check=True, capture_output=True, text=True).stdout
    assert "AArch64 Linux Script (uncompressed)" in listed
    assert text.encode() in (shop.folder / "boot.scr").read_bytes()


# Req: BH-TOOL-034
def test_fit(shop, made):
    listed = subprocess.run(["mkimage", "-l", shop.folder / "all.itb"], check=True, capture_output=True, text=True).stdout
    images = re.split(r"^ (?:Image|Default)", listed, flags=re.MULTILINE)[1:]
    addresses = {name: int(re.search(r"Load Address: 0x(\w+)", text)[1], 16)
                 for text in images for name in re.findall(r"^ \d \(([a-z0-9-]+)\)", text)}
    modules = [start for start, _ in ranges(made).values()]
    assert addresses == {"hypervisor": RAM + 2 * MIB, "tree": RAM + 128 * MIB,
                         **{f"module-{i + 1}": start for i, start in enumerate(modules)}}
    assert "Loadables:    module-1" in listed and "Kernel:       hypervisor" in listed and "FDT:          tree" in listed
    assert listed.count("Hash algo:    sha256") == 5
    for number, file in ((0, shop.folder / "hv"), (1, made.out / "bulkhead.dtb"), (3, made.out / "alpha.ramdisk")):
        subprocess.run(["dumpimage", "-T", "flat_dt", "-p", str(number), "-o", shop.folder / "part", shop.folder / "all.itb"],
                       check=True, capture_output=True)
        assert (shop.folder / "part").read_bytes() == file.read_bytes()


# Req: BH-TOOL-004, BH-TOOL-034
def test_the_fit_is_loaded_where_nothing_goes(shop, made):
    """Where the summary says: clear of all that it is unpacked to."""
    at = int(re.search(r"load it to 0x(\w+), setenv fdt_high 0xf+, and bootm 0x\1", made.stdout)[1], 16)
    end = at + (shop.folder / "all.itb").stat().st_size
    taken = [*ranges(made).values(), (RAM, RAM + 3 * MIB), (RAM + 128 * MIB, RAM + 130 * MIB)]
    assert at % (2 * MIB) == 0 and all(end <= start or stop <= at for start, stop in taken)


# Req: BH-TOOL-034
def test_what_it_takes(shop):
    shop.make(config(), options=["--fit", "all.itb"]).refused("bulkhead-image: --fit: --hypervisor FILE is missing")
    shop.write("kernel", pc.elf())
    for option in ("--fit", "--uboot-script"):
        shop.run("-o", "out", "--arch", "x86_64", option, "x", "a.cfg").refused(
            "bulkhead-image: --fit and --uboot-script are for --arch arm64 only")
    shop.run("--board", "board.dtb", "--uboot-script", "x", "a.cfg").refused("bulkhead-image: no output folder")


# Req: BH-TOOL-001, BH-TOOL-034
def test_what_mkimage_cannot_do(shop):
    shop.write("hv", image())
    options = ["--hypervisor", "hv", "--fit", "a$b.itb"]
    result = shop.make(config(), options=options)
    assert result.status == 1 and "a$b.itb: can't be made: mkimage takes no name with one of" in result.stderr
    options = ["--hypervisor", "hv", "--fit", "nowhere/all.itb"]
    result = shop.make(config(), options=options)
    assert result.status == 1 and "nowhere/all.itb: can't be made: mkimage failed, see above" in result.stderr
    (shop.folder / "bin").mkdir()
    result = shop.run("-o", "out", "--board", "board.dtb", *options, "a.cfg", env={"PATH": str(shop.folder / "bin")})
    assert result.status == 1 and "mkimage" in result.stderr


# Req: BH-TOOL-007, BH-TOOL-034
def test_sources_are_the_same_each_time(shop):
    shop.write("hv", image())
    texts = []
    for _ in range(2):
        out = shop.make(config(), options=["--hypervisor", "hv"]).good().out
        texts.append([(out / name).read_bytes() for name in ("boot.cmd", "bulkhead.its")])
    assert texts[0] == texts[1]
