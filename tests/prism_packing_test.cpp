// A glass of prisms is one: far more tricapped prisms than a dense random packing of the same
// atoms, joined at edges and corners, no two in one direction.
#include "models/prism_packing.hpp"

#include <doctest/doctest.h>

#include <Eigen/Geometry>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "models/crystal.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/templates.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"
#include "tests/sanitized.hpp"

using namespace vitrobeam;

namespace {

double near_prisms(const Atoms& atoms, int centre, double reach) {
  const auto d = prism_deviations(atoms, centre, reach);
  return double(std::count_if(d.begin(), d.end(), [](double x) { return x <= kTemplateRmsd; })) /
         double(d.size());
}

double prism_indices(const Atoms& atoms, int centre) {
  VoronoiSettings rule;
  rule.face_cut = 0.02;
  rule.small_faces = SmallFaces::rebuild;
  return voronoi_fraction(atoms, voronoi(atoms, rule), {0, 3, 6, 0}, centre);
}

}  // namespace

TEST_CASE(
    "the measure: nothing for the prism itself, little for cementite, much for other shells") {
  const auto prism = tricapped_prism();
  CHECK(prism.size() == 9);
  CHECK(shape_deviation(prism, prism) < 1e-7);
  // the same, larger and turned
  std::vector<Vector3d> turned;
  for (const auto& p : prism)
    turned.push_back(Eigen::AngleAxisd(1.1, Vector3d(1, 2, 3).normalized()) * (2.7 * p));
  CHECK(shape_deviation(prism, turned) < 1e-7);
  const Atoms cementite = unit_cell(find_prototype("D011"), {6, 26}, 5.09, 4.525);
  for (const double d : prism_deviations(repeated(cementite, {3, 3, 3}), 6, 4)) CHECK(d < 0.12);
  const Atoms b2 = unit_cell(find_prototype("B2"), {29, 40});
  for (const double d : prism_deviations(repeated(b2, {3, 3, 3}), 29, 6)) CHECK(d > 0.2);
}

TEST_CASE(
    "caps touch corners around small metalloids, and the metalloid itself around large ones") {
  // Ni3P: nine neighbours of P from 2.24 to 2.32 Angstrom; cementite: caps at 1.2 to 1.4 bonds
  CHECK(cap_distance(metallic_radius(28) + metallic_radius(15), metallic_radius(28)) == 1);
  const double cementite =
      cap_distance(metallic_radius(26) + metallic_radius(6), metallic_radius(26));
  CHECK(cementite > 1.2);
  CHECK(cementite < kTouchingCap);
  CHECK(cap_distance(1, 2) == kTouchingCap);
  const auto prism = tricapped_prism(cementite);  // caps are two radii from each corner
  for (std::size_t cap = 6; cap < 9; ++cap) {
    int touching = 0;
    for (std::size_t corner = 0; corner < 6; ++corner)
      touching += std::abs((prism[cap] - prism[corner]).norm() *
                               (metallic_radius(26) + metallic_radius(6)) -
                           2 * metallic_radius(26)) < 1e-9;
    CHECK(touching == 4);
  }
}

TEST_CASE("large metalloids are in prisms too" * doctest::skip(kSanitized)) {
  PrismPacking s;
  s.composition = parse_composition("Ni80P20");
  s.atoms = 600;
  PackingSettings random;
  random.composition = s.composition;
  random.atoms = 600;
  const double here = near_prisms(prism_packing(s).atoms, 15, 5),
               there = near_prisms(random_packing(random).atoms, 15, 5);
  MESSAGE("within 0.12 of a prism: " << here << ", in a random packing: " << there);
  CHECK(here > 0.7);
  CHECK(here > 4 * there);
}

TEST_CASE("prisms around the metalloids, joined at edges, and more of them than in a packing" *
          doctest::skip(kSanitized)) {
  PrismPacking s;
  s.composition = parse_composition("Fe75C25");
  s.atoms = 600;
  const PrismModel m = prism_packing(s);
  PackingSettings random;
  random.composition = s.composition;
  random.atoms = 600;
  const Atoms dense = random_packing(random).atoms;
  const double here = near_prisms(m.atoms, 6, 4), there = near_prisms(dense, 6, 4);
  MESSAGE("within 0.12 of a prism: " << here << ", in a random packing: " << there);
  CHECK(here > 0.5);
  CHECK(here > 4 * there);
  CHECK(prism_indices(m.atoms, 6) > 0.75);
  CHECK(prism_indices(m.atoms, 6) > 1.6 * prism_indices(dense, 6));

  CHECK(m.atoms.size() == 600);
  CHECK(std::count(m.atoms.numbers.begin(), m.atoms.numbers.end(), 6) == 150);
  CHECK(m.at_edges > 150);  // every prism has at least two such neighbours on average
  CHECK(m.at_faces < m.at_edges / 5);
  CHECK(closest_pair(m.atoms).distance > 0.7 * (metallic_radius(26) + metallic_radius(6)));
  double carbon = 10;
  visit_neighbours(m.atoms.cell, m.atoms.positions, 4,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     if (m.atoms.numbers[i] == 6 && m.atoms.numbers[j] == 6)
                       carbon = std::min(carbon, r.norm());
                   });
  CHECK(carbon > 2.2);  // metalloids do not touch: 1.52

  // random directions: the mean of the tensor of the axes is isotropic
  const auto& axis = std::get<std::vector<double>>(m.atoms.labels.at("axis").values);
  const auto& site = std::get<std::vector<std::string>>(m.atoms.labels.at("site").values);
  Eigen::Matrix3d mean = Eigen::Matrix3d::Zero();
  for (std::size_t i = 0; i < m.atoms.size(); ++i) {
    const Vector3d a(axis[3 * i], axis[3 * i + 1], axis[3 * i + 2]);
    CHECK(a.norm() == (site[i] == "centre" ? approx(1) : approx(0)));
    mean += a * a.transpose() / 150;
  }
  CHECK((mean - Eigen::Matrix3d::Identity() / 3).norm() < 0.25);
}

TEST_CASE("density and composition as asked, the seed decides, and what cannot be is refused") {
  PrismPacking s;
  s.composition = parse_composition("Pd80Si20");
  s.atoms = 150;
  s.density = 0.066;
  const PrismModel a = prism_packing(s);
  CHECK(number_density(a.atoms) == approx(0.066));
  CHECK(std::count(a.atoms.numbers.begin(), a.atoms.numbers.end(), 14) == 30);
  CHECK(prism_packing(s).atoms.positions == a.atoms.positions);
  s.seed = 2;
  CHECK(prism_packing(s).atoms.positions != a.atoms.positions);
  s.atoms = 30;
  CHECK_THROWS_WITH_AS(prism_packing(s), doctest::Contains("take more atoms"), Error);
  s.atoms = 150;
  s.composition = parse_composition("Pd50Si50");
  CHECK_THROWS_WITH_AS(prism_packing(s), doctest::Contains("a prism of its own"), Error);
  s.composition = parse_composition("Pd");
  CHECK_THROWS_AS(prism_packing(s), Error);
  s.composition = parse_composition("Pd80Si20");
  s.density = 5;
  CHECK_THROWS_AS(prism_packing(s), Error);
}
