#!/usr/bin/python3
"""Every option of every command with values that are wrong: by type, range, unit, missing, twice, unknown, and against each other. The
cases come from the table that the program itself gives of its options (--help-table), and from a list by hand. Each must end with
exit status 2, name the option and the value, and leave every file as it was. Usage: bad_options_test.py PROGRAM SOURCE_DIR"""
import concurrent.futures
import math
import os
import pathlib
import subprocess

from commands import Commands

commands = Commands()
program = str(commands.program)
LEAST_CASES = 600
# A value that can be read, where a text has a form and no default.
READABLE = {
    "X,Y": "1,2", "ROW,COL": "3,3", "LOW,HIGH": "0.3,0.5", "R1,R2": "5,9", "X,Y,Z": "1,2,3", "U,V,W": "1,1,0", "H,K,L": "1,1,1",
    "NXxNY": "4x4", "N|NXxNY": "64", "L|LXxLYxLZ": "20", "NXxNYxNZ": "2x2x1", "Cu,Zr": "Cu,Zr", "TEXT": "Cu64.5Zr35.5", "FORMULA": "ZrO2",
    "NAME=IN:OUT": "a=20:30", "FIRST:END:STEP": "::", "RATIO[,ANGLE]": "1.2", "A,B": "Cu,Zr", "ROW,COLUMN": "1,1", "D,...": "1e3",
    "T,...": "10,20", "T|TX,TY,TZ": "5", "E,DEG|FILE": "0.01,3", "VALUE|FILE": "0.5", "RADIUS[,ANGLE,WIDTH]": "3", "I/N": "1/2",
    "Z0,Z1": "1,2", "0.085|Cu=0.08,..|model": "0.1", "0.085|Cu=0.08,..": "0.1", "Cu=1.28,Zr=1.6": "Cu=1.28", "NAME,..": "pairs",
    "kV, ..": "80,200", "mrad, ..": "3,5", "Angstrom, ..": "10", "TEXT,...": "Cu50Zr50", "C12=20,phi12=0.3,..": "C12=20", "Zr": "Zr",
    "Cu": "Cu", "Al": "Al", "Be": "Be", "Si": "Si", "TYPE:COLSxROWS[+OFFSET]": "uint16:8x8", "XX,YY,ZZ,YZ,XZ,XY": "0,0,0,0,0,0",
}


class Option:
    def __init__(self, fields):
        self.name, self.kind, self.placeholder, self.unit, low, high, often, self.default = fields
        self.is_open, self.low, self.high = low.startswith(">"), float(low.strip(">")), float(high)
        self.is_list = often == "list"
        self.row = tuple(fields)

    def readable(self):
        """A value that the option takes; None: no one is known, and a flag has none."""
        if self.kind == "flag":
            return None
        if self.kind in ("number", "whole"):
            low = self.low if math.isfinite(self.low) else 1
            usable = self.default and not (self.is_open and float(self.default.split(",")[0]) <= self.low)
            return self.default if usable else (f"{max(low, 1):g}" if max(low, 1) <= self.high else f"{self.high:g}")
        if self.kind == "choice":
            return self.placeholder.split("|")[0]
        return self.default or READABLE.get(self.placeholder) or ("x" if self.kind == "text" else None)

    def wrong(self):
        """Values that it must refuse."""
        if self.kind == "flag":
            return []
        if self.kind == "choice":
            return ["nosuch", self.placeholder.split("|")[0].upper()]
        if self.kind == "form":
            return ["!", "inf"] + (["1,nan"] if "," in self.placeholder else [])
        if self.kind == "text":
            return []
        values = ["abc", "nan", "inf", "1e400", "3kg"] + (["1.5"] if self.kind == "whole" else [])
        if math.isfinite(self.low):
            values.append(f"{self.low:g}" if self.is_open else f"{self.low - max(1, abs(self.low) / 2):g}")
        if math.isfinite(self.high):
            values.append(f"{self.high + max(1, abs(self.high) / 2):g}")
        return values


def table(words):
    """Options by name and rules of a command."""
    text = subprocess.run([program, *words, "--help-table"], capture_output=True, text=True).stdout
    rows = [line.split("\t") for line in text.splitlines()]
    return {r[1]: Option(r[1:]) for r in rows if r[0] == "option"}, [r for r in rows if r[0] != "option"]


def given(option, value=None):
    return ["--" + option.name] if option.kind == "flag" else ["--" + option.name, value or option.readable()]


def shown(value):
    """How a message may write a value."""
    texts = {value, *value.split(",")} - {""}
    try:
        texts |= {f"{float(value):g}", repr(float(value)), f"{float(value):.0f}"}
    except (ValueError, OverflowError):
        pass
    return texts


cases = []  # (arguments, words of which one of each set must stand in the message)


def add(words, arguments, *needed):
    cases.append(([*words, *inputs(words), *arguments], [n if isinstance(n, set) else {n} for n in needed]))


def inputs(words):
    return ["library.h5"] if words[0] in ("plan",) else ["atoms.xyz", "library.h5"] if words in (["match"], ["estimate"]) else [] if words[0] == "model" else ["atoms.xyz"]


def from_table(words, seen):
    options, rules = table(words)
    commands.check(f"{words}: no table", len(options) > 8)
    for o in options.values():
        if o.row in seen:  # the same option of another command
            continue
        seen.add(o.row)
        for value in o.wrong():
            add(words, [f"--{o.name}={value}"], "--" + o.name, shown(value))
        if len(seen) % 4 == 0:
            add(words, ["--" + o.name + "-nosuch", "1"], "--" + o.name)
        if o.kind == "flag":
            add(words, [f"--{o.name}=maybe"], "--" + o.name)
        else:
            add(words, ["--" + o.name], "--" + o.name)  # the next option follows
            if len(seen) % 4 == 0:
                add(words, ["-o", "out.h5", "--" + o.name], "--" + o.name)
                add(words, [f"--{o.name}", ""], "--" + o.name)
        if not o.is_list and (o.kind == "flag" or o.readable()) and o.name not in ("config", "help", "write-template"):
            add(words, given(o) * 2, "--" + o.name, "twice")
    for kind, *names in rules:
        if kind == "one-of":
            pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1:]]
            for a, b in pairs:
                add(words, given(options[a]) + given(options[b]), "--" + a, "--" + b)
        elif kind == "needs":
            add(words, given(options[names[0]]), "--" + names[0], "--" + names[1])
        elif kind == "excludes":
            first, value, *others = names
            for other in others:
                add(words, given(options[first], value) + given(options[other]), "--" + other, "--" + first)


def by_hand():
    simulate = ["simulate"]
    for arguments, *words in (
            ("--grid 64 --pixel 0.1", "--grid", "--pixel"), ("--at 3,3 --scan 2x2", "--at", "--scan"), ("--from 1,1", "--from", "--scan"),
            ("--mode plane-wave --at 3,3", "--mode", "--at"), ("--mode plane-wave --source-size 1", "--mode", "--source-size"),
            ("--patterns none", "--patterns"), ("--absorption", "--absorption", "--debye-waller"), ("--elastic", "--elastic", "--phonons"),
            ("--u-rms 0.1", "--u-rms", "--phonons"), ("--phonons 3", "--phonons", "--u-rms"), ("--phonons-until 2%", "--phonons-until"),
            ("--frames :: --phonons 3 --u-rms 0.1", "--phonons"), ("--camera-length 100mm", "--camera-length", "--camera-pixel"),
            ("--camera-length 100mm --camera-pixel 55um --bin 2", "--bin"), ("--dqe 0.5", "--dqe", "--dose"), ("--saturation 5", "--saturation", "--dose"),
            ("--readout-noise 5", "--readout-noise", "--dose"), ("--keep-noiseless", "--keep-noiseless", "--dose"),
            ("--dose 1e4 --exit-wave", "--exit-wave"), ("--interpolation 2 --engine multislice", "--engine"),
            ("--aperture-inner 12", "--aperture-inner"), ("--exit-wave --focal-spread 50", "--focal-spread"), ("--wrap-limit 0.2", "--wrap-limit", "0.2"),
            ("--detector a=20:30 --detector a=20:30", "--detector"), ("--detector a=50:20", "--detector"), ("--beam-tilt 100,0", "--beam-tilt"),
            ("--specimen-tilt 40,0", "--specimen-tilt"), ("--save-potential v.h5 --potential-file library.h5", "--save-potential", "--potential-file"),
            ("--box 12x12", "--box", "12x12"), ("--types Cu,Qq", "--types", "Qq"), ("--aberrations C13=2", "--aberrations", "C13"),
            ("--scan 0x3", "--scan", "0x3"), ("--frames 3:1:0", "--frames", "3:1:0"), ("--dose 1e16", "--dose"), ("--energy 0.5kV", "--energy"),
            ("--slice 1mrad", "--slice", "1mrad"), ("--beam-stop 1e308", "--beam-stop"), ("--log-level loud", "--log-level", "loud"),
            ("--progress maybe", "--progress", "maybe")):
        given_words = arguments.split()
        base = [] if any(w in given_words for w in ("--mode", "--scan", "--grid")) else ["--grid", "64"]
        if "--mode" not in given_words:
            base += ["--semiangle", "10"]
        add(simulate, base + given_words, *words)
    build = ["library", "build"]
    for arguments, *words in (("--semiangle 7 --probe-fwhm 3", "--semiangle", "--probe-fwhm"), ("--energy 200 --energies 80,300", "--energy", "--energies"),
                              ("--motifs fcc,fcc", "--motifs", "fcc"), ("--mode plane-wave", "--mode"), ("--shard 3/2", "--shard", "3/2"),
                              ("--thickness 10,10", "--thickness", "10"), ("--energies 0.1", "--energies", "0.1"), ("--depths 0.5,2", "--depths", "2")):
        cases.append(([*build, *([] if "--motifs" in arguments else ["--motifs", "fcc"]), *arguments.split()], [{w} for w in words]))
    for words, arguments, *needed in (
            (["structure"], "--radii Cu=1.2", "--radii", "--radical"), (["structure"], "--r-bin 4 --r-max 2", "--r-bin", "--r-max"),
            (["structure"], "--only voronoi,nosuch", "--only", "nosuch"), (["structure"], "--vibration --only voronoi", "--vibration"),
            (["structure"], "--r-bin 1e-9", "--r-bin", "1e-09"), (["convert"], "--ring 9,5", "--ring", "9,5"), (["convert"], "--centre 1", "--centre", "1"),
            (["symmetry"], "--ring 0.5,0.3", "--ring", "0.5,0.3"), (["symmetry"], "--corrections friedel,x", "--corrections", "x"),
            (["fluctuation"], "--q-min 0.9 --q-max 0.3", "--q-min", "--q-max"), (["fluctuation"], "--orientations 1,1 --model atoms.xyz", "--orientations"),
            (["plan"], "--doses 0", "--doses", "0"), (["plan"], "--doses 1e22", "--doses", "1e+22"), (["atlas"], "--scan a=b", "--scan", "a=b"),
            (["atlas"], "--orders 13", "--orders", "13"), (["density"], "--reference 1,2", "--reference", "1,2"), (["density"], "--composition Qq", "--composition", "Qq"),
            (["estimate", "calibrate"], "--thickness 20,10", "--thickness", "20,10"), (["estimate", "calibrate"], "--descriptors <1,2>", "--descriptors", "<1,2>"),
            (["estimate", "calibrate"], "--descriptors share:Qq", "--descriptors", "Qq"), (["estimate", "calibrate"], "--mode plane-wave", "--mode"),
            (["estimate", "calibrate"], "--angles 20", "--highest-order", "angles"),
            (["plot"], "--at a,b", "--at", "a,b"), (["density", "calibrate"], "--changes 60", "--changes", "60"),
            (["symmetry", "limit"], "--engines smatrix", "--engines", "smatrix"), (["symmetry", "limit"], "--motifs fcc", "--motifs", "fcc"),
            (["model", "packing"], "--composition Cu50Zr45 --box 20", "--composition", "Cu50Zr45"), (["model", "packing"], "--repeat 2x2", "--repeat", "2x2")):
        add(words, arguments.split(), *needed)


def run(case):
    arguments, needed = case
    if "-o" not in arguments and "--output" not in " ".join(arguments):
        arguments = [*arguments, "-o", "out.h5"]
    done = subprocess.run([program, *arguments], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    text = done.stderr.decode(errors="replace")
    good = done.returncode == 2 and text.startswith("vitrobeam: error: ") and len(text) < 4000 and "internal error" not in text
    missing = [sorted(n) for n in needed if not any(w in text for w in n)]
    return "" if good and not missing else f"{' '.join(arguments)}\n  status {done.returncode}, without {missing}: {text[:300]}"


def content():
    return {p.name: p.read_bytes() for p in pathlib.Path(".").iterdir() if p.is_file()}


pathlib.Path("atoms.xyz").write_text(
    '2\nLattice="12 0 0 0 12 0 0 0 4" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 3 3 1\nZr 6 6 2\n')
pathlib.Path("library.h5").write_text("precious")
pathlib.Path("v.h5").write_text("precious")
os.environ["XDG_CACHE_HOME"] = str(pathlib.Path("cache").resolve())
seen = set()
for line in subprocess.run([program, "--list-commands"], capture_output=True, text=True).stdout.splitlines():
    name, *actions = line.split()
    if name == "model":
        actions = subprocess.run([program, "model", "--list-kinds"], capture_output=True, text=True).stdout.split()
    if name not in ("model", "library"):
        from_table([name], seen)
    for action in actions:
        from_table([name, action], seen)
by_hand()
before = content()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for fault in pool.map(run, cases):
        commands.check(fault, not fault)
commands.check(f"only {len(cases)} cases", len(cases) >= LEAST_CASES)
commands.check(f"files differ: {sorted(n for n in before.keys() | content().keys() if before.get(n) != content().get(n))}", before == content())
print(len(cases), "cases")
commands.finish()
