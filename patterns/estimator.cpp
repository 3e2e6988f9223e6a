#include "patterns/estimator.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "base/linear_algebra.hpp"
#include "base/random.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd, Eigen::VectorXf;

// More axes than these read no better (300 of 3024; two glasses, 8 Angstrom, 1e5 electrons).
constexpr Index kFewestRows = 200, kAxes = 300, kFamiliarAxes = 48;
constexpr int kFewestParts = 4, kMostGroups = 10;

// Which group every row is left out with: its model, or of one model its part; of many, several
// together.
struct Groups {
  std::vector<int> of_row;
  int count = 0;
  bool across_models = true;
};

Groups groups_of(const TrainingSet& t) {
  const std::set<int> models(t.model.begin(), t.model.end());
  std::set<std::pair<int, int>> parts;
  for (std::size_t i = 0; i < t.model.size(); ++i) parts.insert({t.model[i], t.part[i]});
  Groups out;
  out.across_models = models.size() >= 2;
  if (!out.across_models && int(parts.size()) < kFewestParts)
    fail(
        Fault::physics,
        "one model in {} slabs: errors come from what is left out, give {} slabs more, or better a "
        "second model",
        parts.size(), kFewestParts - int(parts.size()));
  const auto members = out.across_models ? models.size() : parts.size();
  out.count = std::min(kMostGroups, int(members));
  for (std::size_t i = 0; i < t.model.size(); ++i) {
    const auto at = out.across_models
                        ? std::distance(models.begin(), models.find(t.model[i]))
                        : std::distance(parts.begin(), parts.find({t.model[i], t.part[i]}));
    out.of_row.push_back(int(at) % out.count);
  }
  return out;
}

void check(const TrainingSet& t) {
  const Index rows = t.features.rows();
  if (rows < kFewestRows)
    fail(Fault::physics, "{} training patterns: too few to learn from, give {} more", rows,
         kFewestRows - rows);
  if (!t.features.allFinite()) fail(Fault::physics, "features of training patterns are not finite");
  for (Index k = 0; k < t.targets.cols(); ++k) {
    const auto y = t.targets.col(k);
    if (!y.allFinite())
      fail(Fault::physics, "the descriptor {} is not known for every pattern",
           t.names[std::size_t(k)]);
    if (!((y.array() - y.mean()).matrix().norm() >
          1e-9 * (std::abs(y.mean()) + 1e-30) * std::sqrt(rows)))
      fail(Fault::physics,
           "the descriptor {} is {:g} at every pattern: there is nothing to learn; leave it out",
           t.names[std::size_t(k)], y.mean());
  }
}

// What confounders leave of the targets: linear and squared terms are taken off.
MatrixXd beyond(const MatrixXd& confounders, const MatrixXd& targets) {
  const Index n = confounders.cols();
  MatrixXd design(targets.rows(), 1 + 2 * n);
  design.col(0).setOnes();
  for (Index k = 0; k < n; ++k) {
    const double mean = confounders.col(k).mean();
    const VectorXd c = confounders.col(k).array() - mean;
    const double size = std::sqrt(c.squaredNorm() / double(c.size()));
    design.col(1 + k) = size > 0 ? VectorXd(c / size) : VectorXd::Zero(c.size());
    design.col(1 + n + k) = design.col(1 + k).cwiseAbs2();
  }
  MatrixXd out(targets.rows(), targets.cols());
  for (Index k = 0; k < targets.cols(); ++k)
    out.col(k) = targets.col(k) - design * shortest_least_squares(design, targets.col(k));
  return out;
}

// Sum over all rows of the products of scaled features, lower triangle.
MatrixXf gram_of(const MatrixXf& z, const RunControl& run) {
  constexpr Index kBlock = 128;
  const Index p = z.cols(), blocks = (p + kBlock - 1) / kBlock;
  MatrixXf gram = MatrixXf::Zero(p, p);
  FirstFailure failure;
  // every block is one product of one thread: the same bytes for any number of them
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
  for (Index b = 0; b < blocks; ++b)
    failure.guard([&] {
      run.check_stop();
      const Index first = b * kBlock, count = std::min(kBlock, p - first);
      gram.block(first, first, p - first, count).noalias() =
          z.rightCols(p - first).transpose() * z.middleCols(first, count);
    });
  failure.rethrow();
  return gram;
}

// The leading principal axes [feature, axis] of the scaled features, the largest variance first, by
// repeated multiplication of random ones (Halko, Martinsson and Tropp, SIAM Rev. 53 (2011) 217).
// They know the rows that are left out later, but not their descriptors.
MatrixXf principal_axes(const MatrixXf& gram, Index axes, const RunControl& run) {
  const Index p = gram.rows(), wide = std::min(p, axes + 20);
  MatrixXf basis(p, wide);
  constexpr std::uint64_t kSeed = 17, kStream = 0x61786573;
  for (Index i = 0; i < basis.size(); ++i)
    basis.data()[i] = float(normal4(kSeed, kStream, std::uint64_t(i))[0]);
  MatrixXf image;
  for (int step = 0; step < 6; ++step) {
    run.check_stop();
    image.noalias() = gram.selfadjointView<Eigen::Lower>() * basis;
    basis = Eigen::HouseholderQR<MatrixXf>(image).householderQ() * MatrixXf::Identity(p, wide);
  }
  image.noalias() = gram.selfadjointView<Eigen::Lower>() * basis;
  const MatrixXd inside = (basis.transpose() * image).cast<double>();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> turn(inside);  // ascending
  return basis * turn.eigenvectors().rowwise().reverse().leftCols(axes).cast<float>();
}

// Ridge regression on places along the axes, of the rows of every group apart.
class Ridge {
 public:
  // `along` [row, axis], `y` [row, target]; both of mean zero.
  Ridge(const MatrixXf& along, const MatrixXd& y, const Groups& groups)
      : along_(along.cast<double>()), groups_(groups) {
    for (int g = 0; g < groups.count; ++g) {
      std::vector<Index> rows;
      for (Index i = 0; i < y.rows(); ++i)
        if (groups.of_row[std::size_t(i)] == g) rows.push_back(i);
      const MatrixXd part = along_(rows, Eigen::all);
      const MatrixXd y_part = y(rows, Eigen::all);
      gram_.push_back(part.transpose() * part);
      right_.push_back(part.transpose() * y_part);
      along_sum_.push_back(part.colwise().sum());
      y_sum_.push_back(y_part.colwise().sum());
      rows_.push_back(std::move(rows));
    }
  }

  // From all groups but `left_out` (-1: from all), about the means of these groups.
  struct Reading {
    Eigen::RowVectorXd along_mean, y_mean;
    MatrixXd weights;  // [axis, target]

    MatrixXd operator()(const MatrixXd& along) const {
      return ((along.rowwise() - along_mean) * weights).rowwise() + y_mean;
    }
  };
  Reading reading(double penalty, int left_out) const {
    MatrixXd gram = MatrixXd::Zero(along_.cols(), along_.cols());
    MatrixXd right = MatrixXd::Zero(along_.cols(), right_.front().cols());
    Reading out{
        Eigen::RowVectorXd::Zero(along_.cols()), Eigen::RowVectorXd::Zero(right.cols()), {}};
    double rows = 0;
    for (std::size_t g = 0; g < gram_.size(); ++g) {
      if (int(g) == left_out) continue;
      gram += gram_[g];
      right += right_[g];
      out.along_mean += along_sum_[g];
      out.y_mean += y_sum_[g];
      rows += double(rows_[g].size());
    }
    out.along_mean /= rows;
    out.y_mean /= rows;
    gram -= rows * out.along_mean.transpose() * out.along_mean;
    right -= rows * out.along_mean.transpose() * out.y_mean;
    gram.diagonal().array() += penalty * rows;
    out.weights = solve_symmetric(gram, right);
    return out;
  }

  // [row, target], every row by a reading that never saw the descriptors of its group.
  MatrixXd left_out(double penalty) const {
    MatrixXd out(along_.rows(), right_.front().cols());
    for (int g = 0; g < groups_.count; ++g) {
      const auto& rows = rows_[std::size_t(g)];
      out(rows, Eigen::all) = reading(penalty, g)(along_(rows, Eigen::all));
    }
    return out;
  }

 private:
  MatrixXd along_;
  const Groups& groups_;
  std::vector<MatrixXd> gram_, right_;
  std::vector<Eigen::RowVectorXd> along_sum_, y_sum_;
  std::vector<std::vector<Index>> rows_;
};

double explained(const VectorXd& truth, const VectorXd& read) {
  const double variance = (truth.array() - truth.mean()).square().mean();
  return variance > 0 ? 1 - (truth - read).squaredNorm() / double(truth.size()) / variance : 0;
}

double correlation(const VectorXd& a, const VectorXd& b) {
  const Eigen::ArrayXd x = a.array() - a.mean(), y = b.array() - b.mean();
  const double size = std::sqrt(x.square().sum() * y.square().sum());
  return size > 0 ? (x * y).sum() / size : 0;
}

VectorXd at_rows(const VectorXd& values, const Groups& groups, int g, bool inside) {
  std::vector<double> out;
  for (Index i = 0; i < values.size(); ++i)
    if ((groups.of_row[std::size_t(i)] == g) == inside) out.push_back(values(i));
  return Eigen::Map<VectorXd>(out.data(), Index(out.size()));
}

// Share explained and its error: of all rows, and its scatter among the groups.
std::pair<double, double> explained_with_error(const VectorXd& truth, const VectorXd& read,
                                               const Groups& groups) {
  std::vector<double> each;
  for (int g = 0; g < groups.count; ++g)
    each.push_back(explained(at_rows(truth, groups, g, true), at_rows(read, groups, g, true)));
  const Eigen::Map<const Eigen::ArrayXd> e(each.data(), Index(each.size()));
  const double scatter = (e - e.mean()).square().sum() / double(e.size() - 1);
  return {explained(truth, read), std::sqrt(scatter / double(e.size()))};
}

// 1 for the median of the training: the larger of what lies along the axes and outside of them.
VectorXd distances(const Estimator& e, const MatrixXf& z) {
  const MatrixXf along = z * e.axes;
  VectorXd out(z.rows());
  const double others = std::max<double>(1, double(z.cols() - e.axes.cols()));
  for (Index i = 0; i < z.rows(); ++i) {
    const double in =
        double((along.row(i).array() / e.axis_scale.transpose().array()).square().mean());
    const double rest =
        std::max(0.0f, z.row(i).squaredNorm() - along.row(i).squaredNorm()) / others / e.rest_scale;
    out(i) = std::sqrt(std::max(in, rest));
  }
  return out;
}

void learn_familiarity(Estimator& e, const MatrixXf& z, double refused) {
  const MatrixXf along = z * e.axes;
  e.axis_scale = (along.array().square().colwise().mean()).sqrt().matrix().transpose();
  e.axis_scale = e.axis_scale.cwiseMax(1e-20f);
  e.rest_scale =
      std::max(1e-20, (double(z.squaredNorm()) - double(along.squaredNorm())) / double(z.rows()) /
                          std::max<double>(1, double(z.cols() - e.axes.cols())));
  VectorXd d = distances(e, z);
  std::sort(d.begin(), d.end());
  const double median = d(d.size() / 2);
  e.axis_scale *= float(median);
  e.rest_scale *= median * median;
  e.farthest = 1.1 * d(Index(double(d.size() - 1) * (1 - refused))) / median;
}

double distance_of_mean(const Estimator& e, const VectorXf& summary) {
  return double(((summary - e.part_mean).array() / e.part_scale.array()).abs().maxCoeff());
}

// Means over whole parts: how far their summaries scatter.
void learn_parts(Estimator& e, const TrainingSet& t) {
  std::map<std::pair<int, int>, std::vector<Index>> parts;
  for (Index i = 0; i < t.features.rows(); ++i)
    parts[{t.model[std::size_t(i)], t.part[std::size_t(i)]}].push_back(i);
  e.summaries = t.summaries.size() > 0 ? t.summaries : e.axes;
  MatrixXf means(Index(parts.size()), e.summaries.cols());
  Index at = 0;
  for (const auto& [part, rows] : parts) {
    VectorXd sum = VectorXd::Zero(t.features.cols());
    for (const Index i : rows) sum += t.features.row(i).transpose().cast<double>();
    means.row(at++) = (sum / double(rows.size())).cast<float>().transpose() * e.summaries;
  }
  e.part_rows = double(t.features.rows()) / double(parts.size());
  e.part_mean = means.colwise().mean().transpose();
  e.part_scale = ((means.rowwise() - e.part_mean.transpose()).colwise().squaredNorm() /
                  float(parts.size() - 1))
                     .cwiseSqrt()
                     .cwiseMax(1e-20f)
                     .transpose();
  // A part's distance from the mean of the others, in their scatter: what a new part would have.
  constexpr double kRoom = 1.1;  // a new part may lie a little farther out than all of the training
  const double n = double(parts.size());
  for (Index i = 0; i < means.rows(); ++i) {
    const double z = distance_of_mean(e, means.row(i).transpose());
    const double variance = (n - 1 - z * z * n / (n - 1)) / std::max(1.0, n - 2);
    const double alone = z * n / (n - 1) / std::sqrt(std::max(variance, 1e-2));
    e.farthest_scan = std::max(e.farthest_scan, kRoom * alone);
  }
}

// Of what the error of a reading depends: 1, the reading, its square, ln(distance).
MatrixXd error_terms(const VectorXd& read, double offset, double spread, const VectorXd& distance) {
  MatrixXd out(read.size(), 4);
  const Eigen::ArrayXd v = ((read.array() - offset) / spread).max(-4.0).min(4.0);
  out << VectorXd::Ones(read.size()), v.matrix(), v.square().matrix(),
      distance.array().max(0.1).log().matrix();
  return out;
}

double quantile(VectorXd sorted, double share) {
  std::sort(sorted.begin(), sorted.end());
  const double at =
      std::clamp(share * double(sorted.size() + 1) - 1, 0.0, double(sorted.size() - 1));
  const auto low = Index(at);
  const Index high = std::min(low + 1, sorted.size() - 1);
  return sorted(low) + (at - double(low)) * (sorted(high) - sorted(low));
}

ErrorModel fit_errors(const MatrixXd& terms, const VectorXd& missed) {
  ErrorModel out;
  const double floor = 1e-3 * std::sqrt(missed.squaredNorm() / double(missed.size())) + 1e-300;
  const VectorXd logs = missed.cwiseAbs().cwiseMax(floor).array().log();
  out.log_error = shortest_least_squares(terms, logs);
  const VectorXd ratio = missed.array() / (terms * out.log_error).array().exp();
  out.log_error(0) += 0.5 * std::log(ratio.squaredNorm() / double(ratio.size()));
  const VectorXd standard = missed.array() / (terms * out.log_error).array().exp();
  out.low_90 = quantile(standard, 0.05);
  out.low_68 = quantile(standard, 0.16);
  out.high_68 = quantile(standard, 0.84);
  out.high_90 = quantile(standard, 0.95);
  return out;
}

// Shares of the rows of each group inside the intervals that the other groups give.
std::pair<double, double> coverages(const MatrixXd& terms, const VectorXd& missed,
                                    const Groups& groups) {
  double in_68 = 0, in_90 = 0;
  for (int g = 0; g < groups.count; ++g) {
    std::vector<Index> inside, others;
    for (Index i = 0; i < missed.size(); ++i)
      (groups.of_row[std::size_t(i)] == g ? inside : others).push_back(i);
    const ErrorModel m = fit_errors(terms(others, Eigen::all), missed(others));
    const VectorXd ratio =
        missed(inside).array() / (terms(inside, Eigen::all) * m.log_error).array().exp();
    for (const double r : ratio) {
      in_68 += r >= m.low_68 && r <= m.high_68;
      in_90 += r >= m.low_90 && r <= m.high_90;
    }
  }
  return {in_68 / double(missed.size()), in_90 / double(missed.size())};
}

// Errors and intervals of what was read, by the error models.
Estimates with_intervals(const Estimator& e, const MatrixXd& value, const VectorXd& distance) {
  Estimates out;
  out.value = value;
  out.distance = distance;
  for (const double d : out.distance) out.familiar.push_back(d <= e.farthest);
  const Index rows = value.rows(), targets = value.cols();
  for (MatrixXd* m : {&out.error, &out.low_68, &out.high_68, &out.low_90, &out.high_90})
    m->resize(rows, targets);
  for (Index k = 0; k < targets; ++k) {
    const ErrorModel& m = e.errors[std::size_t(k)];
    const MatrixXd terms = error_terms(out.value.col(k), e.offset(k), e.spread(k), out.distance);
    out.error.col(k) = (terms * m.log_error).array().exp().matrix();
    const auto at = [&](double quantile) {
      return VectorXd(out.value.col(k) + quantile * out.error.col(k));
    };
    out.low_68.col(k) = at(m.low_68);
    out.high_68.col(k) = at(m.high_68);
    out.low_90.col(k) = at(m.low_90);
    out.high_90.col(k) = at(m.high_90);
  }
  return out;
}

MatrixXf scaled(const Estimator& e, const Eigen::Ref<const MatrixXf>& features) {
  return ((features.rowwise() - e.mean.transpose()).array().rowwise() / e.scale.transpose().array())
      .matrix();
}

void learn_scale(Estimator& e, const MatrixXf& features) {
  e.mean = features.colwise().mean().transpose();
  e.scale =
      ((features.rowwise() - e.mean.transpose()).colwise().squaredNorm() / float(features.rows()))
          .cwiseSqrt()
          .transpose();
  e.scale = (e.scale.array() > 1e-12f).select(e.scale, 1e30f);  // a constant feature is no help
}

// Which of the readings, one a penalty, explains most of a column of y.
std::size_t best_of(const std::vector<MatrixXd>& readings, const MatrixXd& y, Index column) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < readings.size(); ++i)
    if (explained(y.col(column), readings[i].col(column)) >
        explained(y.col(column), readings[best].col(column)))
      best = i;
  return best;
}

// Quality and error model of descriptor k, from what was read without having seen the group.
void learn_errors(Estimator& e, Index k, const VectorXd& truth, const VectorXd& read,
                  const VectorXd& distance, const Groups& groups) {
  DescriptorQuality q;
  std::tie(q.explained, q.explained_error) = explained_with_error(truth, read, groups);
  q.correlation = correlation(truth, read);
  const MatrixXd terms = error_terms(read, e.offset(k), e.spread(k), distance);
  std::tie(q.coverage_68, q.coverage_90) = coverages(terms, truth - read, groups);
  e.errors.push_back(fit_errors(terms, truth - read));
  e.quality.push_back(q);
}

}  // namespace

Estimator train_estimator(const TrainingSet& t, const EstimatorSettings& settings,
                          const RunControl& run, Estimates* left_out) {
  check(t);
  const Groups groups = groups_of(t);
  const Index targets = t.targets.cols();
  Estimator e;
  e.names = t.names;
  e.across_models = groups.across_models;
  learn_scale(e, t.features);
  const MatrixXf z = scaled(e, t.features);
  const Index axes = std::min({kAxes, z.cols(), z.rows() / 4});
  const MatrixXf all_axes = principal_axes(gram_of(z, run), axes, run);
  e.axes = all_axes.leftCols(std::min(kFamiliarAxes, axes));
  learn_familiarity(e, z, settings.refused);
  learn_parts(e, t);
  const VectorXd distance = distances(e, z);

  MatrixXd y(t.targets.rows(), 2 * targets);  // the descriptors, and what confounders leave of them
  y << t.targets, t.confounders.cols() > 0 ? beyond(t.confounders, t.targets) : t.targets;
  e.offset = t.targets.colwise().mean().transpose();
  y.rowwise() -= y.colwise().mean().eval();
  const Ridge ridge(z * all_axes, y, groups);
  std::vector<MatrixXd> readings;
  for (const double penalty : settings.penalties) {
    run.check_stop();
    readings.push_back(ridge.left_out(penalty));
  }
  e.spread =
      (y.leftCols(targets).colwise().squaredNorm() / double(y.rows())).cwiseSqrt().transpose();
  MatrixXd read(y.rows(), targets);
  e.weights.resize(z.cols(), targets);
  for (Index k = 0; k < targets; ++k) {
    const std::size_t best = best_of(readings, y, k);
    read.col(k) = readings[best].col(k).array() + e.offset(k);
    e.penalty.push_back(settings.penalties[best]);
    e.weights.col(k) = all_axes * ridge.reading(e.penalty.back(), -1).weights.col(k).cast<float>();
    const VectorXd beyond_read = readings[best_of(readings, y, targets + k)].col(targets + k);
    learn_errors(e, k, t.targets.col(k), read.col(k), distance, groups);
    std::tie(e.quality.back().partial, e.quality.back().partial_error) =
        explained_with_error(y.col(targets + k), beyond_read, groups);
  }
  if (left_out) *left_out = with_intervals(e, read, distance);
  return e;
}

double scan_distance(const Estimator& e, const VectorXf& mean_features, std::size_t rows) {
  const double fewer = std::max(1.0, e.part_rows / double(std::max<std::size_t>(1, rows)));
  return distance_of_mean(e, e.summaries.transpose() * mean_features) / std::sqrt(fewer);
}

Estimates estimate(const Estimator& e, const Eigen::Ref<const MatrixXf>& features) {
  const MatrixXf z = scaled(e, features);
  return with_intervals(e, (z * e.weights).cast<double>().rowwise() + e.offset.transpose(),
                        distances(e, z));
}

}  // namespace vitrobeam
