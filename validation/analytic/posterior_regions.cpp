// Whether the regions that the posterior states hold the truth as often as they say: icosahedra and
// fcc clusters turned at random, so off the library's grid of directions, at random depth in
// packings of Cu64.5Zr35.5 that the library never saw; 200 kV, 3.58 mrad, 1e4 electrons per
// pattern. The library knows its own planted motifs' views, by which the posterior is tempered; the
// test has other packings and seeds. For each motif, given that it is there (and given that it is
// also called the most probable one), prints for regions stated to hold 50 and 90 %
//   axis    the probability that they hold by the posterior (they end at whole directions, so a
//           little more), the share of patterns whose axis - the library's direction nearest to it
//           - is inside, with its 95 % interval, and their share of all directions,
//   depth   the share of patterns whose depth is inside, and the width over that of the room that
//           the motif has,
// and the share of depths within one stated error of the stated depth. Repetitions have packings
// and a library of their own.
//   posterior_regions [threads] [seed] [repetitions] [thickness in Angstrom] [planted per motif]
//   [neighbours in Angstrom] [0: tempered by motifs alone, as libraries without the planted views]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "patterns/match_neighbours.hpp"
#include "studies/library_build.hpp"
#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 24, kDose = 1e4, kStep = 1.5, kLevels[] = {0.5, 0.9};

struct Tally {
  double n = 0, within_one = 0;
  struct Region {
    double stated = 0, axis = 0, directions = 0, depth = 0, width = 0;
  } region[2];

  void add(const std::vector<MotifView>& views, const Posterior& p, int motif,
           const PlantedView& truth, double room) {
    n += 1;
    const auto at = nearest_view(views, motif, truth);
    const Vector3d& axis = views[std::size_t(at)].direction;
    for (int k = 0; k < 2; ++k) {
      const CredibleAxes axes = credible_axes(views, p.view, motif, kLevels[k]);
      Region& r = region[k];
      r.stated += axes.probability;
      r.directions += axes.share;
      r.axis += std::any_of(axes.directions.begin(), axes.directions.end(),
                            [&](const Vector3d& d) { return (d - axis).norm() < 1e-6; });
      const CredibleDepth depth = credible_depth(views, p.view, motif, kLevels[k]);
      r.depth += truth.depth >= depth.low && truth.depth <= depth.high;
      r.width += (depth.high - depth.low) / room;
    }
    if (p.motif_index == motif) within_one += std::abs(truth.depth - p.depth) <= p.depth_deviation;
  }
  void print(const std::string& name, bool with_depth_error) const {
    for (int k = 0; k < 2; ++k) {
      const Region& r = region[k];
      fmt::print(
          "  {:<26} {:2.0f} %: axis stated {:.1f} %, realised {}, {:.1f} % of all directions; "
          "depth realised {}, {:.0f} % of the room\n",
          k == 0 ? name : "", 100 * kLevels[k], 100 * r.stated / n, share_text(r.axis, n),
          100 * r.directions / n, share_text(r.depth, n), 100 * r.width / n);
    }
    if (with_depth_error)
      fmt::print("  {:<26} depth within one error: {}\n", "", share_text(within_one, n));
  }
};

std::vector<PlaneF> polar(const MotifLibrary& l, const std::vector<std::size_t>& which,
                          const PolarGrid& grid, std::uint64_t seed, int threads) {
  RecognitionSettings noise;
  noise.dose = kDose;
  noise.seed = seed;
  return noisy_polar(
      l.planted_patterns, which,
      PolarTransform(Eigen::Index(l.planted_patterns.shape[1]),
                     Eigen::Index(l.planted_patterns.shape[2]), l.calibration(), grid),
      noise, 1, threads);
}

}  // namespace

int main(int argc, char** argv) {
  const auto given = [&](int k, double otherwise) {
    return argc > k ? std::atof(argv[k]) : otherwise;
  };
  LibraryPlan plan = cu_zr_plan(given(4, 12), kBox, 130, 12, int(given(1, 2)));
  const auto seed = std::uint64_t(given(2, 1));
  const int repetitions = int(given(3, 2));
  const double t = given(4, 12), radius = given(6, 0);
  plan.planted_patterns = int(given(5, 150));
  plan.depths = {1.0 / 6, 0.5, 5.0 / 6};
  plan.null_patterns = 600;
  if (radius > 0) {
    plan.scan_step = kStep;
    plan.offset_range = radius;
    plan.offset_step = 1;
  }
  const auto packings = [&](int n, std::uint64_t first) {
    return cu_zr_packings(n, kBox, std::max(t, 17.0), first, plan.threads);
  };
  const auto none = [] { return false; };
  RecognitionSettings settings;
  settings.dose = kDose;
  const PolarGrid grid = likelihood_grid(settings.grid);
  std::vector<Tally> given_motif(plan.motifs.size()), called = given_motif;
  for (int r = 0; r < repetitions; ++r) {
    const std::uint64_t base = 100000 * seed + 1000 * std::uint64_t(r);
    settings.seed = plan.seed = base + 1;
    MotifLibrary library = build_library(
        plan, packings(18, base), [](std::size_t) {}, none);
    if (given(7, 1) == 0)
      for (auto& p : library.planted) p.view = {};
    plan.seed = base + 501;
    const MotifLibrary test = build_library(
        plan, packings(18, base + 500), [](std::size_t) {}, none);
    ScanRecognition recognition(library, PlaneF::Ones(grid.n_q, grid.n_theta), settings,
                                radius > 0 ? Patch::within(radius, test.layout.step) : Patch(),
                                plan.threads);
    const auto& views = recognition.likelihood().views();
    const std::vector<std::size_t> centres = planted_centres(test);
    const std::size_t each = radius > 0 ? test.layout.patch() : 1,
                      side = std::size_t(2 * (radius > 0 ? test.layout.planted_half : 0) + 1);
    for (std::size_t k = 0; k < centres.size(); ++k) {
      std::vector<std::size_t> which;
      for (std::size_t i = 0; i < each; ++i) which.push_back(centres[k] - each / 2 + i);
      std::vector<Harmonics> x;
      for (const auto& p : polar(test, which, grid, base + 99, plan.threads))
        x.push_back(recognition.contrast(p));
      ContrastScan scan{side, side, false, {}};
      for (const auto& h : x) scan.contrast.push_back(&h);
      const Posterior p = recognition(scan, plan.threads)[each / 2].posterior;
      const int motif = test.planted[centres[k]].motif;
      const PlantedView& truth = test.planted[centres[k]].view;
      double low = 1e300, high = -1e300;
      const MotifView& near = views[std::size_t(nearest_view(views, motif, truth))];
      for (const MotifView& v : views)
        if (v.motif == motif && (v.direction - near.direction).norm() < 1e-6) {
          low = std::min(low, v.depth);
          high = std::max(high, v.depth);
        }
      const double room = 1.5 * (high - low);
      given_motif[std::size_t(motif)].add(views, p, motif, truth, room);
      if (p.motif_index == motif) called[std::size_t(motif)].add(views, p, motif, truth, room);
    }
    fmt::print("repetition {}: tempering {:.3f}, of the views {:.3f}, lapse {:.2f}\n", r,
               recognition.tempering(), fmt::join(recognition.posterior()->view_tempering(), ", "),
               fmt::join(recognition.posterior()->lapse(), ", "));
    std::fflush(stdout);
  }
  fmt::print("{:.1f} nm, 1e4 electrons, {} repetitions of {} planted per motif{}\n", t / 10,
             repetitions, plan.planted_patterns,
             radius > 0 ? fmt::format(", neighbours within {} Angstrom", radius) : "");
  for (std::size_t m = 0; m < plan.motifs.size(); ++m) {
    given_motif[m].print(plan.motifs[m], false);
    if (called[m].n > 0) called[m].print(plan.motifs[m] + ", most probable", true);
  }
}
