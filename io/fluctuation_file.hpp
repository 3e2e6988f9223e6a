// The /fluctuation group of a result file, and tables of V(q) that it is compared with;
// docs/result-file.md lists the datasets.
#pragma once
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "multislice/kinematic_variance.hpp"
#include "patterns/fluctuation.hpp"

namespace vitrobeam {

// Datasets are [q] for one series, [series, q] for several.
void write_fluctuation(Hdf5Writer& file, const RingAxis& axis,
                       const std::vector<FluctuationSeries>& series);
// Of a model, by a probe of that resolution, 1/Angstrom.
void write_kinematic_variance(Hdf5Writer& file, const RingAxis& axis, const KinematicVariance& v,
                              double resolution);

// A text file with columns q, V and, or not-a-number, its error; lines that do not begin with two
// numbers are skipped. Error{input} if there is no other.
PlaneD read_compared_variance(const std::string& path);
void write_compared_variance(Hdf5Writer& file, const PlaneD& compared, const std::string& origin);

}  // namespace vitrobeam
