// vitrobeam estimate: patterns -> maps of structural descriptors with intervals. The words
// `estimate calibrate` and `estimate plan` lead to drivers/estimate_calibrate.cpp and
// estimate_plan.cpp.
#include <cmath>
#include <iostream>
#include <optional>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "base/statistics.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/produce.hpp"
#include "drivers/structure_input.hpp"
#include "io/estimate_file.hpp"
#include "io/result_file.hpp"
#include "studies/estimate_truth.hpp"

namespace vitrobeam {
namespace {

struct EstimateCommand {
  CommonSettings common;
  PatternInputSettings input;
  StructureInput structure;
  EstimateSettings estimate;
  std::optional<double> step;
  std::string model;
  int shifts = 1999;
};

Settings describe(EstimateCommand& c) {
  Settings o(
      "estimate",
      "patterns + calibration -> maps of structural descriptors with intervals\n\n"
      "   or: vitrobeam estimate calibrate MODEL... [options]: what patterns of models tell\n"
      "   or: vitrobeam estimate plan MODEL... [options]: which beam tells most",
      {"PATTERNS", "CALIBRATION"});
  o.section("Estimate");
  o.add("together", c.estimate.together, "Angstrom",
        "read all positions within this radius together, as the calibration was told to: smaller "
        "errors, less resolution; 0 = one pattern")
      .at_least(0)
      .at_most(100);
  o.add("step", c.step, "Angstrom", "of the scan, where the file does not state it, for --together")
      .above(0);
  o.add("rescale", c.estimate.rescale,
        "estimate although beam, thickness, dose, scale or range of q differ from the "
        "calibration's: intervals may not hold");
  o.section("Comparison");
  o.add("model", c.model, "FILE", "that a simulated scan was made from: its own columns beside");
  o.add("shifts", c.shifts, "of one map against the other, for p-values")
      .at_least(19)
      .at_most(100000);
  add_structure_input(o, c.structure);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

void print_map(const EstimatedMap& m) {
  const DescriptorQuality& q = m.quality;
  const std::string explained =
      fmt::format("explained {:.2f} +- {:.2f}, beyond composition and density {:.2f} +- {:.2f}",
                  q.explained, q.explained_error, q.partial, q.partial_error);
  if (!is_told(q)) {
    std::cout << fmt::format("{:<16} not measurable here: {}\n", m.name, explained);
    return;
  }
  double sum = 0, n = 0;
  for (Eigen::Index i = 0; i < m.value.size(); ++i)
    if (std::isfinite(m.value.data()[i])) sum += m.value.data()[i], n += 1;
  std::cout << fmt::format("{:<16} mean {:.4g} {}, error of one position {:.2g}; {}\n", m.name,
                           sum / n, m.unit, finite_median(m.error), explained);
}

void print(const EstimateResult& r) {
  const auto positions = r.status.size();
  const auto good = (r.status == 0).count(), unlike = (r.status == kUnfamiliar).count();
  std::cout << fmt::format("patterns    {}, {} estimated\n", positions, good);
  if (unlike > 0)
    warn(
        "{} unlike the patterns of the calibration's models and not estimated (another alloy, "
        "thickness, crystal, hole or contamination?): /estimate/status",
        counted(unlike, "position is", "positions are"));
  if (const auto bad = positions - good - unlike - (r.status == kUnfamiliarScan).count(); bad > 0)
    warn("{} not usable (not finite, empty, hidden): /estimate/status",
         counted(bad, "pattern is", "patterns are"));
  if (!r.across_models)
    warn(
        "the calibration knows one model: its errors come from slabs of that model and are too "
        "small for another");
  if (good == 0) return;
  for (const auto& m : r.maps) print_map(m);
}

void print(const std::vector<EstimateTruth>& truths) {
  for (const auto& t : truths)
    std::cout << fmt::format(
        "model       {:<16} r {:+.3f} ({:+.3f} to {:+.3f}), p {:.2g} by shifts; {:.0f} % inside 68 "
        "%, {:.0f} % inside 90 %\n",
        t.name, t.correlation.coefficient, t.correlation.low, t.correlation.high,
        t.correlation.p_shift, 100 * t.coverage_68, 100 * t.coverage_90);
}

std::vector<EstimateTruth> truths_of(const EstimateCommand& c, const PatternInput& input,
                                     const EstimateCalibration& calibration,
                                     const EstimateResult& result) {
  if (c.model.empty()) return {};
  const auto refuse = [&] {
    fail(Fault::physics,
         "--model {}: the patterns must be a raster simulated from it, for its columns to be known",
         c.model);
  };
  if (!input.source().is_result()) refuse();
  const DiffractionAxes axes = read_axes(Hdf5Reader(input.source().file()));
  if (axes.is_list || !axes.has_steps || axes.group != "/simulation") refuse();
  const Atoms model = read_boxed(c.model, c.structure);
  if (!model.cell.periodic[2] && !model.labels.contains("voronoi"))
    warn(
        "{}: cells and neighbours of atoms at its surfaces are not those of the whole glass; label "
        "the glass first (vitrobeam structure GLASS --labels FILE) and cut the slab from that file",
        c.model);
  return compare_with_model(result, calibration.conditions, model, axes.scan_y, axes.scan_x,
                            {std::size_t(c.shifts), c.common.seed});
}

}  // namespace

int run_estimate(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "calibrate")
    return run_estimate_calibrate({arguments.begin() + 1, arguments.end()});
  if (!arguments.empty() && arguments.front() == "plan")
    return run_estimate_plan({arguments.begin() + 1, arguments.end()});
  EstimateCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& files = settings.positional();
  if (files.size() != 2)
    fail(Fault::usage,
         "estimate: name the patterns and the calibration: vitrobeam estimate PATTERNS CALIBRATION "
         "-o OUT.h5");
  const EstimateCalibration calibration = read_estimate_calibration(files[1]);
  const auto input = open_input(files[0], c.input, c.common.seed);
  const PatternScan scan = input->scan();
  std::optional<double> step = c.step;
  if (!step && c.estimate.together > 0) step = stated_step(input->source());
  EstimateResult result;
  std::vector<EstimateTruth> truths;
  Production p{"estimate", {scan.name, files[1]}, {}, {}, {}, {}};
  if (!c.model.empty()) p.inputs.push_back(c.model);
  p.predict = [&] {
    check_estimate(scan, calibration, step, c.estimate, run_control(c.common));
    std::cout << fmt::format("patterns    {}\nmaps        {} of {}\n", scan.positions(),
                             6 * calibration.names.size(),
                             counted(calibration.names.size(), "descriptor"));
  };
  p.compute = [&](const RunControl& run) {
    if (input->thicknesses() > 1)
      inform("{} thicknesses in the file: the last one is read", input->thicknesses());
    result = estimate_scan(scan, calibration, step, c.estimate, run);
    truths = truths_of(c, *input, calibration, result);
  };
  p.store = [&](Hdf5Writer& file) {
    write_estimates(file, result);
    write_estimate_truths(file, truths);
    input->carry_over(file);
  };
  p.summarise = [&] {
    print(result);
    print(truths);
  };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
