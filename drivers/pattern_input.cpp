#include "drivers/pattern_input.hpp"
#include "drivers/log.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/quantity.hpp"
#include "drivers/text_checks.hpp"
#include "io/result_file.hpp"
#include "patterns/library_patterns.hpp"

namespace vitrobeam {
namespace {

// Fewer electrons per pattern than this are taken for fractions of a beam.
constexpr double kFewestCounts = 100;

// "E,DEG": the ellipticity, and the direction of the long axis in degrees.
Vector2d parse_ellipticity(const std::string& text) {
  const auto parts = split(text, ',');
  if (parts.size() != 2)
    fail(Fault::usage, "--ellipse '{}': is no file, and not E,DEG as 0.02,30", text);
  const Vector2d e{parse_quantity(parts[0], "", "ellipse"),
                   parse_quantity(parts[1], "deg", "ellipse")};
  if (!(e[0] > -0.5 && e[0] < 1))
    fail(Fault::usage, "--ellipse {}: the first number is the ellipticity, between -0.5 and 1",
         text);
  return e;
}

void an_ellipse_or_file(const std::string& text, const std::string&) {
  if (!std::filesystem::is_regular_file(text)) parse_ellipticity(text);
}

}  // namespace

void add_pattern_input(Settings& o, PatternInputSettings& p) {
  add_pattern_options(o, p.patterns);
  o.add("ellipse", p.ellipse, "E,DEG|FILE",
        "rings are ellipses with semi-axes q sqrt(1+E) and q/sqrt(1+E), the long one at this angle "
        "from +x towards +y; or a file of patterns that convert --find-ellipse has made, to take "
        "it from")
      .reads(an_ellipse_or_file);
  o.add("partial-rings", p.partial_rings,
        "also use rings that the image cuts, by their visible part");
  o.section("Counting noise");
  o.add("dose", p.dose, "electrons",
        "electrons per pattern: adds Poisson noise to noiseless patterns; 0 = none");
  o.add("gain", p.gain, "",
        "units of intensity per electron of recorded patterns, 0 = they have no noise (default: "
        "what --dose says, 1 for counts, else 0)")
      .at_least(0)
      .at_most(1e9);
}

PatternInput::PatternInput(const std::string& specification, const PatternInputSettings& settings,
                           std::uint64_t seed, bool allow_uncalibrated)
    : settings_(settings),
      seed_(seed),
      source_(open_patterns(specification, settings.patterns, allow_uncalibrated)),
      calibration_(source_.calibration()) {
  if (std::filesystem::is_regular_file(settings.ellipse)) {
    PatternOverrides only_ellipse;
    only_ellipse.allow_uncalibrated = true;
    const Calibration stated = PatternSource(settings.ellipse, only_ellipse).calibration();
    if (stated.ellipticity == 0)
      fail(Fault::input,
           "--ellipse {}: holds no ellipse of its rings; make it with convert "
           "--find-centre ring --find-ellipse, or give E,DEG",
           settings.ellipse);
    calibration_.ellipticity = stated.ellipticity;
    calibration_.ellipse_angle = stated.ellipse_angle;
  } else if (!settings.ellipse.empty()) {
    const Vector2d e = parse_ellipticity(settings.ellipse);
    calibration_.ellipticity = e[0];
    calibration_.ellipse_angle = e[1] * M_PI / 180;
  }
  find_gain();
}

void PatternInput::find_gain() {
  if (settings_.dose > 0) {
    if (settings_.gain)
      fail(Fault::usage,
           "--dose {} adds noise, --gain {} states what recorded patterns have; give one of them",
           settings_.dose, *settings_.gain);
    gain_ = 1 / settings_.dose;
    return;
  }
  if (settings_.gain) {
    gain_ = *settings_.gain;
    return;
  }
  if (source_.dose && *source_.dose > 0) {
    gain_ = 1 / *source_.dose;
    return;
  }
  const double sum = mean_sum(scan());
  if (sum <= kFewestCounts) return;
  gain_ = 1;
  inform(
      "patterns hold counts, {:.4g} in the mean: one unit is taken for one electron (--gain "
      "changes it)",
      sum);
}

PatternScan PatternInput::scan(std::size_t thickness) const {
  PatternScan s = pattern_scan(source_);
  s.calibration = calibration_;
  s.gain = gain_;
  s.partial_rings = settings_.partial_rings;
  s.thickness = this->thickness()[thickness];
  if (settings_.dose > 0)
    s.stated_electrons = settings_.dose;
  else if (source_.dose && *source_.dose > 0 && !settings_.gain)
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

Stack<float> PatternInput::read(std::size_t thickness, std::size_t row, std::size_t first,
                                std::size_t count) const {
  return source_.read_thickness(thickness, row, first, count);
}

Stack<float> PatternInput::patterns(std::size_t thickness, std::size_t row, std::size_t first,
                                    std::size_t count, int threads) const {
  Stack<float> images = read(thickness, row, first, count);
  if (!(settings_.dose > 0)) return images;
  const std::size_t at = row * source_.scan_columns() + first;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (long i = 0; i < long(count); ++i)
    if (auto image = images.plane(std::size_t(i)); image.isFinite().all())
      add_camera_noise(image, settings_.dose, seed_, thickness * positions() + at + std::size_t(i),
                       settings_.readout);
  return images;
}

void PatternInput::carry_over(Hdf5Writer& file) const {
  if (!source_.is_result()) return;
  const Hdf5Reader from(source_.file());
  write_axes(file, read_axes(from));
  copy_maps(from, file, "/simulation/detectors");
}

}  // namespace vitrobeam
