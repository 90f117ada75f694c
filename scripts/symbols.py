#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turn `nm -n` of the hypervisor (standard input) into the assembler source of its symbol table (standard output).

The table is what hypervisor/core/back_trace.c reads: ascending offsets of functions from the start of the image,
and their names.
"""
import re
import sys


def main():
    functions = []
    base = None
    for line in sys.stdin:
        fields = line.split()
        if len(fields) != 3:
            continue
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "image_start":
            base = address
        if kind in "tT" and not name.startswith("$"):
            # Link-time optimization marks what is static to a file.
            functions.append((address, re.sub(r"\.lto_priv\.\d+", "", name)))
    functions = [(address - base, name) for address, name in functions if base is not None and address >= base]
    text, places = 0, []
    for _, name in functions:
        places.append(text)
        text += len(name) + 1
    out = ["    .section .symbols, \"a\"", "    .balign 4", "    .global symbol_count, symbol_offset, symbol_name, symbol_text",
           "symbol_count:", "    .long %d" % len(functions), "symbol_offset:"]
    out += ["    .long %d" % offset for offset, _ in functions]
    out += ["symbol_name:"] + ["    .long %d" % place for place in places]
    out += ["symbol_text:"] + ["    .asciz \"%s\"" % name for _, name in functions]
    out += ["    .section .note.GNU-stack, \"\", %progbits"]
    print("\n".join(out))


if __name__ == "__main__":
    main()
