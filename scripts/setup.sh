#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes sure that the tools and libraries which Bulkhead needs are here.
#
# usage: scripts/setup.sh [GROUP...]
#   build       to build the hypervisor and bulkhead-image
#   run         to boot them under QEMU
#   run-x86_64  the same on x86-64
#   iso         to make ISO images
#   uboot       to make scripts and FIT images for U-Boot
#   test        for the tests
# Without a GROUP it takes all of them. What is there is left alone. On Debian 12 the rest is installed by apt-get (as
# root, or through sudo); elsewhere, or without the right to, the missing packages are named and the exit status is 1.
set -eu

python=/usr/bin/python3

# One line for each package of Debian 12: group, package, and a probe for what we want of it:
#   command NAME, header NAME (for the build machine's compiler), module NAME (of Python), file GLOB.
packages() {
    cat <<'TABLE'
build make                  command make
build gcc                   command gcc
build libc6-dev             header stdio.h
build gcc-aarch64-linux-gnu command aarch64-linux-gnu-gcc
build libxen-dev            header libxlutil.h
build libfdt-dev            header libfdt.h
build zlib1g-dev            header zlib.h
build liblzma-dev           header lzma.h
build libzstd-dev           header zstd.h
build liblz4-dev            header lz4.h
build python3               command python3
build python3-kconfiglib    module kconfiglib
run   qemu-system-arm       command qemu-system-aarch64
run   python3               command python3
run-x86_64 qemu-system-x86  command qemu-system-x86_64
run-x86_64 python3          command python3
iso   grub-common           command grub-mkrescue
iso   grub-pc-bin           file /usr/lib/grub/i386-pc/moddep.lst
iso   grub-efi-amd64-bin    file /usr/lib/grub/x86_64-efi/moddep.lst
iso   xorriso               command xorriso
iso   mtools                command mformat
uboot u-boot-tools         command mkimage
uboot device-tree-compiler command dtc
test  u-boot-tools         command mkimage
test  qemu-system-arm       command qemu-system-aarch64
test  qemu-system-x86       command qemu-system-x86_64
test  device-tree-compiler  command dtc
test  librsvg2-bin         command rsvg-convert
test  clang                 command clang
test  libclang-rt-14-dev    file /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
test  libcapstone-dev       header capstone/capstone.h
test  libcmocka-dev         header cmocka.h
test  gcovr                 command gcovr
test  python3-pytest        module pytest
test  python3-pytest-xdist  module xdist
test  python3-pexpect       module pexpect
test  groff-base            command groff
test  frama-c-base          command frama-c
test  why3                  command why3
test  z3                    command z3
test  cvc4                  command cvc4
test  u-boot-qemu           file /usr/lib/u-boot/qemu_arm64/u-boot.bin
test  qemu-efi-aarch64      file /usr/share/qemu-efi-aarch64/QEMU_EFI.fd
test  grub-common           command grub-mkimage
test  mtools                command mcopy
test  ovmf                  file /usr/share/ovmf/OVMF.fd
test  xz-utils              command xz
test  zstd                  command zstd
test  lz4                   command lz4
TABLE
}

# is_there KIND NAME: cheap enough to run before every `make run`.
is_there() {
    case $1 in
        command) command -v "$2" > /dev/null ;;
        # cmocka.h and its kind want other headers before them, so only look for the file where gcc looks.
        header) [ -e "/usr/include/$2" ] || [ -e "/usr/local/include/$2" ] ;;
        module) "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$2') is None)" 2> /dev/null ;;
        file) [ -e "$(set -- $2; echo "$1")" ] ;;
    esac
}

wants_group() {
    for wanted in $groups; do
        [ "$wanted" != "$1" ] || return 0
    done
    return 1
}

[ $# -gt 0 ] || set -- build run run-x86_64 iso uboot test
groups=$*
for group in $groups; do
    case $group in
        build | run | run-x86_64 | iso | uboot | test) ;;
        *) sed -n '5,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

missing=$(packages | while read -r group package kind name; do
    if wants_group "$group" && ! is_there "$kind" "$name"; then
        echo "$package"
    fi
done | sort -u | tr '\n' ' ')
missing=${missing% }
[ -n "$missing" ] || exit 0

give_up() {
    {
        echo "setup: $1"
        echo "setup: missing, by the names of Debian 12: $missing"
    } >&2
    exit 1
}

[ "$(. /etc/os-release 2> /dev/null && echo "${ID-} ${VERSION_ID-}")" = "debian 12" ] ||
    give_up "this is not Debian 12; please install what is missing by hand."
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || give_up "installing packages takes root, and there is no sudo here."
    as_root=sudo
    # Without a terminal sudo can't ask for a password.
    [ -t 0 ] || sudo -n true 2> /dev/null || give_up "installing packages takes root, and sudo wants a password."
fi

echo "setup: installing by apt-get${as_root:+ (through sudo)}: $missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
    echo "setup: warning: the package lists could not be refreshed" >&2
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing ||
    give_up "apt-get could not install everything."
