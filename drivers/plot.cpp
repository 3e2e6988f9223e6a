// vitrobeam plot: one PNG from any result or library file.
#include <cctype>
#include <charconv>
#include <filesystem>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/structure_input.hpp"
#include "io/structure_file.hpp"
#include "io/whole_file.hpp"
#include "options/text_checks.hpp"
#include "pictures/model_picture.hpp"
#include "pictures/overview.hpp"

namespace vitrobeam {
namespace {

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

ScanIndex parse_position(const std::string& text);

Settings describe(PlotCommand& c) {
  Settings o("plot", "PNG pictures from any result file or atomic model", {"FILE"});
  o.section("What is shown");
  o.add("dataset", c.dataset, "PATH",
        "the dataset to show (default: detector images, motif map, mean pattern and a few "
        "patterns, whatever there is)");
  o.add("at", c.at, "ROW,COLUMN", "pattern at this scan position, counted from 0")
      .reads([](const auto& text, const auto&) { parse_position(text); });
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
  o.one_of({"mean", "at"});
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

// The ending says a format, and pictures are PNG.
void check_ending(const std::string& output) {
  std::string ending = std::filesystem::path(output).extension().string();
  for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
  if (!ending.empty() && ending != ".png")
    fail(Fault::usage, "-o {}: pictures are written as PNG, not as '{}'; name a file .png", output,
         ending);
}

int write_figure(const Figure& figure, const CommonSettings& common) {
  check_ending(common.output);
  if (common.dry_run) {
    std::cout << fmt::format("picture     {}\n", counted(figure.panels.size(), "panel"));
    return 0;
  }
  write_bytes(common.output, png(figure));
  std::cout << fmt::format("wrote       {} ({})\n", common.output,
                           counted(figure.panels.size(), "panel"));
  return 0;
}

int plot_model(const std::string& path, const PlotCommand& c) {
  const Atoms atoms = read_atoms(path, c.structure);
  check_output(c.common);
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
  check_output(c.common);
  FigureChoice choice{c.dataset, {}, c.mean};
  for (const auto& text : c.at) choice.at.push_back(parse_position(text));
  return write_figure(figure_of(file, choice, {c.display, c.q_limit, 250, std::size_t(c.probe)}),
                      c.common);
}

}  // namespace vitrobeam
