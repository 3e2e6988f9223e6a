// A motif library: simulated patterns of known motifs, and of motif-free packings seen the same
// way.
#pragma once
#include <string>
#include <vector>

#include "base/array.hpp"
#include "patterns/polar.hpp"

namespace vitrobeam {

// How all patterns of a library were made. Lengths in Angstrom.
struct LibraryConditions {
  double energy_kV = 0, semiangle_mrad = 0, defocus = 0;
  double thickness = 0;         // of the slab; of the cell around a free cluster
  double bond = 0;              // centre to shell distance of the motifs
  double density = 0;           // of the packings, atoms per cubic Angstrom
  std::string elements;         // "Cu,Zr"
  std::string matrix = "none";  // around the templates: none (free cluster) or packing
  int realisations = 1;         // packings over which a template is averaged
};

// One template: the motif seen along `direction` (unit vector in the motif's own frame, towards the
// detector).
struct TemplateRecord {
  int motif = 0;  // index into motif_names
  Vector3d direction = Vector3d::UnitZ();
};

struct MotifLibrary {
  LibraryConditions conditions;
  std::vector<std::string> motif_names;
  double pixel_qx = 0, pixel_qy = 0;  // 1/Angstrom; q = 0 at index n/2
  Stack<float> patterns;              // [template, q_y, q_x], fraction of the incident beam
  std::vector<TemplateRecord> templates;
  Stack<float> null_patterns;      // [pattern, q_y, q_x]: motif-free packings
  std::vector<int> null_packing;   // [pattern]: patterns of one packing are not independent
  Stack<float> planted_patterns;   // [pattern, q_y, q_x]: a motif inside a packing, seen at random
  std::vector<int> planted_motif;  // [pattern]

  Calibration calibration() const {
    return centred_calibration(Eigen::Index(patterns.shape.at(1)),
                               Eigen::Index(patterns.shape.at(2)), pixel_qx, pixel_qy);
  }
};

}  // namespace vitrobeam
