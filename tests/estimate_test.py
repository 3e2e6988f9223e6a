#!/usr/bin/python3
"""vitrobeam estimate on files: a calibration from packings, threads and resuming change nothing, a scan of a packing that it never saw, maps and
pictures, and how it refuses.
Usage: estimate_test.py PROGRAM SOURCE_DIR"""
import os
import shutil
import signal
import subprocess
import time

from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check = commands.run, commands.refuse, commands.check
beam = "--semiangle 6 --pixel 0.25".split()
for seed in (1, 2, 3):
    run(0, f"packing{seed}.xyz", "model", "packing", "--box", "20x20x20", "--composition", "Cu64.5Zr35.5", "--seed", seed, "-o", f"packing{seed}.xyz")
calibrate = ["estimate", "calibrate", "packing1.xyz", "packing2.xyz", "--slabs", "10", "--slab-width", "20", "--thickness", "8", "--dose", "1e6",
             "--q-min", "0.3", "--q-max", "1", "--radii", "8", "--angles", "32", "--step", "2.5", "--together", "0,2.5",
             "--descriptors", "share:Cu,density,five_fold,coordination", *beam]


def changed(command, **options):
    """The command with other values of some options."""
    out = list(command)
    for name, value in options.items():
        out[out.index("--" + name.replace("_", "-")) + 1] = value
    return out


def values(path, group):
    """Every dataset below the group."""
    out = {}
    with h5py.File(path) as f:
        f[group].visititems(lambda name, o: out.update({name: o[()]}) if isinstance(o, h5py.Dataset) else None)
    return out


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f") for k in a)


run(0, "slabs       20", *calibrate, "--dry-run")
run(0, "left out whole", *calibrate, "-o", "calibration.h5", "--threads", "1")
run(0, "wrote", *calibrate, "-o", "again.h5", "--threads", "3")
first = values("calibration.h5", "estimate")
check("threads change nothing", same(first, values("again.h5", "estimate")))
process = subprocess.Popen([commands.program, *map(str, calibrate), "-o", "killed.h5", "--threads", "1"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
while process.poll() is None and not (os.path.exists("killed.h5.journal") and os.path.getsize("killed.h5.journal") > 500000):
    time.sleep(0.01)
process.send_signal(signal.SIGKILL)
process.wait()
check("killed in the middle", not os.path.exists("killed.h5"))
refuse(2, "--resume", *calibrate, "-o", "killed.h5")
shutil.copy("killed.h5.journal", "part.h5.journal")
os.truncate("part.h5.journal", min(600000, os.path.getsize("part.h5.journal")))
run(0, "patterns    ", *calibrate, "-o", "part.h5", "--as-far-as-done")
check(f"a part is a calibration: {values('part.h5', 'estimate/calibration')['patterns']} of {first['calibration/patterns']}", sum(values("part.h5", "estimate/calibration")["patterns"]) < sum(first["calibration/patterns"]))
run(0, "resuming", *calibrate, "-o", "killed.h5", "--resume")
check("a killed run that goes on gives the same", same(first, values("killed.h5", "estimate")))

# a scan of a packing that the calibration never saw
run(0, "labelled.xyz", "structure", "packing3.xyz", "-o", "structure.h5", "--only", "voronoi,order", "--labels", "labelled.xyz")
run(0, "slab.xyz", "model", "cut", "labelled.xyz", "--slab", "4,12", "-o", "slab.xyz")
run(0, "wrote", "simulate", "slab.xyz", "-o", "scan.h5", "--scan", "8x8", "--q-max", "1.2", *beam)
estimate = ["estimate", "scan.h5", "calibration.h5", "--dose", "1e6"]
text = run(0, "by shifts", *estimate, "--model", "slab.xyz", "--shifts", "99", "-o", "estimates.h5", "--threads", "3")
run(0, "wrote", *estimate, "--model", "slab.xyz", "--shifts", "99", "-o", "one.h5", "--threads", "1")
check("threads change no map", same(values("estimates.h5", "estimate"), values("one.h5", "estimate")))
run(0, "wrote", *estimate, "--together", "2.5", "--model", "slab.xyz", "-o", "together.h5")
with h5py.File("estimates.h5") as f, h5py.File("together.h5") as g:
    e = f["estimate"]
    names = list(e["names"].asstr()[()])
    check(f"the descriptors: {names}", names == ["share_Cu", "density", "five_fold", "coordination"])
    good = e["status"][()] == 0
    check(f"most positions are told: {good.mean()}", good.mean() > 0.8)
    for name in names:
        value, low, high = (e[name + ending][()] for ending in ("", "_low", "_high"))
        inner, outer = (e[name + ending][()] for ending in ("_low_68", "_high_68"))
        check(f"{name}: known where the status is good", np.array_equal(np.isfinite(value), good))
        check(f"{name}: intervals lie in each other", np.all((low <= inner) & (inner <= outer) & (outer <= high) | ~good))
        check(f"{name}: an error is positive", np.all(e[name + "_error"][()][good] > 0))
    r = {name: e["model/" + name].attrs["correlation"] for name in names}
    check(f"what a pattern tells best, it tells of an unseen model: {r}", r["share_Cu"] > 0.4)
    inside = [e["model/" + name].attrs["coverage_90"] for name in names]
    check(f"the truth is mostly inside of the intervals: {inside}", np.mean(inside) > 0.75)
    check(f"together the errors are smaller", np.nanmedian(g["estimate/share_Cu_error"][()]) < np.nanmedian(e["share_Cu_error"][()]))
    check("the radius is stated", g["estimate"].attrs["together"] == 2.5)

# what is no pattern of such a glass is not judged: a few sharp spots
with h5py.File("scan.h5") as f:
    pixels = f["simulation/patterns"].shape[2:]
spots = np.full((2, 8, *pixels), 1e-9, np.float32)
for angle in np.arange(6) * np.pi / 3:
    spots[..., int(pixels[0] // 2 + 9 * np.sin(angle)), int(pixels[1] // 2 + 9 * np.cos(angle))] = 0.01
np.save("spots.npy", spots)
stated = "--pixel-q 0.05 --energy 200 --semiangle 6 --thickness 8 --dose 1e6".split()
run(0, "unlike the patterns", "estimate", "spots.npy", "calibration.h5", *stated, "-o", "spots.h5")
with h5py.File("spots.h5") as f:
    check("no estimate where a pattern is unlike", np.all(f["estimate/status"][()] == 7) and np.all(np.isnan(f["estimate/density"][()])))

for name in ("calibration", "estimates"):
    run(0, "panels", "plot", name + ".h5", "-o", name + ".png")
    run(0, "estimate", "info", name + ".h5")
run(0, "wrote", "report", "calibration.h5", "estimates.h5", "-o", "report.html")
page = open("report.html").read()
check("the page has both sections", "What patterns tell of the structure" in page and "Estimates of the structure" in page)
text = run(0, "share:EL", "estimate", "calibrate", "--list")
check("a line for each descriptor", len(text.splitlines()) == 15)

run(0, "best        share_Cu", "estimate", "plan", "packing1.xyz", "packing2.xyz", "--slabs", "10", "--slab-width", "20", "--step", "2.5",
    "--thicknesses", "6,10", "--doses", "1e3,1e6", "--semiangles", "6", "--pixel", "0.25", "--q-min", "0.3", "--q-max", "1", "--radii", "8", "--angles",
    "32", "--descriptors", "share:Cu", "-o", "plan.h5")
with h5py.File("plan.h5") as f:
    explained = f["estimate_plan/explained"][()]
    check(f"of each condition: {explained.ravel()}", explained.shape == (1, 1, 2, 2, 1) and np.all(explained[..., 1, :] > explained[..., 0, :]))
run(0, "panel", "plot", "plan.h5", "-o", "plan.png")

# ---- refusals
no = ["-o", "no.h5"]
refuse(2, "name the patterns and the calibration", "estimate", "scan.h5", *no)
refuse(2, "name periodic models", "estimate", "calibrate", *no)
refuse(3, "holds no calibration", "estimate", "scan.h5", "scan.h5", *no)
refuse(4, "energy: 300 kV of the patterns, 200 kV of the calibration", *estimate, "--energy", "300", *no)
refuse(4, "convergence: 5 mrad of the patterns, 6 mrad", *estimate, "--semiangle", "5", *no)
refuse(4, "thickness: 12 Angstrom of the patterns, 8", *estimate, "--thickness", "12", *no)
refuse(4, "dose: no counting noise of the patterns, 1e+06 electrons", *estimate[:3], *no)
refuse(4, "dose: 1000 electrons of the patterns", *estimate[:3], "--dose", "1000", *no)
refuse(4, "scale: pixels of 0.12 1/Angstrom of the patterns", *estimate, "--pixel-q", "0.12", *no)
refuse(4, "q-range: whole circles up to", *estimate, "--pixel-q", "0.03", *no)
refuse(2, "--together 3: calibration.h5 was made for 0, 2.5 Angstrom", *estimate, "--together", "3", *no)
refuse(4, "step: 3 Angstrom of the patterns, 2.5", *estimate, "--together", "2.5", "--step", "3", *no)
run(0, "intervals may not hold", *estimate, "--thickness", "12", "--rescale", "-o", "rescaled.h5")
refuse(4, "simulated from it", "estimate", "spots.npy", "calibration.h5", *stated, "--model", "slab.xyz", *no)
refuse(3, "'d2min': neither a descriptor (--list shows them) nor a label of the model", *changed(calibrate, descriptors="d2min"), *no)
refuse(2, "a Voronoi class is written", *changed(calibrate, descriptors="<0,0,12>"), *no)
refuse(4, "the descriptor thickness is 8 everywhere", *changed(calibrate, descriptors="thickness,density"), *no)
one = [a for a in calibrate if a != "packing2.xyz"]
refuse(4, "give 2 more with --slabs", *changed(one, slabs="2"), *no)
refuse(4, "are needed to learn from; give", *changed(calibrate, slabs="2"), *no)
refuse(4, "periodic along x, y and z", "estimate", "calibrate", "slab.xyz", *no)
refuse(4, "lies inside the central disc", *changed(calibrate, q_min="0.1"), *no)
refuse(2, "--mode plane-wave", *calibrate[:3], "--mode", "plane-wave", *no)
run(0, "slabs of the one model", *changed(one, slabs="14"), "-o", "alone.h5")
run(0, "too small for another", "estimate", "scan.h5", "alone.h5", "--dose", "1e6", "-o", "weak.h5")
commands.finish()
