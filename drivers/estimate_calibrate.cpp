// vitrobeam estimate calibrate: what patterns tell of the structure, learned from models.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/estimate_settings.hpp"
#include "drivers/log.hpp"
#include "drivers/produce.hpp"
#include "io/digest.hpp"
#include "io/estimate_file.hpp"
#include "options/text_checks.hpp"
#include "runtime/ranks.hpp"
#include "runtime/work_units.hpp"
#include "studies/estimate_calibration.hpp"

namespace vitrobeam {
namespace {

struct CalibrateCommand {
  TeachingSettings teaching;
  bool list = false, as_far_as_done = false;
};

Settings describe(CalibrateCommand& c) {
  TeachingSettings& t = c.teaching;
  Settings o("estimate calibrate",
             "models of glasses -> what patterns of them tell of the structure, with errors",
             {"MODEL..."});
  add_teaching_options(o, t);
  o.section("This calibration");
  o.add("list", c.list, "print the descriptors, a line each, and stop");
  o.add("together", t.together, "R,...",
        "Angstrom: also readings of all positions within this radius of each other, for 'estimate "
        "--together'; 0 = one pattern")
      .reads(numbers_in("Angstrom", {0, 100}));
  o.add("thickness", t.thickness, "T|LOW,HIGH", "of the slabs in Angstrom: one, or any between two")
      .reads(numbers_in("Angstrom", {1, 2000}));
  o.add("dose", t.camera.camera.dose, "electrons", "per pattern; 0 = without counting noise")
      .at_least(0);
  o.add("as-far-as-done", c.as_far_as_done,
        "make the calibration from the slabs that an interrupted run of these options has done; "
        "that run cannot go on afterwards")
      .not_recorded();
  add_common(o, t.beam.common);
  return o;
}

std::string share_text(double value, double error) {
  return fmt::format("{:5.2f} +- {:.2f}", value, error);
}

void print_reading(const CalibratedReading& r, const EstimateCalibration& c) {
  std::cout << fmt::format("\n{}\n{:<16} {:<15} {:<15} {:<7} {:<6} {:<6}\n",
                           r.together > 0
                               ? fmt::format("positions within {:g} Angstrom together", r.together)
                               : std::string("one pattern"),
                           "descriptor", "explained", "beyond others", "r", "in 68%", "in 90%");
  for (std::size_t k = 0; k < c.names.size(); ++k) {
    const DescriptorQuality& q = r.estimator.quality[k];
    std::cout << fmt::format("{:<16} {:<15} {:<15} {:<7.2f} {:<6.0f} {:<6.0f}{}\n", c.names[k],
                             share_text(q.explained, q.explained_error),
                             share_text(q.partial, q.partial_error), q.correlation,
                             100 * q.coverage_68, 100 * q.coverage_90,
                             is_told(q) ? "" : "  not measurable here");
  }
}

void print(const EstimateCalibration& c) {
  int patterns = 0;
  for (const int n : c.patterns) patterns += n;
  std::cout << fmt::format(
      "patterns    {} of {}\nerrors      from {}\n", patterns, counted(c.models.size(), "model"),
      c.readings.front().estimator.across_models
          ? "models that were left out whole"
          : "slabs of the one model that were left out: weaker than from other models; give "
            "several");
  for (const auto& r : c.readings) print_reading(r, c);
  constexpr std::size_t kFew = 4;
  if (c.readings.front().estimator.across_models && c.models.size() < kFew)
    warn(
        "{} are few: how they differ as a whole is hardly known, and intervals hold less often "
        "than "
        "they state; give {} or more, made independently",
        counted(c.models.size(), "model"), kFew);
  std::cout << "explained: share of the variance from column to column; beyond others: of what "
               "composition, density and thickness leave\n";
}

void predict(const CalibrationBuilder& builder, int threads) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  builder.make(0);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const EstimatePlan& p = builder.plan();
  const double patterns = double(builder.units() * builder.patterns());
  const double features = double(
      PatternFeatures(p.recipe, PlaneF::Ones(p.recipe.grid.n_q, p.recipe.grid.n_theta)).count());
  std::cout << fmt::format(
      "slabs       {}\npatterns    {:.0f}\nmemory      {:.2f} GB\ndisk        {:.2f} GB while it "
      "runs\ntime        about {:.0f} s of simulation\n",
      builder.units(), patterns, (3 * patterns * features + 2 * features * features) * 4e-9,
      patterns * p.recipe.grid.n_q * p.recipe.grid.n_theta * 4e-9,
      seconds * double(builder.units()) / threads);
}

}  // namespace

int run_estimate_calibrate(const std::vector<std::string>& arguments) {
  CalibrateCommand c;
  Settings settings = describe(c);
  TeachingSettings& t = c.teaching;
  const CommonSettings& common = t.beam.common;
  if (!begin(settings, t.beam.common, arguments)) return 0;
  if (c.list) {
    for (const auto& line : descriptor_table())
      std::cout << fmt::format("{:<16} {:<20} {}\n", line.name, line.unit, line.text);
    return 0;
  }
  if (!t.descriptors.empty()) parse_descriptors(t.descriptors);
  const auto& files = settings.positional();
  if (files.empty())
    fail(Fault::usage,
         "estimate calibrate: name periodic models of the glass: vitrobeam estimate calibrate "
         "MODEL... -o OUT.h5");
  const auto models = read_models(t, files);
  const CalibrationBuilder builder(make_plan(t, models), models, run_control(common));
  if (common.dry_run) {
    if (!common.resume) check_output(common);
    predict(builder, common.threads);
    return 0;
  }
  if (c.as_far_as_done) t.beam.common.resume = true;
  const RunRecord record = start_record(settings, common, files);
  if (!start_output(common, record)) return 0;
  WorkUnits work(common.output + ".journal", run_digest(record), common.resume, builder.units());
  if (work.done() > 0) inform("resuming: {} of {} slabs are done", work.done(), builder.units());
  const WorkUnits::Shown shown{"patterns", [&](std::size_t) { return builder.patterns(); }};
  const bool finished = c.as_far_as_done ||
                        work.share_out_units({0, builder.units()}, shown, run_control(common),
                                             [&](std::size_t unit) { return builder.make(unit); });
  if (!ranks().is_leader()) return 0;
  if (!finished) {
    std::cerr << fmt::format(
        "vitrobeam: interrupted after {} of {} slabs; --resume continues, --as-far-as-done "
        "makes a calibration of these\n",
        work.saved().size(), builder.units());
    return 130;
  }
  EstimateCalibration calibration;
  const auto compute = [&](const RunControl& run) {
    calibration = builder.train(
        work.saved(), [&](std::size_t unit) { return work.read(unit); }, run);
  };
  finish(common, record,
         {"estimate calibrate",
          files,
          {},
          compute,
          [&](Hdf5Writer& file) { write_estimate_calibration(file, calibration); },
          [&] { print(calibration); }});
  work.remove_journal();
  return 0;
}

}  // namespace vitrobeam
