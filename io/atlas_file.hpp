// The /atlas group of a result file. Its datasets are listed in docs/result-file.md.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "studies/atlas_maps.hpp"

namespace vitrobeam {

// `y`, `x`: of the columns, Angstrom.
void write_atlas(Hdf5Writer& file, const std::vector<double>& y, const std::vector<double>& x,
                 const std::vector<AtlasMap>& maps, const AtlasCorrelations& correlations);

// The columns of the model over which a simulation scanned, seen by the beam `weight`.
// Error{input}: no raster of positions of a simulation.
Voxels read_voxels(const std::string& path, const ColumnWeight& weight);
// An attribute of a result file, if it has it.
std::optional<double> stated_number(const std::string& path, const std::string& group,
                                    const std::string& name);

}  // namespace vitrobeam
