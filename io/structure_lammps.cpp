// LAMMPS data files: the atom styles of kStyles, type labels, units where the file states them.
// Style and elements are found out where only one answer is possible.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "io/lammps_units.hpp"
#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

struct Head {
  std::int64_t atoms = 0, types = 0;
  std::array<bool, 3> has_bounds = {false, false, false};
  Vector3d lo = Vector3d::Zero(), hi = Vector3d::Zero();
  double xy = 0, xz = 0, yz = 0;
  LammpsUnits units;
};

// Where the columns of an atom line are; the id is column 0.
struct Style {
  std::string_view name;
  std::size_t type, x, columns;
};

// docs.lammps.org/read_data.html
constexpr Style kStyles[] = {
    {"atomic", 1, 2, 5},   {"charge", 1, 3, 6}, {"molecular", 2, 3, 6}, {"bond", 2, 3, 6},
    {"angle", 2, 3, 6},    {"full", 2, 4, 7},   {"sphere", 1, 4, 7},    {"ellipsoid", 1, 4, 7},
    {"peri", 1, 4, 7},     {"body", 1, 4, 7},   {"electron", 1, 5, 8},  {"dipole", 1, 3, 9},
    {"line", 2, 5, 8},     {"tri", 2, 5, 8},    {"dpd", 1, 3, 6},       {"edpd", 1, 4, 7},
    {"template", 1, 5, 8}, {"spin", 1, 2, 9},
};

struct Types {
  std::map<std::string, std::int64_t, std::less<>> numbers;  // of the type labels
  std::map<std::int64_t, int> elements;                      // -1: the mass is that of no element
};

std::string_view before_comment(std::string_view line) {
  return line.substr(0, std::min(line.find('#'), line.size()));
}

bool is_whole_number(std::string_view word) {
  std::int64_t number = 0;
  return parse_integer(word, number);
}

// Words of the line without its comment.
std::size_t words_before_comment(const TextReader& reader) {
  const auto& w = reader.words();
  const auto hash = std::find_if(w.begin(), w.end(), [](auto word) { return word[0] == '#'; });
  return std::size_t(hash - w.begin());
}

// The next line that holds more than a comment.
bool next_line(TextReader& reader) {
  while (reader.next_filled())
    if (words_before_comment(reader) > 0) return true;
  return false;
}

bool starts_section(const TextReader& reader) {
  const auto& words = reader.words();
  return !words.empty() && std::isupper(static_cast<unsigned char>(words[0][0])) != 0;
}

bool is_section(const TextReader& reader, std::initializer_list<std::string_view> names) {
  const auto& w = reader.words();
  if (w.size() < names.size() || names.size() == 0) return false;
  for (std::size_t k = 0; k + 1 < names.size(); ++k)
    if (w[k] != names.begin()[k]) return false;
  const std::string_view last = w[names.size() - 1];  // "Atoms# full" has its comment without blank
  if (last.substr(0, last.find('#')) != names.end()[-1]) return false;
  return last.find('#') != std::string_view::npos || words_before_comment(reader) == names.size();
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

// The number of a type, from its number or its label.
std::int64_t type_of(const TextReader& reader, std::size_t column, const Head& head,
                     const Types& types) {
  if (column < reader.words().size())
    if (const auto label = types.numbers.find(reader.words()[column]); label != types.numbers.end())
      return label->second;
  const auto type = reader.integer(column, "an atom type");
  if (type < 1 || type > head.types)
    reader.fail("atom type {} is not among the {} types of the file", type, head.types);
  return type;
}

void read_labels(TextReader& reader, const Head& head, Types& types) {
  for (std::int64_t i = 0; i < head.types; ++i) {
    if (!next_line(reader)) reader.require("a line of the section Atom Type Labels");
    const auto type = reader.integer(0, "an atom type");
    if (reader.words().size() < 2) reader.fail("type {} has no label", type);
    types.numbers.emplace(reader.words()[1], type);
  }
}

// What a mass and a name say of an element; 0 if nothing, -1 if the mass is that of no element. A
// mass of exactly 1 is a placeholder. Both must say the same, an isotope's mass apart.
int element_of(const TextReader& reader, double mass, int named) {
  const int weighed = mass == 1 ? 0 : element_of_mass(mass);
  if (named == 0) return weighed == 0 ? -1 : weighed;
  if (mass != 1 && weighed != named && std::abs(mass - atomic_mass(named)) > 1.1)
    reader.fail(
        "the name says {} ({:g} g/mol), the mass is {:g}; give the elements with @types Cu,Zr",
        symbol(named), atomic_mass(named), mass);
  return named;
}

// Element of every type from a Masses section, the comments there and the type labels.
void read_masses(TextReader& reader, const Head& head, bool must_agree, Types& types) {
  for (std::int64_t i = 0; i < head.types; ++i) {
    if (!next_line(reader)) reader.require("a line of the section Masses");
    const auto type = type_of(reader, 0, head, types);
    const double mass = reader.number(1, "a mass in g/mol") * head.units.mass;
    int named = 0;
    for (std::size_t k = 2; k < reader.words().size() && named == 0; ++k) {
      auto word = reader.words()[k];
      while (!word.empty() && word[0] == '#') word.remove_prefix(1);
      if (!is_whole_number(word)) named = atomic_number(word);
    }
    for (const auto& [label, of] : types.numbers)
      if (of == type && named == 0 && !is_whole_number(label)) named = atomic_number(label);
    types.elements[type] = must_agree ? element_of(reader, mass, named) : 0;
  }
}

// Labels alone, of a file without masses.
void elements_of_labels(const Head& head, Types& types) {
  if (!types.elements.empty()) return;
  std::map<std::int64_t, int> out;
  for (const auto& [label, type] : types.numbers) {
    const int z = is_whole_number(label) ? 0 : atomic_number(label);
    if (z > 0) out[type] = z;
  }
  if (std::int64_t(out.size()) == head.types) types.elements = std::move(out);
}

const Style& style_named(const TextReader& reader, std::string_view name) {
  std::string known;
  const auto base = name.substr(0, name.find('/'));  // atomic/kk runs on an accelerator
  for (const Style& style : kStyles) {
    if (style.name == base) return style;
    known += (known.empty() ? "" : ", ") + std::string(style.name);
  }
  reader.fail("atom style {} is not read; known are {}", excerpt(name), known);
}

std::string_view style_hint(const TextReader& reader) {
  const auto hash = reader.line().find('#');
  if (hash == std::string_view::npos) return {};
  auto hint = reader.line().substr(hash + 1);
  hint.remove_prefix(std::min(hint.find_first_not_of(" \t"), hint.size()));
  return hint.substr(0, hint.find_first_of(" \t\r"));
}

// Could the lines of the section be of this style? Three more whole numbers are image flags.
bool fits(TextReader reader, const Style& style, const Head& head, const Types& types) {
  for (std::int64_t i = 0; i < head.atoms && next_line(reader); ++i) {
    const auto& w = reader.words();
    const std::size_t n = words_before_comment(reader);
    if (n != style.columns && n != style.columns + 3) return false;
    for (std::size_t k = style.columns; k < n; ++k)
      if (!is_whole_number(w[k])) return false;
    std::int64_t type = 0;
    const bool is_type = types.numbers.contains(w[style.type]) ||
                         (parse_integer(w[style.type], type) && type >= 1 && type <= head.types);
    if (!is_type) return false;
    if (style.type == 2 && !is_whole_number(w[1])) return false;  // a molecule
    double value = 0;
    for (std::size_t k = 0; k < 3; ++k)
      if (!parse_number(w[style.x + k], value)) return false;
  }
  return true;
}

// Whether all positions lie in or near the box: by how columns are told apart that fit twice.
bool holds_positions(TextReader reader, const Style& style, const Head& head) {
  const Vector3d l = head.hi - head.lo;
  for (std::int64_t i = 0; i < head.atoms && next_line(reader); ++i)
    for (int k = 0; k < 3; ++k) {
      const double x = reader.number(style.x + std::size_t(k), "a position");
      if (x < head.lo[k] - 0.1 * l[k] || x > head.hi[k] + 0.1 * l[k]) return false;
    }
  return true;
}

// Diameter and density of a sphere, which a molecule and its charge are not.
bool are_spheres(TextReader reader, const Head& head) {
  for (std::int64_t i = 0; i < head.atoms && next_line(reader); ++i)
    if (!(reader.number(2, "a diameter") > 0) || !(reader.number(3, "a density") > 0)) return false;
  return true;
}

// The styles of atoms that the lines may be of.
std::vector<const Style*> fitting_styles(const TextReader& reader, const Head& head,
                                         const Types& types) {
  std::vector<const Style*> out, holding;
  for (const char* name : {"atomic", "charge", "molecular", "full", "sphere"}) {
    const Style& style = style_named(reader, name);
    if (!fits(reader, style, head, types)) continue;
    if (style.name == "sphere" && !are_spheres(reader, head)) continue;
    out.push_back(&style);
    if (holds_positions(reader, style, head)) holding.push_back(&style);
  }
  return out.size() > 1 && !holding.empty() ? holding : out;
}

// Without a hint the columns decide, if only one style fits.
const Style& style_by_columns(const TextReader& reader, const Head& head, const Types& types) {
  std::vector<const Style*> fitting = fitting_styles(reader, head, types);
  if (fitting.empty()) {  // a wrong type is named where the atoms are read
    Head any = head;
    any.types = std::numeric_limits<std::int64_t>::max();
    fitting = fitting_styles(reader, any, types);
  }
  std::string names;
  for (const Style* style : fitting)
    names += (names.empty() ? "" : ", ") + std::string(style->name);
  if (fitting.size() == 1) return *fitting[0];
  TextReader first = reader;
  next_line(first);
  first.fail(
      "the atom style is not clear from {} columns ({} fit); give it with @atom_style, or write it "
      "behind the section name, for example 'Atoms # charge'",
      words_before_comment(first), fitting.empty() ? "none of the known" : names);
}

Atoms read_atoms(TextReader& reader, const Head& head, const StructureReadOptions& options,
                 const Types& types) {
  const std::string hint(style_hint(reader));
  const Style& style = !options.atom_style.empty() ? style_named(reader, options.atom_style)
                       : !hint.empty()             ? style_named(reader, hint)
                                                   : style_by_columns(reader, head, types);
  Atoms atoms;
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < head.atoms; ++i) {
    if (!next_line(reader))
      reader.fail("the file ends after {} of {} atoms; is it cut short?", i, head.atoms);
    const std::size_t columns = words_before_comment(reader);
    if (columns != style.columns && columns != style.columns + 3)
      reader.fail("atom {} of {} has {} columns, the style {} has {}, or {} with image flags",
                  i + 1, head.atoms, columns, style.name, style.columns, style.columns + 3);
    ids.push_back(reader.integer(0, "an atom id"));
    const auto type = type_of(reader, style.type, head, types);
    int z = 0;
    if (!options.types.empty() || types.elements.empty())
      z = element_of_type(reader, options, type);
    else if (const auto found = types.elements.find(type); found != types.elements.end())
      z = found->second;
    if (z <= 0)
      reader.fail("atom type {} has a mass of no element; give the elements with @types Cu,Zr",
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

// From the sections Atom Type Labels and Masses, wherever they stand; `reader` stands at the first.
Types read_types(TextReader reader, const Head& head, const StructureReadOptions& options) {
  Types types;
  std::optional<TextReader::Place> masses;
  do {
    if (is_section(reader, {"Atom", "Type", "Labels"})) read_labels(reader, head, types);
    if (is_section(reader, {"Masses"})) masses = reader.place();
  } while (reader.next_filled());
  if (masses) {
    reader.go_to(*masses);
    read_masses(reader, head, options.types.empty(), types);
  }
  elements_of_labels(head, types);
  return types;
}

// The title and comments of the head may name the units.
void read_units(const TextReader& reader, Head& head) {
  if (const std::string name = stated_units(reader.line()); !name.empty())
    head.units = lammps_units(reader, name);
}

}  // namespace

bool looks_like_lammps_data(TextReader reader) {
  constexpr int kOther = 50;  // lines that are neither comment nor counts nor bounds
  if (!reader.next()) return false;
  for (int other = 0; other < kOther && reader.next_filled();) {
    if (words_before_comment(reader) == 0) continue;
    const auto& w = reader.words();
    if (w.size() >= 4 && w[2] == "xlo" && w[3] == "xhi") return true;
    double value = 0;
    if (!parse_number(w[0], value) || w.size() < 2 || parse_number(w.back(), value)) ++other;
  }
  return false;
}

Atoms read_lammps_data(TextReader& reader, const FramePlace&, const StructureReadOptions& options) {
  Head head;
  reader.next();  // the first line is a title
  read_units(reader, head);
  bool more = reader.next_filled();
  for (; more && !starts_section(reader); more = reader.next_filled()) {
    if (reader.words()[0][0] == '#') read_units(reader, head);
    if (!before_comment(reader.line()).empty()) read_head_line(reader, head);
  }
  check_head(reader, head);
  const Types types = read_types(reader, head, options);
  Atoms atoms;
  while (more) {
    if (!is_section(reader, {"Atoms"})) {
      more = reader.next_filled();
      continue;
    }
    if (atoms.size() > 0) reader.fail("the section Atoms is in the file twice");
    atoms = read_atoms(reader, head, options, types);
    more = next_line(reader);
    if (more && !starts_section(reader))
      reader.fail("found {} after the {} atoms that the head announces; is the count wrong?",
                  excerpt(reader.line()), head.atoms);
  }
  if (atoms.size() == 0) reader.fail("the section Atoms is missing");
  const Vector3d l = head.hi - head.lo;
  atoms.cell.vectors << l.x(), 0, 0, head.xy, l.y(), 0, head.xz, head.yz, l.z();
  atoms.cell.vectors *= head.units.length;
  for (auto& r : atoms.positions) r *= head.units.length;
  return atoms;
}

}  // namespace vitrobeam
