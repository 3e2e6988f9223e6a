#!/usr/bin/python3
"""What angular symmetry can find in Cu-Zr glass: the share of planted motifs whose C_n stands out, against thickness and dose, with
95 % intervals; if asked, the same with depth, tilt and energy, and odd over even orders of the second ring.
Usage: detectability.py PROGRAM GLASS FOLDER [STUDY...]      writes FOLDER/detectability.csv, odd-even.csv and the pictures"""
import csv, pathlib, subprocess, sys

import h5py

program, glass, folder = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
folder.mkdir(exist_ok=True)
steps = '15,30,45,60,90,120'
# name: radius of crystal-like motifs (0: centre and first shell), and the options that differ from the program's own
studies = {
    'shells': (0, dict(motifs='icosahedron:5:10,icosahedron:3:6,fcc:100:4,fcc:111:6', thickness='8,16,24,40,56,80,104,152,200',
                       doses='0,1e3,1e4,1e5', positions=60, null=200, engines='multislice,curved-born')),
    'clusters': (6, dict(motifs='icosahedron:5:10,fcc:100:4,fcc:111:6', thickness='10,20,40,80', positions=36, null=100,
                         engines='multislice')),
    '80 kV': (6, dict(motifs='fcc:100:4', thickness=steps, positions=36, null=120, engines='multislice', energy=80)),
    '300 kV': (6, dict(motifs='fcc:100:4', thickness=steps, positions=36, null=120, engines='multislice', energy=300)),
    'tilt': (6, dict(motifs='fcc:100:4', thickness='30,45', tilts='0,3,6', positions=36, null=120, engines='multislice')),
    'depth': (6, dict(motifs='fcc:100:4', thickness='30,45', depths='0.2,0.5,0.8', positions=36, null=120, engines='multislice')),
    'curved Born': (6, dict(motifs='fcc:100:4', thickness=steps, positions=36, null=120, engines='curved-born')),
    'second ring': (6, dict(motifs='fcc:100:4', thickness=steps, positions=48, null=20, engines='flat-born', ring='0.72,0.80')),
}

rows, ratios = [], []
wanted = sys.argv[4:] or ['shells', 'clusters']  # the others from files that stand there
for name, (radius, options) in studies.items():
    file = folder / (name.replace(' ', '-') + '.h5')
    command = [program, 'symmetry', 'limit', glass, '-o', file, '--force', '--threads', '2', '--progress', 'never', '--radius', str(radius)]
    for key, value in options.items(): command += [f'--{key}', str(value)]
    if name in wanted: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if not file.exists(): continue
    energy, semiangle = options.get('energy', 200), options.get('semiangle', 2)
    with h5py.File(file) as f:
        g = f['symmetry_limit']
        t, depth, tilt, dose = (g[k][()] for k in ('thickness', 'depth', 'tilt', 'dose'))
        for engine in ('multislice', 'curved_born', 'phase_grating', 'flat_born'):
            for k in range(len(t)):
                ratios.append([name, energy, semiangle, options.get('ring', '0.385,0.455'), engine, f'{t[k]:g}', f'{g["odd_even/law"][k]:.4f}',
                               f'{g["odd_even/" + engine][k]:.4f}', f'{g["odd_even/" + engine + "_error"][k]:.4f}'])
        for target, by_engine in g['detection'].items() if name != 'second ring' else ():
            for engine, d in by_engine.items():
                for index, p in [(i, d['probability'][i]) for i in
                                 [(a, b, c, e) for a in range(len(t)) for b in range(len(depth)) for c in range(len(tilt)) for e in range(len(dose))]]:
                    rows.append([name, target.replace('_', ' '), f'{radius:g}', engine, energy, semiangle, f'{t[index[0]]:g}', f'{depth[index[1]]:g}',
                                 f'{tilt[index[2]]:g}', f'{dose[index[3]]:g}', f'{p:.2f}', f'{d["probability_low"][index]:.3f}',
                                 f'{d["probability_high"][index]:.3f}', f'{d["area"][index]:.3f}', f'{d["area_error"][index]:.3f}',
                                 f'{d["power_planted"][index]:.5f}', f'{d["power_glass"][index]:.5f}'])
                for index, limit in [((a, b, c), d['limit'][a, b, c]) for a in range(len(depth)) for b in range(len(tilt)) for c in range(len(dose))]:
                    first = d['probability'][(0,) + index]
                    print(f'{name:12s} {target:22s} {engine:12s} depth {depth[index[0]]:.1f} tilt {tilt[index[1]]:g} dose {dose[index[2]]:8g}: '
                          + (f'half of them up to {limit / 10:.1f} nm' if limit == limit else 'never half of them' if first < 0.5 else 'half or more at all'),
                          flush=True)
with open(folder / 'detectability.csv', 'w', newline='') as f:
    w = csv.writer(f)
    w.writerow('study,motif axis n,radius (0 first shell),engine,kV,mrad,thickness (Angstrom),depth,tilt (deg),electrons (0 no noise),'
               'found,low 95 %,high 95 %,area under ROC,its error,mean C_n planted,mean C_n glass'.split(','))
    w.writerows(rows)
with open(folder / 'odd-even.csv', 'w', newline='') as f:
    w = csv.writer(f)
    w.writerow(['study', 'kV', 'mrad', 'ring (1/Angstrom)', 'engine', 'thickness (Angstrom)', 'law', 'odd / even', 'error'])
    w.writerows(ratios)
for name in studies:
    if (folder / f'{name.replace(" ", "-")}.h5').exists():
        subprocess.run([program, 'plot', folder / f'{name.replace(" ", "-")}.h5', '-o', folder / f'{name.replace(" ", "-")}.png', '--force'],
                       check=True, stdout=subprocess.DEVNULL)
