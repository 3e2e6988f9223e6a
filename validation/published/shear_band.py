#!/usr/bin/python3
"""A shear band of +6 and -10 % planted in the molecular-dynamics glass, imaged by HAADF and read back with a calibration made from
other piles of the same glass: mean density of either segment, and how often single positions agree with their own columns.
Usage: shear_band.py PROGRAM GLASS.extxyz [PICTURE.png]"""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, glass = str(pathlib.Path(sys.argv[1]).resolve()), str(pathlib.Path(sys.argv[2]).resolve())
folder = pathlib.Path(tempfile.mkdtemp())


def run(*arguments):
    return subprocess.run([program, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True).stdout


run('model', 'cut', glass, '--repeat', '2x1x1', '-o', 'long.xyz')
print(run('model', 'shear-band', 'long.xyz', '-o', 'band.xyz', '--width', 28, '--segment', 20))
beam = ('--semiangle', 10, '--pixel', 0.09)
run('density', 'calibrate', glass, '-o', 'calibration.h5', '--thickness', '20,40', '--changes=-10,-5,6', '--piles', 3, '--positions',
    16, '--seed', 7, '--detector', 'haadf=50:90', '--pixel', 0.09)
run('simulate', 'band.xyz', '-o', 'scan.h5', *beam, '--scan', '40x20', '--patterns', 'none', '--detector', 'haadf=50:90', '--wrap')
for together in (1, 3):
    print(run('density', 'scan.h5', '-o', f'density{together}.h5', '--calibration', 'calibration.h5', '--reference', '0,0,19,11',
              '--together', together, '--model', 'band.xyz'))
if len(sys.argv) > 3: run('plot', 'density3.h5', '-o', pathlib.Path(sys.argv[3]).resolve())
with h5py.File(folder / 'density1.h5') as f:
    relative, column, error = (f[k][()] for k in ('density/relative', 'density/model/column_density', 'density/relative_error'))
    x, y = f['density/scan_x'][()], f['density/scan_y'][()]
    scale = f['density'].attrs['scale_error']
centre, half = (x[-1] + x[1]) / 2, 14
matrix = np.abs(x - centre) > half + 4
print(f'segment    planted   own columns   HAADF')
good = True
for name, planted, rows in (('dense', 0.06, y < 20), ('loose', -0.10, y >= 20)):
    middle = rows & (np.minimum(y % 20, 20 - y % 20) > 3)
    pick = np.ix_(middle, np.abs(x - centre) < half - 3)
    out = np.ix_(np.ones(len(y), bool), matrix)
    measured = np.nanmean(relative[pick]) / np.nanmean(relative[out]) - 1
    truth = column[pick].mean() / column[out].mean() - 1
    sigma = np.nanmean(error[pick]) / np.sqrt(relative[pick].size)  # positions 2 Angstrom apart
    sigma = np.hypot(sigma, np.nanmean(error[out]) / np.sqrt(relative[out].size))
    print(f'{name:<10} {100 * planted:+6.1f} %  {100 * truth:+6.2f} %      {100 * measured:+6.2f} +- {100 * sigma:.2f} %')
    good &= abs(measured - truth) < max(3 * sigma, 0.015)
sys.exit(0 if good else 1)
