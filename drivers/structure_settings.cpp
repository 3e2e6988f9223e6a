#include "drivers/structure_settings.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "drivers/quantity.hpp"
#include "models/elements.hpp"
#include "multislice/optics.hpp"

namespace vitrobeam {

Settings describe(StructureSettings& s) {
  Settings o("structure",
             "Analyses a model: Voronoi cells, g(r), S(q), order, density of columns, motion.",
             {"MODEL"});
  o.section("Model");
  add_structure_input(o, s.model);
  o.section("What is done and written");
  o.add("only", s.only, "NAME,..",
        "some of voronoi, pairs, order, classes, column, motion (default: all that the model "
        "allows)");
  o.add("labels", s.labels, "FILE", "extended XYZ of the atoms with all that is known of each");
  o.add("csv", s.csv, "PREFIX", "tables as text: PREFIX_atoms.csv, PREFIX_gr.csv, ...");
  o.section("Voronoi cells");
  o.add("face-cut", s.face_cut, "", "share of a cell's surface below which a face is left out")
      .at_least(0)
      .at_most(0.5);
  o.add("small-faces", s.small_faces,
        {{"drop", SmallFaces::drop}, {"rebuild", SmallFaces::rebuild}},
        "drop: edges of the other faces stay as they are; rebuild: the cell is cut again by the "
        "neighbours that stay");
  o.add("edge-cut", s.edge_cut, "",
        "share of a cell's mean edge below which an edge is not counted")
      .at_least(0)
      .at_most(1);
  o.add("radical", s.radical, "faces where the power distances are equal, by --radii");
  o.add("radii", s.radii, "Cu=1.28,Zr=1.6", "for --radical, Angstrom (default: metallic radii)");
  o.section("Shells");
  o.add("cutoff", s.cutoff, "Angstrom", "end of the first shell (default: first minimum of g(r))")
      .above(0)
      .at_most(20);
  o.add("orders", s.orders, "4,6", "l of the bond-orientational order, 1 to 12");
  o.add("template-rmsd", s.template_rmsd, "",
        "largest deviation from a template, in mean bonds, that still is of its class")
      .above(0)
      .at_most(1);
  o.section("g(r) and S(q)");
  o.add("r-max", s.r_max, "Angstrom", "end of g(r)").above(0).at_most(500);
  o.add("r-bin", s.r_bin, "Angstrom", "its bins").above(0).at_most(5);
  o.add("q-max", s.q_max, "1/Angstrom", "end of S(q), q = 1/d").above(0).at_most(20);
  o.add("q-step", s.q_step, "1/Angstrom", "its step").above(0).at_most(1);
  o.add("window", s.window, {{"lorch", Window::lorch}, {"none", Window::none}},
        "on g(r): no ripples and peaks no sharper than 0.6 / r-max, or full height with ripples");
  o.add("potential", s.table,
        {{"kirkland", Parametrisation::kirkland}, {"lobato", Parametrisation::lobato}},
        "electron scattering factors, as in simulate");
  o.section("Columns that a beam sees");
  o.add("beam", s.beam,
        {{"airy", ColumnWeight::Kind::airy}, {"gaussian", ColumnWeight::Kind::gaussian}},
        "weight across the beam: the disk of --energy and --semiangle, or --beam-fwhm");
  o.add("energy", s.energy_kV, "kV", "beam energy").above(1).at_most(3000);
  o.add("semiangle", s.semiangle_mrad, "mrad", "convergence semi-angle").above(0).at_most(200);
  o.add("beam-fwhm", s.beam_fwhm, "Angstrom", "of a Gaussian beam").above(0).at_most(1000);
  o.add("step", s.step, "Angstrom", "between the points of the map").above(0).at_most(100);
  o.section("Motion");
  o.add("reference", s.reference, "FILE",
        "model from which displacements and D2min are counted (default: the same file)");
  o.add("reference-frame", s.reference_frame, "its frame, from 0; negative counts from the end");
  o.add("strain-radius", s.strain_radius, "Angstrom",
        "surroundings whose deformation D2min measures (default: 1.3 times the cutoff)")
      .above(0)
      .at_most(50);
  o.add("vibration", s.vibration,
        "mean-square vibration and flexibility volume over all frames of the file");
  add_common(o, s.common);
  return o;
}

bool StructureSettings::asks(const char* analysis) const {
  const auto names = split(only, ',');
  return only.empty() || std::find(names.begin(), names.end(), analysis) != names.end();
}

void check(const StructureSettings& s) {
  if (!s.only.empty())
    for (const auto& name : split(s.only, ','))
      if (std::find(std::begin(kAnalyses), std::end(kAnalyses), name) == std::end(kAnalyses))
        fail(Fault::usage, "--only '{}': known are voronoi, pairs, order, classes, column, motion",
             name);
  if (!s.radii.empty() && !s.radical)
    fail(Fault::usage, "--radii {}: has no effect without --radical", s.radii);
  if (s.r_bin > s.r_max)
    fail(Fault::usage, "--r-bin {:g} is larger than --r-max {:g}", s.r_bin, s.r_max);
  parse_orders(s.orders);
}

VoronoiSettings voronoi_settings(const StructureSettings& s, const Atoms& atoms) {
  VoronoiSettings v;
  v.face_cut = s.face_cut;
  v.small_faces = s.small_faces;
  v.edge_cut = s.edge_cut;
  if (!s.radical) return v;
  for (int z : atoms.numbers) v.radii[z] = metallic_radius(z);
  if (s.radii.empty()) return v;
  for (const auto& item : split(s.radii, ',')) {
    const auto parts = split(item, '=');
    const int z = parts.size() == 2 ? atomic_number(parts[0]) : 0;
    if (z == 0)
      fail(Fault::usage, "--radii '{}': expected SYMBOL=ANGSTROM, for example Cu=1.28", item);
    v.radii[z] = parse_quantity(parts[1], "Angstrom", "radii");
    if (!(v.radii[z] > 0 && v.radii[z] < 10))
      fail(Fault::usage, "--radii '{}': expected 0 to 10 Angstrom", item);
  }
  return v;
}

ColumnWeight column_weight(const StructureSettings& s) {
  ColumnWeight w;
  w.kind = s.beam;
  w.fwhm = s.beam_fwhm;
  w.aperture_radius = s.semiangle_mrad * 1e-3 / wavelength(s.energy_kV);
  return w;
}

std::string column_weight_text(const StructureSettings& s) {
  return s.beam == ColumnWeight::Kind::airy
             ? fmt::format("Airy disk of {:g} mrad at {:g} kV", s.semiangle_mrad, s.energy_kV)
             : fmt::format("Gaussian of {:g} Angstrom FWHM", s.beam_fwhm);
}

std::vector<int> parse_orders(const std::string& text) {
  std::vector<int> out;
  for (const auto& word : split(text, ',')) {
    const double l = parse_quantity(word, "", "orders");
    if (l != int(l) || l < 1 || l > 12)
      fail(Fault::usage, "--orders '{}': whole numbers from 1 to 12 are expected", text);
    out.push_back(int(l));
  }
  return out;
}

}  // namespace vitrobeam
