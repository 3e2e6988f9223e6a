#!/usr/bin/python3
"""False motifs where scan and library do not belong together: motif-free packings of their own seeds, matched about a stated centre, with a
stated scale and on a camera with an ellipse that are off, as they are stated (--as-stated --rescale), without noise and at 1e5, 1e4 and 1e3
electrons. Prints how many p-values of how many lie at 5 % or below, and the motifs at 10 % false alarms; then the same with what match
measures and corrects; first a planted crystal of 43 atoms.
Usage: matching_mismatch.py VITROBEAM [FIRST_SEED]    Ten minutes of processor time."""
import pathlib, subprocess, sys, tempfile

import h5py, numpy as np

program = str(pathlib.Path(sys.argv[1]).resolve())
first = int(sys.argv[2]) if len(sys.argv) > 2 else 9501
folder = pathlib.Path(tempfile.mkdtemp())
PACKINGS, BEAM = 3, ['--semiangle', 3.3]
DOSES = {'no noise': [], '1e5': ['--dose', 1e5], '1e4': ['--dose', 1e4], '1e3': ['--dose', 1e3]}


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments), '--force', '--log-level', 'error'], cwd=folder, capture_output=True, text=True)
    if done.returncode: sys.exit(f'{arguments}: {done.stderr}')


def matched(scans, *options):
    p, motifs = [], 0
    for scan in scans:
        run('match', scan, 'library.h5', '-o', 'm.h5', '--false-alarm', '10%', '--examples', 0, *options)
        with h5py.File(folder / 'm.h5') as f:
            p.append(f['match/best_p_value'][()].ravel()); motifs += (f['match/motif'][()] >= 0).sum()
    p = np.concatenate(p); p = p[np.isfinite(p)]
    return f'{(p <= .05).sum()}/{len(p)} p <= 5 % ({100 * (p <= .05).mean():.1f} %), {motifs} motifs'


run('library', 'build', '-o', 'library.h5', '--motifs', 'icosahedron,fcc', '--elements', 'Cu,Zr', '--composition', 'Cu64.5Zr35.5', '--density', .0616,
    '--thickness', 12, '--box', 30, '--spacing-deg', 15, '--null', 900, '--packings', 12, '--planted', 20, *BEAM, '--seed', 3)
ELLIPSES = (1, 1.04)
for seed in range(first, first + PACKINGS):
    run('model', 'packing', '--composition', 'Cu64.5Zr35.5', '--density', .0616, '--box', '40x40x18', '--seed', seed, '-o', 'p.xyz')
    run('model', 'cut', 'p.xyz', '--slab', '3,15', '-o', f'{seed}.xyz')
    for e in ELLIPSES: run('simulate', f'{seed}.xyz', '-o', f'{seed}-{e}.h5', *BEAM, '--scan', '8x8', '--q-max', 1.3, '--ellipticity', f'{e},20')
scans = {e: [f'{seed}-{e}.h5' for seed in range(first, first + PACKINGS)] for e in ELLIPSES}
with h5py.File(folder / scans[1][0]) as f:
    size = f['simulation/patterns'].shape[-1]
    q = f['simulation/q_x'][()]; pixel = q[1] - q[0]
middle = size // 2
print(f'{size} pixels of {pixel:.4f} 1/Angstrom, {PACKINGS} x 64 positions', flush=True)
run('model', 'embed', '--motif', 'fcc', '--elements', 'Cu,Cu', '--bond', 2.75, '--radius', 5, '--matrix', f'{first}.xyz', '--axis', '110', '--in-plane', 20, '-o', 'c.xyz')
run('simulate', 'c.xyz', '-o', 'c.h5', *BEAM, '--scan', '16x16', '--q-max', 1.3)
for dose, noise in {**DOSES, '1e8': ['--dose', 1e8]}.items(): print(f'{dose:9} crystal of 43 atoms, 256 positions  ', matched(['c.h5'], *noise), flush=True)
for dose, noise in DOSES.items():
    for off in (0, .5, 1, 2):
        for how in ((['--as-stated'], []) if off else ([],)):
            print(f'{dose:9} centre {off:4} pixels {"as stated" if how else "":9}', matched(scans[1], *noise, *how, '--centre', f'{middle + off},{middle}'), flush=True)
    for off in (-4, 4):
        print(f'{dose:9} scale {off:+} %           ', matched(scans[1], *noise, '--rescale', '--pixel-q', pixel * (1 + off / 100)), flush=True)
    for e in ELLIPSES[1:]:
        for how in (['--as-stated'], []):
            print(f'{dose:9} ellipse {e:4}     {"as stated" if how else "":9}', matched(scans[e], *noise, *how), flush=True)
