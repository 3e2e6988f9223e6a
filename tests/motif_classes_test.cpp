// The distance of shells knows neither rotation nor order, but knows hands; classes find what was
// planted.
#include "models/motif_classes.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "models/kasper.hpp"
#include "models/motifs.hpp"
#include "models/rotations.hpp"
#include "models/transform.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

std::vector<Vector3d> disturbed(std::vector<Vector3d> shell, double noise, RandomSequence& random) {
  const Eigen::Matrix3d r = random_rotation(random);
  for (auto& p : shell)
    p = r * (p + noise * Vector3d(random.normal(), random.normal(), random.normal()));
  for (std::size_t i = shell.size(); i > 1; --i) std::swap(shell[i - 1], shell[random.below(i)]);
  return shell;
}

}  // namespace

TEST_CASE("a turned and shuffled shell has distance 0, a shaken one that of its shaking") {
  RandomSequence random(1, 1);
  for (const VoronoiIndex& index : kasper_indices()) {
    const auto shell = kasper_shell(index).points;
    CHECK(align(shell, disturbed(shell, 0, random)).distance < 1e-6);
    const double shaken = align(shell, disturbed(shell, 0.05, random)).distance;
    CHECK(shaken > 0.03);
    CHECK(shaken < 0.05 * std::sqrt(3.0) * 1.4);
  }
}

TEST_CASE("the distance is symmetric, and sees the difference of fcc, hcp and the icosahedron") {
  const auto shell = [](const char* name) {
    Atoms atoms = build_motif(find_motif(name), MotifSize{{29}, 1});
    return std::vector<Vector3d>(atoms.positions.begin() + 1, atoms.positions.end());
  };
  const double a = align(shell("fcc"), shell("hcp")).distance,
               b = align(shell("hcp"), shell("fcc")).distance;
  CHECK(a == approx(b).epsilon(1e-6));
  CHECK(a > 0.2);
  CHECK(align(shell("icosahedron"), shell("fcc")).distance > 0.1);
  CHECK(std::isinf(align(shell("fcc"), shell("bcc")).distance));
}

TEST_CASE(
    "planted shells come out as two classes with their indices, and their means are the shells") {
  // 40 turned and slightly shaken icosahedra and 20 Z16, each alone in its part of a large box
  RandomSequence random(7, 1);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(160, 120, 12);
  atoms.cell.periodic = {false, false, false};
  int place = 0;
  for (const auto& [name, count] : {std::pair{"icosahedron", 40}, {"Z16", 20}})
    for (int k = 0; k < count; ++k, ++place) {
      const Atoms one = build_motif(find_motif(name), MotifSize{{29, 40}, 2.8});
      std::vector<Vector3d> shell(one.positions.begin() + 1, one.positions.end());
      shell = disturbed(shell, 0.03, random);
      const Vector3d centre(8 + 16 * (place % 10), 8 + 16 * (place / 10), 6);
      atoms.add(29, centre);
      for (const auto& p : shell) atoms.add(40, centre + p);
    }
  ClassSettings settings;
  settings.by_element = true;
  auto classes = motif_classes(atoms, settings);
  std::erase_if(classes,
                [](const MotifClass& c) { return c.centre != 29; });  // of the shells' own cells
  REQUIRE(classes.size() == 2);
  CHECK(voronoi_name(classes[0].index) == "<0,0,12,0>");
  CHECK(classes[0].members.size() == 40);
  CHECK(voronoi_name(classes[1].index) == "<0,0,12,4>");
  CHECK(classes[1].members.size() == 20);
  const Atoms mean = as_motif(classes[0], atoms);
  const Atoms ideal = build_motif(find_motif("icosahedron"), MotifSize{{29, 40}, 2.8});
  const auto shell = [](const Atoms& a) {
    return std::vector<Vector3d>(a.positions.begin() + 1, a.positions.end());
  };
  CHECK(align(shell(mean), shell(ideal)).distance < 0.03);  // noise averages out
  CHECK(mean.numbers[0] == 29);
  CHECK(std::count(mean.numbers.begin(), mean.numbers.end(), 40) == 12);
  CHECK(classes[0].scatter == approx(0.03 * std::sqrt(3.0) / 2.8).epsilon(0.2));
}
