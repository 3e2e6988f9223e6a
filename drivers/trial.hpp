// The speed of this machine, from a trial: what --dry-run estimates its times with.
#pragma once
#include <algorithm>
#include <chrono>

#include "multislice/propagation.hpp"

namespace vitrobeam {

// Seconds that one wave takes for one slice on this grid and machine, from a few milliseconds of
// trial.
template <typename Real>
double seconds_per_slice(const Grid& grid) {
  const BandTransform<Real> transform(grid);
  auto workspace = transform.make_workspace();
  const auto wave = transform.make_wave();
  const std::complex<Real> t(1);
  double best = 1e9;
  for (int trial = 0; trial < 3; ++trial) {
    const auto start = std::chrono::steady_clock::now();
    transform.pass_rows(wave.get(), workspace, 0, transform.row_tiles(),
                        [&](int, int, Lanes<Real>& psi) { psi = psi * t; });
    transform.pass_columns(wave.get(), [](int, int, Lanes<Real>&) {});
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace vitrobeam
