// What no model can be is found, whatever the cell; occupancies count in every sum alike; Voronoi
// cells exist for every arrangement of distinct atoms.
#include "models/plausibility.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "models/column_density.hpp"
#include "models/occupancy.hpp"
#include "models/packing.hpp"
#include "models/pair_distribution.hpp"
#include "models/structure_factor.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms lattice(double a, const std::vector<Vector3d>& basis, const Eigen::Vector3i& n) {
  Atoms atoms;
  atoms.cell = Cell::orthogonal(a * n.x(), a * n.y(), a * n.z());
  for (int x = 0; x < n.x(); ++x)
    for (int y = 0; y < n.y(); ++y)
      for (int z = 0; z < n.z(); ++z)
        for (const auto& b : basis) atoms.add(29, a * (Vector3d(x, y, z) + b));
  return atoms;
}

const std::vector<Vector3d> kFcc = {{0, 0, 0}, {.5, .5, 0}, {.5, 0, .5}, {0, .5, .5}};
const std::vector<Vector3d> kBcc = {{0, 0, 0}, {.5, .5, .5}};

const std::string kGlass =
    std::string(VITROBEAM_SOURCE_DIR) + "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz";

bool has_word(const Atoms& atoms, const std::string& word) {
  for (const auto& text : oddities(plausibility(atoms)))
    if (text.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("atoms at one place, too dense, outside: each is found, and nothing in a sound model") {
  const Atoms sound = lattice(3.615, kFcc, {3, 3, 3});
  CHECK(oddities(plausibility(sound)).empty());
  Atoms border = sound;  // the faces once more at the opposite side, as viewers write them
  for (std::size_t i = 0; i < sound.size(); ++i)
    if (sound.positions[i].z() == 0) border.add(29, sound.positions[i] + Vector3d(0, 0, 3 * 3.615));
  CHECK(plausibility(border).coincident == 18);
  CHECK(has_word(border, "at one place"));
  Atoms close = sound;
  close.positions[0] += Vector3d(0.6, 0.6, 0);
  CHECK(plausibility(close).coincident == 0);
  CHECK(plausibility(close).close > 0);
  Atoms dense = lattice(2.4, kFcc, {3, 3, 3});
  CHECK(has_word(dense, "g/cm^3"));
  Atoms outside = sound;
  outside.positions[5] -= Vector3d(0, 20, 0);
  CHECK(plausibility(outside).outside == 1);
  CHECK(has_word(outside, "does not hold"));
}

TEST_CASE("mixed sites are no coincidence as long as at most one atom is there") {
  Atoms atoms = lattice(3.615, kFcc, {2, 2, 2});
  const std::size_t n = atoms.size();
  for (std::size_t i = 0; i < n; ++i) atoms.add(28, atoms.positions[i]);
  CHECK(plausibility(atoms).coincident == n);
  atoms.labels["occupancy"].values = std::vector<double>(2 * n, 0.5);
  CHECK(plausibility(atoms).coincident == 0);
  // refined apart, the two are still one site: never both, never a close pair
  for (std::size_t i = n; i < 2 * n; ++i) atoms.positions[i] += Vector3d(0.1, 0, 0);
  CHECK(plausibility(atoms).coincident == 0);
  for (std::uint64_t c = 1; c < 5; ++c) CHECK(occupied_sites(atoms, 7, c).size() == n);
  atoms.labels["occupancy"].values = std::vector<double>(2 * n, 0.75);
  CHECK(plausibility(atoms).coincident == n);
}

TEST_CASE("half of every atom is half of every sum; shares and shapes stay") {
  const Atoms whole = lattice(3.615, kFcc, {3, 3, 3});
  Atoms half = whole;
  half.labels["occupancy"].values = std::vector<double>(half.size(), 0.5);
  CHECK(atoms_in(half) == approx(atoms_in(whole) / 2));
  CHECK(number_density(half) == approx(number_density(whole) / 2));
  CHECK(mass_density(half) == approx(mass_density(whole) / 2));
  CHECK(composition_text(half) == composition_text(whole));
  const PairDistribution g = pair_distribution(whole, 6, 0.05),
                         h = pair_distribution(half, 6, 0.05);
  for (std::size_t k = 0; k < g.r.size(); ++k) {
    CHECK(h.total[k] == approx(g.total[k]));
    CHECK(h.pairs[k] == approx(g.pairs[k] / 4));
  }
  // S - 1 goes with the density
  const std::vector<double> q = {0.2, 0.4, 0.5};
  const auto s = structure_factor(g, number_density(whole), q).partials.at("Cu-Cu"),
             t = structure_factor(h, number_density(half), q).partials.at("Cu-Cu");
  for (std::size_t k = 0; k < q.size(); ++k) CHECK(t[k] - 1 == approx((s[k] - 1) / 2));
  ColumnWeight beam;
  CHECK(column_density(half, beam, 4, 4).density.sum() ==
        approx(column_density(whole, beam, 4, 4).density.sum() / 2));
  CHECK_THROWS_AS(voronoi(half), Error);
}

TEST_CASE("two halves of one element at a site are one atom in g(r)") {
  const Atoms whole = lattice(3.615, kFcc, {2, 2, 2});
  Atoms halves = whole;
  for (std::size_t i = 0; i < whole.size(); ++i) halves.add(29, whole.positions[i]);
  halves.labels["occupancy"].values = std::vector<double>(halves.size(), 0.5);
  const auto g = pair_distribution(whole, 5, 0.05).total,
             h = pair_distribution(halves, 5, 0.05).total;
  for (std::size_t k = 0; k < g.size(); ++k) CHECK(h[k] == approx(g[k]));
}

TEST_CASE("vacuum: the density of the filled part is that of the slab") {
  Atoms slab = lattice(3.615, kFcc, {4, 4, 4});
  const double bulk = number_density(slab);
  CHECK(!vacuum_of(slab).exists());
  slab.cell.vectors(2, 2) += 30;
  const Vacuum v = vacuum_of(slab);
  CHECK(v.gap.x() == 0);
  CHECK(v.gap.z() > 25);
  CHECK(number_density(slab) / v.filled == approx(bulk).epsilon(0.1));
  CHECK(vacuum_text(slab).find("along c") != std::string::npos);
  // wherever the slab stands in its periodic cell
  for (auto& r : slab.positions) r.z() += 38;
  CHECK(vacuum_of(slab).gap.isApprox(v.gap));
}

TEST_CASE("the first peak of a partial g(r) is its own, however far out") {
  Atoms salt;
  salt.cell = Cell::orthogonal(18.7, 18.7, 18.7);
  for (int x = 0; x < 8; ++x)
    for (int y = 0; y < 8; ++y)
      for (int z = 0; z < 8; ++z)
        salt.add((x + y + z) % 2 ? 40 : 29,
                 18.7 / 8 *
                     Vector3d(x + .2 * std::sin(9. * y + z), y + .2 * std::sin(7. * z + x),
                              z + .2 * std::sin(8. * x + y)));
  const PairDistribution g = pair_distribution(salt, 8, 0.02);
  CHECK(std::abs(first_peak(g.r, g.partials.at("Cu-Zr")).x - 2.34) < 0.3);
  CHECK(std::abs(first_peak(g.r, g.partials.at("Cu-Cu")).x - 3.31) < 0.3);
  CHECK(std::abs(first_peak(g.r, g.partials.at("Zr-Zr")).x - 3.31) < 0.3);
}

TEST_CASE("Voronoi: a model repeated along any edge has the cells of the single one, twice") {
  const Atoms glass = read_structure(kGlass);
  const Voronoi once = voronoi(glass);
  for (const std::array<int, 3> n : {std::array{1, 2, 1}, {2, 1, 1}}) {
    const Atoms twice = repeated(glass, n);
    const Voronoi v = voronoi(twice);
    double volume = 0, worst = 0;
    std::size_t different = 0;
    for (std::size_t i = 0; i < twice.size(); ++i) {
      volume += v.volume[i];
      // both orders of repetition: copy after copy, or atom after atom
      const std::size_t j = twice.numbers.size() == 2 * glass.size() &&
                                    twice.numbers[glass.size()] == glass.numbers[0] &&
                                    twice.positions[0].isApprox(glass.positions[0])
                                ? i % glass.size()
                                : i / 2;
      different += v.index[i] != once.index[j];
      worst = std::max(worst, std::abs(v.volume[i] - once.volume[j]));
    }
    CHECK(volume == approx(twice.cell.volume()));
    CHECK(different == 0);
    CHECK(worst < 1e-6);
  }
}

TEST_CASE("Voronoi: perfect crystals of any repeats have one index and equal volumes") {
  for (const auto& [basis, index] : {std::pair{kFcc, std::array{0, 12, 0, 0}},
                                     {kBcc, std::array{0, 6, 0, 8}},
                                     {std::vector<Vector3d>{{0, 0, 0}}, std::array{0, 6, 0, 0}}})
    for (const Eigen::Vector3i& n :
         {Eigen::Vector3i(1, 1, 1), Eigen::Vector3i(1, 2, 1), Eigen::Vector3i(2, 2, 2),
          Eigen::Vector3i(1, 1, 7), Eigen::Vector3i(6, 1, 5)}) {
      const Atoms atoms = lattice(3, basis, n);
      const Voronoi v = voronoi(atoms);
      CAPTURE(n);
      for (std::size_t i = 0; i < atoms.size(); ++i) {
        CHECK(v.index[i] == index);
        CHECK(v.volume[i] == approx(atoms.cell.volume() / double(atoms.size())));
      }
    }
  // arrays whose planes hold many atoms at one distance, on the walls of the cell too
  Atoms rods;
  rods.cell = Cell::orthogonal(12, 12, 3);
  for (int i = 0; i < 12; ++i)
    rods.add(29, {6 + 4 * std::cos(i * M_PI / 6), 6 + 4 * std::sin(i * M_PI / 6), 0});
  const Voronoi v = voronoi(rods);
  double volume = 0;
  for (const double x : v.volume) volume += x;
  CHECK(volume == approx(rods.cell.volume()));
}

TEST_CASE("Voronoi of a ball: only atoms with all their neighbours are whole") {
  const Atoms bulk = lattice(3.615, kFcc, {7, 7, 7});
  Atoms ball;
  ball.cell.periodic = {false, false, false};
  for (const auto& r : bulk.positions)
    if ((r - Vector3d::Constant(3.5 * 3.615)).norm() < 11) ball.add(29, r);
  const Voronoi v = voronoi(ball);
  std::size_t whole = 0, complete = 0;
  const auto neighbours = neighbours_within(ball.cell, ball.positions, 3);
  for (std::size_t i = 0; i < ball.size(); ++i) {
    complete += neighbours.count(i) == 12;
    if (v.at_surface[i]) continue;
    ++whole;
    CHECK(v.volume[i] == approx(std::pow(3.615, 3) / 4));
    CHECK(v.index[i] == std::array{0, 12, 0, 0});
  }
  CHECK(whole == complete);
  Atoms labelled = ball;
  label_voronoi(labelled, v, kVoronoiFaceCut);
  const auto& volume = std::get<std::vector<double>>(labelled.labels.at("voronoi_volume").values);
  for (std::size_t i = 0; i < ball.size(); ++i) CHECK(std::isnan(volume[i]) == v.at_surface[i]);
}
