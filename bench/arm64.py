# SPDX-License-Identifier: Apache-2.0
"""What bench.py measures on arm64: QEMU's board "virt", against Debian's Xen 4.17 with the same partitions."""
import os
import pathlib
import re
import subprocess

import arm64_control
import board as boards
import counts
from arm64_control import part_control
from console import schedule
from board import BUILD, GUESTS, LINUX, TOP, XEN, Board, Domain

BULKHEAD = boards.hypervisor_path()
STATIC = pathlib.Path(os.environ.get("BULKHEAD_STATIC", BUILD / "arm64-static" / "bulkhead"))

# key, what it is, floor, Xen 4.17 and Bao 2.0-rc7 as measured before, limit for Bulkhead, unit
ROWS = [
    ("null hypercall", "null hypercall (xen_version)", 49, 423, 161, 140, "instructions"),
    ("unknown hypercall", "unknown hypercall number", None, 374, None, 130, "instructions"),
    ("read of GICD_TYPER", "read of GICD_TYPER", None, 615, 229, 200, "instructions"),
    ("read of the vpl011 flag register", "read of the vpl011 flag register", None, 639, None, 210, "instructions"),
    ("PSCI_VERSION", "PSCI_VERSION", None, 482, 200, 140, "instructions"),
    ("SGI to self", "SGI to self until the handler runs", 18, 1114, 793, 350, "instructions"),
    ("virtual timer, busy", "virtual timer, busy guest: late by", 0, 1072, 192, 180, "instructions"),
    ("virtual timer, after 1 ms of WFI", "virtual timer, after 1 ms of WFI, CPU shared", None, 4190, None, 1200,
     "instructions"),
    ("pinned", "the same, vCPU pinned", None, None, 192, 180, "instructions"),
    ("virtual timer, asked to sleep 20 us", "virtual timer, asked to sleep 20 us: late by", None, 35600, None, 1200,
     "instructions"),
    ("pair, same CPU", "SGI to another vCPU on the same CPU, and back", None, 11072, None, 3000, "instructions"),
    ("pair, other CPU", "SGI to another vCPU on another CPU, and back", 104, 15731, 1679, 1500, "instructions"),
    ("window", "beginning of a window: latest after earliest, neighbour computes", None, None, None, 100, "instructions"),
    ("window, calls", "the same, neighbour gives back and takes 2 MiB", None, None, None, 15000, "instructions"),
    ("boot", "reset to first guest instruction, not scrubbed", None, 17.0e6, 0.48e6, 0.45e6, "instructions"),
    ("boot scrubbed", "the same, memory scrubbed", None, 23.4e6, None, 4e6, "instructions"),
    ("further partition", "each further 64 MiB partition, scrubbed", None, 13.2e6, None, 3.6e6, "instructions"),
    ("further GiB", "each further GiB of RAM", None, 5.5e6, 0, 0.2e6, "instructions"),
    ("event to self, pending", "EVTCHNOP_send to self until pending is seen", None, 1336, None, 450, "instructions"),
    ("event to self, handler", "the same until the handler runs", None, 1455, None, 550, "instructions"),
    ("channel, same CPU", "channel between two domains on one CPU, and back", None, 11725, None, 3500, "instructions"),
    ("channel, other CPU", "the same on two CPUs", None, 16384, None, 1600, "instructions"),
    ("device", "a device's interrupt, wire to handler", None, None, None, 350, "instructions"),
    ("restart", "restart of a 64 MiB partition, but for zeroing and cleaning its memory", None, None, None, 200000,
     "instructions"),
    ("restart, all", "the same, all of it", None, None, None, None, "instructions"),
    ("grant query_size", "GNTTABOP_query_size", None, 1106, None, 250, "instructions"),
    ("grant copy, 4 KiB", "GNTTABOP_copy, 4 KiB by frame", None, 3151, None, 1200, "instructions"),
    ("grant copy, 64 bytes", "GNTTABOP_copy, 64 bytes by frame", None, 2521, None, 550, "instructions"),
    ("decrease and populate", "decrease and populate one page", None, 5786, None, 2400, "instructions"),
    ("yield", "SCHEDOP_yield, nothing else to run", None, 2118, None, 500, "instructions"),
    ("grant map and unmap, 1 a batch", "grant map and unmap, 1 a batch", None, None, None, None, "instructions"),
    ("grant map and unmap, 16 a batch", "the same, 16 a batch", None, None, None, None, "instructions"),
    ("grant map and unmap, 256 a batch", "the same, 256 a batch", None, None, None, None, "instructions"),
    ("static size", "image size, static configuration", None, None, 94208, 90 * 1024, "bytes"),
    ("size", "image size, everything", None, 983048, None, 200 * 1024, "bytes"),
    ("own memory", "own memory, one 64 MiB partition on 1 GiB, static configuration", None, None, 240 * 1024,
     240 * 1024 + 16 * (1 << 18), "bytes"),
    ("own memory of everything", "own memory, the same, everything", None, 17.2 * 2**20, None, None, "bytes"),
    ("Linux", "Linux in a partition to init, over bare", None, None, None, 1.03, "times"),
    *arm64_control.ROWS,
]

# Longest runs of hypercalls without a point to stop at, with the largest arguments: a row of docs/abi.md each.
RUN_LIMIT = 52000
RUNS = ["multicall", "grant map", "grant unmap", "grant copy", "grant swap", "cache flush", "setup_table",
        "setup_table, growing", "set_version to 1", "set_version to 2", "decrease, single pages",
        "populate, single pages", "decrease, 2 MiB", "populate, 2 MiB", "add_to_physmap_batch", "acquire_resource",
        "find a port", "find a port, all in queues", "reset", "reset, all in queues", "init_control",
        "init_control, all pending", "expand_array", "expand_array, all pending", "poll", "console write",
        "argo register", "argo unregister", "argo send", "argo notify"]


def run(hypervisor, what, domains, cpus=1, memory=1024, bootargs="", limit=60, name=None):
    """One boot with the bench guest; the results of the first partition, and the console."""
    name = f"bench-{hypervisor.name}-{name or what}-{cpus}-{memory}-{len(domains)}{bootargs and '-' + bootargs}"
    b = Board(domains, hypervisor=hypervisor, gic=3, cpus=cpus, memory=memory, icount=True, bootargs=bootargs,
              name=name)
    with b.start(limit=limit) as console:
        console.wait_guests(limit=limit)
        return console.results(domains[0].name), console


def guest(what, count=1, vcpus=1, extra=""):
    return [Domain(f"d{i + 1}", GUESTS / "bench", f"what={what}", vcpus=vcpus, extra=extra) for i in range(count)]


def part_traps(hypervisor):
    return run(hypervisor, "traps", guest("traps"))[0]


def part_sleep(hypervisor):
    return run(hypervisor, "sleep", guest("sleep"))[0]


def part_pinned(hypervisor):
    if boards.is_xen(hypervisor):
        return {}
    found = run(hypervisor, "sleep", guest("sleep", extra=boards.PINNED.format(cpu=0)), name="pinned")[0]
    return {"pinned": found["virtual timer, after 1 ms of WFI"]}


def part_pair_same(hypervisor):
    return {"pair, same CPU": run(hypervisor, "pair", guest("pair", vcpus=2))[0]["SGI to another vCPU and back"]}


def part_pair_other(hypervisor):
    """Each vCPU on a CPU of its own: Xen gets there by itself, Bulkhead is told (as Bao is, which has no other way)."""
    extra = "" if boards.is_xen(hypervisor) else boards.PINNED.format(cpu="0 1")
    found = run(hypervisor, "pair", guest("pair", vcpus=2, extra=extra), cpus=2, name="pair-other")
    return {"pair, other CPU": found[0]["SGI to another vCPU and back"]}


def part_pair_shared(hypervisor):
    """The same where the vCPUs share two CPUs: an idle one has to be woken."""
    found = run(hypervisor, "pair", guest("pair", vcpus=2), cpus=2, name="pair-shared")
    return {"pair, shared CPUs": found[0]["SGI to another vCPU and back"]}


def windows(hypervisor, hog):
    """How far apart the beginnings of 300 windows are on the clock of their frame, right behind those of a HOG."""
    domains = [Domain("d1", GUESTS / "windows", "windows=300"), Domain("d2", GUESTS / "windows", f"windows=0 hog={hog}")]
    b = Board(domains, hypervisor=hypervisor, cpus=1, icount=True, name=f"bench-{hypervisor.name}-windows-{hog}",
              dts=schedule(0, 10000, [("d1", 0, 4000), ("d2", 4000, 6000)]))
    with b.start(limit=100) as console:
        console.wait_line("d1", "guest: done", 100)
        return float(console.results("d1")["beginnings apart"])


def part_windows(hypervisor):
    if boards.is_xen(hypervisor):
        return {}
    return {"window": windows(hypervisor, "none"), "window, calls": windows(hypervisor, "memory")}


def part_calls(hypervisor):
    return run(hypervisor, "calls", guest("calls"))[0]


def part_bounds(hypervisor):
    """Of each long hypercall the longest run before an interrupt is taken."""
    if boards.is_xen(hypervisor):
        return {}
    return run(hypervisor, "bounds", [Domain("d1", GUESTS / "bounds")], limit=100)[0]


def channel(hypervisor, cpus, pinned):
    """Two domains with a static event channel, port 10 of either."""
    domains = [Domain(name, GUESTS / "bench", f"what=channel role={role}",
                      extra=f"{mine}: evtchn {{ compatible = \"xen,evtchn-v1\"; xen,evtchn = <10 &{other}>; }};")
               for name, role, mine, other in (("d1", "first", "end1", "end2"), ("d2", "second", "end2", "end1"))]
    b = Board(domains, hypervisor=hypervisor, cpus=cpus, icount=True, name=f"bench-{hypervisor.name}-channel-{cpus}")
    for i, d in enumerate(domains if pinned else []):
        d.extra = boards.PINNED.format(cpu=i) + d.extra
    with b.start(limit=60) as console:
        console.wait_guests("d1", limit=60)
        return float(console.results("d1")["channel there and back"])


def part_channel(hypervisor):
    is_xen = boards.is_xen(hypervisor)
    return {"channel, same CPU": channel(hypervisor, 1, False), "channel, other CPU": channel(hypervisor, 2, not is_xen)}


def part_device(hypervisor):
    """The board's clock, as its partial device tree gives it to the partition. Xen without a dom0 panics here."""
    if boards.is_xen(hypervisor):
        return {}
    work = boards.WORK / "bench-device"
    work.mkdir(parents=True, exist_ok=True)
    tree = work / f"{hypervisor.parent.name}-rtc.dtb"
    text = ("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; gic: gic { #interrupt-cells = <3>; "
            'interrupt-controller; }; passthrough { compatible = "simple-bus"; ranges; #address-cells = <2>; '
            "#size-cells = <2>; rtc@9010000 { reg = <0 0x9010000 0 0x1000>; interrupt-parent = <&gic>; "
            "interrupts = <0 2 4>; xen,reg = <0 0x9010000 0 0x1000 0 0x9010000>; "
            'xen,path = "/pl031@9010000"; xen,force-assign-without-iommu; }; }; };')
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", tree], input=text, text=True, check=True)
    domain = Domain("d1", GUESTS / "bench", "what=device", devices=tree)
    b = Board([domain], hypervisor=hypervisor, cpus=1, icount=True, name=f"bench-{hypervisor.name}-device",
              qemu=("-rtc", "clock=vm"))
    with b.start(limit=100) as console:
        console.wait_guests(limit=100)
        return {"device": float(console.results("d1")["device interrupt"])}


def part_restart(hypervisor):
    if boards.is_xen(hypervisor):
        return {}
    domain = Domain("d1", GUESTS / "bench", "what=restart", memory=64, extra='bulkhead,on-reboot = "restart";')
    return counts.restart(hypervisor, lambda qemu: Board([domain], hypervisor=hypervisor, cpus=1, icount=True, qemu=qemu,
                                                         name=f"bench-{hypervisor.name}-restart").start(limit=60),
                          "arch_memory_clear", "arch_memory_publish")


def part_boot(hypervisor):
    def first(count=1, memory=1024, bootargs=""):
        results, _ = run(hypervisor, "boot", guest("boot", count), memory=memory, bootargs=bootargs)
        return int(results["first instruction"])

    plain, scrubbed = first(bootargs="bootscrub=0"), first()
    return {"boot": plain, "boot scrubbed": scrubbed, "further partition": (first(3) - scrubbed) / 2,
            "further GiB": (first(memory=3072, bootargs="bootscrub=0") - plain) / 2}


def talking_static():
    """The static configuration, but with the messages that say how much memory it keeps: a little larger."""
    config = BUILD / "bench" / "static.config"
    config.parent.mkdir(parents=True, exist_ok=True)
    text = (TOP / "configs/arm64-static.config").read_text()
    config.write_text(re.sub(r"CONFIG_LOG_LEVEL=\d", "CONFIG_LOG_LEVEL=2", text))
    subprocess.run(["make", "-s", "hypervisor", "CONFIG=bench/static", f"HYP_CONFIG={config}"], cwd=TOP, check=True,
                   stdout=subprocess.DEVNULL)
    return BUILD / "bench" / "static" / "bulkhead"


def part_memory_static(hypervisor):
    if boards.is_xen(hypervisor):
        return {}
    return {"own memory": part_memory(talking_static())["own memory of everything"]}


def part_memory(hypervisor):
    """What the hypervisor keeps: Xen says on its debug key "m" what is free, Bulkhead says it in its log."""
    extra = "" if boards.is_xen(hypervisor) else boards.PINNED.format(cpu=0)
    domains = [Domain("d1", GUESTS / "hello", "end=wait", extra=extra)]
    b = Board(domains, hypervisor=hypervisor, cpus=1, name=f"bench-{hypervisor.parent.name}-memory")
    with b.start() as console:
        console.wait_guests()
        if boards.is_xen(hypervisor):
            console.send("\x01\x01\x01")
            console.wait_text(r"Serial input to")
            for _ in range(3):  # the input goes round by one each time; Xen's own turn is among them
                console.send("m")
                try:
                    free = console.wait_text(r"Dom heap: (\d+)kB free", limit=1)
                    return {"own memory of everything": 2**30 - 64 * 2**20 - int(free[1]) * 1024}
                except AssertionError:
                    console.send("\x01\x01\x01")
            raise AssertionError("Xen did not say how much memory is free\n" + console.tail())
        return {"own memory of everything": int(console.wait_text(r"own memory:? (\d+) KiB", limit=5)[1]) * 1024}


def part_size(hypervisor):
    found = {"size": hypervisor.stat().st_size}
    if not boards.is_xen(hypervisor) and STATIC.exists():
        found["static size"] = STATIC.stat().st_size
    return found


def linux_initramfs(hypervisor):
    """HYPERVISOR's own, since both are measured at once: the usual one, plus a program that reads the counter."""
    work = boards.WORK / f"bench-{hypervisor.name}-initramfs"
    overlay, out = work / "overlay", work / "initramfs.cpio.gz"
    (overlay / "selftest").mkdir(parents=True, exist_ok=True)
    subprocess.run([os.environ.get("GUEST_CROSS", "aarch64-linux-gnu-") + "gcc", "-O2", "-static", "-nostdlib",
                    "-ffreestanding", "-o", overlay / "now", TOP / "guests/linux/now.c"], check=True)
    (overlay / "selftest" / "now").write_text('echo "now: $(/now)"\n')
    subprocess.run([TOP / "scripts/initramfs.sh", out, overlay], check=True, stdout=subprocess.DEVNULL)
    return out


ARGUMENTS = "console=ttyAMA0 quiet selftest=now"
# What QEMU's board has and a partition doesn't; without it, Linux on the bare board does the same work.
DEVICES = ("pcie@10000000", "pl061@9030000", "gpio-keys", "pl031@9010000", "fw-cfg@9020000", "flash@0",
           "platform-bus@c000000", "pmu") + tuple(f"virtio_mmio@{0xa000000 + 0x200 * i:x}" for i in range(32))


def linux_bare(initramfs):
    """Instructions that Linux takes to init on the board itself, as 16 times its counter."""
    work = boards.WORK / "bench-linux-bare"
    work.mkdir(parents=True, exist_ok=True)
    machine = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", "1", "-m", "256"]
    dumped, blob = work / "qemu.dtb", work / "board.dtb"
    subprocess.run([*machine[:2], machine[2] + f",dumpdtb={dumped}", *machine[3:], "-nodefaults", "-display", "none"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dumped], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    # Without seeds, as a partition has none: Linux then gathers its own randomness, which takes its time on both sides.
    text = re.sub(r"\n\s*(rng|kaslr)-seed = [^;]*;", "", text)
    present = [name for name in DEVICES if re.search(rf"^\t{re.escape(name)} {{", text, re.M)]
    text += "/ {" + "".join(f"/delete-node/ {name};" for name in present) + "};\n"
    subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", blob, "-"], input=text, check=True, text=True)
    output = subprocess.run(["timeout", "300", *machine, "-nodefaults", "-display", "none", "-serial", "stdio",
                             "-icount", "shift=0,sleep=off", "-kernel", LINUX, "-initrd", initramfs, "-dtb", blob,
                             "-append", ARGUMENTS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            errors="replace").stdout
    return int(re.search(r"now: (\d+)", output)[1]) * 16


def part_linux(hypervisor):
    initramfs = linux_initramfs(hypervisor)
    bare = linux_bare(initramfs)
    b = Board([Domain("d1", LINUX, ARGUMENTS, memory=256, ramdisk=initramfs)], hypervisor=hypervisor, cpus=1,
              icount=True, name=f"bench-{hypervisor.name}-linux")
    with b.start(limit=100) as console:
        inside = int(console.wait_line("d1", r"^now: (\d+)", limit=100)[1]) * 16
    return {"Linux bare": bare, "Linux inside": inside, "Linux": inside / bare}
