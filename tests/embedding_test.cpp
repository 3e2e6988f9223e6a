// An embedded motif is whole, nothing overlaps it, and the labels say which atoms are its own.
#include "models/embedding.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/motifs.hpp"
#include "models/neighbours.hpp"
#include "models/voronoi.hpp"
#include "tests/read_text.hpp"

using namespace vitrobeam;

namespace {

const Atoms& glass() {
  static const Atoms atoms = example_glass(VITROBEAM_SOURCE_DIR);
  return atoms;
}

Atoms icosahedron() { return build_motif(find_motif("icosahedron"), {{29, 40}, 2.75, 0}); }

std::vector<std::int64_t> ids(const Atoms& atoms) {
  return std::get<std::vector<std::int64_t>>(atoms.labels.at("motif").values);
}

}  // namespace

TEST_CASE(
    "the motif is whole, at its place, and keeps its distance; the rest is the matrix untouched") {
  // one inside, one across the borders of x and y
  for (const Vector3d& at : {Vector3d(20, 20, 12), Vector3d(0.3, 39.9, 30)}) {
    const Atoms model = embed(glass(), icosahedron(), {"icosahedron", "5", at});
    const auto motif = ids(model);
    CHECK(std::count(motif.begin(), motif.end(), 1) == 13);
    const auto removed = std::stoul(model.info.at("motif_1_removed"));
    CHECK(model.size() == glass().size() - removed + 13);
    CHECK(removed >= 8);
    CHECK(removed <= 26);
    double closest = 10;
    visit_neighbours(
        model.cell, model.positions, 3.5, [&](std::size_t i, std::size_t j, const Vector3d& r) {
          if (motif[i] != motif[j])
            closest = std::min(closest, r.norm() / (metallic_radius(model.numbers[i]) +
                                                    metallic_radius(model.numbers[j])));
        });
    CHECK(closest >= kOverlap);
    std::size_t next = 0;  // the matrix atoms that stay, in their order
    for (std::size_t i = 0; i < glass().size(); ++i)
      if (next < model.size() && (model.positions[next] - glass().positions[i]).norm() < 1e-9)
        ++next;
    CHECK(next == model.size() - 13);
    // centre and vertices, over the border too
    std::size_t contacts = 0;
    visit_neighbours(
        model.cell, model.positions, 2.7501, [&](std::size_t i, std::size_t j, const Vector3d& r) {
          contacts += i == model.size() - 13 && motif[j] == 1 && std::abs(r.norm() - 2.75) < 1e-9;
        });
    CHECK(contacts == 12);
  }
}

TEST_CASE("the label map and the table of motifs survive writing") {
  const Atoms first = embed(glass(), icosahedron(), {"icosahedron", "5", {10, 10, 12}});
  const Atoms both = embed(first, build_motif(find_motif("bcc"), {{29, 40}, 2.8, 4}),
                           {"bcc", "100", {28, 30, 25}});
  const std::string path =
      (std::filesystem::temp_directory_path() / "vitrobeam_embedding_test.extxyz").string();
  write_extxyz(both, path);
  const Atoms back = read_structure(path);
  std::filesystem::remove(path);
  CHECK(ids(back) == ids(both));
  CHECK(back.info.at("motif_1") == "icosahedron");
  CHECK(back.info.at("motif_2") == "bcc");
  CHECK(back.info.at("motif_2_axis") == "100");
  CHECK(back.info.at("motif_2_position") == "28 30 25");
  const auto motif = ids(back);
  CHECK(std::count(motif.begin(), motif.end(), 1) == 13);
  CHECK(std::count(motif.begin(), motif.end(), 2) == 15);
  CHECK(back.labels.contains("vel_A_per_ps"));
}

TEST_CASE("a motif that leaves the cell, meets itself or another motif is refused") {
  const auto put = [&](const Atoms& matrix, const Atoms& motif, Vector3d at) {
    return embed(matrix, motif, {"m", "", at});
  };
  CHECK_THROWS_WITH_AS(put(glass(), icosahedron(), {20, 20, 1}), doctest::Contains("along z"),
                       Error);
  CHECK_THROWS_WITH_AS(put(glass(), icosahedron(), {20, 20, 39.5}), doctest::Contains("along z"),
                       Error);
  const Atoms large = build_motif(find_motif("fcc"), {{29}, 2.5, 19.7});
  CHECK_THROWS_WITH_AS(put(glass(), large, {20, 20, 20.1}), doctest::Contains("own image"), Error);
  const Atoms one = put(glass(), icosahedron(), {20, 20, 20});
  CHECK_THROWS_WITH_AS(put(one, icosahedron(), {22, 20, 20}), doctest::Contains("motif 1"), Error);
  CHECK_THROWS_AS(put(icosahedron(), icosahedron(), {0, 0, 0}), Error);
}
