#pragma once
#include <string>
#include <vector>

#include "drivers/simulate_settings.hpp"

namespace vitrobeam {

// A lens as the options say; `aberrations` is its set as text.
struct Probe {
  Optics optics;
  std::string aberrations;
};
// All of them: semi-angles outermost, then Cs, sets of aberrations, defocus. Error{usage} for more
// than 1000.
std::vector<Probe> resolve_probes(const SimulateSettings& s);

// Of --aberrations. Error{usage} naming the term that cannot be read.
void check_aberrations(const std::string& text);

// In mrad, of --probe-fwhm or, without it, of --semiangle.
std::vector<double> semiangles(const SimulateSettings& s);

}  // namespace vitrobeam
