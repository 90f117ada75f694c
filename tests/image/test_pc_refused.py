# SPDX-License-Identifier: Apache-2.0
"""What can't work on x86-64 is refused: hostile kernels above all."""
import gzip
import lzma
import struct
import zlib

import pytest

import pc
from conftest import MIB, config, image
from test_refused import damaged

XZ = pc.PACKERS["xz"](pc.elf())
PACKED = {name: pack(pc.elf() + bytes(range(256)) * 999) for name, pack in pc.PACKERS.items()}


def huge_dictionary():
    """XZ with a block header (The .xz File Format 1.0.4, 3.1) that asks for a dictionary of 4 GiB."""
    size = (XZ[12] + 1) * 4
    header = bytearray(XZ[12 : 12 + size - 4])
    assert header[2:4] == b"\x21\x01"
    header[4] = 40
    return XZ[:12] + bytes(header) + struct.pack("<I", zlib.crc32(header)) + XZ[12 + size :]


@pytest.fixture
def shop(shop):
    shop.write("kernel", pc.elf())
    shop.write("hv", pc.elf(bits=32).ljust(4096, b"\0") + b"\xd6\x50\x52\xe8")
    return shop


BZIMAGES = {
    "truncated": (pc.bzimage(XZ)[:0x240], "is a truncated bzImage"),
    "old": (pc.bzimage(XZ, version=0x207), "is a bzImage of a Linux before 2.6.26"),
    "no payload": (pc.bzimage(XZ, length=0), "is a bzImage without a payload"),
    "payload beyond the end": (pc.bzimage(XZ, offset=1 << 20), "is a bzImage whose payload lies beyond its end"),
    "payload at the end of the world": (pc.bzimage(XZ, offset=0xFFFFFFFF), "is a bzImage whose payload lies beyond"),
    "payload too long": (pc.bzimage(XZ, length=0xFFFFFFFF), "is a bzImage whose payload lies beyond its end"),
    "setup too long": (pc.bzimage(XZ)[:0x1F1] + b"\xff" + pc.bzimage(XZ)[0x1F2:], "is a bzImage whose payload lies beyond"),
    "no boot flag": (pc.bzimage(XZ, flag=0), "is neither a bzImage"),
    "bzip2": (pc.bzimage(b"BZh9" + b"\0" * 99), "is a bzImage whose payload is compressed in a way that is not known"),
    "one byte": (pc.bzimage(XZ, length=1), "is a bzImage whose payload is compressed in a way"),
    "truncated gzip": (pc.bzimage(PACKED["gzip"][:-99]), "is a bzImage whose payload is a (damaged|truncated) gzip file"),
    "truncated xz": (pc.bzimage(XZ, length=len(XZ) - 40), "is a bzImage whose payload is a truncated xz file"),
    "truncated zstd": (pc.bzimage(PACKED["zstd"], length=len(PACKED["zstd"]) - 20), "is a bzImage whose payload is a truncated zstd"),
    "truncated lz4": (pc.bzimage(PACKED["lz4"], length=40), "is a bzImage whose payload is a damaged or truncated lz4"),
    "lz4 of nothing": (pc.bzimage(PACKED["lz4"], length=8), "is a bzImage whose payload is a truncated lz4 file"),
    "lz4, block of 0 bytes": (pc.bzimage(PACKED["lz4"][:4] + bytes(99)), "is a bzImage whose payload is a damaged or truncated lz4"),
    "lz4, huge block": (pc.bzimage(PACKED["lz4"][:4] + b"\xff" * 99), "is a bzImage whose payload is a damaged or truncated lz4"),
    "lz4, wild block": (pc.bzimage(PACKED["lz4"][:4] + struct.pack("<I", 50) + b"\xff" * 99), "is a bzImage whose payload is a damaged lz4"),
    "damaged xz": (pc.bzimage(XZ[:40] + b"\xff" * 8 + XZ[48:]), "is a bzImage whose payload is a damaged xz file"),
    "huge dictionary": (pc.bzimage(huge_dictionary()), "is a bzImage whose payload is an xz file that takes too much memory"),
    "no ELF in it": (pc.bzimage(pc.PACKERS["gzip"](b"hello" * 99)), "is neither a bzImage with an ELF file in it"),
    "bzImage in it": (pc.bzimage(pc.PACKERS["gzip"](pc.bzimage(XZ))), "is neither a bzImage with an ELF file in it"),
    "ELF without a note in it": (pc.bzimage(pc.PACKERS["gzip"](pc.elf(notes=b""))), "is an ELF file that can't be started"),
}


# Req: BH-TOOL-012
@pytest.mark.parametrize("case", BZIMAGES)
def test_bzimage(shop, case):
    pc.refused_kernel(shop, *BZIMAGES[case])


BOMBS = {
    "gzip": lambda zeros: gzip.compress(zeros[:MIB]) * (len(zeros) // MIB),
    "xz": lambda zeros: lzma.compress(zeros, preset=0),
    "zstd": pc.by_command("zstd", "-q", "-1", "-c"),
    "lz4": pc.by_command("lz4", "-q", "-l", "-c"),
}


# Req: BH-TOOL-012
@pytest.mark.parametrize("packer", BOMBS)
def test_bomb(shop, packer):
    data = pc.bzimage(BOMBS[packer](bytes(1100 * MIB)))
    pc.refused_kernel(shop, data, "is a bzImage whose payload is too large when unpacked")


ELFS = {
    "text": (b"hello", "is neither a bzImage with an ELF file in it nor an ELF file"),
    "arm64 Image": (image(), "is neither a bzImage"),
    "truncated": (pc.elf()[:40], "is a truncated ELF file"),
    "for Arm": (pc.elf(machine=183), "is an ELF file, but not for x86"),
    "classes mixed": (pc.elf(machine=3), "is an ELF file, but not for x86"),
    "big-endian": (pc.elf(order=2), "is an ELF file, but not for x86"),
    "position independent": (pc.elf(kind=3), "is an ELF file, but not an executable"),
    "odd table": (pc.elf(entry_size=32), "is an ELF file with a damaged table"),
    "far table": (pc.elf(table=8192), "is an ELF file whose table of segments is not in its first"),
    "table beyond the end": (pc.elf()[:100], "is an ELF file whose table of segments lies beyond"),
    "nothing to load": (pc.elf(loads=()), "is an ELF file without anything to load"),
    "too much to load": (pc.elf(loads=[(MIB + i * 4096, 1, 1) for i in range(17)]), "is an ELF file of more than 16"),
    "segment beyond the end": (pc.elf(offset=1 << 40), "is an ELF file with a segment beyond its end"),
    "segment shrinks": (pc.elf(loads=((MIB, 16, 15),)), "is an ELF file with a segment beyond its end"),
    "segment wraps": (pc.elf(loads=(((1 << 64) - 4096, 16, 8192),)), "is an ELF file with a segment beyond the end of memory"),
    "segments overlap": (pc.elf(loads=((MIB, 16, 8192), (MIB + 4096, 16, 16))), "is an ELF file with segments that overlap"),
    "in the ROMs": (pc.elf(loads=((0x90000, 16, 0x20000),)), "is an ELF file with a segment where a PC has its ROMs"),
    "no notes": (pc.elf(notes=b""), r"is an ELF file that can't be started: it lacks Xen's note PHYS32_ENTRY \(Linux: CONFIG_PVH\)"),
    "other notes": (pc.elf(notes=pc.note(kind=1) + pc.note(name=b"GNU\0")), "is an ELF file that can't be started"),
    "long name": (pc.elf(notes=struct.pack("<III", 0xFFFFFFFF, 4, 18) + bytes(32)), "is an ELF file with a damaged note"),
    "long note": (pc.elf(notes=pc.note(claim=0xFFFFFFFF)), "is an ELF file with a damaged note"),
    "odd note": (pc.elf(notes=pc.note(size=8, claim=5)), "is an ELF file with a damaged note PHYS32_ENTRY"),
    "stray entry": (pc.elf(notes=pc.note(MIB - 1)), "is an ELF file whose note PHYS32_ENTRY names an address in none"),
    "entry above 4 GiB": (pc.elf(notes=pc.note((1 << 32) + MIB, size=8)), "is an ELF file whose note PHYS32_ENTRY"),
    "many notes": (pc.elf(note_count=5, notes=pc.note(kind=1)), "is an ELF file with more notes"),
    "large notes": (pc.elf(notes=pc.note(kind=1) + bytes(65536)), "is an ELF file with more notes"),
    "behind the memory": (pc.elf(loads=((64 * MIB, 16, 16),), notes=pc.note(64 * MIB)), "wants addresses from 0x4000000"),
}


# Req: BH-TOOL-013
@pytest.mark.parametrize("case", ELFS)
def test_elf(shop, case):
    pc.refused_kernel(shop, *ELFS[case])


# Req: BH-TOOL-009
@pytest.mark.parametrize("seed", range(40))
def test_damaged_kernels_do_no_harm(shop, seed):
    files = [pc.elf(), pc.elf(bits=32), *(pc.bzimage(data) for data in PACKED.values())]
    shop.write("kernel", damaged(files[seed % len(files)], seed))
    pc.make(shop, config())


COMMANDS = {
    "unknown arch": (["--arch", "riscv"], "bulkhead-image: --arch riscv: expected arm64 or x86_64"),
    "board": (["--board", "board.dtb"], "bulkhead-image: --board is for arm64"),
    "smp alone": (["--smp", "2"], "bulkhead-image: --smp, --memory and --cpu mean nothing without --machine"),
    "no CPUs": (["--machine", "q35", "--smp", "0"], "bulkhead-image: --smp: a board has at least one CPU"),
    "odd CPUs": (["--machine", "q35", "--smp", "two"], "bulkhead-image: --smp two: expected a number"),
    "odd memory": (["--machine", "q35", "--memory", "lots"], "bulkhead-image: --memory lots: expected a number"),
    "memory beyond all": (["--machine", "q35", "--memory", "99999999999999T"], "bulkhead-image: --memory 9+T: expected a number"),
    "ISO of nothing": (["--iso", "x.iso"], "bulkhead-image: --iso: --hypervisor FILE is missing"),
    "ISO for arm64": (["--arch", "arm64", "--board", "board.dtb", "--iso", "x.iso"], "bulkhead-image: --iso is for --arch x86_64 only"),
    "odd hypervisor": (["--hypervisor", "kernel"], "kernel: hypervisor: has no Multiboot 2 header"),
    "missing hypervisor": (["--hypervisor", "none"], "none: hypervisor: No such"),
    "little memory": (["--machine", "q35", "--memory", "60"], r"a\.cfg:3: 64 MiB of memory do not fit in the board: of its 60 MiB"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_command_line(shop, case):
    options, expected = COMMANDS[case]
    pc.make(shop, config(), options=options).refused(expected)


# Req: BH-TOOL-014
def test_a_uart_is_refused(shop):
    pc.make(shop, config(vuart='"sbsa_uart"')).refused(r"a\.cfg:4: 'vuart' is for arm64: .* PV console \(Linux: hvc0\)")


def test_cpus_that_are_not_there(shop):
    pc.make(shop, config(cpus='"2"'), options=["--machine", "q35", "--smp", "2"]).refused(r"a\.cfg:4: CPU 2 is not there")


def test_a_folder_that_qemu_can_not_name(shop):
    shop.write("a.cfg", config())
    result = shop.run("-o", "a folder", "--arch", "x86_64", "--machine", "q35", "a.cfg")
    assert result.status == 1 and "a folder: can't be used as a folder: QEMU can't load modules" in result.stderr
    assert not list((shop.folder / "a folder").iterdir())
