#include "io/camera_file.hpp"

#include "base/error.hpp"
#include "io/compression.hpp"

namespace vitrobeam {
namespace {

const std::string kPatterns = "/simulation/patterns", kNoiseless = "/simulation/patterns_noiseless";

std::vector<Vector2d> positions_of(const DiffractionAxes& axes) {
  std::vector<Vector2d> at;
  if (axes.is_list)
    for (std::size_t i = 0; i < axes.scan_x.size(); ++i)
      at.emplace_back(axes.scan_x[i], axes.scan_y[i]);
  else
    for (const double y : axes.scan_y)
      for (const double x : axes.scan_x) at.emplace_back(x, y);
  return at;
}

using Chunk = std::vector<std::byte>;

Chunk packed(const Eigen::Ref<const PlaneF>& pattern) {
  return compress_chunk(pattern.data(), sizeof(float), std::size_t(pattern.size()));
}

// The chunks of one scan row; `at`: indices of its probe and thickness, as far as there are such
// axes.
void write_row(Hdf5Writer& file, const std::string& path, Shape at, std::size_t row,
               const std::vector<Chunk>& chunks) {
  at.insert(at.end(), {row, 0, 0, 0});
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    at[at.size() - 3] = i;
    file.write_chunk(path, at, chunks[i]);
  }
}

// What belongs beside the patterns: how many pixels of each clip, the shadow of the beam stop, and
// on the patterns what was done to them.
void write_marks(Hdf5Writer& file, const CameraModel& model, const RecordingSettings& s,
                 const Stack<std::int32_t>& saturated) {
  file.attribute(kPatterns, "camera", camera_text(s.camera));
  file.attribute(kPatterns, "units", pattern_units(s.camera));
  if (s.keep_noiseless) file.attribute(kNoiseless, "units", pattern_units(Camera{}));
  if (s.camera.saturation > 0) {
    file.write("/simulation/saturated", saturated);
    file.attribute("/simulation/saturated", "units", "pixels at the saturation of the camera");
  }
  if (model.hidden().size() > 0) {
    file.write("/simulation/beam_stop", model.hidden());
    file.attribute("/simulation/beam_stop", "units", "1 = in the shadow of the beam stop");
  }
}

}  // namespace

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
  axes.has_steps = false;
  axes.scan_y = line(source.scan_rows(), 0, 1);
  axes.scan_x = line(source.scan_columns(), 0, 1);
  axes.q_y = line(source.rows(), c.centre_row, c.pixel_qy);
  axes.q_x = line(source.columns(), c.centre_col, c.pixel_qx);
  return axes;
}

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

Stack<std::int32_t> write_recorded(Hdf5Writer& file, const PatternSource& source,
                                   const RecordingSettings& s, const RunControl& run) {
  const DiffractionAxes axes = axes_of(source);
  const ScanTrack track(positions_of(axes));
  const CameraModel model(s.camera, Eigen::Index(source.rows()), Eigen::Index(source.columns()),
                          source.calibration(), s.seed);
  const std::size_t layers = source.probes() * source.thicknesses(), rows = source.scan_rows(),
                    columns = source.scan_columns();
  Shape chunk(axes.pattern_shape().size(), 1);
  chunk[chunk.size() - 2] = source.rows();
  chunk.back() = source.columns();
  file.create_chunked<float>(kPatterns, axes.pattern_shape(), chunk);
  if (s.keep_noiseless) file.create_chunked<float>(kNoiseless, axes.pattern_shape(), chunk);
  Stack<std::int32_t> saturated(axes.with_series(axes.scan_shape()));
  Stage stage(run, "scan rows", rows * layers);
  for (std::size_t layer = 0; layer < layers; ++layer) {
    Shape at;
    if (source.probes() > 1) at.push_back(layer / source.thicknesses());
    if (source.thicknesses() > 1) at.push_back(layer % source.thicknesses());
    for (std::size_t row = 0; row < rows; ++row, stage.advance()) {
      run.check_stop();
      const Stack<float> images = source.read_layer(layer, row, 0, columns);
      std::vector<Chunk> chunks(columns), noiseless(s.keep_noiseless ? columns : 0);
      const auto store = [&](std::size_t i, const CameraImage& image) {
        saturated.values[(layer * rows + row) * columns + i] = std::int32_t(image.saturated);
        chunks[i] = packed(image.pattern.cast<float>());
        if (s.keep_noiseless) noiseless[i] = packed(images.plane(i));
      };
      record_patterns(images, model, track, row * columns, layer, run.threads, store);
      write_row(file, kPatterns, at, row, chunks);
      if (s.keep_noiseless) write_row(file, kNoiseless, at, row, noiseless);
    }
  }
  write_marks(file, model, s, saturated);
  if (!source.is_result()) return saturated;
  const Hdf5Reader input(source.file());
  copy_maps(input, file, "/simulation/detectors");
  copy_maps(input, file, "/simulation/detectors_stderr");
  return saturated;
}

}  // namespace vitrobeam
