// PDB files. A frame ends with ENDMDL, END or the next MODEL; its cell is the CRYST1 that stands in
// it, else the last one before it. A cell of 1 x 1 x 1 means that there is none.
#include <algorithm>
#include <cmath>
#include <gemmi/pdb.hpp>
#include <numbers>

#include "io/crystal_sites.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

bool is_record(const TextReader& reader, std::string_view name) {
  return reader.line().substr(0, name.size()) == name;
}

bool is_atom(const TextReader& reader) {
  return is_record(reader, "ATOM  ") || is_record(reader, "HETATM");
}

bool is_end(const TextReader& reader) {
  return is_record(reader, "ENDMDL") || (!reader.words().empty() && reader.words()[0] == "END");
}

// The records that all frames share: before the first atom, without MODEL.
bool is_shared(const TextReader& reader) {
  for (const char* name : {"CRYST1", "SCALE", "MTRIX", "ORIGX"})
    if (is_record(reader, name)) return true;
  return false;
}

// Without columns 77 and 78 the name must say the element: one letter in its second column, two in
// the first and second, and no other letters but those of organic molecules (CA, OXT, HG11).
void check_name(const TextReader& reader) {
  const auto line = reader.line();
  const auto at = [&](std::size_t k) { return k < line.size() ? line[k] : ' '; };
  if (at(76) != ' ' || at(77) != ' ') return;
  const std::string name{at(12), at(13), at(14), at(15)};
  const auto is_letter = [&](std::size_t k) {
    return std::isalpha(static_cast<unsigned char>(name[k])) != 0;
  };
  const bool organic =
      std::string_view("CHNOSP").find(is_letter(0) ? name[0] : name[1]) != std::string_view::npos;
  const std::size_t rest = is_letter(0) && is_letter(1) ? 2 : is_letter(0) ? 1 : 2;
  for (std::size_t k = rest; k < 4 && !organic; ++k)
    if (is_letter(k))
      reader.fail(
          "the atom name {} is no element, and columns 77 and 78, where its symbol belongs, "
          "are empty",
          excerpt(name));
}

// The columns `first` to `first + width`, without blanks around.
std::string_view field(const TextReader& reader, std::size_t first, std::size_t width) {
  auto text = reader.line().substr(std::min(first, reader.line().size()), width);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// The numbers of an atom stand in their columns and are finite; occupancy and B may be left out.
void check_numbers(const TextReader& reader) {
  static constexpr struct {
    const char* name;
    std::size_t first, width;
    bool must;
  } kFields[] = {{"x", 30, 8, true},
                 {"y", 38, 8, true},
                 {"z", 46, 8, true},
                 {"the occupancy", 54, 6, false},
                 {"B", 60, 6, false}};
  for (const auto& f : kFields) {
    const auto text = field(reader, f.first, f.width);
    double value = 0;
    if (text.empty() && !f.must) continue;
    constexpr double kMost = 1e8;  // of what eight columns hold
    if (!parse_number(text, value) || !(std::abs(value) < kMost))
      reader.fail("{} of the atom, in columns {} to {}, is {}; a number is expected", f.name,
                  f.first + 1, f.first + f.width, excerpt(text));
  }
}

// The line with the occupancy and B that it leaves out, 1 and 0: gemmi takes a B of 20, and 0 for
// blanks.
std::string completed(const TextReader& reader) {
  std::string line(reader.line());
  line.resize(std::max<std::size_t>(line.size(), 80), ' ');
  if (field(reader, 54, 6).empty()) line.replace(54, 6, "  1.00");
  if (field(reader, 60, 6).empty()) line.replace(60, 6, "  0.00");
  return line;
}

// The edges that SCALE gives: gemmi would take them in place of those of CRYST1.
void check_scale(const gemmi::UnitCell& cell, const std::string& path) {
  const gemmi::Mat33& m = cell.orth.mat;
  double edges[3];
  for (int k = 0; k < 3; ++k) edges[k] = std::hypot(m[0][k], m[1][k], m[2][k]);
  const double stated[3] = {cell.a, cell.b, cell.c};
  for (int k = 0; k < 3; ++k)
    if (std::abs(edges[k] - stated[k]) > 0.01 * stated[k])
      fail(Fault::input,
           "{}: SCALE gives the edges {:.6g} {:.6g} {:.6g}, CRYST1 {:.6g} {:.6g} {:.6g}", path,
           edges[0], edges[1], edges[2], cell.a, cell.b, cell.c);
}

// Where a frame has a second cell, which of them is meant cannot be known.
void check_cell(const TextReader& reader, std::string& cell) {
  const std::string text(field(reader, 6, 48));
  if (!cell.empty() && text != cell)
    reader.fail("a frame has two cells (CRYST1): {} and {}", excerpt(cell), excerpt(text));
  cell = text;
}

// The text of the frame that begins where `reader` stands, behind the records that it shares.
std::string text_of_frame(TextReader reader, const FramePlace& place) {
  bool has_atoms = false, has_copies = false;
  std::string cell, body, head;
  while (reader.next()) {
    if (has_atoms && (is_end(reader) || is_record(reader, "MODEL "))) break;
    if (!is_atom(reader)) body += std::string(reader.line()) + "\n";
    if (is_record(reader, "CRYST1")) check_cell(reader, cell);
    if (is_record(reader, "MTRIX") && (reader.line().size() < 60 || reader.line()[59] != '1'))
      has_copies = true;
    if (!is_atom(reader)) continue;
    has_atoms = true;
    check_name(reader);
    check_numbers(reader);
    body += completed(reader) + "\n";
  }
  if (has_copies)
    reader.fail(
        "leaves copies of its atoms to the reader (MTRIX without 1 in column 60); write a file in "
        "which they are listed");
  TextReader shared = reader;
  shared.go_to(place.header);
  while (cell.empty() && shared.place().offset < place.start.offset && shared.next() &&
         !is_atom(shared))
    if (is_shared(shared)) head += std::string(shared.line()) + "\n";
  return head + body;
}

CrystalSite site_of(const gemmi::Atom& atom, const std::string& path) {
  CrystalSite site;
  site.number = atom.element.atomic_number();
  if (site.number < 1 || site.number > kElements)
    fail(Fault::input, "{}: atom {} ({}) has no element that is known (columns 77 and 78)", path,
         atom.serial, atom.name);
  site.occupancy = atom.occ;
  if (!(site.occupancy >= 0 && site.occupancy <= 1.001))
    fail(Fault::input, "{}: atom {} ({}): the occupancy {:g} is not between 0 and 1", path,
         atom.serial, atom.name, site.occupancy);
  site.occupancy = std::min(std::round(site.occupancy * 1e6) / 1e6, 1.0);  // of a float
  site.name = atom.name;
  site.kind = std::string(symbol(site.number));
  if (atom.b_iso > 0)
    site.u_rms = std::sqrt(double(atom.b_iso) / (8 * std::numbers::pi * std::numbers::pi));
  return site;
}

// Programs of molecular dynamics write 0.00 in the column of the occupancy.
void settle_occupancies(std::vector<CrystalSite>& sites, const std::string& path,
                        const StructureReadOptions& options) {
  const auto is_empty = [](const CrystalSite& s) { return s.occupancy == 0; };
  const auto empty = std::count_if(sites.begin(), sites.end(), is_empty);
  if (empty == 0 || empty < std::ptrdiff_t(sites.size())) return;
  note(options, "{}: every atom has the occupancy 0; taken as not given, 1", path);
  for (CrystalSite& site : sites) site.occupancy = 1;
}

// The statements of the file on its length: NUMMDL on the models, MASTER on the atom records.
void check_lengths(TextReader reader, std::size_t frames) {
  std::int64_t models = 0, master = -1, atoms = 0, largest = 0, here = 0;
  int line = 0;
  while (reader.next()) {
    if (is_atom(reader)) largest = std::max(largest, ++here), ++atoms;
    if (is_end(reader) || is_record(reader, "MODEL ")) here = 0;
    if (is_record(reader, "NUMMDL") && reader.words().size() > 1)
      models = reader.integer(1, "the number of models");
    if (is_record(reader, "MASTER") && reader.line().size() >= 55) {
      const std::string text(reader.line().substr(50, 5));
      const auto begin = std::min(text.find_first_not_of(' '), text.size());
      if (!parse_integer(std::string_view(text).substr(begin), master)) master = -1;
      line = reader.place().line;
    }
  }
  if (models > 0 && std::size_t(models) != frames)
    fail(Fault::input, "{}: NUMMDL says {} models, the file has {}", reader.name(), models, frames);
  if (master >= 0 && master != atoms && master != largest)
    fail(Fault::input, "{}:{}: MASTER says {} atom records, the file has {}", reader.name(), line,
         master, atoms);
}

}  // namespace

bool looks_like_pdb(TextReader reader) {
  while (reader.next()) {
    if (is_record(reader, "CRYST1 ") || is_atom(reader)) return true;
    if (!reader.words().empty() && std::isupper(static_cast<unsigned char>(reader.line()[0])) == 0)
      return false;
  }
  return false;
}

FramePlaces pdb_frames(TextReader reader) {
  FramePlaces out;
  const TextReader whole = reader;
  TextReader::Place start = reader.place(), cell = start;
  bool has_atoms = false, has_cell = false;
  const auto close = [&](TextReader::Place next) {
    if (has_atoms) out.push_back({start, cell});
    has_atoms = false;
    start = next;
  };
  for (auto before = reader.place(); reader.next(); before = reader.place()) {
    if (is_record(reader, "CRYST1")) {
      if (has_cell) cell = before;
      has_cell = true;
    }
    if (is_atom(reader)) has_atoms = true;
    if (is_record(reader, "MODEL ") && has_atoms) close(before);
    if (is_end(reader)) close(reader.place());
  }
  close(reader.place());
  if (out.empty()) fail(Fault::input, "{}: the file holds no atoms", reader.name());
  check_lengths(whole, out.size());
  return out;
}

Atoms read_pdb(TextReader& reader, const FramePlace& place, const StructureReadOptions& options) {
  gemmi::Structure structure;
  try {
    structure = gemmi::read_pdb_string(text_of_frame(reader, place), reader.name());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    fail(Fault::input, "{}: not a valid PDB file: {}", reader.name(), e.what());
  }
  const gemmi::UnitCell& cell = structure.cell;
  if (cell.is_crystal()) check_scale(cell, reader.name());
  std::vector<CrystalSite> sites;
  std::vector<Vector3d> positions;
  for (const auto& model : structure.models)
    for (const auto& chain : model.chains)
      for (const auto& residue : chain.residues)
        for (const auto& atom : residue.atoms) {
          CrystalSite site = site_of(atom, reader.name());
          const gemmi::Fractional f = cell.fractionalize(atom.pos);
          site.fraction = {f.x, f.y, f.z};
          sites.push_back(std::move(site));
          positions.emplace_back(atom.pos.x, atom.pos.y, atom.pos.z);
        }
  settle_occupancies(sites, reader.name(), options);
  if (!cell.is_crystal()) {
    Atoms atoms;
    SiteLabels labels;
    for (std::size_t i = 0; i < sites.size(); ++i) {
      atoms.add(sites[i].number, positions[i]);
      labels.occupancy.push_back(sites[i].occupancy);
      labels.u_rms.push_back(sites[i].u_rms);
    }
    add_site_labels(atoms, std::move(labels));
    return atoms;
  }
  StatedSymmetry symmetry;
  symmetry.name = structure.spacegroup_hm;
  if (symmetry.name.empty()) symmetry.name = "P 1";  // what programs without symmetry leave out
  return fill_cell(
             cell, sites, understood(symmetry, cell, reader.name() + ": CRYST1"),
             [](const FilledCell&) { return std::vector<std::string>{}; }, reader.name(), options)
      .atoms;
}

}  // namespace vitrobeam
