#include "pictures/report_page.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "io/provenance.hpp"
#include "pictures/html.hpp"
#include "pictures/result_picture.hpp"
#include "pictures/result_sections.hpp"
#include "pictures/stored_values.hpp"

namespace vitrobeam {
namespace {

using Files = std::vector<const Hdf5Reader*>;

std::string name_of(const Hdf5Reader& file) {
  return std::filesystem::path(file.path()).filename().string();
}

PagePicture picture(Panel panel, const std::string& caption) {
  const std::string alternative = std::visit([](const auto& p) { return p.title; }, panel);
  return {png({{std::move(panel)}, 1, ""}), alternative, caption};
}

// Whether a match of this scan is among the files, which repeats its detector images.
bool has_match(const Hdf5Reader& scan, const Files& files) {
  for (const auto& file : files)
    if (file->exists("/match/motif") && file->has_attribute("/audit", "input"))
      if (value_text(file->attribute("/audit", "input")).find(name_of(scan)) != std::string::npos)
        return true;
  return false;
}

void add_motif_maps(std::vector<PagePicture>& pictures, const Hdf5Reader& file) {
  auto motif = motif_panel(file), significance = significance_panel(file);
  motif.side = significance.side = 340;
  const std::string rate =
      file.has_attribute("/match", "false_alarm_rate")
          ? fmt::format("{:g} %", 100 * file.number_attribute("/match", "false_alarm_rate"))
          : "the stated rate";
  pictures.insert(pictures.begin() + std::min<std::ptrdiff_t>(1, std::ptrdiff_t(pictures.size())),
                  picture(motif, "Motif at every position. Of the positions coloured, " + rate +
                                     " or fewer are expected to be false alarms. Dark grey: not "
                                     "matched."));
  pictures.push_back(picture(
      significance, "How rarely a motif-free packing scores as high as the best motif here."));
  if (auto p = posterior_panel(file); p.values.size() > 0) {
    p.side = 340;
    pictures.push_back(
        picture(p, "Probability that some motif of the library is there, under the stated prior."));
  }
}

// Maps of one scan side by side: the first detector image beside the motif map, then the rest.
void add_maps(HtmlPage& page, const Hdf5Reader& file, const Files& files) {
  const bool is_match = file.exists("/match/motif");
  std::vector<PagePicture> pictures;
  if (is_match || !has_match(file, files))
    for (auto& p : detector_panels(file)) {
      p.side = 340;
      if (p.values.size() > 1) pictures.push_back(picture(p, "Intensity on this detector."));
    }
  if (is_match) add_motif_maps(pictures, file);
  if (pictures.empty()) return;
  page.heading((is_match ? "Intensity and motifs: " : "Maps: ") + name_of(file));
  page.pictures(pictures);
}

std::string percent(double share, double error) {
  if (!std::isfinite(share)) return "not measured";
  return std::isfinite(error) ? fmt::format("{:.0f} \u00b1 {:.0f} %", 100 * share, 100 * error)
                              : fmt::format("{:.0f} %", 100 * share);
}

void add_error_rates(HtmlPage& page, const Hdf5Reader& file) {
  page.heading("What was found, and how often it would be wrong");
  const auto names = file.read_strings("/match/motif_names");
  const auto motif = file.read<int>("/match/motif").values;
  std::vector<double> power(names.size(), NAN), error(names.size(), NAN);
  if (file.is_dataset("/match/power")) power = read_list(file, "/match/power", names.size());
  if (file.is_dataset("/match/power_error"))
    error = read_list(file, "/match/power_error", names.size());
  std::vector<std::vector<std::string>> rows;
  const auto row = [&](const std::string& name, int index, const std::string& found) {
    const auto count = std::count(motif.begin(), motif.end(), index);
    rows.push_back({name, fmt::format("{} of {}", count, motif.size()),
                    fmt::format("{:.1f} %", 100. * double(count) / double(motif.size())), found});
  };
  for (std::size_t m = 0; m < names.size(); ++m)
    row(names[m], int(m), percent(power.at(m), error.at(m)));
  row("none", -1, "");
  page.table({"motif", "positions", "share of the scan", "planted ones found at p \u2264 0.05"},
             rows);
  page.paragraph(
      "Scores are ranked against patterns of dense random packings that hold no motif and were "
      "simulated the same way. The last column tells how many patterns of motifs planted in such "
      "packings are recognised at a p-value of 0.05, with its standard error: a low share means "
      "that absence from the map says little.");
  page.table({"what the ranking rests on", ""}, [&] {
    std::vector<std::vector<std::string>> out;
    for (const auto& [name, value] : attribute_rows(file, "/match/null"))
      out.push_back({name, value});
    return out;
  }());
}

void add_pairs(HtmlPage& page, const Hdf5Reader& file) {
  auto pairs = match_pairs(file, {.display = Display::sqrt, .q_limit = 0, .side = 230});
  if (pairs.empty()) return;
  page.heading("Best matches beside their library patterns");
  std::vector<PagePicture> pictures;
  for (auto& pair : pairs) {
    for (auto* p : {&pair.measured, &pair.library, &pair.difference})
      p->axes = p->colour_bar = false;
    pair.measured.title =
        pair.measured.title.ends_with("smoothed") ? "measured, smoothed" : "measured";
    pair.library.title = "library: " + pair.motif;
    Figure figure{{pair.measured, pair.library}, 3, ""};
    if (pair.difference.values.size() > 0) figure.panels.emplace_back(pair.difference);
    pictures.push_back(
        {png(figure), pair.motif + " beside the pattern that it fits",
         fmt::format("Row {}, column {}: {} {}, p = {:.2g}, score {:.1f}.", pair.at[0], pair.at[1],
                     pair.motif, pair.accepted ? "accepted" : "fits best but is not significant",
                     pair.p_value, pair.score)});
  }
  page.pictures(pictures);
  page.paragraph(
      "Patterns are shown as square roots of intensity, each with its own limits; the central beam "
      "is saturated. Library patterns are turned in the plane as they fit. Difference: what is "
      "left of the measured pattern when the mean of its rings and the library pattern, scaled to "
      "fit, are taken away, over the root of that mean; colours end at three times the deviation "
      "that was there before.");
}

void add_sections(HtmlPage& page, const Hdf5Reader& file) {
  for (auto& section : result_sections(file)) {
    page.heading(section.title + ": " + name_of(file));
    std::vector<PagePicture> pictures;
    for (auto& panel : section.panels) pictures.push_back(picture(std::move(panel), ""));
    page.pictures(pictures);
    if (!section.text.empty()) page.paragraph(section.text);
  }
}

void add_patterns(HtmlPage& page, const Hdf5Reader& file) {
  if (!file.is_dataset("/simulation/patterns")) return;
  const auto size = scan_size(file, "/simulation/patterns");
  page.heading("Diffraction patterns of " + name_of(file));
  const PatternView view{.display = Display::log, .q_limit = 0, .side = 320};
  std::vector<PagePicture> pictures{
      picture(mean_pattern_panel(file, "/simulation/patterns", view),
              "Mean over the scan. x points right and y down, as in the maps.")};
  if (size[0] * size[1] > 1)
    pictures.push_back(
        picture(pattern_panel(file, "/simulation/patterns", {size[0] / 2, size[1] / 2}, view),
                "One pattern, from the middle of the scan."));
  page.pictures(pictures);
}

void add_provenance(HtmlPage& page, const Files& files) {
  page.heading("What was assumed");
  for (const auto& file : files) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : attribute_rows(*file, "/parameters", {"ini", "command"}))
      if (!value.empty()) rows.push_back({name, value});
    if (!rows.empty())
      page.table({name_of(*file), file->string_attribute("/parameters", "command", "")}, rows);
  }
  page.heading("Audit");
  for (const auto& file : files) {
    std::vector<std::pair<bool, std::string>> lines;
    for (const auto& v : audit_lines(*file)) lines.emplace_back(v.good, v.text);
    if (lines.empty()) continue;
    page.paragraph(name_of(*file));
    page.audit(lines);
    std::string ledger;
    for (const auto& [name, value] : attribute_rows(*file, "/audit"))
      ledger += fmt::format("{:<26} {}\n", name, value);
    page.folded("The whole ledger", ledger);
  }
}

void add_reproduction(HtmlPage& page, const Files& files) {
  page.heading("How to do it again");
  for (const auto& file : files) {
    if (!file->exists("/parameters") || !file->has_attribute("/parameters", "ini")) continue;
    const std::string command = file->string_attribute("/parameters", "command", "simulate");
    page.paragraph(fmt::format("{}: save the text below as {}.ini, then", name_of(*file), command));
    page.code(rerun_command(*file, command + ".ini"));
    page.folded(command + ".ini", file->string_attribute("/parameters", "ini"));
  }
}

}  // namespace

std::string report_page(const std::vector<const Hdf5Reader*>& files, const std::string& title,
                        const std::string& made_by) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(name_of(*file));
  HtmlPage page(title, fmt::format("{}, from {}", made_by, fmt::join(names, ", ")));
  for (const auto& file : files) {
    add_maps(page, *file, files);
    if (file->exists("/match/motif")) {
      add_error_rates(page, *file);
      add_pairs(page, *file);
    }
  }
  for (const auto& file : files) add_sections(page, *file);
  for (const auto& file : files) add_patterns(page, *file);
  add_provenance(page, files);
  add_reproduction(page, files);
  return page.text();
}

}  // namespace vitrobeam
