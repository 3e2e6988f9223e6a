#!/usr/bin/python3
"""The metallic-glass particle of atomic electron tomography (Yang et al., Nature 592 (2021) 60) through `vitrobeam structure`, against
the analyses that its authors published: averaged q4 and q6, pair histogram, Voronoi indices.

Published Voronoi indices leave out faces under 1 % of a cell and cut it again by the neighbours that stay (--small-faces rebuild).
Their program takes cross products of edge vectors along the wrong dimension where a matrix is 3 x 3, that is for faces with five
corners: the areas of pentagons are wrong, and with them which faces are under 1 %. The wrong area depends on the corner at which
the face begins, and that on the order in which Qhull lists corners. The last lines count how many indices are the ones that
right areas give, that the wrong areas of one order give, and that the wrong areas give from some corner.
Usage: tomography.py VITROBEAM DATA [ATOMS]    DATA holds the published files; ATOMS (1500) interior atoms are tried for the last
line. Which corner Qhull lists first depends on its version and options, so the published order itself cannot be had: that of Debian's
Qhull gives 88 %. Status 77 without DATA. Needs python3-h5py and python3-scipy. Two minutes."""
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

program = os.path.abspath(sys.argv[1])
data = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/nonexistent").absolute()
tried = int(sys.argv[3]) if len(sys.argv) > 3 else 1500
model = data / "MG_nanoparticle_18356_CoPdPt.xyz"
if not model.exists():
    print(f"skipped: {model} is absent")
    sys.exit(77)
import h5py
from scipy.spatial import Voronoi

os.chdir(tempfile.mkdtemp())
bad = 0


def analyse(*options, atoms=model):
    done = subprocess.run([program, "structure", str(atoms), "-o", "out.h5", "--force", *options], check=True, capture_output=True, text=True)
    for line in done.stderr.splitlines():
        if "closer than" in line:
            print(line)
    return h5py.File("out.h5")["structure"]


s = analyse("--only", "order", "--cutoff", "3.688")
published = numpy.loadtxt(data / "MG_boo_Q4_Q6_scaled.csv", delimiter=",")
worst = max(abs(s[name][()] - published[:, k]).max() for k, name in enumerate(("q4_averaged", "q6_averaged")))
order = {name: s[name][()] for name in ("q4_averaged", "q6_averaged")}
# The file has five decimals: what would another rounding of the same positions give?
lines = model.read_text().splitlines()
noise = numpy.random.default_rng(2).uniform(-5e-6, 5e-6, (len(lines) - 2, 3))
moved = lines[:2] + [w[0] + "".join(f" {float(x) + n:.8f}" for x, n in zip(w[1:4], row)) for w, row in zip(map(str.split, lines[2:]), noise)]
pathlib.Path("moved.xyz").write_text("\n".join(moved) + "\n")
other = analyse("--only", "order", "--cutoff", "3.688", atoms="moved.xyz")
rounding = max(abs(other[name][()] - order[name]).max() for name in order)
bad += worst > 2 * rounding
decimals = [max(len(x.split(".")[1].split("e")[0]) for x in line) for line in (lines[2].split()[1:4], (data / "MG_boo_Q4_Q6_scaled.csv").read_text().split("\n")[1].split(","))]
print(f"averaged q4, q6: largest difference {worst:.1e}; the last decimal of the positions is worth {rounding:.1e}. Positions are given to "
      f"{decimals[0]} decimals, the orders to {decimals[1]}: 1e-10 cannot be had from these files")

# Bin k of the published histogram holds distances from 0.1 k - 0.001 on: ceil(d / 0.1 + 0.01).
def histogram(atoms):
    pairs = analyse("--only", "pairs", "--r-bin", "0.001", "--r-max", "20.099", atoms=atoms)["gr/pairs"][()]
    out = numpy.array([pairs[max(0, 100 * k - 1):100 * k + 99].sum() for k in range(201)])
    out[0] += len(published)  # every atom with itself
    out[200] = pairs[19999:20000].sum()  # it stops at 20
    return out


# Positions of five decimals move some pairs over an edge: how many, another rounding of the same positions tells.
ours, moved = histogram(model), histogram("moved.xyz")
theirs = numpy.loadtxt(data / "MG_rdf_all_atoms.csv", delimiter=",")[:, 1]
difference, rounding = abs(ours - theirs), abs(ours - moved)
bad += abs(ours.sum() - theirs.sum()) > 20 or difference.max() > 2 * rounding.max() or difference.sum() > 1.5 * rounding.sum()
print(f"pair histogram: {ours.sum():.0f} pairs, published {theirs.sum():.0f}; largest difference of a bin {difference.max():.0f}, "
      f"sum {difference.sum():.0f}, {(difference > 0).sum()} of 201 bins differ")
print(f"                another rounding of the fifth decimal: {moved.sum():.0f} pairs, largest difference {rounding.max():.0f}, "
      f"sum {rounding.sum():.0f}, {(rounding > 0).sum()} bins")

# In single precision, positions from their mean, the total is the published one; the bins are not.
position = numpy.array([[float(x) for x in line.split()[1:4]] for line in lines[2:]])
single, counts = (position - position.mean(0)).astype(numpy.float32), numpy.zeros(201)
for first in range(0, len(single), 250):
    square = ((single[first:first + 250, None] - single) ** 2).sum(2)
    d = numpy.sqrt(square[square < 401])
    d = d[d <= 20]
    counts += numpy.bincount((d / numpy.float32(.1) + numpy.float32(.01)).astype(int), minlength=201)
difference = abs(counts - theirs)
print(f"                single precision: {counts.sum():.0f} pairs, largest difference of a bin {difference.max():.0f}, sum {difference.sum():.0f}, "
      f"{(difference > 0).sum()} bins: which decimals were cut off decides")

s = analyse("--only", "voronoi", "--small-faces", "rebuild")
index, inner = s["voronoi_index"][()], s["at_surface"][()] == 0
published = numpy.loadtxt(data / "MG_voronoi_index_per_atom.csv", delimiter=",", dtype=int)
agrees = (index == published[:, 2:]).all(1)
dropped = (analyse("--only", "voronoi")["voronoi_index"][()] == published[:, 2:]).all(1)
print(f"Voronoi: {inner.sum()} cells touch no border; {100 * agrees[inner].mean():.2f} % of their indices are the published ones "
      f"({100 * dropped[inner].mean():.2f} % when edges are not counted again)")

cells = Voronoi(position, qhull_options="Qbb")
faces = [[] for _ in position]
for (i, j), corners in zip(cells.ridge_points, cells.ridge_vertices):
    if -1 not in corners:
        faces[i].append((j, corners))
        faces[j].append((i, corners))


def area(corners, slip):
    step = corners[1:] - corners[0]
    a, b = step[:-1], step[1:]
    axis = 0 if slip and len(a) == 3 else 1
    return numpy.linalg.norm(numpy.cross(a, b, axisa=axis, axisb=axis, axisc=axis), axis=1).sum() / 2


def rebuilt(i, neighbours):
    again = Voronoi(numpy.vstack([position[i], position[neighbours]]), qhull_options="Qbb")
    out = [0] * 6
    for (a, b), corners in zip(again.ridge_points, again.ridge_vertices):
        if min(a, b) == 0:
            if -1 in corners:
                return None
            if len(corners) <= 6:
                out[len(corners) - 1] += 1
    return out


rng = numpy.random.default_rng(1)
sample = rng.permutation(numpy.flatnonzero(inner))[:tried]
right = same = one = some = 0
for i in sample:
    neighbours = numpy.array([j for j, _ in faces[i]])
    begin = [numpy.roll(c, -int(numpy.argmin(c))) for _, c in faces[i]]  # the corner that Qhull lists first
    choices = [numpy.array([area(cells.vertices[numpy.roll(c, k)], True) for k in range(5 if len(c) == 5 else 1)]) for c in begin]

    def kept(areas):
        return tuple(areas >= .01 * areas.sum())

    def hits(keep):
        return rebuilt(i, neighbours[list(keep)]) == list(published[i])

    true = kept(numpy.array([area(cells.vertices[c], False) for c in begin]))
    ours = rebuilt(i, neighbours[list(true)])
    same += ours is not None and ours[2:] == list(index[i])
    right += hits(true)
    first = kept(numpy.array([c[0] for c in choices]))
    is_first = hits(first)
    one += is_first
    known = {first: is_first}
    for _ in range(300):
        if any(known.values()):
            break
        keep = kept(numpy.array([c[rng.integers(len(c))] for c in choices]))
        if keep not in known:
            known[keep] = hits(keep)
    some += any(known.values())
n = len(sample)
bad += same / n < .999 or some / n < .99
print(f"of {n} interior atoms: this program equals Qhull with right areas {100 * same / n:.2f} %; published equals right areas "
      f"{100 * right / n:.1f} %, wrong areas of pentagons from the first corner {100 * one / n:.1f} %, from some corner {100 * some / n:.2f} %")
sys.exit(int(bad > 0))
