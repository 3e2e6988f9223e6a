// The /plan group of a result file. Its datasets are listed in docs/result-file.md.
#pragma once
#include "io/hdf5.hpp"
#include "patterns/experiment_plan.hpp"

namespace vitrobeam {

void write_plan(Hdf5Writer& file, const ExperimentPlan& plan);

}  // namespace vitrobeam
