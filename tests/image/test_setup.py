# SPDX-License-Identifier: Apache-2.0
"""scripts/setup.sh on machines that are not this one: a PATH of its own, with an apt-get that only notes its orders."""
import os
import subprocess

import pytest

from conftest import TOP

SETUP = TOP / "scripts/setup.sh"
# What the script itself is made of; the rest of the machine is hidden from it.
BASICS = "sh sed sort tr env id uname cat dirname".split()


@pytest.fixture
def bare(tmp_path):
    """run(user, sudo, *groups) on a machine without any of the packages' commands."""
    for name in BASICS:
        (tmp_path / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())

    def run(*groups, root=True, sudo=None, works=True):
        def script(name, text):
            path = tmp_path / name
            path.unlink(missing_ok=True)
            path.write_text("#!/bin/sh\n" + text)
            path.chmod(0o755)

        script("apt-get", f'echo "apt-get $*" >> {tmp_path}/log\nexit {0 if works else 100}\n')
        script("id", f"echo {0 if root else 1000}\n")
        if sudo is not None:
            script("sudo", f'[ "$1" != -n ] || exit {0 if sudo else 1}\necho "sudo $*" >> {tmp_path}/log\nexec "$@"\n')
        env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
        done = subprocess.run(["/bin/sh", SETUP, *groups], env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        log = tmp_path / "log"
        return done, log.read_text() if log.exists() else ""

    return run


def is_debian_12():
    text = open("/etc/os-release").read() if os.path.exists("/etc/os-release") else ""
    return "\nID=debian\n" in "\n" + text and 'VERSION_ID="12"' in text


debian_only = pytest.mark.skipif(not is_debian_12(), reason="this is not Debian 12")


def test_nothing_to_do_is_silent():
    done = subprocess.run([SETUP], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unknown_group():
    done = subprocess.run([SETUP, "bogus"], capture_output=True, text=True)
    assert done.returncode == 2 and "usage: scripts/setup.sh" in done.stderr


@debian_only
def test_root_installs_what_is_missing(bare):
    done, log = bare("build", "run")
    assert done.returncode == 0, done.stderr
    assert "setup: installing by apt-get: " in done.stdout
    update, install = log.splitlines()
    assert update == "apt-get -qq update"
    words = install.split()
    assert {"gcc-aarch64-linux-gnu", "make", "qemu-system-arm"} <= set(words) and "clang" not in words


@debian_only
def test_sudo_is_used_and_announced(bare):
    done, log = bare("run", root=False, sudo=True)
    assert done.returncode == 0 and "(through sudo)" in done.stdout
    assert "sudo env DEBIAN_FRONTEND=noninteractive apt-get" in log


@debian_only
@pytest.mark.parametrize("sudo", [None, False])
def test_without_the_right_the_missing_are_named(bare, sudo):
    done, log = bare("run", root=False, sudo=sudo)
    assert done.returncode == 1 and log == ""
    assert "setup: missing, by the names of Debian 12: " in done.stderr and "qemu-system-arm" in done.stderr


@debian_only
def test_a_failing_apt_get_is_no_success(bare):
    done, _ = bare("run", works=False)
    assert done.returncode == 1 and "qemu-system-arm" in done.stderr
