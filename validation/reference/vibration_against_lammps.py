#!/usr/bin/python3
"""Mean-square vibration and flexibility volume of every atom of the glass at 300 K: `structure --vibration` on a trajectory that LAMMPS
computes (Mendelev's Cu-Zr potential, 4000 atoms, 2 ps to settle, 200 frames over 4 ps), against NumPy on the unwrapped positions of
the same run (the centre of mass taken off every frame) and the Voronoi volumes of LAMMPS' last frame.
Usage: vibration_against_lammps.py VITROBEAM GLASS.extxyz. Status 77 where lammps or lammps-data is absent. Two minutes."""
import pathlib, re, shutil, subprocess, sys, tempfile

import numpy

program, glass = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
table = pathlib.Path("/usr/share/lammps/potentials/CuZr_mm.eam.fs")
if not shutil.which("lmp") or not table.exists():
    print("skipped: lammps or lammps-data is not installed")
    sys.exit(77)
import h5py

folder = pathlib.Path(tempfile.mkdtemp())


def run(*command):
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


lines = glass.read_text().splitlines()
edge = float(re.search(r'Lattice="([\d.]+)', lines[1])[1])
atoms = [line.split()[:4] for line in lines[2:]]
(folder / "data").write_text(f"\n\n{len(atoms)} atoms\n2 atom types\n0 {edge} xlo xhi\n0 {edge} ylo yhi\n0 {edge} zlo zhi\n\nMasses\n\n1 63.546\n2 91.224\n\n"
                             "Atoms # atomic\n\n" + "".join(f"{i + 1} {1 + (e == 'Zr')} {x} {y} {z}\n" for i, (e, x, y, z) in enumerate(atoms)))
(folder / "in").write_text(f"""units metal
atom_style atomic
read_data data
pair_style eam/fs
pair_coeff * * {table} Cu Zr
timestep 0.002
velocity all create 300 4711 mom yes rot no dist gaussian
fix 1 all nvt temp 300 300 0.1
run 1000
reset_timestep 0
compute cell all voronoi/atom
dump 1 all custom 10 motion.dump id type x y z
dump_modify 1 format float %.17g sort id first no
dump 2 all custom 10 unwrapped.dump xu yu zu
dump_modify 2 format float %.17g sort id first no
dump 3 all custom 2000 volume.dump c_cell[1]
dump_modify 3 format float %.17g sort id first no
run 2000
""")
run("lmp", "-in", "in", "-log", "none", "-screen", "none")


def frames(name):
    n, values = len(atoms), []
    text = (folder / name).read_text().splitlines()
    for k in range(0, len(text), n + 9):
        values.append(numpy.loadtxt(text[k + 9:k + 9 + n]))
    return numpy.array(values)


place = frames("unwrapped.dump")
place -= place.mean(1, keepdims=True)
square = ((place - place.mean(0)) ** 2).sum(2).mean(0)
expected = square * numpy.cbrt(frames("volume.dump")[-1])
run(program, "structure", "motion.dump", "--types", "Cu,Zr", "--vibration", "--only", "voronoi,motion", "-o", "out.h5", "--force")
s = h5py.File(folder / "out.h5")["structure"]
print(f"{len(place)} frames of {len(atoms)} atoms: mean-square vibration {square.mean():.5f} Angstrom^2, flexibility volume {expected.mean():.4f} Angstrom^3 "
      f"(Cu {expected[[a[0] == 'Cu' for a in atoms]].mean():.4f}, Zr {expected[[a[0] == 'Zr' for a in atoms]].mean():.4f})")
bad = 0
for name, ours, theirs, bound in (("mean-square vibration", s["mean_square_vibration"][()], square, 1e-12), ("flexibility volume", s["flexibility_volume"][()], expected, 1e-9)):
    worst = abs(ours / theirs - 1).max()
    bad += not worst < bound
    print(f"{name}: largest relative difference of an atom {worst:.1e}")
sys.exit(int(bad > 0))
