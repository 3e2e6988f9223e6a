// Crystal-like order: unit cells of the prototypes that glasses remind of, or any other periodic
// cell, cut to spheres, ellipsoids and blocks, with stacking faults and strain; and microcrystals
// of them.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "models/atoms.hpp"

namespace vitrobeam {

struct Prototype {
  std::string name, summary;
  std::vector<std::string> roles;  // what the first, second element is
  double b_over_a = 1, c_over_a = 1, gamma_deg = 90;
  struct Site {
    Vector3d fraction;
    std::size_t role;
  };
  std::vector<Site> sites;
};

const std::vector<Prototype>& prototypes();
const Prototype& find_prototype(const std::string& name);  // Error{usage} naming the known

// One periodic unit cell. a = 0: the closest atoms touch at the sums of their metallic radii;
// c = 0: by c/a of the prototype. The free parameters of C11b, C16 and D0_11 are those of the types
// (crystal.cpp): for a compound of them, such as Zr2Cu or Zr2Ni, take its CIF file.
Atoms unit_cell(const Prototype& prototype, const std::vector<int>& elements, double a = 0,
                double c = 0);

// A planar fault: what lies above the plane is moved by `shift` (and above the next layer once more
// if `twice`), or is the mirror image of what lies below (`mirror`). Cartesian, in the crystal's
// own frame.
struct PlanarFault {
  Vector3d normal = Vector3d::UnitZ();
  double height = 0;  // of the plane over the origin, Angstrom
  Vector3d shift = Vector3d::Zero();
  bool twice = false, mirror = false;
  double layer = 0;  // distance of the second plane where `twice`
};

enum class PieceShape { block, ellipsoid };

struct CrystalPiece {
  PieceShape shape = PieceShape::block;
  Vector3d size{20, 20, 20};  // edges or axes, Angstrom, in the turned frame
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Matrix3d strain = Eigen::Matrix3d::Zero();  // in the turned frame
  std::vector<PlanarFault> faults{};
};

// Sites of the periodic cell `unit` around its first atom, faulted, turned, strained, then cut. A
// finite piece around the origin, zero cell. Error{physics}: empty or over 2e7 atoms.
Atoms crystal_piece(const Atoms& unit, const CrystalPiece& piece);

// The faults of stacking sequences by name, for fcc and diamond on (111), for hcp on (001):
// "intrinsic", "extrinsic" (fcc), "twin" (fcc). Error{usage} for others.
PlanarFault named_fault(const std::string& name, const std::string& prototype, const Atoms& unit);

struct Microcrystal {
  Vector3d box{60, 60, 60};
  int grains = 20;
  double closest = 0.85;  // atoms of two grains nearer than this share of their radii: one goes
  std::uint64_t seed = 1;
};
// The microcrystalline model (W. L. Bragg and others; as tested for glasses by G. S. Cargill, J.
// Appl. Phys. 41 (1970) 12): crystallites of random orientation that fill the Voronoi cells of
// random points in a periodic box. Label grain (1, 2, ...).
// Error{usage}: no grain. Error{physics}: over 5e6 atoms.
Atoms microcrystal(const Atoms& unit, const Microcrystal& settings);
ModelSize expected_size(const Atoms& unit, const Microcrystal& settings);  // the same errors

}  // namespace vitrobeam
