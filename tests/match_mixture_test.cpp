// Laws of mixtures: two motifs in one pattern come back with their angles and amplitudes; one motif
// is not taken for two.
#include "patterns/match_mixture.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <optional>

#include "base/random.hpp"
#include "patterns/library_patterns.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

constexpr int kSize = 41;
constexpr double kPixel = 0.05, kTurn = 2 * std::numbers::pi;
const PolarGrid kGrid{0.3, 0.9, 8, 96};

template <typename F>
PlaneF image(F&& value) {
  PlaneF out(kSize, kSize);
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c) {
      const double y = (r - kSize / 2) * kPixel, x = (c - kSize / 2) * kPixel, q = std::hypot(x, y);
      out(r, c) = float(1e-4 * std::exp(-0.5 * std::pow((q - 0.6) / 0.2, 2)) *
                        std::max(0.0, value(q, std::atan2(y, x))));
    }
  return out;
}

PlaneF speckle(std::uint64_t seed) {
  RandomSequence random(seed, 4);
  double a[3][10], b[3][10];
  for (auto* part : {a, b})
    for (int i = 0; i < 3; ++i)
      for (int m = 0; m < 10; ++m) part[i][m] = random.normal();
  return image([&](double q, double t) {
    double v = 4;
    const int band = std::min(2, int((q - 0.3) / 0.2));
    for (int m = 0; m < 10 && band >= 0; ++m)
      v += 0.1 * (a[band][m] * std::cos((m + 1) * t) + b[band][m] * std::sin((m + 1) * t));
    return v;
  });
}

// Spots of `fold` on an inner and an outer ring.
PlaneF motif(int fold, double turn = 0) {
  return image([&](double q, double t) {
    return (q < 0.6 ? 1.0 : 0.6) + std::cos(fold * (t - turn)) +
           (q < 0.6 ? 0.0 : 0.5) * std::cos(2 * fold * (t - turn));
  });
}

struct Fixture {
  MotifLibrary library;
  PolarTransform camera{kSize, kSize, centred_calibration(kSize, kSize, kPixel, kPixel), kGrid};
  std::vector<PlaneF> training;
  std::optional<Background> background;
  std::optional<MotifLikelihood> likelihood;
  std::vector<Harmonics> free;
  std::optional<MixtureSearch> search;

  Fixture() {
    library.motif_names = {"five", "three", "four"};
    library.patterns.shape = {3, kSize, kSize};
    for (int m = 0; m < 3; ++m) {
      const PlaneF p = motif(m == 0 ? 5 : m == 1 ? 3 : 4);
      library.patterns.values.insert(library.patterns.values.end(), p.data(), p.data() + p.size());
      library.templates.push_back({m, Vector3d::UnitZ()});
    }
    for (int i = 0; i < 120; ++i) training.push_back(seen(speckle(std::uint64_t(i))));
    background.emplace(kGrid, camera.weights(), EvidenceSettings{12, 0.5}, training);
    likelihood.emplace(*background, library, camera, Patch());
    for (int i = 0; i < 200; ++i) free.push_back(contrast(speckle(std::uint64_t(1000 + i))));
    std::vector<const Harmonics*> pointers;
    for (const auto& h : free) pointers.push_back(&h);
    std::vector<PlaneF> templates;
    for (std::size_t i = 0; i < 3; ++i) templates.push_back(camera(library.patterns.plane(i)));
    search.emplace(*background, *likelihood, templates, pointers, 2);
  }
  // With the noise of counting: without any, harmonics that speckle lacks would be infinitely
  // sharp.
  PlaneF seen(PlaneF p) const {
    add_camera_noise(p, 1e5, 3, std::uint64_t(1e9 * double(p(kSize / 2, kSize / 2 + 10))));
    return camera(p);
  }
  Harmonics contrast(const PlaneF& p) const { return background->contrast(seen(p)); }
};

const Fixture& fixture() {
  static const Fixture f;
  return f;
}

double off(double angle, double truth, int fold) {
  return std::abs(std::remainder(angle - truth, kTurn / fold));
}

}  // namespace

TEST_CASE("two motifs in one pattern come back, with their angles and amplitudes") {
  const Fixture& f = fixture();
  int both = 0, covered = 0, tried = 0;
  for (int i = 0; i < 40; ++i) {
    RandomSequence r(std::uint64_t(i), 9);
    const double five = kTurn * r.uniform(), three = kTurn * r.uniform();
    const auto found = (*f.search)(f.contrast(speckle(std::uint64_t(5000 + i)) +
                                              0.6f * motif(5, five) + 0.35f * motif(3, three)),
                                   2);
    REQUIRE(found.size() == 2);
    const auto& a = found[0].view == 0 ? found[0] : found[1];
    const auto& b = found[0].view == 0 ? found[1] : found[0];
    const bool right = a.view == 0 && b.view == 1 && off(a.in_plane_angle, five, 5) < 0.1 &&
                       off(b.in_plane_angle, three, 3) < 0.15 && a.p <= 0.05 && b.p <= 0.05;
    both += right;
    if (!right) continue;
    // amplitudes: within the curvature of the square root (a tenth) and three errors
    for (const auto& [c, truth] : {std::pair(a, 0.6), std::pair(b, 0.35)}) {
      ++tried;
      covered += std::abs(c.amplitude - truth) < 0.2 * truth + 3 * c.amplitude_error;
    }
  }
  MESSAGE("both found in " << both << " of 40, amplitude covered " << covered << " of " << tried);
  CHECK(both >= 34);
  CHECK(covered >= 0.9 * tried);
}

TEST_CASE("one motif is not taken for two, and none not for one") {
  const Fixture& f = fixture();
  int second = 0, first = 0;
  const int n = 100;
  for (int i = 0; i < n; ++i) {
    const auto one =
        (*f.search)(f.contrast(speckle(std::uint64_t(8000 + i)) + 0.6f * motif(5, 0.11 * i)), 2);
    second += one.size() > 1 && one[1].p <= 0.05;
    const auto none = (*f.search)(f.contrast(speckle(std::uint64_t(9000 + i))), 1);
    first += !none.empty() && none[0].p <= 0.05;
  }
  MESSAGE("second of one: " << second << ", first of none: " << first << " of " << n);
  CHECK(first <= 5 + 3.5 * std::sqrt(5));
  CHECK(second <= 5 + 3.5 * std::sqrt(5));
}

TEST_CASE("amplitudes are never negative") {
  const Fixture& f = fixture();
  Harmonics negative = f.background->contrast(f.camera(motif(5)));
  negative = -negative;
  for (const auto& c : (*f.search)(negative, 3)) CHECK(c.amplitude >= 0);
}
