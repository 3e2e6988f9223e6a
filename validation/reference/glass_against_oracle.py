#!/usr/bin/python3
"""Patterns and exit waves of the real glass and others against an independent float64 multislice (oracle.py), annulus by
annulus: R = sum |I - I_ref| / sum I_ref in 0-5, 5-30, 30-60, 60-100 mrad, for both engines and precisions.
Usage: glass_against_oracle.py VITROBEAM ORACLE.py ATOMS.extxyz    Needs python3-numpy python3-scipy python3-h5py."""
import subprocess, sys, tempfile, os
import h5py, numpy as np

program, oracle, atoms = (os.path.abspath(p) for p in sys.argv[1:4])
cases = [(dict(semiangle=3.3, grid='512', slice=2.0, edge='soft'), ['20,20']),
         (dict(semiangle=3.3, grid='512', slice=1.0, edge='hard', potential='lobato'), ['7.3,31.1']),
         (dict(semiangle=10, grid='480x512', slice=4.0, edge='soft', defocus=200, cs=0.05), ['20,20', '1.5,39']),
         (dict(semiangle=6, grid='512', slice=2.0, edge='hard', defocus=-150, cs=1.0, potential='lobato', energy=300), ['33,12'])]
failed = 0
with tempfile.TemporaryDirectory() as d:
    model = os.path.join(d, 'glass.xyz')   # folded into the cell once, for both programs
    subprocess.run([program, 'model', 'cut', atoms, '--from', '0,0,0', '-o', model, '--force'], check=True, stdout=subprocess.DEVNULL)
    for o, at in cases:
        args = [x for k, v in o.items() for x in ('--' + k, str(v))] + [x for a in at for x in ('--at', a)]
        ours = [a.replace('--edge', '--aperture-edge') for a in args]
        reference = {}
        for kind in ('pattern', 'exit'):
            out = os.path.join(d, kind + '.npy')
            subprocess.run([oracle, model, out] + args + (['--exit-wave'] if kind == 'exit' else []), check=True, stdout=subprocess.DEVNULL)
            reference[kind] = np.load(out)
        lam = 12.2642596 / np.sqrt(o.get('energy', 200) * 1e3 + .97847641e-6 * (o.get('energy', 200) * 1e3)**2)
        for engine in ('multislice', 'smatrix'):
            for precision, limit in (('single', 1e-4), ('double', 1e-9)):
                out = os.path.join(d, 'out.h5')
                subprocess.run([program, 'simulate', model, '-o', out, '--force', '--engine', engine, '--precision', precision, '--wrap-limit', '100']
                               + ours + (['--exit-wave'] if engine == 'multislice' else []), check=True, stdout=subprocess.DEVNULL)
                row = []
                with h5py.File(out) as h:
                    a = np.asarray(h['simulation/patterns'], float)[0]; qx, qy = h['simulation/q_x'][:], h['simulation/q_y'][:]
                    angle = np.hypot(qx[None, :], qy[:, None]) * lam * 1e3; r = reference['pattern']
                    for lo, hi in ((0, 5), (5, 30), (30, 60), (60, 100)):
                        m = (angle >= lo) & (angle < hi); row.append(abs(a - r)[:, m].sum() / max(r[:, m].sum(), 1e-12))
                    wave = abs(h['simulation/exit_wave'][0].view('c16' if precision == 'double' else 'c8').reshape(reference['exit'].shape) - reference['exit']).max() / abs(reference['exit']).max() if engine == 'multislice' else None
                bad = max(row) > limit; failed += bad
                print('FAIL' if bad else 'ok  ', f'{engine:10s} {precision:6s} R = ' + ' '.join(f'{x:.1e}' for x in row), f' exit wave {wave:.1e}' if wave is not None else '', o)
sys.exit(bool(failed))
