#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that requirements, code and tests name each other.

usage: requirements.py [TOP]

A requirement is an item "- **BH-AREA-nnn** ... shall ..." of a page in docs/requirements/. A tag is "Req: BH-AREA-nnn",
further ones behind commas, in a comment of the code that keeps it (hypervisor/, image/, abi/) or of a test that shows it
(tests/, guests/, bench/). Exit status 1, and a line for each, for a requirement without a code tag or without a test tag,
a number used twice, a sentence that is no requirement or more than one, and a tag without a requirement.
"""
import pathlib
import re
import sys

CODE = ("hypervisor", "image", "abi")
TESTS = ("tests", "guests", "bench")
SUFFIXES = (".c", ".h", ".S", ".py", ".sh")
ID = r"BH-[A-Z]+-\d{3}"
ITEM = re.compile(rf"^- \*\*({ID})\*\* ")
NEAR = re.compile(r"^\s*[-*]\s+\W*BH-")
TAG = re.compile(r"\bReq:\s*(.*)")
# BH-, but none of what the headers' guards are called.
WORD = re.compile(r"\bBH-[\w-]+")


def read_requirements(top, errors):
    """{id: (page, sentence)} of all pages."""
    found = {}
    for page in sorted((top / "docs" / "requirements").glob("*.md")):
        name, number, text = page.relative_to(top), None, ""
        for count, line in enumerate(page.read_text().splitlines() + [""], 1):
            item = ITEM.match(line)
            if number is not None and (item or not line.strip() or line.startswith(("-", "#"))):
                if len(re.findall(r"\bshall\b", text)) != 1:
                    errors.append(f"{name}: {number}: expected one sentence with one \"shall\"")
                number = None
            if item:
                number, text = item[1], line[item.end():]
                if number in found:
                    errors.append(f"{name}:{count}: {number} is already in {found[number]}")
                found.setdefault(number, f"{name}:{count}")
            elif number is not None:
                text += " " + line.strip()
            elif NEAR.match(line):
                errors.append(f"{name}:{count}: no requirement; expected \"- **BH-AREA-nnn** ...\"")
    return found


def read_tags(top, folders, errors):
    """{id: [place, ...]} of the files in FOLDERS."""
    found = {}
    for path in sorted(p for folder in folders for p in (top / folder).rglob("*") if p.suffix in SUFFIXES):
        if not path.is_file():
            continue
        for count, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            tag = TAG.search(line)
            if tag is None:
                continue
            place = f"{path.relative_to(top)}:{count}"
            words = WORD.findall(tag[1])
            if not words:
                errors.append(f"{place}: a tag that names no requirement")
            for word in words:
                if re.fullmatch(ID, word):
                    found.setdefault(word, []).append(place)
                else:
                    errors.append(f"{place}: {word} is no number of a requirement")
    return found


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1])
    errors = []
    requirements = read_requirements(top, errors)
    code, tests = read_tags(top, CODE, errors), read_tags(top, TESTS, errors)
    if not requirements:
        errors.append("docs/requirements: no requirement found")
    for number, place in requirements.items():
        if number not in code:
            errors.append(f"{place}: {number} has no tag in code")
        if number not in tests:
            errors.append(f"{place}: {number} has no tag in a test")
    for tags in (code, tests):
        for number, places in tags.items():
            if number not in requirements:
                errors += [f"{place}: {number} is no requirement" for place in places]
    for error in errors:
        print(f"requirements: {error}")
    if errors:
        print(f"requirements: {len(errors)} errors")
        return 1
    print(f"{len(requirements)} requirements, {sum(map(len, code.values()))} tags in code, "
          f"{sum(map(len, tests.values()))} in tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
