#!/usr/bin/python3
"""How the rings of a band are best put together: what `symmetry` finds of planted motifs against a glass ensemble, by its own map (every
ring by its squared mean), by the plain mean of the rings' C_n, and by fixed weights, the squared radial mean of the whole scan. All three
see the same counts. fcc clusters of 13 and 79 atoms along [100] by C_4 and icosahedra of 55 along a three-fold axis by C_6, at half depth
of the glass, 200 kV; ring 0.38 to 0.52 1/Angstrom.
Usage: symmetry_rings.py PROGRAM GLASS [SEED] [SLABS]      SLABS (30) of four motifs each; three minutes of processor time"""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from piles import Glass

program, glass = pathlib.Path(sys.argv[1]).resolve(), Glass(sys.argv[2])
seed, slabs = (int(a) if a else d for a, d in zip((sys.argv[3:] + ['', ''])[:2], (1, 30)))
work = pathlib.Path(tempfile.mkdtemp())
random = np.random.default_rng(seed)
ring, per_pile, false = (0.38, 0.52), 20, 0.05
# name: order, thicknesses of the specimen, options of the motif
targets = {'fcc of 13, n = 4': (4, (8, 16), ['--motif', 'fcc', '--elements', 'Cu', '--axis', '100']),
           'fcc of 79, n = 4': (4, (12, 24), ['--motif', 'fcc', '--elements', 'Cu', '--radius', 6, '--axis', '100']),
           'icosahedron of 55, n = 6': (6, (12, 24), ['--motif', 'mackay', '--elements', 'Cu,Zr', '--shells', 2, '--axis', '3'])}


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments), '--threads', '1', '--force', '--progress', 'never'], cwd=work, capture_output=True, text=True)
    if done.returncode: sys.exit(f'{arguments}: {done.stderr}')


def simulate(model, places, semiangle):
    at = [w for x, y in places for w in ('--at', f'{x:.4f},{y:.4f}')]
    run('simulate', model, '-o', 's.h5', '--semiangle', semiangle, '--pixel', 0.2, '--q-max', 0.85, '--wrap-limit', '60%', *at)
    with h5py.File(work / 's.h5') as f:
        axes = {k: f[f'simulation/{k}'][()] for k in ('q_x', 'q_y')}
        return f['simulation/patterns'][0], axes, dict(f['simulation'].attrs)


def store(name, parts):
    with h5py.File(work / name, 'w') as f:
        patterns = np.concatenate([p[0] for p in parts])
        f['simulation/patterns'] = patterns[None]
        for k in ('q_x', 'q_y'): f[f'simulation/{k}'] = parts[0][1][k]
        f['simulation'].attrs.update(parts[0][2])
        f['simulation/scan_y'], f['simulation/scan_x'] = np.zeros(1), np.arange(len(patterns), dtype=float)


def analysed(name, dose, own_seed, *options):
    """Map of the order in three ways, and the null's by the program."""
    run('symmetry', name, '-o', 'a.h5', '--energy', 200, '--dose', dose, '--seed', own_seed, '--ring', f'{ring[0]},{ring[1]}', *options)
    with h5py.File(work / 'a.h5') as f:
        g = f['symmetry']
        pick = (g['q'][()] >= ring[0]) & (g['q'][()] <= ring[1])
        power, weight = g['power'][0][..., pick].astype(float), np.square(g['radial_mean'][pick])
        known = np.isfinite(power)
        def mean(w): return (np.where(known, power, 0) * w).sum(-1) / (known * w).sum(-1)
        ways = {'squared mean': g['map'][0].astype(float), 'plain': mean(1), 'fixed': mean(weight)}
        return ways, g['p_value'][0] if 'p_value' in g else None


def area(null, planted):
    """Under the ROC, and its error (DeLong)."""
    above = (planted[:, None] > null).astype(float) + 0.5 * (planted[:, None] == null)
    return above.mean(), np.sqrt(above.mean(1).var(ddof=1) / len(planted) + above.mean(0).var(ddof=1) / len(null))


def found(null, planted):
    """Share beyond all but `false` of the null, by rank."""
    p = (1 + (null >= planted[:, None]).sum(1)) / (1 + len(null))
    return (p <= false).mean()


print('mrad  nm  motif                     electrons  area under the ROC: squared mean, plain, fixed        found at 5 %: the same; by the program')
for semiangle in (2, 3.3):
    for thickness in (8, 12, 16, 24):
        parts = []
        for k in range(slabs * 4 * 3 // per_pile):  # three times as many as planted ones
            glass.write(work / 'slab.xyz', *glass.pile(thickness, 10_000 * seed + k), thickness)
            parts.append(simulate('slab.xyz', random.uniform(0, glass.edge, (per_pile, 2)), semiangle))
        store('null.h5', parts)
        for name, (order, thicknesses, motif) in targets.items():
            if thickness not in thicknesses: continue
            parts = []
            for k in range(slabs):
                glass.write(work / 'slab.xyz', *glass.pile(thickness, 10_000 * seed + 5000 + k), thickness)
                places = glass.edge * np.stack(np.meshgrid([0.25, 0.75], [0.25, 0.75]), -1).reshape(-1, 2)
                at = [w for x, y in places for w in ('--at', f'{x:.4f},{y:.4f},{thickness / 2:g}')]
                run('model', 'embed', *motif, '--in-plane', f'{random.uniform(0, 360):.1f}', '--matrix', 'slab.xyz', *at, '-o', 'planted.xyz')
                parts.append(simulate('planted.xyz', places, semiangle))
            store('planted.h5', parts)
            for dose in (1e4, 1e5, 0):
                own, p = analysed('planted.h5', dose, seed, '--null', 'null.h5')
                null, _ = analysed('null.h5', dose, seed + 1)
                n = order - 1
                areas = [area(null[w][:, n], own[w][:, n]) for w in own]
                shares = [found(null[w][:, n], own[w][:, n]) for w in own]
                print(f'{semiangle:<5g} {thickness / 10:3.1f} {name:25s} {dose:9g}  ' + ' '.join(f'{a:.3f} +- {e:.3f}' for a, e in areas) + '        ' +
                      ' '.join(f'{100 * s:3.0f} %' for s in shares) + f'; {100 * (p[:, n] <= false).mean():3.0f} %', flush=True)
