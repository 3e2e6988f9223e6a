#!/usr/bin/python3
"""convert: patterns arrive unchanged, what preparation finds is what was planted, and bad input is refused."""
from commands import Commands, need

need('h5py', 'numpy')
import h5py
import numpy as np

commands = Commands()
check = commands.check


def run(*arguments, status=0, says=''):
    return (commands.refuse if status else commands.run)(status, says, 'convert', *arguments)


# four patterns of 96 x 90 pixels: a disc and an elliptical ring about a centre that moves with the scan
rows, cols, centre = 96, 90, np.array([47.3, 44.6])
y, x = np.mgrid[:rows, :cols]
rng = np.random.default_rng(3)
patterns = np.zeros((2, 2, rows, cols), 'f4')
for j in range(2):
    for i in range(2):
        dy, dx = y - centre[0] - 2 * j + 1, x - centre[1] - 3 * i + 1.5
        r = np.hypot(dy, dx)
        e = np.hypot(dx / np.sqrt(1.04), dy * np.sqrt(1.04))  # long axis along x
        clean = 3000 * np.clip(5.5 - r, 0, 1) + 200 * np.exp(-(e - 28) ** 2 / 18) + 60
        patterns[j, i] = rng.poisson(clean)
patterns[:, :, 20, 60] = 60000  # a hot pixel
np.save('a.npy', patterns)

run('a.npy', '-o', 'plain.h5', '--pixel-q', 0.01, '--energy', 200, '--scan-step', 5)
with h5py.File('plain.h5') as f:
    check('values change', np.array_equal(f['measurement/patterns'][()], patterns))
    check('scan axis', np.allclose(f['measurement/scan_x'][()], [0, 5]))
    check('views', np.array_equal(f['datacube_root/datacube/data'][()], patterns) and 'Experiments/patterns/data' in f)

run('a.npy', '-o', 'disc.h5', '--pixel-q', 0.01, '--hot-pixels', 8, '--find-centre', 'disc', '--each', '--align', '--energy', 200)
with h5py.File('disc.h5') as f:
    hot = f['preparation/hidden_recorded'][()]
    check('hot pixel', hot.sum() == 1 and hot[20, 60] == 1)
    row, col = f['preparation/centre_row'], f['preparation/centre_column']
    check('centres', np.abs(row[()] - [[46.3, 46.3], [48.3, 48.3]]).max() < 0.1 and np.abs(col[()] - [[43.1, 46.1], [43.1, 46.1]]).max() < 0.1)
    check('descan', abs(row.attrs['descan_per_row'] - 2) < 0.1 and abs(col.attrs['descan_per_column'] - 3) < 0.1)
    shift = f['preparation/shift'][()]
    check('aligned', np.abs(row[()] + shift[..., 0] - f['preparation'].attrs['centre_row']).max() <= 0.5)
    back = np.roll(f['measurement/patterns'][1, 1], (-shift[1, 1, 0], -shift[1, 1, 1]), (0, 1))
    check('undone', np.array_equal(back, patterns[1, 1]))
    # a pixel that any pattern shows hidden, or from over the border, is hidden in the aligned ones
    expected = np.zeros((rows, cols), bool)
    for dy, dx in shift.reshape(-1, 2):
        good = np.ones((rows, cols), bool); good[20, 60] = False
        there = np.zeros((rows, cols), bool)
        there[max(dy, 0):rows + min(dy, 0), max(dx, 0):cols + min(dx, 0)] = \
            good[max(-dy, 0):rows + min(-dy, 0), max(-dx, 0):cols + min(-dx, 0)]
        expected |= ~there
    check('hidden moves along', np.array_equal(f['measurement/hidden'][()] != 0, expected))
run('disc.h5', '-o', 'undone.h5', '--undo', says='alignment')
with h5py.File('undone.h5') as f:
    check('undone by convert', np.array_equal(f['measurement/patterns'][()], patterns))
    check('mask undone', f['measurement/hidden'][()].sum() == 1 and f['measurement/hidden'][20, 60] == 1)
run('a.npy', '-o', 'both.h5', '--pixel-q', 0.01, '--find-centre', 'disc', '--each', '--align', '--background', 'median', '--energy', 200)
run('both.h5', '-o', 'bare.h5', '--undo', says='background, alignment')
with h5py.File('both.h5') as f, h5py.File('bare.h5') as g:
    steps = ' '.join(f['preparation'].attrs['steps'])
    check('every step is reported', all(w in steps for w in ('disc', 'every pattern', 'whole pixels', 'median')))
    check('something was done', np.abs(f['measurement/patterns'][()] - patterns).max() > 50)
    check('background undone', np.abs(g['measurement/patterns'][()] - patterns).max() < 1e-6 * patterns.max())
run('a.npy', '-o', 'x.h5', '--undo', '--pixel-q', 0.01, status=3, says='no file that convert has made')
run('both.h5', '-o', 'x.h5', '--undo', '--align', '--each', '--find-centre', 'disc', status=2, says='--undo')

np.save('one.npy', patterns[0, 0])
run('one.npy', '-o', 'ring.h5', '--hot-pixels', 8, '--find-centre', 'ring', '--ring', '18,40', '--find-ellipse', '--scale-from', 'ring',
    '--ring-q', 0.42, '--background', 'median', '--energy', 200)
with h5py.File('ring.h5') as f:
    m, p = f['measurement'].attrs, f['preparation'].attrs
    check(f"ring centre {p['centre_row']} {p['centre_column']}", abs(p['centre_row'] - 46.3) < 0.3 and abs(p['centre_column'] - 43.1) < 0.3)
    check(f"ellipse {m['ellipticity']} {m['ellipse_angle']}", abs(m['ellipticity'] - 0.04) < 0.004 and abs(np.sin(m['ellipse_angle'])) < 0.1)
    q = f['measurement/q_x'][()]
    check(f'scale {q[1] - q[0]}', abs((q[1] - q[0]) - 0.42 / 28) < 1e-4)
    # what was subtracted is stored: added again, the mean ring is back
    left = f['measurement/patterns'][0, 0]
    check('background', abs(np.median(left)) < 3 and np.nanmax(f['preparation/background'][0, 0]) > 150)

# another command takes the prepared file with its centre, ellipse and mask
run('disc.h5', '-o', 'again.h5', '--energy', 200)
with h5py.File('again.h5') as f:
    with h5py.File('disc.h5') as g:
        check('mask kept', np.array_equal(f['measurement/hidden'][()], g['measurement/hidden'][()]))

# the scan lies in the patterns as it was simulated, and as they are turned
commands.run(0, 'slab.xyz', 'model', 'cut', commands.glass, '--slab', '10,20', '-o', 'slab.xyz')
commands.run(0, 'wrote', 'simulate', 'slab.xyz', '--scan', '16x16', '--from', '4,4', '--to', '11.5,11.5', '--semiangle', '20', '--q-max', '1.6',
             '--grid', '256', '-o', 'scan.h5')
with h5py.File('scan.h5') as f: scan = f['Experiments/patterns/data'][()]
np.save('scan.npy', scan)
np.save('turned.npy', np.rot90(scan, axes=(2, 3)))  # +x comes to lie along -y
angle = {}
for name in ('scan', 'turned'):
    run(f'{name}.npy', '-o', f'{name}_found.h5', '--pixel-q', 0.025, '--find-rotation', says='scan x at')
    with h5py.File(f'{name}_found.h5') as f:
        angle[name] = f['measurement'].attrs['scan_rotation_deg']
        error = f['preparation'].attrs['scan_rotation_error_deg']
check(f'rotation {angle} +- {error}', 0.05 < error < 3 and abs(angle['scan']) < 3 * error and abs(angle['scan'] - angle['turned'] - 90) < 1e-3)
run('scan.npy', '-o', 'x.h5', '--pixel-q', 0.025, '--find-rotation', '--scan-rotation', 3, status=2, says='one of them')
run('a.npy', '-o', 'x.h5', '--pixel-q', 0.01, '--find-rotation', status=2, says='8 x 8')

run('a.npy', '-o', 'x.h5', status=3, says='--pixel-q')
run('a.npy', '-o', 'x.h5', '--find-centre', 'ring', status=2, says='--ring')
run('a.npy', '-o', 'x.h5', '--pixel-q', 0.01, '--each', status=2, says='--find-centre')
run('a.npy', '-o', 'x.h5', '--pixel-q', 0.01, '--mask', 'beam-stop', status=4, says='no shadow')
run('a.npy', '-o', 'x.h5', '--pixel-q', 0.01, '--scan-shape', '3x3', status=3, says='4 frames')
run('one.npy', '-o', 'x.h5', '--pixel-q', 0.01, '--find-centre', 'ring', '--ring', '18,40', '--centre', '20,20', status=4, says='--centre')
commands.finish()
