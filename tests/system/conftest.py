# SPDX-License-Identifier: Apache-2.0
"""Boot tests. They need what `make` builds and what Debian ships; both are made here if they are missing. What is named
test_x86_* runs on emulated PCs, all else on emulated boards of arm64.

Environment: BULKHEAD, the hypervisor under test (build/arm64/bulkhead); BULKHEAD_DEBUG, its debug build
(build/arm64-debug/bulkhead); BULKHEAD_X86 and BULKHEAD_X86_DEBUG, the same for PCs (build/x86_64, build/x86_64-debug);
PATIENCE, a factor on every time limit. Markers: soak, the long ones; static_too, those that run on
build/arm64-static/bulkhead as well.
"""
import functools
import os
import pathlib
import subprocess

import pytest

import board as boards
import pc
from board import BUILD, TOP, Board
from console import making


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: takes minutes; run by `make soak`, not by `make test`")
    config.addinivalue_line("markers", "static_too: also with the static build, where each vCPU gets a CPU of its own")
    config.addinivalue_line("markers", "bulkhead: needs Bulkhead itself, Debian's Xen does not do this")


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("static_too"):
        static = pytest.param("static", marks=pytest.mark.bulkhead)
        metafunc.parametrize("build", ["full", static], indirect=True)


def is_possible(item):
    """The static build has one interrupt controller."""
    parameters = getattr(item, "callspec", None) and item.callspec.params or {}
    return not (parameters.get("build") == "static" and parameters.get("gic") == 2)


def pytest_collection_modifyitems(config, items):
    items[:] = [item for item in items if is_possible(item)]
    if boards.is_xen(boards.hypervisor_path()):
        skip = pytest.mark.skip(reason="Debian's Xen does not do this")
        for item in items:
            if "bulkhead" in item.keywords:
                item.add_marker(skip)
    if not config.option.markexpr:
        skip_soak = pytest.mark.skip(reason="long: run with -m soak")
        for item in items:
            if "soak" in item.keywords:
                item.add_marker(skip_soak)


def make_initramfs(arch, initramfs):
    sources = [TOP / "scripts/initramfs.sh", TOP / "scripts/cpio.py", *(TOP / "guests/linux").rglob("*")]
    if not initramfs.exists() or max(os.path.getmtime(s) for s in sources) > os.path.getmtime(initramfs):
        subprocess.run([TOP / "scripts/initramfs.sh", "--arch", arch, initramfs], check=True)


@pytest.fixture(scope="session")
def made():
    """Guests, Debian's kernel, busybox and Xen for arm64."""
    with making():
        subprocess.run(["make", "-s", "-f", "guests/guests.mk", "guests"], cwd=TOP, check=True)
        subprocess.run([TOP / "scripts/debian-fetch.sh", "linux", "busybox", "xen", "grub", "trees"], check=True)
        make_initramfs("arm64", BUILD / "initramfs.cpio.gz")
    assert boards.hypervisor_path().exists(), f"{boards.hypervisor_path()}: no hypervisor: run make or set BULKHEAD"


@pytest.fixture(scope="session")
def made_x86():
    """The same for PCs."""
    with making():
        subprocess.run(["make", "-s", "-f", "guests/guests.mk", "guests-x86"], cwd=TOP, check=True)
        subprocess.run([TOP / "scripts/debian-fetch.sh", "--arch", "amd64", "linux", "linux-cloud", "busybox", "xen"],
                       check=True)
        make_initramfs("amd64", pc.INITRAMFS)
        for kernel in ("linux", "linux-cloud"):
            pc.vmlinux(kernel)
    assert pc.hypervisor_path().exists(), f"{pc.hypervisor_path()}: no hypervisor: run make or set BULKHEAD_X86"


@pytest.fixture(autouse=True)
def pieces(request):
    """What the machine of this test needs."""
    request.getfixturevalue("made_x86" if request.module.__name__.startswith("test_x86_") else "made")


@pytest.fixture
def build(request):
    """Which build a test marked static_too runs on."""
    return getattr(request, "param", "full")


def pin(domains, options):
    """Gives each vCPU a CPU of its own, on a board with enough of them."""
    first = 0
    for domain in domains:
        cpus = range(first, first + domain.vcpus)
        domain.extra += boards.PINNED.format(cpu=" ".join(map(str, cpus)))
        first += domain.vcpus
    options["cpus"] = max(options.get("cpus", 1), first)


@pytest.fixture
def start(request, build):
    """start(domains, ...): a running board's console, its files named after the test; stopped when the test ends.

    KIND: another class of board."""
    running = []

    def begin(domains, limit=60, kind=Board, **options):
        if build == "static":
            pin(domains, options)
            options["hypervisor"] = BUILD / "arm64-static" / "bulkhead"
        # Files of the same name test different machines at the same time.
        name = f"{request.node.path.stem}-{request.node.name}" + (f"-{len(running)}" if running else "")
        console = kind(domains, name=name, **options).start(limit)
        running.append(console)
        return console

    yield begin
    for console in running:
        console.close()


@pytest.fixture
def start_pc(start):
    """The same for PCs."""
    return functools.partial(start, kind=pc.Pc)


@pytest.fixture
def debug_build():
    """The hypervisor with assertions, lock-order checks and the audit of its live page tables."""
    path = pathlib.Path(os.environ.get("BULKHEAD_DEBUG", BUILD / "arm64-debug" / "bulkhead"))
    assert path.exists(), f"{path}: no debug build: run make"
    return path


@pytest.fixture
def debug_build_x86():
    path = pathlib.Path(os.environ.get("BULKHEAD_X86_DEBUG", BUILD / "x86_64-debug" / "bulkhead"))
    assert path.exists(), f"{path}: no debug build: run make"
    return path


@pytest.fixture
def linux():
    return boards.linux


@pytest.fixture
def guest():
    return boards.guest
