// Small simulations of the tests of the engine.
#pragma once
#include "multislice/simulation.hpp"
#include "tests/random_atoms.hpp"

namespace vitrobeam {

inline SimulationSettings settings(int nx, int ny, double semiangle) {
  SimulationSettings s;
  s.nx = nx;
  s.ny = ny;
  s.slice = 2;
  s.optics.semiangle_mrad = semiangle;
  return s;
}

template <typename Real>
std::vector<ProbeResult<Real>> simulate(const Atoms& atoms, const SimulationSettings& s,
                                        const std::vector<Vector2d>& at, int threads = 1) {
  std::vector<ProbeResult<Real>> out(at.size());
  Simulation<Real>(atoms, s, threads)
      .run(at, threads, [&](std::size_t i, const ProbeResult<Real>& r) { out[i] = r; });
  return out;
}

inline PlaneD pattern(const Atoms& atoms, const SimulationSettings& s, const Vector2d& at) {
  return simulate<double>(atoms, s, {at})[0].pattern;
}

}  // namespace vitrobeam
