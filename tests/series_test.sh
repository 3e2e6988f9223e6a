#!/bin/sh
# Series of probes on the command line: each probe is its own single run, with thickness, phonons, camera, resume and processes;
# who reads a series must choose a probe; a single probe's file has no trace of one.
. "$(dirname "$0")/commands.sh"
run() { "$program" simulate model.xyz --force "$@" >out 2>&1 || complain "$*: $(cat out)"; }

"$program" model packing --box 20x20x16 -o model.xyz >/dev/null || complain "no model"
beam="--scan 4x3 --grid 160 --q-max 2 --detector adf=20:40 --every-slices 4"
series="--semiangle 10,14 --defocus=-60:60:60 --aberrations C12=0:40:40/C30=1e4"
run -o matrix.h5 $beam $series --engine smatrix
run -o slices.h5 $beam $series --engine multislice
run -o phonons.h5 $beam --defocus 0,50 --phonons 3 --u-rms 0.08
run -o phonons50.h5 $beam --defocus 50 --phonons 3 --u-rms 0.08
run -o single.h5 $beam --semiangle 14 --defocus 60 --aberrations C12=40 --engine smatrix
run -o dose.h5 --scan 4x3 --grid 160 --q-max 2 --semiangle 10 --defocus 0,50 --dose 1e4
run -o plain.h5 --scan 4x3 --grid 160 --q-max 2 --semiangle 10 --defocus 50
/usr/bin/python3 - <<'P' || complain "the files are not as they should be"
import h5py, numpy as np
f = {n: h5py.File(n + ".h5") for n in "matrix slices phonons phonons50 single dose plain".split()}
d = lambda name, what: f[name]["simulation/" + what][()]
m, s = d("matrix", "patterns"), d("slices", "patterns")
assert m.shape[:4] == (18, 2, 3, 4) and d("matrix", "detectors/adf").shape == (18, 2, 3, 4), m.shape
assert abs(m - s).sum() < 1e-4 * s.sum()
assert abs(d("matrix", "detectors/adf") / d("slices", "detectors/adf") - 1).max() < 1e-4
table = list(zip(d("matrix", "probes/semiangle"), d("matrix", "probes/aberrations").astype(str), d("matrix", "probes/defocus")))
assert table[0] == (10, "C12=0", -60) and table[-1] == (14, "C30=1e4", 60) and len(set(table)) == 18, table
k = table.index((14, "C12=40", 60))
assert (m[k] == d("single", "patterns")).all() and (d("matrix", "detectors/adf")[k] == d("single", "detectors/adf")).all()
assert d("matrix", "probes/beyond_half_cell")[k] == f["single"]["audit"].attrs["probe_beyond_half_cell"]
assert f["matrix"]["audit"].attrs["probe_beyond_half_cell"] == d("matrix", "probes/beyond_half_cell").max()
for what in "patterns", "patterns_stderr", "detectors_stderr/adf", "configurations":
    assert (d("phonons", what)[1] == d("phonons50", what)).all(), what
assert "datacube_root" not in f["matrix"] and "datacube_root" in f["plain"] and "probes" not in f["plain"]["simulation"]
assert f["plain"]["parameters"].attrs["defocus"] == 50.0 and f["matrix"]["parameters"].attrs["defocus"] == "-60,0,60"
assert d("dose", "patterns").shape == (2,) + d("plain", "patterns").shape
assert abs(d("dose", "patterns")[1].sum() / 1e4 / d("plain", "patterns").sum() - 1) < 0.05
# the INI text reproduces the run
open("again.ini", "w").write(f["matrix"]["parameters"].attrs["ini"])
P
"$program" simulate model.xyz --config again.ini -o again.h5 --threads 1 >out 2>&1 || complain "INI text: $(cat out)"
h5diff -q matrix.h5 again.h5 /simulation /simulation || complain "the INI text gives other data"

# interrupted and resumed
run="simulate model.xyz --scan 12x12 --grid 160 --q-max 2 --semiangle 12 --defocus -80:20:80 --engine multislice"
"$program" $run -o whole.h5 --threads 2 >/dev/null || complain "no whole run"
"$program" $run -o part.h5 --threads 1 >/dev/null 2>&1 &
process=$!
while kill -0 $process 2>/dev/null && [ "$(stat -c %s part.h5.journal 2>/dev/null || echo 0)" -lt 400000 ]; do sleep 0.02; done
kill -KILL $process 2>/dev/null
wait $process 2>/dev/null
[ -e part.h5 ] || "$program" $run -o part.h5 --resume >out 2>&1 || complain "not resumed: $(cat out)"
h5diff -q whole.h5 part.h5 /simulation /simulation || complain "other data after resuming"
if command -v mpirun >/dev/null; then
  mpirun --oversubscribe --allow-run-as-root --bind-to none -q -n 2 "$program" $run -o ranks.h5 --threads 1 >out 2>&1 ||
    complain "two processes: $(cat out)"
  h5diff -q whole.h5 ranks.h5 /simulation /simulation || complain "two processes give other data"
fi

# readers
"$program" strain whole.h5 -o r.h5 >out 2>&1
[ $? = 2 ] && grep -q "choose one with --probe 0 to 8" out || complain "a series is read without choosing: $(cat out)"
"$program" plot whole.h5 -o a.png --probe 2 >out 2>&1 || complain "plot: $(cat out)"
"$program" plot whole.h5 -o b.png --probe 9 >out 2>&1
[ $? = 2 ] && grep -q -e "--probe 9" out || complain "plot of a probe that is not there: $(cat out)"
"$program" report whole.h5 -o report.html >out 2>&1 && grep -q "Series of probes" report.html || complain "report: $(cat out)"
"$program" info whole.h5 | grep -q "9 x 12 x 12 x" || complain "info does not show the probe axis"

# interpolation: by name, with its error, a probe axis, coarser patterns; 1 is the exact matrix
wide="--scan 4x3 --semiangle 20 --q-max 2 --detector adf=25:40 --defocus 0,20"
run -o prism.h5 $wide --interpolation 2
grep -q "error .*by --interpolation 2, against multislice at 4 positions: patterns R .* detectors" out || complain "no error: $(cat out)"
run -o prism1.h5 $wide --interpolation 2 --threads 1 --memory 0.1
h5diff -q prism.h5 prism1.h5 /simulation /simulation || complain "interpolation depends on memory or threads"
run -o one.h5 $wide --engine smatrix --interpolation 1
run -o exact.h5 $wide --engine smatrix
h5diff -q one.h5 exact.h5 /simulation /simulation || complain "--interpolation 1 is not the exact matrix"
/usr/bin/python3 - <<'P' || complain "interpolation"
import h5py
p, e = h5py.File("prism.h5"), h5py.File("exact.h5")
a = p["audit"].attrs
assert "interpolation 2 (approximation)" in a["engine"] and e["audit"].attrs["engine"] == "smatrix"
assert 0 < a["interpolation_error_patterns"] <= a["interpolation_error_patterns_worst"] < 0.6, dict(a)
assert abs((p["simulation/q_x"][1] - p["simulation/q_x"][0]) / (e["simulation/q_x"][1] - e["simulation/q_x"][0]) - 2) < 1e-9
x, y = p["simulation/detectors/adf"][()], e["simulation/detectors/adf"][()]
assert x.shape == y.shape == (2, 3, 4)
assert abs(x / y - 1).mean() < 0.2
P

# what the dry run says: the matrix, whose beams are paid for once
"$program" simulate model.xyz -o none.h5 --scan 6x6 --grid 160 --slice 0.1 --semiangle 12 --q-max 2 --defocus -80:10:80 --dry-run |
  grep -q "smatrix.*this one" || complain "auto does not know that a series is cheap"
finish
