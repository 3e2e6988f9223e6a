// Recognition on synthetic speckle patterns with a planted motif: error rates hold, the right
// motif, template and angle come back, patterns that hold nothing are left out.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/match_alone.hpp"
#include "patterns/pattern_status.hpp"
#include "tests/approx.hpp"
#include "tests/speckle_library.hpp"

using namespace vitrobeam;
using namespace vitrobeam::speckle_library;

namespace {

RecognitionSettings settings() {
  RecognitionSettings s;
  s.grid = {0.3, 0.9, 12, 72};
  s.matching.m_max = 20;
  return s;
}

const PolarTransform& camera() {
  static const PolarTransform transform(kSize, kSize, kCamera, settings().grid);
  return transform;
}

}  // namespace

TEST_CASE("a planted motif is found with its template and angle; packings are left alone") {
  const Recognition recognition(library(), camera().weights(), settings(), 2);
  CHECK(recognition.training_size() == 150);
  CHECK(recognition.calibration().calibration_size() == 300);
  CHECK(recognition.calibration_packings() == 6);
  std::vector<PlaneF> planted, empty;
  for (int i = 0; i < 60; ++i) {
    planted.push_back(camera()(speckle(std::uint64_t(9000 + i)) + 1.5f * motif(5, 0.5)));
    empty.push_back(camera()(speckle(std::uint64_t(20000 + i))));
  }
  int found = 0, turned_right = 0, false_alarms = 0;
  for (const auto& f : recognition(planted, 2)) {
    found += f.significance.p < 0.02 && f.significance.motif == 0;
    // Five-fold: the angle is known up to 72 degrees, in steps of 5.
    const double off = std::remainder(f.in_plane_angle - 0.5, 2 * std::numbers::pi / 5);
    turned_right += f.significance.p < 0.02 && std::abs(off) < 0.12;
  }
  for (const auto& f : recognition(empty, 2)) false_alarms += f.significance.p < 0.1;
  CHECK(found > 50);
  CHECK(turned_right > 0.9 * found);
  CHECK(false_alarms <= 6 + 3 * std::sqrt(6));
  CHECK(recognition.planted().power(0.05)[0] > 0.8);
}

TEST_CASE(
    "noise at the dose of the patterns keeps the error rate; without it a noisy packing looks "
    "strange") {
  RecognitionSettings s = settings();
  s.dose = 3e3;
  const Recognition recognition(library(), camera().weights(), s, 2);
  std::vector<PlaneF> noisy;
  for (int i = 0; i < 150; ++i) {
    PlaneF image = speckle(std::uint64_t(30000 + i));
    add_camera_noise(image, s.dose, 5, std::uint64_t(i));
    noisy.push_back(camera()(image));
  }
  int below = 0;
  for (const auto& f : recognition(noisy, 2)) below += f.significance.p <= 0.2;
  CHECK(std::abs(below - 30) < 3.5 * std::sqrt(150 * 0.16));
}

// A camera's pixels are seldom the library's: the counts of a bin are spread over more of them.
TEST_CASE("noise falls on the pixels of the camera, with its readout and its beam stop") {
  constexpr int kFiner = 3, kCamera3 = kSize * kFiner;
  RecognitionSettings s = settings();
  s.readout = 0.3;
  SUBCASE("few electrons") { s.dose = 6e3; }
  SUBCASE("more") { s.dose = 3e4; }
  s.camera.rows = s.camera.cols = kCamera3;
  s.camera.calibration = centred_calibration(kCamera3, kCamera3, 0.05 / kFiner, 0.05 / kFiner);
  s.camera.hidden = Plane<unsigned char>::Zero(kCamera3, kCamera3);
  s.camera.hidden.block(kCamera3 / 2 - 5, 0, 10, kCamera3 / 2).setOnes();
  const PolarTransform fine(kCamera3, kCamera3, s.camera.calibration, s.grid, s.camera.hidden);
  std::vector<PlaneF> noisy;
  for (int i = 0; i < 300; ++i) {
    PlaneF image = speckle(std::uint64_t(30000 + i), kFiner);
    add_camera_noise(image, s.dose, 5, std::uint64_t(i), s.readout);
    noisy.push_back(fine(image));
  }
  const auto below = [&](const RecognitionSettings& of) {
    const Recognition recognition(library(), fine.weights(), of, 2);
    int n = 0;
    for (const auto& f : recognition(noisy, 2)) n += f.significance.p <= 0.2;
    return n;
  };
  const double error = std::sqrt(300 * 0.16 * (1 + 300 / 300.0));
  CHECK(std::abs(below(s) - 60) < 3.5 * error);
  const ContrastRange range = null_contrast(library(), fine.weights(), s, 2);
  std::vector<double> contrast;
  for (const auto& p : noisy) contrast.push_back(speckle_contrast(p, fine.weights()));
  std::sort(contrast.begin(), contrast.end());
  CHECK(contrast[150] == approx(range.median).epsilon(0.05));
  // as if the counts had fallen on the library's pixels
  RecognitionSettings coarse = s;
  coarse.camera = {};
  CHECK(contrast[150] > 1.3 * null_contrast(library(), fine.weights(), coarse, 2).median);
}

TEST_CASE("patterns without information are marked") {
  const PlaneF weights = camera().weights();
  auto status = [&](const PlaneF& image, const Plane<unsigned char>& hidden = {}) {
    return pattern_status(image, hidden, camera()(image), weights);
  };
  PlaneF image = speckle(1);
  CHECK(status(image) == PatternStatus::good);
  image(3, 4) = std::nanf("");
  CHECK(status(image) == PatternStatus::not_finite);
  Plane<unsigned char> hidden = Plane<unsigned char>::Zero(kSize, kSize);
  hidden(3, 4) = 1;
  CHECK(status(image, hidden) == PatternStatus::good);
  CHECK(status(PlaneF::Zero(kSize, kSize)) == PatternStatus::empty);
  CHECK(status(image, Plane<unsigned char>::Ones(kSize, kSize)) == PatternStatus::empty);
  CHECK(status(PlaneF::Constant(kSize, kSize, 3)) == PatternStatus::featureless);
}

TEST_CASE("the contrast of rings 1 + a cos(m theta) is a / sqrt 2, whatever their scale and mask") {
  PlaneF polar(4, 180), weights = PlaneF::Ones(4, 180);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 180; ++j)
      polar(i, j) = float(std::pow(10.0, i) * (1 + 0.4 * std::cos(6 * 2 * M_PI * j / 180)));
  CHECK(speckle_contrast(polar, weights) == approx(0.4 / std::sqrt(2.0)).epsilon(1e-6));
  polar.leftCols(30) = 1e6f;  // one period behind the beam stop
  weights.leftCols(30).setZero();
  weights.row(3).setZero();
  CHECK(speckle_contrast(polar, weights) == approx(0.4 / std::sqrt(2.0)).epsilon(1e-6));
  CHECK(speckle_contrast(polar, PlaneF::Zero(4, 180)) == 0);
}

TEST_CASE("Poisson noise keeps the mean and has the variance of counts") {
  PlaneF image = PlaneF::Constant(200, 200, 2e-3f);
  add_camera_noise(image, 1e4, 7, 0);
  const double mean = image.cast<double>().mean(),
               variance = (image.cast<double>() - mean).square().mean();
  CHECK(mean == approx(2e-3).epsilon(4 / std::sqrt(200 * 200 * 20.0)));
  CHECK(variance == approx(2e-3 / 1e4).epsilon(0.04));
}

TEST_CASE("a library too small, or one that does not reach, is refused") {
  MotifLibrary l = library();
  l.null_patterns.shape[0] = 9;
  l.null_patterns.values.resize(9 * kSize * kSize);
  l.null.resize(9);
  CHECK_THROWS_AS(Recognition(l, camera().weights(), settings(), 1), Error);
  RecognitionSettings s = settings();
  s.grid.q_max = 3;
  CHECK_THROWS_AS(Recognition(library(), camera().weights(), s, 1), Error);
}
