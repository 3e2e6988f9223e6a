// The /radial group of a result file; docs/result-file.md lists the datasets.
#pragma once
#include <string>

#include "io/hdf5.hpp"
#include "patterns/multiple_scattering.hpp"
#include "patterns/radial.hpp"
#include "potentials/debye.hpp"

namespace vitrobeam {

// Into `group`, "/radial/" or another. `density` in atoms/Angstrom^3 gives g(r) beside; 0: none.
void write_radial(Hdf5Writer& file, const std::string& group, const RadialResult& result,
                  double density, const std::string& intensity_units);

// What patterns were divided by, into /radial/multiple_scattering/.
void write_scattering_correction(Hdf5Writer& file, const CorrectedRadial& result);

// g(r) of a model's atoms, under `group`.
void write_debye_pairs(Hdf5Writer& file, const std::string& group, const DebyeScattering& model);

}  // namespace vitrobeam
