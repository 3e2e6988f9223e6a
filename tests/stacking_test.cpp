// Laws of piled-up models, and of the single-scattering engine without propagation.
#include "models/stacking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/neighbours.hpp"
#include "multislice/simulation.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

// Atoms at random places, none closer than `apart`.
Atoms random_block(double edge, double height, int n, double apart, std::uint64_t seed) {
  Atoms a;
  a.cell = Cell::orthogonal(edge, edge, height);
  RandomSequence random(seed, 1);
  while (int(a.size()) < n) {
    const double x = random.uniform() * edge, y = random.uniform() * edge;
    a.add(a.size() % 3 == 0 ? 40 : 29, {x, y, random.uniform() * height});
    if (a.size() > 1 && closest_pair(a, apart + 1).distance < apart) {
      a.numbers.pop_back();
      a.positions.pop_back();
    }
  }
  return a;
}

}  // namespace

TEST_CASE("a pile keeps the density, repeats nothing along the beam, and no pair is too close") {
  const Atoms block = random_block(12, 12, 80, 2.1, 3);
  const Atoms pile = stacked(block, 40, 7);
  CHECK(pile.cell.lengths().z() == 40);
  CHECK(!pile.cell.periodic[2]);
  CHECK(std::abs(double(pile.size()) - 80 * 40 / 12.0) < 30);
  const auto removed = std::stoul(pile.info.at("stacked_removed"));
  CHECK(std::stoul(pile.info.at("stacked_blocks")) == 4);
  CHECK(closest_pair(pile, 5).distance > 0.7 * 2 * 1.27);
  CHECK(removed < 60);
  // no two layers are copies of each other: few atoms have a twin 12 Angstrom above
  int twins = 0;
  for (const auto& a : pile.positions)
    for (const auto& b : pile.positions) twins += (b - a - Vector3d(0, 0, 12)).norm() < 0.05;
  CHECK(twins < 3);
  // the same seed the same pile, another seed another one
  const Atoms again = stacked(block, 40, 7), other = stacked(block, 40, 8);
  CHECK(again.positions.front() == pile.positions.front());
  CHECK(other.positions.front() != pile.positions.front());
  Atoms open = block;
  open.cell.periodic[1] = false;
  CHECK_THROWS(stacked(open, 40, 1));
}

TEST_CASE("flat Born: no difference between I(q) and I(-q); curved Born and multislice have one") {
  const Atoms block = random_block(16, 30, 400, 1.5, 5);
  const auto asymmetry = [&](Engine engine) {
    SimulationSettings s;
    s.nx = s.ny = 64;
    s.engine = engine;
    s.optics.semiangle_mrad = 6;
    s.recording.q_max = 0.8;
    PlaneD pattern;
    Simulation<double>(block, s).run({{5.3, 6.1}}, 1,
                                     [&](std::size_t, const auto& r) { pattern = r.pattern; });
    const auto n = pattern.rows(), m = pattern.cols();
    double difference = 0, sum = 0;
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < m; ++j) {
        const double q = std::hypot(double(i - n / 2), double(j - m / 2)) / 16;
        if (q < 0.35) continue;  // outside the central disc
        difference += std::abs(pattern(i, j) - pattern(n - 1 - i, m - 1 - j));
        sum += pattern(i, j);
      }
    return difference / sum;
  };
  CHECK(asymmetry(Engine::flat_born) < 1e-12);
  CHECK(asymmetry(Engine::kinematic) > 0.02);
  CHECK(asymmetry(Engine::multislice) > 0.02);
}
