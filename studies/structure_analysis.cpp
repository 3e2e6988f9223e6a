#include "studies/structure_analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/electron.hpp"
#include "base/error.hpp"
#include "models/bond_order.hpp"
#include "models/common_neighbours.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/occupancy.hpp"
#include "models/plausibility.hpp"
#include "models/templates.hpp"
#include "potentials/radiation.hpp"

namespace vitrobeam {
namespace {

bool is_periodic(const Atoms& atoms) {
  const auto& p = atoms.cell.periodic;
  return atoms.cell.volume() > 0 && p[0] && p[1] && p[2];
}

void add(StructureResult& r, std::string name, std::string unit, std::vector<double> values,
         bool is_class = false) {
  r.columns.push_back({std::move(name), std::move(unit), std::move(values), is_class});
}

void analyse_voronoi(const StructureAnalysis& s, StructureResult& r) {
  r.voronoi_settings = s.voronoi;
  r.voronoi = voronoi(r.atoms, s.voronoi);
  r.voronoi_rule = voronoi_rule(s.voronoi);
  r.voronoi_counts = count_indices(r.atoms, *r.voronoi);
  std::vector<double> faces, five = five_fold_share(*r.voronoi);
  for (const auto& n : r.voronoi->edges) faces.push_back(double(n.size()));
  for (std::size_t i = 0; i < faces.size(); ++i)  // not the atom's own
    if (r.voronoi->at_surface[i]) faces[i] = five[i] = std::numeric_limits<double>::quiet_NaN();
  add(r, "voronoi_faces", "faces counted", faces);
  add(r, "five_fold", "share of faces with five edges", five);
}

// S(q) of a periodic model from its g(r), for every radiation that the elements have amplitudes
// for.
void analyse_factors(const StructureAnalysis& s, StructureResult& r, const RunControl& run) {
  std::vector<double> q;
  for (int k = 1; k * s.q_step <= s.q_max * (1 + 1e-9); ++k) q.push_back(k * s.q_step);
  if (q.empty()) fail(Fault::usage, "@q_step {:g} is larger than @q_max {:g}", s.q_step, s.q_max);
  r.partial_factors =
      structure_factor(*r.pairs, number_density(r.atoms), q, s.window == Window::lorch);
  const auto shares = element_shares(r.atoms);
  for (const auto& [name, radiation] : {std::pair{"electron", Radiation::electron},
                                        {"xray", Radiation::xray},
                                        {"neutron", Radiation::neutron}}) {
    try {
      r.factors.emplace_back(
          name, weighted_structure_factor(*r.partial_factors, shares,
                                          [&s, kind = radiation](int z, double at) {
                                            return scattering_amplitude(kind, s.table, z, at);
                                          }));
    } catch (const Error& e) {
      run.warn("S(q) of {}: {}", name, e.what());
    }
  }
}

void analyse_pairs(const StructureAnalysis& s, StructureResult& r, const RunControl& run) {
  if (!(r.atoms.cell.volume() > 0)) {
    run.inform("the model has no cell: no density, no g(r), no S(q) (@box gives one)");
    return;
  }
  if (const std::string vacuum = vacuum_text(r.atoms); !vacuum.empty())
    run.warn("the density and g(r) are of the whole cell, which holds vacuum ({})", vacuum);
  r.pairs = pair_distribution(r.atoms, s.r_max, s.r_bin);
  if (!is_periodic(r.atoms)) {
    run.inform(
        "the cell is open: g(r) is normalised by the whole cell and falls off, and S(q) is left "
        "out");
    return;
  }
  analyse_factors(s, r, run);
}

void analyse_order(const StructureAnalysis& s, StructureResult& r, const NeighbourList& shell) {
  std::vector<double> coordination;
  for (std::size_t i = 0; i < shell.size(); ++i) coordination.push_back(double(shell.count(i)));
  add(r, "coordination", "neighbours within the cutoff", coordination);
  r.chemical_order = chemical_order(r.atoms.numbers, shell);
  for (int l : s.orders) {
    BondOrder order = bond_order(shell, l);
    add(r, fmt::format("q{}", l), "1", std::move(order.q));
    add(r, fmt::format("q{}_averaged", l), "1", std::move(order.q_averaged));
    if (l % 2) continue;
    add(r, fmt::format("w{}", l), "1", std::move(order.w));
    add(r, fmt::format("w{}_averaged", l), "1", std::move(order.w_averaged));
  }
}

void analyse_classes(const StructureAnalysis& s, StructureResult& r, const NeighbourList& shell,
                     int threads) {
  r.bond_signatures = bond_signatures(shell);
  // the 14 nearest neighbours lie within 1.5 first shells, but for atoms at a surface
  const NeighbourList wide = neighbours_within(r.atoms.cell, r.atoms.positions, 1.5 * r.cutoff);
  std::vector<double> cna, matched, rmsd;
  for (LocalOrder o : common_neighbour_classes(wide)) cna.push_back(double(o));
  for (const TemplateMatch& m : template_matches(wide, s.template_rmsd, threads)) {
    matched.push_back(double(m.order));
    rmsd.push_back(m.rmsd);
  }
  add(r, "cna_class", "index into classes", std::move(cna), true);
  add(r, "template_class", "index into classes", std::move(matched), true);
  add(r, "template_rmsd", "mean bond lengths", std::move(rmsd));
}

void analyse_column(const StructureAnalysis& s, StructureResult& r, const RunControl& run) {
  const bool may = r.atoms.cell.volume() > 0 && r.atoms.cell.is_orthogonal();
  if (!may && s.all_that_are_possible) {
    run.inform("columns are left out: the cell is {}",
               r.atoms.cell.volume() > 0 ? "not orthogonal" : "missing");
    return;
  }
  const Vector3d l = r.atoms.cell.vectors.diagonal();
  const double points = l.x() / s.step * l.y() / s.step;
  if (points > 4e6)
    fail(Fault::usage, "@step {:g}: the map would have {:.3g} points", s.step, points);
  r.column =
      column_density(r.atoms, column_weight(s), std::max(1, int(std::lround(l.y() / s.step))),
                     std::max(1, int(std::lround(l.x() / s.step))));
  r.column_weight = column_weight_text(s);
}

void analyse_motion(const StructureAnalysis& s, const ModelMotion& motion, StructureResult& r) {
  if (!motion.reference) return;
  r.non_affine = displacements(*motion.reference, r.atoms);
  const LocalDeformation d =
      local_deformation(*motion.reference, r.atoms, s.strain_radius.value_or(1.3 * r.cutoff));
  add(r, "d2min", "Angstrom^2 per neighbour", d.d2min);
  add(r, "shear_strain", "1", d.shear);
  add(r, "volumetric_strain", "1", d.volumetric);
}

void analyse_vibration(const ModelMotion& motion, StructureResult& r, const RunControl& run) {
  if (motion.frames == 0) return;
  Vibration vibration;
  for (std::size_t i = 0; i < motion.frames; ++i) {
    run.check_stop();
    vibration.add(motion.frame(i));
  }
  const auto square = vibration.mean_square();
  add(r, "mean_square_vibration", "Angstrom^2", square);
  VoronoiSettings plain;
  plain.face_cut = 0;
  const auto volume = r.voronoi ? r.voronoi->volume : voronoi(r.atoms, plain).volume;
  add(r, "flexibility_volume", "Angstrom^3", flexibility_volume(square, volume));
}

// A model whose sites are partly occupied has no Voronoi cells and no bonds: an error where they
// were asked for, else the rest goes on.
StructureAnalysis possible(StructureAnalysis s, const Atoms& atoms, const RunControl& run) {
  if (!has_partial_occupancy(atoms)) return s;
  if (!s.all_that_are_possible) {
    if (s.cells || s.order || s.classes) require_full_occupancy(atoms, "an analysis of neighbours");
    return s;
  }
  run.warn(
      "sites are partly occupied: densities, g(r), S(q) and columns count by occupancy; Voronoi "
      "cells, bond order and classes are left out");
  s.cells = s.order = s.classes = false;
  return s;
}

}  // namespace

ColumnWeight column_weight(const StructureAnalysis& s) {
  ColumnWeight w;
  w.kind = s.beam;
  w.fwhm = s.beam_fwhm;
  w.aperture_radius = disc_radius(s.semiangle_mrad, s.energy_kV);
  return w;
}

std::string column_weight_text(const StructureAnalysis& s) {
  return s.beam == ColumnWeight::Kind::airy
             ? fmt::format("Airy disk of {:g} mrad at {:g} kV", s.semiangle_mrad, s.energy_kV)
             : fmt::format("Gaussian of {:g} Angstrom FWHM", s.beam_fwhm);
}

FirstShell first_shell(const Atoms& atoms, std::optional<double> cutoff) {
  if (cutoff) return {*cutoff, "given"};
  Atoms boxed = atoms;
  if (!(boxed.cell.volume() > 0)) {  // the scale of g does not matter here
    boxed.cell = Cell::orthogonal(1e3, 1e3, 1e3);
    boxed.cell.periodic = {false, false, false};
  }
  const PairDistribution g = pair_distribution(boxed, 10, 0.02, centres_apart(boxed));
  const double radius = first_minimum(g.r, g.total);
  if (!(radius > 0))
    fail(Fault::physics,
         "g(r) has no minimum behind its first peak below 10 Angstrom: say where the first shell "
         "ends with @cutoff");
  return {radius, "first minimum of g(r)"};
}

StructureResult analyse_structure(const Atoms& atoms, const StructureAnalysis& asked,
                                  const ModelMotion& motion, const RunControl& run) {
  const StructureAnalysis s = possible(asked, atoms, run);
  StructureResult r;
  r.atoms = atoms;
  if (s.needs_shell()) {
    const FirstShell shell = first_shell(atoms, s.cutoff);
    r.cutoff = shell.radius;
    r.cutoff_origin = shell.origin;
  }
  r.close_pairs = s.close_pairs ? *s.close_pairs : plausibility(r.atoms).close;
  if (s.cells) analyse_voronoi(s, r);
  if (s.pairs) analyse_pairs(s, r, run);
  run.check_stop();
  if (s.needs_shell()) {
    const NeighbourList shell = neighbours_within(r.atoms.cell, r.atoms.positions, r.cutoff);
    if (s.order) analyse_order(s, r, shell);
    if (s.classes) analyse_classes(s, r, shell, run.threads);
  }
  if (s.column) analyse_column(s, r, run);
  if (s.motion) analyse_motion(s, motion, r);
  if (s.motion) analyse_vibration(motion, r, run);
  return r;
}

}  // namespace vitrobeam
