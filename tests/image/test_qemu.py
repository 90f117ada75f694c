# SPDX-License-Identifier: Apache-2.0
"""Boards that QEMU describes, and the command lines that boot them."""
import os
import shlex
import subprocess

import pytest

import fdt
from conftest import MIB, RAM, board, config, image


def value(args, option):
    return args[args.index(option) + 1]


@pytest.mark.parametrize("gic", [2, 3])
def test_machine(shop, gic):
    options = ["--machine", f"virt,gic-version={gic}", "--smp", "3", "--memory", "512", "--cpu", "cortex-a53"]
    result = shop.make(config(vcpus=2), options=[*options, "--hypervisor", "kernel"]).good()
    tree, args = result.tree, result.args
    assert len([n for n in tree["cpus"].children if n.startswith("cpu@")]) == 3
    assert tree["memory@40000000"].cells("reg") == [0, RAM, 0, 512 * MIB]
    assert tree["psci"].string("method") == "smc", "not a machine with EL2"
    assert value(args, "-machine") == f"virt,gic-version={gic},virtualization=on"
    assert (value(args, "-smp"), value(args, "-m"), value(args, "-cpu")) == ("3", "512", "cortex-a53")
    assert value(args, "-kernel") == str(shop.folder / "kernel")
    assert value(args, "-dtb") == str(result.out / "bulkhead.dtb")
    reg = list(tree["chosen/domU1"].children.values())[0].cells("reg")
    assert value(args, "-device") == f"loader,file={result.out}/alpha.kernel,addr={reg[1]:#x},force-raw=on"


# Req: BH-TOOL-007
def test_random_seeds_are_not_kept(shop):
    chosen = shop.make(config(), options=["--machine", "virt"]).good().tree["chosen"]
    assert "kaslr-seed" not in chosen.props
    assert set(chosen.props.get("rng-seed", b"")) <= {0}


def test_board_of_qemu_virt_needs_no_machine(shop):
    root = {"compatible": fdt.string("linux,dummy-virt")}
    shop.write("board.dtb", board(root=root, cpus=2, gic="arm,cortex-a15-gic"))
    args = shop.make(config()).good().args
    assert value(args, "-machine") == "virt,gic-version=2,virtualization=on"
    assert (value(args, "-smp"), value(args, "-m"), value(args, "-cpu")) == ("2", f"{1 << 20}K", "cortex-a57")


def test_other_board_has_no_command_line_unless_its_machine_is_named(shop):
    result = shop.make(config()).good()
    assert not (result.out / "qemu.args").exists() and not (result.out / "run-qemu.sh").exists()
    args = shop.make(config(), options=["--board", "board.dtb", "--machine", "xlnx-zcu102"]).good().args
    assert value(args, "-machine") == "xlnx-zcu102" and value(args, "-smp") == "4"


@pytest.mark.parametrize("folder", ["out,put", "it's", "a b"])
def test_odd_folders_are_quoted(shop, folder):
    shop.write("a.cfg", config())
    shop.write("fake-qemu", '#!/bin/sh\nprintf "%s\\n" "$@"\n').chmod(0o755)
    tree = board(root={"compatible": fdt.string("linux,dummy-virt")})
    shop.write("board.dtb", tree)
    result = shop.run("-o", folder, "-b", "board.dtb", "--hypervisor", "kernel", "--qemu", "./fake-qemu", "a.cfg").good()
    out = shop.folder / folder
    args = (out / "qemu.args").read_text().splitlines()
    assert value(args, "-device").startswith(f"loader,file={str(out).replace(',', ',,')}/alpha.kernel,addr=")
    done = subprocess.run([out / "run-qemu.sh", "-extra"], cwd=shop.folder, capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert said[: len(args)] == args and said[-1] == "-extra" and "-echr" in said
    printed = shlex.split(result.stdout[result.stdout.index("exec ") :].replace("\\\n", " "))
    assert printed[2 : 2 + len(args)] == args


def test_hypervisor_may_come_later(shop):
    shop.write("fake-qemu", '#!/bin/sh\nprintf "%s\\n" "$@"\n').chmod(0o755)
    shop.write("board.dtb", board(root={"compatible": fdt.string("linux,dummy-virt")}))
    result = shop.make(config(), options=["--qemu", "./fake-qemu"]).good()
    assert "-kernel" not in result.args
    script = result.out / "run-qemu.sh"
    assert subprocess.run([script], cwd=shop.folder, capture_output=True).returncode != 0
    env = os.environ | {"HYPERVISOR": "/the one"}
    done = subprocess.run([script], cwd=shop.folder, capture_output=True, text=True, check=True, env=env)
    assert value(done.stdout.splitlines(), "-kernel") == "/the one"


MACHINES = {
    "no EL2": (["--machine", "virt,virtualization=off"], "bulkhead-image: --machine: without virtualization=on"),
    "dumpdtb": (["--machine", "virt,dumpdtb=x"], "bulkhead-image: --machine: dumpdtb"),
    "no such machine": (["--machine", "bogus"], "bulkhead-image: --machine bogus: QEMU gave no device tree"),
    "no such option": (["--machine", "virt,bogus=1"], "bulkhead-image: --machine virt,.*: QEMU gave no device tree"),
    "no such cpu": (["--machine", "virt", "--cpu", "bogus"], "bulkhead-image: --machine virt,.*: QEMU gave no"),
    "no cpus": (["--machine", "virt", "--smp", "0"], "bulkhead-image: --smp: a board has at least one CPU"),
    "no such size": (["--machine", "virt", "--memory", "lots"], "bulkhead-image: --machine virt,.*: QEMU gave no"),
    "no QEMU": (["--machine", "virt", "--qemu", "./none"], "./none: note: can't be started"),
    "little memory": (["--machine", "virt", "--memory", "16"], "virt,virtualization=on: the device tree .* (does not fit|overlaps)"),
}


@pytest.mark.parametrize("case", MACHINES)
def test_refused_machine(shop, case):
    options, expected = MACHINES[case]
    shop.make(config(), options=options).refused(expected)


@pytest.mark.parametrize("megabytes", [64, 200, 2048])
def test_qemu_puts_things_where_the_tool_thinks(shop, megabytes):
    shop.write("hv", image(MIB, memory=3 * MIB))
    shop.write("rd", b"ramdisk")
    options = ["--machine", "virt,gic-version=3", "--memory", str(megabytes), "--hypervisor", "hv"]
    result = shop.make(config(ramdisk='"rd"', memory=16), options=options).good()
    done = subprocess.run(
        ["timeout", "30", "qemu-system-aarch64", *result.args, "-S", "-monitor", "stdio"],
        input="info roms\nquit\n", capture_output=True, text=True,
    )
    roms = dict(part.split("=") for line in done.stdout.splitlines() if "dtb" in line for part in line.split())
    tree_at = RAM + min(megabytes // 2, 128) * MIB
    assert int(roms["addr"], 16) == tree_at, done.stdout + done.stderr
    assert f"{tree_at:#012x}".replace("0x", "0x") in result.stdout.replace("0x00", "0x00")
    for module in result.tree["chosen/domU1"].children.values():
        assert f"{module.cells('reg')[1]:016x}" in done.stdout
    assert f"{RAM + 2 * MIB:016x}" in done.stdout
