// vitrobeam library: builds, extends, merges, cuts and describes motif libraries.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <iostream>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/library_settings.hpp"
#include "drivers/log.hpp"
#include "drivers/output_files.hpp"
#include "io/digest.hpp"
#include "io/library_file.hpp"
#include "io/new_file.hpp"
#include "options/quantity.hpp"
#include "options/version.hpp"
#include "patterns/library_coverage.hpp"
#include "runtime/ranks.hpp"
#include "runtime/work_units.hpp"

namespace vitrobeam {
namespace {

void print_condition(const MotifLibrary& library, std::size_t condition) {
  const LibraryConditions& l = library.conditions[condition];
  const ConditionCoverage c = coverage(library, condition);
  std::cout << fmt::format("beam        {} kV, {} mrad, defocus {} Angstrom\n", l.energy_kV,
                           l.semiangle_mrad, l.defocus)
            << fmt::format(
                   "specimen    {}, {:.4f} atoms/Angstrom^3, {} Angstrom thick; templates in {}\n",
                   l.elements, l.density, l.thickness,
                   l.matrix == "none" ? std::string("vacuum")
                                      : fmt::format("packings (mean of {})", l.realisations));
  if (!l.simulation.empty()) std::cout << fmt::format("simulated   {}\n", l.simulation);
  for (std::size_t k = 0; k < c.motifs.size(); ++k) {
    const MotifCoverage& m = c.motifs[k];
    std::string more;
    if (m.decorations > 1) more += fmt::format(", {} decorations", m.decorations);
    if (m.depths > 1 && m.depths_of_view > 1) more += fmt::format(", {} depths", m.depths_of_view);
    if (m.offsets > 1) more += fmt::format(", {} offsets", m.offsets);
    if (m.templates != m.directions) more += ", " + counted(m.templates, "template");
    std::cout << fmt::format("{:<11} {}{}, {} planted\n", library.motif_names[k],
                             counted(m.directions, "direction"), more, m.planted);
  }
  std::cout << fmt::format("motif-free  {} from {}", counted(c.null_patterns, "pattern"),
                           counted(c.packings, "packing"));
  if (const ScanLayout& scan = library.layout; scan.step > 0)
    std::cout << fmt::format(", scanned in steps of {:.4g} Angstrom; {} positions of each planted",
                             scan.step, scan.patch());
  std::cout << '\n';
}

void print_coverage(const std::string& path) {
  const MotifLibrary library = LibraryFile(path, simulation_of_plan).records();
  std::cout << fmt::format("patterns    {} x {} pixels of {:.5f} x {:.5f} 1/Angstrom\n",
                           library.patterns.shape[1], library.patterns.shape[2], library.pixel_qy,
                           library.pixel_qx);
  for (std::size_t c = 0; c < library.conditions.size(); ++c) {
    if (library.conditions.size() > 1) std::cout << fmt::format("condition   {}\n", c);
    print_condition(library, c);
  }
  if (library.origins.size() > 1)
    for (const OriginCoverage& o : coverage_of_origins(library))
      std::cout << fmt::format("made by     {}, seed {}: {}, {} motif-free, {} planted\n",
                               o.program, o.seed, counted(o.templates, "template"), o.null_patterns,
                               o.planted);
  if (!library.is_whole())
    std::cout << fmt::format("not whole   {} of {} units of the build\n", library.units.size(),
                             library.planned_units);
}

// The journal of all units, and the library made of them.
void check_room(const LibraryCommand& c, const LibraryBuilder& builder) {
  if (c.beam.common.output.empty() || !ranks().is_leader()) return;
  const auto units = units_of_shard(c.shard, builder.units());
  const BuildEstimate e = estimate_build(c.plan, builder, units);
  check_free_space(c.beam.common.output, 1e6 * (e.values_MB + e.file_MB));
}

void dry_run(const LibraryCommand& c, const LibraryBuilder& builder) {
  check_room(c, builder);
  const LibraryPlan& p = c.plan;
  const auto units = units_of_shard(c.shard, builder.units());
  const BuildEstimate e = estimate_build(p, builder, units);
  std::cout << fmt::format(
      "patterns    {}, {:.1f} MB in the file\npackings    {} of {} atoms\ngrid        {} x {}, {} "
      "slices\nunits       {} of {}\ntime        about {:.0f} s\n",
      e.patterns, e.file_MB, p.packings, e.packing_atoms, p.simulation.nx, p.simulation.ny,
      std::lround(e.slices), units.size(), builder.units(), estimate_seconds(p, units));
}

// The units of a build in its journal, where they are counted from 0 through a shard.
class BuildUnits {
 public:
  BuildUnits(const LibraryBuilder& builder, std::vector<std::size_t> units,
             const CommonSettings& common, const std::string& identity)
      : builder_(builder),
        units_(std::move(units)),
        common_(common),
        work_(common.output + ".journal", identity, common.resume, units_.size()) {}

  // Makes what the journal lacks, in all processes; false when interrupted.
  bool make() {
    if (work_.done() > 0) inform("resuming: {} of {} units are done", work_.done(), units_.size());
    const WorkUnits::Shown shown{"patterns",
                                 [this](std::size_t i) { return builder_.patterns_of(units_[i]); }};
    return work_.share_out_units({0, units_.size()}, shown, run_control(common_),
                                 [this](std::size_t i) { return builder_.make(units_[i]); });
  }
  // The rest is the leader's.
  std::vector<std::size_t> done() const {
    std::vector<std::size_t> list;
    for (const std::size_t i : work_.saved()) list.push_back(units_[i]);
    return list;
  }
  void write(const std::string& path, const RunRecord& record) const {
    MotifLibrary records = builder_.records(done());
    records.identity = run_digest(record);
    records.origins = {{fmt::format("vitrobeam {} ({})", version(), revision()), record.ini}};
    LibraryWriter file(path, records, record);
    builder_.copy(
        done(),
        [this](std::size_t unit) {
          const auto at = std::lower_bound(units_.begin(), units_.end(), unit);
          return work_.read(std::size_t(at - units_.begin()));
        },
        file);
    file.commit();
  }
  void remove_journal() { work_.remove_journal(); }

 private:
  const LibraryBuilder& builder_;
  std::vector<std::size_t> units_;
  const CommonSettings& common_;
  WorkUnits work_;
};

RunRecord record_of(const Settings& settings, const LibraryCommand& c,
                    const std::vector<std::string>& inputs) {
  RunRecord record = start_record(settings, c.beam.common, inputs);
  record.audit.push_back({"null_packings", "", std::int64_t(c.plan.packings)});
  record.audit.push_back({"density", "atoms/Angstrom^3", c.plan.density});
  record.audit.push_back({"composition", "", c.composition});
  return record;
}

// Whether --output may be begun or continued; false if the library is whole already. Collective.
bool start_library(const CommonSettings& common, const RunRecord& record) {
  bool is_whole = false;
  if (ranks().is_leader()) {
    CommonSettings to_check = common;
    if (common.resume && is_complete(common.output, record)) {
      is_whole = LibraryFile(common.output).records().is_whole();
      to_check.force = true;  // the part that an interrupted run left
    }
    if (is_whole)
      std::cout << common.output << " is whole already; nothing to resume\n";
    else
      check_output(to_check);
  }
  return ranks().from_leader(is_whole ? "whole" : "") != "whole";
}

void print_written(const CommonSettings& common) {
  print_coverage(common.output);
  std::cout << fmt::format("wrote       {}\n", common.output);
}

int build(const std::vector<std::string>& arguments) {
  LibraryCommand c;
  Settings settings = describe(c, "library build");
  const CommonSettings& common = c.beam.common;
  if (!begin(settings, c.beam.common, arguments)) return 0;
  resolve(c);
  const LibraryBuilder builder(c.plan);
  if (common.dry_run) {
    if (!common.resume) check_output(common);
    dry_run(c, builder);
    return 0;
  }
  check_room(c, builder);
  const RunRecord record = record_of(settings, c, {});
  if (!start_library(common, record)) return 0;
  BuildUnits units(builder, units_of_shard(c.shard, builder.units()), common,
                   run_digest(record) + c.shard);
  const bool finished = units.make();
  if (!ranks().is_leader()) return 0;
  if (!finished && units.done().empty()) {
    std::cerr << "vitrobeam: interrupted before the first unit; start again\n";
    return 130;
  }
  units.write(common.output, record);
  if (!finished) {
    std::cerr << fmt::format(
        "vitrobeam: interrupted; {} holds {} of {} units and can be used as far as it goes; "
        "--resume continues\n",
        common.output, units.done().size(), builder.units());
    return 130;
  }
  units.remove_journal();
  print_written(common);
  return 0;
}

// Removes a file when it goes.
struct TemporaryFile {
  const std::string path;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

// Writes a library made of others; none of them need fit into memory.
void finish(const LibrarySelection& selection, std::deque<LibraryFile>& from,
            const RunRecord& record, const CommonSettings& common) {
  if (common.dry_run) {
    std::cout << fmt::format("templates   {}\nnull        {}\nplanted     {}\n",
                             selection.records.templates.size(), selection.records.null.size(),
                             selection.records.planted.size());
    return;
  }
  std::vector<LibrarySource*> sources;
  for (auto& file : from) sources.push_back(&file);
  LibraryWriter file(common.output, selection.records, record);
  selection.copy(sources, file);
  file.commit();
  print_written(common);
}

std::deque<LibraryFile> open_libraries(const std::vector<std::string>& paths) {
  std::deque<LibraryFile> files;
  for (const auto& path : paths) files.emplace_back(path, simulation_of_plan);
  return files;
}

LibrarySelection merged_files(const std::deque<LibraryFile>& files) {
  std::vector<MotifLibrary> records;
  for (const auto& f : files) records.push_back(f.records());
  return select_merged(records);
}

int extend(const std::vector<std::string>& arguments) {
  LibraryCommand c;
  Settings settings = describe(c, "library extend");
  if (!begin(settings, c.beam.common, arguments)) return 0;
  if (settings.positional().size() != 1)
    fail(Fault::usage,
         "library extend: name one library, and what to add: --motifs, --thickness, "
         "--elements, ...");
  const std::string& extended = settings.positional().front();
  const MotifLibrary old = LibraryFile(extended, simulation_of_plan).records();
  if (c.beam.common.config.empty()) settings.parse_ini_text(stored_plan(extended), extended);
  resolve(c);
  c.plan = without_known(c.plan, old);
  const LibraryBuilder builder(c.plan);
  if (c.beam.common.dry_run) {
    if (!c.beam.common.resume) check_output(c.beam.common);
    dry_run(c, builder);
    return 0;
  }
  check_room(c, builder);
  const RunRecord record = record_of(settings, c, settings.positional());
  if (ranks().is_leader()) check_output(c.beam.common);
  BuildUnits units(builder, units_of_shard("", builder.units()), c.beam.common, run_digest(record));
  const bool finished = units.make();
  if (!ranks().is_leader()) return 0;
  if (!finished) {
    std::cerr << "vitrobeam: interrupted; --resume continues\n";
    return 130;
  }
  const TemporaryFile added{create_temporary(c.beam.common.output)};
  units.write(added.path, record);
  auto files = open_libraries({settings.positional().front(), added.path});
  finish(merged_files(files), files, record, c.beam.common);
  units.remove_journal();
  return 0;
}

// What the commands that only rearrange share: options, one or several libraries, the output.
struct Rearranging {
  CommonSettings common;
  std::string motifs;
  int condition = -1;
  std::optional<Settings> settings;
  std::deque<LibraryFile> files;

  const std::string& first() const { return settings->positional().front(); }
  void finish(const LibrarySelection& selection) {
    vitrobeam::finish(selection, files, start_record(*settings, common, settings->positional()),
                      common);
  }
};

// False where there is nothing more to do. `usage`: of a wrong number of libraries.
bool begin(Rearranging& c, Settings settings, bool takes_several, const char* usage,
           const std::vector<std::string>& arguments) {
  c.settings.emplace(std::move(settings));
  add_common(*c.settings, c.common);
  if (!begin(*c.settings, c.common, arguments)) return false;
  const std::size_t n = c.settings->positional().size();
  if (n == 0 || (n > 1 && !takes_several)) fail(Fault::usage, "{}", usage);
  check_output(c.common);
  c.files = open_libraries(c.settings->positional());
  return true;
}

int merge(const std::vector<std::string>& arguments) {
  Rearranging c;
  if (!begin(
          c,
          {"library merge", "one library of several, or of all shards of a build", {"LIBRARY..."}},
          true, "library merge: name the libraries", arguments))
    return 0;
  const LibrarySelection all = merged_files(c.files);
  if (all.records.identity.empty()) {
    c.finish(all);
    return 0;
  }
  // the record of the build itself: all shards together give the very file of a build in one piece
  LibraryCommand built;
  Settings as_built = describe(built, "library build");
  as_built.parse_ini_text(stored_plan(c.first()), c.first());
  resolve(built);
  finish(all, c.files, record_of(as_built, built, {}), c.common);
  return 0;
}

int subset(const std::vector<std::string>& arguments) {
  Rearranging c;
  Settings settings("library subset", "a part of a library", {"LIBRARY"});
  settings.add("motifs", c.motifs, "NAME,NAME..", "those to keep (default: all)");
  settings.add("condition", c.condition, "the one to keep, counted from 0 (default: all)")
      .at_least(-1);
  if (!begin(c, std::move(settings), false, "library subset: name one library", arguments))
    return 0;
  LibrarySelection part = merged_files(c.files);
  if (c.condition >= int(part.records.conditions.size()))
    fail(Fault::usage, "--condition {}: the library has {} (0 to {})", c.condition,
         part.records.conditions.size(), part.records.conditions.size() - 1);
  if (c.condition >= 0)
    part = composed(part, select_condition(part.records, std::size_t(c.condition)));
  if (!c.motifs.empty()) part = composed(part, select_motifs(part.records, split(c.motifs, ',')));
  if (part.records.is_whole()) part.records.units.clear(), part.records.planned_units = 0;
  part.records.identity.clear();
  c.finish(part);
  return 0;
}

int migrate(const std::vector<std::string>& arguments) {
  Rearranging c;
  if (!begin(c, {"library migrate", "rewrites a library of an older version", {"LIBRARY"}}, false,
             "library migrate: name one library", arguments))
    return 0;
  if (c.files.front().records().version == kLibraryVersion)
    fail(Fault::usage, "{} is of version {} already", c.first(), kLibraryVersion);
  c.finish(merged_files(c.files));
  return 0;
}

int info(const std::vector<std::string>& arguments) {
  CommonSettings common;
  Settings settings("library info", "what a motif library covers", {"LIBRARY"});
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().size() != 1) fail(Fault::usage, "library info: name one library file");
  print_coverage(settings.positional().front());
  return 0;
}

// The coverage and some templates, as vitrobeam plot shows them.
int plot(const std::vector<std::string>& arguments) {
  for (const auto& a : arguments)
    if (!a.starts_with("-") && a.ends_with(".h5") && std::filesystem::is_regular_file(a))
      LibraryFile{a};  // refuses what is no library
  return run_plot(arguments);
}

}  // namespace

int run_library(const std::vector<std::string>& arguments) {
  const std::string action = arguments.empty() ? "" : arguments.front();
  const std::vector<std::string> rest(arguments.begin() + !arguments.empty(), arguments.end());
  if (action == "build") return build(rest);
  if (action == "extend") return extend(rest);
  if (action == "merge") return merge(rest);
  if (action == "subset") return subset(rest);
  if (action == "migrate") return migrate(rest);
  if (action == "info") return info(rest);
  if (action == "plot") return plot(rest);
  const bool wants_help = action == "--help" || action == "-h";
  (wants_help ? std::cout : std::cerr)
      << "usage: vitrobeam library build -o LIBRARY [options]\n"
         "       vitrobeam library extend LIBRARY -o NEW [options]\n"
         "       vitrobeam library merge LIBRARY... -o NEW\n"
         "       vitrobeam library subset LIBRARY -o NEW [--motifs ..] [--condition N]\n"
         "       vitrobeam library migrate LIBRARY -o NEW\n"
         "       vitrobeam library info LIBRARY\n"
         "       vitrobeam library plot LIBRARY -o PICTURE.png\n"
         "       vitrobeam library ACTION --help\n";
  if (wants_help) return 0;
  fail(Fault::usage,
       "library: '{}' is no action; build, extend, merge, subset, migrate, info or plot", action);
}

}  // namespace vitrobeam
