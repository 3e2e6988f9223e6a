#!/bin/sh
# Processes started by mpirun share the units of a run and give the data of one process, for both engines, with thermal motion,
# after a kill and with another number of processes. Arguments: program, source folder.
set -u
command -v mpirun >/dev/null || { echo "skipped: no mpirun (Debian package openmpi-bin)"; exit 77; }
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0
complain() { echo "FAILED: $*"; failed=1; }
ranks() { n=$1; shift; mpirun --oversubscribe --allow-run-as-root --bind-to none -q -n "$n" "$program" "$@"; }
# the data and what was asked for; wall times and thread counts in /audit may differ
same() { h5diff -q "$1" "$2" /simulation /simulation && h5diff -q "$1" "$2" /parameters /parameters; }

"$program" model packing --box 20x20x16 -o model.xyz >/dev/null || complain "no model"
run="simulate model.xyz --scan 9x7 --grid 160 --semiangle 12 --detector adf=20:40 --q-max 2"
for kind in "--engine multislice --every-slices 3" "--engine smatrix" "--engine kinematic" "--scan 3x2 --phonons 3 --u-rms 0.08"; do
  case $kind in *--scan*) options=$(echo "$run" | sed 's/--scan 9x7//');; *) options=$run;; esac
  "$program" $options $kind -o one.h5 --force --threads 1 >one.txt || complain "$kind: no run of one process"
  ranks 3 $options $kind -o three.h5 --force --threads 1 >three.txt 2>message || complain "$kind: three processes: $(cat message)"
  same one.h5 three.h5 || complain "$kind: three processes give other data than one"
  [ "$(grep -c '^wrote' three.txt)" = 1 ] || complain "$kind: printed by more than one process"
  [ -e three.h5.journal ] && complain "$kind: a journal is left"
done

run="simulate model.xyz --scan 24x24 --grid 160 --semiangle 12 --q-max 2 --engine multislice"
"$program" $run -o one.h5 --force >/dev/null
ranks 3 $run -o part.h5 --threads 1 >/dev/null 2>&1 &
until [ "$(stat -c %s part.h5.journal 2>/dev/null || echo 0)" -gt 300000 ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
for process in $(ps -o pid= --ppid $!); do kill -KILL "$process"; done
wait $! 2>/dev/null
[ -e part.h5 ] || [ -e part.h5.journal ] || complain "no journal behind killed processes"
ranks 2 $run -o part.h5 --resume --threads 1 >out 2>&1 || complain "not resumed by two processes: $(cat out)"
same one.h5 part.h5 || complain "other data after resuming with another number of processes"

# what is wrong is said once, with its exit status
ranks 2 simulate model.xyz -o wrong.h5 --grid 160 --semiangle 12 --detector adf=20:400 >/dev/null 2>message
[ $? = 4 ] || complain "exit status of a refused run"
[ "$(grep -c 'band limit' message)" = 1 ] || complain "a refusal is said $(grep -c 'band limit' message) times"
ranks 2 match one.h5 none.h5 -o wrong.h5 >/dev/null 2>message
[ $? = 2 ] && grep -q "without mpirun" message || complain "a command of one process runs in two: $(cat message)"
[ $failed = 0 ] && echo passed
exit $failed
