// A built library is what its name says: its templates are the motif's patterns, its packings know
// nothing of motifs, and a turned motif is found at the angle by which it was turned.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/transform.hpp"
#include "patterns/library_patterns.hpp"
#include "studies/library_build.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

LibraryPlan small_plan() {
  LibraryPlan plan;
  plan.motifs = {"icosahedron", "fcc"};
  plan.decorations = {{29, 40}};
  plan.bond = 2.75;
  plan.spacing_deg = 25;
  plan.box = 24;
  plan.thicknesses = {12};
  plan.null_patterns = 48;
  plan.planted_patterns = 3;
  plan.simulation.optics.semiangle_mrad = 4;
  plan.simulation.nx = plan.simulation.ny = 120;
  plan.simulation.recording.q_max = 1;
  return plan;
}

// Atoms at random places no closer than 2.2 Angstrom: enough of a matrix here, and quickly made.
Atoms loose_packing(std::uint64_t seed) {
  RandomSequence random(seed, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(24, 24, 14);
  for (int tries = 0; tries < 4000; ++tries) {
    Vector3d r;
    for (int k = 0; k < 3; ++k) r[k] = random.uniform() * atoms.cell.lengths()[k];
    bool is_free = true;
    for (const auto& other : atoms.positions) {
      Vector3d d = r - other;
      for (int k = 0; k < 3; ++k) d[k] = std::remainder(d[k], atoms.cell.lengths()[k]);
      is_free = is_free && d.norm() > 2.2;
    }
    if (is_free) atoms.add(random.uniform() < 0.6 ? 29 : 40, r);
  }
  return atoms;
}

const std::vector<Atoms>& packings() {
  static const std::vector<Atoms> p{loose_packing(1), loose_packing(2), loose_packing(3)};
  return p;
}

MotifLibrary build(const LibraryPlan& plan) {
  return build_library(
      plan, packings(), [](std::size_t) {}, [] { return false; });
}

}  // namespace

TEST_CASE("the library is complete, and the same for any number of threads") {
  LibraryPlan plan = small_plan();
  std::size_t done = 0;
  const MotifLibrary one = build_library(
      plan, packings(), [&](std::size_t n) { done += n; }, [] { return false; });
  CHECK(done == one.templates.size() + 48 + 6);
  CHECK(one.patterns.shape[0] == one.templates.size());
  CHECK(one.null_patterns.shape[0] == 48);
  REQUIRE(one.planted.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(one.planted[i].motif == int(i) / 3);
  CHECK(one.null.front().packing == 0);
  CHECK(one.null.back().packing == 2);
  CHECK(one.pixel_qx == approx(1 / 24.0));
  for (const auto* stack : {&one.patterns, &one.null_patterns, &one.planted_patterns})
    for (std::size_t i = 0; i < stack->shape[0]; ++i) {
      CHECK(stack->plane(i).sum() > 0.8);
      CHECK(stack->plane(i).sum() < 1.00001);
    }
  plan.threads = 2;
  const MotifLibrary two = build(plan);
  CHECK(one.patterns.values == two.patterns.values);
  CHECK(one.null_patterns.values == two.null_patterns.values);
  CHECK(one.planted_patterns.values == two.planted_patterns.values);
}

TEST_CASE("planted motifs are seen from near a direction of the library, inside the slab") {
  LibraryPlan plan = small_plan();
  plan.planted_patterns = 40;
  const MotifLibrary l = build(plan);
  REQUIRE(l.planted.size() == 80);
  std::set<double> depths;
  for (std::size_t i = 0; i < l.planted.size(); ++i) {
    const PlantedView& v = l.planted[i].view;
    CHECK(v.direction.norm() == approx(1));
    double cosine = -1;
    for (const auto& t : l.templates)
      if (t.motif == l.planted[i].motif) cosine = std::max(cosine, t.direction.dot(v.direction));
    // as far as the zone is covered, and the net of candidates is wide
    CHECK(std::acos(cosine) < 1.2 * plan.spacing_deg / std::sqrt(3.0) * std::numbers::pi / 180);
    CHECK(v.depth > 2);
    CHECK(v.depth < plan.thicknesses[0] - 2);
    depths.insert(v.depth);
  }
  CHECK(depths.size() == 80);
  // the same motif drawn again where it says: the planted patterns do not change with the views
  plan.spacing_deg *= 2;
  CHECK(build(plan).planted_patterns.values == l.planted_patterns.values);
}

TEST_CASE("any parts of a build, merged in any order, are the build in one piece") {
  LibraryPlan plan = small_plan();
  plan.decorations = {{29, 40}, {40, 29}};
  plan.thicknesses = {12, 13};
  plan.depths = {0, 1};
  plan.offset_range = plan.offset_step = 1;
  plan.spacing_deg = 90;
  plan.matrix = Matrix::packing;
  plan.realisations = 3;
  plan.packings = 3;
  plan.null_patterns = 24;
  plan.planted_patterns = 2;
  const LibraryBuilder builder(plan, [](std::size_t i) { return packings()[i]; });
  std::vector<std::vector<std::byte>> made;
  std::vector<std::size_t> all;
  std::vector<MotifLibrary> parts;
  const auto read = [&](std::size_t u) { return made[u]; };
  for (std::size_t u = 0; u < builder.units(); ++u) {
    made.push_back(builder.make(u));
    all.push_back(u);
  }
  CHECK(builder.make(all.back()) == made.back());
  const auto assemble = [&](const std::vector<std::size_t>& units) {
    LibraryInMemory library(builder.records(units));
    builder.copy(units, read, library);
    return library.take();
  };
  MotifLibrary whole = assemble(all);
  for (std::size_t first : {2, 0, 1}) {
    std::vector<std::size_t> units;
    for (std::size_t u = first; u < builder.units(); u += 3) units.push_back(u);
    parts.push_back(assemble(units));
    parts.back().identity = "this build";
    CHECK(!parts.back().is_whole());
  }
  const MotifLibrary together = merged(parts);
  CHECK(together.is_whole());
  CHECK(together.units == whole.units);
  CHECK(together.conditions == whole.conditions);
  CHECK(together.decorations == whole.decorations);
  CHECK(together.patterns.values == whole.patterns.values);
  CHECK(together.mean.values == whole.mean.values);
  CHECK(together.covariance.values == whole.covariance.values);
  CHECK(together.null_patterns.values == whole.null_patterns.values);
  CHECK(together.null == whole.null);
  CHECK(together.planted_patterns.values == whole.planted_patterns.values);
  REQUIRE(together.planted.size() == whole.planted.size());
  for (std::size_t i = 0; i < whole.planted.size(); ++i) {
    CHECK(together.planted[i].motif == whole.planted[i].motif);
    CHECK(together.planted[i].view.direction == whole.planted[i].view.direction);
    CHECK(together.planted[i].view.depth == whole.planted[i].view.depth);
    CHECK(together.planted[i].view.decoration == whole.planted[i].view.decoration);
  }
  // 2 thicknesses, 2 decorations, 2 depths, 5 offsets, and the motifs' own directions
  CHECK(whole.templates.size() % 40 == 0);
  CHECK(whole.templates.size() == whole.patterns.shape[0]);
  CHECK_THROWS_AS(merged({parts[0], parts[0]}), Error);

  const MotifLibrary thick = under_condition(whole, 1);
  CHECK(thick.condition().thickness == 13);
  CHECK(thick.templates.size() == whole.templates.size() / 2);
  CHECK(thick.null.size() == 24);
  const MotifLibrary fcc = with_motifs(whole, {"fcc"});
  CHECK(fcc.motif_names == std::vector<std::string>{"fcc"});
  for (const auto& t : fcc.templates) CHECK(t.motif == 0);
  CHECK(fcc.planted_patterns.shape[0] == 4);
  CHECK_THROWS_AS(with_motifs(whole, {"hcp"}), Error);
}

TEST_CASE("the moments of a template are those of its realisations") {
  LibraryPlan plan = small_plan();
  plan.motifs = {"fcc"};
  plan.spacing_deg = 90;
  plan.matrix = Matrix::packing;
  plan.realisations = 3;
  plan.null_patterns = 24;
  plan.planted_patterns = 0;
  const MotifLibrary l = build(plan);
  const PolarTransform polar(Eigen::Index(l.patterns.shape[1]), Eigen::Index(l.patterns.shape[2]),
                             l.calibration(), l.moment_grid.polar());
  // the mean of the harmonics is the harmonics of the mean pattern
  const auto expected = harmonics(polar(l.patterns.plane(0)), l.moment_grid);
  CHECK((l.mean.plane(0) - expected).abs().maxCoeff() < 1e-5f * expected.abs().maxCoeff());
  CHECK(l.covariance.plane(0).col(0).minCoeff() > 0);  // a variance
  // two samples a and b have the covariance (a - b)(a - b)* / 2
  Moments two(l.moment_grid);
  two.add(expected);
  two.add(3 * expected);
  CHECK(two.covariance()(2, 1) ==
        approx(2 * (expected(2, 0) * std::conj(expected(2, 1))).real()).epsilon(1e-4));
}

TEST_CASE("directions by rocking width are the coarser the smaller the motif") {
  const Atoms small = build_motif(find_motif("fcc"), {{29}, 2.5, 0}),
              large = build_motif(find_motif("fcc"), {{29}, 2.5, 8});
  CHECK(rocking_width(small, 1) == approx(1 / extent(small).maxCoeff()));
  CHECK(rocking_width(large, 1) < rocking_width(small, 1));
}

TEST_CASE("a motif turned in the plane is found by its template at that angle") {
  const LibraryPlan plan = small_plan();
  const MotifLibrary library = build(plan);
  RecognitionSettings settings;
  settings.grid = {0.3, 0.9, 30, 180};
  settings.matched_filter = false;
  const PolarTransform transform(Eigen::Index(library.patterns.shape[1]),
                                 Eigen::Index(library.patterns.shape[2]), library.calibration(),
                                 settings.grid);
  std::vector<PlaneF> templates;
  for (std::size_t t = 0; t < library.templates.size(); ++t)
    templates.push_back(transform(library.patterns.plane(t)));
  const Matcher matcher(settings.grid, transform.weights(), templates, settings.matching);

  const Motif& motif = find_motif("fcc");
  std::size_t tested = 0;
  for (std::size_t t = 0; t < library.templates.size(); ++t) {
    if (library.templates[t].motif != 1 || ++tested > 3) continue;
    Atoms atoms = rotated(build_motif(motif, {plan.decorations[0], plan.bond, 0}),
                          rotation_to_beam(library.templates[t].direction, 0.6));
    atoms.cell = Cell::orthogonal(plan.box, plan.box, plan.thicknesses[0]);
    for (auto& r : atoms.positions) r += Vector3d(plan.box, plan.box, plan.thicknesses[0]) / 2;
    PlaneF image;
    Simulation<float>(atoms, plan.simulation)
        .run({Vector2d(plan.box / 2, plan.box / 2)}, 1,
             [&](std::size_t, const ProbeResult<float>& r) { image = r.pattern; });
    const PlaneF pattern = transform(image);
    const MatchScores best = matcher.match({pattern});
    Eigen::Index winner = 0;
    best.score.row(0).maxCoeff(&winner);
    CHECK(std::size_t(winner) == t);
    CHECK(best.score(0, winner) > 0.98);
    // The stated angle fits as well as the best one: high-symmetry views repeat, so compare scores,
    // not angles.
    const auto curve = matcher.correlation(pattern, t);
    const auto at = std::size_t(std::lround(0.6 / settings.grid.dtheta()));
    CHECK(curve[at] > best.score(0, winner) - 0.01);
    const PlaneF turned =
        turned_image(library.patterns.plane(t), library.calibration(), image.rows(), image.cols(),
                     library.calibration(), 0.6, false);
    const PlaneF a = transform(turned), b = pattern;
    CHECK((a - b).abs().maxCoeff() < 0.15 * b.maxCoeff());
  }
  CHECK(tested >= 3);
}

TEST_CASE("templates inside packings are averaged over them, and differ from the free cluster") {
  LibraryPlan plan = small_plan();
  plan.motifs = {"icosahedron"};
  plan.null_patterns = 24;
  plan.planted_patterns = 0;
  const MotifLibrary free = build(plan);
  plan.matrix = Matrix::packing;
  plan.realisations = 2;
  const MotifLibrary embedded = build(plan);
  CHECK(embedded.patterns.shape == free.patterns.shape);
  CHECK(embedded.patterns.plane(0).sum() > 0.8);
  CHECK((embedded.patterns.plane(0) - free.patterns.plane(0)).abs().maxCoeff() >
        0.01 * free.patterns.plane(0).maxCoeff());
}

TEST_CASE("a motif that does not fit into the slab is refused") {
  LibraryPlan plan = small_plan();
  plan.thicknesses = {4};
  CHECK_THROWS_AS(build(plan), Error);
}
