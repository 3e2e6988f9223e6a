// vitrobeam atlas: structure, diffraction, density, motion and motifs of the same columns in one
// file and on one page, with the correlations between all of them.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/haadf_image.hpp"
#include "drivers/log.hpp"
#include "drivers/output_files.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/structure_input.hpp"
#include "io/atlas_file.hpp"
#include "io/density_file.hpp"
#include "io/digest.hpp"
#include "io/match_file.hpp"
#include "io/result_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "studies/atlas_maps.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

struct AtlasCommand {
  CommonSettings common;
  std::string oversampling = "auto";
  StructureInput structure;
  PatternInputSettings input;
  ImageSettings image;
  std::string patterns, image_file, calibration, motifs, page, scan, orders = "2,4,6", only;
  int shifts = 999;
  double energy_kV = 200, semiangle_mrad = 3.3, step = 2, cutoff = 0, false_alarm_percent = 5,
         frame_time = 1;
  std::string time_unit = "ps";
};

Settings describe(AtlasCommand& c) {
  Settings o("atlas",
             "one model or trajectory -> every heterogeneity on the same columns, with their "
             "correlations",
             {"MODEL"});
  o.section("Columns");
  o.add("step", c.step, "Angstrom", "between columns, over the whole cell, where no scan says it")
      .at_least(0.01);
  o.add("energy", c.energy_kV, "kV", "of the beam that defines a column");
  o.add("semiangle", c.semiangle_mrad, "mrad", "of that beam: its probe is the column")
      .above(0)
      .at_most(200);
  o.add("cutoff", c.cutoff, "Angstrom", "end of the first shell; 0 = first minimum of g(r)")
      .at_least(0);
  o.section("What stands beside the model (default: patterns and HAADF are simulated)");
  o.add("scan", c.scan, "NXxNY",
        "simulate patterns and HAADF on so many columns with this beam, into OUT.scan.h5")
      .reads(a_size());
  add_oversampling(o, c.oversampling);
  o.add("patterns", c.patterns, "FILE", "a scan of the same model, instead of --scan");
  o.add("image", c.image_file, "FILE", "its HAADF image, if not that of the patterns' file");
  o.add("detector", c.image.detector, "NAME", "the annular detector, where a file has several");
  o.add("calibration", c.calibration, "FILE",
        "of density calibrate (default: density in proportion to intensity)");
  o.add("motifs", c.motifs, "MATCH", "result of match on the same columns");
  o.add("orders", c.orders, "N,...", "of the symmetry that is mapped").reads(whole_numbers(1, 12));
  o.add("frame-time", c.frame_time, "", "from one frame of the trajectory to the next").above(0);
  o.add("time-unit", c.time_unit, "TEXT", "of --frame-time");
  o.section("Correlations");
  o.add("only", c.only, "NAMES", "of the maps that are correlated (default: all)");
  o.add("shifts", c.shifts, "moves of one map against the other that rank a correlation")
      .at_least(19)
      .at_most(1000000);
  o.add("false-alarm", c.false_alarm_percent, "%",
        "accepted share of wrong ones among the correlations that are called real "
        "(Benjamini-Hochberg over all pairs)")
      .above(0)
      .at_most(100);
  o.section("Output");
  o.add("page", c.page, "FILE.html", "one page of everything (default: beside OUT.h5)");
  o.section("Structure files");
  add_structure_input(o, c.structure);
  o.one_of({"scan", "patterns"});
  add_common(o, c.common);
  return o;
}

Optics optics_of(const AtlasCommand& c) {
  Optics optics;
  optics.energy_kV = c.energy_kV;
  optics.semiangle_mrad = c.semiangle_mrad;
  return optics;
}

// ---- patterns and image

std::string scan_name(const AtlasCommand& c) {
  std::filesystem::path path(c.common.output);
  return path.replace_extension(".scan.h5").string();
}

// Simulates what was not given. Angles of the detector: beyond the rings, inside of the band limit.
int simulate_scan(AtlasCommand& c, const std::string& model) {
  constexpr double kPixel = 0.16, kQMax = 0.9;  // Angstrom, 1/Angstrom
  constexpr double kInner = 25, kOuter = 45;    // mrad at 200 kV
  const double scale = wavelength(c.energy_kV) / wavelength(200);
  SimulateSettings s;
  Settings settings = describe(s);
  settings.set_positional({model});
  s.common = c.common;
  s.common.output = scan_name(c);
  s.model = c.structure;
  s.optics.energy_kV = c.energy_kV;
  s.semiangles_mrad = {c.semiangle_mrad};
  s.scan = c.scan;
  s.pixel = kPixel;
  s.oversampling = c.oversampling;
  s.q_max = kQMax;
  s.detectors = {fmt::format("haadf={:.4g}:{:.4g}", kInner * scale, kOuter * scale)};
  c.patterns = scan_name(c);
  return simulate(settings, s);
}

Voxels voxels_of(const AtlasCommand& c, const Atoms& atoms) {
  const ColumnWeight weight = column_of(optics_of(c));
  const std::string& source = c.patterns.empty() ? c.image_file : c.patterns;
  return source.empty() ? voxels_over(atoms, weight, c.step) : read_voxels(source, weight);
}

// The beam of the scan is that of the columns.
void settle_beam(AtlasCommand& c, const Settings& settings) {
  const std::string& source = c.patterns.empty() ? c.image_file : c.patterns;
  if (source.empty()) return;
  const auto settle = [&](const char* group, const char* name, const char* option, double& field) {
    const auto value = stated_number(source, group, name);
    if (!value) return;
    if (settings.was_given(option) && std::abs(*value - field) > 1e-6 * *value)
      fail(Fault::usage, "--{} {:g}: {} was made with {:g}; leave it out", option, field, source,
           *value);
    field = *value;
  };
  settle("/simulation", "energy_kV", "energy", c.energy_kV);
  settle("/parameters", "semiangle", "semiangle", c.semiangle_mrad);
}

void check_shape(const Voxels& v, Eigen::Index rows, Eigen::Index columns,
                 const std::string& file) {
  if (rows != v.rows() || columns != v.columns())
    fail(Fault::input, "{}: {} x {} positions, the atlas has {} x {} columns", file, columns, rows,
         v.columns(), v.rows());
}

void add_density(const AtlasCommand& c, const Voxels& v, std::vector<AtlasMap>& maps) {
  const std::string file = c.image_file.empty() ? c.patterns : c.image_file;
  if (c.image_file.empty() && !Hdf5Reader(file).exists("/simulation/detectors")) return;
  const HaadfImage image = read_image(file, c.image);
  check_shape(v, image.intensity.rows(), image.intensity.cols(), file);
  std::optional<DensityCalibration> calibration;
  if (!c.calibration.empty()) calibration = read_calibration(c.calibration);
  for (AtlasMap& map : density_maps(image, calibration, run_control(c.common)))
    maps.push_back(std::move(map));
}

// ---- the result

void print(const AtlasCommand& c, const AtlasCorrelations& m) {
  const auto n = m.pearson.coefficient.rows();
  const std::vector<MapPair> real = real_correlations(m, c.false_alarm_percent / 100);
  std::cout << fmt::format(
      "correlated  {} of {} pairs of {} maps, at a false-discovery rate of {:g} %\n", real.size(),
      n * (n - 1) / 2, n, c.false_alarm_percent);
  constexpr std::size_t kShown = 12;
  for (std::size_t k = 0; k < std::min(kShown, real.size()); ++k) {
    const auto [i, j] = real[k];
    const auto name = [&](Eigen::Index a) { return m.names[std::size_t(a)]; };
    std::cout << fmt::format(
        "{:<32} rank {:+.3f}, p {:.2g} ({:.0f} effective pairs), {:.2g} by shifts; partial "
        "{:+.3f}, p {:.2g}\n",
        name(i) + " - " + name(j), m.spearman.coefficient(i, j), m.spearman.p_effective(i, j),
        m.spearman.effective(i, j), m.spearman.p_shift(i, j), m.partial_spearman.coefficient(i, j),
        m.partial_spearman.p_effective(i, j));
  }
  if (real.size() > kShown)
    std::cout << fmt::format("and {} more: /atlas/correlation\n", real.size() - kShown);
}

std::vector<AtlasMap> collect(const AtlasCommand& c, const Trajectory& trajectory,
                              const Atoms& atoms, const Voxels& v, const RunControl& run) {
  std::vector<AtlasMap> maps = structure_maps(atoms, v, c.cutoff);
  const auto add = [&maps](std::vector<AtlasMap> more) {
    std::move(more.begin(), more.end(), std::back_inserter(maps));
  };
  if (!c.patterns.empty()) {
    const auto input = open_input(c.patterns, c.input, c.common.seed);
    check_shape(v, Eigen::Index(input->source().scan_rows()),
                Eigen::Index(input->source().scan_columns()), c.patterns);
    DiffractionRequest request;
    request.q_min = first_ring_from(optics_of(c));
    request.orders = parse_whole_numbers(c.orders, 1, 12, "orders");
    add(diffraction_maps(input->scan(), request, run));
  }
  if (!c.patterns.empty() || !c.image_file.empty()) add_density(c, v, maps);
  if (!c.motifs.empty())
    for (auto& map : read_motif_maps(c.motifs)) {
      check_shape(v, map.values.rows(), map.values.cols(), c.motifs);
      maps.push_back(std::move(map));
    }
  if (trajectory.size() > 1) {
    MotionRequest request;
    request.optics = optics_of(c);
    request.frame_time = c.frame_time;
    request.time_unit = c.time_unit;
    request.cutoff = c.cutoff;
    const AtomFrames frames{trajectory.path(), trajectory.size(),
                            [&](std::size_t f) { return trajectory.frame(f); }};
    add(motion_maps(frames, v, request, run));
  }
  run.check_stop();
  return maps;
}

AtlasCorrelations correlations_of(const std::vector<AtlasMap>& maps, const AtlasCommand& c,
                                  const RunControl& run) {
  std::vector<std::string> only;
  if (!c.only.empty()) only = split(c.only, ',');
  return correlate(maps, correlated_maps(maps, only, run),
                   ShiftTest{std::size_t(c.shifts), c.common.seed}, run.threads);
}

}  // namespace

int run_atlas(const std::vector<std::string>& arguments) {
  AtlasCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "atlas: name one model or trajectory: vitrobeam atlas MODEL -o OUT.h5");
  if (!c.calibration.empty() && c.patterns.empty() && c.image_file.empty() && c.scan.empty())
    fail(Fault::usage, "--calibration: there is no image; give --scan, --patterns or --image");
  parse_whole_numbers(c.orders, 1, 12, "orders");
  const std::string model = settings.positional()[0];
  settle_beam(c, settings);
  StructureReadOptions options = read_options(c.structure);
  options.need_cell = true;
  const Atoms atoms = read_boxed(model, c.structure);
  options.note = nullptr;  // read_boxed has reported it
  const Trajectory trajectory(model, options);
  const std::string page =
      c.page.empty() ? std::filesystem::path(c.common.output).replace_extension(".html").string()
                     : c.page;
  if (!c.common.output.empty() || !c.page.empty()) check_further_file("--page", page, c.common);
  if (c.common.dry_run) {
    if (!c.common.resume) check_output(c.common);
    const Voxels v = voxels_of(c, atoms);
    std::cout << fmt::format("columns     {} x {}\nframes      {}\n", v.columns(), v.rows(),
                             trajectory.size());
    return 0;
  }
  std::vector<std::string> inputs{model};
  for (const auto& file : {c.patterns, c.image_file, c.calibration, c.motifs})
    if (!file.empty()) inputs.push_back(file);
  const RunRecord record = start_record(settings, c.common, inputs);
  if (!start_output(c.common, record)) return 0;
  CommonSettings page_common = c.common;
  page_common.output = page;
  if (!c.scan.empty() || !c.patterns.empty()) first_ring_from(optics_of(c));
  if (!c.scan.empty())
    if (const int status = simulate_scan(c, model); status != 0) return status;
  const Voxels v = voxels_of(c, atoms);
  for (const auto& scan : {c.patterns, c.image_file})
    if (!scan.empty() && is_of_other_input(scan, record))  // a user may want that as a null
      warn("{} was simulated from another file than this model: its columns are others", scan);
  const RunControl run = run_control(c.common);
  const std::vector<AtlasMap> maps = collect(c, trajectory, atoms, v, run);
  const AtlasCorrelations matrix = correlations_of(maps, c, run);
  std::cout << fmt::format("columns     {} x {}, beam of {} mrad at {} kV\nmaps        {}\n",
                           v.columns(), v.rows(), c.semiangle_mrad, c.energy_kV, maps.size());
  Hdf5Writer file(c.common.output);
  write_atlas(file, v.y, v.x, maps, matrix);
  write_interchange(file, {}, record, "atlas");
  write_record(file, record);
  file.commit();
  print(c, matrix);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return write_report({c.common.output},
                      "Atlas of " + std::filesystem::path(model).filename().string(), page_common);
}

}  // namespace vitrobeam
