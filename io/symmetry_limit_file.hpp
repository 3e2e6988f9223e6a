// The /symmetry_limit group of a result file; docs/result-file.md lists the datasets.
#pragma once
#include "io/hdf5.hpp"
#include "studies/limit_study.hpp"

namespace vitrobeam {

void write_symmetry_limit(Hdf5Writer& file, const LimitPlan& plan, const LimitStudy& study);

}  // namespace vitrobeam
