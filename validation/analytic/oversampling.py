#!/usr/bin/python3
"""Ring intensities on coarse grids against a grid of 0.04 Angstrom whose potential is exponentiated twelve times finer:
without oversampling, and with --oversampling auto. Six materials and energies, 12 positions of a slab of 20 x 20 x 12 Angstrom, atoms at
rest. Per ring that ends below 0.8 of the band limit: mean shift in per cent, in brackets its standard deviation over the positions.
Then the processor time of 64 probes through the glass at 512 x 512, in turn.
Usage: oversampling.py VITROBEAM OUT.csv OUT.png [GLASS.extxyz]    Needs python3-h5py, python3-matplotlib. Ten minutes on one core."""
import csv
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

import h5py
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

program, table, figure = (os.path.abspath(x) for x in sys.argv[1:4])
glass = os.path.abspath(sys.argv[4] if len(sys.argv) > 4 else next((pathlib.Path(__file__).parents[2] / "examples").glob("*.extxyz")))
RINGS = [(5, 20), (20, 40), (40, 60), (60, 80)]
PIXELS = [0.05, 0.065, 0.08, 0.1, 0.12]
CASES = [("Cu64.5Zr35.5", 200), ("Cu64.5Zr35.5", 300), ("Cu64.5Zr35.5", 60), ("Au40Pd40Si20", 200), ("Au40Pd40Si20", 80), ("C100", 80)]
EDGE, PLACES = 20.0, 12


def run(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([program, *arguments, "--force"], check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def within_reach(grid_pixel, energy, outer):
    m, e = 510.99895, energy
    wavelength = 12.398419843 / np.sqrt(e * (2 * m + e))
    return outer < 0.8e3 * wavelength / (3 * grid_pixel)


def rings(model, energy, pixel, oversampling):
    reached = [r for r in RINGS if within_reach(pixel, energy, r[1])]
    detectors = [x for i, o in reached for x in ("--detector", f"d{i}={i}:{o}")]
    run("simulate", model, "-o", "out.h5", "--energy", str(energy), "--semiangle", "3.3", "--positions", "places.txt", "--patterns", "none",
        "--wrap-limit", "100", "--padding", "0", "--memory", "8", "--slice", "2", "--threads", "2", "--engine", "multislice", *detectors, "--pixel", str(pixel), "--oversampling", oversampling)
    with h5py.File("out.h5") as f:
        return {i: f[f"simulation/detectors/d{i}"][()].ravel() for i, _ in reached}


rows = []
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    np.savetxt("places.txt", np.random.default_rng(11).uniform(0, EDGE, (PLACES, 2)), fmt="%.5f")
    run("model", "cut", glass, "--from", "0,0,10", "--to", f"{EDGE},{EDGE},22", "-o", "Cu64.5Zr35.5.xyz")
    run("model", "packing", "--composition", "Au40Pd40Si20", "--box", "24x24x15", "--seed", "3", "-o", "Au.xyz")
    run("model", "packing", "--composition", "C100", "--box", "24x24x15", "--density", "0.11", "--seed", "4", "-o", "C.xyz")
    for packing, name in (("Au.xyz", "Au40Pd40Si20.xyz"), ("C.xyz", "C100.xyz")):  # cut open as the glass is
        run("model", "cut", packing, "--from", "1,1,1", "--to", f"{EDGE + 1},{EDGE + 1},13", "-o", name)
    for material, energy in CASES:
        model = material + ".xyz"
        reference = rings(model, energy, 0.04, "12")
        for pixel in PIXELS:
            for oversampling in ("1", "auto"):
                found = rings(model, energy, pixel, oversampling)
                line = {"material": material, "energy_kV": energy, "pixel_A": pixel, "oversampling": oversampling}
                for inner, outer in RINGS:
                    a, b = found.get(inner), reference.get(inner)
                    line[f"shift_{inner}_{outer}"] = "" if a is None else f"{100 * (a.mean() / b.mean() - 1):+.3f}"
                    line[f"scatter_{inner}_{outer}"] = "" if a is None else f"{100 * (a / b).std():.3f}"
                rows.append(line)
                print(*line.values(), sep="  ", flush=True)
    run("model", "cut", glass, "--from", "0,0,0", "-o", "whole.xyz")
    times = {"1": [], "auto": []}
    for _ in range(5):
        for oversampling, spent in times.items():
            spent.append(run("simulate", "whole.xyz", "-o", "out.h5", "--grid", "512", "--semiangle", "3.3", "--scan", "8x8", "--threads", "1",
                             "--engine", "multislice", "--oversampling", oversampling))
    cost = np.median(times["auto"]) / np.median(times["1"])
    print(f"64 probes, 512 x 512, 40 Angstrom: {np.median(times['1']):.2f} s without, {np.median(times['auto']):.2f} s with, ratio {cost:.2f}")

with open(table, "w", newline="") as f:
    writer = csv.DictWriter(f, rows[0])
    writer.writeheader()
    writer.writerows(rows)

figure_axes = plt.subplots(2, 3, figsize=(9, 5.4), sharex=True)
for axes, (material, energy) in zip(figure_axes[1].ravel(), CASES):
    for (inner, outer), colour in zip(RINGS, ("#0072b2", "#009e73", "#e69f00", "#d55e00")):
        for oversampling, style in (("1", "--"), ("auto", "-")):
            line = [(r["pixel_A"], float(r[f"shift_{inner}_{outer}"])) for r in rows if r["material"] == material and
                    r["energy_kV"] == energy and r["oversampling"] == oversampling and r[f"shift_{inner}_{outer}"]]
            if line:
                axes.plot(*zip(*line), style, color=colour, marker="o", markersize=3, label=f"{inner}–{outer} mrad" if style == "-" else None)
    axes.set_title(f"{material}, {energy} kV", fontsize=9)
    axes.axhline(0, color="0.7", linewidth=0.6, zorder=0)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([-10, -1, 0, 1, 10], ["−10", "−1", "0", "1", "10"])
for axes in figure_axes[1][1]:
    axes.set_xlabel("pixel / Å")
for axes in figure_axes[1][:, 0]:
    axes.set_ylabel("shift of the ring / %")
figure_axes[1][0, 0].legend(fontsize=7, frameon=False, title="solid: auto, dashed: 1", title_fontsize=7)
figure_axes[0].suptitle(f"Mean intensity of rings against 0.04 Å pixels, exponentiated 12 times finer; auto costs {cost:.2f} times as much", fontsize=9)
figure_axes[0].tight_layout()
figure_axes[0].savefig(figure, dpi=160)
