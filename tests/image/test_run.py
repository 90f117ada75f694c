# SPDX-License-Identifier: Apache-2.0
"""scripts/run.sh, with Debian's Xen as the hypervisor: what it says, how one leaves, what it does without a build."""
import os
import subprocess

import pexpect

from conftest import BUILD, TOP

RUN = str(TOP / "scripts/run.sh")


def test_banner_and_the_way_out():
    subprocess.run(["make", "-s", "-f", "image/image.mk", "image"], cwd=TOP, check=True)
    subprocess.run(["scripts/debian-fetch.sh", "linux", "busybox", "xen"], cwd=TOP, check=True)
    env = os.environ | {"HYPERVISOR": str(BUILD / "debian/arm64/xen"), "BOOTARGS": "console=dtuart"}
    env.pop("DOMAINS", None)
    console = pexpect.spawn(RUN, timeout=60, encoding="utf-8", codec_errors="replace", env=env, cwd="/")
    try:
        console.expect(r"Partitions: alpha beta")
        console.expect(r"Ctrl-A Ctrl-A Ctrl-A +give the keyboard to the next partition")
        console.expect(r"Ctrl-\] x +leave QEMU")
        console.expect("LOADING DOMU cpus=2")
        console.send("\x1dx")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)
    assert console.exitstatus == 0


def test_what_the_tool_refuses_ends_it(tmp_path):
    (tmp_path / "bad.cfg").write_text("name = 'x'\nbogus = 1\n")
    env = os.environ | {"HYPERVISOR": str(BUILD / "debian/arm64/xen"), "DOMAINS": "bad.cfg"}
    done = subprocess.run([RUN], cwd=tmp_path, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "bad.cfg:2: unknown key 'bogus'" in done.stderr


def test_without_a_build_it_says_so(tmp_path):
    done = subprocess.run([RUN], env=os.environ | {"BUILD": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1 and "is not built yet" in done.stderr
