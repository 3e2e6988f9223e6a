#include "options/quantity.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "base/error.hpp"

namespace vitrobeam {
namespace {

struct Unit {
  Limits range;                            // what makes sense of any quantity in it
  std::map<std::string, double> suffixes;  // how many of the unit one of the suffix is
};

// Every limit that follows from a unit alone; options may be narrower.
const std::map<std::string, Unit>& units() {
  static const std::map<std::string, Unit> table = {
      {"", {{-1e15, 1e15}, {}}},
      {"Angstrom",
       {{-1e7, 1e7},
        {{"A", 1}, {"Angstrom", 1}, {"angstrom", 1}, {"pm", 0.01}, {"nm", 10}, {"um", 1e4}}}},
      {"1/Angstrom",
       {{-100, 100}, {{"1/A", 1}, {"1/Angstrom", 1}, {"A^-1", 1}, {"1/nm", 0.1}, {"nm^-1", 0.1}}}},
      {"kV", {{1, 3000}, {{"kV", 1}, {"keV", 1}, {"V", 1e-3}, {"eV", 1e-3}, {"MV", 1e3}}}},
      {"mrad",
       {{-1000, 1000}, {{"mrad", 1}, {"rad", 1e3}, {"urad", 1e-3}, {"deg", 17.453292519943295}}}},
      {"mm", {{-1e5, 1e5}, {{"mm", 1}, {"um", 1e-3}, {"nm", 1e-6}}}},
      {"deg",
       {{-360, 360}, {{"deg", 1}, {"rad", 57.29577951308232}, {"mrad", 0.05729577951308232}}}},
      {"%", {{-100, 100}, {{"%", 1}}}},
      {"eV", {{-1e9, 1e9}, {{"eV", 1}, {"meV", 1e-3}, {"keV", 1e3}}}},
      {"K", {{0, 1e6}, {{"K", 1}}}},
      {"s", {{0, 1e12}, {{"s", 1}, {"min", 60}, {"h", 3600}}}},
      {"GiB", {{0, 1e6}, {{"GiB", 1}, {"MiB", 1.0 / 1024}, {"GB", 0.931322574615478515625}}}},
      {"electrons", {{0, 1e15}, {}}},  // more cannot be counted one by one
      {"counts", {{0, 1e15}, {}}},
      {"atoms/Angstrom^3", {{0, 1}, {}}},
      {"atoms/A3", {{0, 1}, {}}},
  };
  return table;
}

const Unit& find_unit(const std::string& name) {
  const auto at = units().find(name);
  return at == units().end() ? units().at("") : at->second;
}

void check_range(double v, const std::string& unit, const std::string& name) {
  constexpr double kSmallest = 1e-18;
  const Limits range = unit_range(unit);
  const std::string behind = unit.empty() ? "" : " " + unit;
  if (v < range.low || v > range.high)
    fail(Fault::usage, "--{} {:g}{}: must be from {:g} to {:g}{}", name, v, behind, range.low,
         range.high, behind);
  if (v != 0 && std::abs(v) < kSmallest)
    fail(Fault::usage, "--{} {:g}{}: is nothing; give 0, or at least {:g}", name, v, behind,
         kSmallest);
}

// Whatever its size.
double number_of(const std::string& text, const std::string& unit, const std::string& name) {
  double v = 0;
  const char *first = text.data(), *last = first + text.size();
  if (first != last && *first == '+') ++first;
  const auto [end, error] = std::from_chars(first, last, v);
  const std::string_view behind(end, std::size_t(last - end));
  const std::string suffix(behind.substr(std::min(behind.find_first_not_of(' '), behind.size())));
  if (error != std::errc() || !std::isfinite(v))
    fail(Fault::usage, "--{} '{}': expected a number{}", name, text,
         unit.empty() ? "" : " in " + unit);
  if (suffix.empty() && unit == "%" && v > 0 && v < 1)
    fail(Fault::usage, "--{} {}: a percentage; write {}% if you mean that, or {}%", name, text,
         text, 100 * v);
  const auto& known_suffixes = find_unit(unit).suffixes;
  const auto s = known_suffixes.find(suffix);
  if (suffix.empty()) return v;
  if (s != known_suffixes.end()) return v * s->second;
  std::string known;
  for (const auto& [word, factor] : known_suffixes) known += (known.empty() ? "" : ", ") + word;
  fail(Fault::usage, "--{} '{}': unknown unit '{}'{}", name, text, suffix,
       known.empty() ? "; give a plain number" : "; known here: " + known);
}

}  // namespace

Limits unit_range(const std::string& unit) { return find_unit(unit).range; }

double parse_quantity(const std::string& text, const std::string& unit, const std::string& name) {
  const double v = number_of(text, unit, name);
  check_range(v, unit, name);
  return v;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::vector<double> parse_list(const std::string& text, const std::string& unit,
                               const std::string& name) {
  constexpr double kMost = 10000, kRounding = 1e-9;
  std::vector<double> values;
  for (const auto& item : split(text, ',')) {
    const auto parts = split(item, ':');
    if (parts.size() == 1) {
      values.push_back(parse_quantity(item, unit, name));
      continue;
    }
    if (parts.size() != 3)
      fail(Fault::usage, "--{} '{}': expected a number or FIRST:STEP:LAST, for example -200:50:200",
           name, item);
    const double first = parse_quantity(parts[0], unit, name),
                 step = number_of(parts[1], unit, name),
                 last = parse_quantity(parts[2], unit, name), steps = (last - first) / step;
    if (!(steps >= 0 && steps < kMost))
      fail(Fault::usage,
           "--{} '{}': no step of {} leads from {} to {} in less than {} steps; FIRST:STEP:LAST "
           "has both ends",
           name, item, step, first, last, kMost);
    for (int k = 0; k <= int(steps + kRounding); ++k) {
      const double v = first + k * step;  // a step that should be 0 is 0
      values.push_back(std::abs(v) < kRounding * std::abs(step) ? 0 : v);
    }
  }
  return values;
}

Vector2d parse_pair(const std::string& text, const std::string& unit, const std::string& name) {
  const auto parts = split(text, ',');
  if (parts.size() != 2) fail(Fault::usage, "--{} '{}': expected two numbers A,B", name, text);
  return {parse_quantity(parts[0], unit, name), parse_quantity(parts[1], unit, name)};
}

std::pair<double, double> parse_ellipse(const std::string& text, double most,
                                        const std::string& name) {
  const auto parts = split(text, ',');
  if (parts.size() > 2) fail(Fault::usage, "--{} '{}': expected RATIO or RATIO,ANGLE", name, text);
  const double ratio = parse_quantity(parts[0], "", name),
               angle = parts.size() == 2 ? parse_quantity(parts[1], "deg", name) : 0;
  if (!(ratio >= 1 && ratio <= most))
    fail(Fault::usage,
         "--{} {}: the ratio of long to short axis is from 1 to {}; turn the angle by 90 degrees "
         "instead of giving its inverse",
         name, text, most);
  return {ratio, angle * M_PI / 180};
}

Vector3d parse_vector(const std::string& text, const std::string& unit, const std::string& name) {
  const auto parts = split(text, ',');
  if (parts.size() != 3) fail(Fault::usage, "--{} '{}': expected three numbers X,Y,Z", name, text);
  return {parse_quantity(parts[0], unit, name), parse_quantity(parts[1], unit, name),
          parse_quantity(parts[2], unit, name)};
}

Vector3d parse_box(const std::string& text, const std::string& name) {
  std::string spaced = text;
  for (char& c : spaced)
    if (c == ',') c = 'x';
  auto parts = split(spaced, 'x');
  if (parts.size() == 1) parts.assign(3, parts[0]);
  if (parts.size() != 3)
    fail(Fault::usage, "--{} '{}': expected one edge or LXxLYxLZ in Angstrom", name, text);
  Vector3d out;
  for (int k = 0; k < 3; ++k) out[k] = parse_quantity(parts[std::size_t(k)], "Angstrom", name);
  if (!(out.minCoeff() > 0 && out.maxCoeff() < 1e5))
    fail(Fault::usage, "--{} '{}': every edge must be above 0 and below 1e5 Angstrom", name, text);
  return out;
}

std::vector<double> parse_numbers(const std::string& text, const std::string& unit, Limits range,
                                  const std::string& name) {
  std::vector<double> out;
  for (const auto& part : split(text, ',')) {
    const double value = parse_quantity(part, unit, name);
    if (!(value >= range.low && value <= range.high))
      fail(Fault::usage, "--{} {}: {} is not between {:g} and {:g}", name, text, value, range.low,
           range.high);
    if (std::find(out.begin(), out.end(), value) != out.end())
      fail(Fault::usage, "--{} {}: {} is given twice", name, text, value);
    out.push_back(value);
  }
  return out;
}

std::vector<int> parse_whole_numbers(const std::string& text, int low, int high,
                                     const std::string& name) {
  std::vector<int> out;
  for (const double v : parse_numbers(text, "", {double(low), double(high)}, name)) {
    if (v != std::floor(v))
      fail(Fault::usage, "--{} {}: {} is no whole number from {} to {}", name, text, v, low, high);
    out.push_back(int(v));
  }
  return out;
}

Vector2d parse_band(const std::string& text, const std::string& unit, const std::string& name) {
  const Vector2d v = parse_pair(text, unit, name);
  if (!(v[0] >= 0 && v[0] < v[1]))
    fail(Fault::usage, "--{} {}: expected LOW,HIGH with 0 <= LOW < HIGH", name, text);
  return v;
}

std::pair<int, int> parse_size(const std::string& text, const std::string& name) {
  std::vector<int> n;
  for (const auto& p : split(text, 'x')) {
    const double v = parse_quantity(p, "", name);
    if (v < 1 || v > 65536 || v != std::floor(v))
      fail(Fault::usage, "--{} '{}': expected whole numbers from 1 to 65536, N or NXxNY", name,
           text);
    n.push_back(int(v));
  }
  if (n.size() > 2) fail(Fault::usage, "--{} '{}': expected N or NXxNY", name, text);
  return {n.front(), n.back()};
}

std::optional<std::array<std::size_t, 4>> parse_rectangle(const std::string& text, std::size_t rows,
                                                          std::size_t columns) {
  const auto parts = split(text, ',');
  if (parts.size() != 4) return {};
  std::array<std::size_t, 4> v{};
  for (std::size_t k = 0; k < 4; ++k) {
    const char *first = parts[k].data(), *last = first + parts[k].size();
    if (const auto [end, error] = std::from_chars(first, last, v[k]);
        error != std::errc() || end != last)
      return {};
  }
  if (v[2] < v[0] || v[3] < v[1] || v[2] >= rows || v[3] >= columns) return {};
  return v;
}

}  // namespace vitrobeam
