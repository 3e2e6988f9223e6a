// Laws of the angular correlation: nothing from noise, planted orders without bias at any dose,
// equality with direct sums, masks, Friedel pairs.
#include "patterns/angular.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "base/random.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr double kPi = std::numbers::pi;
const PolarGrid kGrid{0.3, 0.5, 4, 120};

// A sector of 40 degrees hidden in all rings and, in the outer two, a second one half as wide.
PlaneF sectors() {
  PlaneF w = PlaneF::Ones(kGrid.n_q, kGrid.n_theta);
  w.middleCols(10, 13).setZero();
  w.block(2, 75, 2, 7).setZero();
  return w;
}

PlaneF counts(double mean, const std::function<double(double)>& ring, RandomSequence& random) {
  PlaneF polar(kGrid.n_q, kGrid.n_theta);
  for (int i = 0; i < kGrid.n_q; ++i)
    for (int j = 0; j < kGrid.n_theta; ++j)
      polar(i, j) = float(random.poisson(mean * ring(kGrid.theta(j))));
  return polar;
}

// Mean over patterns of every coefficient, and its standard error from their scatter.
struct Ensemble {
  PlaneD sum, squares, error;
  Plane<int> n;
  void add(const AngularPower& a) {
    if (n.size() == 0) {
      sum = squares = error = PlaneD::Zero(a.power.rows(), a.power.cols());
      n = Plane<int>::Zero(a.power.rows(), a.power.cols());
    }
    const auto known = a.power.isFinite();
    const PlaneD p = known.select(a.power, 0.0);
    sum += p;
    squares += p.square();
    error += known.select(a.error.square(), 0.0);
    n += known.cast<int>();
  }
  PlaneD mean() const { return sum / n.cast<double>(); }
  PlaneD variance() const { return squares / n.cast<double>() - mean().square(); }
  PlaneD standard_error() const { return (variance() / n.cast<double>()).sqrt(); }
  PlaneD stated_variance() const { return error / n.cast<double>(); }
};

double chi_square(const Ensemble& e, const PlaneD& truth) {
  return ((e.mean() - truth) / e.standard_error()).square().sum();
}

// The sum over visible pairs as the definition has it, in plain loops.
PlaneD direct_correlation(const PlaneF& polar, const PlaneF& m, double gain) {
  const int n = int(polar.cols());
  PlaneD out(polar.rows(), n);
  for (int i = 0; i < polar.rows(); ++i) {
    double total = 0, visible = 0, noise = 0;
    for (int j = 0; j < n; ++j) {
      total += m(i, j) * polar(i, j);
      visible += m(i, j);
      noise += gain * m(i, j) * m(i, j) * polar(i, j);
    }
    const double mean = total / visible;
    for (int lag = 0; lag < n; ++lag) {
      double sum = 0, pairs = 0;
      for (int j = 0; j < n; ++j) {
        const int k = (j + lag) % n;
        pairs += double(m(i, j)) * m(i, k);
        sum += m(i, j) * (polar(i, j) - mean) * m(i, k) * (polar(i, k) - mean);
        // covariance of the two deviations under Poisson noise of every visible bin l
        for (int l = 0; l < n; ++l) {
          const double a = (l == j ? m(i, j) : 0.0) - m(i, j) * m(i, l) / visible,
                       b = (l == k ? m(i, k) : 0.0) - m(i, k) * m(i, l) / visible;
          sum -= gain * polar(i, l) * a * b;
        }
      }
      out(i, lag) = sum / pairs / (mean * mean - noise / (visible * visible));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a structureless ring of counts has no symmetry, at any dose, masked or not") {
  for (const bool masked : {false, true})
    for (const double dose : {0.1, 1.0, 10.0}) {
      CAPTURE(masked);
      CAPTURE(dose);
      const AngularAnalysis analysis(kGrid, masked ? sectors() : PlaneF::Ones(4, 120), {});
      RandomSequence random(7, std::uint64_t(dose * 100) + masked);
      Ensemble e;
      for (int k = 0; k < 1000; ++k) {
        const PlaneF polar = counts(
            dose, [](double) { return 1.0; }, random);
        e.add(analysis(polar, polar, 1));
      }
      const PlaneD zero = PlaneD::Zero(12, 4);
      CHECK((e.mean() / e.standard_error()).abs().maxCoeff() < 4.5);
      CHECK(std::abs(chi_square(e, zero) - 48) < 4 * std::sqrt(2 * 48.0));
      // the stated error of one pattern is that of the scatter, or a little more
      if (dose >= 1) {
        const double ratio = (e.variance() / e.stated_variance()).mean();
        CHECK(ratio > 0.65);
        CHECK(ratio < 1.05);
      }
      // what the raw |F_n|^2 / F_0^2 would give instead: 1 / electrons
      CHECK(e.mean().abs().maxCoeff() < 0.5 / (dose * 120));
    }
}

TEST_CASE("planted orders come back without bias at every dose, masked or not") {
  PlaneD truth = PlaneD::Zero(12, 4);
  truth.row(1).setConstant(0.04 / 4);  // 1 + 0.2 cos(2 theta): C_2 = (0.2 / 2)^2
  truth.row(4).setConstant(0.09 / 4);
  truth.row(9).setConstant(0.16 / 4);
  for (const bool masked : {false, true})
    for (const double dose : {0.1, 1.0, 10.0, 1000.0}) {
      CAPTURE(masked);
      CAPTURE(dose);
      const AngularAnalysis analysis(kGrid, masked ? sectors() : PlaneF::Ones(4, 120), {});
      RandomSequence random(11, std::uint64_t(dose * 100) + masked);
      Ensemble e;
      for (int k = 0; k < 1500; ++k) {
        const double a = 2 * kPi * random.uniform(), b = 2 * kPi * random.uniform(),
                     c = 2 * kPi * random.uniform();
        const PlaneF polar = counts(
            dose,
            [&](double t) {
              return 1 + 0.2 * std::cos(2 * t - a) + 0.3 * std::cos(5 * t - b) +
                     0.4 * std::cos(10 * t - c);
            },
            random);
        e.add(analysis(polar, polar, 1));
      }
      // the rings of a pattern share their orientation, so that their errors are not independent
      CHECK(((e.mean() - truth) / (e.standard_error() + 1e-6)).abs().maxCoeff() < 4.8);
      CHECK(std::abs(e.mean().row(9).mean() / 0.04 - 1) < (dose < 1 ? 0.2 : 0.03));
    }
}

TEST_CASE("C(q, Delta) is the direct sum over visible pairs") {
  RandomSequence random(3, 1);
  PlaneF weights = sectors();
  weights(1, 40) = 0.35f;  // a bin seen in part
  const PlaneF polar = counts(
      6, [](double t) { return 1 + 0.5 * std::cos(3 * t) + 0.3 * std::sin(t); }, random);
  for (const double gain : {0.0, 1.0})
    for (const bool masked : {false, true}) {
      const PlaneF w = masked ? weights : PlaneF::Ones(4, 120);
      AngularSettings settings;
      settings.correlation = true;
      const AngularAnalysis analysis(kGrid, w, settings);
      const PlaneD fast = analysis.correlation(polar, polar, gain),
                   direct = direct_correlation(polar, w, gain);
      CHECK((fast - direct).abs().maxCoeff() < 1e-6 * direct.abs().maxCoeff());
      if (masked) continue;
      // its Fourier coefficients are the power, and their sum the azimuthal variance
      const AngularPower a = analysis(polar, polar, gain);
      for (int n = 1; n <= 12; ++n) {
        double c = 0;
        for (int j = 0; j < 120; ++j) c += fast(0, j) * std::cos(n * kGrid.theta(j)) / 120;
        CHECK(std::abs(a.power(n - 1, 0) - c) < 1e-7);
      }
      CHECK((a.variance.matrix() - fast.col(0).matrix()).norm() < 1e-6);
      CHECK((a.opposite.matrix() - fast.col(60).matrix()).norm() < 1e-6);
      if (gain == 0) {
        const double mean = polar.row(2).cast<double>().mean();
        CHECK(a.variance[2] ==
              approx((polar.row(2).cast<double>() - mean).square().mean() / (mean * mean)));
      }
    }
}

TEST_CASE("an empty mask changes no bit, and the order of rings does not matter") {
  const auto c = centred_calibration(96, 96, 0.011, 0.011);
  RandomSequence random(5, 1);
  PlaneF image(96, 96);
  for (float* p = image.data(); p < image.data() + image.size(); ++p) *p = float(random.poisson(4));
  const PolarTransform plain(96, 96, c, kGrid),
      masked(96, 96, c, kGrid, Plane<unsigned char>::Zero(96, 96));
  const AngularPower a = AngularAnalysis(plain, {})(plain(image), image, 1),
                     b = AngularAnalysis(masked, {})(masked(image), image, 1);
  CHECK((a.power == b.power).all());
  CHECK((a.error == b.error).all());
}

TEST_CASE("camera pixels: their counts give no symmetry although bins share them, masked or not") {
  // bins finer than pixels, an off-centre beam, a beam stop: neighbouring bins are correlated
  const PolarGrid grid{0.15, 0.42, 9, 120};
  const Calibration c{0.011, 0.011, 47.3, 46.6};
  for (const bool masked : {false, true}) {
    Plane<unsigned char> hidden = Plane<unsigned char>::Zero(96, 96);
    if (masked) hidden.block(44, 0, 7, 50).setOnes();
    const PolarTransform transform(96, 96, c, grid, hidden);
    const AngularAnalysis analysis(transform, {});
    Ensemble e;
    RandomSequence random(9, masked);
    for (int k = 0; k < 600; ++k) {
      PlaneF image(96, 96);
      for (float* p = image.data(); p < image.data() + image.size(); ++p)
        *p = float(random.poisson(1.5));
      e.add(analysis(transform(image), image, 1));
    }
    CAPTURE(masked);
    CHECK((e.mean() / e.standard_error()).abs().maxCoeff() < 4.8);
    CHECK((e.mean() / e.standard_error()).mean() < 0.5);
    CHECK((e.mean() / e.standard_error()).mean() > -0.5);
    CHECK(e.mean().abs().maxCoeff() < 2e-3);
  }
}

TEST_CASE(
    "Friedel symmetrisation ends odd orders, leaves even ones, and looks behind a beam stop") {
  RandomSequence random(13, 1);
  const auto ring = [](double t) {
    return 1 + 0.3 * std::cos(2 * t) + 0.2 * std::cos(5 * t + 1) + 0.1 * std::cos(6 * t);
  };
  PlaneF polar(4, 120);
  for (int j = 0; j < 120; ++j) polar.col(j).setConstant(float(ring(kGrid.theta(j))));
  AngularSettings friedel;
  friedel.friedel = true;
  const PlaneF whole = PlaneF::Ones(4, 120);
  const auto raw = AngularAnalysis(kGrid, whole, {})(polar, polar, 0),
             symmetric = AngularAnalysis(kGrid, whole, friedel)(polar, polar, 0);
  for (int n = 1; n <= 12; ++n) {
    if (n % 2 == 0)
      CHECK(std::abs(symmetric.power(n - 1, 0) - raw.power(n - 1, 0)) < 1e-7);
    else
      CHECK(std::abs(symmetric.power(n - 1, 0)) < 1e-12);
  }
  CHECK(raw.power(4, 0) == approx(0.01).epsilon(1e-5));
  // a sector hidden on one side only: the symmetrised ring is whole
  PlaneF stop = whole;
  stop.middleCols(20, 15).setZero();
  PlaneF even(4, 120);
  for (int j = 0; j < 120; ++j)
    even.col(j).setConstant(float(1 + 0.3 * std::cos(2 * kGrid.theta(j))));
  PlaneF even_hidden = even;
  even_hidden.middleCols(20, 15).setZero();
  const auto a = AngularAnalysis(kGrid, stop, friedel)(even_hidden, even_hidden, 0);
  CHECK(a.power(1, 0) == approx(0.0225).epsilon(1e-5));
  // correlation of Friedel pairs: even less odd over their sum
  CHECK(raw.opposite[0] / raw.variance[0] ==
        approx((0.0225 + 0.0025 - 0.01) / (0.0225 + 0.0025 + 0.01)).epsilon(1e-4));
}

TEST_CASE("rings that a mask hides too much of give no number") {
  PlaneF w = PlaneF::Ones(4, 120);
  w.block(1, 0, 1, 62).setZero();  // more than half: no pair at 180 degrees
  const AngularAnalysis analysis(kGrid, w, {});
  CHECK(analysis.is_resolved(0));
  CHECK(!analysis.is_resolved(1));
  const PlaneF polar = PlaneF::Ones(4, 120);
  const auto a = analysis(polar, polar, 0);
  CHECK(std::isfinite(a.power(3, 0)));
  CHECK(std::isnan(a.power(3, 1)));
  CHECK_THROWS(AngularAnalysis(kGrid, w, {.n_max = 60}));
}
