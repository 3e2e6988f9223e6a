#include "models/pair_distribution.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"

namespace vitrobeam {

PairDistribution pair_distribution(const Atoms& atoms, double r_max, double bin) {
  if (!(bin > 0) || !(r_max >= bin))
    fail(Fault::usage, "g(r) up to {:g} in bins of {:g} Angstrom: both must be positive", r_max,
         bin);
  if (!(atoms.cell.volume() > 0)) fail(Fault::physics, "g(r) needs a model with a cell");
  const auto bins = std::size_t(std::llround(r_max / bin));
  std::map<int, std::size_t> kinds;  // element -> index, ascending
  for (int z : atoms.numbers) kinds[z] = 0;
  std::size_t next = 0;
  for (auto& kind : kinds) kind.second = next++;
  std::vector<std::size_t> kind(atoms.size()), count(next);
  for (std::size_t i = 0; i < atoms.size(); ++i) ++count[kind[i] = kinds[atoms.numbers[i]]];
  std::vector<std::vector<double>> histogram(next * next, std::vector<double>(bins));
  visit_neighbours(atoms.cell, atoms.positions, double(bins) * bin,
                   [&](std::size_t i, std::size_t j, const Vector3d& d) {
                     const auto b = std::size_t(d.norm() / bin);
                     if (b < bins) ++histogram[kind[i] * next + kind[j]][b];
                   });
  PairDistribution out;
  out.total.assign(bins, 0);
  const double volume = atoms.cell.volume(), n = double(atoms.size());
  std::vector<double> shell(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    const double low = double(b) * bin, high = low + bin;
    out.r.push_back((low + high) / 2);
    shell[b] = 4 * std::numbers::pi / 3 * (high * high * high - low * low * low);
  }
  for (const auto& [za, a] : kinds)
    for (const auto& [zb, b] : kinds) {
      const auto& h = histogram[a * next + b];
      for (std::size_t k = 0; k < bins; ++k) out.total[k] += h[k] * volume / (n * n * shell[k]);
      if (b < a) continue;
      auto& g = out.partials[std::string(symbol(za)) + "-" + std::string(symbol(zb))];
      for (std::size_t k = 0; k < bins; ++k)
        g.push_back(h[k] * volume / (double(count[a]) * double(count[b]) * shell[k]));
    }
  return out;
}

}  // namespace vitrobeam
