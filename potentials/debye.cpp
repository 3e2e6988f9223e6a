#include "potentials/debye.hpp"

#include <algorithm>
#include <cmath>

#include "models/elements.hpp"
#include "models/structure_factor.hpp"

namespace vitrobeam {

MeanFactors mean_factors(const std::vector<int>& elements, const std::vector<double>& shares,
                         const std::vector<double>& q, Parametrisation table) {
  double total = 0;
  for (const double s : shares) total += s;
  MeanFactors m;
  for (const double at : q) {
    double squared = 0, mean = 0;
    for (std::size_t e = 0; e < elements.size(); ++e) {
      const double f = scattering_factor(table, elements[e], at);
      squared += shares[e] / total * f * f;
      mean += shares[e] / total * f;
    }
    m.squared.push_back(squared);
    m.of_mean.push_back(mean * mean);
  }
  return m;
}

std::function<double(double)> squared_factor(std::vector<int> elements, std::vector<double> shares,
                                             Parametrisation table) {
  return [=](double q) {
    double sum = 0;
    for (std::size_t k = 0; k < elements.size(); ++k) {
      const double f = scattering_factor(table, elements[k], q);
      sum += shares[k] * f * f;
    }
    return sum;
  };
}

DebyeScattering debye_scattering(const Atoms& atoms, const std::vector<double>& q, double r_max,
                                 Parametrisation table, double weight_q) {
  constexpr double kBin = 0.02;
  const PairDistribution g = pair_distribution(atoms, r_max, kBin);
  // the order of a glass has ended where the window begins to fall
  PairDistribution windowed = g;
  for (auto& [pair, values] : windowed.partials)
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double x = std::max(0.0, 2 * g.r[k] / r_max - 1);
      values[k] = 1 + (values[k] - 1) * std::pow(std::cos(M_PI / 2 * std::min(1.0, x)), 2);
    }
  const auto share = element_shares(atoms);
  const auto amplitude = [&](int z, double at) { return scattering_factor(table, z, at); };
  std::vector<int> elements;
  std::vector<double> shares;
  for (const auto& [z, s] : share) elements.push_back(z), shares.push_back(s);
  DebyeScattering out;
  out.factors = mean_factors(elements, shares, q, table);
  const auto s = weighted_structure_factor(
      structure_factor(windowed, number_density(atoms), q, false), share, amplitude);
  for (std::size_t i = 0; i < q.size(); ++i)
    out.intensity.push_back(out.factors.squared[i] + out.factors.of_mean[i] * (s[i] - 1));
  out.r = g.r;
  out.weighted.assign(g.r.size(), 0);
  double total = 0;
  for (const auto& [za, a] : share)
    for (const auto& [zb, b] : share) {
      if (zb < za) continue;
      const double weight =
          (za == zb ? 1 : 2) * a * b * amplitude(za, weight_q) * amplitude(zb, weight_q);
      const auto& partial = g.partials.at(std::string(symbol(za)) + "-" + std::string(symbol(zb)));
      total += weight;
      for (std::size_t k = 0; k < g.r.size(); ++k) out.weighted[k] += weight * partial[k];
    }
  for (double& w : out.weighted) w /= total;
  return out;
}

}  // namespace vitrobeam
