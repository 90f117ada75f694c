# SPDX-License-Identifier: Apache-2.0
"""Partitions whose memory is set apart, on whatever machine. Where it is, the file says that is the machine's RAM: a
guest's own words have to be there. A MAKE(name, program, arguments, **options) makes a partition with a bare-metal
guest."""
import struct

import restarting
from console import WORK

MARK = 0x7465726365732E61    # what guests/life.c writes to its last page
PAGE = 4096
MEMORY = 64


def ram_file(name, mib):
    """A file that is RAM, and QEMU's options for that."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{name}.ram"
    path.unlink(missing_ok=True)
    return path, ("-object", f"memory-backend-file,id=ram,size={mib}M,mem-path={path},share=on",
                  "-machine", "memory-backend=ram")


def pages_that_begin(data, word):
    """Offsets of pages in DATA that begin with these bytes."""
    found, at = [], data.find(word)
    while at >= 0:
        found += [at] if at % PAGE == 0 else []
        at = data.find(word, at + 1)
    return found


def places_of(path, ram_base, tag=0):
    """Machine addresses of pages in RAM that begin with the mark."""
    return [ram_base + at for at in pages_that_begin(path.read_bytes(), struct.pack("<Q", MARK + tag))]


def static_memory(*ranges):
    cells = " ".join(f"0 {start:#x} 0 {size:#x}" for start, size in ranges)
    return f"xen,static-mem = <{cells}>;"


def memory_is_where_the_description_says(start, make, machine, ram_base, first, second, **options):
    """In two ranges of 32 MiB, the higher one first: through three lives the last page is that of the second range."""
    ram, qemu = ram_file(f"placed-{machine}", 1024)
    extra = static_memory((first, 32 << 20), (second, 32 << 20)) + restarting.RULES.format("reboot", 3)
    console = start([make("placed", "life", "end=reset", memory=MEMORY, extra=extra),
                     make("other", "life", "", memory=MEMORY)], memory=1024, qemu=qemu, **options)
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("placed", 3), 60)
    console.wait_end(30)
    assert [line for line in console.lines["placed"] if line.startswith("life:")] == ["life: new"] * 4
    own, others = [], []
    for at in places_of(ram, ram_base):
        (own if second + (31 << 20) < at < second + (32 << 20) else others).append(at)
    assert len(own) == 1 and len(others) == 1, (own, others)
    ram.unlink()
    assert not any(at <= others[0] < at + (32 << 20) for at in (first, second))


COLOURS = {"alpha": "2-5", "beta": "8-11,14-15"}    # of 16 or more; the hypervisor has 0 and 1
MARKED = 4096                                       # pages


def colours_of(text):
    ends = [part.split("-") for part in text.split(",")]
    return {colour for part in ends for colour in range(int(part[0]), int(part[-1]) + 1)}


def memory_has_the_colours_that_are_named(start, make, machine, ram_base, text_pages, **options):
    """Two partitions, one of which starts again, and the hypervisor's code: by where they are in RAM at the end."""
    ram, qemu = ram_file(f"coloured-{machine}", 512)
    domains = [make(name, "life", f"pages={MARKED} tag={i + 1}" + (" end=reset" if i == 0 else ""), memory=MEMORY,
                    extra=f'llc-colors = "{COLOURS[name]}";' + (restarting.RULES.format("reboot", 1) if i == 0 else ""))
               for i, name in enumerate(COLOURS)]
    console = start(domains, memory=512, qemu=qemu, **options, bootargs="llc-coloring=on llc-size=1M llc-nr-ways=16 "
                    "xen-llc-colors=0-1")
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("alpha", 1), 60)
    console.wait_end(30)
    assert any("cache: 16 colours" in line for line in console.lines[None])
    for i, (name, colours) in enumerate(COLOURS.items()):
        frames = [at // PAGE for at in places_of(ram, ram_base, i + 1)]
        assert len(frames) >= MARKED
        found = {frame % 16 for frame in frames}
        assert found == colours_of(colours), (name, found)
    data = ram.read_bytes()
    for page in text_pages:
        frames = [(ram_base + at) // PAGE for at in pages_that_begin(data, page)]
        # Where the image was loaded, and where it runs.
        assert len(frames) == 2 and sum(frame % 16 in (0, 1) for frame in frames) >= 1, frames
    ram.unlink()


def text_pages(image, offset, count):
    """Whole pages of the hypervisor's code, as its file has them."""
    data = image.read_bytes()
    return [data[at:at + PAGE] for at in range(offset, offset + count * PAGE, PAGE)]


def memory_is_of_the_node(start, make, machine, node_ram, qemu, **options):
    """One partition with memory of node 1 and one without a wish; NODE_RAM are files, each the memory of a node."""
    console = start([make("far", "life", "tag=1 pages=256", memory=MEMORY, extra="bulkhead,nodes = <1>;"),
                     make("any", "life", "tag=2 pages=256", memory=MEMORY)], qemu=qemu, **options)
    console.wait_end(60)
    marked = [[len(places_of(path, 0, tag)) for tag in (1, 2)] for path in node_ram]
    for path in node_ram:
        path.unlink()
    assert marked[0][0] == 0 and marked[1][0] >= 256, marked
    assert marked[0][1] >= 256 and marked[1][1] == 0, marked
