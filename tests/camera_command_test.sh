#!/bin/sh
# The camera from the command line: one noiseless result, any number of doses; bad input.
. "$(dirname "$0")/commands.sh"
printf '2\nLattice="12 0 0 0 12 0 0 0 4" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 3 3 1\nZr 6 6 2\n' > a.xyz
"$program" simulate a.xyz -o scan.h5 --grid 64 --semiangle 10 --scan 3x2 --every-slices 1 --detector bf=0:5 > /dev/null
"$program" camera scan.h5 -o one.h5 --dose 1e4 --dqe 0.8 --camera-mtf 0.5 --readout-noise 1 --gain 3 \
  --saturation 200 --beam-stop 2mrad,90deg,1mrad --ellipticity 1.05,20 --descan 0.1,0.1 --drift 1,0 --threads 1 > /dev/null
"$program" camera scan.h5 -o two.h5 --dose 1e4 --dqe 0.8 --camera-mtf 0.5 --readout-noise 1 --gain 3 \
  --saturation 200 --beam-stop 2mrad,90deg,1mrad --ellipticity 1.05,20 --descan 0.1,0.1 --drift 1,0 --threads 3 > /dev/null
"$program" camera scan.h5 -o seed.h5 --dose 1e4 --seed 2 > /dev/null
"$program" camera scan.h5 -o dose.h5 --dose 1e4 > /dev/null
cmp one.h5 two.h5 || complain "threads change the bytes"
/usr/bin/python3 - <<'P' || complain "the files are not as they should be"
import h5py, numpy
f = {n: h5py.File(n + ".h5", "r") for n in ("scan", "one", "seed", "dose")}
clean, dose = f["scan"]["simulation/patterns"][()], f["dose"]["simulation/patterns"][()]
assert dose.shape == clean.shape and clean.shape[0] == 2, "every thickness goes through the camera"
assert f["dose"]["simulation/patterns"].attrs["units"] == "electrons per pixel"
assert f["one"]["simulation/patterns"].attrs["units"] == "counts per pixel"
assert (dose == dose.round()).all() and (dose != f["seed"]["simulation/patterns"][()]).any()
assert abs(dose.sum() / (1e4 * clean.sum()) - 1) < 5 / numpy.sqrt(1e4 * 12), dose.sum()
assert (dose[0, 0, 0] != dose[1, 0, 0]).any() and (dose[0, 0, 0] != dose[0, 0, 1]).any()
one = f["one"]
assert one["simulation/patterns"][()].max() <= 200
assert ((one["simulation/patterns"][()] == 200).sum(axis=(3, 4)) == one["simulation/saturated"][()]).all()
assert one["simulation/beam_stop"][()].sum() > 10
assert one["parameters"].attrs["semiangle"] == 10 and one["parameters"].attrs["dose"] == 1e4
assert one["audit"].attrs["source_command"] == "simulate" and one["audit"].attrs["atoms_placed"] == 2
assert (one["simulation/detectors/bf"][()] == f["scan"]["simulation/detectors/bf"][()]).all()
P
printf '0 1\n0.3 x\n' > mtf.txt
refuse 2 "nothing to do" camera scan.h5 -o new.h5
refuse 2 "give --dose too" camera scan.h5 -o new.h5 --gain 3
refuse 2 "--camera-mtf 1.5" camera scan.h5 -o new.h5 --camera-mtf 1.5
refuse 3 "mtf.txt:2" camera scan.h5 -o new.h5 --camera-mtf mtf.txt
refuse 2 "--beam-stop '3,4'" camera scan.h5 -o new.h5 --beam-stop 3,4
refuse 2 "--ellipticity 0.9" camera scan.h5 -o new.h5 --ellipticity 0.9
refuse 2 "--dqe 1.2" camera scan.h5 -o new.h5 --dose 1 --dqe 1.2
refuse 2 "--dose -1" camera scan.h5 -o new.h5 --dose -1
refuse 3 "not counts" camera dose.h5 -o new.h5 --dose 1e3
refuse 3 "none.h5" camera none.h5 -o new.h5 --dose 1e3
refuse 2 "exists" camera scan.h5 -o dose.h5 --dose 1e3
"$program" info one.h5 | grep -q 'LOOK: [0-9]* of 12 patterns have saturated pixels' || complain "info is silent about saturation"
# the same from one command
"$program" simulate a.xyz -o counts.h5 --grid 64 --semiangle 10 --scan 3x2 --every-slices 1 --detector bf=0:5 --dose 1e4 --keep-noiseless > /dev/null
[ ! -e counts.h5.noiseless ] || complain "the noiseless file was left"
/usr/bin/python3 - <<'P' || complain "the files are not as they should be"
import h5py
a, b, c = (h5py.File(n + ".h5", "r") for n in ("counts", "dose", "scan"))
assert (a["simulation/patterns"][()] == b["simulation/patterns"][()]).all()
assert (a["simulation/patterns_noiseless"][()] == c["simulation/patterns"][()].astype("f4")).all()  # stored in single precision
assert a["parameters"].attrs["command"] == "simulate" and a["parameters"].attrs["dose"] == 1e4
assert "dose = 10000" in a["parameters"].attrs["ini"] and "source_ini" not in a["audit"].attrs
assert a["audit"].attrs["atoms_placed"] == 2
P
# what stands under the name of the noiseless file, be it a link, is kept without --force and never followed
printf 'kept\n' > other.txt
ln -s other.txt linked.h5.noiseless
ln -s nowhere.txt empty.h5.noiseless
beam="--grid 64 --semiangle 10 --dose 1e4"
for name in linked empty; do
  refuse 2 "$name.h5.noiseless: exists" simulate a.xyz -o $name.h5 $beam
  "$program" simulate a.xyz -o $name.h5 $beam --force >out.txt 2>&1 || complain "$name: --force does not do: $(cat out.txt)"
  [ ! -e $name.h5.noiseless ] && [ ! -L $name.h5.noiseless ] || complain "$name: the noiseless file was left"
done
[ "$(cat other.txt)" = kept ] && [ ! -e nowhere.txt ] || complain "a link under the name of the noiseless file was followed"
refuse 2 "give --dose" simulate a.xyz -o new.h5 --grid 64 --semiangle 10 --keep-noiseless
refuse 2 "about patterns" simulate a.xyz -o new.h5 --grid 64 --semiangle 10 --dose 10 --exit-wave
refuse 2 "give --dose too" simulate a.xyz -o new.h5 --grid 64 --semiangle 10 --gain 3
finish
