// Crystals have the neighbours, the density and the Voronoi cells of their type; faults change the
// stacking and nothing else; microcrystals fill their cell.
#include "models/crystal.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "base/error.hpp"
#include "models/neighbours.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms cell(const char* name, std::vector<int> elements, double a = 0, double c = 0) {
  return unit_cell(find_prototype(name), elements, a, c);
}

std::map<std::string, int> indices(const Atoms& atoms) {
  const Voronoi v = voronoi(repeated(atoms, {3, 3, 3}));
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < atoms.size(); ++i) ++counts[voronoi_name(v.index[i])];
  return counts;
}

// How many neighbours within `reach` every interior atom has.
std::map<int, int> coordination(const Atoms& piece, double reach, double interior) {
  std::vector<int> n(piece.size());
  visit_neighbours(piece.cell, piece.positions, reach,
                   [&](std::size_t i, std::size_t, const Vector3d&) { ++n[i]; });
  std::map<int, int> out;
  for (std::size_t i = 0; i < piece.size(); ++i)
    if (piece.positions[i].norm() < interior) ++out[n[i]];
  return out;
}

// fcc-like (12 neighbours with 4-2-1 pairs) or hcp-like atoms by the inversion of their neighbours:
// the shell of fcc is centrosymmetric, that of hcp is not.
std::pair<int, int> stacking(const Atoms& piece, double bond, double interior) {
  std::vector<std::vector<Vector3d>> near(piece.size());
  visit_neighbours(piece.cell, piece.positions, 1.2 * bond,
                   [&](std::size_t i, std::size_t, const Vector3d& r) { near[i].push_back(r); });
  std::pair<int, int> out{0, 0};
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (piece.positions[i].norm() > interior) continue;
    REQUIRE(near[i].size() == 12);
    int opposite = 0;
    for (const auto& a : near[i])
      for (const auto& b : near[i]) opposite += (a + b).norm() < 0.1 * bond;
    (opposite == 12 ? out.first : out.second) += 1;
  }
  return out;
}

}  // namespace

TEST_CASE("Laves phase and A15 are made of icosahedra and Frank-Kasper polyhedra") {
  const auto laves = indices(cell("C15", {40, 29}));
  CHECK(laves.at("<0,0,12,0>") == 16);
  CHECK(laves.at("<0,0,12,4>") == 8);
  const auto a15 = indices(cell("A15", {29, 40}));
  CHECK(a15.at("<0,0,12,0>") == 2);
  CHECK(a15.at("<0,0,12,2>") == 6);
  const Atoms cementite = cell("D011", {6, 26}, 5.09, 4.525);
  CHECK(voronoi_name(voronoi(repeated(cementite, {3, 3, 3}), 0.02).index[0]) ==
        "<0,3,6,0>");  // Gaskell's prism
  CHECK(indices(cell("B2", {29, 40})).at("<0,6,0,8>") == 2);
  CHECK(indices(cell("bcc", {73})).at("<0,6,0,8>") == 2);
}

TEST_CASE("numbers of atoms and compositions of the cells") {
  const std::map<std::string, std::pair<int, int>> atoms = {
      {"fcc", {4, 0}},  {"L12", {1, 3}}, {"hcp", {2, 0}},     {"bcc", {2, 0}},
      {"bct", {2, 0}},  {"B2", {1, 1}},  {"C11b", {2, 4}},    {"C16", {4, 8}},
      {"C15", {8, 16}}, {"A15", {2, 6}}, {"diamond", {8, 0}}, {"D011", {4, 12}}};
  for (const Prototype& p : prototypes()) {
    CAPTURE(p.name);
    const Atoms unit = unit_cell(p, p.roles.size() == 1 ? std::vector{29} : std::vector{29, 40});
    CHECK(std::count(unit.numbers.begin(), unit.numbers.end(), 29) == atoms.at(p.name).first);
    CHECK(std::count(unit.numbers.begin(), unit.numbers.end(), 40) == atoms.at(p.name).second);
    double touch = 10;  // the closest pair touches
    visit_neighbours(
        unit.cell, unit.positions, 4, [&](std::size_t i, std::size_t j, const Vector3d& r) {
          const double radii =
              (unit.numbers[i] == 29 ? 1.28 : 1.60) + (unit.numbers[j] == 29 ? 1.28 : 1.60);
          touch = std::min(touch, r.norm() / radii);
        });
    CHECK(touch == approx(1).epsilon(1e-9));
  }
}

TEST_CASE(
    "tetragonal cells: C11b is bcc of three cells at c = 3a and z = 1/3; bct runs from bcc to "
    "fcc") {
  const Atoms c11b = cell("C11b", {29, 40}, 3.22, 11.18);
  CHECK(c11b.cell.lengths().z() == approx(11.18));
  CHECK(coordination(crystal_piece(cell("bct", {29}, 3, 3), {PieceShape::ellipsoid, {20, 20, 20}}),
                     2.65, 5)
            .count(8));
  const Atoms fcc = crystal_piece(cell("bct", {29}, 3, 3 * std::sqrt(2.0)),
                                  {PieceShape::ellipsoid, {24, 24, 24}});
  CHECK(coordination(fcc, 3.05, 6).size() == 1);
  CHECK(coordination(fcc, 3.05, 6).count(12));
}

TEST_CASE("pieces have their size and the crystal's density, whatever their orientation") {
  const Atoms unit = cell("fcc", {29}, 3.615);
  for (const Vector3d& zone : {Vector3d(0, 0, 1), Vector3d(1, 1, 1), Vector3d(0.3, 0.7, 0.1)}) {
    CrystalPiece p{PieceShape::ellipsoid, {40, 30, 36}};
    p.rotation = rotation_between(zone, Vector3d::UnitZ());
    const Atoms piece = crystal_piece(unit, p);
    const double volume = 3.14159265 / 6 * 40 * 30 * 36;
    CHECK(double(piece.size()) == approx(volume * 4 / std::pow(3.615, 3)).epsilon(0.03));
    CHECK((extent(piece) - p.size).maxCoeff() <= 1e-6);
  }
}

TEST_CASE("stacking faults: hcp-like layers where there were none, no atom closer than a bond") {
  const double a = 4, bond = a / std::sqrt(2.0);
  const Atoms unit = cell("fcc", {79}, a);
  CrystalPiece p{PieceShape::ellipsoid, {50, 50, 50}};
  const auto perfect = stacking(crystal_piece(unit, p), bond, 18);
  CHECK(perfect.second == 0);
  const double layer_atoms =
      3.14159 * 18 * 18 / (bond * bond * std::sqrt(0.75));  // through the middle
  for (const auto& [name, layers] : {std::pair{"twin", 1}, {"intrinsic", 2}, {"extrinsic", 2}}) {
    CAPTURE(name);
    p.faults = {named_fault(name, "fcc", unit)};
    const Atoms piece = crystal_piece(unit, p);
    CHECK(stacking(piece, bond, 18).second == approx(layers * layer_atoms).epsilon(0.06));
    CHECK(closest_pair(piece).distance == approx(bond).epsilon(1e-6));
  }
  const Atoms hcp = cell("hcp", {40}, 3);
  CrystalPiece q{PieceShape::ellipsoid, {40, 40, 40}};
  CHECK(stacking(crystal_piece(hcp, q), 3, 12).first == 0);
  q.faults = {named_fault("intrinsic", "hcp", hcp)};
  CHECK(stacking(crystal_piece(hcp, q), 3, 12).first > 50);
  CHECK(closest_pair(crystal_piece(hcp, q)).distance == approx(3).epsilon(1e-6));
}

TEST_CASE("strain stretches the piece's lattice") {
  CrystalPiece p{PieceShape::block, {20, 20, 20}};
  p.strain(0, 0) = 0.04;
  const Atoms piece = crystal_piece(cell("fcc", {29}, 4), p);
  double along = 0;
  visit_neighbours(piece.cell, piece.positions, 4.3,
                   [&](std::size_t, std::size_t, const Vector3d& r) {
                     if (std::abs(r.y()) < 1e-6 && std::abs(r.z()) < 1e-6) along = r.norm();
                   });
  CHECK(along == approx(4.16));
}

TEST_CASE("microcrystals fill the cell, lose some atoms at borders, and keep their distance") {
  Microcrystal m;
  m.box = {40, 40, 40};
  m.grains = 8;
  const Atoms atoms = microcrystal(cell("fcc", {29}, 3.62), m);
  const double perfect = 4 / std::pow(3.62, 3);
  CHECK(number_density(atoms) < perfect);
  CHECK(number_density(atoms) > 0.8 * perfect);
  CHECK(closest_pair(atoms).distance >= 0.85 * 2.56 - 1e-9);
  m.grains = 1;  // one grain in a box that does not fit it: only its border is disturbed
  CHECK(number_density(microcrystal(cell("fcc", {29}, 3.62), m)) > 0.9 * perfect);
}

TEST_CASE("what is no crystal, fault or composition is answered with what there is") {
  CHECK_THROWS_WITH_AS(find_prototype("C14"), doctest::Contains("fcc, L12"), Error);
  CHECK_THROWS_WITH_AS(cell("B2", {29}), doctest::Contains("two elements"), Error);
  CHECK_THROWS_AS(named_fault("twin", "B2", cell("B2", {29, 40})), Error);
  CrystalPiece huge{PieceShape::block, {1e4, 1e4, 1e4}};
  CHECK_THROWS_AS(crystal_piece(cell("fcc", {29}), huge), Error);
}
