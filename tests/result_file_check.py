#!/usr/bin/python3
"""Checks a 3 x 4 scan of 32 x 48 patterns: result_file_check.py FILE REFERENCE. REFERENCE, where it exists, is a file that
py4DSTEM, HyperSpy, LiberTEM and NeXus readers were seen to open: every attribute in it must be in FILE with its type."""
import os
import sys
import warnings

import h5py
import numpy

path, reference_path = sys.argv[1:]
f = h5py.File(path, "r")
patterns = f["simulation/patterns"]
assert patterns.shape == (3, 4, 32, 48) and patterns.dtype == numpy.float32
for view in ("datacube_root/datacube/data", "Experiments/patterns/data", "entry/data/data"):
    assert f[view].id.get_offset() == patterns.id.get_offset() and f[view] == patterns, view
    assert h5py.h5o.get_info(f[view].id).addr == h5py.h5o.get_info(patterns.id).addr, view
assert f["datacube_root/datacube/dim0"][()].tolist() == [4, 6]
assert f["entry/data"].attrs["axes"].tolist() == ["y", "x", "ky", "kx"]
calibration = f["datacube_root/metadatabundle/calibration"]
assert numpy.isclose(calibration["qx0_mean"][()], 16) and numpy.isclose(calibration["qy0_mean"][()], 24)
assert numpy.allclose(calibration["Q_pixel_size"][()], 0.02) and calibration["R_pixel_size"][()] == 2


def kind(attribute):
    """What a reader sees of an attribute or dataset: class, string length, shape."""
    dtype = attribute.dtype
    string = h5py.check_string_dtype(dtype)
    enum = h5py.check_enum_dtype(dtype)
    return (string.length if string else "", string is not None, str(enum), dtype.kind if not string else "s", attribute.shape)


def compare(ours, theirs, where):
    """Every attribute and item of the reference is here too, with the same type and, but for names, value."""
    for name in theirs.attrs:
        assert name in ours.attrs, f"{where}: no attribute {name}"
        a, b = ours.attrs.get_id(name), theirs.attrs.get_id(name)
        assert kind(a) == kind(b), f"{where}@{name}: {kind(a)} instead of {kind(b)}"
        if name not in ("UUID", "authoring_program", "title", "units", "scale", "offset", "package_version"):
            assert numpy.all(ours.attrs[name] == theirs.attrs[name]), f"{where}@{name}: {ours.attrs[name]}"
    if isinstance(theirs, h5py.Group):
        for name in theirs:
            name_here = "patterns" if where == "/Experiments" and name == "datacube" else name
            assert name_here in ours, f"{where}: no {name_here}"
            compare(ours[name_here], theirs[name], where.rstrip("/") + "/" + name_here)
    else:
        assert kind(ours)[:4] == kind(theirs)[:4] and ours.ndim == theirs.ndim, f"{where}: {ours} instead of {theirs}"


if os.path.exists(reference_path):
    compare(f, h5py.File(reference_path, "r"), "/")
else:
    print("no reference file: its comparison is left out")

try:
    import hyperspy.api as hs
except ImportError:
    print("no HyperSpy: left out")
    sys.exit(0)
warnings.simplefilter("ignore")
if path.endswith(".h5"):
    sys.exit(0)  # HyperSpy 1.7 knows .hspy and .hdf5; the bytes are the same
signal = hs.load(path)
axes = signal.axes_manager
assert [a.name for a in axes._axes] == ["y", "x", "ky", "kx"]
assert [a.units for a in axes._axes] == ["angstrom", "angstrom", "1/angstrom", "1/angstrom"]
assert numpy.allclose([a.scale for a in axes._axes], [2, 2, 0.02, 0.02])
assert numpy.allclose([a.offset for a in axes._axes], [4, 1, -0.32, -0.48])
assert [a.navigate for a in axes._axes] == [True, True, False, False]
assert signal.metadata.Acquisition_instrument.TEM.beam_energy == 200
assert signal.metadata.General.title == "glass"
assert numpy.array_equal(signal.data, patterns[()])
