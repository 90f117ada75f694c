#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Proves the contracts of the ownership module (hypervisor/include/bh/ownership.h) with Frama-C's WP plug-in: every
# goal, those against run-time errors and against unsigned numbers that wrap included. Exit status 1 if one is not
# proved, or if a contract was admitted.
set -eu
cd "$(dirname "$0")/.."
log=build/verify.log
mkdir -p build
[ -e "$HOME/.why3.conf" ] || why3 config detect > build/why3.log 2>&1
functions=$(sed -n 's/^[a-z].* \**\([a-z_]*\)(.*/\1/p' hypervisor/core/ownership.c | sort -u | paste -sd,)
frama-c -c11 -wp -wp-rte -warn-unsigned-overflow -wp-fct "$functions" -wp-prover cvc4,z3 -wp-timeout 30 -wp-par 2 \
    -cpp-extra-args="-Ihypervisor/include -Ihypervisor/arch/host/include -Ibuild/host/include -I. -I/usr/include -include stdbool.h" \
    hypervisor/core/ownership.c > "$log" 2>&1 || { tail -20 "$log"; exit 1; }
proved=$(sed -n 's/.*Proved goals: *\([0-9]*\) \/ \([0-9]*\).*/\1 \2/p' "$log")
set -- $proved
if [ $# -ne 2 ] || [ "$1" != "$2" ] || grep -q 'admit' hypervisor/include/bh/ownership.h hypervisor/core/ownership.c; then
    grep -E 'Goal .*(Timeout|Unknown|Failed)' "$log" || tail -20 "$log"
    echo "verify: not everything is proved: ${1:-0} of ${2:-?} goals"
    exit 1
fi
echo "verify: $1 of $2 goals of the ownership module proved ($functions)"
