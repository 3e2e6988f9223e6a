#include "models/motifs.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

constexpr double kGolden = std::numbers::phi;

int second(const MotifSize& size) {
  return size.elements.size() > 1 ? size.elements[1] : size.elements[0];
}

// Vertices are the cyclic permutations of (0, +-1, +-phi).
Atoms build_icosahedron(const MotifSize& size) {
  Atoms atoms;
  atoms.add(size.elements[0], Vector3d::Zero());
  for (int k = 0; k < 3; ++k)
    for (int s = -1; s <= 1; s += 2)
      for (int t = -1; t <= 1; t += 2) {
        Vector3d v = Vector3d::Zero();
        v[(k + 1) % 3] = s;
        v[(k + 2) % 3] = t * kGolden;
        atoms.add(second(size), v.normalized() * size.bond);
      }
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

std::vector<NamedAxis> cubic_axes() {
  return {{"100", {1, 0, 0}},
          {"110", Vector3d(1, 1, 0).normalized()},
          {"111", Vector3d(1, 1, 1).normalized()},
          {"112", Vector3d(1, 1, 2).normalized()}};
}

std::vector<Motif> make_motifs() {
  const std::vector<NamedAxis> icosahedral = {{"5", Vector3d(0, 1, kGolden).normalized()},
                                              {"3", Vector3d(1, 1, 1).normalized()},
                                              {"2", {0, 0, 1}}};
  // a* of the basal plane is perpendicular to b: three-index 100 = [10-10], 110 = [11-20] as plane
  // normals
  const std::vector<NamedAxis> hexagonal = {
      {"001", {0, 0, 1}}, {"110", {0.5, std::sqrt(0.75), 0}}, {"100", {std::sqrt(0.75), 0.5, 0}}};
  return {
      {"icosahedron",
       "centre and 12 neighbours",
       {0, 0, 12, 0},
       "Ih",
       RotationGroup::icosahedral,
       "the shell",
       icosahedral,
       build_icosahedron},
      {"fcc",
       "face-centred cubic cluster",
       {0, 12, 0, 0},
       "Oh",
       RotationGroup::octahedral,
       "the face centres (L1_2)",
       cubic_axes(),
       build_fcc},
      {"hcp",
       "hexagonal close-packed cluster, ideal c/a",
       {0, 12, 0, 0},
       "D3h",
       RotationGroup::dihedral3,
       "",
       hexagonal,
       build_hcp},
      {"bcc",
       "body-centred cubic cluster",
       {0, 6, 0, 8},
       "Oh",
       RotationGroup::octahedral,
       "the body centres (B2)",
       cubic_axes(),
       build_bcc},
  };
}

Eigen::Matrix3d turn(double degrees, const Vector3d& axis) {
  return Eigen::AngleAxisd(degrees * std::numbers::pi / 180, axis.normalized()).toRotationMatrix();
}

}  // namespace

const std::vector<Motif>& motifs() {
  static const std::vector<Motif> table = make_motifs();
  return table;
}

const Motif& find_motif(const std::string& name) {
  std::string known;
  for (const Motif& motif : motifs()) {
    if (motif.name == name) return motif;
    known += (known.empty() ? "" : ", ") + motif.name;
  }
  fail(Fault::usage, "there is no motif '{}'; known are {}", name, known);
}

const NamedAxis& find_axis(const Motif& motif, const std::string& name) {
  std::string known;
  for (const NamedAxis& axis : motif.axes) {
    if (axis.name == name) return axis;
    known += (known.empty() ? "" : ", ") + axis.name;
  }
  fail(Fault::usage, "the motif {} has no axis '{}'; known are {}; any other by its direction",
       motif.name, name, known);
}

Atoms build_motif(const Motif& motif, const MotifSize& size) {
  const std::size_t most = motif.second_element.empty() ? 1 : 2;
  if (size.elements.empty() || size.elements.size() > most)
    fail(Fault::usage, "the motif {} takes {} elements, {} are given", motif.name,
         most == 1 ? "one" : "one or two", size.elements.size());
  MotifSize resolved = size;
  if (size.bond == 0)
    resolved.bond = metallic_radius(size.elements[0]) + metallic_radius(second(size));
  if (!(resolved.bond > 0) || !(size.radius >= 0))
    fail(Fault::usage, "a motif needs a bond and a radius above 0; they are {:g} and {:g} Angstrom",
         resolved.bond, size.radius);
  if (size.radius > 100 * resolved.bond)
    fail(Fault::usage, "radius {:g} is over 100 bonds of {:g} Angstrom", size.radius,
         resolved.bond);
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
  atoms.info["bond"] = fmt::format("{:g}", resolved.bond);
  return atoms;
}

std::vector<Eigen::Matrix3d> rotation_group(RotationGroup group) {
  std::vector<Eigen::Matrix3d> generators;
  if (group == RotationGroup::dihedral3)  // 2-fold axes along the near neighbours' projections
    generators = {turn(120, {0, 0, 1}), turn(180, {std::sqrt(0.75), 0.5, 0})};
  if (group == RotationGroup::octahedral) generators = {turn(90, {0, 0, 1}), turn(120, {1, 1, 1})};
  if (group == RotationGroup::icosahedral)
    generators = {turn(72, {0, 1, kGolden}), turn(120, {1, 1, 1})};
  std::vector<Eigen::Matrix3d> out = {Eigen::Matrix3d::Identity()};
  for (std::size_t i = 0; i < out.size(); ++i)  // grows until it is closed
    for (const auto& g : generators) {
      const Eigen::Matrix3d product = g * out[i];
      const auto same = [&](const Eigen::Matrix3d& m) { return (m - product).norm() < 1e-6; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(product);
    }
  return out;
}

Eigen::Matrix3d rotation_to_beam(const Vector3d& direction, double in_plane) {
  const Vector3d d = direction.normalized(), z = Vector3d::UnitZ();
  Eigen::Matrix3d r;
  if (d.z() < -1 + 1e-12)
    r = Vector3d(1, -1, -1).asDiagonal();  // half a turn about x
  else
    r = Eigen::Quaterniond::FromTwoVectors(d, z).toRotationMatrix();
  return Eigen::AngleAxisd(in_plane, z).toRotationMatrix() * r;
}

}  // namespace vitrobeam
