// Specimens, library and figures that the validation programs share.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/statistics.hpp"
#include "models/packing.hpp"
#include "studies/library_build.hpp"

namespace vitrobeam {

// `n` random packings of Cu64.5Zr35.5 at 0.0616 atoms per cubic Angstrom, periodic in boxes of
// `box` x `box` x `height` Angstrom; the i-th from `seed` + i.
inline std::vector<Atoms> cu_zr_packings(int n, double box, double height, std::uint64_t seed,
                                         int threads) {
  std::vector<Atoms> made(static_cast<std::size_t>(n));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int i = 0; i < n; ++i) {
    PackingSettings s;
    s.composition = parse_composition("Cu64.5Zr35.5");
    s.box = {box, box, height};
    s.atoms = std::size_t(std::llround(0.0616 * s.box.prod()));
    s.density = double(s.atoms) / s.box.prod();
    s.seed = seed + std::uint64_t(i);
    made[std::size_t(i)] = random_packing(s).atoms;
  }
  return made;
}

// A library of icosahedra and fcc clusters of 13 atoms, Cu in Zr with a bond of 2.75 Angstrom; 200
// kV, 3.58 mrad, `samples` across a box of `box` Angstrom, patterns to 1.65 1/Angstrom.
inline LibraryPlan cu_zr_plan(double thickness, double box, int samples, double spacing_deg,
                              int threads) {
  LibraryPlan plan;
  plan.threads = threads;
  plan.thicknesses = {thickness};
  plan.motifs = {"icosahedron", "fcc"};
  plan.decorations = {{29, 40}};
  plan.bond = 2.75;
  plan.spacing_deg = spacing_deg;
  plan.box = box;
  plan.simulation.optics.semiangle_mrad = 3.58;
  plan.simulation.nx = plan.simulation.ny = samples;
  plan.simulation.recording.q_max = 1.65;
  return plan;
}

// "93.1 % (91.0 to 94.8)" of k among n.
inline std::string share_text(double k, double n, int digits = 1) {
  const Share s = wilson_interval(k, n);
  return fmt::format("{:.{}f} % ({:.{}f} to {:.{}f})", 100 * s.value, digits, 100 * s.low, digits,
                     100 * s.high, digits);
}

}  // namespace vitrobeam
