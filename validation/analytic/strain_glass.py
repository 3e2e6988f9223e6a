#!/usr/bin/python3
"""A strain planted in the molecular-dynamics glass and measured from its rings: bias and scatter against probe, thickness, dose and the
size of the strain, with and without the corrections for scattering factors and the aperture's disc, and whether the errors cover.
Piles of the glass, each as it is and strained, 200 kV; one core, ten minutes.
Usage: strain_glass.py PROGRAM GLASS.extxyz TABLE.csv [PICTURE.png] [SEED]"""
import csv, pathlib, subprocess, sys, tempfile

import h5py, numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from piles import Glass

program, glass, folder = pathlib.Path(sys.argv[1]).resolve(), Glass(sys.argv[2]), pathlib.Path(tempfile.mkdtemp())
table, picture = pathlib.Path(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None
seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
piles, side = 10, 8
planted = np.diag([0.010, -0.003])  # along the cell's edges, so that the strained box is periodic too
names = ('exx', 'eyy', 'exy')


def run(*arguments):
    subprocess.run([program, *map(str, arguments), '--threads', '1', '--force', '--progress', 'never'], check=True, capture_output=True)


made = {}


def scan(percent, semiangle, thickness):
    """Files with the patterns of side x side positions over every pile, strained by so many per cent of `planted`."""
    key = percent, semiangle, thickness
    if key not in made:
        made[key] = []
        for k in range(piles):
            symbols, r = glass.pile(thickness, 1000 * seed + k)
            name = folder / f'{percent}-{semiangle}-{thickness}-{k}'
            glass.write(f'{name}.xyz', symbols, r, thickness, planted * percent / 100)
            run('simulate', f'{name}.xyz', '-o', f'{name}.h5', '--semiangle', semiangle, '--pixel', 0.2, '--q-max', 0.75,
                '--scan', f'{side}x{side}', '--wrap-limit', '60%', '--slice', 2.5)
            made[key].append(f'{name}.h5')
    return made[key]


def pooled(files, out):
    """The patterns of several files as one, the reference."""
    with h5py.File(folder / out, 'w') as f, h5py.File(files[0]) as first:
        patterns = np.concatenate([h5py.File(name)['simulation/patterns'][()] for name in files])
        f['simulation/patterns'] = patterns
        for k in ('q_x', 'q_y', 'scan_x'): f[f'simulation/{k}'] = first[f'simulation/{k}'][()]
        f['simulation/scan_y'] = np.arange(len(patterns), dtype=float)
    return folder / out


def strains(files, reference, options):
    """[pile, component, position] strain and error."""
    value, error = [], []
    for k, name in enumerate(files):
        out = folder / 'out.h5'
        run('strain', name, '-o', out, '--reference-file', reference, '--energy', 200, '--q-min', 0.3, '--q-max', 0.58, '--seed', 10 * seed + k, *options)
        with h5py.File(out) as f:
            value.append([f[f'strain/{n}'][()].ravel() for n in names])
            error.append([f[f'strain/{n}_error'][()].ravel() for n in names])
    return np.array(value), np.array(error)


rows = []


def measure(what, percent=100, semiangle=2, thickness=80, dose=0, neighbours=1, composition=True, disc=True):
    plain, strained = scan(0, semiangle, thickness), scan(percent, semiangle, thickness)
    options = (*(('--composition', 'Cu64.5Zr35.5') if composition else ()), *(('--dose', dose) if dose else ()), '--together', neighbours,
               '--semiangle', semiangle if disc else 1e-6)
    reference = pooled(plain, 'reference.h5')
    (p, _), (s, error) = strains(plain, reference, options), strains(strained, reference, options)
    truth = (planted * percent / 100)[[0, 1, 0], [0, 1, 1]]
    good = np.isfinite(s) & np.isfinite(p)
    found = np.array([[np.mean((s - p)[k, c][good[k, c]]) for c in range(3)] for k in range(piles)])
    covered = np.array([np.mean((np.abs(s[k] - truth[:, None]) < error[k])[good[k]]) for k in range(piles)])
    mean, sem = found.mean(0), found.std(0, ddof=1) / piles ** 0.5
    row = dict(what=what, planted_exx=truth[0], planted_eyy=truth[1], planted_exy=truth[2], mrad=semiangle, thickness_A=thickness,
               electrons=dose, together=neighbours, scattering_factors=composition, disc=disc)
    for c, n in enumerate(names): row |= {f'found_{n}': mean[c], f'its_error_{n}': sem[c]}
    # in units of the planted tensor: least squares over the three components
    share = found @ truth / (truth @ truth)
    row |= dict(recovered=share.mean(), recovered_error=share.std(ddof=1) / piles ** 0.5,
                scatter=np.sqrt(np.mean([(s[k] - truth[:, None])[good[k]] .var() for k in range(piles)])), stated_error=np.median(error[good]),
                covered=covered.mean(), covered_error=covered.std(ddof=1) / piles ** 0.5, fitted=good.mean())
    rows.append(row)
    print(f'{what:34s} {row["recovered"]:6.3f} +- {row["recovered_error"]:.3f}   ' +
          ' '.join(f'{m:+.5f}({e:.5f})' for m, e in zip(mean, sem)) +
          f'   scatter {row["scatter"]:.4f} error {row["stated_error"]:.4f} covered {row["covered"]:.3f} +- {row["covered_error"]:.3f} fitted {row["fitted"]:.2f}', flush=True)


measure('standard')
measure('no correction', composition=False, disc=False)
measure('scattering factors alone', disc=False)
measure('disc alone', composition=False)
for dose in (1e5, 1e4, 1e3): measure(f'{dose:g} electrons', dose=dose)
for n in (3, 5): measure(f'{n} x {n} together', neighbours=n)
for percent in (10, 50, 150): measure(f'exx {percent / 100:g} %', percent=percent)
for semiangle in (1.4, 2.8, 4): measure(f'{semiangle:g} mrad', semiangle=semiangle)
measure('4 mrad, 3 x 3 together', semiangle=4, neighbours=3)
for thickness in (20, 40, 160): measure(f'{thickness} Angstrom', thickness=thickness)
with open(table, 'w', newline='') as f:
    w = csv.DictWriter(f, rows[0].keys())
    w.writeheader()
    w.writerows({k: f'{v:.6g}' if isinstance(v, float) else v for k, v in r.items()} for r in rows)
if not picture: sys.exit()
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt

standard = rows[0]


def varied(key, at_zero=None):
    """Rows that differ from the standard in this only, and their values, ascending; 0 is shown at `at_zero`."""
    same = [r for r in rows if all(r[k] == standard[k] for k in ('planted_exx', 'mrad', 'thickness_A', 'electrons', 'together',
                                                                'scattering_factors', 'disc') if k != key)]
    return zip(*sorted(((r[key] or at_zero, r) for r in same), key=lambda pair: pair[0]))


figure, axes = plt.subplots(2, 4, figsize=(12, 5.6), constrained_layout=True, sharey='row')
for (upper, lower), (key, name, log, zero) in zip(axes.T, (('planted_exx', 'planted $e_{xx}$ (%)', False, None),
                                                           ('mrad', 'semi-angle (mrad)', False, None), ('thickness_A', 'thickness (nm)', True, None),
                                                           ('electrons', 'electrons per pattern (right: no noise)', True, 1e7))):
    x, r = varied(key, zero)
    x = np.array(x) * {'planted_exx': 100, 'thickness_A': 0.1}.get(key, 1)
    upper.axhspan(0.9, 1.1, color='0.9')
    upper.axhline(1, color='0.6', lw=0.8)
    upper.errorbar(x, [a['recovered'] for a in r], [a['recovered_error'] for a in r], fmt='o', color='C0', capsize=3)
    lower.plot(x, [100 * a['scatter'] for a in r], 'o-', color='C0', label='scatter of one pattern')
    lower.plot(x, [100 * a['stated_error'] for a in r], 's--', color='C1', mfc='none', label='its stated error')
    for a, b in zip(x, r):
        lower.annotate(f'{100 * b["covered"]:.0f} %', (a, 100 * max(b['scatter'], b['stated_error'])), xytext=(0, 6), textcoords='offset points',
                       ha='center', fontsize=8)
    for a in (upper, lower) if log else ():
        a.set_xscale('log')
        if key == 'thickness_A':
            a.set_xticks([2, 4, 8, 16], ['2', '4', '8', '16'])
            a.minorticks_off()
    lower.set(xlabel=name, ylim=(0, 12))
axes[0, 0].set(ylabel='strain found / planted', ylim=(0.5, 1.5))
axes[1, 0].set(ylabel='strain (%)')
axes[1, 0].legend(loc='best', fontsize=8, title='numbers: share within one error', title_fontsize=8)
figure.savefig(picture, dpi=130)
