#!/bin/sh
# Runs every fuzz target, or those named, for a time each: tests/fuzz/run.sh SECONDS [NAME...]
# Needs: cmake --preset fuzz && cmake --build --preset fuzz. Finds go to build/fuzz/found/NAME-*.
set -eu
export ASAN_OPTIONS=allocator_may_return_null=1  # the HDF5 library handles it
root=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [NAME...]}
shift
[ $# -gt 0 ] || set -- $(cd "$root/build/fuzz/tests/fuzz" && ls | sed -n 's/^fuzz_//p')
mkdir -p "$root/build/fuzz/found"
failed=
for name; do
  grown="$root/build/fuzz/grown/$name"
  mkdir -p "$grown"
  seeds="$root/tests/fuzz/corpus/$name"
  words="$root/tests/fuzz/words/$name"
  log="$root/build/fuzz/found/$name.log"
  # 2 GB of memory, 10 s and 300 kB an input
  if nice "$root/build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=300000 \
    -artifact_prefix="$root/build/fuzz/found/$name-" $([ -f "$words" ] && echo "-dict=$words") "$grown" \
    $([ -d "$seeds" ] && echo "$seeds") >"$log" 2>&1; then
    echo "$name: clean, $(sed -n 's/^Done \([0-9]*\) runs.*/\1 runs/p' "$log")"
  else
    echo "$name: FOUND something, see $log"
    failed=1
  fi
done
[ -z "$failed" ]
