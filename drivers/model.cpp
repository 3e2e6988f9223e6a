// vitrobeam model: motifs, random packings, embedded motifs and cuts of structure files, with their
// ground truth.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <numbers>

#include "base/error.hpp"
#include "drivers/command.hpp"
#include "drivers/model_settings.hpp"
#include "drivers/quantity.hpp"
#include "drivers/version.hpp"
#include "io/structure_file.hpp"
#include "models/elements.hpp"
#include "models/motifs.hpp"
#include "models/neighbours.hpp"
#include "models/packing.hpp"
#include "models/transform.hpp"

namespace vitrobeam {
namespace {

constexpr double kMargin = 10;  // Angstrom of vacuum around a motif without --box

Atoms read_file(const ModelSettings& s, const std::string& path, bool need_cell = true) {
  StructureReadOptions options;
  options.frame = s.frame;
  options.need_cell = need_cell;
  if (!s.types.empty()) options.types = parse_elements(s.types);
  if (!s.box.empty() && need_cell) options.box = parse_box(s.box, "box");
  return read_structure(path, options);
}

// The rotation that --axis, --direction and --in-plane ask for; `motif` is null for a structure
// file.
Eigen::Matrix3d orientation(const ModelSettings& s, const Motif* motif) {
  Vector3d direction = Vector3d::UnitZ();
  if (!s.axis.empty() && !s.direction.empty())
    fail(Fault::usage, "--axis {} and --direction {}: give one of them", s.axis, s.direction);
  if (!s.axis.empty() && !motif)
    fail(Fault::usage, "--axis {}: a structure file has no named axes; give --direction", s.axis);
  if (!s.axis.empty()) direction = find_axis(*motif, s.axis).direction;
  if (!s.direction.empty()) direction = parse_vector(s.direction, "", "direction");
  if (!(direction.norm() > 0))
    fail(Fault::usage, "--direction {}: the direction must not be zero", s.direction);
  return rotation_to_beam(direction, s.in_plane_deg * std::numbers::pi / 180);
}

std::string orientation_text(const ModelSettings& s) {
  return !s.axis.empty() ? s.axis : !s.direction.empty() ? s.direction : "0,0,1";
}

Atoms turned_motif(const ModelSettings& s, const Motif& motif) {
  if (s.elements.empty())
    fail(Fault::usage, "the motif {} needs --elements, for example --elements {}", motif.name,
         motif.second_element.empty() ? "Cu" : "Cu,Zr");
  const Atoms atoms = build_motif(motif, {parse_elements(s.elements), s.bond, s.radius});
  return rotated(atoms, orientation(s, &motif));
}

Atoms make_motif(const ModelSettings& s, const Motif& motif) {
  Atoms atoms = turned_motif(s, motif);
  const Vector3d box =
      s.box.empty() ? Vector3d(extent(atoms).array() + 2 * kMargin) : parse_box(s.box, "box");
  atoms = centred_in_box(atoms, box);
  atoms.info["motif_1_axis"] = orientation_text(s);
  return atoms;
}

Atoms make_packing(const ModelSettings& s) {
  PackingSettings p;
  p.composition = parse_composition(s.composition);
  p.seed = s.common.seed;
  p.density = s.density.value_or(0);
  if (s.box.empty() && s.atoms == 0) fail(Fault::usage, "a packing needs --box, --atoms, or both");
  if (!s.box.empty()) p.box = parse_box(s.box, "box");
  if (s.atoms > 0 && !s.box.empty() && s.density)
    fail(Fault::usage, "--box, --atoms and --density: give two of them, the third follows");
  if (s.atoms > 0) {
    p.atoms = std::size_t(s.atoms);
    p.scale_box = s.box.empty();
  } else {
    double volume = 0, all = 0;  // mean volume of a sphere
    for (std::size_t k = 0; k < p.composition.elements.size(); ++k) {
      volume += p.composition.shares[k] * 4 * std::numbers::pi / 3 *
                std::pow(metallic_radius(p.composition.elements[k]), 3);
      all += p.composition.shares[k];
    }
    constexpr double kJammed = 0.64;
    const double density = s.density.value_or(kJammed * all / volume);
    const double count = std::round(density * p.box.prod());
    if (count > 2e6) fail(Fault::usage, "--box {}: {:.3g} atoms are too many", s.box, count);
    p.atoms = std::size_t(count);
    p.density = 0;  // the box is met exactly, the density to half an atom
    p.scale_box = false;
  }
  const Packing packing = random_packing(p);
  Atoms atoms = packing.atoms;
  atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 0);
  atoms.info["contact"] = fmt::format("{:.5g}", packing.contact);
  return atoms;
}

Atoms make_embedded(const ModelSettings& s) {
  if (s.motif.empty() || s.matrix.empty())
    fail(Fault::usage, "embed needs --motif NAME|FILE and --matrix FILE");
  const auto named = std::find_if(motifs().begin(), motifs().end(),
                                  [&](const Motif& m) { return m.name == s.motif; });
  const bool is_name = named != motifs().end();
  if (!is_name && !std::filesystem::exists(s.motif))
    find_motif(s.motif);  // fails, naming the table
  const Atoms motif = is_name ? turned_motif(s, *named)
                              : rotated(read_file(s, s.motif, false), orientation(s, nullptr));
  Atoms model = read_file(s, s.matrix);
  std::vector<Vector3d> places;
  for (const auto& text : s.at) places.push_back(parse_vector(text, "Angstrom", "at"));
  if (places.empty()) places.push_back(model.cell.vectors.colwise().sum().transpose() / 2);
  const auto known = motif.info.find("motif_1");
  const std::string name = is_name ? s.motif
                           : known != motif.info.end()
                               ? known->second
                               : std::filesystem::path(s.motif).stem().string();
  for (const auto& place : places)
    model = embed(model, motif, {name, orientation_text(s), place, s.overlap});
  return model;
}

Atoms make_cut(const ModelSettings& s, const std::string& path) {
  const Atoms atoms = read_file(s, path);
  if (!s.slab.empty() && !(s.from.empty() && s.to.empty()))
    fail(Fault::usage, "--slab and --from/--to: give one of them");
  const bool tilted = !atoms.cell.is_orthogonal();
  if (tilted && (s.from.empty() || s.to.empty()))
    fail(Fault::usage,
         "the cell of {} is not orthogonal: say which box to keep with --from and --to", path);
  Vector3d lo = Vector3d::Zero(), hi = atoms.cell.vectors.diagonal();
  if (!s.slab.empty()) {
    const Vector2d z = parse_pair(s.slab, "Angstrom", "slab");
    lo.z() = z[0];
    hi.z() = z[1];
  }
  if (!s.from.empty()) lo = parse_vector(s.from, "Angstrom", "from");
  if (!s.to.empty()) hi = parse_vector(s.to, "Angstrom", "to");
  const double cells = (hi - lo).prod() / atoms.cell.volume();
  if (((hi - lo).array() <= 0).any())
    fail(Fault::usage, "the box from {:g},{:g},{:g} to {:g},{:g},{:g} is empty", lo.x(), lo.y(),
         lo.z(), hi.x(), hi.y(), hi.z());
  if (cells * double(atoms.size()) > 2e8)
    fail(Fault::usage, "the box holds {:.3g} atoms, more than 2e8", cells * double(atoms.size()));
  return cut_box(atoms, lo, hi);
}

Vector3d parse_vacuum(const std::string& text) {
  const Vector3d v = text.find(',') == std::string::npos
                         ? Vector3d(0, 0, parse_quantity(text, "Angstrom", "vacuum"))
                         : parse_vector(text, "Angstrom", "vacuum");
  if (v.minCoeff() < 0 || v.maxCoeff() > 1e4)
    fail(Fault::usage, "--vacuum '{}': expected thicknesses from 0 to 1e4 Angstrom", text);
  return v;
}

void print_table() {
  std::cout << "kinds: a motif of the table below, packing, embed, cut\n\n";
  std::cout << fmt::format("{:<12} {:<13} {:<6} {:<22} {}\n", "motif", "Voronoi", "group", "axes",
                           "what; the second element is");
  for (const Motif& m : motifs()) {
    std::string axes;
    for (const auto& a : m.axes) axes += (axes.empty() ? "" : " ") + a.name;
    std::cout << fmt::format("{:<12} {:<13} {:<6} {:<22} {}{}\n", m.name, voronoi_name(m.voronoi),
                             m.point_group, axes, m.summary,
                             m.second_element.empty() ? "" : "; " + m.second_element);
  }
}

std::string most_frequent_indices(const Atoms& atoms, const Voronoi& v) {
  std::map<std::array<int, 4>, int> counts;
  for (std::size_t i = 0; i < atoms.size(); ++i)
    if (!v.at_surface[i]) ++counts[v.index[i]];
  std::vector<std::pair<int, std::array<int, 4>>> order;
  for (const auto& [index, n] : counts) order.emplace_back(-n, index);
  std::sort(order.begin(), order.end());
  std::string out;
  for (std::size_t k = 0; k < std::min<std::size_t>(order.size(), 5); ++k)
    out += fmt::format("{}{} {}", k ? ", " : "", voronoi_name(order[k].second), -order[k].first);
  return out;
}

void print_summary(const Atoms& atoms, const Voronoi* v, double face_cut) {
  const Vector3d l = atoms.cell.lengths();
  const auto& p = atoms.cell.periodic;
  std::cout << fmt::format("atoms        {} ({} at.%)\n", atoms.size(), composition_text(atoms));
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
  const auto label = atoms.labels.find("motif");
  if (label != atoms.labels.end()) {
    std::map<std::int64_t, int> counts;
    if (const auto* ids = std::get_if<std::vector<std::int64_t>>(&label->second.values))
      for (auto id : *ids) ++counts[id];
    for (const auto& [id, n] : counts) {
      const auto name = atoms.info.find(fmt::format("motif_{}", id));
      const auto removed = atoms.info.find(fmt::format("motif_{}_removed", id));
      std::cout << fmt::format(
          "motif {:<6} {} ({} atoms{})\n", id,
          id == 0                    ? "matrix"
          : name == atoms.info.end() ? "?"
                                     : name->second,
          n, removed == atoms.info.end() ? "" : ", in place of " + removed->second);
    }
  }
  if (v)
    std::cout << fmt::format("Voronoi      {} (faces under {:g} % of the surface not counted)\n",
                             most_frequent_indices(atoms, *v), face_cut * 100);
}

void check_kind(const std::vector<std::string>& names) {
  if (names.empty())
    fail(Fault::usage,
         "say what to build: vitrobeam model KIND -o OUT.extxyz (--list prints the kinds)");
  const std::string& kind = names[0];
  std::vector<std::string> known = {"packing", "embed", "cut"};
  for (const Motif& motif : motifs()) known.push_back(motif.name);
  if (std::find(known.begin(), known.end(), kind) == known.end())
    fail(Fault::usage, "there is no kind '{}'; did you mean '{}'? (vitrobeam model --list)", kind,
         nearest(kind, known));
  if (kind == "cut" && names.size() < 2)
    fail(Fault::usage, "cut needs a file: vitrobeam model cut STRUCTURE");
  if (kind != "cut" && names.size() > 1)
    fail(Fault::usage, "model {} takes no file, found '{}'", kind, names[1]);
}

Atoms make(const ModelSettings& s, const std::vector<std::string>& names) {
  if (names[0] == "packing") return make_packing(s);
  if (names[0] == "embed") return make_embedded(s);
  if (names[0] == "cut") return make_cut(s, names[1]);
  return make_motif(s, find_motif(names[0]));
}

}  // namespace

int run_model(const std::vector<std::string>& arguments) {
  ModelSettings s;
  Settings settings = describe(s);
  if (!begin(settings, s.common, arguments)) return 0;
  if (s.list) {
    print_table();
    return 0;
  }
  const auto& names = settings.positional();
  check_kind(names);
  if (!s.common.dry_run) check_output(s.common);
  Atoms atoms = make(s, names);
  if (!s.vacuum.empty()) atoms = padded(atoms, parse_vacuum(s.vacuum));
  std::optional<Voronoi> cells;
  if (s.voronoi) {
    cells = voronoi(atoms, s.face_cut);
    label_voronoi(atoms, *cells, s.face_cut);
  }
  atoms.info["builder"] = "vitrobeam " + version() + " model " + names[0];
  print_summary(atoms, cells ? &*cells : nullptr, s.face_cut);
  if (s.common.dry_run) return 0;
  if (s.format == ModelFormat::kirkland)
    write_kirkland_xyz(atoms, s.common.output);
  else
    write_extxyz(atoms, s.common.output);
  std::cout << s.common.output << '\n';
  return 0;
}

}  // namespace vitrobeam
