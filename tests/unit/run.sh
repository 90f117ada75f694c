#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs test programs: a line for each that passes, all its output for one that does not.
# usage: run.sh [-q] PROGRAM...      -q: say nothing of those that pass
quiet=
if [ "$1" = -q ]; then
    quiet=1
    shift
fi
# As many at a time as there are CPUs; told in their order.
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} sh -c 'timeout 300 {} >{}.log 2>&1; echo $? >{}.status'
failures=0
for program in "$@"; do
    log=$program.log
    name=$(basename "$program")
    if [ "$(cat "$program.status")" = 0 ]; then
        [ -n "$quiet" ] || echo "PASS $name ($(grep -c '^\[       OK \]' "$log") tests)"
    else
        cat "$log"
        echo "FAIL $name"
        failures=$((failures + 1))
    fi
done
[ "$failures" -eq 0 ] || { echo "$failures of $# test programs failed"; exit 1; }
