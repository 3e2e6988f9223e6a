#include "patterns/match_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/linear_algebra.hpp"
#include "base/statistics.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// Templates this similar to one that was chosen (cosine in the metric C^-1) would only mend its
// misfit.
constexpr double kSame = 0.5;
constexpr int kSweeps = 2;  // in which every template is sought again

Harmonics turned(Harmonics h, double phi) {
  for (Index m = 0; m < h.cols(); ++m)
    h.col(m) *= std::complex<float>(std::polar(1.0, -double(m + 1) * phi));
  return h;
}

// A polar pattern turned towards +y, linear between its angles.
PlaneF turned(const PlaneF& p, double phi) {
  const Index n = p.cols();
  const double shift = phi / (2 * std::numbers::pi) * double(n), whole = std::floor(shift);
  const float share = float(shift - whole);
  PlaneF out(p.rows(), n);
  for (Index j = 0; j < n; ++j) {
    const Index from = ((j - Index(whole)) % n + n) % n;
    out.col(j) = (1 - share) * p.col(from) + share * p.col((from + n - 1) % n);
  }
  return out;
}

double product(const Harmonics& a, const Harmonics& b) {
  return double((a * b.conjugate()).real().sum());
}

}  // namespace

MixtureSearch::MixtureSearch(const Background& background, const MotifLikelihood& likelihood,
                             std::vector<PlaneF> templates,
                             const std::vector<const Harmonics*>& motif_free, int threads)
    : background_(background),
      likelihood_(likelihood),
      templates_(std::move(templates)),
      null_gain_(motif_free.size()) {
#pragma omp parallel for schedule(dynamic) num_threads(std::max(threads, 1))
  for (std::size_t i = 0; i < motif_free.size(); ++i) null_gain_[i] = best(*motif_free[i], {}).gain;
  std::sort(null_gain_.begin(), null_gain_.end());
}

// With the amplitude a of a template t, log likelihood a K - a^2 |t|^2, is at most K^2 / (4 |t|^2).
MixtureSearch::Candidate MixtureSearch::best(const Harmonics& residual,
                                             const std::vector<const Chosen*>& others) const {
  Candidate best;
  for (std::size_t v = 0; v < likelihood_.views().size(); ++v) {
    const Eigen::ArrayXXf k = likelihood_.curves(residual, v);
    for (Index point = 0; point < k.cols(); ++point) {
      const double norm = likelihood_.half_norm(v, std::size_t(point));
      for (Index a = 0; a < k.rows(); ++a) {
        if (!(k(a, point) > 0) || !(norm > 0)) continue;
        const double gain = double(k(a, point)) * k(a, point) / (4 * norm);
        if (gain <= best.gain) continue;
        const bool repeats = std::any_of(others.begin(), others.end(), [&](const Chosen* c) {
          return c->overlap[v](a, point) >
                 kSame * std::sqrt(norm * likelihood_.half_norm(c->at.view, c->at.point));
        });
        if (!repeats) best = {v, std::size_t(point), int(a), gain};
      }
    }
  }
  return best;
}

const PlaneF& MixtureSearch::polar_template(const Candidate& c) const {
  return templates_[likelihood_.views()[c.view].entries[c.point]];
}

MixtureSearch::Chosen MixtureSearch::chosen(const Candidate& candidate) const {
  const double phi = likelihood_.angle(candidate.angle);
  Chosen c{candidate,
           phi,
           turned(polar_template(candidate), phi),
           turned(likelihood_.expected(candidate.view, candidate.point), phi),
           {}};
  for (std::size_t v = 0; v < likelihood_.views().size(); ++v)
    c.overlap.push_back(likelihood_.curves(c.pattern, v) / 2);
  return c;
}

Harmonics MixtureSearch::sum(const std::vector<Chosen>& set,
                             const Eigen::VectorXd& amplitude) const {
  PlaneF all = PlaneF::Zero(background_.grid().n_q, background_.grid().n_theta);
  for (std::size_t k = 0; k < set.size(); ++k) all += float(amplitude(Index(k))) * set[k].polar;
  return background_.contrast_with(all);
}

namespace {

// The least squares of gram a = right whose first `signed_from` values are not negative: the most
// negative is left out until none is.
Eigen::VectorXd non_negative(const Eigen::MatrixXd& gram, const Eigen::VectorXd& right,
                             Index signed_from, Eigen::VectorXd* error) {
  std::vector<Index> kept(static_cast<std::size_t>(right.size()));
  std::iota(kept.begin(), kept.end(), Index(0));
  Eigen::VectorXd a = Eigen::VectorXd::Zero(right.size());
  error->setConstant(right.size(), std::nan(""));
  while (!kept.empty()) {
    const Eigen::MatrixXd part = gram(kept, kept);
    const Eigen::VectorXd solved = solve_symmetric(part, Eigen::VectorXd(right(kept)));
    std::size_t least = 0;
    for (std::size_t i = 1; i < kept.size() && kept[i] < signed_from; ++i)
      if (solved(Index(i)) < solved(Index(least))) least = i;
    if (kept[least] >= signed_from || solved(Index(least)) >= 0) {
      a(kept) = solved;
      (*error)(kept) = (0.5 * inverse_of(part).diagonal().array()).sqrt().matrix();
      break;
    }
    kept.erase(kept.begin() + std::ptrdiff_t(least));
  }
  return a;
}

}  // namespace

Eigen::VectorXd MixtureSearch::fit(std::vector<Chosen>& set, const Harmonics& x,
                                   Eigen::VectorXd amplitude, Eigen::VectorXd* error) const {
  const Index n = Index(set.size());
  const double step = 2 * std::numbers::pi / likelihood_.angles();
  constexpr double kStep = 0.02, kTurn = 0.02;
  for (int iteration = 0; iteration < 4; ++iteration) {
    const Harmonics at = sum(set, amplitude);
    std::vector<Harmonics> slope;  // by amplitude, then by angle
    Harmonics target = x - at;
    for (Index k = 0; k < n; ++k) {
      Eigen::VectorXd more = amplitude;
      more(k) += kStep;
      slope.push_back((sum(set, more) - at) / float(kStep));
      target += float(amplitude(k)) * slope.back();
    }
    for (auto& c : set) {
      const PlaneF before = c.polar;
      c.polar = turned(polar_template(c.at), c.phi + kTurn);
      slope.push_back((sum(set, amplitude) - at) / float(kTurn));
      c.polar = before;
    }
    Eigen::MatrixXd gram(2 * n, 2 * n);
    Eigen::VectorXd right(2 * n);
    for (Index i = 0; i < 2 * n; ++i) {
      const Harmonics filter = background_.whitened(slope[std::size_t(i)]);
      right(i) = product(filter, target);
      for (Index j = 0; j < 2 * n; ++j) gram(i, j) = product(filter, slope[std::size_t(j)]);
    }
    gram.diagonal().array() += 1e-9 * gram.diagonal().mean();
    Eigen::VectorXd all_errors;
    const Eigen::VectorXd solved = non_negative(gram, right, n, &all_errors);
    amplitude = solved.head(n);
    *error = all_errors.head(n);
    for (Index k = 0; k < n; ++k) {
      Chosen& c = set[std::size_t(k)];
      const double centre = likelihood_.angle(c.at.angle);
      c.phi = std::clamp(c.phi + solved(n + k), centre - step, centre + step);
      c.polar = turned(polar_template(c.at), c.phi);
    }
  }
  return amplitude;
}

std::vector<MixtureComponent> MixtureSearch::operator()(const Harmonics& x, int most) const {
  std::vector<Chosen> set;
  std::vector<double> gains;
  Eigen::VectorXd amplitude, error;
  const auto all_but = [&](std::size_t k) {
    std::vector<const Chosen*> others;
    for (std::size_t i = 0; i < set.size(); ++i)
      if (i != k) others.push_back(&set[i]);
    return others;
  };
  const auto grown = [](const Eigen::VectorXd& a) {
    Eigen::VectorXd out(a.size() + 1);
    out << a, 0.1;
    return out;
  };
  for (int k = 0; k < most; ++k) {
    const Candidate next = best(x - sum(set, amplitude), all_but(set.size()));
    if (!(next.gain > 0)) break;
    set.push_back(chosen(next));
    gains.push_back(next.gain);
    amplitude = fit(set, x, grown(amplitude), &error);
    for (int sweep = 0; set.size() > 1 && sweep < kSweeps; ++sweep)
      for (std::size_t i = 0; i < set.size(); ++i) {
        Eigen::VectorXd without = amplitude;
        without(Index(i)) = 0;
        const Candidate again = best(x - sum(set, without), all_but(i));
        if (!(again.gain > 0)) continue;
        set[i] = chosen(again);
        if (i + 1 == set.size()) gains[i] = again.gain;
        amplitude = fit(set, x, amplitude, &error);
      }
  }
  std::vector<MixtureComponent> out;
  for (std::size_t k = 0; k < set.size(); ++k) {
    MixtureComponent c;
    c.view = int(set[k].at.view);
    c.entry = int(likelihood_.views()[set[k].at.view].entries[set[k].at.point]);
    c.in_plane_angle = set[k].phi;
    c.amplitude = amplitude(Index(k));
    c.amplitude_error = error(Index(k));
    c.gain = gains[k];
    c.p = rank_p_value(null_gain_, c.gain);
    out.push_back(c);
  }
  return out;
}

}  // namespace vitrobeam
