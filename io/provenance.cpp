#include "io/provenance.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/packing.hpp"
#include "multislice/engine.hpp"

namespace vitrobeam {
namespace {

// Shares of the incident beam above which a reader should know. 5 % lost beyond the band limit
// is where `simulate` warns too; as much of the probe outside the cell is felt by detector images.
constexpr double kLostBeam = 0.05, kWrappedProbe = 0.05, kRounding = 1e-4;

std::optional<double> number(const Hdf5Reader& file, const std::string& group,
                             const std::string& name) {
  if (!file.exists(group) || !file.has_attribute(group, name)) return std::nullopt;
  const double value = file.number_attribute(group, name);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

// Attributes that should be numbers and are none; nothing below calls them good.
void check_numbers(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  for (const char* group : {"/audit", "/match", "/match/null"}) {
    if (!file.exists(group) || file.is_dataset(group)) continue;
    for (const auto& name : file.attribute_names(group)) {
      const AttributeValue value = file.attribute(group, name);
      const auto* v = std::get_if<double>(&value);
      if (v && !std::isfinite(*v))
        out.push_back({false, fmt::format("{}: {} is {}, which is no number", group, name, *v)});
    }
  }
}

void check_simulation(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  const auto read = number(file, "/audit", "atoms_read"),
             placed = number(file, "/audit", "atoms_placed");
  const double empty = number(file, "/audit", "sites_left_empty").value_or(0);
  if (read && placed) {
    std::string text = fmt::format("all {:.0f} atoms read were placed", *read);
    if (empty > 0)
      text += fmt::format(", or drawn to be absent ({:.0f} of partly occupied sites)", empty);
    out.push_back(*read == *placed + empty
                      ? AuditLine{true, text}
                      : AuditLine{false, fmt::format("{:.0f} of {:.0f} atoms read were not placed",
                                                     *read - *placed - empty, *read)});
  }
  if (const auto absorbed = number(file, "/audit", "absorbed_at_first_position"))
    out.push_back({true, fmt::format("{:.3f} % of the beam went to thermal diffuse scattering, "
                                     "which is absorbed (first position)",
                                     100 * *absorbed)});
  const auto lowest = number(file, "/audit", "intensity_out_min"),
             mean = number(file, "/audit", "intensity_out_mean");
  const EngineEntry* engine = stated_engine(file.string_attribute("/audit", "engine", ""));
  const bool is_kinematic = engine && engine->scatters_once;
  if (mean && is_kinematic)
    out.push_back({true, fmt::format("single scattering adds to the beam instead of drawing from "
                                     "it: intensity {:.6f} of the incident beam",
                                     *mean)});
  else if (lowest && mean && !(*lowest <= *mean + kRounding && *lowest >= -kRounding)) {
    out.push_back({false, fmt::format("the least intensity, {:.6g}, and the mean, {:.6g}, "
                                      "contradict each other",
                                      *lowest, *mean)});
  } else if (lowest && mean) {
    const bool absorbs = file.has_attribute("/audit", "absorbed_at_first_position");
    out.push_back(
        {absorbs || 1 - *lowest <= kLostBeam,
         fmt::format("{:.3f} % of the beam is {}scattered beyond the band limit (worst "
                     "position {:.3f} %)",
                     100 * (1 - *mean), absorbs ? "absorbed or " : "", 100 * (1 - *lowest))});
  }
  if (mean && !is_kinematic && *mean > 1 + 1e-4)
    out.push_back(
        {false,
         fmt::format("intensity grew to {:.6f} of the incident beam: the result is wrong", *mean)});
  if (const auto wrapped = number(file, "/audit", "probe_beyond_half_cell"))
    out.push_back({*wrapped <= kWrappedProbe,
                   fmt::format("{:.2g} % of the probe lies beyond half the cell and wraps around",
                               100 * *wrapped)});
}

void check_reach(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  constexpr double kFirstRings = 0.6;  // 1/Angstrom
  const auto angle = number(file, "/audit", "max_angle_mrad"),
             wavelength = number(file, "/audit", "wavelength");
  if (!angle || !wavelength || !(*wavelength > 0)) return;
  const double q = 1e-3 * *angle / *wavelength;
  if (q < kFirstRings)
    out.push_back({false, fmt::format("the grid ends at {:.3g} 1/Angstrom ({:.3g} mrad), before "
                                      "the first rings: what would be there is missing",
                                      q, *angle)});
}

// The elements that /audit says a file is of; empty where it does not.
std::vector<int> stated_elements(const std::string& path) {
  if (!is_hdf5(path)) return {};
  const Hdf5Reader file(path);
  if (!file.exists("/audit")) return {};
  std::string text = file.string_attribute("/audit", "composition", "");
  std::erase(text, ' ');
  return text.empty() ? std::vector<int>{} : parse_composition(text).elements;
}

void check_camera(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  if (!file.is_dataset("/simulation/saturated")) return;
  const auto pixels = file.read<double>("/simulation/saturated").values;
  const auto patterns = std::count_if(pixels.begin(), pixels.end(), [](double n) { return n > 0; });
  out.push_back({patterns == 0, patterns == 0
                                    ? "no pixel of the camera is saturated"
                                    : fmt::format("{} of {} patterns have saturated pixels: their "
                                                  "counts are too low there",
                                                  patterns, pixels.size())});
}

void check_match(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  if (!file.exists("/match/motif")) return;
  const auto patterns = number(file, "/match/null", "calibration_patterns"),
             packings = number(file, "/match/null", "calibration_packings"),
             smallest = number(file, "/match/null", "smallest_p_value");
  if (patterns && packings)
    out.push_back(
        {*packings >= 2,
         fmt::format("scores are ranked against {:.0f} motif-free patterns from {:.0f} packings",
                     *patterns, *packings)});
  const auto rate = number(file, "/match", "false_alarm_rate");
  if (const auto n = number(file, "/match", "expected_false_positives"))
    out.push_back({true, fmt::format("at the p-values of the motifs found, {:.2g} false positives "
                                     "are expected in a scan without motifs",
                                     *n)});
  if (smallest && rate && file.string_attribute("/match", "decided_by", "") != "fitted tail") {
    const double positions = double(file.read<float>("/match/motif").size());
    const double fewest = std::ceil(*smallest * positions / *rate);
    out.push_back({fewest <= 1 || fewest <= 0.05 * positions,
                   fmt::format("the smallest possible p-value is {:.2g}: motifs at fewer than "
                               "{:.0f} of {:.0f} positions cannot be singled out",
                               *smallest, std::max(fewest, 1.), positions)});
  }
  const auto low = number(file, "/match/null", "contrast_low"),
             high = number(file, "/match/null", "contrast_high"),
             contrast = number(file, "/match/null", "scan_contrast");
  if (low && high && contrast && std::isfinite(*contrast)) {
    const bool alike = *contrast >= *low && *contrast <= *high;
    out.push_back(
        {alike, fmt::format("the speckle's contrast, {:.3g} in the median, is {} the {:.3g} "
                            "to {:.3g} of motif-free patterns{}",
                            *contrast, alike ? "among" : "outside", *low, *high,
                            alike ? "" : ": error rates do not hold for this scan")});
  }
  if (const auto n = number(file, "/match", "contradictions"))
    out.push_back({*n == 0, *n == 0 ? "p-values and posterior agree"
                                    : fmt::format("p-value and posterior contradict each other at "
                                                  "{:.0f} positions: the map follows the p-values",
                                                  *n)});
  if (file.is_dataset("/match/status")) {
    const auto status = file.read<int>("/match/status").values;
    const auto bad = std::count_if(status.begin(), status.end(), [](int s) { return s != 0; });
    out.push_back(
        {bad == 0, bad == 0
                       ? "every pattern was matched"
                       : fmt::format("{} of {} patterns were not matched: /match/status says why",
                                     bad, status.size())});
  }
}

void check_structure(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  if (!file.exists("/structure")) return;
  if (const auto close = number(file, "/structure", "close_pairs"))
    out.push_back(
        {*close == 0,
         *close == 0
             ? "no two atoms are unphysically close"
             : counted(*close, "pair of atoms is unphysically close; both stand where they were",
                       "pairs of atoms are unphysically close; they stand where they were")});
  if (file.is_dataset("/structure/at_surface")) {
    const auto surface = file.read<int>("/structure/at_surface").values;
    const auto outer = std::count(surface.begin(), surface.end(), 1);
    if (outer > 0)
      out.push_back({true, fmt::format("{} of {} Voronoi cells touch an open face and are not "
                                       "counted",
                                       outer, surface.size())});
  }
}

void check_density(const Hdf5Reader& file, std::vector<AuditLine>& out) {
  if (!file.is_dataset("/density/status")) return;
  const auto status = file.read<int>("/density/status").values;
  const auto known = std::count(status.begin(), status.end(), 0);
  out.push_back({10 * known >= 9 * std::ptrdiff_t(status.size()),
                 fmt::format("{} of {} positions have a density", known, status.size())});
  const std::string measures = file.string_attribute("/density", "measures", "density");
  out.push_back({true, fmt::format("the map shows {}", measures)});
}

struct ValueText {
  std::string operator()(double v) const { return fmt::format("{:.8g}", v); }
  std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
  std::string operator()(bool v) const { return v ? "yes" : "no"; }
  std::string operator()(const std::string& v) const { return v; }
  template <typename T>
  std::string operator()(const std::vector<T>& v) const {
    std::string out;
    for (std::size_t i = 0; i < v.size(); ++i) out += (i ? ", " : "") + (*this)(v[i]);
    return out;
  }
};

}  // namespace

std::vector<AuditLine> audit_lines(const Hdf5Reader& file) {
  std::vector<AuditLine> out;
  check_numbers(file, out);
  check_reach(file, out);
  check_simulation(file, out);
  check_camera(file, out);
  check_match(file, out);
  check_structure(file, out);
  check_density(file, out);
  return out;
}

void check_alloy(const std::string& scan, const std::string& library,
                 const std::vector<std::string>& decorations) {
  std::vector<int> known = stated_elements(library);
  if (known.empty()) return;
  for (const auto& elements : decorations)
    if (!elements.empty())
      for (const int z : parse_elements(elements)) known.push_back(z);
  std::vector<std::string> other, ours;
  for (const int z : stated_elements(scan))
    if (std::find(known.begin(), known.end(), z) == known.end()) other.emplace_back(symbol(z));
  if (other.empty()) return;
  for (const int z : std::set<int>(known.begin(), known.end())) ours.emplace_back(symbol(z));
  fail(
      Fault::physics,
      "{}: was simulated from a model with {}, of which {}, a library for {}, knows nothing: build "
      "a library of that alloy",
      scan, fmt::join(other, " and "), library, fmt::join(ours, " and "));
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+=%@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string rerun_command(const Hdf5Reader& file, const std::string& ini_name) {
  constexpr std::string_view kBegin = "# vitrobeam ", kEnd = " --config THIS_FILE -o OUTPUT";
  const std::string ini = file.string_attribute("/parameters", "ini", ""),
                    first = ini.substr(0, ini.find('\n'));
  std::string line = "vitrobeam " + file.string_attribute("/parameters", "command", "simulate");
  if (first.starts_with(kBegin) && first.ends_with(kEnd))
    line = first.substr(2, first.size() - 2 - kEnd.size());
  return fmt::format("{} --config {} -o {}", line, shell_word(ini_name),
                     shell_word(std::filesystem::path(file.path()).filename().string()));
}

std::string value_text(const AttributeValue& value) { return std::visit(ValueText{}, value); }

std::vector<std::pair<std::string, std::string>> attribute_rows(
    const Hdf5Reader& file, const std::string& group, const std::vector<std::string>& skipped) {
  std::vector<std::pair<std::string, std::string>> rows;
  if (!file.exists(group)) return rows;
  const auto names = file.attribute_names(group);
  const auto is_unit_of_another = [&](const std::string& name) {
    return name.ends_with("_unit") &&
           std::find(names.begin(), names.end(), name.substr(0, name.size() - 5)) != names.end();
  };
  for (const auto& name : names) {
    if (is_unit_of_another(name) ||
        std::find(skipped.begin(), skipped.end(), name) != skipped.end())
      continue;
    std::string text = value_text(file.attribute(group, name));
    const std::string unit = file.string_attribute(group, name + "_unit", "");
    if (!unit.empty() && !text.empty()) text += " " + unit;
    rows.emplace_back(name, text);
  }
  return rows;
}

std::string shape_text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  return fmt::format("{}", fmt::join(shape, " x "));
}

}  // namespace vitrobeam
