// vitrobeam match: patterns + library -> motif map at a stated false-alarm rate.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/error.hpp"
#include "drivers/library_settings.hpp"
#include "drivers/log.hpp"
#include "drivers/match_settings.hpp"
#include "drivers/match_summary.hpp"
#include "drivers/output_files.hpp"
#include "drivers/produce.hpp"
#include "io/match_file.hpp"
#include "io/provenance.hpp"
#include "studies/match_refinement.hpp"

namespace vitrobeam {
namespace {

MotifLibrary whole_library(const std::string& path) {
  MotifLibrary library = LibraryFile(path, simulation_of_plan).read();
  if (!library.is_whole())
    warn(
        "{} holds {} of the {} units of its build (interrupted, or a shard): what is missing "
        "cannot be found; 'library build --resume' or 'library merge' makes it whole",
        path, library.units.size(), library.planned_units);
  return library;
}

// Between the positions of the scan, Angstrom.
double scan_step(const PatternSource& source, const MatchCommand& c) {
  if (c.step) return *c.step;
  if (const auto step = stated_step(source)) return *step;
  fail(Fault::usage,
       "--neighbours {}: the file does not say how far apart its positions are; give --step",
       c.match.neighbours);
}

// Empty unless matches are to be refined: the plans of the builds whose templates are there.
Refinement refinement(const MotifLibrary& library, int most) {
  if (most == 0) return {};
  std::vector<LibraryPlan> plans(library.origins.size());
  for (std::size_t i = 0; i < plans.size(); ++i)
    if (std::any_of(library.templates.begin(), library.templates.end(),
                    [i](const TemplateRecord& t) { return std::size_t(t.origin) == i; }))
      plans[i] = plan_of(library.origins[i]);
  return refinement_by_simulation(std::move(plans), most);
}

}  // namespace

int run_match(const std::vector<std::string>& arguments) {
  MatchCommand c;
  Settings settings = describe(c);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 2)
    fail(Fault::usage,
         "match: name the patterns and the library: vitrobeam match PATTERNS LIBRARY -o OUT.h5");
  check_further_file("--csv", c.csv, c.common);
  const auto input = open_input(settings.positional()[0], c.patterns, c.common.seed);
  const PatternSource& source = input->source();
  PatternScan scan = input->scan();
  scan.stated_defocus = stated_defocus(source);
  c.match.false_alarm = c.false_alarm_percent / 100;
  c.match.recognition.seed = c.common.seed;
  c.match.recognition.readout = c.patterns.readout;
  PreparedMatch prepared =
      prepare_match(scan, whole_library(settings.positional()[1]), c.match, run_control(c.common));
  check_alloy(source.file(), settings.positional()[1], prepared.library.decorations);
  const std::string shape = shape_summary(scan, prepared.library);
  const Refinement refine =
      c.common.dry_run ? Refinement{} : refinement(prepared.library, c.refine);
  if (c.match.neighbours > 0) prepared.settings.step = scan_step(source, c);
  const double bytes = match_bytes({scan.positions(), prepared.library.motif_names.size(),
                                    c.match.components > 1 ? std::size_t(c.match.components) : 0,
                                    most_kept_views(prepared.library)});
  MatchResult result;
  return produce(
      settings, c.common,
      {.title = "match",
       .inputs = {source.file(), settings.positional()[1]},
       .predict =
           [&] {
             const double seconds = match_seconds(scan, std::move(prepared), run_control(c.common));
             std::cout << shape
                       << fmt::format("time        about {:.3g} s{}\n", seconds,
                                      c.refine > 0 ? ", without --refine" : "");
           },
       .compute =
           [&](const RunControl& run) {
             if (source.thicknesses() > 1)
               inform("{} thicknesses in the file: the last one is matched", source.thicknesses());
             result = match_scan(scan, std::move(prepared), run, refine);
           },
       .store =
           [&](Hdf5Writer& file) {
             write_match(file, result);
             input->carry_over(file);
           },
       .summarise =
           [&] {
             summarise(result, c.false_alarm_percent);
             print_refined(result);
           },
       .after =
           [&] {
             if (!c.csv.empty()) write_match_table(c.csv, result);
           },
       .bytes = bytes});
}

}  // namespace vitrobeam
