// The /match group of a result file. Its datasets are listed in docs/result-file.md.
#pragma once
#include "io/hdf5.hpp"
#include "patterns/match_result.hpp"

namespace vitrobeam {

void write_match(Hdf5Writer& file, const MatchResult& result);

}  // namespace vitrobeam
