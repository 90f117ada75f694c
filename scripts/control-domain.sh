#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the initramfs of a control domain: Xen's tools as Debian builds them, guests/linux/control with its self-tests,
# and a guest to create there (Debian's kernel, and the initramfs of the other Linux partitions with drivers for its
# disk and its network).
#
# usage: scripts/control-domain.sh OUT.cpio.gz [OVERLAY-FOLDER]
#   OVERLAY-FOLDER is laid over the tree: root/..., selftest/NAME (run by "selftest=NAME" on the command line).
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '3,8s/^# \{0,1\}//p' "$0"; exit 2; }
[ $# -lt 2 ] || [ -d "$2" ] || { echo "control-domain: error: $2 is not a folder" >&2; exit 1; }
"$top/scripts/debian-fetch.sh" linux busybox control devices
debian=${BUILD:-$top/build}/debian/arm64

tree=$1.tree
rm -rf "$tree"
trap 'rm -rf "$tree"' EXIT
mkdir -p "$(dirname "$1")" "$tree/root" "$tree/guest"
cp -R "$debian/control/." "$tree/"
cp "$debian/devices"/*.ko "$tree/drivers/"
mv "$tree/guest-drivers" "$tree/guest/drivers"
"$top/scripts/initramfs.sh" "$tree/root/guest.cpio.gz" "$tree/guest"
rm -rf "$tree/guest"
# libxl unpacks it; nothing is smaller in memory.
gzip -9 -n -c "$debian/linux" > "$tree/root/linux.gz"
cp "$debian/busybox" "$tree/bin/busybox"
cp "$top/guests/linux/control/init" "$tree/init"
cp "$top/guests/linux/control/demo.cfg" "$tree/root/"
dtc -q -I dts -O dtb -o "$tree/root/clock.dtb" "$top/guests/linux/control/clock.dts"
cp -R "$top/guests/linux/control/selftest" "$tree/"
mkdir -p "$tree/dev"
chmod 755 "$tree/bin/busybox" "$tree/init"
/usr/bin/python3 "$top/scripts/cpio.py" "$1" "$tree" ${2+"$2"}
