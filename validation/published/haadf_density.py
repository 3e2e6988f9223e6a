#!/usr/bin/python3
"""HAADF against density in the molecular-dynamics glass: contrast of +6 and -10 % of density at 5, 10 and 20 nm, linearity in the
thickness, the curve of two alloys, and the scatter of single positions. 200 kV, 10 mrad, u 0.09 Angstrom.
Usage: haadf_density.py PROGRAM GLASS.extxyz [OUT.h5]"""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program, glass = sys.argv[1:3]
out = sys.argv[3] if len(sys.argv) > 3 else str(pathlib.Path(tempfile.mkdtemp()) / 'calibration.h5')
print(subprocess.run([program, 'density', 'calibrate', glass, '-o', out, '--force', '--thickness', '50,100,200', '--changes=-10,6',
                      '--u-rms', '0.09', '--piles', '3', '--positions', '16', '--pixel', '0.09', '--detector', 'haadf=50:90',
                      '--detector', 'adf=20:50'], check=True, capture_output=True, text=True).stdout)
with h5py.File(out) as f:
    c = f['density/calibration']
    change, thickness = c['change'][()], c['thickness'][()]
    contrast, error, intensity = (c[k][0] for k in ('contrast', 'contrast_error', 'intensity'))
    density = c['density'][0]
zero = list(change).index(0)
actual = density / density[zero] - 1
off = contrast[..., 0] - actual
print('contrast less the change of density in the own columns, 50 to 90 mrad, %:')
for k in range(len(change)):
    if k != zero: print(f'  {100 * change[k]:+g} %:', *(f'{100 * v:+.2f} +- {100 * e:.2f}' for v, e in zip(off[k], error[k, :, 0])))
per_thickness = intensity[zero, :, 0] / thickness
spread = per_thickness / per_thickness.mean() - 1
print('I/t against its mean, %:', *(f'{100 * s:+.2f}' for s in spread))
published = {(50, 0): .01292, (100, 0): .02642, (200, 0): .05189, (50, 1): .0468, (200, 1): .1609}
for (t, d), value in published.items():
    mine = intensity[zero, list(thickness).index(t), d]
    print(f'{("50-90", "20-50")[d]} mrad, {t} A: {mine:.5f}, another glass by an independent program {value:.5f} ({100 * (mine / value - 1):+.1f} %)')
good = np.all(np.abs(off) < 0.015 + error[..., 0]) and np.all(np.abs(spread) < 0.03)
sys.exit(0 if good else 1)
