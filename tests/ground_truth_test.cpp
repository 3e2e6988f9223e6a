// Ground truth survives: whatever is done to a model, the recorded centre of a motif stays the
// centre of the atoms that carry its label, and its axis stays an axis of them.
#include "models/ground_truth.hpp"

#include <doctest/doctest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <filesystem>
#include <numbers>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "models/embedding.hpp"
#include "models/motifs.hpp"
#include "models/neighbours.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "tests/approx.hpp"
#include "tests/read_text.hpp"

using namespace vitrobeam;

namespace {

const Atoms& glass() {
  static const Atoms atoms = example_glass(VITROBEAM_SOURCE_DIR);
  return atoms;
}

// The glass with a Z16 that has its threefold axis along the beam, across the border of x.
Atoms planted() {
  const Motif& z16 = find_motif("Z16");
  const auto rotation = rotation_to_beam(find_axis(z16, "3").direction, 0.4);
  Embedding e{"Z16", "3", {39.5, 17, 14}};
  e.voronoi = "0 0 12 4";
  Atoms atoms = embed(glass(), rotated(build_motif(z16, {{40, 29, 40}, 3.1}), rotation), e);
  label_voronoi(atoms, voronoi(atoms), kVoronoiFaceCut);
  return atoms;
}

// The motif's atoms around its recorded centre, unfolded.
std::vector<Vector3d> around_centre(const Atoms& atoms, const PlantedMotif& m) {
  const auto ids = motif_ids(atoms);
  const Eigen::Matrix3d edges = atoms.cell.vectors.transpose();
  std::vector<Vector3d> out;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    if (ids[i] != m.id) continue;
    Vector3d f = edges.inverse() * (atoms.positions[i] - m.position);
    for (int k = 0; k < 3; ++k)
      if (atoms.cell.periodic[std::size_t(k)]) f[k] -= std::nearbyint(f[k]);
    out.push_back(edges * f);
  }
  return out;
}

void check_truth(const Atoms& atoms, double tolerance, bool symmetric) {
  const auto motifs = planted_motifs(atoms);
  REQUIRE(motifs.size() == 1);
  const auto piece = around_centre(atoms, motifs[0]);
  REQUIRE(piece.size() == 17);
  Vector3d centroid = Vector3d::Zero();
  for (const auto& r : piece) centroid += r / 17;
  CHECK(centroid.norm() < tolerance);
  CHECK(motifs[0].name == "Z16");
  CHECK(motifs[0].voronoi == "0 0 12 4");
  CHECK(motifs[0].direction.norm() == approx(1));
  const Eigen::Matrix3d turn =
      Eigen::AngleAxisd(2 * std::numbers::pi / 3, motifs[0].direction).toRotationMatrix();
  CHECK(is_invariant(piece, std::vector<int>(17, 1), turn, 0.01) == symmetric);
  CHECK(atoms.labels.contains("voronoi"));
}

}  // namespace

TEST_CASE("planting") { check_truth(planted(), 1e-6, true); }

TEST_CASE("cutting, also from another image, and padding") {
  const Atoms cut = cut_box(planted(), {30, 5, 4}, {52, 30, 24});
  check_truth(cut, 1e-6, true);
  CHECK((planted_motifs(cut)[0].position - Vector3d(9.5, 12, 10)).norm() < 1e-6);
  check_truth(padded(cut, {0, 3, 5}), 1e-6, true);
  CHECK(planted_motifs(padded(cut, {0, 3, 5}))[0].position.z() == approx(15));
  const Atoms without = cut_box(planted(), {10, 5, 4}, {25, 30, 24});
  CHECK(planted_motifs(without).empty());
  CHECK_FALSE(without.info.contains("motif_1_voronoi"));
}

TEST_CASE(
    "turning a piece out of the periodic model: no two images meet, and the axis turns along") {
  const auto rotation = rotation_to_beam({1, 2, 3}, 1.1);
  const Atoms piece = turned_box(planted(), rotation, {39, 18, 15}, {24, 25, 26});
  check_truth(piece, 1e-6, true);
  CHECK((planted_motifs(piece)[0].direction - rotation * Vector3d(0, 0, 1)).norm() < 1e-6);
  CHECK(closest_pair(piece).distance > closest_pair(planted()).distance - 1e-9);
  // whole images of the model: the density is that of the bulk
  CHECK(number_density(piece) == approx(number_density(glass())).epsilon(0.03));
}

TEST_CASE("straining moves centre and axis, and breaks the symmetry") {
  Eigen::Matrix3d f = Eigen::Matrix3d::Identity();
  f(0, 2) = 0.05;
  f(1, 1) = 0.97;
  const Atoms strained = deformed(planted(), f);
  check_truth(strained, 1e-6, false);
  CHECK(strained.cell.volume() == approx(0.97 * glass().cell.volume()));
  CHECK((planted_motifs(strained)[0].direction - Vector3d(0.05, 0, 1).normalized()).norm() < 1e-6);
  Eigen::Matrix3d crushed = Eigen::Matrix3d::Zero();
  CHECK_THROWS_AS(deformed(planted(), crushed), Error);
}

TEST_CASE("the file keeps it all, and the depth is that below the uppermost atom") {
  Atoms atoms = cut_box(planted(), {30, 5, 4}, {52, 30, 24});
  record_depths(atoms);
  const auto path = (std::filesystem::temp_directory_path() / "vitrobeam_truth_test.xyz").string();
  write_extxyz(std::vector<Atoms>{atoms, atoms}, path);
  const Atoms back = read_structure(path);
  std::filesystem::remove(path);
  check_truth(back, 1e-6, true);
  double first = 1e9;
  for (const auto& r : back.positions) first = std::min(first, r.z());
  CHECK(std::stod(back.info.at("motif_1_depth")) == approx(10 - first).epsilon(1e-4));
}

TEST_CASE("a cell repeated along its edges has as many whole copies") {
  const Atoms four = repeated(glass(), {2, 1, 2});
  CHECK(four.size() == 4 * glass().size());
  CHECK(number_density(four) == approx(number_density(glass())));
  CHECK(closest_pair(four).distance == approx(closest_pair(glass()).distance));
  CHECK_THROWS_AS(repeated(glass(), {0, 1, 1}), Error);
  CHECK_THROWS_AS(repeated(glass(), {5000, 5000, 1}), Error);
}
