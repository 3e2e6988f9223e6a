#include "models/structure_factor.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

constexpr double kPi = std::numbers::pi;

double sinc(double x) { return std::abs(x) < 1e-8 ? 1 : std::sin(x) / x; }

}  // namespace

StructureFactor structure_factor(const PairDistribution& g, double number_density,
                                 const std::vector<double>& q, bool lorch) {
  const std::size_t bins = g.r.size();
  const double bin = bins > 1 ? g.r[1] - g.r[0] : 0, r_max = bin * double(bins);
  std::vector<double> weight(bins);
  for (std::size_t k = 0; k < bins; ++k)
    weight[k] =
        4 * kPi * number_density * g.r[k] * g.r[k] * bin * (lorch ? sinc(kPi * g.r[k] / r_max) : 1);
  StructureFactor out;
  out.q = q;
  for (const auto& [pair, values] : g.partials) out.partials[pair].assign(q.size(), 1);
  std::vector<double> kernel(bins);
  for (std::size_t i = 0; i < q.size(); ++i) {
    for (std::size_t k = 0; k < bins; ++k) kernel[k] = weight[k] * sinc(2 * kPi * q[i] * g.r[k]);
    for (const auto& [pair, values] : g.partials)
      for (std::size_t k = 0; k < bins; ++k) out.partials[pair][i] += (values[k] - 1) * kernel[k];
  }
  return out;
}

std::map<int, double> element_shares(const Atoms& atoms) {
  const auto occupancy = occupancies(atoms);
  std::map<int, double> out;
  for (std::size_t i = 0; i < atoms.size(); ++i) out[atoms.numbers[i]] += occupancy[i];
  const double all = atoms_in(atoms);
  for (auto& [z, share] : out) share /= all;
  return out;
}

std::vector<double> weighted_structure_factor(
    const StructureFactor& s, const std::map<int, double>& composition,
    const std::function<double(int element, double q)>& amplitude) {
  std::vector<double> out(s.q.size());
  for (std::size_t i = 0; i < s.q.size(); ++i) {
    double mean = 0, sum = 0;
    std::map<int, double> f;
    for (const auto& [z, c] : composition) mean += c * (f[z] = amplitude(z, s.q[i]));
    for (const auto& [a, ca] : composition)
      for (const auto& [b, cb] : composition)
        if (a <= b)
          sum += (a == b ? 1 : 2) * ca * cb * f[a] * f[b] *
                 s.partials.at(std::string(symbol(a)) + "-" + std::string(symbol(b)))[i];
    out[i] = sum / (mean * mean);
  }
  return out;
}

Peak first_peak(const std::vector<double>& r, const std::vector<double>& g) {
  constexpr double kShare = 0.3, kNear = 0.15;  // Angstrom: where the unsmoothed maximum is
  if (g.empty()) return {};
  const double at = r[first_maximum(smoothed(r, g), kShare)];
  return highest_peak(r, g, at - kNear, at + kNear);
}

Peak highest_peak(const std::vector<double>& x, const std::vector<double>& y, double from,
                  double to) {
  std::size_t best = x.size();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] >= from && x[i] <= to && (best == x.size() || y[i] > y[best])) best = i;
  if (best == x.size()) return {};
  if (best == 0 || best + 1 == x.size()) return {x[best], y[best]};
  const double left = y[best - 1], middle = y[best], right = y[best + 1];
  const double bend = left - 2 * middle + right;
  const double shift = bend < 0 ? (left - right) / (2 * bend) : 0;
  return {x[best] + shift * (x[best + 1] - x[best]), middle - (left - right) * shift / 4};
}

}  // namespace vitrobeam
