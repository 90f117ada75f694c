#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prepares the seeds in directory FROM for use in TO: device tree source is compiled, all else copied.
# usage: seeds.sh FROM TO
mkdir -p "$2"
for file in "$1"/*; do
    [ -e "$file" ] || continue
    name=$(basename "$file")
    case $name in
    *.dts) dtc -q -I dts -O dtb -o "$2/${name%.dts}" "$file" || exit 1 ;;
    *) cp "$file" "$2/$name" ;;
    esac
done
