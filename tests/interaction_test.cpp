// Interatomic potentials: forces are the slope of the energy, cohesion of an fcc crystal is that of
// an independent sum, tables pass through their points, and relaxation goes downhill and nowhere
// else.
#include "models/interaction.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "base/random.hpp"
#include "io/setfl.hpp"
#include "models/chemical_order.hpp"
#include "models/neighbours.hpp"
#include "models/order_steering.hpp"
#include "models/packing.hpp"
#include "models/transform.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

// fcc of Cu with every second layer along z Zr, shaken.
Atoms crystal(int cells, double shake) {
  Atoms atoms;
  const double a = 4.0;
  atoms.cell = Cell::orthogonal(a * cells, a * cells, a * cells);
  const Vector3d basis[] = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
  for (int x = 0; x < cells; ++x)
    for (int y = 0; y < cells; ++y)
      for (int z = 0; z < cells; ++z)
        for (const auto& b : basis) {
          const auto g = normal4(1, 2, atoms.size());
          atoms.add(b.z() > 0 ? 40 : 29,
                    a * (Vector3d(x, y, z) + b) + shake * Vector3d(g[0], g[1], g[2]));
        }
  return atoms;
}

// A setfl file whose functions are simple: F = -sqrt-like cubic, densities and r phi polynomials.
std::string setfl(bool fs) {
  const int n = 2000;
  const double dr = 0.003, drho = 0.02;
  std::string s = "one\ntwo\nthree\n2 Cu Zr\n2000 0.02 2000 0.003 5.5\n";
  const auto numbers = [&](auto&& f, double step) {
    for (int i = 0; i < n; ++i) s += fmt::format("{:.16e}{}", f(i * step), i % 5 == 4 ? "\n" : " ");
  };
  const auto tail = [](double r) { return r < 5.5 ? std::pow(5.5 - r, 3) : 0.0; };
  for (int a = 0; a < 2; ++a) {
    s += a ? "40 91.22 3.23 hcp\n" : "29 63.55 3.61 fcc\n";
    numbers([&](double rho) { return -0.3 * rho + 0.004 * (a + 1) * rho * rho; }, drho);
    numbers([&](double r) { return 0.02 * (a + 1) * tail(r); }, dr);
    if (fs) numbers([&](double r) { return 0.03 * (a + 1) * tail(r); }, dr);
  }
  for (double k : {0.3, 0.2, 0.4})
    numbers([&](double r) { return k * tail(r) * (1 - 0.1 * r); }, dr);
  return s;
}

std::string write(const std::string& name, const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / ("vitrobeam_" + name);
  std::ofstream(path) << text;
  return path.string();
}

std::vector<Interaction> all_interactions() {
  const std::map<ElementPair, double> minimum = {{{29, 29}, 2.6}, {{29, 40}, 2.8}, {{40, 40}, 3.2}};
  return {Contacts{minimum}, LennardJones{0.4, minimum}, Morse{0.4, 1.5, minimum},
          read_setfl(write("alloy.setfl", setfl(false))),
          read_setfl(write("fs.setfl", setfl(true)))};
}

}  // namespace

TEST_CASE("forces are minus the slope of the energy, and sum to nothing") {
  const Atoms atoms = crystal(2, 0.15);
  for (const Interaction& interaction : all_interactions()) {
    CAPTURE(interaction.index());
    const auto here = evaluate(interaction, atoms);
    Vector3d sum = Vector3d::Zero();
    double scale = 0;
    for (const auto& f : here.forces) sum += f, scale = std::max(scale, f.norm());
    CHECK(sum.norm() < 1e-10 * std::max(1.0, scale));
    for (const std::size_t i : {0, 5, 17})
      for (int k = 0; k < 3; ++k) {
        const double h = 1e-5;
        Atoms plus = atoms, minus = atoms;
        plus.positions[i][k] += h;
        minus.positions[i][k] -= h;
        const double slope =
            (evaluate(interaction, plus).energy - evaluate(interaction, minus).energy) / (2 * h);
        CHECK(std::abs(slope + here.forces[i][k]) < 1e-5 * std::max(1.0, scale));
      }
  }
}

TEST_CASE("the energy is that of a plain sum over pairs and embedded densities") {
  const Atoms atoms = crystal(2, 0.1);
  const auto tail = [](double r) { return r < 5.5 ? std::pow(5.5 - r, 3) : 0.0; };
  for (const bool fs : {false, true}) {
    double energy = 0;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      double rho = 0;
      for (std::size_t j = 0; j < atoms.size(); ++j)
        for (int x = -1; x <= 1; ++x)
          for (int y = -1; y <= 1; ++y)
            for (int z = -1; z <= 1; ++z) {
              const double r =
                  (atoms.positions[j] + 8.0 * Vector3d(x, y, z) - atoms.positions[i]).norm();
              if (r == 0) continue;
              const int a = atoms.numbers[j] == 40, b = atoms.numbers[i] == 40;
              rho += (fs && b ? 0.03 : 0.02) * (a + 1) * tail(r);  // density of a at b
              const double k = a + b == 0 ? 0.3 : a + b == 1 ? 0.2 : 0.4;
              energy += k * tail(r) * (1 - 0.1 * r) / r / 2;
            }
      energy += -0.3 * rho + 0.004 * ((atoms.numbers[i] == 40) + 1) * rho * rho;
    }
    const auto table = read_setfl(write(fs ? "fs.setfl" : "alloy.setfl", setfl(fs)));
    CHECK(evaluate(table, atoms).energy == approx(energy).epsilon(1e-6));
  }
}

TEST_CASE("relaxation goes downhill to balance, keeps fixed atoms, and finds the crystal again") {
  const Atoms perfect = crystal(3, 0), shaken = crystal(3, 0.08);
  const std::map<ElementPair, double> equal = {{{29, 29}, 2.9}, {{29, 40}, 2.9}, {{40, 40}, 2.9}};
  RelaxSettings settings;
  settings.fixed.assign(shaken.size(), false);
  settings.fixed[7] = true;
  const Relaxed free = relax(shaken, LennardJones{0.4, equal});
  CHECK(free.energy < free.energy_before);
  CHECK(free.largest_force <= 1e-3);
  CHECK(free.energy == approx(evaluate(LennardJones{0.4, equal}, perfect).energy).epsilon(1e-5));
  const Relaxed fixed = relax(shaken, LennardJones{0.4, equal}, settings);
  CHECK((fixed.atoms.positions[7] - shaken.positions[7]).norm() < 1e-9);
  const Relaxed apart = relax(shaken, metallic_contacts(shaken.numbers, 0.9));
  CHECK(apart.largest_force <= 1e-3);
}

TEST_CASE("a table passes through its points and its slopes are those of a cubic in between") {
  std::vector<double> values;
  for (int i = 0; i < 30; ++i) values.push_back(std::sin(0.2 * i));
  const CubicTable table(0.2, values);
  for (int i = 0; i < 30; ++i)
    CHECK(table.at(0.2 * i).value == approx(values[std::size_t(i)]).epsilon(1e-12));
  CHECK(table.at(3.05).value == approx(std::sin(3.05)).epsilon(1e-3));
  CHECK(table.at(3.05).slope == approx(std::cos(3.05)).epsilon(1e-3));
}

TEST_CASE("setfl files that are cut short or of another kind are refused by name and place") {
  const std::string whole = setfl(true);
  CHECK_THROWS_WITH_AS(read_setfl(write("cut.setfl", whole.substr(0, whole.size() / 2))),
                       doctest::Contains("cut short"), Error);
  CHECK_THROWS_WITH_AS(read_setfl(write("no.setfl", "a\nb\nc\nCu Zr\n1 2 3 4 5\n")),
                       doctest::Contains("no.setfl:4"), Error);
  CHECK_THROWS_AS(read_setfl("/nowhere.setfl"), Error);
  CHECK_THROWS_WITH_AS(evaluate(read_setfl(write("fs.setfl", whole)),
                                [] {
                                  Atoms gold = crystal(1, 0);
                                  gold.numbers[0] = 79;
                                  return gold;
                                }()),
                       doctest::Contains("knows no Au"), Error);
}

namespace {
double alpha(const Atoms& atoms) {
  return chemical_order(atoms.numbers, neighbours_within(atoms.cell, atoms.positions, 2.8))
      .warren_cowley.at({29, 40});
}
}  // namespace

TEST_CASE("Warren-Cowley: 0 at random, -1 in B2, and steered to what is asked for by swaps alone") {
  Atoms b2;
  b2.cell = Cell::orthogonal(15, 15, 15);
  for (int x = 0; x < 5; ++x)
    for (int y = 0; y < 5; ++y)
      for (int z = 0; z < 5; ++z) {
        b2.add(29, 3.0 * Vector3d(x, y, z));
        b2.add(40, 3.0 * Vector3d(x + 0.5, y + 0.5, z + 0.5));
      }
  CHECK(alpha(b2) == approx(-1));
  for (const double target : {-0.2, 0.0, 0.3}) {
    const Steered s = steer_order(b2, 29, 40, target, 2.8, 5);
    CHECK(std::abs(s.after - target) < 0.01);
    CHECK(std::abs(alpha(s.atoms) - s.after) < 1e-12);  // an independent count
    CHECK(std::count(s.atoms.numbers.begin(), s.atoms.numbers.end(), 29) == 125);
    CHECK(s.atoms.positions == b2.positions);
  }
  CHECK_THROWS_AS(steer_order(b2, 29, 13, 0, 2.8, 1), Error);
  CHECK_THROWS_AS(steer_order(b2, 29, 29, 0, 2.8, 1), Error);
}
