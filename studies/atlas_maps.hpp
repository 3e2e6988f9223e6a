// The maps of an atlas: what structure, diffraction, density and motion say of the same columns.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/array.hpp"
#include "base/run_control.hpp"
#include "maps/correlated_maps.hpp"
#include "models/atoms.hpp"
#include "models/column_density.hpp"
#include "multislice/optics.hpp"
#include "patterns/pattern_scan.hpp"
#include "studies/density_analysis.hpp"

namespace vitrobeam {

// The columns that all maps are of.
struct Voxels {
  std::vector<double> y, x;  // Angstrom
  ColumnWeight weight;       // the beam that defines a column
  Eigen::Index rows() const { return Eigen::Index(y.size()); }
  Eigen::Index columns() const { return Eigen::Index(x.size()); }
};

// Columns about `step` (Angstrom) apart over the whole cell.
Voxels voxels_over(const Atoms& atoms, const ColumnWeight& weight, double step);

// Number density, share of every element but the last, Voronoi volume, share of five-edged faces,
// of icosahedra, averaged q4 and q6: means over the atoms of every column. `cutoff` ends the first
// shell; 0: at the first minimum of g(r).
std::vector<AtlasMap> structure_maps(const Atoms& atoms, const Voxels& voxels, double cutoff);

// Where rings may begin under that beam, outside of its disc, 1/Angstrom. Error{physics} where the
// disc hides the ring of a metallic glass.
double first_ring_from(const Optics& optics);

// Of the patterns at every position: symmetry C_n of `orders` in the brightest ring, correlation of
// Friedel pairs, variance along the ring, its intensity, and the strain of its ellipse against the
// mean over the scan. Error{physics} where whole circles end before there is a ring. Throws
// Interrupted.
struct DiffractionRequest {
  std::vector<int> orders = {2, 4, 6};
  double q_min = 0.25, q_max = 0.75;  // 1/Angstrom, where the ring is looked for
};
std::vector<AtlasMap> diffraction_maps(const PatternScan& scan, const DiffractionRequest& request,
                                       const RunControl& run);

// Density times thickness of a HAADF image of the columns, without a calibration in proportion to
// the intensity, with one beside its error. Error{physics}: the calibration is of another image.
std::vector<AtlasMap> density_maps(const HaadfImage& image,
                                   const std::optional<DensityCalibration>& calibration,
                                   const RunControl& run);

// The frames of a trajectory; they need not be in memory.
struct AtomFrames {
  std::string name;  // in messages: the file
  std::size_t count = 0;
  std::function<Atoms(std::size_t)> frame;
};

// Of a trajectory: displacement that no local deformation explains (D^2_min) and mean-square motion
// between the first and the last frame, and relaxation times of the scattering into the ring,
// simulated frame by frame for the voxels' own beam: the ring is divided into segments whose
// autocorrelations a voxel shares. Error{input} where the frames state unequal time steps. Throws
// Interrupted.
struct MotionRequest {
  Optics optics;
  double pixel = 0.3, slice = 4;            // Angstrom
  double ring_low = 0.35, ring_high = 0.5;  // 1/Angstrom
  double frame_time = 1;                    // in the unit of the relaxation times
  std::string time_unit;
  int segments = 12;
  double cutoff = 0;  // end of the first shell; 0: first minimum of g(r)
};
std::vector<AtlasMap> motion_maps(const AtomFrames& frames, const Voxels& voxels,
                                  const MotionRequest& request, const RunControl& run);

// `cutoff`, or where it is 0 the first minimum of g(r). Error{physics} without one.
double first_shell(const Atoms& atoms, double cutoff);

}  // namespace vitrobeam
