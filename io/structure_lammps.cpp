// LAMMPS data files, styles atomic, charge, molecular, full and sphere; style and elements are
// found out where the file does not say them.
#include <array>
#include <cmath>
#include <map>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

struct Head {
  std::int64_t atoms = 0, types = 0;
  std::array<bool, 3> has_bounds = {false, false, false};
  Vector3d lo = Vector3d::Zero(), hi = Vector3d::Zero();
  double xy = 0, xz = 0, yz = 0;
};

// Where the columns of an atom line are; the id is column 0.
struct Style {
  std::string name;
  std::size_t type, x, columns;
};

const Style kStyles[] = {
    {"atomic", 1, 2, 5}, {"charge", 1, 3, 6}, {"molecular", 2, 3, 6}, {"bond", 2, 3, 6},
    {"angle", 2, 3, 6},  {"full", 2, 4, 7},   {"sphere", 1, 4, 7},
};

std::string_view before_comment(std::string_view line) {
  return line.substr(0, std::min(line.find('#'), line.size()));
}

bool starts_section(const TextReader& reader) {
  const auto& words = reader.words();
  return !words.empty() && std::isupper(static_cast<unsigned char>(words[0][0]));
}

// One header line; those with other keywords (bonds, extra ... per atom) are passed over.
void read_head_line(const TextReader& reader, Head& head) {
  const auto& w = reader.words();
  if (w.size() >= 2 && w[1] == "atoms") head.atoms = reader.integer(0, "the number of atoms");
  if (w.size() >= 3 && w[1] == "atom" && w[2] == "types")
    head.types = reader.integer(0, "the number of atom types");
  constexpr std::array<std::string_view, 3> kLow = {"xlo", "ylo", "zlo"};
  for (std::size_t k = 0; k < 3; ++k)
    if (w.size() >= 4 && w[2] == kLow[k]) {
      head.lo[int(k)] = reader.number(0, w[2]);
      head.hi[int(k)] = reader.number(1, w[3]);
      head.has_bounds[k] = true;
      if (!(head.hi[int(k)] > head.lo[int(k)]))
        reader.fail("the box runs from {} {} to {} {}; its edge must be positive", w[2], w[0], w[3],
                    w[1]);
    }
  if (w.size() >= 6 && w[3] == "xy") {
    head.xy = reader.number(0, "xy");
    head.xz = reader.number(1, "xz");
    head.yz = reader.number(2, "yz");
  }
  if (w.size() >= 4 && w[3] == "avec")
    reader.fail(
        "general triclinic boxes (avec, bvec, cvec) are not read; write xlo xhi and xy xz yz");
}

// Element of every type from a Masses section; a comment that names an element wins over the mass.
std::map<std::int64_t, int> read_masses(TextReader& reader, const Head& head) {
  std::map<std::int64_t, int> out;
  for (std::int64_t i = 0; i < head.types; ++i) {
    if (!reader.next_filled()) reader.require("a line of the section Masses");
    const auto type = reader.integer(0, "an atom type");
    const double mass = reader.number(1, "a mass in g/mol");
    int z = 0;
    for (std::size_t k = 2; k < reader.words().size() && z == 0; ++k) {
      auto word = reader.words()[k];
      while (!word.empty() && word[0] == '#') word.remove_prefix(1);
      std::int64_t number = 0;
      if (!parse_integer(word, number)) z = atomic_number(word);
    }
    out[type] = z ? z : element_of_mass(mass);
    if (out[type] == 0) out[type] = -1;  // a mass of no element: only an error if --types is silent
  }
  return out;
}

bool is_whole_number(std::string_view word) {
  std::int64_t number = 0;
  return parse_integer(word, number);
}

const Style* style_by_name(const TextReader& reader) {
  const auto hash = reader.line().find('#');
  if (hash == std::string_view::npos) return nullptr;
  std::string hint(reader.line().substr(hash + 1));
  hint.erase(0, std::min(hint.find_first_not_of(" \t"), hint.size()));
  hint = hint.substr(0, hint.find_first_of(" \t\r"));
  for (const Style& style : kStyles)
    if (style.name == hint) return &style;
  if (!hint.empty())
    reader.fail("atom style {} is not read; known are atomic, charge, molecular, full, sphere",
                excerpt(hint));
  return nullptr;
}

// Without a hint the columns decide; three more whole numbers at the end are image flags. Six
// columns are either a charge or a molecule: a third column that is no type (a fraction, 0,
// negative) somewhere tells the charge.
const Style& style_by_columns(TextReader reader, std::int64_t atoms, std::int64_t types) {
  std::size_t columns = 0;
  bool charge = false;
  for (std::int64_t i = 0; i < atoms && reader.next_filled(); ++i) {
    const auto& w = reader.words();
    if (i == 0) {
      columns = w.size();
      const bool images = columns >= 8 && is_whole_number(w[columns - 1]) &&
                          is_whole_number(w[columns - 2]) && is_whole_number(w[columns - 3]);
      if (images) columns -= 3;
    }
    if (columns != 6 || w.size() < 6) break;
    std::int64_t third = 0;
    if (!parse_integer(w[2], third) || third < 1 || third > types) {
      charge = true;
      break;
    }
  }
  if (columns == 5) return kStyles[0];
  if (columns == 6 && charge) return kStyles[1];
  if (columns == 7) return kStyles[5];
  reader.fail(
      "the atom style is not clear from {} columns; write it behind the section name, for "
      "example 'Atoms # charge'",
      columns);
}

Atoms read_atoms(TextReader& reader, const Head& head, const StructureReadOptions& options,
                 const std::map<std::int64_t, int>& masses) {
  const Style* named = style_by_name(reader);
  const Style style = named ? *named : style_by_columns(reader, head.atoms, head.types);
  Atoms atoms;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < head.atoms; ++i) {
    if (!reader.next_filled())
      reader.fail("the file ends after {} of {} atoms; is it cut short?", i, head.atoms);
    if (reader.words().size() < style.columns)
      reader.fail("atom {} of {} has {} columns, the style {} has {}", i + 1, head.atoms,
                  reader.words().size(), style.name, style.columns);
    ids.push_back(reader.integer(0, "an atom id"));
    const auto type = reader.integer(style.type, "an atom type");
    if (type < 1 || type > head.types)
      reader.fail("atom type {} is not among the {} types of the file", type, head.types);
    int z = 0;
    if (!options.types.empty() || masses.empty())
      z = element_of_type(reader, options, type);
    else if (const auto found = masses.find(type); found != masses.end())
      z = found->second;
    if (z <= 0)
      reader.fail("atom type {} has a mass of no element; say the elements with --types Cu,Zr",
                  type);
    const Vector3d r(reader.number(style.x, "x"), reader.number(style.x + 1, "y"),
                     reader.number(style.x + 2, "z"));
    atoms.add(z, r - head.lo);
  }
  return sorted_by_id(atoms, ids, reader.name());
}

void check_head(const TextReader& reader, const Head& head) {
  if (head.atoms < 1) reader.fail("the head says {} atoms; at least 1 is expected", head.atoms);
  if (head.types < 1)
    reader.fail("the head says {} atom types; at least 1 is expected", head.types);
  for (std::size_t k = 0; k < 3; ++k)
    if (!head.has_bounds[k]) reader.fail("the head has no line '{0}lo {0}hi'", "xyz"[k]);
}

}  // namespace

bool looks_like_lammps_data(TextReader reader) {
  for (int i = 0; i < 200 && reader.next(); ++i)
    if (reader.words().size() >= 4 && reader.words()[2] == "xlo" && reader.words()[3] == "xhi")
      return true;
  return false;
}

Atoms read_lammps_data(TextReader& reader, const StructureReadOptions& options) {
  Head head;
  reader.next();  // the first line is a title, whatever it says
  bool more = reader.next_filled();
  for (; more && !starts_section(reader); more = reader.next_filled())
    if (!before_comment(reader.line()).empty()) read_head_line(reader, head);
  check_head(reader, head);
  std::map<std::int64_t, int> masses;
  Atoms atoms;
  for (; more; more = reader.next_filled()) {
    if (!starts_section(reader)) continue;
    if (reader.words()[0] == "Masses") masses = read_masses(reader, head);
    if (reader.words()[0] == "Atoms") {
      atoms = read_atoms(reader, head, options, masses);
      if (reader.next_filled() && !starts_section(reader))
        reader.fail("found {} after the {} atoms that the head announces; is the count wrong?",
                    excerpt(reader.line()), head.atoms);
      break;
    }
  }
  if (atoms.size() == 0) reader.fail("the section Atoms is missing");
  const Vector3d l = head.hi - head.lo;
  atoms.cell.vectors << l.x(), 0, 0, head.xy, l.y(), 0, head.xz, head.yz, l.z();
  return atoms;
}

}  // namespace vitrobeam
