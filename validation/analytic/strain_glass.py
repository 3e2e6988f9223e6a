#!/usr/bin/python3
"""A strain planted in the molecular-dynamics glass and measured from its rings: bias, scatter against the number of patterns, and
whether the errors cover. Six views of the 40 Angstrom cube, each as it is and strained; beam of 2 mrad at 200 kV.
Usage: strain_glass.py PROGRAM GLASS.extxyz"""
import itertools, pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(tempfile.mkdtemp())
lines = pathlib.Path(sys.argv[2]).read_text().splitlines()
edge = float(lines[1].split('"')[1].split()[0])
symbols = [l.split()[0] for l in lines[2:]]
positions = np.array([l.split()[1:4] for l in lines[2:]], float) % edge
planted = np.array([[0.010, 0.002], [0.002, -0.003]])


def run(*arguments):
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


def scan(name, r, cell):
    """Patterns of 12 x 12 positions in the middle of the cell. The box stays rectangular, so a shear ends in a seam at its faces,
    which the beam must not reach."""
    box = (edge * cell[0, 0], edge * cell[1, 1], edge)
    r = np.mod(r, box)
    with open(folder / f'{name}.xyz', 'w') as f:
        f.write(f'{len(r)}\nLattice="{box[0]} 0 0 0 {box[1]} 0 0 0 {box[2]}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
        f.writelines(f'{s} {a:.6f} {b:.6f} {c:.6f}\n' for s, (a, b, c) in zip(symbols, r))
    run('simulate', folder / f'{name}.xyz', '-o', folder / f'{name}.h5', '--force', '--semiangle', 2, '--pixel', 0.12, '--q-max', 0.9,
        '--scan', '12x12', '--from', '12,12', '--to', '28,28')


for view, axes in enumerate(itertools.permutations(range(3))):
    r = positions[:, axes]
    scan(f'plain{view}', r, np.eye(2))
    strained = r.copy()
    strained[:, :2] = (r[:, :2] - edge / 2) @ (np.eye(2) + planted) + edge / 2
    scan(f'strained{view}', strained, np.eye(2) + planted)
with h5py.File(folder / 'all.h5', 'w') as f:  # the six unstrained scans are the reference
    q = h5py.File(folder / 'plain0.h5')
    patterns = np.concatenate([h5py.File(folder / f'plain{v}.h5')['simulation/patterns'][()] for v in range(6)])
    f['simulation/patterns'] = patterns
    for k in ('q_x', 'q_y', 'scan_x'): f[f'simulation/{k}'] = q[f'simulation/{k}'][()]
    f['simulation/scan_y'] = np.arange(len(patterns), dtype=float)
print('together   planted - 0: exx, eyy, exy                          scatter of one    error of one   covered')
for together in (1, 3, 5, 9):
    values, errors = {}, {}
    for kind in ('plain', 'strained'):
        for view in range(6):
            out = folder / f'{kind}{view}-strain.h5'
            run('strain', folder / f'{kind}{view}.h5', '-o', out, '--force', '--reference-file', folder / 'all.h5', '--energy', 200,
                '--together', together, '--q-min', 0.3, '--q-max', 0.58)
            with h5py.File(out) as f:
                pick = slice(together // 2, None, together)
                values.setdefault(kind, []).append([f[f'strain/{k}'][pick, pick].ravel() for k in ('exx', 'eyy', 'exy')])
                errors.setdefault(kind, []).append([f[f'strain/{k}_error'][pick, pick].ravel() for k in ('exx', 'eyy', 'exy')])
    plain, strained = (np.concatenate(values[k], axis=1) for k in ('plain', 'strained'))
    error = np.concatenate(errors['plain'], axis=1)
    # the strained views against the same views as they are: pairs, so that most speckle cancels
    views = np.array([np.nanmedian(s, axis=1) - np.nanmedian(p, axis=1) for s, p in zip(values['strained'], values['plain'])])
    difference, spread = views.mean(0), views.std(0, ddof=1) / 6 ** 0.5
    offset = np.nanmedian(plain, axis=1, keepdims=True)
    good = np.isfinite(plain)
    print(f'{together} x {together}      ' + ', '.join(f'{d:+.4f} +- {s:.4f}' for d, s in zip(difference, spread)) +
          f'     {np.nanstd(plain, axis=1).mean():.4f}           {np.nanmedian(error):.4f}         {np.mean((np.abs(plain - offset) < error)[good]):.2f}'
          f'   ({good.mean():.2f} fitted)')
