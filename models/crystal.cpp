#include "models/crystal.hpp"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "base/nearest_image.hpp"
#include "base/random.hpp"
#include "models/elements.hpp"
#include "models/neighbours.hpp"
#include "models/rotations.hpp"

namespace vitrobeam {
namespace {

using Site = Prototype::Site;

std::vector<Site> centred(std::vector<Site> sites, const std::vector<Vector3d>& centring) {
  std::vector<Site> out;
  for (const auto& t : centring)
    for (const Site& s : sites) {
      Vector3d f = s.fraction + t;
      for (int k = 0; k < 3; ++k) f[k] -= std::floor(f[k] + 1e-9);
      out.push_back({f, s.role});
    }
  return out;
}

const std::vector<Vector3d> kFace = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
const std::vector<Vector3d> kBody = {{0, 0, 0}, {.5, .5, .5}};

// Wyckoff positions as in International Tables A; Strukturbericht's symbol and type in the summary.
// Numbers that no symmetry fixes are those of the AFLOW library of prototypes (M. J. Mehl et al.,
// Comput. Mater. Sci. 136 (2017) S1), which takes them from refinements: C11b with c/a = 3 and
// z = 1/3, where its sites are those of a bcc lattice (entry AB2_tI6_139_a_e; MoSi2 itself has 2.45
// and 0.3353), C16 of Al2Cu (A2B_tI12_140_h_a), D0_11 of Fe3C (AB3_oP16_62_c_cd).
std::vector<Prototype> make_prototypes() {
  constexpr double z = 1.0 / 3, x = 0.158;
  const double hcp = std::sqrt(8.0 / 3);
  return {
      {"fcc", "face-centred cubic, A1", {"all"}, 1, 1, 90, centred({{{0, 0, 0}, 0}}, kFace)},
      {"L12",
       "ordered fcc, Cu3Au type",
       {"corners", "face centres"},
       1,
       1,
       90,
       {{{0, 0, 0}, 0}, {{0, .5, .5}, 1}, {{.5, 0, .5}, 1}, {{.5, .5, 0}, 1}}},
      {"hcp",
       "hexagonal close-packed, A3, ideal c/a",
       {"all"},
       1,
       hcp,
       120,
       {{{0, 0, 0}, 0}, {{2.0 / 3, 1.0 / 3, .5}, 0}}},
      {"bcc", "body-centred cubic, A2", {"all"}, 1, 1, 90, centred({{{0, 0, 0}, 0}}, kBody)},
      {"bct",
       "body-centred tetragonal: bcc at c = a, fcc at c = 1.414 a",
       {"all"},
       1,
       1.2,
       90,
       centred({{{0, 0, 0}, 0}}, kBody)},
      {"B2",
       "CsCl type, Pm-3m (CuZr)",
       {"corners", "body centres"},
       1,
       1,
       90,
       {{{0, 0, 0}, 0}, {{.5, .5, .5}, 1}}},
      {"C11b",
       "MoSi2 type, I4/mmm (Zr2Cu)",
       {"Mo (2a)", "Si (4e)"},
       1,
       3,
       90,
       centred({{{0, 0, 0}, 0}, {{0, 0, z}, 1}, {{0, 0, -z}, 1}}, kBody)},
      {"C16",
       "Al2Cu type, I4/mcm (Zr2Ni)",
       {"Cu (4a)", "Al (8h)"},
       1,
       0.804635761589,
       90,
       centred({{{0, 0, .25}, 0},
                {{0, 0, .75}, 0},
                {{x, x + .5, 0}, 1},
                {{-x, .5 - x, 0}, 1},
                {{.5 - x, x, 0}, 1},
                {{x + .5, -x, 0}, 1}},
               kBody)},
      {"C15",
       "cubic Laves phase, MgCu2 type, Fd-3m",
       {"Mg (8a)", "Cu (16d)"},
       1,
       1,
       90,
       centred({{{0, 0, 0}, 0},
                {{.25, .25, .25}, 0},
                {{.625, .625, .625}, 1},
                {{.625, .875, .875}, 1},
                {{.875, .625, .875}, 1},
                {{.875, .875, .625}, 1}},
               kFace)},
      {"A15",
       "Cr3Si type, Pm-3n",
       {"Si (2a)", "Cr (6c)"},
       1,
       1,
       90,
       {{{0, 0, 0}, 0},
        {{.5, .5, .5}, 0},
        {{.25, 0, .5}, 1},
        {{.75, 0, .5}, 1},
        {{.5, .25, 0}, 1},
        {{.5, .75, 0}, 1},
        {{0, .5, .25}, 1},
        {{0, .5, .75}, 1}}},
      {"D011",
       "cementite type, Pnma (Fe3C): edge-sharing trigonal prisms (Gaskell)",
       {"C (4c)", "Fe (4c, 8d)"},
       1.3257367387,
       0.888605108055,
       90,
       {{{.89, .25, .45}, 0},
        {{.39, .25, .05}, 0},
        {{.11, .75, .55}, 0},
        {{.61, .75, .95}, 0},
        {{.036, .25, .852}, 1},
        {{.536, .25, .648}, 1},
        {{.964, .75, .148}, 1},
        {{.464, .75, .352}, 1},
        {{.186, .063, .328}, 1},
        {{.314, .937, .828}, 1},
        {{.814, .563, .672}, 1},
        {{.686, .437, .172}, 1},
        {{.186, .437, .328}, 1},
        {{.314, .563, .828}, 1},
        {{.814, .937, .672}, 1},
        {{.686, .063, .172}, 1}}},
      {"diamond",
       "diamond, A4, Fd-3m",
       {"all"},
       1,
       1,
       90,
       centred({{{0, 0, 0}, 0}, {{.25, .25, .25}, 0}}, kFace)},
  };
}

// All sites within `reach` of the first atom, that atom at the origin.
Atoms sites_within(const Atoms& unit, double reach) {
  const Eigen::Matrix3d edges = unit.cell.vectors.transpose(), inverse = edges.inverse();
  const double expected = double(unit.size()) / unit.cell.volume() * 4.19 * reach * reach * reach;
  if (expected > 2e7)
    fail(Fault::physics, "a crystal of {:.3g} atoms is more than 2e7; take a smaller piece",
         expected);
  std::array<int, 3> n;
  for (int k = 0; k < 3; ++k) n[std::size_t(k)] = int(std::ceil(reach * inverse.row(k).norm())) + 1;
  Atoms out;
  for (int a = -n[0]; a <= n[0]; ++a)
    for (int b = -n[1]; b <= n[1]; ++b)
      for (int c = -n[2]; c <= n[2]; ++c)
        for (std::size_t i = 0; i < unit.size(); ++i) {
          const Vector3d r = edges * Vector3d(a, b, c) + unit.positions[i] - unit.positions[0];
          if (r.norm() <= reach) out.add(unit.numbers[i], r);
        }
  return out;
}

Atoms faulted(const Atoms& sites, const PlanarFault& f) {
  constexpr double kOn = 1e-6;
  const Vector3d n = f.normal.normalized();
  Atoms out;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const Vector3d& r = sites.positions[i];
    const double d = r.dot(n) - f.height;
    if (f.mirror) {
      if (d <= kOn) out.add(sites.numbers[i], r);
      if (d < -kOn) out.add(sites.numbers[i], r - 2 * d * n);
      continue;
    }
    const int times = (d > kOn) + (f.twice && d > f.layer + kOn);
    out.add(sites.numbers[i], r + times * f.shift);
  }
  return out;
}

bool inside(const CrystalPiece& p, const Vector3d& r) {
  const Vector3d u = 2 * r.cwiseQuotient(p.size);
  constexpr double kEdge = 1 + 1e-9;
  return p.shape == PieceShape::ellipsoid ? u.norm() <= kEdge : u.cwiseAbs().maxCoeff() <= kEdge;
}

}  // namespace

const std::vector<Prototype>& prototypes() {
  static const std::vector<Prototype> table = make_prototypes();
  return table;
}

const Prototype& find_prototype(const std::string& name) {
  std::string known;
  for (const Prototype& p : prototypes()) {
    if (p.name == name) return p;
    known += (known.empty() ? "" : ", ") + p.name;
  }
  fail(Fault::usage, "there is no crystal '{}'; known are {}, or give a structure file", name,
       known);
}

Atoms unit_cell(const Prototype& p, const std::vector<int>& elements, double a, double c) {
  if (elements.size() != p.roles.size())
    fail(Fault::usage, "the crystal {} takes {} ({}), {} are given", p.name,
         p.roles.size() == 1 ? "one element" : "two elements", fmt::join(p.roles, ", "),
         elements.size());
  Atoms out;
  const double gamma = p.gamma_deg * std::numbers::pi / 180;
  const double c_over_a = a > 0 && c > 0 ? c / a : p.c_over_a;
  if (c > 0 && a == 0) fail(Fault::usage, "@c {:g} needs @a too", c);
  out.cell.vectors << 1, 0, 0, p.b_over_a * std::cos(gamma), p.b_over_a * std::sin(gamma), 0, 0, 0,
      c_over_a;
  for (const auto& site : p.sites)
    out.add(elements[site.role], out.cell.vectors.transpose() * site.fraction);
  double scale = a;
  if (a == 0)  // until the first pair touches
    visit_neighbours(
        out.cell, out.positions, 1.2, [&](std::size_t i, std::size_t j, const Vector3d& r) {
          scale =
              std::max(scale, (metallic_radius(out.numbers[i]) + metallic_radius(out.numbers[j])) /
                                  r.norm());
        });
  out.cell.vectors *= scale;
  for (auto& r : out.positions) r *= scale;
  return out;
}

Atoms crystal_piece(const Atoms& unit, const CrystalPiece& p) {
  if (!(p.size.minCoeff() > 0)) fail(Fault::usage, "the size of a crystal piece must be positive");
  const Eigen::Matrix3d deformation = Eigen::Matrix3d::Identity() + p.strain;
  if (!(deformation.determinant() > 0.1))
    fail(Fault::physics, "a strain with the determinant {:.3g} leaves no solid",
         deformation.determinant());
  double margin = 1;
  for (const PlanarFault& f : p.faults) margin += 2 * f.shift.norm();
  const double half = (p.shape == PieceShape::ellipsoid ? p.size.maxCoeff() : p.size.norm()) / 2;
  Atoms sites = sites_within(unit, (half + margin) * (deformation.inverse().norm()) + margin);
  for (const PlanarFault& f : p.faults) sites = faulted(sites, f);
  Atoms out;
  out.cell.periodic = {false, false, false};
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const Vector3d r = deformation * (p.rotation * sites.positions[i]);
    if (inside(p, r)) out.add(sites.numbers[i], r);
  }
  if (out.size() == 0) fail(Fault::physics, "the piece holds no atoms; take a larger size");
  return out;
}

PlanarFault named_fault(const std::string& name, const std::string& prototype, const Atoms& unit) {
  const bool cubic = prototype == "fcc" || prototype == "diamond";
  const bool known = name == "intrinsic" || ((name == "extrinsic" || name == "twin") && cubic);
  if (!known || (!cubic && prototype != "hcp"))
    fail(Fault::usage,
         "the crystal {} has no fault '{}' by name: fcc and diamond have intrinsic, extrinsic and "
         "twin, hcp has intrinsic; any other by @fault_plane and @fault_shift",
         prototype, name);
  PlanarFault f;
  const double a = unit.cell.vectors.row(0).norm();
  if (!cubic) {  // I2: the upper half moves by a third of [1-100]
    f.height = unit.cell.vectors(2, 2) / 4;
    f.shift = (unit.cell.vectors.row(1) - unit.cell.vectors.row(0)).transpose() / 3;
    return f;
  }
  f.normal = Vector3d(1, 1, 1).normalized();
  f.layer = a / std::sqrt(3.0);
  f.height = prototype == "diamond" ? f.layer * 0.625 : f.layer / 2;
  f.shift = a / 6 * Vector3d(1, 1, -2);
  f.twice = name == "extrinsic";
  f.mirror = name == "twin";
  if (f.mirror) f.height = prototype == "diamond" ? f.layer * 0.625 : 0;  // a layer, or amid bonds
  return f;
}

namespace {

// What lies nearer to the middle of its own grain than to any other; the label grain.
Atoms grains_in_box(const Atoms& unit, const Microcrystal& s) {
  constexpr std::uint64_t kStream = 0x67726169;
  RandomSequence random(s.seed, kStream);
  std::vector<Vector3d> centres;
  for (int g = 0; g < s.grains; ++g)
    centres.emplace_back(random.uniform() * s.box.x(), random.uniform() * s.box.y(),
                         random.uniform() * s.box.z());
  Atoms out;
  out.cell = Cell::orthogonal(s.box.x(), s.box.y(), s.box.z());
  std::vector<std::int64_t> grain;
  // half the box's diagonal reaches everywhere that is nearer to a centre than to its own images
  const Atoms sites = sites_within(unit, s.box.norm() / 2);
  for (int g = 0; g < s.grains; ++g) {
    const Eigen::Matrix3d turn = random_rotation(random);
    for (std::size_t i = 0; i < sites.size(); ++i) {
      const Vector3d d = turn * sites.positions[i];
      if ((d.cwiseAbs() - s.box / 2).maxCoeff() > 0) continue;
      const Vector3d r = centres[std::size_t(g)] + d;
      bool own = true;
      for (int h = 0; h < s.grains && own; ++h)
        own = h == g ||
              nearest_image(r - centres[std::size_t(h)], s.box).squaredNorm() >= d.squaredNorm();
      if (!own) continue;
      out.add(sites.numbers[i], r);
      grain.push_back(g + 1);
    }
  }
  out.labels["grain"].values = std::move(grain);
  return out;
}

}  // namespace

ModelSize expected_size(const Atoms& unit, const Microcrystal& s) {
  if (s.grains < 1) fail(Fault::usage, "{} grains are asked for; at least 1 is needed", s.grains);
  const double expected = double(unit.size()) / unit.cell.volume() * s.box.prod();
  if (expected > 5e6) fail(Fault::physics, "{:.3g} atoms are more than 5e6", expected);
  return {expected, s.box};
}

Atoms microcrystal(const Atoms& unit, const Microcrystal& s) {
  expected_size(unit, s);  // for its errors
  Atoms out = grains_in_box(unit, s);
  const auto& grain = std::get<std::vector<std::int64_t>>(out.labels["grain"].values);
  const std::vector<Vector3d> unwrapped = out.positions;
  wrap(out);
  // neighbours in one lattice, not across the border where a grain meets its own image
  const auto in_lattice = [&](std::size_t i, std::size_t j, const Vector3d& r) {
    return grain[i] == grain[j] && (unwrapped[j] - unwrapped[i] - r).norm() < 1e-6;
  };
  std::vector<bool> gone(out.size(), false);
  double largest = 0;
  for (int z : out.numbers) largest = std::max(largest, metallic_radius(z));
  visit_neighbours(out.cell, out.positions, 2 * largest * s.closest,
                   [&](std::size_t i, std::size_t j, const Vector3d& r) {
                     const double reach = s.closest * (metallic_radius(out.numbers[i]) +
                                                       metallic_radius(out.numbers[j]));
                     if (i < j && !in_lattice(i, j, r) && !gone[i] && !gone[j] && r.norm() < reach)
                       gone[j] = true;
                   });
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!gone[i]) kept.push_back(i);
  return select(out, kept);
}

}  // namespace vitrobeam
