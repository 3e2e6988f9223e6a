#!/usr/bin/python3
"""Variants of pattern files that look like their plain forms: each is read as it is meant, or refused, or the user is told. Usage: PROGRAM."""
import json, pathlib, struct, subprocess, sys, tempfile

try:
    import h5py, numpy as np
except ImportError:
    print('skipped: needs python3-h5py and python3-numpy'); sys.exit(77)

program = pathlib.Path(sys.argv[1]).resolve()
work = pathlib.Path(tempfile.mkdtemp(prefix='vitrobeam_variants_'))
failures, count = [], 0
scan = (np.arange(2 * 3 * 8 * 10).reshape(2, 3, 8, 10) % 97 + 20).astype('u2')
stack = scan.reshape(6, 8, 10)


def reads(name, expected, *options, says=''):
    """The file gives these patterns, and standard error says so much."""
    global count
    count += 1
    out = f'o{count}.h5'
    p = subprocess.run([program, 'convert', name, '-o', out, *map(str, options)], capture_output=True, text=True, cwd=work, timeout=60)
    data, m = None, {}
    if p.returncode == 0:
        with h5py.File(work / out) as f: g = f['measurement']; data = g['patterns'][()]; m = {k: float(np.diff(g[k][()])[0]) for k in ('q_x', 'scan_x', 'scan_y') if k in g and len(g[k]) > 1}
    if data is None or data.size != np.size(expected) or (np.ndim(expected) == 4 and data.shape != expected.shape) or not np.array_equal(data.ravel(), np.ravel(expected)):
        failures.append(f'{name}: status {p.returncode}, patterns {None if data is None else data.shape} are not those expected: {p.stderr[-300:]}')
    if says not in p.stderr: failures.append(f"{name}: expected '{says}': {p.stderr[-300:]}")
    return m


def refuses(name, says, *options):
    global count
    count += 1
    p = subprocess.run([program, 'convert', name, '-o', 'no.h5', *map(str, options)], capture_output=True, text=True, cwd=work, timeout=60)
    if p.returncode not in (2, 3) or says not in p.stderr or name.split(':')[0] not in p.stderr or (work / 'no.h5').exists():
        failures.append(f"{name}: status {p.returncode}, expected a refusal with '{says}': {p.stderr[-300:]}")


scale = ('--pixel-q', .02)


# DigitalMicrograph: surveys, steps of the scan, spectra, two equal images
def tag(kind, name, body): return bytes([kind]) + struct.pack('>H', len(name)) + name.encode() + body
def group(name, *tags): return tag(20, name, b'\1\0' + struct.pack('>I', len(tags)) + b''.join(tags))
def number(name, value, kind='f'): return tag(21, name, b'%%%%' + struct.pack('>2I', 1, dict(f=6, I=5)[kind]) + struct.pack('<' + kind, value))
def array(name, kind, values): return tag(21, name, b'%%%%' + struct.pack('>4I', 3, 20, kind, values.size) + values.tobytes())


def image(values, *axes, data_type=10):
    axes = [group('', number('Scale', s), number('Origin', o), array('Units', 4, np.frombuffer(u.encode('utf-16-le'), '<u2'))) for s, o, u in axes]
    return group('', group('ImageData', group('Calibrations', group('Dimension', *axes)), array('Data', 4, values), number('DataType', data_type, 'I'), group('Dimensions', *[number('', n, 'I') for n in values.shape[::-1]])))


def save_dm(name, *images): (work / name).write_bytes(struct.pack('>3I', 3, 0, 1) + b'\1\0' + struct.pack('>I', 1) + group('ImageList', *images) + bytes(8))


q, r = (.2, 4, '1/nm'), (2, 0, 'nm')
survey = image(np.ones((60, 60), 'u2'), r, r)
save_dm('survey.dm3', survey, image(scan, q, q, (2, 0, 'nm'), (3, 0, 'nm'))); m = reads('survey.dm3', scan)
if not (abs(m.get('scan_x', 0) - 20) < 1e-6 and abs(m.get('scan_y', 0) - 30) < 1e-6): failures.append(f'survey.dm3: steps {m}')
save_dm('two.dm3', image(stack[0], q, q), image(stack[1], q, q)); refuses('two.dm3', '/ImageList/1'); reads('two.dm3:/ImageList/1', stack[1])
save_dm('spectra.dm3', image(stack, r, r, (.5, 0, 'eV'))); refuses('spectra.dm3', 'spectra', *scale)
save_dm('picture.dm3', image(stack[0], r, r)); reads('picture.dm3', stack[0], *scale, says='pictures of the specimen')
save_dm('complex.dm3', image(stack[0], q, q, data_type=3)); refuses('complex.dm3', 'real numbers')


# NumPy: headers of other writers, records; paths inside of files that have none
def save_npy(name, header, data): (work / name).write_bytes(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + data)


save_npy('tight.npy', "{'descr':'<u2','fortran_order':False,'shape':(2,3,8,10)}\n", scan.tobytes()); reads('tight.npy', scan, *scale)
save_npy('quotes.npy', '{"shape": (2, 3, 8, 10), "fortran_order": True, "descr": ">u2"}\n', scan.astype('>u2').tobytes('F')); reads('quotes.npy', scan, *scale)
np.save(work / 'records.npy', np.zeros((4, 8, 10), [('a', 'u2')])); refuses('records.npy', 'records', *scale); refuses('tight.npy:/data', 'by name', *scale)


# TIFF: one page whose description states more; MRC: ranges that the type cannot hold
def save_tiff(name, description, data):
    text = description.encode() + b'\0'; at = 8 + len(text) + len(text) % 2; tags = [(256, 4, 1, 10), (257, 4, 1, 8), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (270, 2, len(text), 8), (273, 4, 1, at), (277, 3, 1, 1), (278, 4, 1, 8), (279, 4, 1, 160)]
    body = b'II*\0' + struct.pack('<I', at + len(data)) + text.ljust(at - 8, b'\0') + data
    (work / name).write_bytes(body + struct.pack('<H', len(tags)) + b''.join(struct.pack('<2H2I', *t) for t in tags) + bytes(4))


save_tiff('shape.tif', json.dumps(dict(shape=scan.shape)), scan.tobytes()); reads('shape.tif', scan, *scale)
save_tiff('short.tif', json.dumps(dict(shape=(900, 8, 10))), scan.tobytes()); refuses('short.tif', 'ends early', *scale)
save_tiff('ome.tif', '<OME><Image><Pixels SizeC="1" SizeT="6" SizeZ="1"/></Image></OME>', scan.tobytes()); refuses('ome.tif', '6 images', *scale)
save_tiff('behind.tif', '', stack[0].tobytes() + bytes(100000)); reads('behind.tif', stack[0], *scale, says='belong to no page')


def save_mrc(name, values, mode, low, high, imod=None):
    head = bytearray(1024); struct.pack_into('<4i', head, 0, values.shape[2], values.shape[1], values.shape[0], mode); struct.pack_into('<2f', head, 76, low, high); head[208:212] = b'MAP '
    if imod is not None: struct.pack_into('<2i', head, 152, 1146047817, imod)
    (work / name).write_bytes(bytes(head) + values.tobytes())


wide = (stack + 40000).astype('<u2'); save_mrc('unsigned.mrc', wide, 1, 40020, 40116); reads('unsigned.mrc', wide, *scale); save_mrc('range.mrc', stack, 6, 0, 70000); refuses('range.mrc', '70000', *scale)
save_mrc('imod.mrc', stack.astype('u1'), 0, 20, 200, imod=1); refuses('imod.mrc', 'IMOD', *scale); save_mrc('open.map', stack.astype('u1'), 0, 0, -1); reads('open.map', stack, *scale, says='signed')


# EMPAD: other quotes and attributes; Merlin: lost frames
pixels = np.zeros((6, 130, 128), 'f4'); pixels[:] = np.arange(6)[:, None, None]; pixels.tofile(work / 'a.raw')
(work / 'a.xml').write_text("<root><raw_file  filename = 'a.raw' /><pix_x>3</pix_x><pix_y unit='1'>2</pix_y><by>empad</by></root>"); reads('a.xml', pixels[:, :128].reshape(2, 3, 128, 128), *scale)
frames = lambda numbers: b''.join(f'MQ1,{k:06d},00384,01,0010,0008,U16,'.encode().ljust(384) + f[::-1].astype('>u2').tobytes() for k, f in zip(numbers, stack))
(work / 'all.mib').write_bytes(frames((1, 2, 3, 4, 5, 6))); reads('all.mib', stack, *scale); (work / 'lost.mib').write_bytes(frames((1, 2, 3, 4, 7, 8))); reads('lost.mib', stack, *scale, says='some are lost')


# MATLAB 7.3: text is no image, equal arrays are asked for
def save_matlab(name, **arrays):
    with h5py.File(work / name, 'w', userblock_size=512) as f:
        for n, kind in arrays.items(): f[n] = np.swapaxes(stack, 1, 2); f[n].attrs['MATLAB_class'] = np.bytes_(kind)
    with open(work / name, 'r+b') as f: f.write(b'MATLAB 7.3 MAT-file'.ljust(512))


save_matlab('text.mat', a='char'); refuses('text.mat', 'no array of patterns', *scale); save_matlab('equal.mat', a='uint16', b='uint16'); refuses('equal.mat', 'several arrays', *scale); reads('equal.mat:/b', stack, *scale)

# HDF5: what was never written, axes without one scale, NeXus without a default, parts that are missing
with h5py.File(work / 'blocks.h5', 'w') as f: f.create_dataset('entry/data/data', scan.shape, 'u2', chunks=(1, 3, 8, 10))[0] = scan[0]
half = scan.copy(); half[1] = 0; reads('blocks.h5', half, *scale, says='1 of its blocks were never written')
with h5py.File(work / 's.h5', 'w') as f: f['s'] = scan[0]
for name, dataset in (('part.h5', 's'),):
    layout = h5py.VirtualLayout(scan.shape, 'u2'); layout[0] = h5py.VirtualSource('s.h5', dataset, scan.shape[1:])
    with h5py.File(work / name, 'w') as f: f.create_virtual_dataset('entry/data/data', layout, fillvalue=0)
reads('part.h5', half, *scale, says='240 of its values come from no source')


def save_nexus(name, grow=1., names=('y', 'x', 'ky', 'kx'), old=False):
    with h5py.File(work / name, 'w') as f:
        g = f.create_group('run/d'); g.attrs['NX_class'] = 'NXdata'; g['counts'] = scan
        (g['counts'] if old else g).attrs.update(signal=1 if old else 'counts', axes=':'.join(names) if old else names)
        for n, k, units in (('y', 2, 'nm'), ('x', 3, 'nm'), ('ky', 8, '1/nm'), ('kx', 10, '1/nm')): g[n] = np.arange(k)**grow * .2 - .8; g[n].attrs['units'] = units


for name, old in (('new.nxs', False), ('old.nxs', True)):
    save_nexus(name, old=old); m = reads(name, scan)
    if not abs(m.get('q_x', 0) - .02) < 1e-6: failures.append(f'{name}: scale {m}')
save_nexus('bent.nxs', grow=1.5); refuses('bent.nxs', '--pixel-q'); save_nexus('turned.nxs', names=('ky', 'kx', 'y', 'x')); refuses('turned.nxs', 'runs fastest', *scale)
for name, numbers in (('whole.h5', (1, 2)), ('hole.h5', (1, 3))):
    with h5py.File(work / name, 'w') as f:
        for k, n in enumerate(numbers): f[f'entry/data/data_{n:06d}'] = stack[3 * k:3 * k + 3]
reads('whole.h5', stack, *scale); refuses('hole.h5', 'missing', *scale)
with h5py.File(work / 'whole.h5', 'r+') as f: f['entry/instrument/detector/detectorSpecific/pixel_mask'] = np.zeros((4, 4), 'u4')
refuses('whole.h5', 'pixel_mask', *scale)
with h5py.File(work / 'cubes.h5', 'w') as f:
    f.attrs['emd_group_type'] = 'file'
    for name in ('datacube', 'second'): g = f.create_group('datacube_root/' + name); g.attrs['emd_group_type'] = 'array'; g['data'] = scan
refuses('cubes.h5', '/datacube_root/second/data', *scale)


# Zarr: chunks that are not there, checksums
def save_zarr(name, fill, codecs=(), chunks=(0, 1), behind=b''):
    at = work / name; at.mkdir(); meta = dict(zarr_format=2, shape=scan.shape, chunks=(1, 3, 8, 10), dtype='<u2', order='C', fill_value=fill, filters=None, compressor=None)
    if codecs: meta = dict(zarr_format=3, node_type='array', shape=scan.shape, data_type='uint16', chunk_grid=dict(name='regular', configuration=dict(chunk_shape=(1, 3, 8, 10))), chunk_key_encoding=dict(name='v2'), fill_value=fill, codecs=codecs)
    (at / ('zarr.json' if codecs else '.zarray')).write_text(json.dumps(meta))
    for k in chunks: (at / f'{k}.0.0.0').write_bytes(scan[k].tobytes() + behind)


save_zarr('hole.zarr', 0, chunks=(0,)); reads('hole.zarr', half, *scale, says='1 of its chunks'); save_zarr('open.zarr', None, chunks=(0,)); refuses('open.zarr', 'no fill value', *scale)
save_zarr('sum.zarr', 0, [dict(name='bytes', configuration=dict(endian='little')), dict(name='crc32c')], behind=b'abcd'); refuses('sum.zarr', 'checksum', *scale)

# marks of bad pixels in arrays that were made wider
for kind in ('f4', 'u4'):
    marked = scan.astype(kind); marked[..., 2, 3] = 65535; np.save(work / f'{kind}.npy', marked); marked[..., 2, 3] = 0; reads(f'{kind}.npy', marked, *scale, says='1 pixel is hidden')

# hidden positions of an image are not known, in place of zeros
plane = (np.arange(256).reshape(16, 16) % 7 + 100).astype('u2'); plane[5, 7] = 65535; np.save(work / 'image.npy', plane)
p = subprocess.run([program, 'density', 'image.npy', '--step', '1', '-o', 'density.h5'], capture_output=True, text=True, cwd=work, timeout=60)
if p.returncode or not ('1 pixel is hidden' in p.stderr and '1 position is not known' in p.stderr): failures.append(f'image.npy: {p.stderr[-300:]}')

print('\n'.join(failures) or f'{count} variants')
sys.exit(bool(failures))
