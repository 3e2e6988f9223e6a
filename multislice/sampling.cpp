#include "multislice/sampling.hpp"

#include <algorithm>
#include <cmath>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "potentials/slice_potential.hpp"

namespace vitrobeam {
namespace {

int samples(double edge, double pixel) {
  constexpr int kMostSamples = 65536;
  const double n = std::max(8.0, std::ceil(edge / pixel - 1e-9));
  if (n > kMostSamples)
    fail(Fault::usage,
         "@pixel {}: a cell of {:g} Angstrom needs {:.3g} samples, more than {}; give a larger "
         "@pixel, or cut the model",
         pixel, edge, n, kMostSamples);
  return good_size(int(n));
}

constexpr double kFirstRings = 0.6;  // 1/Angstrom

}  // namespace

void check_reach(const Grid& grid, double energy_kV) {
  if (grid.q_max() >= kFirstRings) return;
  fail(
      Fault::physics,
      "@pixel of {:.3g} x {:.3g} Angstrom: the band ends at {:.3g} 1/Angstrom ({:.3g} mrad at {:g} "
      "kV), before the first rings; give @pixel {:.2g} or finer, or a larger @grid",
      grid.dx(), grid.dy(), grid.q_max(), 1e3 * grid.q_max() * wavelength(energy_kV), energy_kV,
      0.3);
}

SampledCell sample_cell(const Atoms& atoms, const FactorTable& factors, std::optional<double> pixel,
                        int interpolation) {
  const double wanted = pixel.value_or(kDefaultPixel), lx = atoms.cell.vectors(0, 0),
               ly = atoms.cell.vectors(1, 1);
  const int f = interpolation;  // windows of whole samples
  const Grid fine{f * samples(lx / f, wanted), f * samples(ly / f, wanted), lx, ly};
  const double reach = factor_reach(factors, atoms);
  if (pixel || fine.q_max() <= reach) return {fine};
  const auto within = [&](double edge, int n) {  // the band ends at n / (3 edge)
    return std::min(n, f * good_size_within(int(std::floor(3 * edge / f * reach * (1 + 1e-12)))));
  };
  return {{within(lx, fine.nx), within(ly, fine.ny), lx, ly}, reach};
}

}  // namespace vitrobeam
