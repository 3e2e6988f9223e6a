#include "models/pair_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {

std::size_t centres_apart(const Atoms& atoms) {
  constexpr std::size_t kEnough = 200000;
  return std::max<std::size_t>(1, atoms.size() / kEnough);
}

PairDistribution pair_distribution(const Atoms& atoms, double r_max, double bin,
                                   std::size_t every) {
  if (!(bin > 0) || !(r_max >= bin))
    fail(Fault::usage, "g(r) up to {:g} in bins of {:g} Angstrom: both must be positive", r_max,
         bin);
  if (!(atoms.cell.volume() > 0)) fail(Fault::physics, "g(r) needs a model with a cell");
  const auto bins = std::size_t(std::llround(r_max / bin));
  std::map<int, std::size_t> kinds;  // element -> index, ascending
  for (int z : atoms.numbers) kinds[z] = 0;
  std::size_t next = 0;
  for (auto& kind : kinds) kind.second = next++;
  const auto occupancy = occupancies(atoms);
  std::vector<std::size_t> kind(atoms.size());
  std::vector<double> count(next), centres(next);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    count[kind[i] = kinds[atoms.numbers[i]]] += occupancy[i];
    if (i % every == 0) centres[kind[i]] += occupancy[i];
  }
  std::vector<std::vector<double>> histogram(next * next, std::vector<double>(bins));
  visit_neighbours(
      atoms.cell, atoms.positions, double(bins) * bin,
      [&](std::size_t i, std::size_t j, const Vector3d& d) {
        const double r = d.norm();
        const auto b = std::size_t(r / bin);
        if (b >= bins || (r < kOnePlace && occupancy[i] < 1 && occupancy[j] < 1))
          return;  // of one site only one atom is there
        histogram[kind[i] * next + kind[j]][b] += occupancy[i] * occupancy[j];
      },
      every);
  PairDistribution out;
  out.total.assign(bins, 0);
  out.pairs.assign(bins, 0);
  const double volume = atoms.cell.volume(), n = atoms_in(atoms),
               around = every == 1 ? n : std::accumulate(centres.begin(), centres.end(), 0.0);
  std::vector<double> shell(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    const double low = double(b) * bin, high = low + bin;
    out.r.push_back((low + high) / 2);
    shell[b] = 4 * std::numbers::pi / 3 * (high * high * high - low * low * low);
  }
  for (const auto& [za, a] : kinds)
    for (const auto& [zb, b] : kinds) {
      const auto& h = histogram[a * next + b];
      for (std::size_t k = 0; k < bins; ++k) {
        out.total[k] += h[k] * volume / (around * n * shell[k]);
        out.pairs[k] += h[k];
      }
      if (b < a) continue;
      auto& g = out.partials[std::string(symbol(za)) + "-" + std::string(symbol(zb))];
      for (std::size_t k = 0; k < bins; ++k)
        g.push_back(h[k] * volume / (centres[a] * count[b] * shell[k]));
    }
  return out;
}

std::vector<double> smoothed(const std::vector<double>& r, const std::vector<double>& g) {
  constexpr double kSigma = 0.1;  // Angstrom
  const std::size_t n = g.size();
  const double bin = n > 1 ? r[1] - r[0] : 1;
  const auto reach = std::ptrdiff_t(std::ceil(4 * kSigma / bin));
  std::vector<double> smooth(n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
      const auto j = std::ptrdiff_t(i) + k;
      if (j < 0 || j >= std::ptrdiff_t(n)) continue;
      const double x = double(k) * bin / kSigma;
      smooth[i] += g[std::size_t(j)] * std::exp(-x * x / 2);
    }
  return smooth;
}

std::size_t first_maximum(const std::vector<double>& smooth, double share) {
  if (smooth.empty()) return 0;
  const double highest = *std::max_element(smooth.begin(), smooth.end());
  std::size_t peak = 0;
  while (peak < smooth.size() && smooth[peak] < share * highest) ++peak;
  while (peak + 1 < smooth.size() && smooth[peak + 1] > smooth[peak]) ++peak;
  return peak;
}

double first_minimum(const std::vector<double>& r, const std::vector<double>& g) {
  const std::vector<double> smooth = smoothed(r, g);
  const std::size_t n = g.size();
  const double highest = *std::max_element(smooth.begin(), smooth.end());
  const std::size_t peak = first_maximum(smooth, 0.4);
  std::size_t low = peak;
  while (low + 1 < n && smooth[low + 1] <= smooth[low]) ++low;
  if (low + 1 >= n) return 0;
  std::size_t start = low;  // a gap is flat
  while (start > peak && smooth[start - 1] - smooth[low] < 1e-3 * highest) --start;
  while (low + 1 < n && smooth[low + 1] - smooth[start] < 1e-3 * highest) ++low;
  return (r[start] + r[low]) / 2;
}

}  // namespace vitrobeam
