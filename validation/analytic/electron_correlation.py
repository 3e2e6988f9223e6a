#!/usr/bin/python3
"""Electron correlation microscopy end to end: a glass whose atoms rearrange with planted times, fast within 1 nm of its surfaces ->
images by a detector off the axis -> correlation -> map of relaxation times, against the planted ones.
Usage: electron_correlation.py PROGRAM GLASS.extxyz [FRAMES [PICTURE]]"""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, glass = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
frames = int(sys.argv[3]) if len(sys.argv) > 3 else 400
picture = pathlib.Path(sys.argv[4]).resolve() if len(sys.argv) > 4 else None
folder = pathlib.Path(tempfile.mkdtemp())
tau = 10.


def run(*arguments):
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def correlate(name, turned, *series):
    """Frames of a synthetic series of the glass, imaged by a ring of 0.36 to 0.48 1/Angstrom (9 to 12 mrad) cut in eight: one of them is a tilted
    dark field. `turned`: the faces of the model are seen edge on. Returns found and planted times, the latter the mean of the column."""
    run('model', 'series', glass, '-o', folder / 'series.xyz', '--force', '--frames', frames, '--interval', 1, '--tau', tau, '--closest', 0, *series)
    times = []
    with open(folder / 'series.xyz') as f:
        for k in range(frames):
            head = [f.readline(), f.readline()]
            rows = [f.readline().split() for _ in range(int(head[0]))]
            order = (3, 2, 1) if turned else (1, 2, 3)
            if k == 0: atoms = np.array([[r[order[0]], r[order[1]], r[4]] for r in rows], float)
            (folder / 'frame.xyz').write_text(head[0] + head[1].split('Properties')[0] + 'Properties=species:S:1:pos:R:3 pbc="T T T"\n' +
                                              ''.join(f'{r[0]} {" ".join(r[i] for i in order)}\n' for r in rows))
            run('simulate', folder / 'frame.xyz', '-o', folder / f'{k:04d}.h5', '--force', '--semiangle', 2, '--pixel', 0.3, '--slice', 4, '--wrap',
                '--scan', '8x8', '--patterns', 'none', '--detector', 'dark=9:12/8', '--wrap-limit', '30%', '--threads', 1)
    images = []
    for k in range(frames):
        with h5py.File(folder / f'{k:04d}.h5') as f: images.append([f[f'simulation/detectors/dark_{segment}'][()] for segment in range(8)])
    found = []
    for segment in range(8):  # eight independent speckles of every place
        np.save(folder / 'series.npy', np.array(images)[:, segment])
        run('correlation', folder / 'series.npy', '--frame-time', 1, '--beta', 1, '--allow-short', '-o', folder / f'{name}.h5', '--force')
        with h5py.File(folder / f'{name}.h5') as f: found.append(f['correlation/tau'][()])
    step = edge / 8
    planted = np.array([[atoms[np.hypot(*(np.mod(atoms[:, :2] - (x * step, y * step) + edge / 2, edge) - edge / 2).T) < 3.3, 2].mean() for x in range(8)]
                        for y in range(8)])
    return np.array(found), planted


edge = float(glass.read_text().splitlines()[1].split('"')[1].split()[0])
found, planted = correlate('uniform', False)
good = found[np.isfinite(found)]
print(f'uniform, planted {tau:g}: median {np.median(good):.2f} +- {1.25 * good.std() / good.size ** 0.5:.2f}, {good.size} of {found.size} fitted')
found, planted = correlate('surface', True, '--surface', 10, '--speed-up', 4)
print('surfaces edge on, across: planted (mean of the column) and found (median of 64)')
for x in range(8):
    column = found[:, :, x][np.isfinite(found[:, :, x])]
    print(f'{x * edge / 8:5.1f} Angstrom   {planted[:, x].mean():6.2f}   {np.median(column):6.2f} +- {1.25 * column.std() / column.size ** 0.5:.2f}')
if picture: run('plot', folder / 'surface.h5', '-o', picture, '--force')
