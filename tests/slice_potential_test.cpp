// Laws of the atoms' potentials: tables against each other, the finite projection against
// quadrature and against the infinite one.
#include "potentials/slice_potential.hpp"

#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/simulation.hpp"
#include "potentials/atom_profile.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

// 2 integral of f(sqrt(q^2 + q_z^2)) exp(-2 pi^2 u^2 (q^2 + q_z^2)) sin(2 pi q_z z) / (2 pi q_z)
// dq_z from 0: what lies between the atom and z. Simpson's rule; the integrand has fallen to 1e-12
// of its start where u = 0.1.
double within(const ElementFactor& f, double u, double q, double z) {
  constexpr int kSteps = 40000;
  const double end = 14, h = end / kSteps;
  double sum = 0;
  for (int k = 0; k <= kSteps; ++k) {
    const double qz = k * h, q2 = q * q + qz * qz,
                 profile = f(std::sqrt(q2)) * std::exp(-2 * M_PI * M_PI * u * u * q2),
                 turn = k == 0 ? z : std::sin(2 * M_PI * qz * z) / (2 * M_PI * qz);
    sum += profile * turn * (k == 0 || k == kSteps ? 1 : k % 2 ? 4 : 2);
  }
  return 2 * sum * h / 3;
}

template <typename Real>
double largest(const HalfPlane<Real>& v) {
  return v.abs().maxCoeff();
}

PotentialSettings with(FactorTable table, Projection projection) {
  return {std::move(table), projection};
}

}  // namespace

TEST_CASE("Peng, Kirkland and Lobato agree to a few per cent where all are fitted") {
  const FactorTable peng = Parametrisation::peng, kirkland = Parametrisation::kirkland,
                    lobato = Parametrisation::lobato;
  for (const int z : {6, 13, 14, 28, 29, 40, 46, 78, 79})
    for (const double q : {0.2, 0.4, 0.7, 1.0, 1.5, 2.0}) {
      CAPTURE(z);
      CAPTURE(q);
      CHECK(peng(z, q) == approx(kirkland(z, q)).epsilon(0.03));
      CHECK(peng(z, q) == approx(lobato(z, q)).epsilon(0.03));
    }
  // Peng et al. in s = q/2: f(0) of carbon is the sum of its amplitudes
  CHECK(peng(6, 0) == approx(0.0893 + 0.2563 + 0.757 + 1.0487 + 0.3575).epsilon(1e-12));
  CHECK_FALSE(peng.has(99));
}

TEST_CASE("what lies beyond a distance is what quadrature says") {
  for (const auto table :
       {Parametrisation::kirkland, Parametrisation::lobato, Parametrisation::peng})
    for (const int z : {6, 29, 79})
      for (const double q : {0.0, 0.7, 2.5}) {
        const ElementFactor& f = FactorTable(table).element(z);
        CAPTURE(z);
        CAPTURE(q);
        CHECK(factor_beyond(f, 0, q, 0) == approx(f(q) / 2).epsilon(1e-12));
        for (const double d : {0.05, 0.3, 1.0, 2.5}) {
          const double smeared = f(q) * std::exp(-2 * M_PI * M_PI * 0.01 * q * q);
          CHECK(factor_beyond(f, 0.1, q, d) ==
                approx(smeared / 2 - within(f, 0.1, q, d)).epsilon(1e-7).scale(f(0)));
          // thermal motion vanishes gently
          CHECK(factor_beyond(f, 1e-4, q, d) ==
                approx(factor_beyond(f, 0, q, d)).epsilon(1e-5).scale(f(0)));
        }
      }
}

TEST_CASE("slices of the finite projection are the profile's parts, wherever the core lies") {
  const Grid g{120, 96, 16, 12};  // to q = 2.5
  const int slices = 6;
  for (const auto table : {Parametrisation::kirkland, Parametrisation::lobato})
    for (const double u : {0.0, 0.08})
      for (const double z : {6.0, 6.001, 5.2, 0.0, 11.99, 12.0}) {  // 6: on a boundary
        CAPTURE(z);
        Atoms atoms;
        atoms.cell = Cell::orthogonal(16, 12, 12);
        atoms.add(40, {5.3, 7.7, z});
        const FactorTable factors = FactorTable(table).smeared({{40, u}});
        const SlicePotential<double> finite(g, with(factors, Projection::finite), atoms, slices);
        const double unit = kPotentialUnit / (16 * 12), whole = unit * factors(40, 0);
        const auto beyond = [&](double boundary, double q) {  // share behind the boundary
          const double d = boundary - z,
                       tail = factor_beyond(factors.element(40), u, q, std::abs(d));
          return boundary <= 0    ? factors(40, q)
                 : boundary >= 12 ? 0
                 : d > 0          ? tail
                                  : factors(40, q) - tail;
        };
        double worst = 0;
        for (int s = 0; s < slices; ++s) {
          const auto v = finite.coefficients(s);
          for (int jy = -g.band_y(); jy <= g.band_y(); ++jy)
            for (int jx = 0; jx <= g.band_x(); ++jx) {
              const double q = std::hypot(jx / g.lx, jy / g.ly);
              if (!g.inside_band(jx / g.lx, jy / g.ly)) continue;
              const double part = unit * (beyond(2.0 * s, q) - beyond(2.0 * (s + 1), q));
              const auto expected =
                  part * std::polar(1.0, -2 * M_PI * (jx * 5.3 / 16 + jy * 7.7 / 12));
              worst = std::max(worst, std::abs(v(jy + g.band_y(), jx) - expected));
            }
        }
        CHECK(worst / whole < 1e-6);
      }
}

TEST_CASE("the slices of both projections have the same sum, and cores on boundaries stay whole") {
  RandomSequence random(5, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(14, 12, 10);
  for (int i = 0; i < 80; ++i) {
    const double x = random.uniform(), y = random.uniform();
    const double z = i % 2 ? 10 * random.uniform() : i % 12;  // many on slice boundaries
    atoms.add(i % 3 ? 29 : 40, {14 * x, 12 * y, std::min(z, 10.0)});
  }
  const Grid g{160, 144, 14, 12};
  const auto sum = [&](Projection p) {
    const SlicePotential<double> potential(g, with(Parametrisation::kirkland, p), atoms, 10);
    CHECK(potential.atoms() == atoms.size());
    HalfPlane<double> total = potential.coefficients(0);
    for (int s = 1; s < 10; ++s) total += potential.coefficients(s);
    return total;
  };
  const auto infinite = sum(Projection::infinite);
  CHECK(largest<double>(sum(Projection::finite) - infinite) / largest<double>(infinite) < 1e-12);
}

TEST_CASE("finite is infinite where slices hold whole atoms") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(14, 12, 60);
  for (int i = 0; i < 12; ++i) atoms.add(i % 2 ? 29 : 40, {1.1 * i, 0.9 * i, 10.0 + 20 * (i % 3)});
  const Grid g{160, 144, 14, 12};
  const SlicePotential<double> a(g, with(Parametrisation::kirkland, Projection::finite), atoms, 3),
      b(g, with(Parametrisation::kirkland, Projection::infinite), atoms, 3);
  for (int s = 0; s < 3; ++s)
    CHECK(largest<double>(a.coefficients(s) - b.coefficients(s)) /
              largest<double>(b.coefficients(s)) <
          1e-6);
  // and nothing wraps from the last slice to the first
  Atoms edge = atoms;
  for (auto& r : edge.positions) r.z() = 59.9;
  const SlicePotential<double> c(g, with(Parametrisation::kirkland, Projection::finite), edge, 30);
  CHECK(largest<double>(c.coefficients(0)) == 0);
  CHECK(largest<double>(c.coefficients(28)) > 0);
}

TEST_CASE("the finite projection converges at second order in the slice thickness") {
  // a plane wave: a probe would besides be focused half a slice apart
  RandomSequence random(5, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 12);
  for (int i = 0; i < 60; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(i % 3 ? 29 : 14, {10 * x, 10 * y, 12 * z});
  }
  SimulationSettings s;
  s.nx = s.ny = 96;
  s.optics.plane_wave = true;
  s.potential.factors = FactorTable(Parametrisation::kirkland).smeared({{29, 0.08}, {14, 0.08}});
  s.potential.projection = Projection::finite;
  const auto pattern = [&](double slice) {
    s.slice = slice;
    PlaneD p;
    Simulation<double>(atoms, s).run(
        {{0, 0}}, 1, [&](std::size_t, const ProbeResult<double>& r) { p = r.pattern; });
    return p;
  };
  const PlaneD finest = pattern(0.125);
  std::vector<double> error;
  for (const double slice : {1.0, 0.5}) error.push_back((pattern(slice) - finest).abs().sum());
  CHECK(std::log2(error[0] / error[1]) > 1.8);
  CHECK(std::log2(error[0] / error[1]) < 2.5);
  CHECK(error[1] < 2e-3);
}

TEST_CASE("what a table cannot answer is refused") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 4);
  atoms.add(99, {1, 1, 1});
  const auto fault = [&](const Grid& g, const PotentialSettings& s) {
    try {
      SlicePotential<float> p(g, s, atoms, 2);
    } catch (const Error& e) {
      return e.fault();
    }
    return Fault::machine;
  };
  const Grid fine{128, 128, 10, 10}, coarse{96, 96, 10, 10};
  CHECK(fault(coarse, with(Parametrisation::peng, Projection::infinite)) == Fault::physics);
  atoms.numbers = {29};
  CHECK(fault(fine, with(Parametrisation::peng, Projection::infinite)) == Fault::physics);
  CHECK(fault(coarse, with(Parametrisation::peng, Projection::infinite)) == Fault::machine);
  ElementFactor list;
  list.q = {0, 1, 2, 3, 4};
  list.f = {5, 2, 1, 0.5, 0.2};
  const FactorTable own(std::map<int, ElementFactor>{{29, list}});
  CHECK(fault(coarse, with(own, Projection::finite)) == Fault::usage);
  CHECK(fault(coarse, with(own, Projection::infinite)) == Fault::machine);
}
