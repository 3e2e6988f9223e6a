#include "io/preparation_file.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/compression.hpp"

namespace vitrobeam {
namespace {

const std::string kPatterns = "/measurement/patterns", kHidden = "/measurement/hidden",
                  kFound = "/preparation", kShift = kFound + "/shift",
                  kBackground = kFound + "/background",
                  kHiddenRecorded = kFound + "/hidden_recorded";

using Eigen::Index;

void write_hidden(Hdf5Writer& file, const std::string& path, const PixelMask& hidden) {
  if (hidden.size() == 0) return;
  file.write(path, hidden);
  file.attribute(path, "description", "1: the pixel must not be used");
}

// Calls make(recorded, position) for every pattern of the scan and stores what it returns.
template <typename Make>
void write_patterns(Hdf5Writer& file, const PatternScan& scan, const RunControl& run, Make&& make) {
  const auto rows = std::size_t(scan.rows), columns = std::size_t(scan.columns);
  file.create_chunked<float>(kPatterns, {scan.scan_rows, scan.scan_columns, rows, columns},
                             {1, 1, rows, columns});
  Stage stage(run, "patterns", scan.positions());
  for (std::size_t y = 0; y < scan.scan_rows; ++y) {
    run.check_stop();
    const Stack<float> row = scan.read(y, 0, scan.scan_columns, run.threads);
    for (std::size_t x = 0; x < scan.scan_columns; ++x) {
      const PlaneF image = make(row.plane(x), y * scan.scan_columns + x);
      file.write_chunk(kPatterns, {y, x, 0, 0},
                       compress_chunk(image.data(), sizeof(float), std::size_t(image.size())));
      stage.advance();
    }
  }
}

void write_centres(Hdf5Writer& file, const ScanPreparation& p) {
  for (const auto& [name, map] :
       {std::pair{"/centre_row", &p.centre_row}, {"/centre_column", &p.centre_col}}) {
    write_map(file, kFound + name, *map, "pixel");
    const PlaneFit plane = fit_plane(*map);
    file.attribute(kFound + name, "descan_per_row", plane.per_row);
    file.attribute(kFound + name, "descan_per_column", plane.per_column);
  }
}

void write_found(Hdf5Writer& file, const ScanPreparation& p) {
  file.group(kFound);
  file.attribute(kFound, "steps", p.steps);
  file.write(kFound + "/mean", p.overview.mean);
  file.write(kFound + "/radial_mean", radial_mean(p.overview.mean, p.pixels, p.hidden()));
  file.attribute(kFound + "/radial_mean", "description",
                 "of the mean pattern; circle k ends at k + 1 pixels");
  const auto put = [&](const std::string& name, std::optional<double> value) {
    if (value) file.attribute(kFound, name, *value);
  };
  put("centre_row", p.pixels.centre_row);
  put("centre_column", p.pixels.centre_col);
  put("centre_error", p.centre_error);
  put("ellipticity_error", p.ellipticity_error);
  put("disc_radius", p.disc_radius);
  if (p.rotation) {
    put("scan_rotation_error_deg", p.rotation->error * 180 / M_PI);
    put("scan_rotation_curl_share", p.rotation->curl_share);
  }
  put("ring_radius", p.ring_radius);
  file.attribute(kFound, "not_finite_values", std::int64_t(p.overview.not_finite));
  file.attribute(kFound, "negative_values", std::int64_t(p.overview.negative));
  if (p.centre_row.size() > 0) write_centres(file, p);
}

template <typename T>
Stack<T> read_if_there(const Hdf5Reader& file, const std::string& path) {
  return file.is_dataset(path) ? file.read<T>(path) : Stack<T>();
}

void write_ellipse(Hdf5Writer& file, const Calibration& c) {
  file.attribute("/measurement", "ellipticity", c.ellipticity);
  file.attribute("/measurement", "ellipse_angle", c.ellipse_angle);
}

}  // namespace

double prepared_bytes(const PatternScan& scan) {
  constexpr std::size_t kSample = 16;
  const std::size_t n = scan.positions(), sample = std::min(kSample, n);
  double bytes = 0;
  for (std::size_t k = 0; k < sample; ++k) {
    const std::size_t at = (2 * k + 1) * n / (2 * sample);
    const Stack<float> one = scan.read(at / scan.scan_columns, at % scan.scan_columns, 1, 1);
    bytes += double(compress_chunk(one.values.data(), sizeof(float), one.values.size()).size());
  }
  return sample == 0 ? 0 : bytes * double(n) / double(sample);
}

void write_prepared(Hdf5Writer& file, const PatternScan& scan, const ScanPreparation& p,
                    double scan_rotation_deg, const std::string& units, const RunControl& run) {
  Stack<float> background;
  if (p.background != RadialBackground::keep) {
    const auto circles = radial_mean(PlaneF::Zero(scan.rows, scan.columns), p.pixels, {}).size();
    background = Stack<float>({scan.scan_rows, scan.scan_columns, circles}, NAN);
  }
  write_patterns(file, scan, run, [&](const PlaneF& recorded, std::size_t position) {
    PreparedPattern one = prepared_pattern(recorded, p, position);
    if (!one.background.empty()) {
      // beyond its last visible circle a profile goes on as it ends: what was subtracted there
      const std::size_t circles = background.shape[2];
      one.background.resize(circles, one.background.back());
      std::copy(one.background.begin(), one.background.end(),
                background.values.begin() + std::ptrdiff_t(position * circles));
    }
    return one.image;
  });
  file.attribute(kPatterns, "units", units);
  if (!p.moves.empty()) {
    Stack<int> shift({scan.scan_rows, scan.scan_columns, 2});
    for (std::size_t i = 0; i < p.moves.size(); ++i)
      std::tie(shift.values[2 * i], shift.values[2 * i + 1]) = p.moves[i];
    file.write(kShift, shift);
    write_hidden(file, kHiddenRecorded, p.hidden());
  }
  if (background.size() > 0) {
    file.write(kBackground, background);
    file.attribute(kBackground, "units", "as the patterns");
  }
  write_ellipse(file, p.calibration);
  file.attribute("/measurement", "scan_rotation_deg", scan_rotation_deg);
  write_hidden(file, kHidden, p.hidden_after());
  write_found(file, p);
}

void check_prepared(const std::string& path) {
  if (is_hdf5(path)) {
    const Hdf5Reader file(path);
    if (file.exists(kFound) && file.is_dataset(kPatterns)) return;
  }
  fail(Fault::input, "{}: no file that convert has made; @undo has nothing to undo", path);
}

Restored write_recorded(Hdf5Writer& file, const Hdf5Reader& prepared, const PatternScan& scan,
                        const RunControl& run) {
  const Stack<float> background = read_if_there<float>(prepared, kBackground);
  const Stack<std::int32_t> shift = read_if_there<std::int32_t>(prepared, kShift);
  Calibration pixels = scan.calibration;
  pixels.pixel_qy /= pixels.pixel_qx;
  pixels.pixel_qx = 1;
  write_patterns(file, scan, run, [&](const PlaneF& image, std::size_t at) {
    std::vector<double> profile;
    if (background.size() > 0) {
      const auto first = background.values.begin() + std::ptrdiff_t(at * background.shape[2]);
      profile.assign(first, first + std::ptrdiff_t(background.shape[2]));
    }
    std::pair<int, int> move{0, 0};
    if (shift.size() > 0) move = {shift.values[2 * at], shift.values[2 * at + 1]};
    return recorded_pattern(image, pixels, profile, move);
  });
  file.attribute(kPatterns, "units", prepared.string_attribute(kPatterns, "units", "counts"));
  write_ellipse(file, scan.calibration);
  const bool aligned = prepared.is_dataset(kHiddenRecorded);
  const std::string hidden = aligned ? kHiddenRecorded : shift.size() > 0 ? "" : kHidden;
  if (!hidden.empty() && prepared.is_dataset(hidden))
    write_hidden(file, kHidden, prepared.read<std::uint8_t>(hidden).plane(0));
  return {background.size() > 0, shift.size() > 0};
}

DiffractionAxes measurement_axes(const PatternScan& scan, const Calibration& c, double step_x,
                                 double step_y, bool is_list) {
  const auto axis = [](std::size_t n, double step, double centre) {
    std::vector<double> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = (double(i) - centre) * step;
    return v;
  };
  DiffractionAxes axes;
  axes.group = "/measurement";
  axes.energy_kV = scan.energy_kV.value_or(0);
  axes.is_list = is_list;
  axes.has_steps = step_x > 0 && (is_list || step_y > 0);
  axes.scan_x = axis(scan.scan_columns, step_x > 0 ? step_x : 1, 0);
  axes.scan_y = is_list ? axes.scan_x : axis(scan.scan_rows, step_y > 0 ? step_y : 1, 0);
  axes.q_y = axis(std::size_t(scan.rows), c.pixel_qy, c.centre_row);
  axes.q_x = axis(std::size_t(scan.columns), c.pixel_qx, c.centre_col);
  return axes;
}

}  // namespace vitrobeam
