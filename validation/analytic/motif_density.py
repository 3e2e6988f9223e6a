#!/usr/bin/python3
"""Joint statistics of HAADF density and a motif map, end to end: library, scan, match, density, atlas. Zr packings of 14 Angstrom hold
eight icosahedra and eight fcc clusters of 13 atoms along the beam. Matrix atoms are taken out at random: a quarter everywhere, but around
each motif, within 6 Angstrom across the beam, none (bright) or three fifths (dark). Planted: icosahedra bright, fcc dark. Absent: half of
either kind bright, half dark. Thermal motion matters: at rest, an ordered cluster does not scatter onto 50 to 90 mrad as its number
of atoms. What `density --motifs` says of the places that `match` finds is compared with the density of the own columns at the same
positions, which the model gives.
Usage: motif_density.py VITROBEAM [SEEDS] [OUT.png]    SEEDS (2) specimens of either sort. Ten minutes of processor time."""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program = str(pathlib.Path(sys.argv[1]).resolve())
seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
picture = str(pathlib.Path(sys.argv[3]).resolve()) if len(sys.argv) > 3 else None
folder = pathlib.Path(tempfile.mkdtemp())
EDGE, THICK, PITCH = 60.0, 14.0, 15.0


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments), '--force', '--log-level', 'error'], cwd=folder, capture_output=True, text=True)
    if done.returncode: sys.exit(f'{arguments}: {done.stderr}')
    return done.stdout


def thinned(name, share_around):
    """Takes matrix atoms out of a model: `share_around` gives the share for every place (x, y), a quarter elsewhere."""
    lines = (folder / name).read_text().splitlines()
    columns = lines[1].split('Properties=')[1].split()[0].split(':')
    motif = sum(int(columns[i + 2]) for i in range(0, columns.index('motif'), 3))
    atoms = [l.split() for l in lines[2:]]
    place = np.array([a[1:3] for a in atoms], float)
    share = np.full(len(atoms), 0.25)
    for (x, y), s in share_around.items():
        d = np.abs(place - (x, y))
        share[(np.minimum(d, EDGE - d) ** 2).sum(1) < 36] = s
    kept = [l for l, a, u, s in zip(lines[2:], atoms, rng.uniform(size=len(atoms)), share) if a[motif] != '0' or u >= s]
    (folder / name).write_text('\n'.join([str(len(kept)), lines[1], *kept]) + '\n')


run('library', 'build', '-o', 'library.h5', '--motifs', 'icosahedron,fcc', '--elements', 'Zr,Zr', '--composition', 'Zr', '--thickness', THICK,
    '--spacing-deg', 15, '--box', 40, '--null', 1500, '--packings', 12, '--planted', 20, '--pixel', 0.12, '--q-max', 1.1, '--seed', 7)
grid = [(PITCH * (i + .5), PITCH * (j + .5)) for i in range(4) for j in range(4)]
kinds, table = ('icosahedron', 'fcc'), {}
for sort in ('planted', 'absent'):
    for seed in range(11, 11 + seeds):
        rng = np.random.default_rng([seed, sort == 'absent'])
        name = f'{sort}{seed}'
        run('model', 'packing', '--composition', 'Zr', '--box', f'{EDGE:g}x{EDGE:g}x{THICK:g}', '-o', 'matrix.xyz', '--seed', 100 * seed + (sort == 'absent'))
        places = [grid[k] for k in rng.permutation(16)]
        turn = rng.uniform(0, 90, 2)
        for kind, axis, own, angle in (('icosahedron', 5, places[:8], turn[0]), ('fcc', 100, places[8:], turn[1])):
            at = [w for x, y in own for w in ('--at', f'{x:g},{y:g},{THICK / 2:g}')]
            run('model', 'embed', '--motif', kind, '--elements', 'Zr,Zr', '--axis', axis, '--in-plane', f'{angle:.1f}', '--matrix',
                'matrix.xyz' if kind == 'icosahedron' else 'with.xyz', *at, '-o', 'with.xyz' if kind == 'icosahedron' else f'{name}.xyz')
        bright = places[:8] if sort == 'planted' else places[:4] + places[8:12]
        thinned(f'{name}.xyz', {p: 0.0 if p in bright else 0.6 for p in places})
        run('simulate', f'{name}.xyz', '-o', f'{name}.scan.h5', '--scan', '40x40', '--pixel', 0.09, '--q-max', 1.1, '--detector', 'haadf=50:90', '--phonons', 3, '--u-rms', 0.09)
        run('match', f'{name}.scan.h5', 'library.h5', '-o', f'{name}.match.h5', '--false-alarm', '10%')
        run('density', f'{name}.scan.h5', '-o', f'{name}.density.h5', '--model', f'{name}.xyz', '--motifs', f'{name}.match.h5', '--shifts', 1999)
        run('atlas', f'{name}.xyz', '-o', f'{name}.atlas.h5', '--patterns', f'{name}.scan.h5', '--motifs', f'{name}.match.h5', '--shifts', 499,
            '--only', 'haadf_density,column_density,motif_icosahedron,motif_fcc')
        if picture and sort == 'planted' and seed == 11: run('plot', f'{name}.density.h5', '-o', picture)
        with h5py.File(folder / f'{name}.density.h5') as f, h5py.File(folder / f'{name}.match.h5') as g, h5py.File(folder / f'{name}.atlas.h5') as a:
            m, found, column = f['density/motifs'], g['match/motif'][()].reshape(40, 40), f['density/model/column_density'][()]
            y, x = np.meshgrid(f['density/scan_y'][()], f['density/scan_x'][()], indexing='ij')
            names, c = list(a['atlas/correlation/name'].asstr()[()]), a['atlas/correlation']
            for k, kind in enumerate(kinds):
                own = places[:8] if kind == 'icosahedron' else places[8:]
                near = lambda p: np.hypot(*(np.minimum(d, EDGE - d) for d in (np.abs(x - p[0]), np.abs(y - p[1]))))
                distance = np.min([near(p) for p in own], 0)
                inside = found == k
                true = column[inside].mean() / column.mean() - column[~inside].mean() / column.mean() if inside.any() else np.nan
                i, j = names.index('haadf_density'), names.index(f'motif_{kind}')
                table[sort, seed, kind] = row = [m['difference'][k], m['difference_error'][k], m['p_shift'][k], m['p_effective'][k], true,
                                                 c['partial_spearman'][i, j], c['spearman'][i, j], c['spearman_p_effective'][i, j]]
                hits = sum((near(p)[inside] < 3).any() for p in own)
                print(f'{name} {kind}: {inside.sum()} positions, {(distance[inside] < 3).sum()} of them within 3 A of one, {hits} of 8 found; density '
                      f'{100 * row[0]:+.1f} +- {100 * row[1]:.1f} % (own columns {100 * true:+.1f} %), p {row[2]:.4f} by shifts, {row[3]:.1e} by effective pairs; '
                      f'atlas: rank {row[6]:+.3f}, p {row[7]:.1e}', flush=True)
good, together = True, {}
for sort in ('planted', 'absent'):
    for kind in kinds:
        rows = np.array([row for (s, _, k), row in table.items() if (s, k) == (sort, kind)])
        weight = 1 / rows[:, 1] ** 2
        mean, error, true = (rows[:, 0] * weight).sum() / weight.sum(), weight.sum() ** -0.5, (rows[:, 4] * weight).sum() / weight.sum()
        together[sort, kind] = mean, error
        print(f'{sort} {kind}: together {100 * mean:+.1f} +- {100 * error:.1f} %, own columns {100 * true:+.1f} %')
        good &= abs(mean - true) < 3 * error and (sort == 'planted' or rows[:, 2].min() > 0.01)
apart = {sort: (together[sort, kinds[0]][0] - together[sort, kinds[1]][0], np.hypot(together[sort, kinds[0]][1], together[sort, kinds[1]][1])) for sort in ('planted', 'absent')}
for sort, (gap, error) in apart.items(): print(f'{sort}: icosahedra less fcc {100 * gap:+.1f} +- {100 * error:.1f} %')
good &= apart['planted'][0] > 3 * apart['planted'][1] and abs(apart['absent'][0]) < 3 * apart['absent'][1]
sys.exit(0 if good else 1)
