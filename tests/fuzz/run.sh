#!/bin/sh
# Runs every fuzz target, or those named, for a processor time each:
#   tests/fuzz/run.sh [SECONDS [NAME...]]     (600 s without SECONDS)
# Needs: cmake --preset fuzz && cmake --build --preset fuzz. Finds go to build/fuzz/found/NAME-*; one line a target is
# added to build/fuzz/found/table. A crash or an endless loop of the HDF5 library itself is counted and the target goes on
# (see README.md).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/fuzz
built=$root/build/fuzz/tests/fuzz
found=$root/build/fuzz/found
seconds=${1:-600}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- $(cd "$built" && ls | sed -n 's/^fuzz_\([a-z0-9]*\)$/\1/p')
mkdir -p "$found"
# the HDF5 library handles an allocation that fails; what it leaks on a damaged file is its own
export ASAN_OPTIONS=allocator_may_return_null=1:quarantine_size_mb=64 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS=suppressions="$here/leaks.txt":print_suppressions=0

# Processor seconds of a process; nothing once it is gone.
used() { awk '{ print int(($14 + $15) / 100) }' "/proc/$1/stat" 2>/dev/null || true; }

dictionary() {
  case $1 in
    hspy | result | library | potential) set -- h5 ;;
    mmcif) set -- cif ;;
    kirkland) set -- xyz ;;
    atoms) set -- mat ;;
  esac
  [ ! -f "$here/words/$1" ] || echo "-dict=$here/words/$1"
}

# libhdf5 1.10.8 takes as much memory as a text in a file states to be long, up to 4 GB, before it finds that the file is shorter.
memory() {
  case $1 in
    h5 | hspy | mat | atoms | result | library | potential) echo 4600 ;;
    *) echo 2048 ;;
  esac
}

# One stretch of a target, until a crash or `left` seconds of processor time; sets spent and state.
stretch() {
  nice -n 19 "$built/fuzz_$name" -timeout=10 -rss_limit_mb="$(memory "$name")" -malloc_limit_mb=2048 -max_len=100000 -print_final_stats=1 -close_fd_mask=0 \
    -artifact_prefix="$found/$name-" $(dictionary "$name") "$grown" $seeds >"$log" 2>&1 &
  pid=$!
  spent=0
  while kill -0 $pid 2>/dev/null; do
    sleep 1
    now=$(used $pid)
    [ -z "$now" ] || spent=$now
    [ "$spent" -lt "$left" ] || kill -INT $pid 2>/dev/null || true
  done
  state=0
  wait $pid || state=$?
}

# A timeout counts seconds of the clock, which pass on a busy machine too: whether the input takes as much of the processor.
only_waited() {
  grep -q 'libFuzzer: timeout' "$log" || return 1
  slow=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
  (ulimit -t 10 && "$built/fuzz_$name" "$slow" >"$log.again" 2>&1) && rm "$slow"
}

failed=
for name; do
  grown=$root/build/fuzz/grown/$name
  seeds=$here/corpus/$name
  [ -d "$seeds" ] || seeds=
  log=$found/$name.log
  mkdir -p "$grown"
  left=$seconds runs=0 library=0 cover=0 verdict=clean
  while [ "$left" -gt 0 ]; do
    stretch
    left=$((left - (spent > 0 ? spent : 1)))
    runs=$((runs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1 | grep . || echo 0)))
    cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    [ $state -ne 0 ] && [ $state -ne 72 ] || continue  # 72: interrupted
    if only_waited; then
      continue
    elif "$here/of_library.py" "$log"; then
      library=$((library + 1))
      mv "$log" "$found/$name-library-$library.log"
    else
      verdict=FOUND
      failed=1
      break
    fi
  done
  line="$name $verdict: $((seconds - left)) s of processor time, $runs runs, $cover edges, $library failures of libhdf5"
  echo "$line" | tee -a "$found/table"
  [ "$verdict" = clean ] || echo "  see $log"
done
[ -z "$failed" ]
