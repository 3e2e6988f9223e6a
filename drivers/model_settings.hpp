// What `vitrobeam model` is asked to build.
#pragma once
#include <optional>

#include "drivers/settings.hpp"
#include "models/embedding.hpp"
#include "models/voronoi.hpp"

namespace vitrobeam {

enum class ModelFormat { extxyz, kirkland };

struct ModelSettings {
  CommonSettings common;
  bool list = false;
  // motifs
  std::string elements, axis, direction;
  double bond = 0, radius = 0, in_plane_deg = 0;
  // the cell
  std::string box, vacuum;
  // packing
  std::string composition = "Cu64.5Zr35.5";
  std::optional<double> density;
  int atoms = 0;
  // embedding
  std::string motif, matrix;
  std::vector<std::string> at;
  double overlap = kOverlap;
  // structure files and cuts
  std::string types, slab, from, to;
  int frame = -1;
  ModelFormat format = ModelFormat::extxyz;
  // labels
  bool voronoi = false;
  double face_cut = kVoronoiFaceCut;
};

Settings describe(ModelSettings& settings);

}  // namespace vitrobeam
