#!/usr/bin/python3
"""The architecture as a test: which folder may include which, and the one place of each foreign interface."""
import pathlib, re, sys

root = pathlib.Path(sys.argv[2])
lower = {'base', 'fourier', 'models', 'potentials', 'multislice', 'patterns', 'maps'}
allowed = {
    'base': {'base'},
    'fourier': {'base', 'fourier'},
    'models': {'base', 'models'},
    'potentials': {'base', 'fourier', 'models', 'potentials'},
    'multislice': {'base', 'fourier', 'models', 'potentials', 'multislice'},
    'patterns': {'base', 'fourier', 'patterns'},
    'maps': {'base', 'fourier', 'maps'},
    'studies': lower | {'studies'},
    'io': lower | {'studies', 'io'},
    'pictures': lower | {'studies', 'io', 'pictures'},
    'runtime': {'base', 'runtime'},
    'options': {'base', 'models', 'io', 'options'},
    'drivers': lower | {'studies', 'io', 'pictures', 'runtime', 'options', 'drivers'},
}
one_place = {'fftw3.h': 'fourier/fourier.cpp', 'hdf5.h': 'io/hdf5_library.hpp', 'boost/': 'options/settings.cpp',
             'io/hdf5_library.hpp': 'io/hdf5_',  # the reader and the writer
             'zlib.h': ('io/text_reader.cpp', 'io/unpacking.cpp'), 'blosc.h': 'io/unpacking.cpp', 'zstd.h': 'io/unpacking.cpp', 'mpi.h': 'runtime/ranks.cpp', 'voro++/': 'models/voronoi.cpp', 'cairo': 'pictures/',
             'spdlog/': 'drivers/log.cpp', 'openssl/': 'io/digest.cpp', 'tiffio.h': 'io/frames_tiff.cpp'}
# Layers whose messages write a field as @q_max, never as an option (base/error.hpp); provenance writes command lines.
without_options = set(allowed) - {'options', 'drivers'}
# What reads HDF5 files: a memory fault in the library is told from one of ours by where it is called.
guarded = {'io/hdf5_reader.cpp', 'io/hdf5_links.cpp', 'io/hdf5_library.cpp', 'io/hdf5_library.hpp'}
wrong = []
for layer, may in allowed.items():
    for path in sorted((root / layer).rglob('*.[ch]pp')):
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if layer in without_options and name != 'io/provenance.cpp' and re.search(r'"[^"]*(?<![\w-])--[a-z][^"]*"', line):
                wrong.append(f'{name}:{number}: names an option; write the field as @q_max')
            if name in guarded and re.search(r'\bH5[A-Z]+[a-z]\w*\(', line):
                wrong.append(f'{name}:{number}: calls the HDF5 library unguarded; write call(H5.., ..)')
            include = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if not include: continue
            target = include.group(1)
            first = target.split('/')[0]
            if first in allowed and first not in may:
                wrong.append(f'{name}:{number}: {layer} must not know {target}')
            for foreign, place in one_place.items():
                if target.startswith(foreign) and not name.startswith(place):
                    wrong.append(f'{name}:{number}: {foreign} belongs in {place}')
print('\n'.join(wrong) or f'{len(allowed)} layers in order')
sys.exit(bool(wrong))
