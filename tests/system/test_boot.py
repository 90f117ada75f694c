# SPDX-License-Identifier: Apache-2.0
"""One image boots on either interrupt controller, on 1 to 8 CPUs, with one to eight partitions."""
import pytest

import board as boards


# Req: BH-BOOT-001, BH-BOOT-002, BH-BOOT-017, BH-MEM-001, BH-GIC-001
@pytest.mark.static_too
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("cpus", [1, 2, 4, 8])
def test_every_cpu_count_on_both_interrupt_controllers(start, guest, gic, cpus):
    console = start([guest("alpha", "hello", "one two=3", vcpus=cpus)], gic=gic, cpus=cpus)
    console.wait_guests()
    found = console.results("alpha")
    assert found["hello"] == "one two=3"
    assert found["gic"] == f"version {gic}"
    assert found["memory"] == "0x40000000 + 0x1000000"
    assert found["cpus reported"] == str(cpus)


# Req: BH-BOOT-004, BH-CONS-001
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_one_to_eight_partitions(start, guest, count):
    """The first one stays: it has the input, and only the lines of the others are never broken by each other."""
    names = [f"part{i}" for i in range(1, count + 1)]
    console = start([guest(n, "hello", f"me={n} end={'off' if i else 'wait'}", vcpus=1 + i % 3)
                     for i, n in enumerate(names)], cpus=2)
    console.wait_guests()
    for i, name in list(enumerate(names))[count > 1:]:
        assert console.results(name)["hello"].startswith(f"me={name} ")
        assert console.results(name)["cpus reported"] == str(1 + i % 3)


@pytest.mark.parametrize("memory", [256, 2048])
def test_boards_of_different_memory(start, guest, memory):
    console = start([guest("alpha", "pattern", "rounds=1", memory=64)], memory=memory)
    console.wait_guests()


def test_partition_memory_in_two_banks(start, guest):
    """More than the 3 GiB below Xen's second bank of guest memory."""
    console = start([guest("alpha", "hello", memory=3200)], memory=4096)
    console.wait_guests()
    assert console.results("alpha")["memory"] == "0x40000000 + 0xc0000000"


# Req: BH-BOOT-032
@pytest.mark.bulkhead
@pytest.mark.parametrize("gic", [2, 3])
def test_cpus_that_firmware_does_not_start(start, guest, gic):
    """CPUs 1 and 3 of the tree are not there: the others run, and what was to own one of those is not started."""
    def edit(text):
        node = 'cpu@%d { device_type = "cpu"; compatible = "arm,cortex-a57"; reg = <%d>; enable-method = "psci"; };\n'
        for bad, good in ((9, 1), (10, 2)):
            assert f"cpu@{good} {{" in text
            text = text.replace(f"cpu@{good} {{", node % (bad, bad) + f"cpu@{good} {{")
        return text

    console = start([guest("alpha", "hello", vcpus=4), guest("owner", "hello", extra=boards.PINNED.format(cpu=4)),
                     guest("beta", "hello", extra=boards.PINNED.format(cpu=3))], cpus=3, gic=gic, edit=edit)
    console.wait_guests("alpha", "owner")
    assert console.results("alpha")["cpus reported"] == "4"
    for cpu, mpidr in ((1, "9"), (3, "a")):
        assert console.find(None, rf"CPU {cpu} \(MPIDR {mpidr}\) is not used"), console.tail()
    assert console.find(None, "beta: cannot be built"), console.tail()
    console.wait_end()


# Req: BH-BOOT-003
@pytest.mark.bulkhead
def test_started_at_el1_it_says_so(start, guest):
    console = start([guest("alpha", "hello")], virtualization=False)
    console.wait_text(r"(?i)EL2")


# Req: BH-LIFE-002
@pytest.mark.bulkhead
def test_board_powers_off_after_the_last_partition(start, guest):
    console = start([guest("alpha", "hello"), guest("beta", "hello"), guest("gamma", "hello")])
    console.wait_end()
    for name in ("alpha", "beta", "gamma"):
        assert console.find(None, f"{name}: powered off")


# Req: BH-BOOT-013
@pytest.mark.bulkhead
def test_elf_kernel(start):
    console = start([boards.Domain("alpha", boards.GUESTS / "hello.elf", "elf=1", memory=16)])
    console.wait_guests()
    assert console.results("alpha")["hello"] == "elf=1"
