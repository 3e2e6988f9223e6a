// Slices in windows: every engine, whatever is kept at a time, gives the same bytes.
#include "multislice/slab.hpp"

#include "base/random.hpp"
#include "multislice/simulation.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

Atoms random_atoms(const Vector3d& box, int count) {
  RandomSequence random(11, 0);
  Atoms atoms;
  atoms.cell = Cell::orthogonal(box.x(), box.y(), box.z());
  for (int i = 0; i < count; ++i) {
    const double x = random.uniform(), y = random.uniform(), z = random.uniform();
    atoms.add(i % 3 == 0 ? 29 : 40, {x * box.x(), y * box.y(), z * box.z()});
  }
  return atoms;
}

using Results = std::vector<ProbeResult<float>>;

// By position, then depth.
Results run(const Atoms& atoms, const SimulationSettings& s, int threads) {
  const std::vector<Vector2d> at = {{1, 2}, {3, 2}, {5, 2}, {1, 4}, {3.3, 4}};
  const Simulation<float> simulation(atoms, s, threads);
  const std::size_t depths = simulation.depths().size();
  Results out(at.size() * depths);
  std::vector<int> calls(out.size(), 0);
  simulation.run(at, threads, [&](std::size_t i, const ProbeResult<float>& r) {
    out[i * depths + std::size_t(r.depth)] = r;
    ++calls[i * depths + std::size_t(r.depth)];
  });
  for (const int c : calls) CHECK(c == 1);
  return out;
}

void check_equal(const Results& a, const Results& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK((a[i].pattern == b[i].pattern).all());
    CHECK(a[i].pattern.sum() > 0.5);
    CHECK(a[i].exit_wave.size() == b[i].exit_wave.size());
    CHECK((a[i].exit_wave == b[i].exit_wave).all());
    CHECK(a[i].detectors == b[i].detectors);
    CHECK(a[i].intensity_out == b[i].intensity_out);
  }
}

SimulationSettings settings() {
  SimulationSettings s;
  s.nx = 96;
  s.ny = 80;  // no whole number of vectors along any edge of the band
  s.slice = 1;
  s.optics.semiangle_mrad = 9;
  s.recording.detectors = {{"ring", 20, 35}};
  return s;
}

}  // namespace

TEST_CASE("slices in windows give the same bytes, for every engine") {
  const Atoms atoms = random_atoms({12, 10, 7}, 60);  // seven slices
  SimulationSettings s = settings();
  for (std::size_t line = 0; line < engine_table().size(); ++line)
    for (const int every : {0, 3}) {
      const auto engine = Engine(line);
      s.engine = engine;
      s.recording.every_slices = every;
      s.recording.exit_waves = entry_of(engine).keeps_waves;
      s.working_set = {};
      const Results whole = run(atoms, s, 1);
      int threads = 1;
      for (const WorkingSet working_set : {WorkingSet{2, 1}, WorkingSet{3, 3}, WorkingSet{8, 2}}) {
        CAPTURE(engine_name(engine));
        CAPTURE(working_set.slices);
        CAPTURE(working_set.waves);
        s.working_set = working_set;
        check_equal(run(atoms, s, threads), whole);
        threads = 2;
      }
    }
}

TEST_CASE("slices in windows: modes of a partially coherent beam, absorption") {
  const Atoms atoms = random_atoms({12, 10, 7}, 60);
  SimulationSettings s = settings();
  s.recording.every_slices = 2;
  s.optics.focal_spread = 150;
  s.potential.factors = FactorTable(Parametrisation::lobato).smeared({{29, 0.1}, {40, 0.1}});
  s.potential.absorption = interaction_constant(200);
  for (const Engine engine : {Engine::multislice, Engine::scattering_matrix}) {
    s.engine = engine;
    s.working_set = {};
    const Results whole = run(atoms, s, 1);
    for (const WorkingSet working_set : {WorkingSet{1, 1}, WorkingSet{3, 7}}) {
      s.working_set = working_set;
      check_equal(run(atoms, s, 2), whole);
    }
  }
}

TEST_CASE("a window holds its slices only, and waves go in groups of one size") {
  const Atoms atoms = random_atoms({12, 10, 7}, 60);
  const Grid grid{96, 80, 12, 10};
  const BandTransform<double> transform(grid);
  const auto potential =
      std::make_shared<const SlicePotential<double>>(grid, PotentialSettings{}, atoms, 7);
  const Slab<double> slab(transform, potential, 7e-4, TransmissionKind::exponential, {3, 5}, 1);
  CHECK(slab.all() == nullptr);
  std::vector<std::pair<int, int>> windows;
  slab.for_windows(
      1, [&](const Transmission<double>& t) { windows.emplace_back(t.first(), t.last()); });
  CHECK(windows == std::vector<std::pair<int, int>>{{0, 4}, {4, 7}});
  CHECK(slab.waves_at_once(3) == 3);
  CHECK(slab.waves_at_once(6) == 3);
  CHECK(slab.waves_at_once(11) == 4);
}
