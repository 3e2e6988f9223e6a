// vitrobeam estimate calibrate: what patterns tell of the structure, learned from models.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/camera_settings.hpp"
#include "drivers/log.hpp"
#include "drivers/produce.hpp"
#include "drivers/simulate_settings.hpp"
#include "io/digest.hpp"
#include "io/estimate_file.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "runtime/ranks.hpp"
#include "runtime/work_units.hpp"
#include "studies/estimate_calibration.hpp"

namespace vitrobeam {
namespace {

// Band limit 1.9 1/Angstrom, beyond what patterns are read to; Angstrom.
constexpr double kPixel = 0.175;
constexpr Limits kThickness{1, 2000};

struct CalibrateCommand {
  SimulateSettings beam;
  CameraSettings camera;
  std::string descriptors, thickness = "10", together = "0";
  double pixel_q = 0;
  bool list = false, as_far_as_done = false;
  EstimatePlan plan;
};

Settings describe(CalibrateCommand& c) {
  Settings o("estimate calibrate",
             "models of glasses -> what patterns of them tell of the structure, with errors",
             {"MODEL..."});
  EstimatePlan& p = c.plan;
  // whole circles of patterns to 1.2 1/Angstrom end a pixel before
  p.recipe.grid = {0.24, 1.16, 23, 64};
  o.section("What is learned");
  o.add("descriptors", c.descriptors, "NAME,...",
        "mean over the column of each; names as --list shows them (default: icosahedra, five_fold, "
        "share of the most frequent element, density, thickness, as far as they differ)");
  o.add("list", c.list, "print the descriptors, a line each, and stop");
  o.add("together", c.together, "R,...",
        "Angstrom: also readings of all positions within this radius of each other, for 'estimate "
        "--together'; 0 = one pattern")
      .reads(numbers_in("Angstrom", {0, 100}));
  o.section("Specimen");
  o.add("thickness", c.thickness, "T|LOW,HIGH", "of the slabs in Angstrom: one, or any between two")
      .reads(numbers_in("Angstrom", kThickness));
  o.add("slabs", p.slabs, "cut from each model in random directions at random places")
      .at_least(1)
      .at_most(1000000);
  o.add("slab-width", p.box, "Angstrom",
        "edge of a slab across the beam; simulated patterns have pixels of 1/width")
      .at_least(10)
      .at_most(500);
  o.add("step", p.step, "Angstrom",
        "of the scan over each slab; with --together that of the measured scan")
      .at_least(0.1)
      .at_most(100);
  add_structure_input(o, c.beam.model);
  o.section("Patterns");
  o.add("q-min", p.recipe.grid.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", p.recipe.grid.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", p.recipe.grid.n_q, "rings").at_least(2).at_most(256);
  o.add("angles", p.recipe.grid.n_theta, "angular bins, an even number").at_least(8).at_most(1024);
  o.add("highest-order", p.recipe.highest_order,
        "of the angular correlations: 1 to 5, then even ones up to this")
      .at_least(2)
      .at_most(64);
  o.add("pixel-q", c.pixel_q, "1/Angstrom",
        "pixel of the measured patterns; 0 = those of the simulation")
      .at_least(0)
      .at_most(1);
  o.add("dose", c.camera.camera.dose, "electrons", "per pattern; 0 = without counting noise")
      .at_least(0);
  add_noise_options(o, c.camera);
  add_beam_options(o, c.beam);
  o.section("Interrupted runs");
  o.add("as-far-as-done", c.as_far_as_done,
        "make the calibration from the slabs that an interrupted run of these options has done")
      .not_recorded();
  add_common(o, c.beam.common);
  return o;
}

std::vector<TeachingModel> read_models(const CalibrateCommand& c,
                                       const std::vector<std::string>& files) {
  std::vector<TeachingModel> models;
  for (const auto& file : files)
    models.push_back({file, read_scatterers(file, c.beam.model, c.beam.common.seed)});
  return models;
}

// The most frequent element of all models together.
int most_frequent(const std::vector<TeachingModel>& models) {
  std::map<int, std::size_t> count;
  for (const auto& m : models)
    for (const int z : m.atoms.numbers) ++count[z];
  return std::max_element(count.begin(), count.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

EstimatePlan make_plan(CalibrateCommand& c, const std::vector<TeachingModel>& models) {
  EstimatePlan& p = c.plan;
  if (c.beam.mode == BeamMode::plane_wave)
    fail(Fault::usage, "--mode plane-wave: estimates are made for a convergent probe");
  p.descriptors =
      parse_descriptors(c.descriptors.empty() ? fmt::format("icosahedra,five_fold,share:{},density",
                                                            symbol(most_frequent(models)))
                                              : c.descriptors);
  p.leave_out_constant = c.descriptors.empty();
  const auto thickness = parse_numbers(c.thickness, "Angstrom", kThickness, "thickness");
  if (thickness.size() > 2 || thickness.front() > thickness.back())
    fail(Fault::usage, "--thickness {}: give one, or LOW,HIGH", c.thickness);
  p.thickness_low = thickness.front();
  p.thickness_high = thickness.back();
  p.together = parse_numbers(c.together, "Angstrom", {0, 100}, "together");
  if (std::find(p.together.begin(), p.together.end(), 0.0) == p.together.end())
    p.together.insert(p.together.begin(), 0.0);
  check_recipe(p.recipe);
  Atoms cell;
  cell.cell = Cell::orthogonal(p.box, p.box, p.thickness_high);
  if (c.beam.grid.empty() && !c.beam.pixel) c.beam.pixel = kPixel;
  const double pixel = std::max(c.pixel_q, 1 / p.box);
  c.beam.q_max = p.recipe.grid.q_max + 2 * pixel;  // whole circles to q_max
  p.simulation = resolve(c.beam, cell);
  p.simulation.recording.pixel_q = c.pixel_q;
  if (!p.simulation.series.empty())
    fail(Fault::usage, "--semiangle, --defocus, --cs and --aberrations: a calibration takes one");
  // always the same engine, so that the bytes do not depend on the machine
  if (p.simulation.engine == Engine::automatic) p.simulation.engine = Engine::scattering_matrix;
  p.camera = resolve_camera(c.camera, p.simulation.optics.wavelength());
  p.seed = c.beam.common.seed;
  const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
  if (const double out = 100 * wrapped_fraction(p.simulation.optics, grid); out > c.beam.wrap_limit)
    fail(Fault::physics,
         "{:.1f} % of the probe lies beyond half of --slab-width {:g} (--wrap-limit {} %): take a "
         "larger one",
         out, p.box, c.beam.wrap_limit);
  return p;
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
  std::cout << "explained: share of the variance from column to column; beyond others: of what "
               "composition, density and thickness leave\n";
}

void foretell(const CalibrationBuilder& builder, int threads) {
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
      builder.units(), patterns, (3 * patterns * features + 12 * features * features) * 4e-9,
      patterns * p.recipe.grid.n_q * p.recipe.grid.n_theta * 4e-9,
      seconds * double(builder.units()) / threads);
}

}  // namespace

int run_estimate_calibrate(const std::vector<std::string>& arguments) {
  CalibrateCommand c;
  Settings settings = describe(c);
  const CommonSettings& common = c.beam.common;
  if (!begin(settings, c.beam.common, arguments)) return 0;
  if (c.list) {
    for (const auto& line : descriptor_table())
      std::cout << fmt::format("{:<16} {:<20} {}\n", line.name, line.unit, line.text);
    return 0;
  }
  if (!c.descriptors.empty()) parse_descriptors(c.descriptors);
  const auto& files = settings.positional();
  if (files.empty())
    fail(Fault::usage,
         "estimate calibrate: name periodic models of the glass: vitrobeam estimate calibrate "
         "MODEL... -o OUT.h5");
  const auto models = read_models(c, files);
  const CalibrationBuilder builder(make_plan(c, models), models, run_control(common));
  if (common.dry_run) {
    if (!common.resume) check_output(common);
    foretell(builder, common.threads);
    return 0;
  }
  if (c.as_far_as_done) c.beam.common.resume = true;
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
