// vitrobeam fluctuation: patterns, or a model, -> the normalised variance V(q) in its published
// definitions.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/quantity.hpp"
#include "drivers/structure_input.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "io/symmetry_file.hpp"
#include "io/text_reader.hpp"
#include "multislice/kinematic_variance.hpp"
#include "multislice/optics.hpp"
#include "patterns/fluctuation.hpp"

namespace vitrobeam {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct FluctuationCommand {
  CommonSettings common;
  StructureInput structure;
  PatternInputSettings input;
  RingAxis axis;
  std::string model, orientations = "40,20", compare;
  std::optional<double> resolution;
  bool tabulated = false, interpolate = false;
  int angles = 720;
};

Settings describe(FluctuationCommand& c) {
  Settings o("fluctuation", "patterns -> V(q) by its several definitions, shot noise removed",
             {"PATTERNS..."});
  o.section("Rings");
  o.add("q-min", c.axis.q_min, "1/Angstrom", "inner edge of the first ring").at_least(0);
  o.add("q-max", c.axis.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.axis.n, "rings").at_least(1).at_most(100000);
  o.add("interpolate", c.interpolate,
        "points on the middle circle of every ring, as other programs take them, in place of its "
        "whole pixels");
  o.add("angles", c.angles, "of --interpolate, an even number").at_least(8).at_most(100000);
  o.section("Kinematic reference");
  o.add("model", c.model, "ATOMS",
        "periodic model whose kinematic V(q) is computed beside, or alone without PATTERNS");
  o.add("resolution", c.resolution, "1/Angstrom",
        "Q = 0.61 / R of its Airy probe (default: semi-angle / wavelength of the patterns)")
      .above(0);
  o.add("orientations", c.orientations, "PSI,THETA", "of the model: steps of two angles");
  o.add("tabulated", c.tabulated,
        "with arguments cut down to table entries as FEMSIM does: to compare with its output only");
  o.section("Comparison");
  o.add("compare", c.compare, "FILE",
        "text with columns q, V and its error (lines that are no numbers are skipped), stored "
        "beside");
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

// One stack of patterns: a file at one thickness.
struct Series {
  std::string name;
  double thickness = kNone, semiangle_mrad = kNone;
  Fluctuation f;
};

bool analyse(const FluctuationCommand& c, const PatternInput& input, const std::string& name,
             std::vector<Series>& out) {
  const RingMap map(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()),
                    input.calibration(), c.axis, input.source().hidden());
  check_visible(input.scan(), map);
  std::optional<PolarTransform> circles;
  if (c.interpolate) {
    circles.emplace(map.ring().rows(), map.ring().cols(), input.calibration(),
                    PolarGrid{c.axis.q_min, c.axis.q_max, c.axis.n, c.angles},
                    input.source().hidden(), PolarSampling::points);
    if (ring_noise(*circles).of_mean.isNaN().any())
      fail(Fault::physics,
           "{}: a ring holds no point that is wholly visible; other --q-min and "
           "--q-max, or no --interpolate",
           name);
  }
  const auto thickness = input.thickness();
  for (std::size_t t = 0; t < input.thicknesses(); ++t) {
    FluctuationStack stack(map, input.gain(), circles ? ring_noise(*circles) : ring_noise(map));
    std::size_t bad = 0;
    for_each_part(
        input.scan(t), run_control(c.common), [&](const Stack<float>& images, std::size_t) {
          std::vector<RingMoments> moments(images.shape[0]);
#pragma omp parallel for schedule(dynamic) num_threads(c.common.threads)
          for (long i = 0; i < long(images.shape[0]); ++i)
            moments[std::size_t(i)] = circles ? ring_moments(*circles, images.plane(std::size_t(i)))
                                              : ring_moments(map, images.plane(std::size_t(i)));
          for (std::size_t i = 0; i < moments.size(); ++i)
            if (moments[i].mean.isFinite().all() && moments[i].mean.sum() > 0)
              stack.add(images.plane(i), moments[i]);
            else
              ++bad;
        });
    if (bad > 0)
      warn("{}: {} patterns are empty, negative or not finite in the rings and were left out", name,
           bad);
    out.push_back({name, thickness[t].value_or(kNone),
                   input.source().semiangle_mrad.value_or(kNone), stack.result()});
  }
  return true;
}

// Columns q, V, error; lines that do not begin with two numbers are skipped.
PlaneD read_columns(const std::string& path) {
  const std::string text = read_text(path);
  TextReader reader(path, text);
  std::vector<std::array<double, 3>> rows;
  while (reader.next_row()) {
    std::array<double, 3> row{0, 0, kNone};
    const auto& words = reader.words();
    if (words.size() < 2 || !parse_number(words[0], row[0]) || !parse_number(words[1], row[1]))
      continue;
    if (words.size() < 3 || !parse_number(words[2], row[2])) row[2] = kNone;
    rows.push_back(row);
  }
  if (rows.empty())
    fail(Fault::input, "--compare {}: holds no line with two numbers, q and V", path);
  PlaneD values(Eigen::Index(rows.size()), 3);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (Eigen::Index k = 0; k < 3; ++k) values(Eigen::Index(i), k) = rows[i][std::size_t(k)];
  return values;
}

void write_series(Hdf5Writer& file, const FluctuationCommand& c,
                  const std::vector<Series>& series) {
  const std::string root = "/fluctuation/";
  std::vector<double> q;
  for (int i = 0; i < c.axis.n; ++i) q.push_back(c.axis.q(i));
  write_described(file, root + "q", q, "1/Angstrom", "middle of the ring, 1/d");
  if (series.empty()) return;
  // one series: [q], several: [series, q]
  const auto put = [&](const std::string& name, auto member, const std::string& units,
                       const std::string& description) {
    Stack<double> all({series.size(), q.size()});
    for (std::size_t s = 0; s < series.size(); ++s)
      for (std::size_t i = 0; i < q.size(); ++i)
        all.values[s * q.size() + i] = (series[s].f.*member)[Eigen::Index(i)];
    if (series.size() == 1) all.shape = {q.size()};
    write_described(file, root + name, all, units, description);
  };
  put("mean", &Fluctuation::mean, "as in the input", "mean intensity per pixel of the ring");
  put("mean_error", &Fluctuation::mean_error, "as in the input", "its standard error");
  const auto definition = [&](const std::string& name, auto value, auto error,
                              const std::string& description) {
    put(name, value, "", description);
    put(name + "_error", error, "", "its jackknife error");
  };
  definition("V_omega", &Fluctuation::v_omega, &Fluctuation::v_omega_error,
             "variance of the ring means over positions");
  definition("V_r", &Fluctuation::v_r, &Fluctuation::v_r_error, "mean variance within the rings");
  definition("V_re", &Fluctuation::v_re, &Fluctuation::v_re_error,
             "variance of all rings as one ensemble");
  definition("V_image", &Fluctuation::v_image, &Fluctuation::v_image_error,
             "variance of a pixel over positions, mean over the ring");
  std::vector<double> thickness, semiangle, patterns;
  std::vector<std::string> names;
  for (const auto& s : series) {
    thickness.push_back(s.thickness);
    semiangle.push_back(s.semiangle_mrad);
    patterns.push_back(s.f.patterns);
    names.push_back(s.name);
  }
  write_described(file, root + "thickness", thickness, "Angstrom", "of every series");
  write_described(file, root + "semiangle", semiangle, "mrad", "of every series");
  write_described(file, root + "patterns", patterns, "", "of every series");
  file.write_strings(root + "series", names);
}

double resolution(const FluctuationCommand& c,
                  const std::vector<std::optional<double>>& apertures) {
  if (c.resolution) return *c.resolution;
  for (const auto& a : apertures)
    if (a) return *a;
  fail(Fault::usage,
       "--model: the resolution of the probe is not known; give --resolution (1/Angstrom)");
}

void add_model(Hdf5Writer& file, const FluctuationCommand& c, const KinematicProbe& probe) {
  const Atoms atoms = read_boxed(c.model, c.structure);
  const KinematicVariance v =
      kinematic_variance(atoms, probe, c.axis.q(0), c.axis.width(), c.axis.n, c.common.threads);
  const std::string root = "/fluctuation/model/";
  std::vector<double> q;
  for (int i = 0; i < c.axis.n; ++i) q.push_back(c.axis.q(i));
  write_described(file, root + "q", q, "1/Angstrom", "1/d");
  write_described(file, root + "V_omega", v.variance, "",
                  "kinematic variance over pixels and orientations");
  write_described(file, root + "mean", v.mean, "Angstrom^2", "kinematic intensity");
  file.attribute("/fluctuation/model", "resolution", probe.resolution);
  file.attribute("/fluctuation/model", "samples", std::int64_t(v.samples));
  const auto largest = std::max_element(v.variance.begin(), v.variance.end());
  std::cout << fmt::format(
      "model       {} orientations and pixels, Q {:.4g} 1/Angstrom: V largest, {:.5f}, at {:.4f} "
      "1/Angstrom\n",
      v.samples, probe.resolution, *largest, c.axis.q(int(largest - v.variance.begin())));
}

void print_series(const FluctuationCommand& c, const Series& s) {
  Eigen::Index at = 0;
  s.f.v_omega.maxCoeff(&at);
  std::cout << fmt::format("{:<11} {} patterns", std::filesystem::path(s.name).filename().string(),
                           s.f.patterns);
  if (std::isfinite(s.thickness)) std::cout << fmt::format(", {:g} Angstrom", s.thickness);
  if (std::isfinite(s.semiangle_mrad)) std::cout << fmt::format(", {:g} mrad", s.semiangle_mrad);
  std::cout << fmt::format(
      "\n            V_Omega {:.5f} +- {:.5f} at {:.4f} 1/Angstrom; there V_r {:.5f}, V_re {:.5f}, "
      "V_image {:.5f}\n",
      s.f.v_omega[at], s.f.v_omega_error[at], c.axis.q(int(at)), s.f.v_r[at], s.f.v_re[at],
      s.f.v_image[at]);
}

}  // namespace

int run_fluctuation(const std::vector<std::string>& arguments) {
  FluctuationCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& names = settings.positional();
  if (names.empty() && c.model.empty())
    fail(Fault::usage,
         "fluctuation: name patterns, or a model with --model: vitrobeam fluctuation PATTERNS... "
         "-o OUT.h5");
  if (!(c.axis.q_min < c.axis.q_max))
    fail(Fault::usage, "--q-min {:g} and --q-max {:g}: no range between them", c.axis.q_min,
         c.axis.q_max);
  KinematicProbe probe;
  const Vector2d steps = parse_pair(c.orientations, "", "orientations");
  if (!(steps[0] >= 4 && steps[0] <= 1000 && steps[1] >= 1 && steps[1] <= 1000))
    fail(Fault::usage, "--orientations {}: expected 4 to 1000 and 1 to 1000 steps", c.orientations);
  probe.psi = int(steps[0]);
  probe.theta = int(steps[1]);
  probe.tabulated = c.tabulated;

  std::vector<std::unique_ptr<PatternInput>> inputs;
  std::vector<std::string> files;
  std::vector<std::optional<double>> apertures;
  std::size_t patterns = 0;
  for (const auto& name : names) {
    inputs.push_back(std::make_unique<PatternInput>(name, c.input, c.common.seed));
    const PatternInput& input = *inputs.back();
    check_rings(input.scan(), c.axis.q_max);
    files.push_back(input.source().file());
    patterns += input.positions() * input.thicknesses();
    if (input.source().semiangle_mrad && input.source().energy_kV)
      apertures.push_back(*input.source().semiangle_mrad * 1e-3 /
                          wavelength(*input.source().energy_kV));
  }
  if (!c.model.empty()) {
    probe.resolution = resolution(c, apertures);
    files.push_back(c.model);
  }
  if (c.common.dry_run) {
    std::cout << fmt::format("patterns    {}\nrings       {}\n", patterns, c.axis.n);
    return 0;
  }
  const RunRecord record = start_record(settings, c.common, files);
  if (!start_output(c.common, record)) return 0;
  const PlaneD compared = c.compare.empty() ? PlaneD() : read_columns(c.compare);
  std::vector<Series> series;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (!analyse(c, *inputs[k], names[k], series)) return nothing_written();
  Hdf5Writer file(c.common.output);
  write_series(file, c, series);
  for (const auto& s : series) print_series(c, s);
  if (!c.model.empty()) add_model(file, c, probe);
  if (compared.size() > 0) {
    const std::vector<double> q(compared.col(0).begin(), compared.col(0).end()),
        v(compared.col(1).begin(), compared.col(1).end()),
        e(compared.col(2).begin(), compared.col(2).end());
    write_described(file, "/fluctuation/compared/q", q, "1/Angstrom", "as in " + c.compare);
    write_described(file, "/fluctuation/compared/V", v, "", "as in " + c.compare);
    write_described(file, "/fluctuation/compared/V_error", e, "", "as in " + c.compare);
  }
  write_interchange(file, {}, record, "fluctuation");
  write_record(file, record);
  file.commit();
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
