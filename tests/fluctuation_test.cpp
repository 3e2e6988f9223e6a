// Laws of V(q): nothing from noise, the value of known statistics, equality with direct sums; of
// the kinematic variance and of the radial transform.
#include "patterns/fluctuation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "base/error.hpp"
#include "base/random.hpp"
#include "multislice/kinematic_variance.hpp"
#include "patterns/radial.hpp"
#include "potentials/debye.hpp"
#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const Calibration kCentre{0.01, 0.01, 31.4, 32.2};
const RingAxis kAxis{0.06, 0.26, 5};

Fluctuation analyse(const std::vector<PlaneF>& images, double gain,
                    const Plane<unsigned char>& hidden = {}, bool points = false) {
  const RingMap map(64, 64, kCentre, kAxis, hidden);
  if (points) {
    const PolarTransform circles(64, 64, kCentre, {kAxis.q_min, kAxis.q_max, kAxis.n, 360}, hidden,
                                 PolarSampling::points);
    FluctuationStack stack(map, gain, ring_noise(circles));
    for (const auto& image : images) stack.add(image, ring_moments(circles, image));
    return stack.result();
  }
  FluctuationStack stack(map, gain, ring_noise(map));
  for (const auto& image : images) stack.add(image, ring_moments(map, image));
  return stack.result();
}

}  // namespace

TEST_CASE("Poisson noise alone has no variance in any definition, at any dose, masked or not") {
  Plane<unsigned char> stop = Plane<unsigned char>::Zero(64, 64);
  stop.block(28, 0, 7, 33).setOnes();
  for (const double dose : {0.5, 5.0, 50.0})
    for (const int how : {0, 1, 2, 3}) {
      const bool masked = how % 2, points = how / 2;
      CAPTURE(dose);
      CAPTURE(how);
      RandomSequence random(1, std::uint64_t(dose * 10) + masked);
      std::vector<PlaneF> images(60, PlaneF(64, 64));
      for (auto& image : images)
        for (float* p = image.data(); p < image.data() + image.size(); ++p)
          *p = float(random.poisson(dose));
      const Fluctuation f = analyse(images, 1, masked ? stop : Plane<unsigned char>(), points);
      for (const auto* v : {&f.v_omega, &f.v_r, &f.v_re, &f.v_image})
        CHECK(v->abs().maxCoeff() < 0.05 / dose);  // 4 sigma of 200 pixels, 60 patterns
      CHECK((f.v_omega.abs() < 5 * f.v_omega_error + 2 / (60 * dose * 100)).all());
      CHECK(std::abs(f.mean.mean() / dose - 1) < (points ? 0.03 : 0.01));  // 3 sigma
      // without the correction every one of them would be the noise
      const Fluctuation raw = analyse(images, 0, {}, points);
      if (points)  // neighbouring pixels share the noise
        CHECK(raw.v_re.mean() < 0.7 / dose);
      else
        CHECK(raw.v_re.mean() == approx(1 / dose).epsilon(0.1));
    }
}

TEST_CASE("planted fluctuations come back: between patterns, within rings, at every dose") {
  // pattern k has the intensity 1 + 0.3 s_k (1 + 0.4 cos 2 theta): V_Omega = 0.09 var(s), ...
  for (const double dose : {0.0, 0.5, 20.0}) {
    RandomSequence random(3, std::uint64_t(dose * 10));
    std::vector<PlaneF> images;
    const int n = 400;
    for (int k = 0; k < n; ++k) {
      PlaneF image(64, 64);
      const double level = 1 + 0.3 * (k % 2 == 0 ? 1 : -1);
      for (int r = 0; r < 64; ++r)
        for (int c = 0; c < 64; ++c) {
          const double theta = std::atan2(r - kCentre.centre_row, c - kCentre.centre_col);
          const double v = level * (1 + 0.4 * std::cos(2 * theta));
          image(r, c) = float(dose > 0 ? random.poisson(v * dose) / dose : v);
        }
      images.push_back(image);
    }
    for (const bool points : {false, true}) {
      const Fluctuation f = analyse(images, dose > 0 ? 1 / dose : 0, {}, points);
      CAPTURE(dose);
      const double noise = dose > 0 ? 1 / dose : 0;
      CHECK((f.v_omega - 0.09).abs().maxCoeff() < 0.001 + 0.004 * noise);
      CHECK((f.v_r - 0.08).abs().maxCoeff() < 0.012);  // 0.4^2 / 2, but for the pixels of a ring
      CHECK((f.v_re - (1.08 * 1.09 - 1)).abs().maxCoeff() < 0.015);
      CHECK((f.v_image - 0.09).abs().maxCoeff() < 0.002 + 0.008 * noise);
    }
  }
  CHECK_THROWS(analyse({PlaneF::Ones(64, 64), PlaneF::Ones(64, 64)}, 0));
}

// Layers of random phases: their intensities add to 1 / N of one layer's variance, their amplitudes
// to 1 - 1 / N (the random walk of N steps), which does not fall with N at all.
TEST_CASE("the contrast of N layers is 1 / N as intensities, 1 - 1 / N as amplitudes") {
  constexpr int kPatterns = 200;
  for (const int layers : {1, 2, 4, 8}) {
    CAPTURE(layers);
    RandomSequence random(7, std::uint64_t(layers));
    std::vector<PlaneF> incoherent(kPatterns, PlaneF(64, 64)), coherent = incoherent;
    for (int k = 0; k < kPatterns; ++k)
      for (Eigen::Index i = 0; i < coherent[0].size(); ++i) {
        double intensity = 0;
        std::complex<double> amplitude = 0;
        for (int n = 0; n < layers; ++n) {
          intensity -= std::log(random.uniform());  // of one layer of many scatterers
          amplitude += std::polar(1.0, 2 * M_PI * random.uniform());
        }
        incoherent[std::size_t(k)].data()[i] = float(intensity);
        coherent[std::size_t(k)].data()[i] = float(std::norm(amplitude));
      }
    const Fluctuation sum = analyse(incoherent, 0), wave = analyse(coherent, 0);
    const double n = layers;
    // 4 sigma of 200 patterns of 200 pixels of unit variance, and 1 / 200 for the mean
    CHECK(std::abs(sum.v_image.mean() * n - 1) < 0.04);
    CHECK(std::abs(sum.v_re.mean() * n - 1) < 0.04);
    CHECK(std::abs(wave.v_image.mean() - (1 - 1 / n)) < 0.04);
    CHECK(std::abs(wave.v_re.mean() - (1 - 1 / n)) < 0.04);
  }
}

TEST_CASE("an elliptical ring is made round, rings without pixels are known") {
  Calibration c = kCentre;
  c.ellipticity = 0.1;
  c.ellipse_angle = 0.5;
  const RingMap map(64, 64, c, kAxis);
  // a pixel on the long axis at q sqrt(1.1) belongs to the ring of q
  const double q = 0.16, a = 0.5, along = q * std::sqrt(1.1);
  const int row = int(std::lround(c.centre_row + along * std::sin(a) / 0.01)),
            col = int(std::lround(c.centre_col + along * std::cos(a) / 0.01));
  CHECK(map.ring()(row, col) == 2);
  CHECK(RingMap(64, 64, kCentre, {0.001, 0.01, 9}).pixels().minCoeff() == 0);
  CHECK_THROWS(RingMap(64, 64, kCentre, {0.3, 0.2, 5}));
}

TEST_CASE("kinematic intensity is the double sum with J0, and near it with cut tables") {
  RandomSequence random(5, 1);
  std::vector<int> numbers;
  std::vector<Vector2d> places;
  for (int i = 0; i < 40; ++i) {
    numbers.push_back(i % 3 == 0 ? 40 : i % 3 == 1 ? 29 : 13);
    const double x = random.uniform();
    places.emplace_back(20 * x - 10, 20 * random.uniform() - 10);
  }
  const KinematicProbe probe;
  const auto fast = kinematic_intensity(numbers, places, probe, 0.3, 0.05, 8);
  KinematicProbe cut;
  cut.tabulated = true;
  const auto tabulated = kinematic_intensity(numbers, places, cut, 0.3, 0.05, 8);
  const auto airy = [&](const Vector2d& r) {
    const double x = 2 * M_PI * probe.resolution * r.norm();
    return 2 * std::cyl_bessel_j(1.0, x) / x;
  };
  for (int k = 0; k < 8; ++k) {
    const double q = 0.3 + 0.05 * k;
    double direct = 0;
    for (std::size_t i = 0; i < 40; ++i)
      for (std::size_t j = 0; j < 40; ++j)
        direct += scattering_factor(probe.table, numbers[i], q) *
                  scattering_factor(probe.table, numbers[j], q) * airy(places[i]) *
                  airy(places[j]) *
                  std::cyl_bessel_j(0.0, 2 * M_PI * q * (places[i] - places[j]).norm());
    CHECK(fast[k] == approx(direct).epsilon(1e-9));
    CHECK(tabulated[k] == approx(direct).epsilon(0.05));
    CHECK(tabulated[k] != fast[k]);
  }
}

TEST_CASE("Debye scattering turned back: a shell of known distance, its place and its area") {
  // S(q) - 1 = z sin(2 pi q r0) / (2 pi q r0) means z neighbours at r0
  const double z = 12, r0 = 2.8;
  const Eigen::ArrayXd q = Eigen::ArrayXd::LinSpaced(300, 0.1, 4.0);
  const Eigen::ArrayXd f2 = 30 / (1 + q.square() * 4);
  const Eigen::ArrayXd x = 2 * M_PI * q * r0;
  const Eigen::ArrayXd intensity = 7.5 * f2 * (1 + z * x.sin() / x);
  RadialSettings s;
  s.r_poly = 0;
  const RadialCurves c = reduce_radial(q, intensity, f2, f2, s);
  CHECK(c.scale == approx(7.5).epsilon(0.03));
  Eigen::Index top;
  c.g.maxCoeff(&top);
  CHECK(std::abs(c.r[top] - r0) < 0.02);
  double area = 0;  // of r G(r) over the peak: the number of neighbours
  for (Eigen::Index i = 0; i < c.r.size(); ++i)
    if (std::abs(c.r[i] - r0) < 0.6) area += c.r[i] * c.g[i] * 0.02;
  CHECK(area == approx(z).epsilon(0.05));
  // a background that varies slowly is taken off
  RadialSettings fitted;
  fitted.r_poly = 0.5;
  const RadialCurves d =
      reduce_radial(q, intensity + 7.5 * f2 * 0.2 * (1 - 0.1 * q), f2, f2, fitted);
  Eigen::Index again;
  d.g.tail(d.g.size() - 60).maxCoeff(&again);
  CHECK(std::abs(d.r[again + 60] - r0) < 0.02);
  CHECK_THROWS(reduce_radial(q.head(8), intensity.head(8), f2.head(8), f2.head(8), s));
}
