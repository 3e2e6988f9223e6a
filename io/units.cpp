#include "io/units.hpp"

#include <algorithm>
#include <utility>

#include "multislice/optics.hpp"

namespace vitrobeam {
namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Without blanks and the marks of LaTeX; long words in small letters, the plural without its s.
std::string plain(std::string text) {
  for (const auto& [from, to] : {std::pair{"\\mathrm", ""},
                                 {"\\textrm", ""},
                                 {"\\text", ""},
                                 {"\\rm", ""},
                                 {"\\mathring{A}", "A"},
                                 {"\\,", ""},
                                 {"~", ""},
                                 {"inverse ", "1/"},
                                 {"reciprocal ", "1/"},
                                 {"\\AA", "A"},
                                 {"\\mu", "u"},
                                 {"\u00c5", "A"},  // letter A with ring
                                 {"\u212b", "A"},  // Angstrom sign
                                 {"A\u030a", "A"},
                                 {"\u00e5", "a"},
                                 {"\u00f6", "o"},
                                 {"\u00b5", "u"},  // micro sign
                                 {"\u03bc", "u"},  // mu
                                 {"\u207b\u00b9", "^-1"},
                                 {"\u2212", "-"},
                                 {"**", "^"}})
    replace_all(text, from, to);
  std::erase_if(text, [](char c) {
    return std::string_view(" \t\r\n${}()\\[]_").find(c) != std::string_view::npos || c == '\0';
  });
  return text;
}

std::optional<double> length(std::string name) {
  constexpr std::size_t kSymbol = 2;  // letters: symbols keep their case, words do not
  if (name.size() > kSymbol) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    if (name.ends_with("s")) name.pop_back();
    if (name.ends_with("metre")) name.replace(name.size() - 2, 2, "er");
  }
  for (const auto& [known, angstrom] : {std::pair{"A", 1.0},
                                        {"angstrom", 1.0},
                                        {"angstroem", 1.0},
                                        {"angstr", 1.0},
                                        {"ang", 1.0},
                                        {"pm", 1e-2},
                                        {"picometer", 1e-2},
                                        {"nm", 10.0},
                                        {"nanometer", 10.0},
                                        {"um", 1e4},
                                        {"micron", 1e4},
                                        {"micrometer", 1e4},
                                        {"mm", 1e7},
                                        {"millimeter", 1e7},
                                        {"cm", 1e8},
                                        {"m", 1e10},
                                        {"meter", 1e10}})
    if (name == known) return angstrom;
  return std::nullopt;
}

std::optional<double> radian(const std::string& name) {
  for (const auto& [known, value] : {std::pair{"rad", 1.0},
                                     {"radian", 1.0},
                                     {"radians", 1.0},
                                     {"mrad", 1e-3},
                                     {"milliradian", 1e-3},
                                     {"milliradians", 1e-3},
                                     {"urad", 1e-6}})
    if (name == known) return value;
  return std::nullopt;
}

}  // namespace

std::optional<double> angstrom_per(const std::string& units) { return length(plain(units)); }

std::optional<double> inverse_angstrom_per(const std::string& units,
                                           std::optional<double> energy_kV) {
  std::string text = plain(units);
  if (const auto angle = radian(text)) {
    if (!energy_kV || !(*energy_kV > 0)) return std::nullopt;
    return *angle / wavelength(*energy_kV);
  }
  if (text.ends_with("\xc5") && text.find('\xc3') == std::string::npos)  // Latin-1
    text.replace(text.size() - 1, 1, "A");
  bool reciprocal = false;
  for (const char* before : {"1/", "/"})
    if (!reciprocal && text.starts_with(before)) {
      text.erase(0, std::char_traits<char>::length(before));
      reciprocal = true;
    }
  for (const char* after : {"^-1", "-1"})
    if (!reciprocal && text.ends_with(after)) {
      text.erase(text.size() - std::char_traits<char>::length(after));
      reciprocal = true;
    }
  const auto angstrom = reciprocal ? length(text) : std::nullopt;
  return angstrom ? std::optional(1 / *angstrom) : std::nullopt;
}

bool is_energy_unit(const std::string& units) {
  const std::string text = plain(units);
  return text == "eV" || text == "keV" || text == "meV";
}

}  // namespace vitrobeam
