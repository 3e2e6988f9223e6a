// Amorphous silicon as a continuous random network, by bond switching: F. Wooten, K. Winer and D.
// Weaire, Phys. Rev. Lett. 54 (1985) 1392; local relaxation as G. T. Barkema and N. Mousseau, Phys.
// Rev. B 62 (2000) 4985.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/run_control.hpp"
#include "models/atoms.hpp"

namespace vitrobeam {

// P. N. Keating, Phys. Rev. 145 (1966) 637: E = 3/16 alpha/d^2 sum over bonds (r^2 - d^2)^2
//  + 3/8 beta/d^2 sum over angles (r_ij . r_ik + d^2/3)^2, with alpha = 2.965 eV/A^2, beta = 0.285
//  alpha for Si.
struct Network {
  Vector3d box;
  std::vector<Vector3d> positions;                  // periodic
  std::vector<std::array<std::uint32_t, 4>> bonds;  // four neighbours of every atom
  double bond = 2.35;                               // d, Angstrom
};

struct NetworkSettings {
  int element = 14;
  int cells = 3;  // of diamond, 8 atoms each, along an edge
  double bond = 2.35;
  double randomise = 0.4;              // bond switches per atom that melt the crystal
  double anneal = 4000;                // switches tried per atom while the temperature falls
  double hot_eV = 0.4, cold_eV = 0.2;  // lower than 0.2: nothing moves; above 0.4: it melts
  std::uint64_t seed = 1;
};

struct NetworkModel {
  Atoms atoms;
  Network network;
  double energy = 0;  // eV per atom
  double angle_deg = 0,
         angle_spread_deg = 0;  // mean and rms of the bond angles (tetrahedral: 109.47)
  double bond_spread = 0;       // rms of bond lengths over their mean
  std::size_t accepted = 0;     // switches
};
// Error{usage}: cells out of range.
NetworkModel random_network(const NetworkSettings& settings);
ModelSize expected_size(const NetworkSettings& settings);  // the same error

// eV, of all bonds and angles.
double keating_energy(const Network& network);

// Denser, liquid-like spheres and looser ones in a network, the two kinds of environment of M. J.
// Demkowicz and A. S. Argon, Phys. Rev. Lett. 93 (2004) 025505: each sphere is filled with
// disordered atoms without bonds, at `change` of the network's density, pushed apart. Label
// density_cluster (1 dense, -1 loose).
struct DensityClusters {
  int count = 2;
  double radius = 6;                   // Angstrom
  double dense = 0.10, loose = -0.05;  // in turn
  std::uint64_t seed = 1;
};
Atoms with_density_clusters(const Atoms& network, double bond, const DensityClusters& settings,
                            const RunControl& run = {});

}  // namespace vitrobeam
