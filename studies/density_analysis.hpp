// HAADF image -> relative density with errors, its contrast, and what it has to do with a model or
// with a map of motifs.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/run_control.hpp"
#include "maps/density_result.hpp"
#include "models/atoms.hpp"
#include "models/packing.hpp"

namespace vitrobeam {

struct DensitySettings {
  std::optional<DensityCalibration> calibration;  // none: I in proportion to density * thickness
  std::string calibration_detector;        // of the calibration; empty: that of the image's angles
  std::optional<Composition> composition;  // of the specimen; none: the calibration's first glass
  PlaneD thickness_map;                    // Angstrom, of the image's shape; empty: even
  Plane<unsigned char> reference;          // non-zero: of median density 1; empty: everywhere
  int together = 1;                        // N x N positions averaged first, odd
  int detrend = 0;                         // degree of a polynomial taken off; 0 = none
};

// The curve of a calibration that fits an image, or without one the straight line. Error{physics}
// where the calibration is of other angles or of another beam.
CurveForImage curve_for_image(const HaadfImage& image, const DensitySettings& settings,
                              const RunControl& run);

// Error{usage}, Error{physics} where the image says too little for what is asked.
DensityResult analyse_density(const HaadfImage& image, const DensitySettings& settings,
                              const RunControl& run);

// Of an image that was simulated from these atoms: a raster in the model's coordinates, its beam
// known (Error{physics}). The same settings as of the analysis.
ModelComparison compare_with_model(const DensityResult& result, const DensitySettings& settings,
                                   const Atoms& atoms, const ShiftTest& test);

// `motif`: indices into `names` at every position of the density, others are no motif.
std::vector<MotifDensity> density_of_motifs(const PlaneD& density, const PlaneD& motif,
                                            const std::vector<std::string>& names,
                                            const ShiftTest& test);

}  // namespace vitrobeam
