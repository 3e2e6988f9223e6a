// An image by an annular detector, simulated or measured, with what is known of its beam.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/array.hpp"

namespace vitrobeam {

struct HaadfImage {
  std::string file;            // that it was read from, if any
  std::string name = "image";  // of the detector
  PlaneD intensity;            // fraction of the incident beam where `is_fraction`
  PlaneD variance;             // of it, by counting and thermal sampling; empty: not known
  bool is_fraction = false;
  bool is_result = false;    // of this program: scan axes in the model's coordinates
  std::vector<double> y, x;  // of the positions, Angstrom; empty: unknown
  std::optional<double> inner_mrad, outer_mrad, energy_kV, semiangle_mrad;
  std::optional<double> thickness;     // Angstrom
  double defocus = 0;                  // Angstrom
  std::optional<double> step() const;  // of square positions, Angstrom
  void set_step(double step);          // positions from 0 on, Angstrom
};

// How the numbers of an image become fractions of the beam, and what noise of counting they have.
struct ImageScale {
  double dark = 0;                 // what it reads without a beam
  std::optional<double> incident;  // what it reads where the whole beam falls on the detector
  std::optional<double> gain;      // units of the image per electron on the detector
  double dose = 0;                 // electrons per position; 0: no such noise
};
// Error{usage} where the dose is given for an image that is no fraction, or with the gain.
HaadfImage scaled(HaadfImage image, const ImageScale& scale);

}  // namespace vitrobeam
