// The law of changed slabs: adding and taking away atoms equals a simulation of the changed model.
#include "multislice/changed_slab.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/motifs.hpp"
#include "models/transform.hpp"

using namespace vitrobeam;

namespace {

Atoms random_slab() {
  RandomSequence random(4, 0);
  Atoms slab;
  slab.cell = Cell::orthogonal(14, 12, 9);
  for (int i = 0; i < 60; ++i)
    slab.add(i % 3 == 0 ? 40 : 29,
             {14 * random.uniform(), 12 * random.uniform(), 9 * random.uniform()});
  return slab;
}

SimulationSettings settings(int every) {
  SimulationSettings s;
  s.optics.semiangle_mrad = 8;
  s.nx = 90;
  s.ny = 80;
  s.slice = 1.5;
  s.engine = Engine::multislice;
  s.recording.q_max = 1;
  s.recording.every_slices = every;
  return s;
}

}  // namespace

TEST_CASE("a changed slab equals a simulation of the changed atoms, at every depth and position") {
  const Atoms slab = random_slab();
  const std::vector<Vector2d> positions = {{7, 6}, {5.5, 6.7}};
  const ChangedSlab<double> changed(slab, settings(2), {29, 40}, positions);
  const auto scratch = changed.make_scratch();
  for (const double height : {2.9, 4.5, 6.1}) {
    Atoms motif = rotated(build_motif(find_motif("icosahedron"), {{29, 40}, 2.7, 0}),
                          rotation_to_beam({0.3, 0.5, 0.7}));
    const Atoms whole = embed(slab, motif, {"icosahedron", "", {7, 6, height}});
    for (auto& r : motif.positions) r += Vector3d(7, 6, height);
    const auto removed = displaced_atoms(slab, motif);
    REQUIRE(whole.size() == slab.size() - removed.size() + motif.size());
    const auto fast = changed(motif, removed, *scratch);
    const std::size_t depths = changed.depths().size();
    REQUIRE(fast.size() == positions.size() * depths);
    Simulation<double>(whole, settings(2))
        .run(positions, 1, [&](std::size_t i, const ProbeResult<double>& r) {
          const auto& pattern = fast[i * depths + std::size_t(r.depth)];
          CHECK((pattern - r.pattern).abs().maxCoeff() < 1e-12 * r.pattern.maxCoeff());
        });
  }
}

TEST_CASE("a changed slab without a change is the slab") {
  const Atoms slab = random_slab();
  const ChangedSlab<double> changed(slab, settings(0), {29}, {{3, 4}});
  const auto scratch = changed.make_scratch();
  const auto pattern = changed({}, {}, *scratch);
  Simulation<double>(slab, settings(0)).run({{3, 4}}, 1, [&](std::size_t, const auto& r) {
    CHECK((pattern.at(0) - r.pattern).abs().maxCoeff() < 1e-13);
  });
}

TEST_CASE("an atom above the slab is refused") {
  const ChangedSlab<double> changed(random_slab(), settings(0), {29}, {{3, 4}});
  const auto scratch = changed.make_scratch();
  Atoms high;
  high.add(29, {1, 1, 10});
  CHECK_THROWS_WITH_AS(changed(high, {}, *scratch),
                       "an atom at height 10 lies outside the slab of 9 Angstrom", Error);
}
