#!/usr/bin/python3
"""Small inputs for the fuzz targets, a few a format: tests/fuzz/make_corpus.py [LIBRARY] writes tests/fuzz/corpus/; LIBRARY is a small file of "library build". Needs python3-numpy python3-h5py python3-scipy."""
import io, json, pathlib, struct, sys, zlib
import h5py, numpy as np
from scipy.io import savemat

corpus = pathlib.Path(__file__).resolve().parent / 'corpus'
frames = (np.arange(2 * 4 * 5).reshape(2, 4, 5) * 3).astype('u2')


def save(target, name, data):
    (corpus / target).mkdir(parents=True, exist_ok=True)
    (corpus / target / name).write_bytes(data)


def hdf5(target, name, fill, **options):
    image = io.BytesIO()
    with h5py.File(image, 'w', **options) as f: fill(f)
    save(target, name, image.getvalue())


def mib():
    head = 'MQ1,000001,00384,01,0005,0004,U16,   1x1,01,2021-01-01,0.001'.ljust(384).encode()
    body = b''.join(head + f.astype('>u2').tobytes() for f in frames)
    save('mib', 'list', body)
    save('mib', 'raster', body + b'====\nHDR,\t\nFrames in Acquisition (Number):\t2\nFrames per Trigger (Number):\t2\nScanX:\t2\nScanY:\t1\n')


def blockfile():
    head = b'IMGBLO' + struct.pack('<HIII', 258, 240, 246, 0) + struct.pack('<HHHHH', 4, 0, 2, 1, 0) + struct.pack('<dd', 1.5, 2.5) + struct.pack('<IHI', 200000, 6226, 2000)
    save('blo', 'two', head.ljust(246, b'\0') + b''.join(b'\xaa\x55id00' + frames[k, :, :4].astype('u1').tobytes() for k in range(2)))


def mrc():
    for name, mode, values in (('bytes', 0, frames.astype('u1')), ('words', 6, frames), ('floats', 2, frames.astype('f4'))):
        head = bytearray(1024); struct.pack_into('<iiii', head, 0, 5, 4, 2, mode); struct.pack_into('<ff', head, 76, 0, 200)
        save('mrc', name, bytes(head) + values.tobytes())
    head = bytearray(1024); struct.pack_into('>iiii', head, 0, 5, 4, 2, 6); save('mrc', 'big', bytes(head) + frames.astype('>u2').tobytes())


def tiff_page(at, image, last, description=b''):
    tags = [(256, 3, image.shape[1]), (257, 3, image.shape[0]), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 0), (277, 3, 1), (278, 3, image.shape[0]), (279, 4, image.nbytes)]
    if description: tags.insert(5, (270, 2, 0))
    size = 2 + 12 * len(tags) + 4; out = struct.pack('<H', len(tags)); text = at + size
    data = text + len(description)
    for tag, kind, value in tags:
        if tag == 273: value = data
        out += struct.pack('<HHII', tag, kind, len(description) if tag == 270 else 1, text if tag == 270 else value)
    end = data + image.nbytes
    return out + struct.pack('<I', 0 if last else end) + description + image.tobytes()


def tiff():
    head = b'II*\0' + struct.pack('<I', 8); first = tiff_page(8, frames[0], False)
    save('tif', 'two', head + first + tiff_page(8 + len(first), frames[1], True))
    save('tif', 'imagej', head + tiff_page(8, frames[0], True, b'ImageJ=1.53\nimages=2\nslices=2\n\0') + frames[1].tobytes())


def npy():
    for name, array in (('c', frames), ('f', np.asfortranarray(frames)), ('float', frames.astype('>f4'))):
        out = io.BytesIO(); np.save(out, array); save('npy', name, out.getvalue())


def matlab():
    values = np.arange(2 * 64, dtype='f4').reshape(8, 8, 2)
    for name, packed in (('plain', False), ('packed', True)):
        out = io.BytesIO(); savemat(out, {'data': values, 'n': 3}, do_compression=packed); save('mat', name, out.getvalue())
    def fill(f): f['data'] = values.T; f['data'].attrs['MATLAB_class'] = np.bytes_('single')
    image = io.BytesIO()
    with h5py.File(image, 'w', userblock_size=512) as f: fill(f)
    save('mat', 'level73', b'MATLAB 7.3 MAT-file'.ljust(512) + image.getvalue()[512:])


def dm(wide):
    length = (lambda n: struct.pack('>Q', n)) if wide else (lambda n: struct.pack('>I', n))
    def entry(kind, name, body): return struct.pack('>BH', kind, len(name)) + name + (struct.pack('>Q', len(body)) if wide else b'') + body
    def group(name, *tags): return entry(20, name, b'\0\0' + length(len(tags)) + b''.join(tags))
    def number(name, kind, value): return entry(21, name, b'%%%%' + length(1) + length(kind) + value)
    def array(name, kind, values): return entry(21, name, b'%%%%' + length(3) + length(20) + length(kind) + length(values.size) + values.tobytes())
    axis = group(b'', number(b'Origin', 6, struct.pack('<f', 2)), number(b'Scale', 6, struct.pack('<f', .2)), array(b'Units', 4, np.frombuffer('1/nm'.encode('utf-16-le'), '<u2')))
    data = group(b'ImageData', group(b'Calibrations', group(b'Dimension', axis, axis)), array(b'Data', 4, frames[0]), number(b'DataType', 5, struct.pack('<I', 10)),
                 group(b'Dimensions', number(b'', 5, struct.pack('<I', 5)), number(b'', 5, struct.pack('<I', 4))))
    tags = group(b'ImageTags', group(b'Microscope Info', number(b'Voltage', 7, struct.pack('<d', 2e5))))
    root = b'\0\0' + length(1) + group(b'ImageList', group(b'', data, tags))
    save('dm4' if wide else 'dm3', 'image', struct.pack('>i', 4 if wide else 3) + length(len(root)) + struct.pack('>i', 1) + root)


def empad():
    xml = b'<root name="a"><empad/><pix_x>1</pix_x><pix_y>1</pix_y><raw_file filename="scan_x1_y1.raw"/><source.get_voltage>300000.0</source.get_voltage></root>'
    save('empad', 'old', xml + b'\n====\n' + bytes(130 * 128 * 4))
    new = xml.replace(b'<pix_x>1</pix_x><pix_y>1</pix_y>', b'').replace(b'</root>', b'<scan_parameters mode="acquire"><scan_size>0.6</scan_size><scan_resolution_y>1</scan_resolution_y><scan_resolution_x>1</scan_resolution_x></scan_parameters><full_scan_field_of_view><scale_factor>0.72</scale_factor><x>1.2e-06</x></full_scan_field_of_view></root>')
    save('empad', 'new', new + b'\n====\n' + bytes(1000))


def zarr():
    chunk = frames[:1].astype('<u2').tobytes()
    meta = dict(zarr_format=2, shape=[2, 4, 5], chunks=[1, 4, 5], dtype='<u2', compressor=None, fill_value=0, order='C', filters=None)
    save('zarr', 'plain', b'2\n====\n' + json.dumps(meta).encode() + b'\n====\n{}\n====\n' + chunk)
    meta['compressor'] = dict(id='zlib', level=1)
    save('zarr', 'zlib', b'2\n====\n' + json.dumps(meta).encode() + b'\n====\n{}\n====\n' + zlib.compress(chunk))
    three = dict(zarr_format=3, node_type='array', shape=[2, 4, 5], data_type='uint16', chunk_grid=dict(name='regular', configuration=dict(chunk_shape=[1, 4, 5])),
                 chunk_key_encoding=dict(name='default', configuration=dict(separator='/')), fill_value=0, codecs=[dict(name='bytes', configuration=dict(endian='little'))])
    save('zarr', 'three', b'3\n====\n' + json.dumps(three).encode() + b'\n====\n====\n' + chunk)


def containers():
    def result(f):
        f['simulation/patterns'] = frames.reshape(1, 2, 4, 5).astype('f4'); f['simulation/q_y'] = np.arange(4.) - 2; f['simulation/q_x'] = np.arange(5.) - 2
        f.create_group('parameters').attrs['energy'] = 200.; f['parameters'].attrs['ini'] = 'energy = 200\n'
        a = f.create_group('audit'); a.attrs['version'] = '0.1'; a.attrs['intensity_out_mean'] = .99; a.attrs['intensity_out_min'] = .98
    def hyperspy(f):
        d = f.create_dataset('Experiments/scan/data', data=frames)
        for k in range(3):
            g = f.create_group(f'Experiments/scan/axis-{k}'); g.attrs.update(scale=.2, offset=-.4, units='nm^-1', size=d.shape[k])
    def nexus(f):
        f.attrs['default'] = 'entry'; f.create_group('entry').attrs['default'] = 'd'; d = f.create_group('entry/d'); d.attrs['signal'] = 's'; d['s'] = frames
    def velox(f):
        f['Data/Image/1/Data'] = np.moveaxis(frames, 0, 2); text = json.dumps(dict(Optics=dict(AccelerationVoltage='200000'))).encode()
        f['Data/Image/1/Metadata'] = np.tile(np.frombuffer(text, 'u1')[:, None], (1, 2))
    def potential(f): f['potential/slices'] = np.zeros((1, 4, 16, 16), 'f4')
    hdf5('h5', 'result', result); hdf5('hspy', 'hyperspy', hyperspy); hdf5('h5', 'nexus', nexus); hdf5('h5', 'velox', velox); hdf5('result', 'result', result); hdf5('potential', 'slices', potential)


def structures():
    save('xyz', 'extended', b'2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 0 0 0\nZr 2 2 2\n'); save('xyz', 'plain', b'1\nplain\nCu 0 0 0\n')
    save('kirkland', 'one', b'comment\n4 4 4\n29 0 0 0 1 0.08\n-1\n')
    save('data', 'atomic', b'# \n2 atoms\n1 atom types\n0 4 xlo xhi\n0 4 ylo yhi\n0 4 zlo zhi\n\nMasses\n\n1 63.546\n\nAtoms # atomic\n\n1 1 0 0 0\n2 1 2 2 2\n')
    save('dump', 'two', b'ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 4\nITEM: ATOMS id element x y z\n1 Cu 0 0 0\n' * 2)
    save('cif', 'fcc', b"data_a\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\nloop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nCu1 Cu 0 0 0\n")
    sites = b"loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_B_iso_or_equiv\n_atom_site_site_symmetry_multiplicity\nFe1 0 0 0 1 .5 4\nO1 .5 .5 .5 .9 .5 4\n"
    cell = b"data_b\n_cell_length_a 4.3\n_cell_length_b 4.3\n_cell_length_c 4.3\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_cell_volume 79.5\n_chemical_formula_sum 'Fe O'\n_cell_formula_units_Z 4\n"
    save('cif', 'named', cell + b"_space_group_name_H-M_alt 'F m -3 m'\n_space_group_IT_number 225\n" + sites)
    save('cif', 'listed', cell.replace(b'Z 4', b'Z 1') + b"loop_\n_space_group_symop_operation_xyz\n'x,y,z'\n'-x,-y,-z+1/2'\n" + sites.replace(b' 4\n', b' 2\n'))
    save('mmcif', 'models', b"data_1ABC\n_cell.length_a 9\n_cell.length_b 9\n_cell.length_c 9\n_cell.angle_alpha 90\n_cell.angle_beta 90\n_cell.angle_gamma 90\n_symmetry.space_group_name_H-M 'P 1'\nloop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.occupancy\n_atom_site.B_iso_or_equiv\n_atom_site.pdbx_PDB_model_num\nATOM 1 CU 1 1 1 1 0.5 1\nATOM 2 ZR 4 4 4 1 0.5 1\nATOM 1 CU 2 1 1 1 0.5 2\n")
    save('pdb', 'one', b'CRYST1    4.000    4.000    4.000  90.00  90.00  90.00 P 1\nATOM      1 CU   MET A   1       1.000   1.000   1.000  1.00  0.00          CU\nEND\n')
    save('vasp', 'one', b'a\n1.0\n4 0 0\n0 4 0\n0 0 4\nCu\n1\nDirect\n0 0 0\n'); save('xdatcar', 'one', b'a\n1.0\n4 0 0\n0 4 0\n0 0 4\nCu\n1\nDirect configuration=     1\n0 0 0\nDirect configuration=     2\n0 0 .1\n')
    save('data', 'labels', b'# units metal\n2 atoms\n2 atom types\n0 4 xlo xhi\n0 4 ylo yhi\n0 4 zlo zhi\n1 0 0 xy xz yz\n\nAtom Type Labels\n\n1 Cu\n2 Zr\n\nMasses\n\n1 63.546\n2 91.2\n\nAtoms # charge\n\n1 Cu 0.1 0 0 0 0 0 0\n2 Zr -0.1 2 2 2 0 0 1\n')
    save('vasp', 'selective', b'a\n-64\n1 0 0\n0 1 0\n0 0 1\nCu Zr\n1 1\nSelective dynamics\nCartesian\n0 0 0 T T F\n1 1 1 T T F\n')
    out = io.BytesIO(); savemat(out, dict(model=np.arange(12.).reshape(3, 4), types=np.array([29., 29, 40, 40]), cell=np.array([9., 9, 9]))); save('atoms', 'level5', out.getvalue())
    save('table', 'setfl', b'a\nb\nc\n1 Cu\n5 .1 5 .1 4\n29 63.5 3.6 fcc\n' + b'1 2 3 4 5\n' * 3); save('table', 'points', b'Ni,0,1\nNi,1,.5\nNi,2,.2\nNi,3,.1\n')
    save('table', 'terms', b'Cu,kirkland,1,1,1,1,1,1,1,1,1,1,1,1\nZr,peng,1,1,1,1,1,1,1,1,1,1\nAl,lobato,1,1,1,1,1,1,1,1,1,1\n'); save('table', 'pairs', b'# x y\n0 1\n2, 3\n')
    import gzip; save('gz', 'xyz', gzip.compress(b'1\nplain\nCu 0 0 0\n', mtime=0))


def others(library=None):
    save('journal', 'empty', b'vitrobeam journal 1\nrun\n')
    record = struct.pack('<QQI', 1, 4, zlib.crc32(b'abcd')); save('journal', 'one', b'vitrobeam journal 1\nrun\n' + record + struct.pack('<I', zlib.crc32(record)) + b'abcd')
    save('parameters', 'some', b'# comment\nenergy = 80\nthickness = 10,20\ncount = 2\nflag = true\nname = a\nforce = true\n')
    if library: hdf5('library', 'small', lambda f: shrunk(library, f))


def shrunk(path, out):
    """A library whose patterns are cut to a few pixels, without the second view of them."""
    with h5py.File(path) as f:
        out.attrs.update(f.attrs)
        def take(name, item):
            if name == 'Experiments/motif_library/data': name = 'motif_library/patterns/data'  # one array of two names
            if name.startswith('Experiments'): return
            if isinstance(item, h5py.Dataset): out[name] = item[:, :4, :4] if item.ndim == 3 else item[()]
            else: out.require_group(name)
            for key, value in item.attrs.items(): out[name].attrs[key] = value if key not in ('ini', 'plan', 'command') else str(value)[:200]
        f.visititems(take)


for make in (mib, blockfile, mrc, tiff, npy, matlab, lambda: dm(False), lambda: dm(True), empad, zarr, containers, structures, lambda: others(*sys.argv[1:2])): make()
print(sum(p.stat().st_size for p in corpus.rglob('*') if p.is_file()), 'bytes')
