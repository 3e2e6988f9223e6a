// What a packing of atoms as spheres needs around the packing itself: box, number and density of
// which two are given, sizes of the spheres, and the atoms with their contacts.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "models/event_driven.hpp"
#include "models/packing.hpp"

namespace vitrobeam {

inline constexpr double kJammedFraction = 0.64;  // of the volume that jammed spheres fill, about
inline constexpr double kClosePackedFraction = 0.7405;  // the densest that equal spheres can be

// Mean volume of a sphere of the metallic radius, Angstrom^3.
double mean_sphere_volume(const Composition& composition);

// What is asked for, beside composition and seed; two of the three at the most.
struct PackingRequest {
  std::optional<Vector3d> box;    // Angstrom
  std::size_t atoms = 0;          // 0: not given
  std::optional<double> density;  // atoms/Angstrom^3
};
// The third follows from two of them, the density from the metallic radii where the box alone is
// given. Error{usage}: too few or too many are given. Error{physics}: a density at which the
// spheres at half their distance of closest approach could not even be stacked as a crystal says
// that a unit is wrong.
PackingSettings packing_of(const Composition& composition, const PackingRequest& request,
                           std::uint64_t seed);

// The cell to come, Angstrom; where contact decides, about.
Vector3d sphere_box(const PackingSettings& settings);

// Elements and diameters of the spheres, mean 1. `polydispersity`: standard deviation of the
// diameters of an element, as a share (normal, cut at 3).
struct SphereSizes {
  std::vector<int> numbers;
  std::vector<double> relative;
  double mean_diameter = 0;  // Angstrom
};
SphereSizes sphere_sizes(const PackingSettings& settings, double polydispersity);

// How long the unit of the spheres' box is, Angstrom, for the density, the box or contact.
double unit_length(const PackingSettings& settings, const SphereSizes& sizes,
                   const HardSpheres& spheres);

// Atoms at the spheres, with the label radius and what the state says in info; `unit` in Angstrom.
Atoms atoms_of(const HardSpheres& spheres, const std::vector<int>& numbers, double unit);

// Labels the contacts of every sphere and records them. At the end of growth some contacts of a
// jammed packing are still open by up to a thousandth of a diameter, and of one that is not jammed
// all of them.
struct ContactCount {
  double gap = 0;                   // within which surfaces count, share of the sum of the radii
  double mean = 0, rattling = 0;    // SphereContacts
  std::optional<double> at_no_gap;  // extrapolated; only of a jammed packing
};
ContactCount label_contacts(Atoms& atoms, double pressure);

}  // namespace vitrobeam
