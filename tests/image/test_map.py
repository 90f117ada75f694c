# SPDX-License-Identifier: Apache-2.0
"""The map of a system, as text and as a picture, and what --explain says of it."""
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

import pc
from conftest import MIB, board, config, image
from devices import devices_board

SVG = "{http://www.w3.org/2000/svg}"

PILOT = config(
    name='"pilot"', memory=128, cpus='"1"', static_memory='["0x60000000,128M"]', direct_map=1, ready=10,
    dtdev='["/soc/ethernet@a100000", "/soc/gpio@9030000"]', watchdog='"sbsa"', on_watchdog='"restart"',
    restart_limit='"5/60"', shared_memory='["id=frames,at=2G,size=1M,place=0x70000000,readonly"]')
CAMERA = config(name='"camera"', memory=96, vcpus=2, ramdisk='"rd"', static_memory='["0x68000000,96M"]',
                dtdev='["/soc/rtc@9010000"]', shared_memory='["id=frames,at=2G,size=1M,place=0x70000000,role=owner"]')
LOGGER = config(name='"logger"', llc_colors='"4-15"', after='"pilot"', after_timeout=30)
KEEPER = config(name='"keeper"', vcpus=2, llc_colors='"2-3"')
STATION = '''schedule_cpus = "2-3"
schedule_frame = 20000
schedule = [ "camera,offset=0,duration=12000", "logger,offset=13000,duration=5000" ]
channels = [ "pilot:10,logger:10" ]
allow = [ "from=keeper,to=logger,kinds=event+grant" ]
serve = [ "server=logger,client=keeper,rings=xenstore" ]
llc_size = "1M"
llc_ways = 16
xen_llc_colors = "0-1"
'''


@pytest.fixture
def station(shop):
    """Four partitions with all that can be shown."""
    shop.write("board.dtb", devices_board(cpus=6, reserved=((0x7F000000, MIB),)))
    shop.write("kernel", image(3 * MIB))
    shop.write("rd", b"r" * (5 * MIB))
    shop.write("station.cfg", STATION)
    result = shop.make(PILOT, CAMERA, LOGGER, KEEPER, options=["--explain", "--system", "station.cfg"])
    assert result.status == 0 and result.stderr.splitlines() == [
        f"{file}: note: this memory has all colours, also those of 'logger' in c.cfg:4" for file in ("a.cfg:5", "b.cfg:6")]
    return result


# Req: BH-TOOL-031
def test_text(station):
    text = (station.out / "map.txt").read_text()
    for line in """
  0x0040000000 to 0x0040ffffff      16 MiB  hypervisor        image
  0x0041000000 to 0x00412fffff       3 MiB  pilot             kernel
  0x0041a00000 to 0x0041efffff       5 MiB  camera            ramdisk
  0x0060000000 to 0x0067ffffff     128 MiB  pilot             memory, at its machine addresses
  0x0068000000 to 0x006dffffff      96 MiB  camera            memory
  0x006e000000 to 0x006fffffff      32 MiB                    free
  0x0070000000 to 0x00700fffff       1 MiB  shared            frames
  0x007f000000 to 0x007f0fffff       1 MiB  board             memory reservation 0
  anywhere                          64 MiB  logger            memory, colours 4-15
  0x0009000000 to 0x0009000fff       4 KiB  hypervisor        /soc/uart@9000000, interrupt 33
  0x0009030000 to 0x0009030fff       4 KiB  pilot             /soc/gpio@9030000, interrupt 39
  0     shared by keeper
  1     pilot alone
  2     schedule 1
         0 to    12000 us  camera
     12000 to    13000 us  nobody
     18000 to    20000 us  nobody
  port 10 of pilot and port 10 of logger are joined
  frames, 1 MiB of shared memory: pilot reads it at 0x80000000, camera reads and writes it at 0x80000000
  logger serves keeper's xenstore
  keeper may reach logger: event, grant
""".strip("\n").splitlines():
        assert line in text.splitlines(), line


# Req: BH-TOOL-031
def test_ranges_of_the_text_do_not_overlap(station):
    text = (station.out / "map.txt").read_text()
    ranges = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"^  0x(\w+) to 0x(\w+) ", text, re.MULTILINE)]
    assert len(ranges) > 20
    memory = [r for r in ranges if r[0] >= 0x40000000]
    for (_, end), (start, _) in zip(memory, memory[1:]):
        assert end < start


# Req: BH-TOOL-032
def test_explanation(station):
    text = station.stdout
    steps = re.findall(r"^(\d)\. (.*)$", text, re.MULTILINE)
    assert [int(n) for n, _ in steps] == list(range(1, 8))
    for line in """
   its command line is 'llc-coloring=on llc-size=1024K llc-nr-ways=16 xen-llc-colors=0-1'
   the board has 6 CPUs and 1 GiB of memory, and a GICv3
      memory: 128 MiB, 0x60000000 to 0x67ffffff, at these addresses in the partition, too
      1 vCPU, on CPU 1, its own
      registers 0xa100000 to 0xa101fff of /soc/ethernet@a100000, which it sees at 0xa100000
      interrupt 39 of /soc/gpio@9030000
      an SBSA generic watchdog
      2 vCPUs, in its windows of schedule 1
      memory: 64 MiB, anywhere, of colours 4-15
   schedule 1: CPUs 2, 3; each 20000 us: 12000 us from 0 on for camera, 5000 us from 13000 on for logger
   logger waits for pilot's first event on port 10, 30 seconds at most; then it starts all the same
   keeper starts at once
""".strip("\n").splitlines():
        assert line in text.splitlines(), line
    assert "forgets its watchdog: it starts again; 5 times in 60 seconds at most" in text
    # What is left at the end is what is left behind the last partition.
    (last,) = re.findall(r"left behind it: (\d+ MiB)\n\n", text)
    assert f"{last} of memory are left, of 1 GiB" in text


# Req: BH-TOOL-032
def test_explanation_alone_writes_nothing(shop):
    shop.write("a.cfg", config())
    result = shop.run("--explain", "--board", "board.dtb", "a.cfg").good()
    assert "5. They start" in result.stdout and "no partition reaches another" in result.stdout
    assert not result.out.exists()


# Req: BH-TOOL-032
def test_explanation_of_a_pc_that_is_not_known(shop):
    shop.write("kernel", pc.elf())
    shop.write("a.cfg", config(ioports='["2f8-2ff"]', irqs="[3]"))
    text = shop.run("--explain", "--arch", "x86_64", "a.cfg").good().stdout
    assert "module 1: alpha.kernel" in text and "I/O ports 2f8 to 2ff" in text and "ISA interrupt 3" in text
    assert "of memory are left" not in text


SIZES = {"h1": 26, "h2": 17, "t": 12, "s": 11, "m": 12, "b": 12}


def boxes(root):
    """(text, left, top, right, bottom), by an average width of letters."""
    for text in root.iter(SVG + "text"):
        size, x, y = SIZES[text.get("class")], float(text.get("x")), float(text.get("y"))
        width = len(text.text) * size * (0.6 if text.get("class") == "m" else 0.55)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor")]
        yield text.text, left, y - 0.8 * size, left + width, y + 0.1 * size


def check_picture(path):
    """Well-formed, everything within the picture, and no text on another one; a program that draws it finds no fault."""
    root = ET.parse(path).getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    texts = list(boxes(root))
    for i, (text, left, top, right, bottom) in enumerate(texts):
        assert 0 <= left and right <= width and 0 <= top and bottom <= height, text
        for other, l, t, r, b in texts[:i]:
            assert right <= l or r <= left or bottom <= t or b <= top, f"'{text}' lies on '{other}'"
    for rect in root.iter(SVG + "rect"):
        if rect.get("x") is not None:
            assert float(rect.get("x")) + float(rect.get("width")) <= width
            assert float(rect.get("y")) + float(rect.get("height")) <= height
    subprocess.run(["rsvg-convert", "-o", path.with_suffix(".png"), path], check=True)
    assert path.with_suffix(".png").stat().st_size > 10000
    return root, [text for text, *_ in texts]


# Req: BH-TOOL-033
def test_picture(station):
    root, texts = check_picture(station.out / "map.svg")
    assert "4 partitions on board.dtb" in texts
    for text in ["Memory", "Devices", "CPUs", "CPU 5", "schedule 1", "Time: schedule 1", "20 ms", "Between partitions",
                 "event channel: port 10, port 10", "reads 1 MiB at 0x80000000", "serves xenstore",
                 "at run time: event, grant", "frames", "0x60000000-67ffffff"]:
        assert text in texts, text
    tips = [t.text for t in root.iter(SVG + "title")]
    assert "pilot, memory, at its machine addresses: 0x60000000 to 0x67ffffff, 128 MiB" in tips
    assert "logger: 13000 to 18000 us" in tips
    # Each partition has a colour of its own.
    colours = {r.get("fill") for r in root.iter(SVG + "rect")}
    assert {"#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#37474f"} <= colours


# Req: BH-TOOL-033
def test_picture_of_many(shop):
    names = [f"partition-with-a-long-name-{i:03}" for i in range(40)]
    shop.write("board.dtb", board(cpus=24))
    texts = [config(name=f'"{n}"', memory=8, **({"cpus": f'"{i}"'} if i < 12 else {})) for i, n in enumerate(names)]
    result = shop.make(*texts).good()
    _, found = check_picture(result.out / "map.svg")
    assert sum("parti" in text for text in found) >= 80


# Req: BH-TOOL-033
def test_picture_of_a_pc(shop):
    shop.write("kernel", pc.elf())
    result = pc.make(shop, config(ioports='["2f8-2ff"]', irqs="[3]")).good()
    _, texts = check_picture(result.out / "map.svg")
    assert "I/O ports 2f8 to 2ff" in texts and "How many there are is not known." in texts


# Req: BH-TOOL-007, BH-TOOL-033
def test_the_same_each_time(shop):
    shop.make(config()).good()
    first = (shop.folder / "out/map.svg").read_bytes()
    shop.make(config()).good()
    assert (shop.folder / "out/map.svg").read_bytes() == first
