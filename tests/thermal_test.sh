#!/bin/sh
# Configurations on the command line: frames of a trajectory, labels of motion, partial occupancy, stopping rule, elastic and
# diffuse parts, errors of patterns; deterministic and resumable.
. "$(dirname "$0")/commands.sh"
run() { "$program" simulate "$@" >out 2>&1 || complain "$*: $(cat out)"; }

atom() { # two frames that differ by one atom's place
  printf '3\nLattice="12 0 0 0 12 0 0 0 4" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 3 3 1\nZr 6 %s 2\nCu 9 2 3\n' "$1"
}
{ atom 6; atom 6.3; atom 6.1; atom 5.8; } > trajectory.xyz
atom 6 > one.xyz
probe="--grid 96 --semiangle 12 --detector adf=20:50"
beam="$probe --scan 3x2 --threads 1"

# a trajectory of equal frames is one run at rest; of different ones, the mean of single runs
{ atom 6; atom 6; atom 6; } > equal.xyz
run one.xyz -o rest.h5 $beam
run equal.xyz -o equal.h5 $beam --frames ::
h5diff -q rest.h5 equal.h5 /simulation/patterns || complain "equal frames differ from rest"
run trajectory.xyz -o frames.h5 $beam --frames 0:4:2 --precision double
for k in 0 2; do run trajectory.xyz -o frame$k.h5 $beam --frame $k --precision double; done
/usr/bin/python3 - <<'P' || complain "frames are not averaged as they should be"
import h5py, numpy as np
d = lambda f, n="patterns": h5py.File(f)["simulation/" + n][()]
a, b = d("frame0.h5"), d("frame2.h5")
assert np.abs(d("frames.h5") - (a + b) / 2).max() < 1e-14
assert np.allclose(d("frames.h5", "patterns_stderr"), np.abs(a - b) / 2, atol=1e-14)
assert np.abs(a - b).max() > 1e-8
assert (d("frames.h5", "configurations") == 2).all()
P

# labels of the model instead of --u-rms
/usr/bin/python3 - <<'P'
lines = open("one.xyz").read().split("\n")
lines[1] = lines[1].replace("pos:R:3", "pos:R:3:u_rms:R:1")
open("labelled.xyz", "w").write("\n".join(l + " 0.09" if l[:3] in ("Cu ", "Zr ") else l for l in lines))
lines[1] = lines[1].replace("u_rms", "occupancy")
open("occupied.xyz", "w").write("\n".join(l + " 0.5" if l[:3] in ("Cu ", "Zr ") else l for l in lines))
P
run one.xyz -o number.h5 $beam --phonons 3 --u-rms 0.09
run labelled.xyz -o label.h5 $beam --phonons 3 --u-rms model
h5diff -q number.h5 label.h5 /simulation /simulation || complain "labels of motion give other data than --u-rms"
h5diff -q number.h5 label.h5 /simulation/detectors_stderr || complain "no standard errors"

# partial occupancy: stated, the same again, another with another seed
run occupied.xyz -o occupied.h5 $beam --seed 4
grep -q "partly occupied" out || complain "occupancy is not stated"
run occupied.xyz -o again.h5 $beam --seed 4
h5diff -q occupied.h5 again.h5 /simulation /simulation || complain "the draw changes from run to run"
"$program" info occupied.h5 | grep -q "good: all 3 atoms read were placed, or drawn to be absent" || complain "the ledger does not add up"
run occupied.xyz -o mean.h5 $beam --phonons 6
grep -q "6 configurations" out || complain "occupancy alone makes no configurations"

# elastic and diffuse parts sum to the pattern; the stopping rule stops each position for itself
run one.xyz -o parts.h5 $beam --phonons 10 --u-rms 0.1 --elastic
run one.xyz -o until.h5 $beam --phonons 60 --u-rms 0.1 --phonons-until 8%
run one.xyz -o until2.h5 $probe --scan 3x2 --phonons 60 --u-rms 0.1 --phonons-until 8% --threads 2
h5diff -q until.h5 until2.h5 /simulation /simulation || complain "the stopping rule depends on threads"
/usr/bin/python3 - <<'P' || complain "parts or the stopping rule are wrong"
import h5py, numpy as np
f = h5py.File("parts.h5")["simulation"]
p, e, d = (f[n][()].astype(float) for n in ("patterns", "patterns_elastic", "patterns_diffuse"))
assert np.abs(p - e - d).max() < 1e-7 * p.max() and (d >= 0).all() and d.sum() > 0
f = h5py.File("until.h5")["simulation"]
n, mean, error = f["configurations"][()], f["detectors/adf"][()], f["detectors_stderr/adf"][()]
assert n.min() >= 8 and n.max() > n.min() and n.max() < 60, n
assert (error <= 0.08 * mean).all()
P

# interrupted and resumed: the same data
long="one.xyz $probe --scan 5x4 --phonons 20 --u-rms 0.1 --phonons-until 5%"
run $long -o whole.h5
"$program" simulate $long -o part.h5 >/dev/null 2>&1 & process=$!
while kill -0 $process 2>/dev/null && [ "$(stat -c %s part.h5.journal 2>/dev/null || echo 0)" -lt 60000 ]; do sleep 0.02; done
kill -KILL $process 2>/dev/null; wait $process 2>/dev/null
[ -e part.h5 ] || run $long -o part.h5 --resume --threads 2
h5diff -q whole.h5 part.h5 /simulation /simulation || complain "other data after resuming"

# interrupted in the middle of its configurations: goes on with the next one, by the other engine's rules too
for engine in multislice smatrix; do
  mid="one.xyz $probe --scan 4x4 --phonons 60 --u-rms 0.1 --engine $engine"
  run $mid -o whole.h5 --force --threads 2
  rm -f part.h5
  "$program" simulate $mid -o part.h5 >/dev/null 2>&1 & process=$!
  sleep 0.25
  kill -INT $process 2>/dev/null; wait $process 2>/dev/null
  if [ ! -e part.h5 ]; then
    run $mid -o part.h5 --resume --threads 2
  fi
  h5diff -q whole.h5 part.h5 /simulation /simulation || complain "$engine: other data after resuming within configurations"
  [ -e part.h5.journal.means0 ] && complain "$engine: partial means are left"
done

# a factor table of the user's own: Kirkland's parameters give Kirkland's result
row() { grep ",$1," "$source/potentials/tables/kirkland.csv" | cut -d, -f3-; }
{ echo "# mine"; echo "Cu,kirkland,$(row Cu)"; echo "Zr kirkland $(row Zr | tr , ' ')"; } > own.csv
run one.xyz -o own.h5 $beam --factor-table own.csv
h5diff -q rest.h5 own.h5 /simulation /simulation || complain "one's own table gives other data"
"$program" info own.h5 | grep -q own.csv || complain "the table is not in the record"

# smearing and absorption: less intensity, stated
run one.xyz -o smeared.h5 $beam --debye-waller Cu=0.08,Zr=0.1
grep -q "B 0.5053" out || complain "B is not printed"
run one.xyz -o absorbed.h5 $beam --debye-waller Cu=0.08,Zr=0.1 --absorption
"$program" info absorbed.h5 | grep -q "thermal diffuse scattering, which is absorbed" || complain "absorption is not in the ledger"
finish
