#!/bin/sh
# Processes started by mpirun share the units of a run and give the data of one process, for both engines, with thermal motion,
# after a kill and with another number of processes.
command -v mpirun >/dev/null || { echo "skipped: no mpirun (Debian package openmpi-bin)"; exit 77; }
. "$(dirname "$0")/commands.sh"
ranks() { n=$1; shift; mpirun --oversubscribe --allow-run-as-root --bind-to none -q -n "$n" "$program" "$@"; }
# processes may outlive mpirun for a moment
gone() { while pgrep -f "^$program .*$1" >/dev/null; do sleep 0.05; done; }
# the data and what was asked for; wall times and thread counts in /audit may differ
same() { h5diff -q "$1" "$2" /simulation /simulation && h5diff -q "$1" "$2" /parameters /parameters; }

"$program" model packing --box 20x20x16 -o model.xyz >/dev/null || complain "no model"
run="simulate model.xyz --scan 9x7 --grid 160 --semiangle 12 --detector adf=20:40 --q-max 2"
for kind in "--engine multislice --every-slices 3" "--engine smatrix" "--engine kinematic" "--scan 3x2 --phonons 3 --u-rms 0.08" \
  "--scan 3x2 --phonons-until 30% --phonons 12 --u-rms 0.08"; do
  case $kind in *--scan*) options=$(echo "$run" | sed 's/--scan 9x7//');; *) options=$run;; esac
  "$program" $options $kind -o one.h5 --force --threads 1 >one.txt || complain "$kind: no run of one process"
  ranks 3 $options $kind -o three.h5 --force --threads 1 >three.txt 2>message || complain "$kind: three processes: $(cat message)"
  same one.h5 three.h5 || complain "$kind: three processes give other data than one"
  [ "$(grep -c '^wrote' three.txt)" = 1 ] || complain "$kind: printed by more than one process"
  [ -e three.h5.journal ] && complain "$kind: a journal is left"
done

run="simulate model.xyz --scan 48x48 --grid 160 --semiangle 12 --q-max 2 --engine multislice"
"$program" $run -o one.h5 --force >/dev/null
ranks 3 $run -o part.h5 --threads 1 >/dev/null 2>&1 &
until [ "$(stat -c %s part.h5.journal 2>/dev/null || echo 0)" -gt 300000 ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
for process in $(ps -o pid= --ppid $!); do kill -KILL "$process"; done
wait $! 2>/dev/null
gone part.h5
[ -e part.h5 ] || [ -e part.h5.journal ] || complain "no journal behind killed processes"
ranks 2 $run -o part.h5 --resume --threads 1 >out 2>&1 || complain "not resumed by two processes: $(cat out)"
same one.h5 part.h5 || complain "other data after resuming with another number of processes"

# a polite interruption of all processes keeps what is done
ranks 3 $run -o polite.h5 --threads 1 >/dev/null 2>message &
until [ "$(stat -c %s polite.h5.journal 2>/dev/null || echo 0)" -gt 300000 ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
for process in $(ps -o pid= --ppid $!); do kill -TERM "$process"; done
wait $!
gone polite.h5
if [ ! -e polite.h5 ]; then
  [ -e polite.h5.journal ] || complain "no journal behind interrupted processes: $(cat message)"
  ranks 2 $run -o polite.h5 --resume --threads 1 >out 2>&1 || complain "not resumed after an interruption: $(cat out)"
fi
same one.h5 polite.h5 || complain "other data after an interruption"

# a motif library is the same file, whoever made it
plan="library build --motifs icosahedron,fcc --elements Cu,Zr --bond 2.75 --spacing-deg 30 --thickness 12 --box 14 --wrap-limit 60
  --grid 48 --null 24 --packings 3 --planted 5 --semiangle 7 --matrix packing --realisations 2"
"$program" $plan -o one.lib.h5 --threads 1 >/dev/null || complain "no library of one process"
ranks 3 $plan -o three.lib.h5 --threads 1 >out 2>&1 || complain "library of three processes: $(cat out)"
cmp -s one.lib.h5 three.lib.h5 || complain "three processes give another library than one"
[ "$(grep -c '^wrote' out)" = 1 ] || complain "the library is printed by more than one process"
ranks 2 $plan -o three.lib.h5 --resume >out 2>&1 && grep -q "whole already" out || complain "a whole library is begun again: $(cat out)"
ranks 3 $plan -o killed.lib.h5 --threads 1 >/dev/null 2>&1 &
until [ "$(stat -c %s killed.lib.h5.journal 2>/dev/null || echo 0)" -gt 50000 ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
for process in $(ps -o pid= --ppid $!); do kill -KILL "$process"; done
wait $! 2>/dev/null
gone killed.lib.h5
[ -e killed.lib.h5 ] || ranks 2 $plan -o killed.lib.h5 --resume --threads 1 >out 2>&1 || complain "library not resumed: $(cat out)"
cmp -s one.lib.h5 killed.lib.h5 || complain "another library after a kill"
ranks 2 library merge one.lib.h5 one.lib.h5 -o wrong.h5 >/dev/null 2>message
[ $? = 2 ] && grep -q "without mpirun" message || complain "library merge runs in two processes: $(cat message)"

# what is wrong is reported once, with its exit status
ranks 2 simulate model.xyz -o wrong.h5 --grid 160 --semiangle 12 --detector adf=20:400 >/dev/null 2>message
[ $? = 4 ] || complain "exit status of a refused run"
[ "$(grep -c 'band limit' message)" = 1 ] || complain "a refusal is printed $(grep -c 'band limit' message) times"
ranks 2 match one.h5 none.h5 -o wrong.h5 >/dev/null 2>message
[ $? = 2 ] && grep -q "without mpirun" message || complain "a command of one process runs in two: $(cat message)"
finish
