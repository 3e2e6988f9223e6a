// Pattern pairs matched per second on 64 x 180 polar bins, all in-plane angles of every template,
// and what the posterior over motif, axis and depth takes for a pattern, on 32 x 180 bins and 72
// angles with as many views as there are templates. Wall time, and processor time of all threads.
//   matching_speed [threads] [templates] [patterns]
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/random.hpp"
#include "patterns/match_correlation.hpp"
#include "patterns/match_posterior.hpp"

using namespace vitrobeam;

namespace {

double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Taken {
  double wall = 1e9, processor = 1e9;
};

// The shortest of three.
Taken best_of_three(const std::function<void()>& work) {
  Taken best;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    const double before = processor_seconds();
    work();
    best.processor = std::min(best.processor, processor_seconds() - before);
    best.wall = std::min(
        best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

PlaneF noise(const PolarGrid& grid, std::uint64_t seed) {
  RandomSequence random(seed, 0);
  return PlaneF(PlaneF::NullaryExpr(grid.n_q, grid.n_theta, [&](Eigen::Index, Eigen::Index) {
    return float(std::abs(random.normal()));
  }));
}

void time_matching(int threads, int n_templates, int n_patterns) {
  const PolarGrid grid;
  std::vector<PlaneF> templates, patterns;
  for (int i = 0; i < n_templates; ++i) templates.push_back(noise(grid, std::uint64_t(i)));
  for (int i = 0; i < n_patterns; ++i) patterns.push_back(noise(grid, std::uint64_t(100000 + i)));
  const Matcher matcher(grid, PlaneF::Ones(grid.n_q, grid.n_theta), templates, {});
  const Taken t = best_of_three([&] { matcher.match(patterns, threads); });
  const double pairs = double(n_templates) * n_patterns;
  fmt::print(
      "{} x {} bins, {} templates, {} patterns, {} threads: {:.3f} s, {:.2e} pairs/s; {:.2e} pairs "
      "per second of processor time\n",
      grid.n_q, grid.n_theta, n_templates, n_patterns, threads, t.wall, pairs / t.wall,
      pairs / t.processor);
}

// Likelihoods of all views at all angles, and the posterior.
void time_posterior(int threads, int n_views, int n_patterns) {
  PolarGrid grid;
  grid.n_q = 32;
  MotifLibrary library;
  library.motif_names = {"one", "two"};
  library.pixel_qx = library.pixel_qy = 1 / 24.0;
  library.patterns = Stack<float>({std::size_t(n_views), 81, 81});
  RandomSequence random(3, 0);
  for (auto& v : library.patterns.values) v = float(std::abs(random.normal()));
  for (int v = 0; v < n_views; ++v) {
    TemplateRecord t;
    t.motif = v % 2;
    t.direction = Vector3d(random.normal(), random.normal(), random.normal()).normalized();
    library.templates.push_back(t);
  }
  std::vector<PlaneF> free;
  for (int i = 0; i < 200; ++i) free.push_back(noise(grid, std::uint64_t(200000 + i)));
  const PlaneF seen = PlaneF::Ones(grid.n_q, grid.n_theta);
  const Background background(grid, seen, {}, free);
  const PolarTransform camera(81, 81, library.calibration(), grid);
  const MotifLikelihood likelihood(background, library, camera, Patch(), 72, threads);
  std::vector<Harmonics> x;
  for (int i = 0; i < n_patterns; ++i)
    x.push_back(background.contrast(noise(grid, std::uint64_t(300000 + i))));
  ContrastScan scan{std::size_t(n_patterns), 1, false, {}};
  for (const auto& h : x) scan.contrast.push_back(&h);
  const std::vector<PatchMask> masks(x.size(), 1);
  const PlaneF known = likelihood(scan, masks, threads).log_evidence;
  std::vector<int> motif;
  for (int i = 0; i < 40; ++i) motif.push_back(i % 2);
  const ViewPosterior posterior(likelihood.views(), 2, known.topRows(40), known.topRows(40), motif,
                                {}, 0.5);
  const Taken t = best_of_three([&] {
    const PlaneF evidence = likelihood(scan, masks, threads).log_evidence;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (Eigen::Index i = 0; i < evidence.rows(); ++i) posterior(evidence.row(i).transpose());
  });
  fmt::print("posterior over {} views: {:.3f} ms per pattern, {:.3f} ms of processor time\n",
             n_views, 1e3 * t.wall / n_patterns, 1e3 * t.processor / n_patterns);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2,
            n_templates = argc > 2 ? std::atoi(argv[2]) : 500,
            n_patterns = argc > 3 ? std::atoi(argv[3]) : 4000;
  time_matching(threads, n_templates, n_patterns);
  time_posterior(threads, n_templates, n_patterns / 4);
}
