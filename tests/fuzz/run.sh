#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs fuzz targets one after the other. What they find new goes to BUILD/corpus/NAME and is used next time.
# usage: run.sh BUILD SECONDS NAME...
build=$1
seconds=$2
shift 2
failures=0
for name in "$@"; do
    corpus=$build/corpus/$name
    log=$build/fuzz_$name.log
    mkdir -p "$corpus"
    # Twice the time and a minute: starting and reading the corpus is not in -max_total_time.
    if timeout $((2 * seconds + 60)) "$build/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$build/crash-$name-" -print_final_stats=1 "$corpus" "$build/seeds/$name" >"$log" 2>&1; then
        echo "PASS fuzz_$name ($(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs)"
    else
        tail -60 "$log"
        echo "FAIL fuzz_$name: the input is $build/crash-$name-*; put it into tests/fuzz/seeds/$name/ with the fix"
        failures=$((failures + 1))
    fi
done
[ "$failures" -eq 0 ] || { echo "$failures of $# fuzz targets failed"; exit 1; }
