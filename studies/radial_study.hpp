// Structure factor and reduced pair distribution of patterns, and of a model beside them, when the
// composition is known.
#pragma once
#include "models/packing.hpp"
#include "patterns/multiple_scattering.hpp"
#include "patterns/radial.hpp"
#include "potentials/debye.hpp"

namespace vitrobeam {

struct RadialStudy {
  Composition composition;  // of the mean atom
  Parametrisation table = Parametrisation::kirkland;
  RadialSettings radial;
};

// Elements and their shares, by occupancy.
Composition composition_of(const Atoms& atoms);

// Of the study's composition.
RingFactors ring_factors(const RadialStudy& study, const Eigen::ArrayXd& q);

// Errors as of mean_rings() and reduce_radial().
RadialResult radial_of_patterns(const PatternScan& scan, const RingAxis& axis,
                                const RadialStudy& study, const RunControl& run);

struct ModelRadial {
  RadialResult curves;  // intensity in Angstrom^2 per atom, no errors
  DebyeScattering debye;
};
// At `q`, 1/Angstrom; pairs up to 30 Angstrom, as the correlations of a glass end before.
ModelRadial radial_of_model(const Atoms& model, const Eigen::ArrayXd& q, const RadialStudy& study);

}  // namespace vitrobeam
