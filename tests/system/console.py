# SPDX-License-Identifier: Apache-2.0
"""What all emulated machines share, whether boards (board.py) or PCs (pc.py): the partitions on them, how QEMU is
started, and the console, read and typed on."""
import codecs
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import re
import select
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))
WORK = pathlib.Path(os.environ.get("SYSTEM_WORK", BUILD / "tests" / "system"))
MIB = 1 << 20
# Emulation is slow where two cores share everything: every limit below is meant for an idle machine, times this.
PATIENCE = float(os.environ.get("PATIENCE", "3"))
# A vCPU that owns a CPU: as many CPUs named as the partition has vCPUs; for Domain.extra.
PINNED = "bulkhead,cpus = <{cpu}>;"
# Under -icount a CPU that spins starves the others; Xen 4.17 does so at start-up. A periodic timer of the emulator's
# own, every 100 us, makes it switch. Bulkhead must do without.
SWITCHING = ["-netdev", "hubport,id=n0,hubid=0", "-object", "filter-buffer,id=f0,netdev=n0,interval=100"]


def schedule(cpus, frame, windows, name="schedule"):
    """Device-tree source for a schedule: CPUs as text, and windows of (partition, offset, duration); microseconds."""
    nodes = "".join(f'w{i} {{ partition = "{partition}"; offset = <{offset}>; duration = <{duration}>; }};\n'
                    for i, (partition, offset, duration) in enumerate(windows))
    return (f'/ {{ chosen {{ {name} {{ compatible = "bulkhead,schedule"; cpus = <{cpus}>; frame = <{frame}>;\n'
            f'{nodes} }}; }}; }};\n')


def is_xen(path):
    return pathlib.Path(path).name.startswith("xen")


@dataclasses.dataclass
class Domain:
    """One partition. EXTRA is device-tree source put into its node as it is; DEVICES a partial device tree, a blob."""
    name: str
    kernel: object
    bootargs: str = ""
    memory: int = 64                # MiB
    vcpus: int = 1
    ramdisk: object = None
    vpl011: bool = True
    devices: object = None
    extra: str = ""
    memory_text: str = ""           # instead of MEMORY: what follows "memory ="


@contextlib.contextmanager
def making():
    """Locked, so that parallel test processes make things once."""
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / "made.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def one_host_cpu():
    """The command prefix for a process with a single host CPU: parallel test processes take different ones."""
    allowed = sorted(os.sched_getaffinity(0))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return ["taskset", "-c", str(allowed[worker % len(allowed)])]


class Machine:
    """What a board and a PC have in common: DOMAINS, HYPERVISOR, NAME, and build(), which returns QEMU's command."""
    emulator = "qemu-system-none"
    takes_turns = False     # its CPUs never run at the same instant

    def __post_init__(self):
        self.hypervisor = pathlib.Path(self.hypervisor or self.default_hypervisor())
        self.work = WORK / re.sub(r"[^\w.-]+", "_", self.name)

    def compile_tree(self, text):
        """The device tree of this source, as the file that it is in."""
        source, blob = self.work / "board.dts", self.work / "board.dtb"
        source.write_text(text)
        result = subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", blob, source], timeout=60,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise ValueError(f"dtc refused {source}:\n{result.stdout}")
        return blob

    def console_options(self):
        return ["-display", "none", "-monitor", "none", "-chardev", "stdio,id=console,signal=off", "-serial",
                "chardev:console", "-no-reboot", "-nodefaults"]

    def domain_text(self, number, domain):
        """The beginning of a partition's node: what is the same on all machines."""
        text = f"domU{number} {{\n" if domain.name is None else f"{domain.name} {{\n"
        text += 'compatible = "xen,domain"; #address-cells = <2>; #size-cells = <2>;\n'
        text += f"memory = {domain.memory_text or f'<0 {domain.memory * 1024:#x}>'};\n"
        return text + f"cpus = <{domain.vcpus}>;\n"

    def names(self):
        """{what stands in front of a partition's lines: its name}"""
        return {d.name: d.name for d in self.domains}

    def focus(self):
        """Who has the input at first; None: none of the domains."""
        return self.domains[0].name if self.domains else None

    def start(self, limit=60):
        """Starts QEMU; it is killed after LIMIT * PATIENCE seconds whatever happens."""
        if not self.hypervisor.exists():
            raise FileNotFoundError(f"{self.hypervisor}: no hypervisor there: run make, or set BULKHEAD")
        return Console(self, self.build(), limit)


class Console:
    """The machine's serial line. Lines are kept for each partition; those of the hypervisor under None."""

    def __init__(self, board, command, limit):
        self.board = board
        self.names = board.names()
        self.lines = {None: [], **{d.name: [] for d in board.domains}}
        self.all_lines = []
        self.typing = None       # who has the input, where the hypervisor says so
        self.may_be_broken = {}  # partition: its last line may have been unfinished
        self.rest = ""
        self.started = time.monotonic()
        self.log = open(board.work / "console.log", "w")
        self.log.write("# " + " ".join(map(str, command)) + "\n")
        # Pipes: a terminal can lose what a program wrote just before it ended.
        prefix = one_host_cpu() if board.takes_turns else []
        self.process = subprocess.Popen(prefix + ["timeout", "-k", "5", str(int(limit * PATIENCE)), *map(str, command)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.process.terminate()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.log.close()

    def source(self, line):
        """(partition or None, text) of a line of the console."""
        line = line.strip("\r\n")
        if line.startswith(f"{self.board.emulator}:"):
            return None, line
        match = re.match(r"\(XEN\) (DOM\d+): ?(.*)$", line) or re.match(r"\((?:\w+\) \()?([\w.-]+)\) ?(.*)$", line) or \
            re.match(r"([\w.-]+): (.*)$", line)
        if match and match[1] in self.names:
            return self.names[match[1]], match[2]
        if is_xen(self.board.hypervisor) and not line.startswith("(XEN)"):
            # Xen prints the partition that has the input focus without a prefix.
            return self.board.focus(), line
        return None, line

    def pump(self, seconds):
        """Reads what comes within SECONDS at most; False at the end of the output."""
        output = self.process.stdout
        if not select.select([output], [], [], max(seconds, 0.01))[0]:
            return True
        data = os.read(output.fileno(), 65536)
        if not data:
            return False
        text = self.decoder.decode(data)
        self.log.write(text)
        self.log.flush()
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            name, text = self.source(line)
            self.take_line(name, text)
        return True

    def take_line(self, name, text):
        """A line that another's broke is begun again from its start: what was shown of it before is no line. It is that
        of who has the input; those of others, which may be the same twice, are shown as a whole."""
        last = self.lines[name][-1] if self.lines[name] else ""
        if last and text.startswith(last) and self.all_lines[-1][0] != name and self.may_be_broken[name]:
            self.lines[name].pop()
        self.lines[name].append(text)
        self.all_lines.append((name, text))
        self.may_be_broken[name] = self.typing in (None, name)
        match = re.match(r"\(bulkhead\) input to ([\w.-]+) \(Ctrl-A", text) if name is None else None
        if match:
            self.typing = match[1]

    def settle(self, seconds):
        """Reads for SECONDS whatever comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.pump(end - time.monotonic()):
            pass

    def wait(self, condition, limit, what):
        """Reads until CONDITION() is true; its value. AssertionError after LIMIT * PATIENCE seconds, or at the end."""
        end = time.monotonic() + limit * PATIENCE
        running = True
        while True:
            value = condition()
            if value:
                return value
            if not running:
                raise AssertionError(f"the board ended without {what}\n{self.tail()}")
            if time.monotonic() > end:
                raise AssertionError(f"no {what} within {limit * PATIENCE:.0f} s\n{self.tail()}")
            running = self.pump(min(1.0, end - time.monotonic()))

    def find(self, domain, pattern, after=0):
        """The first match of PATTERN in the partition's lines from index AFTER on, or None."""
        for line in self.lines[domain][after:]:
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def wait_line(self, domain, pattern, limit=30, after=0):
        return self.wait(lambda: self.find(domain, pattern, after), limit, f"line /{pattern}/ of {domain}")

    def wait_text(self, pattern, limit=30):
        """Anywhere on the console, an unfinished line included."""
        return self.wait(lambda: re.search(pattern, "\n".join(t for _, t in self.all_lines) + "\n" + self.rest),
                         limit, f"text /{pattern}/")

    def wait_guests(self, *names, limit=30):
        """Until these bare-metal guests (default: all) said that they are done. A failed one is an error."""
        for name in names or [d.name for d in self.board.domains]:
            match = self.wait_line(name, r"guest: (done|failed)", limit)
            assert match[1] == "done", f"guest {name} failed\n{self.tail()}"

    def wait_end(self, limit=30):
        """Until QEMU ends by itself: the board was powered off."""
        end = time.monotonic() + limit * PATIENCE
        while self.pump(0.5):
            assert time.monotonic() < end, f"the board did not power off within {limit * PATIENCE:.0f} s\n{self.tail()}"
        self.process.wait()

    def results(self, domain):
        """{name: value} of the partition's result lines. A name that comes again gets "#2" behind it, and so on."""
        found = {}
        for line in self.lines[domain]:
            if ": " in line:
                name, value = line.split(": ", 1)
                again = 2
                while name in found:
                    name, again = f"{line.split(': ', 1)[0]} #{again}", again + 1
                found[name] = value
        return found

    def send(self, text):
        """Types TEXT, no faster than a guest that shares its CPU reads: its UART holds 32 characters. What is behind the
        first 16 waits for something to be shown, the echo, if there is one."""
        for at in range(0, len(text), 8):
            self.process.stdin.write(text[at:at + 8].encode())
            self.process.stdin.flush()
            self.pump(0.1)
            if at >= 8 and at + 8 < len(text):
                self.pump(1)

    def tail(self, count=40):
        shown = [f"{name or 'hypervisor'}| {text}" for name, text in self.all_lines[-count:]]
        return "\n".join(shown + ([f"(unfinished) {self.rest}"] if self.rest else []))
