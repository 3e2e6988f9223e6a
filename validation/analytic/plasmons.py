#!/usr/bin/python3
"""What folding with plasmon losses leaves out: elastic scattering behind a loss sees a tilted beam.

Multislice of its own on the potential that simulate --save-potential kept, of the Cu-Zr example stacked eight times in other orientations.
Histories are drawn: numbers Poisson with one loss at least, depths uniform, angles Lorentzian; behind a loss the wave is carried on as
a tilted one, exactly in the periodic cell. From each the elastic pattern, turned by the same angles, is taken away, which is folding, so that
only the difference is left, with its noise.
plasmons.py PROGRAM SOURCE_DIR [--histories N] [--path ANGSTROM] [--energy-loss EV] [--cutoff MRAD] [--every SLICES]
Prints by thickness, in % of the elastic pattern: the rms difference of the whole pattern and outside the bright disc (from the product of two
halves of the histories, which has no noise), the worst ring of 5 mrad with its standard error, and annular detectors."""
import argparse, os, subprocess, tempfile
import h5py, numpy as np

parse = argparse.ArgumentParser()
parse.add_argument("program")
parse.add_argument("source")
parse.add_argument("--histories", type=int, default=300)
parse.add_argument("--path", type=float, default=1000)
parse.add_argument("--energy-loss", type=float, default=20)
parse.add_argument("--every", type=int, default=20)
parse.add_argument("--cutoff", type=float)
parse.add_argument("--seed", type=int, default=1)
o = parse.parse_args()
random = np.random.default_rng(o.seed)
program, n, semiangle, energy = os.path.abspath(o.program), 144, 10, 200e3
glass = os.path.join(os.path.abspath(o.source), "examples", "Cu64.5Zr35.5_4000_glass_300K.extxyz")


def stack(name, window=28.0, copies=8, gap=1.0):
    """Columns of the cubic glass one behind the other, turned so that none comes twice."""
    lines = open(glass).read().splitlines()
    edge = float(lines[1].split('"')[1].split()[0])
    atoms = [(line.split()[0], *map(float, line.split()[1:4])) for line in lines[2:] if line.strip()]
    out = []
    for r in range(copies):
        for symbol, x, y, z in atoms:
            turned = [(x, y, z), (y, z, x), (z, x, y), (y, x, z), (x, z, y), (z, y, x), (edge - x, y, z), (edge - y, z, x)][r]
            a, b, c = (v % edge for v in turned)
            if 0.4 < a < window - 0.4 and 0.4 < b < window - 0.4:
                out.append(f"{symbol} {a:.5f} {b:.5f} {c + r * (edge + gap):.5f}\n")
    with open(name, "w") as file:
        file.write(f'{len(out)}\nLattice="{window} 0 0 0 {window} 0 0 0 {copies * (edge + gap)}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
        file.writelines(out)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    stack("model.xyz")
    subprocess.run([program, *(f"simulate model.xyz --grid {n} --semiangle {semiangle} --oversampling 1 --precision double --aperture-edge hard "
                               f"--engine multislice --every-slices {o.every} --wrap-limit 100 --save-potential v.h5 -o elastic.h5").split()],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File("v.h5") as f:
        slices = f["potential/slices"][0]
    with h5py.File("elastic.h5") as f:
        audit = {k: f["audit"].attrs[k] for k in ("wavelength", "interaction_constant", "slice_thickness")}
        elastic = f["simulation/patterns"][()].reshape(-1, n, n)
        q_x, q_y = f["simulation/q_x"][()], f["simulation/q_y"][()]
rest = 510998.95
theta_E = o.energy_loss * (energy + rest) / (energy * (energy + 2 * rest))
fermi = np.cbrt(3 * np.pi**2 * o.energy_loss**2 / (4 * np.pi * 14.39964 * 7.61996))
theta_c = 1e-3 * o.cutoff if o.cutoff else o.energy_loss / (7.61996 * fermi) * audit["wavelength"] / (2 * np.pi)

dz, wavelength = audit["slice_thickness"], audit["wavelength"]
lx, ly = 1 / (q_x[1] - q_x[0]), 1 / (q_y[1] - q_y[0])
fx, fy = np.fft.fftfreq(n, lx / n), np.fft.fftfreq(n, ly / n)
q2 = fx[None, :] ** 2 + fy[:, None] ** 2
band = q2 < (2 / 3 * min(n / lx, n / ly) / 2) ** 2
propagator = band * np.exp(-1j * np.pi * wavelength * dz * q2)
transmission = [np.fft.ifft2(band * np.fft.fft2(np.exp(1j * audit["interaction_constant"] * v))) for v in slices]
probe = (np.sqrt(q2) * wavelength < 1e-3 * semiangle).astype(complex)
# in the middle of the cell, as simulate has it
probe *= np.exp(-2j * np.pi * (fx[None, :] * lx / 2 + fy[:, None] * ly / 2))
probe /= np.sqrt((abs(probe) ** 2).sum())
depths = [d for d in range(o.every, len(slices), o.every)] + [len(slices)]


def tilted(angle):
    """The propagator of a wave that is exp(2 pi i q.r) times the one that is kept, q = angle / wavelength."""
    return band * np.exp(-1j * np.pi * wavelength * dz * ((fx[None, :] + angle[0] / wavelength) ** 2 + (fy[:, None] + angle[1] / wavelength) ** 2))


def shifted(pattern, angle):
    """By an angle, shared out among the four samples around."""
    x, y = angle[0] / wavelength * lx, angle[1] / wavelength * ly
    i, j = int(np.floor(x)), int(np.floor(y))
    return sum(wx * wy * np.roll(pattern, (v, u), (0, 1)) for u, wx in ((i, 1 - x + i), (i + 1, x - i)) for v, wy in ((j, 1 - y + j), (j + 1, y - j)))


waves = [probe]  # without losses, before every slice and behind the last
for t in transmission:
    waves.append(np.fft.fft2(np.fft.ifft2(waves[-1]) * t) * propagator)
intensity = lambda psi: np.fft.fftshift(abs(psi) ** 2)
first = intensity(waves[-1])
print(f"zero loss against simulate: R {100 * abs(first - elastic[-1]).sum() / elastic[-1].sum():.2g} %")
angle = wavelength * 1e3 * np.hypot(q_x[None, :], q_y[:, None])
limit = wavelength * 1e3 * min(n / lx, n / ly) / 3
# beyond the last ring the band limit cuts what a loss brings there
last = int((limit - 1e3 * theta_c) / 5)
ring_sums = lambda p: np.bincount((angle / 5).astype(int).ravel(), p.ravel())[:last]
scattered = (angle > semiangle + 2) & (angle < 5 * last)
annuli = {"0:10": angle < 10, "10:20": (angle >= 10) & (angle < 20), "20:35": (angle >= 20) & (angle < 35)}
print("t, A    t/lambda  pattern, %  outside disc, %  worst ring, % (+-)   annuli in mrad, %: " + "  ".join(annuli))
for index, d in enumerate(depths):
    t = d * dz
    mean = t / o.path
    halves = [np.zeros((n, n)), np.zeros((n, n))]
    ring_list, annulus_list = [], []
    for h in range(o.histories):
        count = 0
        while count == 0:
            count = random.poisson(mean)
        losses, total = {}, np.zeros(2)
        for _ in range(count):
            size = theta_E * np.sqrt(np.expm1(random.random() * np.log1p((theta_c / theta_E) ** 2)))
            turn = 2 * np.pi * random.random()
            a = size * np.array([np.cos(turn), np.sin(turn)])
            losses.setdefault(random.integers(d), []).append(a)
            total += a
        begin = min(losses)
        psi, angles = waves[begin], np.zeros(2)
        for k in range(begin, d):
            if k in losses:
                angles = angles + sum(losses[k])
                turned = tilted(angles)
            psi = np.fft.fft2(np.fft.ifft2(psi) * transmission[k]) * turned
        difference = shifted(intensity(psi) - intensity(waves[d]), total)
        halves[h % 2] += difference
        ring_list.append(ring_sums(difference))
        annulus_list.append([difference[a].sum() for a in annuli.values()])
    lost = -np.expm1(-mean)
    halves = [lost * a * 2 / o.histories for a in halves]
    # noise adds to |a|: the product of two halves has none
    reference = elastic[index]
    r = lambda where: 100 * np.sqrt(max(0, (halves[0] * halves[1])[where].sum()) / (reference[where] ** 2).sum())
    ring_list, annulus_list = np.array(ring_list), np.array(annulus_list)
    relative = 100 * lost * ring_list.mean(0) / ring_sums(reference)
    error = 100 * lost * ring_list.std(0) / np.sqrt(o.histories) / ring_sums(reference)
    worst = np.argmax(abs(relative))
    annulus = [100 * lost * annulus_list[:, k].mean() / reference[a].sum() for k, a in enumerate(annuli.values())]
    print(f"{t:6.1f}  {mean:7.3f}  {r(angle > -1):10.3f}  {r(scattered):15.3f}  {relative[worst]:9.2f} ({error[worst]:.2f}, {5 * worst} mrad)"
          f"  {'  '.join(f'{v:7.2f}' for v in annulus)}", flush=True)
