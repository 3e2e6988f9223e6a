#!/usr/bin/python3
"""An atlas of the molecular-dynamics glass: what diffraction and HAADF say of structure, column by column, for six slabs of 12 Angstrom
(three views, two each; beam of 3.3 mrad at 200 kV), the same maps against the structure of other slabs (nothing is planted there, so
p-values must be uniform), and a trajectory of planted relaxation times that vary across the beam.
Usage: atlas_glass.py PROGRAM GLASS.extxyz. Two minutes of processor time."""
import itertools, pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, glass = str(pathlib.Path(sys.argv[1]).resolve()), str(pathlib.Path(sys.argv[2]).resolve())
folder = pathlib.Path(tempfile.mkdtemp())


def run(*arguments):
    return subprocess.run([program, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True).stdout


lines = pathlib.Path(glass).read_text().splitlines()
edge = float(lines[1].split('"')[1].split()[0])
symbols, positions = [l.split()[0] for l in lines[2:]], np.array([l.split()[1:4] for l in lines[2:]], float) % edge
slabs = []
for view, axes in enumerate(([0, 1, 2], [1, 2, 0], [2, 0, 1])):
    with open(folder / f'view{view}.xyz', 'w') as f:
        f.write(f'{len(positions)}\nLattice="{edge} 0 0 0 {edge} 0 0 0 {edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
        f.writelines(f'{s} {a:.6f} {b:.6f} {c:.6f}\n' for s, (a, b, c) in zip(symbols, positions[:, axes]))
    for k, z in enumerate((4, 24)):
        name = f'slab{view}{k}'
        run('model', 'cut', f'view{view}.xyz', '--slab', f'{z},{z + 12}', '-o', f'{name}.xyz')
        run('atlas', f'{name}.xyz', '-o', f'{name}.h5', '--scan', '20x20', '--shifts', 399)
        slabs.append(name)


def matrix(path):
    with h5py.File(folder / path) as f:
        c = f['atlas/correlation']
        return list(c['name'].asstr()[()]), {k: c[k][()] for k in ('spearman', 'partial_spearman', 'spearman_p_effective', 'spearman_p_shift')}


matrices = [matrix(f'{s}.h5') for s in slabs]
names = matrices[0][0]
structure = [n for n in names if not n.startswith(('symmetry', 'haadf')) and n not in ('friedel_pair', 'variance', 'ring_intensity', 'dilatation', 'shear')]
other = [n for n in names if n not in structure]
print(f'{len(slabs)} slabs of 20 x 20 columns: rank correlation, mean +- its standard error over the slabs; those beyond four of them')
for a, b in itertools.product(structure, other):
    r = np.array([m['spearman'][n.index(a), n.index(b)] for n, m in matrices])
    q = np.array([m['partial_spearman'][n.index(a), n.index(b)] for n, m in matrices])
    e = r.std(ddof=1) / np.sqrt(len(r))
    if abs(r.mean()) > 4 * e: print(f'  {a:<16} {b:<16} {r.mean():+.3f} +- {e:.3f}   partial {q.mean():+.3f} +- {q.std(ddof=1) / np.sqrt(len(q)):.3f}')

p = {'spearman_p_effective': [], 'spearman_p_shift': []}
for k, s in enumerate(slabs):  # the structure of the next slab, the patterns of this one
    run('atlas', f'{slabs[(k + 1) % len(slabs)]}.xyz', '-o', 'null.h5', '--patterns', f'{s}.scan.h5', '--shifts', 399, '--force')
    n, m = matrix('null.h5')
    for kind in p: p[kind] += list(m[kind][np.ix_([n.index(a) for a in structure], [n.index(b) for b in other])].ravel())
good = True
for kind, values in p.items():
    values = np.sort(values)
    distance = np.max(np.abs(values - (np.arange(len(values)) + 0.5) / len(values)))
    share = np.mean(values <= 0.05)
    print(f'{kind}: {len(values)} unrelated pairs, {100 * share:.1f} % at p <= 5 %, farthest from uniform {distance:.3f}')
    good &= share < 0.09

run('model', 'cut', glass, '--slab', '10,22', '--vacuum', 4, '-o', 'slab.xyz')  # atoms move out of the faces
run('model', 'series', 'slab.xyz', '--frames', 900, '--tau', 14, '--spread', 0.5, '--correlation', 12, '--closest', 0, '-o', 'moving.xyz')
print(*run('atlas', 'moving.xyz', '-o', 'moving.h5', '--step', 5, '--shifts', 399, '--only', 'relaxation_time,d2min,square_displacement,column_density').splitlines()[-4:-2], sep='\n')
with h5py.File(folder / 'moving.h5') as f:
    tau, error = f['atlas/motion/relaxation_time'][()], f['atlas/motion/relaxation_time_error'][()]
    y, x = f['atlas/scan_y'][()], f['atlas/scan_x'][()]
text = (folder / 'moving.xyz').read_text().splitlines()
columns = text[1].split('Properties=')[1].split()[0].split(':')
first = sum(int(columns[i + 2]) for i in range(0, columns.index('tau'), 3))
atoms = [l.split() for l in text[2:2 + int(text[0])]]
r, planted = np.array([a[1:3] for a in atoms], float), np.array([float(a[first]) for a in atoms])
d = np.abs(r[None, None] - np.stack(np.meshgrid(x, y), -1)[:, :, None])
d = np.minimum(d, edge - d)
w = np.exp(-(d ** 2).sum(-1) / (2 * 1.7 ** 2))
truth = 1 / ((w / planted).sum(-1) / w.sum(-1))  # rates add
known = np.isfinite(tau)
rank = lambda v: np.argsort(np.argsort(v))
print(f'planted relaxation times: known at {known.sum()} of {known.size} columns, rank correlation {np.corrcoef(rank(tau[known]), rank(truth[known]))[0, 1]:+.3f}, '
      f'median of measured over planted {np.median(tau[known] / truth[known]):.3f}')
sys.exit(0 if good else 1)
