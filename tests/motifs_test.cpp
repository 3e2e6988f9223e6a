// Motifs have the geometry and the symmetry that they state; directions cover the fundamental zone.
#include "models/motifs.hpp"

#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/kasper.hpp"
#include "models/neighbours.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

double degrees(const Vector3d& a, const Vector3d& b) {
  return std::atan2(a.cross(b).norm(), std::abs(a.dot(b))) * 180 / std::numbers::pi;
}

Vector3d axis(const char* motif, const char* name) {
  return find_axis(find_motif(motif), name).direction;
}

bool occupied(const Atoms& atoms, int number, const Vector3d& r) {
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (atoms.numbers[i] == number && (atoms.positions[i] - r).norm() < 1e-3) return true;
  return false;
}

MotifSize cluster(const Motif& motif, double radius) {
  return {motif.other_elements.empty() ? std::vector<int>{40} : std::vector<int>{29, 40}, 2.8,
          radius};
}

}  // namespace

TEST_CASE("the icosahedron: 12 neighbours at the bond, edges 1.0514622 bonds") {
  const Atoms ico = build_motif(find_motif("icosahedron"), {{29, 40}, 2.75, 0});
  REQUIRE(ico.size() == 13);
  CHECK(ico.numbers[0] == 29);
  int edges = 0;
  for (std::size_t i = 1; i < 13; ++i) {
    CHECK(ico.numbers[i] == 40);
    CHECK(ico.positions[i].norm() == approx(2.75));
    for (std::size_t j = i + 1; j < 13; ++j) {
      const double d = (ico.positions[i] - ico.positions[j]).norm();
      if (d < 1.2 * 2.75) {
        CHECK(d / 2.75 == approx(1.0514622).epsilon(1e-7));  // 1/sin(2 pi/5)
        ++edges;
      }
    }
  }
  CHECK(edges == 30);
}

TEST_CASE("the bond is the sum of the metallic radii when it is not given") {
  const Atoms ico = build_motif(find_motif("icosahedron"), {{29, 40}, 0, 0});
  CHECK(ico.positions[5].norm() == approx(1.28 + 1.60));
}

TEST_CASE("angles between the named axes") {
  CHECK(degrees(axis("icosahedron", "5"), axis("icosahedron", "2")) == approx(31.7174744));
  CHECK(degrees(axis("icosahedron", "5"), axis("icosahedron", "3")) == approx(37.3773681));
  // 3 and this 2 are not nearest neighbours of one triangle: 54.7356; the nearest 2 is
  // at 20.9051575
  double nearest = 90;
  for (const auto& g : symmetry_of(find_motif("icosahedron")).rotations)
    nearest = std::min(nearest, degrees(axis("icosahedron", "3"), g * axis("icosahedron", "2")));
  CHECK(nearest == approx(20.9051575));
  CHECK(degrees(axis("fcc", "100"), axis("fcc", "110")) == approx(45));
  CHECK(degrees(axis("fcc", "100"), axis("fcc", "111")) == approx(54.7356103));
  CHECK(degrees(axis("hcp", "100"), axis("hcp", "110")) == approx(30));
}

TEST_CASE("rotation groups are closed, of known order, and proper") {
  const std::tuple<const char*, const char*, std::size_t> groups[] = {
      {"icosahedron", "Ih", 60}, {"distorted-icosahedron", "Th", 12},
      {"fcc", "Oh", 24},         {"bcc", "Oh", 24},
      {"hcp", "D3h", 6},         {"trigonal-prism", "D3h", 6},
      {"Z14", "D6d", 12},        {"0-2-8-0", "D4d", 8},
      {"0-1-10-2", "C2v", 2}};
  for (const auto& [name, point_group, order] : groups) {
    CAPTURE(name);
    const Symmetry& symmetry = symmetry_of(find_motif(name));
    CHECK(symmetry.point_group == point_group);
    const auto& rotations = symmetry.rotations;
    REQUIRE(rotations.size() == order);
    CHECK(rotations[0].isIdentity());
    for (const auto& a : rotations) {
      CHECK(a.determinant() == approx(1));
      CHECK((a * a.transpose()).isIdentity(1e-9));
      for (const auto& b : rotations) {
        bool inside = false;
        for (const auto& c : rotations) inside = inside || (a * b - c).norm() < 1e-3;
        CHECK(inside);
      }
    }
  }
}

TEST_CASE("every motif is unchanged by its rotations") {
  for (const Motif& motif : motifs()) {
    CAPTURE(motif.name);
    const Atoms atoms = build_motif(motif, cluster(motif, 8));
    for (const auto& g : symmetry_of(motif).rotations)
      for (std::size_t i = 0; i < atoms.size(); ++i)
        CHECK(occupied(atoms, atoms.numbers[i], g * atoms.positions[i]));
  }
}

TEST_CASE("every motif's centre has the Voronoi index that it states") {
  for (const Motif& motif : motifs()) {
    CAPTURE(motif.name);
    const bool lattice = motif.name == "fcc" || motif.name == "hcp" || motif.name == "bcc" ||
                         motif.name == "C11b" || motif.name == "C16";
    const Atoms atoms = build_motif(motif, cluster(motif, lattice ? 8 : 0));
    const Voronoi v = voronoi(atoms);
    CHECK(voronoi_name(v.index[0]) == voronoi_name(motif.voronoi));
    CHECK(!v.at_surface[0]);
  }
}

TEST_CASE("cluster sizes by shell: fcc 12 6 24 12, bcc 8 6 12 24, hcp 12 6 2 18") {
  const auto shells = [](const char* name, double radius) {
    const Motif& motif = find_motif(name);
    const Atoms atoms = build_motif(motif, {{29}, 1.0, radius});
    std::vector<int> counts;
    for (auto s : std::get<std::vector<std::int64_t>>(atoms.labels.at("shell").values)) {
      counts.resize(std::max(counts.size(), std::size_t(s) + 1));
      ++counts[std::size_t(s)];
    }
    return counts;
  };
  CHECK(shells("fcc", 2.01) == std::vector<int>{1, 12, 6, 24, 12});
  CHECK(shells("bcc", 1.92) == std::vector<int>{1, 8, 6, 12, 24});
  CHECK(shells("hcp", 1.74) == std::vector<int>{1, 12, 6, 2, 18});
}

TEST_CASE(
    "two elements order: B2 neighbours are all of the other kind, L1_2 has 12 unlike around the "
    "corner") {
  const Atoms b2 = build_motif(find_motif("bcc"), {{29, 40}, 1.0, 0});
  CHECK(std::count(b2.numbers.begin(), b2.numbers.end(), 40) == 8);
  const Atoms l12 = build_motif(find_motif("fcc"), {{29, 40}, 1.0, 1.45});
  CHECK(std::count(l12.numbers.begin(), l12.numbers.end(), 40) == 12);
  CHECK(std::count(l12.numbers.begin(), l12.numbers.end(), 29) == 7);
}

TEST_CASE("tetragonal order: neighbours and point groups that its space groups demand") {
  const auto neighbours = [](const char* name, std::size_t z) {
    const Atoms a = build_motif(find_motif(name), {{29, 40}, 2.8, 0});
    CHECK(a.positions[1].norm() <= 2.8 * (1 + 1e-9));
    CHECK(a.size() == z + 1);
    return std::count(a.numbers.begin() + 1, a.numbers.end(), 40);
  };
  CHECK(neighbours("C11b", 14) == 10);  // Cu: 8 Zr, then 4 Cu in the plane and 2 Zr along c
  CHECK(neighbours("C16", 10) == 8);    // Ni: 8 Zr and 2 Ni along c
  for (const char* name : {"C11b", "C16"})
    CHECK(symmetry_of(find_motif(name)).rotations.size() == 8);
  CHECK(symmetry_of(find_motif("C11b")).point_group == "D4h");
}

TEST_CASE(
    "weights sum to the sphere, no direction stands twice, and none is farther than the net") {
  for (const Motif& motif : motifs()) {
    CAPTURE(motif.name);
    const double spacing = symmetry_of(motif).rotations.size() < 6 ? 20 : 6;
    const auto sampled = directions(motif, spacing);
    const auto group = symmetry_of(motif).rotations;
    double sum = 0;
    for (const auto& d : sampled) {
      sum += d.weight;
      CHECK(d.weight > 0);
      CHECK(d.direction.norm() == approx(1));
    }
    CHECK(sum == approx(4 * std::numbers::pi));
    for (std::size_t k = 0; k < symmetry_of(motif).axes.size(); ++k)
      CHECK(sampled[k].axis == symmetry_of(motif).axes[k].name);
    const auto angle = [&](const Vector3d& a, const Vector3d& b) {
      double best = -1;
      for (const auto& g : group) best = std::max(best, (g * a).dot(b));
      return std::acos(std::min(1.0, best)) * 180 / std::numbers::pi;
    };
    for (std::size_t i = 0; i < sampled.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        CHECK(angle(sampled[i].direction, sampled[j].direction) > 1);
    for (int k = 0; k < 500; ++k) {  // an arbitrary net of test directions
      const Vector3d d =
          Vector3d(std::sin(k * 1.3), std::cos(k * 2.1), std::sin(k * 0.7 + 1)).normalized();
      double nearest = 180;
      for (const auto& s : sampled) nearest = std::min(nearest, angle(s.direction, d));
      CHECK(nearest < spacing / std::sqrt(3.0) + spacing / 6);
    }
    const auto again = directions(motif, spacing);
    REQUIRE(again.size() == sampled.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      CHECK(again[i].direction == sampled[i].direction);
      CHECK(again[i].weight == sampled[i].weight);
    }
  }
}

TEST_CASE("higher symmetry needs fewer directions, in proportion to the order of the group") {
  const auto many =
      directions(std::vector<Eigen::Matrix3d>{Eigen::Matrix3d::Identity()}, {}, 10).size();
  const auto few = directions(symmetry_of(find_motif("icosahedron")).rotations, {}, 10).size();
  CHECK(many > 20 * few);
}

TEST_CASE("a direction is turned onto the beam, whatever it is") {
  for (const Vector3d& d :
       {Vector3d(0, 0, 1), Vector3d(0, 0, -1), Vector3d(1, 2, 3), Vector3d(-1, 0, -1e-9)}) {
    for (double in_plane : {0.0, 0.7}) {
      const Eigen::Matrix3d r = rotation_to_beam(d, in_plane);
      CHECK((r * d.normalized() - Vector3d(0, 0, 1)).norm() < 1e-9);
      CHECK(r.determinant() == approx(1));
    }
  }
  CHECK((rotation_to_beam({0, 0, 1}, std::numbers::pi / 2) * Vector3d(1, 0, 0) - Vector3d(0, 1, 0))
            .norm() < 1e-12);
}

TEST_CASE("what is no motif, axis or size is refused with the alternatives") {
  CHECK_THROWS_WITH_AS(find_motif("ico"), doctest::Contains("icosahedron, mackay,"), Error);
  CHECK_THROWS_WITH_AS(find_axis(find_motif("icosahedron"), "4"), doctest::Contains("5, 3, 2"),
                       Error);
  CHECK_THROWS_AS(build_motif(find_motif("hcp"), {{29, 40}, 2.5, 5}), Error);
  CHECK_THROWS_AS(build_motif(find_motif("fcc"), {{}, 2.5, 5}), Error);
  CHECK_THROWS_AS(build_motif(find_motif("fcc"), {{29}, -2.5, 5}), Error);
  CHECK_THROWS_AS(build_motif(find_motif("fcc"), {{29}, 2.5, 1e6}), Error);
  CHECK_THROWS_AS(directions(find_motif("fcc"), 0), Error);
}

TEST_CASE("the least energies of charges on a sphere are the published ones") {
  // Wales and Ulker, Phys. Rev. B 74 (2006) 212101 and the tables that go with it
  const std::pair<int, double> published[] = {
      {8, 19.675288},  {9, 25.759987},  {10, 32.716949}, {11, 40.596451}, {12, 49.165253},
      {13, 58.853231}, {14, 69.306363}, {15, 80.670244}, {16, 92.911655}, {17, 106.050405}};
  for (const auto& [points, energy] : published)
    CHECK(thomson(points).energy == approx(energy).epsilon(5e-8));
}

TEST_CASE("a motif is found by its index, written in any way; an unknown one is answered") {
  CHECK(find_motif("<0,0,12,4>").name == "Z16");
  CHECK(find_motif("0,2,8,2").name == "0-2-8-2");
  CHECK(find_motif("0,0,12,0").name == "icosahedron");
  CHECK_THROWS_WITH_AS(find_motif("<0,9,9,9>"), doctest::Contains("Z14, "), Error);
  CHECK_THROWS_WITH_AS(kasper_shell({0, 0, 12, 1}), doctest::Contains("one hexagon"), Error);
  CHECK_THROWS_WITH_AS(kasper_shell({0, 1, 8, 2}), doctest::Contains("3 n3 + 2 n4 + n5 is 12"),
                       Error);
}

TEST_CASE("faces of six edges may have their own element: Z16 of a Laves phase is 12 + 4") {
  const Atoms laves = build_motif(find_motif("Z16"), {{40, 29, 40}, 3.0, 0});
  CHECK(std::count(laves.numbers.begin(), laves.numbers.end(), 29) == 12);
  CHECK(std::count(laves.numbers.begin(), laves.numbers.end(), 40) == 5);
}

TEST_CASE("Mackay icosahedra have the magic numbers, and neighbours at one bond or 1.0515") {
  const int mackay[] = {13, 55, 147, 309}, anti[] = {13, 45, 127, 279};
  for (int shells = 1; shells <= 4; ++shells) {
    const MotifSize size{{29, 40}, 2.5, 0, shells};
    for (const bool hcp : {false, true}) {
      const Atoms atoms = build_motif(find_motif(hcp ? "anti-mackay" : "mackay"), size);
      CHECK(atoms.size() == std::size_t((hcp ? anti : mackay)[shells - 1]));
      const double closest = closest_pair(atoms).distance;
      CHECK(closest > 2.5 * (hcp ? 0.97 : 1 - 1e-9));
      CHECK(closest < 2.5 * 1.0001);
      CHECK(symmetry_of(find_motif(hcp ? "anti-mackay" : "mackay")).point_group == "Ih");
      for (const auto& g : symmetry_of(find_motif("icosahedron")).rotations)
        CHECK(is_invariant(atoms.positions, atoms.numbers, g, 1e-6));
    }
  }
}

TEST_CASE("the distorted icosahedron runs from the icosahedron to the cuboctahedron of fcc") {
  const auto edges = [](double s) {  // nearest neighbours in the shell, within 1.2 of the bond
    const Atoms a = build_motif(find_motif("distorted-icosahedron"), {{29}, 1, 0, 1, s});
    std::vector<double> lengths;
    for (std::size_t i = 1; i < 13; ++i)
      for (std::size_t j = 1; j < i; ++j)
        if (const double d = (a.positions[i] - a.positions[j]).norm(); d < 1.3)
          lengths.push_back(d);
    std::sort(lengths.begin(), lengths.end());
    return lengths;
  };
  CHECK(edges(0).size() == 30);
  CHECK(edges(0).back() == approx(1.0514622).epsilon(1e-6));
  CHECK(edges(1).size() == 24);
  CHECK(edges(1).front() == approx(1.0));
  CHECK(edges(1).back() == approx(1.0));
  CHECK(edges(0.5).front() < edges(0.4).front());  // 24 edges shrink all the way to one bond
}
