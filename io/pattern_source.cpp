#include "io/pattern_source.hpp"

#include <cmath>

#include "base/error.hpp"
#include "io/npy.hpp"

namespace vitrobeam {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// "file.h5:/path" -> {file, path}; the path is empty when none is named.
std::pair<std::string, std::string> split_specification(const std::string& specification) {
  const auto colon = specification.rfind(":/");
  if (colon == std::string::npos || colon == 0) return {specification, ""};
  return {specification.substr(0, colon), specification.substr(colon + 1)};
}

// Units of a reciprocal axis that mean 1/Angstrom, as the programs of the field spell them.
bool is_inverse_angstrom(const std::string& units) {
  for (const char* known : {"A^-1", "1/A", "Å^-1", "1/Å", "$A^{-1}$", "1/angstrom"})
    if (units == known) return true;
  return false;
}

std::optional<double> number_attribute(const Hdf5Reader& file, const std::string& path,
                                       const std::string& name) {
  if (!file.exists(path) || !file.has_attribute(path, name)) return std::nullopt;
  return file.number_attribute(path, name);
}

// Linear axis `k` of a HyperSpy (axis-k) or EMD (dimk) array: {first value, step}.
std::optional<std::pair<double, double>> linear_axis(const Hdf5Reader& file,
                                                     const std::string& dataset, std::size_t k) {
  const std::string group = dataset.substr(0, dataset.rfind('/'));
  const std::string axis = group + "/axis-" + std::to_string(k),
                    dim = group + "/dim" + std::to_string(k);
  if (file.exists(axis) && file.has_attribute(axis, "scale") &&
      is_inverse_angstrom(file.string_attribute(axis, "units", "")))
    return std::pair{number_attribute(file, axis, "offset").value_or(0),
                     file.number_attribute(axis, "scale")};
  if (file.is_dataset(dim) && is_inverse_angstrom(file.string_attribute(dim, "units", ""))) {
    const auto values = file.read<double>(dim).values;
    if (values.size() >= 2) return std::pair{values[0], values[1] - values[0]};
  }
  return std::nullopt;
}

Plane<unsigned char> read_mask(const std::string& specification) {
  const auto [file, dataset] = split_specification(specification);
  Stack<float> image;
  if (ends_with(file, ".npy")) {
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
  std::tie(file_, dataset_) = split_specification(specification);
  if (ends_with(file_, ".npy")) {
    array_ = read_npy(file_);
    set_shape(array_.shape);
  } else {
    hdf5_ = std::make_unique<Hdf5Reader>(file_);
    find_dataset();
    const DatasetInfo info = hdf5_->info(dataset_);
    if (!is_number(info.type))
      fail(Fault::input, "{}:{}: holds {}, not intensities", file_, dataset_, type_name(info.type));
    set_shape(info.shape);
  }
  calibrate(overrides);
  if (!overrides.mask.empty()) {
    hidden_ = read_mask(overrides.mask);
    if (std::size_t(hidden_.rows()) != rows() || std::size_t(hidden_.cols()) != columns())
      fail(Fault::input, "--mask {}: {} x {} pixels, but the patterns have {} x {}", overrides.mask,
           hidden_.rows(), hidden_.cols(), rows(), columns());
  }
}

void PatternSource::find_dataset() {
  if (!dataset_.empty()) {
    if (!hdf5_->is_dataset(dataset_))
      fail(Fault::input, "{}: holds no dataset {}; 'vitrobeam info' lists them", file_, dataset_);
    return;
  }
  for (const char* known :
       {"/simulation/patterns", "/datacube_root/datacube/data", "/entry/data/data"})
    if (hdf5_->is_dataset(known)) {
      dataset_ = known;
      return;
    }
  if (hdf5_->exists("/Experiments"))
    for (const auto& name : hdf5_->children("/Experiments"))
      if (hdf5_->is_dataset("/Experiments/" + name + "/data")) {
        dataset_ = "/Experiments/" + name + "/data";
        return;
      }
  fail(Fault::input,
       "{}: holds no patterns in a known place (/simulation/patterns, EMD, HyperSpy, NeXus); name "
       "the dataset as {}:/path",
       file_, file_);
}

void PatternSource::set_shape(const Shape& shape) {
  stored_ = shape;
  const std::size_t rank = shape.size();
  const bool with_thickness = rank == 5 && is_result();
  if (rank < 2 || (rank > 4 && !with_thickness))
    fail(Fault::input,
         "{}: an array of {} axes; patterns are [row, column], [n, row, column] or [y, x, row, "
         "column]",
         file_, rank);
  image_[0] = shape[rank - 2];
  image_[1] = shape[rank - 1];
  if (rank >= 3) scan_[1] = shape[rank - 3];
  if (rank >= 4) scan_[0] = shape[rank - 4];
  if (with_thickness) thicknesses_ = shape[0];
  if (scan_[0] * scan_[1] == 0 || image_[0] < 2 || image_[1] < 2)
    fail(Fault::input, "{}: holds no pattern ({} x {} positions, {} x {} pixels)", file_, scan_[0],
         scan_[1], image_[0], image_[1]);
}

void PatternSource::calibrate(const PatternOverrides& overrides) {
  calibration_ = centred_calibration(Eigen::Index(rows()), Eigen::Index(columns()), 0, 0);
  if (is_result()) {
    auto axis = [&](const char* name, std::size_t n, double& pixel, double& centre) {
      const auto q = hdf5_->read<double>(std::string("/simulation/") + name).values;
      if (q.size() != n || n < 2)
        fail(Fault::input, "{}: /simulation/{} has {} values for {} pixels", file_, name, q.size(),
             n);
      pixel = (q.back() - q.front()) / double(n - 1);
      centre = -q.front() / pixel;
    };
    axis("q_y", rows(), calibration_.pixel_qy, calibration_.centre_row);
    axis("q_x", columns(), calibration_.pixel_qx, calibration_.centre_col);
    energy_kV = number_attribute(*hdf5_, "/parameters", "energy");
    semiangle_mrad = number_attribute(*hdf5_, "/parameters", "semiangle");
    const auto slices = number_attribute(*hdf5_, "/audit", "slices"),
               slice = number_attribute(*hdf5_, "/audit", "slice_thickness");
    if (slices && slice) thickness = *slices * *slice;
    dose = number_attribute(*hdf5_, "/parameters", "dose");
  } else if (hdf5_) {
    const auto y = linear_axis(*hdf5_, dataset_, stored_.size() - 2),
               x = linear_axis(*hdf5_, dataset_, stored_.size() - 1);
    if (x && y && x->second > 0 && y->second > 0) {
      calibration_.pixel_qy = y->second;
      calibration_.pixel_qx = x->second;
      if (y->first < 0 && x->first < 0) {
        calibration_.centre_row = -y->first / y->second;
        calibration_.centre_col = -x->first / x->second;
      }
    }
  }
  if (overrides.energy_kV) energy_kV = overrides.energy_kV;
  if (overrides.pixel_q) calibration_.pixel_qx = calibration_.pixel_qy = *overrides.pixel_q;
  if (overrides.centre)
    std::tie(calibration_.centre_row, calibration_.centre_col) = *overrides.centre;
  if (!(calibration_.pixel_qx > 0 && calibration_.pixel_qy > 0))
    fail(Fault::input,
         "{}: says nothing usable about its pixel size in reciprocal space; give --pixel-q "
         "(1/Angstrom)",
         file_);
}

Stack<float> PatternSource::read(std::size_t scan_row, std::size_t first, std::size_t count) const {
  const std::size_t rank = stored_.size(), size = rows() * columns();
  Stack<float> patterns;
  if (hdf5_) {
    Shape start, length;
    if (rank == 5) start.push_back(thicknesses_ - 1), length.push_back(1);
    if (rank >= 4) start.push_back(scan_row), length.push_back(1);
    if (rank >= 3) start.push_back(first), length.push_back(count);
    patterns = hdf5_->read<float>(dataset_, start, length);
  } else {
    const float* from = array_.values.data() + (scan_row * scan_[1] + first) * size;
    patterns.values.assign(from, from + count * size);
  }
  patterns.shape = {count, rows(), columns()};
  return patterns;
}

}  // namespace vitrobeam
