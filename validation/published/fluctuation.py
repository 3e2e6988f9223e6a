#!/usr/bin/python3
"""V(q) of a random glass against thickness and probe, by multislice, single scattering with a curved and with a flat Ewald sphere, beside
what theory expects of speckle; and V(q) of two models of Zr50Cu35Al15 beside the measured one that they were fitted to.
Usage: fluctuation.py PROGRAM GLASS SHARED_DATA FOLDER [measured]      writes FOLDER/fluctuation*.csv and .png; without the data the first half,
"measured" the second alone"""
import csv, pathlib, subprocess, sys, tempfile

import h5py, numpy as np
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt

plt.rcParams.update({'font.size': 9, 'axes.titlesize': 9, 'legend.fontsize': 7.5})
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from piles import Glass

program, glass = pathlib.Path(sys.argv[1]).resolve(), Glass(sys.argv[2])
data, folder, work = pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4]), pathlib.Path(tempfile.mkdtemp())
wavelength = 0.02507934  # 200 kV
engines = ('multislice', 'kinematic', 'flat-born')
label = {'multislice': 'multislice', 'kinematic': 'curved Born', 'flat-born': 'flat Born'}
piles, side, top, step = 6, 6, 200, 20
first, second = (0.385, 0.455), (0.72, 0.80)
rings = ('--q-min', 0.2875, '--q-max', 0.8125, '--radii', 21)  # circles one pixel wide


def run(*arguments):
    subprocess.run([program, *map(str, arguments), '--threads', '1', '--force', '--progress', 'never'], check=True, capture_output=True)


def store(name, patterns, axes):
    with h5py.File(work / name, 'w') as f:
        f['simulation/patterns'] = patterns[None].astype('f4')
        for k in ('q_x', 'q_y'): f[f'simulation/{k}'] = axes[k]
        f['simulation/scan_y'], f['simulation/scan_x'] = np.zeros(1), np.arange(len(patterns), dtype=float)


def variances(names):
    """q, and V of every definition with its error, [series, q]."""
    run('fluctuation', *(work / n for n in names), '-o', work / 'v.h5', *rings, '--energy', 200, '--gain', 0)
    with h5py.File(work / 'v.h5') as f:
        g = f['fluctuation']
        return g['q'][()], {k: np.atleast_2d(g[k][()]) for k in g if k.startswith('V_')}


def simulate(model, engine, semiangle, *options):
    """Patterns [thickness, position, q_y, q_x] and their axes."""
    run('simulate', model, '-o', work / 's.h5', '--engine', engine, '--semiangle', semiangle, '--pixel', 0.2, '--q-max', 0.85,
        '--scan', f'{side}x{side}', '--wrap-limit', '60%', '--slice', 2.5, *options)
    with h5py.File(work / 's.h5') as f:
        p = f['simulation/patterns'][()]
        return p.reshape(-1, side * side, *p.shape[-2:]), {k: f[f'simulation/{k}'][()] for k in ('q_x', 'q_y')}


def band(q, values, errors, ring):
    """Mean over a ring; its circles share their speckle, so the error is theirs."""
    pick = (q > ring[0]) & (q < ring[1])
    return values[..., pick].mean(-1), errors[..., pick].mean(-1)


rows = []


def put(series, engine, semiangle, thickness, ring, v, expected=float('nan')):
    rows.append(dict(series=series, engine=engine, mrad=semiangle, thickness_A=thickness, ring=ring) |
                {k: float(x) for k, x in v.items()} | dict(law=float(expected)))


def table(q, v, k, ring):
    out = {}
    for d in ('V_omega', 'V_r', 'V_re', 'V_image'): out[d], out[d + '_error'] = band(q, v[d][k], v[d + '_error'][k], ring)
    return out


def friedel(q, t): return np.sinc(wavelength * q * q * t) ** 2  # sinc^2(pi lambda q^2 t)


def glass_series():
    """V(q) of piles of the glass against thickness and probe, its table and figure."""
    # ---- thickness
    models = []
    for k in range(piles):
        symbols, r = glass.pile(top, 500 + k)
        models.append(work / f'pile{k}.xyz')
        glass.write(models[-1], symbols, r, top)
    thickness = np.arange(step, top + 1, step)
    curves = {}
    for engine in engines:
        every = [simulate(m, engine, 2, '--every-slices', round(step / 2.5)) for m in models]
        for t in range(len(thickness)): store(f'{engine}{t}.h5', np.concatenate([p[t] for p, _ in every]), every[0][1])
        q, v = variances([f'{engine}{t}.h5' for t in range(len(thickness))])
        curves[engine] = q, v
        for name, ring in (('first', first), ('second', second)):
            law = [1 if engine == 'flat-born' else 1 + friedel(sum(ring) / 2, t) for t in thickness]
            scale = np.array([table(q, v, k, ring)['V_omega'] for k in range(len(thickness))])
            scale = (scale / law).mean()  # one number for the whole series
            for k, t in enumerate(thickness): put('thickness', label[engine], 2, t, name, table(q, v, k, ring), scale * law[k])
        if engine == 'multislice':
            # slabs of the first thickness from places that have nothing to do with each other, added as intensities
            thin = np.concatenate([p[0] for p, _ in every])
            random = np.random.default_rng(3)
            for n in range(1, len(thickness) + 1):
                # every slab is used n times, in other company each time
                store(f'sum{n}.h5', sum(thin[random.permutation(len(thin))] for _ in range(n)), every[0][1])
            q, v = variances([f'sum{n}.h5' for n in range(1, len(thickness) + 1)])
            for name, ring in (('first', first), ('second', second)):
                for n in range(1, len(thickness) + 1):
                    put('incoherent', label[engine], 2, n * step, name, table(q, v, n - 1, ring), table(q, v, 0, ring)['V_omega'] / n)
        print(engine, ' '.join(f'{r["V_omega"]:.4f}' for r in rows if r['engine'] == label[engine] and r['series'] == 'thickness' and r['ring'] == 'first'), flush=True)

    # ---- probe
    semiangles = (1, 1.4, 2, 2.8, 4)
    for engine in engines[:2]:
        names = []
        for a in semiangles:
            every = [simulate(m, engine, a, '--every-slices', round(80 / 2.5)) for m in models]
            names.append(f'{engine}-{a}.h5')
            store(names[-1], np.concatenate([p[0] for p, _ in every]), every[0][1])
        q, v = variances(names)
        per = np.mean([table(q, v, k, first)['V_omega'] / a for k, a in enumerate(semiangles)])
        for k, a in enumerate(semiangles): put('probe', label[engine], a, 80, 'first', table(q, v, k, first), per * a)
        print(engine, ' '.join(f'{r["V_omega"]:.4f}' for r in rows if r['engine'] == label[engine] and r['series'] == 'probe'), flush=True)
    with open(folder / 'fluctuation.csv', 'w', newline='') as f:
        w = csv.DictWriter(f, rows[0].keys())
        w.writeheader()
        w.writerows({k: f'{v:.5g}' if isinstance(v, float) else v for k, v in r.items()} for r in rows)

    figure, axes = plt.subplots(2, 2, figsize=(9.5, 7.2), constrained_layout=True)
    colours = {'multislice': 'C0', 'curved Born': 'C1', 'flat Born': 'C2'}


    def series(name, engine, ring='first'):
        pick = [r for r in rows if (r['series'], r['engine'], r['ring']) == (name, engine, ring)]
        return {k: np.array([r[k] for r in pick]) for k in pick[0] if k not in ('series', 'engine', 'ring')}


    q, v = curves['multislice']
    for k, colour in zip((0, 1, 3, 9), plt.cm.viridis(np.linspace(0, 0.85, 4))):
        axes[0, 0].errorbar(q, v['V_omega'][k], v['V_omega_error'][k], color=colour, lw=1.2, capsize=1.5, label=f'{thickness[k] / 10:g} nm')
    axes[0, 0].set(title='(a) multislice, 2 mrad', xlabel='q (1/Å)', ylabel='$V_Ω$')
    for a, ring, title in ((axes[0, 1], 'first', '(b) 0.385 to 0.455 1/Å'), (axes[1, 0], 'second', '(c) 0.72 to 0.80 1/Å')):
        for name, colour in colours.items():
            s = series('thickness', name, ring)
            a.errorbar(s['thickness_A'] / 10, s['V_omega'], s['V_omega_error'], color=colour, fmt='o', ms=4, capsize=2, label=name)
            if name == 'multislice': a.plot(s['thickness_A'] / 10, s['law'], color=colour, lw=1, ls='--', label='1 + ρ(t), fitted height')
        s = series('incoherent', 'multislice', ring)
        a.errorbar(s['thickness_A'] / 10, s['V_omega'], s['V_omega_error'], color='0.4', fmt='s', ms=4, mfc='none', capsize=2, label='2 nm slabs added as intensities')
        a.plot(s['thickness_A'] / 10, s['law'], color='0.4', lw=1, ls=':', label='1 / t')
        a.set(title=title, xlabel='thickness (nm)', ylabel='$V_Ω$', xscale='log', yscale='log')
        a.set_xticks([2, 4, 8, 16], ['2', '4', '8', '16'])
    for name in ('multislice', 'curved Born'):
        s = series('probe', name)
        axes[1, 1].errorbar(s['mrad'], s['V_omega'], s['V_omega_error'], color=colours[name], fmt='o', ms=4, capsize=2, label=name)
        axes[1, 1].plot(s['mrad'], s['law'], color=colours[name], lw=1, ls='--', label='proportional to the semi-angle')
    axes[1, 1].set(title='(d) 8 nm, 0.385 to 0.455 1/Å', xlabel='semi-angle (mrad)', ylabel='$V_Ω$', xlim=(0, None), ylim=(0, None))
    for a in axes.ravel(): a.legend(frameon=False)
    figure.savefig(folder / 'fluctuation.png', dpi=130)


if sys.argv[5:] != ['measured']: glass_series()

# ---- measured
if not data.is_dir():
    print(f'{data} is absent: no measured V(q)')
    sys.exit(0)


def columns(file):
    out = []
    for line in open(file):
        try: out.append([float(x) for x in line.replace(',', ' ').split()[:3]])
        except ValueError: pass
    return np.array([r for r in out if len(r) == 3])


measured = {s: columns(data / f'femsim/fem_exp_Zr50Cu35Al15_t{s}.txt') for s in (1, 2, 3)}
resolution, edge = 0.0305, 28.28427  # what the models were fitted with: Airy probe on one box of the model


def atoms(file):
    rows = [line.split() for line in open(file).read().splitlines()[2:]]
    return np.array([r[0] for r in rows]), np.array([r[1:4] for r in rows], float)


def turned(symbols, r, random):
    """The periodic model in a random orientation, cut to a cube of its own edge."""
    cells = edge * np.stack(np.meshgrid(*3 * [[-1, 0, 1]], indexing='ij'), -1).reshape(-1, 3)
    x = (r[None] + cells[:, None]).reshape(-1, 3)
    q = random.normal(size=4)
    w, a, b, c = q / np.linalg.norm(q)
    turn = np.array([[1 - 2 * (b * b + c * c), 2 * (a * b - c * w), 2 * (a * c + b * w)],
                     [2 * (a * b + c * w), 1 - 2 * (a * a + c * c), 2 * (b * c - a * w)],
                     [2 * (a * c - b * w), 2 * (b * c + a * w), 1 - 2 * (a * a + b * b)]])
    x = x @ turn.T
    inside = (np.abs(x) < edge / 2).all(1)
    return np.tile(symbols, 27)[inside], x[inside]


box, orientations = 60.0, 60
k = measured[1][:, 0]
dk = (k[-1] - k[0]) / (len(k) - 1)
axis = ('--q-min', k[0] - dk / 2, '--q-max', k[-1] + dk / 2, '--radii', len(k))
models = {}
for s in (1, 3):
    run('fluctuation', '--model', data / f'femsim/Zr50Cu35Al15_t{s}_final.xyz', '--resolution', resolution, '-o', work / 'm.h5', *axis)
    with h5py.File(work / 'm.h5') as f: models[s, 'kinematic, all orientations'] = f['fluctuation/model/V_omega'][()], np.full(len(k), np.nan)
    symbols, r = atoms(data / f'femsim/Zr50Cu35Al15_t{s}_final.xyz')
    random = np.random.default_rng(11)
    patterns = {e: [] for e in engines}
    for n in range(orientations):
        kinds, x = turned(symbols, r, random)
        with open(work / 'turned.xyz', 'w') as f:
            f.write(f'{len(x)}\nLattice="{box} 0 0 0 {box} 0 0 0 {edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
            f.writelines(f'{e} {p[0] + box / 2:.5f} {p[1] + box / 2:.5f} {p[2] + edge / 2:.5f}\n' for e, p in zip(kinds, x))
        for engine in engines:
            run('simulate', work / 'turned.xyz', '-o', work / 's.h5', '--engine', engine, '--semiangle', 1000 * resolution * wavelength,
                '--pixel', 0.25, '--q-max', k[-1] + 0.06, '--at', f'{box / 2},{box / 2}', '--wrap-limit', '60%', '--slice', 2)
            with h5py.File(work / 's.h5') as f:
                patterns[engine].append(f['simulation/patterns'][0, 0])
                q_axes = {n: f[f'simulation/{n}'][()] for n in ('q_x', 'q_y')}
    for engine in engines:
        store(f'turned-{engine}.h5', np.array(patterns[engine]), q_axes)
        run('fluctuation', work / f'turned-{engine}.h5', '-o', work / 'm.h5', *axis, '--interpolate', '--energy', 200, '--gain', 0)
        with h5py.File(work / 'm.h5') as f: models[s, label[engine]] = f['fluctuation/V_omega'][()], f['fluctuation/V_omega_error'][()]
rows = []
for s in (1, 3):
    for name in ('kinematic, all orientations', *label.values()):
        v, error = models[s, name]
        for t, m in measured.items():
            at = np.interp(m[:, 0], k, v)
            scale = np.sum(at * m[:, 1] / m[:, 2] ** 2) / np.sum(at ** 2 / m[:, 2] ** 2)
            chi2 = np.mean(((m[:, 1] - scale * at) / m[:, 2]) ** 2)
            rows.append(dict(model=f't{s}', engine=name, measured=f't{t}', scale=scale, one_over_scale=1 / scale, chi2_per_point=chi2,
                             correlation=np.corrcoef(at, m[:, 1])[0, 1], maximum_at_model=k[v.argmax()], maximum_at_measured=m[m[:, 1].argmax(), 0],
                             shoulder_model=at[np.abs(m[:, 0] - 0.46).argmin()] / at.max(), shoulder_measured=m[np.abs(m[:, 0] - 0.46).argmin(), 1] / m[:, 1].max()))
            print(*(f'{x:.4g}' if isinstance(x, float) else x for x in rows[-1].values()), flush=True)
with open(folder / 'fluctuation-measured.csv', 'w', newline='') as f:
    w = csv.DictWriter(f, rows[0].keys())
    w.writeheader()
    w.writerows({k: f'{v:.5g}' if isinstance(v, float) else v for k, v in r.items()} for r in rows)

with open(folder / 'fluctuation-curves.csv', 'w', newline='') as f:
    w = csv.writer(f)
    w.writerow(['q (1/Angstrom)', *(f'{m} {x}' for m in (f'model t{s}, {name}' for s, name in models) for x in ('V', 'error'))])
    w.writerows([f'{x:.5g}' for x in line] for line in np.array([k, *(x for pair in models.values() for x in pair)]).T)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True, sharey=True)
highest = 0
for axis, s in zip(axes, (1, 3)):
    m = measured[s]
    axis.errorbar(m[:, 0], m[:, 1], m[:, 2], color='k', fmt='.', ms=3, lw=0.7, label=f'measured, t{s}')
    for name, colour in (('kinematic, all orientations', '0.5'), ('curved Born', 'C1'), ('multislice', 'C0')):
        v, error = models[s, name]
        scale = next(r['scale'] for r in rows if (r['model'], r['engine'], r['measured']) == (f't{s}', name, f't{s}'))
        axis.plot(k, scale * v, color=colour, lw=1.3, label=f'{name}, model t{s}: / {1 / scale:.0f}')
        highest = max(highest, np.nanmax(scale * (v + np.nan_to_num(error))))
        if np.isfinite(error).all(): axis.fill_between(k, scale * (v - error), scale * (v + error), color=colour, alpha=0.15, lw=0)
    axis.set(xlabel='q (1/Å)', title=f'Zr50Cu35Al15, state t{s}')
    axis.legend(frameon=False)
axes[0].set(ylabel='V(q)', ylim=(0, 1.03 * highest))
figure.savefig(folder / 'fluctuation-measured.png', dpi=130)
