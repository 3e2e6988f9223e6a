#include "models/sphere_packing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.hpp"
#include "base/random.hpp"
#include "models/contacts.hpp"
#include "models/elements.hpp"

namespace vitrobeam {
namespace {

void check_density(double density, const Composition& c) {
  constexpr double kSofter = 1.6;
  const double close_packed = kClosePackedFraction / mean_sphere_volume(c),
               most = kSofter * kClosePackedFraction / mean_sphere_volume(c);
  if (density > most)
    fail(Fault::physics,
         "a density of {:g} atoms/Angstrom^3 is impossible: atoms of these radii touch at {:.3f} "
         "in a close-packed crystal, and {:.3f} would press them to 0.85 of their distance; give "
         "the number density, not that of the mass",
         density, close_packed, most);
}

}  // namespace

double mean_sphere_volume(const Composition& c) {
  double volume = 0, all = 0;
  for (std::size_t k = 0; k < c.elements.size(); ++k) {
    volume += c.shares[k] * 4 * std::numbers::pi / 3 * std::pow(metallic_radius(c.elements[k]), 3);
    all += c.shares[k];
  }
  return volume / all;
}

PackingSettings packing_of(const Composition& composition, const PackingRequest& request,
                           std::uint64_t seed) {
  PackingSettings p;
  p.composition = composition;
  p.seed = seed;
  p.density = request.density.value_or(0);
  if (!request.box && request.atoms == 0)
    fail(Fault::usage, "a packing needs @box, @atoms, or both");
  if (request.box) p.box = *request.box;
  if (request.atoms > 0 && request.box && request.density)
    fail(Fault::usage, "@box, @atoms and @density: give two of them, the third follows");
  if (request.density) check_density(*request.density, composition);
  p.scale_box = !request.box;
  if (request.atoms > 0) {
    p.atoms = request.atoms;
    if (request.box) check_density(double(p.atoms) / p.box.prod(), composition);
    return p;
  }
  const double density =
      request.density.value_or(kJammedFraction / mean_sphere_volume(composition));
  p.atoms = std::size_t(std::round(density * p.box.prod()));
  p.density = 0;  // the box is met exactly, the density to half an atom
  return p;
}

Vector3d sphere_box(const PackingSettings& p) {
  if (p.density == 0 && !p.scale_box) return p.box;
  const double volume = p.density > 0
                            ? double(p.atoms) / p.density
                            : double(p.atoms) * mean_sphere_volume(p.composition) / kJammedFraction;
  return p.box * std::cbrt(volume / p.box.prod());
}

SphereSizes sphere_sizes(const PackingSettings& p, double polydispersity) {
  constexpr std::uint64_t kStream = 0x706f6c79;
  SphereSizes out;
  const auto counts = atom_counts(p.composition, p.atoms);
  for (std::size_t k = 0; k < counts.size(); ++k)
    out.numbers.insert(out.numbers.end(), counts[k], p.composition.elements[k]);
  for (std::size_t i = 0; i < out.numbers.size(); ++i) {
    const double g = std::clamp(normal4(p.seed, kStream, i)[0], -3.0, 3.0);
    out.relative.push_back(2 * metallic_radius(out.numbers[i]) * (1 + polydispersity * g));
  }
  out.mean_diameter =
      std::accumulate(out.relative.begin(), out.relative.end(), 0.0) / double(out.relative.size());
  for (double& d : out.relative) d /= out.mean_diameter;
  return out;
}

double unit_length(const PackingSettings& p, const SphereSizes& sizes, const HardSpheres& spheres) {
  if (p.density > 0) return std::cbrt(double(p.atoms) / p.density / spheres.box.prod());
  return p.scale_box ? sizes.mean_diameter / spheres.diameter : p.box.x() / spheres.box.x();
}

Atoms atoms_of(const HardSpheres& spheres, const std::vector<int>& numbers, double unit) {
  Atoms atoms;
  const Vector3d edges = spheres.box * unit;
  atoms.cell = Cell::orthogonal(edges.x(), edges.y(), edges.z());
  std::vector<double> radii;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    atoms.add(numbers[i], spheres.positions[i] * unit);
    radii.push_back(spheres.sizes[i] * spheres.diameter * unit / 2);
  }
  atoms.labels["radius"].values = std::move(radii);
  atoms.info["packing_fraction"] = fmt::format("{:.6f}", spheres.fraction());
  atoms.info["pressure"] = fmt::format("{:.6g}", spheres.pressure);
  return atoms;
}

ContactCount label_contacts(Atoms& atoms, double pressure) {
  constexpr double kGap = 1e-3, kJammed = 1e4;
  const auto& radii = std::get<std::vector<double>>(atoms.labels.at("radius").values);
  SphereContacts c = sphere_contacts(atoms.cell, atoms.positions, radii, kGap);
  ContactCount out{kGap, c.mean, c.rattling, {}};
  if (pressure >= kJammed) out.at_no_gap = contacts_at_no_gap(atoms.cell, atoms.positions, radii);
  atoms.labels["contacts"].values = std::move(c.number);
  atoms.info["contact_gap"] = fmt::format("{:g}", kGap);
  atoms.info["coordination_at_contact"] = fmt::format("{:.4f}", c.mean);
  atoms.info["rattlers"] = fmt::format("{:.4f}", c.rattling);
  if (out.at_no_gap) atoms.info["coordination_at_no_gap"] = fmt::format("{:.4f}", *out.at_no_gap);
  return out;
}

}  // namespace vitrobeam
