#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check what the source promises about itself: exit status 1 and a line for each breach.

- hypervisor/core, lib and vdev have no conditional compilation but header guards, and no assembly;
- they include only bh/, arch/, abi/, lib/ and drivers/ headers, or their own, and none that is one architecture's;
- every header of the hypervisor compiles alone;
- header includes have no cycles;
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMON = ["hypervisor/core", "hypervisor/lib", "hypervisor/vdev", "hypervisor/include"]
ALLOWED = re.compile(r'(bh|arch|abi|lib|drivers)/(?!arm_|x86_)[\w.]+$|(vgic|vlapic)_\w+\.h$')
# clang's annotations for locks: nothing but types.h may ask which compiler it is.
CONDITIONAL_EXCEPTION = {"hypervisor/include/bh/types.h"}


def sources(folders, endings):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(where, name), TOP)


def read(path):
    with open(os.path.join(TOP, path)) as f:
        return f.read()


def check_text(errors):
    for path in sources(COMMON, (".c", ".h")):
        text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), read(path), flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            where = f"{path}:{number}"
            if re.match(r"\s*#\s*(if|ifdef|elif)\b", line) and path not in CONDITIONAL_EXCEPTION:
                errors.append(f"{where}: conditional compilation: {line.strip()}")
            if re.search(r"\basm\b|__asm", line):
                errors.append(f"{where}: assembly")
            found = re.match(r'\s*#\s*include\s+(<[^>]+>|"[^"]+")', line)
            if found and not path.startswith("hypervisor/lib") and not path.startswith("hypervisor/include/lib"):
                name = found[1].strip('"<>')
                if found[1].startswith("<"):
                    if name not in ("stdarg.h", "stdbool.h", "stddef.h", "stdint.h"):
                        errors.append(f"{where}: includes {name}")
                elif not ALLOWED.match(name):
                    errors.append(f"{where}: includes {name}")


def check_headers(errors):
    for arch, config, compiler in (("arm64", "arm64", "aarch64-linux-gnu-gcc"), ("x86", "x86_64", "x86_64-linux-gnu-gcc")):
        include = [f"-Ibuild/{config}/include", "-Ihypervisor/include", f"-Ihypervisor/arch/{arch}/include",
                   f"-Ihypervisor/arch/{arch}", "-I.", "-idirafter", f"build/{config}/include/abi"]
        common = ["hypervisor/include", "hypervisor/vdev", "abi"] if arch == "arm64" else []
        for path in sources([f"hypervisor/arch/{arch}", *common], (".h",)):
            result = subprocess.run([compiler, "-std=gnu11", "-ffreestanding", "-mgeneral-regs-only", "-fsyntax-only",
                                     *include, "-x", "c", "-include", path, "/dev/null"], cwd=TOP, capture_output=True,
                                    text=True)
            if result.returncode != 0:
                errors.append(f"{path}: does not stand alone:\n{result.stderr.strip()}")


def check_cycles(errors):
    graph = {}
    for path in sources(["hypervisor/include"], (".h",)):
        name = os.path.relpath(path, "hypervisor/include")
        graph[name] = re.findall(r'#\s*include\s+"([^"]+)"', read(path))
    state = {}

    def visit(name, trail):
        if state.get(name) == "done" or name not in graph:
            return
        if name in trail:
            errors.append("headers include each other: " + " -> ".join(trail[trail.index(name):] + [name]))
            return
        for other in graph[name]:
            visit(other, trail + [name])
        state[name] = "done"

    for name in graph:
        visit(name, [])


def main():
    errors = []
    check_text(errors)
    check_headers(errors)
    check_cycles(errors)
    for line in errors:
        print(line)
    print(f"contract: {len(errors)} breaches")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
