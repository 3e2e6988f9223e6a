// vitrobeam atlas: structure, diffraction, density, motion and motifs of the same columns in one
// file and on one page, with the correlations between all of them.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/density_curve.hpp"
#include "drivers/haadf_image.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/quantity.hpp"
#include "drivers/structure_input.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "io/symmetry_file.hpp"
#include "maps/map_statistics.hpp"
#include "patterns/statistics.hpp"
#include "runtime/interruption.hpp"
#include "studies/atlas_maps.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

struct AtlasCommand {
  CommonSettings common;
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
      .above(0);
  o.add("energy", c.energy_kV, "kV", "of the beam that defines a column").above(0);
  o.add("semiangle", c.semiangle_mrad, "mrad", "of that beam: its probe is the column").above(0);
  o.add("cutoff", c.cutoff, "Angstrom", "end of the first shell; 0 = first minimum of g(r)")
      .at_least(0);
  o.section("What stands beside the model (default: patterns and HAADF are simulated)");
  o.add("scan", c.scan, "NXxNY",
        "simulate patterns and HAADF on so many columns with this beam, into OUT.scan.h5");
  o.add("patterns", c.patterns, "FILE", "a scan of the same model, instead of --scan");
  o.add("image", c.image_file, "FILE", "its HAADF image, if not that of the patterns' file");
  o.add("detector", c.image.detector, "NAME", "the annular detector, where a file has several");
  o.add("calibration", c.calibration, "FILE",
        "of density calibrate (default: density in proportion to intensity)");
  o.add("motifs", c.motifs, "MATCH", "result of match on the same columns");
  o.add("orders", c.orders, "N,...", "of the symmetry that is mapped");
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
  std::vector<std::string> words{model};
  const auto option = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  };
  option("-o", scan_name(c));
  option("--types", c.structure.types);
  option("--box", c.structure.box);
  option("--frame", std::to_string(c.structure.frame));
  option("--energy", fmt::format("{}", c.energy_kV));
  option("--semiangle", fmt::format("{}", c.semiangle_mrad));
  option("--scan", c.scan);
  option("--pixel", fmt::format("{}", kPixel));
  option("--q-max", fmt::format("{}", kQMax));
  option("--detector", fmt::format("haadf={:.4g}:{:.4g}", kInner * scale, kOuter * scale));
  option("--threads", std::to_string(c.common.threads));
  option("--seed", std::to_string(c.common.seed));
  option("--progress", c.common.progress);
  if (c.common.force) words.emplace_back("--force");
  if (c.common.resume) words.emplace_back("--resume");
  const int status = run_simulate(words);
  c.patterns = scan_name(c);
  return status;
}

Voxels voxels_of(const AtlasCommand& c, const Atoms& atoms) {
  Voxels v;
  v.weight = column_of(optics_of(c));
  const std::string& source = c.patterns.empty() ? c.image_file : c.patterns;
  if (!source.empty()) {
    const Hdf5Reader file(source);
    if (!file.is_dataset("/simulation/scan_y") ||
        file.string_attribute("/simulation", "scan", "raster") == "list")
      fail(
          Fault::input,
          "{}: no raster of positions of a simulation; an atlas needs to know which columns of the "
          "model the patterns are of",
          source);
    v.y = file.read<double>("/simulation/scan_y").values;
    v.x = file.read<double>("/simulation/scan_x").values;
    return v;
  }
  const Vector3d edges = atoms.cell.lengths();
  const auto axis = [&](double edge) {
    const int n = std::max(1, int(std::lround(edge / c.step)));
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(edge * i / n);
    return values;
  };
  v.y = axis(edges.y());
  v.x = axis(edges.x());
  return v;
}

// The beam of the scan is that of the columns.
void settle_beam(AtlasCommand& c, const Settings& settings) {
  const std::string& source = c.patterns.empty() ? c.image_file : c.patterns;
  if (source.empty()) return;
  const Hdf5Reader file(source);
  const auto settle = [&](const char* group, const char* name, const char* option, double& field) {
    if (!file.exists(group) || !file.has_attribute(group, name)) return;
    const double value = file.number_attribute(group, name);
    if (settings.was_given(option) && std::abs(value - field) > 1e-6 * value)
      fail(Fault::usage, "--{} {:g}: {} was made with {:g}; leave it out", option, field, source,
           value);
    field = value;
  };
  settle("/simulation", "energy_kV", "energy", c.energy_kV);
  settle("/parameters", "semiangle", "semiangle", c.semiangle_mrad);
}

// A scan of another file has other columns: a user may want that as a null, but must know.
void check_origin(const std::string& scan, const RunRecord& record) {
  const Hdf5Reader file(scan);
  if (!file.exists("/audit") || !file.has_attribute("/audit", "input_sha256")) return;
  const AttributeValue theirs = file.attribute("/audit", "input_sha256");
  for (const auto& a : record.audit)
    if (a.name == "input_sha256") {
      const auto* own = std::get_if<std::vector<std::string>>(&a.value);
      const auto* other = std::get_if<std::vector<std::string>>(&theirs);
      if (own && other && !other->empty() && own->front() != other->front())
        warn("{} was simulated from another file than this model: its columns are others", scan);
    }
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
  DensityInput in;
  in.intensity = image.intensity;
  in.variance = image.variance;
  DensityCurve curve;
  if (!c.calibration.empty()) {
    const CurveForImage chosen = curve_for_image({c.calibration, "", ""}, image);
    curve = chosen.curve;
    in.position_error = chosen.position_error;
  }
  const DensityMap density = relative_density(in, curve);
  maps.push_back({"density", "haadf_density", "of the median", "density times thickness from HAADF",
                  density.relative, true});
  if (!c.calibration.empty())
    maps.push_back({"density", "haadf_density_error", "of the median", "one standard deviation",
                    density.error, false});
}

void add_motifs(const AtlasCommand& c, const Voxels& v, std::vector<AtlasMap>& maps) {
  const Hdf5Reader file(c.motifs);
  if (!file.is_dataset("/match/motif"))
    fail(Fault::input, "--motifs {}: no result of match", c.motifs);
  const Stack<double> motif = file.read<double>("/match/motif");
  check_shape(v, Eigen::Index(motif.shape[0]), Eigen::Index(motif.shape[1]), c.motifs);
  const auto names = file.read_strings("/match/motif_names");
  for (std::size_t m = 0; m < names.size(); ++m)
    maps.push_back({"motifs", "motif_" + names[m], "1", "1 where match finds it, else 0",
                    (motif.plane(0) == double(m)).cast<double>(), true});
}

// ---- correlations

struct Matrix {
  std::vector<std::size_t> members;  // of the maps
  CorrelationMatrix pearson, spearman, partial, partial_spearman;
  PlaneD false_discovery, partial_false_discovery;
};

PlaneD rates_of(const PlaneD& p) {
  std::vector<double> list;
  for (Eigen::Index i = 0; i < p.rows(); ++i)
    for (Eigen::Index j = i + 1; j < p.cols(); ++j) list.push_back(p(i, j));
  const auto rates = benjamini_hochberg(list);
  PlaneD out = PlaneD::Zero(p.rows(), p.cols());
  std::size_t k = 0;
  for (Eigen::Index i = 0; i < p.rows(); ++i)
    for (Eigen::Index j = i + 1; j < p.cols(); ++j) out(i, j) = out(j, i) = rates[k++];
  return out;
}

std::vector<std::size_t> members_of(const AtlasCommand& c, const std::vector<AtlasMap>& maps) {
  std::vector<std::size_t> out;
  std::vector<std::string> names,
      wanted = c.only.empty() ? std::vector<std::string>{} : split(c.only, ',');
  for (const auto& m : maps) names.push_back(m.name);
  for (const auto& w : wanted)
    if (std::find(names.begin(), names.end(), w) == names.end())
      fail(Fault::usage, "--only '{}': no such map; there are {}", w, fmt::join(names, ", "));
  for (std::size_t k = 0; k < maps.size(); ++k)
    if (wanted.empty() ? maps[k].correlated
                       : std::find(wanted.begin(), wanted.end(), maps[k].name) != wanted.end()) {
      const auto& v = maps[k].values;
      const double known = double(v.isFinite().count());
      if (wanted.empty() && known < 0.5 * double(v.size())) {
        inform("{} is known at {} of {} columns and is not correlated (--only includes it)",
               maps[k].name, int(known), v.size());
        continue;
      }
      out.push_back(k);
    }
  if (out.size() < 2) fail(Fault::usage, "--only {}: correlations need two maps", c.only);
  return out;
}

Matrix correlate(const AtlasCommand& c, const std::vector<AtlasMap>& maps) {
  Matrix m;
  m.members = members_of(c, maps);
  std::vector<PlaneD> values;
  for (const std::size_t k : m.members) values.push_back(maps[k].values);
  const ShiftTest test{std::size_t(c.shifts), c.common.seed};
  const auto of = [&](Association kind) {
    return correlation_matrix(values, kind, test, c.common.threads);
  };
  m.pearson = of(Association::pearson);
  m.spearman = of(Association::spearman);
  m.partial = of(Association::partial);
  m.partial_spearman = of(Association::partial_spearman);
  m.false_discovery = rates_of(m.spearman.p_effective);
  m.partial_false_discovery = rates_of(m.partial_spearman.p_effective);
  return m;
}

// ---- the result

void write_atlas(Hdf5Writer& file, const Voxels& v, const std::vector<AtlasMap>& maps,
                 const Matrix& m) {
  write_described(file, "/atlas/scan_y", v.y, "Angstrom", "of the columns");
  write_described(file, "/atlas/scan_x", v.x, "Angstrom", "of the columns");
  for (const auto& map : maps) {
    const std::string path = "/atlas/" + map.group + "/" + map.name;
    write_map(file, path, map.values, map.unit);
    file.attribute(path, "description", map.description);
  }
  std::vector<std::string> names;
  for (const std::size_t k : m.members) names.push_back(maps[k].name);
  file.write_strings("/atlas/correlation/name", names);
  const auto put = [&](const std::string& kind, const CorrelationMatrix& c) {
    const std::string g = "/atlas/correlation/" + kind;
    file.write(g, c.coefficient);
    file.write(g + "_p_shift", c.p_shift);
    file.write(g + "_p_effective", c.p_effective);
    file.write(g + "_effective", c.effective);
  };
  put("pearson", m.pearson);
  put("spearman", m.spearman);
  put("partial", m.partial);
  put("partial_spearman", m.partial_spearman);
  file.write("/atlas/correlation/false_discovery_rate", m.false_discovery);
  file.write("/atlas/correlation/partial_false_discovery_rate", m.partial_false_discovery);
}

void print(const AtlasCommand& c, const std::vector<AtlasMap>& maps, const Matrix& m) {
  struct Pair {
    Eigen::Index i, j;
  };
  std::vector<Pair> real;
  const auto n = m.pearson.coefficient.rows();
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = i + 1; j < n; ++j)
      if (m.false_discovery(i, j) <= c.false_alarm_percent / 100) real.push_back({i, j});
  std::sort(real.begin(), real.end(), [&](const Pair& a, const Pair& b) {
    return m.spearman.p_effective(a.i, a.j) < m.spearman.p_effective(b.i, b.j);
  });
  std::cout << fmt::format(
      "correlated  {} of {} pairs of {} maps, at a false-discovery rate of {:g} %\n", real.size(),
      n * (n - 1) / 2, n, c.false_alarm_percent);
  constexpr std::size_t kShown = 12;
  for (std::size_t k = 0; k < std::min(kShown, real.size()); ++k) {
    const auto [i, j] = real[k];
    const auto name = [&](Eigen::Index a) { return maps[m.members[std::size_t(a)]].name; };
    std::cout << fmt::format(
        "{:<32} rank {:+.3f}, p {:.2g} ({:.0f} effective pairs), {:.2g} by shifts; partial "
        "{:+.3f}, "
        "p {:.2g}\n",
        name(i) + " - " + name(j), m.spearman.coefficient(i, j), m.spearman.p_effective(i, j),
        m.spearman.effective(i, j), m.spearman.p_shift(i, j), m.partial_spearman.coefficient(i, j),
        m.partial_spearman.p_effective(i, j));
  }
  if (real.size() > kShown)
    std::cout << fmt::format("and {} more: /atlas/correlation\n", real.size() - kShown);
}

std::vector<int> parse_symmetry_orders(const std::string& text) {
  std::vector<int> out;
  for (const auto& part : split(text, ',')) {
    const double n = parse_quantity(part, "", "orders");
    if (!(n >= 1 && n <= 12 && n == std::floor(n)))
      fail(Fault::usage, "--orders {}: '{}' is not one of 1 .. 12", text, part);
    out.push_back(int(n));
  }
  return out;
}

// Where rings may begin: outside of the central disc.
double first_ring_from(const AtlasCommand& c) {
  constexpr double kFirst = 0.25,
                   kLast = 0.36;  // 1/Angstrom; the ring of a metallic glass is at 0.4
  const double disc = optics_of(c).aperture_q();
  if (1.15 * disc > kLast)
    fail(
        Fault::physics,
        "the central disc of {:g} mrad reaches {:.3g} 1/Angstrom and hides the ring; patterns need "
        "a --semiangle of {:.2g} mrad or less (a HAADF image of a finer probe may stand beside: "
        "--image)",
        c.semiangle_mrad, disc, kLast / 1.15 * 1e3 * wavelength(c.energy_kV));
  return std::max(kFirst, 1.15 * disc);
}

// False: interrupted.
bool collect(const AtlasCommand& c, const Trajectory& trajectory, const Atoms& atoms,
             const Voxels& v, std::vector<AtlasMap>& maps) {
  maps = structure_maps(atoms, v, c.cutoff);
  if (!c.patterns.empty()) {
    const PatternInput input(c.patterns, c.input, c.common.seed);
    check_shape(v, Eigen::Index(input.source().scan_rows()),
                Eigen::Index(input.source().scan_columns()), c.patterns);
    DiffractionRequest request;
    request.q_min = first_ring_from(c);
    request.orders = parse_symmetry_orders(c.orders);
    for (auto& map : diffraction_maps(input.scan(), request, run_control(c.common)))
      maps.push_back(std::move(map));
  }
  if (!c.patterns.empty() || !c.image_file.empty()) add_density(c, v, maps);
  if (!c.motifs.empty()) add_motifs(c, v, maps);
  if (trajectory.size() > 1) {
    MotionRequest request;
    request.optics = optics_of(c);
    request.frame_time = c.frame_time;
    request.time_unit = c.time_unit;
    request.cutoff = c.cutoff;
    const AtomFrames frames{trajectory.path(), trajectory.size(),
                            [&](std::size_t k) { return trajectory.frame(k); }};
    for (auto& map : motion_maps(frames, v, request, run_control(c.common)))
      maps.push_back(std::move(map));
  }
  return !interrupted();
}

}  // namespace

int run_atlas(const std::vector<std::string>& arguments) {
  AtlasCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "atlas: name one model or trajectory: vitrobeam atlas MODEL -o OUT.h5");
  if (!c.scan.empty() && !c.patterns.empty())
    fail(Fault::usage, "--scan and --patterns: give one of them");
  if (!c.calibration.empty() && c.patterns.empty() && c.image_file.empty() && c.scan.empty())
    fail(Fault::usage, "--calibration: there is no image; give --scan, --patterns or --image");
  parse_symmetry_orders(c.orders);
  const std::string model = settings.positional()[0];
  settle_beam(c, settings);
  StructureReadOptions options = read_options(c.structure);
  options.need_cell = true;
  const Atoms atoms = read_boxed(model, c.structure);
  options.note = nullptr;  // said already
  const Trajectory trajectory(model, options);
  if (c.common.dry_run) {
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
  const std::string page =
      c.page.empty() ? std::filesystem::path(c.common.output).replace_extension(".html").string()
                     : c.page;
  CommonSettings page_common = c.common;
  page_common.output = page;
  check_output(page_common);
  if (!c.scan.empty() || !c.patterns.empty()) first_ring_from(c);
  if (!c.scan.empty())
    if (const int status = simulate_scan(c, model); status != 0) return status;
  const Voxels v = voxels_of(c, atoms);
  for (const auto& scan : {c.patterns, c.image_file})
    if (!scan.empty()) check_origin(scan, record);
  std::vector<AtlasMap> maps;
  if (!collect(c, trajectory, atoms, v, maps)) return nothing_written();
  const Matrix matrix = correlate(c, maps);
  std::cout << fmt::format("columns     {} x {}, beam of {} mrad at {} kV\nmaps        {}\n",
                           v.columns(), v.rows(), c.semiangle_mrad, c.energy_kV, maps.size());
  Hdf5Writer file(c.common.output);
  write_atlas(file, v, maps, matrix);
  write_interchange(file, {}, record, "atlas");
  write_record(file, record);
  file.commit();
  print(c, maps, matrix);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  std::vector<std::string> words{c.common.output, "-o", page, "--title",
                                 "Atlas of " + std::filesystem::path(model).filename().string()};
  if (c.common.force) words.emplace_back("--force");
  return run_report(words);
}

}  // namespace vitrobeam
