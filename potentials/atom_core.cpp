#include "potentials/atom_core.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "base/quadrature.hpp"
#include "potentials/radial_potential.hpp"

namespace vitrobeam {
namespace {

using Complex = std::complex<double>;

// Found by measurement: errors of exp(i sigma V_smooth) below 1e-5 for Au at 60 kV.
constexpr int kDegree = 4;
constexpr double kPixels = 4;

// sigma (V + i V') of all atoms of a site.
class Phase {
 public:
  Phase(const std::vector<SiteAtom>& site, double sigma) : sigma_(sigma) {
    for (const SiteAtom& a : site) {
      real_.emplace_back(a.factor, a.u_rms);
      if (!a.absorbed.has_terms()) imaginary_.emplace_back(a.absorbed);
    }
  }
  Complex derivative(double r, int order) const {
    Complex sum = 0;
    for (const RadialPotential& v : real_) sum += v.derivative(r, order);
    for (const RadialPotential& v : imaginary_) sum += Complex(0, v.derivative(r, order));
    return sigma_ * sum;
  }
  Complex operator()(double r) const { return derivative(r, 0); }
  bool absorbs() const { return !imaginary_.empty(); }

 private:
  double sigma_;
  std::vector<RadialPotential> real_, imaginary_;
};

// Outside of `radius` the phase itself, inside its Taylor polynomial in r^2.
class SmoothPhase {
 public:
  SmoothPhase(const Phase& phase, double radius) : phase_(phase), radius_(radius) {
    double factorial = 1;
    for (int k = 0; k <= kDegree; factorial *= ++k)
      taylor_[std::size_t(k)] = phase.derivative(radius, k) / factorial;
  }
  Complex operator()(double r) const {
    if (r >= radius_) return phase_(r);
    const double u = r * r - radius_ * radius_;
    Complex sum = 0;
    for (int k = kDegree; k >= 0; --k) sum = sum * u + taylor_[std::size_t(k)];
    return sum;
  }

 private:
  const Phase& phase_;
  double radius_;
  std::array<Complex, kDegree + 1> taylor_;
};

// Values of a radial function at r = radius x^3 of a Gauss-Legendre rule (its logarithm at 0
// becomes smooth), for transforms of it.
class RadialTransform {
 public:
  template <typename F>
  RadialTransform(double radius, F&& f) {
    static const std::vector<QuadratureNode> rule = gauss_legendre(96);
    for (const QuadratureNode& node : rule) {
      const double x = (1 + node.at) / 2, r = radius * x * x * x;
      r_.push_back(r);
      values_.push_back(f(r) * (node.weight / 2 * 3 * radius * x * x * r * 2 * M_PI));
    }
  }
  // integral of f(r) exp(-2 pi i q.r) d^2r
  Complex operator()(double q) const {
    Complex sum = 0;
    for (std::size_t i = 0; i < r_.size(); ++i) sum += values_[i] * j0(2 * M_PI * q * r_[i]);
    return sum;
  }

 private:
  std::vector<double> r_;
  std::vector<Complex> values_;
};

// The factors of the smooth part, up to q_end: those of the atoms less the transform of the rest.
ElementFactor smooth_factor(const std::vector<SiteAtom>& site, const RadialTransform& rest,
                            double sigma, double q_end, bool absorbed) {
  constexpr double kStep = 0.01;
  ElementFactor out;
  const int n = std::max(4, int(std::ceil(q_end / kStep)) + 2);
  for (int i = 0; i < n; ++i) {
    const double q = i * kStep;
    double f = 0;
    for (const SiteAtom& a : site)
      f += absorbed ? a.absorbed(q)
                    : a.factor(q) * std::exp(-2 * M_PI * M_PI * a.u_rms * a.u_rms * q * q);
    const Complex taken = rest(q) / (sigma * kPotentialUnit);
    out.q.push_back(q);
    out.f.push_back(f - (absorbed ? taken.imag() : taken.real()));
  }
  return out;
}

// Coefficients c_k of sum_k c_k (1 - r^2/rho^2)^(kLowest + k) whose transform is `wanted` up to
// q_end. The transform of (1 - r^2/rho^2)^n is 2 pi rho^2 2^n n! J_{n+1}(a) / a^(n+1), a = 2 pi q
// rho (Sonine's first integral).
constexpr int kTerms = 5, kLowest = 6;
std::array<Complex, kTerms> fit_inner(const RadialTransform& wanted, double rho, double q_end) {
  constexpr int kPoints = 24;
  Eigen::Matrix<double, kPoints, kTerms> basis;
  Eigen::Matrix<double, kPoints, 2> values;
  for (int i = 0; i < kPoints; ++i) {
    const double q = q_end * (i + 0.5) / kPoints, a = 2 * M_PI * q * rho;
    for (int k = 0; k < kTerms; ++k) {
      const int n = kLowest + k;
      basis(i, k) = 2 * M_PI * rho * rho * std::exp2(n) * std::tgamma(n + 1) * jn(n + 1, a) /
                    std::pow(a, n + 1);
    }
    const Complex g = wanted(q);
    values.row(i) << g.real(), g.imag();
  }
  const Eigen::Matrix<double, kTerms, 2> c = basis.colPivHouseholderQr().solve(values);
  std::array<Complex, kTerms> out;
  for (int k = 0; k < kTerms; ++k) out[std::size_t(k)] = {c(k, 0), c(k, 1)};
  return out;
}

// f(r^2) at 0, step, .. up to `end`, then zeros.
template <typename F>
std::vector<std::complex<float>> tabulate(double end, int steps, F&& f) {
  std::vector<std::complex<float>> out;
  for (int i = 0; i < steps; ++i) {
    const double r = std::sqrt(std::max(i * end / steps, 1e-12));
    out.emplace_back(f(r));
  }
  out.resize(out.size() + 2);
  return out;
}

}  // namespace

AtomCore::AtomCore(const std::vector<SiteAtom>& site, const CoreGrid& grid)
    : radius_(kPixels * grid.pixel), inner_(kPixels * grid.pixel / grid.fine) {
  const Complex i(0, 1);
  const double nyquist = 0.5 / grid.pixel;
  const Phase phase(site, grid.interaction_constant);
  const SmoothPhase smooth(phase, radius_), smoothed(phase, inner_);

  const RadialTransform rest(radius_, [&](double r) { return phase(r) - smooth(r); });
  smooth_ = smooth_factor(site, rest, grid.interaction_constant, nyquist, false);
  if (phase.absorbs())
    smooth_absorbed_ = smooth_factor(site, rest, grid.interaction_constant, nyquist, true);

  constexpr int kSteps = 2048, kInnerSteps = 512;
  phase_per_square_ = kSteps / (radius_ * radius_);
  phase_ = tabulate(radius_ * radius_, kSteps, [&](double r) { return smoothed(r) - smooth(r); });

  const RadialTransform innermost(
      inner_, [&](double r) { return std::exp(i * phase(r)) - std::exp(i * smoothed(r)); });
  const double rho = 1.5 * inner_;
  const auto c = fit_inner(innermost, rho, nyquist);
  inner_per_square_ = kInnerSteps / (rho * rho);
  inner_share_ = tabulate(rho * rho, kInnerSteps, [&](double r) {
    const double x = 1 - r * r / (rho * rho);
    Complex sum = 0;
    for (int k = kTerms - 1; k >= 0; --k) sum = sum * x + c[std::size_t(k)];
    return sum * std::pow(x, kLowest) * std::exp(-i * smoothed(r));
  });
}

std::shared_ptr<const AtomCore> atom_core(const std::vector<SiteAtom>& site, const CoreGrid& grid) {
  struct Known {
    std::vector<SiteAtom> site;
    CoreGrid grid;
    std::shared_ptr<const AtomCore> core;
  };
  static std::mutex mutex;
  static std::vector<Known> known;
  constexpr std::size_t kMost = 512;
  {
    const std::lock_guard lock(mutex);
    for (const Known& k : known)
      if (k.grid == grid && k.site == site) return k.core;
  }
  auto core = std::make_shared<const AtomCore>(site, grid);
  const std::lock_guard lock(mutex);
  if (known.size() >= kMost) known.clear();
  known.push_back({site, grid, core});
  return core;
}

}  // namespace vitrobeam
