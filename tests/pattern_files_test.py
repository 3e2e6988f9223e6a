#!/usr/bin/python3
"""Containers of other programs: patterns and axes arrive as they lie there, links stay in their folder, hostile files are refused by name."""
import gzip, json, os, pathlib, subprocess, sys, tempfile, zlib

try:
    import h5py, numpy as np
except ImportError:
    print('skipped: needs python3-h5py and python3-numpy'); sys.exit(77)

program = pathlib.Path(sys.argv[1]).resolve()
top = pathlib.Path(tempfile.mkdtemp(prefix='vitrobeam_containers_'))
work, outside = top / 'work', top / 'outside'
work.mkdir(); outside.mkdir()
failures, count = [], 0


def run(*arguments, status=0, says=''):
    p = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=work, timeout=60)
    text = p.stdout + p.stderr
    if p.returncode != status or says not in text or 'HDF5-DIAG' in text or len(p.stderr) > 4000:
        failures.append(f"{' '.join(map(str, arguments))}: status {p.returncode}, expected {status} and '{says}':\n{text[-600:]}")
    return text


def check(what, condition):
    if not condition: failures.append(what)


def converted(name, *options, says=''):
    """Patterns, 1/Angstrom per pixel and energy of a file, as convert reads them."""
    global count
    count += 1
    run('convert', name, '-o', f'o{count}.h5', *options, says=says)
    if not (work / f'o{count}.h5').exists(): return np.zeros(0), None, None
    with h5py.File(work / f'o{count}.h5') as f:
        m = f['measurement']
        return m['patterns'][()], float(np.diff(m['q_x'][()]).mean()), m.attrs.get('energy_kV')


scan = (np.arange(2 * 3 * 8 * 10).reshape(2, 3, 8, 10) % 97).astype('u2')
stack = scan[0]

# HyperSpy, EMD 1.0 and 0.2, NeXus, Velox, MATLAB 7.3
with h5py.File(work / 'h.hspy', 'w') as f:
    f['Experiments/scan/data'] = scan
    for k, (scale, units) in enumerate(((2, 'nm'), (3, 'nm'), (.2, '1/nm'), (.2, '$nm^{-1}$'))):
        f.create_group(f'Experiments/scan/axis-{k}').attrs.update(scale=scale, offset=-.8 if k > 1 else 0, units=units)
    f.create_group('Experiments/scan/metadata/Acquisition_instrument/TEM').attrs['beam_energy'] = 200.
data, pixel, energy = converted('h.hspy')
check('HyperSpy: patterns', np.array_equal(data, scan)); check('HyperSpy: scale', pixel and abs(pixel - .02) < 1e-6); check('HyperSpy: energy', energy == 200)
with h5py.File(work / 'emd1.h5', 'w') as f:
    f.attrs['emd_group_type'] = 'file'; f.create_group('root').attrs['emd_group_type'] = 'root'
    g = f.create_group('root/cube'); g.attrs['emd_group_type'] = 'array'; g['data'] = scan
    for name, value in (('Q_pixel_size', .3), ('Q_pixel_units', 'nm^-1'), ('qx0_mean', 3.), ('qy0_mean', 4.)): f[f'root/cube/metadatabundle/calibration/{name}'] = value
data, pixel, _ = converted('emd1.h5'); check('EMD 1.0', np.array_equal(data, scan) and abs(pixel - .03) < 1e-6)
with h5py.File(work / 'emd02.emd', 'w') as f:
    f.attrs['version_major'] = 0; g = f.create_group('data/d'); g.attrs['emd_group_type'] = 1; g['data'] = scan
    for k, n in enumerate(scan.shape): g[f'dim{k + 1}'] = np.arange(n) * .5; g[f'dim{k + 1}'].attrs['units'] = '[n_m^-1]' if k > 1 else '[n_m]'
data, pixel, _ = converted('emd02.emd'); check('EMD 0.2', np.array_equal(data, scan) and abs(pixel - .05) < 1e-6)
with h5py.File(work / 'nexus.nxs', 'w') as f:
    f.attrs['default'] = 'one'; f.create_group('one').attrs['default'] = 'd'; g = f.create_group('one/d'); g.attrs.update(signal='counts', axes=['y', 'x', 'ky', 'kx']); g['counts'] = scan
    for name, n in (('ky', 8), ('kx', 10)): g[name] = (np.arange(n) - 4) * .04; g[name].attrs['units'] = '1/angstrom'
data, pixel, _ = converted('nexus.nxs'); check('NeXus', np.array_equal(data, scan) and abs(pixel - .04) < 1e-6)
with h5py.File(work / 'velox.emd', 'w') as f:
    f['Data/Image/77/Data'] = np.moveaxis(stack, 0, 2)
    text = json.dumps(dict(Optics=dict(AccelerationVoltage='300000'), BinaryResult=dict(PixelSize=dict(width='1e8', height='1e8'), PixelUnitX='1/m', PixelUnitY='1/m'))).encode()
    f['Data/Image/77/Metadata'] = np.tile(np.frombuffer(text, 'u1')[:, None], (1, 3))
data, pixel, energy = converted('velox.emd'); check('Velox', np.array_equal(data.reshape(3, 8, 10), stack) and abs(pixel - .01) < 1e-6 and energy == 300)
with h5py.File(work / 'm.mat', 'w', userblock_size=512) as f:
    f['data'] = np.swapaxes(stack, 1, 2); f['data'].attrs['MATLAB_class'] = np.bytes_('uint16')
with open(work / 'm.mat', 'r+b') as f: f.write(b'MATLAB 7.3 MAT-file'.ljust(512))
data, *_ = converted('m.mat', '--pixel-q', .05); check('MATLAB 7.3', np.array_equal(data.reshape(3, 8, 10), stack))
run('info', 'm.mat', says='3 of 10 x 8')
for by_rows in (False, True):
    with h5py.File(work / 'atoms.mat', 'w', userblock_size=512) as f:
        places = np.random.default_rng(4).uniform(0, 9, (20, 3)); kinds = np.where(np.arange(20) % 4, 29., 40.)[:, None]
        for name, values in dict(model=places.T if by_rows else places, atoms=kinds.T if by_rows else kinds, cell=np.array([[9.], [9.], [9.]])).items():
            f[name] = values; f[name].attrs['MATLAB_class'] = np.bytes_('double')
    with open(work / 'atoms.mat', 'r+b') as f: f.write(b'MATLAB 7.3 MAT-file'.ljust(512))
    run('info', 'atoms.mat', says='Cu 15 (75.00 at.%), Zr 5')

# Zarr, plain and packed, of both versions, chunks across frames and images
packings = dict(none=lambda b: b, zlib=zlib.compress, gzip=gzip.compress)


def zarr(name, packing, version, chunk):
    at = work / name; at.mkdir(); index = [range(-(-n // c)) for n, c in zip(scan.shape, chunk)]
    if version == 2:
        group, meta = at / 'Experiments/scan/data', dict(zarr_format=2, shape=scan.shape, chunks=chunk, dtype='<u2', order='C', fill_value=0, filters=None, compressor=None if packing == 'none' else dict(id=packing))
        group.mkdir(parents=True); (at / '.zgroup').write_text('{"zarr_format": 2}'); (group / '.zarray').write_text(json.dumps(meta))
        for k in (2, 3):
            axis = at / f'Experiments/scan/axis-{k}'; axis.mkdir(); (axis / '.zattrs').write_text(json.dumps(dict(scale=.5, offset=-2., units='nm^-1')))
    else:
        codecs = [dict(name='bytes', configuration=dict(endian='little'))] + ([] if packing == 'none' else [dict(name=packing, configuration=dict(level=1))])
        group = at; (at / 'zarr.json').write_text(json.dumps(dict(zarr_format=3, node_type='array', shape=scan.shape, data_type='uint16', chunk_grid=dict(name='regular', configuration=dict(chunk_shape=chunk)),
                                                                    chunk_key_encoding=dict(name='default', configuration=dict(separator='/')), fill_value=0, codecs=codecs)))
    for place in np.ndindex(*map(len, index)):
        part = scan[tuple(slice(k * c, (k + 1) * c) for k, c in zip(place, chunk))]
        whole = np.zeros(chunk, 'u2'); whole[tuple(map(slice, part.shape))] = part
        file = group / ('.'.join(map(str, place)) if version == 2 else 'c/' + '/'.join(map(str, place))); file.parent.mkdir(parents=True, exist_ok=True); file.write_bytes(packings[packing](whole.tobytes()))


for version in (2, 3):
    for packing, chunk in (('none', (1, 1, 8, 10)), ('gzip', (2, 2, 5, 4)), ('zlib', (1, 3, 8, 10))):
        if (version, packing) == (3, 'zlib'): continue
        zarr(f'{packing}{version}.zarr', packing, version, chunk); data, pixel, _ = converted(f'{packing}{version}.zarr', *(() if version == 2 else ('--pixel-q', .05)))
        check(f'Zarr {version} {packing}', np.array_equal(data, scan) and abs(pixel - .05) < 1e-6)
run('info', 'gzip2.zarr', says='3 x 2 of 10 x 8')
damaged = work / 'zlib2.zarr/Experiments/scan/data/0.0.0.0'; damaged.write_bytes(zlib.compress(bytes(10**6)))
run('convert', 'zlib2.zarr', '-o', 'd.h5', status=3, says='zlib2.zarr'); (work / 'none3.zarr/c/0/0/0/0').write_bytes(b'abc'); run('convert', 'none3.zarr', '--pixel-q', .1, '-o', 'd.h5', status=3, says='none3.zarr')
os.remove(work / 'none2.zarr/Experiments/scan/data/0.0.0.0'); os.symlink('/etc/hostname', work / 'none2.zarr/Experiments/scan/data/0.0.0.0'); run('convert', 'none2.zarr', '-o', 'd.h5', status=3, says='outside')

# links and virtual datasets
for place in (outside / 'there.h5', work / 'beside.h5'):
    with h5py.File(place, 'w') as f: f['s'] = stack
(outside / 'raw').write_bytes(bytes(480)); (work / 'raw').write_bytes(bytes(480))


def link(name, target, at='data'):
    with h5py.File(work / name, 'w') as f: f.create_group('entry/data')[at] = h5py.ExternalLink(str(target), '/s')


def virtual(name, target, dataset='s'):
    layout = h5py.VirtualLayout(stack.shape, 'u2'); layout[:] = h5py.VirtualSource(str(target), dataset, stack.shape)
    with h5py.File(work / name, 'w') as f: f.create_virtual_dataset('entry/data/data', layout)


def raw(name, target):
    with h5py.File(work / name, 'w') as f: f.create_dataset('entry/data/data', (1, 20, 24), 'u1', external=[(str(target), 0, h5py.h5f.UNLIMITED)])


for kind, make, good in (('link', link, 'beside.h5'), ('virtual', virtual, 'beside.h5'), ('raw', raw, 'raw')):
    elsewhere = outside / ('raw' if kind == 'raw' else 'there.h5')
    make(f'{kind}_beside.h5', good); data, *_ = converted(f'{kind}_beside.h5', '--pixel-q', .05); check(f'{kind} beside', data.size == (480 if kind == 'raw' else stack.size))
    for where, target in (('absolute', elsewhere), ('up', os.path.relpath(elsewhere, work))):
        make(f'{kind}_{where}.h5', target); text = run('convert', f'{kind}_{where}.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='follow-links')
        check(f'{kind} {where} names the file', f'{kind}_{where}.h5' in text); run('info', f'{kind}_{where}.h5') if kind != 'virtual' else None
        if kind != 'raw' or where == 'absolute': data, *_ = converted(f'{kind}_{where}.h5', '--pixel-q', .05, '--follow-links'); check(f'{kind} {where} followed', data.size > 0)
    make(f'{kind}_gone.h5', 'gone.h5'); run('convert', f'{kind}_gone.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='gone.h5')
os.symlink(outside / 'there.h5', work / 'alias.h5'); link('link_alias.h5', 'alias.h5'); run('convert', 'link_alias.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='outside')
virtual('nested.h5', 'virtual_absolute.h5', 'entry/data/data'); run('convert', 'nested.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='nested.h5')
virtual('no_source.h5', 'beside.h5', 'other'); run('convert', 'no_source.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='other')

# hostile containers
with h5py.File(work / 'deep.h5', 'w') as f:
    g = f
    for _ in range(300): g = g.create_group('g')
run('info', 'deep.h5', status=3, says='deep.h5')
with h5py.File(work / 'big.h5', 'w') as f: f.create_dataset('entry/data/data', (1, 60000, 60000), 'f8', chunks=(1, 1000, 1000))
run('convert', 'big.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='big.h5')
with h5py.File(work / 'huge.h5', 'w') as f: f.create_dataset('entry/data/data', (2**40, 2**30, 64, 64), 'u1', chunks=(1, 1, 64, 64))
run('convert', 'huge.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='huge.h5')
with h5py.File(work / 'two.h5', 'w') as f: f['Experiments/a/data'] = stack; f['Experiments/b/data'] = stack
run('convert', 'two.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='/Experiments/b/data')
with h5py.File(work / 'control.h5', 'w') as f: f['entry/data/data'] = stack; f.create_group('parameters').attrs['x\x1b[2J'] = 'a\x9bb\rc'; f.attrs['bad'] = np.void(b'\xff\x1b')
check('no control characters', not any(c in run('info', 'control.h5') for c in '\x1b\x9b\r'))

with h5py.File(work / 'chunks.h5', 'w') as f: f.create_dataset('entry/data/data', (2, 64, 64), 'f8', maxshape=(None, None, None), chunks=(8, 7000, 7000))
run('convert', 'chunks.h5', '--pixel-q', .05, '-o', 'no.h5', status=3, says='states chunks')

# motif libraries whose columns do not agree, or state what they do not hold
small = pathlib.Path(sys.argv[2]) / 'tests/fuzz/corpus/library/small'
run('library', 'info', small, says='icosahedron')
for name, at, values in (('number', 'metadatabundle/simulation/pixel_qx', []), ('condition', 'conditions/semiangle_mrad', []), ('motif', 'templates/motif', None)):
    (work / f'{name}.h5').write_bytes(small.read_bytes())
    with h5py.File(work / f'{name}.h5', 'r+') as f:
        del f[f'motif_library/{at}']
        f.create_dataset(f'motif_library/{at}', (2**40,), 'i4', chunks=(1024,)) if values is None else f.create_dataset(f'motif_library/{at}', data=np.array(values, 'f8'))
    run('library', 'info', f'{name}.h5', status=3, says=f'{name}.h5')

# stored potentials of another shape, or without numbers
(work / 'a.xyz').write_text('2\nLattice="8 0 0 0 8 0 0 0 8" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 2 2 2\nZr 5 5 6\n')
simulate = ['simulate', 'a.xyz', '--semiangle', 12, '--grid', 64, '--wrap-limit', '100%']
run(*simulate, '--save-potential', 'v.h5', '-o', 'p.h5')
for name, change in (('flat', lambda v: v.reshape(1, -1)), ('fewer', lambda v: v[:, :-1]), ('smaller', lambda v: v[..., ::2, ::2]), ('nan', lambda v: v * np.nan)):
    (work / f'{name}.h5').write_bytes((work / 'v.h5').read_bytes())
    with h5py.File(work / f'{name}.h5', 'r+') as f: v = change(f['potential/slices'][()]); del f['potential/slices']; f['potential/slices'] = v
    run(*simulate, '--potential-file', f'{name}.h5', '-o', 'no.h5', status=3, says=f'{name}.h5')
with h5py.File(work / 'p.h5', 'r+') as f: f['audit'].attrs['intensity_out_mean'] = np.nan
text = run('info', 'p.h5', says='LOOK:'); check('nan is never good', not any('good:' in line and 'nan' in line for line in text.splitlines()))

print('\n'.join(failures) or f'{count} containers read')
sys.exit(bool(failures))
