// A model, a scan of it, a motif library, a match: the library's layers from a program of your own.
//   cmake -S examples/cpp -B build-example && cmake --build build-example
//   build-example/scan_and_match
#include <algorithm>
#include <cstdio>
#include <thread>

#include "models/embedding.hpp"
#include "patterns/match_scan.hpp"
#include "studies/library_build.hpp"
#include "studies/scan_simulation.hpp"

using namespace vitrobeam;

int main() try {
  RunControl run;
  run.threads = std::max(1, int(std::thread::hardware_concurrency()));
  run.note = [](Remark, const Message& m) { std::printf("note: %s\n", m.plain().c_str()); };

  // what patterns are compared with: icosahedra, and random packings without a motif
  LibraryPlan plan;
  plan.motifs = {"icosahedron"};
  plan.decorations = {{29, 40}};  // copper in the centre, zirconium around it
  plan.composition = "Cu64.5Zr35.5";
  plan.density = 0.0616;  // atoms per cubic Angstrom
  plan.box = 24;          // Angstrom, as all lengths
  plan.thicknesses = {12};
  plan.spacing_deg = 20;
  plan.null_patterns = 300;
  plan.planted_patterns = 10;
  plan.simulation.optics.semiangle_mrad = 4;
  plan.simulation.nx = plan.simulation.ny = 160;
  plan.simulation.recording.q_max = 1.2;  // 1/Angstrom
  plan.threads = run.threads;
  std::vector<Atoms> packings;
  for (std::size_t i = 0; i < 8; ++i) packings.push_back(library_packing(plan, i));
  const auto never = [] { return false; };
  const MotifLibrary library = build_library(
      plan, packings, [](std::size_t) {}, never);

  // a packing that the library does not know, an icosahedron in it with its five-fold axis along z
  const Motif& motif = find_motif("icosahedron");
  Atoms cluster = build_motif(motif, {.elements = {29, 40}});
  const Eigen::Matrix3d turn = rotation_to_beam(find_axis(motif, "5").direction);
  for (Vector3d& r : cluster.positions) r = turn * r;
  const Atoms model = embed(library_packing(plan, 100), cluster, {"icosahedron", "5", {12, 12, 6}});

  // 3 x 3 positions around it, on all cores
  ScanSimulation scan{{model}, plan.simulation, {}};
  for (int row = -1; row <= 1; ++row)
    for (int column = -1; column <= 1; ++column)
      scan.positions.emplace_back(12 + 4 * column, 12 + 4 * row);
  const ScanResult<float> patterns = simulate_scan<float>(scan, run);

  PatternScan measured;
  measured.scan_rows = measured.scan_columns = 3;
  measured.rows = Eigen::Index(patterns.q_y.size());
  measured.columns = Eigen::Index(patterns.q_x.size());
  measured.calibration = library.calibration();
  measured.energy_kV = plan.simulation.optics.energy_kV;
  measured.semiangle_mrad = plan.simulation.optics.semiangle_mrad;
  measured.thickness = 12;
  measured.read = [&](std::size_t row, std::size_t first, std::size_t count, int) {
    Stack<float> part({count, patterns.q_y.size(), patterns.q_x.size()});
    for (std::size_t i = 0; i < count; ++i)
      part.plane(i) = patterns.patterns.plane(3 * row + first + i);
    return part;
  };
  const MatchResult match = match_scan(measured, library, {.false_alarm = 0.1}, run);
  std::printf("p-values of the icosahedron at 3 x 3 positions\n");
  for (std::size_t i = 0; i < 9; ++i)
    std::printf("%8.4f%s", match.p_value.values[i], i % 3 == 2 ? "\n" : "");
} catch (const Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return int(e.fault());
}
