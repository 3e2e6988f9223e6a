#!/usr/bin/python3
"""Rates of false motifs where a camera's pixels are not the library's: motif-free packings of their own seeds, recorded at 1e4 and 1e5
electrons on pixels a third as wide as the library's, whole, behind a beam stop that hides the disc and a sixth of all directions, and cut off
at 0.9 1/Angstrom. Counts are handed over as plain numbers, without a dose. Prints how many p-values lie at 5 and 20 % or below.
Usage: camera_pixels.py VITROBEAM [FIRST_SEED]    Five minutes of processor time."""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program = str(pathlib.Path(sys.argv[1]).resolve())
first = int(sys.argv[2]) if len(sys.argv) > 2 else 501
folder = pathlib.Path(tempfile.mkdtemp())
EDGE, THICK, PACKINGS = 22, 14, 6


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments), '--force'], cwd=folder, capture_output=True, text=True)
    if done.returncode: sys.exit(f'{arguments}: {done.stderr}')
    return done.stdout + done.stderr


run('library', 'build', '-o', 'library.h5', '--motifs', 'icosahedron,fcc', '--elements', 'Cu,Zr', '--spacing-deg', 12, '--thickness', THICK,
    '--box', EDGE, '--null', 1200, '--packings', 24, '--planted', 20, '--semiangle', 5, '--seed', 7)
with h5py.File(folder / 'library.h5') as f: density = f['audit'].attrs['density']
patterns = []
for seed in range(first, first + PACKINGS):
    run('model', 'packing', '--composition', 'CuZr', '--box', f'{3 * EDGE}x{3 * EDGE}x{THICK}', '--density', density, '--seed', seed, '-o', 'p.xyz')
    run('simulate', 'p.xyz', '-o', 'p.h5', '--scan', '10x10', '--q-max', 1.65, '--semiangle', 5, '--pixel', 0.15)
    with h5py.File(folder / 'p.h5') as f: patterns.append(f['simulation/patterns'][()].reshape(-1, *f['simulation/patterns'].shape[2:]))
patterns = np.concatenate(patterns)
n, pixel = patterns.shape[1], 1 / (3 * EDGE)
y, x = np.mgrid[:n, :n] - n // 2
stop = (np.hypot(x, y) * pixel < 0.25) | (np.abs(np.arctan2(y, x) - np.pi / 2) < np.pi / 6)
np.save(folder / 'stop.npy', stop.astype('u1'))
random = np.random.default_rng(first)
stated = ('--energy', 200, '--semiangle', 5, '--thickness', THICK, '--pixel-q', pixel, '--scan-shape', f'{len(patterns) // PACKINGS}x{PACKINGS}')
for dose in (1e4, 1e5):
    counts = random.poisson(np.maximum(patterns, 0) * dose).astype('f4')
    half = int(0.9 / pixel)
    cut = slice(n // 2 - half, n // 2 + half + 1)
    for name, recorded, more in (('whole', counts, ()), ('beam stop', np.where(stop, 0, counts), ('--mask', 'stop.npy', '--gain', 1)),
                                 ('cut off', counts[:, cut, cut], ('--q-max', f'{half * pixel:.3f}'))):
        np.save(folder / 'counts.npy', recorded)
        printed = run('match', 'counts.npy', 'library.h5', '-o', 'm.h5', *stated, *more)
        with h5py.File(folder / 'm.h5') as f:
            p, a = f['match/best_p_value'][()].reshape(PACKINGS, -1), f['match/null'].attrs
            shares = []
            for level in (0.05, 0.2):
                by_packing = (p <= level).mean(1)
                shares.append(f'{100 * by_packing.mean():5.1f} +- {100 * by_packing.std(ddof=1) / PACKINGS ** .5:4.1f} %')
            print(f'{dose:g} electrons, {name:9}: p <= 5 % in {shares[0]}, p <= 20 % in {shares[1]}; contrast {a["scan_contrast"]:.2f}, library '
                  f'{a["contrast_low"]:.2f} to {a["contrast_high"]:.2f}, dose taken {a["dose"]:.0f}{"; reported as unlike" if "unlike" in printed else ""}', flush=True)
