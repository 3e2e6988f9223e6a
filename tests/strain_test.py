#!/usr/bin/python3
"""strain: a planted strain field under speckle is recovered within its stated error; sign, reference and bad input."""
from commands import Commands, need

need('h5py', 'numpy')
import h5py
import numpy as np

commands = Commands()
check = commands.check


def run(*arguments, status=0, says=''):
    return (commands.refuse if status else commands.run)(status, says, 'strain', *arguments)


size, pixel, rng = 80, 0.0165, np.random.default_rng(4)
y, x = (np.mgrid[:size, :size] - size // 2) * pixel


def pattern(e, speckle=True):
    """A ring at 0.42 1/Angstrom of a specimen strained by e = (xx, yy, xy), times speckle that obeys Friedel's law."""
    q = np.hypot((1 + e[0]) * x + e[2] * y, e[2] * x + (1 + e[1]) * y)
    ring = np.exp(-((q - 0.42) / 0.05) ** 2 / 2) + 0.15 * np.exp(-q / 0.5) + 20 * (q < 0.1)
    if not speckle: return ring
    k, phase = 5 * rng.normal(size=(30, 2)), rng.uniform(0, 2 * np.pi, 30)
    wave = np.cos(2 * np.pi * (k[:, 0, None, None] * x + k[:, 1, None, None] * y))
    field = np.tensordot(np.exp(1j * phase), wave, 1)
    return ring * 2 * np.abs(field) ** 2 / 30


rows, columns, planted = 6, 30, np.array([0.010, -0.004, 0.003])
scan = np.array([[pattern(planted if i >= columns // 2 else 0 * planted) for i in range(columns)] for j in range(rows)], 'f4')
np.save('scan.npy', scan)
common = ('--pixel-q', pixel, '--energy', 200)
run('scan.npy', '-o', 'a.h5', *common, '--reference', f'0,0,{rows - 1},{columns // 2 - 1}', '--threads', 2)
run('scan.npy', '-o', 'b.h5', *common, '--reference', f'0,0,{rows - 1},{columns // 2 - 1}', '--threads', 1)
with h5py.File('a.h5') as f, h5py.File('b.h5') as g:
    covered = []
    for k, name in enumerate(('exx', 'eyy', 'exy')):
        v, e = f[f'strain/{name}'][()], f[f'strain/{name}_error'][()]
        left, right = v[:, :columns // 2], v[:, columns // 2:]
        n = np.isfinite(right).sum()
        sem = np.nanstd(right) / n ** 0.5
        # relative to the reference, which has its own statistical error
        sem = np.hypot(sem, np.nanstd(left) / np.isfinite(left).sum() ** 0.5)
        check(f'{name}: {np.nanmean(right) - np.nanmean(left)} +- {sem}', abs(np.nanmean(right) - np.nanmean(left) - planted[k]) < 3.5 * sem)
        covered.append(np.nanmean(np.abs(right - planted[k]) < e[:, columns // 2:]))
    # each ring of the reference over its own amplitude: together they read no strain
    v = f['strain/dilatation'][:, :columns // 2]
    check(f'dilatation of the reference {np.nanmean(v)}', abs(np.nanmean(v)) < 0.25 * np.nanstd(v) / np.isfinite(v).sum() ** 0.5)
    check(f'coverage {covered}', 0.5 < np.mean(covered) < 0.85)
    check('threads change nothing', all(np.array_equal(f['strain'][k], g['strain'][k], equal_nan=True) for k in f['strain'] if isinstance(f['strain'][k], h5py.Dataset)))
    check('few fail', np.mean(f['strain/status'][()] != 0) < 0.05)

# without speckle: exact, and against a reference of its own; summing neighbours keeps a uniform strain
np.save('clean.npy', np.array([[pattern(planted, False)] * 3] * 3, 'f4'))
np.save('reference.npy', np.array([[pattern(0 * planted, False)] * 3] * 3, 'f4'))
run('clean.npy', '-o', 'c.h5', *common, '--reference-file', 'reference.npy', '--together', 3)
with h5py.File('c.h5') as f:
    for k, name in enumerate(('exx', 'eyy', 'exy')):
        check(f"clean {name} {f[f'strain/{name}'][1, 1]}", abs(f[f'strain/{name}'][1, 1] - planted[k]) < 3e-4)
    check('ring', abs(f['strain'].attrs['ring_q'] - 0.42) < 0.005)

# scattering factors do not move with strain; divided out they do no harm (here f of Zr, as 1 / (a + b q^2 + c q^4))
def zirconium(): return 1 / (0.08204 + 0.7351 * (x ** 2 + y ** 2) - 0.2705 * (x ** 2 + y ** 2) ** 2) ** 2


np.save('f.npy', np.array([[pattern(planted, False) * zirconium()] * 2] * 2, 'f4'))
np.save('f0.npy', np.array([[pattern(0 * planted, False) * zirconium()] * 2] * 2, 'f4'))
off = {}
for name, how in (('with', ('--composition', 'Zr')), ('without', ())):
    run('f.npy', '-o', f'{name}.h5', *common, '--reference-file', 'f0.npy', *how)
    with h5py.File(f'{name}.h5') as f: off[name] = f['strain/exx'][0, 0] - planted[0]
check(f'scattering factors {off}', off['without'] < -4e-4 and abs(off['with']) < 3e-4)
run('f.npy', '-o', 'x.h5', *common, '--composition', 'Qq', status=2, says='Qq')
# the ellipse that convert found does for strain what it does for the others
run('clean.npy', '-o', 'e.h5', *common, '--reference-file', 'reference.npy', '--ellipse', '0.02,30')
run('clean.npy', '-o', 'x.h5', *common, '--ellipse', 'reference.npy', status=3, says='--ellipse')

run('clean.npy', '-o', 'x.h5', *common, '--q-max', 0.9, '--q-min', 0.3, status=4, says='whole circles')
run('clean.npy', '-o', 'x.h5', *common, '--reference', '0,0,5,5', status=2, says='--reference')
run('clean.npy', '-o', 'x.h5', *common, '--together', 2, status=2, says='odd')
np.save('flat.npy', np.ones((2, 2, size, size), 'f4'))
run('flat.npy', '-o', 'x.h5', *common, status=4, says='no ring')
commands.finish()
