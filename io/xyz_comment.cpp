#include "io/xyz_comment.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <map>
#include <regex>

namespace vitrobeam {
namespace {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

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

std::vector<XyzProperty> parse_properties(const TextReader& reader, const std::string& text) {
  const auto words = split(text, ":");
  std::vector<XyzProperty> out;
  std::size_t column = 0;
  if (words.size() % 3 != 0 || words.empty())
    reader.fail("Properties={} is not a list of name:kind:columns", excerpt(text));
  for (std::size_t i = 0; i < words.size(); i += 3) {
    std::int64_t columns = 0;
    if (words[i + 1].size() != 1 ||
        std::string_view("RISL").find(words[i + 1][0]) == std::string_view::npos)
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

}  // namespace

std::string lower_case(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

namespace {

// Units of energies, and LAMMPS's names of sets of units whose lengths are in Angstrom.
bool is_no_length(const std::string& value) {
  const std::string word = lower_case(value);
  for (const char* other : {"metal", "real", "ev", "ev/a", "ev/ang", "ev/angstrom", "hartree", "ha",
                            "ry", "kcal/mol", "kj/mol", "k", "gpa"})
    if (word == other) return true;
  return false;
}

// Angstrom per unit of length that a comment names.
double stated_length_unit(const TextReader& reader, std::string_view text) {
  constexpr double kBohr = 0.529177210903;
  static const std::pair<const char*, double> kUnits[] = {
      {"angstrom", 1},        {"angstroms", 1},    {"ang", 1},          {"a", 1},
      {"\xC3\x85", 1},        {"\xE2\x84\xAB", 1}, {"nm", 10},          {"nanometer", 10},
      {"nanometre", 10},      {"pm", 0.01},        {"picometer", 0.01}, {"bohr", kBohr},
      {"b", kBohr},           {"au", kBohr},       {"a.u.", kBohr},     {"atomic_unit", kBohr},
      {"atomic_units", kBohr}};
  const std::string word = lower_case(std::string(text));
  for (const auto& [name, unit] : kUnits)
    if (word == name) return unit;
  reader.fail("the comment line gives lengths in {}, which is no known unit; Angstrom is expected",
              excerpt(text));
}

bool is_periodic(const TextReader& reader, const std::string& text) {
  const std::string word = lower_case(text);
  for (const char* yes : {"t", "true", "1"})
    if (word == yes) return true;
  for (const char* no : {"f", "false", "0"})
    if (word == no) return false;
  reader.fail("pbc holds {}; T or F is expected for each axis", excerpt(text));
}

}  // namespace

void parse_extended_comment(const TextReader& reader, XyzComment& comment) {
  std::map<std::string, std::string> seen;
  for (auto& [key, value] : split_key_values(reader, reader.line())) {
    const std::string name = lower_case(key);
    const bool is_ours =
        name == "lattice" || name == "properties" || name == "pbc" || name == "origin";
    if (const auto [first, is_new] = seen.emplace(name, value);
        is_ours && !is_new && first->second != value)
      reader.fail("the comment line says {} twice: {} and {}", key, excerpt(first->second),
                  excerpt(value));
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
      for (std::size_t k = 0; k < 3; ++k) comment.periodic[k] = is_periodic(reader, words[k]);
    } else if (name == "origin") {
      const auto v = numbers_of(reader, key, value, 3);
      comment.origin = Vector3d(v[0], v[1], v[2]);
    } else {
      const bool says_length = name == "length_unit" || name == "length_units",
                 may_say_length = name == "units" || name == "unit";
      if (says_length || (may_say_length && !is_no_length(value)))
        comment.unit = stated_length_unit(reader, value);
      comment.info.emplace_back(std::move(key), std::move(value));
    }
  }
}

// A word "lattice" or "properties", in any case, before an equals sign.
bool is_extended_comment(std::string_view line) {
  const auto is_of_word = [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  };
  const std::string text = lower_case(std::string(line));
  for (const std::string_view key : {"lattice", "properties"})
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      if (at > 0 && is_of_word(text[at - 1])) continue;
      const auto next = text.find_first_not_of(" \t\r\f\v", at + key.size());
      if (next != std::string::npos && text[next] == '=') return true;
    }
  return false;
}

namespace {

// The beginning of a line, for regular expressions: std::regex recurses with the length of what it
// matches.
std::string beginning(std::string_view line) {
  constexpr std::size_t kLongest = 1000;
  return std::string(line.substr(0, kLongest));
}

}  // namespace

bool parse_ipi_comment(const TextReader& reader, XyzComment& comment) {
  const std::string line = beginning(reader.line());
  static const std::regex cell("CELL\\(abcABC\\):((?:\\s+[-+.0-9eE]+){6})");
  static const std::regex unit("(positions|cell)\\{(\\w+)\\}");
  std::smatch found;
  if (!std::regex_search(line, found, cell)) return false;
  std::vector<double> v;
  for (const auto& word : split(found[1], " \t")) {
    double value = 0;
    if (!parse_number(word, value) || !(value > 0))
      reader.fail("CELL(abcABC) holds {}; six positive numbers are expected", excerpt(word));
    v.push_back(value);
  }
  double cell_unit = 1;
  for (std::sregex_iterator it(line.begin(), line.end(), unit), end; it != end; ++it)
    ((*it)[1] == "cell" ? cell_unit : comment.unit) = stated_length_unit(reader, (*it)[2].str());
  for (std::size_t k = 0; k < 3; ++k) v[k] *= cell_unit / comment.unit;
  comment.vectors = vectors_of_angles(v);
  return true;
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

// Words of a comment without keys that name another unit of length than Angstrom. Atomic units and
// nanometres may be those of an energy or a size.
void refuse_other_units(const TextReader& reader) {
  static const std::regex bohr("\\b(bohrs?)\\b", std::regex::icase);
  static const std::regex other(
      "\\b(?:in|units?|coordinates?|positions?)\\b[\\s:=\\[(]*"
      "(a\\.u\\.|atomic units?|nanomet(?:er|re)s?|nm|picomet(?:er|re)s?|pm)(?!\\w)",
      std::regex::icase);
  static const std::regex energy("energ|hartree|\\bE\\s*=", std::regex::icase);
  const std::string line = beginning(reader.line());
  std::smatch found;
  if (!std::regex_search(line, found, bohr) &&
      (std::regex_search(line, energy) || !std::regex_search(line, found, other)))
    return;
  reader.fail(
      "the comment line speaks of {}; positions in Angstrom are expected: convert them, or take "
      "the word away if they are",
      excerpt(found[1].str()));
}

}  // namespace vitrobeam
