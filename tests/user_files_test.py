#!/usr/bin/python3
"""Files of the user, for every command: what stands is kept and refused beforehand, also by --dry-run and where a link leads to it; what another
run is writing is refused even with --force; a run that does not fit on the disk does not begin; a full standard output is an error.
Usage: user_files_test.py PROGRAM SOURCE_DIR"""
import os
import pathlib
import signal
import subprocess
import time

from commands import Commands, need

need("h5py", "numpy")
import numpy as np

commands = Commands()
run, check, glass, program = commands.run, commands.check, commands.glass, str(commands.program)
os.environ["XDG_CACHE_HOME"] = str(pathlib.Path("cache").resolve())
PRECIOUS = b"precious\n"
beam = "--semiangle 7 --grid 64 --wrap-limit 60%".split()
small = "--motifs icosahedron,fcc --elements Cu,Zr --spacing-deg 25 --null 24 --packings 3 --planted 2 --box 16 --thickness 12".split()
simulate = ["simulate", "model.xyz", "--scan", "4x4", "--q-max", "1.1", "--detector", "haadf=20:30", *beam]
table = {
    "model packing": ("model packing --box 16x16x16", "xyz"),
    "model cut": (["model", "cut", glass, "--from", "0,0,10", "--to", "22,22,24"], "xyz"),
    "model series": ("model series model.xyz --frames 2 --tau 5", "xyz"),
    "model classes": ("model classes model.xyz --most 3", "xyz"),
    "structure": ("structure model.xyz", "h5"),
    "simulate": (simulate, "h5"),
    "camera": ("camera simulate.h5 --dose 1e5", "h5"),
    "library build": (["library", "build", *small, *beam], "h5"),
    "library extend": (["library", "extend", "library.h5", "--motifs", "hcp"], "h5"),
    "library merge": ("library merge library.h5", "h5"),
    "library subset": ("library subset library.h5 --motifs fcc", "h5"),
    "library plot": ("library plot library.h5", "png"),
    "plan": ("plan library.h5 --doses 1e3", "h5"),
    "match": ("match simulate.h5 library.h5", "h5"),
    "estimate": ("estimate simulate.h5 calibration.h5 --shifts 19", "h5"),
    "estimate calibrate": (["estimate", "calibrate", "model.xyz", *"--slabs 4 --slab-width 16 --step 1 --thickness 16 --q-min 0.3 --q-max 0.9".split(),
                            *"--radii 4 --angles 32 --descriptors share:Cu".split(), *beam], "h5"),
    "estimate plan": (["estimate", "plan", "model.xyz", *"--slabs 4 --slab-width 16 --step 1 --thicknesses 16 --doses 0 --q-min 0.3".split(),
                       *"--q-max 0.9 --radii 4 --angles 32 --descriptors share:Cu --grid 64 --wrap-limit 60% --semiangles 7".split()], "h5"),
    "convert": ("convert simulate.h5", "h5"),
    "strain": ("strain simulate.h5 --q-min 0.3 --q-max 0.7", "h5"),
    "correlation": ("correlation series.npy --frame-time 0.5 --beta 1 --allow-short", "h5"),
    "symmetry": ("symmetry simulate.h5 --orders 4 --radii 8 --q-min 0.3 --q-max 0.9", "h5"),
    "symmetry limit": (["symmetry", "limit", glass, *"--thickness 12 --positions 8 --null 20 --motifs fcc:100:4 --semiangle 3 --pixel 0.3".split()], "h5"),
    "fluctuation": ("fluctuation simulate.h5 --q-min 0.25 --q-max 0.8 --radii 20", "h5"),
    "radial": ("radial simulate.h5 --q-min 0.3 --q-max 0.9 --radii 20 --composition CuZr", "h5"),
    "density": ("density simulate.h5 --shifts 19", "h5"),
    "density calibrate": (["density", "calibrate", glass, *"--thickness 12 --changes=-10 --positions 4 --piles 1 --pixel 0.16 --detector adf=20:45".split()], "h5"),
    "atlas": ("atlas model.xyz --step 4 --shifts 19", "h5"),
    "plot": ("plot simulate.h5", "png"),
    "report": ("report simulate.h5", "html"),
}
table = {name: (a.split() if isinstance(a, str) else list(map(str, a)), ending) for name, (a, ending) in table.items()}


def content():
    return {str(p): p.read_bytes() for p in pathlib.Path(".").rglob("*") if p.is_file() and p.parts[0] != "cache"}


def unharmed(what, status, words, *arguments):
    before = content()
    run(status, words, *arguments)
    after = content()
    check(f"{what}: files differ: {sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))}", before == after)


run(0, "", "model", "packing", "--composition", "CuZr", "--box", "16x16x16", "-o", "model.xyz")
run(0, "", *simulate, "-o", "simulate.h5")
run(0, "", *table["library build"][0], "-o", "library.h5")
run(0, "", *table["estimate calibrate"][0], "-o", "calibration.h5")
rng = np.random.default_rng(1)
np.save("series.npy", np.abs(rng.normal(size=(300, 4, 4))).astype("f4") + 1)
os.mkdir("elsewhere")
pathlib.Path("elsewhere/victim").write_bytes(PRECIOUS)

# what stands is kept, and refused before and in a dry run
for name, (arguments, ending) in table.items():
    output = f"there.{ending}"
    pathlib.Path(output).write_bytes(PRECIOUS)
    unharmed(name, 2, output, *arguments, "-o", output)
    unharmed(name, 2, output, *arguments, "-o", output, "--dry-run")
    os.remove(output)
    for target in ("elsewhere/victim", "elsewhere/none"):
        os.symlink(target, output)
        unharmed(f"{name}, a link to {target}", 2, output, *arguments, "-o", output)
        os.remove(output)
    unharmed(f"{name}, no folder", 2, "nowhere", *arguments, "-o", f"nowhere/new.{ending}")
    pathlib.Path("log.json").write_bytes(PRECIOUS)
    for way in ((), ("--resume",)):
        unharmed(f"{name}, --log-json {way}", 2, "log.json", *arguments, "-o", f"new.{ending}", "--log-json", "log.json", *way)
    os.remove("log.json")
for command, option, value, file in (
        ("match", "--csv", "k.csv", "k.csv"), ("structure", "--csv", "p", "p_gr.csv"), ("structure", "--labels", "l.xyz", "l.xyz"),
        ("simulate", "--save-potential", "v.h5", "v.h5"), ("model classes", "--labelled", "c.xyz", "c.xyz"), ("atlas", "--page", "a.html", "a.html")):
    pathlib.Path(file).write_bytes(PRECIOUS)
    for way in ((), ("--dry-run",)):
        unharmed(f"{command} {option} {way}", 2, file, *table[command][0], option, value, "-o", "new." + table[command][1], *way)
    os.remove(file)

# what another run is writing
long = subprocess.Popen([program, "simulate", "model.xyz", "-o", "busy.h5", "--scan", "300x300", "--engine", "multislice", "--threads", "1", *beam],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(600):
    if os.path.exists("busy.h5.journal"):
        break
    time.sleep(0.05)
long.send_signal(signal.SIGSTOP)
busy = pathlib.Path("busy.h5.journal").read_bytes()
for name, (arguments, _) in table.items():
    if "plot" not in name:
        run(2, "another run is writing it", *arguments, "-o", "./busy.h5", "--force")
check("the journal of a run was touched", pathlib.Path("busy.h5.journal").read_bytes() == busy)
long.kill()
long.wait()
run(2, "--resume", *simulate, "-o", "busy.h5")  # the lock went with the process
os.remove("busy.h5.journal")

# what --resume and a fresh run do not touch
for name in ("free.h5.journal", "free.h5.journal.means_of_mine", "free.h5.added", "free.h5.part"):
    pathlib.Path(name).write_bytes(PRECIOUS)
unharmed("a journal that is none", 2, "is no journal", *simulate, "-o", "free.h5", "--resume")
os.remove("free.h5.journal")
run(0, "", *simulate, "--phonons", 2, "--u-rms", 0.08, "-o", "free.h5")
run(0, "", *table["library extend"][0], "-o", "free.h5", "--force")
for name in ("free.h5.journal.means_of_mine", "free.h5.added", "free.h5.part"):
    check(f"{name} was touched", pathlib.Path(name).is_file() and pathlib.Path(name).read_bytes() == PRECIOUS)

# 4e6 positions of 5 MB do not fit
for way in ((), ("--dry-run",)):
    before = content()
    text = run(5, "GB are free", *simulate[:2], "--scan", "2048x2048", "--semiangle", 7, "--grid", 1080, "--wrap-limit", "60%", "-o", "vast.h5", *way)
    check(f"no size of the run: {text}", "needs 1.96e+04 GB" in text or "needs" in text and "GB on the disk" in text)
    check("something was left", before == content())

# nor does a potential of 1e5 configurations; nor 4e10 patterns, which convert stores packed
import h5py
with h5py.File("vast_input.h5", "w") as file:
    file.create_dataset("data", shape=(200000, 200000, 256, 256), dtype="u2", chunks=(1, 1, 256, 256))
for name, arguments in {"--save-potential": [*(1080 if v in (64, "64") else v for v in simulate), "--phonons", 10**5, "--u-rms", 0.08, "--save-potential", "vast_potential.h5"],
                        "convert": ["convert", "vast_input.h5:/data"]}.items():
    before = content()
    text = run(5, "GB are free", *arguments, "-o", "vast.h5")
    check(f"{name}: no size of the run: {text}", "GB on the disk" in text)
    check(f"{name}: something was left", before == content())

# a full standard output
if os.path.exists("/dev/full"):
    for name, (arguments, ending) in [*table.items(), ("info", (["info", "simulate.h5"], "")), ("library info", (["library", "info", "library.h5"], "")),
                                      ("help", (["simulate", "--help"], "")), ("version", (["--version"], "")), ("list", (["model", "--list"], ""))]:
        with open("/dev/full", "w") as full:
            done = subprocess.run([program, *arguments, *(["-o", f"unseen.{ending}", "--dry-run"] if ending else [])], stdout=full, stderr=subprocess.PIPE, text=True)
        check(f"{name} on a full standard output: status {done.returncode}: {done.stderr}", done.returncode == 5 and "standard output" in done.stderr)
    with open("/dev/full", "w") as full:
        done = subprocess.run([program, *simulate, "-o", "unseen.h5"], stdout=full, stderr=subprocess.PIPE, text=True)
    check(f"simulate on a full standard output: status {done.returncode}: {done.stderr}", done.returncode == 5 and "standard output" in done.stderr)
commands.finish()
