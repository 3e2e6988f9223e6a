// The /estimate group of a result file: a calibration that patterns are read with, or the maps that
// were read. docs/result-file.md lists the datasets.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "patterns/estimate_scan.hpp"
#include "studies/estimate_plan.hpp"
#include "studies/estimate_truth.hpp"

namespace vitrobeam {

void write_estimate_calibration(Hdf5Writer& file, const EstimateCalibration& calibration);
// Error{input} where the file holds no calibration, or a damaged one.
EstimateCalibration read_estimate_calibration(const std::string& path);

void write_estimates(Hdf5Writer& file, const EstimateResult& result);

void write_estimate_truths(Hdf5Writer& file, const std::vector<EstimateTruth>& truths);

// In /estimate_plan.
void write_estimate_plan(Hdf5Writer& file, const EstimateGrid& grid,
                         const EstimatePlanResult& result);

}  // namespace vitrobeam
