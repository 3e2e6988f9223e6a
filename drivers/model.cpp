// vitrobeam model: the table of kinds, and what happens to every model after it is built.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "base/counted.hpp"
#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/log.hpp"
#include "drivers/model_kind.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/ground_truth.hpp"
#include "models/neighbours.hpp"
#include "models/occupancy.hpp"
#include "models/packing.hpp"
#include "models/structure_result.hpp"
#include "models/transform.hpp"
#include "options/quantity.hpp"
#include "options/text_checks.hpp"
#include "options/version.hpp"

namespace vitrobeam {
namespace {

struct Group {
  const char* title;
  std::vector<ModelKind> kinds;
};

std::vector<Group> groups() {
  return {{"random packings", packing_kinds()},
          {"crystal-like order", crystal_kinds()},
          {"models of the literature", literature_kinds()},
          {"relaxation", relaxation_kinds()},
          {"specimens from a structure file", specimen_kinds()},
          {"foils and series from a structure file", foil_kinds()},
          {"motifs of a structure file", extraction_kinds()},
          {"motifs", motif_kinds()}};
}

enum class ModelFormat { extxyz, kirkland };

// What every kind may do at the end, in this order.
struct Finish {
  CommonSettings common;
  std::string repeat, vacuum;
  bool voronoi = false;
  double face_cut = kVoronoiFaceCut;
  ModelFormat format = ModelFormat::extxyz;
};

Vector3d parse_vacuum(const std::string& text);
std::array<int, 3> parse_repeat(const std::string& text);

void add_finish(Settings& o, Finish& f) {
  o.section("Cell of the result");
  o.add("repeat", f.repeat, "NXxNYxNZ", "repeat the cell so many times along its edges")
      .reads([](const auto& text, const auto&) { parse_repeat(text); });
  o.add("vacuum", f.vacuum, "T|TX,TY,TZ", "vacuum on either side: one thickness is along the beam")
      .reads([](const auto& text, const auto&) { parse_vacuum(text); });
  o.section("Labels");
  o.add("voronoi", f.voronoi, "label every atom with its Voronoi index <n3,n4,n5,n6> and volume");
  o.add("face-cut", f.face_cut, "",
        "share of a Voronoi cell's surface below which a face is not counted")
      .at_least(0)
      .at_most(0.5);
  o.section("Output");
  o.add("format", f.format, {{"extxyz", ModelFormat::extxyz}, {"kirkland", ModelFormat::kirkland}},
        "of the output; kirkland: Z x y z occupancy u_rms, for Kirkland's programs and Prismatic, "
        "without the labels");
  add_common(o, f.common);
}

Vector3d parse_vacuum(const std::string& text) {
  const Vector3d v = text.find(',') == std::string::npos
                         ? Vector3d(0, 0, parse_quantity(text, "Angstrom", "vacuum"))
                         : parse_vector(text, "Angstrom", "vacuum");
  if (v.minCoeff() < 0 || v.maxCoeff() > 1e4)
    fail(Fault::usage, "--vacuum '{}': expected thicknesses from 0 to 1e4 Angstrom", text);
  return v;
}

std::array<int, 3> parse_repeat(const std::string& text) {
  const auto words = split(text, 'x');
  std::array<int, 3> times{};
  for (std::size_t k = 0; k < 3; ++k) {
    const double v = words.size() == 3 ? parse_quantity(words[k], "", "repeat") : 0;
    if (v < 1 || v > 1e4 || v != std::floor(v))
      fail(Fault::usage, "--repeat '{}': expected three whole numbers, such as 2x2x1", text);
    times[k] = int(v);
  }
  return times;
}

void print_table() {
  std::cout << "usage: vitrobeam model KIND [STRUCTURE] [options] -o OUT.extxyz\n"
               "       vitrobeam model KIND --help\n";
  for (const Group& group : groups()) {
    if (std::string(group.title) == "motifs") break;
    std::cout << '\n' << group.title << ":\n";
    for (const ModelKind& kind : group.kinds)
      std::cout << fmt::format("  {:<22} {}\n",
                               kind.files.empty() ? kind.name : kind.name + " FILE", kind.summary);
  }
  std::cout << fmt::format("\nmotifs, also by their index:\n  {:<22} {:<13} {:<6} {:<18} {}\n",
                           "name", "Voronoi", "group", "axes", "what; --elements CENTRE,...");
  for (const Motif& m : motifs()) {
    std::string axes;
    for (const auto& a : symmetry_of(m).axes) axes += (axes.empty() ? "" : " ") + a.name;
    std::cout << fmt::format(
        "  {:<22} {:<13} {:<6} {:<18} {}{}\n", m.name, voronoi_name(m.voronoi),
        symmetry_of(m).point_group, axes, summary_of(m),
        m.other_elements.empty() ? "" : fmt::format("; {}", fmt::join(m.other_elements, ", ")));
  }
}

std::string most_frequent_indices(const Atoms& atoms, const Voronoi& v) {
  const auto counts = count_indices(atoms, v);
  std::string out;
  for (std::size_t k = 0; k < std::min<std::size_t>(counts.size(), 5); ++k)
    out += fmt::format("{}{} {}", k ? ", " : "", voronoi_name(counts[k].index), counts[k].count);
  return out;
}

void print_motifs(const Atoms& atoms) {
  if (!atoms.labels.contains("motif")) return;
  std::map<std::int64_t, int> counts;
  for (auto id : motif_ids(atoms)) ++counts[id];
  constexpr std::size_t kMostLines = 12;
  std::size_t line = 0;
  for (const auto& [id, n] : counts) {
    if (++line > kMostLines) {
      std::cout << fmt::format("motif ...    {} more\n", counts.size() - kMostLines);
      break;
    }
    const auto name = atoms.info.find(fmt::format("motif_{}", id));
    const auto removed = atoms.info.find(fmt::format("motif_{}_removed", id));
    std::cout << fmt::format("motif {:<6} {} ({}{})\n", id,
                             id == 0                    ? "matrix"
                             : name == atoms.info.end() ? "?"
                                                        : name->second,
                             counted(n, "atom"),
                             removed == atoms.info.end() ? "" : ", in place of " + removed->second);
  }
}

bool has_cell(const Atoms& atoms) { return !atoms.cell.vectors.isZero(); }

void print_summary(const Atoms& atoms, const Voronoi* v, double face_cut) {
  const Vector3d l = atoms.cell.lengths();
  const auto& p = atoms.cell.periodic;
  std::cout << fmt::format("atoms        {:.10g} ({} at.%)\n", atoms_in(atoms),
                           composition_text(atoms));
  std::cout << fmt::format(
      "cell         {:.6g} x {:.6g} x {:.6g} Angstrom, periodic along {}{}{}{}\n", l.x(), l.y(),
      l.z(), p[0] ? "x" : "", p[1] ? "y" : "", p[2] ? "z" : "", p[0] || p[1] || p[2] ? "" : "none");
  std::cout << fmt::format(
      "density      {:.5f} atoms/Angstrom^3, {:.4g} g/cm^3 (of the whole cell)\n",
      number_density(atoms), mass_density(atoms));
  const ClosestPair pair = closest_pair(atoms);
  if (std::isfinite(pair.distance))
    std::cout << fmt::format("closest pair {:.4f} Angstrom ({}-{}, atoms {} and {} of the file)\n",
                             pair.distance, symbol(atoms.numbers[pair.first]),
                             symbol(atoms.numbers[pair.second]), pair.first + 1, pair.second + 1);
  print_motifs(atoms);
  if (v)
    std::cout << fmt::format("Voronoi      {} (faces under {:g} % of the surface not counted)\n",
                             most_frequent_indices(atoms, *v), face_cut * 100);
}

// What the model will be once repeated and padded, and the memory that it takes.
void print_plan(const ModelKind& kind, const ModelPlan& plan, const Finish& finish) {
  // an allowance for positions, labels and neighbour lists; not measured
  constexpr double kBytesPerAtom = 1000, kGiB = 1 << 30;
  double atoms = plan.size.atoms;
  Vector3d box = plan.size.box;
  if (!finish.repeat.empty()) {
    const auto times = parse_repeat(finish.repeat);
    for (int k = 0; k < 3; ++k) box[k] *= times[std::size_t(k)];
    atoms *= double(times[0]) * times[1] * times[2];
  }
  if (!finish.vacuum.empty()) box += 2 * parse_vacuum(finish.vacuum);
  std::cout << fmt::format("kind         {}: {}\n", kind.name, kind.summary)
            << fmt::format("atoms        about {:.0f}\n", atoms);
  if (!box.isZero())
    std::cout << fmt::format("cell         about {:.4g} x {:.4g} x {:.4g} Angstrom\n", box.x(),
                             box.y(), box.z());
  if (plan.frames > 1) std::cout << fmt::format("frames       {}\n", plan.frames);
  std::cout << fmt::format("memory       about {:.2g} GiB\n",
                           atoms * double(plan.frames) * kBytesPerAtom / kGiB);
}

// Repetition, vacuum and labels of every frame; the Voronoi cells of the last.
std::optional<Voronoi> finish_frames(std::vector<Atoms>& frames, const Finish& finish,
                                     const std::string& kind) {
  std::optional<Voronoi> cells;
  for (Atoms& atoms : frames) {
    if (!finish.repeat.empty()) atoms = repeated(atoms, parse_repeat(finish.repeat));
    if (!finish.vacuum.empty()) atoms = padded(atoms, parse_vacuum(finish.vacuum));
    record_depths(atoms);
    atoms.info["builder"] = "vitrobeam " + version() + " model " + kind;
  }
  for (Atoms& atoms : frames)
    if (finish.voronoi && has_cell(atoms) && !has_partial_occupancy(atoms)) {
      cells = voronoi(atoms, finish.face_cut);
      label_voronoi(atoms, *cells, finish.face_cut);
      VoronoiSettings plain;
      if (hangs_on_short_edges(*cells, plain))
        warn(
            "{:.0f} % of the edges of the Voronoi cells are shorter than 1 % of the mean, as in a "
            "crystal whose positions are rounded: the indices hang on it ('structure --edge-cut "
            "0.01' leaves such edges out)",
            100 * cells->short_edges);
    }
  return cells;
}

void check_frames(std::size_t frames, const Finish& finish) {
  if (finish.format == ModelFormat::kirkland && frames > 1)
    fail(Fault::usage, "--format kirkland: holds one frame, the series has {}", frames);
}

void write_frames(const std::vector<Atoms>& frames, const Finish& finish) {
  check_frames(frames.size(), finish);
  if (frames.size() > 1) std::cout << fmt::format("frames       {}\n", frames.size());
  if (finish.format == ModelFormat::extxyz)
    write_extxyz(frames, finish.common.output);
  else
    write_kirkland_xyz(frames[0], finish.common.output);
  std::cout << finish.common.output << '\n';
}

// The kind: the first word, or the first that names one.
ModelKind find_kind(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    fail(Fault::usage,
         "say what to build: vitrobeam model KIND -o OUT.extxyz (--list prints the kinds)");
  std::vector<std::string> known;
  std::vector<ModelKind> all;
  for (const Group& group : groups())
    for (const ModelKind& kind : group.kinds) {
      known.push_back(kind.name);
      all.push_back(kind);
    }
  for (const auto& word : arguments) {
    const std::string name = is_motif(word) ? find_motif(word).name : word;
    const auto found = std::find(known.begin(), known.end(), name);
    if (found != known.end()) return all[std::size_t(found - known.begin())];
    if (!arguments[0].starts_with('-')) break;
  }
  if (arguments[0].starts_with('-'))
    fail(Fault::usage,
         "say what to build: vitrobeam model KIND -o OUT.extxyz (--list prints the kinds)");
  fail(Fault::usage, "there is no kind '{}'; did you mean '{}'? (vitrobeam model --list)",
       arguments[0], nearest(arguments[0], known));
}

}  // namespace

int run_model(const std::vector<std::string>& arguments) {
  const auto asks = [&](const char* word) { return !arguments.empty() && arguments[0] == word; };
  if (asks("--list") || asks("--help") || asks("-h")) {
    print_table();
    return 0;
  }
  if (asks("--list-kinds")) {  // for completions and manual pages
    for (const Group& group : groups())
      for (const ModelKind& kind : group.kinds) std::cout << kind.name << '\n';
    return 0;
  }
  const ModelKind kind = find_kind(arguments);
  std::vector<std::string> words = {kind.name};
  if (!kind.files.empty()) words.push_back(kind.files);
  Settings settings("model", kind.summary, words);
  const PlanModel make_plan = kind.describe(settings);
  Finish finish;
  add_finish(settings, finish);
  if (!begin(settings, finish.common, arguments)) return 0;
  std::vector<std::string> files = settings.positional();
  files.erase(files.begin());
  if (!kind.files.empty() && files.empty())
    fail(Fault::usage, "{} needs a file: vitrobeam model {} {}", kind.name, kind.name, kind.files);
  check_output(finish.common);
  const RunControl control = run_control(finish.common);
  const ModelRun run{finish.common, control, files};
  if (!finish.repeat.empty()) parse_repeat(finish.repeat);  // wrong ones before the work
  if (!finish.vacuum.empty()) parse_vacuum(finish.vacuum);
  ModelPlan plan = make_plan(run);
  check_frames(plan.frames, finish);
  if (finish.common.dry_run && !plan.built) {
    print_plan(kind, plan, finish);
    return 0;
  }
  BuiltModel built = plan.built ? std::move(*plan.built) : plan.build();
  const auto cells = finish_frames(built.frames, finish, kind.name);
  if (kind.files.empty() || !finish.repeat.empty() || kind.name == "embed")
    say_oddities(built.frames.back(), "the model");
  if (has_cell(built.frames.back()))
    print_summary(built.frames.back(), cells ? &*cells : nullptr, finish.face_cut);
  for (const auto& note : built.notes) std::cout << note << '\n';
  if (!finish.common.dry_run) write_frames(built.frames, finish);
  return 0;
}

}  // namespace vitrobeam
