// Simulates a motif library: templates of every motif and direction, motif-free packings seen
// through the same optics, and motifs planted in such packings to measure how often they are found.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "models/motifs.hpp"
#include "multislice/simulation.hpp"
#include "patterns/library.hpp"

namespace vitrobeam {

enum class Matrix { none, packing };

struct LibraryPlan {
  std::vector<std::string> motifs;
  std::vector<int> elements;     // of the motifs: centre, then what Motif::other_elements says
  double bond = 0;               // 0 = sum of the metallic radii
  double radius = 0;             // of crystal-like clusters; 0 = first shell
  double spacing_deg = 8;        // of the directions
  double box = 40;               // cell edge across the beam, Angstrom
  double thickness = 15;         // along the beam, Angstrom
  Matrix matrix = Matrix::none;  // around the templates
  int realisations = 8;          // packings over which an embedded template is averaged
  int null_patterns = 600, planted_patterns = 40;  // planted: per motif
  SimulationSettings simulation;
  std::uint64_t seed = 1;
  int threads = 1;
};

// Units of progress that the build reports: patterns.
std::size_t patterns_to_simulate(const LibraryPlan& plan);

// `packings` are dense random packings in periodic boxes of box x box x (at least thickness).
// Throws Error{physics} if a motif does not fit. Returns what is done when `stop()` turns true; the
// caller must not use it then.
MotifLibrary build_library(const LibraryPlan& plan, const std::vector<Atoms>& packings,
                           const std::function<void(std::size_t)>& progress,
                           const std::function<bool()>& stop);

}  // namespace vitrobeam
