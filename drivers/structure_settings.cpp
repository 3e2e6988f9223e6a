#include "drivers/structure_settings.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"

namespace vitrobeam {
namespace {

std::map<int, double> parse_radii(const std::string& text) {
  std::map<int, double> radii;
  for (const auto& item : split(text, ',')) {
    const auto parts = split(item, '=');
    const int z = parts.size() == 2 ? atomic_number(parts[0]) : 0;
    if (z == 0)
      fail(Fault::usage, "--radii '{}': expected SYMBOL=ANGSTROM, for example Cu=1.28", item);
    radii[z] = parse_quantity(parts[1], "Angstrom", "radii");
    if (!(radii[z] > 0 && radii[z] < 10))
      fail(Fault::usage, "--radii '{}': expected 0 to 10 Angstrom", item);
  }
  return radii;
}

}  // namespace

Settings describe(StructureSettings& s) {
  Settings o("structure",
             "Analyses a model: Voronoi cells, g(r), S(q), order, density of columns, motion.",
             {"MODEL"});
  StructureAnalysis& a = s.analysis;
  o.section("Model");
  add_structure_input(o, s.model);
  o.section("What is done and written");
  o.add("only", s.only, "NAME,..",
        "some of voronoi, pairs, order, classes, column, motion (default: all that the model "
        "allows)")
      .reads(names_of({"voronoi", "pairs", "order", "classes", "column", "motion"}));
  o.add("labels", s.labels, "FILE", "extended XYZ of the atoms with all that is known of each");
  o.add("csv", s.csv, "PREFIX", "tables as text: PREFIX_atoms.csv, PREFIX_gr.csv, ...");
  o.section("Voronoi cells");
  o.add("face-cut", a.voronoi.face_cut, "",
        "share of a cell's surface below which a face is left out")
      .at_least(0)
      .at_most(0.5);
  o.add("small-faces", a.voronoi.small_faces,
        {{"drop", SmallFaces::drop}, {"rebuild", SmallFaces::rebuild}},
        "drop: edges of the other faces stay as they are; rebuild: the cell is cut again by the "
        "neighbours that stay");
  o.add("edge-cut", a.voronoi.edge_cut, "",
        "share of a cell's mean edge below which an edge is not counted")
      .at_least(0)
      .at_most(1);
  o.add("radical", s.radical, "faces where the power distances are equal, by --radii");
  o.add("radii", s.radii, "Cu=1.28,Zr=1.6", "for --radical, Angstrom (default: metallic radii)")
      .reads([](const auto& text, const auto&) { parse_radii(text); });
  o.section("Shells");
  o.add("cutoff", a.cutoff, "Angstrom", "end of the first shell (default: first minimum of g(r))")
      .above(0)
      .at_most(20);
  o.add("orders", s.orders, "4,6", "l of the bond-orientational order, 1 to 12")
      .reads(whole_numbers(1, 12));
  o.add("template-rmsd", a.template_rmsd, "",
        "largest deviation from a template, in mean bonds, that still is of its class")
      .above(0)
      .at_most(1);
  o.section("g(r) and S(q)");
  o.add("r-max", a.r_max, "Angstrom", "end of g(r)").above(0).at_most(500);
  o.add("r-bin", a.r_bin, "Angstrom", "its bins").at_least(1e-3).at_most(5);
  o.add("q-max", a.q_max, "1/Angstrom", "end of S(q), q = 1/d").above(0).at_most(20);
  o.add("q-step", a.q_step, "1/Angstrom", "its step").at_least(1e-4).at_most(1);
  o.add("window", a.window, {{"lorch", Window::lorch}, {"none", Window::none}},
        "on g(r): no ripples and peaks no sharper than 0.6 / r-max, or full height with ripples");
  o.add("potential", a.table,
        {{"kirkland", Parametrisation::kirkland}, {"lobato", Parametrisation::lobato}},
        "electron scattering factors, as in simulate");
  o.section("Columns that a beam sees");
  o.add("beam", a.beam,
        {{"airy", ColumnWeight::Kind::airy}, {"gaussian", ColumnWeight::Kind::gaussian}},
        "weight across the beam: the disk of --energy and --semiangle, or --beam-fwhm");
  o.add("energy", a.energy_kV, "kV", "beam energy");
  o.add("semiangle", a.semiangle_mrad, "mrad", "convergence semi-angle").above(0).at_most(200);
  o.add("beam-fwhm", a.beam_fwhm, "Angstrom", "of a Gaussian beam").above(0).at_most(1000);
  o.add("step", a.step, "Angstrom", "between the points of the map").at_least(0.01).at_most(100);
  o.section("Motion");
  o.add("reference", s.reference, "FILE",
        "model from which displacements and D2min are counted (default: the same file)");
  o.add("reference-frame", s.reference_frame, "its frame, from 0; negative counts from the end");
  o.add("strain-radius", a.strain_radius, "Angstrom",
        "surroundings whose deformation D2min measures (default: 1.3 times the cutoff)")
      .above(0)
      .at_most(50);
  o.add("vibration", s.vibration,
        "mean-square vibration and flexibility volume over all frames of the file");
  o.excludes("beam", "airy", {"beam-fwhm"}, "that is the width of --beam gaussian");
  o.excludes("beam", "gaussian", {"energy", "semiangle"}, "they make the disk of --beam airy");
  add_common(o, s.common);
  return o;
}

namespace {

std::map<int, double> radii_of(const StructureSettings& s, const Atoms& atoms) {
  std::map<int, double> radii;
  for (int z : atoms.numbers) radii[z] = metallic_radius(z);
  if (!s.radii.empty())
    for (const auto& [z, radius] : parse_radii(s.radii)) radii[z] = radius;
  return radii;
}

struct Analysis {
  const char* name;
  bool StructureAnalysis::*is_done;
};
constexpr Analysis kAnalyses[] = {
    {"voronoi", &StructureAnalysis::cells}, {"pairs", &StructureAnalysis::pairs},
    {"order", &StructureAnalysis::order},   {"classes", &StructureAnalysis::classes},
    {"column", &StructureAnalysis::column}, {"motion", &StructureAnalysis::motion}};

std::vector<std::string> chosen(const StructureSettings& s) {
  return s.only.empty() ? std::vector<std::string>() : split(s.only, ',');
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void check(const StructureSettings& s) {
  const auto names = chosen(s);
  for (const auto& name : names)
    if (std::none_of(std::begin(kAnalyses), std::end(kAnalyses),
                     [&](const Analysis& a) { return a.name == name; }))
      fail(Fault::usage, "--only '{}': known are voronoi, pairs, order, classes, column, motion",
           name);
  if (!s.radii.empty() && !s.radical)
    fail(Fault::usage, "--radii {}: has no effect without --radical", s.radii);
  if (s.analysis.r_bin > s.analysis.r_max)
    fail(Fault::usage, "--r-bin {:g} is larger than --r-max {:g}", s.analysis.r_bin,
         s.analysis.r_max);
  if (s.vibration && !names.empty() && !holds(names, "motion"))
    fail(Fault::usage, "--vibration is one of motion: --only {},motion", s.only);
}

StructureAnalysis resolve(const StructureSettings& s, const Atoms& atoms) {
  StructureAnalysis out = s.analysis;
  const auto names = chosen(s);
  out.all_that_are_possible = names.empty();
  for (const auto& [name, is_done] : kAnalyses) out.*is_done = names.empty() || holds(names, name);
  out.orders = parse_whole_numbers(s.orders, 1, 12, "orders");
  if (s.radical) out.voronoi.radii = radii_of(s, atoms);
  return out;
}

}  // namespace vitrobeam
