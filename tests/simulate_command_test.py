#!/usr/bin/python3
"""simulate --threads changes no number; --dry-run writes nothing and predicts what the run then does.
simulate_command_test.py PROGRAM SOURCE_DIR"""
import os, re, subprocess, sys, tempfile
import h5py, numpy as np

program, source = (os.path.abspath(p) for p in sys.argv[1:3])
GLASS = os.path.join(source, "examples", "Cu64.5Zr35.5_4000_glass_300K.extxyz")
failed = []


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        failed.append(f"{' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
    return done.stdout


def check(holds, what):
    if not holds:
        failed.append(what)


def datasets(name):
    found = {}
    with h5py.File(name) as file:
        file["simulation"].visititems(lambda path, item: found.update({path: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
    run("model", "cut", GLASS, "--from", "0,0,0", "--to", "14,14,20", "-o", "slab.xyz")
    beam = "slab.xyz --grid 96 --semiangle 9 --scan 3x2 --q-max 1.5 --wrap-limit 100 --detector ring=20:40".split()
    cases = {"auto": ["--every-slices", 5], "multislice": ["--engine", "multislice", "--every-slices", 5], "smatrix": ["--engine", "smatrix"],
             "kinematic": ["--engine", "kinematic"], "flat-born": ["--engine", "flat-born"],
             "phonons": ["--engine", "multislice", "--phonons", 3, "--u-rms", 0.08],
             "phase-object": ["--engine", "phase-object"]}
    for name, options in cases.items():
        before = sorted(os.listdir("."))
        predicted = run("simulate", *beam, *options, "-o", "planned.h5", "--dry-run")
        check(sorted(set(os.listdir(".")) - {"cache"}) == sorted(set(before) - {"cache"}), f"{name}: --dry-run leaves a file")
        printed = run("simulate", *beam, *options, "-o", f"{name}-1.h5", "--threads", 1)
        run("simulate", *beam, *options, "-o", f"{name}-3.h5", "--threads", 3)
        one, three = datasets(f"{name}-1.h5"), datasets(f"{name}-3.h5")
        check(one.keys() == three.keys() and len(one) > 5, f"{name}: other datasets with other threads")
        check(all(np.array_equal(one[k], three[k]) for k in one), f"{name}: --threads changes numbers")
        with h5py.File(f"{name}-1.h5") as file:
            audit = dict(file["audit"].attrs)
        engine = re.search(r"^(\S+) .*<- this one", predicted, re.M)
        check(engine and audit["engine"].startswith(engine[1]), f"{name}: predicted {predicted}, then {audit['engine']}")
        check(f"engine      {audit['engine']}\n" in printed, f"{name}: prints another engine than it records")
        grid = re.search(r"grid +(\d+ x \d+) samples of ([\d.]+ x [\d.]+) Angstrom, (\d+) slices", predicted)
        check(grid and f"sampling    {grid[1]} of {grid[2]} Angstrom" in printed, f"{name}: another grid than predicted")
        if name != "phase-object":  # one slice
            check(grid and int(grid[3]) == audit["slices"], f"{name}: other slices than predicted")
        work = re.search(r"work +(\d+) positions, (\d+) plane waves in the aperture, (\d+) config", predicted)
        check(work and (int(work[1]), int(work[2])) == (6, audit["beams"]), f"{name}: other work than predicted")
        check(work and int(work[3]) == (3 if name == "phonons" else 1), f"{name}: other configurations than predicted")

    # frames whose cells differ have no mean: refused beforehand, by --dry-run too
    for edge in (12, 12.5):
        with open("frames.xyz", "a") as file:
            file.write(f'1\nLattice="{edge} 0 0 0 {edge} 0 0 0 {edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 1 2 3\n')
    for dry in ([], ["--dry-run"]):
        done = subprocess.run([program, "simulate", "frames.xyz", "--frames", "::", "-o", "never.h5", *dry], capture_output=True, text=True)
        check(done.returncode == 3 and "unequal cells" in done.stderr and not os.path.exists("never.h5"), f"unequal frames {dry}: {done}")

print("\n".join(failed) or "passed")
sys.exit(bool(failed))
