#include "patterns/match_alignment.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "patterns/library_patterns.hpp"
#include "patterns/symmetry.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

constexpr int kRadii = 64, kAngles = 90;
constexpr double kChance = 4;  // standard errors

// Sums of parts of the scan.
struct Parts {
  std::vector<PlaneF> sum;
  PlaneF all;
  std::vector<PlaneF> examples;  // single patterns
  std::size_t count = 0;         // patterns in `all`
};

// A sample of the scan in sixteen parts, or as many as it has positions.
Parts parts_of(const PatternScan& scan) {
  constexpr std::size_t kRows = 16, kPerRow = 64, kParts = 16;
  const std::size_t step = (scan.scan_rows + kRows - 1) / kRows,
                    columns = std::min(scan.scan_columns, kPerRow),
                    rows = (scan.scan_rows + step - 1) / step, positions = rows * columns,
                    count = std::min(kParts, positions);
  constexpr std::size_t kExamples = 64;
  Parts parts{std::vector<PlaneF>(count, PlaneF::Zero(scan.rows, scan.columns)),
              PlaneF::Zero(scan.rows, scan.columns),
              {}};
  std::size_t at = 0;
  for (std::size_t row = 0; row < scan.scan_rows; row += step) {
    const Stack<float> images = scan.read(row, 0, columns, 1);
    for (std::size_t k = 0; k < images.shape[0]; ++k, ++at)
      if (images.plane(k).isFinite().all()) {
        parts.sum[at * count / positions] += images.plane(k);
        parts.all += images.plane(k);
        if (parts.count++ * kExamples / positions >= parts.examples.size())
          parts.examples.push_back(images.plane(k));
      }
  }
  std::erase_if(parts.sum, [](const PlaneF& p) { return !(p.sum() > 0); });
  return parts;
}

// The modulation of that order (1: off centre; 2: an ellipse) of rings B, by least squares on
//   I(q, theta) - <I>(q) = -a B'(q) lever(q) (c cos order theta + s sin order theta),
// in which a bin counts by the inverse of its mean, the variance of its counts. As centre_shift(),
// but by the slopes of the library's rings: those of few counts are noise, which makes any shift
// small and its error smaller.
Vector2d modulation(const PolarGrid& grid, const Eigen::ArrayXd& rings, const PlaneF& polar,
                    const PlaneF& weights, int order) {
  const Eigen::ArrayXd mean = radial_mean(polar, weights);
  double both = 0, own = 0;
  for (Index i = 0; i < rings.size(); ++i)
    if (std::isfinite(mean[i])) both += mean[i], own += rings[i];
  Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
  Vector2d right = Vector2d::Zero();
  for (int i = 1; i + 1 < grid.n_q && own > 0; ++i) {
    if (!std::isfinite(mean[i]) || !(rings[i] > 0)) continue;
    const double slope = both / own * (rings[i + 1] - rings[i - 1]) / (2 * grid.dq()),
                 lever = order == 1 ? 1 : grid.q(i) / 2;
    for (int j = 0; j < grid.n_theta; ++j) {
      const double theta = order * grid.theta(j), w = double(weights(i, j)) * grid.q(i) / rings[i];
      const Vector2d g = -slope * lever * Vector2d(std::cos(theta), std::sin(theta));
      normal += w * g * g.transpose();
      right += w * (double(polar(i, j)) - mean[i]) * g;
    }
  }
  return normal.determinant() > 0 ? Vector2d(normal.inverse() * right) : Vector2d(0, 0);
}

// Radius of the first ring: the middle of q <I>(q) over what is bright of it.
double ring_radius(const PolarGrid& grid, const Eigen::ArrayXd& radial) {
  Index peak = 0;
  Eigen::ArrayXd bright(radial.size());
  for (Index i = 0; i < radial.size(); ++i)
    bright[i] = std::isfinite(radial[i]) ? grid.q(int(i)) * radial[i] : 0;
  bright.maxCoeff(&peak);
  double sum = 0, moment = 0;
  for (Index i = peak; i >= 0 && bright[i] > 0.7 * bright[peak]; --i)
    sum += bright[i] - 0.7 * bright[peak],
        moment += (bright[i] - 0.7 * bright[peak]) * grid.q(int(i));
  for (Index i = peak + 1; i < bright.size() && bright[i] > 0.7 * bright[peak]; ++i)
    sum += bright[i] - 0.7 * bright[peak],
        moment += (bright[i] - 0.7 * bright[peak]) * grid.q(int(i));
  return sum > 0 ? moment / sum : 0;
}

// What is measured of a pattern, or of a mean of some: shift, ellipse, radius of the first ring.
using Figures = Eigen::Array<double, 5, 1>;
Figures figures(const PolarGrid& grid, const Eigen::ArrayXd& rings, const PlaneF& polar,
                const PlaneF& weights) {
  const Vector2d shift = modulation(grid, rings, polar, weights, 1),
                 ellipse = modulation(grid, rings, polar, weights, 2);
  Figures out;
  out.head<2>() = shift;
  out.segment<2>(2) = ellipse;
  out[4] = ring_radius(grid, radial_mean(polar, weights));
  return out;
}

// Variance along theta over the square of the mean, of the orders from 3 on, in the mean over the
// rings: that of speckle, which no shift and no ellipse changes much.
double speckle_power(const PolarGrid& grid, const PlaneF& polar, const PlaneF& weights) {
  double sum = 0, rings = 0;
  for (Index i = 0; i < polar.rows(); ++i) {
    const double visible = double(weights.row(i).sum());
    const double mean = double((polar.row(i) * weights.row(i)).sum()) / visible;
    if (!(visible > 0.5 * grid.n_theta) || !(mean > 0)) continue;
    const Eigen::ArrayXd off = weights.row(i).transpose().cast<double>() *
                               (polar.row(i).transpose().cast<double>() - mean);
    double power = off.square().sum() / visible;
    for (int order = 1; order <= 2; ++order) {
      double c = 0, s = 0;
      for (int j = 0; j < grid.n_theta; ++j) {
        c += off[j] * std::cos(order * grid.theta(j)) / visible;
        s += off[j] * std::sin(order * grid.theta(j)) / visible;
      }
      power -= 2 * (c * c + s * s);
    }
    sum += std::max(0.0, power) / (mean * mean);
    rings += 1;
  }
  return rings > 0 ? sum / rings : 0;
}

// What the library's motif-free patterns are, free of counting noise.
struct Reference {
  Eigen::ArrayXd rings;  // [q] their mean over the angles
  double radius = 0;     // of the first ring
  Figures scatter;       // from pattern to pattern: each is of a place of its own
  double speckle = 0;    // their mean speckle_power()
};

Reference reference_of(const MotifLibrary& library, const PolarGrid& grid) {
  constexpr std::size_t kMost = 256;
  const PolarTransform transform(Index(library.patterns.shape[1]), Index(library.patterns.shape[2]),
                                 library.calibration(), grid);
  const PlaneF& w = transform.weights();
  PlaneF mean = PlaneF::Zero(Index(library.patterns.shape[1]), Index(library.patterns.shape[2]));
  for (std::size_t i = 0; i < library.null.size(); ++i) mean += library.null_patterns.plane(i);
  Reference out;
  out.rings = radial_mean(transform(mean / float(library.null.size())), w);
  out.radius = ring_radius(grid, out.rings);
  Figures sum = Figures::Zero(), square = sum;
  const std::size_t step = (library.null.size() + kMost - 1) / kMost;
  double n = 0;
  for (std::size_t i = 0; i < library.null.size(); i += step, ++n) {
    const PlaneF polar = transform(library.null_patterns.plane(i));
    const Figures f = figures(grid, out.rings, polar, w);
    sum += f;
    square += f.square();
    out.speckle += speckle_power(grid, polar, w);
  }
  out.speckle /= n;
  out.scatter = ((square - sum.square() / n) / std::max(1.0, n - 1)).max(0).sqrt();
  return out;
}

// Positions of a scan may lie closer than the beam is wide: of how many places of their own their
// mean pattern is, by how much of the speckle is left in it.
double places_of_their_own(const PolarTransform& transform, const Parts& parts,
                           const Reference& reference) {
  double single = 0;
  for (const PlaneF& p : parts.examples)
    single += speckle_power(transform.grid(), transform(p), transform.weights()) /
              double(parts.examples.size());
  const double noise = std::max(0.0, single - reference.speckle) / double(parts.count),
               left = speckle_power(transform.grid(), transform(parts.all), transform.weights());
  return std::clamp(reference.speckle / std::max(left - noise, 1e-12), 1.0, double(parts.count));
}

PolarGrid ring_grid(const PatternScan& scan, const MotifLibrary& library, double q_min,
                    double q_max) {
  const double circles = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  return {q_min, std::min({q_max > 0 ? q_max : kMatchedQ, reach(library), circles}), kRadii,
          kAngles};
}

// Errors: by the scatter of parts of the scan, which knows the counts, or by that of motif-free
// places, which knows that neighbouring positions see the same atoms; the larger.
Misalignment measured(const PatternScan& scan, const Parts& parts, const PolarGrid& grid,
                      const Reference& reference) {
  const PolarTransform transform(scan.rows, scan.columns, scan.calibration, grid, scan.hidden);
  const auto of = [&](const PlaneF& image) {
    return figures(grid, reference.rings, transform(image), transform.weights());
  };
  const double n = double(parts.sum.size());
  Figures sum = Figures::Zero(), square = sum;
  for (const PlaneF& part : parts.sum) {
    const Figures f = of(part);
    sum += f;
    square += f.square();
  }
  Figures error = Figures::Constant(INFINITY);
  if (n > 1)
    error =
        ((square - sum.square() / n).max(0) / (n * (n - 1)))
            .sqrt()
            .max(reference.scatter / std::sqrt(places_of_their_own(transform, parts, reference)));
  const Figures all = of(parts.all);
  const double unit = reference.radius > 0 ? reference.radius : all[4];
  return {{all[0], error[0]},
          {all[1], error[1]},
          {all[2], error[2]},
          {all[3], error[3]},
          {all[4] / unit, error[4] / unit}};
}

struct Pair {
  double size, chances;  // root of the sum of squares; the same in standard errors
  Pair(const Measured& a, const Measured& b)
      : size(std::hypot(a.value, b.value)),
        chances(std::hypot(a.value / a.error, b.value / b.error)) {}
  bool is_off(double tolerance) const { return size > tolerance && chances > kChance; }
};

void check_ring_scale(const Misalignment& m, bool rescale, const RunControl& run) {
  constexpr double kRefused = 3;  // tolerances
  const double off = std::abs(m.scale.value - 1);
  if (!(m.scale.value > 0) || off <= kScaleTolerance || off <= kChance * m.scale.error) return;
  if (off > kRefused * kScaleTolerance && !rescale)
    fail(Fault::physics,
         "scale: the first ring of the patterns lies at {:.3f} times its radius in the library's "
         "motif-free patterns; correct @pixel_q, build a library of this material, or match all "
         "the same with @rescale",
         m.scale.value);
  run.warn(
      "scale: the first ring of the patterns lies at {:.3f} +- {:.3f} times its radius in the "
      "library's motif-free patterns; beyond {:g} % error rates need not hold: @pixel_q, or "
      "another density or composition than the library's",
      m.scale.value, m.scale.error, 100 * kScaleTolerance);
}

void remark_on(const Misalignment& m, bool off_centre, bool elliptic, const Calibration& stated,
               const Calibration& found, bool as_stated, const RunControl& run) {
  const char* const matched =
      as_stated ? "matched as stated all the same; it is" : "matched with what they have,";
  if (off_centre)
    run.warn(
        "centre: the rings are {:.3g} 1/Angstrom off the stated {:.2f},{:.2f}, more than the {:g} "
        "up to which error rates hold; {} {:.2f},{:.2f} (@centre)",
        Pair(m.centre_x, m.centre_y).size, stated.centre_row, stated.centre_col, kCentreTolerance,
        matched, found.centre_row, found.centre_col);
  if (elliptic)
    run.warn(
        "ellipse: the axes of the rings differ by {:.1f} %, more than the {:g} % up to which error "
        "rates hold; {} a ratio of {:.3f} with the long axis at {:.0f} degrees (convert "
        "@find_ellipse)",
        100 * Pair(m.ellipse_cosine, m.ellipse_sine).size, 100 * kEllipseTolerance, matched,
        1 + found.ellipticity, found.ellipse_angle * 180 / M_PI);
}

}  // namespace

Misalignment misalignment(const PatternScan& scan, const MotifLibrary& library, double q_min,
                          double q_max) {
  const PolarGrid grid = ring_grid(scan, library, q_min, q_max);
  return measured(scan, parts_of(scan), grid, reference_of(library, grid));
}

Calibration aligned_calibration(const PatternScan& scan, const MotifLibrary& library,
                                const AlignmentSettings& settings, const RunControl& run) {
  constexpr int kMostSteps = 8;
  constexpr double kCapture = 0.1;  // of the range
  const Calibration& stated = scan.calibration;
  const Parts parts = parts_of(scan);
  const PolarGrid grid = ring_grid(scan, library, settings.q_min, settings.q_max);
  if (parts.sum.empty() || !(grid.q_max > grid.q_min)) return stated;
  const Reference reference = reference_of(library, grid);
  PatternScan moved = scan;
  Calibration& c = moved.calibration;
  Misalignment m = measured(moved, parts, grid, reference);
  const Misalignment first = m;
  const bool off_centre = Pair(m.centre_x, m.centre_y).is_off(kCentreTolerance),
             elliptic = Pair(m.ellipse_cosine, m.ellipse_sine).is_off(kEllipseTolerance);
  Vector2d ellipse =
      c.ellipticity * Vector2d(std::cos(2 * c.ellipse_angle), std::sin(2 * c.ellipse_angle));
  for (int step = 0; step < kMostSteps && (off_centre || elliptic); ++step) {
    if (off_centre) {
      c.centre_col += m.centre_x.value / c.pixel_qx;
      c.centre_row += m.centre_y.value / c.pixel_qy;
    }
    if (elliptic) {
      ellipse += Vector2d(m.ellipse_cosine.value, m.ellipse_sine.value);
      c.ellipticity = ellipse.norm();
      c.ellipse_angle = std::atan2(ellipse.y(), ellipse.x()) / 2;
    }
    m = measured(moved, parts, grid, reference);
    const double shift = std::hypot((c.centre_col - stated.centre_col) * c.pixel_qx,
                                    (c.centre_row - stated.centre_row) * c.pixel_qy);
    if (!(shift <= kCapture * grid.q_max) || !(c.ellipticity < 0.3))
      fail(Fault::physics,
           "{}: the rings are far off the stated centre {:.2f},{:.2f} or no circles; state the "
           "undiffracted beam by @centre, or let convert @find_centre and @find_ellipse measure it",
           scan.name, stated.centre_row, stated.centre_col);
  }
  remark_on(first, off_centre, elliptic, stated, c, settings.as_stated, run);
  check_ring_scale(m, settings.rescale, run);
  return settings.as_stated ? stated : c;
}

}  // namespace vitrobeam
