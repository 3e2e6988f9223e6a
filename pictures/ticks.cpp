#include "pictures/ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vitrobeam {

double round_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double part = rough / power;
  return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

std::vector<double> ticks(double low, double high, int about, double least) {
  // An axis shorter than the digits of its numbers has no round values between its ends.
  constexpr double kShortest = 1e-12;
  if (!std::isfinite(high - low) ||
      !(high - low > kShortest * std::max(std::abs(low), std::abs(high))))
    return {low};
  const double step = std::max(round_step((high - low) / about), least);
  std::vector<double> out;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    out.push_back(k * step);
  return out;
}

std::string exponent_text(double value) {
  std::string text = fmt::format("{:.2g}", value);
  if (value > 0 && std::abs(std::log10(value) - std::round(std::log10(value))) < 1e-9)
    text = fmt::format("1e{}", std::lround(std::log10(value)));
  const auto e = text.find('e');
  if (e == std::string::npos) return text;
  const std::string mantissa = text.substr(0, e);
  const int power = std::stoi(text.substr(e + 1));
  return (mantissa == "1" ? "10" : mantissa + "\u00b710") + fmt::format("^{{{}}}", power);
}

std::string tick_text(double value, double step) {
  if (value == 0 || std::abs(value) < 1e-9 * step) return "0";
  const double size = std::abs(value);
  if (size >= 1e5 || size < 1e-3) return exponent_text(value);
  return fmt::format("{:.{}f}", value, std::clamp(-int(std::floor(std::log10(step) + 1e-9)), 0, 6));
}

}  // namespace vitrobeam
