#include "io/pattern_source.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/npy.hpp"
#include "patterns/camera_faults.hpp"

namespace vitrobeam {
namespace {

// "file.h5:/path" -> {file, path}; the path is empty when none is named.
std::pair<std::string, std::string> split_specification(const std::string& specification) {
  const auto colon = specification.rfind(":/");
  if (colon == std::string::npos || colon == 0) return {specification, ""};
  return {specification.substr(0, colon), specification.substr(colon + 1)};
}

Plane<unsigned char> read_mask(const std::string& specification) {
  const auto [file, dataset] = split_specification(specification);
  Stack<float> image;
  if (file.ends_with(".npy")) {
    image = read_npy(file);
  } else if (!dataset.empty()) {
    image = Hdf5Reader(file).read<float>(dataset);
  } else {
    fail(Fault::usage, "@mask {}: give a .npy file or one dataset as file.h5:/path", specification);
  }
  if (image.shape.size() != 2)
    fail(Fault::input, "@mask {}: has {} axes; a mask is one image", specification,
         image.shape.size());
  return (image.plane(0) != 0.0f).cast<unsigned char>();
}

}  // namespace

PatternSource::PatternSource(const std::string& specification, const PatternOverrides& overrides) {
  probe_ = overrides.probe.value_or(0);
  FrameOptions options{"", overrides.raw, overrides.scan, probe_, overrides.follow_links};
  std::tie(file_, options.dataset) = split_specification(specification);
  frames_ = open_frames(file_, options);
  check_probe(overrides);
  const Shape& shape = frames_.shape;
  const std::size_t rank = shape.size();
  image_[0] = shape[rank - 2];
  image_[1] = shape[rank - 1];
  if (rank >= 3) scan_[1] = shape[rank - 3];
  if (rank >= 4) scan_[0] = shape[rank - 4];
  if (scan_[0] * scan_[1] == 0 || image_[0] < 2 || image_[1] < 2)
    fail(Fault::input, "{}: holds no pattern ({} x {} positions, {} x {} pixels)", file_, scan_[0],
         scan_[1], image_[0], image_[1]);
  forget_nonsense();
  calibrate(overrides);
  hidden_ = frames_.hidden;
  if (!overrides.mask.empty()) hide(read_mask(overrides.mask), overrides.mask);
  hide_camera_faults();
}

void PatternSource::hide(const Plane<unsigned char>& mask, const std::string& name) {
  if (std::size_t(mask.rows()) != rows() || std::size_t(mask.cols()) != columns())
    fail(Fault::input, "@mask {}: {} x {} pixels, but the patterns have {} x {}", name, mask.rows(),
         mask.cols(), rows(), columns());
  if ((mask != 0).all())
    fail(Fault::usage, "@mask {}: hides every pixel; pixels that are not 0 are hidden", name);
  hidden_ = either(hidden_, mask);
}

// Of measured patterns, by a sample of the scan. A file that convert has made has been looked at
// when it was made, but for its numbers.
void PatternSource::hide_camera_faults() {
  if (is_result()) return;
  constexpr std::size_t kMost = 24, kFewest = 2, kMostPixels = 64 << 20;
  const std::size_t all = scan_[0] * scan_[1], fit = kMostPixels / (rows() * columns()),
                    taken = std::min(all, std::clamp(fit, kFewest, kMost));
  Stack<float> sample;
  sample.shape = {taken, rows(), columns()};
  for (std::size_t k = 0; k < taken; ++k) {
    const auto one = frames_.read(k * all / taken, 1);
    sample.values.insert(sample.values.end(), one.begin(), one.end());
  }
  const bool counts = dataset() != "/measurement/patterns" &&
                      (frames_.largest.has_value() || frames_.units == "counts");
  const CameraFaults faults =
      find_camera_faults(sample, frames_.largest, counts, calibration_, hidden_);
  unreadable_ = faults.unreadable;
  if (faults.hidden.size() > 0) hidden_ = either(hidden_, faults.hidden);
  camera_faults_ = summary(faults);
}

void PatternSource::check_probe(const PatternOverrides& overrides) const {
  if (frames_.probes > 1 && !overrides.probe && !overrides.every_probe)
    fail(Fault::usage, "{}: holds patterns of {} probes ({}, ..); choose one with @probe 0 to {}",
         file_, frames_.probes, frames_.probe_names.front(), frames_.probes - 1);
  if (probe_ >= frames_.probes)
    fail(Fault::usage, "@probe {}: {} holds {}, counted from 0", probe_, file_,
         frames_.probes == 1 ? "one probe" : fmt::format("{} probes", frames_.probes));
}

// What a file states and no microscope has is not known.
void PatternSource::forget_nonsense() {
  const auto forget = [&](std::optional<double>& value, double low, double high) {
    if (value && !(*value >= low && *value <= high)) value.reset();
  };
  forget(frames_.energy_kV, 1, 3000);
  forget(frames_.semiangle_mrad, 1e-3, 1000);
  forget(frames_.thickness, 1e-3, 1e7);
  forget(frames_.step_x, 1e-6, 1e7);
  forget(frames_.step_y, 1e-6, 1e7);
  if (frames_.dose && !(*frames_.dose >= 0 && *frames_.dose <= 1e15)) frames_.dose.reset();
}

// The undiffracted beam falls on a pixel.
void PatternSource::check_centre(bool is_stated) const {
  const auto on = [](double at, std::size_t n) { return at >= -0.5 && at <= double(n) - 0.5; };
  const Calibration& c = calibration_;
  if (on(c.centre_row, rows()) && on(c.centre_col, columns())) return;
  if (is_stated)
    fail(Fault::usage,
         "@centre {:g},{:g}: lies outside of the patterns of {} rows and {} columns; rows come "
         "first, both are counted from 0",
         c.centre_row, c.centre_col, rows(), columns());
  fail(
      Fault::input,
      "{}: says that the undiffracted beam is at row {:g}, column {:g}, outside of its patterns of "
      "{} rows and {} columns; give @centre",
      file_, c.centre_row, c.centre_col, rows(), columns());
}

void PatternSource::calibrate(const PatternOverrides& overrides) {
  calibration_ = centred_calibration(Eigen::Index(rows()), Eigen::Index(columns()), 0, 0);
  if (frames_.pixel_qx && frames_.pixel_qy) {
    calibration_.pixel_qx = *frames_.pixel_qx;
    calibration_.pixel_qy = *frames_.pixel_qy;
  }
  if (frames_.centre_row && frames_.centre_col) {
    calibration_.centre_row = *frames_.centre_row;
    calibration_.centre_col = *frames_.centre_col;
  }
  calibration_.ellipticity = frames_.ellipticity;
  calibration_.ellipse_angle = frames_.ellipse_angle;
  energy_kV = overrides.energy_kV ? overrides.energy_kV : frames_.energy_kV;
  semiangle_mrad = frames_.semiangle_mrad;
  thickness = frames_.thickness;
  dose = frames_.dose;
  if (overrides.pixel_q) calibration_.pixel_qx = calibration_.pixel_qy = *overrides.pixel_q;
  if (overrides.centre)
    std::tie(calibration_.centre_row, calibration_.centre_col) = *overrides.centre;
  check_centre(overrides.centre.has_value());
  if (!overrides.allow_uncalibrated && !(calibration_.pixel_qx > 0 && calibration_.pixel_qy > 0))
    fail(Fault::input,
         "{}: says nothing usable about its pixel size in reciprocal space; give @pixel_q "
         "(1/Angstrom)",
         file_);
}

Stack<float> PatternSource::read(std::size_t scan_row, std::size_t first, std::size_t count) const {
  return finished(frames_.read(scan_row * scan_[1] + first, count), count);
}

Stack<float> PatternSource::finished(std::vector<float> values, std::size_t count) const {
  Stack<float> patterns;
  patterns.values = std::move(values);
  patterns.shape = {count, rows(), columns()};
  if (unreadable_.size() > 0)
    for (std::size_t k = 0; k < count; ++k) {
      auto image = patterns.plane(k);
      image = (unreadable_ != 0).select(0.0f, image);
    }
  return patterns;
}

Stack<float> PatternSource::read_layer(std::size_t layer, std::size_t scan_row, std::size_t first,
                                       std::size_t count) const {
  if (!frames_.read_layer) return read(scan_row, first, count);
  return finished(frames_.read_layer(layer, scan_row * scan_[1] + first, count), count);
}

}  // namespace vitrobeam
