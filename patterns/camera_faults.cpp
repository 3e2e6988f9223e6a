#include "patterns/camera_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/counted.hpp"

namespace vitrobeam {
namespace {

bool is_hidden(const PixelMask& mask, Eigen::Index r, Eigen::Index c) {
  return mask.size() > 0 && mask(r, c) != 0;
}

template <typename Visit>
void neighbours(Eigen::Index rows, Eigen::Index cols, Eigen::Index r, Eigen::Index c,
                Visit&& visit) {
  for (Eigen::Index y = std::max<Eigen::Index>(0, r - 1); y <= std::min(rows - 1, r + 1); ++y)
    for (Eigen::Index x = std::max<Eigen::Index>(0, c - 1); x <= std::min(cols - 1, c + 1); ++x)
      if (y != r || x != c) visit(y, x);
}

// The sample as images, and what each pixel did in it.
struct Sample {
  const Stack<float>& stack;
  std::vector<std::size_t> patterns;  // of which at least one pixel is a number
  Eigen::Index rows, cols;
  PlaneD mean, variance;  // of the numbers

  explicit Sample(const Stack<float>& s)
      : stack(s), rows(Eigen::Index(s.shape[1])), cols(Eigen::Index(s.shape[2])) {
    PlaneD sum = PlaneD::Zero(rows, cols), squares = sum, count = sum;
    for (std::size_t k = 0; k < s.shape[0]; ++k) {
      const auto image = s.plane(k).cast<double>();
      const auto known = image.isFinite();
      if (!known.any()) continue;
      patterns.push_back(k);
      const PlaneD values = known.select(image, 0.0);
      sum += values;
      squares += values.square();
      count += known.cast<double>();
    }
    mean = sum / count.max(1.0);
    variance = (squares / count.max(1.0) - mean.square()).max(0.0);
  }
  double at(std::size_t pattern, Eigen::Index r, Eigen::Index c) const {
    return stack.plane(pattern)(r, c);
  }
  template <typename Test>
  bool always(Eigen::Index r, Eigen::Index c, Test&& test) const {
    return std::all_of(patterns.begin(), patterns.end(),
                       [&](std::size_t k) { return test(k, at(k, r, c)); });
  }
};

// Not a number in more than half of the patterns.
PixelMask not_finite(const Sample& s) {
  PixelMask mask = PixelMask::Zero(s.rows, s.cols);
  for (Eigen::Index r = 0; r < s.rows; ++r)
    for (Eigen::Index c = 0; c < s.cols; ++c) {
      const auto bad = std::count_if(s.patterns.begin(), s.patterns.end(),
                                     [&](std::size_t k) { return !std::isfinite(s.at(k, r, c)); });
      mask(r, c) = 2 * std::size_t(bad) > s.patterns.size();
    }
  return mask;
}

// Connected pixels that all hold the largest number.
struct Region {
  std::vector<std::pair<Eigen::Index, Eigen::Index>> pixels;
  bool touches_border = false;
};

Region region_from(const PixelMask& mask, PixelMask& seen, Eigen::Index r, Eigen::Index c) {
  Region region;
  region.pixels.emplace_back(r, c);
  seen(r, c) = 1;
  for (std::size_t next = 0; next < region.pixels.size(); ++next) {
    const auto [y, x] = region.pixels[next];
    region.touches_border |= y == 0 || x == 0 || y == mask.rows() - 1 || x == mask.cols() - 1;
    neighbours(mask.rows(), mask.cols(), y, x, [&](Eigen::Index ny, Eigen::Index nx) {
      if (mask(ny, nx) == 0 || seen(ny, nx) != 0) return;
      seen(ny, nx) = 1;
      region.pixels.emplace_back(ny, nx);
    });
  }
  return region;
}

// At the largest number in every pattern. Small integers saturate too: what is no single pixel, and
// no gap between modules, which ends at the border, is a bright disc.
void mark_largest(const Sample& s, double largest, CameraFaults& out) {
  constexpr double kNeverReached = 2e9;  // by 31 bits and more
  constexpr std::size_t kFew = 16;
  PixelMask at_most = PixelMask::Zero(s.rows, s.cols), seen = at_most;
  for (Eigen::Index r = 0; r < s.rows; ++r)
    for (Eigen::Index c = 0; c < s.cols; ++c)
      at_most(r, c) =
          s.always(r, c, [&](std::size_t, double v) { return v == double(float(largest)); });
  for (Eigen::Index r = 0; r < s.rows; ++r)
    for (Eigen::Index c = 0; c < s.cols; ++c) {
      if (at_most(r, c) == 0 || seen(r, c) != 0) continue;
      const Region region = region_from(at_most, seen, r, c);
      if (largest < kNeverReached && region.pixels.size() > kFew && !region.touches_border) {
        out.saturated += region.pixels.size();
        continue;
      }
      out.largest += region.pixels.size();
      for (const auto& [y, x] : region.pixels) out.unreadable(y, x) = 1;
    }
}

constexpr double kFactor = 3;  // of a faulty pixel against its neighbours

constexpr std::size_t kFew = 4;  // patterns, of which a few counts may stand out by chance

// Above all its neighbours, threefold, in every pattern; the more the fewer patterns there are.
bool stands_out(const Sample& s, const PixelMask& hidden, Eigen::Index r, Eigen::Index c) {
  const double factor = s.patterns.size() == 1 ? 30 : s.patterns.size() < kFew ? 10 : kFactor;
  return s.always(r, c, [&](std::size_t k, double v) {
    double highest = 1;  // one count may stand alone
    neighbours(s.rows, s.cols, r, c, [&](Eigen::Index y, Eigen::Index x) {
      if (!is_hidden(hidden, y, x)) highest = std::max(highest, s.at(k, y, x));
    });
    return v >= factor * highest;
  });
}

// The same number in every pattern, below a third of what most neighbours have in the mean, which
// by their own noise cannot be chance.
bool is_dead(const Sample& s, const PixelMask& hidden, Eigen::Index r, Eigen::Index c) {
  const double value = s.at(s.patterns.front(), r, c);
  if (!s.always(r, c, [&](std::size_t, double v) { return v == value; })) return false;
  constexpr double kMostChance = 30, kMost = 0.75;
  int bright = 0, visible = 0;
  neighbours(s.rows, s.cols, r, c, [&](Eigen::Index y, Eigen::Index x) {
    if (is_hidden(hidden, y, x)) return;
    ++visible;
    const double mean = s.mean(y, x),
                 variance = std::max(s.variance(y, x), s.patterns.size() < kFew ? mean : 0);
    const double chance = double(s.patterns.size()) * mean * mean;
    if (mean <= 0 || value >= mean / kFactor || chance <= kMostChance * variance) return;
    bright += s.always(y, x, [&](std::size_t, double v) { return v > value; });
  });
  return visible >= 3 && bright >= kMost * visible;
}

// Spots of a crystal come in pairs across the centre.
bool has_partner(const Sample& s, const PixelMask& hidden, const Calibration& centre,
                 Eigen::Index r, Eigen::Index c) {
  const double y = 2 * centre.centre_row - double(r), x = 2 * centre.centre_col - double(c);
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) {
      const auto py = Eigen::Index(std::lround(y)) + dy, px = Eigen::Index(std::lround(x)) + dx;
      if (py < 0 || px < 0 || py >= s.rows || px >= s.cols) continue;
      if (stands_out(s, hidden, py, px)) return true;
    }
  return false;
}

void mark_dead_and_hot(const Sample& s, const Calibration& centre, const PixelMask& hidden,
                       CameraFaults& out) {
  PixelMask found = PixelMask::Zero(s.rows, s.cols);
  std::size_t dead = 0, hot = 0;
  for (Eigen::Index r = 0; r < s.rows; ++r)
    for (Eigen::Index c = 0; c < s.cols; ++c) {
      if (is_hidden(hidden, r, c)) continue;
      const bool is_hot = stands_out(s, hidden, r, c) && !has_partner(s, hidden, centre, r, c);
      const bool dark = !is_hot && is_dead(s, hidden, r, c);
      hot += is_hot;
      dead += dark;
      found(r, c) = is_hot || dark;
    }
  constexpr std::size_t kAlways = 16, kShare = 500;  // more of them are no faults of a camera
  if (dead + hot > std::max(kAlways, std::size_t(s.rows * s.cols) / kShare)) return;
  out.dead = dead;
  out.hot = hot;
  out.hidden = either(out.hidden, found);
}

// The largest numbers of the integers in which cameras record; the patterns may since have been
// stored as wider integers or floating point.
constexpr std::array<double, 4> kLargestOfCameras = {65535, 2147483647, 4294967295,
                                                     18446744073709551615.0};

}  // namespace

CameraFaults find_camera_faults(const Stack<float>& sample, std::optional<double> largest,
                                bool counts, const Calibration& centre, const PixelMask& known) {
  const Sample s(sample);
  CameraFaults out;
  if (s.patterns.empty()) return out;
  out.unreadable = not_finite(s);
  out.not_finite = std::size_t((out.unreadable != 0).count());
  if (largest) mark_largest(s, *largest, out);
  for (const double other : kLargestOfCameras)
    if (s.patterns.size() > 1 && largest != other) mark_largest(s, other, out);
  out.hidden = out.unreadable;
  if (counts) mark_dead_and_hot(s, centre, either(out.hidden, known), out);
  if ((out.unreadable == 0).all()) out.unreadable.resize(0, 0);
  if ((out.hidden == 0).all()) out.hidden.resize(0, 0);
  return out;
}

std::string summary(const CameraFaults& f) {
  std::string parts;
  for (const auto& [count, words] :
       {std::pair{f.not_finite, "not a number"},
        {f.largest, "at the largest number of their type, which marks bad pixels"},
        {f.dead, "dead"},
        {f.hot, "hot"}})
    if (count > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count, words);
  std::string text;
  if (!parts.empty())
    text = fmt::format("{} hidden: {}",
                       counted(f.not_finite + f.largest + f.dead + f.hot, "pixel is", "pixels are"),
                       parts);
  if (f.saturated > 0)
    text += fmt::format("{}{} saturated in every pattern", text.empty() ? "" : "; ",
                        counted(f.saturated, "pixel is", "pixels are"));
  return text;
}

}  // namespace vitrobeam
