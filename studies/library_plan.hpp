// What a motif library is built from: motifs, specimen, conditions, error rate.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "models/motifs.hpp"
#include "models/packing.hpp"
#include "multislice/simulation.hpp"

namespace vitrobeam {

enum class Matrix { none, packing };

struct LibraryPlan {
  std::vector<std::string> motifs;
  // Elements of the motifs: the centre, then what Motif::other_elements says; one list for each
  // decoration.
  std::vector<std::vector<int>> decorations;
  double bond = 0;         // 0 = sum of the metallic radii
  double radius = 0;       // of crystal-like clusters; 0 = first shell
  double spacing_deg = 0;  // of the directions; 0 = the rocking width of the motif
  // Of the motif's centre, as shares of the room that it has in the slab.
  std::vector<double> depths = {0.5};
  // Of the probe from the motif's centre: all points of a square net within the range, Angstrom.
  double offset_step = 1.5, offset_range = 0;
  // Motif-free packings are scanned in a raster of about this step (a whole part of the box),
  // planted motifs with the positions within offset_range; 0 = single positions at random.
  double scan_step = 0;
  double box = 40;  // cell edge across the beam, Angstrom
  // Conditions: every thickness with every one of the optics; an empty list: what `simulation`
  // says.
  std::vector<double> thicknesses = {15};  // along the beam, Angstrom
  std::vector<double> energies_kV, semiangles_mrad, defoci;
  Matrix matrix = Matrix::none;  // around the templates
  int realisations = 8;          // packings over which an embedded template is averaged
  int packings = 12;             // motif-free patterns come from
  int null_patterns = 600, planted_patterns = 40;  // per condition; planted: and per motif
  std::string composition;                         // of the packings, "Cu64.5Zr35.5"
  double density = 0;                              // of the packings, atoms/Angstrom^3
  std::string sampling;                            // LibraryConditions::simulation
  SimulationSettings simulation;
  std::uint64_t seed = 1;
  int threads = 1;
};

// Neighbouring directions differ by this, radian: 1 / (t q) with the motif's longest extent t and
// the largest q of the patterns, between 2 and 20 degrees.
double rocking_width(const Atoms& motif, double q_max);

// The optics of the plan's conditions: every energy with every semi-angle and defocus.
std::vector<Optics> optics_of(const LibraryPlan& plan);

// Atoms per cubic Angstrom at which spheres of the metallic radii fill the share of the volume that
// they fill in Cu64.5Zr35.5 glass.
double glass_density(const Composition& composition);

// The motif-free packings that the plan asks for: its composition and density in a box of its box
// and largest thickness, thicker where they would meet their own image; the seed is not set.
PackingSettings packing_settings(const LibraryPlan& plan);
// The i-th of them; any thread.
Atoms library_packing(const LibraryPlan& plan, std::size_t i);

// Error{physics} where patterns would reach beyond the band limit, or more than `wrap_limit`
// percent of the probe of a condition lies beyond half the box.
void check_optics(const LibraryPlan& plan, double wrap_limit);

}  // namespace vitrobeam
