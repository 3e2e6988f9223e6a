#!/usr/bin/python3
"""Contrast and correlation length of HAADF images of glass that is relaxed and glass that is not: Cu64.5Zr35.5 cooled at 1e10 K/s (5000
atoms) and at 5e12 K/s (4000 atoms), both in their inherent structures of Mendelev's potential, and the melt at 2000 K, all at rest but for
one thermal configuration of u 0.09 Angstrom (the melt has its own). Slabs of 20 Angstrom in three views, 40 x 40 positions in steps of
half an Angstrom; 200 kV, 10 mrad, 40 to 70 mrad. Beside it the same of the density of the probe's own columns, which the model gives.
Usage: relaxed_contrast.py VITROBEAM DATA [OUT.png]    DATA holds formats/ and glass/. Status 77 without it or without lammps-data's
CuZr_mm.eam.fs. Two minutes of processor time."""
import pathlib, subprocess, sys, tempfile

program, data = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else '/nonexistent').resolve()
picture = str(pathlib.Path(sys.argv[3]).resolve()) if len(sys.argv) > 3 else None
slow = data / 'formats/init_config_Cu64.5Zr35.5_1.0e+10.lammps'
fast, melt = (data / f'glass/Cu64.5Zr35.5_4000_{n}.extxyz' for n in ('glass_300K', 'liquid_2000K'))
table = pathlib.Path('/usr/share/lammps/potentials/CuZr_mm.eam.fs')
for needed in (slow, fast, melt, table):
    if not needed.exists():
        print(f'skipped: {needed} is absent')
        sys.exit(77)
import h5py, numpy as np

folder = pathlib.Path(tempfile.mkdtemp())
THICK, U = 20, 0.09


def run(*arguments):
    done = subprocess.run([program, *map(str, arguments), '--force', '--log-level', 'error'], cwd=folder, capture_output=True, text=True)
    if done.returncode: sys.exit(f'{arguments}: {done.stderr}')
    return done.stdout


run('model', 'relax', slow, '--types', 'Cu,Zr', '--potential', table, '-o', 'slow.xyz')
run('model', 'relax', fast, '--potential', table, '-o', 'fast.xyz')
(folder / 'melt.xyz').write_text(melt.read_text())
images = {}
for glass in ('fast', 'slow', 'melt'):
    lines = (folder / f'{glass}.xyz').read_text().splitlines()
    edge = float(lines[1].split('"')[1].split()[0])
    symbols, place = [l.split()[0] for l in lines[2:]], np.array([l.split()[1:4] for l in lines[2:]], float) % edge
    for view, axes in enumerate(([0, 1, 2], [1, 2, 0], [2, 0, 1])):
        with open(folder / 'view.xyz', 'w') as f:
            f.write(f'{len(place)}\nLattice="{edge} 0 0 0 {edge} 0 0 0 {edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
            f.writelines(f'{s} {a:.6f} {b:.6f} {c:.6f}\n' for s, (a, b, c) in zip(symbols, place[:, axes]))
        name = f'{glass}{view}'
        run('model', 'cut', 'view.xyz', '--slab', f'0,{THICK}', '-o', f'{name}.xyz')
        thermal = [] if glass == 'melt' else ['--phonons', 1, '--u-rms', U, '--seed', 10 * view + 1]
        run('simulate', f'{name}.xyz', '-o', f'{name}.scan.h5', '--scan', '40x40', '--from', '5,5', '--to', '25,25', '--semiangle', 10, '--pixel', 0.115,
            '--patterns', 'none', '--detector', 'haadf=40:70', '--engine', 'multislice', *thermal)
        run('density', f'{name}.scan.h5', '-o', f'{name}.h5', '--model', f'{name}.xyz', '--shifts', 19)
        with h5py.File(folder / f'{name}.h5') as f:
            c, column = dict(f['density/contrast'].attrs), f['density/model/column_density'][()]
        deviation = column / column.mean() - 1
        lag = [1 if k == 0 else ((deviation[k:] * deviation[:-k]).mean() + (deviation[:, k:] * deviation[:, :-k]).mean()) / 2 / (deviation ** 2).mean() for k in range(16)]
        lag = np.array(lag)
        k = int(np.argmax(lag < np.exp(-1)))
        length = 0.5 * (k - 1 + (lag[k - 1] - np.exp(-1)) / (lag[k - 1] - lag[k]))
        images.setdefault(glass, []).append([100 * c['contrast'], c['length'], c['skewness'], c['excess'], 100 * deviation.std(), length, 100 * c['contrast_error'], c['length_error']])
        print(f'{name}: contrast {100 * c["contrast"]:.2f} +- {100 * c["contrast_error"]:.2f} %, 1/e length {c["length"]:.2f} +- {c["length_error"]:.2f} Angstrom, '
              f'skewness {c["skewness"]:+.2f}; own columns {100 * deviation.std():.2f} %, {length:.2f}', flush=True)
print(run('density', 'slow0.scan.h5', '-o', 'against.h5', '--against', 'fast0.scan.h5').strip())
if picture: run('plot', 'against.h5', '-o', picture)
names = ('contrast, %', '1/e length, Angstrom', 'skewness', 'excess', 'own columns, %', 'their 1/e length')
for k, name in enumerate(names):
    values = {g: np.array(v)[:, k] for g, v in images.items()}
    text = ', '.join(f'{g} {v.mean():.3f} +- {v.std(ddof=1) / np.sqrt(len(v)):.3f}' for g, v in values.items())
    gap = {g: (values['fast'].mean() - values[g].mean(), np.hypot(*(v.std(ddof=1) / np.sqrt(len(v)) for v in (values['fast'], values[g])))) for g in ('slow', 'melt')}
    print(f'{name:<22} {text}; fast less slow {gap["slow"][0]:+.3f} +- {gap["slow"][1]:.3f}, fast less melt {gap["melt"][0]:+.3f} +- {gap["melt"][1]:.3f}')
