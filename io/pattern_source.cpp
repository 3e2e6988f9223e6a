#include "io/pattern_source.hpp"

#include <cmath>

#include "base/error.hpp"
#include "io/npy.hpp"

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
    fail(Fault::usage, "--mask {}: give a .npy file or one dataset as file.h5:/path",
         specification);
  }
  if (image.shape.size() != 2)
    fail(Fault::input, "--mask {}: has {} axes; a mask is one image", specification,
         image.shape.size());
  return (image.plane(0) != 0.0f).cast<unsigned char>();
}

}  // namespace

PatternSource::PatternSource(const std::string& specification, const PatternOverrides& overrides) {
  probe_ = overrides.probe.value_or(0);
  FrameOptions options{"", overrides.raw, overrides.scan, probe_};
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
  calibrate(overrides);
  hidden_ = frames_.hidden;
  if (overrides.mask.empty()) return;
  const auto mask = read_mask(overrides.mask);
  if (std::size_t(mask.rows()) != rows() || std::size_t(mask.cols()) != columns())
    fail(Fault::input, "--mask {}: {} x {} pixels, but the patterns have {} x {}", overrides.mask,
         mask.rows(), mask.cols(), rows(), columns());
  hidden_ = hidden_.size() == 0 ? mask : Plane<unsigned char>(hidden_.max(mask));
}

void PatternSource::check_probe(const PatternOverrides& overrides) const {
  if (frames_.probes > 1 && !overrides.probe && !overrides.every_probe)
    fail(Fault::usage, "{}: holds patterns of {} probes ({}, ..); choose one with --probe 0 to {}",
         file_, frames_.probes, frames_.probe_names.front(), frames_.probes - 1);
  if (probe_ >= frames_.probes)
    fail(Fault::usage, "--probe {}: {} holds {}, counted from 0", probe_, file_,
         frames_.probes == 1 ? "one probe" : fmt::format("{} probes", frames_.probes));
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
  if (!overrides.allow_uncalibrated && !(calibration_.pixel_qx > 0 && calibration_.pixel_qy > 0))
    fail(Fault::input,
         "{}: says nothing usable about its pixel size in reciprocal space; give --pixel-q "
         "(1/Angstrom)",
         file_);
}

Stack<float> PatternSource::read(std::size_t scan_row, std::size_t first, std::size_t count) const {
  Stack<float> patterns;
  patterns.values = frames_.read(scan_row * scan_[1] + first, count);
  patterns.shape = {count, rows(), columns()};
  return patterns;
}

Stack<float> PatternSource::read_layer(std::size_t layer, std::size_t scan_row, std::size_t first,
                                       std::size_t count) const {
  if (!frames_.read_layer) return read(scan_row, first, count);
  Stack<float> patterns;
  patterns.values = frames_.read_layer(layer, scan_row * scan_[1] + first, count);
  patterns.shape = {count, rows(), columns()};
  return patterns;
}

}  // namespace vitrobeam
