// Estimates of a simulated scan against what the model says of the same columns.
#pragma once
#include <string>
#include <vector>

#include "maps/map_statistics.hpp"
#include "models/atoms.hpp"
#include "patterns/estimate_scan.hpp"

namespace vitrobeam {

// A map of the model that the patterns were simulated from, against the estimate of the same name.
struct EstimateTruth {
  std::string name, unit;
  PlaneD truth;                             // [y, x], averaged as the estimate is
  MapCorrelation correlation;               // with the estimates
  double coverage_68 = 0, coverage_90 = 0;  // share of the truths inside of the intervals
};

// `y`, `x`: positions of the scan in the model, Angstrom. Error{physics}: a cell that is not
// orthogonal; Error{input}: a label that the model has not.
std::vector<EstimateTruth> compare_with_model(const EstimateResult& result,
                                              const EstimateConditions& conditions,
                                              const Atoms& model, const std::vector<double>& y,
                                              const std::vector<double>& x, const ShiftTest& test);

}  // namespace vitrobeam
