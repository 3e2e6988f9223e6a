#include "patterns/estimate_scan.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "patterns/pattern_status.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {
namespace {

using Eigen::Index;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Tolerances: of energy and semi-angle as in matching; others relative to the calibration's.
constexpr double kEnergy = 0.005, kSemiangle = 0.02, kThickness = 0.2, kStep = 0.1;
constexpr double kFactor = 2;     // of dose and pixel
constexpr double kHidden = 0.02;  // share of the polar bins that is hidden in one of the two only
constexpr double kLeastTold = 0.02;

class Conditions {
 public:
  Conditions(const EstimateSettings& s, const RunControl& run) : s_(s), run_(run) {}

  // `remedy`: what else can be done than a new calibration.
  void compare(bool same, const std::string& what, const std::string& of_patterns,
               const std::string& of_calibration, const std::string& remedy) const {
    if (same) return;
    if (!s_.rescale)
      fail(Fault::physics,
           "{}: {} of the patterns, {} of the calibration; make a calibration for these patterns, "
           "{}, or estimate all the same with @rescale",
           what, of_patterns, of_calibration, Message::marked(remedy));
    run_.warn("{}: {} of the patterns, {} of the calibration: intervals may not hold", what,
              of_patterns, of_calibration);
  }
  void unknown(const std::string& what, const std::string& of_calibration) const {
    run_.warn("the patterns do not state their {}; taken as the calibration's {}", what,
              of_calibration);
  }

 private:
  const EstimateSettings& s_;
  const RunControl& run_;
};

std::string range_text(double low, double high) {
  return low == high ? fmt::format("{:g}", low) : fmt::format("{:g} to {:g}", low, high);
}

std::string dose_text(double dose) {
  return dose > 0 ? fmt::format("{:.4g} electrons", dose) : std::string("no counting noise");
}

void check_beam(const PatternScan& scan, const EstimateConditions& c, const Conditions& check) {
  const auto close = [](double a, double b, double part) { return std::abs(a - b) <= part * b; };
  if (!scan.energy_kV)
    check.unknown("energy", fmt::format("{:g} kV", c.energy_kV));
  else
    check.compare(close(*scan.energy_kV, c.energy_kV, kEnergy), "energy",
                  fmt::format("{:g} kV", *scan.energy_kV), fmt::format("{:g} kV", c.energy_kV),
                  "correct @energy");
  if (!scan.semiangle_mrad)
    check.unknown("convergence", fmt::format("{:g} mrad", c.semiangle_mrad));
  else
    check.compare(close(*scan.semiangle_mrad, c.semiangle_mrad, kSemiangle), "convergence",
                  fmt::format("{:g} mrad", *scan.semiangle_mrad),
                  fmt::format("{:g} mrad", c.semiangle_mrad), "correct @semiangle");
  if (!scan.thickness)
    check.unknown("thickness", range_text(c.thickness_low, c.thickness_high) + " Angstrom");
  else
    check.compare(*scan.thickness >= (1 - kThickness) * c.thickness_low &&
                      *scan.thickness <= (1 + kThickness) * c.thickness_high,
                  "thickness", fmt::format("{:.4g} Angstrom", *scan.thickness),
                  range_text(c.thickness_low, c.thickness_high) + " Angstrom",
                  "correct @thickness");
}

void check_camera_of(const PatternScan& scan, const EstimateCalibration& cal,
                     const Conditions& check) {
  const EstimateConditions& c = cal.conditions;
  const double pixel = std::max(scan.calibration.pixel_qx, scan.calibration.pixel_qy);
  check.compare(pixel <= kFactor * c.pixel_q && c.pixel_q <= kFactor * pixel, "scale",
                fmt::format("pixels of {:.4g} 1/Angstrom", pixel), fmt::format("{:.4g}", c.pixel_q),
                "correct @pixel_q");
  const double circles = largest_full_circle(scan.rows, scan.columns, scan.calibration);
  if (!scan.partial_rings)
    check.compare(circles >= cal.recipe.grid.q_max, "q-range",
                  fmt::format("whole circles up to {:.4g} 1/Angstrom", circles),
                  fmt::format("{:.4g}", cal.recipe.grid.q_max),
                  "correct @pixel_q or @centre, use what is visible with @partial_rings");
}

void check_dose(const PatternScan& scan, const EstimateConditions& c, const Conditions& check) {
  const double dose = electrons_per_pattern(scan);
  const bool same =
      c.dose == 0 ? dose == 0 : dose > 0 && dose <= kFactor * c.dose && c.dose <= kFactor * dose;
  check.compare(same, "dose", dose_text(dose), dose_text(c.dose),
                dose == 0 ? "add the noise of that dose with @dose" : "correct @gain");
}

}  // namespace

bool is_told(const DescriptorQuality& q) {
  return q.explained > kLeastTold && q.explained > 2 * q.explained_error;
}

void check_estimate(const PatternScan& scan, const EstimateCalibration& cal,
                    std::optional<double> step, const EstimateSettings& s, const RunControl& run) {
  const Conditions check(s, run);
  check_beam(scan, cal.conditions, check);
  check_camera_of(scan, cal, check);
  check_dose(scan, cal.conditions, check);
  if (s.together == 0) return;
  if (!step)
    fail(Fault::physics,
         "@together {:g}: the step of the scan is not known, that of the calibration is {:g} "
         "Angstrom; state it with @step",
         s.together, cal.conditions.step);
  check.compare(std::abs(*step - cal.conditions.step) <= kStep * cal.conditions.step, "step",
                fmt::format("{:.4g} Angstrom", *step), fmt::format("{:.4g}", cal.conditions.step),
                "estimate without @together");
}

std::vector<std::vector<std::size_t>> neighbourhoods(std::size_t rows, std::size_t columns,
                                                     double step, double together) {
  const long reach = step > 0 ? long(together / step + 1e-9) : 0;
  std::vector<std::vector<std::size_t>> out;
  for (long y = 0; y < long(rows); ++y)
    for (long x = 0; x < long(columns); ++x) {
      auto& list = out.emplace_back();
      for (long j = std::max(0L, y - reach); j <= std::min(long(rows) - 1, y + reach); ++j)
        for (long i = std::max(0L, x - reach); i <= std::min(long(columns) - 1, x + reach); ++i)
          if (std::hypot(double(j - y), double(i - x)) * step <= together + 1e-9)
            list.push_back(std::size_t(j) * columns + std::size_t(i));
    }
  return out;
}

namespace {

// Reads the scan row by row and keeps as many rows of features as neighbours reach.
class Reading {
 public:
  Reading(const PatternScan& scan, const EstimateCalibration& cal, const CalibratedReading& reading,
          const EstimateSettings& s, const RunControl& run)
      : scan_(scan),
        reading_(reading),
        run_(run),
        transform_(scan.rows, scan.columns, scan.calibration, cal.recipe.grid, scan.hidden),
        features_(cal.recipe, transform_.weights()),
        reach_(s.together > 0 ? long(s.together / cal.conditions.step + 1e-9) : 0),
        step_(cal.conditions.step),
        together_(s.together) {
    const double different = double((transform_.weights() - cal.weights).abs().mean());
    Conditions(s, run).compare(different <= kHidden, "mask",
                               fmt::format("{:.1f} % of the rings hidden",
                                           100 * (1 - double(transform_.weights().mean()))),
                               fmt::format("{:.1f} %", 100 * (1 - double(cal.weights.mean()))),
                               "correct @mask");
    const Index rows = Index(scan.scan_rows), columns = Index(scan.scan_columns);
    result_.status = Plane<unsigned char>::Zero(rows, columns);
    result_.familiarity = PlaneD::Constant(rows, columns, kNone);
    result_.farthest = reading.estimator.farthest;
    result_.together = s.together;
    result_.across_models = reading.estimator.across_models;
    result_.models = cal.models;
    result_.electrons = electrons_per_pattern(scan);
    for (std::size_t k = 0; k < cal.names.size(); ++k) {
      EstimatedMap m;
      m.name = cal.names[k];
      m.unit = cal.units[k];
      m.text = cal.texts[k];
      m.quality = reading.estimator.quality[k];
      for (PlaneD* p : planes(m)) *p = PlaneD::Constant(rows, columns, kNone);
      result_.maps.push_back(std::move(m));
    }
  }

  EstimateResult read() {
    Stage stage(run_, "patterns", scan_.positions());
    for_each_part(scan_, run_, [&](const Stack<float>& images, std::size_t first) {
      add(images, first);
      stage.advance(images.shape[0]);
    });
    while (next_ < long(scan_.scan_rows)) finish_row();
    look_at_the_whole();
    return std::move(result_);
  }

 private:
  static std::array<PlaneD*, 6> planes(EstimatedMap& m) {
    return {&m.value, &m.error, &m.low_68, &m.high_68, &m.low_90, &m.high_90};
  }

  void add(const Stack<float>& images, std::size_t first) {
    const Index columns = Index(scan_.scan_columns), count = Index(images.shape[0]);
    for (std::size_t row = first / std::size_t(columns);
         row <= (first + images.shape[0] - 1) / std::size_t(columns); ++row)
      while (first_row_ + long(rows_.size()) <= long(row))
        rows_.push_back(Eigen::MatrixXf::Zero(columns, features_.count()));
    FirstFailure failure;
#pragma omp parallel for schedule(dynamic, 8) num_threads(run_.threads)
    for (Index i = 0; i < count; ++i)
      failure.guard([&] {
        const Index at = Index(first) + i;
        const auto image = images.plane(std::size_t(i));
        const PlaneF polar = transform_(image);
        const PatternStatus status =
            pattern_status(image, scan_.hidden, polar, transform_.weights());
        result_.status.data()[at] = static_cast<unsigned char>(status);
        if (status == PatternStatus::good)
          rows_[std::size_t(at / columns - first_row_)].row(at % columns) =
              features_(polar).transpose();
      });
    failure.rethrow();
    const long whole = long((first + images.shape[0]) / std::size_t(columns));
    while (next_ + reach_ < whole) finish_row();
  }

  // Estimates row `next_`, whose neighbours are all there, and forgets what no row needs any more.
  void finish_row() {
    const Index columns = Index(scan_.scan_columns);
    std::vector<Index> known;
    Eigen::MatrixXf of_row(columns, features_.count());
    for (Index x = 0; x < columns; ++x) {
      if (result_.status(next_, x) != 0) continue;
      sum_ += rows_[std::size_t(next_ - first_row_)].row(x).transpose().cast<double>();
      ++summed_;
      of_row.row(Index(known.size())) =
          reach_ > 0 ? mean_around(x) : rows_[std::size_t(next_ - first_row_)].row(x);
      known.push_back(x);
    }
    if (!known.empty())
      store(estimate(reading_.estimator, of_row.topRows(Index(known.size()))), known);
    ++next_;
    while (first_row_ < next_ - reach_) rows_.pop_front(), ++first_row_;
  }

  // A scan that is unlike the training as a whole has no estimates.
  void look_at_the_whole() {
    if (summed_ == 0) return;
    const Estimator& e = reading_.estimator;
    result_.farthest_scan = e.farthest_scan;
    result_.scan_distance = scan_distance(e, (sum_ / double(summed_)).cast<float>(), summed_);
    if (result_.scan_distance <= e.farthest_scan) return;
    run_.warn(
        "the scan as a whole is unlike the patterns that the calibration learned from: "
        "distance {:.2f}, they reach {:.2f} (another alloy, thickness, scale, dose or a "
        "crystal?); nothing is estimated",
        result_.scan_distance, e.farthest_scan);
    for (Index i = 0; i < result_.status.size(); ++i)
      if (result_.status.data()[i] == 0) result_.status.data()[i] = kUnfamiliarScan;
    for (EstimatedMap& m : result_.maps)
      for (PlaneD* p : planes(m)) p->setConstant(kNone);
  }

  Eigen::RowVectorXf mean_around(Index x) const {
    Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(features_.count());
    int n = 0;
    for (long y = std::max(0L, next_ - reach_);
         y <= std::min(long(scan_.scan_rows) - 1, next_ + reach_); ++y)
      for (Index i = std::max<Index>(0, x - reach_);
           i <= std::min<Index>(Index(scan_.scan_columns) - 1, x + reach_); ++i) {
        if (std::hypot(double(y - next_), double(i - x)) * step_ > together_ + 1e-9) continue;
        const unsigned char status = result_.status(y, i);
        if (status != 0 && status != kUnfamiliar) continue;
        sum += rows_[std::size_t(y - first_row_)].row(i);
        ++n;
      }
    return sum / float(n);
  }

  void store(const Estimates& e, const std::vector<Index>& known) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      const Index row = Index(i), x = known[i];
      result_.familiarity(next_, x) = e.distance(row);
      if (!e.familiar[i]) {
        result_.status(next_, x) = kUnfamiliar;
        continue;
      }
      for (std::size_t k = 0; k < result_.maps.size(); ++k) {
        const Index column = Index(k);
        const std::array<double, 6> values{e.value(row, column),  e.error(row, column),
                                           e.low_68(row, column), e.high_68(row, column),
                                           e.low_90(row, column), e.high_90(row, column)};
        const auto to = planes(result_.maps[k]);
        for (std::size_t p = 0; p < 6; ++p) (*to[p])(next_, x) = values[p];
      }
    }
  }

  const PatternScan& scan_;
  const CalibratedReading& reading_;
  const RunControl& run_;
  PolarTransform transform_;
  PatternFeatures features_;
  long reach_;
  double step_, together_;
  std::deque<Eigen::MatrixXf> rows_;  // [column, feature] from scan row first_row_ on
  long first_row_ = 0, next_ = 0;
  Eigen::VectorXd sum_ = Eigen::VectorXd::Zero(features_.count());  // over the good patterns
  std::size_t summed_ = 0;
  EstimateResult result_;
};

const CalibratedReading& reading_of(const EstimateCalibration& cal, double together) {
  std::string known;
  for (const auto& r : cal.readings) {
    if (std::abs(r.together - together) < 1e-6) return r;
    known += fmt::format("{}{:g}", known.empty() ? "" : ", ", r.together);
  }
  fail(
      Fault::usage,
      "@together {:g}: {} was made for {} Angstrom; give one of these, or calibrate with @together",
      together, cal.name, known);
}

}  // namespace

EstimateResult estimate_scan(const PatternScan& scan, const EstimateCalibration& cal,
                             std::optional<double> step, const EstimateSettings& s,
                             const RunControl& run) {
  const CalibratedReading& reading = reading_of(cal, s.together);
  check_estimate(scan, cal, step, s, run);
  return Reading(scan, cal, reading, s, run).read();
}

}  // namespace vitrobeam
