// What the angular power of a ring is without the symmetry in question, and what lies beyond it.
#pragma once
#include "patterns/symmetry_analysis.hpp"

namespace vitrobeam {

// Angular power of one image in a band of rings: [n].
struct BandPower {
  const PolarTransform& transform;
  const AngularAnalysis& analysis;
  RingBand band;
  Eigen::ArrayXd operator()(const PlaneF& image, double gain) const;
};

// Band means of the orders [null pattern, n] of rings without structure, of the radial mean of
// `mean`, with the counting noise of the scan: tells symmetry from noise.
PlaneD noise_null(const BandPower& power, const PatternScan& scan, const PlaneF& mean,
                  const SymmetrySettings& settings, int threads);

// The same of null patterns as the camera of the scan would have recorded them, with its noise.
// `mean` of the scan gives the dose where none is stated. Error{physics} for another beam or too
// small a reach, Error{input} for too few or another camera.
PlaneD pattern_null(const BandPower& power, const PatternScan& scan, const PatternScan& null,
                    const PlaneF& mean, const SymmetrySettings& settings, const RunControl& run);

// p-values of result.map by rank in result.null_map, and false-discovery rates (Benjamini and
// Hochberg), order by order.
void add_significance(SymmetryResult& result);

}  // namespace vitrobeam
