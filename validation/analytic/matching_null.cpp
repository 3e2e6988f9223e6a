// What matching is worth, measured on simulated patterns of known truth: an icosahedron (Cu centre,
// 12 Zr at 2.75 Angstrom, turned at random) at mid-depth of Cu64.5Zr35.5 random packings, 200
// kV, 3.58 mrad, for three thicknesses. Prints the area under the ROC, with standard errors, of
//   raw         the best plain correlation over a library of four motifs,
//   standard    the same after standardising each template by motif-free patterns,
//   filtered    standardised, with matched filters,
// once for the best of the library ("any motif?") and once for the icosahedron's own score; and the
// distance of the p-values of fresh motif-free patterns (from other packings) from uniform, with
// the 1 % limit of Kolmogorov and Smirnov.
//   matching_null [threads] [null patterns] [planted patterns]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "patterns/library_patterns.hpp"
#include "patterns/match_alone.hpp"
#include "studies/library_build.hpp"
#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 32, kThickest = 20;

std::vector<Atoms> packings(int n, std::uint64_t seed, int threads) {
  return cu_zr_packings(n, kBox, kThickest, seed, threads);
}

double uniform_distance(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  double largest = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    largest = std::max(
        {largest, p[i] - double(i) / double(p.size()), double(i + 1) / double(p.size()) - p[i]});
  return largest;
}

std::vector<PlaneF> polar(const MotifLibrary& l, const Stack<float>& patterns,
                          const PolarGrid& grid) {
  const PolarTransform transform(Eigen::Index(patterns.shape[1]), Eigen::Index(patterns.shape[2]),
                                 l.calibration(), grid);
  std::vector<PlaneF> result;
  for (std::size_t i = 0; i < patterns.shape[0]; ++i)
    result.push_back(transform(patterns.plane(i)));
  return result;
}

void measure(double thickness, const LibraryPlan& common, const std::vector<Atoms>& known,
             const std::vector<Atoms>& fresh) {
  LibraryPlan plan = common;
  plan.thicknesses = {thickness};
  const MotifLibrary library = build_library(
      plan, known, [](std::size_t) {}, [] { return false; });
  plan.seed += 1000;
  plan.null_patterns /= 2;
  const MotifLibrary test = build_library(
      plan, fresh, [](std::size_t) {}, [] { return false; });

  struct Way {
    const char* name;
    bool standardise, matched_filter;
  };
  for (const Way& way :
       {Way{"raw", false, false}, Way{"standard", true, false}, Way{"filtered", true, true}}) {
    RecognitionSettings settings;
    settings.grid = {0.32, 0.82, 40, 120};
    settings.matching.m_max = 30;
    settings.matching.gamma = 1;
    settings.standardise = way.standardise;
    settings.matched_filter = way.matched_filter;
    const Recognition recognition(library, PlaneF::Ones(40, 120), settings, common.threads);
    std::vector<double> null_any, null_own, planted_any, planted_own, p;
    for (const auto& f :
         recognition(polar(test, test.null_patterns, settings.grid), common.threads)) {
      null_any.push_back(f.significance.score);
      null_own.push_back(f.significance.motif_score[0]);
      p.push_back(f.significance.p);
    }
    const auto planted =
        recognition(polar(test, test.planted_patterns, settings.grid), common.threads);
    for (std::size_t i = 0; i < planted.size(); ++i)
      if (test.planted[i].motif == 0) {
        planted_any.push_back(planted[i].significance.score);
        planted_own.push_back(planted[i].significance.motif_score[0]);
      }
    const RocArea any = area_under_roc(null_any, planted_any),
                  own = area_under_roc(null_own, planted_own);
    const double limit =
        1.63 * std::sqrt(1.0 / double(p.size()) +
                         1.0 / double(recognition.calibration().calibration_size()));
    fmt::print(
        "{:4.1f} nm  {:<9} any motif {:.3f} +- {:.3f}   icosahedron {:.3f} +- {:.3f}   p-values "
        "off uniform {:.3f} (limit {:.3f})\n",
        thickness / 10, way.name, any.area, any.error, own.area, own.error, uniform_distance(p),
        limit);
  }
}

}  // namespace

int main(int argc, char** argv) {
  LibraryPlan plan;
  plan.threads = argc > 1 ? std::atoi(argv[1]) : 2;
  plan.null_patterns = argc > 2 ? std::atoi(argv[2]) : 900;
  plan.planted_patterns = argc > 3 ? std::atoi(argv[3]) : 60;
  plan.motifs = {"icosahedron", "fcc", "hcp", "bcc"};
  plan.decorations = {{29, 40}};
  plan.bond = 2.75;
  plan.spacing_deg = 10;
  plan.box = kBox;
  plan.simulation.optics.semiangle_mrad = 3.58;
  plan.simulation.nx = plan.simulation.ny = 200;
  plan.simulation.recording.q_max = 1;
  const auto known = packings(12, 1, plan.threads), fresh = packings(6, 100, plan.threads);
  for (double thickness : {8.0, 14.0, 20.0}) measure(thickness, plan, known, fresh);
}
