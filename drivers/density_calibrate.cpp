// vitrobeam density calibrate: HAADF against density, thickness, composition and detector angles,
// by simulation.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/detector_option.hpp"
#include "drivers/quantity.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/structure_input.hpp"
#include "io/density_file.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "runtime/interruption.hpp"
#include "studies/density_study.hpp"

namespace vitrobeam {
namespace {

struct CalibrateCommand {
  CommonSettings common;
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
        "per cent of the number density: every glass is scaled evenly to them; 0 is always one");
  o.add("thickness", c.thickness, "T,...",
        "Angstrom, ascending, multiples of the first: the periodic model is piled up in blocks "
        "that are shifted and turned at random");
  o.add("compositions", c.compositions, "TEXT,...",
        "the first glass also with these compositions, e.g. Cu50Zr50: atoms exchanged at random, "
        "their number kept");
  o.add("u-rms", c.u_rms, "0.085|Cu=0.08,..",
        "one-dimensional rms displacement in Angstrom, drawn anew for every pile (default: the "
        "model as it is; a snapshot at temperature is displaced already)");
  o.add("piles", p.piles, "piles of each glass").at_least(1).at_most(1000);
  o.add("positions", p.positions, "of the probe in every pile, raised to a square")
      .at_least(4)
      .at_most(10000);
  o.section("Microscope");
  o.add("detector", c.detectors, "NAME=IN:OUT",
        "annular detector in mrad, several times for several (default haadf=50:90)");
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

void parse_thickness(CalibrateCommand& c) {
  auto& t = c.plan.thickness;
  for (const auto& text : split(c.thickness, ','))
    t.push_back(parse_quantity(text, "Angstrom", "thickness"));
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double multiple = t[i] / t[0];
    if (!(t[i] > 0) || (i > 0 && t[i] <= t[i - 1]) ||
        std::abs(multiple - std::round(multiple)) > 1e-6)
      fail(Fault::usage,
           "--thickness {}: {} does not fit; ascending multiples of the first, for example "
           "50,100,200",
           c.thickness, t[i]);
  }
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

// Every grid of the study, before any of it is computed.
void check_grids(const DensityPlan& p, const std::vector<Atoms>& glasses) {
  constexpr double kMostWrapped = 0.2;
  for (const auto& glass : glasses)
    for (const double change : p.change) {
      const Vector3d edges = glass.cell.lengths() * std::pow(1 + change, -1.0 / 3);
      const Grid grid{good_size(int(std::ceil(edges.x() / p.pixel))),
                      good_size(int(std::ceil(edges.y() / p.pixel))), edges.x(), edges.y()};
      check_grid(grid);
      for (const auto& d : p.simulation.recording.detectors)
        check_detector(d, grid, p.simulation.optics.wavelength());
      const double wrapped = wrapped_fraction(p.simulation.optics, grid);
      if (wrapped > kMostWrapped)
        fail(Fault::physics,
             "{:.1f} % of the probe lies beyond half the cell of {:.2f} x {:.2f} Angstrom; use a "
             "larger glass, a larger --semiangle or less --defocus",
             100 * wrapped, edges.x(), edges.y());
    }
}

void make_plan(CalibrateCommand& c, const std::vector<Atoms>& glasses) {
  DensityPlan& p = c.plan;
  parse_changes(c);
  parse_thickness(c);
  if (c.detectors.empty()) c.detectors = {"haadf=50:90"};
  p.simulation.recording.detectors = parse_detectors(c.detectors);
  for (const auto& d : p.simulation.recording.detectors)
    if (d.moments || d.channels() != 1)
      fail(Fault::usage, "--detector {}: density is read from whole annuli, NAME=IN:OUT", d.name);
  p.simulation.potential.factors = FactorTable(c.table);
  if (!c.u_rms.empty())
    for (const auto& glass : glasses) p.u_rms.merge(parse_u_rms(c.u_rms, glass, "u-rms"));
  p.seed = c.common.seed;
  p.threads = c.common.threads;
  check_grids(p, glasses);
}

void print(const DensityCalibration& c) {
  const std::size_t ts = c.thickness.size(), cs = c.change.size(), ds = c.detectors.size();
  for (std::size_t d = 0; d < ds; ++d) {
    const auto& detector = c.detectors[d];
    std::cout << fmt::format("\n{}, {:g} to {:g} mrad\nthickness  I/I0      I/I0/t (1/A)",
                             detector.name, detector.inner_mrad, detector.outer_mrad);
    for (const double change : c.change)
      if (change != 0) std::cout << fmt::format("  {:+.3g} %           ", 100 * change);
    std::cout << '\n';
    for (std::size_t g = 0; g < c.glass.size(); ++g) {
      if (c.glass.size() > 1) std::cout << c.glass[g] << '\n';
      for (std::size_t t = 0; t < ts; ++t) {
        const auto value = [&](const Stack<double>& s, std::size_t change) {
          return s.values[((g * cs + change) * ts + t) * ds + d];
        };
        const auto zero =
            std::size_t(std::find(c.change.begin(), c.change.end(), 0.0) - c.change.begin());
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
    std::cout << "curve      I =";
    for (Eigen::Index j = 0; j < detector.curve.k.size(); ++j)
      std::cout << fmt::format(" {:+.4g} x^{}", detector.curve.k[j], j + 1);
    std::cout << fmt::format(", x = n t {:.4e} A^2, up to {:.3g}\none position",
                             detector.cross_section.front(), detector.curve.x_most);
    for (std::size_t t = 0; t < ts; ++t)
      std::cout << fmt::format("{} {:.1f} % at {:g} A", t ? "," : "",
                               100 * detector.position_error[t], c.thickness[t]);
    std::cout << " off the density of its own column\n";
  }
}

}  // namespace

int run_density_calibrate(const std::vector<std::string>& arguments) {
  CalibrateCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().empty())
    fail(Fault::usage,
         "density calibrate: name a periodic model of the glass: vitrobeam density calibrate GLASS "
         "-o OUT.h5");
  const auto& files = settings.positional();
  const std::vector<Atoms> glasses = read_glasses(c, files);
  make_plan(c, glasses);
  const std::size_t work = positions_of_study(c.plan, glasses.size());
  if (c.common.dry_run) {
    std::cout << fmt::format("positions   {}, through {} Angstrom each\nglasses     {}\n", work,
                             c.plan.thickness.back(), glasses.size());
    return 0;
  }
  const RunRecord record = start_record(settings, c.common, files);
  if (!start_output(c.common, record)) return 0;
  std::cout << fmt::format("glass       {}\nbeam        {} kV, {} mrad, {} positions in {} piles\n",
                           composition_text(glasses.front()), c.plan.simulation.optics.energy_kV,
                           c.plan.simulation.optics.semiangle_mrad,
                           work / glasses.size() / c.plan.change.size(), c.plan.piles);
  const RunControl control = run_control(c.common);
  Stage progress(control, "positions", work);
  const DensityCalibration calibration = calibrate_density(
      c.plan, glasses, [&](std::size_t n) { progress.advance(n); }, interrupted);
  if (interrupted()) return nothing_written();
  Hdf5Writer file(c.common.output);
  write_calibration(file, calibration);
  write_interchange(file, {}, record, "density calibrate");
  write_record(file, record);
  file.commit();
  print(calibration);
  std::cout << fmt::format("wrote       {}\n", c.common.output);
  return 0;
}

}  // namespace vitrobeam
