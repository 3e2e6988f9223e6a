// vitrobeam plot: one PNG from any result or library file.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iostream>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/structure_input.hpp"
#include "io/structure_file.hpp"
#include "io/whole_file.hpp"
#include "pictures/model_picture.hpp"
#include "pictures/result_picture.hpp"
#include "pictures/result_sections.hpp"

namespace vitrobeam {
namespace {

constexpr int kWide = 6;  // columns of a figure of many panels: two matches, or three pairs

struct PlotCommand {
  CommonSettings common;
  std::string dataset;
  std::vector<std::string> at;
  Display display = Display::log;
  double q_limit = 0;
  bool mean = false;
  int probe = 0;
  StructureInput structure;
};

Settings describe(PlotCommand& c) {
  Settings o("plot", "PNG pictures from any result file or atomic model", {"FILE"});
  o.section("What is shown");
  o.add("dataset", c.dataset, "PATH",
        "the dataset to show (default: detector images, motif map, mean pattern and a few "
        "patterns, whatever there is)");
  o.add("at", c.at, "ROW,COLUMN", "pattern at this scan position, counted from 0");
  o.add("mean", c.mean, "only the mean pattern over all positions");
  o.add("probe", c.probe, "which of a series of probes, from 0").at_least(0);
  o.section("How patterns are shown");
  o.add("display", c.display,
        {{"log", Display::log}, {"sqrt", Display::sqrt}, {"linear", Display::linear}},
        "intensity scale; the central beam is saturated: the brightest 1 % of the pixels (log) or "
        "2 %");
  o.add("q-limit", c.q_limit, "1/Angstrom", "show |q_x|, |q_y| up to here; 0 = all").at_least(0);
  o.section("Structure files");
  add_structure_input(o, c.structure);
  add_common(o, c.common);
  return o;
}

ScanIndex parse_position(const std::string& text) {
  ScanIndex at{};
  const char* const end = text.data() + text.size();
  const auto row = std::from_chars(text.data(), end, at[0]);
  if (row.ec == std::errc() && row.ptr != end && *row.ptr == ',')
    if (const auto column = std::from_chars(row.ptr + 1, end, at[1]);
        column.ec == std::errc() && column.ptr == end)
      return at;
  fail(Fault::usage, "--at {}: expected ROW,COLUMN counted from 0, for example --at 3,12", text);
}

// A few positions spread over the scan: a quarter, the middle, three quarters of the diagonal.
std::vector<ScanIndex> some_positions(const ScanIndex& size) {
  std::vector<ScanIndex> out;
  for (const double share : {0.25, 0.5, 0.75}) {
    const ScanIndex at{std::size_t(share * double(size[0])), std::size_t(share * double(size[1]))};
    if (std::find(out.begin(), out.end(), at) == out.end()) out.push_back(at);
  }
  return out;
}

std::string patterns_dataset(const Hdf5Reader& file) {
  for (const char* path : {"/simulation/patterns", "/measurement/patterns",
                           "/datacube_root/datacube/data", "/entry/data/data"})
    if (file.is_dataset(path)) return path;
  return "";
}

std::vector<Panel> default_panels(const Hdf5Reader& file, const PatternView& view) {
  std::vector<Panel> panels;
  for (auto& p : detector_panels(file, view.probe)) panels.emplace_back(std::move(p));
  if (file.exists("/match/motif")) {
    panels.emplace_back(motif_panel(file));
    panels.emplace_back(significance_panel(file));
    if (auto p = posterior_panel(file); p.values.size() > 0) panels.emplace_back(std::move(p));
    while (panels.size() % kWide != 0) panels.emplace_back(ImagePanel{});  // pairs begin a row
    for (auto& pair : match_pairs(file, view)) {
      pair.measured.title = fmt::format("measured, {}", pair.measured.title);
      pair.library.title = fmt::format("library: {}, p = {:.2g}", pair.motif, pair.p_value);
      panels.emplace_back(std::move(pair.measured));
      panels.emplace_back(std::move(pair.library));
      if (pair.difference.values.size() > 0) panels.emplace_back(std::move(pair.difference));
    }
  }
  for (auto& section : result_sections(file))
    for (auto& p : section.panels) panels.push_back(std::move(p));
  if (file.is_dataset("/motif_library/patterns/data"))
    for (auto& p : template_panels(file, 12, view)) panels.emplace_back(std::move(p));
  if (const std::string patterns = patterns_dataset(file); !patterns.empty()) {
    const auto size = scan_size(file, patterns);
    panels.emplace_back(mean_pattern_panel(file, patterns, view));
    if (size[0] * size[1] > 1)
      for (const auto& at : some_positions(size))
        panels.emplace_back(pattern_panel(file, patterns, at, view));
  }
  if (!panels.empty()) return panels;
  for (const auto& e : file.tree())
    if (e.is_dataset && e.same_as.empty() && is_number(e.dataset.type) &&
        Stack<int>::count(e.dataset.shape) > 1)
      return dataset_panels(file, e.path, {}, view);
  fail(Fault::input, "{}: holds nothing that can be plotted; vitrobeam info lists what it holds",
       file.path());
}

std::vector<Panel> chosen_panels(const Hdf5Reader& file, const PlotCommand& c,
                                 const PatternView& view) {
  std::vector<ScanIndex> positions;
  for (const auto& text : c.at) positions.push_back(parse_position(text));
  if (!c.mean && positions.empty())
    return c.dataset.empty() ? default_panels(file, view)
                             : dataset_panels(file, c.dataset, {}, view);
  const std::string dataset = c.dataset.empty() ? patterns_dataset(file) : c.dataset;
  if (dataset.empty())
    fail(Fault::input,
         "{}: holds no patterns that --at or --mean could show; name them with --dataset",
         file.path());
  std::vector<Panel> panels;
  if (c.mean) panels.emplace_back(mean_pattern_panel(file, dataset, view));
  for (const auto& at : positions) panels.emplace_back(pattern_panel(file, dataset, at, view));
  return panels;
}

int write_figure(const Figure& figure, const CommonSettings& common) {
  if (common.dry_run) {
    std::cout << fmt::format("picture     {} panels\n", figure.panels.size());
    return 0;
  }
  write_bytes(common.output, png(figure));
  std::cout << fmt::format("wrote       {} ({} panels)\n", common.output, figure.panels.size());
  return 0;
}

int plot_model(const std::string& path, const PlotCommand& c) {
  const Atoms atoms = read_atoms(path, c.structure);
  if (!c.common.dry_run) check_output(c.common);
  return write_figure({model_panels(atoms), 2, std::filesystem::path(path).filename().string()},
                      c.common);
}

}  // namespace

int run_plot(const std::vector<std::string>& arguments) {
  PlotCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage, "plot: name one file: vitrobeam plot FILE -o picture.png");
  const std::string path = settings.positional().front();
  if (std::filesystem::is_regular_file(path) && !is_hdf5(path)) return plot_model(path, c);
  const Hdf5Reader file(path);
  if (!c.common.dry_run) check_output(c.common);
  const PatternView view{c.display, c.q_limit, 250, std::size_t(c.probe)};
  Figure figure{chosen_panels(file, c, view), 2,
                std::filesystem::path(file.path()).filename().string()};
  const std::size_t n = figure.panels.size();
  const bool has_pairs = n > 4 && c.dataset.empty() && file.exists("/match/examples");
  figure.columns = n > 9 || has_pairs ? kWide : n > 4 ? 3 : 2;
  return write_figure(figure, c.common);
}

}  // namespace vitrobeam
