// POSCAR and CONTCAR files of VASP: title, scale, three edges, elements, counts, positions.
#include <algorithm>
#include <cmath>

#include "io/structure_formats.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

bool starts_with_numbers(const TextReader& reader, std::size_t count) {
  const auto& w = reader.words();
  double value = 0;
  return w.size() >= count && std::all_of(w.begin(), w.begin() + std::ptrdiff_t(count),
                                          [&](auto word) { return parse_number(word, value); });
}

bool is_counts(const TextReader& reader) {
  std::int64_t n = 0;
  return !reader.words().empty() && parse_integer(reader.words()[0], n);
}

// "Cu_sv" and "Cu/0a1b2c" name potentials: the element is what stands before.
int element_of_name(std::string_view word) {
  return atomic_number(word.substr(0, word.find_first_of("_/")));
}

// The elements of a line if every word is one; else none.
std::vector<int> elements_of_line(const TextReader& reader) {
  std::vector<int> out;
  for (auto word : reader.words()) {
    if (word[0] == '!' || word[0] == '#') break;
    std::int64_t number = 0;
    const int z = parse_integer(word, number) ? 0 : element_of_name(word);
    if (z == 0) return {};
    out.push_back(z);
  }
  return out;
}

// One positive factor, three of them, or minus the volume of the cell.
Vector3d read_scale(const TextReader& reader) {
  const double first = reader.number(0, "the scale");
  double value = 0;
  if (reader.words().size() >= 3 && parse_number(reader.words()[1], value) &&
      parse_number(reader.words()[2], value)) {
    const Vector3d scale(first, reader.number(1, "the scale"), reader.number(2, "the scale"));
    if (!(scale.minCoeff() > 0)) reader.fail("three scales must be positive");
    return scale;
  }
  if (first == 0) reader.fail("the scale is 0; a factor, or minus the volume, is expected");
  return Vector3d::Constant(first);
}

std::vector<std::int64_t> read_counts(const TextReader& reader) {
  std::vector<std::int64_t> out;
  for (std::size_t k = 0; k < reader.words().size(); ++k) {
    if (reader.words()[k][0] == '!' || reader.words()[k][0] == '#') break;
    out.push_back(reader.integer(k, "a number of atoms"));
    if (out.back() < 0) reader.fail("{} atoms; at least 0 are expected", out.back());
  }
  return out;
}

// --types wins, then the line of elements, then a title that consists of elements (VASP 4).
std::vector<int> settle_elements(const TextReader& reader, const StructureReadOptions& options,
                                 const std::vector<int>& named, const std::vector<int>& title,
                                 std::size_t kinds) {
  for (const auto* list : {&options.types, &named, &title})
    if (list->size() == kinds) return *list;
  reader.fail("there are {} numbers of atoms but {} elements; say them with --types Cu,Zr", kinds,
              options.types.empty() ? named.size() : options.types.size());
}

}  // namespace

bool looks_like_poscar(TextReader reader) {
  if (!reader.next() || !reader.next()) return false;
  if (reader.words().size() > 3 || !starts_with_numbers(reader, 1)) return false;
  for (int k = 0; k < 3; ++k)
    if (!reader.next() || !starts_with_numbers(reader, 3)) return false;
  if (!reader.next()) return false;
  if (!is_counts(reader) && (reader.words().empty() || !reader.next() || !is_counts(reader)))
    return false;
  while (reader.next())  // no coordinates yet: a line of words
    if (!reader.words().empty())
      return std::isalpha(static_cast<unsigned char>(reader.words()[0][0]));
  return false;
}

Atoms read_poscar(TextReader& reader, const StructureReadOptions& options) {
  reader.require("a title");
  const std::vector<int> title = elements_of_line(reader);
  reader.require("the scale");
  Vector3d scale = read_scale(reader);
  Atoms atoms;
  for (int k = 0; k < 3; ++k) {
    reader.require("an edge of the cell");
    for (std::size_t c = 0; c < 3; ++c)
      atoms.cell.vectors(k, int(c)) = reader.number(c, "a component of an edge");
  }
  if (scale.x() < 0) scale.setConstant(std::cbrt(-scale.x() / atoms.cell.volume()));
  atoms.cell.vectors *= scale.asDiagonal();
  reader.require("the elements");
  std::vector<int> named;
  if (!is_counts(reader)) {
    named = elements_of_line(reader);
    reader.require("the numbers of atoms");
  }
  const auto counts = read_counts(reader);
  const auto elements = settle_elements(reader, options, named, title, counts.size());
  reader.require("Direct or Cartesian");
  if (!reader.words().empty() && std::toupper(reader.words()[0][0]) == 'S')  // selective dynamics
    reader.require("Direct or Cartesian");
  const char kind = reader.words().empty() ? 'D' : char(std::toupper(reader.words()[0][0]));
  const bool cartesian = kind == 'C' || kind == 'K';
  for (std::size_t k = 0; k < counts.size(); ++k)
    for (std::int64_t i = 0; i < counts[k]; ++i) {
      reader.require(
          fmt::format("atom {} of {} of element {}", i + 1, counts[k], symbol(elements[k])));
      const Vector3d r(reader.number(0, "x"), reader.number(1, "y"), reader.number(2, "z"));
      atoms.add(elements[k], cartesian ? Vector3d(scale.cwiseProduct(r))
                                       : Vector3d(atoms.cell.vectors.transpose() * r));
    }
  return atoms;
}

}  // namespace vitrobeam
