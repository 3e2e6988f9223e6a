#!/usr/bin/python3
"""A run never takes more than --memory, which --dry-run predicts: a slab of 300 slices, its largest resident
memory by the kernel's account, and the same bytes as with everything in memory.   memory_test.py PROGRAM SOURCE_DIR"""
import os, re, subprocess, sys, tempfile
import h5py, numpy as np

program, source = (os.path.abspath(p) for p in sys.argv[1:3])
GLASS = os.path.join(source, "examples", "Cu64.5Zr35.5_4000_glass_300K.extxyz")
failed = []


def run(*arguments):
    """Standard output, and the largest resident memory in GiB of this one process."""
    with tempfile.TemporaryFile("w+") as out:
        pid = os.posix_spawn(program, [program, *arguments], os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        out.seek(0)
        text = out.read()
    if status != 0:
        failed.append(f"{' '.join(arguments)}: {text}")
    return text, usage.ru_maxrss / 2**20


def check(holds, what):
    if not holds:
        failed.append(what)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    run("model", "cut", GLASS, "--from", "0,0,0", "--to", "10,10,300", "-o", "slab.xyz")
    beam = "slab.xyz --grid 256 --slice 1 --semiangle 4 --scan 4x3 --q-max 2 --threads 2 --wrap-limit 100 --detector ring=10:25".split()
    for engine, little_memory in (("multislice", 0.09), ("smatrix", 0.11)):
        results = {}
        for memory in (4, little_memory):
            options = [*beam, "--engine", engine, "--memory", str(memory)]
            name = f"{engine}-{memory}.h5"
            predicted, _ = run("simulate", *options, "--dry-run")
            _, taken = run("simulate", *options, "-o", name)
            with h5py.File(name) as file:
                planned = file["audit"].attrs["memory_planned"]
                windows = "slices_at_a_time" in file["audit"].attrs
                results[memory] = {k: file["simulation"][k][()] for k in ("patterns", "detectors/ring")}
            print(f"{engine}, --memory {memory} GiB: {taken:.4f} GiB taken, {planned:.4f} predicted, windows {windows}")
            check(taken <= memory, f"{engine}: {taken:.4f} GiB taken of {memory}")
            check(0.85 < planned / taken < (1.5 if windows else 1.2), f"{engine}, {memory}: {planned:.4f} GiB predicted, {taken:.4f} taken")
            check(planned <= memory, f"{engine}: {planned:.4f} GiB planned of {memory}")
            check(windows == (memory < 1), f"{engine}, {memory}: slices in windows, or not")
            row = re.search(rf"^{engine}\s+\S+ G\s+(\S+) GiB", predicted, re.M)
            check(row and abs(float(row[1]) - planned) < 0.0051, f"--dry-run says {predicted}")
        whole, little = results.values()
        check(np.array_equal(whole["patterns"], little["patterns"]), f"{engine}: other patterns in windows")
        exact = engine == "multislice"  # detectors of a matrix in passes differ in their last digits (decision 0005)
        check(np.allclose(whole["detectors/ring"], little["detectors/ring"], rtol=0 if exact else 1e-12, atol=0),
              f"{engine}: other detectors in windows")
    refused = subprocess.run([program, "simulate", *beam, "--engine", "multislice", "--memory", "0.03", "-o", "no.h5"], capture_output=True, text=True)
    check(refused.returncode == 4 and "at least" in refused.stderr, f"too little memory: {refused.stderr}")
    check(not os.path.exists("no.h5"), "a refused run leaves a file")
    least = re.search(r"takes (\S+) GiB at least", refused.stderr)
    if least:
        _, taken = run("simulate", *beam, "--engine", "multislice", "--memory", least[1], "-o", "least.h5")
        print(f"multislice, --memory {least[1]} GiB, the least: {taken:.4f} GiB taken")
        check(taken <= float(least[1]), f"the least memory, {least[1]} GiB, does not do: {taken:.4f}")

print("\n".join(failed) or "passed")
sys.exit(bool(failed))
