// Relaxation times: what was planted in a random field comes back, short series do not shorten it,
// and the errors cover.
#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <cmath>

#include "base/random.hpp"
#include "patterns/relaxation.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

// Intensities |z|^2 of complex Gaussian fields with g1 = exp(-(t / tau)^beta): by Siegert's
// relation g2 - 1 = g1^2.
class Speckles {
 public:
  Speckles(int frames, double tau, double beta) : frames_(frames) {
    Eigen::MatrixXd covariance(frames, frames);
    for (int i = 0; i < frames; ++i)
      for (int j = 0; j < frames; ++j)
        covariance(i, j) = std::exp(-std::pow(std::abs(i - j) / tau, beta)) + (i == j ? 1e-9 : 0);
    root_ = covariance.llt().matrixL();
  }
  std::vector<float> series(std::uint64_t seed) const {
    RandomSequence random(seed, 11);
    Eigen::MatrixXd white(frames_, 2);
    for (int i = 0; i < frames_; ++i) white.row(i) << random.normal(), random.normal();
    const Eigen::MatrixXd z = root_ * white;
    std::vector<float> out(frames_);
    for (int i = 0; i < frames_; ++i) out[std::size_t(i)] = float(z.row(i).squaredNorm() / 2);
    return out;
  }

 private:
  int frames_;
  Eigen::MatrixXd root_;
};

}  // namespace

TEST_CASE("planted relaxation times come back within a tenth, for every stretching exponent") {
  for (const double beta : {0.5, 0.7, 1.0}) {
    constexpr double kTau = 12;
    const Speckles speckles(480, kTau, beta);  // 40 relaxation times
    Autocorrelation all(480, 12);
    for (int k = 0; k < 250; ++k) all.add(speckles.series(100 + std::uint64_t(k)).data());
    REQUIRE(all.series() == 250);
    const Relaxation r = fit_relaxation(all, {});
    REQUIRE(r.fitted);
    MESSAGE("beta " << beta << ": tau " << r.tau << " +- " << r.tau_error << ", beta " << r.beta
                    << " +- " << r.beta_error << ", A " << r.amplitude);
    CHECK(std::abs(r.tau / kTau - 1) < 0.1);
    CHECK(std::abs(r.beta - beta) < 0.1);
    CHECK(std::abs(r.amplitude - 1) < 0.15);
  }
}

TEST_CASE("a short series does not shorten the time: what its mean removes is in the model") {
  constexpr double kTau = 15;
  const Speckles speckles(150, kTau, 1);  // 10 relaxation times
  Autocorrelation all(150, 10);
  for (int k = 0; k < 400; ++k) all.add(speckles.series(5000 + std::uint64_t(k)).data());
  const Relaxation r = fit_relaxation(all, {true, 1});
  REQUIRE(r.fitted);
  CHECK(std::abs(r.tau / kTau - 1) < 0.06);
  CHECK(r.beta == 1);
}

TEST_CASE("the error covers the scatter") {
  constexpr double kTau = 8;
  const Speckles speckles(320, kTau, 1);
  int covered = 0, fitted = 0;
  double sum = 0, squares = 0;
  constexpr int kScans = 120;
  for (int scan = 0; scan < kScans; ++scan) {
    Autocorrelation some(320, 10);
    for (int k = 0; k < 6; ++k)
      some.add(speckles.series(std::uint64_t(9000 + 6 * scan + k)).data());
    const Relaxation r = fit_relaxation(some, {true, 1});
    if (!r.fitted) continue;
    ++fitted;
    covered += std::abs(r.tau - kTau) < r.tau_error;
    sum += r.tau;
    squares += r.tau * r.tau;
  }
  const double mean = sum / fitted;
  MESSAGE("mean " << mean << " scatter " << std::sqrt(squares / fitted - mean * mean) << " covered "
                  << double(covered) / fitted);
  CHECK(fitted == kScans);
  CHECK(std::abs(double(covered) / fitted - 0.683) < 0.13);
}

TEST_CASE("what does not relax is told apart from what does") {
  const Speckles speckles(400, 8, 1);
  Autocorrelation mixed(400, 10);
  for (int k = 0; k < 400; ++k) {
    auto series = speckles.series(std::uint64_t(40000 + k));
    for (float& v : series) v = (k % 2 ? 1.3f : 0.7f) * v;  // means 30 % off: C = 0.09
    mixed.add(series.data());
  }
  const Relaxation r = fit_relaxation(mixed, {true, 1, true});
  REQUIRE(r.fitted);
  CHECK(std::abs(r.tau / 8 - 1) < 0.1);
  CHECK(std::abs(r.baseline - 0.09) < 0.03);
}

TEST_CASE("counting noise changes nothing but the scatter; white noise has no relaxation") {
  constexpr double kTau = 10;
  const Speckles speckles(400, kTau, 1);
  Autocorrelation noisy(400, 10), white(400, 10);
  for (int k = 0; k < 100; ++k) {
    RandomSequence random(77, std::uint64_t(k));
    auto series = speckles.series(20000 + std::uint64_t(k));
    for (float& v : series) v = float(random.poisson(5 * v));
    noisy.add(series.data());
    for (float& v : series) v = float(random.poisson(5));
    white.add(series.data());
  }
  const Relaxation r = fit_relaxation(noisy, {true, 1});
  REQUIRE(r.fitted);
  CHECK(std::abs(r.tau / kTau - 1) < 0.1);
  CHECK(std::abs(r.amplitude - 1) < 0.15);
  const Relaxation none = fit_relaxation(white, {true, 1});
  CHECK((!none.fitted || std::abs(none.amplitude) < 4 * none.amplitude_error + 0.02));
}

TEST_CASE("errors of many fits are drawn to a common relative variance per relaxation time") {
  std::vector<Relaxation> fits;
  for (int k = 0; k < 40; ++k) {
    Relaxation r;
    r.tau = k % 2 ? 8 : 2;
    r.tau_error = (k % 4 < 2 ? 0.5 : 1.5) * 0.1 * std::pow(r.tau, 1.5);
    r.fitted = true;
    fits.push_back(r);
  }
  const auto shared = with_shared_errors(fits);
  const auto variance = [](const Relaxation& r) {
    return r.tau_error * r.tau_error / (r.tau * r.tau * r.tau);
  };
  double before = 0, after = 0;
  for (std::size_t k = 0; k < fits.size(); ++k) {
    before += variance(fits[k]);
    after += variance(shared[k]);
    CHECK(shared[k].tau == fits[k].tau);
  }
  CHECK(after == approx(before));
  CHECK(shared[0].tau_error > fits[0].tau_error);
  CHECK(shared[2].tau_error < fits[2].tau_error);
  fits.resize(10);  // too few to know more together
  CHECK(with_shared_errors(fits)[0].tau_error == fits[0].tau_error);
}
