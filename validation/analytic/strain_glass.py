#!/usr/bin/python3
"""A strain planted in the molecular-dynamics glass and measured from its rings: bias and scatter against the number of patterns, dose,
size of the strain, probe and thickness, and whether the errors cover. Views of the 40 Angstrom cube, each as it is and strained; 200 kV.
Usage: strain_glass.py PROGRAM GLASS.extxyz"""
import itertools, pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(tempfile.mkdtemp())
lines = pathlib.Path(sys.argv[2]).read_text().splitlines()
edge = float(lines[1].split('"')[1].split()[0])
symbols = [l.split()[0] for l in lines[2:]]
positions = np.array([l.split()[1:4] for l in lines[2:]], float) % edge


def run(*arguments):
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


def scan(name, r, strain, semiangle=2, thickness=None):
    """Patterns of 12 x 12 positions in the middle of the cell, whose atoms r are strained by the 2 x 2 tensor. The box stays
    rectangular, so a shear ends in a seam at its faces, which the beam must not reach."""
    cell = np.eye(2) + strain
    r = r.copy()
    r[:, :2] = (r[:, :2] - edge / 2) @ cell + edge / 2
    box = (edge * cell[0, 0], edge * cell[1, 1], edge)
    r = np.mod(r, box)
    pick = r[:, 2] < (thickness or edge)
    with open(folder / f'{name}.xyz', 'w') as f:
        f.write(f'{pick.sum()}\nLattice="{box[0]} 0 0 0 {box[1]} 0 0 0 {thickness or edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
        f.writelines(f'{s} {a:.6f} {b:.6f} {c:.6f}\n' for s, (a, b, c), p in zip(symbols, r, pick) if p)
    run('simulate', folder / f'{name}.xyz', '-o', folder / f'{name}.h5', '--force', '--semiangle', semiangle, '--pixel', 0.12, '--q-max', 0.9,
        '--scan', '12x12', '--from', '12,12', '--to', '28,28', '--wrap-limit', '30%')


def together(names, out):
    """The patterns of several scans as one file: the reference."""
    with h5py.File(folder / out, 'w') as f, h5py.File(folder / names[0]) as q:
        patterns = np.concatenate([h5py.File(folder / n)['simulation/patterns'][()] for n in names])
        f['simulation/patterns'] = patterns
        for k in ('q_x', 'q_y', 'scan_x'): f[f'simulation/{k}'] = q[f'simulation/{k}'][()]
        f['simulation/scan_y'] = np.arange(len(patterns), dtype=float)


def measure(plain, strained, reference, neighbours=1, options=()):
    """Strained views less the same views as they are, so that most speckle cancels; scatter, error and coverage of the latter."""
    values, errors = {}, []
    for kind, names in (('plain', plain), ('strained', strained)):
        for name in names:
            out = folder / 'out.h5'
            run('strain', folder / f'{name}.h5', '-o', out, '--force', '--reference-file', folder / reference, '--energy', 200, '--together',
                neighbours, '--q-min', 0.3, '--q-max', 0.58, *options)
            with h5py.File(out) as f:
                pick = slice(neighbours // 2, None, neighbours)
                values.setdefault(kind, []).append([f[f'strain/{k}'][pick, pick].ravel() for k in ('exx', 'eyy', 'exy')])
                if kind == 'plain': errors.append([f[f'strain/{k}_error'][pick, pick].ravel() for k in ('exx', 'eyy', 'exy')])
    one, error = (np.concatenate(v, axis=1) for v in (values['plain'], errors))
    views = np.array([np.nanmedian(s, axis=1) - np.nanmedian(p, axis=1) for s, p in zip(values['strained'], values['plain'])])
    good = np.isfinite(one)
    covered = np.mean((np.abs(one - np.nanmedian(one, axis=1, keepdims=True)) < error)[good])
    found = ', '.join(f'{d:+.5f} +- {s:.5f}' for d, s in zip(views.mean(0), views.std(0, ddof=1) / len(views) ** 0.5))
    return f'{found}   {np.nanstd(one, axis=1).mean():.4f}   {np.nanmedian(error):.4f}   {covered:.2f}   {good.mean():.2f}'


planted = np.array([[0.010, 0.002], [0.002, -0.003]])
views = list(itertools.permutations(range(3)))
for v, axes in enumerate(views):
    scan(f'plain{v}', positions[:, axes], 0 * planted)
    scan(f'strained{v}', positions[:, axes], planted)
together([f'plain{v}.h5' for v in range(6)], 'all.h5')
alloy = ('--composition', 'Cu64.5Zr35.5')
print('found less unstrained: exx, eyy, exy; scatter of one; error of one; share covered; share fitted')
names = [f'plain{v}' for v in range(6)], [f'strained{v}' for v in range(6)]
print('planted 0.010, -0.003, 0.002, 2 mrad, 40 Angstrom, without scattering factors')
print('1 x 1   ', measure(*names, 'all.h5'))
print('the same, scattering factors divided out')
for n in (1, 3, 5): print(f'{n} x {n}   ', measure(*names, 'all.h5', n, alloy))
for dose in (1e5, 1e4, 1e3): print(f'{dose:g} electrons, 1 x 1   ', measure(*names, 'all.h5', 1, (*alloy, '--dose', dose)))

# three views for the rest
three = names[0][:3]
for size in (0.1, 0.5, 1.5):  # per cent, exx; the others in proportion
    for v in range(3): scan(f'size{v}', positions[:, views[v]], planted * size)
    print(f'planted {0.01 * size:g}, {-0.003 * size:g}, {0.002 * size:g}   ', measure(three, [f'size{v}' for v in range(3)], 'all.h5', 1, alloy))
for what, semiangle, thickness in (('1.4 mrad', 1.4, None), ('2.8 mrad', 2.8, None), ('20 Angstrom', 2, edge / 2)):
    for v in range(3):
        scan(f'p{v}', positions[:, views[v]], 0 * planted, semiangle, thickness)
        scan(f's{v}', positions[:, views[v]], planted, semiangle, thickness)
    together([f'p{v}.h5' for v in range(3)], 'some.h5')
    print(f'{what}   ', measure([f'p{v}' for v in range(3)], [f's{v}' for v in range(3)], 'some.h5', 1, alloy))
