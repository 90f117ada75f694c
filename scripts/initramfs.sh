#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the initramfs of the Linux partitions: Debian's static busybox, guests/linux/init and its self-tests.
#
# usage: scripts/initramfs.sh [--arch arm64|amd64] OUT.cpio.gz [OVERLAY-FOLDER]
#   OVERLAY-FOLDER is laid over the tree: etc/..., selftest/NAME (run by "selftest=NAME" on the command line).
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
arch=arm64
if [ "${1-}" = --arch ] && [ $# -ge 2 ]; then
    arch=$2
    shift 2
fi
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0"; exit 2; }
[ $# -lt 2 ] || [ -d "$2" ] || { echo "initramfs: error: $2 is not a folder" >&2; exit 1; }
"$top/scripts/debian-fetch.sh" --arch "$arch" busybox

tree=$1.tree
rm -rf "$tree"
trap 'rm -rf "$tree"' EXIT
mkdir -p "$(dirname "$1")" "$tree/bin" "$tree/dev"
cp "${BUILD:-$top/build}/debian/$arch/busybox" "$tree/bin/busybox"
cp -R "$top/guests/linux/init" "$top/guests/linux/selftest" "$tree/"
chmod 755 "$tree/bin/busybox" "$tree/init"
/usr/bin/python3 "$top/scripts/cpio.py" "$1" "$tree" ${2+"$2"}
