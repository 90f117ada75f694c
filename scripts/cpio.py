#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write a folder as an initramfs: a gzip'd cpio archive in the kernel's "newc" format.

usage: cpio.py OUT.cpio.gz FOLDER [FOLDER...]

Later folders lay over earlier ones. Everything belongs to root, /dev/console is added (which only root could
make in a folder), and the same input gives the same bytes. Format: Linux, Documentation/driver-api/early-userspace/
buffer-format.rst.
"""
import gzip
import os
import stat
import sys


def collect(folders):
    """{path in the archive: path on disk}, later folders first."""
    found = {}
    for folder in folders:
        for base, dirs, files in os.walk(folder):
            for name in dirs + files:
                path = os.path.join(base, name)
                found[os.path.relpath(path, folder)] = path
    return found


class Archive:
    def __init__(self, out):
        self.out = out
        self.inode = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
        header = b"070701" + b"".join(b"%08X" % f for f in fields)
        self.pad(header + name)
        self.pad(data)

    def pad(self, data):
        self.out.write(data + b"\0" * (-len(data) % 4))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    found = collect(sys.argv[2:])
    temporary = sys.argv[1] + ".new"
    with open(temporary, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        archive = Archive(out)
        for name in sorted(found):
            path = found[name]
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                archive.add(name, stat.S_IFLNK | 0o777, os.readlink(path).encode())
            elif stat.S_ISDIR(info.st_mode):
                archive.add(name, stat.S_IFDIR | 0o755)
            elif stat.S_ISREG(info.st_mode):
                with open(path, "rb") as f:
                    archive.add(name, stat.S_IFREG | (0o755 if info.st_mode & 0o100 else 0o644), f.read())
            else:
                sys.exit(f"cpio.py: {path}: neither a file, a folder nor a symbolic link")
        archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.add("TRAILER!!!", 0)
    os.replace(temporary, sys.argv[1])


if __name__ == "__main__":
    main()
