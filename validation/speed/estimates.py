#!/usr/bin/python3
"""What `simulate --dry-run` predicts against what runs take: processor time of one thread, largest resident memory by the
kernel's account, size of the file.   estimates.py PROGRAM GLASS [WORD]   (WORD: only cases whose name has it)"""
import os, re, sys, tempfile

program, glass = (os.path.abspath(p) for p in sys.argv[1:3])
word = sys.argv[3] if len(sys.argv) > 3 else ""
# A run of less time than this is not compared in time: starting and reading are most of it.
EXEMPT_S = 0.2
ALLOWED = 1.5

MODELS = {  # edges in Angstrom
    "small": "20,20,20", "cube": "40,40,40", "thick": "30,30,300", "wide": "120,120,20"
}
CASES = [  # name, model, options
    ("multislice 128, many positions", "small", "--grid 128 --semiangle 25 --scan 24x24 --engine multislice --oversampling 1"),
    ("multislice 256 auto", "small", "--grid 256 --semiangle 25 --scan 8x8 --engine multislice --q-max 2"),
    ("multislice 512 auto", "cube", "--grid 512 --semiangle 15 --scan 3x3 --engine multislice --q-max 2"),
    ("multislice 512 auto, whole patterns", "cube", "--grid 512 --semiangle 15 --scan 8x8 --engine multislice"),
    ("multislice 512 auto double", "cube", "--grid 512 --semiangle 15 --scan 2x2 --engine multislice --precision double"),
    ("multislice 1024 auto, one position", "cube", "--grid 1024 --semiangle 15 --engine multislice --q-max 2"),
    ("multislice 2048 auto, one position", "wide", "--grid 2048 --semiangle 10 --engine multislice --q-max 2"),
    ("multislice 2048 plain", "wide", "--grid 2048 --semiangle 10 --scan 2x2 --engine multislice --q-max 2 --oversampling 1"),
    ("multislice 256 auto, thick", "thick", "--grid 256 --semiangle 15 --scan 4x4 --engine multislice --q-max 2 --wrap-limit 100"),
    ("multislice 256 auto, thick, every 10 slices", "thick", "--grid 256 --semiangle 15 --scan 2x2 --engine multislice --every-slices 10 --wrap-limit 100"),
    ("multislice 256 N=4", "small", "--grid 256 --semiangle 25 --scan 4x4 --engine multislice --oversampling 4 --potential lobato"),
    ("multislice 512 N=4 double", "cube", "--grid 512 --semiangle 15 --engine multislice --oversampling 4 --potential lobato --precision double"),
    ("multislice 750 N=12", "cube", "--grid 750 --semiangle 15 --engine multislice --oversampling 12 --potential lobato"),
    ("multislice 512 finite", "cube", "--grid 512 --semiangle 15 --scan 2x2 --engine multislice --projection finite --oversampling 1"),
    ("multislice 256 finite auto", "small", "--grid 256 --semiangle 25 --engine multislice --projection finite --potential lobato"),
    ("multislice 384 absorption", "cube", "--grid 384 --semiangle 15 --scan 2x2 --engine multislice --debye-waller 0.085 --absorption"),
    ("multislice 256 phonons 6", "cube", "--grid 256 --semiangle 15 --scan 3x3 --engine multislice --phonons 6 --u-rms 0.085 --q-max 2"),
    ("multislice 256 phonons 6 plain elastic", "cube", "--grid 256 --semiangle 15 --scan 3x3 --engine multislice --phonons 6 --u-rms 0.085 --elastic --oversampling 1"),
    ("multislice 256 finite source", "cube", "--grid 256 --semiangle 15 --scan 3x3 --engine multislice --source-size 0.8 --focal-spread 40 --oversampling 1 --q-max 2"),
    ("multislice 512 exit waves", "cube", "--grid 512 --semiangle 15 --scan 4x4 --engine multislice --exit-wave --patterns none"),
    ("smatrix 256, many positions", "small", "--grid 256 --semiangle 20 --scan 24x24 --engine smatrix --q-max 2"),
    ("smatrix 512 double", "cube", "--grid 512 --semiangle 5 --scan 16x16 --engine smatrix --q-max 1 --precision double"),
    ("smatrix 256 detectors", "cube", "--grid 256 --semiangle 10 --scan 32x32 --engine smatrix --patterns none --detector adf=30:50"),
    ("smatrix focal series", "cube", "--grid 256 --semiangle 6 --scan 16x16 --engine smatrix --defocus -100:50:100 --q-max 1"),
    ("smatrix interpolation 2", "cube", "--grid 512 --semiangle 20 --scan 8x8 --engine smatrix --interpolation 2 --q-max 2"),
    ("smatrix interpolation 4 double", "cube", "--grid 384 --semiangle 25 --scan 6x6 --engine smatrix --interpolation 4 --precision double"),
    ("smatrix windows of memory", "thick", "--grid 256 --semiangle 6 --scan 8x8 --engine smatrix --q-max 2 --wrap-limit 100 --memory 0.12"),
    ("kinematic 512", "cube", "--grid 512 --semiangle 15 --scan 4x4 --engine kinematic --q-max 2"),
    ("kinematic 512 double", "cube", "--grid 512 --semiangle 15 --scan 2x2 --engine kinematic --precision double"),
    ("flat-born 512", "cube", "--grid 512 --semiangle 15 --scan 12x12 --engine flat-born --q-max 2"),
    ("flat-born 1024 double", "cube", "--grid 1024 --semiangle 15 --scan 2x2 --engine flat-born --precision double"),
    ("phase-object 512", "cube", "--grid 512 --semiangle 15 --scan 16x16 --engine phase-object --q-max 2"),
    ("phase-object 1024 N=4", "cube", "--grid 1024 --semiangle 15 --scan 2x2 --engine phase-object --oversampling 4 --potential lobato"),
]


def run(*arguments, cache):
    """Standard output, processor seconds, and GiB of the largest resident memory of this one process."""
    with tempfile.TemporaryFile("w+") as out:
        environment = os.environ | {"XDG_CACHE_HOME": cache}
        pid = os.posix_spawn(program, [program, *arguments], environment,
                             file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        out.seek(0)
        text = out.read()
    if status != 0:
        sys.exit(f"{' '.join(arguments)}: {text}")
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def compare(name, model, options):
    """Ratios predicted to taken of time, memory and disk, printed."""
    with tempfile.TemporaryDirectory(dir=".") as cache:
        arguments = ["simulate", model + ".xyz", *options.split(), "--threads", "1"]
        predicted, _, _ = run(*arguments, "--dry-run", cache=cache)
        row = re.search(r"(\S+) GiB\s+(\S+) GiB\s+(\S+) s  <- this one", predicted)
        said = dict(zip(("memory", "disk", "time"), map(float, row.groups())))
        file = os.path.join(cache, "out.h5")
        _, seconds, memory = run(*arguments, "-o", file, cache=cache)
        if seconds < 3:  # what else the machine does only ever adds
            seconds = min(seconds, run(*arguments, "-o", file, "--force", cache=cache)[1])
        taken = {"memory": memory, "disk": os.path.getsize(file) / 2**30, "time": seconds}
    ratios = {k: said[k] / taken[k] for k in taken}
    if taken["time"] < EXEMPT_S:
        del ratios["time"]
    cells = [f"{said[k]:9.3g} {taken[k]:9.3g} {ratios.get(k, float('nan')):6.2f}" for k in ("time", "memory", "disk")]
    print(f"{name:46}", *cells, sep=" | ", flush=True)
    return ratios


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name, edges in MODELS.items():
        run("model", "cut", glass, "--from", "0,0,0", "--to", edges, "-o", name + ".xyz", cache=".")
    print(f"{'predicted, taken, ratio of:':46} | {'time / s':26} | {'memory / GiB':26} | disk / GiB")
    all_ratios = [compare(*case) for case in CASES if word in case[0]]
holds = True
for what, least in (("time", 1 / ALLOWED), ("memory", 1), ("disk", 1 / ALLOWED)):  # memory: else --memory would be broken
    found = [r[what] for r in all_ratios if what in r]
    if found:
        holds = holds and least <= min(found) and max(found) <= ALLOWED
        print(f"{what}: predicted / taken {min(found):.2f} to {max(found):.2f} in {len(found)} runs, allowed {least:.2f} to {ALLOWED}")
sys.exit(not holds)
