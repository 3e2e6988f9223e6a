#include "drivers/pattern_input.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/quantity.hpp"
#include "io/result_file.hpp"
#include "multislice/optics.hpp"
#include "patterns/preparation.hpp"
#include "patterns/recognition.hpp"

namespace vitrobeam {
namespace {

// Fewer electrons per pattern than this are taken for fractions of a beam.
constexpr double kFewestCounts = 100;

// Intensity per pattern in the middle of the scan.
double mean_sum(const PatternSource& source) {
  const Stack<float> sample =
      source.read(source.scan_rows() / 2, 0, std::min<std::size_t>(source.scan_columns(), 64));
  double sum = 0;
  for (const float v : sample.values) sum += std::isfinite(v) ? v : 0;
  return sum / double(sample.shape[0]);
}

}  // namespace

void add_pattern_input(Settings& o, PatternInputSettings& p) {
  add_pattern_options(o, p.patterns);
  o.add("ellipse", p.ellipse, "E,DEG|FILE",
        "rings are ellipses with semi-axes q sqrt(1+E) and q/sqrt(1+E), the long one at this angle "
        "from +x towards +y; or a file of patterns that convert --find-ellipse has made, to take "
        "it from");
  o.add("partial-rings", p.partial_rings,
        "also use rings that the image cuts, by their visible part");
  o.section("Counting noise");
  o.add("dose", p.dose, "",
        "electrons per pattern: adds Poisson noise to noiseless patterns; 0 = none")
      .at_least(0);
  o.add("gain", p.gain, "",
        "units of intensity per electron of recorded patterns, 0 = they have no noise (default: "
        "what --dose says, 1 for counts, else 0)")
      .at_least(0);
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
    const Calibration said = PatternSource(settings.ellipse, only_ellipse).calibration();
    if (said.ellipticity == 0)
      fail(Fault::input,
           "--ellipse {}: holds no ellipse of its rings; make it with convert "
           "--find-centre ring --find-ellipse, or give E,DEG",
           settings.ellipse);
    calibration_.ellipticity = said.ellipticity;
    calibration_.ellipse_angle = said.ellipse_angle;
  } else if (!settings.ellipse.empty()) {
    const Vector2d e = parse_pair(settings.ellipse, "", "ellipse");
    if (!(e[0] > -0.5 && e[0] < 1))
      fail(Fault::usage, "--ellipse {}: the first number is the ellipticity, between -0.5 and 1",
           settings.ellipse);
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
  const double sum = mean_sum(source_);
  if (sum <= kFewestCounts) return;
  gain_ = 1;
  spdlog::info(
      "patterns hold counts, {:.4g} in the mean: one unit is taken for one electron (--gain "
      "changes it)",
      sum);
}

double PatternInput::electrons() const {
  if (gain_ == 0) return 0;
  if (const auto stated = stated_electrons()) return *stated;
  return mean_sum(source_) / gain_;
}

std::optional<double> PatternInput::stated_electrons() const {
  if (settings_.dose > 0) return settings_.dose;
  if (source_.dose && *source_.dose > 0 && !settings_.gain) return source_.dose;
  return {};
}

std::vector<std::optional<double>> PatternInput::thickness() const {
  if (thicknesses() == 1) return {source_.thickness};
  const auto values = Hdf5Reader(source_.file()).read<double>("/simulation/thickness").values;
  return {values.begin(), values.end()};
}

double PatternInput::disc_radius() const {
  if (!source_.semiangle_mrad || !source_.energy_kV) return 0;
  return *source_.semiangle_mrad * 1e-3 / wavelength(*source_.energy_kV);
}

PolarGrid PatternInput::reaching_out(PolarGrid grid) const {
  const double reach = largest_full_circle(Eigen::Index(source_.rows()),
                                           Eigen::Index(source_.columns()), calibration_),
               step = grid.dq();
  const int more =
      std::max(0, int((std::min(grid.q_max + disc_radius(), reach) - grid.q_max) / step));
  grid.n_q += more;
  grid.q_max += more * step;
  return grid;
}

void PatternInput::check_rings(double q_max) const {
  const double reach = largest_full_circle(Eigen::Index(source_.rows()),
                                           Eigen::Index(source_.columns()), calibration_);
  if (q_max > reach && !settings_.partial_rings)
    fail(Fault::physics,
         "--q-max {:.4g} 1/Angstrom: the patterns hold whole circles only up to {:.4g}; give a "
         "smaller one, or --partial-rings to use the visible part of cut rings",
         q_max, reach);
  check_centre(q_max);
}

PlaneF PatternInput::sample_mean() const {
  constexpr std::size_t kRows = 8, kPerRow = 32;
  float count = 0;
  PlaneF sum = PlaneF::Zero(Eigen::Index(source_.rows()), Eigen::Index(source_.columns()));
  const std::size_t rows = source_.scan_rows(), step = (rows + kRows - 1) / kRows;
  for (std::size_t row = 0; row < rows; row += step) {
    const Stack<float> images =
        read(thicknesses() - 1, row, 0, std::min(kPerRow, source_.scan_columns()));
    for (std::size_t k = 0; k < images.shape[0]; ++k)
      if (images.plane(k).isFinite().all()) {
        sum += images.plane(k);
        count += 1;
      }
  }
  return sum / std::max(count, 1.0f);
}

void PatternInput::check_centre(double q_max) const {
  constexpr double kCapture = 0.1, kReach = 0.6;  // of q_max
  const Vector2d shift =
      rough_centre_shift(sample_mean(), calibration_, source_.hidden(), kReach * q_max);
  if (shift.norm() <= kCapture * q_max) return;
  fail(Fault::physics,
       "{}: the patterns lie about a point some {:.2g} 1/Angstrom off the stated centre, more than "
       "a tenth of --q-max {:.4g}, beyond which nothing can be corrected; state the undiffracted "
       "beam by --centre (near {:.0f},{:.0f}?), or let convert --find-centre measure it",
       source_.file(), shift.norm(), q_max,
       calibration_.centre_row + shift.y() / calibration_.pixel_qy,
       calibration_.centre_col + shift.x() / calibration_.pixel_qx);
}

Stack<float> PatternInput::read(std::size_t thickness, std::size_t row, std::size_t first,
                                std::size_t count) const {
  return source_.read_thickness(thickness, row, first, count);
}

bool PatternInput::for_each_part(std::size_t thickness, int threads, const Part& work) const {
  constexpr std::size_t kPart = 512;  // patterns in memory at a time
  for (std::size_t row = 0; row < source_.scan_rows(); ++row)
    for (std::size_t first = 0; first < source_.scan_columns(); first += kPart) {
      if (interrupted()) return false;
      const std::size_t count = std::min(kPart, source_.scan_columns() - first);
      work(patterns(thickness, row, first, count, threads), row * source_.scan_columns() + first);
    }
  return true;
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

void check_visible(const RingMap& map, const std::string& file) {
  Eigen::Index fewest = 0;
  if (map.pixels().minCoeff(&fewest) < 1)
    fail(
        Fault::physics,
        "{}: the ring at {:.4g} 1/Angstrom holds no visible pixel; fewer --radii, or other --q-min "
        "and --q-max",
        file, map.axis().q(int(fewest)));
}

}  // namespace vitrobeam
