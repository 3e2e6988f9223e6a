#!/usr/bin/python3
"""correlation: planted relaxation times and a fast surface layer are recovered; the rules of the method are enforced."""
from commands import Commands, need

need('h5py', 'numpy')
import h5py
import numpy as np

commands = Commands()
check = commands.check


def run(*arguments, status=0, says=''):
    return (commands.refuse if status else commands.run)(status, says, 'correlation', *arguments)


def speckles(frames, tau, shape, rng):
    """Intensities of complex Gaussian fields that forget with exp(-t / tau)."""
    keep, z = np.exp(-1 / tau), rng.normal(size=(2,) + shape)
    out = np.empty((frames,) + shape, 'f4')
    for k in range(frames):
        out[k] = (z ** 2).sum(0) / 2
        z = keep * z + np.sqrt(1 - keep ** 2) * rng.normal(size=z.shape)
    return out


rng = np.random.default_rng(5)
frames, dt = 1200, 0.2
# the three rows at the surface relax twice as fast as the rest
tau = np.full((12, 20), 24.0)
tau[:3] = 12.0
np.save('series.npy', speckles(frames, tau, tau.shape, rng))
run('series.npy', '-o', 'a.h5', '--frame-time', dt, '--together', 5, '--beta', 1, '--threads', 2)
run('series.npy', '-o', 'b.h5', '--frame-time', dt, '--together', 5, '--beta', 1, '--threads', 1)
with h5py.File('a.h5') as f, h5py.File('b.h5') as g:
    found, error = f['correlation/tau'][()] / dt, f['correlation/tau_error'][()] / dt
    deep, surface = found[7:], found[0]  # 5 x 5 pixels about row 7 hold one time only
    check(f'deep {np.nanmedian(deep)}', abs(np.nanmedian(deep) / 24 - 1) < 0.1)
    check(f'surface {np.nanmedian(surface)}', abs(np.nanmedian(surface) / 12 - 1) < 0.15)
    covered = np.mean(np.abs(deep - 24)[np.isfinite(deep)] < error[7:][np.isfinite(deep)])
    check(f'coverage {covered}', 0.4 < covered < 0.9)
    check('threads change nothing', all(np.array_equal(f['correlation'][k], g['correlation'][k], equal_nan=True) for k in f['correlation'] if isinstance(f['correlation'][k], h5py.Dataset)))

# rings of diffraction patterns of one place
y, x = np.mgrid[:24, :24] - 12
ring_tau = np.where(np.hypot(x, y) * 0.05 < 0.4, 12.0, 24.0)
np.save('rings.npy', speckles(frames, ring_tau, ring_tau.shape, rng))
run('rings.npy', '-o', 'r.h5', '--kind', 'diffraction', '--pixel-q', 0.05, '--frame-time', dt, '--q-min', 0.2, '--q-max', 0.55,
    '--radii', 7, '--beta', 1)
with h5py.File('r.h5') as f:
    q, found = f['correlation/q'][()], f['correlation/tau'][0] / dt
    check(f'rings {found}', np.all(np.abs(found[q < 0.38] / 12 - 1) < 0.25) and np.all(np.abs(found[q > 0.42] / 24 - 1) < 0.25))

np.save('short.npy', speckles(300, 30.0, (6, 6), rng))
run('short.npy', '-o', 'x.h5', '--frame-time', dt, '--beta', 1, '--together', 3, status=4, says='--allow-short')
np.save('slow.npy', speckles(600, 3.0, (6, 6), rng))
run('slow.npy', '-o', 'x.h5', '--frame-time', dt, '--beta', 1, '--together', 3, status=4, says='tenth')
np.save('few.npy', speckles(20, 3.0, (6, 6), rng))
run('few.npy', '-o', 'x.h5', '--frame-time', dt, status=3, says='20 frames')
run('series.npy', '-o', 'x.h5', status=2, says='--frame-time')
run('rings.npy', '-o', 'x.h5', '--kind', 'diffraction', '--pixel-q', 0.05, '--frame-time', dt, '--q-max', 0.9, status=4, says='whole circles')
times = np.arange(frames) * dt
times[7] = times[6]
np.savetxt('times.txt', times)
run('series.npy', '-o', 'x.h5', '--times', 'times.txt', status=3, says='not later')
commands.finish()
