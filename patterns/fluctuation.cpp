#include "patterns/fluctuation.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "patterns/pattern_scan.hpp"

namespace vitrobeam {
namespace {

// The radius at which a pixel lies once the ellipse is made round.
double radius(const Calibration& c, double row, double col) {
  const double qx = (col - c.centre_col) * c.pixel_qx, qy = (row - c.centre_row) * c.pixel_qy;
  const double cosine = std::cos(c.ellipse_angle), sine = std::sin(c.ellipse_angle);
  const double stretch = std::sqrt(1 + c.ellipticity);
  return std::hypot((qx * cosine + qy * sine) / stretch, (qy * cosine - qx * sine) * stretch);
}

struct Curves {
  Eigen::ArrayXd omega, r, re;
};

// The ring variances of the patterns but `without` (-1: of all).
Curves ring_variances(const std::vector<RingMoments>& all, const RingNoise& noise, double gain,
                      int without) {
  const Eigen::Index rings = noise.of_mean.size();
  Eigen::ArrayXd mean = Eigen::ArrayXd::Zero(rings), squared = mean, inner = mean, ratio = mean;
  double n = 0;
  for (int k = 0; k < int(all.size()); ++k) {
    if (k == without) continue;
    const RingMoments& m = all[std::size_t(k)];
    // I^2 of a sample and of the mean without their noise
    const Eigen::ArrayXd quiet = m.square - gain * m.mean * noise.of_sample,
                         quiet_mean = m.mean.square() - gain * m.mean * noise.of_mean;
    mean += m.mean;
    squared += quiet_mean;
    inner += quiet;
    ratio += quiet / quiet_mean;
    n += 1;
  }
  mean /= n;
  const Eigen::ArrayXd square_of_mean = mean.square() - gain * mean * noise.of_mean / n;
  return {squared / n / square_of_mean - 1, ratio / n - 1, inner / n / square_of_mean - 1};
}

}  // namespace

RingMap::RingMap(Eigen::Index rows, Eigen::Index cols, const Calibration& calibration,
                 const RingAxis& axis, const Plane<unsigned char>& hidden)
    : axis_(axis),
      ring_(Plane<int>::Constant(rows, cols, -1)),
      pixels_(Eigen::ArrayXi::Zero(axis.n)),
      mean_q_(Eigen::ArrayXd::Zero(axis.n)) {
  if (!(axis.q_min >= 0 && axis.q_max > axis.q_min) || axis.n < 1)
    fail(Fault::usage,
         "{} rings from {:g} to {:g} 1/Angstrom; give at least one, and 0 <= minimum < maximum",
         axis.n, axis.q_min, axis.q_max);
  for (Eigen::Index row = 0; row < rows; ++row)
    for (Eigen::Index col = 0; col < cols; ++col) {
      if (hidden.size() > 0 && hidden(row, col) != 0) continue;
      const double q = radius(calibration, double(row), double(col));
      const double at = (q - axis.q_min) / axis.width();
      if (!(at >= 0 && at < axis.n)) continue;
      ring_(row, col) = int(at);
      ++pixels_[int(at)];
      mean_q_[int(at)] += q;
    }
  mean_q_ /= pixels_.cast<double>();
}

RingMoments ring_moments(const RingMap& map, const Eigen::Ref<const PlaneF>& image) {
  RingMoments m{Eigen::ArrayXd::Zero(map.axis().n), Eigen::ArrayXd::Zero(map.axis().n)};
  for (Eigen::Index row = 0; row < image.rows(); ++row)
    for (Eigen::Index col = 0; col < image.cols(); ++col)
      if (const int i = map.ring()(row, col); i >= 0) {
        const double v = image(row, col);
        m.mean[i] += v;
        m.square[i] += v * v;
      }
  m.mean /= map.pixels().cast<double>();
  m.square /= map.pixels().cast<double>();
  return m;
}

RingMoments ring_moments(const PolarTransform& points, const Eigen::Ref<const PlaneF>& image) {
  const int rings = points.grid().n_q;
  const PlaneF polar = points(image);
  RingMoments m{Eigen::ArrayXd::Zero(rings), Eigen::ArrayXd::Zero(rings)};
  for (int i = 0; i < rings; ++i) {
    double seen = 0;
    for (int j = 0; j < points.grid().n_theta; ++j)
      if (points.weights()(i, j) == 1) {
        const double v = polar(i, j);
        m.mean[i] += v;
        m.square[i] += v * v;
        seen += 1;
      }
    m.mean[i] /= seen;
    m.square[i] /= seen;
  }
  return m;
}

RingNoise ring_noise(const RingMap& map) {
  return {1 / map.pixels().cast<double>(), Eigen::ArrayXd::Ones(map.axis().n)};
}

RingNoise ring_noise(const PolarTransform& points) {
  const int rings = points.grid().n_q;
  RingNoise noise{Eigen::ArrayXd::Zero(rings), Eigen::ArrayXd::Zero(rings)};
  for (int i = 0; i < rings; ++i) {
    std::map<int, double> of_pixel;  // share of the ring's sum
    double seen = 0;
    for (int j = 0; j < points.grid().n_theta; ++j) {
      if (points.weights()(i, j) != 1) continue;
      const auto bin = std::size_t(i) * std::size_t(points.grid().n_theta) + std::size_t(j);
      const auto pixels = points.pixels(bin);
      const auto shares = points.shares(bin);
      for (std::size_t k = 0; k < pixels.size(); ++k) {
        of_pixel[pixels[k]] += double(shares[k]);
        noise.of_sample[i] += double(shares[k]) * double(shares[k]);
      }
      seen += 1;
    }
    for (const auto& [pixel, share] : of_pixel) noise.of_mean[i] += share * share / (seen * seen);
    noise.of_sample[i] /= seen;
  }
  return noise;
}

void FluctuationStack::add(const Eigen::Ref<const PlaneF>& image, const RingMoments& moments) {
  if (sum_.empty()) {
    sum_.assign(kBlocks, PlaneD::Zero(image.rows(), image.cols()));
    squares_ = sum_;
  }
  const std::size_t block = moments_.size() % kBlocks;
  sum_[block] += image.cast<double>();
  squares_[block] += image.cast<double>().square();
  moments_.push_back(moments);
}

// V_image without one of the blocks (-1: of all).
Eigen::ArrayXd FluctuationStack::image_variance(int without) const {
  PlaneD mean = PlaneD::Zero(map_.ring().rows(), map_.ring().cols()), square = mean;
  double n = 0;
  for (int b = 0; b < kBlocks; ++b) {
    if (b == without) continue;
    mean += sum_[std::size_t(b)];
    square += squares_[std::size_t(b)];
    n += double((moments_.size() + kBlocks - 1 - std::size_t(b)) / kBlocks);
  }
  mean /= n;
  square /= n;
  Eigen::ArrayXd v = Eigen::ArrayXd::Zero(map_.axis().n), count = v;
  for (Eigen::Index row = 0; row < mean.rows(); ++row)
    for (Eigen::Index col = 0; col < mean.cols(); ++col) {
      const int i = map_.ring()(row, col);
      const double m = mean(row, col), of_mean = m * m - gain_ * m / n;
      if (i < 0 || !(of_mean > 0)) continue;
      v[i] += (square(row, col) - gain_ * m) / of_mean - 1;
      count[i] += 1;
    }
  return v / count;
}

Fluctuation FluctuationStack::result() const {
  const int n = patterns();
  if (n < 3)
    fail(Fault::input,
         "{} patterns have no variance worth the name; give at least 3, for an error below 20 % "
         "about 50",
         n);
  Fluctuation f;
  f.patterns = n;
  const Eigen::Index rings = map_.axis().n;
  f.mean = f.mean_error = Eigen::ArrayXd::Zero(rings);
  for (const auto& m : moments_) f.mean += m.mean / n;
  for (const auto& m : moments_) f.mean_error += (m.mean - f.mean).square();
  f.mean_error = (f.mean_error / (double(n) * (n - 1))).sqrt();
  const Curves all = ring_variances(moments_, noise_, gain_, -1);
  f.v_omega = all.omega;
  f.v_r = all.r;
  f.v_re = all.re;
  Eigen::ArrayXd omega = Eigen::ArrayXd::Zero(rings), r = omega, re = omega, image = omega;
  for (int k = 0; k < n; ++k) {
    const Curves part = ring_variances(moments_, noise_, gain_, k);
    omega += (part.omega - all.omega).square();
    r += (part.r - all.r).square();
    re += (part.re - all.re).square();
  }
  const double scale = double(n - 1) / n;
  f.v_omega_error = (omega * scale).sqrt();
  f.v_r_error = (r * scale).sqrt();
  f.v_re_error = (re * scale).sqrt();
  f.v_image = image_variance(-1);
  const int blocks = std::min(kBlocks, n);
  for (int b = 0; b < blocks; ++b) image += (image_variance(b) - f.v_image).square();
  f.v_image_error = (image * double(blocks - 1) / blocks).sqrt();
  return f;
}

Fluctuation analyse_fluctuation(const PatternScan& scan, const FluctuationSettings& settings,
                                const RunControl& run) {
  const RingAxis& axis = settings.axis;
  const RingMap map(scan.rows, scan.columns, scan.calibration, axis, scan.hidden);
  check_visible(scan, map);
  std::optional<PolarTransform> circles;
  if (settings.interpolate) {
    circles.emplace(scan.rows, scan.columns, scan.calibration,
                    PolarGrid{axis.q_min, axis.q_max, axis.n, settings.angles}, scan.hidden,
                    PolarSampling::points);
    if (ring_noise(*circles).of_mean.isNaN().any())
      fail(Fault::physics,
           "{}: a ring holds no point that is wholly visible; other @q_min and @q_max, or no "
           "@interpolate",
           scan.name);
  }
  FluctuationStack stack(map, scan.gain, circles ? ring_noise(*circles) : ring_noise(map));
  std::size_t bad = 0;
  for_each_part(scan, run, [&](const Stack<float>& images, std::size_t) {
    std::vector<RingMoments> moments(images.shape[0]);
#pragma omp parallel for schedule(dynamic) num_threads(run.threads)
    for (std::size_t i = 0; i < images.shape[0]; ++i)
      moments[i] =
          circles ? ring_moments(*circles, images.plane(i)) : ring_moments(map, images.plane(i));
    for (std::size_t i = 0; i < moments.size(); ++i)
      if (moments[i].mean.isFinite().all() && moments[i].mean.sum() > 0)
        stack.add(images.plane(i), moments[i]);
      else
        ++bad;
  });
  if (bad > 0)
    run.warn("{}: {} patterns are empty, negative or not finite in the rings and were left out",
             scan.name, bad);
  return stack.result();
}

}  // namespace vitrobeam
