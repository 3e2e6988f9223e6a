#!/usr/bin/python3
"""Icosahedra found by diffraction against the Voronoi truth of the same model, as a figure: the molecular-dynamics glass of examples/ and,
where its file is given, the particle measured atom by atom, at 0.8 and 1.2 nm (real_glass.cpp says how). Upper row: share of the
icosahedral atoms found against share of the others called so, with the 95 % band of the other kind of error; lower row: confusion matrix
at p <= 5 %. Usage: real_glass.py REAL_GLASS OUT.png OUT.csv [MODEL.xyz]. Needs python3-matplotlib. Half a minute on two cores."""
import pathlib, subprocess, sys, tempfile

import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt, numpy as np

program, picture, table = sys.argv[1:4]
models = [('molecular dynamics', '-', ('5', '4'))] + [('tomography', m, ('10', '10')) for m in sys.argv[4:5]]
folder = pathlib.Path(tempfile.mkdtemp())
names = ('icosahedron', 'fcc', 'bcc', 'none')
figure, axes = plt.subplots(2, 2 * len(models), figsize=(4 * 2 * len(models), 7), squeeze=False)
lines = ['model,thickness_A,kind,atoms,' + ','.join(f'called_{n}' for n in names) + ',roc_area']
for k, (title, model, slabs) in enumerate(models):
    for j, (thickness, count) in enumerate(zip(('8', '12'), slabs)):
        out = folder / f'{k}{j}.csv'
        print(subprocess.run([program, '2', thickness, count, model, out], check=True, capture_output=True, text=True).stdout, flush=True)
        rows = [line.split(',') for line in out.read_text().splitlines()[1:]]
        true, score = np.array([r[0] == '1' for r in rows]), np.array([float(r[1]) for r in rows])
        called = np.array([r[3] for r in rows])
        order = np.argsort(-score, kind='stable')
        found, wrong = np.cumsum(true[order]) / true.sum(), np.cumsum(~true[order]) / (~true).sum()
        area = np.trapz(np.r_[0, found], np.r_[0, wrong])
        axis, matrix = axes[0, 2 * k + j], axes[1, 2 * k + j]
        error = 1.96 * np.sqrt(found * (1 - found) / true.sum())
        axis.fill_between(wrong, found - error, found + error, alpha=0.25, lw=0)
        axis.plot(wrong, found, label=f'area {area:.3f}')
        axis.plot([0, 1], [0, 1], 'k:', lw=1, label='chance')
        axis.set(xlabel='share of other atoms', ylabel='share of icosahedra found', xlim=(0, 1), ylim=(0, 1), aspect='equal',
                 title=f'{title}, {float(thickness) / 10:g} nm')
        axis.legend(loc='lower right', frameon=False)
        kinds = [(true, 'icosahedral'), (~true, 'other')]
        share = np.array([[(called[mask] == n).mean() for n in names] for mask, _ in kinds])
        matrix.imshow(100 * share, cmap='Blues', vmin=0, vmax=100, aspect='auto')
        for a in range(2):
            for b in range(4): matrix.text(b, a, f'{100 * share[a, b]:.1f} %', ha='center', va='center', color='w' if share[a, b] > 0.5 else 'k')
        matrix.set_xticks(range(4), names)
        matrix.set_yticks(range(2), [f'{kind}\n({mask.sum()})' for mask, kind in kinds])
        matrix.set(xlabel='called at p <= 5 %')
        for a, (mask, kind) in enumerate(kinds):
            lines.append(f'{title},{thickness},{kind},{mask.sum()},' + ','.join(f'{s:.4f}' for s in share[a]) + f',{area:.4f}')
figure.tight_layout()
figure.savefig(picture, dpi=130)
pathlib.Path(table).write_text('\n'.join(lines) + '\n')
