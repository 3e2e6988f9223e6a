#include "patterns/recognition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// Random streams of the noise on the library's own patterns; those of measured patterns are the
// callers' (from 0 up).
constexpr std::uint64_t kNullStream = std::uint64_t(1) << 40, kPlantedStream = std::uint64_t(1)
                                                                               << 41;

// Which motif-free patterns train: every third packing; with fewer than three packings every third
// pattern.
std::vector<bool> training_part(const std::vector<int>& packing) {
  const std::set<int> packings(packing.begin(), packing.end());
  std::vector<bool> trains;
  for (std::size_t i = 0; i < packing.size(); ++i) {
    const auto rank = packings.size() >= 3
                          ? std::distance(packings.begin(), packings.find(packing[i]))
                          : std::ptrdiff_t(i);
    trains.push_back(rank % 3 == 0);
  }
  return trains;
}

void check_reach(const MotifLibrary& library, const PolarGrid& grid) {
  if (const double most = reach(library); grid.q_max > most * (1 + 1e-6))
    fail(Fault::usage,
         "--q-max {} 1/Angstrom: the library's patterns end at {:.4g}; match up to there or build "
         "a library with a larger --q-max",
         grid.q_max, most);
}

}  // namespace

double reach(const MotifLibrary& library) {
  return largest_full_circle(Index(library.patterns.shape.at(1)),
                             Index(library.patterns.shape.at(2)), library.calibration());
}

PatternStatus judge(const Eigen::Ref<const PlaneF>& image, const Plane<unsigned char>& hidden,
                    const PlaneF& polar, const PlaneF& weights) {
  double sum = 0;
  for (Index r = 0; r < image.rows(); ++r)
    for (Index c = 0; c < image.cols(); ++c) {
      if (hidden.size() > 0 && hidden(r, c)) continue;
      if (!std::isfinite(image(r, c))) return PatternStatus::not_finite;
      sum += image(r, c);
    }
  if (!(sum > 0)) return PatternStatus::empty;
  double contrast = 0, square = 0;
  for (Index i = 0; i < polar.rows(); ++i) {
    const double known = weights.row(i).sum();
    if (known <= 0) continue;
    const double mean = (weights.row(i) * polar.row(i)).sum() / known;
    contrast +=
        (weights.row(i).cast<double>() * (polar.row(i).cast<double>() - mean).square()).sum();
    square += (weights.row(i).cast<double>() * polar.row(i).cast<double>().square()).sum();
  }
  return contrast > 1e-10 * square ? PatternStatus::good : PatternStatus::featureless;
}

void add_poisson_noise(Eigen::Ref<PlaneF> image, double dose, std::uint64_t seed,
                       std::uint64_t stream) {
  RandomSequence random(seed, stream);
  for (Index r = 0; r < image.rows(); ++r)
    for (Index c = 0; c < image.cols(); ++c)
      image(r, c) = float(double(random.poisson(std::max(0.0, double(image(r, c)) * dose))) / dose);
}

std::vector<PlaneF> Recognition::polar_of(const Stack<float>& patterns,
                                          const PolarTransform& transform, std::uint64_t stream,
                                          int threads) const {
  std::vector<PlaneF> polar(patterns.shape[0]);
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (long i = 0; i < long(polar.size()); ++i) {
    PlaneF image = patterns.plane(std::size_t(i));
    if (settings_.dose > 0 && stream > 0)
      add_poisson_noise(image, settings_.dose, settings_.seed, stream + std::uint64_t(i));
    polar[std::size_t(i)] = transform(image);
  }
  return polar;
}

Recognition::Recognition(const MotifLibrary& library, const PlaneF& weights,
                         const RecognitionSettings& settings, int threads)
    : settings_(settings), planted_motif_(library.planted_motif) {
  check_reach(library, settings.grid);
  const PolarTransform transform(Index(library.patterns.shape[1]), Index(library.patterns.shape[2]),
                                 library.calibration(), settings.grid);
  const std::vector<bool> trains = training_part(library.null_packing);
  const std::vector<PlaneF> null = polar_of(library.null_patterns, transform, kNullStream, threads);
  std::vector<PlaneF> training, calibrating;
  std::set<int> packings;
  for (std::size_t i = 0; i < null.size(); ++i) {
    (trains[i] ? training : calibrating).push_back(null[i]);
    if (!trains[i]) packings.insert(library.null_packing[i]);
  }
  training_size_ = training.size();
  calibration_packings_ = int(packings.size());
  if (training.size() < 8 || calibrating.size() < 8)
    fail(Fault::input,
         "the library holds {} motif-free patterns, too few for an error rate; build it with "
         "--null 100 or more",
         null.size());

  const std::vector<PlaneF> templates = polar_of(library.patterns, transform, 0, threads);
  matcher_.emplace(settings.grid, weights, templates, settings.matching,
                   settings.matched_filter ? training : std::vector<PlaneF>{});
  std::vector<int> motif;
  for (const auto& t : library.templates) motif.push_back(t.motif);
  const int motifs = int(library.motif_names.size());
  calibration_.emplace(matcher_->match(training, threads).score,
                       matcher_->match(calibrating, threads).score, motif, motifs,
                       settings.standardise);
  if (library.planted_motif.empty()) return;
  const PlaneF planted =
      matcher_
          ->match(polar_of(library.planted_patterns, transform, kPlantedStream, threads), threads)
          .score;
  for (Index i = 0; i < planted.rows(); ++i)
    planted_.push_back(calibration_->assess(planted.row(i).transpose()));
  posterior_.emplace(calibration_->calibration_scores(), calibration_->motif_scores(planted),
                     library.planted_motif, settings.prior_none);
}

std::vector<Finding> Recognition::operator()(const std::vector<PlaneF>& polar_patterns,
                                             int threads) const {
  const MatchScores scores = matcher_->match(polar_patterns, threads);
  std::vector<Finding> findings(polar_patterns.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    Finding& f = findings[i];
    const Index row = Index(i);
    f.significance = calibration_->assess(scores.score.row(row).transpose());
    f.template_index = f.significance.motif_template[std::size_t(f.significance.motif)];
    f.angle = scores.angle(row, f.template_index);
    f.mirrored = scores.mirrored(row, f.template_index) != 0;
    f.correlation = scores.score(row, f.template_index);
    if (posterior_) f.posterior = (*posterior_)(f.significance.motif_score);
  }
  return findings;
}

std::vector<double> Recognition::power(double alpha) const {
  const std::size_t motifs = calibration_->motifs();
  std::vector<double> found(motifs, 0), tried(motifs, 0);
  for (std::size_t i = 0; i < planted_.size(); ++i) {
    const auto m = std::size_t(planted_motif_[i]);
    tried[m] += 1;
    found[m] += planted_[i].motif_p[m] <= alpha;
  }
  for (std::size_t m = 0; m < motifs; ++m)
    found[m] = tried[m] > 0 ? found[m] / tried[m] : std::numeric_limits<double>::quiet_NaN();
  return found;
}

PlaneD Recognition::confusion(double alpha) const {
  const Index motifs = Index(calibration_->motifs());
  PlaneD share = PlaneD::Zero(motifs, motifs + 1);
  for (std::size_t i = 0; i < planted_.size(); ++i)
    share(planted_motif_[i], planted_[i].p <= alpha ? planted_[i].motif : motifs) += 1;
  const Eigen::ArrayXd tried = share.rowwise().sum();
  return share.colwise() / tried;  // 0 / 0 where a motif was never planted
}

PlaneD Recognition::roc(const std::vector<double>& false_alarm) const {
  PlaneD found(Index(calibration_->motifs()), Index(false_alarm.size()));
  for (std::size_t k = 0; k < false_alarm.size(); ++k) {
    const std::vector<double> share = power(false_alarm[k]);
    for (std::size_t m = 0; m < share.size(); ++m) found(Index(m), Index(k)) = share[m];
  }
  return found;
}

std::vector<RocArea> Recognition::roc_area() const {
  std::vector<RocArea> areas;
  const PlaneD& free = calibration_->calibration_scores();
  for (Index m = 0; m < free.cols(); ++m) {
    std::vector<double> planted;
    for (std::size_t i = 0; i < planted_.size(); ++i)
      if (planted_motif_[i] == m) planted.push_back(planted_[i].motif_score[std::size_t(m)]);
    const double none = std::numeric_limits<double>::quiet_NaN();
    areas.push_back(planted.empty()
                        ? RocArea{none, none}
                        : area_under_roc({free.col(m).begin(), free.col(m).end()}, planted));
  }
  return areas;
}

}  // namespace vitrobeam
