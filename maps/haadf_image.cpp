#include "maps/haadf_image.hpp"

#include <cmath>

#include "base/error.hpp"

namespace vitrobeam {

std::optional<double> HaadfImage::step() const {
  if (y.size() < 2 || x.size() < 2) return std::nullopt;
  const double dy = y[1] - y[0], dx = x[1] - x[0];
  return std::abs(dy - dx) < 0.02 * dx ? std::optional<double>(dx) : std::nullopt;
}

void HaadfImage::set_step(double step) {
  y.clear();
  x.clear();
  for (Eigen::Index i = 0; i < intensity.rows(); ++i) y.push_back(double(i) * step);
  for (Eigen::Index i = 0; i < intensity.cols(); ++i) x.push_back(double(i) * step);
}

HaadfImage scaled(HaadfImage image, const ImageScale& s) {
  if (s.dose > 0 && s.gain)
    fail(Fault::usage, "@dose and @gain: give one of them; both say how many electrons there are");
  const auto known = image.intensity.isFinite();
  if (const double most = known.select(image.intensity, -HUGE_VAL).maxCoeff();
      s.dark != 0 && known.any() && s.dark >= most)
    fail(Fault::usage, "@dark {:g}: nothing is left of the image, whose largest value is {:g}",
         s.dark, most);
  const auto add_variance = [&](const PlaneD& counts) {
    if (image.variance.size() == 0)
      image.variance = counts;
    else
      image.variance += counts;
  };
  image.intensity -= s.dark;
  if (s.gain) add_variance(image.intensity.max(0) * *s.gain);
  if (s.incident) {
    image.intensity /= *s.incident;
    if (image.variance.size() > 0) image.variance /= *s.incident * *s.incident;
    image.is_fraction = true;
  }
  if (s.dose > 0) {
    if (!image.is_fraction)
      fail(Fault::usage,
           "@dose {:g}: the image is no fraction of the beam; give @incident, or @gain instead",
           s.dose);
    add_variance(image.intensity.max(0) / s.dose);
  }
  return image;
}

}  // namespace vitrobeam
