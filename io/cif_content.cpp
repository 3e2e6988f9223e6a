#include "io/cif_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "models/elements.hpp"
#include "models/occupancy.hpp"

namespace vitrobeam {
namespace {

// Occupancies and formulas are rounded; 5 % of an element and a quarter of an atom may differ.
constexpr double kShare = 0.05, kAtoms = 0.25;

bool differ(double a, double b) {
  return std::abs(a - b) > std::max(kAtoms, kShare * std::max(a, b));
}

// Elements of solvents and counter-ions that are left out of real files.
bool is_light(int z) { return z <= 9 || z == 17; }

std::map<int, double> counts_of(const Atoms& atoms) {
  const auto occupancy = occupancies(atoms);
  std::map<int, double> out;
  for (std::size_t i = 0; i < atoms.size(); ++i) out[atoms.numbers[i]] += occupancy[i];
  return out;
}

std::string text_of(const std::map<int, double>& counts) {
  std::string out;
  for (const auto& [z, n] : counts)
    out += fmt::format("{}{}{:.4g}", out.empty() ? "" : " ", symbol(z), n);
  return out;
}

// Counts of the cell against the formula times Z.
void check_counts(const std::map<int, double>& found, const std::map<int, double>& expected,
                  const std::string& origin, ContentCheck& check) {
  std::map<int, double> all = expected;
  for (const auto& [z, n] : found) all.emplace(z, 0);
  bool anchored = false;  // some element other than hydrogen is there in full
  for (const auto& [z, n] : all) {
    const auto at = found.find(z);
    anchored = anchored || (z != 1 && n > 0 && at != found.end() && !differ(at->second, n));
  }
  bool wrong = false, lacks = false;
  for (const auto& [z, n] : all) {
    const auto at = found.find(z);
    const double there = at == found.end() ? 0 : at->second;
    if (!differ(there, n)) continue;
    const bool may_lack = there < n && (z == 1 || (anchored && is_light(z) && there > 0.5 * n));
    (may_lack ? lacks : wrong) = true;
  }
  if (!wrong && !lacks) return;
  std::string text =
      fmt::format("the cell holds {}, {} is {}", text_of(found), origin, text_of(expected));
  if (wrong)
    check.contradictions.push_back(std::move(text));
  else
    check.remarks.push_back(text + ": atoms without a site are left out");
}

}  // namespace

std::map<int, double> parse_formula(const std::string& text) {
  std::map<int, double> out;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && std::islower(static_cast<unsigned char>(text[end])) != 0) ++end;
    const int z = element_of_symbol(text.substr(i, end - i));
    if (z == 0 || std::isupper(static_cast<unsigned char>(text[i])) == 0) return {};
    i = end;
    while (end < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[end])) != 0 || text[end] == '.'))
      ++end;
    double n = 1;
    if (end > i) n = std::strtod(text.substr(i, end - i).c_str(), nullptr);
    out[z] += n;
    i = end;
  }
  return out;
}

ContentCheck check_content(const Atoms& atoms, const StatedContent& stated) {
  ContentCheck check;
  const auto found = counts_of(atoms);
  if (!stated.formula.empty() && stated.units) {
    std::map<int, double> expected = stated.formula;
    for (auto& [z, n] : expected) n *= *stated.units;
    check_counts(found, expected, fmt::format("the formula times Z = {:g}", *stated.units), check);
  } else if (!stated.formula.empty()) {
    // without Z only the shares can be compared: by the element other than hydrogen that is most
    // of the formula's
    double units = 0, most = 0;
    for (const auto& [z, n] : stated.formula)
      if (const auto at = found.find(z); z != 1 && n > most && at != found.end()) {
        most = n;
        units = at->second / n;
      }
    std::map<int, double> expected = stated.formula;
    for (auto& [z, n] : expected) n *= units > 0 ? units : 1;
    if (units > 0 || !found.contains(1))
      check_counts(found, expected, "the formula in the same proportion", check);
  }
  if (!stated.density_g_cm3 || !(*stated.density_g_cm3 > 0) || !(atoms.cell.volume() > 0))
    return check;
  const double density = mass_density(atoms);
  double declared = *stated.density_g_cm3;
  if (declared > 50) declared /= 1000;  // kg/m^3
  const bool complete = check.remarks.empty();
  const double least = complete && found.contains(1) ? 0.95 : complete ? 0.85 : 0.5;
  if (density > 1.05 * declared || density < least * declared)
    check.contradictions.push_back(
        fmt::format("the atoms have {:.4g} g/cm^3, the file says {:.4g}", density, declared));
  else if (complete && density < 0.95 * declared)
    check.remarks.push_back(
        fmt::format("the atoms have {:.4g} g/cm^3, the file says {:.4g}: is hydrogen left out?",
                    density, declared));
  return check;
}

}  // namespace vitrobeam
