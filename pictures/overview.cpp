#include "pictures/overview.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "pictures/result_sections.hpp"

namespace vitrobeam {
namespace {

constexpr int kWide = 6;  // columns of a figure of many panels: two matches, or three pairs

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

void add_match(std::vector<Panel>& panels, const Hdf5Reader& file, const PatternView& view) {
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

std::vector<Panel> overview(const Hdf5Reader& file, const PatternView& view) {
  std::vector<Panel> panels;
  for (auto& p : detector_panels(file, view.probe)) panels.emplace_back(std::move(p));
  if (file.exists("/match/motif")) add_match(panels, file, view);
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

std::vector<Panel> chosen_panels(const Hdf5Reader& file, const FigureChoice& c,
                                 const PatternView& view) {
  if (!c.mean && c.at.empty())
    return c.dataset.empty() ? overview(file, view) : dataset_panels(file, c.dataset, {}, view);
  const std::string dataset = c.dataset.empty() ? patterns_dataset(file) : c.dataset;
  if (dataset.empty())
    fail(Fault::input,
         "{}: holds no patterns that @at or @mean could show; name them with @dataset",
         file.path());
  std::vector<Panel> panels;
  if (c.mean) panels.emplace_back(mean_pattern_panel(file, dataset, view));
  for (const auto& at : c.at) panels.emplace_back(pattern_panel(file, dataset, at, view));
  return panels;
}

}  // namespace

Figure figure_of(const Hdf5Reader& file, const FigureChoice& choice, const PatternView& view) {
  Figure figure{chosen_panels(file, choice, view), 2,
                std::filesystem::path(file.path()).filename().string()};
  const std::size_t n = figure.panels.size();
  const bool has_pairs = n > 4 && choice.dataset.empty() && file.exists("/match/examples");
  figure.columns = n > 9 || has_pairs ? kWide : n > 4 ? 3 : 2;
  return figure;
}

}  // namespace vitrobeam
