#include "potentials/scattering_factors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <gemmi/c4322.hpp>
#include <string_view>

namespace vitrobeam {

extern const std::string_view kirkland_csv, lobato_csv;  // generated from tables/*.csv

namespace {

using Elements = std::map<int, ElementFactor>;

// Parameters by atomic number, in the order of the table's columns.
template <int N>
std::map<int, std::array<double, N>> parse(std::string_view csv) {
  std::map<int, std::array<double, N>> table;
  while (!csv.empty()) {
    const std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(line.size() + 1, csv.size()));
    if (line.empty() || line[0] < '0' || line[0] > '9') continue;  // comment, header
    const char *p = line.data(), *end = p + line.size();
    int z = 0;
    p = std::from_chars(p, end, z).ptr + 1;
    while (*p != ',') ++p;  // symbol
    for (int i = 0; i < N; ++i) p = std::from_chars(p + 1, end, table[z][i]).ptr;
  }
  return table;
}

Elements kirkland() {
  Elements out;
  for (const auto& [z, p] : parse<12>(kirkland_csv)) out[z] = kirkland_factor(p);
  return out;
}

Elements lobato() {
  Elements out;
  for (const auto& [z, p] : parse<10>(lobato_csv)) out[z] = lobato_factor(p);
  return out;
}

Elements peng() {
  constexpr double kLimit = 4;  // s = q/2 up to 2 1/Angstrom
  Elements out;
  for (int z = 1; z <= 98; ++z) {
    const auto& p = gemmi::C4322<double>::get(gemmi::El(z));
    ElementFactor& f = out[z];
    for (int i = 0; i < 5; ++i) f.gaussians.push_back({p.a(i), p.b(i) / 4});
    f.q_limit = kLimit;
  }
  return out;
}

std::shared_ptr<const Elements> published(Parametrisation table) {
  static const auto k = std::make_shared<const Elements>(kirkland()),
                    l = std::make_shared<const Elements>(lobato()),
                    p = std::make_shared<const Elements>(peng());
  return table == Parametrisation::kirkland ? k : table == Parametrisation::lobato ? l : p;
}

constexpr double kPlanck = 6.62607015e-34, kCharge = 1.602176634e-19,
                 kMass = 9.1093837015e-31;  // CODATA 2018

}  // namespace

const double kPotentialUnit = kPlanck * kPlanck / (2 * M_PI * kMass * kCharge) * 1e20;

ElementFactor kirkland_factor(const std::array<double, 12>& p) {
  ElementFactor f;
  for (int i = 0; i < 3; ++i) {
    f.lorentzians.push_back({p[i], p[3 + i]});
    f.gaussians.push_back({p[6 + i], p[9 + i]});
  }
  return f;
}

ElementFactor lobato_factor(const std::array<double, 10>& p) {
  ElementFactor f;
  for (int i = 0; i < 5; ++i) {
    const double a = p[i], b = p[5 + i];
    f.lorentzians.push_back({a / b, 1 / b});
    f.squared_lorentzians.push_back({a / (b * b), 1 / b});
  }
  return f;
}

double ElementFactor::operator()(double at) const {
  const double q2 = at * at;
  if (has_terms()) {
    double sum = 0;
    for (const Term& t : lorentzians) sum += t.weight / (q2 + t.width);
    for (const Term& t : squared_lorentzians) sum += t.weight / ((q2 + t.width) * (q2 + t.width));
    for (const Term& t : gaussians) sum += t.weight * std::exp(-t.width * q2);
    return sum;
  }
  const auto n = std::ptrdiff_t(q.size());
  const auto i = std::clamp<std::ptrdiff_t>(
      std::upper_bound(q.begin(), q.end(), at) - q.begin() - 1, 0, n - 2);
  // slopes: f is even in q, so it is flat at 0; a parabola's elsewhere
  const auto slope = [&](std::ptrdiff_t k) {
    if (k == 0) return 0.0;
    const auto l = std::min(k, n - 2);
    const double before = (f[l] - f[l - 1]) / (q[l] - q[l - 1]),
                 after = (f[l + 1] - f[l]) / (q[l + 1] - q[l]),
                 bend = (after - before) / (q[l + 1] - q[l - 1]);
    return before + bend * (2 * q[k] - q[l] - q[l - 1]);
  };
  const double h = q[i + 1] - q[i], t = (at - q[i]) / h, s = 1 - t;
  return f[i] * s * s * (1 + 2 * t) + f[i + 1] * t * t * (1 + 2 * s) +
         h * s * t * (s * slope(i) - t * slope(i + 1));
}

FactorTable::FactorTable(Parametrisation table) : elements_(published(table)) {}

FactorTable::FactorTable(std::map<int, ElementFactor> elements)
    : elements_(std::make_shared<const Elements>(std::move(elements))) {}

FactorTable FactorTable::smeared(std::map<int, double> u_rms) const {
  FactorTable out = *this;
  out.u_rms_ = std::move(u_rms);
  return out;
}

double FactorTable::u_rms(int atomic_number) const {
  const auto found = u_rms_.find(atomic_number);
  return found == u_rms_.end() ? 0 : found->second;
}

double FactorTable::operator()(int atomic_number, double q) const {
  const double u = u_rms(atomic_number);
  return element(atomic_number)(q) * (u == 0 ? 1 : std::exp(-2 * M_PI * M_PI * u * u * q * q));
}

}  // namespace vitrobeam
