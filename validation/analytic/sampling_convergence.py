#!/usr/bin/python3
"""How far annular detectors are from a finer grid and from thinner slices: the glass of examples/, 200 kV, 3.3 mrad, 4 x 4
positions. Prints, for every annulus, the mean over the positions against the finest run, and how much that ratio differs from
position to position (rms): the first is a common factor, only the second changes a picture's contrast.
Usage: sampling_convergence.py VITROBEAM [GLASS.extxyz]    Needs python3-h5py. A minute on one core."""
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

program = os.path.abspath(sys.argv[1])
glass = sys.argv[2] if len(sys.argv) > 2 else str(next((pathlib.Path(__file__).parents[2] / "examples").glob("*.extxyz")))
rings = [(20, 40), (40, 60), (60, 80), (80, 100)]
detectors = [x for i, o in rings for x in ("--detector", f"d{i}={i}:{o}")]


def run(*arguments):
    subprocess.run([program, *arguments, "--force"], check=True, stdout=subprocess.DEVNULL)


def images(model, grid, thickness):
    run("simulate", model, "-o", "out.h5", "--grid", str(grid), "--slice", str(thickness), "--scan", "4x4", "--patterns", "none",
        "--threads", "1", "--engine", "multislice", *detectors)
    with h5py.File("out.h5") as f:
        return [f[f"simulation/detectors/d{i}"][()] for i, _ in rings]


def row(label, found, reference):
    ratios = [a / b for a, b in zip(found, reference)]
    print(f"{label:>14}", *(f"{100 * (r.mean() - 1):+6.1f} ({100 * r.std():.1f})" for r in ratios), sep="  ")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run("model", "cut", glass, "--slab", "10,22", "-o", "slab.xyz")
    run("model", "cut", glass, "--from", "0,0,0", "-o", "whole.xyz")
    print("per cent, rms between positions in brackets; annuli", *(f"{i}-{o} mrad" for i, o in rings))
    finest = images("slab.xyz", 2016, 2)
    for grid in (504, 756, 1008):
        row(f"pixel {40.1907 / grid:.3f} A", images("slab.xyz", grid, 2), finest)
    thinnest = images("whole.xyz", 512, 0.25)
    for thickness in (4, 2, 1, 0.5):
        row(f"slice {thickness} A", images("whole.xyz", 512, thickness), thinnest)
