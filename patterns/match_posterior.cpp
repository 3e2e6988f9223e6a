#include "patterns/match_posterior.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

double log_sum_exp(const Eigen::ArrayXd& v) {
  const double largest = v.maxCoeff();
  return largest + std::log((v - largest).exp().sum());
}

// Patterns of known content: log evidence of every motif, which one it is (-1 none), its weight.
struct Known {
  Eigen::ArrayXXd evidence;  // [pattern, motif]
  std::vector<int> motif;
  Eigen::ArrayXd weight;  // sums to 1
};

struct Fit {
  double loss = 1e300;
  Eigen::ArrayXd offset;
};

// Offsets of the motifs that make the known patterns most probable, by Newton's method (the loss is
// convex; a little of their square is added so that perfect separation leaves them finite).
Fit fit_offsets(const Known& known, double prior_none) {
  const Index n = known.evidence.rows(), motifs = known.evidence.cols();
  constexpr double kRidge = 1e-4;
  const double prior = std::log((1 - prior_none) / double(motifs));
  Fit fit{0, Eigen::ArrayXd::Zero(motifs)};
  const auto loss_at = [&](const Eigen::ArrayXd& offset, Eigen::VectorXd* gradient,
                           Eigen::MatrixXd* hessian) {
    double loss = kRidge * offset.square().sum();
    if (gradient) *gradient = 2 * kRidge * offset.matrix();
    if (hessian) *hessian = 2 * kRidge * Eigen::MatrixXd::Identity(motifs, motifs);
    for (Index i = 0; i < n; ++i) {
      Eigen::ArrayXd log_p(motifs + 1);
      log_p << known.evidence.row(i).transpose() + offset + prior, std::log(prior_none);
      const double norm = log_sum_exp(log_p), w = known.weight(i);
      const int is = known.motif[std::size_t(i)];
      loss -= w * (log_p(is < 0 ? motifs : is) - norm);
      if (!gradient) continue;
      const Eigen::VectorXd p = (log_p.head(motifs) - norm).exp().matrix();
      *gradient += w * p;
      if (is >= 0) (*gradient)(is) -= w;
      *hessian += w * (Eigen::MatrixXd(p.asDiagonal()) - p * p.transpose());
    }
    return loss;
  };
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
  for (int step = 0; step < 50; ++step) {
    fit.loss = loss_at(fit.offset, &gradient, &hessian);
    if (gradient.norm() < 1e-8) break;
    Eigen::ArrayXd move = solve_symmetric(hessian, gradient).array();
    while (loss_at(fit.offset - move, nullptr, nullptr) > fit.loss && move.abs().maxCoeff() > 1e-9)
      move /= 2;
    fit.offset -= move;
  }
  return fit;
}

// Of the depths that every view stands for; not-a-number where its direction has one depth.
std::vector<double> depth_widths(const std::vector<MotifView>& views) {
  std::vector<double> width(views.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t v = 0; v < views.size(); ++v) {
    double below = 0, above = 0;  // to the next ones
    for (const MotifView& o : views) {
      if (o.motif != views[v].motif || o.decoration != views[v].decoration ||
          (o.direction - views[v].direction).squaredNorm() > 1e-12)
        continue;
      const double apart = o.depth - views[v].depth;
      if (apart > 1e-9) above = above > 0 ? std::min(above, apart) : apart;
      if (apart < -1e-9) below = below > 0 ? std::min(below, -apart) : -apart;
    }
    if (below == 0) below = above;
    if (above == 0) above = below;
    if (above > 0) width[v] = (below + above) / 2;
  }
  return width;
}

}  // namespace

CredibleAxes credible_axes(const std::vector<MotifView>& views,
                           const std::vector<double>& view_probability, int motif, double level) {
  struct Direction {
    Vector3d towards;
    double probability, solid_angle;
  };
  std::vector<Direction> directions;
  double all = 0, sphere = 0;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (views[v].motif != motif) continue;
    all += view_probability[v];
    auto at = std::find_if(directions.begin(), directions.end(), [&](const Direction& d) {
      return (d.towards - views[v].direction).squaredNorm() < 1e-12;
    });
    if (at == directions.end()) {
      directions.push_back({views[v].direction, 0, views[v].solid_angle});
      sphere += views[v].solid_angle;
      at = directions.end() - 1;
    }
    at->probability += view_probability[v];
  }
  std::stable_sort(
      directions.begin(), directions.end(),
      [](const Direction& a, const Direction& b) { return a.probability > b.probability; });
  CredibleAxes out;
  for (const auto& d : directions) {
    if (!(all > 0) || out.probability >= level) break;
    out.directions.push_back(d.towards);
    out.probability += d.probability / all;
    out.share += d.solid_angle / sphere;
  }
  return out;
}

CredibleDepth credible_depth(const std::vector<MotifView>& views,
                             const std::vector<double>& view_probability, int motif, double level) {
  const std::vector<double> width = depth_widths(views);
  double all = 0, lowest = 1e300, highest = -1e300;
  for (std::size_t v = 0; v < views.size(); ++v) {
    if (views[v].motif != motif) continue;
    if (!(width[v] > 0)) return {NAN, NAN};
    all += view_probability[v];
    lowest = std::min(lowest, views[v].depth - width[v] / 2);
    highest = std::max(highest, views[v].depth + width[v] / 2);
  }
  if (!(all > 0)) return {NAN, NAN};
  // the depth below which `share` of the probability lies, by bisection
  const auto quantile = [&](double share) {
    double low = lowest, high = highest;
    for (int k = 0; k < 40; ++k) {
      const double at = (low + high) / 2;
      double below = 0;
      for (std::size_t v = 0; v < views.size(); ++v)
        if (views[v].motif == motif)
          below +=
              view_probability[v] * std::clamp((at - views[v].depth) / width[v] + 0.5, 0.0, 1.0);
      (below < share * all ? low : high) = at;
    }
    return (low + high) / 2;
  };
  return {quantile((1 - level) / 2), quantile((1 + level) / 2)};
}

ViewPosterior::ViewPosterior(const std::vector<MotifView>& views, int motifs,
                             const PlaneF& motif_free, const PlaneF& planted,
                             const std::vector<int>& planted_motif,
                             const std::vector<int>& planted_view, double prior_none)
    : views_(views),
      log_weight_(views.size()),
      depth_width_(depth_widths(views)),
      motifs_(motifs),
      prior_none_(prior_none) {
  if (!(prior_none > 0 && prior_none < 1))
    fail(Fault::usage,
         "the prior probability of no motif is {}; give a value between 0 and 1, both excluded",
         prior_none);
  if (planted.rows() == 0)
    fail(Fault::input, "there are no planted patterns to calibrate probabilities with");
  std::vector<double> sum(std::size_t(motifs), 0), count(std::size_t(motifs), 0);
  for (const auto& v : views_) sum[std::size_t(v.motif)] += v.solid_angle;
  for (std::size_t v = 0; v < views_.size(); ++v)
    log_weight_[v] = std::log(views_[v].solid_angle / sum[std::size_t(views_[v].motif)]);
  for (const int m : planted_motif) count[std::size_t(m)] += 1;
  const double known_motifs = double(motifs) - double(std::count(count.begin(), count.end(), 0.0));
  Known known{Eigen::ArrayXXd(motif_free.rows() + planted.rows(), motifs),
              std::vector<int>(std::size_t(motif_free.rows()), -1),
              Eigen::ArrayXd::Constant(motif_free.rows() + planted.rows(),
                                       prior_none / double(motif_free.rows()))};
  for (Index i = 0; i < planted.rows(); ++i) {
    const int m = planted_motif[std::size_t(i)];
    known.motif.push_back(m);
    known.weight(motif_free.rows() + i) = (1 - prior_none) / known_motifs / count[std::size_t(m)];
  }
  // from almost deaf to taking the likelihood at its word
  constexpr int kSteps = 40;
  Fit best;
  for (int k = 0; k <= kSteps; ++k) {
    const double beta = std::pow(10, -3.0 + 3.0 * k / kSteps);
    for (Index i = 0; i < known.evidence.rows(); ++i)
      known.evidence.row(i) =
          motif_evidence(i < motif_free.rows() ? motif_free.row(i).transpose()
                                               : planted.row(i - motif_free.rows()).transpose(),
                         beta)
              .transpose();
    const Fit fit = fit_offsets(known, prior_none);
    if (fit.loss < best.loss) {
      best = fit;
      beta_ = beta;
    }
  }
  offset_ = best.offset;
  double mean = 0;
  for (int m = 0; m < motifs; ++m)
    if (count[std::size_t(m)] > 0) mean += offset_(m) / known_motifs;
  for (int m = 0; m < motifs; ++m)
    if (count[std::size_t(m)] == 0) offset_(m) = mean;
  view_beta_.assign(std::size_t(motifs), beta_);
  lapse_.assign(std::size_t(motifs), 0);
  for (int m = 0; m < motifs; ++m) fit_views(planted, planted_view, m);
}

void ViewPosterior::fit_views(const PlaneF& planted, const std::vector<int>& planted_view,
                              int motif) {
  constexpr std::size_t kFewest = 16;
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < planted_view.size(); ++i)
    if (planted_view[i] >= 0 && views_[std::size_t(planted_view[i])].motif == motif)
      known.push_back(i);
  if (known.size() < kFewest) return;
  constexpr int kSteps = 60;
  double &beta = view_beta_[std::size_t(motif)], &lapse = lapse_[std::size_t(motif)];
  double least = 1e300, best_beta = beta, best_lapse = 0;
  for (int k = 0; k <= kSteps; ++k) {
    beta = std::pow(10, -3.0 + 3.0 * k / kSteps);
    std::vector<double> seen, unseen;  // p of the true view, by the pattern and without it
    for (const std::size_t i : known) {
      const auto v = std::size_t(planted_view[i]);
      seen.push_back(view_shares(planted.row(Index(i)).transpose())[v]);
      unseen.push_back(std::exp(log_weight_[v]));
    }
    for (const double share : {0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0}) {
      double loss = 0;
      for (std::size_t i = 0; i < seen.size(); ++i)
        loss -= std::log((1 - share) * seen[i] + share * unseen[i] + 1e-300);
      if (loss < least) {
        least = loss;
        best_beta = beta;
        best_lapse = share;
      }
    }
  }
  beta = best_beta;
  lapse = best_lapse;
}

std::vector<double> ViewPosterior::view_shares(
    const Eigen::Ref<const Eigen::ArrayXf>& log_evidence) const {
  const auto exponent = [&](std::size_t v) {
    return log_weight_[v] +
           view_beta_[std::size_t(views_[v].motif)] * double(log_evidence(Index(v)));
  };
  std::vector<double> largest(std::size_t(motifs_), -1e300), sum(std::size_t(motifs_), 0), out;
  for (std::size_t v = 0; v < views_.size(); ++v) {
    double& most = largest[std::size_t(views_[v].motif)];
    most = std::max(most, exponent(v));
  }
  for (std::size_t v = 0; v < views_.size(); ++v) {
    const auto m = std::size_t(views_[v].motif);
    out.push_back(std::exp(exponent(v) - largest[m]));
    sum[m] += out.back();
  }
  for (std::size_t v = 0; v < views_.size(); ++v) {
    const auto m = std::size_t(views_[v].motif);
    out[v] = (1 - lapse_[m]) * out[v] / sum[m] + lapse_[m] * std::exp(log_weight_[v]);
  }
  return out;
}

Eigen::ArrayXd ViewPosterior::motif_evidence(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence,
                                             double beta) const {
  const auto exponent = [&](std::size_t v) {
    return log_weight_[v] + beta * double(log_evidence(Index(v)));
  };
  Eigen::ArrayXd largest = Eigen::ArrayXd::Constant(motifs_, -1e300),
                 sum = Eigen::ArrayXd::Zero(motifs_);
  for (std::size_t v = 0; v < views_.size(); ++v)
    largest(views_[v].motif) = std::max(largest(views_[v].motif), exponent(v));
  for (std::size_t v = 0; v < views_.size(); ++v)
    sum(views_[v].motif) += std::exp(exponent(v) - largest(views_[v].motif));
  return largest + sum.log();
}

Posterior ViewPosterior::operator()(const Eigen::Ref<const Eigen::ArrayXf>& log_evidence) const {
  Eigen::ArrayXd log_p(motifs_ + 1);
  const Eigen::ArrayXd evidence = motif_evidence(log_evidence, beta_);
  log_p << evidence + offset_ + std::log((1 - prior_none_) / motifs_), std::log(prior_none_);
  log_p = (log_p - log_sum_exp(log_p)).exp();
  Posterior out;
  out.motif.assign(log_p.begin(), log_p.end());
  out.view = view_shares(log_evidence);
  for (std::size_t v = 0; v < views_.size(); ++v) out.view[v] *= log_p(views_[v].motif);
  out.motif_index =
      int(std::max_element(out.motif.begin(), out.motif.end() - 1) - out.motif.begin());
  const CredibleAxes axes = credible_axes(views_, out.view, out.motif_index, 0.9);
  out.directions_90 = int(axes.directions.size());
  out.solid_angle_90 = axes.share;
  double all = 0, mean = 0, square = 0;
  for (std::size_t v = 0; v < views_.size(); ++v) {
    if (views_[v].motif != out.motif_index) continue;
    const double depth = views_[v].depth, p = out.view[v];
    all += p;
    mean += p * depth;
    square += p * (depth * depth + depth_width_[v] * depth_width_[v] / 12);
  }
  if (!(all > 0)) return out;
  out.depth = mean / all;
  out.depth_deviation = std::sqrt(square / all - out.depth * out.depth);
  return out;
}

}  // namespace vitrobeam
