#!/usr/bin/python3
"""Relaxation times of a random field with planted times: bias, scatter and coverage of `vitrobeam correlation`,
or, with --example FILE, the small series in examples/.
Usage: relaxation_series.py PROGRAM  |  relaxation_series.py --example FILE.npy"""
import pathlib, subprocess, sys, tempfile

import numpy as np


def speckles(frames, tau, rng):
    """|z|^2 of complex Gaussian fields that forget with exp(-t / tau): g2 - 1 = exp(-2 t / tau)."""
    keep, z = np.exp(-1 / tau), rng.normal(size=(2,) + tau.shape)
    out = np.empty((frames,) + tau.shape, 'f4')
    for k in range(frames):
        out[k] = (z ** 2).sum(0) / 2
        z = keep * z + np.sqrt(1 - keep ** 2) * rng.normal(size=z.shape)
    return out


if sys.argv[1] == '--example':
    rng = np.random.default_rng(1)
    tau = np.full((10, 10), 15.0)
    np.save(sys.argv[2], rng.poisson(12 * speckles(900, tau, rng)).clip(0, 255).astype('u1'))
    sys.exit()

import h5py

program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(tempfile.mkdtemp())
print('series / tau  frames / tau  together   tau found / planted   scatter of one   covered by one sigma')
for length in (40, 80, 160):
    for together in (1, 3):
        rng = np.random.default_rng(length + together)
        planted = 15.0
        np.save(folder / 's.npy', speckles(int(length * planted), np.full((30, 30), planted), rng))
        subprocess.run([program, 'correlation', folder / 's.npy', '-o', folder / 's.h5', '--force', '--frame-time', '1', '--beta', '1',
                        '--together', str(together), '--allow-short'], check=True, capture_output=True)
        with h5py.File(folder / 's.h5') as f:
            step = slice(together // 2, None, together)  # neighbourhoods that do not overlap
            tau, error = f['correlation/tau'][step, step].ravel(), f['correlation/tau_error'][step, step].ravel()
        good = np.isfinite(tau)
        print(f'{length:8d}      {planted:8.0f}     {together} x {together}    {np.median(tau[good]) / planted:8.3f} +- '
              f'{tau[good].std() / planted / good.sum() ** 0.5:.3f}      {tau[good].std() / planted:8.3f}        '
              f'{np.mean(np.abs(tau - planted)[good] < error[good]):8.2f}   ({good.sum()} of {tau.size} fitted)')
