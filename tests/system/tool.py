# SPDX-License-Identifier: Apache-2.0
"""A board whose partitions bulkhead-image describes, from configurations and a system file."""
import dataclasses
import subprocess

from board import BUILD, Board

TOOL = BUILD / "image/bulkhead-image"


@dataclasses.dataclass
class ToolBoard(Board):
    """KEYS: further lines of partitions' configurations, by their names; SYSTEM: the system file."""
    keys: dict = dataclasses.field(default_factory=dict)
    system: str = ""
    options: tuple = ()             # of the tool
    summary: str = ""               # what the tool says

    def make(self):
        """Runs the tool; its output is in self.out."""
        self.out = self.work / "out"
        self.work.mkdir(parents=True, exist_ok=True)
        configs = []
        for domain in self.domains:
            configs.append(self.work / f"{domain.name}.cfg")
            text = (f'name = "{domain.name}"\nkernel = "{domain.kernel}"\nmemory = {domain.memory}\n'
                    f'vcpus = {domain.vcpus}\nextra = "{domain.bootargs}"\n')
            if domain.ramdisk is not None:
                text += f'ramdisk = "{domain.ramdisk}"\n'
            configs[-1].write_text(text + self.keys.get(domain.name, ""))
        (self.work / "system.cfg").write_text(self.system)
        machine, system = self.machine(), ["--system", self.work / "system.cfg"] if self.system else []
        done = subprocess.run(
            [TOOL, "-o", self.out, "--machine", machine[1], "--smp", str(self.cpus), "--memory", str(self.memory),
             "--cpu", self.cpu, "--hypervisor", self.hypervisor, *system, *self.options, *configs], timeout=60,
            capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.summary = done.stdout

    def build(self):
        self.make()
        arguments = (self.out / "qemu.args").read_text().splitlines()
        return [self.emulator, *self.console_options(), *arguments, *self.qemu]
