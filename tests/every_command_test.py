#!/usr/bin/python3
"""Every command on small inputs: --dry-run writes nothing, and one thread and three give equal results.
Usage: every_command_test.py PROGRAM SOURCE_DIR"""
import os
import re

from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check, glass = commands.run, commands.refuse, commands.check, commands.glass
beam = "--semiangle 5 --grid 96".split()
motifs = "--motifs icosahedron,fcc --elements Cu,Zr --bond 2.75 --spacing-deg 30 --null 24 --packings 3 --planted 2 --box 22 --thickness 14"
# name: command and arguments but -o and --threads; the ending of its result
table = {
    "model": (["model", "cut", glass, "--from", "0,0,10", "--to", "22,22,24", "--voronoi"], "xyz"),
    "model packing": ("model packing --box 20x20x14", "xyz"),
    "model hard-spheres": ("model hard-spheres --atoms 200 --fraction 0.55", "xyz"),
    "model microcrystal": ("model microcrystal --lattice fcc --elements Cu --cell 24 --grains 3", "xyz"),
    "model relax": ("model relax model.xyz --potential morse --steps 5", "xyz"),
    "model oxide": ("model oxide model.xyz --density 5 --thickness 4", "xyz"),
    "model shear-band": ("model shear-band model.xyz --width 8 --segment 11", "xyz"),
    "model series": ("model series model.xyz --frames 2 --tau 5", "xyz"),
    "model cluster-packing": ("model cluster-packing --cells 2", "xyz"),
    "model clusters-and-glue": ("model clusters-and-glue --formula [Cu8Zr5]Cu --cells 2", "xyz"),
    "model prisms": ("model prisms --atoms 120", "xyz"),
    "model network": ("model network --cells 2 --anneal 2 --clusters 1 --cluster-radius 3", "xyz"),
    "model order": ("model order model.xyz --target 0.05", "xyz"),
    "model classes": ("model classes model.xyz --most 3", "xyz"),
    "structure": ("structure model.xyz", "h5"),
    "simulate": (["simulate", "model.xyz", "--scan", "8x8", "--detector", "adf=20:36", "--q-max", "1.1", *beam], "h5"),
    "camera": ("camera simulate.h5 --dose 1e5 --camera-mtf 0.4", "h5"),
    "library": (["library", "build", *motifs.split(), *beam], "h5"),
    "plan": ("plan library.h5 --doses 1e3", "h5"),
    "match": ("match simulate.h5 library.h5", "h5"),
    "estimate calibrate": (["estimate", "calibrate", glass, *"--slabs 5 --slab-width 20 --step 2 --thickness 14 --q-min 0.3 --q-max 0.9".split(),
                            *"--radii 6 --angles 32 --descriptors share:Cu,density --semiangle 5 --pixel 0.25".split()], "h5"),
    "estimate plan": (["estimate", "plan", glass, *"--slabs 5 --slab-width 20 --step 2 --thicknesses 14 --q-min 0.3 --q-max 0.9".split(),
                       *"--radii 6 --angles 32 --descriptors share:Cu,density --semiangles 5 --pixel 0.25".split()], "h5"),
    "estimate": ("estimate simulate.h5 estimate_calibrate.h5 --model model.xyz --shifts 19", "h5"),
    "convert": ("convert simulate.h5 --find-centre disc --hot-pixels 8", "h5"),
    "strain": ("strain simulate.h5 --together 3", "h5"),
    "correlation": ("correlation series.npy --frame-time 0.5 --beta 1 --allow-short", "h5"),
    "symmetry": ("symmetry simulate.h5 --orders 6", "h5"),
    "symmetry limit": (["symmetry", "limit", glass, *"--thickness 12 --positions 8 --null 20 --doses 1e4 --motifs fcc:100:4".split(),
                        *"--engines multislice --semiangle 3 --pixel 0.3".split()], "h5"),
    "fluctuation": ("fluctuation simulate.h5 --q-min 0.25 --q-max 0.8 --radii 20", "h5"),
    "radial": (["radial", "simulate.h5", "--model", glass, *"--q-min 0.2 --q-max 1 --radii 30".split()], "h5"),
    "density": ("density simulate.h5 --model model.xyz --shifts 19", "h5"),
    "density calibrate": (["density", "calibrate", glass, *"--thickness 12,24 --changes=-10 --positions 4 --piles 1".split(),
                           *"--semiangle 10 --pixel 0.16 --detector adf=20:45".split()], "h5"),
    "atlas": ("atlas model.xyz --scan 5x5 --step 4 --shifts 19", "h5"),
    "plot": ("plot match.h5", "png"),
    "report": ("report match.h5 simulate.h5", "html"),
    "info": ("info match.h5", None),  # prints alone
}
# In the record of a run: what differs between two runs of the same.
varies = re.compile(r"wall|seconds|_time$|threads|output|ini$|sha256|memory|created|date|UUID|title", re.I)


def raw(value):
    if isinstance(value, (str, bytes, h5py.Empty)):
        return str(value)
    value = np.asarray(value)
    return repr(value.tolist()) if value.dtype.hasobject else value.tobytes()


def content(path):
    """Everything in a result file but the record of when and how it was made."""
    out = {}

    def visit(name, node):
        for key, value in node.attrs.items():
            if not varies.search(key) and not name.startswith("audit"):
                out[f"{name}@{key}"] = raw(value)
        if isinstance(node, h5py.Dataset):
            out[name] = raw(node[()])

    with h5py.File(path) as f:
        f.visititems(visit)
    return out


rng = np.random.default_rng(1)
series = np.abs(rng.normal(size=(300, 4, 4))).astype("f4")
for k in range(1, len(series)):
    series[k] = 0.9 * series[k - 1] + 0.1 * series[k]
np.save("series.npy", series)

known = set(re.findall(r"^  ([a-z]+) ", run(0, "usage", "--help"), re.M))
check(f"commands without a line here: {known - {n.split()[0] for n in table}}", known <= {n.split()[0] for n in table})
for name, (arguments, ending) in table.items():
    arguments = arguments.split() if isinstance(arguments, str) else arguments
    if ending is None:
        check(f"{name} prints other things with three threads",
              refuse(0, "", *arguments, "--threads", 1) == refuse(0, "", *arguments, "--threads", 3))
        continue
    one, three = (f"{name.replace(' ', '_')}{part}.{ending}" for part in ("", "_three"))
    refuse(0, "", *arguments, "-o", one, "--dry-run")
    run(0, "", *arguments, "-o", one, "--threads", 1)
    run(0, "", *arguments, "-o", three, "--threads", 3)
    if not (os.path.exists(one) and os.path.exists(three)):
        continue
    if ending == "h5":
        a, b = content(one), content(three)
        other = [k for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)]
        check(f"{name}: threads change {other[:5]}", not other and a)
    else:
        check(f"{name}: threads change the bytes", open(one, "rb").read() == open(three, "rb").read())
commands.finish()
