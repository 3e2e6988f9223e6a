#!/usr/bin/python3
"""symmetry limit, fluctuation and radial on files, and how they refuse.
Usage: ring_commands_test.py PROGRAM SOURCE_DIR"""
from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check, glass = commands.run, commands.refuse, commands.check, commands.glass


small = ["--thickness", "10,30", "--positions", "16", "--null", "30", "--semiangle", "3", "--pixel", "0.3",
         "--motifs", "fcc:100:4", "--engines", "multislice"]
run(0, "fcc 100, n = 4", "symmetry", "limit", glass, "-o", "limit.h5", *small, "--doses", "0,1e4")
with h5py.File("limit.h5") as f:
    g = f["symmetry_limit"]
    ratio = {e: g["odd_even/" + e][()] for e in ("multislice", "kinematic", "flat_born", "phase_object", "law")}
    check("flat Born has no odd orders", (abs(ratio["flat_born"]) < 1e-9).all())
    check("odd orders grow with thickness", ratio["multislice"][1] > 3 * ratio["multislice"][0])
    # curvature alone (curved Born) and multiple scattering alone (phase grating) give odd orders; multislice has both, and the
    # powers of independent amplitudes add
    both = ratio["kinematic"] + ratio["phase_object"]
    check(f"odd orders of multislice {ratio['multislice']} are those of curvature and multiple scattering {both}",
          abs(ratio["multislice"][1] / both[1] - 1) < 0.15)
    check("phase grating does not", ratio["phase_object"][1] < 0.6 * ratio["multislice"][1])
    d = g["detection/fcc_100_n4/multislice"]
    p, low, high = (d[n][()] for n in ("probability", "probability_low", "probability_high"))
    check("shape", p.shape == (2, 1, 1, 2))
    for end in (low, high):  # Wilson's: where the share of 16 is 1.96 of the end's own standard deviations away, or 0 or 1
        check(f"interval {p} {end}", (np.isclose(abs(p - end), 1.959964 * np.sqrt(end * (1 - end) / 16)) | (p == end)).all())
    law = g["law/thickness"][()]
    check("law at 200 kV, 0.42 1/A", abs(law[1] - [39, 55, 87, 123]).max() < 1)
run(0, "panels", "plot", "limit.h5", "-o", "limit.png")
run(0, "wrote", "report", "limit.h5", "-o", "limit.html")

run(0, "wrote", "simulate", glass, "-o", "scan.h5", "--semiangle", "1.5", "--scan", "4x4", "--pixel", "0.16", "--q-max",
    "1.9", "--wrap-limit", "60%", "--every-slices", "10")
run(0, "V_Omega", "fluctuation", "scan.h5", "-o", "f.h5", "--radii", "20", "--model", glass, "--resolution", "0.05",
    "--orientations", "8,3")
with h5py.File("f.h5") as f:
    g = f["fluctuation"]
    check("thickness series", np.allclose(g["thickness"][()], [20.1, 40.2], atol=0.2))
    check("series axis", g["V_omega"].shape == (2, 20) and g["q"].shape == (20,))
    check("model beside", (g["model/V_omega"][()] > 0).all())
run(0, "wrote", "plot", "f.h5", "-o", "f.png")
text = run(0, "first peak of G", "radial", "scan.h5", "-o", "r.h5", "--model", glass, "--q-min", "0.15", "--q-max", "1.85",
           "--radii", "60")
with h5py.File("r.h5") as f:
    g = f["radial"]
    for name in ("", "model/"):
        r, gr = g[name + "r"][()], g[name + "G"][()]
        peak = r[(r > 1.8) & (r < 3.8)][gr[(r > 1.8) & (r < 3.8)].argmax()]
        check(f"first peak {name} {peak}", abs(peak - 2.82) < 0.06)
    s, q = g["model/S"][()], g["model/q"][()]
    check("first maximum of S", abs(q[s.argmax()] - 0.445) < 0.03)
correct = ["--correct-multiple-scattering", glass, "--piles", "3", "--q-min", "0.15", "--q-max", "1.5", "--radii", "50"]
run(0, "neighbours up to", "radial", "scan.h5", "-o", "c.h5", *correct)
run(0, "wrote", "radial", "scan.h5", "-o", "c3.h5", *correct, "--threads", "3")
run(0, "3, 9 positions in each", "radial", "scan.h5", "-o", "c4.h5", *correct, "--dry-run")
with h5py.File("c.h5") as f, h5py.File("c3.h5") as f3:
    g = f["radial/multiple_scattering"]
    ratio, q = g["ratio"][()], f["radial/q"][()]
    check("the ratio is smallest in the main ring and has an error", abs(q[ratio.argmin()] - 0.445) < 0.05 and (g["ratio_error"][()] > 0).all())
    check("thickness of the ratio is that of the patterns", abs(g.attrs["thickness"] - 40.2) < 0.2)
    check("threads change nothing", (f3["radial/G"][()] == f["radial/G"][()]).all())
run(0, "wrote", "report", "f.h5", "r.h5", "c.h5", "-o", "r.html")

for engine in ("kinematic", "flat-born", "phase-object"):
    run(0, engine, "simulate", glass, "-o", engine + ".h5", "--engine",
        engine, "--at", "20,20", "--pixel", "0.3", "--q-max", "0.8", "--semiangle", "4")
with h5py.File("flat-born.h5") as f:
    p = f["simulation/patterns"][0, 0]
    ring = np.hypot(*np.meshgrid(f["simulation/q_x"][()], f["simulation/q_y"][()])) > 0.3
    check("flat Born obeys Friedel's law", abs(p - p[::-1, ::-1])[ring].max() < 1e-4 * p[ring].max())

np.save("few.npy", np.ones((2, 64, 64), np.float32))
np.save("negative.npy", -np.ones((9, 64, 64), np.float32))
with h5py.File("scan.h5") as f: np.save("far.npy", np.roll(f["simulation/patterns"][-1], (12, 9), axis=(-2, -1)))
limit = ["symmetry", "limit", glass, "-o", "new.h5"]
refuse(2, "name the model of the glass", "symmetry", "limit", "-o", "new.h5")
refuse(2, "--thickness 20,30", *limit, "--thickness", "20,30")
refuse(2, "expected NAME:AXIS:N", *limit, "--motifs", "fcc")
refuse(2, "not one of 1 .. 12", *limit, "--motifs", "fcc:100:14")
refuse(2, "--engines 'born'", *limit, "--engines", "born")
refuse(2, "--depths 2", *limit, "--depths", "2")
refuse(2, "LOW < HIGH", *limit, "--ring", "0.5,0.4")
refuse(4, "central disc", *limit, "--semiangle", "12")
refuse(4, "fcc:100:4 is 8.15 Angstrom high along the beam, more than the thinnest specimen of --thickness 8", *limit, "--motifs", "fcc:100:4",
    "--radius", "6", "--thickness", "8,16")
refuse(4, "11.5 Angstrom high", *limit, "--motifs", "mackay:5:10", "--shells", "2", "--thickness", "10,20")
refuse(2, "give --dose", *limit, "--dqe", "0.5")
refuse(4, "finer --pixel", *limit, "--pixel", "0.9", "--motif-ring", "0.3,0.6")
refuse(2, "name patterns", "fluctuation", "-o", "new.h5")
refuse(3, "2 patterns have no variance", "fluctuation", "few.npy", "-o", "new.h5", "--pixel-q", "0.02", "--q-max", "0.5",
    "--radii", "10", "--gain", "0")
refuse(3, "negative", "fluctuation", "negative.npy", "-o", "new.h5", "--pixel-q", "0.02", "--q-max", "0.5", "--radii", "10", "--gain", "0")
for command, how in (("fluctuation", []), ("radial", ["--composition", "Cu64.5Zr35.5"]), ("strain", []), ("correlation", ["--kind", "diffraction", "--frame-time", "1"])):
    run(4, "off the stated centre", command, "far.npy", "-o", "new.h5", "--pixel-q", "0.0249", "--energy", "200", "--q-max", "0.9", *how)
refuse(4, "whole circles only up to", "fluctuation", "scan.h5", "-o", "new.h5", "--q-max", "3")
refuse(4, "holds no visible pixel", "fluctuation", "scan.h5", "-o", "new.h5", "--q-min", "0.01", "--q-max", "0.05")
refuse(2, "--resolution", "fluctuation", "-o", "new.h5", "--model", glass)
refuse(3, "cannot be opened", "fluctuation", "scan.h5", "-o", "new.h5", "--radii", "20", "--compare", "none.txt")
correct = ["radial", "few.npy", "-o", "new.h5", "--pixel-q", "0.0249", "--q-max", "0.7", "--radii", "20", "--gain", "0", "--correct-multiple-scattering", glass]
known = ["--thickness", "40", "--energy", "200", "--semiangle", "1"]
for missing, what in ((0, "thickness of the specimen is not known"), (2, "energy of the beam is not known"), (4, "semi-angle of the beam is not known")):
    refuse(2, what, *correct, *known[:missing], *known[missing + 2:])
refuse(4, "give a model of the same alloy", *correct, *known, "--composition", "Cu50Zr50")
refuse(4, "give a model of the same alloy", *correct, *known, "--composition", "Cu64Zr31Al5")
refuse(4, "give a model of the same density", *correct, *known, "--density", "0.05")
refuse(4, "edge of the central disc", *correct, *known[:-1], "9")
refuse(2, "corrects patterns", "radial", "-o", "new.h5", "--model", glass, "--correct-multiple-scattering", glass)
refuse(2, "--composition", "radial", "scan.h5", "-o", "new.h5", "--q-max", "1.8")
refuse(4, "whole circles only up to", "radial", "scan.h5", "-o", "new.h5", "--model", glass)
commands.finish()
