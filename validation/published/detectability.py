#!/usr/bin/python3
"""What angular symmetry can find in Cu-Zr glass: the share of planted motifs whose C_n stands out, against thickness, dose, energy, depth
and tilt, with 95 % intervals, and odd over even orders. Finite doses are seen by a camera of DQE 0.5, transfer 0.5 at Nyquist and
readout noise 0.5 electrons; "ideal camera" is the same with counting noise alone.
Usage: detectability.py PROGRAM GLASS FOLDER [STUDY...]      writes FOLDER/detectability.csv, odd-even.csv and detectability.png;
studies not named are taken from the files that stand there; "draw" makes the picture from the tables alone"""
import csv, pathlib, subprocess, sys

import h5py, numpy as np

program, glass, folder = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
folder.mkdir(exist_ok=True)
camera = {'dqe': 0.5, 'camera-mtf': 0.5, 'readout-noise': 0.5}
clusters = dict(radius=6, shells=2, positions=40, null=120)  # 1.2 nm: fcc of 79 atoms, Mackay icosahedron of 55
thin, steps = '8,16,24,40,80,200', '12,24,36,48,72,96,144,192'
common = dict(semiangle=3.3)  # an angstrom beam, 3.9 Angstrom
odd_even = dict(motifs='fcc:100:4', thickness='10,20,30,40,50,60,80,100,150,200', positions=50, null=20, engines='flat-born', seed=21)
# name: the options that differ from these and from the program's own
studies = {
    'odd / even': dict(odd_even),
    'odd / even, 2 mrad': dict(odd_even, semiangle=2),
    'odd / even, 1 mrad': dict(odd_even, semiangle=1),
    '13 atoms': dict(motifs='icosahedron:5:10,icosahedron:3:6,fcc:100:4,fcc:111:6', thickness=thin, positions=48, null=150,
                     engines='multislice,kinematic'),
    '1.2 nm': dict(motifs='mackay:5:10,mackay:3:6,fcc:100:4,fcc:111:6', thickness=steps, engines='multislice,kinematic', **clusters),
    'dose, 13 atoms': dict(motifs='fcc:100:4', thickness=thin, doses='1e3,1e4,1e5', positions=48, null=150, engines='multislice', **camera),
    'dose, 1.2 nm': dict(motifs='fcc:100:4,mackay:3:6,mackay:5:10', thickness=steps, doses='1e3,1e4,1e5', engines='multislice', **clusters, **camera),
    'ideal camera': dict(motifs='fcc:100:4,mackay:3:6', thickness=steps, doses='1e3,1e4,1e5', engines='multislice', **clusters),
    '80 kV': dict(motifs='fcc:100:4', thickness=steps, engines='multislice,kinematic', energy=80, **clusters),
    '300 kV': dict(motifs='fcc:100:4', thickness=steps, engines='multislice,kinematic', energy=300, **clusters),
    'tilt': dict(motifs='fcc:100:4', thickness='24,48', tilts='0,2,4,6,8,12', engines='multislice,kinematic', **clusters),
    'depth': dict(motifs='fcc:100:4', thickness='24,48', depths='0,0.25,0.5,0.75,1', engines='multislice,kinematic', **clusters),
    '13 atoms, 2 mrad': dict(motifs='icosahedron:5:10,icosahedron:3:6,fcc:100:4,fcc:111:6', thickness=thin, positions=48, null=150,
                             engines='multislice', semiangle=2),
    '1.2 nm, 2 mrad': dict(motifs='mackay:5:10,mackay:3:6,fcc:100:4,fcc:111:6', thickness=steps, engines='multislice', semiangle=2, **clusters),
    'second ring': dict(motifs='fcc:100:4', radius=6, thickness=steps, positions=48, null=20, engines='flat-born', ring='0.72,0.80'),
}

header = ('study,motif axis n,engine,kV,mrad,thickness (Angstrom),depth,tilt (deg),electrons (0 no noise),found,low 95 %,high 95 %,'
          'area under ROC,its error,mean C_n planted,mean C_n glass').split(',')
ratio_header = ['study', 'kV', 'mrad', 'ring (1/Angstrom)', 'engine', 'thickness (Angstrom)', 'law', 'odd / even', 'error']


def run(name, options, file):
    command = [program, 'symmetry', 'limit', glass, '-o', file, '--force', '--threads', '1', '--progress', 'never']
    for key, value in (common | options).items(): command += [f'--{key}', str(value)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def read(name, options, file):
    """The rows of both tables that a study makes."""
    rows, ratios = [], []
    asked = [f'{float(x):g}' for x in options.get('doses', '0').split(',')]
    with h5py.File(file) as f:
        g = f['symmetry_limit']
        energy, semiangle, ring = (f['parameters'].attrs[k] for k in ('energy', 'semiangle', 'ring'))  # what was run
        energy, semiangle = f'{energy:g}', f'{semiangle:g}'
        t, depth, tilt, dose = (g[k][()] for k in ('thickness', 'depth', 'tilt', 'dose'))
        for engine in ('multislice', 'kinematic', 'phase_object', 'flat_born'):
            for k in range(len(t)):
                ratios.append([name, energy, semiangle, ring, engine, f'{t[k]:g}', f'{g["odd_even/law"][k]:.4f}',
                               f'{g["odd_even/" + engine][k]:.4f}', f'{g["odd_even/" + engine + "_error"][k]:.4f}'])
        for target, by_engine in g['detection'].items() if not name.startswith('odd / even') and name != 'second ring' else ():
            for engine, d in by_engine.items():
                for i in np.ndindex(d['probability'].shape):
                    if f'{dose[i[3]]:g}' not in asked: continue
                    rows.append([name, target.replace('_', ' '), engine, energy, semiangle, f'{t[i[0]]:g}', f'{depth[i[1]]:g}', f'{tilt[i[2]]:g}',
                                 f'{dose[i[3]]:g}', f'{d["probability"][i]:.3f}', f'{d["probability_low"][i]:.3f}', f'{d["probability_high"][i]:.3f}',
                                 f'{d["area"][i]:.3f}', f'{d["area_error"][i]:.3f}', f'{d["power_planted"][i]:.5f}', f'{d["power_glass"][i]:.5f}'])
    return rows, ratios


def write(file, header, rows):
    with open(file, 'w', newline='') as f: csv.writer(f).writerows([header, *rows])


if sys.argv[4:] != ['draw']:
    tables = [], []
    for name, options in studies.items():
        file = folder / (name.replace(' / ', '-').replace(' ', '-') + '.h5')
        if not sys.argv[4:] or name in sys.argv[4:]: run(name, options, file)
        if file.exists():
            for table, more in zip(tables, read(name, options, file)): table.extend(more)
    write(folder / 'detectability.csv', header, tables[0])
    write(folder / 'odd-even.csv', ratio_header, tables[1])

# ---- an independent program's odd over even orders: multislice and curved Born in Cu64.5Zr35.5 glass of 1e10 K/s (2 mrad, 50 patterns)
# and 2.8e7 K/s (1 mrad, 16 patterns), errors of 10 to 20 % and of 30 %
theirs = {'2': ({1: (.008, .005), 2: (.021, .015), 4: (.089, .072), 5: (.119, .104), 6: (.153, .139), 8: (.310, .283), 10: (.494, .467), 15: (.785, .794),
                 20: (1.03, 1.01)}, 0.15),
          '1': ({1: (.006, .003), 2: (.018, .013), 4: (.059, .048), 5: (.096, .083), 6: (.151, .128), 8: (.270, .244), 10: (.384, .361), 15: (.618, .592),
                 20: (.909, .879)}, 0.3)}
ratios = [dict(zip(ratio_header, line)) for line in list(csv.reader(open(folder / 'odd-even.csv')))[1:]]
for mrad, (values, share) in theirs.items():
    for k, engine in enumerate(('multislice', 'kinematic')):
        off = []
        for r in ratios:
            nm = float(r['thickness (Angstrom)']) / 10
            if r['study'].startswith('odd / even') and r['mrad'] == mrad and r['engine'] == engine and nm in values:
                own, error, other = float(r['odd / even']), float(r['error']), values[nm][k]
                off.append((nm, own, error, other, (own - other) / np.hypot(error, share * other)))
        print(f'{mrad} mrad {engine}: ' + ', '.join(f'{nm:g} nm {own:.3f} +- {error:.3f} ({other:.3f}, {z:+.1f} errors)' for nm, own, error, other, z in off))

# ---- where detection ends: thickness at which the share falls through one half for good, and where its interval does
table = [{k: v if k in ('study', 'motif axis n', 'engine') else float(v) for k, v in zip(header, line)}
         for line in list(csv.reader(open(folder / 'detectability.csv')))[1:]]


def curve(study, motif, engine, **where):
    """Thickness in nm, share and the borders of its interval."""
    names = dict(dose='electrons (0 no noise)', depth='depth', tilt='tilt (deg)', thickness='thickness (Angstrom)')
    pick = [r for r in table if (r['study'], r['motif axis n'], r['engine']) == (study, motif, engine) and
            all(r[names[k]] == v for k, v in where.items())]
    return np.array([[r['thickness (Angstrom)'] / 10, r['found'], r['low 95 %'], r['high 95 %'], r['depth'], r['tilt (deg)']] for r in pick]).T


def falls(t, p):
    """Where p falls through one half for good; 0 or infinity where it never reaches or never leaves it."""
    above = np.flatnonzero(p >= 0.5)
    if len(above) == 0: return 0.0
    k = above[-1]
    return np.inf if k + 1 == len(t) else t[k] + (t[k + 1] - t[k]) * (p[k] - 0.5) / (p[k] - p[k + 1])


def shown(t, x): return 'none' if x == 0 else f'> {t[-1]:g} nm' if x == np.inf else f'{x:.1f} nm'


print('share of planted motifs that are found falls below one half at (its 95 % interval)')
for study, motif, engine, dose, depth, tilt in dict.fromkeys((r['study'], r['motif axis n'], r['engine'], r['electrons (0 no noise)'], r['depth'],
                                                              r['tilt (deg)']) for r in table):
    t, p, low, high, *_ = curve(study, motif, engine, dose=dose, depth=depth, tilt=tilt)
    print(f'{study:12s} {motif:18s} {engine:12s} electrons {dose:8g} depth {depth:g} tilt {tilt:g}: {shown(t, falls(t, p))} '
          f'({shown(t, falls(t, low))} to {shown(t, falls(t, high))}); at {t[0]:g} nm {100 * p[0]:.0f} %')

# ---- the figure
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt

plt.rcParams.update({'font.size': 9, 'axes.titlesize': 9, 'legend.fontsize': 7.5})
figure, axes = plt.subplots(3, 3, figsize=(12, 10.5), constrained_layout=True)
axes = dict(zip('abcdefghi', axes.ravel()))
names = {'fcc 100 n4': 'fcc [100], n = 4', 'fcc 111 n6': 'fcc [111], n = 6', 'icosahedron 5 n10': 'icosahedron 5, n = 10',
         'icosahedron 3 n6': 'icosahedron 3, n = 6', 'mackay 5 n10': 'icosahedron 5, n = 10', 'mackay 3 n6': 'icosahedron 3, n = 6'}


def draw(axis, c, colour, name, x=0, **how):
    if c.size == 0: return  # a study that was not run
    kind = dict(lw=1.5, marker='o', ms=3.5) | how
    axis.plot(c[x], c[1], color=colour, label=name, **kind)
    axis.fill_between(c[x], c[2], c[3], color=colour, alpha=0.12, lw=0)


def finish(letter, title, xlabel='thickness (nm)'):
    a = axes[letter]
    a.axhline(0.05, color='0.5', lw=0.8, ls=':')
    a.axhline(0.5, color='0.8', lw=0.8)
    a.set(title=f'({letter}) {title}', xlabel=xlabel, ylabel='share found', ylim=(-0.02, 1.02))
    a.legend(frameon=False)
    if xlabel.startswith('thickness'):
        a.set_xscale('log')
        ticks = [1, 2, 4, 8, 16]
        a.set_xticks(ticks, [str(x) for x in ticks])
        a.minorticks_off()


a = axes['a']
for engine, name, colour in (('multislice', 'multislice', 'C0'), ('kinematic', 'curved Born', 'C1'), ('phase_object', 'phase grating', 'C2')):
    pick = [r for r in ratios if r['study'] == 'odd / even' and r['engine'] == engine]
    t, y, e = (np.array([float(r[k]) for r in pick]) for k in ('thickness (Angstrom)', 'odd / even', 'error'))
    a.errorbar(t / 10, y, e, color=colour, marker='o', ms=3.5, lw=1.2, capsize=2, label=name)
t = np.linspace(5, 200, 200)
rho = np.sinc(0.02507934 * 0.42 ** 2 * t) ** 2
a.plot(t / 10, (1 - rho) / (1 + rho), color='k', lw=1, ls='--', label='(1 - ρ) / (1 + ρ)')
a.axvspan(4, 8, color='0.9')
a.set(title='(a) odd / even orders, 0.385 to 0.455 1/Å; grey: 4 to 8 nm', xlabel='thickness (nm)', ylabel='odd / even', xscale='log', yscale='log', ylim=(1e-3, 2))
a.set_xticks([1, 2, 4, 8, 16], ['1', '2', '4', '8', '16'])
a.minorticks_off()
a.legend(frameon=False)
for letter, study, motifs in (('b', '13 atoms', ('fcc 100 n4', 'fcc 111 n6', 'icosahedron 5 n10', 'icosahedron 3 n6')),
                              ('c', '1.2 nm', ('fcc 100 n4', 'fcc 111 n6', 'mackay 5 n10', 'mackay 3 n6'))):
    for motif, colour in zip(motifs, ('C0', 'C2', 'C3', 'C4')):
        draw(axes[letter], curve(study, motif, 'multislice', dose=0), colour, names[motif])
        c = curve(study, motif, 'kinematic', dose=0)
        draw(axes[letter], c, colour, None, x=0, lw=1, ls='--', marker='')
    finish(letter, f'{"clusters of " if study[0] == "1" and "nm" in study else ""}{study}, no noise; dashed: curved Born')
for letter, study, motif in (('d', '13 atoms', 'fcc 100 n4'), ('e', '1.2 nm', 'fcc 100 n4'), ('f', '1.2 nm', 'mackay 3 n6')):
    for dose, colour in ((0, 'k'), (1e5, 'C0'), (1e4, 'C1'), (1e3, 'C3')):
        draw(axes[letter], curve(f'dose, {study}' if dose else study, motif, 'multislice', dose=dose), colour, f'$10^{int(np.log10(dose))}$ electrons' if dose else 'no noise')
        if letter in 'ef' and dose:
            c = curve('ideal camera', motif, 'multislice', dose=dose)
            draw(axes[letter], c, colour, None, x=0, lw=1, ls='--', marker='')
    finish(letter, f'dose: {names[motif]}, {study}' + ('; dashed: ideal' if letter in 'ef' else ''))
for energy, study, colour in ((80, '80 kV', 'C3'), (200, '1.2 nm', 'k'), (300, '300 kV', 'C0')):
    draw(axes['g'], curve(study, 'fcc 100 n4', 'multislice', dose=0), colour, f'{energy} kV')
    c = curve(study, 'fcc 100 n4', 'kinematic', dose=0)
    draw(axes['g'], c, colour, None, lw=1, ls='--', marker='')
finish('g', 'energy: fcc [100], 1.2 nm; dashed: curved Born')
for letter, study, x, values in (('h', 'depth', 4, (24, 48)), ('i', 'tilt', 5, (24, 48))):
    for thickness, colour in zip(values, ('C0', 'C1', 'C3')):
        draw(axes[letter], curve(study, 'fcc 100 n4', 'multislice', thickness=thickness), colour, f'{thickness / 10:g} nm', x=x)
        c = curve(study, 'fcc 100 n4', 'kinematic', thickness=thickness)
        draw(axes[letter], c, colour, None, x=x, lw=1, ls='--', marker='')
    finish(letter, f'{study}: fcc [100], 1.2 nm; dashed: curved Born', {'h': 'depth / thickness', 'i': 'tilt (degrees)'}[letter])
figure.suptitle('Cu64.5Zr35.5 glass, 200 kV but for (g), 3.3 mrad; shares with their 95 % intervals', fontsize=10)
figure.savefig(folder / 'detectability.png', dpi=130)
