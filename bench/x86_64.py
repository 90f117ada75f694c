# SPDX-License-Identifier: Apache-2.0
"""What bench.py measures on x86-64: QEMU's PC "q35" with emulated SVM, which saves no next RIP, against Debian's Xen 4.17
whose PVH domain 0 is the same guest."""
import collections
import os
import re
import subprocess

import counts
import pc as pcs
from console import TOP, WORK, Domain, schedule
from pc import CPU, XEN, Pc

BULKHEAD = pcs.hypervisor_path()

# AMD APM volume 2, appendix C.
EXITS = {0x14: "writes of CR4", 0x60: "interrupts", 0x64: "interrupt windows", 0x72: "CPUID", 0x78: "HLT", 0x7b: "IN, OUT",
         0x7c: "RDMSR, WRMSR", 0x81: "VMMCALL", 0x400: "nested page faults"}
# Of a partition with so many vCPUs on one CPU: what it is, what the guest calls it, limit for whatever number.
CROWDS = (2, 8, 64, 256, 512)
CROWD_ROWS = [("INIT, STARTUP until a vCPU runs, each", "start, each", 6000),
              ("the same, all at once, for each", "start, all at once", 6000),
              ("IPI to all others, which take none", "IPI that nobody takes", 20000),
              ("IPI to the last vCPU, and back", "IPI to another vCPU and back", 4000)]
# key, what it is, floor, Xen 4.17 as measured before, nothing, limit for Bulkhead, unit
ROWS = [
    ("null hypercall", "null hypercall (xen_version)", 42, 6017, None, 150, "instructions"),
    ("unknown hypercall", "unknown hypercall number", None, 5980, None, 140, "instructions"),
    ("cpuid", "CPUID", 5, 5894, None, 600, "instructions"),
    ("rdmsr", "RDMSR that exits (IA32_APIC_BASE)", 3, 5805, None, 600, "instructions"),
    ("port read", "read of a port that exits (0xcf8)", 4, 1053, None, 200, "instructions"),
    ("x2apic id", "read of the x2APIC's ID", None, 5829, None, 600, "instructions"),
    ("xapic id", "read of the xAPIC's ID", 3, 14696, None, 1500, "instructions"),
    ("self-IPI, x2apic", "IPI to self until the handler runs, x2APIC", 19, 6469, None, 900, "instructions"),
    ("self-IPI, xapic", "the same, xAPIC", None, 36961, None, 2500, "instructions"),
    ("apic timer, busy", "APIC timer, busy guest: late by", 16, 8937, None, 900, "instructions"),
    ("apic timer, after 1 ms of hlt", "APIC timer, after 1 ms of HLT: late by", None, 10899, None, 1800, "instructions"),
    ("singleshot timer, after 1 ms of hlt", "single-shot timer, after 1 ms of HLT: late by", None, 5590, None, 1500,
     "instructions"),
    ("singleshot timer, asked for 20 us", "the same, asked for 20 us", None, 46222, None, 1500, "instructions"),
    ("event to self, flag", "EVTCHNOP_send to self until pending is seen", None, 10517, None, 500, "instructions"),
    ("event to self, handler", "the same until the handler runs", None, 10603, None, 700, "instructions"),
    ("event to self, already pending", "EVTCHNOP_send of what is pending", None, 10386, None, 300, "instructions"),
    ("grant query_size", "GNTTABOP_query_size", None, 14773, None, 300, "instructions"),
    ("grant copy, 4 KiB", "GNTTABOP_copy, 4 KiB by frame", None, 17092, None, 1300, "instructions"),
    ("grant copy, 64 bytes", "GNTTABOP_copy, 64 bytes by frame", None, 16588, None, 650, "instructions"),
    ("decrease and populate", "decrease and populate one page", None, 36929, None, 2600, "instructions"),
    ("yield", "SCHEDOP_yield, nothing else to run", None, 8525, None, 500, "instructions"),
    ("pair, same CPU", "IPI to another vCPU on the same CPU, and back", 145, 46106, None, 4000, "instructions"),
    ("spin, same CPU", "a word to another vCPU on the same CPU, both wait by PAUSE, and back", None, None, None, 4000,
     "instructions"),
    ("pair, other CPU", "IPI to another vCPU on another CPU, and back", 145, 49899, None, 2500, "instructions"),
    *((f"{text}, {vcpus} vCPUs", f"{text}; {vcpus} vCPUs", None, None, None, limit, "instructions")
      for text, _, limit in CROWD_ROWS for vcpus in CROWDS),
    ("window", "beginning of a window: latest after earliest, neighbour computes", None, None, None, 1000, "instructions"),
    ("window, calls", "the same, neighbour gives back and takes 2 MiB", None, None, None, 15000, "instructions"),
    ("boot, 1 GiB", "reset to the partition's start, 1 GiB, not scrubbed", 6.8e6, 85.8e6, None, 9e6, "instructions"),
    ("boot, 2 GiB", "the same, 2 GiB", 6.8e6, 152.2e6, None, 9.5e6, "instructions"),
    ("restart", "restart of a 64 MiB partition, but for zeroing and copying", None, None, None, 200000, "instructions"),
    ("restart, all", "the same, all of it", None, None, None, None, "instructions"),
    ("Linux", "Linux in a partition to init, over bare", None, 1.064, None, 1.02, "times"),
    *((f"exit {code:x}", f"exits of that boot: {name}", None, None, None, None, "exits") for code, name in EXITS.items()),
    ("size", "image size, everything", None, 2562652, None, 300 * 1024, "bytes"),
]
RUN_LIMIT = 0
RUNS = []


def machine(hypervisor, what, domain, **options):
    """With Bulkhead one CPU runs one partition alone, as Xen runs its domain 0; more vCPUs than CPUs need a description."""
    options = {"cpus": 1, "memory": 512, "described": False, "icount": True, "limit": 60, **options}
    limit = options.pop("limit")
    domain.name = "domain" if hypervisor == BULKHEAD and not options["described"] else "d1"
    pc = Pc([domain], hypervisor=hypervisor, name=f"bench-{hypervisor.name}-{what}-{options['cpus']}", **options)
    return pc.start(limit), domain.name


def run(hypervisor, what, vcpus=1, **options):
    """One boot with the bench guest: its results."""
    started, name = machine(hypervisor, what, pcs.guest("d1", "bench", f"what={what}", vcpus=vcpus), **options)
    with started as console:
        console.wait_guests(name, limit=60)
        return console.results(name)


def part_traps(hypervisor):
    return run(hypervisor, "traps")


def part_xapic(hypervisor):
    return run(hypervisor, "xapic")


def part_interrupts(hypervisor):
    return run(hypervisor, "interrupts")


def part_sleep(hypervisor):
    return run(hypervisor, "sleep")


def part_calls(hypervisor):
    return run(hypervisor, "calls")


def part_pair_same(hypervisor):
    found = run(hypervisor, "pair", vcpus=2, described=hypervisor == BULKHEAD)
    return {"pair, same CPU": found["IPI to another vCPU and back"]}


def part_pair_other(hypervisor):
    return {"pair, other CPU": run(hypervisor, "pair", vcpus=2, cpus=2)["IPI to another vCPU and back"]}


def windows(hog):
    """As arm64.py has it."""
    domains = [pcs.guest("d1", "windows", "windows=300"), pcs.guest("d2", "windows", f"windows=0 hog={hog}")]
    machine = Pc(domains, hypervisor=BULKHEAD, cpus=1, icount=True, name=f"bench-x86-windows-{hog}",
                 dts=schedule(0, 10000, [("d1", 0, 4000), ("d2", 4000, 6000)]))
    with machine.start(limit=200) as console:
        console.wait_line("d1", "guest: done", 200)
        return float(console.results("d1")["beginnings apart"])


def part_windows(hypervisor):
    if hypervisor == XEN:
        return {}
    return {"window": windows("none"), "window, calls": windows("memory")}


def part_spin(hypervisor):
    """Where the CPU does not count PAUSEs, on Xen each turn takes as long as a turn can."""
    if hypervisor == XEN:
        return {}
    found = run(hypervisor, "spin", vcpus=2, described=True)
    return {"spin, same CPU": found["word to another vCPU and back"]}


def part_crowd(hypervisor):
    """One partition with many vCPUs on one CPU: does what one of them costs grow with their number?"""
    found = {}
    if hypervisor == XEN:
        return found
    for vcpus in CROWDS:
        results = run(hypervisor, "crowd", vcpus=vcpus, described=True)
        found.update({f"{text}, {vcpus} vCPUs": results[name] for text, name, _ in CROWD_ROWS})
    return found


# An instruction is 256 ns of the clock: what waits for a time waits for fewer instructions.
BOOT_SHIFT = 8


def part_boot(hypervisor):
    """Bulkhead says what time it is. Neither lets a guest see the machine's TSC, and Xen does not tell the time."""
    found = {}
    if hypervisor == XEN:
        return found
    for gib in (1, 2):
        started, name = machine(hypervisor, f"boot-{gib}", pcs.guest("d1", "bench", "what=boot"), memory=1024 * gib,
                                icount=False, bootargs="bootscrub=0",
                                qemu=("-icount", f"shift={BOOT_SHIFT},sleep=off"))
        with started as console:
            console.wait_guests(name, limit=60)
            found[f"boot, {gib} GiB"] = int(console.find(None, r"start (\d+) us after reset")[1]) * 1000 >> BOOT_SHIFT
    return found


def part_restart(hypervisor):
    if hypervisor == XEN:
        return {}
    domain = pcs.guest("d1", "bench", "what=restart", memory=64, extra='bulkhead,on-reboot = "restart";')
    return counts.restart(hypervisor, lambda qemu: machine(hypervisor, "restart", domain, described=True, qemu=qemu)[0],
                          "scrub", "memset", "memcpy")


def part_size(hypervisor):
    return {"size": hypervisor.stat().st_size}


def linux_initramfs(hypervisor):
    """HYPERVISOR's own, since both are measured at once: the usual one, plus a program that reads the TSC."""
    work = WORK / f"bench-{hypervisor.name}-initramfs-amd64"
    overlay, out = work / "overlay", work / "initramfs.cpio.gz"
    (overlay / "selftest").mkdir(parents=True, exist_ok=True)
    subprocess.run([os.environ.get("GUEST_X86_CROSS", "") + "gcc", "-O2", "-static", "-nostdlib", "-ffreestanding",
                    "-fno-stack-protector", "-o", overlay / "now", TOP / "guests/linux/now.c"], check=True)
    (overlay / "selftest" / "now").write_text('echo "now: $(/now)"\n')
    subprocess.run([TOP / "scripts/initramfs.sh", "--arch", "amd64", out, overlay], check=True,
                   stdout=subprocess.DEVNULL)
    return out


ARGUMENTS = "quiet selftest=now"


def bare(kernel, *options):
    """What a PVH kernel says on the same PC without a hypervisor."""
    command = ["timeout", "300", "qemu-system-x86_64", "-M", "q35", "-cpu", CPU, "-smp", "1", "-m", "512", "-nodefaults",
               "-no-reboot", "-display", "none", "-icount", "shift=0,sleep=off", "-kernel", str(kernel), *options]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace").stdout


def first_bare():
    """The TSC at the first instruction of a kernel on the bare PC."""
    found = bare(pcs.GUESTS[64] / "bench", "-append", "what=boot", "-debugcon", "stdio")
    return int(re.search(r"first instruction: (\d+)", found)[1])


def part_linux(hypervisor):
    """Each from the kernel's first instruction on. As Xen's domain 0 this kernel says nothing under -icount."""
    if hypervisor == XEN:
        return {}
    initramfs, kernel = linux_initramfs(hypervisor), pcs.vmlinux("linux")
    alone = int(re.search(r"now: (\d+)", bare(kernel, "-initrd", str(initramfs), "-serial", "stdio",
                                              "-append", f"console=ttyS0 {ARGUMENTS}"))[1]) - first_bare()
    domain = Domain("d1", kernel, f"console=hvc0 {ARGUMENTS}", ramdisk=initramfs)
    # A filter that lets no code through leaves the lines about exits.
    log = initramfs.with_name("exits.log")
    started, name = machine(hypervisor, "linux", domain, limit=100,
                            qemu=("-d", "in_asm", "-dfilter", "0xdead00000000+1", "-D", str(log)))
    with started as console:
        inside = int(console.wait_line(name, r"now: (\d+)", limit=100)[1])
    exits = collections.Counter(int(m[1], 16) for m in re.finditer(r"vmexit\(([0-9a-f]+),", log.read_text()))
    return {"Linux bare": alone, "Linux inside": inside, "Linux": inside / alone,
            **{f"exit {code:x}": exits[code] for code in EXITS}}
