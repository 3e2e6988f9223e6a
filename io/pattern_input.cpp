#include "io/pattern_input.hpp"

#include <cmath>
#include <tuple>

#include "io/result_file.hpp"
#include "patterns/library_patterns.hpp"

namespace vitrobeam {
namespace {

// Fewer electrons per pattern than this are taken for fractions of a beam.
constexpr double kFewestCounts = 100;

}  // namespace

PatternScan pattern_scan(const PatternSource& source) {
  PatternScan s;
  s.name = source.file();
  s.scan_rows = source.scan_rows();
  s.scan_columns = source.scan_columns();
  s.rows = Eigen::Index(source.rows());
  s.columns = Eigen::Index(source.columns());
  s.calibration = source.calibration();
  s.hidden = source.hidden();
  s.energy_kV = source.energy_kV;
  s.semiangle_mrad = source.semiangle_mrad;
  s.thickness = source.thickness;
  s.read = [&source](std::size_t row, std::size_t first, std::size_t count, int) {
    return source.read(row, first, count);
  };
  return s;
}

std::pair<double, double> read_ellipse(const std::string& path) {
  PatternOverrides only_ellipse;
  only_ellipse.allow_uncalibrated = true;
  const Calibration stated = PatternSource(path, only_ellipse).calibration();
  if (stated.ellipticity == 0)
    fail(Fault::input,
         "@ellipse {}: holds no ellipse of its rings; make it with convert "
         "@find_centre ring @find_ellipse, or give E,DEG",
         path);
  return {stated.ellipticity, stated.ellipse_angle};
}

PatternInput::PatternInput(PatternSource source, const StatedPatterns& stated, std::uint64_t seed,
                           const std::function<void(const Message&)>& note)
    : stated_(stated),
      seed_(seed),
      source_(std::move(source)),
      calibration_(source_.calibration()) {
  if (stated.ellipse)
    std::tie(calibration_.ellipticity, calibration_.ellipse_angle) = *stated.ellipse;
  find_gain(note);
}

void PatternInput::find_gain(const std::function<void(const Message&)>& note) {
  if (stated_.dose > 0) {
    if (stated_.gain)
      fail(Fault::usage,
           "@dose {} adds noise, @gain {} states what recorded patterns have; give one of them",
           stated_.dose, *stated_.gain);
    gain_ = 1 / stated_.dose;
    return;
  }
  if (stated_.gain) {
    gain_ = *stated_.gain;
    return;
  }
  if (source_.dose && *source_.dose > 0) {
    gain_ = 1 / *source_.dose;
    return;
  }
  const double sum = mean_sum(scan());
  if (sum <= kFewestCounts) return;
  gain_ = 1;
  note(
      message("patterns hold counts, {:.4g} in the mean: one unit is taken for one electron (@gain "
              "changes it)",
              sum));
}

PatternScan PatternInput::scan(std::size_t thickness) const {
  PatternScan s = pattern_scan(source_);
  s.calibration = calibration_;
  s.gain = gain_;
  s.partial_rings = stated_.partial_rings;
  s.thickness = this->thickness()[thickness];
  if (stated_.dose > 0)
    s.stated_electrons = stated_.dose;
  else if (source_.dose && *source_.dose > 0 && !stated_.gain)
    s.stated_electrons = source_.dose;
  s.read = [this, thickness](std::size_t row, std::size_t first, std::size_t count, int threads) {
    return patterns(thickness, row, first, count, threads);
  };
  return s;
}

std::vector<std::optional<double>> PatternInput::thickness() const {
  if (thicknesses() == 1) return {source_.thickness};
  const auto values = Hdf5Reader(source_.file()).read<double>("/simulation/thickness").values;
  return {values.begin(), values.end()};
}

Stack<float> PatternInput::patterns(std::size_t thickness, std::size_t row, std::size_t first,
                                    std::size_t count, int threads) const {
  Stack<float> images = source_.read_thickness(thickness, row, first, count);
  if (!(stated_.dose > 0)) return images;
  const std::size_t at = row * source_.scan_columns() + first;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (long i = 0; i < long(count); ++i)
    if (auto image = images.plane(std::size_t(i)); image.isFinite().all())
      add_camera_noise(image, stated_.dose, seed_, thickness * positions() + at + std::size_t(i),
                       stated_.readout);
  return images;
}

void PatternInput::carry_over(Hdf5Writer& file) const {
  if (!source_.is_result()) return;
  const Hdf5Reader from(source_.file());
  write_axes(file, read_axes(from));
  copy_maps(from, file, "/simulation/detectors");
}

std::optional<double> stated_defocus(const PatternSource& source) {
  if (!source.is_result()) return {};
  const Hdf5Reader file(source.file());
  if (!file.exists("/parameters") || !file.has_attribute("/parameters", "defocus")) return {};
  const AttributeValue stated = file.attribute("/parameters", "defocus");
  if (const auto* number = std::get_if<double>(&stated)) return *number;
  return {};
}

std::optional<double> stated_step(const PatternSource& source) {
  if (!source.is_result()) return {};
  const DiffractionAxes axes = read_axes(Hdf5Reader(source.file()));
  if (axes.is_list)
    fail(Fault::input,
         "{} holds a list of positions; neighbours can only count together on a "
         "raster",
         source.file());
  const auto step = [](const std::vector<double>& v) {
    return v.size() > 1 ? (v.back() - v.front()) / double(v.size() - 1) : 0;
  };
  const double x = step(axes.scan_x), y = step(axes.scan_y);
  if (x > 0 && (y == 0 || std::abs(x - y) < 0.02 * x)) return x;
  if (x == 0 && y > 0) return y;
  if (x > 0 && y > 0)
    fail(Fault::input,
         "the scan has steps of {:.4g} Angstrom along x and {:.4g} along y; "
         "neighbours can only count together on a square raster",
         x, y);
  return {};
}

}  // namespace vitrobeam
