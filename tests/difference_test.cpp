// Laws of what a template leaves unexplained.
#include "patterns/difference.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/approx.hpp"

using namespace vitrobeam;

namespace {

const Calibration kCamera = centred_calibration(64, 64, 0.05, 0.05);

template <typename F>
PlaneF image(F&& value) {
  PlaneF out(64, 64);
  for (int r = 0; r < 64; ++r)
    for (int c = 0; c < 64; ++c) {
      const double y = (r - 32) * 0.05, x = (c - 32) * 0.05;
      out(r, c) = float(value(std::hypot(x, y), std::atan2(y, x)));
    }
  return out;
}

double spots(double q, double t) {
  return std::exp(-0.5 * std::pow((q - 0.7) / 0.1, 2)) * (1 + std::cos(5 * t));
}

}  // namespace

TEST_CASE("a template on rings of its own leaves nothing, whatever its amplitude") {
  const PlaneF t = image(spots),
               p = image([](double q, double a) { return 7 * std::exp(-q) + 3 * spots(q, a); });
  const Unexplained u = unexplained(p, t, kCamera, {}, 0.3, 1.2);
  CHECK(u.amplitude == approx(3).epsilon(0.01));
  CHECK(u.share < 0.01);
  CHECK(std::isnan(u.difference(32, 32)));
  CHECK(std::isfinite(u.difference(32, 44)));
}

TEST_CASE("what the template has not is left, and a template is never subtracted negatively") {
  const PlaneF t = image(spots),
               other = image([](double q, double a) {
                 return 1 - std::cos(3 * a) * std::exp(-0.5 * std::pow((q - 0.7) / 0.1, 2));
               });
  const Unexplained u = unexplained(other, t, kCamera, {}, 0.3, 1.2);
  CHECK(u.amplitude < 0.01);
  CHECK(u.share > 0.99);
  CHECK(unexplained(PlaneF(-t), t, kCamera, {}, 0.3, 1.2).amplitude == 0);
}

TEST_CASE("hidden pixels say nothing") {
  const PlaneF t = image(spots);
  PlaneF p = 2 * t;
  PixelMask hidden = PixelMask::Zero(64, 64);
  hidden.block(30, 34, 5, 20) = 1;
  p.block(30, 34, 5, 20) = 1e6f;
  const Unexplained u = unexplained(p, t, kCamera, hidden, 0.3, 1.2);
  CHECK(u.amplitude == approx(2).epsilon(0.02));
  CHECK(std::isnan(u.difference(32, 46)));
}
