#!/usr/bin/python3
"""What patterns tell of glasses, by `estimate`: shares explained and cover of the intervals on models left out whole, and which
scans are refused.  Usage: estimate.py VITROBEAM OUT.csv MODEL MODEL... (periodic models of one alloy; seeds are those written here)

Writes one line a thickness, dose and descriptor. Then scans of 9 x 9 positions at 8 Angstrom and 1e5 electrons: of the first model,
thinner and thicker ones, fcc copper and B2: how many patterns are refused, and the distance of the scan as a whole over the largest
that is accepted. What of it is random: --seed 1 of calibrate, the places cut from the model (0,0,0)."""
import csv, os, subprocess, sys, tempfile
import h5py

program, out, models = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2]), [os.path.realpath(m) for m in sys.argv[3:]]
os.chdir(tempfile.mkdtemp())
CONDITIONS = [(8, 1e5), (12, 1e5), (20, 1e5), (8, 1e4), (8, 1e6)]
DESCRIPTORS = ["Cu<0,0,12,0>", "five_fold", "share:Cu", "density"]


def run(*arguments):
    subprocess.run([program, *map(str, arguments), "--force", "--log-level", "error"], check=True, stdout=subprocess.DEVNULL)


rows = []
for thickness, dose in CONDITIONS:
    name = f"c{thickness}_{dose:g}.h5"
    run("estimate", "calibrate", *models, "--types", "Cu,Zr", "--thickness", thickness, "--dose", dose, "--slabs", 60, "--slab-width", 34,
        "--step", 2, "--together", "0,3", "--descriptors", ",".join(DESCRIPTORS), "-o", name)
    with h5py.File(name) as f:
        for k, together in ((0, 0), (1, 3)):
            q = f[f"estimate/calibration/reading_{k}"]
            for i, d in enumerate(DESCRIPTORS):
                rows.append([thickness, f"{dose:g}", together, d] +
                            [f"{q[n][i]:.3f}" for n in ("explained", "explained_error", "partial", "partial_error", "correlation",
                                                        "coverage_68", "coverage_90")])
                print(*rows[-1], flush=True)
with open(out, "w", newline="") as f:
    w = csv.writer(f)
    w.writerow("thickness dose together descriptor explained explained_error partial partial_error correlation in_68 in_90".split())
    w.writerows(rows)

for name, make in [(f"glass {t} A", ("model", "cut", models[0], "--from", "0,0,0", "--to", f"34,34,{t}")) for t in (6, 8, 10, 12, 20)] + [
        ("fcc Cu", ("model", "crystal", "--lattice", "fcc", "--elements", "Cu", "--shape", "block", "--size", "34x34x8")),
        ("B2 CuZr", ("model", "crystal", "--lattice", "B2", "--elements", "Cu,Zr", "--shape", "block", "--size", "34x34x8"))]:
    run(*make, "-o", "s.xyz")
    run("simulate", "s.xyz", "-o", "s.h5", "--engine", "smatrix", "--pixel", 0.12, "--scan", "9x9", "--from", "8,8", "--to", "26,26", "--dose",
        1e5, "--q-max", 1.25)
    run("estimate", "s.h5", "c8_100000.h5", "-o", "e.h5", "--rescale")
    with h5py.File("e.h5") as f:
        e = f["estimate"]
        print(f"{name}: {(e['status'][()] == 7).mean():.3f} of the patterns refused, scan {e.attrs['scan_distance']:.2f} of "
              f"{e.attrs['farthest_scan']:.2f}", flush=True)
