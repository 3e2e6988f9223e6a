#!/usr/bin/python3
"""Figures of the ring analyses against references: measured stack, FEMSIM, odd and even orders of a glass,
pair distribution.
Usage: rings.py PROGRAM SHARED_DATA [GLASS]   (exit status 77 where the data are absent)"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

program, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
glass = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
if not os.path.isdir(data):
    print(f"{data} is absent: skipped")
    sys.exit(77)
os.chdir(tempfile.mkdtemp())


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}")
    return done.stdout


def spread(a, b, mean, v):
    d, e = abs(mean - 1), abs(v - 1)
    print(f"{a} against {b}: radial mean, median {100 * np.median(d):.3f} %, largest {100 * d.max():.2f} %; V_Omega {100 * np.median(e):.3f} %, "
          f"{100 * e.max():.1f} %")


def measured():
    table = np.genfromtxt(f"{data}/measured/scottlab_V_k.csv", delimiter=",", comments="#")
    k = table[:, 0]
    step = k[1] - k[0]
    run("convert", f"{data}/measured/amorphous_film_nanodiffraction_10.mat", "-o", "film.h5", "--energy", "200",
        "--pixel-q", "0.0022", "--mask", "beam-stop", "--centre", "289.68,268.31")
    run("fluctuation", "film.h5", "-o", "m.h5", "--q-min", k[0] - step / 2, "--q-max", k[-1] + step / 2, "--radii", len(k), "--gain",
        "0", "--partial-rings")
    # The values of the file follow, in 110 of 170 rings to 1e-6, from 720 bilinear points on every circle of a whole number of
    # pixels, without those that touch a mask: mean pattern below 130, grown by five pixels.
    with h5py.File("film.h5") as f:
        hidden = f["measurement/patterns"][()].reshape(-1, 512, 512).mean(0) < 130
    for _ in range(5):
        grown = hidden.copy()
        grown[1:] |= hidden[:-1]
        grown[:-1] |= hidden[1:]
        grown[:, 1:] |= hidden[:, :-1]
        grown[:, :-1] |= hidden[:, 1:]
        hidden = grown
    np.save("stop.npy", hidden.astype("u1"))
    spread("NumPy", "py4DSTEM", table[:, 1] / table[:, 3], table[:, 2] / table[:, 4])
    spread("NumPy", "pyxem", table[:, 1] / table[:, 5], table[:, 2] / table[:, 6])
    for what, options in (("whole pixels, own mask", []), ("whole pixels, that mask", ["--mask", "stop.npy"]),
                          ("720 points, that mask", ["--mask", "stop.npy", "--interpolate"]),
                          ("1440 points, that mask", ["--mask", "stop.npy", "--interpolate", "--angles", "1440"])):
        run("fluctuation", "film.h5", "-o", "m.h5", "--force", "--q-min", k[0] - step / 2, "--q-max", k[-1] + step / 2, "--radii", len(k),
            "--gain", "0", "--partial-rings", *options)
        with h5py.File("m.h5") as f:
            mean, v = f["fluctuation/mean"][()], f["fluctuation/V_omega"][()]
        for name, column in (("NumPy", 1), ("py4DSTEM", 3), ("pyxem", 5)):
            spread(what, name, mean / table[:, column], v / table[:, column + 1])


def femsim():
    for name, how in (("published", []), ("gfortran", []), ("published", ["--tabulated"]), ("gfortran", ["--tabulated"])):
        r = np.loadtxt(f"{data}/femsim/reference/vk_{name}_Zr50Cu35Al15_t3.txt")
        k = r[:, 0]
        step = (k[-1] - k[0]) / (len(k) - 1)
        run("fluctuation", "--model", f"{data}/femsim/Zr50Cu35Al15_t3_final.xyz", "--resolution", "0.0305", "-o", "f.h5",
            "--force", "--q-min", k[0] - step / 2, "--q-max", k[-1] + step / 2, "--radii", len(k), *how)
        with h5py.File("f.h5") as f:
            v = f["fluctuation/model/V_omega"][()]
        d = abs(v / r[:, 1] - 1)
        print(f"kinematic V(k) against FEMSIM, {name}, {'its tables' if how else 'exact'}: median {100 * np.median(d):.2f} %, largest {100 * d.max():.1f} % at "
              f"{k[d.argmax()]:.3f}, from 0.34 1/Angstrom {100 * d[k > 0.34].max():.1f} %; maximum {v.max():.4f} at "
              f"{k[v.argmax()]:.4f}")


def thin():
    """V of a thin slab by multislice, and by single scattering with and without propagation."""
    for thickness in (8, 24, 40):
        run("model", "cut", glass, "--slab", f"0,{thickness}", "-o", "slab.xyz", "--force")
        v = {}
        for engine in ("multislice", "kinematic", "flat-born"):
            run("simulate", "slab.xyz", "-o", "s.h5", "--force", "--engine", engine, "--semiangle", "2", "--scan", "9x9",
                "--pixel", "0.2", "--q-max", "0.9", "--wrap-limit", "30%")
            run("fluctuation", "s.h5", "-o", "v.h5", "--force", "--q-min", "0.3", "--q-max", "0.8", "--radii", "20")
            with h5py.File("v.h5") as f:
                v[engine] = f["fluctuation/V_omega"][()]
        for engine in ("kinematic", "flat-born"):
            d = v["multislice"] / v[engine] - 1
            print(f"V_Omega of {thickness} Angstrom, multislice over {engine}: median {100 * np.median(d):+.1f} %, "
                  f"largest difference {100 * abs(d).max():.1f} %")


def pairs():
    run("simulate", glass, "-o", "r.h5", "--semiangle", "1", "--scan", "6x6", "--pixel", "0.15", "--q-max", "2.05",
        "--wrap-limit", "60%")
    print(run("radial", "r.h5", "--model", glass, "-o", "p.h5", "--q-min", "0.15", "--q-max", "2.0", "--radii", "100"))


measured()
femsim()
if glass:
    thin()
    pairs()
