#!/bin/bash
# A potential is kept and used again: the bytes of the direct run, without oversampling at another energy too, in windows, by
# several threads, with thermal motion; one of anything else is refused.
. "$(dirname "$0")/commands.sh"
single() { case " $* " in *" --precision "*) ;; *) echo "--precision single" ;; esac; }  # whatever the program's default is
run() { "$program" simulate "$@" $(single "$@") >out 2>&1 || { complain "simulate $* failed:"; cat out; }; }
same() { h5diff -q "$1" "$2" /simulation /simulation || complain "$1 and $2 differ"; }
refused() { # what the message says, then arguments
  local what=$1; shift
  "$program" simulate "$@" $(single "$@") -o no.h5 >out 2>&1; local status=$?
  [ $status = 3 ] || [ $status = 2 ] || complain "$*: status $status"
  grep -q -- "$what" out || { complain "$*: the message lacks '$what':"; cat out; }
  [ -e no.h5 ] && complain "$*: left a file"
}
"$program" model cut "$source"/examples/*.extxyz --from 0,0,0 --to 16,14,18 -o a.xyz >/dev/null || exit 1
beam="a.xyz --grid 96x80 --slice 2 --semiangle 12 --scan 3x2 --wrap-limit 100 --detector ring=20:35"  # nine slices

for precision in single double; do for engine in multislice smatrix; do
  run $beam --precision $precision --engine $engine -o direct.h5 --force
  run $beam --precision $precision --engine $engine -o saving.h5 --save-potential v.h5 --force
  run $beam --precision $precision --engine $engine -o used.h5 --potential-file v.h5 --threads 1 --force
  same direct.h5 saving.h5; same direct.h5 used.h5
done; done
"$program" info used.h5 | grep -q "stored potential" || complain "the ledger does not say where the potential comes from"
refused "energy of its exponential: 200 kV, this run has 80 kV" $beam --energy 80 --precision double --potential-file v.h5
refused "oversampling: auto, this run has 1" $beam --precision double --oversampling 1 --potential-file v.h5
plain="--precision double --oversampling 1"
run $beam $plain -o saving.h5 --save-potential plain.h5 --force
run $beam $plain --energy 80 -o direct.h5 --force
run $beam $plain --energy 80 -o used.h5 --potential-file plain.h5 --force
same direct.h5 used.h5
run $beam --projection finite --debye-waller 0.09 --absorption -o direct.h5 --force
run $beam --projection finite --debye-waller 0.09 --absorption -o used.h5 --save-potential absorbing.h5 --force
same direct.h5 used.h5
run $beam --phonons 3 --u-rms 0.1 --seed 5 -o direct.h5 --force
run $beam --phonons 3 --u-rms 0.1 --seed 5 -o saving.h5 --save-potential moving.h5 --force
run $beam --phonons 2 --u-rms 0.1 --seed 5 -o two.h5
run $beam --phonons 2 --u-rms 0.1 --seed 5 -o used.h5 --potential-file moving.h5 --force
same direct.h5 saving.h5; same two.h5 used.h5

"$program" info moving.h5 | grep -q "potential/slices" || complain "info does not list the slices"
"$program" plot v.h5 -o v.png >/dev/null 2>&1 && [ -s v.png ] || complain "plot shows nothing"

refused "precision: double, this run has single" $beam --potential-file v.h5
run $beam -o used.h5 --save-potential v.h5 --force
refused "grid: 96 x 80, this run has 96 x 96" ${beam/96x80/96} --potential-file v.h5
refused "number of slices: 9, this run has 18" a.xyz --grid 96x80 --slice 1 --semiangle 12 --wrap-limit 100 --potential-file v.h5
refused "kirkland, this run has lobato" $beam --potential lobato --potential-file v.h5
refused "projection: infinite, this run has finite" $beam --projection finite --potential-file v.h5
refused "seed: 5, this run has 6" $beam --phonons 2 --u-rms 0.1 --seed 6 --potential-file moving.h5
refused "3 configurations, this run has 4" $beam --phonons 4 --u-rms 0.1 --seed 5 --potential-file moving.h5
refused "200 kV, this run has" $beam --projection finite --debye-waller 0.09 --absorption --energy 100 --potential-file absorbing.h5
sed 's/Cu /Zr /' a.xyz >b.xyz
refused "of another atoms" b.xyz ${beam#a.xyz} --potential-file v.h5
refused "exists" $beam --save-potential v.h5
refused "holds no potential" $beam --potential-file direct.h5
refused "give one of them" $beam --potential-file v.h5 --save-potential w.h5
finish
