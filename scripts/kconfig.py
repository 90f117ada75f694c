#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a named configuration into what the build reads.

usage: kconfig.py header CONFIG OUT.h     every symbol as a number: CONFIG_X is 0 or 1, never undefined
       kconfig.py make CONFIG OUT.mk      the same for make: CONFIG_X := y or empty
       kconfig.py menu CONFIG             edit CONFIG in a menu
"""
import os
import sys

try:
    import kconfiglib
except ImportError:
    sys.exit("kconfig.py: the Python module kconfiglib is missing: install python3-kconfiglib")

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(config):
    kconf = kconfiglib.Kconfig(os.path.join(TOP, "Kconfig"), warn_to_stderr=False)
    if not os.path.exists(config):
        sys.exit(f"kconfig.py: {config}: no such configuration")
    kconf.load_config(config)
    if kconf.warnings:
        sys.exit("kconfig.py: " + "\n".join(kconf.warnings))
    for sym in kconf.unique_defined_syms:
        if sym.type == kconfiglib.BOOL and sym.user_value is not None and sym.user_value != sym.tri_value:
            sys.exit(f"kconfig.py: {config}: {sym.name} cannot be {'y' if sym.user_value else 'n'} beside the others")
    return kconf


def write_if_changed(path, text):
    """Leave an unchanged file's time alone, so that make rebuilds nothing."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    if os.path.exists(path):
        with open(path) as f:
            if f.read() == text:
                return
    with open(path, "w") as f:
        f.write(text)


def symbols(kconf):
    for sym in kconf.unique_defined_syms:
        if sym.type == kconfiglib.BOOL:
            yield sym.name, sym.tri_value == 2
        else:
            yield sym.name, int(sym.str_value or 0, 0)


def header(config, out):
    lines = ["/* Made from %s; do not edit. */" % os.path.basename(config), "#ifndef BH_CONFIG_H", "#define BH_CONFIG_H"]
    lines += ["#define CONFIG_%s %d" % (name, value) for name, value in symbols(load(config))]
    write_if_changed(out, "\n".join(lines + ["#endif", ""]))


def makefile(config, out):
    lines = []
    for name, value in symbols(load(config)):
        text = "y" if value is True else "" if value is False else str(value)
        lines.append("CONFIG_%s := %s" % (name, text))
    write_if_changed(out, "\n".join(lines + [""]))


def menu(config):
    import menuconfig
    os.environ["KCONFIG_CONFIG"] = config
    menuconfig.menuconfig(kconfiglib.Kconfig(os.path.join(TOP, "Kconfig")))


def main(argv):
    if len(argv) == 4 and argv[1] == "header":
        header(argv[2], argv[3])
    elif len(argv) == 4 and argv[1] == "make":
        makefile(argv[2], argv[3])
    elif len(argv) == 3 and argv[1] == "menu":
        menu(argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
