// Transforms across lanes against the defining sum, for every size that a grid may have.
#include "fourier/lane_transform.hpp"

#include "base/random.hpp"
#include "fourier/grid.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

bool is_good(int n) {
  for (const int prime : {2, 3, 5, 7, 11, 13})
    while (n % prime == 0) n /= prime;
  return n == 1;
}

template <typename Real>
AlignedArray<Lanes<Real>> random_lines(int n, std::uint64_t seed) {
  auto line = aligned_array<Lanes<Real>>(n);
  RandomSequence random(seed, 0);
  for (int i = 0; i < n; ++i)
    for (int l = 0; l < Lanes<Real>::kCount; ++l) {
      const double re = random.uniform(), im = random.uniform();
      line[i].set(l, std::complex<Real>(Real(re - 0.5), Real(im - 0.5)));
    }
  return line;
}

// sum_i line_i exp(sign 2 pi i k m / n) of one lane
template <typename Real>
std::complex<double> term(const Lanes<Real>* line, int n, int lane, int k, double sign) {
  std::complex<double> sum = 0;
  for (int i = 0; i < n; ++i)
    sum += std::complex<double>(line[i].get(lane)) *
           std::polar(1.0, sign * 2 * M_PI * double(long(k) * i % n) / n);
  return sum;
}

// Largest differences, relative to the rms of the transform: of every lane there, and of there,
// times a factor, and back against the convolution's own sum at a few places.
template <typename Real, Direction kThere>
double error(int n) {
  constexpr int kLanes = Lanes<Real>::kCount;
  const LaneTransform<Real, kThere> transform(n);
  const auto in = random_lines<Real>(n, std::uint64_t(n));
  auto line = aligned_array<Lanes<Real>>(n), both = aligned_array<Lanes<Real>>(n);
  std::copy_n(in.get(), n, line.get());
  std::copy_n(in.get(), n, both.get());
  transform.there(line.get());
  double worst = 0;
  const int stride = std::max(1, n / 24);  // every index of a small size, some of a large one
  for (int i = 0; i < n; i += stride)
    for (int l = 0; l < kLanes; ++l)
      worst = std::max(worst, std::abs(std::complex<double>(line[i].get(l)) -
                                       term(in.get(), n, l, transform.order()[i], int(kThere))));
  // the product seen on the turn is the transform's value, and what comes back is n times it
  transform.there_and_back(both.get(), [&](int i, Lanes<Real>& value) {
    for (int l = 0; l < kLanes; ++l)
      worst = std::max(worst, double(std::abs(value.get(l) - line[i].get(l))));
    value = value * std::complex<Real>(0, Real(2));
  });
  transform.back(line.get());
  for (int i = 0; i < n; ++i)
    for (int l = 0; l < kLanes; ++l) {
      const std::complex<double> once(line[i].get(l)), twice(both[i].get(l)), start(in[i].get(l));
      worst = std::max(worst, std::abs(once - double(n) * start) / std::sqrt(n));
      worst =
          std::max(worst, std::abs(twice - std::complex<double>(0, 2 * n) * start) / std::sqrt(n));
    }
  return worst / std::sqrt(n / 6.0);
}

}  // namespace

TEST_CASE("transforms across lanes are the defining sum, there, back and turned") {
  for (int n = 2; n <= 520; n += 2) {
    if (!is_good(n)) continue;
    CAPTURE(n);
    CHECK(error<double, Direction::forward>(n) < 1e-13);
    CHECK(error<float, Direction::backward>(n) < 3e-6);
  }
  for (const int n : {1024, 1144, 1210, 1300, 2048, 2058, 2187 * 2}) {
    CAPTURE(n);
    CHECK(error<double, Direction::backward>(n) < 1e-13);
    CHECK(error<float, Direction::forward>(n) < 3e-6);
  }
}

TEST_CASE("the order of a transform holds every index once") {
  for (const int n : {8, 90, 256, 286, 1024}) {
    auto order = LaneTransform<float, Direction::forward>(n).order();
    std::sort(order.begin(), order.end());
    for (int i = 0; i < n; ++i) CHECK(order[i] == i);
  }
}

TEST_CASE_TEMPLATE("a square of lanes is transposed", Real, float, double) {
  constexpr int kLanes = Lanes<Real>::kCount;
  const auto in = random_lines<Real>(kLanes, 3);
  const auto out = aligned_array<Lanes<Real>>(kLanes);
  transpose(in.get(), out.get());
  for (int i = 0; i < kLanes; ++i)
    for (int l = 0; l < kLanes; ++l) CHECK(out[i].get(l) == in[l].get(i));
}
