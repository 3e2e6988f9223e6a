#include "patterns/match_significance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.hpp"
#include "base/statistics.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// Column means, and deviations that are never 0.
template <typename Scores>
void column_moments(const Scores& scores, auto& mean, auto& deviation) {
  using Real = typename Scores::Scalar;
  mean = scores.colwise().mean().transpose();
  deviation =
      ((scores.rowwise() - mean.transpose()).square().colwise().sum() / Real(scores.rows() - 1))
          .sqrt()
          .transpose();
  deviation = deviation.max(std::numeric_limits<Real>::epsilon());
}

}  // namespace

double Gumbel::exceeded(double score) const {
  return -std::expm1(-std::exp(-(score - location) / scale));
}

Gumbel fit_gumbel(const std::vector<double>& values) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const double n = double(sorted.size());
  double mean = 0, weighted = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    mean += sorted[i] / n;
    weighted += sorted[i] * double(i) / (n * (n - 1));
  }
  Gumbel g;
  g.scale = (2 * weighted - mean) / std::numbers::ln2;
  if (!(g.scale > 0))
    fail(Fault::input, "all {} motif-free scores are equal; they must come from different patterns",
         sorted.size());
  g.location = mean - std::numbers::egamma * g.scale;
  return g;
}

RocArea area_under_roc(const std::vector<double>& null, const std::vector<double>& planted) {
  std::vector<double> sorted = null;
  std::sort(sorted.begin(), sorted.end());
  double wins = 0;
  for (double s : planted) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), s);
    wins += double(low - sorted.begin()) + 0.5 * double(high - low);
  }
  const double n = double(null.size()), m = double(planted.size()), a = wins / (n * m);
  const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  const double variance = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (n * m);
  return {a, std::sqrt(std::max(variance, 0.0))};
}

ScoreCalibration::ScoreCalibration(const PlaneF& training, const PlaneF& calibration,
                                   std::vector<int> motif_of_template, int motifs, bool standardise)
    : motif_of_template_(std::move(motif_of_template)), motifs_(motifs) {
  if (training.rows() < 8 || calibration.rows() < 8)
    fail(Fault::input,
         "{} motif-free patterns to standardise and {} to rank against; at least 8 of each are "
         "needed",
         training.rows(), calibration.rows());
  template_mean_ = Eigen::ArrayXf::Zero(training.cols());
  template_deviation_ = Eigen::ArrayXf::Ones(training.cols());
  if (standardise) column_moments(training, template_mean_, template_deviation_);
  motif_mean_ = Eigen::ArrayXd::Zero(motifs);
  motif_deviation_ = Eigen::ArrayXd::Ones(motifs);
  const PlaneD trained = motif_scores(training);
  if (standardise) column_moments(trained, motif_mean_, motif_deviation_);

  calibration_scores_ = motif_scores(calibration);
  const PlaneD& ranked = calibration_scores_;
  motif_null_.resize(std::size_t(motifs));
  for (Index m = 0; m < motifs; ++m) {
    auto& null = motif_null_[std::size_t(m)];
    null.assign(ranked.col(m).begin(), ranked.col(m).end());
    std::sort(null.begin(), null.end());
  }
  for (Index i = 0; i < ranked.rows(); ++i) best_.push_back(ranked.row(i).maxCoeff());
  std::sort(best_.begin(), best_.end());
  fit_ = fit_gumbel(best_);
}

ScoreCalibration::MotifBest ScoreCalibration::best_templates(
    const Eigen::Ref<const Eigen::ArrayXf>& template_scores) const {
  MotifBest best{
      std::vector<double>(std::size_t(motifs_), -std::numeric_limits<double>::infinity()),
      std::vector<int>(std::size_t(motifs_), -1)};
  const Eigen::ArrayXf standard = (template_scores - template_mean_) / template_deviation_;
  for (Index t = 0; t < standard.size(); ++t) {
    const auto m = std::size_t(motif_of_template_[std::size_t(t)]);
    if (standard(t) > best.score[m]) {
      best.score[m] = standard(t);
      best.template_index[m] = int(t);
    }
  }
  for (Index m = 0; m < motifs_; ++m)
    best.score[std::size_t(m)] =
        (best.score[std::size_t(m)] - motif_mean_(m)) / motif_deviation_(m);
  return best;
}

PlaneD ScoreCalibration::motif_scores(const PlaneF& template_scores) const {
  PlaneD scores(template_scores.rows(), motifs_);
  for (Index i = 0; i < scores.rows(); ++i) {
    const Eigen::ArrayXf row = template_scores.row(i).transpose();
    const MotifBest best = best_templates(row);
    for (Index m = 0; m < motifs_; ++m) scores(i, m) = best.score[std::size_t(m)];
  }
  return scores;
}

Significance ScoreCalibration::assess(
    const Eigen::Ref<const Eigen::ArrayXf>& template_scores) const {
  const MotifBest best = best_templates(template_scores);
  Significance s;
  s.motif_score = best.score;
  s.motif_template = best.template_index;
  for (std::size_t m = 0; m < best.score.size(); ++m)
    s.motif_p.push_back(rank_p_value(motif_null_[m], best.score[m]));
  s.motif = int(std::max_element(best.score.begin(), best.score.end()) - best.score.begin());
  s.score = best.score[std::size_t(s.motif)];
  s.p = rank_p_value(best_, s.score);
  s.p_fit = fit_.exceeded(s.score);
  return s;
}

}  // namespace vitrobeam
