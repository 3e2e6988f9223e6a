#!/usr/bin/python3
"""Structure factor and reduced pair distribution from simulated patterns of piles of the glass, by multislice and by single scattering, against
the Debye scattering of the model's own atoms through the same transform, and its g(r); and the same corrected for multiple scattering by other
piles of the glass, and by a dense random packing of its composition and density, whose structure is another. 200 kV, 1 mrad, 2.5 Angstrom slices.
Usage: radial_glass.py PROGRAM GLASS [PICTURE]      ten minutes of processor time"""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from piles import Glass

program, model = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
glass, work = Glass(model), pathlib.Path(tempfile.mkdtemp())
thickness, piles = (20, 40, 80, 160), 6
rings = ('--q-min', 0.2, '--q-max', 1.8, '--radii', 80)


def run(*arguments):
    subprocess.run([program, *map(str, arguments), '--threads', '1', '--force', '--progress', 'never'], cwd=work, check=True, capture_output=True)


def curves(*arguments):
    run('radial', *arguments, '--model', model, '-o', 'r.h5', *rings)
    with h5py.File(work / 'r.h5') as f:
        g = f['radial']
        return [{k: p[k][()] for k in p if isinstance(p[k], h5py.Dataset)} for p in (g, g['model'], g['model/pair'])]


def top(x, y, low, high):
    """Place of the highest point between the borders, by a parabola."""
    pick = np.flatnonzero((x > low) & (x < high))
    k = pick[y[pick].argmax()]
    a, b, _ = np.polyfit(x[k - 1:k + 2] - x[k], y[k - 1:k + 2], 2)
    return x[k] - b / (2 * a)


def first_shell(r, g):
    """Neighbours up to the first minimum of g(r) = 1 + G / (4 pi r rho)."""
    h = 1 + g / (4 * np.pi * density * r)
    peak = np.flatnonzero((r > 1.8) & (r < 3.8))[h[(r > 1.8) & (r < 3.8)].argmax()]
    end = peak + np.flatnonzero(np.diff(h[peak:]) > 0)[0]
    start = peak - np.flatnonzero((np.diff(h[:peak + 1]) <= 0)[::-1] | (h[:peak] <= 0)[::-1])[0]
    return (4 * np.pi * density * r ** 2 * h)[start:end + 1].sum() * (r[1] - r[0])


density = len(glass.positions) / glass.edge ** 3
patterns, axes = {}, {}
for n in range(piles):
    *atoms, edges = glass.oblique_pile(thickness[-1], 900 + n)
    glass.write(work / 'pile.xyz', *atoms, thickness[-1], edges=edges)
    for engine in ('multislice', 'kinematic'):
        run('simulate', 'pile.xyz', '-o', 's.h5', '--engine', engine, '--semiangle', 1, '--pixel', 0.13, '--q-max', 1.9, '--scan', '3x3',
            '--wrap-limit', '60%', '--slice', 2.5, '--every-slices', round(thickness[0] / 2.5))
        with h5py.File(work / 's.h5') as f:
            p = f['simulation/patterns'][()]
            axes = {k: f[f'simulation/{k}'][()] for k in ('q_x', 'q_y')}, dict(f['simulation'].attrs)
            for t in thickness: patterns.setdefault((engine, t), []).append(p[t // thickness[0] - 1].reshape(-1, *p.shape[-2:]))
run('model', 'packing', '--composition', 'Cu64.35Zr35.65', '--box', glass.edge, '--density', density, '--seed', 5, '-o', 'packing.extxyz')
drawn = {}
for (engine, t), parts in patterns.items():
    p = np.concatenate(parts)
    with h5py.File(work / 'p.h5', 'w') as f:
        f['simulation/patterns'] = p[None]
        for k, v in axes[0].items(): f[f'simulation/{k}'] = v
        f['simulation'].attrs.update(axes[1])
        f['simulation/scan_y'], f['simulation/scan_x'] = np.zeros(1), np.arange(len(p), dtype=float)
    ways = {'as they are': ()}
    if engine == 'multislice':
        for name, file in (('by other piles', model), ('by a packing', work / 'packing.extxyz')):
            ways['corrected ' + name] = ('--correct-multiple-scattering', file, '--thickness', t, '--semiangle', 1, '--seed', 77)
    for way, options in ways.items():
        own, debye, atoms = curves('p.h5', '--energy', 200, '--gain', 0, *options)
        drawn[engine, t, way] = own, debye
        r = (own['r'] > 2) & (own['r'] < 12)
        print(f'{engine:10s} {t / 10:4g} nm {way:25s}: first maximum of S {top(own["q"], own["S"], 0.3, 0.65):.4f} 1/Angstrom (Debye {top(debye["q"], debye["S"], 0.3, 0.65):.4f}), '
              f'first peak of G {top(own["r"], own["G"], 1.8, 3.8):.3f} Angstrom (Debye {top(debye["r"], debye["G"], 1.8, 3.8):.3f}, g(r) {top(atoms["r"], atoms["g"], 1.8, 3.8):.3f}); '
              f'height of the first maximum {own["S"].max() / debye["S"].max():.3f} of Debye\'s; G from 2 to 12 Angstrom correlates {np.corrcoef(own["G"][r], debye["G"][r])[0, 1]:.4f}, '
              f'slope {np.polyfit(debye["G"][r], own["G"][r], 1)[0]:.3f}, its own error {np.sqrt(np.mean(own["G_error"][r] ** 2) / np.mean(debye["G"][r] ** 2)):.3f}; '
              f'neighbours {first_shell(own["r"], own["G"]):.2f} (Debye {first_shell(debye["r"], debye["G"]):.2f})', flush=True)
if len(sys.argv) > 3:
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    for t, colour in zip(thickness, ('C0', 'C1', 'C2', 'C3')):
        own, debye = drawn['multislice', t, 'as they are']
        left.plot(own['q'], own['S'], color=colour, lw=1, label=f'multislice, {t / 10:g} nm')
        right.plot(own['r'], own['G'], color=colour, lw=1)
        own = drawn['multislice', t, 'corrected by a packing'][0]
        right.plot(own['r'], own['G'], color=colour, lw=1, ls=':', label=f'{t / 10:g} nm, corrected by a packing')
    left.plot(debye['q'], debye['S'], 'k', lw=1, ls='--', label='Debye scattering of the atoms')
    right.plot(debye['r'], debye['G'], 'k', lw=1, ls='--')
    left.set(xlabel='q (1/Å)', ylabel='S(q)')
    right.set(xlabel='r (Å)', ylabel='G(r) (1/Å²)', xlim=(1, 12))
    for a in (left, right): a.legend(frameon=False, fontsize=8)
    figure.savefig(sys.argv[3], dpi=130)
