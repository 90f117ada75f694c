#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The promises of speed and size, measured on Debian's Xen 4.17 and on Bulkhead in the same run.

usage: bench.py arm64|x86_64 [--json FILE] [--only xen|bulkhead] [--part NAME]... [--no-limits]

QEMU runs with -icount shift=0: an instruction is a virtual nanosecond, so every figure is exact and the same on any
machine. Exit status 1 if a limit is exceeded or a figure is missing. What is measured: arm64.py and x86_64.py.
"""
import argparse
import concurrent.futures
import importlib
import json
import os
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests" / "system"))
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build"))


def parts_of(arch):
    return {name[5:]: function for name, function in vars(arch).items() if name.startswith("part_")}


def measure(job):
    function, hypervisor = job
    try:
        return job, function(hypervisor), None
    except Exception as error:  # a missing figure is a result: it must not hide the others
        return job, {}, f"{type(error).__name__}: {error}"


def show(value, unit):
    if value is None:
        return ""
    if unit == "times":
        return f"{value:.3f}"
    return f"{value / 1e6:.3f} M" if unit == "instructions" and value >= 1e5 else f"{value:,.0f}"


def print_rows(arch, theirs, ours):
    """The names of those over their limit."""
    bad = []
    print(f"{'operation':63} {'floor':>6} {'Xen 4.17':>12} {'here':>12} {'Bao':>10} {'limit':>12} {'Bulkhead':>12}")
    for key, text, floor, xen, bao, limit, unit in arch.ROWS:
        value = ours.get(key)
        verdict = "" if value is None or limit is None else ("ok" if value <= limit else "OVER")
        if verdict == "OVER":
            bad.append(text)
        print(f"{text:63} {show(floor, unit):>6} {show(xen, unit):>12} {show(theirs.get(key), unit):>12} "
              f"{show(bao, unit):>10} {show(limit, unit):>12} {show(value, unit):>12} {verdict}")
    return bad


def print_runs(arch, ours):
    """The same for the longest runs of hypercalls."""
    bad = []
    if any(f"run {key}" in ours for key in arch.RUNS):
        title = "longest run without a point to stop at, instructions"
        print(f"\n{title:63} {'whole call':>12} {'limit':>12} {'run':>12}")
    for key in arch.RUNS:
        value, whole = ours.get(f"run {key}"), ours.get(f"all {key}")
        if value is not None:
            print(f"{key:63} {show(whole, 'instructions'):>12} {show(arch.RUN_LIMIT, 'instructions'):>12} "
                  f"{show(value, 'instructions'):>12} {'ok' if value <= arch.RUN_LIMIT else 'OVER'}")
            if value > arch.RUN_LIMIT:
                bad.append(f"run of {key}")
    return bad


def write_json(path, arch, found, theirs, ours, errors):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "rows": [{"key": k, "operation": t, "floor": f, "xen_reference": x, "bao_reference": b, "limit": m, "unit": u,
                  "xen": theirs.get(k), "bulkhead": ours.get(k)} for k, t, f, x, b, m, u in arch.ROWS],
        "runs": [{"key": k, "limit": arch.RUN_LIMIT, "run": ours.get(f"run {k}"), "whole": ours.get(f"all {k}")}
                 for k in arch.RUNS],
        "all": {h.name: v for h, v in found.items()}, "errors": errors}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("arch", choices=("arm64", "x86_64"))
    parser.add_argument("--json")
    parser.add_argument("--only", choices=("xen", "bulkhead"))
    parser.add_argument("--part", action="append")
    parser.add_argument("--no-limits", action="store_true", help="exit status 0 whatever the figures are")
    options = parser.parse_args()
    arch = importlib.import_module(options.arch)
    parts = parts_of(arch)
    for name in options.part or []:
        if name not in parts:
            parser.error(f"no part {name}; there are {', '.join(sorted(parts))}")
    chosen = [h for h, name in ((arch.XEN, "xen"), (arch.BULKHEAD, "bulkhead")) if options.only in (None, name)]
    for hypervisor in chosen:
        if not hypervisor.exists():
            sys.exit(f"bench.py: {hypervisor}: not there: run make, or scripts/debian-fetch.sh xen")
    found, errors = {h: {} for h in chosen}, []
    jobs = [(parts[p], h) for p in (options.part or sorted(parts, reverse=True)) for h in chosen]
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        for (function, hypervisor), values, error in pool.map(measure, jobs):
            found[hypervisor].update({k: float(v) for k, v in values.items() if re.fullmatch(r"[\d.]+", str(v))})
            if error:
                errors.append(f"{hypervisor.name}, {function.__name__[5:]}: {error}")
    ours, theirs = found.get(arch.BULKHEAD, {}), found.get(arch.XEN, {})
    bad = print_rows(arch, theirs, ours) + print_runs(arch, ours)
    write_json(pathlib.Path(options.json or BUILD / "bench" / f"{options.arch}.json"), arch, found, theirs, ours, errors)
    for error in errors:
        print("error:", error)
    if bad:
        print("over the limit:", "; ".join(bad))
    wanted = arch.BULKHEAD in chosen and not options.part
    missing = [text for key, text, *_ in arch.ROWS if wanted and key not in ours]
    missing += [f"run of {key}" for key in arch.RUNS if wanted and f"run {key}" not in ours]
    if missing:
        print("no figure for:", "; ".join(missing))
    sys.exit(1 if (bad or errors or missing) and not options.no_limits else 0)


if __name__ == "__main__":
    main()
