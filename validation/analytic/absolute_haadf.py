#!/usr/bin/python3
"""Fraction of the beam on an annular detector at 0.05 and 0.08 Angstrom pixels, without oversampling and with --oversampling auto: random
packings of Si, Cu, Zr, Au, piled to 30 nm, 12 positions, atoms smeared by 0.08 Angstrom of thermal motion (--phonons 1). 60 kV, 60 to 160 mrad, and 200 kV, 60 to 83 mrad: both end at
0.8 of the band limit of 0.08 Angstrom pixels.
Usage: absolute_haadf.py VITROBEAM OUT.csv    Needs python3-h5py. Five minutes on one core."""
import csv
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

program, table = (os.path.abspath(x) for x in sys.argv[1:3])
EDGE, THICKNESS = 20.0, (20, 40, 80, 160, 300)
DENSITY = {"Si": 0.0500, "Cu": 0.0800, "Zr": 0.0410, "Au": 0.0560}  # atoms per cubic Angstrom
BEAMS = [(60, 160), (200, 83)]


def run(*arguments):
    subprocess.run([program, *arguments, "--force"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fractions(element, energy, outer, pixel, oversampling):
    run("simulate", element + ".xyz", "-o", "out.h5", "--energy", str(energy), "--semiangle", "10", "--positions", "places.txt", "--patterns", "none",
        "--wrap-limit", "100", "--slice", "2", "--every-slices", "10", "--threads", "2", "--engine", "multislice", "--phonons", "1", "--u-rms", "0.08",
        "--pixel", str(pixel), "--oversampling", oversampling, "--detector", f"haadf=60:{outer}")
    with h5py.File("out.h5") as f:
        return f["simulation/detectors/haadf"][()].reshape(15, -1).mean(axis=1)


rows = []
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    np.savetxt("places.txt", np.random.default_rng(17).uniform(0, EDGE, (12, 2)), fmt="%.5f")
    for element, density in DENSITY.items():
        run("model", "packing", "--composition", element + "100", "--box", str(EDGE), "--density", str(density), "--seed", "8", "--repeat", "1x1x15", "-o", element + ".xyz")
        for energy, outer in BEAMS:
            found = {(pixel, o): fractions(element, energy, outer, pixel, o) for pixel in (0.05, 0.08) for o in ("1", "auto")}
            for t in THICKNESS:
                k = t // 20 - 1
                line = {"element": element, "energy_kV": energy, "outer_mrad": outer, "thickness_A": t}
                line |= {f"{o}_{pixel}": f"{f[k]:.6f}" for (pixel, o), f in found.items()}
                line |= {f"difference_{o}_percent": f"{100 * (found[0.08, o][k] / found[0.05, o][k] - 1):+.2f}" for o in ("1", "auto")}
                rows.append(line)
                print(*line.values(), sep="  ", flush=True)
with open(table, "w", newline="") as f:
    writer = csv.DictWriter(f, rows[0])
    writer.writeheader()
    writer.writerows(rows)
print("largest difference between the pixels:", *(f"{o} {max(abs(float(r[f'difference_{o}_percent'])) for r in rows):.2f} %" for o in ("1", "auto")))
