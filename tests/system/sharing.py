# SPDX-License-Identifier: Apache-2.0
"""Partitions that share memory by the boot description, on whatever machine. A MAKE(name, program, arguments, **options)
makes a partition with a bare-metal guest."""
import restarting
from placing import places_of, ram_file

SENT, TAKEN = 0x80000000, 0x80100000


def share(region, gpa, size, owner=False, offset=None, place=None, read_only=False):
    """A node for a partition. Several nodes of a partition have several regions."""
    role = "owner" if owner else "borrower"
    at = f"0 {place:#x} " if place is not None else ""
    return (f'{region} {{ compatible = "xen,domain-shared-memory-v1"; xen,shm-id = "{region}"; role = "{role}"; '
            f"xen,shared-mem = <{at}0 {gpa:#x} 0 {size:#x}>; "
            + (f"xen,offset = <0 {offset:#x}>; " if offset is not None else "")
            + ("bulkhead,read-only; " if read_only else "") + "};")


def both_ends(place=None):
    """Each end owns what it writes, and only reads what the other one owns. Device-tree source for each."""
    sender = restarting.CHANNEL.format(1, 20, 2) + share("sent", SENT, 1 << 20, owner=True, place=place) \
        + share("taken", TAKEN, 4096, read_only=True)
    receiver = restarting.CHANNEL.format(2, 30, 1) + share("taken", SENT, 4096, owner=True) \
        + share("sent", TAKEN, 1 << 20, read_only=True, place=place)
    return sender, receiver


def messages_reach_the_other_partition(start, make, messages=20000, write="refused", **options):
    """WRITE: what becomes of a write to what is only read: \"refused\" by a fault, or \"ignored\"."""
    sender, receiver = both_ends()
    console = start([make("alpha", "link", f"own={SENT:#x} peer={TAKEN:#x} port=20 role=send messages={messages}",
                          extra=sender),
                     make("beta", "link", f"own={SENT:#x} peer={TAKEN:#x} port=30 role=receive messages={messages}",
                          extra=receiver)], **options)
    console.wait_line("alpha", f"sent: {messages}, all taken", 120)
    console.wait_line("beta", f"received: {messages}, wrong: 0", 30)
    for name in ("alpha", "beta"):
        assert f"write to the peer's: {write}" in console.lines[name]
    console.wait_end(30)


def what_is_shared_is_where_the_description_says(start, make, machine, ram_base, **options):
    """Two views of one placed region, the second one shifted: the mark that the first guest writes is in the machine's
    memory where it should be, and the second guest finds it."""
    place = ram_base + 0x20000000
    ram, qemu = ram_file(f"shared-{machine}", 1024)
    console = start([make("writer", "life", "end=reset mark=0x80000000",
                          extra=restarting.RULES.format("reboot", 1)
                          + share("link", 0x80000000, 4 << 20, owner=True, place=place)),
                     make("reader", "hello", "end=wait",
                          extra=share("link", 0x90000000, 1 << 20, offset=3 << 20, place=place))],
                    memory=1024, qemu=qemu, **options)
    console.wait_line(None, restarting.DOES_SO_NO_MORE.format("writer", 1), 60)
    assert [line for line in console.lines["writer"] if line.startswith("life:")] == ["life: new", "life: not new"]
    console.close()
    assert place in places_of(ram, ram_base)


def a_region_that_is_elsewhere_for_another_is_refused(start, make, **options):
    console = start([make("one", "hello", extra=share("link", SENT, 8192, owner=True)),
                     make("two", "hello", extra=share("link", SENT, 4096, offset=8192))], **options)
    console.wait_line("one", "guest: done", 30)
    console.wait_end(30)
    assert any("/chosen/two/link: xen,shared-mem: more than its owner has" in line for line in console.lines[None])
    assert not console.lines.get("two")


def two_linux_partitions(start, linux, look, found, **options):
    """From user space. FOUND, a pattern, is what LOOK says there of the memory that is shared."""
    console = start([linux("alpha", extra=share("link", SENT, 1 << 20, owner=True)),
                     linux("beta", extra=share("link", TAKEN, 4096, offset=0x8000))], limit=200, **options)
    console.wait_text("alpha:/root# ", 100)
    console.send(look + "\r")
    console.wait_text(found, 30)
    console.send(f"devmem {SENT + 0x8010:#x} 32 0x600df00d && echo wrote-$((6 * 7))\r")
    console.wait_text("wrote-42", 30)
    console.send("\x01\x01\x01")
    console.wait(lambda: any("input to beta" in line for line in console.lines[None]), 20, "the input to move on")
    console.send("\r")
    console.wait_text("beta:/root# ", 60)
    console.send(f"devmem {TAKEN + 0x10:#x}\r")
    console.wait_text("0x600DF00D", 30)
