// What neighbouring scan positions add, and what the probabilities are worth, on packings and
// motifs that the library never saw: Cu64.5Zr35.5 packings scanned in a raster of 1.5 Angstrom,
// icosahedra and fcc clusters turned at random at random depth, the nearest position up to half a
// step off, 1e4 electrons per pattern, 200 kV, 3.58 mrad. Prints for each motif the area under the
// ROC by one pattern (the matched filter, and the likelihood) and by all positions within 3
// Angstrom; the share of motif-free positions with p at or below 1, 5 and 10 %, their interval
// drawn again by packings; and stated against realised probabilities of the posterior.
//   neighbours [threads] [thickness in Angstrom] [packings] [planted per motif]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/random.hpp"
#include "patterns/match_neighbours.hpp"
#include "studies/library_build.hpp"
#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 24, kDose = 1e4, kStep = 1.5;

std::vector<Atoms> packings(int n, double thickness, std::uint64_t seed, int threads) {
  return cu_zr_packings(n, kBox, std::max(thickness, 17.0), seed, threads);
}

std::vector<PlaneF> polar(const MotifLibrary& l, const Stack<float>& patterns,
                          const PolarGrid& grid, std::uint64_t stream, int threads) {
  RecognitionSettings noise;
  noise.dose = kDose;
  noise.seed = 99;
  std::vector<std::size_t> all(patterns.shape[0]);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return noisy_polar(patterns, all,
                     PolarTransform(Eigen::Index(patterns.shape[1]),
                                    Eigen::Index(patterns.shape[2]), l.calibration(), grid),
                     noise, stream, threads);
}

// Results at positions of known content.
struct Evaluated {
  std::vector<std::vector<double>> score;  // [pattern][motif]
  std::vector<double> p;
  std::vector<std::vector<double>> posterior;  // [pattern][motif + 1]
};

// Every raster of `side` x `side` positions; of a patch only the middle counts.
Evaluated evaluate(ScanRecognition& r, const std::vector<PlaneF>& patterns, std::size_t side,
                   bool periodic, bool middle, int threads) {
  Evaluated out;
  for (std::size_t first = 0; first < patterns.size(); first += side * side) {
    std::vector<Harmonics> x;
    for (std::size_t i = 0; i < side * side; ++i) x.push_back(r.contrast(patterns[first + i]));
    ContrastScan scan{side, side, periodic, {}};
    for (const auto& h : x) scan.contrast.push_back(&h);
    const auto results = r(scan, threads);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (middle && i != results.size() / 2) continue;
      if (results[i].finding) {
        out.score.push_back(results[i].finding->significance.motif_score);
        out.p.push_back(results[i].finding->significance.p);
      }
      out.posterior.push_back(results[i].posterior.motif);
    }
  }
  return out;
}

void print_areas(const char* name, const MotifLibrary& test, const std::vector<int>& truth,
                 const Evaluated& null, const Evaluated& planted) {
  fmt::print("  {:<28}", name);
  for (std::size_t m = 0; m < test.motif_names.size(); ++m) {
    std::vector<double> without, with;
    for (const auto& s : null.score) without.push_back(s[m]);
    for (std::size_t i = 0; i < planted.score.size(); ++i)
      if (truth[i] == int(m)) with.push_back(planted.score[i][m]);
    const RocArea roc = area_under_roc(without, with);
    fmt::print(" {} {:.3f} +- {:.3f};", test.motif_names[m], roc.area, roc.error);
  }
  for (const double alpha : {0.01, 0.05, 0.10}) {
    const std::size_t each = null.p.size() / std::size_t(test.null.back().packing + 1);
    std::vector<double> share;
    for (std::size_t first = 0; first < null.p.size(); first += each)
      share.push_back(double(std::count_if(null.p.begin() + std::ptrdiff_t(first),
                                           null.p.begin() + std::ptrdiff_t(first + each),
                                           [&](double p) { return p <= alpha; })) /
                      double(each));
    double mean = 0, square = 0;
    for (const double s : share) mean += s / double(share.size());
    for (const double s : share) square += (s - mean) * (s - mean);
    fmt::print(" p <= {:.0f} %: {:.2f} +- {:.2f} %", 100 * alpha, 100 * mean,
               100 * std::sqrt(square / double(share.size() * (share.size() - 1))));
  }
  fmt::print("\n");
}

// Stated and realised share in bins of the stated probability that there is a motif at all, and
// of the most probable answer.
void print_reliability(const char* name, const std::vector<int>& truth, const Evaluated& null,
                       const Evaluated& planted) {
  struct Bin {
    double stated = 0, right = 0, weight = 0;
  };
  Bin bins[5], answer;
  const double each_null = 0.5 / double(null.posterior.size()),
               each_planted = 0.5 / double(planted.posterior.size());
  const auto add = [&](const std::vector<double>& p, int is, double weight) {
    const double any = 1 - p.back();
    Bin& b = bins[std::min<std::size_t>(4, std::size_t(5 * any))];
    b.stated += weight * any;
    b.right += is >= 0 ? weight : 0;
    b.weight += weight;
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    const int called = best + 1 == std::ptrdiff_t(p.size()) ? -1 : int(best);
    answer.stated += weight * p[std::size_t(best)];
    answer.right += called == is ? weight : 0;
    answer.weight += weight;
  };
  for (const auto& p : null.posterior) add(p, -1, each_null);
  for (std::size_t i = 0; i < planted.posterior.size(); ++i)
    add(planted.posterior[i], truth[i], each_planted);
  fmt::print("  {:<28} a motif, stated/realised:", name);
  for (const Bin& b : bins)
    if (b.weight > 0)
      fmt::print(" {:.2f}/{:.2f} ({:.0f} %)", b.stated / b.weight, b.right / b.weight,
                 100 * b.weight);
  fmt::print("; best answer {:.3f}/{:.3f}\n", answer.stated, answer.right);
}

}  // namespace

int main(int argc, char** argv) {
  const double t = argc > 2 ? std::atof(argv[2]) : 20;
  LibraryPlan plan = cu_zr_plan(t, kBox, 130, 15, argc > 1 ? std::atoi(argv[1]) : 2);
  const int n = argc > 3 ? std::atoi(argv[3]) : 18;
  plan.planted_patterns = argc > 4 ? std::atoi(argv[4]) : 80;
  plan.scan_step = kStep;
  plan.offset_range = 3;
  plan.offset_step = 1;
  const auto none = [] { return false; };
  const MotifLibrary library = build_library(
      plan, packings(n, t, 1, plan.threads), [](std::size_t) {}, none);
  plan.seed += 1000;
  const MotifLibrary test = build_library(
      plan, packings(n * 2 / 3, t, 500, plan.threads), [](std::size_t) {}, none);
  RecognitionSettings settings;
  settings.dose = kDose;
  std::vector<int> truth;
  for (const std::size_t i : planted_centres(test)) truth.push_back(test.planted[i].motif);
  const auto edge = std::size_t(test.layout.null_edge),
             side = std::size_t(2 * test.layout.planted_half + 1);
  fmt::print("{:.1f} nm, {} packings rank and train, {} are tested; {} planted per motif\n", t / 10,
             n, n * 2 / 3, plan.planted_patterns);

  const PolarGrid grid = likelihood_grid(settings.grid);
  const PlaneF seen = PlaneF::Ones(grid.n_q, grid.n_theta);
  const auto null = polar(test, test.null_patterns, grid, 1, plan.threads),
             planted = polar(test, test.planted_patterns, grid, 1 << 24, plan.threads);
  {
    const Recognition matcher(library, PlaneF::Ones(settings.grid.n_q, settings.grid.n_theta),
                              settings, plan.threads);
    const auto alone = [&](const std::vector<PlaneF>& patterns, bool middle) {
      Evaluated j;
      const auto findings = matcher(patterns, plan.threads);
      for (std::size_t i = middle ? side * side / 2 : 0; i < findings.size();
           i += middle ? side * side : 1) {
        j.score.push_back(findings[i].significance.motif_score);
        j.p.push_back(findings[i].significance.p);
      }
      return j;
    };
    print_areas(
        "one pattern, matched filter", test, truth,
        alone(polar(test, test.null_patterns, settings.grid, 1, plan.threads), false),
        alone(polar(test, test.planted_patterns, settings.grid, 1 << 24, plan.threads), true));
    std::fflush(stdout);
  }
  for (const double radius : {0.0, 1.5, 3.0}) {
    ScanRecognition r(library, seen, settings, Patch::within(radius, test.layout.step),
                      plan.threads);
    const Evaluated free = evaluate(r, null, edge, true, false, plan.threads),
                    with = evaluate(r, planted, side, false, true, plan.threads);
    const auto name = radius == 0 ? std::string("one pattern, likelihood")
                                  : fmt::format("within {} Angstrom", radius);
    if (radius > 0) print_areas(name.c_str(), test, truth, free, with);
    print_reliability(name.c_str(), truth, free, with);
    fmt::print("  {:<28} tempering {:.3f}\n", "", r.tempering());
    std::fflush(stdout);
  }
}
