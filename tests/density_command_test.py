#!/usr/bin/python3
"""vitrobeam density on files: calibration, inversion against the model, motif maps with planted and absent correlation, a measured
image in its own units, and how it refuses.
Usage: density_command_test.py PROGRAM SOURCE_DIR"""
from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check, glass = commands.run, commands.refuse, commands.check, commands.glass


beam = ["--semiangle", "10", "--pixel", "0.16", "--detector", "adf=20:45"]
run(0, "slab.xyz", "model", "cut", glass, "--slab", "10,22", "-o", "slab.xyz")
calibrate = ["density", "calibrate", glass, "--thickness", "12,24", "--changes=-10,6", "--positions", "9", "--piles", "2", *beam]
text = run(0, "off the density of its own column", *calibrate, "-o", "calibration.h5", "--threads", "2")
run(0, "wrote", *calibrate, "-o", "again.h5", "--threads", "1")
with h5py.File("calibration.h5") as f, h5py.File("again.h5") as g:
    c = f["density/calibration"]
    check("threads change nothing", np.array_equal(c["samples/intensity"][()], g["density/calibration/samples/intensity"][()]))
    change, contrast, error = c["change"][()], c["contrast"][0, :, :, 0], c["contrast_error"][0, :, :, 0]
    density = c["density"][0]
    actual = density / density[change == 0] - 1
    check(f"contrast is the change of density: {contrast} +- {error}, {actual}",
          np.all(np.abs(contrast - actual) < 4 * error + 0.02))
    check("change 0 has none", np.all(contrast[change == 0] == 0))
run(0, "wrote", "simulate", "slab.xyz", "-o", "scan.h5", "--scan", "20x20", "--patterns", "none", *beam)
run(0, "wrote", "density", "scan.h5", "-o", "density.h5", "--calibration", "calibration.h5", "--model", "slab.xyz", "--shifts", "199")
with h5py.File("density.h5") as f:
    relative = f["density/relative"][()]
    joint = dict(zip(f["density/joint/name"].asstr()[()], f["density/joint/pearson"][()]))
    p = dict(zip(f["density/joint/name"].asstr()[()], f["density/joint/p_shift"][()]))
    check(f"the own columns: {joint}", joint["column_density"] > 0.6 and p["column_density"] <= 0.05)
    coverage = f["density/model"].attrs["coverage"]
    check(f"coverage {coverage}", 0.45 < coverage < 0.85)
    check("median of the reference is 1", abs(np.nanmedian(relative) - 1) < 1e-9)
    areal = f["density/areal"][()]
    absolute = np.nanmean(f["density/absolute"][()])
    check(f"absolute density {absolute}", 0.05 < absolute < 0.075 and abs(np.nanmean(areal) / 12 - absolute) < 1e-9)
    check("what it measures is stated", f["density"].attrs["measures"] == "density times thickness")
    image = f["density/intensity"][()]

# the same image in counts of a camera with an offset, and in unknown units with the reference's thickness known
rng = np.random.default_rng(2)
np.save("counts.npy", (image * 5000 + 130).astype(np.float32))
run(0, "wrote", "density", "counts.npy", "-o", "counts.h5", "--dark", "130", "--incident", "5000", "--gain", "1", "--calibration",
    "calibration.h5", "--thickness", "12", "--energy", "200", "--semiangle", "10", "--step", "2")
run(0, "wrote", "density", "counts.npy", "-o", "units.h5", "--dark", "130", "--calibration", "calibration.h5", "--thickness", "12")
with h5py.File("counts.h5") as f, h5py.File("units.h5") as g:
    good = np.isfinite(relative) & np.isfinite(f["density/relative"][()])
    check("counts give the same map", np.allclose(f["density/relative"][()][good], relative[good], atol=1e-3))
    check("counts add to the error", np.nanmedian(f["density/relative_error"][()]) > np.nanmedian(g["density/relative_error"][()]))
    check("unknown units give nearly the same map", np.nanmax(np.abs(g["density/relative"][()] - relative)) < 0.05)
# twice the thickness in one half, stated or not
half = np.where(np.arange(20) < 10, 1.0, 2.0)[None, :] * np.ones((20, 1))
np.save("double.npy", (image * half).astype(np.float32))
np.save("thickness.npy", (12 * half).astype(np.float32))
run(0, "wrote", "density", "double.npy", "-o", "stated.h5", "--thickness-map", "thickness.npy", "--reference", "0,0,19,9")
run(0, "wrote", "density", "double.npy", "-o", "unstated.h5", "--reference", "0,0,19,9")
with h5py.File("stated.h5") as f, h5py.File("unstated.h5") as g:
    stated, unstated = (np.nanmean(x["density/relative"][:, 10:]) / np.nanmean(x["density/relative"][:, :10]) for x in (f, g))
    check(f"thickness passes for density unless it is stated: {stated}, {unstated}", abs(unstated / stated - 2) < 1e-6)

# motif maps: bright = one motif, dark = another (planted), and one that has nothing to do with it
known = np.nan_to_num(relative, nan=1)
planted = np.where(known > np.percentile(known, 80), 0, np.where(known < np.percentile(known, 20), 1, -1))
smooth = rng.normal(size=(24, 24))
smooth = sum(smooth[i:i + 20, j:j + 20] for i in range(5) for j in range(5))
absent = np.where(smooth > np.percentile(smooth, 80), 0, np.where(smooth < np.percentile(smooth, 20), 1, -1))
for name, motif in (("planted", planted), ("absent", absent), ("wrong", planted[:10])):
    with h5py.File(name + ".h5", "w") as f:
        f["match/motif"] = motif.astype(np.int32)
        f.create_dataset("match/motif_names", data=["icosahedron", "fcc"], dtype=h5py.string_dtype())
text = run(0, "icosahedron", "density", "scan.h5", "-o", "with.h5", "--calibration", "calibration.h5", "--motifs", "planted.h5")
run(0, "icosahedron", "density", "scan.h5", "-o", "without.h5", "--calibration", "calibration.h5", "--motifs", "absent.h5")
with h5py.File("with.h5") as f, h5py.File("without.h5") as g:
    m, n = f["density/motifs"], g["density/motifs"]
    check(f"planted: {m['difference'][()]}, {m['p_shift'][()]}",
          m["difference"][0] > 0 > m["difference"][1] and np.all(m["p_shift"][()] <= 0.02))
    check(f"absent: {n['p_shift'][()]}", np.all(n["p_shift"][()] > 0.02))

run(0, "against", "density", "scan.h5", "-o", "against.h5", "--against", "scan.h5")
with h5py.File("against.h5") as f:
    check("an image against itself", f["density/against"].attrs["contrast_difference"] == 0)
for name in ("calibration", "density", "with", "against"):
    run(0, "panels", "plot", name + ".h5", "-o", name + ".png")
run(0, "wrote", "report", "calibration.h5", "density.h5", "-o", "report.html")
page = open("report.html").read()
check("the page has both sections", "HAADF against density" in page and "an image alone cannot tell" in page)
run(0, "the map shows density times thickness", "info", "density.h5")

# ---- refusals
refused = ["-o", "no.h5"]
refuse(2, "name one image", "density", *refused)
refuse(2, "name a periodic model", "density", "calibrate", *refused)
refuse(2, "--together 2", "density", "scan.h5", "--together", "2", *refused)
refuse(2, "--reference 0,0,99,3", "density", "scan.h5", "--reference", "0,0,99,3", *refused)
refuse(2, "--dose and --gain", "density", "scan.h5", "--dose", "10", "--gain", "1", *refused)
refuse(2, "no fraction of the beam", "density", "counts.npy", "--dose", "10", *refused)
refuse(2, "--incident, or --thickness", "density", "counts.npy", "--calibration", "calibration.h5", *refused)
refuse(3, "holds no detector 'bf'", "density", "scan.h5", "--detector", "bf", *refused)
refuse(3, "holds no calibration", "density", "scan.h5", "--calibration", "scan.h5", *refused)
refuse(3, "one image is expected", "density", commands.source / "examples" / "dark-field-series.npy", *refused)
refuse(3, "no result of match", "density", "scan.h5", "--motifs", "calibration.h5", *refused)
refuse(3, "a map of 20 x 10 positions", "density", "scan.h5", "--motifs", "wrong.h5", *refused)
refuse(3, "the image has 20 x 20", "density", "scan.h5", "--thickness-map", commands.source / "examples" / "dark-field-series.npy", *refused)
refuse(4, "calibrate with the beam of the image", "density", "scan.h5", "--calibration", "calibration.h5", "--semiangle", "20", *refused)
run(0, "wrote", "simulate", "slab.xyz", "-o", "other.h5", "--patterns", "none", "--semiangle", "10", "--pixel", "0.16", "--scan", "2x2",
    "--detector", "x=25:45")
refuse(4, "no detector of it fits the image (25 to 45 mrad)", "density", "other.h5", "--calibration", "calibration.h5", *refused)
refuse(4, "the image must be a raster simulated from it", "density", "counts.npy", "--model", "slab.xyz", *refused)
refuse(4, "band limit", "density", "calibrate", glass, "--pixel", "0.16", "--detector", "haadf=50:90", *refused)
refuse(4, "periodic along all axes", *calibrate[:2], "slab.xyz", *calibrate[3:], *refused)
refuse(2, "ascending multiples of the first", "density", "calibrate", glass, "--thickness", "50,75", *refused)
refuse(2, "not between -50 and 50", "density", "calibrate", glass, "--changes", "80", *refused)
refuse(2, "whole annuli", "density", "calibrate", glass, "--detector", "q=20:40/4", *refused)
commands.finish()
