// vitrobeam symmetry limit: what n-fold symmetry analysis can see in a glass, against thickness,
// depth, tilt and dose.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/camera_settings.hpp"
#include "drivers/command.hpp"
#include "drivers/cost_table.hpp"
#include "drivers/machine_speed.hpp"
#include "drivers/produce.hpp"
#include "drivers/simulate_settings.hpp"
#include "drivers/structure_input.hpp"
#include "io/structure_file.hpp"
#include "io/symmetry_limit_file.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "studies/limit_study.hpp"

namespace vitrobeam {
namespace {

struct LimitCommand {
  CommonSettings common;
  std::string oversampling = "auto";
  StructureInput structure;
  CameraSettings camera;
  std::string motifs = "icosahedron:5:10,fcc:100:4,fcc:111:6", elements = "Cu,Zr",
              thickness = "10,20,30,40,60,80,100,120,160,200", depths = "0.5", tilts = "0",
              doses = "0", engines = "multislice,kinematic", ring = "0.385,0.455",
              motif_ring = "0.38,0.52";
  double significance_percent = 5;
  LimitPlan plan;
};

LimitTarget parse_target(const std::string& text);

Settings describe(LimitCommand& c) {
  Settings o("symmetry limit",
             "model of a glass -> odd and even orders with thickness under four physics, and how "
             "often planted motifs are found",
             {"GLASS"});
  auto& p = c.plan;
  o.section("Specimen");
  o.add("thickness", c.thickness, "T,...",
        "Angstrom, ascending, multiples of the first: the periodic model is piled up in blocks "
        "that are shifted and turned at random")
      .reads(numbers_in("Angstrom", {0.1, 1e5}));
  o.add("motifs", c.motifs, "NAME:AXIS:N,...",
        "planted motifs, the axis along the beam, and the order that is looked for")
      .reads([](const auto& text, const auto&) {
        for (const auto& part : split(text, ',')) parse_target(part);
      });
  o.add("elements", c.elements, "A,B", "of the motifs: centre, shell").reads(elements());
  o.add("bond", p.bond, "Angstrom", "centre to shell; 0 = sum of the metallic radii").at_least(0);
  o.add("radius", p.radius, "Angstrom", "of crystal-like motifs; 0 = first shell").at_least(0);
  o.add("shells", p.shells, "of Mackay icosahedra: 13, 55, 147 atoms").at_least(1).at_most(5);
  o.add("depths", c.depths, "F,...", "of the motif, as shares of the thickness")
      .reads(numbers_in("", {0, 1}));
  o.add("tilts", c.tilts, "DEG,...", "of its axis off the beam").reads(numbers_in("deg", {0, 180}));
  o.section("Beam");
  o.add("energy", p.simulation.optics.energy_kV, "kV", "acceleration voltage");
  o.add("semiangle", p.simulation.optics.semiangle_mrad, "mrad", "convergence semi-angle")
      .above(0)
      .at_most(200);
  o.add("defocus", p.simulation.optics.defocus, "Angstrom", "underfocus positive");
  o.add("doses", c.doses, "D,...", "electrons per pattern; 0 = no counting noise")
      .reads(numbers_in("electrons"));
  add_noise_options(o, c.camera);
  o.section("Measurement");
  o.add("ring", c.ring, "LOW,HIGH", "of odd against even orders, 1/Angstrom")
      .reads(a_band("1/Angstrom"));
  o.add("motif-ring", c.motif_ring, "LOW,HIGH",
        "in which planted motifs are looked for, 1/Angstrom")
      .reads(a_band("1/Angstrom"));
  o.add("significance", c.significance_percent, "%",
        "a planted motif counts as found where so few patterns of the glass have as much power")
      .above(0)
      .at_most(50);
  o.add("positions", p.positions, "patterns of each case").at_least(8).at_most(100000);
  o.add("null", p.null_positions, "patterns of the glass without the motif, at every thickness")
      .at_least(20)
      .at_most(1000000);
  o.section("Simulation");
  o.add("engines", c.engines, "NAMES",
        "of the detection: multislice, kinematic, flat-born, phase-object; odd and even orders "
        "are always computed by all four")
      .reads(names_of({"multislice", "kinematic", "flat-born", "phase-object"}));
  o.add("pixel", p.pixel, "Angstrom", "largest pixel size").above(0).at_most(1);
  o.add("slice", p.simulation.slice, "Angstrom", "slice thickness").above(0).at_most(100);
  add_oversampling(o, c.oversampling);
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_common(o, c.common);
  return o;
}

std::vector<double> numbers(const std::string& text, const char* unit, const char* name) {
  std::vector<double> values;
  for (const auto& part : split(text, ',')) values.push_back(parse_quantity(part, unit, name));
  return values;
}

RingBand band(const std::string& text, const char* name) {
  const Vector2d v = parse_pair(text, "1/Angstrom", name);
  if (!(v[0] > 0 && v[0] < v[1]))
    fail(Fault::usage, "--{} {}: expected LOW,HIGH with 0 < LOW < HIGH", name, text);
  return {v[0], v[1]};
}

LimitTarget parse_target(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3)
    fail(Fault::usage, "--motifs {}: expected NAME:AXIS:N, for example icosahedron:5:10", text);
  LimitTarget t{parts[0], parts[1], 0};
  find_axis(find_motif(t.motif), t.axis);
  const double n = parse_quantity(parts[2], "", "motifs");
  if (!(n >= 1 && n <= 12 && n == std::floor(n)))
    fail(Fault::usage, "--motifs {}: the order {} is not one of 1 .. 12", text, parts[2]);
  t.order = int(n);
  return t;
}

Engine parse_engine(const std::string& name) {
  const auto engine = find_engine(name);
  if (!engine || *engine == Engine::automatic || *engine == Engine::scattering_matrix)
    fail(Fault::usage, "--engines '{}': expected multislice, kinematic, flat-born or phase-object",
         name);
  return *engine;
}

LimitPlan make_plan(LimitCommand& c, const Atoms& glass) {
  LimitPlan& p = c.plan;
  for (const auto& text : split(c.motifs, ',')) p.targets.push_back(parse_target(text));
  for (const auto& name : split(c.elements, ',')) {
    const int z = atomic_number(name);
    if (z == 0) fail(Fault::usage, "--elements '{}': unknown element", name);
    p.elements.push_back(z);
  }
  p.thickness = numbers(c.thickness, "Angstrom", "thickness");
  p.depths = numbers(c.depths, "", "depths");
  p.tilts_deg = numbers(c.tilts, "deg", "tilts");
  p.doses = numbers(c.doses, "electrons", "doses");
  for (const auto& name : split(c.engines, ',')) p.engines.push_back(parse_engine(name));
  p.ring = band(c.ring, "ring");
  p.motif_ring = band(c.motif_ring, "motif-ring");
  c.camera.camera.dose = *std::max_element(p.doses.begin(), p.doses.end());
  p.camera = resolve_camera(c.camera, p.simulation.optics.wavelength());
  p.simulation.potential.oversampling = parse_oversampling(c.oversampling);
  p.significance = c.significance_percent / 100;
  p.seed = c.common.seed;
  return prepared(p, glass);
}

void print_odd_even(const LimitPlan& p, const LimitStudy& study) {
  const Optics& optics = p.simulation.optics;
  const double middle = (p.ring.low + p.ring.high) / 2;
  std::cout << fmt::format("beam        {:g} kV, {:g} mrad ({:.2f} Angstrom FWHM by diffraction)\n",
                           optics.energy_kV, optics.semiangle_mrad,
                           diffraction_limited_fwhm(optics.energy_kV, optics.semiangle_mrad));
  std::cout << "law         odd / even is";
  const LimitLaw& law = study.by_ratio;
  for (std::size_t k = 0; k < law.ratio.size(); ++k)
    std::cout << fmt::format("{} {:g} at {:.0f} Angstrom", k ? "," : "", law.ratio[k],
                             law.of_beam[k]);
  std::cout << fmt::format(
      "; as 1 / (lambda q^2), here at {:g} 1/Angstrom\n\nodd / even orders in the ring\nthickness  "
      "law    ",
      middle);
  for (const auto& o : study.odd_even) std::cout << fmt::format(" {:<16}", engine_label(o.engine));
  std::cout << '\n';
  for (std::size_t t = 0; t < p.thickness.size(); ++t) {
    std::cout << fmt::format("{:6.1f} A   {:.4f} ", p.thickness[t], study.law[t]);
    for (const auto& o : study.odd_even)
      std::cout << (o.ratio[t] < 1e-6 ? std::string(" 0 to rounding    ")
                                      : fmt::format(" {:.4f} +- {:.4f} ", o.ratio[t], o.error[t]));
    std::cout << '\n';
  }
}

void print_detection(const LimitPlan& p, const Detection& d) {
  std::cout << fmt::format("\n{} by {}: found at p <= {:g} %, of {}\n", d.target.label(),
                           engine_label(d.engine), 100 * p.significance, p.positions);
  std::size_t c = 0;
  const std::size_t each = p.depths.size() * p.tilts_deg.size() * p.doses.size();
  for (const double depth : p.depths)
    for (const double tilt : p.tilts_deg)
      for (const double dose : p.doses) {
        std::cout << fmt::format("  depth {:g}, tilt {:g} deg, {}: ", depth, tilt,
                                 dose > 0 ? fmt::format("{:g} electrons", dose) : "no noise");
        for (std::size_t t = 0; t < p.thickness.size(); ++t)
          std::cout << fmt::format("{}{:.0f} A {:.0f} % ({:.0f}-{:.0f})", t ? ", " : "",
                                   p.thickness[t], 100 * d.probability[t * each + c],
                                   100 * d.low[t * each + c], 100 * d.high[t * each + c]);
        const double first = d.probability[c];
        std::cout << (std::isfinite(d.limit[c])
                          ? fmt::format("; half of them up to {:.0f} A\n", d.limit[c])
                          : fmt::format("; {}\n", first < 0.5 ? "less than half at any thickness"
                                                              : "half or more at every thickness"));
        ++c;
      }
}

}  // namespace

int run_symmetry_limit(const std::vector<std::string>& arguments) {
  LimitCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage,
         "symmetry limit: name the model of the glass: vitrobeam symmetry limit GLASS -o OUT.h5");
  const std::string& input = settings.positional().front();
  const Atoms glass = read_scatterers(input, c.structure, c.common.seed);
  const LimitPlan plan = make_plan(c, glass);
  LimitStudy study;
  Production p{"symmetry limit", {input}, {}, {}, {}, {}};
  p.predict = [&] {
    std::cout << fmt::format("patterns    {}\ngrid        {} x {}, {} slices at most\n",
                             patterns_of_study(plan), plan.simulation.nx, plan.simulation.ny,
                             slice_count(plan.thickness.back(), plan.simulation.slice));
    const Vector3d edges = glass.cell.lengths();
    const Grid grid{plan.simulation.nx, plan.simulation.ny, edges.x(), edges.y()};
    std::cout << cost_text(
        cost_of_limits(plan, glass, machine_speed<float>(grid), c.common.threads));
  };
  p.compute = [&](const RunControl& run) { study = study_limits(plan, glass, run); };
  p.store = [&](Hdf5Writer& file) { write_symmetry_limit(file, plan, study); };
  p.summarise = [&] {
    print_odd_even(plan, study);
    for (const auto& d : study.detections) print_detection(plan, d);
  };
  return produce(settings, c.common, p);
}

}  // namespace vitrobeam
