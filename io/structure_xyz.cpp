// XYZ files, plain and extended.
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/ranges.h>

#include "io/structure_formats.hpp"
#include "io/xyz_comment.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

bool is_count(const TextReader& reader) {
  std::int64_t n = 0;
  return reader.words().size() == 1 && parse_integer(reader.words()[0], n);
}

// The numbers that a plain comment line begins with.
std::vector<double> leading_numbers(const TextReader& reader) {
  std::vector<double> out;
  double value = 0;
  for (auto word : reader.words()) {
    if (!parse_number(word, value) || !std::isfinite(value)) break;
    out.push_back(value);
  }
  return out;
}

struct Bounds {
  Vector3d lo = Vector3d::Constant(1e300), hi = Vector3d::Constant(-1e300);
  Vector3d extent() const { return hi - lo; }
};

Bounds bounds_of(const std::vector<Vector3d>& positions) {
  Bounds b;
  for (const auto& r : positions) {
    b.lo = b.lo.cwiseMin(r);
    b.hi = b.hi.cwiseMax(r);
  }
  return b;
}

// Do the atoms fill these edges? Few atoms cannot tell.
bool fills(const Bounds& atoms, const Vector3d& edges, std::size_t count) {
  constexpr std::size_t kFew = 8;
  constexpr double kLayer = 4;  // Angstrom between the atoms at a face and their images
  if (count < kFew) return true;
  for (int k = 0; k < 3; ++k)
    if (atoms.extent()[k] < std::min(edges[k] - kLayer, 0.8 * edges[k])) return false;
  return true;
}

// Whether the numbers are the bounds xlo xhi ylo yhi zlo zhi of these atoms.
bool are_bounds(const std::vector<double>& v, const Bounds& atoms, std::size_t count) {
  const Vector3d lo(v[0], v[2], v[4]), hi(v[1], v[3], v[5]);
  return ((hi - lo).array() > 0).all() && ((atoms.lo - lo).array() >= -1e-3).all() &&
         ((hi - atoms.hi).array() >= -1e-3).all() && fills(atoms, hi - lo, count);
}

// Whether the numbers are the edges of a box that holds the atoms, from its corner or its centre.
bool are_edges(const std::vector<double>& v, const Bounds& atoms, std::size_t count) {
  const Vector3d edges(v[0], v[1], v[2]);
  if (!(edges.minCoeff() > 0)) return false;
  const bool from_corner =
      atoms.lo.minCoeff() >= -1e-3 && ((edges - atoms.hi).array() >= -1e-3).all();
  const bool from_centre = ((atoms.lo + edges / 2).array() >= -1e-3).all() &&
                           ((edges / 2 - atoms.hi).array() >= -1e-3).all();
  return (from_corner || from_centre) && fills(atoms, edges, count);
}

bool are_edges_and_angles(const std::vector<double>& v, const Atoms& atoms) {
  if (!(v[0] > 0 && v[1] > 0 && v[2] > 0 && *std::min_element(v.begin() + 3, v.end()) > 20 &&
        *std::max_element(v.begin() + 3, v.end()) < 160))
    return false;
  const Eigen::Matrix3d edges = vectors_of_angles(v);
  if (!(edges.determinant() > 1e-6)) return false;
  Bounds f;  // of the fractional coordinates
  for (const auto& r : atoms.positions) {
    const Vector3d at = edges.transpose().inverse() * r;
    f.lo = f.lo.cwiseMin(at);
    f.hi = f.hi.cwiseMax(at);
  }
  const Vector3d lengths(v[0], v[1], v[2]);
  const Bounds scaled{f.lo.cwiseProduct(lengths), f.hi.cwiseProduct(lengths)};
  return f.lo.minCoeff() >= -0.5 && f.hi.maxCoeff() <= 1.5 && fills(scaled, lengths, atoms.size());
}

// The box of a plain XYZ file from the numbers in its comment: three edges; or six numbers, bounds
// or edges and angles. Numbers are a box only if it holds the atoms and they fill it; they may as
// well be a step, an energy and a pressure.
void box_from_numbers(const TextReader& reader, const std::vector<double>& v, const Atoms& atoms,
                      const StructureReadOptions& options, XyzComment& comment) {
  if (v.size() < 3) return;
  const Bounds bounds = bounds_of(atoms.positions);
  const std::vector<double> first(v.begin(), v.begin() + 3);
  if (v.size() == 6 && are_bounds(v, bounds, atoms.size())) {
    comment.origin = Vector3d(v[0], v[2], v[4]);
    comment.vectors = (Vector3d(v[1], v[3], v[5]) - comment.origin).asDiagonal();
  } else if (v.size() == 6 && are_edges_and_angles(v, atoms)) {
    comment.vectors = vectors_of_angles(v);
  } else if (v.size() == 3 && are_edges(first, bounds, atoms.size())) {
    comment.vectors = Vector3d(v[0], v[1], v[2]).asDiagonal();
  } else if ((v.size() == 3 || v.size() == 6) && !options.box) {
    note(options,
         "{}: the numbers of the comment line ({}) are no box that the atoms fill, and are not "
         "read; a box is given with @box",
         reader.name(), fmt::join(v, " "));
  }
}

// A plain file may be centred on the origin instead of having its corner there.
void centre_to_corner(const Cell& cell, std::vector<Vector3d>& positions) {
  const Vector3d l = cell.vectors.diagonal();
  bool from_corner = true, from_centre = true;
  for (const auto& r : positions) {
    from_corner = from_corner && r.minCoeff() >= -1e-3;
    from_centre = from_centre && ((r.cwiseAbs() - l / 2).array() <= 1e-3).all();
  }
  if (!from_corner && from_centre)
    for (auto& r : positions) r += l / 2;
}

struct Columns {
  const XyzProperty* species = nullptr;
  const XyzProperty* position = nullptr;
  std::vector<const XyzProperty*> labels;
  std::size_t count = 0;
};

Columns find_columns(const TextReader& reader, const std::vector<XyzProperty>& properties) {
  Columns out;
  std::set<std::string> seen;
  for (const XyzProperty& p : properties) {
    if (!seen.insert(p.name).second) reader.fail("property {} occurs twice", excerpt(p.name));
    const std::string name = lower_case(p.name);
    if (name == "species" || name == "element" || (name == "z" && p.kind == 'I' && !out.species))
      out.species = &p;
    else if (name == "pos" || name == "positions")
      out.position = &p;
    else
      out.labels.push_back(&p);
    out.count = p.first + std::size_t(p.columns);
  }
  if (!out.species || out.species->columns != 1)
    reader.fail("Properties has no species:S:1 (or Z:I:1) column: the elements are missing");
  if (!out.position || out.position->kind != 'R' || out.position->columns != 3)
    reader.fail("Properties has no pos:R:3 columns: the positions are missing");
  return out;
}

Label empty_label(const XyzProperty& p) {
  Label label;
  label.columns = p.columns;
  if (p.kind == 'R') label.values = std::vector<double>();
  if (p.kind == 'S') label.values = std::vector<std::string>();
  return label;
}

void add_label_values(const TextReader& reader, const XyzProperty& p, Label& label) {
  for (std::size_t c = p.first; c < p.first + std::size_t(p.columns); ++c) {
    if (p.kind == 'R') {
      double value = 0;  // nan is an answer: no value for this atom
      if (!parse_number(reader.words()[c], value)) value = reader.number(c, p.name);  // fails
      std::get<std::vector<double>>(label.values).push_back(value);
    } else if (p.kind == 'S')
      std::get<std::vector<std::string>>(label.values).emplace_back(reader.words()[c]);
    else if (p.kind == 'L')
      std::get<std::vector<std::int64_t>>(label.values)
          .push_back(std::strchr("Tt1", reader.words()[c][0]) != nullptr);
    else
      std::get<std::vector<std::int64_t>>(label.values).push_back(reader.integer(c, p.name));
  }
}

// Element of the species column; a bare number is a type if types are given, else an atomic number.
int species_of(const TextReader& reader, const StructureReadOptions& options, std::size_t column) {
  std::int64_t number = 0;
  if (!options.types.empty() && parse_integer(reader.words()[column], number))
    return element_of_type(reader, options, number);
  return reader.element(column);
}

// A column of atomic numbers beside the symbols must say the same.
void check_numbers(const TextReader& reader, const Columns& columns, int z) {
  for (const XyzProperty* p : columns.labels) {
    const std::string name = lower_case(p->name);
    if (p->kind != 'I' || p->columns != 1 ||
        (name != "z" && name != "numbers" && name != "atomic_numbers"))
      continue;
    if (const auto stated = reader.integer(p->first, p->name); stated != z)
      reader.fail("the column {} says {}, the symbol {} ({})", p->name, stated, symbol(z), z);
  }
}

// Numbers 1, 2, 3 in the place of symbols are the types of a simulation, not hydrogen, helium and
// lithium.
void refuse_bare_types(const TextReader& reader, const Atoms& atoms, bool all_numbers) {
  if (!all_numbers || atoms.numbers.empty()) return;
  const int largest = *std::max_element(atoms.numbers.begin(), atoms.numbers.end());
  if (largest <= 9)
    reader.fail(
        "the atoms have types 1 to {} instead of elements; name them, for example "
        "with @types Cu,Zr",
        largest);
}

void read_atoms(TextReader& reader, const StructureReadOptions& options, const XyzComment& comment,
                std::int64_t count, Atoms& atoms) {
  const Columns columns = find_columns(reader, comment.properties);
  std::vector<Label> labels;
  for (const XyzProperty* p : columns.labels) labels.push_back(empty_label(*p));
  const auto likely = std::min<std::int64_t>(count, std::int64_t(reader.size() / 6));
  atoms.numbers.reserve(std::size_t(likely));
  atoms.positions.reserve(std::size_t(likely));
  bool all_numbers = options.types.empty();
  for (std::int64_t i = 0; i < count; ++i) {
    reader.require(fmt::format("atom {} of {}", i + 1, count));
    const auto& words = reader.words();
    if (words.size() < columns.count || (comment.has_properties && words.size() > columns.count))
      reader.fail("atom {} of {} has {} columns, {} are expected", i + 1, count, words.size(),
                  columns.count);
    const auto s = columns.species->first, p = columns.position->first;
    std::int64_t number = 0;
    if (all_numbers && !(columns.species->kind == 'S' && parse_integer(words[s], number)))
      all_numbers = false;
    const int z = species_of(reader, options, s);
    check_numbers(reader, columns, z);
    atoms.add(z, {reader.number(p, "x"), reader.number(p + 1, "y"), reader.number(p + 2, "z")});
    for (std::size_t k = 0; k < labels.size(); ++k)
      add_label_values(reader, *columns.labels[k], labels[k]);
  }
  refuse_bare_types(reader, atoms, all_numbers);
  for (std::size_t k = 0; k < labels.size(); ++k) {
    const std::string& name = columns.labels[k]->name;
    const bool is_occupancy = name == "occ" || name == "occupancies" || name == "Occupancy";
    const auto* whole = std::get_if<std::vector<std::int64_t>>(&labels[k].values);
    if ((is_occupancy || name == "occupancy") && whole)
      labels[k].values = std::vector<double>(whole->begin(), whole->end());
    atoms.labels[is_occupancy ? "occupancy" : name] = std::move(labels[k]);
  }
}

std::int64_t atom_count(TextReader& reader) {
  const auto n = reader.integer(0, "the number of atoms");
  if (n < 1) reader.fail("the number of atoms is {}; at least 1 is expected", n);
  if (std::uint64_t(n) > reader.size())
    reader.fail("the number of atoms is {}, the file has {} bytes; is it cut short?", n,
                reader.size());
  return n;
}

// Count and comment in either order (FEMSIM writes models with the two lines swapped); `reader`
// stands on the first of them. Returns the count and leaves the reader before the first atom with
// the comment in `comment`.
std::int64_t read_head(TextReader& reader, XyzComment& comment, std::vector<double>& numbers) {
  const bool count_first = is_count(reader);
  std::int64_t count = count_first ? atom_count(reader) : 0;
  if (count_first) reader.require("the comment line");
  if (is_extended_comment(reader.line()))
    parse_extended_comment(reader, comment);
  else if (!parse_ipi_comment(reader, comment)) {
    refuse_other_units(reader);
    numbers = leading_numbers(reader);
  }
  if (!comment.has_properties) comment.properties = {{"species", 'S', 1, 0}, {"pos", 'R', 3, 1}};
  if (!count_first) {
    reader.require("the number of atoms");
    count = atom_count(reader);
  }
  return count;
}

}  // namespace

bool looks_like_xyz(TextReader reader) {
  if (!reader.next()) return false;
  const bool first = is_count(reader);
  if (!reader.next()) return first;
  if (first) return true;
  double x = 0;
  return is_count(reader) && reader.next() && reader.words().size() >= 4 &&
         parse_number(reader.words()[1], x);
}

FramePlaces xyz_frames(TextReader reader) {
  FramePlaces out;
  std::int64_t count = 0;
  for (auto place = reader.place(); reader.next(); place = reader.place()) {
    if (reader.words().empty() && !out.empty()) continue;
    if (is_count(reader)) {
      count = atom_count(reader);
      reader.skip(count + 1);
    } else if (out.empty()) {  // comment and count swapped
      reader.require("the number of atoms");
      count = atom_count(reader);
      reader.skip(count);
    } else {
      reader.fail("found {} after the {} atoms that the file announces; is the count wrong?",
                  excerpt(reader.line()), count);
    }
    out.push_back({place});
  }
  return out;
}

Atoms read_xyz(TextReader& reader, const FramePlace&, const StructureReadOptions& options) {
  reader.next();
  XyzComment comment;
  std::vector<double> numbers;
  const auto count = read_head(reader, comment, numbers);
  const TextReader at_head = reader;
  Atoms atoms;
  read_atoms(reader, options, comment, count, atoms);
  const bool plain = comment.vectors.isZero();
  box_from_numbers(at_head, numbers, atoms, options, comment);
  comment.vectors *= comment.unit;
  comment.origin *= comment.unit;
  for (auto& position : atoms.positions) position *= comment.unit;
  if (comment.vectors.isZero() && options.box) comment.vectors = options.box->asDiagonal();
  atoms.cell.vectors = comment.vectors;
  atoms.cell.periodic = comment.periodic;
  for (auto& [key, value] : comment.info) atoms.info[key] = value;
  for (auto& r : atoms.positions) r -= comment.origin;
  if (plain && !comment.vectors.isZero()) centre_to_corner(atoms.cell, atoms.positions);
  return atoms;
}

}  // namespace vitrobeam
