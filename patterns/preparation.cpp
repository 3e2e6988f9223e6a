#include "patterns/preparation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/linear_algebra.hpp"

namespace vitrobeam {
namespace {

double median_of(std::vector<double> values) {
  if (values.empty()) return NAN;
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool is_hidden(const PixelMask& hidden, Eigen::Index r, Eigen::Index c) {
  return hidden.size() > 0 && hidden(r, c) != 0;
}

// Calls visit(r, c) for the visible finite pixels within `reach` of (row, col), itself left out.
template <typename Visit>
void around(const PlaneF& image, const PixelMask& hidden, Eigen::Index row, Eigen::Index col,
            Eigen::Index reach, Visit&& visit) {
  for (Eigen::Index r = std::max<Eigen::Index>(0, row - reach);
       r <= std::min(image.rows() - 1, row + reach); ++r)
    for (Eigen::Index c = std::max<Eigen::Index>(0, col - reach);
         c <= std::min(image.cols() - 1, col + reach); ++c)
      if ((r != row || c != col) && !is_hidden(hidden, r, c) && std::isfinite(image(r, c)))
        visit(r, c);
}

// Connected pixels (four neighbours) for which inside(r, c) holds, from one of them.
template <typename Inside>
std::vector<std::pair<Eigen::Index, Eigen::Index>> region_from(Eigen::Index rows, Eigen::Index cols,
                                                               Eigen::Index row, Eigen::Index col,
                                                               PixelMask& seen, Inside&& inside) {
  std::vector<std::pair<Eigen::Index, Eigen::Index>> region{{row, col}};
  seen(row, col) = 1;
  constexpr std::array<std::pair<int, int>, 4> kSides = {{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};
  for (std::size_t next = 0; next < region.size(); ++next)
    for (const auto& [dr, dc] : kSides) {
      const Eigen::Index r = region[next].first + dr, c = region[next].second + dc;
      if (r < 0 || c < 0 || r >= rows || c >= cols || seen(r, c) || !inside(r, c)) continue;
      seen(r, c) = 1;
      region.emplace_back(r, c);
    }
  return region;
}

// Radius in pixels of the finer axis, with the ellipse undone.
double radius_of(const Calibration& c, double row, double col) {
  const double pixel = std::min(c.pixel_qx, c.pixel_qy);
  const double x = (col - c.centre_col) * c.pixel_qx / pixel,
               y = (row - c.centre_row) * c.pixel_qy / pixel,
               stretch = std::sqrt(1 + c.ellipticity);
  const double along = x * std::cos(c.ellipse_angle) + y * std::sin(c.ellipse_angle),
               across = y * std::cos(c.ellipse_angle) - x * std::sin(c.ellipse_angle);
  return std::hypot(along / stretch, across * stretch);
}

std::vector<std::vector<double>> circles(const PlaneF& image, const Calibration& centre,
                                         const PixelMask& hidden) {
  std::vector<std::vector<double>> out;
  for (Eigen::Index r = 0; r < image.rows(); ++r)
    for (Eigen::Index c = 0; c < image.cols(); ++c) {
      if (is_hidden(hidden, r, c) || !std::isfinite(image(r, c))) continue;
      const auto k = std::size_t(radius_of(centre, double(r), double(c)));
      if (k >= out.size()) out.resize(k + 1);
      out[k].push_back(image(r, c));
    }
  return out;
}

}  // namespace

PixelMask either(const PixelMask& a, const PixelMask& b) {
  if (a.size() == 0) return b;
  return b.size() == 0 ? a : PixelMask(a.max(b));
}

PixelMask faulty_pixels(const PlaneF& mean, const PixelMask& hidden, double sigmas) {
  PixelMask faulty = PixelMask::Zero(mean.rows(), mean.cols());
  PlaneD excess = PlaneD::Constant(mean.rows(), mean.cols(), NAN);
  std::vector<double> all;
  for (Eigen::Index r = 0; r < mean.rows(); ++r)
    for (Eigen::Index c = 0; c < mean.cols(); ++c) {
      if (is_hidden(hidden, r, c)) continue;
      if (!std::isfinite(mean(r, c))) {
        faulty(r, c) = 1;
        continue;
      }
      std::vector<double> near;
      around(mean, hidden, r, c, 2, [&](auto y, auto x) { near.push_back(mean(y, x)); });
      if (near.empty()) continue;
      excess(r, c) = mean(r, c) - median_of(near);
      all.push_back(std::abs(excess(r, c)));
    }
  const double spread = 1.4826 * median_of(all);
  for (Eigen::Index r = 0; r < mean.rows(); ++r)
    for (Eigen::Index c = 0; c < mean.cols(); ++c) {
      if (!std::isfinite(excess(r, c))) continue;
      double highest = -INFINITY, lowest = INFINITY;
      around(mean, hidden, r, c, 1, [&](auto y, auto x) {
        highest = std::max(highest, double(mean(y, x)));
        lowest = std::min(lowest, double(mean(y, x)));
      });
      const double v = mean(r, c);
      const bool hot = excess(r, c) > sigmas * spread && v > 3 * std::max(0.0, highest);
      const bool dead = excess(r, c) < -sigmas * spread && v < lowest / 3;
      if (hot || dead) faulty(r, c) = 1;
    }
  return faulty;
}

PixelMask beam_stop(const PlaneF& mean, const Calibration& centre, const PixelMask& hidden,
                    int margin) {
  // Half of what the brighter fifth of a circle has; and where the stop covers a circle wholly, a
  // sixth of the brightest circle outside of it (patterns brighten towards the centre, but for the
  // dip in front of a ring).
  std::vector<double> limit;
  for (auto& circle : circles(mean, centre, hidden)) {
    if (circle.empty()) {
      limit.push_back(0);
      continue;
    }
    const auto fifth = circle.begin() + std::ptrdiff_t(circle.size() * 4 / 5);
    std::nth_element(circle.begin(), fifth, circle.end());
    limit.push_back(0.5 * *fifth);
  }
  double outside = 0;
  for (std::size_t k = limit.size(); k-- > 0;) {
    const double own = limit[k];
    limit[k] = std::max(own, outside / 3);
    outside = std::max(outside, own);
  }
  // a circle that is not quite concentric or round crosses the flanks of a ring: what is darker
  // than all circles near by is dark
  const std::vector<double> sharp = limit;
  for (std::size_t k = 0; k < limit.size(); ++k) {
    const std::size_t reach = 3 + k / 12;
    for (std::size_t j = k - std::min(k, reach); j < std::min(sharp.size(), k + reach + 1); ++j)
      limit[k] = std::min(limit[k], sharp[j]);
  }
  const auto dark = [&](Eigen::Index r, Eigen::Index c) {
    const auto k = std::size_t(radius_of(centre, double(r), double(c)));
    return k < limit.size() && !is_hidden(hidden, r, c) && !(mean(r, c) > limit[k]);
  };
  PixelMask seen = PixelMask::Zero(mean.rows(), mean.cols());
  std::vector<std::pair<Eigen::Index, Eigen::Index>> largest;
  for (Eigen::Index r = 0; r < mean.rows(); ++r)
    for (Eigen::Index c = 0; c < mean.cols(); ++c) {
      if (seen(r, c) || !dark(r, c)) continue;
      auto region = region_from(mean.rows(), mean.cols(), r, c, seen, dark);
      if (region.size() > largest.size()) largest = std::move(region);
    }
  if (double(largest.size()) < 1e-3 * double(mean.size())) return {};
  PixelMask stop = PixelMask::Zero(mean.rows(), mean.cols());
  for (const auto& [row, col] : largest)
    for (Eigen::Index r = std::max<Eigen::Index>(0, row - margin);
         r <= std::min(mean.rows() - 1, row + margin); ++r)
      for (Eigen::Index c = std::max<Eigen::Index>(0, col - margin);
           c <= std::min(mean.cols() - 1, col + margin); ++c)
        stop(r, c) = 1;
  return stop;
}

Disc central_disc(const PlaneF& image, const PixelMask& hidden) {
  // level of the disc: median of the brightest part, so that one hot pixel does not set it
  std::vector<double> values;
  for (Eigen::Index r = 0; r < image.rows(); ++r)
    for (Eigen::Index c = 0; c < image.cols(); ++c)
      if (!is_hidden(hidden, r, c) && std::isfinite(image(r, c))) values.push_back(image(r, c));
  if (values.size() < 9) fail(Fault::physics, "no visible pixels to find the central disc in");
  std::sort(values.begin(), values.end(), std::greater<>());
  double threshold = values[std::min<std::size_t>(values.size() - 1, 4)] / 2;
  std::vector<std::pair<Eigen::Index, Eigen::Index>> best;
  for (int round = 0; round < 3; ++round) {  // the level of the region decides its own border
    PixelMask seen = PixelMask::Zero(image.rows(), image.cols());
    const auto bright = [&](Eigen::Index r, Eigen::Index c) {
      return !is_hidden(hidden, r, c) && image(r, c) > threshold;
    };
    best.clear();
    for (Eigen::Index r = 0; r < image.rows(); ++r)
      for (Eigen::Index c = 0; c < image.cols(); ++c)
        if (!seen(r, c) && bright(r, c)) {
          auto region = region_from(image.rows(), image.cols(), r, c, seen, bright);
          if (region.size() > best.size()) best = std::move(region);
        }
    if (best.empty()) fail(Fault::physics, "no bright disc in the pattern");
    std::vector<double> level;
    for (const auto& [r, c] : best) level.push_back(image(r, c));
    threshold = median_of(level) / 2;
  }
  double sum = 0, row = 0, col = 0;
  for (const auto& [r, c] : best) {
    if (r == 0 || c == 0 || r == image.rows() - 1 || c == image.cols() - 1)
      fail(Fault::physics,
           "the brightest region touches the border of the pattern; is it the "
           "central disc? Find the centre by the ring instead");
    around(image, {}, r, c, 1, [&](auto y, auto x) {
      if (is_hidden(hidden, y, x))
        fail(Fault::physics,
             "the central disc is partly hidden; find the centre by the ring instead");
    });
  }
  // a pixel counts by how far it rises above the border's level, up to the disc's own
  PixelMask region = PixelMask::Zero(image.rows(), image.cols());
  for (const auto& [r, c] : best) {
    region(r, c) = 1;
    around(image, {}, r, c, 1, [&](auto y, auto x) { region(y, x) = 1; });
  }
  for (Eigen::Index r = 0; r < image.rows(); ++r)
    for (Eigen::Index c = 0; c < image.cols(); ++c) {
      if (!region(r, c)) continue;
      const double share = std::clamp(double(image(r, c)) / (2 * threshold), 0.0, 1.0);
      sum += share;
      row += share * double(r);
      col += share * double(c);
    }
  return {row / sum, col / sum, std::sqrt(sum / M_PI)};
}

namespace {

struct Sample {
  double x, y, root;  // from the stated centre, 1/Angstrom; of the mean intensity
};

// Visible pixels, by their means in squares where the image is large; the brightest fiftieth is cut
// to one height, or a hot pixel or a spot would be a centre.
std::vector<Sample> coarse_samples(const PlaneF& mean, const Calibration& centre,
                                   const PixelMask& hidden) {
  constexpr Eigen::Index kSide = 96;
  const Eigen::Index block = std::max<Eigen::Index>(1, std::max(mean.rows(), mean.cols()) / kSide);
  std::vector<Sample> samples;
  for (Eigen::Index row = 0; row + block <= mean.rows(); row += block)
    for (Eigen::Index col = 0; col + block <= mean.cols(); col += block) {
      double sum = 0, visible = 0;
      for (Eigen::Index r = row; r < row + block; ++r)
        for (Eigen::Index c = col; c < col + block; ++c)
          if (std::isfinite(mean(r, c)) && (hidden.size() == 0 || hidden(r, c) == 0))
            sum += double(mean(r, c)), ++visible;
      const double half = double(block - 1) / 2;
      if (2 * visible > double(block * block))
        samples.push_back({(double(col) + half - centre.centre_col) * centre.pixel_qx,
                           (double(row) + half - centre.centre_row) * centre.pixel_qy,
                           std::sqrt(std::max(0.0, sum / visible))});
    }
  if (samples.empty()) return samples;
  std::vector<double> roots;
  for (const Sample& sample : samples) roots.push_back(sample.root);
  const auto top = roots.begin() + std::ptrdiff_t(0.98 * double(roots.size() - 1));
  std::nth_element(roots.begin(), top, roots.end());
  for (Sample& sample : samples) sample.root = std::min(sample.root, *top);
  return samples;
}

// Sum of squares within circles of the given width.
double spread_along_circles(const std::vector<Sample>& samples, double x, double y, double width) {
  std::vector<std::array<double, 3>> circles;  // count, sum, sum of squares
  for (const Sample& s : samples) {
    const auto k = std::size_t(std::hypot(s.x - x, s.y - y) / width);
    if (k >= circles.size()) circles.resize(k + 1, {0, 0, 0});
    circles[k][0] += 1;
    circles[k][1] += s.root;
    circles[k][2] += s.root * s.root;
  }
  double within = 0;
  for (const auto& [n, sum, squares] : circles)
    if (n > 0) within += squares - sum * sum / n;
  return within;
}

}  // namespace

Vector2d rough_centre_shift(const PlaneF& mean, const Calibration& centre, const PixelMask& hidden,
                            double reach) {
  constexpr int kSteps = 10;
  const auto samples = coarse_samples(mean, centre, hidden);
  const double pixel = std::max(centre.pixel_qx, centre.pixel_qy),
               block = std::max(1.0, double(std::max(mean.rows(), mean.cols())) / 96),
               width = 1.5 * pixel * block, step = reach / kSteps;
  double least = spread_along_circles(samples, 0, 0, width) / 2;
  Vector2d best = Vector2d::Zero();
  for (int i = -kSteps; i <= kSteps; ++i)
    for (int j = -kSteps; j <= kSteps; ++j) {
      const Vector2d shift(j * step, i * step);
      if (shift.norm() > reach) continue;
      if (const double v = spread_along_circles(samples, shift.x(), shift.y(), width); v < least) {
        least = v;
        best = shift;
      }
    }
  return best;
}

std::vector<double> radial_median(const PlaneF& image, const Calibration& centre,
                                  const PixelMask& hidden) {
  std::vector<double> out;
  for (auto& circle : circles(image, centre, hidden)) out.push_back(median_of(std::move(circle)));
  return out;
}

std::vector<double> radial_mean(const PlaneF& image, const Calibration& centre,
                                const PixelMask& hidden) {
  std::vector<double> out;
  for (const auto& circle : circles(image, centre, hidden))
    out.push_back(circle.empty()
                      ? NAN
                      : std::accumulate(circle.begin(), circle.end(), 0.0) / double(circle.size()));
  return out;
}

PlaneF radial_image(const std::vector<double>& profile, Eigen::Index rows, Eigen::Index cols,
                    const Calibration& centre) {
  PlaneF image(rows, cols);
  const auto at = [&](std::ptrdiff_t k) {
    const double v =
        profile[std::size_t(std::clamp<std::ptrdiff_t>(k, 0, std::ptrdiff_t(profile.size()) - 1))];
    return std::isfinite(v) ? v : 0;
  };
  for (Eigen::Index r = 0; r < rows; ++r)
    for (Eigen::Index c = 0; c < cols; ++c) {
      const double radius = radius_of(centre, double(r), double(c)) - 0.5;
      const auto k = std::ptrdiff_t(std::floor(radius));
      const double share = radius - double(k);
      image(r, c) = float((1 - share) * at(k) + share * at(k + 1));
    }
  return image;
}

PlaneF moved(const PlaneF& image, int rows, int cols) {
  const auto wrapped = [](Eigen::Index i, Eigen::Index n) { return (i % n + n) % n; };
  PlaneF out(image.rows(), image.cols());
  for (Eigen::Index r = 0; r < image.rows(); ++r)
    for (Eigen::Index c = 0; c < image.cols(); ++c)
      out(wrapped(r + rows, image.rows()), wrapped(c + cols, image.cols())) = image(r, c);
  return out;
}

PixelMask hidden_after_moves(const PixelMask& hidden, Eigen::Index rows, Eigen::Index cols,
                             const std::vector<std::pair<int, int>>& moves) {
  PixelMask out = PixelMask::Zero(rows, cols);
  for (const auto& [down, right] : std::set<std::pair<int, int>>(moves.begin(), moves.end()))
    for (Eigen::Index r = 0; r < rows; ++r)
      for (Eigen::Index c = 0; c < cols; ++c) {
        const Eigen::Index y = r - down, x = c - right;
        const bool entered = y < 0 || x < 0 || y >= rows || x >= cols;
        if (entered || is_hidden(hidden, y, x)) out(r, c) = 1;
      }
  return out;
}

PlaneFit fit_plane(const PlaneD& map) {
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  for (Eigen::Index r = 0; r < map.rows(); ++r)
    for (Eigen::Index c = 0; c < map.cols(); ++c) {
      if (!std::isfinite(map(r, c))) continue;
      const Eigen::Vector3d basis(1, double(c), double(r));
      normal += basis * basis.transpose();
      right += map(r, c) * basis;
    }
  const Eigen::VectorXd x = shortest_least_squares(normal, right);
  return {x[0], x[1], x[2]};
}

}  // namespace vitrobeam
