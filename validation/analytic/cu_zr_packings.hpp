// Motif-free specimens of the validation programs.
#pragma once
#include <cmath>
#include <vector>

#include "models/packing.hpp"

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

}  // namespace vitrobeam
