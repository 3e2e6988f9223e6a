// What the stated rates are worth on patterns that the library never saw: other packings, other
// seeds, angles off the grid, motifs at random depth in 12 Angstrom of Cu64.5Zr35.5 packing, 1e4
// electrons per pattern, 200 kV, 3.58 mrad. Prints for icosahedral against fcc-like against none
//   the area under the ROC of each motif's own score, with standard errors,
//   the confusion matrix of the best motif among those called at 5 %,
//   stated and realised false-discovery rate of Benjamini and Hochberg at 1, 5 and 10 %, with the
//   95 % interval of the realised one and the number of motifs found. The stated rate is a mean
//   over what could have been simulated, the null that ranks included, and patterns of a packing
//   are not independent: packings of both are drawn again,
//   the share of motif-free patterns with p at or below 1, 5 and 10 %, and the distance of their
//   p-values from uniform, with the 1 % limit of Kolmogorov and Smirnov;
// and the thin limit: how often a free icosahedron, turned at random, is told from fcc, hcp and
// bcc.
//   held_out [threads] [motif-free patterns] [planted per motif] [thickness in Angstrom]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/random.hpp"
#include "drivers/library_build.hpp"
#include "models/transform.hpp"
#include "patterns/recognition.hpp"
#include "validation/analytic/cu_zr_packings.hpp"

using namespace vitrobeam;

namespace {

constexpr double kBox = 26, kDose = 1e4;

std::vector<Atoms> packings(int n, double thickness, std::uint64_t seed, int threads) {
  return cu_zr_packings(n, kBox, std::max(thickness, 17.0), seed, threads);
}

std::vector<PlaneF> noisy_polar(const MotifLibrary& l, const Stack<float>& patterns,
                                const PolarGrid& grid, std::uint64_t stream) {
  const PolarTransform transform(Eigen::Index(patterns.shape[1]), Eigen::Index(patterns.shape[2]),
                                 l.calibration(), grid);
  std::vector<PlaneF> result;
  for (std::size_t i = 0; i < patterns.shape[0]; ++i) {
    PlaneF image = patterns.plane(i);
    add_poisson_noise(image, kDose, 99, stream + i);
    result.push_back(transform(image));
  }
  return result;
}

// 95 % interval of a share k / n (Wilson, J. Am. Stat. Assoc. 22 (1927) 209).
std::pair<double, double> wilson(double k, double n) {
  if (n == 0) return {0, 1};
  const double z = 1.96, p = k / n, centre = (p + z * z / (2 * n)) / (1 + z * z / n),
               half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

double uniform_distance(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  double largest = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    largest = std::max(
        {largest, p[i] - double(i) / double(p.size()), double(i + 1) / double(p.size()) - p[i]});
  return largest;
}

struct Discoveries {
  double wrong = 0, right = 0;
  double rate() const { return wrong + right > 0 ? wrong / (wrong + right) : 0; }
};

Discoveries discovered(const std::vector<double>& null_p, const std::vector<double>& planted_p,
                       double rate) {
  std::vector<double> p = null_p;
  p.insert(p.end(), planted_p.begin(), planted_p.end());
  const auto q = benjamini_hochberg(p);
  Discoveries d;
  for (std::size_t i = 0; i < q.size(); ++i)
    (i < null_p.size() ? d.wrong : d.right) += q[i] <= rate;
  return d;
}

// Largest scores and the packings that they are from.
struct Scores {
  std::vector<double> score;
  std::vector<int> packing;

  void add(const std::vector<Finding>& findings, const std::vector<int>& of, bool (*keep)(int)) {
    for (std::size_t i = 0; i < findings.size(); ++i)
      if (keep(of[i])) {
        score.push_back(findings[i].significance.score);
        packing.push_back(of[i]);
      }
  }
  // Packings drawn with replacement.
  std::vector<double> again(RandomSequence& r) const {
    const std::set<int> set(packing.begin(), packing.end());
    const std::vector<int> names(set.begin(), set.end());
    std::vector<double> drawn;
    for (std::size_t k = 0; k < names.size(); ++k) {
      const int chosen = names[r.below(names.size())];
      for (std::size_t i = 0; i < score.size(); ++i)
        if (packing[i] == chosen) drawn.push_back(score[i]);
    }
    return drawn;
  }
};

std::vector<double> ranked(const std::vector<double>& sorted, const std::vector<double>& scores) {
  std::vector<double> p;
  for (const double s : scores) p.push_back(rank_p_value(sorted, s));
  return p;
}

void discoveries(const Scores& calibration, const Scores& null,
                 const std::vector<double>& planted) {
  auto sorted = calibration.score;
  std::sort(sorted.begin(), sorted.end());
  for (const double rate : {0.01, 0.05, 0.10}) {
    const Discoveries d = discovered(ranked(sorted, null.score), ranked(sorted, planted), rate);
    std::vector<double> again;
    RandomSequence r(71, 0);
    for (int draw = 0; draw < 1000; ++draw) {
      auto other = calibration.again(r);
      std::sort(other.begin(), other.end());
      const auto some_null = null.again(r);
      std::vector<double> some_planted;
      for (std::size_t i = 0; i < planted.size(); ++i)
        some_planted.push_back(planted[r.below(planted.size())]);
      again.push_back(
          discovered(ranked(other, some_null), ranked(other, some_planted), rate).rate());
    }
    std::sort(again.begin(), again.end());
    const double low = again[25], high = again[974];
    fmt::print(
        "  stated {:4.1f} %: realised {:5.2f} % ({:.2f} to {:.2f} %), {} of {} motifs found; "
        "stated "
        "rate {}\n",
        100 * rate, 100 * d.rate(), 100 * low, 100 * high, d.right, planted.size(),
        rate < low    ? "BELOW the interval"
        : rate > high ? "above the interval"
                      : "inside");
  }
}

void judge(const char* name, const MotifLibrary& library, const MotifLibrary& test,
           const RecognitionSettings& settings, int threads) {
  fmt::print("{}\n", name);
  const Recognition recognition(library, PlaneF::Ones(settings.grid.n_q, settings.grid.n_theta),
                                settings, threads);
  const auto null = recognition(noisy_polar(test, test.null_patterns, settings.grid, 0), threads),
             planted = recognition(noisy_polar(test, test.planted_patterns, settings.grid, 1 << 20),
                                   threads);
  for (std::size_t m = 0; m < library.motif_names.size(); ++m) {
    std::vector<double> without, with;
    for (const auto& f : null) without.push_back(f.significance.motif_score[m]);
    for (std::size_t i = 0; i < planted.size(); ++i)
      if (test.planted_motif[i] == int(m)) with.push_back(planted[i].significance.motif_score[m]);
    const RocArea roc = area_under_roc(without, with);
    double confused[4] = {}, all = 0;
    for (std::size_t i = 0; i < planted.size(); ++i)
      if (test.planted_motif[i] == int(m)) {
        ++all;
        confused[planted[i].significance.p <= 0.05 ? std::size_t(planted[i].significance.motif)
                                                   : library.motif_names.size()] += 1;
      }
    fmt::print("  {:<11} area under ROC {:.3f} +- {:.3f};", library.motif_names[m], roc.area,
               roc.error);
    for (std::size_t k = 0; k <= library.motif_names.size(); ++k)
      fmt::print(" called {} {:.0f} %",
                 k < library.motif_names.size() ? library.motif_names[k] : "none",
                 100 * confused[k] / all);
    fmt::print("\n");
  }
  // two thirds of the library's packings rank
  Scores calibration, free;
  calibration.add(
      recognition(noisy_polar(library, library.null_patterns, settings.grid, 1 << 21), threads),
      library.null_packing, [](int packing) { return packing % 3 != 0; });
  free.add(null, test.null_packing, [](int) { return true; });
  std::vector<double> best;
  for (const auto& f : planted) best.push_back(f.significance.score);
  discoveries(calibration, free, best);
  std::vector<double> p;
  for (const auto& f : null) p.push_back(f.significance.p);
  for (const double alpha : {0.01, 0.05, 0.10}) {
    const double k =
        double(std::count_if(p.begin(), p.end(), [&](double v) { return v <= alpha; }));
    const auto [low, high] = wilson(k, double(p.size()));
    fmt::print("  motif-free with p <= {:.0f} %: {:.1f} % ({:.1f} to {:.1f} %);", 100 * alpha,
               100 * k / double(p.size()), 100 * low, 100 * high);
  }
  fmt::print(" off uniform {:.3f} (limit {:.3f})\n", uniform_distance(p),
             1.63 * std::sqrt(1.0 / double(p.size()) +
                              1.0 / double(recognition.calibration().calibration_size())));
  std::fflush(stdout);
}

// Free clusters turned at random against templates of four motifs.
void thin_limit(LibraryPlan plan) {
  plan.motifs = {"icosahedron", "fcc", "hcp", "bcc"};
  plan.spacing_deg = 6;
  plan.null_patterns = 24;
  plan.planted_patterns = 0;
  const MotifLibrary library = build_library(
      plan, packings(3, 12, 900, plan.threads), [](std::size_t) {}, [] { return false; });
  const PolarGrid grid = RecognitionSettings().grid;
  const PolarTransform transform(Eigen::Index(library.patterns.shape[1]),
                                 Eigen::Index(library.patterns.shape[2]), library.calibration(),
                                 grid);
  std::vector<PlaneF> templates, patterns;
  for (std::size_t t = 0; t < library.templates.size(); ++t)
    templates.push_back(transform(library.patterns.plane(t)));
  constexpr int kTurned = 600;
  for (int i = 0; i < kTurned; ++i) {
    RandomSequence r(31, std::uint64_t(i));
    const Eigen::Matrix3d turn = Eigen::Quaterniond(r.normal(), r.normal(), r.normal(), r.normal())
                                     .normalized()
                                     .toRotationMatrix();
    Atoms m =
        rotated(build_motif(find_motif("icosahedron"), {plan.decorations[0], plan.bond, 0}), turn);
    for (auto& p : m.positions) p += Vector3d(kBox / 2, kBox / 2, 6);
    m.cell = Cell::orthogonal(kBox, kBox, 12);
    Simulation<float>(m, plan.simulation)
        .run({Vector2d(kBox / 2, kBox / 2)}, 1, [&](std::size_t, const ProbeResult<float>& out) {
          PlaneF image = out.pattern;
          add_poisson_noise(image, kDose, 41, std::uint64_t(i));
          patterns.push_back(transform(image));
        });
  }
  for (const double gamma : {MatchSettings().gamma, 1.0}) {
    MatchSettings settings;
    settings.gamma = gamma;
    const Matcher matcher(grid, transform.weights(), templates, settings);
    const PlaneF score = matcher.match(patterns, plan.threads).score;
    double right = 0;
    for (Eigen::Index i = 0; i < score.rows(); ++i) {
      Eigen::Index best = 0;
      score.row(i).maxCoeff(&best);
      right += library.templates[std::size_t(best)].motif == 0;
    }
    const auto [low, high] = wilson(right, kTurned);
    fmt::print(
        "free icosahedron, {} random orientations, 1e4 electrons, gamma {}: recognised {:.2f} % "
        "({:.2f} to {:.2f} %) among {} templates of 4 motifs\n",
        kTurned, gamma, 100 * right / kTurned, 100 * low, 100 * high, templates.size());
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  LibraryPlan plan;
  plan.threads = argc > 1 ? std::atoi(argv[1]) : 2;
  plan.null_patterns = argc > 2 ? std::atoi(argv[2]) : 2400;
  plan.planted_patterns = argc > 3 ? std::atoi(argv[3]) : 150;
  plan.thicknesses = {argc > 4 ? std::atof(argv[4]) : 12};
  plan.motifs = {"icosahedron", "fcc"};
  plan.decorations = {{29, 40}};
  plan.bond = 2.75;
  plan.spacing_deg = 8;
  plan.box = kBox;
  plan.simulation.optics.semiangle_mrad = 3.58;
  plan.simulation.nx = plan.simulation.ny = 140;
  plan.simulation.recording.q_max = 1.65;
  thin_limit(plan);
  const double t = plan.thicknesses[0];
  const auto known = packings(48, t, 1, plan.threads), fresh = packings(32, t, 100, plan.threads);
  const auto none = [] { return false; };
  const MotifLibrary library = build_library(
      plan, known, [](std::size_t) {}, none);
  plan.seed += 1000;
  plan.null_patterns /= 2;
  const MotifLibrary test = build_library(
      plan, fresh, [](std::size_t) {}, none);
  RecognitionSettings settings;
  settings.dose = kDose;
  judge("defaults: 0.3 to 1.6 1/Angstrom, gamma 0.5", library, test, settings, plan.threads);
  settings.grid = {0.32, 0.82, 25, 144};
  settings.matching.gamma = 1;
  judge("0.32 to 0.82 1/Angstrom, gamma 1", library, test, settings, plan.threads);
}
