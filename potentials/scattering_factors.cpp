#include "potentials/scattering_factors.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/error.hpp"
#include "models/elements.hpp"

namespace vitrobeam {

extern const std::string_view kirkland_csv, lobato_csv;  // generated from tables/*.csv

namespace {

// Parameters of one element, in the order of the table's columns.
template <int N>
using Table = std::array<std::array<double, N>, kElements + 1>;

template <int N>
Table<N> parse(std::string_view csv) {
  Table<N> table{};
  while (!csv.empty()) {
    const std::string_view line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(line.size() + 1, csv.size()));
    if (line.empty() || line[0] < '0' || line[0] > '9') continue;  // comment, header
    const char *p = line.data(), *end = p + line.size();
    int z = 0;
    p = std::from_chars(p, end, z).ptr + 1;
    while (*p != ',') ++p;  // symbol
    for (int i = 0; i < N; ++i) p = std::from_chars(p + 1, end, table.at(z)[i]).ptr;
  }
  return table;
}

// f = sum_i a_i / (q^2 + b_i) + sum_i c_i exp(-d_i q^2), i = 1..3
double kirkland(int z, double q2) {
  static const Table<12> table = parse<12>(kirkland_csv);
  const auto& p = table[z];
  double f = 0;
  for (int i = 0; i < 3; ++i) f += p[i] / (q2 + p[3 + i]) + p[6 + i] * std::exp(-p[9 + i] * q2);
  return f;
}

// f = sum_i a_i (2 + b_i q^2) / (1 + b_i q^2)^2, i = 1..5
double lobato(int z, double q2) {
  static const Table<10> table = parse<10>(lobato_csv);
  const auto& p = table[z];
  double f = 0;
  for (int i = 0; i < 5; ++i) {
    const double b = 1 + p[5 + i] * q2;
    f += p[i] * (1 + b) / (b * b);
  }
  return f;
}

constexpr double kPlanck = 6.62607015e-34, kCharge = 1.602176634e-19,
                 kMass = 9.1093837015e-31;  // CODATA 2018

}  // namespace

const double kPotentialUnit = kPlanck * kPlanck / (2 * M_PI * kMass * kCharge) * 1e20;

double scattering_factor(Parametrisation table, int atomic_number, double q) {
  assert(atomic_number >= 1 && atomic_number <= kElements);
  return table == Parametrisation::kirkland ? kirkland(atomic_number, q * q)
                                            : lobato(atomic_number, q * q);
}

}  // namespace vitrobeam
