// CIF and mmCIF: sites (fractional or Cartesian), symmetry operations or a space group by its name,
// occupancies, B and U. The dictionaries' dots and underscores (_atom_site.Cartn_x) are both read.
#include <algorithm>
#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/numb.hpp>
#include <numbers>
#include <regex>

#include "base/counted.hpp"
#include "io/cif_content.hpp"
#include "io/crystal_sites.hpp"
#include "io/xyz_comment.hpp"
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
  // of the file's own numbers: gemmi makes a unit cube of a cell whose angles are 0
  const bool is_stated = std::all_of(v.begin(), v.end(), [](double x) { return x > 0; });
  if (!(is_stated && cell.volume > 0 && std::isfinite(cell.volume)))
    fail(Fault::input, "{}: data block {}: the cell {:g} {:g} {:g} {:g} {:g} {:g} has no volume",
         path, block.name, v[0], v[1], v[2], v[3], v[4], v[5]);
  return cell;
}

// O of "OH", "OH2" and "H2O", N of "NH4", C of "CH3": the hydrogen of the group has no site.
int element_of_group(const std::string& text) {
  static const std::regex group("([OCN])[HD](?:[0-9].*)?|H2(O)|D2(O)");
  constexpr std::size_t kLongest = 100;  // std::regex recurses with the length
  std::smatch found;
  if (text.size() > kLongest || !std::regex_match(text, found, group)) return 0;
  for (std::size_t k = 1; k < found.size(); ++k)
    if (found[k].matched) return atomic_number(found[k].str());
  return 0;
}

// The element of a site: of its type symbol, which is a symbol and nothing else, or of its label.
// Two capitals of a label may be one element or two; then the formula decides, where it is given.
int element_of_site(const std::string& label, const std::string& type,
                    const std::map<int, double>& formula) {
  if (const int z = element_of_group(type.empty() ? label : type)) return z;
  if (!type.empty()) return element_of_symbol(type);
  if (const int z = element_of_label(label)) return z;
  if (formula.empty() || label.size() < 2) return 0;
  const int two = element_of_symbol(label.substr(0, 2)),
            one = element_of_symbol(label.substr(0, 1));
  const bool is_pair = label.size() == 2 || std::isalpha(static_cast<unsigned char>(label[2])) == 0;
  if (!is_pair || two == 0 || formula.contains(two) == formula.contains(one)) return 0;
  return formula.contains(two) ? two : one;
}

std::vector<gemmi::Op> listed_operations(cif::Block& block, const std::string& place) {
  std::vector<gemmi::Op> out;
  for (const char* tag : {"_space_group_symop_operation_xyz", "_space_group_symop.operation_xyz",
                          "_symmetry_equiv_pos_as_xyz", "_symmetry_equiv.pos_as_xyz"})
    if (auto column = block.find_values(tag); out.empty() && column)
      for (const std::string& text : column) {
        if (cif::is_null(text)) continue;
        try {
          out.push_back(gemmi::parse_triplet(cif::as_string(text)));
        } catch (const std::exception& e) {
          fail(Fault::input, "{}: {} is no symmetry operation such as -x,y+1/2,z: {}", place,
               excerpt(text), e.what());
        }
      }
  return out;
}

// Symmetries beyond the 230 groups of atoms at rest, and copies that the file leaves to the reader.
void refuse_other_symmetry(cif::Block& block, const std::string& place) {
  for (const cif::Item& item : block.items) {
    std::vector<std::string> tags;
    if (item.type == cif::ItemType::Pair) tags = {item.pair[0]};
    if (item.type == cif::ItemType::Loop) tags = item.loop.tags;
    for (std::string tag : tags) {
      std::replace(tag.begin(), tag.end(), '.', '_');
      tag = lower_case(tag);
      const auto begins = [&](const char* with) { return tag.rfind(with, 0) == 0; };
      if (begins("_space_group_magn") || begins("_space_group_symop_magn"))
        fail(
            Fault::input,
            "{}: states a magnetic space group ({}), which is not read; list the operations of the "
            "group of the atoms",
            place, tag);
      if (begins("_space_group_ssg") || begins("_space_group_symop_ssg") ||
          begins("_cell_modulation_dimension") || begins("_cell_wave_vector"))
        fail(Fault::input, "{}: is a modulated structure ({}), which is not read", place, tag);
    }
  }
  if (auto codes = block.find_values("_struct_ncs_oper.code"))
    for (const std::string& code : codes)
      if (cif::as_string(code) == "generate")
        fail(Fault::input,
             "{}: leaves copies of its atoms to the reader (_struct_ncs_oper, generate); write a "
             "file in which they are listed",
             place);
}

StatedSymmetry stated_symmetry(cif::Block& block, const std::string& place) {
  refuse_other_symmetry(block, place);
  StatedSymmetry s;
  s.listed = listed_operations(block, place);
  s.hall = text_of(block, {"_space_group_name_Hall", "_space_group.name_Hall",
                           "_symmetry_space_group_name_Hall", "_symmetry.space_group_name_Hall"});
  s.name = text_of(block, {"_space_group_name_H-M_alt", "_space_group.name_H-M_alt",
                           "_symmetry_space_group_name_H-M", "_symmetry.space_group_name_H-M",
                           "_space_group_name_H-M_full", "_space_group.name_H-M_full",
                           "_symmetry.pdbx_full_space_group_name_H-M", "_space_group_name_H-M_ref",
                           "_space_group.name_H-M_ref"});
  const std::string number =
      text_of(block, {"_space_group_IT_number", "_space_group.IT_number",
                      "_symmetry_Int_Tables_number", "_symmetry.Int_Tables_number"});
  if (!number.empty()) {
    std::int64_t value = 0;
    if (!parse_integer(number, value) || value < 0 || value > 230)
      fail(Fault::input, "{}: the space group number is {}; 1 to 230 are expected", place,
           excerpt(number));
    s.number = int(value);
  }
  s.setting = text_of(
      block, {"_space_group_IT_coordinate_system_code", "_space_group.IT_coordinate_system_code"});
  return s;
}

StatedContent stated_content(cif::Block& block) {
  StatedContent s;
  s.formula = parse_formula(text_of(block, {"_chemical_formula_sum", "_chemical_formula.sum"}));
  const auto number = [&](std::initializer_list<const char*> tags) -> std::optional<double> {
    const double value = cif::as_number(text_of(block, tags));
    if (std::isfinite(value) && value > 0) return value;
    return std::nullopt;
  };
  // Z of mmCIF counts chains, not formula units
  s.units = number({"_cell_formula_units_Z", "_cell.formula_units_Z"});
  s.density_g_cm3 = number({"_exptl_crystal_density_diffrn", "_exptl_crystal.density_diffrn"});
  return s;
}

void check_volume(cif::Block& block, const gemmi::UnitCell& cell, const std::string& place) {
  const double stated = cif::as_number(text_of(block, {"_cell_volume", "_cell.volume"}));
  if (std::isfinite(stated) && std::abs(stated - cell.volume) > 0.01 * cell.volume)
    fail(Fault::input,
         "{}: the cell {:g} {:g} {:g} {:g} {:g} {:g} has {:.6g} Angstrom^3, _cell_volume says {:g}",
         place, cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma, cell.volume, stated);
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
enum Column {
  kX,
  kY,
  kZ,
  kLabel,
  kSymbol,
  kOccupancy,
  kU,
  kB,
  kMultiplicity,
  kOldMultiplicity,
  kModel,
  kFlag,
  kWyckoff
};

// What all sites of a block share.
struct SiteContext {
  const gemmi::UnitCell& cell;
  bool has_cell;
  std::map<std::string, double> aniso;
  std::map<int, double> formula;
  std::string place;
};

Vector3d fraction_of(const cif::Table::Row& row, bool cartesian, const SiteContext& c,
                     const std::string& name) {
  Vector3d f(cif::as_number(row[kX]), cif::as_number(row[kY]), cif::as_number(row[kZ]));
  if (!f.allFinite())
    fail(Fault::input, "{}: atom site {} has no position: fract_x, _y, _z or Cartn_x, _y, _z",
         c.place, excerpt(name));
  if (!cartesian || !c.has_cell) return f;
  const auto moved = c.cell.fractionalize({f.x(), f.y(), f.z()});
  return {moved.x, moved.y, moved.z};
}

CrystalSite read_site(const cif::Table::Row& row, bool cartesian, const SiteContext& c) {
  const auto text = [&](int k) { return row.has2(std::size_t(k)) ? row.str(k) : std::string(); };
  const auto number = [&](int k) {
    return row.has2(std::size_t(k)) ? cif::as_number(row[k]) : std::nan("");
  };
  CrystalSite site;
  const std::string label = text(kLabel), type = text(kSymbol);
  site.name = label.empty() ? type : label;
  site.number = element_of_site(label, type, c.formula);
  if (site.number == 0)
    fail(Fault::input,
         "{}: atom site {}: {} is no element; give its symbol with _atom_site_type_symbol", c.place,
         excerpt(label), excerpt(type.empty() ? label : type));
  site.kind = type.empty() ? std::string(symbol(site.number)) : type;
  site.fraction = fraction_of(row, cartesian, c, site.name);
  if (const double o = number(kOccupancy); std::isfinite(o)) site.occupancy = o;
  if (!(site.occupancy >= 0 && site.occupancy <= 1.001))
    fail(Fault::input, "{}: atom site {}: the occupancy {:g} is not between 0 and 1", c.place,
         excerpt(label), site.occupancy);
  site.occupancy = std::min(site.occupancy, 1.0);
  double u2 = number(kU);
  if (!std::isfinite(u2)) u2 = number(kB) / kEightPi2;
  if (const auto a = c.aniso.find(label); !std::isfinite(u2) && a != c.aniso.end()) u2 = a->second;
  if (u2 > 0) site.u_rms = std::sqrt(u2);
  constexpr double kMostImages = 192;
  for (const int k : {kMultiplicity, kOldMultiplicity})
    if (const double m = number(k); site.multiplicity == 0 && m >= 1 && m <= kMostImages)
      site.multiplicity = int(m);
  // some files write it before the letter, "8c"
  std::size_t digits = 0;
  const std::string wyckoff = text(kWyckoff);
  while (digits < wyckoff.size() && wyckoff[digits] >= '0' && wyckoff[digits] <= '9') ++digits;
  if (site.multiplicity == 0 && digits > 0 && digits <= 3 && digits < wyckoff.size())
    site.multiplicity = std::stoi(wyckoff.substr(0, digits));
  return site;
}

// The sites of one model of a block; model "" takes all.
std::vector<CrystalSite> read_sites(cif::Block& block, const SiteContext& context,
                                    const std::string& model, const StructureReadOptions& options) {
  std::vector<CrystalSite> out;
  std::size_t dummies = 0, empty = 0, groups = 0;
  for (const std::string prefix : {"_atom_site_", "_atom_site."})
    for (const std::string kind : {"fract_", "Cartn_"}) {
      if (!out.empty()) break;
      auto table = block.find(prefix, {kind + "x", kind + "y", kind + "z", "?label", "?type_symbol",
                                       "?occupancy", "?U_iso_or_equiv", "?B_iso_or_equiv",
                                       "?site_symmetry_multiplicity", "?symmetry_multiplicity",
                                       "?pdbx_PDB_model_num", "?calc_flag", "?Wyckoff_symbol"});
      for (auto row : table) {
        if (!model.empty() && row.has2(kModel) && row.str(kModel) != model) continue;
        if (row.has2(kFlag) && row.str(kFlag) == "dum") {
          ++dummies;
          continue;
        }
        out.push_back(read_site(row, kind == "Cartn_", context));
        const bool has_type = row.has2(kSymbol) && !row.str(kSymbol).empty();
        groups += element_of_group(has_type           ? row.str(kSymbol)
                                   : row.has2(kLabel) ? row.str(kLabel)
                                                      : "") != 0;
        if (out.back().occupancy == 0) {
          out.pop_back();
          ++empty;
        }
      }
    }
  if (groups > 0)
    note(options, "{}: {} such as OH; their hydrogen has no place and is left out", context.place,
         counted(groups, "site is a group", "sites are groups"));
  if (dummies > 0)
    note(options, "{}: {} left out", context.place,
         counted(dummies, "site without an atom (calc_flag dum) is",
                 "sites without an atom (calc_flag dum) are"));
  if (empty > 0)
    note(options, "{}: {} left out", context.place,
         counted(empty, "site whose occupancy is 0 is", "sites whose occupancy is 0 are"));
  return out;
}

// Stated multiplicities against the images that symmetry makes. Some programs write the order of
// the site's symmetry under this name.
std::vector<std::string> wrong_multiplicities(const std::vector<CrystalSite>& sites,
                                              const FilledCell& filled) {
  std::size_t most = 1;
  for (const std::size_t n : filled.images) most = std::max(most, n);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const auto stated = std::size_t(sites[i].multiplicity), found = filled.images[i];
    if (stated == 0 || found == 0 || stated == found || filled.repeated > 0) continue;
    if (stated * found == most && stated < found) continue;
    return {fmt::format("site {} has {} images in the cell, the file says {}",
                        excerpt(sites[i].name), found, stated)};
  }
  return {};
}

bool has_sites(const cif::Block& block) {
  for (const char* tag :
       {"_atom_site_fract_x", "_atom_site_Cartn_x", "_atom_site.fract_x", "_atom_site.Cartn_x"})
    if (block.has_tag(tag)) return true;
  return false;
}

cif::Document parse(const TextReader& reader) {
  try {
    return cif::read_memory(reader.text().data(), reader.text().size(), reader.name().c_str());
  } catch (const std::exception& e) {
    fail(Fault::input, "{}: not valid CIF: {}", reader.name(), e.what());
  }
}

// The models of mmCIF in their order; one nameless model where the table has no such column.
std::vector<std::string> models_of(cif::Block& block) {
  std::vector<std::string> out;
  if (auto column = block.find_values("_atom_site.pdbx_PDB_model_num"))
    for (const std::string& name : column)
      if (out.empty() ||
          (out.back() != name && std::find(out.begin(), out.end(), name) == out.end()))
        out.push_back(name);
  return out.empty() ? std::vector<std::string>{""} : out;
}

// Only coordinates in Angstrom need no cell; mmCIF writes a cell of 1 x 1 x 1 where there is none.
bool is_piece(cif::Block& block) {
  const bool fractional =
      block.has_tag("_atom_site_fract_x") || block.has_tag("_atom_site.fract_x");
  const std::string a = text_of(block, {"_cell_length_a", "_cell.length_a"});
  return !fractional && (a.empty() || cif::as_number(a) == 1);
}

// Axes that Cartesian coordinates are given in, where they are not the usual ones.
void take_axes(cif::Block& block, gemmi::UnitCell& cell) {
  gemmi::Transform t;
  for (const std::string prefix : {"_atom_sites.fract_transf_", "_atom_sites_fract_tran_"}) {
    bool whole = true;
    const auto number = [&](const std::string& dotted, const std::string& plain) {
      const std::string* v = block.find_value(prefix + (prefix[11] == '.' ? dotted : plain));
      const double value = v ? cif::as_number(*v) : std::nan("");
      whole = whole && std::isfinite(value);
      return value;
    };
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j)
        t.mat[i][j] = number(fmt::format("matrix[{}][{}]", i + 1, j + 1),
                             fmt::format("matrix_{}{}", i + 1, j + 1));
      t.vec.at(i) = number(fmt::format("vector[{}]", i + 1), fmt::format("vector_{}", i + 1));
    }
    if (whole) return cell.set_matrices_from_fract(t);
  }
}

Atoms read_piece(cif::Block& block, const std::string& model, const std::string& place,
                 const StructureReadOptions& options) {
  const gemmi::UnitCell none;
  const SiteContext context{none, false, {}, stated_content(block).formula, place};
  Atoms atoms;
  SiteLabels labels;
  for (const CrystalSite& site : read_sites(block, context, model, options)) {
    atoms.add(site.number, site.fraction);
    labels.occupancy.push_back(site.occupancy);
    labels.u_rms.push_back(site.u_rms);
  }
  add_site_labels(atoms, std::move(labels));
  return atoms;
}

Atoms read_block(cif::Block& block, const std::string& model, const TextReader& reader,
                 const StructureReadOptions& options) {
  const std::string place = fmt::format("{}: data block {}", reader.name(), block.name);
  if (is_piece(block)) return read_piece(block, model, place, options);
  gemmi::UnitCell cell = read_cell(block, reader.name());
  check_volume(block, cell, place);
  take_axes(block, cell);
  const StatedContent content = stated_content(block);
  const SiteContext context{cell, true, anisotropic_u(block, cell), content.formula, place};
  const auto sites = read_sites(block, context, model, options);
  const FilledCell filled = fill_cell(
      cell, sites, understood(stated_symmetry(block, place), cell, place),
      [&](const FilledCell& f) {
        auto wrong = check_content(f.atoms, content).contradictions;
        for (auto& text : wrong_multiplicities(sites, f)) wrong.push_back(std::move(text));
        return wrong;
      },
      place, options);
  for (const auto& text : check_content(filled.atoms, content).remarks)
    note(options, "{}: {}", place, text);
  return filled.atoms;
}

}  // namespace

bool looks_like_cif(TextReader reader) {
  while (reader.next_filled())
    if (reader.words()[0][0] != '#')
      return lower_case(std::string(reader.words()[0].substr(0, 5))) == "data_";
  return false;
}

// Every data block with atoms is a frame, and every model in it.
FramePlaces cif_frames(TextReader reader) {
  cif::Document document = parse(reader);
  FramePlaces out;
  for (cif::Block& block : document.blocks)
    if (has_sites(block))
      for (std::size_t k = models_of(block).size(); k > 0; --k)
        out.push_back({reader.place(), {}, out.size()});
  if (out.empty())
    fail(Fault::input, "{}: no data block has atom sites (_atom_site_fract_x)", reader.name());
  return out;
}

Atoms read_cif(TextReader& reader, const FramePlace& place, const StructureReadOptions& options) {
  cif::Document document = parse(reader);
  std::size_t number = 0;
  for (cif::Block& block : document.blocks) {
    if (!has_sites(block)) continue;
    const auto models = models_of(block);
    if (place.number < number + models.size())
      return read_block(block, models[place.number - number], reader, options);
    number += models.size();
  }
  return {};
}

}  // namespace vitrobeam
