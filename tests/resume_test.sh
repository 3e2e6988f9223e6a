#!/bin/sh
# A scan that is interrupted, then killed, then resumed with another number of threads gives the data of one that ran through,
# for both engines; a journal of another run is refused, and none is thrown away unasked.
. "$(dirname "$0")/commands.sh"

"$program" model packing --box 24x24x20 -o model.xyz >/dev/null || complain "no model"

for engine in multislice smatrix; do
  run="simulate model.xyz --scan 16x16 --grid 216 --semiangle 10 --q-max 1.5 --detector adf=20:40 --engine $engine"
  "$program" $run -o whole.h5 --force >/dev/null || complain "$engine: no whole run"
  for signal in INT KILL; do
    resume=$([ "$signal" = KILL ] && echo --resume)
    "$program" $run -o part.h5 --threads 1 --force $resume >/dev/null 2>&1 &
    process=$!
    # until it has some positions more than it began with
    begun=$(stat -c %s part.h5.journal 2>/dev/null || echo 0)
    while kill -0 $process 2>/dev/null && [ "$(stat -c %s part.h5.journal 2>/dev/null || echo 0)" -lt $((begun + 100000)) ]; do
      sleep 0.02
    done
    kill -$signal $process 2>/dev/null
    wait $process 2>/dev/null
    status=$?
    # a machine so fast that the scan is through already has nothing to resume
    [ -e part.h5 ] || [ "$status" = "$([ $signal = INT ] && echo 130 || echo 137)" ] || complain "$engine: $signal gives $status"
  done
  if [ ! -e part.h5 ]; then
    "$program" $run -o part.h5 2>message
    [ $? = 2 ] && grep -q -e "--resume to continue" message || complain "$engine: finished positions are thrown away"
    "$program" $run -o part.h5 --defocus 50 --resume >/dev/null 2>message
    [ $? = 2 ] && grep -q "other parameters" message || complain "$engine: the journal of another run is taken: $(cat message)"
  fi
  "$program" $run -o part.h5 --threads 2 --resume >out 2>&1 || complain "$engine: not resumed: $(cat out)"
  h5diff -q whole.h5 part.h5 /simulation /simulation || complain "$engine: other data after resuming"
  [ -e part.h5.journal ] && complain "$engine: the journal is left"
  "$program" $run -o part.h5 --resume | grep -q "nothing to resume" || complain "$engine: a whole result is computed again"
  rm -f part.h5
done
finish
