// vitrobeam structure: Voronoi cells, pair distribution and structure factors, bond order, classes,
// columns and motion of a model.
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/log.hpp"
#include "drivers/output_files.hpp"
#include "drivers/produce.hpp"
#include "drivers/structure_settings.hpp"
#include "io/structure_file.hpp"
#include "io/structure_result.hpp"
#include "models/common_neighbours.hpp"
#include "models/elements.hpp"
#include "models/occupancy.hpp"
#include "models/plausibility.hpp"

namespace vitrobeam {
namespace {

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
      top, r.columns[0].mean(), 100 * r.columns[1].mean());
  for (const auto& [z, share] : element_shares(r.atoms))
    std::cout << fmt::format("icosahedra  {:.2f} % of the {} centres\n",
                             100 * voronoi_fraction(r.atoms, v, {0, 0, 12, 0}, z), symbol(z));
  if (hangs_on_short_edges(v, r.voronoi_settings))
    warn(
        "{:.0f} % of the edges of the Voronoi cells are shorter than 1 % of the mean: many atoms "
        "meet at one corner, as in a crystal, and rounding of the positions makes the indices; "
        "--edge-cut 0.01 leaves such edges out",
        100 * v.short_edges);
  const auto outer = std::count(v.at_surface.begin(), v.at_surface.end(), true);
  if (outer > 0)
    std::cout << fmt::format(
        "surface     {} not counted\n",
        counted(outer, "cell touches an open face or reaches out into vacuum and is",
                "cells touch an open face or reach out into vacuum and are"));
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
}

void print_columns(const StructureResult& r) {
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
      std::cout << fmt::format("{:<11} mean {:.4g} {}\n", c.name, c.mean(), c.unit);
    }
  }
  if (r.column)
    std::cout << fmt::format("columns     {:.4f} to {:.4f} atoms/Angstrom^3 ({})\n",
                             r.column->density.minCoeff(), r.column->density.maxCoeff(),
                             r.column_weight);
}

void check_outputs(const StructureSettings& s) {
  check_output(s.common);
  check_further_file("--labels", s.labels, s.common);
  if (s.csv.empty()) return;
  for (const auto& table : structure_table_files(s.csv))
    check_further_file("--csv", table, s.common);
}

// The model before, and the frames of its file, as far as they are asked for.
ModelMotion read_motion(const StructureSettings& s, const std::string& path, bool has_reference) {
  ModelMotion motion;
  if (has_reference) {
    StructureReadOptions options = read_options(s.model);
    options.frame = s.reference_frame;
    motion.reference = read_structure(s.reference.empty() ? path : s.reference, options);
  }
  if (!s.vibration) return motion;
  const auto trajectory = std::make_shared<Trajectory>(path, read_options(s.model));
  if (trajectory->size() < 2)
    fail(Fault::input, "--vibration: {} has one frame; a trajectory is expected", path);
  motion.frames = trajectory->size();
  motion.frame = [trajectory](std::size_t i) { return trajectory->frame(i); };
  return motion;
}

void summarise(const StructureResult& r) {
  print_model(r);
  if (r.voronoi) print_voronoi(r);
  print_curves(r);
  print_order(r);
  print_columns(r);
}

void write_further_files(const StructureSettings& s, const StructureResult& r) {
  std::vector<std::string> written;
  if (!s.csv.empty()) written = write_structure_tables(r, s.csv);
  if (!s.labels.empty()) {
    write_extxyz(labelled(r), s.labels);
    written.insert(written.begin(), s.labels);
  }
  for (const auto& name : written) std::cout << fmt::format("wrote       {}\n", name);
}

}  // namespace

int run_structure(const std::vector<std::string>& arguments) {
  StructureSettings s;
  Settings settings = describe(s);
  if (!begin(settings, s.common, arguments)) return 0;
  const std::string& path = single_input(settings, "one model");
  check(s);
  check_outputs(s);
  StructureResult r;
  r.atoms = read_structure(path, read_options(s.model));
  StructureAnalysis analysis = resolve(s, r.atoms);
  analysis.close_pairs = say_oddities(r.atoms, path).close;
  std::vector<std::string> inputs{path};
  if (!s.reference.empty()) inputs.push_back(s.reference);
  Production p;
  p.inputs = inputs;
  p.predict = [&] {
    if (analysis.needs_shell()) {
      const FirstShell shell = first_shell(r.atoms, analysis.cutoff);
      r.cutoff = shell.radius;
      r.cutoff_origin = shell.origin;
    }
    print_model(r);
  };
  p.compute = [&](const RunControl& run) {
    const bool has_reference = !s.reference.empty() || settings.was_given("reference-frame");
    r = analyse_structure(r.atoms, analysis,
                          analysis.motion ? read_motion(s, path, has_reference) : ModelMotion{},
                          run);
  };
  p.audit = [&](RunRecord& record) {
    record.audit.push_back({"atoms_read", "", std::int64_t(r.atoms.size())});
    record.audit.push_back({"close_pairs", "", std::int64_t(r.close_pairs)});
  };
  p.store = [&](Hdf5Writer& file) { write_structure_result(file, r); };
  p.summarise = [&] { summarise(r); };
  p.after = [&] { write_further_files(s, r); };
  return produce(settings, s.common, p);
}

}  // namespace vitrobeam
