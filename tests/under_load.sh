#!/usr/bin/env bash
# Runs tests many times while every core is kept busy: a test that depends on timing fails sooner or later. Ends with 0 only if
# no run failed; the output of a failed run stays in the folder.
# Usage: tests/under_load.sh RUNS FOLDER [ARGUMENTS OF cargo test, the whole workspace without any]
set -uo pipefail
runs=${1:?number of runs}
mkdir -p "${2:?folder for the output of failed runs}"
folder=$(realpath "$2")
shift 2
[ $# -gt 0 ] || set -- --workspace
cd "$(dirname "$0")/.."
cargo test --no-run "$@" || exit 1

busy=()
trap 'kill "${busy[@]}" 2>/dev/null' EXIT
for _ in $(seq "$(nproc)"); do
    (while :; do :; done) &
    busy+=($!)
done

failed=0
for run in $(seq "$runs"); do
    if cargo test "$@" >"$folder/run_$run.log" 2>&1; then
        rm "$folder/run_$run.log"
        echo "run $run of $runs: passed"
    else
        failed=$((failed + 1))
        echo "run $run of $runs: FAILED"
        grep -E '^test .* FAILED$|panicked at' "$folder/run_$run.log" | sort -u
    fi
done
echo "$failed of $runs runs failed"
[ "$failed" -eq 0 ]
