# SPDX-License-Identifier: Apache-2.0
"""Memory that the boot description sets apart for partitions of a PC."""
import subprocess

import pytest

import placing
from pc import guest, hypervisor_path

pytestmark = pytest.mark.bulkhead


# Req: BH-MEM-022, BH-BOOT-044
def test_memory_is_where_the_description_says(start_pc):
    placing.memory_is_where_the_description_says(start_pc, guest, "pc", 0, 0x20000000, 0x1C000000)


# Req: BH-MEM-025, BH-MEM-026, BH-MEM-027, BH-BOOT-060
def test_memory_has_the_colours_that_are_named(start_pc, tmp_path):
    binary = tmp_path / "text"
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", hypervisor_path().with_suffix(".elf"), binary], check=True)
    code = placing.text_pages(binary, 0x4000, 16)
    placing.memory_has_the_colours_that_are_named(start_pc, guest, "pc", 0, code)


# Req: BH-MEM-028, BH-BOOT-061
def test_memory_is_of_the_node_that_is_named(start_pc):
    files, qemu = [], ()
    for node in range(2):
        path, (_, backend, *_) = placing.ram_file(f"node{node}-pc", 512)
        files.append(path)
        qemu += ("-object", backend.replace("id=ram", f"id=ram{node}"), "-numa", f"node,nodeid={node},memdev=ram{node}")
    placing.memory_is_of_the_node(start_pc, guest, "pc", files, qemu)
