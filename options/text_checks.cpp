#include "options/text_checks.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"
#include "options/version.hpp"

namespace vitrobeam {
namespace {

// What a layer below says of a text, which does not know the option.
template <typename Read>
TextCheck named(Read read) {
  return [read](const std::string& text, const std::string& name) {
    try {
      read(text);
    } catch (const Error& e) {
      fail(Fault::usage, "--{} {}: {}", name, text, e.what());
    }
  };
}

// A symbol; what reads elements elsewhere takes atomic numbers as well.
bool is_symbol(const std::string& word) {
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
         atomic_number(word) != 0;
}

void check_name(const std::string& word, const std::vector<std::string>& known,
                const std::string& name) {
  if (std::find(known.begin(), known.end(), word) == known.end())
    fail(Fault::usage, "--{} '{}': known are {}; did you mean '{}'?", name, word,
         fmt::join(known, ", "), nearest(word, known));
}

}  // namespace

TextCheck a_pair(const std::string& unit) {
  return [unit](const auto& text, const auto& name) { parse_pair(text, unit, name); };
}

TextCheck a_vector(const std::string& unit) {
  return [unit](const auto& text, const auto& name) { parse_vector(text, unit, name); };
}

TextCheck a_direction() {
  return [](const auto& text, const auto& name) {
    if (!(parse_vector(text, "", name).norm() > 0))
      fail(Fault::usage, "--{} {}: must not be zero", name, text);
  };
}

TextCheck a_band(const std::string& unit) {
  return [unit](const auto& text, const auto& name) { parse_band(text, unit, name); };
}

TextCheck a_size() {
  return [](const auto& text, const auto& name) { parse_size(text, name); };
}

TextCheck a_box() {
  return [](const auto& text, const auto& name) { parse_box(text, name); };
}

TextCheck numbers_in(const std::string& unit, Limits range) {
  return [=](const auto& text, const auto& name) { parse_numbers(text, unit, range, name); };
}

TextCheck numbers_in(const std::string& unit) { return numbers_in(unit, unit_range(unit)); }

TextCheck whole_numbers(int low, int high) {
  return [=](const auto& text, const auto& name) { parse_whole_numbers(text, low, high, name); };
}

TextCheck names_of(const std::vector<std::string>& known) {
  return [known](const auto& text, const auto& name) {
    auto words = split(text, ',');
    for (const auto& word : words) check_name(word, known, name);
    std::sort(words.begin(), words.end());
    const auto twice = std::adjacent_find(words.begin(), words.end());
    if (twice != words.end()) fail(Fault::usage, "--{} {}: {} is given twice", name, text, *twice);
  };
}

TextCheck one_name_of(const std::vector<std::string>& known) {
  return [known](const auto& text, const auto& name) { check_name(text, known, name); };
}

TextCheck elements() {
  return [](const auto& text, const auto& name) {
    for (const auto& word : split(text, ',')) an_element()(word, name);
  };
}

TextCheck an_element() {
  return [](const auto& text, const auto& name) {
    if (!is_symbol(text))
      fail(Fault::usage, "--{} '{}': is no element; expected a symbol such as Cu", name, text);
  };
}

TextCheck a_composition() {
  return named([](const std::string& text) { parse_composition(text); });
}

TextCheck displacements(bool may_be_model) {
  return [may_be_model](const std::string& text, const std::string& name) {
    if (may_be_model && text == "model") return;
    for (const auto& item : split(text, ',')) {
      const auto parts = split(item, '=');
      if (text.find('=') != std::string::npos && (parts.size() != 2 || !is_symbol(parts[0])))
        fail(Fault::usage, "--{} '{}': expected SYMBOL=ANGSTROM, for example Cu=0.08", name, item);
      const double u = parse_quantity(parts.back(), "Angstrom", name);
      if (u < 0 || u > 2) fail(Fault::usage, "--{} {:g}: expected 0 to 2 Angstrom", name, u);
    }
  };
}

TextCheck a_rectangle() {
  return [](const std::string& text, const std::string& name) {
    if (text == "all") return;
    std::vector<std::size_t> v;
    for (const auto& part : split(text, ',')) {
      std::size_t number = 0;
      const char* const end = part.data() + part.size();
      if (const auto r = std::from_chars(part.data(), end, number);
          r.ec == std::errc() && r.ptr == end)
        v.push_back(number);
    }
    if (split(text, ',').size() != 4 || v.size() != 4 || v[2] < v[0] || v[3] < v[1])
      fail(Fault::usage, "--{} {}: expected all, or R1,C1,R2,C2 with R1 <= R2 and C1 <= C2", name,
           text);
  };
}

TextCheck raw_samples() {
  return [](const std::string& text, const std::string& name) {
    const auto colon = text.find(':'), plus = text.find('+', colon);
    const bool is_whole = colon != std::string::npos && colon > 0 &&
                          split(text.substr(colon + 1, plus - colon - 1), 'x').size() == 2;
    if (!is_whole)
      fail(Fault::usage,
           "--{} '{}': expected TYPE:COLUMNSxROWS[+OFFSET], for example uint16be:256x256+384", name,
           text);
    parse_size(text.substr(colon + 1, plus - colon - 1), name);
  };
}

}  // namespace vitrobeam
