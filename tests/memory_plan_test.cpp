// The plan of a run's memory: it never takes more than it may, and more memory never makes a run
// do more.
#include "multislice/memory_plan.hpp"

#include "tests/approx.hpp"
#include "tests/simulate.hpp"

using namespace vitrobeam;

namespace {

constexpr double kMiB = 1 << 20;

EngineRequest request(int nx, int slices, double atoms, std::size_t positions, int every = 0,
                      double source = 0, int configurations = 0) {
  SimulationSettings s = settings(nx, nx, 9);
  s.recording.every_slices = every;
  s.optics.source_fwhm = source;
  const Grid grid{nx, nx, nx / 8.0, nx / 8.0};
  EngineRequest r = engine_request(s, grid, slices, positions, sizeof(float));
  r.atoms = atoms;
  r.elements = 2;
  r.configurations = configurations;
  return r;
}

std::vector<EngineRequest> requests() {
  return {request(96, 6, 300, 1), request(256, 300, 5000, 400), request(256, 300, 5000, 40, 50),
          request(256, 40, 5e5, 9, 0, 1.5), request(512, 100, 2e4, 64, 0, 0, 20)};
}

MemoryPlan plan(Engine e, EngineRequest r, int threads, double bytes) {
  r.recording.memory_GiB = matrix_memory(r, bytes) / (1 << 30);  // as a run does
  return plan_memory(e, r, threads, bytes);
}

}  // namespace

TEST_CASE("a possible plan stays within the memory, an impossible one says what it takes") {
  for (std::size_t i = 0; i < engine_table().size(); ++i)
    for (const EngineRequest& r : requests())
      for (const int threads : {1, 2, 7}) {
        CAPTURE(engine_name(Engine(i)));
        bool was_possible = false;
        for (double bytes = 8 * kMiB; bytes < 64e9; bytes *= 1.3) {
          const MemoryPlan p = plan(Engine(i), r, threads, bytes);
          CHECK(p.possible == (p.bytes <= bytes));
          CHECK(p.means_bytes <= bytes / 4);
          CHECK(p.potential_passes >= 1);
          if (was_possible) CHECK(p.possible);  // more memory never makes it impossible
          was_possible = p.possible;
        }
        CHECK(was_possible);
      }
}

TEST_CASE("with more memory slices are never made more often, until all stay") {
  // a scattering matrix weighs its own passes against those of the potential
  for (const Engine e :
       {Engine::multislice, Engine::kinematic, Engine::flat_born, Engine::phase_object})
    for (const EngineRequest& r : requests())
      for (const int threads : {1, 4}) {
        CAPTURE(engine_name(e));
        double before = 1e300;
        MemoryPlan p;
        for (double bytes = 16 * kMiB; bytes < 64e9; bytes *= 1.3) {
          p = plan(e, r, threads, bytes);
          if (!p.possible) continue;
          CHECK(p.potential_passes <= before);
          before = p.potential_passes;
          CHECK(p.working_set.waves >= 1);
        }
        CHECK(p.potential_passes == 1);
        CHECK(p.working_set.slices == 0);  // all
      }
}

TEST_CASE("more positions, slices or threads never take less") {
  const double plenty = 1e12;
  for (std::size_t i = 0; i < engine_table().size(); ++i) {
    const auto e = Engine(i);
    const auto bytes = [&](const EngineRequest& r, int threads) {
      return plan(e, r, threads, plenty).bytes;
    };
    const EngineRequest r = request(256, 60, 5000, 100);
    CHECK(bytes(r, 4) > bytes(r, 1));
    CHECK(bytes(request(256, 60, 5000, 10000), 1) >= bytes(r, 1));
    CHECK(bytes(request(256, 60, 50000, 100), 1) > bytes(r, 1));
    if (!entry_of(e).has_one_slice) CHECK(bytes(request(256, 240, 5000, 100), 1) > bytes(r, 1));
  }
}
