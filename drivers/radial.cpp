// vitrobeam radial: patterns -> I(q), structure factor and reduced pair distribution, beside those
// of a model.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/pattern_input.hpp"
#include "drivers/structure_input.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "io/symmetry_file.hpp"
#include "models/packing.hpp"
#include "models/structure_factor.hpp"
#include "patterns/fluctuation.hpp"
#include "patterns/radial.hpp"
#include "potentials/debye.hpp"

namespace vitrobeam {
namespace {

struct RadialCommand {
  CommonSettings common;
  StructureInput structure;
  PatternInputSettings input;
  RingAxis axis{0.2, 2.0, 120};
  RadialSettings radial;
  Parametrisation table = Parametrisation::kirkland;
  std::string composition, model;
  double density = 0;
};

Settings describe(RadialCommand& c) {
  Settings o("radial", "patterns -> I(q), structure factor, reduced pair distribution G(r)",
             {"PATTERNS"});
  o.section("Specimen");
  o.add("composition", c.composition, "TEXT", "e.g. Cu64.5Zr35.5 (default: the model's)");
  o.add("density", c.density, "", "atoms per cubic Angstrom, for g(r) (default: the model's)")
      .at_least(0);
  o.add("model", c.model, "ATOMS",
        "model whose Debye scattering and g(r) are computed beside, or alone without PATTERNS");
  o.add("potential", c.table,
        {{"kirkland", Parametrisation::kirkland}, {"lobato", Parametrisation::lobato}},
        "scattering-factor table");
  o.section("Rings");
  o.add("q-min", c.axis.q_min, "1/Angstrom", "inner edge, beyond the central disc").above(0);
  o.add("q-max", c.axis.q_max, "1/Angstrom", "outer edge of the last ring").above(0);
  o.add("radii", c.axis.n, "rings").at_least(16).at_most(100000);
  o.section("Transform");
  o.add("r-max", c.radial.r_max, "Angstrom", "G(r) up to here").above(0).at_most(1000);
  o.add("lorch", c.radial.lorch, "damp the end of the data (Lorch)");
  o.add("r-poly", c.radial.r_poly, "Angstrom",
        "structure below this distance is background and fitted away; 0 = nothing is")
      .at_least(0)
      .at_most(2);
  o.add("fit-from", c.radial.fit_from, "1/Angstrom",
        "the scale is fitted from here on; 0 = in the upper third")
      .at_least(0);
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_pattern_input(o, c.input);
  add_common(o, c.common);
  return o;
}

Eigen::ArrayXd array(const std::vector<double>& v) {
  return Eigen::Map<const Eigen::ArrayXd>(v.data(), Eigen::Index(v.size()));
}
std::vector<double> list(const Eigen::ArrayXd& a) { return {a.begin(), a.end()}; }

Composition composition_of(const Atoms& atoms) {
  Composition c;
  for (const auto& [z, share] : element_shares(atoms))
    c.elements.push_back(z), c.shares.push_back(share);
  return c;
}

// Ring means of every pattern, in ten groups for the jackknife.
struct Rings {
  std::vector<double> q;
  std::vector<Eigen::ArrayXd> group_sum = {};
  std::vector<double> group_count = {};
  double patterns = 0;

  Eigen::ArrayXd mean(int without = -1) const {
    Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(Eigen::Index(q.size()));
    double n = 0;
    for (int g = 0; g < int(group_sum.size()); ++g)
      if (g != without) sum += group_sum[std::size_t(g)], n += group_count[std::size_t(g)];
    return sum / n;
  }
};

bool read_rings(const RadialCommand& c, const PatternInput& input, Rings& rings) {
  constexpr std::size_t kGroups = 10;
  const RingMap map(Eigen::Index(input.source().rows()), Eigen::Index(input.source().columns()),
                    input.calibration(), c.axis, input.source().hidden());
  check_visible(input.scan(), map);
  rings.q = list(map.mean_q());
  const std::size_t groups = std::min(kGroups, input.positions());
  rings.group_sum.assign(groups, Eigen::ArrayXd::Zero(c.axis.n));
  rings.group_count.assign(groups, 0);
  for_each_part(input.scan(), run_control(c.common),
                [&](const Stack<float>& images, std::size_t first) {
                  for (std::size_t i = 0; i < images.shape[0]; ++i) {
                    const RingMoments m = ring_moments(map, images.plane(i));
                    if (!m.mean.isFinite().all()) continue;
                    rings.group_sum[(first + i) % groups] += m.mean;
                    rings.group_count[(first + i) % groups] += 1;
                    rings.patterns += 1;
                  }
                });
  return true;
}

void write_curves(Hdf5Writer& file, const std::string& group, const std::vector<double>& q,
                  const Eigen::ArrayXd& intensity, const RadialCurves& curves, double density,
                  const std::string& units) {
  const auto put = [&](const std::string& name, const Eigen::ArrayXd& v, const std::string& unit,
                       const std::string& description) {
    write_described(file, group + name, list(v), unit, description);
  };
  write_described(file, group + "q", q, "1/Angstrom", "1/d");
  put("intensity", intensity, units, "mean over the ring");
  put("S", curves.s, "", "structure factor 1 + [I/N - <f^2>] / <f>^2");
  put("F", curves.f, "1/Angstrom", "q (S - 1)");
  put("r", curves.r, "Angstrom", "distance");
  put("G", curves.g, "1/Angstrom^2", "reduced pair distribution 4 pi r (rho - rho_0)");
  if (density > 0)
    put("g", 1 + curves.g / (4 * M_PI * density * curves.r), "", "pair distribution");
}

void print_peaks(const std::string& name, const std::vector<double>& q,
                 const RadialCurves& curves) {
  std::cout << fmt::format(
      "{:<11} first maximum of S at {:.4f} 1/Angstrom, first peak of G at {:.3f} Angstrom, scale "
      "{:.4g}\n",
      name, highest_peak(q, list(curves.s), 0.3, 0.65).x,
      highest_peak(list(curves.r), list(curves.g), 1.8, 3.8).x, curves.scale);
}

}  // namespace

int run_radial(const std::vector<std::string>& arguments) {
  RadialCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& names = settings.positional();
  if (names.size() > 1 || (names.empty() && c.model.empty()))
    fail(Fault::usage,
         "radial: name the patterns, or a model with --model: vitrobeam radial PATTERNS -o OUT.h5");
  if (!(c.axis.q_min < c.axis.q_max))
    fail(Fault::usage, "--q-min {:g} and --q-max {:g}: no range between them", c.axis.q_min,
         c.axis.q_max);
  std::vector<std::string> files;
  std::vector<int> elements;
  std::vector<double> shares;
  Atoms model;
  if (!c.model.empty()) {
    model = read_boxed(c.model, c.structure);
    files.push_back(c.model);
    if (c.density == 0) c.density = number_density(model);
  }
  if (c.composition.empty() && c.model.empty())
    fail(Fault::usage, "radial: give --composition (or --model): the mean atom must be known");
  const Composition composition =
      c.composition.empty() ? composition_of(model) : parse_composition(c.composition);
  std::unique_ptr<PatternInput> input;
  Rings rings;
  if (!names.empty()) {
    input = std::make_unique<PatternInput>(names[0], c.input, c.common.seed);
    check_rings(input->scan(), c.axis.q_max);
    files.push_back(input->source().file());
  }
  if (c.common.dry_run) {
    std::cout << fmt::format("patterns    {}\nrings       {}\n", input ? input->positions() : 0,
                             c.axis.n);
    return 0;
  }
  const RunRecord record = start_record(settings, c.common, files);
  if (!start_output(c.common, record)) return 0;
  if (input && !read_rings(c, *input, rings)) return nothing_written();
  if (!input)
    for (int i = 0; i < c.axis.n; ++i) rings.q.push_back(c.axis.q(i));
  const MeanFactors factors =
      mean_factors(composition.elements, composition.shares, rings.q, c.table);
  const auto reduce = [&](const Eigen::ArrayXd& intensity) {
    return reduce_radial(array(rings.q), intensity, array(factors.squared), array(factors.of_mean),
                         c.radial);
  };
  Hdf5Writer file(c.common.output);
  if (input) {
    const Eigen::ArrayXd intensity = rings.mean();
    const RadialCurves curves = reduce(intensity);
    write_curves(file, "/radial/", rings.q, intensity, curves, c.density, "as in the input");
    const int groups = int(rings.group_sum.size());
    if (groups > 2) {
      Eigen::ArrayXd s = Eigen::ArrayXd::Zero(curves.s.size()),
                     g = Eigen::ArrayXd::Zero(curves.g.size());
      for (int k = 0; k < groups; ++k) {
        const RadialCurves part = reduce(rings.mean(k));
        s += (part.s - curves.s).square();
        g += (part.g - curves.g).square();
      }
      const double scale = double(groups - 1) / groups;
      write_described(file, "/radial/S_error", list((s * scale).sqrt()), "", "jackknife");
      write_described(file, "/radial/G_error", list((g * scale).sqrt()), "1/Angstrom^2",
                      "jackknife");
    }
    file.attribute("/radial", "scale", curves.scale);
    print_peaks("patterns", rings.q, curves);
  }
  if (!c.model.empty()) {
    constexpr double kDebyeRadius = 30;  // Angstrom; the correlations of a glass end before
    const DebyeScattering d = debye_scattering(model, rings.q, kDebyeRadius, c.table);
    const RadialCurves curves = reduce(array(d.intensity));
    write_curves(file, "/radial/model/", rings.q, array(d.intensity), curves, c.density,
                 "Angstrom^2 per atom");
    write_described(file, "/radial/model/pair/r", d.r, "Angstrom", "distance");
    write_described(file, "/radial/model/pair/g", d.weighted, "",
                    "g(r) of the atoms, pairs weighted by their scattering factors at 0.5 "
                    "1/Angstrom");
    print_peaks("model", rings.q, curves);
    std::cout << fmt::format("atoms       first peak of the weighted g(r) at {:.3f} Angstrom\n",
                             highest_peak(d.r, d.weighted, 1.8, 3.8).x);
  }
  write_interchange(file, {}, record, "radial");
  write_record(file, record);
  file.commit();
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
