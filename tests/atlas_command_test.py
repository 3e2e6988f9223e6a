#!/usr/bin/python3
"""vitrobeam atlas on files: maps of one model and its scan on the same columns, planted and absent correlations, a short trajectory,
one page, and how it refuses.
Usage: atlas_command_test.py PROGRAM SOURCE_DIR"""
import os

from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check, glass = commands.run, commands.refuse, commands.check, commands.glass


def matrix(f, name):
    names = list(f["atlas/correlation/name"].asstr()[()])
    values = f["atlas/correlation/" + name][()]
    return lambda a, b: values[names.index(a), names.index(b)]


run(0, "slab.xyz", "model", "cut", glass, "--slab", "10,22", "-o", "slab.xyz")
quick = ["--shifts", "199"]
run(0, "wrote", "atlas", "slab.xyz", "-o", "atlas.h5", "--scan", "14x14", "--threads", "2", *quick)
run(0, "wrote", "atlas", "slab.xyz", "-o", "again.h5", "--patterns", "atlas.scan.h5", "--threads", "1", *quick)
run(0, "wrote", "density", "atlas.scan.h5", "-o", "density.h5", "--model", "slab.xyz")
run(0, "other.xyz", "model", "cut", glass, "--slab", "4,16", "-o", "other.xyz")
run(0, "wrote", "atlas", "other.xyz", "-o", "other.h5", "--scan", "14x14", "--threads", "2", *quick)
expected = {"structure": {"column_density", "share_Cu", "voronoi_volume", "five_fold", "icosahedra", "q4_averaged", "q6_averaged"},
            "diffraction": {"symmetry_2", "symmetry_4", "symmetry_6", "friedel_pair", "variance", "ring_intensity", "dilatation", "shear",
                            "exx", "eyy", "exy"},
            "density": {"haadf_density"}}
with h5py.File("atlas.h5") as f, h5py.File("again.h5") as g, h5py.File("density.h5") as d, h5py.File("other.h5") as h:
    for group, names in expected.items():
        check(f"{group}: {set(f['atlas'][group])}", set(f["atlas"][group]) == names)
        for name in names:
            a, b = f["atlas"][group][name][()], g["atlas"][group][name][()]
            check(f"{name}: threads and a scan of one's own change nothing", np.array_equal(a, b, equal_nan=True))
            check(f"{name} is known", a.shape == (14, 14) and np.mean(np.isfinite(a)) > 0.8)
    for name in f["atlas/correlation"]:
        if name != "name": check(name, np.array_equal(f["atlas/correlation"][name][()], g["atlas/correlation"][name][()], equal_nan=True))
    check("the own columns are those of density",
          np.allclose(f["atlas/structure/column_density"][()], d["density/model/column_density"][()]))
    check("so is the density", np.allclose(f["atlas/density/haadf_density"][()], d["density/relative"][()]))
    for kind in ("pearson", "spearman", "partial", "partial_spearman"):
        m = f["atlas/correlation/" + kind][()]
        check(f"{kind} is symmetric with a diagonal of 1",
              np.array_equal(m, m.T, equal_nan=True) and np.all(np.diag(m) == 1) and np.nanmax(np.abs(m)) <= 1)
    # Zr scatters 1.9 times as much as Cu: only with the composition taken off is intensity density, and the other way round (one slab of
    # these 196 columns knows it to 0.1, so the mean of two)
    r, p, rate = (matrix(f, k) for k in ("partial", "partial_p_effective", "partial_false_discovery_rate"))
    r_other = matrix(h, "partial")
    for other, holds in (("column_density", lambda v: v > 0.4), ("share_Cu", lambda v: v < -0.2)):
        both = (r("haadf_density", other) + r_other("haadf_density", other)) / 2
        check(f"HAADF sees {other}: {both}, p {p('haadf_density', other)}", holds(both) and rate("haadf_density", other) < 0.01)
    five, scan_y, scan_x = (f["atlas/" + k][()] for k in ("structure/five_fold", "scan_y", "scan_x"))
    check("the columns are the scan's", len(scan_y) == 14 and abs(scan_x[1] - 40.1907 / 14) < 1e-3)
page = open("atlas.html").read()
check("the page shows the maps and the matrix", all(w in page for w in ("partial rank correlation", "haadf_density", "Atlas of slab.xyz")))

# motif maps: one where five-fold bonds are many, one that has nothing to do with anything
rng = np.random.default_rng(5)
smooth = rng.normal(size=(16, 16))
smooth = sum(smooth[i:i + 14, j:j + 14] for i in range(3) for j in range(3))
motif = np.where(five > np.percentile(five, 75), 0, np.where(smooth > np.percentile(smooth, 70), 1, -1))
with h5py.File("match.h5", "w") as f:
    f["match/motif"] = motif.astype(np.int32)
    f.create_dataset("match/motif_names", data=["planted", "absent"], dtype=h5py.string_dtype())
run(0, "wrote", "atlas", "slab.xyz", "-o", "motifs.h5", "--patterns", "atlas.scan.h5", "--motifs", "match.h5", "--only",
    "five_fold,share_Cu,motif_planted,motif_absent,haadf_density", *quick)
with h5py.File("motifs.h5") as f:
    r, p = matrix(f, "spearman"), matrix(f, "spearman_p_effective")
    check(f"planted: {r('motif_planted', 'five_fold')}", r("motif_planted", "five_fold") > 0.5 and p("motif_planted", "five_fold") < 1e-3)
    check(f"absent: {p('motif_absent', 'haadf_density')}", p("motif_absent", "haadf_density") > 0.01)
    check("only what was asked for", len(f["atlas/correlation/name"]) == 5)

# the model alone, and a trajectory too short for relaxation times
run(0, "wrote", "atlas", "slab.xyz", "-o", "alone.h5", "--step", "4", "--page", "page.html", *quick)
with h5py.File("alone.h5") as f:
    check("structure alone", set(f["atlas"]) == {"structure", "correlation", "scan_x", "scan_y"} and
          f["atlas/structure/five_fold"].shape == (10, 10))
check("a page of its own name", os.path.exists("page.html"))
run(0, "frames", "model", "series", "slab.xyz", "--frames", "3", "--tau", "4", "--closest", "0", "-o", "moving.xyz")
run(0, "no relaxation times", "atlas", "moving.xyz", "-o", "moving.h5", "--step", "4", *quick)
with h5py.File("moving.h5") as f:
    check("motion", set(f["atlas/motion"]) == {"d2min", "square_displacement"} and np.all(f["atlas/motion/square_displacement"][()] > 0))
run(0, "panels", "plot", "atlas.h5", "-o", "atlas.png")
run(0, "/atlas/correlation/spearman", "info", "atlas.h5")

run(0, "slab2.xyz", "model", "cut", glass, "--slab", "24,36", "-o", "slab2.xyz")
run(0, "simulated from another file", "atlas", "slab2.xyz", "-o", "null.h5", "--patterns", "atlas.scan.h5", *quick)
with h5py.File("null.h5") as f:
    names = list(f["atlas/correlation/name"].asstr()[()])
    inner = [names.index(n) for n in names if n in expected["structure"]]
    outer = [names.index(n) for n in names if n in expected["diffraction"] | expected["density"]]
    p = f["atlas/correlation/spearman_p_effective"][()][np.ix_(inner, outer)].ravel()
    check(f"structure of one slab, patterns of another: {np.sort(p)[:6]} of {p.size}", np.mean(p <= 0.05) < 0.2 and np.min(p) > 1e-5)

# a dump whose frame stands twice, as after a continued run
atoms = [line.split()[:4] for line in open("slab.xyz").read().splitlines()[2:]]
box = open("slab.xyz").read().splitlines()[1].split('Lattice="')[1].split()
with open("twice.dump", "w") as f:
    for step in [*range(0, 300, 10), *range(290, 400, 10)]:
        f.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(atoms)}\nITEM: BOX BOUNDS pp pp pp\n0 {box[0]}\n0 {box[4]}\n0 {box[8].strip(chr(34))}\n"
                "ITEM: ATOMS id element x y z\n" + "".join(f"{k + 1} {' '.join(a)}\n" for k, a in enumerate(atoms)))

refused = ["-o", "no.h5"]
refuse(3, "frame 30 has the time step 290, after 290", "atlas", "twice.dump", "--step", "8", *refused, *quick)
refuse(2, "name one model", "atlas", *refused)
refuse(2, "--scan 4x4 and --patterns", "atlas", "slab.xyz", "--scan", "4x4", "--patterns", "atlas.scan.h5", *refused)
refuse(2, "there is no image", "atlas", "slab.xyz", "--calibration", "x.h5", *refused)
refuse(2, "--only 'nothing': no such map", "atlas", "slab.xyz", "--step", "8", "--only", "nothing,five_fold", *refused)
refuse(2, "--orders 2,13", "atlas", "slab.xyz", "--orders", "2,13", *refused)
refuse(2, "leave it out", "atlas", "slab.xyz", "--patterns", "atlas.scan.h5", "--semiangle", "2", *refused)
refuse(3, "none.xyz", "atlas", "none.xyz", *refused)
refuse(3, "no raster of positions of a simulation", "atlas", "slab.xyz", "--patterns", "match.h5", *refused)
refuse(3, "no result of match", "atlas", "slab.xyz", "--step", "4", "--motifs", "atlas.scan.h5", *refused)
refuse(3, "the atlas has 10 x 10 columns", "atlas", "slab.xyz", "--step", "4", "--motifs", "match.h5", *refused)
refuse(4, "the central disc", "atlas", "slab.xyz", "--scan", "4x4", "--semiangle", "10", *refused)
commands.finish()
