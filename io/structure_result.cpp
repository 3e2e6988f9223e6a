#include "io/structure_result.hpp"

#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "io/whole_file.hpp"
#include "models/common_neighbours.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

const std::string kGroup = "/structure/";

void write_with_unit(Hdf5Writer& file, const std::string& name, const std::vector<double>& values,
                     const std::string& unit) {
  file.write(kGroup + name, values);
  file.attribute(kGroup + name, "units", unit);
}

std::vector<std::int64_t> as_int64(const std::vector<std::size_t>& values) {
  return {values.begin(), values.end()};
}

void write_voronoi(Hdf5Writer& file, const StructureResult& r) {
  const Voronoi& v = *r.voronoi;
  const auto n = v.index.size();
  std::vector<std::int32_t> index;
  std::vector<std::uint8_t> surface;
  for (std::size_t i = 0; i < n; ++i) {
    index.insert(index.end(), v.index[i].begin(), v.index[i].end());
    surface.push_back(v.at_surface[i]);
  }
  file.write<std::int32_t>(kGroup + "voronoi_index", {n, 4}, index);
  file.attribute(kGroup + "voronoi_index", "units", "faces with 3, 4, 5, 6 edges");
  file.attribute(kGroup + "voronoi_index", "rule", r.voronoi_rule);
  write_with_unit(file, "voronoi_volume", v.volume, "Angstrom^3");
  file.write(kGroup + "at_surface", surface);
  std::vector<std::int64_t> first{0}, neighbour;
  std::vector<double> area;
  std::vector<std::int32_t> edges;
  for (std::size_t i = 0; i < n; ++i) {
    for (auto j : v.neighbours[i]) neighbour.push_back(std::int64_t(j));
    area.insert(area.end(), v.area[i].begin(), v.area[i].end());
    edges.insert(edges.end(), v.edges[i].begin(), v.edges[i].end());
    first.push_back(std::int64_t(neighbour.size()));
  }
  file.write(kGroup + "faces/first", first);
  file.write(kGroup + "faces/neighbour", neighbour);
  write_with_unit(file, "faces/area", area, "Angstrom^2");
  file.write(kGroup + "faces/edges", edges);
  std::vector<std::int32_t> kinds;
  std::vector<std::size_t> counts;
  for (const auto& c : r.voronoi_counts) {
    kinds.insert(kinds.end(), c.index.begin(), c.index.end());
    counts.push_back(c.count);
  }
  file.write<std::int32_t>(kGroup + "voronoi_kinds/index", {counts.size(), 4}, kinds);
  file.write(kGroup + "voronoi_kinds/count", as_int64(counts));
}

void write_columns(Hdf5Writer& file, const StructureResult& r) {
  for (const AtomColumn& c : r.columns) {
    if (c.is_class) {
      file.write(kGroup + c.name, std::vector<std::uint8_t>(c.values.begin(), c.values.end()));
      file.attribute(
          kGroup + c.name, "classes",
          std::vector<std::string>(std::begin(kLocalOrderNames), std::end(kLocalOrderNames)));
    } else {
      file.write(kGroup + c.name, c.values);
    }
    file.attribute(kGroup + c.name, "units", c.unit);
  }
}

void write_chemistry(Hdf5Writer& file, const ChemicalOrder& order) {
  std::vector<std::string> elements;
  for (const auto& [z, all] : order.total_coordination) elements.emplace_back(symbol(z));
  const auto n = elements.size();
  std::vector<double> coordination, alpha;
  for (const auto& [pair, z] : order.coordination) coordination.push_back(z);
  for (const auto& [pair, a] : order.warren_cowley) alpha.push_back(a);
  file.write_strings(kGroup + "elements", elements);
  file.write<double>(kGroup + "coordination_numbers", {n, n}, coordination);
  file.attribute(kGroup + "coordination_numbers", "units",
                 "neighbours of the column's element around the row's");
  file.write<double>(kGroup + "warren_cowley", {n, n}, alpha);
  file.attribute(kGroup + "warren_cowley", "units", "1");
}

void write_curves(Hdf5Writer& file, const StructureResult& r) {
  if (r.pairs) {
    write_with_unit(file, "gr/r", r.pairs->r, "Angstrom");
    write_with_unit(file, "gr/total", r.pairs->total, "1");
    write_with_unit(file, "gr/pairs", r.pairs->pairs, "ordered pairs");
    for (const auto& [pair, g] : r.pairs->partials) write_with_unit(file, "gr/" + pair, g, "1");
  }
  if (r.partial_factors) {
    write_with_unit(file, "sq/q", r.partial_factors->q, "1/Angstrom");
    for (const auto& [pair, s] : r.partial_factors->partials)
      write_with_unit(file, "sq/" + pair, s, "1");
    for (const auto& [radiation, s] : r.factors) write_with_unit(file, "sq/" + radiation, s, "1");
  }
  if (!r.bond_signatures.empty()) {
    std::vector<std::string> names;
    std::vector<double> shares;
    for (const auto& [name, share] : r.bond_signatures) {
      names.push_back(name);
      shares.push_back(share);
    }
    file.write_strings(kGroup + "bonds/signature", names);
    write_with_unit(file, "bonds/share", shares, "fraction of all bonds");
  }
}

void write_column_map(Hdf5Writer& file, const StructureResult& r) {
  const auto map = [&](const std::string& name, const PlaneD& values, const std::string& unit) {
    file.write(kGroup + "column/" + name, values);
    file.attribute(kGroup + "column/" + name, "units", unit);
  };
  map("density", r.column->density, "atoms/Angstrom^3");
  map("mass_density", r.column->mass_density_g_cm3, "g/cm^3");
  for (const auto& [z, share] : r.column->share)
    map("share_" + std::string(symbol(z)), share, "fraction of atoms");
  write_with_unit(file, "column/y", r.column->y, "Angstrom");
  write_with_unit(file, "column/x", r.column->x, "Angstrom");
  file.attribute(kGroup + "column", "weight", r.column_weight);
}

void append_number(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), ",{:.10g}", value);
}

// A table with named columns of numbers, the first without a comma before it.
std::string table(const std::vector<std::pair<std::string, const std::vector<double>*>>& columns) {
  std::string out;
  for (const auto& [name, values] : columns) out += (out.empty() ? "" : ",") + name;
  out += '\n';
  for (std::size_t i = 0; i < columns[0].second->size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{:.10g}", (*columns[0].second)[i]);
    for (std::size_t c = 1; c < columns.size(); ++c) append_number(out, (*columns[c].second)[i]);
    out += '\n';
  }
  return out;
}

std::string atom_table(const StructureResult& r) {
  std::string out = "atom,element,x,y,z";
  if (r.voronoi) out += ",n3,n4,n5,n6,volume,at_surface";
  for (const auto& c : r.columns) out += "," + c.name;
  out += '\n';
  for (std::size_t i = 0; i < r.atoms.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{},{}", i + 1, symbol(r.atoms.numbers[i]));
    for (int k = 0; k < 3; ++k) append_number(out, r.atoms.positions[i][k]);
    if (r.voronoi) {
      for (int n : r.voronoi->index[i]) append_number(out, n);
      append_number(out, r.voronoi->volume[i]);
      append_number(out, r.voronoi->at_surface[i]);
    }
    for (const auto& c : r.columns) append_number(out, c.values[i]);
    out += '\n';
  }
  return out;
}

std::string index_table(const StructureResult& r) {
  const auto shares = element_shares(r.atoms);
  std::string out = "n3,n4,n5,n6,count";
  for (const auto& [z, share] : shares) out += ",around_" + std::string(symbol(z));
  out += '\n';
  for (const auto& c : r.voronoi_counts) {
    fmt::format_to(std::back_inserter(out), "{},{},{},{},{}", c.index[0], c.index[1], c.index[2],
                   c.index[3], c.count);
    for (const auto& [z, share] : shares)
      append_number(out, c.by_centre.contains(z) ? double(c.by_centre.at(z)) : 0);
    out += '\n';
  }
  return out;
}

std::string neighbour_table(const ChemicalOrder& order) {
  std::string out = "centre,neighbour,coordination,warren_cowley\n";
  for (const auto& [pair, z] : order.coordination)
    out += fmt::format("{},{},{:.10g},{:.10g}\n", symbol(pair.first), symbol(pair.second), z,
                       order.warren_cowley.at(pair));
  return out;
}

}  // namespace

void write_structure_result(Hdf5Writer& file, const StructureResult& r) {
  const auto n = r.atoms.size();
  std::vector<std::int32_t> numbers(r.atoms.numbers.begin(), r.atoms.numbers.end());
  std::vector<double> positions;
  for (const auto& p : r.atoms.positions) positions.insert(positions.end(), {p.x(), p.y(), p.z()});
  file.write(kGroup + "element", numbers);
  file.write<double>(kGroup + "position", {n, 3}, positions);
  file.attribute(kGroup + "position", "units", "Angstrom");
  if (r.voronoi) write_voronoi(file, r);
  write_columns(file, r);
  if (r.chemical_order) write_chemistry(file, *r.chemical_order);
  write_curves(file, r);
  if (r.column) write_column_map(file, r);
  if (!r.non_affine.empty()) {
    std::vector<double> values;
    for (const auto& u : r.non_affine) values.insert(values.end(), {u.x(), u.y(), u.z()});
    file.write<double>(kGroup + "non_affine", {n, 3}, values);
    file.attribute(kGroup + "non_affine", "units", "Angstrom");
  }
  if (r.cutoff > 0) {
    file.attribute("/structure", "cutoff", r.cutoff);
    file.attribute("/structure", "cutoff_unit", "Angstrom");
    file.attribute("/structure", "cutoff_origin", r.cutoff_origin);
  }
  file.attribute("/structure", "close_pairs", std::int64_t(r.close_pairs));
}

namespace {

std::string table_file(const std::string& prefix, const std::string& name) {
  return prefix + "_" + name + ".csv";
}

}  // namespace

std::vector<std::string> structure_table_files(const std::string& prefix) {
  std::vector<std::string> files;
  for (const char* name : {"atoms", "voronoi", "neighbours", "gr", "sq"})
    files.push_back(table_file(prefix, name));
  return files;
}

std::vector<std::string> write_structure_tables(const StructureResult& r,
                                                const std::string& prefix) {
  std::vector<std::string> names;
  const auto write = [&](const std::string& name, const std::string& text) {
    names.push_back(table_file(prefix, name));
    write_text(names.back(), text);
  };
  write("atoms", atom_table(r));
  if (r.voronoi) write("voronoi", index_table(r));
  if (r.chemical_order) write("neighbours", neighbour_table(*r.chemical_order));
  if (r.pairs) {
    std::vector<std::pair<std::string, const std::vector<double>*>> columns = {
        {"r", &r.pairs->r}, {"total", &r.pairs->total}, {"pairs", &r.pairs->pairs}};
    for (const auto& [pair, g] : r.pairs->partials) columns.emplace_back(pair, &g);
    write("gr", table(columns));
  }
  if (r.partial_factors) {
    std::vector<std::pair<std::string, const std::vector<double>*>> columns = {
        {"q", &r.partial_factors->q}};
    for (const auto& [radiation, s] : r.factors) columns.emplace_back(radiation, &s);
    for (const auto& [pair, s] : r.partial_factors->partials) columns.emplace_back(pair, &s);
    write("sq", table(columns));
  }
  return names;
}

}  // namespace vitrobeam
