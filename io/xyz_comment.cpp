#include "io/xyz_comment.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

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

void parse_extended_comment(const TextReader& reader, XyzComment& comment) {
  for (auto& [key, value] : split_key_values(reader, reader.line())) {
    const std::string name = lower_case(key);
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

bool is_extended_comment(std::string_view line) {
  const std::string text = lower_case(std::string(line));
  return text.find("lattice=") != std::string::npos ||
         text.find("properties=") != std::string::npos;
}

}  // namespace vitrobeam
