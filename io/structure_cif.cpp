// CIF: sites (fractional or Cartesian), symmetry operations or a space group by its name,
// occupancies, B and U. The dictionaries' dots and underscores (_atom_site.Cartn_x) are both read.
#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/numb.hpp>
#include <numbers>

#include "io/crystal_sites.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

namespace cif = gemmi::cif;

// Value of the first tag that the block has, empty if none; '?' and '.' are none.
std::string text_of(cif::Block& block, std::initializer_list<const char*> tags) {
  for (const char* tag : tags)
    if (const std::string* value = block.find_value(tag); value && !cif::is_null(*value))
      return cif::as_string(*value);
  return {};
}

double number_of(cif::Block& block, const std::string& name, std::string_view path) {
  for (const char* separator : {"_", "."})
    if (const std::string* value = block.find_value("_cell" + (separator + name)))
      if (const double number = cif::as_number(*value); std::isfinite(number)) return number;
  fail(Fault::input, "{}: data block {}: _cell_{} is missing or no number", path, block.name, name);
}

gemmi::UnitCell read_cell(cif::Block& block, const std::string& path) {
  std::array<double, 6> v;  // in the order in which a missing one is named
  std::size_t k = 0;
  for (const char* name :
       {"length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"})
    v[k++] = number_of(block, name, path);
  const gemmi::UnitCell cell(v[0], v[1], v[2], v[3], v[4], v[5]);
  if (!(cell.a > 0 && cell.b > 0 && cell.c > 0 && cell.volume > 0))
    fail(Fault::input, "{}: data block {}: the cell {:g} {:g} {:g} {:g} {:g} {:g} has no volume",
         path, block.name, cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma);
  return cell;
}

// "Zr", "Zr4+", "ZR1", "Zr12A" -> Zr; D is hydrogen.
int element_of(std::string_view text) {
  std::string letters;
  for (char c : text) {
    if (!std::isalpha(static_cast<unsigned char>(c)) || letters.size() == 2) break;
    letters += char(letters.empty() ? std::toupper(c) : std::tolower(c));
  }
  int z = letters.empty() ? 0 : atomic_number(letters);
  if (z == 0 && letters.size() == 2) z = atomic_number(letters.substr(0, 1));
  return z == 0 && letters.substr(0, 1) == "D" ? 1 : z;
}

std::vector<gemmi::Op> operations_of_loop(cif::Block& block, const std::string& path) {
  std::vector<gemmi::Op> out;
  for (const char* tag : {"_space_group_symop_operation_xyz", "_space_group_symop.operation_xyz",
                          "_symmetry_equiv_pos_as_xyz", "_symmetry_equiv.pos_as_xyz"})
    if (auto column = block.find_values(tag); out.empty() && column)
      for (const std::string& text : column) try {
          out.push_back(gemmi::parse_triplet(cif::as_string(text)));
        } catch (const std::exception& e) {
          fail(Fault::input,
               "{}: data block {}: {} is no symmetry operation such as -x,y+1/2,z: {}", path,
               block.name, excerpt(text), e.what());
        }
  return out;
}

// The operations that the file lists, else those of the group that it names, else the identity.
std::vector<gemmi::Op> read_operations(cif::Block& block, const gemmi::UnitCell& cell,
                                       const std::string& path) {
  const auto listed = operations_of_loop(block, path);
  const std::string hall =
      text_of(block, {"_space_group_name_Hall", "_space_group.name_Hall",
                      "_symmetry_space_group_name_Hall", "_symmetry.space_group_name_Hall"});
  const std::string name =
      text_of(block, {"_space_group_name_H-M_alt", "_space_group.name_H-M_alt",
                      "_symmetry_space_group_name_H-M", "_symmetry.space_group_name_H-M"});
  const std::string number =
      text_of(block, {"_space_group_IT_number", "_space_group.IT_number",
                      "_symmetry_Int_Tables_number", "_symmetry.Int_Tables_number"});
  std::vector<gemmi::Op> named;
  try {
    const gemmi::SpaceGroup* group =
        name.empty() ? nullptr : gemmi::find_spacegroup_by_name(name, cell.alpha, cell.gamma);
    if (!hall.empty())
      named = all_operations(gemmi::symops_from_hall(hall.c_str()));
    else if (group)
      named = all_operations(group->operations());
    else if (name.empty() && !number.empty())
      if (const auto* by_number = gemmi::find_spacegroup_by_number(std::stoi(number)))
        named = all_operations(by_number->operations());
  } catch (const std::exception&) {
    named.clear();  // an unusual symbol: the listed operations decide
  }
  const std::string called = !hall.empty() ? hall : !name.empty() ? name : number;
  if (listed.empty() && named.empty() && !called.empty())
    fail(Fault::input,
         "{}: data block {}: the space group {} is not known, and no symmetry operations are "
         "listed; add _space_group_symop_operation_xyz",
         path, block.name, excerpt(called));
  if (listed.size() == 1 && named.size() > 1)
    fail(Fault::input,
         "{}: data block {}: the space group {} has {} operations, the file lists only one; remove "
         "the list or name the group P 1",
         path, block.name, excerpt(called), named.size());
  if (!listed.empty()) return listed;
  return named.empty() ? std::vector<gemmi::Op>{gemmi::Op::identity()} : named;
}

// Mean square displacement of an anisotropic site, averaged over directions: U_cart = (A N) U (A
// N)^T with the edges A in columns and N = diag(a*, b*, c*) (Grosse-Kunstleve and Adams, J. Appl.
// Cryst. 35 (2002) 477).
double mean_u(const gemmi::UnitCell& cell, const std::array<double, 6>& u) {
  Eigen::Matrix3d a, m;
  for (int k = 0; k < 9; ++k) a(k / 3, k % 3) = cell.orth.mat[k / 3][k % 3];
  m << u[0], u[3], u[4], u[3], u[1], u[5], u[4], u[5], u[2];
  const Eigen::Matrix3d an = a * Vector3d(cell.ar, cell.br, cell.cr).asDiagonal();
  return (an * m * an.transpose()).trace() / 3;
}

constexpr double kEightPi2 = 8 * std::numbers::pi * std::numbers::pi;

std::map<std::string, double> anisotropic_u(cif::Block& block, const gemmi::UnitCell& cell) {
  std::map<std::string, double> out;
  for (const auto& [prefix, scale] : {std::pair{"U_", 1.0}, std::pair{"B_", 1 / kEightPi2}}) {
    std::vector<std::string> tags = {"label"};
    for (const char* k : {"11", "22", "33", "12", "13", "23"})
      tags.push_back(std::string(prefix) + k);
    for (auto row : block.find("_atom_site_aniso_", tags)) {
      std::array<double, 6> u;
      for (int k = 0; k < 6; ++k) u[std::size_t(k)] = scale * cif::as_number(row[k + 1]);
      if (const double mean = mean_u(cell, u); mean > 0) out[row.str(0)] = mean;
    }
  }
  return out;
}

// Columns of the table of sites; the first, which every site has, is fract_x or Cartn_x.
enum Column { kX, kY, kZ, kLabel, kSymbol, kOccupancy, kU, kB };

CrystalSite read_site(const cif::Table::Row& row, bool cartesian, const gemmi::UnitCell& cell,
                      const std::map<std::string, double>& aniso, const std::string& path) {
  const auto text = [&](int k) { return row.has2(std::size_t(k)) ? row.str(k) : std::string(); };
  const auto number = [&](int k) {
    return row.has2(std::size_t(k)) ? cif::as_number(row[k]) : std::nan("");
  };
  CrystalSite site;
  const std::string label = text(kLabel), type = text(kSymbol);
  site.number = element_of(type.empty() ? label : type);
  if (site.number == 0)
    fail(Fault::input, "{}: atom site {}: {} is no element", path, excerpt(label),
         excerpt(type.empty() ? label : type));
  Vector3d f(number(kX), number(kY), number(kZ));
  if (cartesian) {
    const auto c = cell.fractionalize({f.x(), f.y(), f.z()});
    f = {c.x, c.y, c.z};
  }
  if (!f.allFinite())
    fail(Fault::input, "{}: atom site {} has no position: fract_x, _y, _z or Cartn_x, _y, _z", path,
         excerpt(label.empty() ? type : label));
  site.fraction = f;
  if (const double o = number(kOccupancy); std::isfinite(o)) site.occupancy = o;
  if (!(site.occupancy >= 0 && site.occupancy <= 1.001))
    fail(Fault::input, "{}: atom site {}: the occupancy {:g} is not between 0 and 1", path,
         excerpt(label), site.occupancy);
  double u2 = number(kU);
  if (!std::isfinite(u2)) u2 = number(kB) / kEightPi2;
  if (const auto a = aniso.find(label); !std::isfinite(u2) && a != aniso.end()) u2 = a->second;
  if (u2 > 0) site.u_rms = std::sqrt(u2);
  return site;
}

std::vector<CrystalSite> read_sites(cif::Block& block, const gemmi::UnitCell& cell,
                                    const std::string& path) {
  std::vector<CrystalSite> out;
  const auto aniso = anisotropic_u(block, cell);
  for (const std::string prefix : {"_atom_site_", "_atom_site."})
    for (const std::string kind : {"fract_", "Cartn_"}) {
      auto table = block.find(prefix, {kind + "x", kind + "y", kind + "z", "?label", "?type_symbol",
                                       "?occupancy", "?U_iso_or_equiv", "?B_iso_or_equiv"});
      if (!out.empty()) break;
      for (auto row : table) out.push_back(read_site(row, kind == "Cartn_", cell, aniso, path));
    }
  return out;
}

}  // namespace

bool looks_like_cif(TextReader reader) {
  while (reader.next_filled())
    if (reader.words()[0][0] != '#')
      return reader.words()[0].substr(0, 5) == "data_" || reader.words()[0].substr(0, 5) == "DATA_";
  return false;
}

Atoms read_cif(TextReader& reader, const StructureReadOptions&) {
  cif::Document document;
  try {
    document = cif::read_memory(reader.text().data(), reader.text().size(), reader.name().c_str());
  } catch (const std::exception& e) {
    fail(Fault::input, "{}: not valid CIF: {}", reader.name(), e.what());
  }
  for (cif::Block& block : document.blocks) {
    if (!block.has_tag("_atom_site_fract_x") && !block.has_tag("_atom_site_Cartn_x") &&
        !block.has_tag("_atom_site.fract_x") && !block.has_tag("_atom_site.Cartn_x"))
      continue;
    const gemmi::UnitCell cell = read_cell(block, reader.name());
    return fill_cell(cell, read_sites(block, cell, reader.name()),
                     read_operations(block, cell, reader.name()));
  }
  fail(Fault::input, "{}: no data block has atom sites (_atom_site_fract_x)", reader.name());
}

}  // namespace vitrobeam
