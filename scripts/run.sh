#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots partitions on an emulated board and leaves you at their console. `make run` builds first and comes here.
#
# usage: scripts/run.sh [QEMU-ARGUMENT...]
# Environment:
#   DOMAINS     xl configuration files ("a.cfg b.cfg"); default: configs/domains/alpha.cfg and beta.cfg
#   MACHINE     the board, as QEMU's -machine takes it (virt,gic-version=3); CPUS (4), MEMORY (2048, in MiB), CPU
#               (cortex-a57)
#   HYPERVISOR  the image to boot (build/arm64/bulkhead); BOOTARGS its command line
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$top/build}
HYPERVISOR=${HYPERVISOR:-$BUILD/arm64/bulkhead}
tool=$BUILD/image/bulkhead-image
out=$BUILD/run

fail() { echo "run: error: $*" >&2; exit 1; }

[ -x "$tool" ] || fail "$tool is not built yet: make builds it"
[ -s "$HYPERVISOR" ] || fail "$HYPERVISOR is not built yet: make builds it"

# The paths in the example configurations start at the top folder; those in yours start where you are, as with xl.
if [ -z "${DOMAINS-}" ]; then
    cd "$top"
    DOMAINS="configs/domains/alpha.cfg configs/domains/beta.cfg"
fi

# shellcheck disable=SC2086 # DOMAINS is a list of words
if grep -qs 'debian/arm64/linux' $DOMAINS; then
    "$top/scripts/debian-fetch.sh" linux busybox
fi
# shellcheck disable=SC2086
if grep -qs 'initramfs\.cpio\.gz' $DOMAINS; then
    "$top/scripts/initramfs.sh" "$BUILD/initramfs.cpio.gz"
fi

set -- "$@" -no-reboot
# shellcheck disable=SC2086
"$tool" -o "$out" --machine "${MACHINE:-virt,gic-version=3}" --smp "${CPUS:-4}" --memory "${MEMORY:-2048}" \
    --cpu "${CPU:-cortex-a57}" --hypervisor "$HYPERVISOR" ${BOOTARGS:+--bootargs "$BOOTARGS"} $DOMAINS > "$out.log" ||
    fail "bulkhead-image refused the configuration, see above"

# Partitions are found in the order of the files; a line is enough for their names.
# shellcheck disable=SC2086
names=$(sed -n "s/^[[:space:]]*name[[:space:]]*=[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" $DOMAINS | tr '\n' ' ')
cat <<BANNER

  Partitions: $names
  on an emulated board with ${CPUS:-4} CPUs (QEMU, slower than the real thing: give Linux some seconds to start).

    Ctrl-A Ctrl-A Ctrl-A   give the keyboard to the next partition
    poweroff -f            in a partition: ends it; the board goes off with the last one
    Ctrl-] x               leave QEMU at once

  The files are in $out; $out.log says what lies where.

BANNER

# QEMU makes the terminal raw, so that every key gets through; put it back even if QEMU is killed.
terminal=
if [ -t 0 ]; then
    terminal=$(stty -g)
    trap 'stty "$terminal"' EXIT
fi
status=0
"$out/run-qemu.sh" "$@" || status=$?
exit $status
