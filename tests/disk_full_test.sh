#!/bin/sh
# A file system that refuses further bytes (here: the limit on file sizes) ends a run with status 5, says what to do, leaves no
# result; --resume then continues from the journal to the data of an undisturbed run.
. "$(dirname "$0")/commands.sh"

"$program" model packing --box 20x20x16 -o model.xyz >/dev/null || complain "no model"
run="simulate model.xyz --scan 8x8 --grid 160 --semiangle 12 --q-max 2.6 --engine multislice"
"$program" $run -o whole.h5 >/dev/null || complain "no whole run"
bytes=$(stat -c %s whole.h5)

(ulimit -f $((bytes / 2 / 512)); exec "$program" $run -o part.h5 >/dev/null 2>message)
status=$?
[ $status = 5 ] || complain "status $status instead of 5: $(cat message)"
grep -q "part.h5.journal: .*--resume" message || complain "no word of the journal and --resume: $(cat message)"
[ -e part.h5 ] && complain "half a result is left"
[ -s part.h5.journal ] || complain "no journal"
"$program" $run -o part.h5 --resume >out 2>&1 || complain "not resumed: $(cat out)"
grep -q "resuming: [1-9]" out || complain "nothing was saved: $(cat out)"
h5diff -q whole.h5 part.h5 /simulation /simulation || complain "other data after resuming"
finish
