// Laws of the absorptive potential: closed form for a Gaussian atom, cross section of thermal
// diffuse scattering, the elastic wave of frozen phonons.
#include "potentials/absorption.hpp"

#include "base/random.hpp"
#include "models/thermal.hpp"
#include "multislice/simulation.hpp"
#include "multislice/thermal_average.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

ElementFactor gaussian(double weight, double width) {
  ElementFactor f;
  f.gaussians = {{weight, width}};
  return f;
}

}  // namespace

TEST_CASE("a Gaussian atom: the absorptive potential is the variance of the potential") {
  // exp(i sigma V) of a moving atom is to second order exp(i sigma <V> - sigma V'),
  // V' = sigma/2 (<V^2> - <V>^2); for v = c pi/d exp(-pi^2 r^2/d) both means are Gaussians again
  const double c = 3, d = 0.7, sigma = 7e-4;
  for (const double u : {0.05, 0.12}) {
    const ElementFactor f = absorptive_factor(gaussian(c, d), u, sigma, 4);
    for (const double q : {0.0, 0.35, 1.0, 2.2, 3.9}) {
      CAPTURE(q);
      const double moved = d + 2 * M_PI * M_PI * u * u,
                   squares = c * c * M_PI / (2 * d) *
                             std::exp(-(d / 2 + 2 * M_PI * M_PI * u * u) * q * q),
                   means = c * c * M_PI / (2 * moved) * std::exp(-moved / 2 * q * q),
                   expected = sigma * kPotentialUnit / 2 * (squares - means);
      CHECK(f(q) == approx(expected).epsilon(1e-5).scale(f(0)));
    }
  }
}

TEST_CASE("no motion absorbs nothing; what is absorbed is the Einstein cross section") {
  const double sigma = interaction_constant(200), lambda_gamma = sigma * kPotentialUnit;
  for (const auto table : {Parametrisation::kirkland, Parametrisation::lobato})
    for (const int z : {6, 29, 79}) {
      CAPTURE(z);
      const ElementFactor& f = FactorTable(table).element(z);
      CHECK(absorptive_factor(f, 0, sigma, 3)(0) == 0);
      for (const double u : {0.03, 0.08}) {
        // integral of (gamma f)^2 (1 - exp(-4 pi^2 u^2 q^2)) over the solid angle lambda^2 d^2q;
        // substitution q = e^x, trapezoid rule
        double cross_section = 0;
        for (double x = std::log(1e-4), h = 0.002; x < std::log(1e4); x += h) {
          const double q = std::exp(x), share = 1 - std::exp(-4 * M_PI * M_PI * u * u * q * q);
          cross_section += 2 * M_PI * q * q * h * std::pow(lambda_gamma * f(q), 2) * share;
        }
        CHECK(2 * lambda_gamma * absorptive_factor(f, u, sigma, 3)(0) ==
              approx(cross_section).epsilon(1e-3));
      }
    }
}

TEST_CASE("a thin crystal: absorption is what frozen phonons take from the elastic wave") {
  // fcc copper along a cube axis, two cells deep; q = 0 and the 200 beams
  const double a = 3.615, u = 0.085;
  Atoms atoms;
  atoms.cell = Cell::orthogonal(2 * a, 2 * a, 2 * a);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j)
      for (int k = 0; k < 4; ++k)
        if ((i + j + k) % 2 == 0) atoms.add(29, a / 2 * Vector3d(i, j, k + 0.5));
  SimulationSettings s;
  s.nx = s.ny = 180;  // to q = 8.3: little is scattered farther
  s.slice = a / 2;
  s.optics.plane_wave = true;
  s.recording.amplitudes = true;
  const auto run = [&](const SimulationSettings& with, const std::vector<Vector3d>& displaced) {
    ProbeResult<double> out;
    Simulation<double>(atoms, with, 1, displaced)
        .run({{0, 0}}, 1, [&](std::size_t, const ProbeResult<double>& r) { out = r; });
    return out;
  };
  ThermalAverage<double> frozen;
  constexpr int kConfigurations = 60;
  for (int c = 1; c <= kConfigurations; ++c)
    frozen.add(run(s, thermal_displacements(atoms, {{29, u}}, 3, c)));
  SimulationSettings smeared = s;
  smeared.potential.factors = FactorTable(Parametrisation::kirkland).smeared({{29, u}});
  const double without = run(smeared, {}).intensity_out;
  smeared.potential.absorption = interaction_constant(s.optics.energy_kV);
  const ProbeResult<double> absorbed = run(smeared, {});

  const PlaneD elastic = frozen.elastic() - frozen.diffuse() / (kConfigurations - 1.0);
  const int mid = 90;
  CHECK(absorbed.pattern(mid, mid) == approx(elastic(mid, mid)).epsilon(0.002));
  CHECK(absorbed.pattern(mid, mid + 4) == approx(elastic(mid, mid + 4)).epsilon(0.05));
  const double loss = 1 - absorbed.intensity_out;
  CHECK(loss > 0.005);
  CHECK(loss ==
        approx(frozen.diffuse().sum() * (kConfigurations / (kConfigurations - 1.0))).epsilon(0.05));
  CHECK(without - absorbed.intensity_out == approx(loss).epsilon(0.01));
  // elastic and diffuse are the whole pattern
  CHECK((frozen.elastic() + frozen.diffuse() - frozen.mean().pattern).abs().maxCoeff() < 1e-15);
}

TEST_CASE("absorption is the same for both projections and both exact engines") {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(10, 10, 8);
  for (int i = 0; i < 8; ++i) atoms.add(40, {1.2 * i, 7.3 - 0.8 * i, i + 0.5});
  SimulationSettings s;
  s.nx = s.ny = 96;
  s.optics.semiangle_mrad = 12;
  s.potential.factors = FactorTable(Parametrisation::kirkland).smeared({{40, 0.1}});
  s.potential.absorption = interaction_constant(200);
  const auto run = [&](Engine engine, Projection projection) {
    s.engine = engine;
    s.potential.projection = projection;
    double out = 0;
    Simulation<double>(atoms, s).run(
        {{5, 5}}, 1, [&](std::size_t, const ProbeResult<double>& r) { out = r.intensity_out; });
    return out;
  };
  const double multislice = run(Engine::multislice, Projection::infinite);
  CHECK(multislice < 0.998);
  CHECK(run(Engine::scattering_matrix, Projection::infinite) == approx(multislice).epsilon(1e-12));
  CHECK(1 - run(Engine::multislice, Projection::finite) == approx(1 - multislice).epsilon(0.02));
}
