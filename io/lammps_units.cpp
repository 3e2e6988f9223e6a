#include "io/lammps_units.hpp"

#include <regex>

namespace vitrobeam {

LammpsUnits lammps_units(const TextReader& reader, std::string_view name) {
  constexpr double kMolar = 6.02214076e23, kBohr = 0.529177210903;
  struct Style {
    std::string_view name;
    LammpsUnits units;
  };
  constexpr Style kStyles[] = {
      {"metal", {1, 1}},
      {"real", {1, 1}},
      {"electron", {kBohr, 1}},
      {"nano", {10, 1e-18 * kMolar}},
      {"micro", {1e4, 1e-12 * kMolar}},
      {"si", {1e10, 1e3 * kMolar}},
      {"cgs", {1e8, kMolar}},
  };
  for (const Style& style : kStyles)
    if (style.name == name) return style.units;
  if (name == "lj")
    reader.fail(
        "the file has units lj: lengths are in sigma, which it does not say; write it with units "
        "metal, positions in Angstrom");
  reader.fail("units {} are none of LAMMPS; known are metal, real, electron, nano, micro, si, cgs",
              excerpt(name));
}

std::string stated_units(std::string_view line) {
  static const std::regex pattern(
      "\\bunits?\\b\\s*[=:]?\\s*\"?(lj|real|metal|si|cgs|electron|micro|nano)\\b",
      std::regex::icase);
  const std::string text(line.substr(0, 400));
  std::smatch found;
  if (!std::regex_search(text, found, pattern)) return "";
  std::string out = found[1];
  for (char& c : out) c = char(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace vitrobeam
