// Icosahedra of a real glass by diffraction, against the Voronoi truth of the same model: the
// molecular-dynamics glass of examples/ in slabs of its own height, the probe on every Cu atom near
// mid-depth, 200 kV, 3.58 mrad, 1e4 electrons per pattern; a library of icosahedra (two
// decorations), fcc and bcc clusters and motif-free packings of the same composition, density and
// thickness. Truth: index <0,0,12,0> (faces under 1 % left out). Prints area under the ROC, the
// confusion matrix, and the share with the icosahedron's own p <= 20 % in either class.
//   real_glass [threads] [thickness in Angstrom] [slabs]
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/random.hpp"
#include "drivers/library_build.hpp"
#include "io/structure_file.hpp"
#include "models/packing.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "patterns/recognition.hpp"

using namespace vitrobeam;

namespace {

constexpr double kDose = 1e4;

std::vector<Atoms> packings(int n, double box, double thickness, int threads) {
  std::vector<Atoms> made(static_cast<std::size_t>(n));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int i = 0; i < n; ++i) {
    PackingSettings s;
    s.composition = parse_composition("Cu64.5Zr35.5");
    s.box = {box, box, std::max(thickness, 17.0)};
    s.atoms = std::size_t(std::llround(0.0616 * s.box.prod()));
    s.density = double(s.atoms) / s.box.prod();
    s.seed = 1 + std::uint64_t(i);
    made[std::size_t(i)] = random_packing(s).atoms;
  }
  return made;
}

struct Probed {
  std::vector<PlaneF> polar;
  std::vector<bool> icosahedral;
};

// Cu atoms within 2 Angstrom of mid-depth of the slab that begins at height z0.
void probe(const Atoms& glass, const Voronoi& truth, double z0, double thickness, int slab_number,
           const SimulationSettings& settings, const PolarGrid& grid, int threads, Probed& out) {
  const double edge = glass.cell.lengths().z();
  const Vector3d lengths = glass.cell.lengths();
  const Atoms slab = cut_box(glass, {0, 0, z0}, {lengths.x(), lengths.y(), z0 + thickness});
  std::vector<Vector2d> positions;
  for (std::size_t i = 0; i < glass.size(); ++i) {
    double depth = glass.positions[i].z() - z0;
    depth -= edge * std::floor(depth / edge);
    if (glass.numbers[i] != 29 || std::abs(depth - thickness / 2) > 2) continue;
    const bool is_icosahedral = truth.index[i] == std::array<int, 4>{0, 0, 12, 0};
    RandomSequence coin(7, i);
    if (!is_icosahedral && coin.uniform() > 0.4) continue;  // enough of them
    positions.push_back(glass.positions[i].head<2>());
    out.icosahedral.push_back(is_icosahedral);
  }
  const Simulation<float> simulation(slab, settings, threads);
  const auto rows = Eigen::Index(simulation.q_y().size()),
             columns = Eigen::Index(simulation.q_x().size());
  const PolarTransform transform(
      rows, columns, centred_calibration(rows, columns, 1 / lengths.x(), 1 / lengths.y()), grid);
  const std::size_t first = out.polar.size();
  out.polar.resize(first + positions.size());
  simulation.run(positions, threads, [&](std::size_t k, const ProbeResult<float>& r) {
    PlaneF image = r.pattern;
    add_poisson_noise(image, kDose, 3, (std::uint64_t(slab_number) << 20) + k);
    out.polar[first + k] = transform(image);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2, slabs = argc > 3 ? std::atoi(argv[3]) : 4;
  const double thickness = argc > 2 ? std::atof(argv[2]) : 12;
  const Atoms glass = read_structure(std::string(VITROBEAM_SOURCE_DIR) +
                                     "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  const Voronoi truth = voronoi(glass);

  LibraryPlan plan;
  plan.threads = threads;
  plan.motifs = {"icosahedron", "fcc", "bcc"};
  plan.decorations = {{29, 29}, {29, 40}};
  plan.bond = 2.75;
  plan.spacing_deg = 8;
  plan.box = 26;
  plan.thicknesses = {thickness};
  plan.null_patterns = 900;
  plan.planted_patterns = 40;
  plan.simulation.optics.semiangle_mrad = 3.58;
  plan.simulation.nx = plan.simulation.ny = 140;
  plan.simulation.recording.q_max = 1.62;
  const MotifLibrary library = build_library(
      plan, packings(18, plan.box, thickness, threads), [](std::size_t) {}, [] { return false; });
  RecognitionSettings settings;
  settings.dose = kDose;

  SimulationSettings beam = plan.simulation;
  beam.nx = beam.ny = 210;
  Probed probed;
  for (int k = 0; k < slabs; ++k)
    probe(glass, truth, glass.cell.lengths().z() * k / slabs, thickness, k, beam, settings.grid,
          threads, probed);
  const Recognition recognition(library, PlaneF::Ones(settings.grid.n_q, settings.grid.n_theta),
                                settings, threads);
  const auto findings = recognition(probed.polar, threads);

  std::vector<double> score[2];
  double called[2][5] = {}, at20[2] = {}, count[2] = {};
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Significance& s = findings[i].significance;
    const int is = probed.icosahedral[i];
    count[is] += 1;
    score[is].push_back(s.motif_score[0]);
    called[is][s.p <= 0.05 ? s.motif : 3] += 1;
    at20[is] += s.motif_p[0] <= 0.2;
  }
  const RocArea roc = area_under_roc(score[0], score[1]);
  fmt::print(
      "{:.1f} nm of glass, {} slabs: {:.1f} % of all Cu icosahedral; {} icosahedral and {} other "
      "Cu "
      "atoms probed; area under ROC {:.3f} +- {:.3f}\n",
      thickness / 10, slabs, 100 * voronoi_fraction(glass, truth, {0, 0, 12, 0}, 29), count[1],
      count[0], roc.area, roc.error);
  for (const int is : {1, 0})
    fmt::print(
        "  {:<16} called icosahedron {:.1f} %, fcc {:.1f} %, bcc {:.1f} %, none {:.1f} % at p <= 5 "
        "%; "
        "icosahedron's own p <= 20 %: {:.1f} %\n",
        is ? "icosahedral" : "not icosahedral", 100 * called[is][0] / count[is],
        100 * called[is][1] / count[is], 100 * called[is][2] / count[is],
        100 * called[is][3] / count[is], 100 * at20[is] / count[is]);
  const std::vector<RocArea> planted = recognition.planted().roc_area();
  fmt::print("  ideal clusters planted in packings, random depth: ");
  for (std::size_t m = 0; m < planted.size(); ++m)
    fmt::print("{} {:.3f} +- {:.3f}  ", library.motif_names[m], planted[m].area, planted[m].error);
  fmt::print("\n");
}
