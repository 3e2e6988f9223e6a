// XYZ files: plain, and extended (Lattice="..." Properties=species:S:1:pos:R:3:... in the comment
// line).

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <set>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

struct Property {
  std::string name;
  char kind;  // R, I, S or L
  int columns;
  std::size_t first;  // column of the line
};

struct Comment {
  KeyValues info;
  std::vector<Property> properties;
  Eigen::Matrix3d vectors = Eigen::Matrix3d::Zero();
  std::array<bool, 3> periodic = {true, true, true};
  Vector3d origin = Vector3d::Zero();
  bool has_properties = false;
};

bool is_count(const TextReader& reader) {
  std::int64_t n = 0;
  return reader.words().size() == 1 && parse_integer(reader.words()[0], n);
}

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)); }

// key=value key="quoted value" key={braced} flag
KeyValues split_key_values(const TextReader& reader, std::string_view line) {
  KeyValues out;
  std::size_t i = 0;
  const auto skip_blanks = [&] {
    while (i < line.size() && is_blank(line[i])) ++i;
  };
  const auto take = [&](bool is_value) {
    std::string text;
    const char open = i < line.size() ? line[i] : ' ';
    const char close = open == '"' || open == '\'' ? open : open == '{' && is_value ? '}' : '\0';
    if (!close) {
      while (i < line.size() && !is_blank(line[i]) && (is_value || line[i] != '='))
        text += line[i++];
      return text;
    }
    for (++i; i < line.size() && line[i] != close; ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) ++i;
      text += line[i];
    }
    if (i == line.size())
      reader.fail("the quotation that begins with {} is not closed", excerpt(text));
    ++i;
    return text;
  };
  for (skip_blanks(); i < line.size(); skip_blanks()) {
    std::string key = take(false);
    const auto after_key = i;
    skip_blanks();
    if (i < line.size() && line[i] == '=') {
      ++i;
      skip_blanks();
      out.emplace_back(key, take(true));
    } else {
      i = after_key;
      out.emplace_back(key, "T");
    }
  }
  return out;
}

std::vector<std::string> split(const std::string& text, const char* separators) {
  std::vector<std::string> out;
  for (std::size_t i = 0; (i = text.find_first_not_of(separators, i)) != std::string::npos;) {
    const auto end = std::min(text.find_first_of(separators, i), text.size());
    out.push_back(text.substr(i, end - i));
    i = end;
  }
  return out;
}

std::vector<double> numbers_of(const TextReader& reader, const std::string& key,
                               const std::string& text, std::size_t count) {
  std::vector<double> out;
  for (const auto& word : split(text, " ,\t[]")) {
    double value = 0;
    if (!parse_number(word, value) || !std::isfinite(value))
      reader.fail("{} holds {}, a finite number is expected", key, excerpt(word));
    out.push_back(value);
  }
  if (out.size() != count)
    reader.fail("{} holds {} numbers, {} are expected", key, out.size(), count);
  return out;
}

std::vector<Property> parse_properties(const TextReader& reader, const std::string& text) {
  const auto words = split(text, ":");
  std::vector<Property> out;
  std::size_t column = 0;
  if (words.size() % 3 != 0 || words.empty())
    reader.fail("Properties={} is not a list of name:kind:columns", excerpt(text));
  for (std::size_t i = 0; i < words.size(); i += 3) {
    std::int64_t columns = 0;
    if (words[i + 1].size() != 1 || !std::strchr("RISL", words[i + 1][0]))
      reader.fail("property {} has the kind {}; R, I, S or L is expected", words[i],
                  excerpt(words[i + 1]));
    if (!parse_integer(words[i + 2], columns) || columns < 1 || columns > 1000)
      reader.fail("property {} has {} columns; a number from 1 is expected", words[i],
                  excerpt(words[i + 2]));
    out.push_back({words[i], words[i + 1][0], int(columns), column});
    column += std::size_t(columns);
  }
  return out;
}

void parse_extended(const TextReader& reader, Comment& comment) {
  for (auto& [key, value] : split_key_values(reader, reader.line())) {
    const std::string name = lower(key);
    if (name == "lattice") {
      const auto v = numbers_of(reader, key, value, 9);
      for (int i = 0; i < 9; ++i) comment.vectors(i / 3, i % 3) = v[std::size_t(i)];
      if (!(std::abs(comment.vectors.determinant()) > 1e-6))
        reader.fail("Lattice={} spans no volume", excerpt(value));
    } else if (name == "properties") {
      comment.properties = parse_properties(reader, value);
      comment.has_properties = true;
    } else if (name == "pbc") {
      const auto words = split(value, " ,\t[]");
      if (words.size() != 3) reader.fail("pbc={}: three of T or F are expected", excerpt(value));
      for (std::size_t k = 0; k < 3; ++k)
        comment.periodic[k] = words[k][0] == 'T' || words[k][0] == 't' || words[k][0] == '1';
    } else if (name == "origin") {
      const auto v = numbers_of(reader, key, value, 3);
      comment.origin = Vector3d(v[0], v[1], v[2]);
    } else {
      comment.info.emplace_back(std::move(key), std::move(value));
    }
  }
}

bool is_extended(std::string_view line) {
  const std::string text = lower(std::string(line));
  return text.find("lattice=") != std::string::npos ||
         text.find("properties=") != std::string::npos;
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

Eigen::Matrix3d vectors_of_angles(const std::vector<double>& v) {
  constexpr double kDegree = 3.14159265358979323846 / 180;
  const double ca = std::cos(v[3] * kDegree), cb = std::cos(v[4] * kDegree);
  const double cg = std::cos(v[5] * kDegree), sg = std::sin(v[5] * kDegree);
  const double cy = (ca - cb * cg) / sg;
  Eigen::Matrix3d m;
  m << v[0], 0, 0, v[1] * cg, v[1] * sg, 0, v[2] * cb, v[2] * cy,
      v[2] * std::sqrt(std::max(0.0, 1 - cb * cb - cy * cy));
  return m;
}

// The box of a plain XYZ file from the numbers in its comment: three edges; or six numbers, the
// bounds lo hi of x, y, z if the atoms lie between them, else edges and angles. None or other
// counts: no box.
void box_from_numbers(const TextReader& reader, const std::vector<double>& v, const Atoms& atoms,
                      Comment& comment) {
  if (v.size() == 3) {
    if (!(*std::min_element(v.begin(), v.end()) > 0))
      reader.fail("the box {:g} {:g} {:g} of the comment line needs three positive edges", v[0],
                  v[1], v[2]);
    comment.vectors = Vector3d(v[0], v[1], v[2]).asDiagonal();
  } else if (v.size() == 6) {
    const Vector3d lo(v[0], v[2], v[4]), hi(v[1], v[3], v[5]);
    const auto inside = [&](const Vector3d& r) {
      return ((r - lo).array() >= -1e-3).all() && ((hi - r).array() >= -1e-3).all();
    };
    if (((hi - lo).array() > 0).all() &&
        std::all_of(atoms.positions.begin(), atoms.positions.end(), inside)) {
      comment.vectors = (hi - lo).asDiagonal();
      comment.origin = lo;
    } else if (v[0] > 0 && v[1] > 0 && v[2] > 0 && *std::min_element(v.begin() + 3, v.end()) > 20 &&
               *std::max_element(v.begin() + 3, v.end()) < 160) {
      comment.vectors = vectors_of_angles(v);
    } else {
      reader.fail(
          "the six numbers of the comment line are neither bounds (xlo xhi ylo yhi zlo zhi) "
          "that hold the atoms nor a cell (a b c alpha beta gamma)");
    }
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
  const Property* species = nullptr;
  const Property* position = nullptr;
  std::vector<const Property*> labels;
  std::size_t count = 0;
};

Columns find_columns(const TextReader& reader, const std::vector<Property>& properties) {
  Columns out;
  std::set<std::string> seen;
  for (const Property& p : properties) {
    if (!seen.insert(p.name).second) reader.fail("property {} occurs twice", excerpt(p.name));
    const std::string name = lower(p.name);
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

Label empty_label(const Property& p) {
  Label label;
  label.columns = p.columns;
  if (p.kind == 'R') label.values = std::vector<double>();
  if (p.kind == 'S') label.values = std::vector<std::string>();
  return label;
}

void add_label_values(const TextReader& reader, const Property& p, Label& label) {
  for (std::size_t c = p.first; c < p.first + std::size_t(p.columns); ++c) {
    if (p.kind == 'R')
      std::get<std::vector<double>>(label.values).push_back(reader.number(c, p.name));
    else if (p.kind == 'S')
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

// Numbers 1, 2, 3 in the place of symbols are the types of a simulation, not hydrogen, helium and
// lithium.
void refuse_bare_types(const TextReader& reader, const Atoms& atoms, bool all_numbers) {
  if (!all_numbers || atoms.numbers.empty()) return;
  const int largest = *std::max_element(atoms.numbers.begin(), atoms.numbers.end());
  if (largest <= 9)
    reader.fail(
        "the atoms have types 1 to {} instead of elements; say which they are, for example "
        "with --types Cu,Zr",
        largest);
}

void read_atoms(TextReader& reader, const StructureReadOptions& options, const Comment& comment,
                std::int64_t count, Atoms& atoms) {
  const Columns columns = find_columns(reader, comment.properties);
  std::vector<Label> labels;
  for (const Property* p : columns.labels) labels.push_back(empty_label(*p));
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
    atoms.add(z, {reader.number(p, "x"), reader.number(p + 1, "y"), reader.number(p + 2, "z")});
    for (std::size_t k = 0; k < labels.size(); ++k)
      add_label_values(reader, *columns.labels[k], labels[k]);
  }
  refuse_bare_types(reader, atoms, all_numbers);
  for (std::size_t k = 0; k < labels.size(); ++k)
    atoms.labels[columns.labels[k]->name] = std::move(labels[k]);
}

std::int64_t atom_count(TextReader& reader) {
  const auto n = reader.integer(0, "the number of atoms");
  if (n < 1) reader.fail("the number of atoms is {}; at least 1 is expected", n);
  return n;
}

// Count and comment in either order (FEMSIM writes models with the two lines swapped); `reader`
// stands on the first of them. Returns the count and leaves the reader before the first atom with
// the comment in `comment`.
std::int64_t read_head(TextReader& reader, Comment& comment, std::vector<double>& numbers) {
  const bool count_first = is_count(reader);
  std::int64_t count = count_first ? atom_count(reader) : 0;
  if (count_first) reader.require("the comment line");
  if (is_extended(reader.line()))
    parse_extended(reader, comment);
  else
    numbers = leading_numbers(reader);
  if (!comment.has_properties) comment.properties = {{"species", 'S', 1, 0}, {"pos", 'R', 3, 1}};
  if (!count_first) {
    reader.require("the number of atoms");
    count = atom_count(reader);
  }
  return count;
}

std::vector<TextReader::Place> frame_places(TextReader reader) {
  std::vector<TextReader::Place> out;
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
    out.push_back(place);
  }
  return out;
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

Atoms read_xyz(TextReader& reader, const StructureReadOptions& options) {
  const auto places = frame_places(reader);
  reader.go_to(places[chosen_frame(reader, options, places.size())]);
  reader.next();
  Comment comment;
  std::vector<double> numbers;
  const auto count = read_head(reader, comment, numbers);
  const TextReader at_head = reader;
  Atoms atoms;
  read_atoms(reader, options, comment, count, atoms);
  const bool plain = comment.vectors.isZero();
  box_from_numbers(at_head, numbers, atoms, comment);
  if (comment.vectors.isZero() && options.box) comment.vectors = options.box->asDiagonal();
  atoms.cell.vectors = comment.vectors;
  atoms.cell.periodic = comment.periodic;
  for (auto& [key, value] : comment.info) atoms.info[key] = value;
  for (auto& r : atoms.positions) r -= comment.origin;
  if (plain && !comment.vectors.isZero()) centre_to_corner(atoms.cell, atoms.positions);
  return atoms;
}

}  // namespace vitrobeam
