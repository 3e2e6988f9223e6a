#include "maps/density_result.hpp"

#include <cmath>

namespace vitrobeam {
namespace {

Difference difference(double a, double a_error, double b, double b_error) {
  const double error = std::hypot(a_error, b_error);
  return {a - b, error, std::erfc(std::abs(a - b) / error / std::sqrt(2.0))};
}

}  // namespace

ContrastComparison compare_contrasts(const Contrast& a, const Contrast& b) {
  return {b, difference(a.contrast, a.contrast_error, b.contrast, b.contrast_error),
          difference(a.length, a.length_error, b.length, b.length_error)};
}

}  // namespace vitrobeam
