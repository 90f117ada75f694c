# SPDX-License-Identifier: Apache-2.0
"""A reader and writer of flattened device trees, so that the tests do not judge libfdt's work by libfdt.

Devicetree Specification 0.4, chapter 5.
"""
import struct

BEGIN, END, PROP, NOP, LAST = 1, 2, 3, 4, 9


class Node:
    """A node: `props` by name (bytes), `children` by name, both in the tree's order."""

    def __init__(self, props=None, children=None):
        self.props = dict(props or {})
        self.children = dict(children or {})

    def __getitem__(self, path):
        node = self
        for name in path.strip("/").split("/"):
            node = node.children[name] if name else node
        return node

    def cells(self, name):
        data = self.props[name]
        return list(struct.unpack(f">{len(data) // 4}I", data))

    def strings(self, name):
        data = self.props[name]
        assert data.endswith(b"\0"), f"{name} is not terminated"
        return [s.decode() for s in data[:-1].split(b"\0")]

    def string(self, name):
        (text,) = self.strings(name)
        return text


def read(data):
    """(root, [(address, size)...]): the tree and its memory reservations."""
    magic, total, struct_at, strings_at, reserve_at = struct.unpack_from(">5I", data)
    assert magic == 0xD00DFEED and total == len(data)
    reserved = []
    while True:
        address, size = struct.unpack_from(">QQ", data, reserve_at)
        reserve_at += 16
        if (address, size) == (0, 0):
            break
        reserved.append((address, size))
    at, stack, root = struct_at, [], None
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == BEGIN:
            end = data.index(b"\0", at)
            node, name = Node(), data[at:end].decode()
            at = (end + 4) & ~3
            if stack:
                assert name not in stack[-1].children, f"two nodes {name}"
                stack[-1].children[name] = node
            else:
                root = node
            stack.append(node)
        elif token == END:
            stack.pop()
        elif token == PROP:
            size, name_at = struct.unpack_from(">II", data, at)
            name_at += strings_at
            name = data[name_at : data.index(b"\0", name_at)].decode()
            stack[-1].props[name] = data[at + 8 : at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == LAST:
            assert not stack
            return root, reserved
        else:
            assert token == NOP


def write(root, reserved=()):
    """The tree as bytes."""
    strings, out = bytearray(), bytearray()

    def pad(data):
        return data + b"\0" * (-len(data) % 4)

    def put(name, node):
        out.extend(struct.pack(">I", BEGIN) + pad(name.encode() + b"\0"))
        for key, value in node.props.items():
            key = key.encode() + b"\0"
            at = strings.find(key)
            if at < 0:
                at = len(strings)
                strings.extend(key)
            out.extend(struct.pack(">III", PROP, len(value), at) + pad(bytes(value)))
        for key, child in node.children.items():
            put(key, child)
        out.extend(struct.pack(">I", END))

    put("", root)
    out.extend(struct.pack(">I", LAST))
    reserve = b"".join(struct.pack(">QQ", *r) for r in (*reserved, (0, 0)))
    struct_at = 40 + len(reserve)
    strings_at = struct_at + len(out)
    header = struct.pack(
        ">10I", 0xD00DFEED, strings_at + len(strings), struct_at, strings_at, 40, 17, 16, 0, len(strings), len(out)
    )
    return header + reserve + bytes(out) + bytes(strings)


def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def u64(*values):
    return struct.pack(f">{len(values)}Q", *values)


def string(*values):
    return b"".join(v.encode() + b"\0" for v in values)
