#!/usr/bin/python3
"""Crystals and the icosahedron through `vitrobeam structure`: Voronoi index, bond-orientational order, classes, against the values
that follow from their geometry (Steinhardt, Nelson and Ronchetti 1983; Lechner and Dellago 2008), and the volumes of the glass's
cells, plain and radical, against its box.
Usage: crystal_order.py VITROBEAM [GLASS.extxyz]    Needs python3-h5py. Seconds."""
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

program = os.path.abspath(sys.argv[1])
glass = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else str(next((pathlib.Path(__file__).parents[2] / "examples").glob("*.extxyz")))
os.chdir(tempfile.mkdtemp())


def analyse(model, *options):
    done = subprocess.run([program, "structure", model, "-o", "out.h5", "--force", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return h5py.File("out.h5")["structure"]


def write(name, cell, basis, repeat=4):
    atoms = [b + numpy.array([i, j, k]) for i in range(repeat) for j in range(repeat) for k in range(repeat) for b in basis]
    lines = ["Cu " + " ".join(f"{x:.12f}" for x in a @ cell) for a in atoms]
    lattice = " ".join(f"{x:.12f}" for x in (cell * repeat).ravel())
    pathlib.Path(name).write_text(f'{len(atoms)}\nLattice="{lattice}" Properties=species:S:1:pos:R:3\n' + "\n".join(lines) + "\n")


cube = numpy.eye(3)
f = lambda *rows: numpy.array(rows, float)
write("fcc.xyz", 4 * cube, f([0, 0, 0], [.5, .5, 0], [.5, 0, .5], [0, .5, .5]))
write("bcc.xyz", 3 * cube, f([0, 0, 0], [.5, .5, .5]))
write("sc.xyz", 3 * cube, f([0, 0, 0]))
write("hcp.xyz", f([3, 0, 0], [-1.5, 1.5 * 3**.5, 0], [0, 0, 3 * (8 / 3)**.5]), f([1 / 3, 2 / 3, .25], [2 / 3, 1 / 3, .75]))
phi = (1 + 5**.5) / 2
shell = [p for a in (-1, 1) for b in (-phi, phi) for p in ((0, a, b), (a, b, 0), (b, 0, a))]
pathlib.Path("ico.xyz").write_text("13\n\nCu 0 0 0\n" + "\n".join("Zr %.12f %.12f %.12f" % tuple(1.5 * x for x in p) for p in shell) + "\n")

# name, cutoff, q4, q6, w4, w6, Voronoi index, common-neighbour class
table = [("ico", 3.0, 0, .66332, None, -.169754, (0, 0, 12, 0), "icosahedral"),
         ("fcc", 3.4, .19094, .57452, -.159317, -.013161, (0, 12, 0, 0), "fcc"),
         ("hcp", 3.6, .09722, .48476, .134097, -.012442, (0, 12, 0, 0), "hcp"),
         ("bcc", 2.8, .50918, .62854, None, None, (0, 6, 0, 8), "bcc"),
         ("bcc", 3.6, .03637, .51069, .159317, .013161, (0, 6, 0, 8), "bcc"),
         ("sc", 3.4, .76376, .35355, None, None, (0, 6, 0, 0), None)]
bad = 0
for name, cutoff, *order, index, kind in table:
    s = analyse(f"{name}.xyz", "--cutoff", str(cutoff), "--only", "voronoi,order,classes")
    got = [s[k][0] for k in ("q4", "q6", "w4", "w6")]
    worst = max(abs(a - b) for a, b in zip(got, order) if b is not None)
    found = tuple(int(x) for x in s["voronoi_index"][0])
    classes = [c.decode() if isinstance(c, bytes) else c for c in s["cna_class"].attrs["classes"]]
    names = classes[s["cna_class"][0]], classes[s["template_class"][0]]
    good = worst < 6e-6 and found == index and (kind is None or names == (kind, kind))
    bad += not good
    print(f"{name:4} {cutoff}: q and w within {worst:.1e} of the published five digits; Voronoi {found}; common neighbours {names[0]}, "
          f"template {names[1]} (rmsd {s['template_rmsd'][0]:.1e}){'' if good else '   BAD'}")
lattice = pathlib.Path(glass).read_text().split('Lattice="')[1].split('"')[0].split()
box = abs(numpy.linalg.det(numpy.array(lattice, float).reshape(3, 3)))
for kind, options in (("plain", ()), ("radical", ("--radical",))):
    off = abs(math.fsum(analyse(glass, "--only", "voronoi", *options)["voronoi_volume"][()]) / box - 1)
    bad += off > 1e-8
    print(f"volumes of the {kind} cells of the glass sum to the box within {off:.1e}")
sys.exit(int(bad > 0))
