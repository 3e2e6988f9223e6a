#!/usr/bin/python3
"""What --interpolation costs in accuracy: the glass of examples/ (40 Angstrom cube), 200 kV, the angstrom beam (3.3 mrad) and a
HAADF probe (20 mrad), four positions, against multislice as the run itself measures it. Prints for every factor the edge of the
window, the plane waves propagated, the share of the probe beyond half the window, R of the patterns (sum |I - I_exact| / sum I on
the coarser pixels; also without the bright disc) and the rms error of the annular detector by its mean. Factors whose window does not hold the probe
(--wrap-limit) are marked as refused.
Usage: interpolation_error.py VITROBEAM [GLASS.extxyz]    Needs python3-h5py. Some two minutes on one core."""
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py

program = os.path.abspath(sys.argv[1])
glass = sys.argv[2] if len(sys.argv) > 2 else str(next((pathlib.Path(__file__).resolve().parents[2] / "examples").glob("*.extxyz")))
probes = [("angstrom beam", "3.3", "adf=20:40", "1", (1, 2, 3, 4)), ("HAADF", "20", "haadf=50:75", "2.4", (8, 5, 4, 3, 2))]

os.chdir(tempfile.mkdtemp())
print("| probe | factor | window | plane waves | beyond half the window | patterns R, mean (worst) | outside the disc | detector, rms |")
print("|---|---|---|---|---|---|---|---|")
for name, semiangle, detector, q_max, factors in probes:
    for factor in factors:
        done = subprocess.run([program, "simulate", glass, "-o", "out.h5", "--force", "--pixel", "0.11", "--semiangle", semiangle,
                               "--scan", "2x2", "--detector", detector, "--q-max", q_max, "--engine", "smatrix", "--interpolation",
                               str(factor), "--threads", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        head = f"| {name}, {semiangle} mrad, {detector} | {factor} | {40.19 / factor:.1f} Å "
        if done.returncode:
            if "lies beyond half" not in done.stderr:
                sys.exit(done.stderr)
            print(head + f"| refused: {done.stderr.split('error: ')[1].split(' of the probe')[0]} of the probe outside | | | | |")
            continue
        with h5py.File("out.h5") as f:
            a = f["audit"].attrs
            error = ("0 | 0 | 0 " if factor == 1 else
                     f"{100 * a['interpolation_error_patterns']:.1f} % ({100 * a['interpolation_error_patterns_worst']:.1f} %) | "
                     f"{100 * a['interpolation_error_scattered']:.1f} % | {100 * a['interpolation_error_detectors']:.1f} % ")
            print(head + f"| {a['beams']} | {100 * a['probe_beyond_half_cell']:.1f} % | " + error + "|", flush=True)
