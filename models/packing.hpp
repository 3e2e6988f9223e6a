// Dense random packing of spheres at the jamming point: the null model, an amorphous structure
// without designed motifs. O'Hern, Silbert, Liu and Nagel, Phys. Rev. E 68 (2003) 011306:
// overlapping soft spheres at random places are relaxed (FIRE, Bitzek et al., Phys. Rev. Lett. 97
// (2006) 170201) above jamming and decompressed to where the last overlap vanishes.
#pragma once
#include "models/atoms.hpp"

namespace vitrobeam {

// Elements and their shares, which need not sum to 1.
struct Composition {
  std::vector<int> elements;
  std::vector<double> shares;
};

// "Cu64.5Zr35.5", "Cu50Zr50", "CuZr2", "Cu". Throws Error{usage}.
Composition parse_composition(const std::string& text);
// Atomic percent of what a model holds: "Cu64.5 Zr35.5".
std::string composition_text(const Atoms& atoms);
// How many atoms of each element make `atoms`, by largest remainder.
std::vector<std::size_t> atom_counts(const Composition& composition, std::size_t atoms);

struct PackingSettings {
  Composition composition;
  std::size_t atoms = 1000;
  Vector3d box = Vector3d::Ones();  // Angstrom if `density` is 0 and scale_box is false, else only
                                    // its shape counts
  bool scale_box = true;  // scaled to `density` (atoms/Angstrom^3), or, if that is 0, to contact at
                          // the sum of the metallic radii
  double density = 0;
  std::uint64_t seed = 1;
};

struct Packing {
  Atoms atoms;          // periodic orthogonal cell
  double fraction = 0;  // of the volume that spheres fill at jamming
  double contact = 0;   // mean diameter of a sphere at jamming, Angstrom
};

// What random_packing will make; its errors, as far as they are known without packing. A box that
// contact decides is that of a fraction of 0.64.
ModelSize expected_size(const PackingSettings& settings);

// Error{usage}: fewer than 20 atoms, no box. Error{physics} if the box is thinner than four
// spheres, or if jamming is not reached (with the fraction that was).
Packing random_packing(const PackingSettings& settings);

}  // namespace vitrobeam
