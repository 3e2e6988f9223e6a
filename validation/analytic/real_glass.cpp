// Icosahedra of a real glass by diffraction, against the Voronoi truth of the same model: the
// molecular-dynamics glass of examples/ in slabs of its own height, the probe on every Cu atom near
// mid-depth; or the middle of a particle that was measured atom by atom (MODEL, a structure file
// without periodic boundaries, its three kinds of atoms as Co, Pd and Pt), the probe on every atom.
// 200 kV, 3.58 mrad, 1e4 electrons per pattern; a library of icosahedra (two decorations), fcc and
// bcc clusters and motif-free packings of the same composition, density and thickness. Truth: index
// <0,0,12,0> (faces under 1 % left out); in the particle also <0,1,10,2>, <0,2,8,1> and <0,2,8,2>.
// Prints area under the ROC, the confusion matrix, and the share with the icosahedron's own
// p <= 20 % in either class; writes what each atom was called.
//   real_glass [threads] [thickness in Angstrom] [slabs] [MODEL or -] [OUT.csv]
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "base/random.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"
#include "models/transform.hpp"
#include "models/voronoi.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/match_alone.hpp"
#include "studies/library_build.hpp"

using namespace vitrobeam;

namespace {

constexpr double kDose = 1e4;

// What is seen: a column of the model between `low` and `high` across the beam.
struct Specimen {
  Atoms atoms;
  Voronoi truth;
  Vector3d low, high;
  bool is_periodic = true;
  int centre = 29;  // only these atoms are probed; 0: all
  std::string composition = "Cu64.5Zr35.5";
  std::vector<std::vector<int>> decorations = {{29, 29}, {29, 40}};
  double density = 0.0616;
  std::set<std::array<int, 4>> icosahedra = {{0, 0, 12, 0}};
};

Specimen molecular_dynamics() {
  Specimen s;
  s.atoms = read_structure(std::string(VITROBEAM_SOURCE_DIR) +
                           "/examples/Cu64.5Zr35.5_4000_glass_300K.extxyz");
  s.truth = voronoi(s.atoms);
  s.low = Vector3d::Zero();
  s.high = s.atoms.cell.lengths();
  return s;
}

// The cube of 42 Angstrom in the middle.
Specimen particle(const std::string& path) {
  Specimen s;
  s.atoms = read_structure(path);
  // as published (Yang et al., Nature 592 (2021) 60), and with their distorted icosahedra: of 17
  // 185 atoms only 38 are perfect ones
  VoronoiSettings cells;
  cells.small_faces = SmallFaces::rebuild;
  s.truth = voronoi(s.atoms, cells);
  s.icosahedra = {{0, 0, 12, 0}, {0, 1, 10, 2}, {0, 2, 8, 1}, {0, 2, 8, 2}};
  Vector3d middle = Vector3d::Zero();
  for (const auto& r : s.atoms.positions) middle += r / double(s.atoms.size());
  s.low = middle - Vector3d::Constant(21);
  s.high = middle + Vector3d::Constant(21);
  s.is_periodic = false;
  s.centre = 0;
  double inside = 0;
  std::map<int, double> share;
  for (std::size_t i = 0; i < s.atoms.size(); ++i) {
    const Vector3d& r = s.atoms.positions[i];
    if ((r.array() < s.low.array()).any() || (r.array() >= s.high.array()).any()) continue;
    inside += 1;
    share[s.atoms.numbers[i]] += 1;
  }
  s.density = inside / std::pow(42.0, 3);
  s.composition.clear();
  for (const auto& [element, count] : share)
    s.composition += fmt::format("{}{:.1f}", symbol(element), 100 * count / inside);
  s.decorations = {{46, 46}, {27, 46}};
  return s;
}

std::vector<Atoms> packings(const Specimen& of, int n, double box, double thickness, int threads) {
  std::vector<Atoms> made(static_cast<std::size_t>(n));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int i = 0; i < n; ++i) {
    PackingSettings s;
    s.composition = parse_composition(of.composition);
    s.box = {box, box, std::max(thickness, 17.0)};
    s.atoms = std::size_t(std::llround(of.density * s.box.prod()));
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

// Atoms within 2 Angstrom of mid-depth of the slab that begins at height z0.
void probe(const Specimen& glass, double z0, double thickness, int slab_number,
           const SimulationSettings& settings, const PolarGrid& grid, int threads, Probed& out) {
  const Atoms& atoms = glass.atoms;
  const Vector3d lengths = glass.high - glass.low;
  const double edge = lengths.z(), margin = glass.is_periodic ? 0 : 5;
  const Vector3d corner(glass.low.x(), glass.low.y(), z0);
  Atoms slab = cut_box(atoms, corner, corner + Vector3d(lengths.x(), lengths.y(), thickness));
  slab.cell.periodic = {true, true, false};
  std::vector<Vector2d> positions;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    double depth = atoms.positions[i].z() - z0;
    if (glass.is_periodic) depth -= edge * std::floor(depth / edge);
    const Vector2d at = (atoms.positions[i] - corner).head<2>();
    if ((glass.centre != 0 && atoms.numbers[i] != glass.centre) ||
        std::abs(depth - thickness / 2) > 2)
      continue;
    if (!glass.is_periodic &&
        ((at.array() < margin).any() || (at.array() > lengths.head<2>().array() - margin).any()))
      continue;
    const bool is_icosahedral = glass.icosahedra.contains(glass.truth.index[i]);
    RandomSequence coin(7, i);
    if (!is_icosahedral && coin.uniform() > 0.4) continue;  // enough of them
    positions.push_back(at);
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
    add_camera_noise(image, kDose, 3, (std::uint64_t(slab_number) << 20) + k);
    out.polar[first + k] = transform(image);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2, slabs = argc > 3 ? std::atoi(argv[3]) : 4;
  const double thickness = argc > 2 ? std::atof(argv[2]) : 12;
  const Specimen glass =
      argc > 4 && std::string(argv[4]) != "-" ? particle(argv[4]) : molecular_dynamics();

  LibraryPlan plan;
  plan.threads = threads;
  plan.motifs = {"icosahedron", "fcc", "bcc"};
  plan.decorations = glass.decorations;
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
      plan, packings(glass, 18, plan.box, thickness, threads), [](std::size_t) {},
      [] { return false; });
  RecognitionSettings settings;
  settings.dose = kDose;

  SimulationSettings beam = plan.simulation;
  beam.nx = beam.ny = 210;
  // whole turns of a periodic glass, or from one face of the cube to the other
  const double edge = (glass.high - glass.low).z();
  const auto height = [&](int k) {
    return glass.low.z() +
           (glass.is_periodic ? edge * k / slabs : (edge - thickness) * k / std::max(1, slabs - 1));
  };
  Probed probed;
  for (int k = 0; k < slabs; ++k)
    probe(glass, height(k), thickness, k, beam, settings.grid, threads, probed);
  const Recognition recognition(library, PlaneF::Ones(settings.grid.n_q, settings.grid.n_theta),
                                settings, threads);
  const auto findings = recognition(probed.polar, threads);

  std::ofstream table(argc > 5 ? argv[5] : "/dev/null");
  table << "icosahedral,icosahedron_score,p,called\n";
  std::vector<double> score[2];
  double called[2][5] = {}, at20[2] = {}, count[2] = {};
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Significance& s = findings[i].significance;
    const int is = probed.icosahedral[i];
    count[is] += 1;
    score[is].push_back(s.motif_score[0]);
    const int as = s.p <= 0.05 ? s.motif : 3;
    called[is][as] += 1;
    table << fmt::format("{},{:.4f},{:.5f},{}\n", is, s.motif_score[0], s.p,
                         as < 3 ? library.motif_names[std::size_t(as)] : "none");
    at20[is] += s.motif_p[0] <= 0.2;
  }
  const RocArea roc = area_under_roc(score[0], score[1]);
  fmt::print(
      "{:.1f} nm of {}, {} slabs: {} icosahedral and {} other atoms "
      "probed; area under ROC {:.3f} +- {:.3f}\n",
      thickness / 10, glass.composition, slabs, count[1], count[0], roc.area, roc.error);
  for (const int is : {1, 0})
    fmt::print(
        "  {:<16} called icosahedron {:.1f} %, fcc {:.1f} %, bcc {:.1f} %, none {:.1f} % at p <= 5 "
        "%; icosahedron's own p <= 20 %: {:.1f} %\n",
        is ? "icosahedral" : "not icosahedral", 100 * called[is][0] / count[is],
        100 * called[is][1] / count[is], 100 * called[is][2] / count[is],
        100 * called[is][3] / count[is], 100 * at20[is] / count[is]);
  const std::vector<RocArea> planted = recognition.planted().roc_area();
  fmt::print("  ideal clusters planted in packings, random depth: ");
  for (std::size_t m = 0; m < planted.size(); ++m)
    fmt::print("{} {:.3f} +- {:.3f}  ", library.motif_names[m], planted[m].area, planted[m].error);
  fmt::print("\n");
}
