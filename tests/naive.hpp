// The multislice loop as the equations state it, in double precision with whole planes: the
// reference of the fast engine.
#pragma once
#include <cmath>

#include "fourier/fourier.hpp"
#include "models/atoms.hpp"
#include "multislice/simulation.hpp"

namespace vitrobeam::naive {

inline PlaneC band_mask(const Grid& g) {
  PlaneC mask = PlaneC::Zero(g.ny, g.nx);
  for (int j = 0; j < g.ny; ++j)
    for (int i = 0; i < g.nx; ++i) mask(j, i) = g.inside_band(g.q_x(i), g.q_y(j)) ? 1 : 0;
  return mask;
}

// v(r) of the atoms between z0 and z1 by the direct sum over atoms and Fourier components, V
// Angstrom.
inline PlaneD projected_potential(const Atoms& atoms, const Grid& g, double z0, double z1,
                                  const FactorTable& table) {
  PlaneC v = PlaneC::Zero(g.ny, g.nx);
  for (std::size_t a = 0; a < atoms.size(); ++a) {
    const Vector3d& r = atoms.positions[a];
    if (r.z() < z0 || r.z() >= z1) continue;
    for (int j = 0; j < g.ny; ++j)
      for (int i = 0; i < g.nx; ++i) {
        const double qx = g.q_x(i), qy = g.q_y(j);
        if (g.inside_band(qx, qy))
          v(j, i) += kPotentialUnit / (g.lx * g.ly) *
                     scattering_factor(table, atoms.numbers[a], std::hypot(qx, qy)) *
                     std::polar(1.0, -2 * M_PI * (qx * r.x() + qy * r.y()));
      }
  }
  transform_plane(v, Direction::backward);
  return v.real();
}

// |psi(q)|^2 behind the specimen, q = 0 at (n/2, n/2).
inline PlaneD pattern(const Atoms& atoms, const SimulationSettings& s, const Vector2d& r0) {
  const Grid g{s.nx, s.ny, atoms.cell.vectors(0, 0), atoms.cell.vectors(1, 1)};
  const double height = atoms.cell.vectors(2, 2), norm = 1.0 / (g.nx * g.ny),
               lambda = s.optics.wavelength();
  const int slices = std::max(1, int(std::lround(height / s.slice)));
  const double dz = height / slices;
  const PlaneC mask = band_mask(g);
  PlaneC psi = PlaneC::Zero(g.ny, g.nx), propagator = mask;
  for (const ApertureBeam& b : aperture_beams(s.optics, g))
    psi((b.jy + g.ny) % g.ny, (b.jx + g.nx) % g.nx) =
        b.amplitude * std::polar(1.0, -2 * M_PI * (b.jx * r0.x() / g.lx + b.jy * r0.y() / g.ly));
  for (int j = 0; j < g.ny; ++j)
    for (int i = 0; i < g.nx; ++i)
      propagator(j, i) *=
          std::polar(1.0, -M_PI * lambda * dz * (g.q_x(i) * g.q_x(i) + g.q_y(j) * g.q_y(j)));
  for (int k = 0; k < slices; ++k) {
    const PlaneD phase = interaction_constant(s.optics.energy_kV) *
                         projected_potential(atoms, g, k * dz, (k + 1) * dz, s.potential.factors);
    PlaneC t = (phase.cast<std::complex<double>>() * std::complex<double>(0, 1)).exp();
    transform_plane(t, Direction::forward);
    t *= mask * norm;
    transform_plane(t, Direction::backward);
    transform_plane(psi, Direction::backward);
    psi *= t;
    transform_plane(psi, Direction::forward);
    psi *= propagator * norm;
  }
  PlaneD out(g.ny, g.nx);
  for (int j = 0; j < g.ny; ++j)
    for (int i = 0; i < g.nx; ++i)
      out((j + g.ny / 2) % g.ny, (i + g.nx / 2) % g.nx) = std::norm(psi(j, i));
  return out;
}

}  // namespace vitrobeam::naive
