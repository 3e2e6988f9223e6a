// Debye scattering in closed form: a pair of atoms far from all others, and the limits of far and
// near q.
#include "potentials/debye.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "tests/approx.hpp"
#include "tests/random_atoms.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBond = 2.51, kReach = 30;  // Angstrom; the middle of a bin of g(r)

// Alone in a cell that adds less than 1e-5 of the pair's own term.
Atoms dimer(int a, int b) {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(2000, 2000, 2000);
  atoms.add(a, {1000, 1000, 1000});
  atoms.add(b, {1000, 1000 + 0.6 * kBond, 1000 + 0.8 * kBond});
  return atoms;
}

double sinc(double x) { return std::sin(x) / x; }

}  // namespace

TEST_CASE("a dimer scatters as <f^2> + f_a f_b sin(x) / x") {
  const std::vector<double> q{0.05, 0.2, 0.3, 0.45, 0.6, 1.1, 2.0};
  for (const auto& [a, b] : {std::pair{29, 29}, std::pair{29, 40}})
    for (const auto table : {Parametrisation::kirkland, Parametrisation::lobato}) {
      const DebyeScattering d = debye_scattering(dimer(a, b), q, kReach, table);
      REQUIRE(d.intensity.size() == q.size());
      for (std::size_t i = 0; i < q.size(); ++i) {
        CAPTURE(q[i]);
        const double fa = scattering_factor(table, a, q[i]), fb = scattering_factor(table, b, q[i]);
        const double own = (fa * fa + fb * fb) / 2;
        CHECK(d.factors.squared[i] == approx(own));
        CHECK(d.factors.of_mean[i] == approx(std::pow((fa + fb) / 2, 2)));
        CHECK(d.intensity[i] ==
              approx(own + fa * fb * sinc(2 * M_PI * q[i] * kBond)).epsilon(1e-4));
      }
    }
}

TEST_CASE("far q sees atoms alone, and without order nothing but <f^2> at any q") {
  const std::vector<double> far{20, 30, 40};
  const DebyeScattering pair = debye_scattering(dimer(29, 40), far, kReach);
  for (std::size_t i = 0; i < far.size(); ++i)
    CHECK(std::abs(pair.intensity[i] / pair.factors.squared[i] - 1) <
          1 / (2 * M_PI * far[i] * kBond));
  // independent places: S = 1 up to the fluctuations of so many pairs
  std::vector<double> q;
  for (int i = 0; i < 40; ++i) q.push_back(0.3 + 0.03 * i);
  const DebyeScattering gas = debye_scattering(random_atoms({40, 40, 40}, 3000, 5), q, 15);
  double mean = 0;
  for (std::size_t i = 0; i < q.size(); ++i)
    mean += (gas.intensity[i] / gas.factors.squared[i] - 1) / double(q.size());
  CHECK(std::abs(mean) < 0.02);
}

TEST_CASE("the mean over a composition does not depend on the unit of the shares") {
  const MeanFactors a = mean_factors({29, 40}, {0.645, 0.355}, {0.4}),
                    b = mean_factors({29, 40}, {64.5, 35.5}, {0.4});
  CHECK(a.squared[0] == approx(b.squared[0]));
  CHECK(a.of_mean[0] == approx(b.of_mean[0]));
  CHECK(a.squared[0] > a.of_mean[0]);  // Laue's diffuse scattering of two elements
}

TEST_CASE("a model without a cell has no bulk scattering") {
  Atoms atoms = dimer(29, 29);
  atoms.cell = {};
  CHECK_THROWS_AS(debye_scattering(atoms, {0.4}, kReach), Error);
}
