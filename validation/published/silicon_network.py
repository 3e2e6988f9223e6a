#!/usr/bin/python3
"""Bond angles of the continuous random network that `model network` makes with its defaults (216 atoms), measured here from the
four nearest neighbours of every atom: 10 to 12 degrees rms are those measured of real amorphous silicon.
Usage: silicon_network.py VITROBEAM [SEED ...]    seeds 11 to 14 unless given. Two minutes."""
import pathlib, re, subprocess, sys, tempfile

import numpy

program, seeds = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or [str(s) for s in range(11, 15)]
model, spread, energy = pathlib.Path(tempfile.mkdtemp()) / "si.xyz", [], []
for seed in seeds:
    printed = subprocess.run([program, "model", "network", "--seed", seed, "-o", model, "--force"], check=True, capture_output=True, text=True).stdout
    lines = model.read_text().splitlines()
    edge = float(re.search(r'Lattice="([\d.]+)', lines[1])[1])
    place = numpy.array([line.split()[1:4] for line in lines[2:]], float)
    step = place[None] - place[:, None]
    step -= edge * numpy.rint(step / edge)
    length = numpy.linalg.norm(step, axis=2)
    numpy.fill_diagonal(length, numpy.inf)
    fourth, fifth = numpy.sort(length)[:, 3:5].T
    bond = numpy.take_along_axis(step / length[..., None], numpy.argsort(length)[:, :4, None], 1)
    angle = numpy.degrees(numpy.arccos(numpy.clip((bond[:, :, None] * bond[:, None]).sum(3)[:, *numpy.triu_indices(4, 1)], -1, 1)))
    spread.append(angle.std())
    energy.append(float(re.search(r"network +([\d.]+) eV", printed)[1]))
    print(f"seed {seed}: bond angles {angle.mean():.2f} +- {angle.std():.2f} degrees, {energy[-1]:.3f} eV per atom (Keating); longest of four bonds {fourth.max():.2f} Angstrom, "
          f"shortest fifth neighbour {fifth.min():.2f}")
print(f"{len(seeds)} networks: {numpy.mean(spread):.2f} degrees, standard deviation {numpy.std(spread, ddof=len(seeds) > 1):.2f}; {numpy.mean(energy):.3f} eV per atom")
sys.exit(0 if 10 <= numpy.mean(spread) <= 12 else 1)
