# SPDX-License-Identifier: Apache-2.0
"""Kernels for x86: ELF files with the note of PVH's entry, bzImages, and what they are compressed with.

System V ABI, object files; Xen, public header elfnote.h; Linux, Documentation/x86/boot.rst.
"""
import gzip
import lzma
import struct
import subprocess

from conftest import config

MIB = 1 << 20
LOAD, NOTE = 1, 4


def note(entry=MIB, *, name=b"Xen\0", kind=18, size=4, claim=None):
    """Xen's note of that kind, PHYS32_ENTRY, with an address of `size` bytes; its header may claim another size."""
    descriptor = struct.pack("<Q", entry)[:size]
    head = struct.pack("<III", len(name), size if claim is None else claim, kind)
    return head + name.ljust(-(-len(name) // 4) * 4, b"\0") + descriptor


def elf(*, bits=64, kind=2, machine=None, order=1, notes=None, loads=((MIB, 16, 8192),), note_count=1, entry_size=None,
        table=None, offset=None):
    """An ELF file that loads `loads`, (address, bytes of the file, bytes of memory), and has `notes`."""
    is_64 = bits == 64
    head_size, row_size = (64, 56) if is_64 else (52, 32)
    notes = note() if notes is None else notes
    rows, at = [], (head_size if table is None else table) + row_size * (len(loads) + (note_count if notes else 0))
    for address, size, memory in loads:
        rows.append((LOAD, at if offset is None else offset, address, size, memory, 4096))
    for _ in range(note_count if notes else 0):
        rows.append((NOTE, at + 64, 0, len(notes), len(notes), 4))
    table = head_size if table is None else table
    machine = (62 if is_64 else 3) if machine is None else machine
    ident = struct.pack("<4sBBB9x", b"\x7fELF", 2 if is_64 else 1, order, 1)
    tail = (head_size, row_size if entry_size is None else entry_size, len(rows), 0, 0, 0)
    out = ident + struct.pack("<HHIQQQIHHHHHH" if is_64 else "<HHIIIIIHHHHHH", kind, machine, 1, MIB, table, 0, 0, *tail)
    out = out.ljust(table, b"\0")
    for what, start, address, size, memory, align in rows:
        if is_64:
            out += struct.pack("<IIQQQQQQ", what, 7, start, address, address, size, memory, align)
        else:
            out += struct.pack("<IIIIIIII", what, start, address, address, size, memory, 7, align)
    return out + b"\xcc" * 64 + notes


def by_command(*command):
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


# Linux, scripts/Makefile.lib: all but gzip have the size behind them.
PACKERS = {
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32) + struct.pack("<I", len(data)),
    "zstd": lambda data: by_command("zstd", "-q", "-19", "-c")(data) + struct.pack("<I", len(data)),
    "lz4": lambda data: by_command("lz4", "-q", "-l", "-c")(data) + struct.pack("<I", len(data)),
}


def bzimage(payload, *, sectors=3, version=0x20F, offset=16, length=None, flag=0xAA55):
    """A bzImage with that payload; `sectors` 0 stands for 4."""
    out = bytearray((1 + (sectors or 4)) * 512)
    out[0x1F1] = sectors
    out[0x1FE:0x200] = struct.pack("<H", flag)
    out[0x202:0x206] = b"HdrS"
    out[0x206:0x208] = struct.pack("<H", version)
    out[0x248:0x250] = struct.pack("<II", offset, len(payload) if length is None else length)
    return bytes(out) + b"\x90" * 16 + payload + b"\x90" * 32


def make(shop, *configs, options=()):
    """Runs the tool for texts (a.cfg, b.cfg, ...) of partitions on x86-64."""
    names = [f"{chr(ord('a') + i)}.cfg" for i in range(len(configs))]
    for name, text in zip(names, configs):
        shop.write(name, text)
    return shop.run("-o", "out", "--arch", "x86_64", *options, *names)


def refused_kernel(shop, data, expected):
    shop.write("kernel", data)
    make(shop, config()).refused(rf"a\.cfg:2: kernel 'kernel' {expected}")
