// Tilt, in-plane angle, offset, thickness and size of motifs in packings, refined by simulating
// them anew: icosahedra planted off every grid (up to 6 degrees from a direction of the library,
// 0.75 Angstrom off the probe, 3 % larger or smaller) in unseen Cu64.5Zr35.5 packings, 200 kV, 3.58
// mrad, counting noise. Prints for each parameter the rms of what was unknown, the rms error left,
// the mean error bar, and the share of truths within one and two error bars (68 and 95 % expected).
// With HALF, the (2 HALF + 1)^2 positions around it, 1.5 Angstrom apart, are fitted together.
//   refinement [threads] [electrons] [thickness in Angstrom] [motifs] [seed] [HALF]
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "base/random.hpp"
#include "models/embedding.hpp"
#include "models/transform.hpp"
#include "multislice/changed_slab.hpp"
#include "patterns/library_patterns.hpp"
#include "studies/motif_model.hpp"

#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 24, kStep = 1.5, kDegree = std::numbers::pi / 180;

std::vector<Atoms> packings(int n, double thickness, std::uint64_t seed, int threads) {
  return cu_zr_packings(n, kBox, std::max(thickness, 17.0), seed, threads);
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int k, double otherwise) {
    return argc > k ? std::atof(argv[k]) : otherwise;
  };
  LibraryPlan plan = cu_zr_plan(given(3, 10), kBox, 130, 12, int(given(1, 2)));
  const double dose = given(2, 1e5), t = given(3, 10);
  const int n = int(given(4, 60));
  const auto seed = std::uint64_t(given(5, 1));
  const int half = int(given(6, 0));  // of the patch of positions
  plan.motifs = {"icosahedron"};
  plan.scan_step = kStep;
  plan.planted_patterns = 0;
  plan.seed = 100000 * seed + 1;
  const auto known = packings(12, t, 100000 * seed, plan.threads),
             fresh = packings(12, t, 100000 * seed + 500, plan.threads);
  const MotifLibrary library = build_library(
      plan, known, [](std::size_t) {}, [] { return false; });
  const RecognitionSettings settings;
  PolarGrid grid = settings.grid;
  grid.n_q = 32;
  const PolarTransform camera(Eigen::Index(library.patterns.shape[1]),
                              Eigen::Index(library.patterns.shape[2]), library.calibration(), grid);
  RecognitionSettings noise;
  noise.dose = dose;
  noise.seed = plan.seed;
  std::vector<std::size_t> all(library.null.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto free =
      noisy_polar(library.null_patterns, all, camera, noise, kNullStream, plan.threads);
  const Background background(grid, camera.weights(), {}, free);
  std::vector<std::array<int, 2>> steps = {{0, 0}};
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x)
      if (x != 0 || y != 0) steps.push_back({y, x});
  std::vector<Vector2d> positions;
  for (const auto& s : steps)
    positions.push_back(library.layout.step * Vector2d(double(s[1]), double(s[0])));
  std::vector<Harmonics> raster;
  for (const auto& p : free) raster.push_back(background.contrast(p));
  const std::size_t edge = std::size_t(library.layout.null_edge);
  std::vector<ContrastScan> scans;
  for (std::size_t first = 0; first < raster.size(); first += edge * edge) {
    scans.push_back({edge, edge, true, {}});
    for (std::size_t k = 0; k < edge * edge; ++k) {
      scans.back().contrast.push_back(&raster[first + k]);
      scans.back().relative_intensity.push_back(background.relative_intensity(free[first + k]));
    }
  }
  const Speckle motif_free = speckle(scans, steps, background);
  for (std::size_t k = 0; k < steps.size(); ++k)
    if (steps[k] == std::array<int, 2>{0, 1})
      fmt::print("correlation of speckle with the next position {:.3f}\n",
                 motif_free.correlation(0, Eigen::Index(k)));

  constexpr int kCount = MotifModel::kParameters;
  std::vector<Eigen::VectorXd> truths(static_cast<std::size_t>(n)), starts = truths;
  std::vector<Refined> results(static_cast<std::size_t>(n));
#pragma omp parallel for schedule(dynamic) num_threads(plan.threads)
  for (int i = 0; i < n; ++i) {
    RandomSequence r(100000 * seed + 77, std::uint64_t(i));
    const std::size_t entry = r.below(library.templates.size());
    const MotifModel model(plan, library, entry, background, camera, positions);
    const double phi = 2 * std::numbers::pi * r.uniform();
    const auto centred = [&](double most) { return most * (2 * r.uniform() - 1); };
    Eigen::VectorXd truth(kCount);
    truth << centred(4 * kDegree), centred(4 * kDegree), phi, centred(0.75), centred(0.75), 0,
        centred(0.03);
    const double start = phi + centred(2.5 * kDegree);
    // the same motif in a packing
    const Vector3d low(kBox * r.uniform(), kBox * r.uniform(), 17 * r.uniform());
    const Atoms slab = cut_box(fresh[r.below(fresh.size())], low, low + Vector3d(kBox, kBox, t));
    const Atoms motif = model.placed(truth);
    std::vector<Vector2d> probes = positions;
    for (auto& p : probes) p += Vector2d(kBox / 2, kBox / 2);
    const ChangedSlab<float> changed(slab, plan.simulation, {29, 40}, probes);
    const auto scratch = changed.make_scratch();
    Contrasts seen;
    for (PlaneF& image : changed(motif, displaced_atoms(slab, motif), *scratch)) {
      add_camera_noise(image, dose, 100000 * seed + 5, 1000 * std::uint64_t(i) + seen.size());
      seen.push_back(background.contrast(camera(image)));
    }
    truths[std::size_t(i)] = truth;
    starts[std::size_t(i)] = model.settings(start).start;
    results[std::size_t(i)] = model.fit(seen, motif_free, start);
  }
  fmt::print("{} icosahedra in {:.1f} nm of packing, {:.0e} electrons, {} positions each\n", n,
             t / 10, dose, positions.size());
  double converged = 0;
  for (const Refined& r : results) converged += r.converged;
  fmt::print("  converged {:.0f} %\n", 100 * converged / n);
  for (int k = 0; k < kCount; ++k) {
    double before = 0, after = 0, bar = 0, one = 0, two = 0, mean = 0;
    for (int i = 0; i < n; ++i) {
      const Refined& r = results[std::size_t(i)];
      const double off = r.value(k) - truths[std::size_t(i)](k);
      before += std::pow(starts[std::size_t(i)](k) - truths[std::size_t(i)](k), 2) / n;
      after += off * off / n;
      bar += r.error(k) / n;
      mean += off / n;
      one += std::abs(off) <= r.error(k);
      two += std::abs(off) <= 2 * r.error(k);
    }
    const bool is_angle = k < 3;
    const double unit = is_angle ? 1 / kDegree : 1;
    fmt::print(
        "  {:<15} unknown by {:.3f}, left {:.3f}, error bar {:.3f}{}, mean {:+.3f}; within one "
        "{:.0f} %, two {:.0f} %\n",
        MotifModel::name(k), unit * std::sqrt(before), unit * std::sqrt(after), unit * bar,
        is_angle ? " degrees"
        : k < 5  ? " Angstrom"
                 : "",
        unit * mean, 100 * one / n, 100 * two / n);
  }
}
