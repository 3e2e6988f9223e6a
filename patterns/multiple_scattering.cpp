#include "patterns/multiple_scattering.hpp"

#include <math.h>  // j0

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

// Piecewise linear in ascending `x`, constant beyond its ends.
double at(const Eigen::ArrayXd& x, const Eigen::ArrayXd& y, double where) {
  const Eigen::Index n = x.size();
  if (where <= x[0]) return y[0];
  if (where >= x[n - 1]) return y[n - 1];
  const Eigen::Index k = std::upper_bound(x.begin(), x.end(), where) - x.begin();
  const double w = (where - x[k - 1]) / (x[k] - x[k - 1]);
  return y[k - 1] + w * (y[k] - y[k - 1]);
}

// The same by cubics through four points, where there are four: a straight line between rings takes
// a tenth of a ripple of six rings.
double cubic_at(const Eigen::ArrayXd& x, const Eigen::ArrayXd& y, double where) {
  const Eigen::Index n = x.size();
  if (where <= x[1] || where >= x[n - 2]) return at(x, y, where);
  const Eigen::Index k = std::upper_bound(x.begin(), x.end(), where) - x.begin() - 2;
  double sum = 0;
  for (Eigen::Index i = k; i < k + 4; ++i) {
    double weight = 1;
    for (Eigen::Index j = k; j < k + 4; ++j)
      if (j != i) weight *= (where - x[j]) / (x[i] - x[j]);
    sum += weight * y[i];
  }
  return sum;
}

Eigen::ArrayXd on(const Eigen::ArrayXd& x, const Eigen::ArrayXd& y, const Eigen::ArrayXd& where) {
  return where.unaryExpr([&](double w) { return at(x, y, w); });
}

// Factors between and beyond the rings: straight lines of their logarithm.
double factor_at(const Eigen::ArrayXd& q, const Eigen::ArrayXd& logarithm, double where) {
  const Eigen::Index n = q.size();
  const auto line = [&](Eigen::Index k) {
    return logarithm[k] + (where - q[k]) * (logarithm[k + 1] - logarithm[k]) / (q[k + 1] - q[k]);
  };
  if (where < q[0]) return std::exp(line(0));
  if (where > q[n - 1]) return std::exp(line(n - 2));
  return std::exp(at(q, logarithm, where));
}

// S - 1 with the faces: its mean over q_z.
Eigen::ArrayXd with_faces(const Eigen::ArrayXd& q, const Eigen::ArrayXd& s, double thickness) {
  if (thickness == 0) return s;
  constexpr int kHalf = 120;
  constexpr double kReach = 12;  // in 1 / thickness; 1 % of the weight lies beyond
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(q.size());
  double all = 0;
  for (int k = -kHalf; k <= kHalf; ++k) {
    const double x = kReach * k / kHalf, q_z = x / thickness;
    const double weight = k == 0 ? 1 : std::pow(std::sin(M_PI * x) / (M_PI * x), 2);
    all += weight;
    for (Eigen::Index i = 0; i < q.size(); ++i)
      sum[i] += weight * cubic_at(q, s, std::hypot(q[i], q_z));
  }
  return sum / all;
}

// On every ring the mean of a radial function over a disc around it.
template <typename Function>
Eigen::ArrayXd disc_mean(const Eigen::ArrayXd& rings, double disc, const Function& value) {
  constexpr int kRadii = 10, kAngles = 24;
  Eigen::ArrayXd out = Eigen::ArrayXd::Zero(rings.size());
  for (int a = 0; a < kRadii; ++a)
    for (int b = 0; b < kAngles; ++b) {
      const double k = disc * std::sqrt((a + 0.5) / kRadii), angle = 2 * M_PI * (b + 0.5) / kAngles;
      for (Eigen::Index i = 0; i < rings.size(); ++i)
        out[i] += value(std::hypot(rings[i] + k * std::cos(angle), k * std::sin(angle)));
    }
  return out / (kRadii * kAngles);
}

// The scale of intensities that are c <f^2> on average in the upper third of the rings.
double upper_scale(const RingFactors& f, const Eigen::ArrayXd& intensity) {
  const Eigen::Index n = std::max<Eigen::Index>(1, f.q.size() / 3);
  return (intensity.tail(n) * f.squared.tail(n)).sum() / f.squared.tail(n).square().sum();
}

// Least squares parabolas through five rings, which keep a peak as high as it is.
Eigen::ArrayXd smooth(const Eigen::ArrayXd& y) {
  Eigen::ArrayXd out = y;
  for (Eigen::Index i = 2; i + 2 < y.size(); ++i)
    out[i] = (-3 * (y[i - 2] + y[i + 2]) + 12 * (y[i - 1] + y[i + 1]) + 17 * y[i]) / 35;
  return out;
}

// Mean rings of a model on the rings of the patterns, all piles but one.
struct ModelRings {
  Eigen::ArrayXd kinematic, ratio;
};

ModelRings on_rings(const SimulatedRings& m, const RingFactors& f, int without) {
  Eigen::ArrayXd k = Eigen::ArrayXd::Zero(m.q.size()), d = k;
  for (int p = 0; p < int(m.kinematic.size()); ++p)
    if (p != without) k += m.kinematic[std::size_t(p)], d += m.dynamical[std::size_t(p)];
  const double piles = double(m.kinematic.size()) - (without >= 0 ? 1 : 0);
  const Eigen::ArrayXd logarithm = f.squared.log();
  const Eigen::ArrayXd own = m.q.unaryExpr([&](double q) { return factor_at(f.q, logarithm, q); });
  return {on(m.q, k / piles / own, f.q) * f.squared, on(m.q, smooth(d / k), f.q)};
}

// What intensities are divided by: the ratio alone, and with transport of what is left.
struct Division {
  Eigen::ArrayXd ratio, mean;
  double strength = 0;
};

Division division(const ModelRings& model, const Eigen::ArrayXd& measured, const RingFactors& f,
                  const RingTransport& transport) {
  Division out{model.ratio, {}, 0};
  out.strength = transport.strength(model.kinematic, model.kinematic * model.ratio);
  Eigen::ArrayXd first = measured / model.ratio;
  first *= upper_scale(f, model.kinematic) / upper_scale(f, first);
  const Eigen::ArrayXd transported = model.ratio * transport(first, out.strength) / first /
                                     (transport(model.kinematic, out.strength) / model.kinematic);
  out.mean = (model.ratio * transported).sqrt();
  return out;
}

}  // namespace

Eigen::ArrayXd smeared(const RingFactors& f, const Eigen::ArrayXd& intensity,
                       const RingSmearing& smearing) {
  const double scale = upper_scale(f, intensity);
  const Eigen::ArrayXd s =
      with_faces(f.q, (intensity / scale - f.squared) / f.of_mean, smearing.thickness);
  if (smearing.disc == 0) return scale * (f.squared + f.of_mean * s);
  const Eigen::ArrayXd squared = f.squared.log(), of_mean = f.of_mean.log();
  return scale * disc_mean(f.q, smearing.disc, [&](double q) {
           return factor_at(f.q, squared, q) + factor_at(f.q, of_mean, q) * cubic_at(f.q, s, q);
         });
}

Eigen::ArrayXd sharpened(const RingFactors& f, const Eigen::ArrayXd& intensity,
                         const RingSmearing& smearing) {
  // A disc of 0.04 1/Angstrom leaves T = 0.94 of G at 2.8 Angstrom, 0.72 at 6 and 0.46 at 9;
  // 1 - (1 - T^2)^8, 1.00, 1.00 and 0.85, is there after so many rounds, and no noise beyond.
  constexpr int kRounds = 8;
  Eigen::ArrayXd out = intensity;
  for (int round = 0; round < kRounds; ++round) {
    const Eigen::ArrayXd ratio = intensity / smeared(f, out, smearing).max(1e-3 * intensity);
    out *= smearing.disc == 0
               ? ratio
               : disc_mean(f.q, smearing.disc, [&](double q) { return cubic_at(f.q, ratio, q); });
  }
  return out;
}

RingTransport::RingTransport(const RingFactors& factors) : factors_(factors) {
  constexpr double kStep = 0.005, kBeyond = 1.7, kFar = 25, kFine = 0.05;
  const auto n = Eigen::Index(kBeyond * factors.q.maxCoeff() / kStep);
  q_ = Eigen::ArrayXd::LinSpaced(n, kStep / 2, kStep * (double(n) - 0.5));
  r_ = Eigen::ArrayXd::LinSpaced(Eigen::Index(kFar / kFine), kFine / 2, kFar - kFine / 2);
  const Eigen::ArrayXd logarithm = factors.squared.log();
  squared_ = q_.unaryExpr([&](double q) { return factor_at(factors.q, logarithm, q); });
  bessel_.resize(r_.size(), n);
  for (Eigen::Index i = 0; i < r_.size(); ++i)
    for (Eigen::Index k = 0; k < n; ++k) bessel_(i, k) = 2 * M_PI * ::j0(2 * M_PI * r_[i] * q_[k]);
}

Eigen::ArrayXd RingTransport::operator()(const Eigen::ArrayXd& single, double strength) const {
  const Eigen::ArrayXd relative = single / factors_.squared;
  const double tail = upper_scale(factors_, single), last = factors_.q.maxCoeff();
  Eigen::ArrayXd whole = squared_;
  for (Eigen::Index k = 0; k < q_.size(); ++k)
    whole[k] *= q_[k] > last ? tail : at(factors_.q, relative, q_[k]);
  const double dq = q_[1] - q_[0], dr = r_[1] - r_[0];
  const Eigen::ArrayXd k = strength * dq * (bessel_ * (whole * q_).matrix()).array();
  const double k_0 = strength * 2 * M_PI * dq * (whole * q_).sum();
  // what is scattered once, as it is; the rest through r
  const Eigen::ArrayXd i = (k - k_0).exp() - std::exp(-k_0) - k;
  const Eigen::ArrayXd again = dr * (bessel_.transpose() * (i * r_).matrix()).array() / squared_;
  return strength * single + on(q_, again, factors_.q) * factors_.squared;
}

double RingTransport::strength(const Eigen::ArrayXd& single,
                               const Eigen::ArrayXd& dynamical) const {
  const auto misfit = [&](double tau) {
    const Eigen::ArrayXd l = ((*this)(single, tau) / dynamical).log();
    return (l - l.mean()).square().sum();
  };
  constexpr double kGolden = 0.6180339887;
  double low = 0.01, high = 2;
  while (high - low > 0.01) {
    const double a = high - kGolden * (high - low), b = low + kGolden * (high - low);
    if (misfit(a) < misfit(b))
      high = b;
    else
      low = a;
  }
  return (low + high) / 2;
}

CorrectedRadial correct_radial(const RingMeans& rings, const SimulatedRings& model,
                               const RingFactors& factors, const RingSmearing& smearing,
                               const RadialSettings& settings) {
  const auto piles = int(model.kinematic.size());
  if (piles < 3)
    fail(Fault::input, "{} piles of the model have no statistical error; give three at least",
         piles);
  const RingTransport transport(factors);
  CorrectedRadial out;
  out.measured = rings.mean();
  const Division whole = division(on_rings(model, factors, -1), out.measured, factors, transport);
  const auto result = [&](const Eigen::ArrayXd& measured, const Eigen::ArrayXd& divisor) {
    RadialResult r{rings.q, sharpened(factors, measured / divisor, smearing), {}, {}, {}};
    r.curves = reduce_radial(rings.q, r.intensity, factors.squared, factors.of_mean, settings);
    return r;
  };
  out.result = result(out.measured, whole.mean);
  out.ratio = whole.mean;
  out.ratio_range = (whole.mean - whole.ratio).abs();
  out.strength = whole.strength;
  const RadialCurves& c = out.result.curves;
  Eigen::ArrayXd s = Eigen::ArrayXd::Zero(c.s.size()), g = Eigen::ArrayXd::Zero(c.g.size()),
                 ratio = s;
  const auto add = [&](const RadialResult& part, double weight) {
    s += weight * (part.curves.s - c.s).square();
    g += weight * (part.curves.g - c.g).square();
  };
  for (int p = 0; p < piles; ++p) {
    const double weight = double(piles - 1) / piles;
    const Division part = division(on_rings(model, factors, p), out.measured, factors, transport);
    ratio += weight * (part.mean - whole.mean).square();
    add(result(out.measured, part.mean), weight);
  }
  const int groups = rings.groups();
  for (int k = 0; groups >= 3 && k < groups; ++k)
    add(result(rings.mean(k), whole.mean), double(groups - 1) / groups);
  out.ratio_error = ratio.sqrt();
  if (groups < 3) return out;
  out.result.s_error = s.sqrt();
  out.result.g_error = g.sqrt();
  return out;
}

}  // namespace vitrobeam
