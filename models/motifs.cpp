#include "models/motifs.hpp"

#include <Eigen/Geometry>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <mutex>
#include <numbers>

#include "base/error.hpp"
#include "models/crystal.hpp"
#include "models/elements.hpp"
#include "models/kasper.hpp"
#include "models/mackay.hpp"
#include "models/prism_packing.hpp"
#include "models/rotations.hpp"

namespace vitrobeam {
namespace {

constexpr double kGolden = std::numbers::phi;

// The element of `role`: 0 the centre, 1 and 2 the further ones; the last given one serves for the
// rest.
int element(const MotifSize& size, std::size_t role) {
  return size.elements[std::min(role, size.elements.size() - 1)];
}
int second(const MotifSize& size) { return element(size, 1); }

Atoms centred(const MotifSize& size, const std::vector<Vector3d>& shell) {
  Atoms atoms;
  atoms.add(size.elements[0], Vector3d::Zero());
  for (const auto& v : shell) atoms.add(second(size), v * size.bond);
  return atoms;
}

Atoms build_icosahedron(const MotifSize& size) { return centred(size, icosahedron_corners()); }

Atoms build_distorted(const MotifSize& size) {
  return centred(size, icosahedron_corners(size.distortion));
}

// Shells outwards; `anti`: the last one continues the faces as hcp.
Atoms build_shells(const MotifSize& size, bool anti) {
  Atoms atoms;
  atoms.add(size.elements[0], Vector3d::Zero());
  for (int n = 1; n <= size.shells; ++n) {
    const bool outer = anti && n == size.shells && n > 1;
    for (const auto& v : outer ? anti_mackay_shell(n) : mackay_shell(n))
      atoms.add(element(size, n == size.shells && n > 1 ? 2 : 1), v * size.bond);
  }
  return atoms;
}

Atoms build_trigonal_prism(const MotifSize& size) {
  Atoms atoms;
  atoms.add(size.elements[0], Vector3d::Zero());
  const auto points = tricapped_prism();
  for (std::size_t k = 0; k < points.size(); ++k)
    atoms.add(k < 6 ? second(size) : element(size, 2), size.bond * points[k]);
  return atoms;
}

Atoms build_kasper(const MotifSize& size, const VoronoiIndex& index) {
  const Shell shell = kasper_shell(index);
  Atoms atoms;
  atoms.add(size.elements[0], Vector3d::Zero());
  for (std::size_t i = 0; i < shell.points.size(); ++i)
    atoms.add(element(size, shell.degree[i] == 6 ? 2 : 1), shell.points[i] * size.bond);
  return atoms;
}

// Sites of a lattice (rows of `vectors`) with a basis, up to the radius around the first site,
// nearest first.
Atoms build_crystal(const MotifSize& size, const Eigen::Matrix3d& vectors,
                    const std::vector<std::pair<Vector3d, int>>& basis) {
  const double radius = std::max(size.radius, size.bond) * (1 + 1e-6);
  const int n = int(std::ceil(radius / vectors.rowwise().norm().minCoeff())) + 2;
  std::vector<std::pair<Vector3d, int>> sites;
  for (int a = -n; a <= n; ++a)
    for (int b = -n; b <= n; ++b)
      for (int c = -n; c <= n; ++c)
        for (const auto& [fraction, number] : basis) {
          const Vector3d r = vectors.transpose() * (Vector3d(a, b, c) + fraction);
          if (r.norm() <= radius) sites.emplace_back(r, number);
        }
  const auto key = [](const Vector3d& r) { return std::llround(r.norm() * 1e6); };
  std::stable_sort(sites.begin(), sites.end(),
                   [&](const auto& p, const auto& q) { return key(p.first) < key(q.first); });
  Atoms atoms;
  for (const auto& [r, number] : sites) atoms.add(number, r);
  return atoms;
}

Atoms build_fcc(const MotifSize& size) {
  const double a = size.bond * std::sqrt(2.0);
  const int face = second(size);
  return build_crystal(size, a * Eigen::Matrix3d::Identity(),
                       {{{0, 0, 0}, size.elements[0]},
                        {{0, 0.5, 0.5}, face},
                        {{0.5, 0, 0.5}, face},
                        {{0.5, 0.5, 0}, face}});
}

Atoms build_bcc(const MotifSize& size) {
  const double a = size.bond * 2 / std::sqrt(3.0);
  return build_crystal(size, a * Eigen::Matrix3d::Identity(),
                       {{{0, 0, 0}, size.elements[0]}, {{0.5, 0.5, 0.5}, second(size)}});
}

// Ideal c/a = sqrt(8/3); the basal plane through the centre is a mirror.
Atoms build_hcp(const MotifSize& size) {
  Eigen::Matrix3d v;
  v << 1, 0, 0, -0.5, std::sqrt(0.75), 0, 0, 0, std::sqrt(8.0 / 3);
  return build_crystal(
      size, size.bond * v,
      {{{0, 0, 0}, size.elements[0]}, {{2.0 / 3, 1.0 / 3, 0.5}, size.elements[0]}});
}

// Of a tetragonal prototype around its first site; the bond is the distance to the nearest site of
// the second element, the first shell everything up to `reach` bonds.
Atoms build_tetragonal(const MotifSize& size, const char* name, double reach) {
  const Prototype& p = find_prototype(name);
  Eigen::Matrix3d vectors = Vector3d(1, 1, p.c_over_a).asDiagonal();
  std::vector<std::pair<Vector3d, int>> basis;
  double nearest = 10;
  for (const auto& site : p.sites) {
    const Vector3d f = site.fraction - p.sites[0].fraction;
    basis.emplace_back(f, element(size, site.role));
    const Vector3d d = vectors * (f - Vector3d(f.array().round()));
    if (site.role == 1) nearest = std::min(nearest, d.norm());
  }
  MotifSize whole = size;
  whole.radius = std::max(size.radius, reach * size.bond);
  return build_crystal(whole, size.bond / nearest * vectors, basis);
}

std::vector<NamedAxis> cubic_axes() {
  return {{"100", {1, 0, 0}},
          {"110", Vector3d(1, 1, 0).normalized()},
          {"111", Vector3d(1, 1, 1).normalized()},
          {"112", Vector3d(1, 1, 2).normalized()}};
}

std::string name_of(const VoronoiIndex& i) { return fmt::format("{}", fmt::join(i, "-")); }

std::vector<Motif> make_motifs() {
  const std::vector<NamedAxis> icosahedral = {{"5", Vector3d(0, 1, kGolden).normalized()},
                                              {"3", Vector3d(1, 1, 1).normalized()},
                                              {"2", {0, 0, 1}}};
  // a* of the basal plane is perpendicular to b: three-index 100 = [10-10], 110 = [11-20] as plane
  // normals
  const std::vector<NamedAxis> hexagonal = {
      {"001", {0, 0, 1}}, {"110", {0.5, std::sqrt(0.75), 0}}, {"100", {std::sqrt(0.75), 0.5, 0}}};
  const VoronoiIndex ico = {0, 0, 12, 0}, close_packed = {0, 12, 0, 0};
  std::vector<Motif> table = {
      {"icosahedron",
       "centre and 12 neighbours",
       ico,
       {"the shell"},
       build_icosahedron,
       icosahedral},
      {"mackay",
       "Mackay icosahedron of @shells shells: 13, 55, 147, 309 atoms",
       ico,
       {"the shells", "the outermost shell"},
       [](const MotifSize& s) { return build_shells(s, false); },
       icosahedral},
      {"anti-mackay",
       "the same, outermost shell in hcp stacking: 45, 127, 279 atoms",
       ico,
       {"the shells", "the outermost shell"},
       [](const MotifSize& s) { return build_shells(s, true); },
       icosahedral},
      {"distorted-icosahedron",
       "icosahedron on its way to fcc, @distortion 0 to 1",
       ico,
       {"the shell"},
       build_distorted},
      {"fcc",
       "face-centred cubic cluster",
       close_packed,
       {"the face centres (L1_2)"},
       build_fcc,
       cubic_axes()},
      {"hcp", "hexagonal close-packed cluster, ideal c/a", close_packed, {}, build_hcp, hexagonal},
      {"bcc",
       "body-centred cubic cluster",
       {0, 6, 0, 8},
       {"the body centres (B2)"},
       build_bcc,
       cubic_axes()},
      {"trigonal-prism",
       "tricapped trigonal prism (Gaskell, Bernal)",
       {0, 3, 6, 0},
       {"the prism", "the caps"},
       build_trigonal_prism},
  };
  const std::map<VoronoiIndex, std::pair<std::string, std::string>> named = {
      {{0, 0, 12, 2}, {"Z14", "Frank-Kasper Z14"}},
      {{0, 0, 12, 3}, {"Z15", "Frank-Kasper Z15"}},
      {{0, 0, 12, 4}, {"Z16", "Frank-Kasper Z16 (Laves phases)"}},
      {{0, 2, 8, 0}, {"0-2-8-0", "bicapped square antiprism"}},
      {{0, 4, 4, 0}, {"0-4-4-0", "square antiprism"}},
      {{0, 3, 6, 0}, {"0-3-6-0", "tricapped trigonal prism, all neighbours equally far"}}};
  for (const VoronoiIndex& index : kasper_indices()) {
    const auto known = named.find(index);
    const int neighbours = index[0] + index[1] + index[2] + index[3];
    Motif m{known == named.end() ? name_of(index) : known->second.first,
            known == named.end() ? fmt::format("Kasper polyhedron of {} neighbours", neighbours)
                                 : known->second.second,
            index,
            {"the shell"},
            [index](const MotifSize& s) { return build_kasper(s, index); }};
    if (index[3] > 0) m.other_elements.push_back("neighbours of six-edged faces");
    table.push_back(std::move(m));
  }
  // Crystal-like order of the compounds that Zr-based glasses become
  table.push_back({"C11b",
                   "tetragonal, MoSi2 type (Zr2Cu), on bcc sites",
                   {0, 6, 0, 8},
                   {"the second element"},
                   [](const MotifSize& m) { return build_tetragonal(m, "C11b", 1.2); }});
  table.push_back({"C16",
                   "tetragonal, Al2Cu type (Zr2Ni): bicapped square antiprisms",
                   {0, 2, 8, 0},
                   {"the second element"},
                   [](const MotifSize& m) { return build_tetragonal(m, "C16", 1.05); }});
  return table;
}

std::string known_motifs() {
  std::string known;
  for (const Motif& motif : motifs()) known += (known.empty() ? "" : ", ") + motif.name;
  return known;
}

// The index that a text writes down: "0,2,8,1", "<0,2,8,1>", "0-2-8-1".
std::optional<VoronoiIndex> index_of_text(const std::string& text) {
  VoronoiIndex index{};
  std::size_t numbers = 0;
  bool inside = false;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c))) {
      if (!inside && ++numbers > 4) return {};
      inside = true;
      index[numbers - 1] = std::min(10 * index[numbers - 1] + (c - '0'), 999);
    } else if (std::string_view("<>,- ").find(c) != std::string_view::npos) {
      inside = false;
    } else {
      return {};
    }
  }
  if (numbers != 4) return {};
  return index;
}

const Motif* look_up(const std::string& name) {
  for (const Motif& motif : motifs())
    if (motif.name == name) return &motif;
  if (const auto index = index_of_text(name))
    for (const Motif& motif : motifs())
      if (motif.voronoi == *index) return &motif;
  return nullptr;
}

}  // namespace

const std::vector<Motif>& motifs() {
  static const std::vector<Motif> table = make_motifs();
  return table;
}

bool is_motif(const std::string& name) { return look_up(name) != nullptr; }

const Motif& find_motif(const std::string& name) {
  if (const Motif* motif = look_up(name)) return *motif;
  fail(Fault::usage, "there is no motif '{}'; known are {}", name, known_motifs());
}

const Symmetry& symmetry_of(const Motif& motif) {
  static std::map<std::string, Symmetry> known;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(motif.name); found != known.end()) return found->second;
  MotifSize size;
  size.elements = {1};
  if (!motif.other_elements.empty()) size.elements.push_back(2);
  size.bond = 1;
  size.distortion = motif.name == "distorted-icosahedron" ? 0.3 : 0;  // what every distortion keeps
  Atoms atoms = motif.build(size);
  Symmetry symmetry = find_symmetry(atoms.positions, atoms.numbers, 1e-4);
  if (!motif.named_axes.empty()) symmetry.axes = motif.named_axes;
  return known.emplace(motif.name, std::move(symmetry)).first->second;
}

const NamedAxis& find_axis(const Motif& motif, const std::string& name) {
  std::string known;
  for (const NamedAxis& axis : symmetry_of(motif).axes) {
    if (axis.name == name) return axis;
    known += (known.empty() ? "" : ", ") + axis.name;
  }
  if (known.empty())
    fail(Fault::usage, "the motif {} has no symmetry axis '{}', nor any other; give a direction",
         motif.name, name);
  fail(Fault::usage, "the motif {} has no axis '{}'; known are {}; any other by its direction",
       motif.name, name, known);
}

Atoms build_motif(const Motif& motif, const MotifSize& size) {
  const std::size_t most = 1 + motif.other_elements.size();
  if (size.elements.empty() || size.elements.size() > most)
    fail(Fault::usage, "the motif {} takes {} elements, {} are given", motif.name,
         most == 1   ? "one"
         : most == 2 ? "one or two"
                     : "one to three",
         size.elements.size());
  MotifSize resolved = size;
  if (size.bond == 0)
    resolved.bond = metallic_radius(size.elements[0]) + metallic_radius(second(size));
  if (!(resolved.bond > 0) || !(size.radius >= 0))
    fail(Fault::usage, "a motif needs a bond and a radius above 0; they are {:g} and {:g} Angstrom",
         resolved.bond, size.radius);
  if (size.radius > 100 * resolved.bond)
    fail(Fault::usage, "radius {:g} is over 100 bonds of {:g} Angstrom", size.radius,
         resolved.bond);
  if (size.shells < 1 || size.shells > 30)
    fail(Fault::usage, "{} shells are asked for; 1 to 30 are possible", size.shells);
  if (!(size.distortion >= 0 && size.distortion <= 1))
    fail(Fault::usage, "a distortion of {:g} is not between 0 (icosahedron) and 1 (fcc)",
         size.distortion);
  Atoms atoms = motif.build(resolved);
  atoms.cell.periodic = {false, false, false};
  std::vector<std::int64_t> shell;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    const bool farther = i > 0 && atoms.positions[i].norm() > atoms.positions[i - 1].norm() + 1e-6;
    shell.push_back(i == 0 ? 0 : shell.back() + farther);
  }
  atoms.labels["motif"].values = std::vector<std::int64_t>(atoms.size(), 1);
  atoms.labels["shell"].values = std::move(shell);
  atoms.info["motif_1"] = motif.name;
  atoms.info["motif_1_voronoi"] = fmt::format("{}", fmt::join(motif.voronoi, " "));
  atoms.info["bond"] = fmt::format("{:g}", resolved.bond);
  return atoms;
}

Eigen::Matrix3d rotation_to_beam(const Vector3d& direction, double in_plane) {
  const Vector3d d = direction.normalized(), z = Vector3d::UnitZ();
  return Eigen::AngleAxisd(in_plane, z).toRotationMatrix() * rotation_between(d, z);
}

}  // namespace vitrobeam
