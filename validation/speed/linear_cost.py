#!/usr/bin/python3
"""Cost against atoms (wider specimens at the same pixel), slices and probes, each over a factor of 8 or more: processor time of
one thread (multislice), the time of a run with next to nothing to do taken off, exponents by least squares on logarithms,
and a picture.
linear_cost.py VITROBEAM GLASS [PNG]"""
import os, sys, tempfile
import numpy as np

program, glass = (os.path.abspath(p) for p in sys.argv[1:3])
picture = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None


def seconds(*arguments):
    silent = [(os.POSIX_SPAWN_OPEN, n, "/dev/null", os.O_WRONLY, 0) for n in (1, 2)]
    _, status, usage = os.wait4(os.posix_spawn(program, [program, *map(str, arguments)], os.environ, file_actions=silent), 0)
    assert status == 0, arguments
    return usage.ru_utime + usage.ru_stime


def simulate(model, *options, grid=256):
    return min(seconds("simulate", model, "--grid", grid, "--semiangle", 3, "--q-max", 0.2, "--engine", "multislice", "--threads", 1,
                       "--wrap-limit", 100, "-o", "out.h5", "--force", *options) for _ in range(2))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    cost = {"atoms": [], "slices": [], "probes": []}
    # wider and wider specimens at the same pixel, thickness and number of probes
    for across, along in ((40, 40), (80, 40), (80, 80), (160, 80), (160, 160)):
        model = f"atoms{across * along}.xyz"
        seconds("model", "cut", glass, "--from", "0,0,0", "--to", f"{across},{along},40", "-o", model)
        n = int(open(model).readline())
        reading = min(seconds("info", model) for _ in range(2))
        grid = f"{across * 32 // 5}x{along * 32 // 5}"
        cost["atoms"].append((n, simulate(model, "--slice", 2, "--scan", "4x1", grid=grid) - reading))
    for slices in (20, 40, 80, 160):
        cost["slices"].append((slices, simulate("atoms1600.xyz", "--slice", 40 / slices, "--scan", "4x1")))
    for probes in (8, 16, 32, 64, 128):
        cost["probes"].append((probes, simulate("atoms1600.xyz", "--slice", 4, "--scan", f"{probes}x1")))
    nothing = {"atoms": 0, "slices": simulate("atoms1600.xyz", "--slice", 40),
               "probes": simulate("atoms1600.xyz", "--slice", 4)}

print(f"{'':8} {'count':>8} {'seconds':>9}")
exponents = {}
for name, points in cost.items():
    x, t = np.array(points).T
    t = t - nothing[name]
    exponents[name] = np.polyfit(np.log(x), np.log(t), 1)[0]
    for count, time in zip(x, t):
        print(f"{name:8} {count:8.0f} {time:9.3f}")
    print(f"{name:8} exponent {exponents[name]:.2f} over a factor {x[-1] / x[0]:.0f}")
    cost[name] = x, t
if picture:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), constrained_layout=True)
    for axis, (name, (x, t)) in zip(axes, cost.items()):
        axis.loglog(x, t, "o")
        axis.loglog(x, t[-1] * x / x[-1], "-", color="0.6")
        axis.set(xlabel=name, ylabel="processor time (s)", title=f"exponent {exponents[name]:.2f}; line: 1")
    figure.savefig(picture, dpi=110)
sys.exit(max(exponents.values()) > 1.15)
