#!/usr/bin/python3
"""vitrobeam symmetry on files: planted orders, noise, a null, and how it refuses.
Usage: symmetry_command_test.py PROGRAM SOURCE_DIR"""
from commands import Commands, need

need("h5py", "numpy")
import h5py
import numpy as np

commands = Commands()
run, refuse, check, glass = commands.run, commands.refuse, commands.check, commands.glass


rng = np.random.default_rng(1)
y, x = np.mgrid[:64, :64]
q, theta = np.hypot(y - 32, x - 32) * 0.02, np.arctan2(y - 32, x - 32)
ring = np.exp(-0.5 * ((q - 0.42) / 0.06) ** 2) + 0.2


def stack(n, order, amplitude, counts):
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    mean = counts * ring * (1 + amplitude * np.cos(order * theta - phase))
    return rng.poisson(mean).astype(np.float32)


np.save("six.npy", np.concatenate([stack(40, 6, 0.5, 3), stack(60, 6, 0, 3)])[None].reshape(10, 10, 64, 64))
np.save("null.npy", stack(150, 1, 0, 3))
np.save("few.npy", stack(5, 1, 0, 3))
np.save("off.npy", np.roll(stack(6, 1, 0, 3), (9, 0), axis=(1, 2)))
np.save("far.npy", np.roll(stack(6, 1, 0, 3), (11, 8), axis=(1, 2)))
np.save("other.npy", stack(30, 1, 0, 3)[:, :60, :60])
bad = stack(4, 1, 0, 3)
bad[1] = np.nan
np.save("bad.npy", bad)
mask = np.zeros((64, 64), np.uint8)
mask[29:36, :34] = 1
np.save("stop.npy", mask)
np.save("half.npy", (x > 28).astype(np.uint8))
np.save("wrong.npy", np.zeros((32, 32), np.uint8))

common = ["--pixel-q", "0.02", "--q-max", "0.6", "--radii", "30", "--angles", "120", "--ring", "0.36,0.48"]
run(0, "structureless rings", "symmetry", "six.npy", "-o", "a.h5", *common)
with h5py.File("a.h5") as f:
    m, rate = f["symmetry/map"][()], f["symmetry/false_discovery_rate"][()]
    check("layout of power", f["symmetry/power"].shape == (10, 10, 12, 30))
    planted = m.reshape(100, 12)[:40, 5]
    check(f"planted order {planted.mean()}", abs(planted.mean() - 0.0625 * 0.97) < 0.004)
    check("the others are zero", abs(m.reshape(100, 12)[:, [1, 3, 4, 8]].mean()) < 5e-4)
    found = (rate.reshape(100, 12) <= 0.05)
    check("planted positions are found", found[:40, 5].mean() > 0.9)
    check("and few others", found[40:, 5].sum() <= 6 and found[:, 3].sum() <= 6)
    even = f["symmetry/power_friedel"][()][..., 5, 10:18] - f["symmetry/power"][()][..., 5, 10:18]
    check("friedel leaves even orders", abs(even.mean()) < 2e-3)
    check("odd floor of odd orders", np.isnan(f["symmetry/power_odd_floor"][..., 4, :]).all())
    check("histogram counts all", (f["symmetry/histogram"][()].sum(axis=1) == 100).all())
null = np.load("null.npy")
for name, patterns, step in (("null", null / null.sum(axis=(1, 2)).mean(), 0.02), ("few", null[:5], 0.02),
                             ("small", null, 0.01)):
    with h5py.File(name + ".h5", "w") as f:
        f["set/data"] = patterns
        for k in (1, 2):
            f[f"set/dim{k}"] = [-32 * step, -31 * step]
            f[f"set/dim{k}"].attrs["units"] = "A^-1"
run(0, "null patterns", "symmetry", "six.npy", "-o", "b.h5", *common, "--null", "null.h5:/set/data",
    "--mask", "stop.npy", "--correlation")
with h5py.File("b.h5") as f:
    found = f["symmetry/false_discovery_rate"][()].reshape(100, 12)[:, 5] <= 0.05
    check("masked, against a null file", found[:40].mean() > 0.9 and found[40:].sum() <= 6)
    check("correlation", f["symmetry/correlation"].shape == (30, 120))
run(0, "null.npy", "symmetry", "six.npy", "-o", "n.h5", *common, "--null", "null.npy")  # no scale: the same camera
text = run(0, "   friedel   odd_floor   null mean", "symmetry", "six.npy", "-o", "f.h5", *common)
table = [line.split() for line in text.splitlines() if line[:2].strip().isdigit()]
check("corrections are printed", len(table) == 12 and abs(float(table[5][4]) / float(table[5][1]) - 1) < 0.05 and
      abs(float(table[4][4])) < 1e-6 and table[4][5] == "-" and
      abs(float(table[5][5]) - float(table[5][1]) + (float(table[4][1]) + float(table[6][1])) / 2) < 2e-6)
text = run(0, "odd / even", "symmetry", "six.npy", "-o", "f.h5", "--force", *common, "--corrections", "none")
check("and only those asked for", "friedel" not in text and "pairs" not in text)
one = run(0, "odd / even", "symmetry", "six.npy", "-o", "c.h5", *common, "--threads", "1")
run(0, "odd / even", "symmetry", "six.npy", "-o", "d.h5", *common, "--threads", "3")
with h5py.File("c.h5") as f, h5py.File("d.h5") as g:
    for name in ("power", "map", "p_value", "friedel_pair"):
        check(f"threads change {name}", np.array_equal(f["symmetry/" + name][()], g["symmetry/" + name][()],
                                                       equal_nan=True))
run(0, "odd / even  no even orders", "symmetry", "null.npy", "-o", "z.h5", *common)
run(0, "3 of them usable", "symmetry", "bad.npy", "-o", "e.h5", *common)
run(0, "panels", "plot", "a.h5", "-o", "a.png")
run(0, "wrote", "report", "a.h5", "-o", "a.html")

refuse(2, "name the patterns", "symmetry", "-o", "new.h5")
refuse(2, "--orders 0", "symmetry", "six.npy", "-o", "new.h5", *common, "--orders", "0")
refuse(2, "fewer than half", "symmetry", "six.npy", "-o", "new.h5", *common, "--orders", "60")
refuse(2, "--corrections 'odd'", "symmetry", "six.npy", "-o", "new.h5", *common, "--corrections", "odd")
refuse(2, "give one of them", "symmetry", "six.npy", "-o", "new.h5", *common, "--dose", "1e4", "--gain", "1")
refuse(2, "--ellipse", "symmetry", "six.npy", "-o", "new.h5", *common, "--ellipse", "3,0")
refuse(3, "--pixel-q", "symmetry", "six.npy", "-o", "new.h5")
refuse(3, "32 x 32 pixels", "symmetry", "six.npy", "-o", "new.h5", *common, "--mask", "wrong.npy")
refuse(3, "too few to rank", "symmetry", "six.npy", "-o", "new.h5", *common, "--null", "few.h5:/set/data")
refuse(4, "its patterns reach 0.31", "symmetry", "six.npy", "-o", "new.h5", *common, "--null", "small.h5:/set/data")
refuse(4, "whole circles only up to 0.62", "symmetry", "six.npy", "-o", "new.h5", "--pixel-q", "0.02", "--q-max", "0.9")
refuse(4, "--ring 0.2,0.3", "symmetry", "six.npy", "-o", "new.h5", *common[:-1], "0.2,0.3")
refuse(4, "off the stated centre", "symmetry", "off.npy", "-o", "new.h5", *common)
refuse(4, "(near 43,3", "symmetry", "far.npy", "-o", "new.h5", *common)
refuse(3, "of the same camera", "symmetry", "six.npy", "-o", "new.h5", *common, "--null", "other.npy")
refuse(4, "visible enough", "symmetry", "six.npy", "-o", "new.h5", *common, "--mask", "half.npy")
commands.finish()
