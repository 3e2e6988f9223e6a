#!/usr/bin/python3
"""Energies by an embedded-atom table are those of LAMMPS, and `model melt-quench` makes a glass with it.
Usage: lammps_test.py PROGRAM SOURCE_DIR. Skipped (77) where Debian's lammps and lammps-data are not installed."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

program, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
tables = [("eam/fs", pathlib.Path("/usr/share/lammps/potentials/CuZr_mm.eam.fs"), ["Cu", "Zr"]),
          ("eam/alloy", pathlib.Path("/usr/share/lammps/potentials/Cu_zhou.eam.alloy"), ["Cu"])]
if not shutil.which("lmp") or not all(path.exists() for _, path, _ in tables):
    print("skipped: lammps or lammps-data is not installed")
    sys.exit(77)
folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrobeam_lammps_test_"))
failed = False


def run(*command):
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        print(*command, done.stdout[-2000:], done.stderr[-2000:])
        sys.exit(1)
    return done.stdout


lines = (source / "examples/Cu64.5Zr35.5_4000_glass_300K.extxyz").read_text().splitlines()
edge = float(re.search(r'Lattice="([\d.]+)', lines[1])[1])
atoms = [line.split()[:4] for line in lines[2:]]
for style, path, elements in tables:
    model = folder / "model.xyz"
    body = [(e if e in elements else elements[0], *r) for e, *r in atoms]
    model.write_text(f"{len(body)}\n{edge} {edge} {edge}\n" + "".join(" ".join(a) + "\n" for a in body))
    (folder / "data").write_text(
        f"\n\n{len(body)} atoms\n{len(elements)} atom types\n0 {edge} xlo xhi\n0 {edge} ylo yhi\n0 {edge} zlo zhi\n\nAtoms # atomic\n\n"
        + "".join(f"{i + 1} {elements.index(e) + 1} {x} {y} {z}\n" for i, (e, x, y, z) in enumerate(body)))
    (folder / "in").write_text(f"units metal\natom_style atomic\nread_data data\nmass * 60\npair_style {style}\n"
                               f"pair_coeff * * {path} {' '.join(elements)}\nthermo_style custom pe\n"
                               "thermo_modify format float %.12g\nrun 0\n")
    theirs = float(re.search(r"PotEng\s+(-?[\d.]+)", run("lmp", "-in", "in", "-log", "none"))[1]) / len(body)
    out = run(program, "model", "relax", model, "--steps", 0, "--potential", path, "-o", "relaxed.xyz", "--force")
    ours = float(re.search(r"energy\s+(-?[\d.]+) per atom", out)[1])
    print(f"{style}: {ours:.8f} eV per atom, LAMMPS {theirs:.8f}")
    failed |= abs(ours - theirs) > 2e-7 * abs(theirs)

out = run(program, "model", "melt-quench", "--atoms", 256, "--melt-time", 0.5, "--rate", 2000, "--hold-time", 0.2, "-o", "glass.xyz")
if "Cu64.45 Zr35.55" not in out:
    print("the composition is not as asked:", out)
    failed = True
shutil.rmtree(folder)
sys.exit(failed)
