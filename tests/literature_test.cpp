// Models of the literature keep what defines them: who neighbours whom, composition, bond angles.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "models/cluster_packing.hpp"
#include "models/neighbours.hpp"
#include "models/network.hpp"
#include "models/pair_distribution.hpp"
#include "tests/approx.hpp"
#include "tests/sanitized.hpp"

using namespace vitrobeam;

namespace {

std::size_t count_site(const Atoms& atoms, const std::string& name) {
  const auto& site = std::get<std::vector<std::string>>(atoms.labels.at("site").values);
  return std::size_t(std::count(site.begin(), site.end(), name));
}

}  // namespace

TEST_CASE("cluster packing: solutes on the superlattice, solvent around them, nobody too close") {
  EfficientPacking p;
  p.cells = 2;
  p.beta = 13;
  const ClusterModel m = efficient_packing(p);
  CHECK(count_site(m.atoms, "alpha") == 32);
  CHECK(count_site(m.atoms, "beta") == 32);
  CHECK(count_site(m.atoms, "gamma") == 0);
  CHECK(m.expected == efficient_coordination(1.28 / 1.60));
  CHECK(m.closest > 0.8);
  CHECK(m.coordination > 0.6 * m.expected);
  CHECK(m.coordination < 1.3 * m.expected);
  p.beta = 0;
  p.superlattice = Superlattice::hcp;
  p.density = 0.045;
  const ClusterModel hcp = efficient_packing(p);
  CHECK(number_density(hcp.atoms) == approx(0.045));
  p.superlattice = Superlattice::icosahedral;
  CHECK(count_site(efficient_packing(p).atoms, "alpha") >= 13);
  CHECK(efficient_coordination(0.902) == 12);
  CHECK(efficient_coordination(0.71) == 9);
  CHECK(efficient_coordination(1.248) == 17);
  p.cells = 0;
  p.superlattice = Superlattice::fcc;
  CHECK_THROWS_AS(efficient_packing(p), Error);
}

TEST_CASE("clusters and glue: the formula is the composition, and every cluster has its shell") {
  const GlueFormula f = parse_glue_formula("[Cu-Zr12]Zr");
  CHECK(f.centre == 29);
  CHECK(f.shell_atoms() == 12);
  CHECK(f.glue_atoms() == 1);
  const GlueFormula g = parse_glue_formula("[Cu8Zr5]Cu");
  CHECK(g.centre == 29);
  CHECK(g.shell.shares == std::vector<double>{7, 5});
  GluePacking p;
  p.formula = g;
  p.cells = 2;
  const ClusterModel m = glue_packing(p);
  CHECK(m.atoms.size() == 32 * 14);
  CHECK(std::count(m.atoms.numbers.begin(), m.atoms.numbers.end(), 29) == 32 * 9);  // Cu64.3 Zr35.7
  CHECK(m.coordination > 10);
  CHECK(m.coordination < 14.5);
  CHECK(m.closest > 0.8);
  for (const char* wrong : {"Cu8Zr5", "[Cu-Zr12]", "[]Cu", "[Cu2-Zr12]Zr", "[Cu-Zr40]Zr",
                            "[Cu-Zr12]Zr4", "[Cu-Zr11.5]Zr", "[Cu-Qq12]Zr"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_glue_formula(wrong), Error);
  }
}

TEST_CASE("the network: four neighbours each, no crystal left, bond angles as published for a-Si" *
          doctest::skip(kSanitized)) {
  NetworkSettings s;
  s.anneal = 150;
  const NetworkModel m = random_network(s);
  REQUIRE(m.atoms.size() == 216);
  for (std::size_t i = 0; i < m.network.bonds.size(); ++i)
    for (auto j : m.network.bonds[i]) {
      CHECK(j != i);
      const auto& back = m.network.bonds[j];
      CHECK(std::count(back.begin(), back.end(), std::uint32_t(i)) == 1);
    }
  CHECK(m.angle_deg == approx(109.2).epsilon(0.01));
  CHECK(m.angle_spread_deg > 8);  // a crystal has 0
  CHECK(m.angle_spread_deg < 16);
  CHECK(m.energy < 0.8);
  const PairDistribution g = pair_distribution(m.atoms, 6, 0.1);
  const auto peak = std::size_t(std::max_element(g.total.begin(), g.total.end()) - g.total.begin());
  CHECK(g.r[peak] == approx(2.35).epsilon(0.03));
  s.randomise = s.anneal = 0;  // nothing switched: the perfect crystal
  const NetworkModel diamond = random_network(s);
  CHECK(diamond.energy < 1e-12);
  CHECK(diamond.angle_spread_deg < 1e-4);
  const Atoms clusters = with_density_clusters(m.atoms, 2.35, {1, 5, 0.1, -0.05, 1});
  CHECK(std::abs(double(clusters.size()) - 216) < 10);
  CHECK_THROWS_AS(with_density_clusters(m.atoms, 2.35, {1, 50, 0.1, -0.05, 1}), Error);
}

TEST_CASE("Keating's forces are the slope of his energy: a displaced atom costs what springs say") {
  NetworkSettings s;
  s.cells = 2;
  s.randomise = s.anneal = 0;
  Network n = random_network(s).network;
  const double h = 1e-3;
  n.positions[3].x() += h;
  const double energy = keating_energy(n);
  n.positions[3].x() += h;
  CHECK(keating_energy(n) / energy == approx(4).epsilon(0.01));  // harmonic
  CHECK(energy > 0);
}
