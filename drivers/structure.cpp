// vitrobeam structure: Voronoi cells, pair distribution and structure factors, bond order, classes,
// columns and motion of a model.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/quantity.hpp"
#include "drivers/structure_settings.hpp"
#include "io/result_file.hpp"
#include "io/structure_file.hpp"
#include "io/structure_result.hpp"
#include "models/bond_order.hpp"
#include "models/common_neighbours.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/occupancy.hpp"
#include "models/templates.hpp"
#include "potentials/radiation.hpp"
#include "runtime/interruption.hpp"

namespace vitrobeam {
namespace {

bool is_periodic(const Atoms& atoms) {
  const auto& p = atoms.cell.periodic;
  return atoms.cell.volume() > 0 && p[0] && p[1] && p[2];
}

// The default end of the first shell; a finite piece counts pairs in its bounding box.
void settle_cutoff(const StructureSettings& s, StructureResult& r) {
  if (s.cutoff) {
    r.cutoff = *s.cutoff;
    r.cutoff_origin = "given";
    return;
  }
  Atoms boxed = r.atoms;
  if (!(boxed.cell.volume() > 0)) {  // the scale of g does not matter here
    boxed.cell = Cell::orthogonal(1e3, 1e3, 1e3);
    boxed.cell.periodic = {false, false, false};
  }
  const PairDistribution g = pair_distribution(boxed, 10, 0.02);
  r.cutoff = first_minimum(g.r, g.total);
  r.cutoff_origin = "first minimum of g(r)";
  if (!(r.cutoff > 0))
    fail(Fault::physics,
         "g(r) has no minimum behind its first peak below 10 Angstrom: say where the first shell "
         "ends with --cutoff");
}

void add(StructureResult& r, std::string name, std::string unit, std::vector<double> values,
         bool is_class = false) {
  r.columns.push_back({std::move(name), std::move(unit), std::move(values), is_class});
}

void analyse_voronoi(const StructureSettings& s, StructureResult& r) {
  const VoronoiSettings settings = voronoi_settings(s, r.atoms);
  r.voronoi = voronoi(r.atoms, settings);
  r.voronoi_rule = voronoi_rule(settings);
  r.voronoi_counts = count_indices(r.atoms, *r.voronoi);
  std::vector<double> faces, five = five_fold_share(*r.voronoi);
  for (const auto& n : r.voronoi->edges) faces.push_back(double(n.size()));
  for (std::size_t i = 0; i < faces.size(); ++i)  // not the atom's own
    if (r.voronoi->at_surface[i]) faces[i] = five[i] = std::numeric_limits<double>::quiet_NaN();
  add(r, "voronoi_faces", "faces counted", faces);
  add(r, "five_fold", "share of faces with five edges", five);
}

void analyse_pairs(const StructureSettings& s, StructureResult& r) {
  if (!(r.atoms.cell.volume() > 0)) {
    inform("the model has no cell: no density, no g(r), no S(q) (--box gives one)");
    return;
  }
  say_vacuum(r.atoms, "the density and g(r) are");
  r.pairs = pair_distribution(r.atoms, s.r_max, s.r_bin);
  if (!is_periodic(r.atoms)) {
    inform(
        "the cell is open: g(r) is normalised by the whole cell and falls off, and S(q) is left "
        "out");
    return;
  }
  std::vector<double> q;
  for (int k = 1; k * s.q_step <= s.q_max * (1 + 1e-9); ++k) q.push_back(k * s.q_step);
  if (q.empty()) fail(Fault::usage, "--q-step {:g} is larger than --q-max {:g}", s.q_step, s.q_max);
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
      warn("S(q) of {}: {}", name, e.what());
    }
  }
}

void analyse_order(const StructureSettings& s, StructureResult& r, const NeighbourList& shell) {
  std::vector<double> coordination;
  for (std::size_t i = 0; i < shell.size(); ++i) coordination.push_back(double(shell.count(i)));
  add(r, "coordination", "neighbours within the cutoff", coordination);
  r.chemical_order = chemical_order(r.atoms.numbers, shell);
  for (int l : parse_orders(s.orders)) {
    BondOrder order = bond_order(shell, l);
    add(r, fmt::format("q{}", l), "1", std::move(order.q));
    add(r, fmt::format("q{}_averaged", l), "1", std::move(order.q_averaged));
    if (l % 2) continue;
    add(r, fmt::format("w{}", l), "1", std::move(order.w));
    add(r, fmt::format("w{}_averaged", l), "1", std::move(order.w_averaged));
  }
}

void analyse_classes(const StructureSettings& s, StructureResult& r, const NeighbourList& shell) {
  r.bond_signatures = bond_signatures(shell);
  // the 14 nearest neighbours lie within 1.5 first shells, but for atoms at a surface
  const NeighbourList wide = neighbours_within(r.atoms.cell, r.atoms.positions, 1.5 * r.cutoff);
  std::vector<double> cna, matched, rmsd;
  for (LocalOrder o : common_neighbour_classes(wide)) cna.push_back(double(o));
  for (const TemplateMatch& m : template_matches(wide, s.template_rmsd, s.common.threads)) {
    matched.push_back(double(m.order));
    rmsd.push_back(m.rmsd);
  }
  add(r, "cna_class", "index into classes", std::move(cna), true);
  add(r, "template_class", "index into classes", std::move(matched), true);
  add(r, "template_rmsd", "mean bond lengths", std::move(rmsd));
}

void analyse_column(const StructureSettings& s, StructureResult& r) {
  const bool may = r.atoms.cell.volume() > 0 && r.atoms.cell.is_orthogonal();
  if (!may && s.only.empty()) {
    inform("columns are left out: the cell is {}",
           r.atoms.cell.volume() > 0 ? "not orthogonal" : "missing");
    return;
  }
  const Vector3d l = r.atoms.cell.vectors.diagonal();
  const double points = l.x() / s.step * l.y() / s.step;
  if (points > 4e6)
    fail(Fault::usage, "--step {:g}: the map would have {:.3g} points", s.step, points);
  r.column =
      column_density(r.atoms, column_weight(s), std::max(1, int(std::lround(l.y() / s.step))),
                     std::max(1, int(std::lround(l.x() / s.step))));
  r.column_weight = column_weight_text(s);
}

void analyse_motion(const StructureSettings& s, StructureResult& r, const std::string& path,
                    bool has_reference) {
  if (has_reference) {
    StructureReadOptions options = read_options(s.model);
    options.frame = s.reference_frame;
    const std::string from = s.reference.empty() ? path : s.reference;
    const Atoms before = read_structure(from, options);
    r.non_affine = displacements(before, r.atoms);
    const LocalDeformation d =
        local_deformation(before, r.atoms, s.strain_radius.value_or(1.3 * r.cutoff));
    add(r, "d2min", "Angstrom^2 per neighbour", d.d2min);
    add(r, "shear_strain", "1", d.shear);
    add(r, "volumetric_strain", "1", d.volumetric);
  }
  if (!s.vibration) return;
  const Trajectory trajectory(path, read_options(s.model));
  if (trajectory.size() < 2)
    fail(Fault::input, "--vibration: {} has one frame; a trajectory is expected", path);
  Vibration vibration;
  for (std::size_t i = 0; i < trajectory.size() && !interrupted(); ++i)
    vibration.add(trajectory.frame(i));
  const auto square = vibration.mean_square();
  add(r, "mean_square_vibration", "Angstrom^2", square);
  VoronoiSettings plain;
  plain.face_cut = 0;
  const auto volume = r.voronoi ? r.voronoi->volume : voronoi(r.atoms, plain).volume;
  add(r, "flexibility_volume", "Angstrom^3", flexibility_volume(square, volume));
}

double mean_of(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (double v : values)
    if (std::isfinite(v)) {
      sum += v;
      ++count;
    }
  return count > 0 ? sum / count : 0;
}

void print_model(const StructureResult& r) {
  const Atoms& a = r.atoms;
  std::string shares;
  for (const auto& [z, share] : element_shares(a))
    shares += fmt::format("{}{}{:.4g}", shares.empty() ? "" : " ", symbol(z), 100 * share);
  std::cout << fmt::format("atoms       {:.10g} ({} at.%)\n", atoms_in(a), shares);
  if (a.cell.volume() > 0)
    std::cout << fmt::format("density     {:.5f} atoms/Angstrom^3, {:.4g} g/cm^3\n",
                             number_density(a), mass_density(a));
  if (const std::string vacuum = vacuum_text(a); !vacuum.empty())
    std::cout << fmt::format("vacuum      {}\n", vacuum);
  if (r.cutoff > 0)
    std::cout << fmt::format("first shell {:.2f} Angstrom ({})\n", r.cutoff, r.cutoff_origin);
}

void print_voronoi(const StructureResult& r) {
  const auto& v = *r.voronoi;
  std::string top;
  std::size_t inner = 0;
  for (const auto& c : r.voronoi_counts) inner += c.count;
  for (std::size_t k = 0; k < std::min<std::size_t>(5, r.voronoi_counts.size()); ++k)
    top += fmt::format("{}{} {:.1f} %", k ? ", " : "", voronoi_name(r.voronoi_counts[k].index),
                       100. * double(r.voronoi_counts[k].count) / double(inner));
  std::cout << fmt::format(
      "Voronoi     {}\n            {}; {:.2f} faces per atom, {:.1f} % five-fold\n", r.voronoi_rule,
      top, mean_of(r.columns[0].values), 100 * mean_of(r.columns[1].values));
  for (const auto& [z, share] : element_shares(r.atoms))
    std::cout << fmt::format("icosahedra  {:.2f} % of the {} centres\n",
                             100 * voronoi_fraction(r.atoms, v, {0, 0, 12, 0}, z), symbol(z));
  const auto outer = std::count(v.at_surface.begin(), v.at_surface.end(), true);
  if (outer > 0)
    std::cout << fmt::format(
        "surface     {} cells touch an open face or reach out into vacuum and are not counted\n",
        outer);
}

void print_curves(const StructureResult& r) {
  if (r.pairs) {
    const Peak first = first_peak(r.pairs->r, r.pairs->total);
    std::string text = fmt::format("g(r)        first peak {:.2f} Angstrom", first.x);
    for (const auto& [pair, g] : r.pairs->partials)
      text += fmt::format(", {} {:.2f}", pair, first_peak(r.pairs->r, g).x);
    std::cout << text << '\n';
  }
  for (const auto& [radiation, values] : r.factors) {
    const Peak p = highest_peak(r.partial_factors->q, values, 0.15, r.partial_factors->q.back());
    std::cout << fmt::format("S(q)        {:<8} first peak {:.4f} 1/Angstrom, {:.3f}\n", radiation,
                             p.x, p.height);
  }
}

void print_order(const StructureResult& r) {
  if (r.chemical_order)
    for (const auto& [z, all] : r.chemical_order->total_coordination) {
      std::string text = fmt::format("neighbours  {} {:.2f}:", symbol(z), all);
      for (const auto& [pair, n] : r.chemical_order->coordination)
        if (pair.first == z)
          text += fmt::format(" {} {:.2f} (alpha {:+.3f})", symbol(pair.second), n,
                              r.chemical_order->warren_cowley.at(pair));
      std::cout << text << '\n';
    }
  for (const AtomColumn& c : r.columns) {
    if (c.is_class) {
      std::string text;
      for (std::size_t k = 0; k < std::size(kLocalOrderNames); ++k) {
        const auto n = std::count(c.values.begin(), c.values.end(), double(k));
        if (n > 0)
          text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", kLocalOrderNames[k],
                              100. * double(n) / double(c.values.size()));
      }
      std::cout << fmt::format("{:<11} {}\n", c.name == "cna_class" ? "CNA" : "templates", text);
    } else if (c.name == "d2min" || c.name == "mean_square_vibration" ||
               c.name == "flexibility_volume") {
      std::cout << fmt::format("{:<11} mean {:.4g} {}\n", c.name, mean_of(c.values), c.unit);
    }
  }
  if (r.column)
    std::cout << fmt::format("columns     {:.4f} to {:.4f} atoms/Angstrom^3 ({})\n",
                             r.column->density.minCoeff(), r.column->density.maxCoeff(),
                             r.column_weight);
}

void write_labels(const StructureSettings& s, const StructureResult& r) {
  Atoms out = r.atoms;
  if (r.voronoi) label_voronoi(out, *r.voronoi, voronoi_settings(s, out));
  for (const AtomColumn& c : r.columns) {
    if (c.is_class) {
      std::vector<std::string> names;
      for (double v : c.values) {
        names.emplace_back(kLocalOrderNames[std::size_t(v)]);
        std::replace(names.back().begin(), names.back().end(), ' ', '_');
      }
      out.labels[c.name].values = std::move(names);
    } else {
      out.labels[c.name].values = c.values;
    }
  }
  if (!r.non_affine.empty()) {
    std::vector<double> values;
    for (const auto& u : r.non_affine) values.insert(values.end(), {u.x(), u.y(), u.z()});
    out.labels["non_affine"] = {3, std::move(values)};
  }
  write_extxyz(out, s.labels);
}

void check_outputs(const StructureSettings& s) {
  check_output(s.common);
  for (const auto& path : {s.labels, s.csv.empty() ? std::string() : s.csv + "_atoms.csv"}) {
    if (path.empty()) continue;
    CommonSettings other = s.common;
    other.output = path;
    check_output(other);
  }
}

// What is analysed: a model whose sites are partly occupied has no Voronoi cells and no bonds;
// where they were not asked for by name, the rest goes on.
StructureSettings possible(StructureSettings s, const Atoms& atoms) {
  if (!has_partial_occupancy(atoms)) return s;
  for (const char* name : {"voronoi", "order", "classes"})
    if (!s.only.empty() && s.asks(name))
      require_full_occupancy(atoms, std::string("--only ") + name);
  if (!s.only.empty()) return s;
  warn(
      "sites are partly occupied: densities, g(r), S(q) and columns count by occupancy; Voronoi "
      "cells, bond order and classes are left out");
  s.only = "pairs,column,motion";
  return s;
}

}  // namespace

int run_structure(const std::vector<std::string>& arguments) {
  StructureSettings s;
  Settings settings = describe(s);
  if (!begin(settings, s.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "structure: name one model: vitrobeam structure MODEL -o OUT.h5");
  check(s);
  if (s.vibration && !s.asks("motion"))
    fail(Fault::usage, "--vibration is one of motion: --only {},motion", s.only);
  if (!s.common.dry_run) check_outputs(s);
  const std::string path = settings.positional().front();
  StructureResult r;
  r.atoms = read_structure(path, read_options(s.model));
  r.close_pairs = say_oddities(r.atoms, path).close;
  s = possible(std::move(s), r.atoms);
  const bool needs_shell = s.asks("order") || s.asks("classes") || s.asks("motion");
  if (needs_shell) settle_cutoff(s, r);
  print_model(r);
  if (s.common.dry_run) return 0;
  if (s.asks("voronoi")) analyse_voronoi(s, r);
  if (s.asks("pairs")) analyse_pairs(s, r);
  if (needs_shell) {
    const NeighbourList shell = neighbours_within(r.atoms.cell, r.atoms.positions, r.cutoff);
    if (s.asks("order")) analyse_order(s, r, shell);
    if (s.asks("classes")) analyse_classes(s, r, shell);
  }
  if (s.asks("column")) analyse_column(s, r);
  const bool has_reference = !s.reference.empty() || settings.was_given("reference-frame");
  if (s.asks("motion")) analyse_motion(s, r, path, has_reference);
  if (interrupted()) return 130;
  if (r.voronoi) print_voronoi(r);
  print_curves(r);
  print_order(r);

  std::vector<std::string> inputs{path};
  if (!s.reference.empty()) inputs.push_back(s.reference);
  RunRecord record = start_record(settings, s.common, inputs);
  record.audit.push_back({"atoms_read", "", std::int64_t(r.atoms.size())});
  record.audit.push_back({"close_pairs", "", std::int64_t(r.close_pairs)});
  Hdf5Writer file(s.common.output);
  write_structure_result(file, r);
  write_record(file, record);
  file.commit();
  std::cout << fmt::format("wrote       {}\n", s.common.output);
  if (!s.labels.empty()) {
    write_labels(s, r);
    std::cout << fmt::format("wrote       {}\n", s.labels);
  }
  if (!s.csv.empty())
    for (const auto& name : write_structure_tables(r, s.csv))
      std::cout << fmt::format("wrote       {}\n", name);
  return 0;
}

}  // namespace vitrobeam
