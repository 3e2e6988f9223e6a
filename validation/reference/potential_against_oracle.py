#!/usr/bin/python3
"""Error of the projected potential of the 4000-atom glass, by products and by spreading, against the separable float64
sums of an independent program: root mean square over that of the potential, mean left out, worst slice.
potential_against_oracle.py VITROBEAM ORACLE MODEL"""
import importlib.util, os, subprocess, sys, tempfile

program, oracle_path, model = (os.path.abspath(p) for p in sys.argv[1:4])
if not os.path.exists(oracle_path):
    print(f"skipped: {oracle_path} is absent")
    sys.exit(77)
import h5py, numpy as np

spec = importlib.util.spec_from_file_location("oracle", oracle_path)
oracle = importlib.util.module_from_spec(spec)
spec.loader.exec_module(oracle)
N, THICKNESS, TOLERANCE = 512, 2.0, 1e-5


def reference(table_name):
    """V Angstrom, slice by slice, limited to the band: as the oracle's main() does."""
    sym, pos, (lx, ly, lz) = oracle.read_xyz(model)
    qx, qy = np.fft.fftfreq(N, lx / N), np.fft.fftfreq(N, ly / N)
    q2 = qy[:, None] ** 2 + qx[None, :] ** 2
    band = q2 < (2 / 3 * min(N / (2 * lx), N / (2 * ly))) ** 2 * (1 - 1e-9)
    slices = max(1, round(lz / THICKNESS))
    which = np.clip(np.floor(pos[:, 2] / (lz / slices)).astype(int), 0, slices - 1)
    table = oracle.table(table_name)
    for s in range(slices):
        total = np.zeros((N, N), complex)
        for element in sorted(set(sym)):
            p = pos[(sym == element) & (which == s)]
            sums = np.exp(-2j * np.pi * np.outer(qy, p[:, 1])) @ np.exp(-2j * np.pi * np.outer(p[:, 0], qx))
            total += oracle.scattering_factor(table_name, table[element], q2) * sums
        yield np.fft.ifft2(total * band).real * N * N * oracle.VOLT_A2 / (lx * ly)


worst = 0
with tempfile.TemporaryDirectory() as folder:
    for table_name in ("kirkland", "lobato"):
        exact = list(reference(table_name))
        for path in ("product", "spreading"):
            for precision in ("single", "double"):
                stored = os.path.join(folder, "v.h5")
                subprocess.run([program, "simulate", model, "--grid", str(N), "--slice", str(THICKNESS), "--potential", table_name,
                                "--atom-sum", path, "--precision", precision, "--engine", "multislice", "--semiangle", "10",
                                "--save-potential", stored, "-o", os.path.join(folder, "o.h5"), "--force"],
                               check=True, capture_output=True)
                with h5py.File(stored) as file:
                    slices = file["potential/slices"][0]
                assert len(slices) == len(exact)
                errors = [np.std(v - e) / np.std(e) for v, e in zip(slices.astype(float), exact)]
                print(f"{table_name:9} {path:10} {precision:7} worst slice {max(errors):.2e} of rms")
                worst = max(worst, max(errors))
print("holds" if worst < TOLERANCE else "does not hold", f"{worst:.2e}, tolerance {TOLERANCE:g}")
sys.exit(worst >= TOLERANCE)
