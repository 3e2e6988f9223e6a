#include "drivers/exposure.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "drivers/command.hpp"
#include "io/compression.hpp"
#include "io/result_file.hpp"
#include "runtime/interruption.hpp"

namespace vitrobeam {
namespace {

constexpr const char* kNoiseless = "/simulation/patterns_noiseless";

// A result file keeps its axes; patterns from elsewhere count their positions.
DiffractionAxes axes_of(const PatternSource& source) {
  if (source.is_result()) return read_axes(Hdf5Reader(source.file()));
  DiffractionAxes axes;
  axes.energy_kV = *source.energy_kV;
  const auto line = [](std::size_t n, double centre, double step) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = (double(i) - centre) * step;
    return v;
  };
  const Calibration& c = source.calibration();
  axes.scan_y = line(source.scan_rows(), 0, 1);
  axes.scan_x = line(source.scan_columns(), 0, 1);
  axes.q_y = line(source.rows(), c.centre_row, c.pixel_qy);
  axes.q_x = line(source.columns(), c.centre_col, c.pixel_qx);
  return axes;
}

// Where the scan stands: for descan and drift.
struct ScanTrack {
  std::vector<Vector2d> at;
  Vector2d middle{0, 0};

  explicit ScanTrack(const DiffractionAxes& axes) {
    if (axes.is_list)
      for (std::size_t i = 0; i < axes.scan_x.size(); ++i)
        at.emplace_back(axes.scan_x[i], axes.scan_y[i]);
    else
      for (const double y : axes.scan_y)
        for (const double x : axes.scan_x) at.emplace_back(x, y);
    for (const auto& p : at) middle += p / double(at.size());
  }
  double progress(std::size_t i) const {
    return at.size() > 1 ? double(i) / double(at.size() - 1) : 0;
  }
};

// One scan row of one probe at one thickness through the camera and into the file; `leading`:
// their indices, as far as there are such axes.
void record_row(const PatternSource& source, std::size_t layer, const Shape& leading,
                std::size_t row, const CameraModel& camera, const ScanTrack& track,
                const CommonSettings& common, bool keep_noiseless, Hdf5Writer& file,
                Stack<std::int32_t>& saturated) {
  const std::size_t columns = source.scan_columns(), n = source.rows() * source.columns();
  const Stack<float> images = source.read_layer(layer, row, 0, columns);
  std::vector<std::vector<std::byte>> chunks(columns), noiseless(keep_noiseless ? columns : 0);
  FirstFailure failure;
#pragma omp parallel for schedule(dynamic) num_threads(common.threads)
  for (std::size_t i = 0; i < columns; ++i) {
    failure.guard([&] {
      const std::size_t at = row * columns + i, index = layer * track.at.size() + at;
      const Vector2d shift = camera.shift(track.at[at], track.middle, track.progress(at));
      const Exposure e = camera(images.plane(i).cast<double>(), index, shift);
      saturated.values[index] = std::int32_t(e.saturated);
      const PlaneF counts = e.pattern.cast<float>();
      chunks[i] = compress_chunk(counts.data(), sizeof(float), n);
      if (keep_noiseless) noiseless[i] = compress_chunk(images.plane(i).data(), sizeof(float), n);
    });
  }
  failure.rethrow();
  for (std::size_t i = 0; i < columns; ++i) {
    Shape chunk = leading;
    chunk.insert(chunk.end(), {row, i, 0, 0});
    file.write_chunk("/simulation/patterns", chunk, chunks[i]);
    if (keep_noiseless) file.write_chunk(kNoiseless, chunk, noiseless[i]);
  }
}

}  // namespace

void check_noiseless(const PatternSource& source) {
  const Stack<float> first = source.read(0, 0, 1);
  double sum = 0;
  for (const float v : first.values) sum += v;
  if (!(sum > 0 && sum <= 1.01))
    fail(Fault::input,
         "{}: the first pattern sums to {:.6g}; expected fractions of the incident beam, of sum 1 "
         "at most: a camera records noiseless patterns, not counts",
         source.file(), sum);
}

bool expose(const PatternSource& source, const Camera& camera, const CommonSettings& common,
            RunRecord record, bool keep_noiseless) {
  const DiffractionAxes axes = axes_of(source);
  const ScanTrack track(axes);
  const CameraModel model(camera, Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                          source.calibration(), common.seed);
  const std::size_t layers = source.probes() * source.thicknesses(), rows = source.scan_rows();
  Hdf5Writer file(common.output);
  Shape chunk(axes.pattern_shape().size(), 1);
  chunk[chunk.size() - 2] = source.rows();
  chunk.back() = source.columns();
  file.create_chunked<float>("/simulation/patterns", axes.pattern_shape(), chunk);
  if (keep_noiseless) file.create_chunked<float>(kNoiseless, axes.pattern_shape(), chunk);
  Stack<std::int32_t> saturated(axes.with_series(axes.scan_shape()));
  const RunControl control = run_control(common);
  Stage progress(control, "scan rows", rows * layers);
  for (std::size_t layer = 0; layer < layers; ++layer) {
    Shape leading;
    if (source.probes() > 1) leading.push_back(layer / source.thicknesses());
    if (source.thicknesses() > 1) leading.push_back(layer % source.thicknesses());
    for (std::size_t row = 0; row < rows; ++row, progress.advance()) {
      if (interrupted()) return false;
      record_row(source, layer, leading, row, model, track, common, keep_noiseless, file,
                 saturated);
    }
  }
  write_camera_marks(file, model, camera, saturated);
  if (keep_noiseless) file.attribute(kNoiseless, "units", pattern_units(Camera{}));
  if (source.is_result()) {
    const Hdf5Reader input(source.file());
    copy_maps(input, file, "/simulation/detectors");
    copy_maps(input, file, "/simulation/detectors_stderr");
    inherit_record(input, record);
  }
  write_result(file, axes, record, std::filesystem::path(common.output).stem().string(),
               pattern_units(camera));
  file.commit();
  if (camera.saturation > 0)
    std::cout << fmt::format(
        "saturated   {} pixels of {} patterns\n",
        std::accumulate(saturated.values.begin(), saturated.values.end(), std::int64_t{0}),
        std::count_if(saturated.values.begin(), saturated.values.end(),
                      [](std::int32_t n) { return n > 0; }));
  std::cout << fmt::format("wrote       {} ({})\n", common.output, pattern_units(camera));
  return true;
}

}  // namespace vitrobeam
