"""Piles of a periodic glass of any thickness, and their strain: what the validation programs in Python simulate. Units Angstrom."""
import numpy as np


class Glass:
    """A cubic periodic model from an extended XYZ file."""

    def __init__(self, file):
        lines = open(file).read().splitlines()
        self.edge = float(lines[1].split('"')[1].split()[0])
        self.symbols = np.array([line.split()[0] for line in lines[2:]])
        self.positions = np.array([line.split()[1:4] for line in lines[2:]], float) % self.edge

    def pile(self, height, seed, closest=2.0):
        """Symbols and positions [atom, 3] of blocks that are shifted at random, axes exchanged and senses reversed at random, piled up
        along z and cut at `height`: a block repeated along the beam would scatter coherently with itself. Of two atoms at a seam that are
        closer than `closest` the upper one goes."""
        random = np.random.default_rng(seed)
        symbols, places = [], []
        for block in range(int(np.ceil(height / self.edge))):
            r = self.positions[:, random.permutation(3)] * random.choice([-1, 1], 3) + random.uniform(0, self.edge, 3)
            r = r % self.edge + [0, 0, block * self.edge]
            keep = r[:, 2] < height
            if block > 0:
                low, high = (a[np.abs(a[:, 2] - block * self.edge) < closest] for a in (places[-1], r))
                d = high[:, None] - low
                d[..., :2] -= self.edge * np.round(d[..., :2] / self.edge)
                keep[np.flatnonzero(np.abs(r[:, 2] - block * self.edge) < closest)[(np.linalg.norm(d, axis=2) < closest).any(axis=1)]] = False
            symbols.append(self.symbols[keep])
            places.append(r[keep])
        return np.concatenate(symbols), np.concatenate(places)

    def oblique_pile(self, height, seed, closest=2.0):
        """Symbols, positions and the two edges across the beam of the same along the beam's <211>: of a cubic cell there are 12 such
        sections through the scattering and only 3 along <100>, so that a mean over piles comes nearer to one over all orientations."""
        random = np.random.default_rng(seed)
        cell = np.array([[0, 1, -1], [-1, 1, 1], [2, 1, 1]])
        lengths = np.linalg.norm(cell, axis=1)
        axes, edges = cell / lengths[:, None], lengths * self.edge
        shifts = np.stack(np.meshgrid(*[np.arange(-3, 6)] * 3), -1).reshape(-1, 3) * self.edge
        symbols, places = [], []
        for block in range(int(np.ceil(height / edges[2]))):
            turned = self.positions[:, random.permutation(3)] * random.choice([-1, 1], 3) % self.edge
            r = (turned[None] + shifts[:, None]).reshape(-1, 3) @ axes.T
            inside = ((r >= 0) & (r < edges)).all(1)
            kind = np.tile(self.symbols, len(shifts))[inside]
            r = (r[inside] + random.uniform(0, edges)) % edges + [0, 0, block * edges[2]]
            keep = r[:, 2] < height
            if block > 0:
                low, high = (np.abs(a[:, 2] - block * edges[2]) < closest for a in (places[-1], r))
                d = r[high][:, None] - places[-1][low]
                d[..., :2] -= edges[:2] * np.round(d[..., :2] / edges[:2])
                keep[np.flatnonzero(high)[(np.linalg.norm(d, axis=2) < closest).any(axis=1)]] = False
            symbols.append(kind[keep])
            places.append(r[keep])
        return np.concatenate(symbols), np.concatenate(places), edges[:2]

    def write(self, file, symbols, positions, height, strain=np.zeros((2, 2)), edges=None):
        """As extended XYZ, strained across the beam by the 2 x 2 tensor. The box stays rectangular: a shear ends in seams at its faces."""
        stretch = np.eye(2) + strain
        edges = [self.edge] * 2 if edges is None else edges
        box = np.array([edges[0] * stretch[0, 0], edges[1] * stretch[1, 1], height])
        r = positions.copy()
        r[:, :2] = r[:, :2] @ stretch % box[:2]
        with open(file, 'w') as f:
            f.write(f'{len(r)}\nLattice="{box[0]} 0 0 0 {box[1]} 0 0 0 {box[2]}" Properties=species:S:1:pos:R:3 pbc="T T F"\n')
            f.writelines(f'{s} {x:.6f} {y:.6f} {z:.6f}\n' for s, (x, y, z) in zip(symbols, r))
