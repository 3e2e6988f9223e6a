#include "patterns/camera.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "base/random.hpp"
#include "fourier/fourier.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;

// The stream of a position's noise: apart from the configurations of thermal motion, which count
// from 1. Draws per pixel that a sequence may take before it meets that of the next pixel.
constexpr std::uint64_t kCameraStream = std::uint64_t{0xCA3E7A} << 40, kDraws = 1 << 16;
// Rows and columns of nothing beside a pattern, so that what spreads over one edge does not appear
// at the other.
constexpr Index kPadding = 32;

Plane<unsigned char> shadow(const BeamStop& stop, Index rows, Index cols, const Calibration& c) {
  Plane<unsigned char> hidden = Plane<unsigned char>::Zero(rows, cols);
  const double ux = std::cos(stop.arm_angle), uy = std::sin(stop.arm_angle);
  for (Index r = 0; r < rows; ++r)
    for (Index k = 0; k < cols; ++k) {
      const double qx = (double(k) - c.centre_col) * c.pixel_qx,
                   qy = (double(r) - c.centre_row) * c.pixel_qy;
      const double along = qx * ux + qy * uy, across = std::abs(qx * uy - qy * ux);
      hidden(r, k) = std::hypot(qx, qy) < stop.radius || (along > 0 && across < stop.arm_width / 2);
    }
  return hidden;
}

// Transfer function at frequency f (cycles per pixel) of exp(-k^2 / 2 s^2) at the pixels k.
double sampled_gaussian(double f, double s) {
  double sum = 1, norm = 1;
  for (int k = 1; k <= int(8 * s) + 1; ++k) {
    const double g = 2 * std::exp(-0.5 * k * k / (s * s));
    sum += g * std::cos(2 * M_PI * k * f);
    norm += g;
  }
  return sum / norm;
}

// The s, in pixels, whose transfer function has this value at Nyquist.
double gaussian_spread(double at_nyquist) {
  double low = 0.05, high = 20;
  for (int i = 0; i < 60; ++i) {
    const double s = (low + high) / 2;
    (sampled_gaussian(0.5, s) > at_nyquist ? low : high) = s;
  }
  return low;
}

}  // namespace

double Mtf::operator()(double fx, double fy) const {
  if (table.empty()) {
    const double s = gaussian_spread(at_nyquist);
    return sampled_gaussian(fx, s) * sampled_gaussian(fy, s);
  }
  const double f = std::hypot(fx, fy);
  const auto above = std::upper_bound(table.begin(), table.end(), f,
                                      [](double v, const auto& point) { return v < point.first; });
  if (above == table.begin()) return 1;
  if (above == table.end()) return table.back().second / table.front().second;
  const auto& [f0, m0] = *(above - 1);
  const auto& [f1, m1] = *above;
  return (m0 + (m1 - m0) * (f - f0) / (f1 - f0)) / table.front().second;
}

bool Camera::is_ideal() const {
  return ellipticity == 1 && descan.isZero(0) && drift.isZero(0) && beam_stop.radius == 0 &&
         dose == 0 && mtf.is_perfect();
}

void check_beam_stop(const Camera& c, Index rows, Index cols, const Calibration& calibration) {
  if (c.beam_stop.radius > 0 && (shadow(c.beam_stop, rows, cols, calibration) != 0).all())
    fail(Fault::usage,
         "@beam_stop: its radius of {:g} 1/Angstrom hides every pixel of the patterns; give a "
         "smaller one",
         c.beam_stop.radius);
}

void check_camera(const Camera& c) {
  if (c.mtf.table.size() == 1 || (!c.mtf.table.empty() && c.mtf.table.front().first != 0))
    fail(Fault::usage,
         "@camera_mtf: a table begins at frequency 0 (cycles per pixel) and has two lines or more");
  for (std::size_t i = 0; i < c.mtf.table.size(); ++i)
    if (!(c.mtf.table[i].second > 0) ||
        (i > 0 && !(c.mtf.table[i].first > c.mtf.table[i - 1].first)))
      fail(Fault::usage,
           "@camera_mtf: line {} of the table, {} {}: expected ascending frequencies in cycles "
           "per pixel and values above 0",
           i + 1, c.mtf.table[i].first, c.mtf.table[i].second);
  if (c.beam_stop.arm_width > 0 && !(c.beam_stop.radius > 0))
    fail(Fault::usage, "@beam_stop: an arm without a stop; give its radius");
  if (c.dose > 0) return;
  const std::pair<const char*, bool> needs_dose[] = {{"dqe", c.dqe != 1},
                                                     {"gain", c.gain != 1},
                                                     {"readout_noise", c.readout_noise > 0},
                                                     {"saturation", c.saturation > 0}};
  for (const auto& [name, given] : needs_dose)
    if (given)
      throw Error(Fault::usage,
                  Message(Message::marked(fmt::format(
                      "@{}: fractions of the beam have no counts; give @dose too", name))));
}

CameraModel::CameraModel(const Camera& camera, Index rows, Index cols,
                         const Calibration& calibration, std::uint64_t seed)
    : camera_(camera), rows_(rows), cols_(cols), calibration_(calibration), seed_(seed) {
  check_camera(camera);
  if (camera.beam_stop.radius > 0) hidden_ = shadow(camera.beam_stop, rows, cols, calibration);
  if (camera.mtf.is_perfect()) return;
  const auto padded = [](Index n) { return (n + kPadding + 15) / 16 * 16; };
  const Index ny = padded(rows), nx = padded(cols);
  transfer_.resize(ny, nx);
  const auto frequency = [](Index i, Index n) { return double(i < n / 2 ? i : i - n) / double(n); };
  const bool separable = camera.mtf.table.empty();
  Eigen::ArrayXd along_x(nx);
  for (Index i = 0; i < nx; ++i) along_x[i] = camera.mtf(frequency(i, nx), 0) / double(nx * ny);
  for (Index j = 0; j < ny; ++j) {
    const double fy = frequency(j, ny), along_y = camera.mtf(0, fy);
    for (Index i = 0; i < nx; ++i)
      transfer_(j, i) =
          separable ? along_x[i] * along_y : camera.mtf(frequency(i, nx), fy) / double(nx * ny);
  }
}

Vector2d CameraModel::shift(const Vector2d& at, const Vector2d& middle, double progress) const {
  return camera_.descan.cwiseProduct(at - middle) + camera_.drift * progress;
}

// What falls on pixel q stood, before ellipse and shift, at M^-1 (q - shift); the map keeps areas.
// Bilinear: a shift by whole pixels is exact.
PlaneD CameraModel::distorted(const PlaneD& pattern, const Vector2d& shift) const {
  const Calibration& c = calibration_;
  const double stretch = std::sqrt(camera_.ellipticity), ux = std::cos(camera_.ellipse_angle),
               uy = std::sin(camera_.ellipse_angle);
  PlaneD out = PlaneD::Zero(rows_, cols_);
  const auto value = [&](Index r, Index k) {
    return r >= 0 && r < rows_ && k >= 0 && k < cols_ ? pattern(r, k) : 0.0;
  };
  for (Index r = 0; r < rows_; ++r)
    for (Index k = 0; k < cols_; ++k) {
      const double dx = (double(k) - c.centre_col) * c.pixel_qx - shift.x(),
                   dy = (double(r) - c.centre_row) * c.pixel_qy - shift.y();
      const double along = (dx * ux + dy * uy) / stretch, across = (dy * ux - dx * uy) * stretch;
      const double col = (along * ux - across * uy) / c.pixel_qx + c.centre_col,
                   row = (along * uy + across * ux) / c.pixel_qy + c.centre_row;
      // positions that are whole but for rounding are whole
      const double row0 = std::floor(row + 1e-9), col0 = std::floor(col + 1e-9);
      const double fy = std::max(0.0, row - row0), fx = std::max(0.0, col - col0);
      if (row0 < -1 || col0 < -1 || row0 > double(rows_) || col0 > double(cols_)) continue;
      const auto j = Index(row0), i = Index(col0);
      out(r, k) = (1 - fy) * ((1 - fx) * value(j, i) + fx * value(j, i + 1)) +
                  fy * ((1 - fx) * value(j + 1, i) + fx * value(j + 1, i + 1));
    }
  return out;
}

PlaneD CameraModel::blurred(const PlaneD& pattern) const {
  PlaneC padded = PlaneC::Zero(transfer_.rows(), transfer_.cols());
  padded.topLeftCorner(rows_, cols_) = pattern.cast<std::complex<double>>();
  transform_plane(padded, Direction::forward);
  padded *= transfer_;
  transform_plane(padded, Direction::backward);
  return padded.topLeftCorner(rows_, cols_).real();
}

CameraImage CameraModel::operator()(const PlaneD& pattern, std::uint64_t index,
                                    const Vector2d& shift) const {
  CameraImage e{pattern, 0};
  if (camera_.ellipticity != 1 || !shift.isZero(0)) e.pattern = distorted(pattern, shift);
  if (hidden_.size() > 0) e.pattern = (hidden_ != 0).select(0.0, e.pattern);
  const auto random = [&](Index pixel) {
    return RandomSequence(seed_, kCameraStream ^ index, std::uint64_t(pixel) * kDraws);
  };
  if (camera_.dose > 0)
    for (Index i = 0; i < e.pattern.size(); ++i) {
      double& value = e.pattern.data()[i];
      if (value <= 0) {
        value = 0;
        continue;
      }
      RandomSequence r = random(i);
      value = double(r.poisson(value * camera_.dose));
      // N electrons whose signals vary: mean N, variance N (1 / dqe - 1) beside that of N itself
      if (camera_.dqe < 1) {
        const double spread = 1 / camera_.dqe - 1;
        value = spread * r.gamma(value / spread);
      }
    }
  if (transfer_.size() > 0) e.pattern = blurred(e.pattern);
  if (camera_.dose == 0) return e;
  e.pattern *= camera_.gain;
  for (Index i = 0; i < e.pattern.size() && camera_.readout_noise > 0; ++i)
    e.pattern.data()[i] +=
        camera_.readout_noise *
        normal4(seed_, kCameraStream ^ index, std::uint64_t(i) * kDraws + kDraws - 1)[0];
  if (camera_.saturation > 0) {
    e.saturated = (e.pattern >= camera_.saturation).count();
    e.pattern = e.pattern.min(camera_.saturation);
  }
  return e;
}

std::string camera_text(const Camera& c) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (c.ellipticity != 1) add(fmt::format("ellipticity {:g}", c.ellipticity));
  if (!c.descan.isZero(0)) add("descan");
  if (!c.drift.isZero(0)) add("drift");
  if (c.beam_stop.radius > 0) add("beam stop");
  if (c.dose > 0) add(fmt::format("{:g} electrons per position", c.dose));
  if (c.dqe < 1) add(fmt::format("DQE {:g}", c.dqe));
  if (!c.mtf.is_perfect()) add(fmt::format("MTF {:.3g} at Nyquist", c.mtf(0.5, 0)));
  if (c.gain != 1) add(fmt::format("gain {:g}", c.gain));
  if (c.readout_noise > 0) add(fmt::format("readout noise {:g} counts", c.readout_noise));
  if (c.saturation > 0) add(fmt::format("saturation at {:g} counts", c.saturation));
  return text;
}

std::string pattern_units(const Camera& c) {
  if (c.dose == 0) return "fraction of incident beam per pixel";
  return c.gain == 1 && c.readout_noise == 0 ? "electrons per pixel" : "counts per pixel";
}

ScanTrack::ScanTrack(std::vector<Vector2d> positions) : at(std::move(positions)) {
  for (const auto& p : at) middle += p / double(at.size());
}

Vector2d ScanTrack::shift(const CameraModel& camera, std::size_t i) const {
  const double progress = at.size() > 1 ? double(i) / double(at.size() - 1) : 0;
  return camera.shift(at[i], middle, progress);
}

void record_patterns(const Stack<float>& noiseless, const CameraModel& camera,
                     const ScanTrack& track, std::size_t first, std::size_t series, int threads,
                     const std::function<void(std::size_t i, const CameraImage& image)>& store) {
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t i = 0; i < noiseless.shape[0]; ++i)
    failure.guard([&] {
      const std::size_t at = first + i;
      store(i, camera(noiseless.plane(i).cast<double>(), series * track.at.size() + at,
                      track.shift(camera, at)));
    });
  failure.rethrow();
}

}  // namespace vitrobeam
