// The /atlas group of a result file. Its datasets are listed in docs/result-file.md.
#pragma once
#include <vector>

#include "io/hdf5.hpp"
#include "maps/correlated_maps.hpp"

namespace vitrobeam {

// `y`, `x`: of the columns, Angstrom.
void write_atlas(Hdf5Writer& file, const std::vector<double>& y, const std::vector<double>& x,
                 const std::vector<AtlasMap>& maps, const AtlasCorrelations& correlations);

}  // namespace vitrobeam
