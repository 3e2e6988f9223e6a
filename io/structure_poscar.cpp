// POSCAR, CONTCAR and XDATCAR of VASP: title, scale, three edges, elements, counts, positions.
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numeric>

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
  return element_of_symbol(word.substr(0, word.find_first_of("_/")));
}

bool is_comment(std::string_view word) { return word[0] == '!' || word[0] == '#'; }

// "Direct configuration=     1": a frame of XDATCAR.
bool is_configuration(const TextReader& reader) {
  const auto& w = reader.words();
  return w.size() >= 2 && w[1].substr(0, 13) == "configuration";
}

// The elements of a line if every word is one; else none.
std::vector<int> elements_of_line(const TextReader& reader) {
  std::vector<int> out;
  for (auto word : reader.words()) {
    if (is_comment(word)) break;
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
  if (starts_with_numbers(reader, 3)) {
    const Vector3d scale(first, reader.number(1, "the scale"), reader.number(2, "the scale"));
    if (!(scale.minCoeff() > 0)) reader.fail("three scales must be positive");
    return scale;
  }
  if (starts_with_numbers(reader, 2))
    reader.fail("found {}; one scale or three are expected", excerpt(reader.line()));
  if (first == 0) reader.fail("the scale is 0; a factor, or minus the volume, is expected");
  return Vector3d::Constant(first);
}

std::vector<std::int64_t> read_counts(const TextReader& reader) {
  std::vector<std::int64_t> out;
  for (std::size_t k = 0; k < reader.words().size(); ++k) {
    if (is_comment(reader.words()[k])) break;
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
  reader.fail("there are {} numbers of atoms but {} elements; give them with @types Cu,Zr", kinds,
              options.types.empty() ? named.size() : options.types.size());
}

// The symbols that some programs write behind the positions must be those of the head.
void check_symbol(const TextReader& reader, int element) {
  const auto& w = reader.words();
  const std::size_t at = w.size() >= 6 && (w[3] == "T" || w[3] == "F") ? 6 : 3;
  if (w.size() <= at) return;
  const int stated = element_of_symbol(w[at]);
  if (stated > 0 && stated != element)
    reader.fail("the head makes this atom {}, behind its position stands {}", symbol(element),
                w[at]);
}

// The elements of a file that names none in its head, from the symbols behind the positions.
std::vector<int> symbols_of_rows(TextReader reader, const std::vector<std::int64_t>& counts) {
  std::vector<int> out;
  if (!reader.next()) return {};
  if (!reader.words().empty() && std::toupper(reader.words()[0][0]) == 'S') reader.next();
  for (const std::int64_t count : counts)
    for (std::int64_t i = 0; i < count; ++i) {
      if (!reader.next()) return {};
      const auto& w = reader.words();
      const std::size_t at = w.size() >= 6 && (w[3] == "T" || w[3] == "F") ? 6 : 3;
      const int z = w.size() > at ? element_of_symbol(w[at]) : 0;
      if (z == 0) return {};
      if (i == 0) out.push_back(z);
    }
  return out;
}

// What stands before the positions.
struct Head {
  Eigen::Matrix3d edges;
  Vector3d scale;
  std::vector<int> elements;
  std::vector<std::int64_t> counts;
  std::int64_t atoms() const { return std::accumulate(counts.begin(), counts.end(), 0L); }
};

Head read_head(TextReader& reader, const StructureReadOptions& options) {
  Head head;
  reader.require("a title");
  const std::vector<int> title = elements_of_line(reader);
  reader.require("the scale");
  head.scale = read_scale(reader);
  for (int k = 0; k < 3; ++k) {
    reader.require("an edge of the cell");
    for (std::size_t c = 0; c < 3; ++c)
      head.edges(k, int(c)) = reader.number(c, "a component of an edge");
  }
  if (head.scale.x() < 0)
    head.scale.setConstant(std::cbrt(-head.scale.x() / std::abs(head.edges.determinant())));
  head.edges *= head.scale.asDiagonal();
  reader.require("the elements");
  std::vector<int> named;
  if (!is_counts(reader)) {
    named = elements_of_line(reader);
    if (named.empty() && options.types.empty())
      reader.fail("{} names no elements; give them with @types Cu,Zr", excerpt(reader.line()));
    reader.require("the numbers of atoms");
  }
  head.counts = read_counts(reader);
  if (named.empty() && title.size() != head.counts.size())
    named = symbols_of_rows(reader, head.counts);
  head.elements = settle_elements(reader, options, named, title, head.counts.size());
  return head;
}

// Direct or Cartesian; VASP looks at the first letter and takes everything else for Direct, a unit
// among it.
bool is_cartesian(const TextReader& reader) {
  if (reader.words().empty()) return false;
  const char kind = char(std::toupper(reader.words()[0][0]));
  if (kind != 'C' && kind != 'K' && kind != 'D')
    reader.fail("Direct or Cartesian is expected, found {}", excerpt(reader.line()));
  return kind == 'C' || kind == 'K';
}

// In a trajectory the next configuration, or its header, follows the last atom.
void check_next_frame(TextReader reader, const Head& head) {
  if (reader.next_filled() && reader.words().size() == 3 && starts_with_numbers(reader, 3))
    reader.fail("found {} after the {} atoms that the head announces; are the numbers wrong?",
                excerpt(reader.line()), head.atoms());
}

// Behind the last atom stand at most velocities and the state of a thermostat, and an empty line
// before them.
void look_behind(TextReader reader, const Head& head, const StructureReadOptions& options) {
  double value = 0;
  if (!reader.next()) return;
  if (is_configuration(reader)) return;
  if (reader.words().size() >= 3 && parse_number(reader.words()[0], value))
    reader.fail("found {} after the {} atoms that the head announces; are the numbers wrong?",
                excerpt(reader.line()), head.atoms());
  const bool names_velocities = !reader.words().empty();
  if (!reader.words().empty() && std::toupper(reader.words()[0][0]) != 'L' &&
      std::toupper(reader.words()[0][0]) != 'C' && std::toupper(reader.words()[0][0]) != 'D')
    return note(options, "{}: the text behind the last atom, from line {}, is not read ({})",
                reader.name(), reader.place().line, excerpt(reader.line()));
  if (names_velocities || !reader.next_filled()) return;
  TextReader lines = reader;
  std::int64_t rows = 0;
  do {
    if (lines.words().size() != 3 || !starts_with_numbers(lines, 3)) break;
    ++rows;
  } while (lines.next());
  if (rows != head.atoms())  // as many rows are velocities
    note(options, "{}: the text behind the last atom, from line {}, is not read ({})",
         reader.name(), reader.place().line, excerpt(reader.line()));
}

}  // namespace

bool looks_like_poscar(TextReader reader) {
  if (!reader.next() || !reader.next() || !starts_with_numbers(reader, 1)) return false;
  for (int k = 0; k < 3; ++k)
    if (!reader.next() || !starts_with_numbers(reader, 3)) return false;
  if (!reader.next()) return false;
  if (!is_counts(reader) && (reader.words().empty() || !reader.next() || !is_counts(reader)))
    return false;
  while (reader.next())  // no coordinates yet: a line of words
    if (!reader.words().empty())
      return std::isalpha(static_cast<unsigned char>(reader.words()[0][0])) != 0;
  return false;
}

// XDATCAR: the header stands once, or before every configuration where the cell changes. A file
// without configurations is POSCAR.
FramePlaces poscar_frames(TextReader reader) {
  constexpr int kHead = 7;  // lines
  FramePlaces out;
  TextReader::Place header = reader.place();
  std::vector<TextReader::Place> last;  // where the last lines begin, at most the header's
  for (auto before = reader.place(); reader.next(); before = reader.place()) {
    if (!is_configuration(reader)) {
      last.push_back(before);
      if (last.size() > kHead) last.erase(last.begin());
      continue;
    }
    if (last.size() == kHead && !out.empty()) {  // a header of its own, if it is one
      TextReader own = reader;
      own.go_to(last.front());
      if (looks_like_poscar(own)) header = last.front();
    }
    out.push_back({before, header, out.size()});
    last.clear();
  }
  return out.empty() ? FramePlaces{{header, header}} : out;
}

Atoms read_poscar(TextReader& reader, const FramePlace& place,
                  const StructureReadOptions& options) {
  reader.go_to(place.header);
  const Head head = read_head(reader, options);
  const bool is_trajectory = place.start.offset != place.header.offset;
  if (is_trajectory) reader.go_to(place.start);
  reader.require("Direct or Cartesian");
  if (!reader.words().empty() && std::toupper(reader.words()[0][0]) == 'S')  // selective dynamics
    reader.require("Direct or Cartesian");
  const bool cartesian = is_cartesian(reader);
  Atoms atoms;
  atoms.cell.vectors = head.edges;
  for (std::size_t k = 0; k < head.counts.size(); ++k)
    for (std::int64_t i = 0; i < head.counts[k]; ++i) {
      reader.require(fmt::format("atom {} of {} of element {}", i + 1, head.counts[k],
                                 symbol(head.elements[k])));
      const Vector3d r(reader.number(0, "x"), reader.number(1, "y"), reader.number(2, "z"));
      if (options.types.empty()) check_symbol(reader, head.elements[k]);
      atoms.add(head.elements[k], cartesian ? Vector3d(head.scale.cwiseProduct(r))
                                            : Vector3d(head.edges.transpose() * r));
    }
  if (is_trajectory)
    check_next_frame(reader, head);
  else
    look_behind(reader, head, options);
  return atoms;
}

}  // namespace vitrobeam
