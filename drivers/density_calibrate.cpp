// vitrobeam density calibrate: HAADF against density, thickness, composition and detector angles,
// by simulation.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/cost_table.hpp"
#include "drivers/detector_option.hpp"
#include "drivers/machine_speed.hpp"
#include "drivers/produce.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/structure_input.hpp"
#include "io/density_file.hpp"
#include "io/structure_file.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

struct CalibrateCommand {
  CommonSettings common;
  std::string oversampling = "auto";
  StructureInput structure;
  std::string changes = "-10,-5,0,6", thickness = "50,100,200", compositions, u_rms;
  std::vector<std::string> detectors;
  Parametrisation table = Parametrisation::kirkland;
  DensityPlan plan;
};

Settings describe(CalibrateCommand& c) {
  Settings o("density calibrate",
             "models of glasses -> HAADF against density, thickness, composition, detector angles",
             {"GLASS..."});
  auto& p = c.plan;
  auto& optics = p.simulation.optics;
  optics.semiangle_mrad = 10;
  o.section("Specimens");
  o.add("changes", c.changes, "P,...",
        "per cent of the number density: every glass is scaled evenly to them; 0 is always one")
      .reads(numbers_in("%", {-50, 50}));
  o.add("thickness", c.thickness, "T,...",
        "Angstrom, ascending, multiples of the first: the periodic model is piled up in blocks "
        "that are shifted and turned at random")
      .reads(numbers_in("Angstrom", {0.1, 1e5}));
  o.add("compositions", c.compositions, "TEXT,...",
        "the first glass also with these compositions, e.g. Cu50Zr50: atoms exchanged at random, "
        "their number kept")
      .reads([](const auto& text, const auto& name) {
        for (const auto& part : split(text, ',')) a_composition()(part, name);
      });
  o.add("u-rms", c.u_rms, "0.085|Cu=0.08,..",
        "one-dimensional rms displacement in Angstrom, drawn anew for every pile (default: the "
        "model as it is; a snapshot at temperature is displaced already)")
      .reads(displacements(false));
  o.add("piles", p.piles, "piles of each glass").at_least(1).at_most(1000);
  o.add("positions", p.positions, "of the probe in every pile, raised to a square")
      .at_least(4)
      .at_most(10000);
  o.section("Microscope");
  o.add("detector", c.detectors, "NAME=IN:OUT",
        "annular detector in mrad, several times for several (default haadf=50:90)")
      .reads([](const auto& text, const auto&) { parse_detector(text); });
  o.add("energy", optics.energy_kV, "kV", "acceleration voltage").at_least(10).at_most(3000);
  o.add("semiangle", optics.semiangle_mrad, "mrad", "convergence semi-angle").above(0).at_most(200);
  o.add("defocus", optics.defocus, "Angstrom", "underfocus positive");
  o.add("cs", optics.cs_mm, "mm", "spherical aberration C30");
  o.section("Simulation and curve");
  o.add("terms", p.terms, "of the curve I = k_1 x + k_2 x^2 + ..").at_least(1).at_most(6);
  o.add("pixel", p.pixel, "Angstrom", "largest pixel size, the same at every density")
      .above(0)
      .at_most(1);
  o.add("slice", p.simulation.slice, "Angstrom", "slice thickness").above(0).at_most(100);
  add_oversampling(o, c.oversampling);
  o.add("potential", c.table,
        {{"kirkland", Parametrisation::kirkland},
         {"lobato", Parametrisation::lobato},
         {"peng", Parametrisation::peng}},
        "scattering-factor table");
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_common(o, c.common);
  return o;
}

void parse_changes(CalibrateCommand& c) {
  for (const auto& text : split(c.changes, ',')) {
    const double v = parse_quantity(text, "%", "changes") / 100;
    if (!(v > -0.5 && v < 0.5))
      fail(Fault::usage, "--changes {}: {:g} % is not between -50 and 50", c.changes, 100 * v);
    c.plan.change.push_back(v);
  }
  c.plan.change.push_back(0);
  std::sort(c.plan.change.begin(), c.plan.change.end());
  c.plan.change.erase(std::unique(c.plan.change.begin(), c.plan.change.end()), c.plan.change.end());
}

std::vector<Atoms> read_glasses(const CalibrateCommand& c, const std::vector<std::string>& files) {
  std::vector<Atoms> glasses;
  for (const auto& file : files)
    glasses.push_back(read_scatterers(file, c.structure, c.common.seed));
  if (!c.compositions.empty())
    for (const auto& text : split(c.compositions, ','))
      glasses.push_back(with_composition(glasses.front(), parse_composition(text), c.common.seed));
  return glasses;
}

void make_plan(CalibrateCommand& c, const std::vector<Atoms>& glasses) {
  DensityPlan& p = c.plan;
  parse_changes(c);
  for (const auto& text : split(c.thickness, ','))
    p.thickness.push_back(parse_quantity(text, "Angstrom", "thickness"));
  if (c.detectors.empty()) c.detectors = {"haadf=50:90"};
  p.simulation.recording.detectors = parse_detectors(c.detectors);
  p.simulation.potential.factors = FactorTable(c.table);
  p.simulation.potential.oversampling = parse_oversampling(c.oversampling);
  if (!c.u_rms.empty())
    for (const auto& glass : glasses) p.u_rms.merge(parse_u_rms(c.u_rms, glass, "u-rms"));
  p.seed = c.common.seed;
  check_study(p, glasses);
}

// Intensity and contrasts of one detector, a line for every thickness of a glass.
void print_table(const DensityCalibration& c, std::size_t d, std::size_t g) {
  const std::size_t ts = c.thickness.size(), cs = c.change.size(), ds = c.detectors.size();
  const auto zero =
      std::size_t(std::find(c.change.begin(), c.change.end(), 0.0) - c.change.begin());
  for (std::size_t t = 0; t < ts; ++t) {
    const auto value = [&](const Stack<double>& s, std::size_t change) {
      return s.values[((g * cs + change) * ts + t) * ds + d];
    };
    const double i = value(c.intensity, zero);
    std::cout << fmt::format("{:6.1f} A   {:.5f}   {:.3e}   ", c.thickness[t], i,
                             i / c.thickness[t]);
    for (std::size_t k = 0; k < cs; ++k)
      if (k != zero)
        std::cout << fmt::format("  {:+6.2f} +- {:.2f} %", 100 * value(c.contrast, k),
                                 100 * value(c.contrast_error, k));
    std::cout << '\n';
  }
}

void print_curve(const CalibratedDetector& detector, const std::vector<double>& thickness) {
  std::cout << "curve      I =";
  for (Eigen::Index j = 0; j < detector.curve.k.size(); ++j)
    std::cout << fmt::format(" {:+.4g} x^{}", detector.curve.k[j], j + 1);
  std::cout << fmt::format(", x = n t {:.4e} A^2, up to {:.3g}\none position",
                           detector.cross_section.front(), detector.curve.x_most);
  for (std::size_t t = 0; t < thickness.size(); ++t)
    std::cout << fmt::format("{} {:.1f} % at {:g} A", t ? "," : "",
                             100 * detector.position_error[t], thickness[t]);
  std::cout << " off the density of its own column\n";
}

void print(const DensityCalibration& c) {
  for (std::size_t d = 0; d < c.detectors.size(); ++d) {
    const auto& detector = c.detectors[d];
    std::cout << fmt::format("\n{}, {:g} to {:g} mrad\nthickness  I/I0      I/I0/t (1/A)",
                             detector.name, detector.inner_mrad, detector.outer_mrad);
    for (const double change : c.change)
      if (change != 0) std::cout << fmt::format("  {:+.3g} %           ", 100 * change);
    std::cout << '\n';
    for (std::size_t g = 0; g < c.glass.size(); ++g) {
      if (c.glass.size() > 1) std::cout << c.glass[g] << '\n';
      print_table(c, d, g);
    }
    print_curve(detector, c.thickness);
  }
}

}  // namespace

int run_density_calibrate(const std::vector<std::string>& arguments) {
  CalibrateCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  const auto& files = settings.positional();
  if (files.empty())
    fail(Fault::usage,
         "density calibrate: name a periodic model of the glass: vitrobeam density calibrate GLASS "
         "-o OUT.h5");
  const std::vector<Atoms> glasses = read_glasses(c, files);
  make_plan(c, glasses);
  const DensityPlan& p = c.plan;
  const std::size_t work = positions_of_study(p, glasses.size());
  const auto predict = [&] {
    std::cout << fmt::format("positions   {}, through {} Angstrom each\nglasses     {}\n", work,
                             p.thickness.back(), glasses.size());
    std::cout << cost_text(cost_of_calibration(
        p, glasses, machine_speed<float>(grid_of_study(glasses.front().cell.lengths(), p.pixel)),
        c.common.threads));
  };
  DensityCalibration calibration;
  const auto compute = [&](const RunControl& run) {
    std::cout << fmt::format("glass       {}\nbeam        {} kV, {} mrad, {} positions in {}\n",
                             composition_text(glasses.front()), p.simulation.optics.energy_kV,
                             p.simulation.optics.semiangle_mrad,
                             work / glasses.size() / p.change.size(), counted(p.piles, "pile"));
    calibration = calibrate_density(p, glasses, run);
  };
  return produce(settings, c.common,
                 {"density calibrate", files, predict, compute,
                  [&](Hdf5Writer& file) { write_calibration(file, calibration); },
                  [&] { print(calibration); }});
}

}  // namespace vitrobeam
