#include "patterns/estimator.hpp"

#include <Eigen/Cholesky>
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

constexpr Index kFewestRows = 200, kAxes = 48;
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

// Sums over the rows of each group: scaled features times themselves, and times targets.
struct Normal {
  std::vector<MatrixXf> gram;  // [group] lower triangle by blocks
  std::vector<MatrixXf> right;
  std::vector<Index> rows;
};

MatrixXf rows_of(const MatrixXf& all, const std::vector<Index>& rows) {
  return all(rows, Eigen::all);
}

Normal normal_equations(const MatrixXf& z, const MatrixXf& y, const Groups& groups,
                        const RunControl& run) {
  constexpr Index kBlock = 128;
  Normal out;
  const Index p = z.cols(), blocks = (p + kBlock - 1) / kBlock;
  for (int g = 0; g < groups.count; ++g) {
    run.check_stop();
    std::vector<Index> rows;
    for (Index i = 0; i < z.rows(); ++i)
      if (groups.of_row[std::size_t(i)] == g) rows.push_back(i);
    const MatrixXf part = rows_of(z, rows);
    MatrixXf gram = MatrixXf::Zero(p, p);
    // every block is one product of one thread: the same bytes for any number of them
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (Index b = 0; b < blocks; ++b) {
      const Index first = b * kBlock, count = std::min(kBlock, p - first);
      gram.block(first, first, p - first, count).noalias() =
          part.rightCols(p - first).transpose() * part.middleCols(first, count);
    }
    out.gram.push_back(std::move(gram));
    out.right.push_back(part.transpose() * rows_of(y, rows));
    out.rows.push_back(Index(rows.size()));
  }
  return out;
}

// Weights [feature, target] from all groups but `left_out` (-1: from all).
MatrixXf solve_ridge(const Normal& normal, double penalty, int left_out) {
  const Index p = normal.gram.front().rows();
  MatrixXf gram = MatrixXf::Zero(p, p), right = MatrixXf::Zero(p, normal.right.front().cols());
  double rows = 0;
  for (std::size_t g = 0; g < normal.gram.size(); ++g) {
    if (int(g) == left_out) continue;
    gram += normal.gram[g];
    right += normal.right[g];
    rows += double(normal.rows[g]);
  }
  gram.diagonal().array() += float(penalty * rows);
  const Eigen::LLT<Eigen::Ref<MatrixXf>, Eigen::Lower> root(gram);
  return root.solve(right);
}

// Readings of every row that never saw its group, for each penalty: [penalty] of [row, target].
std::vector<MatrixXf> readings_left_out(const MatrixXf& z, const Normal& normal,
                                        const Groups& groups, const std::vector<double>& penalties,
                                        const RunControl& run) {
  std::vector<MatrixXf> out(penalties.size(),
                            MatrixXf::Zero(z.rows(), normal.right.front().cols()));
  const int tasks = groups.count * int(penalties.size());
  Stage stage(run, "readings", std::size_t(tasks));
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
  for (int task = 0; task < tasks; ++task)
    failure.guard([&] {
      run.check_stop();
      const int g = task % groups.count;
      const auto k = std::size_t(task / groups.count);
      const MatrixXf w = solve_ridge(normal, penalties[k], g);
      for (Index i = 0; i < z.rows(); ++i)
        if (groups.of_row[std::size_t(i)] == g) out[k].row(i).noalias() = z.row(i) * w;
      stage.advance();
    });
  failure.rethrow();
  return out;
}

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

// The leading principal axes of the scaled features, by repeated multiplication of random ones
// (Halko, Martinsson and Tropp, SIAM Rev. 53 (2011) 217).
MatrixXf principal_axes(const Normal& normal) {
  MatrixXf gram = normal.gram.front();
  for (std::size_t g = 1; g < normal.gram.size(); ++g) gram += normal.gram[g];
  const Index p = gram.rows(), axes = std::min(kAxes, p);
  MatrixXf basis(p, axes);
  constexpr std::uint64_t kSeed = 17, kStream = 0x61786573;
  for (Index i = 0; i < basis.size(); ++i)
    basis.data()[i] = float(normal4(kSeed, kStream, std::uint64_t(i))[0]);
  for (int step = 0; step < 8; ++step) {
    const MatrixXf image = gram.selfadjointView<Eigen::Lower>() * basis;
    basis = Eigen::HouseholderQR<MatrixXf>(image).householderQ() * MatrixXf::Identity(p, axes);
  }
  return basis;
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

}  // namespace

Estimator train_estimator(const TrainingSet& t, const EstimatorSettings& settings,
                          const RunControl& run, Estimates* left_out_readings) {
  check(t);
  const Groups groups = groups_of(t);
  const Index n = t.features.rows(), targets = t.targets.cols();
  Estimator e;
  e.names = t.names;
  e.across_models = groups.across_models;
  e.mean = t.features.colwise().mean().transpose();
  e.scale = ((t.features.rowwise() - e.mean.transpose()).colwise().squaredNorm() / float(n))
                .cwiseSqrt()
                .transpose();
  e.scale = (e.scale.array() > 1e-12f).select(e.scale, 1e30f);  // constant features say nothing
  const MatrixXf z = scaled(e, t.features);

  MatrixXd all(n, 2 * targets);  // the descriptors, and what the confounders leave of them
  all << t.targets, t.confounders.cols() > 0 ? beyond(t.confounders, t.targets) : t.targets;
  const VectorXd offset = all.colwise().mean().transpose();
  const MatrixXf y = (all.rowwise() - offset.transpose()).cast<float>();
  const Normal normal = normal_equations(z, y, groups, run);
  const auto left_out = readings_left_out(z, normal, groups, settings.penalties, run);

  e.axes = principal_axes(normal);
  learn_familiarity(e, z, settings.refused);
  const VectorXd distance = distances(e, z);
  e.offset = offset.head(targets);
  e.spread.resize(targets);
  e.weights.resize(z.cols(), targets);
  std::map<double, MatrixXf> solved;
  MatrixXd read_left_out(n, targets);
  for (Index k = 0; k < targets; ++k) {
    const auto best_of = [&](Index column) {
      std::size_t best = 0;
      double most = -std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < left_out.size(); ++i) {
        const double share =
            explained(y.col(column).cast<double>(), left_out[i].col(column).cast<double>());
        if (share > most) most = share, best = i;
      }
      return best;
    };
    const std::size_t best = best_of(k), best_beyond = best_of(targets + k);
    const VectorXd truth = t.targets.col(k);
    const VectorXd read = left_out[best].col(k).cast<double>().array() + e.offset(k);
    e.spread(k) = std::sqrt((truth.array() - e.offset(k)).square().mean());
    DescriptorQuality q;
    std::tie(q.explained, q.explained_error) = explained_with_error(truth, read, groups);
    std::tie(q.partial, q.partial_error) =
        explained_with_error(y.col(targets + k).cast<double>(),
                             left_out[best_beyond].col(targets + k).cast<double>(), groups);
    q.correlation = correlation(truth, read);
    const MatrixXd terms = error_terms(read, e.offset(k), e.spread(k), distance);
    const VectorXd missed = truth - read;
    read_left_out.col(k) = read;
    std::tie(q.coverage_68, q.coverage_90) = coverages(terms, missed, groups);
    e.errors.push_back(fit_errors(terms, missed));
    e.quality.push_back(q);
    e.penalty.push_back(settings.penalties[best]);
    if (!solved.contains(e.penalty.back()))
      solved[e.penalty.back()] = solve_ridge(normal, e.penalty.back(), -1);
    e.weights.col(k) = solved[e.penalty.back()].col(k);
  }
  if (left_out_readings) *left_out_readings = with_intervals(e, read_left_out, distance);
  return e;
}

Estimates estimate(const Estimator& e, const Eigen::Ref<const MatrixXf>& features) {
  const MatrixXf z = scaled(e, features);
  return with_intervals(e, (z * e.weights).cast<double>().rowwise() + e.offset.transpose(),
                        distances(e, z));
}

}  // namespace vitrobeam
