#include "patterns/difference.hpp"

#include <cmath>

namespace vitrobeam {
namespace {

PlaneF rings(const PlaneF& image, const Calibration& camera, const PixelMask& hidden) {
  return radial_image(radial_mean(image, camera, hidden), image.rows(), image.cols(), camera);
}

}  // namespace

Unexplained unexplained(const PlaneF& pattern, const PlaneF& turned_template,
                        const Calibration& camera, const PixelMask& hidden, double q_min,
                        double q_max) {
  const PlaneF mean = rings(pattern, camera, hidden), x = (pattern - mean) / mean.sqrt(),
               t = (turned_template - rings(turned_template, camera, hidden)) / mean.sqrt();
  Unexplained out;
  out.difference = PlaneF::Constant(x.rows(), x.cols(), std::nanf(""));
  double xt = 0, tt = 0, xx = 0, rest = 0;
  const auto over_range = [&](auto&& work) {
    for (Eigen::Index r = 0; r < x.rows(); ++r)
      for (Eigen::Index c = 0; c < x.cols(); ++c) {
        const double q = std::hypot((double(r) - camera.centre_row) * camera.pixel_qy,
                                    (double(c) - camera.centre_col) * camera.pixel_qx);
        if (q < q_min || q > q_max || (hidden.size() > 0 && hidden(r, c)) ||
            !std::isfinite(x(r, c)) || !std::isfinite(t(r, c)) || !(mean(r, c) > 0))
          continue;
        work(r, c);
      }
  };
  over_range([&](Eigen::Index r, Eigen::Index c) {
    xt += double(x(r, c)) * t(r, c);
    tt += double(t(r, c)) * t(r, c);
    xx += double(x(r, c)) * x(r, c);
  });
  out.amplitude = tt > 0 ? std::max(0.0, xt / tt) : 0;
  over_range([&](Eigen::Index r, Eigen::Index c) {
    const double d = x(r, c) - out.amplitude * t(r, c);
    out.difference(r, c) = float(d);
    rest += d * d;
  });
  out.share = xx > 0 ? rest / xx : 1;
  return out;
}

}  // namespace vitrobeam
