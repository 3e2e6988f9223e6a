#include "patterns/match_alone.hpp"

#include <numeric>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

void check_reach(const MotifLibrary& library, const PolarGrid& grid) {
  if (const double most = reach(library); grid.q_max > most * (1 + 1e-6))
    fail(Fault::usage,
         "@q_max {} 1/Angstrom: the library's patterns end at {:.4g}; match up to there or build "
         "a library with a larger @q_max",
         grid.q_max, most);
}

}  // namespace

Recognition::Recognition(const MotifLibrary& library, const PlaneF& weights,
                         const RecognitionSettings& settings, int threads)
    : settings_(settings) {
  check_reach(library, settings.grid);
  const PolarTransform transform(Index(library.patterns.shape[1]), Index(library.patterns.shape[2]),
                                 library.calibration(), settings.grid);
  const NullParts parts = null_parts(library);
  const auto null = [&](const std::vector<std::size_t>& which, const RecognitionSettings& noise) {
    return noisy_polar(library.null_patterns, which, transform, noise, kNullStream, threads);
  };
  const std::vector<PlaneF> training = null(parts.training, settings),
                            calibrating = null(parts.calibration, settings);
  training_size_ = training.size();
  calibration_packings_ = parts.calibration_packings;
  for (const std::size_t i : parts.calibration) packing_.push_back(library.null[i].packing);
  std::vector<std::size_t> all(library.templates.size());
  std::iota(all.begin(), all.end(), std::size_t(0));
  const std::vector<PlaneF> templates =
      noisy_polar(library.patterns, all, transform, settings, 0, threads);
  matcher_.emplace(settings.grid, weights, templates, settings.matching,
                   settings.matched_filter ? null(parts.training, with_model_noise(settings))
                                           : std::vector<PlaneF>{});
  std::vector<int> motif;
  for (const auto& t : library.templates) motif.push_back(t.motif);
  const int motifs = int(library.motif_names.size());
  calibration_.emplace(matcher_->match(training, threads).score,
                       matcher_->match(calibrating, threads).score, motif, motifs,
                       settings.standardise);
  const std::vector<std::size_t> centres = planted_centres(library);
  std::vector<int> planted_motif;
  for (const std::size_t i : centres) planted_motif.push_back(library.planted[i].motif);
  const PlaneF planted = centres.empty()
                             ? PlaneF(0, Index(templates.size()))
                             : matcher_
                                   ->match(noisy_polar(library.planted_patterns, centres, transform,
                                                       settings, kPlantedStream, threads),
                                           threads)
                                   .score;
  planted_ = DetectionPower(*calibration_, planted, planted_motif);
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
    f.in_plane_angle = settings_.grid.theta(scores.angle(row, f.template_index));
    f.mirrored = scores.mirrored(row, f.template_index) != 0;
    f.correlation = scores.score(row, f.template_index);
  }
  return findings;
}

}  // namespace vitrobeam
