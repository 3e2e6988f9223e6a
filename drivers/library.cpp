// vitrobeam library: builds, extends, merges, cuts and describes motif libraries.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/library_plan.hpp"
#include "drivers/log.hpp"
#include "drivers/quantity.hpp"
#include "drivers/trial.hpp"
#include "drivers/version.hpp"
#include "io/hdf5.hpp"
#include "io/library_file.hpp"
#include "runtime/ranks.hpp"
#include "runtime/work_units.hpp"

namespace vitrobeam {
namespace {

void print_condition(const MotifLibrary& library, std::size_t condition) {
  const LibraryConditions& l = library.conditions[condition];
  const int c = int(condition);
  std::cout << fmt::format("beam        {} kV, {} mrad, defocus {} Angstrom\n", l.energy_kV,
                           l.semiangle_mrad, l.defocus)
            << fmt::format(
                   "specimen    {}, {:.4f} atoms/Angstrom^3, {} Angstrom thick; templates in {}\n",
                   l.elements, l.density, l.thickness,
                   l.matrix == "none" ? std::string("vacuum")
                                      : fmt::format("packings (mean of {})", l.realisations));
  if (!l.simulation.empty()) std::cout << fmt::format("simulated   {}\n", l.simulation);
  std::set<int> packings;
  std::size_t null = 0;
  for (std::size_t i = 0; i < library.null_packing.size(); ++i)
    if (library.null_condition[i] == c) {
      ++null;
      packings.insert(library.null_packing[i]);
    }
  for (std::size_t m = 0; m < library.motif_names.size(); ++m) {
    std::set<std::tuple<double, double, double>> views;
    std::set<int> decorations;
    std::set<double> depths;
    std::set<std::pair<double, double>> offsets;
    std::size_t templates = 0;
    for (const auto& t : library.templates)
      if (t.motif == int(m) && t.condition == c) {
        views.insert({t.direction.x(), t.direction.y(), t.direction.z()});
        decorations.insert(t.decoration);
        depths.insert(t.depth);
        offsets.insert({t.offset.x(), t.offset.y()});
        ++templates;
      }
    std::size_t planted = 0;
    for (std::size_t i = 0; i < library.planted_motif.size(); ++i)
      planted += library.planted_motif[i] == int(m) && library.planted_condition[i] == c;
    planted /= library.layout.patch();
    std::string more;
    if (decorations.size() > 1) more += fmt::format(", {} decorations", decorations.size());
    // depths of a view: the room differs from direction to direction
    const std::size_t each = std::max<std::size_t>(
        1,
        templates / std::max<std::size_t>(1, views.size() * decorations.size() * offsets.size()));
    if (depths.size() > 1 && each > 1) more += fmt::format(", {} depths", each);
    if (offsets.size() > 1) more += fmt::format(", {} offsets", offsets.size());
    if (templates != views.size()) more += fmt::format(", {} templates", templates);
    std::cout << fmt::format("{:<11} {} directions{}, {} planted\n", library.motif_names[m],
                             views.size(), more, planted);
  }
  std::cout << fmt::format("motif-free  {} patterns from {} packings", null, packings.size());
  if (const ScanLayout& scan = library.layout; scan.step > 0)
    std::cout << fmt::format(", scanned in steps of {:.4g} Angstrom; {} positions of each planted",
                             scan.step, scan.patch());
  std::cout << '\n';
}

void print_coverage(const MotifLibrary& library) {
  std::cout << fmt::format("patterns    {} x {} pixels of {:.5f} x {:.5f} 1/Angstrom\n",
                           library.patterns.shape[1], library.patterns.shape[2], library.pixel_qy,
                           library.pixel_qx);
  for (std::size_t c = 0; c < library.conditions.size(); ++c) {
    if (library.conditions.size() > 1) std::cout << fmt::format("condition   {}\n", c);
    print_condition(library, c);
  }
  for (std::size_t o = 0; o < library.origins.size() && library.origins.size() > 1; ++o) {
    const LibraryOrigin& made = library.origins[o];
    std::smatch seed;
    const bool known = std::regex_search(made.plan, seed, std::regex("(?:^|\\n)seed *= *([0-9]+)"));
    const auto of = [o](const auto& list) { return std::count(list.begin(), list.end(), int(o)); };
    std::cout << fmt::format(
        "made by     {}, seed {}: {} templates, {} motif-free, {} planted\n",
        made.program.empty() ? "an older program" : made.program, known ? seed[1].str() : "unknown",
        std::count_if(library.templates.begin(), library.templates.end(),
                      [o](const TemplateRecord& t) { return t.origin == int(o); }),
        of(library.null_origin), of(library.planted_origin));
  }
  if (!library.is_whole())
    std::cout << fmt::format("not whole   {} of {} units of the build\n", library.units.size(),
                             library.planned_units);
}

void dry_run(const LibraryCommand& c, const LibraryBuilder& builder) {
  const LibraryPlan& p = c.plan;
  const Grid grid{p.simulation.nx, p.simulation.ny, p.box, p.box};
  double slices = 0;
  for (const double t : p.thicknesses)
    slices += slice_count(t, p.simulation.slice) / double(p.thicknesses.size());
  const auto units = units_of_shard(c.shard, builder.units());
  std::size_t patterns = 0;
  for (const auto u : units) patterns += builder.patterns_of(u);
  // a pattern takes a wave through the slab, and its potential about as much again; packing takes 1
  // to 2 ms a sphere
  const PackingSettings packing = packing_settings(c);
  const double seconds = (2.0 * slices * double(patterns) * machine_speed<float>(grid).slice +
                          1.5e-3 * double(p.packings) * double(packing.atoms)) /
                         p.threads;
  const double pixels = std::pow(2 * std::floor(c.q_max * p.box) + 1, 2);
  std::cout << fmt::format(
      "patterns    {}, {:.1f} MB in the file\npackings    {} of {} atoms\ngrid        {} x {}, {} "
      "slices\nunits       {} of {}\ntime        about {:.0f} s\n",
      patterns,
      double(builder.templates() +
             std::size_t(p.null_patterns + p.planted_patterns * int(p.motifs.size()))) *
          pixels * 4e-6,
      p.packings, packing.atoms, p.simulation.nx, p.simulation.ny, std::lround(slices),
      units.size(), builder.units(), seconds);
}

std::string journal_name(const CommonSettings& common) { return common.output + ".journal"; }

// The units of a build in its journal, where they are counted from 0 through a shard.
class BuildUnits {
 public:
  BuildUnits(const LibraryBuilder& builder, std::vector<std::size_t> units,
             const CommonSettings& common, const std::string& identity)
      : builder_(builder),
        units_(std::move(units)),
        common_(common),
        work_(journal_name(common), identity, common.resume, units_.size()) {}

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

LibraryBuilder make_builder(const LibraryCommand& c) {
  return LibraryBuilder(c.plan, [&c](std::size_t i) {
    PackingSettings s = packing_settings(c);
    s.seed = c.plan.seed + i * 1000003;
    return random_packing(s).atoms;
  });
}

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
  print_coverage(LibraryFile(common.output).records());
  std::cout << fmt::format("wrote       {}\n", common.output);
}

int build(const std::vector<std::string>& arguments) {
  LibraryCommand c;
  Settings settings = describe(c, "library build");
  const CommonSettings& common = c.beam.common;
  if (!begin(settings, c.beam.common, arguments)) return 0;
  resolve(c);
  const LibraryBuilder builder = make_builder(c);
  if (common.dry_run) {
    dry_run(c, builder);
    return 0;
  }
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

// A file that is gone when this is.
class TemporaryPath {
 public:
  explicit TemporaryPath(std::string path) : path_(std::move(path)) {}
  ~TemporaryPath() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A library's own plan.
std::string stored_plan(const std::string& library) {
  return Hdf5Reader(library).string_attribute("/parameters", "ini");
}

// Writes a library made of others; none of them need fit into memory.
void finish(const LibrarySelection& selection, std::deque<LibraryFile>& from,
            const RunRecord& record, const CommonSettings& common) {
  std::vector<LibrarySource*> sources;
  for (auto& file : from) sources.push_back(&file);
  LibraryWriter file(common.output, selection.records, record);
  selection.copy(sources, file);
  file.commit();
  print_written(common);
}

std::deque<LibraryFile> open_libraries(const std::vector<std::string>& paths) {
  std::deque<LibraryFile> files;
  for (const auto& path : paths) files.emplace_back(path);
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
  const std::string base = settings.positional().front();
  const MotifLibrary old = LibraryFile(base).records();
  if (!settings.was_given("config")) settings.take_stored(stored_plan(base), base);
  resolve(c);
  // what is there already need not be made again
  const auto conditions = make_builder(c).records({}).conditions;
  if (std::all_of(conditions.begin(), conditions.end(), [&](const LibraryConditions& l) {
        return std::find(old.conditions.begin(), old.conditions.end(), l) != old.conditions.end();
      })) {
    c.plan.null_patterns = 0;
    for (const auto& m : c.plan.motifs)
      for (const auto& d : make_builder(c).records({}).decorations)
        if (std::count(old.motif_names.begin(), old.motif_names.end(), m) > 0 &&
            std::count(old.decorations.begin(), old.decorations.end(), d) > 0)
          fail(
              Fault::usage,
              "library extend: {} of {} is in {} already; name with --motifs or --elements what it "
              "lacks",
              m, d, settings.positional().front());
  }
  const LibraryBuilder builder = make_builder(c);
  if (c.beam.common.dry_run) {
    dry_run(c, builder);
    return 0;
  }
  const RunRecord record = record_of(settings, c, settings.positional());
  if (ranks().is_leader()) check_output(c.beam.common);
  BuildUnits units(builder, units_of_shard("", builder.units()), c.beam.common, run_digest(record));
  const bool finished = units.make();
  if (!ranks().is_leader()) return 0;
  if (!finished) {
    std::cerr << "vitrobeam: interrupted; --resume continues\n";
    return 130;
  }
  const TemporaryPath added(c.beam.common.output + ".added");
  units.write(added.path(), record);
  auto files = open_libraries({settings.positional().front(), added.path()});
  finish(merged_files(files), files, record, c.beam.common);
  units.remove_journal();
  return 0;
}

// Commands that only rearrange what is in files.
struct Rearranging {
  CommonSettings common;
  std::string motifs;
  int condition = -1;
};

int merge(const std::vector<std::string>& arguments) {
  Rearranging c;
  Settings settings("library merge", "one library of several, or of all shards of a build",
                    {"LIBRARY..."});
  add_common(settings, c.common);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().empty()) fail(Fault::usage, "library merge: name the libraries");
  check_output(c.common);
  auto files = open_libraries(settings.positional());
  const LibrarySelection all = merged_files(files);
  if (all.records.identity.empty()) {
    finish(all, files, start_record(settings, c.common, settings.positional()), c.common);
    return 0;
  }
  // the record of the build itself: all shards together give the very file of a build in one piece
  LibraryCommand built;
  Settings as_built = describe(built, "library build");
  as_built.take_stored(stored_plan(settings.positional().front()), settings.positional().front());
  resolve(built);
  finish(all, files, record_of(as_built, built, {}), c.common);
  return 0;
}

int subset(const std::vector<std::string>& arguments) {
  Rearranging c;
  Settings settings("library subset", "a part of a library", {"LIBRARY"});
  settings.add("motifs", c.motifs, "NAME,NAME..", "those to keep (default: all)");
  settings.add("condition", c.condition, "the one to keep, counted from 0 (default: all)")
      .at_least(-1);
  add_common(settings, c.common);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1) fail(Fault::usage, "library subset: name one library");
  check_output(c.common);
  auto files = open_libraries(settings.positional());
  LibrarySelection part = merged_files(files);
  if (c.condition >= int(part.records.conditions.size()))
    fail(Fault::usage, "--condition {}: the library has {} (0 to {})", c.condition,
         part.records.conditions.size(), part.records.conditions.size() - 1);
  if (c.condition >= 0)
    part = composed(part, select_condition(part.records, std::size_t(c.condition)));
  if (!c.motifs.empty()) part = composed(part, select_motifs(part.records, split(c.motifs, ',')));
  if (part.records.is_whole()) part.records.units.clear(), part.records.planned_units = 0;
  part.records.identity.clear();
  finish(part, files, start_record(settings, c.common, settings.positional()), c.common);
  return 0;
}

int migrate(const std::vector<std::string>& arguments) {
  Rearranging c;
  Settings settings("library migrate", "rewrites a library of an older version", {"LIBRARY"});
  add_common(settings, c.common);
  if (!begin(settings, c.common, arguments)) return 0;
  if (settings.positional().size() != 1) fail(Fault::usage, "library migrate: name one library");
  check_output(c.common);
  auto files = open_libraries(settings.positional());
  if (files.front().records().version == kLibraryVersion)
    fail(Fault::usage, "{} is of version {} already", settings.positional().front(),
         kLibraryVersion);
  finish(merged_files(files), files, start_record(settings, c.common, settings.positional()),
         c.common);
  return 0;
}

int info(const std::vector<std::string>& arguments) {
  CommonSettings common;
  Settings settings("library info", "what a motif library covers", {"LIBRARY"});
  add_common(settings, common);
  if (!begin(settings, common, arguments)) return 0;
  if (settings.positional().size() != 1) fail(Fault::usage, "library info: name one library file");
  print_coverage(LibraryFile(settings.positional().front()).records());
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
